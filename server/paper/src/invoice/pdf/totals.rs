//! VAT by rate at the left, the sums at the right.

use super::figures::{money, percent};
use super::words::Word;
use super::{BODY, LABEL, LEFT, Print, RIGHT, SMALL, STRONG};
use crate::invoice::TaxTotal;
use crate::pdf::mm;
use crate::pdf::page::{Align, Ink, Meaning};
use crate::pdf::table::{Column, Table, Words};
use crate::pdf::tags::Role;
use crate::pdf::text::{Style, width, wrap};

/// How wide the two parts are.
const VAT_WIDTH: f32 = 228.0;
const SUMS_WIDTH: f32 = 214.0;

/// From one sum to the next.
const STEP: f32 = 15.0;

impl Print<'_> {
    pub(super) fn totals(&mut self) {
        self.y += mm(5.0);
        let table = self.vat_table();
        let rows: Vec<Vec<Vec<Words>>> = self
            .invoice
            .taxes
            .iter()
            .map(|tax| self.vat_row(tax))
            .collect();
        let table_height = rows.iter().map(|row| table.height(row)).sum::<f32>() + 16.0;
        let sums = self.sums();
        let reasons_height = self.reasons_height();
        let height = (table_height + reasons_height).max((sums.len() + 3) as f32 * STEP);
        self.room(height);
        let top = self.y;
        let mut y = table.head(&mut self.pages, top, false);
        for row in &rows {
            y = table.row(&mut self.pages, y, row);
        }
        let y = self.reasons(y + 5.0);
        let under_sums = self.lay_sums(top, &sums);
        self.y = y.max(under_sums) + mm(2.0);
    }

    fn vat_table(&mut self) -> Table {
        let column = |title: String, x: f32, width: f32, align| Column {
            title,
            x,
            width,
            align,
        };
        let base = self.say(Word::Base).to_owned();
        let amount = self.say(Word::VatAmount).to_owned();
        let columns = vec![
            column(self.say(Word::Vat).to_owned(), LEFT, 70.0, Align::Left),
            column(base, LEFT + 70.0, 80.0, Align::Right),
            column(amount, LEFT + 154.0, VAT_WIDTH - 154.0, Align::Right),
        ];
        Table::new(&mut self.pages, columns, LABEL)
    }

    fn vat_row(&self, tax: &TaxTotal) -> Vec<Vec<Words>> {
        let cell = |text: String| vec![Words::new(text, BODY, Ink::TEXT)];
        vec![
            cell(self.rate(tax.vat)),
            cell(self.number(tax.base)),
            cell(self.number(tax.amount)),
        ]
    }

    /// Why no VAT is charged: a legal mention, so it is read like the figures.
    fn reasons(&mut self, mut y: f32) -> f32 {
        let reasons = self
            .invoice
            .taxes
            .iter()
            .filter_map(|tax| tax.exemption.as_ref());
        for reason in reasons {
            y = self
                .pages
                .paragraph((LEFT, y), VAT_WIDTH, &reason.text, STRONG, Ink::TEXT);
        }
        y
    }

    fn reasons_height(&self) -> f32 {
        let reasons = self
            .invoice
            .taxes
            .iter()
            .filter_map(|tax| tax.exemption.as_ref());
        reasons
            .map(|reason| wrap(&reason.text, STRONG, VAT_WIDTH).len() as f32 * STRONG.leading())
            .sum::<f32>()
            + 4.0
    }

    /// Every sum but the last, which is set larger.
    fn sums(&self) -> Vec<(String, i64)> {
        let totals = &self.invoice.totals;
        let mut sums = Vec::new();
        if totals.allowances != 0 {
            sums.push((self.say(Word::Subtotal).to_owned(), totals.lines));
            for off in &self.invoice.allowances {
                sums.push((off.reason.clone(), -off.amount));
            }
        }
        sums.push((self.say(Word::WithoutVat).to_owned(), totals.without_vat));
        for tax in self.invoice.taxes.iter().filter(|tax| tax.vat.rate > 0) {
            let rate = percent(tax.vat.rate, self.invoice.language);
            sums.push((format!("{} {rate}", self.say(Word::Vat)), tax.amount));
        }
        if self.invoice.taxes.iter().all(|tax| tax.vat.rate == 0) {
            sums.push((self.say(Word::Vat).to_owned(), totals.vat));
        }
        if totals.prepaid != 0 {
            sums.push((self.say(Word::WithVat).to_owned(), totals.with_vat));
            sums.push((self.say(Word::Paid).to_owned(), -totals.prepaid));
        }
        sums
    }

    fn lay_sums(&mut self, top: f32, sums: &[(String, i64)]) -> f32 {
        let left = RIGHT - SUMS_WIDTH;
        let mut y = top;
        for (label, amount) in sums {
            let node = self.pages.structure.add(Role::Paragraph);
            let figure = self.number(*amount);
            let room = SUMS_WIDTH - width(&figure, BODY) - 8.0;
            let bottom = self.pages.block(
                (left, y),
                room,
                label,
                BODY,
                Ink::SECOND,
                Meaning::Part(node),
            );
            let at = (RIGHT, y + BODY.ascent());
            self.pages.text(
                at,
                Align::Right,
                &figure,
                BODY,
                Ink::TEXT,
                Meaning::Part(node),
            );
            y = bottom.max(y + STEP);
        }
        let accent = self.accent();
        self.pages.rule((left, y + 1.0), SUMS_WIDTH, 1.0, accent);
        let label = self.say(
            match (
                self.invoice.kind.is_credit_note(),
                self.invoice.totals.prepaid,
            ) {
                (true, _) => Word::AmountCredited,
                (false, 0) => Word::WithVat,
                (false, _) => Word::AmountDue,
            },
        );
        let style = Style::bold(12.0);
        let node = self.pages.structure.add(Role::Paragraph);
        let baseline = y + 7.0 + style.ascent();
        let amount = self.money(self.invoice.totals.due);
        self.pages.text(
            (left, baseline),
            Align::Left,
            label,
            Style::bold(10.0),
            Ink::TEXT,
            Meaning::Part(node),
        );
        self.pages.text(
            (RIGHT, baseline),
            Align::Right,
            &amount,
            style,
            Ink::TEXT,
            Meaning::Part(node),
        );
        let mut y = baseline + 6.0;
        if let Some(home) = &self.invoice.home_vat {
            let amount = money(home.amount, &home.currency, self.invoice.language);
            let words = format!("{} {amount}", self.say(Word::HomeVat));
            let node = self.pages.structure.add(Role::Paragraph);
            let at = (RIGHT, y + SMALL.ascent());
            self.pages.text(
                at,
                Align::Right,
                &words,
                SMALL,
                Ink::SECOND,
                Meaning::Part(node),
            );
            y += SMALL.leading();
        }
        y
    }
}
