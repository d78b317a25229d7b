//! The box that says how to pay: the one box on the page, because here the reader acts.

use super::epc;
use super::figures::{date, fours};
use super::words::Word;
use super::{BODY, LABEL, LEFT, Print, RIGHT, SMALL, STRONG, WIDTH};
use crate::pdf::mm;
use crate::pdf::page::{Align, Ink, Meaning, Rect};
use crate::pdf::tags::Role;
use crate::pdf::text::{Style, width, wrap};
use crate::qr;

const PADDING: f32 = 12.0;

/// The side of the QR code with its quiet zone. At 31 mm the largest code that EPC allows has modules of 0.4 mm.
const QR_SIDE: f32 = 88.0;

/// Where the values stand beside their labels.
const VALUE_X: f32 = 96.0;

impl Print<'_> {
    pub(super) fn payment(&mut self) {
        self.y += mm(4.0);
        let sentence = self.sentence();
        let code = epc::payload(self.invoice);
        let facts = self.payment_facts();
        let inner = WIDTH
            - 2.0 * PADDING
            - if code.is_some() {
                QR_SIDE + PADDING
            } else {
                0.0
            };
        let heading = Style::bold(11.0);
        let lines = |text: &str, style: Style, limit: f32| {
            wrap(text, style, limit).len() as f32 * style.leading()
        };
        let mut height = heading.leading() + 3.0 + lines(&sentence, STRONG, inner);
        let terms = self.terms();
        if let Some(terms) = &terms {
            height += lines(terms, BODY, inner);
        }
        if !facts.is_empty() {
            height += 5.0;
        }
        for (_, value) in &facts {
            height += lines(value, BODY, inner - VALUE_X);
        }
        if code.is_some() {
            height = height.max(QR_SIDE + SMALL.leading());
        }
        self.room(height + 2.0 * PADDING);
        let top = self.y;
        let ground = vec![(LEFT, top, WIDTH, height + 2.0 * PADDING)];
        self.pages.rects(ground, Ink::WASH, Meaning::Layout);
        let x = LEFT + PADDING;
        let words = self.say(Word::Payment);
        let node = self.pages.structure.add(Role::Heading(2, words.to_owned()));
        let mut y = self.pages.block(
            (x, top + PADDING),
            inner,
            words,
            heading,
            Ink::TEXT,
            Meaning::Part(node),
        ) + 3.0;
        y = self
            .pages
            .paragraph((x, y), inner, &sentence, STRONG, Ink::TEXT);
        if let Some(terms) = terms {
            y = self.pages.paragraph((x, y), inner, &terms, BODY, Ink::TEXT);
        }
        y += 5.0;
        for (word, value) in facts {
            let node = self.pages.structure.add(Role::Paragraph);
            let meaning = Meaning::Part(node);
            let label = self.say(word);
            self.pages.text(
                (x, y + BODY.ascent()),
                Align::Left,
                label,
                LABEL,
                Ink::FAINT,
                meaning,
            );
            y = self.pages.block(
                (x + VALUE_X, y),
                inner - VALUE_X,
                &value,
                BODY,
                Ink::TEXT,
                meaning,
            );
        }
        if let Some(code) = code {
            self.code(&code, top + PADDING);
        }
        self.y = top + height + 2.0 * PADDING;
    }

    /// Terms are for what is to be paid.
    fn terms(&self) -> Option<String> {
        let asks = self.invoice.totals.due > 0 && !self.invoice.kind.is_credit_note();
        self.invoice.payment.terms.clone().filter(|_| asks)
    }

    /// What happens with the amount.
    fn sentence(&self) -> String {
        let invoice = self.invoice;
        let due = invoice.totals.due;
        if invoice.kind.is_credit_note() {
            return self.say(Word::Credited).to_owned();
        }
        match (due, invoice.totals.prepaid, invoice.due) {
            (..0, _, _) => self.say(Word::Overpaid).to_owned(),
            (0, 0, _) => self.say(Word::NothingToPay).to_owned(),
            (0, _, _) => self.say(Word::Settled).to_owned(),
            (_, _, Some(day)) => {
                format!("{} {}.", self.say(Word::PayBy), date(day, invoice.language))
            }
            (_, _, None) => format!("{} {}.", self.say(Word::Pay), self.money(due)),
        }
    }

    fn payment_facts(&self) -> Vec<(Word, String)> {
        let invoice = self.invoice;
        let mut facts = Vec::new();
        if invoice.totals.due <= 0 || invoice.kind.is_credit_note() {
            return facts;
        }
        let Some(account) = &invoice.payment.account else {
            return facts;
        };
        facts.push((Word::Amount, self.money(invoice.totals.due)));
        facts.push((Word::Holder, account.holder.clone()));
        facts.push((Word::Iban, fours(&account.iban)));
        if let Some(bic) = &account.bic {
            facts.push((Word::Bic, bic.clone()));
        }
        if let Some(reference) = &invoice.payment.reference {
            let printed = if reference.starts_with("RF") {
                fours(reference)
            } else {
                reference.clone()
            };
            facts.push((Word::Reference, printed));
        }
        facts
    }

    fn code(&mut self, payload: &str, top: f32) {
        // What does not fit is not drawn: the same facts stand beside it.
        let Ok(modules) = qr::runs(payload) else {
            return;
        };
        let left = RIGHT - PADDING - QR_SIDE;
        let ground = vec![(left, top, QR_SIDE, QR_SIDE)];
        self.pages.rects(ground, Ink::WHITE, Meaning::Layout);
        let module = QR_SIDE / modules.side as f32;
        let dark: Vec<Rect> = modules
            .dark
            .iter()
            .map(|(x, y, length)| {
                (
                    left + *x as f32 * module,
                    top + *y as f32 * module,
                    *length as f32 * module,
                    module,
                )
            })
            .collect();
        let alt = self.say(Word::QrAlt).to_owned();
        let node = self.pages.structure.add(Role::Figure(alt));
        self.pages.rects(dark, Ink::BLACK, Meaning::Part(node));
        let words = self.say(Word::ScanToPay);
        let middle = (QR_SIDE - width(words, SMALL)) / 2.0;
        let at = (left + middle, top + QR_SIDE + 2.0 + SMALL.ascent());
        let node = self.pages.structure.add(Role::Paragraph);
        self.pages.text(
            at,
            Align::Left,
            words,
            SMALL,
            Ink::SECOND,
            Meaning::Part(node),
        );
    }
}
