//! The table of what is sold. It runs over as many pages as it needs; each repeats the head and says what was carried.

use super::figures::{percent, period, quantity};
use super::words::Word;
use super::{BODY, BOTTOM, LABEL, LEFT, Print, RIGHT, SMALL, STRONG, TOP};
use crate::invoice::{Category, Line, Vat};
use crate::pdf::page::{Align, Ink};
use crate::pdf::table::{Column, Table, Words};
use crate::pdf::text::width;

/// A row that is higher is parted: what a page has between its head and what is carried.
const WHOLE_PAGE: f32 = BOTTOM - TOP - 70.0;

/// No part of a row is lower than this.
const LEAST_PART: f32 = 60.0;

/// Between two columns.
const GAP: f32 = 14.0;

/// No column of figures is wider; eight hundred billions fit.
const WIDEST: f32 = 96.0;

impl Print<'_> {
    pub(super) fn lines(&mut self) {
        let discounts = self.invoice.lines.iter().any(|line| line.discount != 0);
        let rows: Vec<Vec<Vec<Words>>> = self
            .invoice
            .lines
            .iter()
            .map(|line| self.cells(line, discounts))
            .collect();
        let columns = self.columns(&rows, discounts);
        let count = columns.len();
        let table = Table::new(&mut self.pages, columns, LABEL);
        self.y = table.head(&mut self.pages, self.y, false);
        let mut carried = 0;
        let last = rows.len() - 1;
        for (index, (line, cells)) in self.invoice.lines.iter().zip(rows).enumerate() {
            let mut cells = cells;
            let subtotal = self.carried(Word::CarriedForward, carried, count);
            // Below a row there must be room for what is carried; below the last, the totals look after themselves.
            let below = if index == last {
                0.0
            } else {
                table.height(&subtotal)
            };
            while self.y + table.height(&cells) + below > BOTTOM {
                let room = BOTTOM - self.y - table.height(&subtotal);
                // What fits on no page is parted where this one ends.
                if table.height(&cells) > WHOLE_PAGE && room > LEAST_PART {
                    let (upper, lower) = table.split(&cells, room);
                    self.y = table.row(&mut self.pages, self.y, &upper);
                    cells = lower;
                }
                self.turn(&table, carried, count);
            }
            self.y = table.row(&mut self.pages, self.y, &cells);
            carried += line.net;
        }
    }

    /// Ends the page with what was carried, and begins the next with it.
    fn turn(&mut self, table: &Table, carried: i64, columns: usize) {
        let subtotal = self.carried(Word::CarriedForward, carried, columns);
        table.decoration(&mut self.pages, self.y, &subtotal);
        self.pages.turn();
        self.y = table.head(&mut self.pages, TOP, true);
        let brought = self.carried(Word::BroughtForward, carried, columns);
        self.y = table.decoration(&mut self.pages, self.y, &brought);
    }

    /// Columns of figures are as wide as their widest; the description has the rest.
    fn columns(&self, rows: &[Vec<Vec<Words>>], discounts: bool) -> Vec<Column> {
        let currency = &self.invoice.currency.code;
        let mut titles = vec![
            self.say(Word::Item).to_owned(),
            self.say(Word::Quantity).to_owned(),
            self.say(Word::UnitPrice).to_owned(),
        ];
        if discounts {
            titles.push(self.say(Word::Discount).to_owned());
        }
        titles.push(self.say(Word::Vat).to_owned());
        titles.push(format!("{} ({currency})", self.say(Word::Net)));
        let sum = width(&self.number(self.invoice.totals.lines), STRONG);
        let mut right = RIGHT;
        let mut columns = Vec::new();
        for (index, title) in titles.iter().enumerate().skip(1).rev() {
            let cells = rows.iter().filter_map(|row| row.get(index)?.first());
            let widest = cells
                .map(|words| width(&words.text, words.style))
                .chain([width(title, LABEL)])
                .chain((index + 1 == titles.len()).then_some(sum))
                .fold(0.0, f32::max)
                .min(WIDEST);
            columns.push(Column {
                title: title.clone(),
                x: right - widest,
                width: widest,
                align: Align::Right,
            });
            right -= widest + GAP;
        }
        columns.push(Column {
            title: titles.swap_remove(0),
            x: LEFT,
            width: right - LEFT,
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
