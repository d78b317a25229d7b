//! A thin hand over quick-xml's writer: elements opened and closed in pairs, empty ones left out.

use jiff::civil::Date;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// A document being written. Writing into memory cannot fail.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    pub(super) fn new() -> Self {
        let mut xml = Self {
            writer: Writer::new_with_indent(Vec::new(), b' ', 1),
        };
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    /// Writes an element with attributes and what `inside` writes.
    pub(super) fn with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        inside: impl FnOnce(&mut Self),
    ) {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.write(Event::Start(start));
        inside(self);
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// Writes an element and what `inside` writes.
    pub(super) fn group(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.with(name, &[], inside);
    }

    /// Writes an element with a text, unless the text is empty.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// The same with attributes.
    pub(super) fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        let text = clean(text);
        if !text.is_empty() {
            self.with(name, attributes, |xml| {
                xml.write(Event::Text(BytesText::new(&text)));
            });
        }
    }

    /// The same for a text that may be missing.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        self.text(name, text.unwrap_or_default());
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.writer.into_inner()
    }

    fn write(&mut self, event: Event<'_>) {
        self.writer
            .write_event(event)
            .expect("a Vec takes every byte");
    }
}

/// Leaves out what XML 1.0 cannot carry (§2.2), and white space at both ends.
fn clean(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|character| {
            !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
        })
        .collect();
    kept.trim().to_owned()
}

/// `2026-11-23`.
pub(super) fn dashed(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// `20261123`, format 102 of UNTDID 2379.
pub(super) fn compact(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}
