//! The document as a page that people read, with the CII inside: Factur-X 1.0, profile EN 16931.

mod epc;
mod figures;
mod foot;
mod head;
mod lines;
mod payment;
mod totals;
mod words;

use super::{Faults, Invoice, Language, Nature, cii};
use crate::pdf::file::{Facts, Inside, finish};
use crate::pdf::page::{A4, Ink, Meaning, Pages};
use crate::pdf::tags::Role;
use crate::pdf::text::{Style, wrap};
use crate::pdf::{PdfError, mm};
use words::Word;

/// Where the text begins and how wide it is: 25 mm at the left, 20 mm at the right (DIN 5008).
const LEFT: f32 = 70.87;
const WIDTH: f32 = A4.0 - LEFT - 56.69;
const RIGHT: f32 = LEFT + WIDTH;

/// Where further pages begin, and where every page ends above its foot.
const TOP: f32 = 62.0;
const BOTTOM: f32 = A4.1 - 88.0;

const BODY: Style = Style::regular(9.0);
const STRONG: Style = Style::bold(9.0);
const SMALL: Style = Style::regular(7.5);
const LABEL: Style = Style::regular(8.0);

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The document is incomplete or does not add up.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// The file could not be made.
    #[error(transparent)]
    Pdf(#[from] PdfError),
}

/// Prints the document. The same document gives the same bytes.
///
/// # Errors
/// See [`PrintError`].
pub fn write(invoice: &Invoice) -> Result<Vec<u8>, PrintError> {
    let data = cii::write(invoice)?;
    let mut print = Print {
        invoice,
        pages: Pages::new(),
        y: 0.0,
    };
    print.head();
    print.lines();
    print.totals();
    print.payment();
    print.notes();
    print.foot();
    let facts = Facts {
        title: format!(
            "{} {} – {}",
            print.title(),
            invoice.number,
            invoice.seller.name
        ),
        author: invoice.seller.name.clone(),
        language: match invoice.language {
            Language::En => "en",
            Language::Fr => "fr",
        },
        date: invoice.issued,
    };
    let inside = Inside {
        name: "factur-x.xml",
        description: format!("{} {}, EN 16931", print.title(), invoice.number),
        data,
    };
    Ok(finish(print.pages, &facts, inside)?)
}

/// A document being laid.
struct Print<'a> {
    invoice: &'a Invoice,
    pages: Pages,
    /// Where the next thing begins.
    y: f32,
}

impl Print<'_> {
    fn say(&self, word: Word) -> &'static str {
        word.say(self.invoice.language)
    }

    fn title(&self) -> &'static str {
        self.say(if self.invoice.kind.is_credit_note() {
            Word::CreditNote
        } else {
            Word::Invoice
        })
    }

    fn money(&self, minor: i64) -> String {
        figures::money(minor, &self.invoice.currency, self.invoice.language)
    }

    fn number(&self, minor: i64) -> String {
        figures::number(minor, &self.invoice.currency, self.invoice.language)
    }

    fn accent(&self) -> Ink {
        Ink(self.invoice.look.accent)
    }

    /// Goes on upon a new page unless `height` still fits on this one.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.pages.turn();
            self.y = TOP;
        }
    }

    /// What else is to be said, in small type: what the law wants as one paragraph, then each note.
    fn notes(&mut self) {
        self.y += mm(5.0);
        let mut texts: Vec<String> = self.legal_mentions().into_iter().collect();
        let notes = self.invoice.notes.iter();
        // BAR tells machines which rules hold (B2B); it says nothing to people.
        let notes = notes.filter(|note| note.subject.as_deref() != Some("BAR"));
        texts.extend(notes.map(|note| note.text.clone()));
        for text in texts {
            let node = self.pages.structure.add(Role::Paragraph);
            for line in wrap(&text, LABEL, WIDTH) {
                self.room(LABEL.leading());
                let (line, meaning) = (format!("{line} "), Meaning::Part(node));
                let at = (LEFT, self.y);
                self.y = self
                    .pages
                    .block(at, WIDTH * 2.0, &line, LABEL, Ink::SECOND, meaning);
            }
            self.y += 2.0;
        }
    }

    fn legal_mentions(&self) -> Option<String> {
        let french = self.invoice.french.as_ref()?;
        let nature = self.say(match french.nature {
            Nature::Goods => Word::Goods,
            Nature::Services => Word::Services,
            Nature::Mixed => Word::Mixed,
        });
        let colon = match self.invoice.language {
            Language::En => ":",
            Language::Fr => "\u{a0}:",
        };
        let mut mentions = vec![format!("{}{colon} {nature}.", self.say(Word::Nature))];
        if french.on_debits {
            mentions.push(self.say(Word::OnDebits).to_owned());
        }
        mentions
            .extend([&french.recovery, &french.penalties, &french.early_payment].map(Clone::clone));
        Some(mentions.join(" "))
    }
}

#[cfg(test)]
#[path = "../tests/pdf.rs"]
mod tests;
