//! The foot of every page: who the seller is by law, and which page of how many.

use super::words::Word;
use super::{LEFT, Print, RIGHT, WIDTH};
use crate::pdf::mm;
use crate::pdf::page::{A4, Align, Ink, Meaning};
use crate::pdf::tags::Role;
use crate::pdf::text::{Style, wrap};

const STYLE: Style = Style::regular(7.0);

/// How many lines fit.
const MOST_LINES: usize = 4;

impl Print<'_> {
    pub(super) fn foot(&mut self) {
        let count = self.pages.count();
        let width = WIDTH - mm(28.0);
        let lines: Vec<String> = self
            .legal_facts()
            .iter()
            .flat_map(|fact| wrap(fact, STYLE, width))
            .take(MOST_LINES)
            .collect();
        for page in 0..count {
            if page > 0 {
                self.running_head(page);
            }
            self.pages.go_to(page);
            let mut y = A4.1 - mm(24.0);
            self.pages.hairline((LEFT, y), WIDTH);
            y += mm(2.0);
            let words = format!("{} {}\u{a0}/\u{a0}{count}", self.say(Word::Page), page + 1);
            let at = (RIGHT, y + STYLE.ascent());
            self.pages
                .text(at, Align::Right, &words, STYLE, Ink::FAINT, Meaning::Foot);
            // Once it is read aloud; upon further pages it repeats.
            let meaning = match page {
                0 => Meaning::Part(self.pages.structure.add(Role::Paragraph)),
                _ => Meaning::Foot,
            };
            for (index, line) in lines.iter().enumerate() {
                let last = index + 1 == lines.len();
                let line = if last {
                    line.clone()
                } else {
                    format!("{line} ")
                };
                let at = (LEFT, y + STYLE.ascent());
                self.pages
                    .text(at, Align::Left, &line, STYLE, Ink::FAINT, meaning);
                y += STYLE.leading();
            }
        }
    }

    /// Name, legal form, register, VAT id; then what the seller wants to add.
    fn legal_facts(&self) -> Vec<String> {
        let seller = &self.invoice.seller;
        let mut first = vec![seller.name.clone()];
        first.extend(seller.legal.clone());
        if let Some(entry) = &seller.registration {
            first.push(format!("{}\u{a0}{}", entry.label, entry.id));
        }
        if let Some(vat_id) = &seller.vat_id {
            first.push(format!("{}\u{a0}{vat_id}", self.say(Word::VatId)));
        }
        let mut facts = vec![first.join(" · ")];
        facts.extend(self.invoice.look.footer.iter().cloned());
        facts
    }
}
