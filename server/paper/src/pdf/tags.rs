//! The structure of a document, for those who hear it: headings, paragraphs, tables, figures.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use krilla::tagging::{Identifier, TableHeaderScope, Tag, TagGroup, TagTree};

/// What a piece of the document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// A heading of a level, from 1, with its words.
    Heading(u16, String),
    Paragraph,
    Table,
    Row,
    HeadCell,
    Cell,
    /// A drawing, and what it shows in words.
    Figure(String),
}

/// A node of the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node(usize);

/// The tree, in reading order.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    nodes: Vec<(Role, Vec<Child>)>,
    top: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
enum Child {
    Node(Node),
    /// Something drawn, by its number.
    Drawn(usize),
}

impl Structure {
    /// Adds a node at the end.
    pub(crate) fn add(&mut self, role: Role) -> Node {
        let node = self.push(role);
        self.top.push(node);
        node
    }

    /// Adds a node at the end of another.
    pub(crate) fn add_to(&mut self, parent: Node, role: Role) -> Node {
        let node = self.push(role);
        self.nodes[parent.0].1.push(Child::Node(node));
        node
    }

    /// Says that what will be drawn under this number belongs to a node.
    pub(crate) fn drawn(&mut self, node: Node, number: usize) {
        self.nodes[node.0].1.push(Child::Drawn(number));
    }

    /// The tree as the file has it, once everything was drawn.
    pub(crate) fn into_tags(self, drawn: &BTreeMap<usize, Identifier>, language: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        for node in &self.top {
            tree.push(self.group(*node, drawn));
        }
        tree
    }

    fn push(&mut self, role: Role) -> Node {
        self.nodes.push((role, Vec::new()));
        Node(self.nodes.len() - 1)
    }

    fn group(&self, node: Node, drawn: &BTreeMap<usize, Identifier>) -> TagGroup {
        let (role, children) = &self.nodes[node.0];
        let mut group = match role {
            Role::Heading(level, words) => TagGroup::new(Tag::Hn(
                NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN),
                Some(words.clone()),
            )),
            Role::Paragraph => TagGroup::new(Tag::P),
            Role::Table => TagGroup::new(Tag::Table),
            Role::Row => TagGroup::new(Tag::TR),
            Role::HeadCell => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
            Role::Cell => TagGroup::new(Tag::TD),
            Role::Figure(words) => TagGroup::new(Tag::Figure(Some(words.clone()))),
        };
        for child in children {
            match child {
                Child::Node(node) => group.push(self.group(*node, drawn)),
                Child::Drawn(number) => {
                    if let Some(identifier) = drawn.get(number) {
                        group.push(*identifier);
                    }
                }
            }
        }
        group
    }
}
