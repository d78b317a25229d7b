//! Hostile XML into a small tree: no document type, no entities, one namespace, everything bounded.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::StatementError;

/// The largest file. A month of a large account is about 10 MB.
pub(super) const MOST_BYTES: usize = 32 * 1024 * 1024;

/// CAMT nests about fifteen deep.
const MOST_DEPTH: usize = 48;

/// Elements in one file.
const MOST_ELEMENTS: usize = 2_000_000;

/// Characters of one text. The longest that CAMT allows has 2,000.
const MOST_TEXT: usize = 10_000;

/// An element with what stands in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    /// The attribute `Ccy`, the only one that CAMT gives a meaning.
    pub(super) currency: Option<String>,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// What the path of names leads to first.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |element, name| element.child(name))
    }

    /// The text at the end of the path, unless there is none.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<String> {
        self.at(path)
            .map(|element| element.text.clone())
            .filter(|text| !text.is_empty())
    }
}

/// Reads a document whose root is `root` in a namespace that begins with `namespace`.
pub(super) fn read(bytes: &[u8], root: &str, namespace: &str) -> Result<Element, StatementError> {
    if bytes.len() > MOST_BYTES {
        return Err(StatementError::TooLarge("its size"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| StatementError::NotUtf8)?;
    let mut tree = Tree::new(namespace);
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    loop {
        let (resolved, event) = reader
            .read_resolved_event()
            .map_err(|_| StatementError::NotXml)?;
        match event {
            Event::Start(start) => {
                tree.open(&resolved, &start)?;
            }
            Event::Empty(start) => {
                tree.open(&resolved, &start)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.say(&text.decode().map_err(|_| StatementError::NotXml)?)?,
            Event::CData(text) => tree.say(&text.decode().map_err(|_| StatementError::NotXml)?)?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character,
                    Ok(None) => {
                        predefined(&reference.decode().map_err(|_| StatementError::NotXml)?)
                            .ok_or(StatementError::Entities)?
                    }
                    Err(_) => return Err(StatementError::NotXml),
                };
                tree.say(character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(StatementError::Entities),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    tree.finish(root)
}

/// The text without what terminals and pages could be turned by: control characters, and signs that reorder letters.
fn printable(text: &str) -> String {
    let harmful = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(harmful, " ")
}

/// The five entities that XML itself knows.
fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// What was read so far.
struct Tree<'n> {
    /// What the namespace begins with.
    expected: &'n str,
    /// The whole namespace, once the root was read.
    namespace: Option<Vec<u8>>,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    /// How deep we are within an element of another namespace, which is left out.
    foreign: usize,
}

impl<'n> Tree<'n> {
    fn new(expected: &'n str) -> Self {
        Self {
            expected,
            namespace: None,
            open: Vec::new(),
            root: None,
            elements: 0,
            foreign: 0,
        }
    }

    fn open(
        &mut self,
        resolved: &ResolveResult<'_>,
        start: &BytesStart<'_>,
    ) -> Result<(), StatementError> {
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(StatementError::TooLarge("the number of its elements"));
        }
        if self.open.len() + self.foreign >= MOST_DEPTH {
            return Err(StatementError::TooLarge("its depth"));
        }
        if self.foreign > 0 || !self.is_ours(resolved)? {
            self.foreign += 1;
            return Ok(());
        }
        if self.root.is_some() {
            return Err(StatementError::NotXml);
        }
        let name = start.local_name();
        let name = std::str::from_utf8(name.as_ref()).map_err(|_| StatementError::NotXml)?;
        let currency = start
            .try_get_attribute("Ccy")
            .map_err(|_| StatementError::NotXml)?
            .map(|attribute| String::from_utf8_lossy(&attribute.value).into_owned());
        self.open.push(Element {
            name: name.to_owned(),
            currency,
            ..Element::default()
        });
        Ok(())
    }

    fn is_ours(&mut self, resolved: &ResolveResult<'_>) -> Result<bool, StatementError> {
        let ResolveResult::Bound(Namespace(found)) = resolved else {
            return match &self.namespace {
                Some(_) => Ok(false),
                None => Err(StatementError::NotCamt),
            };
        };
        match &self.namespace {
            Some(ours) => Ok(ours == found),
            None if found.starts_with(self.expected.as_bytes()) => {
                self.namespace = Some(found.to_vec());
                Ok(true)
            }
            None => Err(StatementError::NotCamt),
        }
    }

    fn close(&mut self) -> Result<(), StatementError> {
        if self.foreign > 0 {
            self.foreign -= 1;
            return Ok(());
        }
        let mut element = self.open.pop().ok_or(StatementError::NotXml)?;
        element.text = printable(element.text.trim());
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), StatementError> {
        if self.foreign > 0 {
            return Ok(());
        }
        match self.open.last_mut() {
            Some(element) => {
                element.text.push_str(text);
                if element.text.len() > MOST_TEXT {
                    return Err(StatementError::TooLarge("the length of a text"));
                }
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err(StatementError::NotXml),
        }
    }

    fn finish(self, root: &str) -> Result<Element, StatementError> {
        if !self.open.is_empty() || self.foreign > 0 {
            return Err(StatementError::NotXml);
        }
        self.root
            .filter(|element| element.name == root)
            .ok_or(StatementError::NotCamt)
    }
}
