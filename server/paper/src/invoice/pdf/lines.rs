//! The table of what is sold. It runs over as many pages as it needs; each repeats the head and says what was carried.

use super::figures::{percent, period, quantity};
use super::words::Word;
use super::{BODY, BOTTOM, LABEL, LEFT, Print, RIGHT, SMALL, STRONG, TOP};
use crate::invoice::{Category, Line, Vat};
use crate::pdf::page::{Align, Ink};
use crate::pdf::table::{Column, Table, Words};

impl Print<'_> {
    pub(super) fn lines(&mut self) {
        let discounts = self.invoice.lines.iter().any(|line| line.discount != 0);
        let columns = self.columns(discounts);
        let count = columns.len();
        let table = Table::new(&mut self.pages, columns, LABEL);
        self.y = table.head(&mut self.pages, self.y, false);
        let mut carried = 0;
        let last = self.invoice.lines.len() - 1;
        for (index, line) in self.invoice.lines.iter().enumerate() {
            let cells = self.cells(line, discounts);
            let subtotal = self.carried(Word::CarriedForward, carried, count);
            // Below a row there must be room for what is carried; below the last, the totals look after themselves.
            let below = if index == last {
                0.0
            } else {
                table.height(&subtotal)
            };
            if self.y + table.height(&cells) + below > BOTTOM && index > 0 {
                table.decoration(&mut self.pages, self.y, &subtotal);
                self.pages.turn();
                self.y = table.head(&mut self.pages, TOP, true);
                let brought = self.carried(Word::BroughtForward, carried, count);
                self.y = table.decoration(&mut self.pages, self.y, &brought);
            }
            self.y = table.row(&mut self.pages, self.y, &cells);
            carried += line.net;
        }
    }

    fn columns(&self, discounts: bool) -> Vec<Column> {
        // From the right: net, VAT, discount, unit price, quantity; the description has the rest.
        let currency = &self.invoice.currency.code;
        let mut widths = vec![
            (format!("{} ({currency})", self.say(Word::Net)), 74.0),
            (self.say(Word::Vat).to_owned(), 38.0),
        ];
        if discounts {
            widths.push((self.say(Word::Discount).to_owned(), 54.0));
        }
        widths.push((self.say(Word::UnitPrice).to_owned(), 70.0));
        widths.push((self.say(Word::Quantity).to_owned(), 52.0));
        let mut right = RIGHT;
        let mut columns = Vec::new();
        for (title, width) in widths {
            columns.push(Column {
                title,
                x: right - width + 6.0,
                width: width - 6.0,
                align: Align::Right,
            });
            right -= width;
        }
        columns.push(Column {
            title: self.say(Word::Item).to_owned(),
            x: LEFT,
            width: right - LEFT - 6.0,
            align: Align::Left,
        });
        columns.reverse();
        columns
    }

    fn cells(&self, line: &Line, discounts: bool) -> Vec<Vec<Words>> {
        let language = self.invoice.language;
        let mut item = vec![Words::new(&line.text, BODY, Ink::TEXT)];
        if let Some(days) = line.period {
            item.push(Words::new(period(days, language), SMALL, Ink::FAINT));
        }
        if let Some(description) = &line.description {
            item.push(Words::new(description, SMALL, Ink::FAINT));
        }
        if let Some(reason) = line.discount_reason.as_ref().filter(|_| line.discount != 0) {
            item.push(Words::new(reason, SMALL, Ink::FAINT));
        }
        let figure = |text: String| vec![Words::new(text, BODY, Ink::TEXT)];
        let mut cells = vec![
            item,
            figure(quantity(line.quantity, line.unit, language)),
            figure(self.number(line.unit_price)),
        ];
        if discounts {
            let discount = match line.discount {
                0 => String::new(),
                off => self.number(-off),
            };
            cells.push(figure(discount));
        }
        cells.push(figure(self.rate(line.vat)));
        cells.push(figure(self.number(line.net)));
        cells
    }

    /// A rate, or that there is none.
    pub(super) fn rate(&self, vat: Vat) -> String {
        if vat.category == Category::O {
            self.say(Word::NotSubject).to_owned()
        } else {
            percent(vat.rate, self.invoice.language)
        }
    }

    fn carried(&self, word: Word, amount: i64, columns: usize) -> Vec<Vec<Words>> {
        let mut cells = vec![Vec::new(); columns];
        cells[0] = vec![Words::new(self.say(word), STRONG, Ink::SECOND)];
        cells[columns - 1] = vec![Words::new(self.number(amount), STRONG, Ink::SECOND)];
        cells
    }
}
