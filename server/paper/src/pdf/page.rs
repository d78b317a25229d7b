//! Pages of A4 and what lies on them. Things are laid first and drawn at the end, because a page must know how many
//! there are.

use super::mm;
use super::tags::{Node, Role, Structure};
use super::text::{Run, Style, shape, wrap};

/// Width and height of A4 in points.
pub(crate) const A4: (f32, f32) = (595.28, 841.89);

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ink(pub(crate) [u8; 3]);

impl Ink {
    /// What is read.
    pub(crate) const TEXT: Self = Self([0x13, 0x21, 0x1f]);
    /// What is read second.
    pub(crate) const SECOND: Self = Self([0x43, 0x54, 0x52]);
    /// What is read last.
    pub(crate) const FAINT: Self = Self([0x59, 0x6a, 0x68]);
    /// Hairlines.
    pub(crate) const HAIRLINE: Self = Self([0xc9, 0xd3, 0xd0]);
    /// A ground behind text.
    pub(crate) const WASH: Self = Self([0xf3, 0xf6, 0xf5]);
    pub(crate) const WHITE: Self = Self([0xff, 0xff, 0xff]);
    pub(crate) const BLACK: Self = Self([0, 0, 0]);
}

/// Left, right, or in the middle of where it is laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// What a thing means: part of the structure, or decoration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Part(Node),
    /// Rules and grounds, and rows that only repeat.
    Layout,
    /// The foot of a page.
    Foot,
}

/// A rectangle: left, top, width, height.
pub(crate) type Rect = (f32, f32, f32, f32);

/// Something on a page.
#[derive(Debug)]
pub(crate) enum Drawn {
    /// A text by the left end of its baseline.
    Text { x: f32, y: f32, run: Run },
    /// Rectangles, filled.
    Rects(Vec<Rect>),
}

/// Something on a page with its colour, its meaning and its number in the document.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) drawn: Drawn,
    pub(crate) ink: Ink,
    pub(crate) meaning: Meaning,
    pub(crate) number: usize,
}

/// The pages of a document.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) pages: Vec<Vec<Item>>,
    pub(crate) structure: Structure,
    items: usize,
    current: usize,
}

impl Pages {
    /// One empty page.
    pub(crate) fn new() -> Self {
        Self {
            pages: vec![Vec::new()],
            ..Self::default()
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.pages.len()
    }

    /// Goes on upon a new page.
    pub(crate) fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.current = self.pages.len() - 1;
    }

    /// Goes back (or forward) to a page, counted from 0.
    pub(crate) fn go_to(&mut self, page: usize) {
        self.current = page.min(self.pages.len() - 1);
    }

    /// Lays a text on one line: `x` is its left or right end, `y` its baseline.
    pub(crate) fn text(
        &mut self,
        (x, y): (f32, f32),
        align: Align,
        text: &str,
        style: Style,
        ink: Ink,
        meaning: Meaning,
    ) {
        if text.is_empty() {
            return;
        }
        let run = shape(text, style);
        let x = match align {
            Align::Left => x,
            Align::Right => x - run.width,
        };
        self.lay(Drawn::Text { x, y, run }, ink, meaning);
    }

    /// Lays a text in lines no wider than `width`, from `y` downwards, and gives back where the next line would begin.
    pub(crate) fn block(
        &mut self,
        (x, y): (f32, f32),
        width: f32,
        text: &str,
        style: Style,
        ink: Ink,
        meaning: Meaning,
    ) -> f32 {
        let lines = wrap(text, style, width);
        let mut top = y;
        for (index, line) in lines.iter().enumerate() {
            // Words are parted by a space at the end of a line too, for those who hear the text.
            let last = index + 1 == lines.len();
            let line = if last {
                line.clone()
            } else {
                format!("{line} ")
            };
            self.text(
                (x, top + style.ascent()),
                Align::Left,
                &line,
                style,
                ink,
                meaning,
            );
            top += style.leading();
        }
        top
    }

    /// The same as a paragraph of its own.
    pub(crate) fn paragraph(
        &mut self,
        at: (f32, f32),
        width: f32,
        text: &str,
        style: Style,
        ink: Ink,
    ) -> f32 {
        let node = self.structure.add(Role::Paragraph);
        self.block(at, width, text, style, ink, Meaning::Part(node))
    }

    /// Lays filled rectangles.
    pub(crate) fn rects(&mut self, rects: Vec<Rect>, ink: Ink, meaning: Meaning) {
        self.lay(Drawn::Rects(rects), ink, meaning);
    }

    /// Lays a rule of a thickness from `x` to the right.
    pub(crate) fn rule(&mut self, (x, y): (f32, f32), width: f32, thickness: f32, ink: Ink) {
        self.rects(vec![(x, y, width, thickness)], ink, Meaning::Layout);
    }

    /// Lays a hairline.
    pub(crate) fn hairline(&mut self, at: (f32, f32), width: f32) {
        self.rule(at, width, mm(0.18), Ink::HAIRLINE);
    }

    fn lay(&mut self, drawn: Drawn, ink: Ink, meaning: Meaning) {
        let number = self.items;
        self.items += 1;
        if let Meaning::Part(node) = meaning {
            self.structure.drawn(node, number);
        }
        self.pages[self.current].push(Item {
            drawn,
            ink,
            meaning,
            number,
        });
    }
}
