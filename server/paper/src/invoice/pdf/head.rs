//! The upper part of the first page: who sells, who buys in the window of an envelope, what document it is.

use super::figures::{date, period};
use super::words::Word;
use super::{BODY, LABEL, LEFT, Print, RIGHT, SMALL, STRONG, WIDTH};
use crate::invoice::{Address, Kind};
use crate::pdf::mm;
use crate::pdf::page::{Align, Ink, Meaning};
use crate::pdf::tags::Role;
use crate::pdf::text::{Style, width, wrap};

/// The window of an envelope, and the place beside it.
struct Places {
    buyer_x: f32,
    buyer_y: f32,
    facts_x: f32,
    /// How wide what stands beside the window may be.
    facts_width: f32,
}

impl Print<'_> {
    pub(super) fn head(&mut self) {
        self.letterhead();
        let places = self.places();
        let under_buyer = self.buyer(&places);
        let under_facts = self.facts(&places);
        self.y = under_buyer.max(under_facts).max(mm(92.0)) + mm(7.0);
        self.heading();
    }

    /// French envelopes have their window at the right, those of DIN 5008 at the left.
    fn places(&self) -> Places {
        if self.invoice.seller.is_french() {
            Places {
                buyer_x: mm(112.0),
                buyer_y: mm(53.0),
                facts_x: LEFT,
                facts_width: mm(80.0),
            }
        } else {
            Places {
                buyer_x: LEFT,
                buyer_y: mm(57.0),
                facts_x: mm(120.0),
                facts_width: RIGHT - mm(120.0),
            }
        }
    }

    fn letterhead(&mut self) {
        let seller = &self.invoice.seller;
        let logo = self.invoice.look.logo.as_ref().unwrap_or(&seller.name);
        let accent = self.accent();
        let fits = width(logo, Style::bold(16.0)) <= WIDTH;
        let style = Style::bold(if fits { 16.0 } else { 11.0 });
        let mut y = self
            .pages
            .paragraph((LEFT, mm(15.0)), WIDTH, logo, style, accent)
            + 1.0;
        let mut lines: Vec<String> = Vec::new();
        if self.invoice.look.logo.is_some() {
            lines.push(seller.name.clone());
        }
        lines.push(one_line(&seller.address));
        if let Some(endpoint) = seller
            .endpoint
            .as_ref()
            .filter(|endpoint| endpoint.scheme == "EM")
        {
            lines.push(endpoint.id.clone());
        }
        let node = self.pages.structure.add(Role::Paragraph);
        for line in lines {
            let meaning = Meaning::Part(node);
            y = self
                .pages
                .block((LEFT, y), WIDTH, &line, LABEL, Ink::SECOND, meaning);
        }
    }

    fn buyer(&mut self, places: &Places) -> f32 {
        let (x, limit) = (places.buyer_x, mm(80.0));
        let mut y = places.buyer_y;
        if !self.invoice.seller.is_french() {
            // The sender, small above the address, so that the post finds back (DIN 5008).
            let sender = format!(
                "{} · {}",
                self.invoice.seller.name,
                one_line(&self.invoice.seller.address)
            );
            let sender = wrap(&sender, Style::regular(6.5), limit).remove(0);
            let style = Style::regular(6.5);
            self.pages.text(
                (x, y),
                Align::Left,
                &sender,
                style,
                Ink::FAINT,
                Meaning::Layout,
            );
            y += mm(3.0);
        }
        let node = self.pages.structure.add(Role::Paragraph);
        let buyer = &self.invoice.buyer;
        let abroad = buyer.address.country != self.invoice.seller.address.country;
        let lines = envelope(&buyer.name, &buyer.address, abroad);
        // A window shows six lines of ten points; what is longer is set smaller.
        let count = |size| -> usize {
            lines
                .iter()
                .map(|line| wrap(line, Style::bold(size), limit).len())
                .sum()
        };
        let size = if count(10.0) <= 6 { 10.0 } else { 8.0 };
        for (index, line) in lines.iter().enumerate() {
            let style = if index == 0 {
                Style::bold(size)
            } else {
                Style::regular(size)
            };
            y = self
                .pages
                .block((x, y), limit, line, style, Ink::TEXT, Meaning::Part(node));
        }
        y
    }

    /// Number, dates and what else both sides look up.
    fn facts(&mut self, places: &Places) -> f32 {
        let value_x = places.facts_x + mm(30.0);
        let value_width = places.facts_width - mm(30.0);
        let mut y = places.buyer_y - mm(1.0);
        for (word, value) in self.fact_list() {
            let node = self.pages.structure.add(Role::Paragraph);
            let meaning = Meaning::Part(node);
            let label = self.say(word);
            let at = (places.facts_x, y + BODY.ascent());
            self.pages
                .text(at, Align::Left, label, LABEL, Ink::FAINT, meaning);
            let style = if word == Word::Number { STRONG } else { BODY };
            y = self
                .pages
                .block((value_x, y), value_width, &value, style, Ink::TEXT, meaning)
                + 1.5;
        }
        y
    }

    fn fact_list(&self) -> Vec<(Word, String)> {
        let invoice = self.invoice;
        let language = invoice.language;
        let mut facts = vec![
            (Word::Number, invoice.number.clone()),
            (Word::Date, date(invoice.issued, language)),
        ];
        if let Some(due) = invoice.due.filter(|_| !invoice.kind.is_credit_note()) {
            facts.push((Word::Due, date(due, language)));
        }
        if let Some(supplied) = invoice.supplied {
            facts.push((Word::Supplied, date(supplied, language)));
        }
        if let Some(days) = invoice.period {
            facts.push((Word::Period, period(days, language)));
        }
        if let Kind::CreditNote { corrects, issued } = &invoice.kind {
            let of = self.say(Word::Of);
            facts.push((
                Word::Corrects,
                format!("{corrects} {of} {}", date(*issued, language)),
            ));
        }
        let optional = [
            (Word::CustomerVatId, invoice.buyer.vat_id.as_ref()),
            (Word::YourReference, invoice.buyer_reference.as_ref()),
            (Word::Order, invoice.order.as_ref()),
        ];
        facts.extend(
            optional
                .into_iter()
                .filter_map(|(word, value)| Some((word, value?.clone()))),
        );
        if let Some(entry) = &invoice.buyer.registration {
            facts.push((Word::Customer, format!("{}\u{a0}{}", entry.label, entry.id)));
        }
        if let Some(delivery) = &invoice.delivery {
            let address = one_line(&delivery.address);
            let name = delivery.name.as_ref().map(|name| format!("{name}, "));
            facts.push((
                Word::DeliveredTo,
                format!("{}{address}", name.unwrap_or_default()),
            ));
        }
        facts
    }

    fn heading(&mut self) {
        let accent = self.accent();
        self.pages.rule((LEFT, self.y), WIDTH, 1.6, accent);
        self.y += mm(5.0);
        let words = format!("{} {}", self.title(), self.invoice.number);
        let node = self.pages.structure.add(Role::Heading(1, words.clone()));
        let style = Style::bold(17.0);
        self.y = self.pages.block(
            (LEFT, self.y),
            WIDTH,
            &words,
            style,
            Ink::TEXT,
            Meaning::Part(node),
        );
        self.y += mm(3.0);
    }

    /// What a further page begins with, so that a page that falls out is known.
    pub(super) fn running_head(&mut self, page: usize) {
        self.pages.go_to(page);
        let words = format!("{} {}", self.title(), self.invoice.number);
        let name = self.invoice.seller.name.clone();
        let y = mm(15.0);
        let name = wrap(&name, SMALL, WIDTH * 0.6).remove(0);
        self.pages.text(
            (LEFT, y),
            Align::Left,
            &name,
            SMALL,
            Ink::FAINT,
            Meaning::Layout,
        );
        self.pages.text(
            (RIGHT, y),
            Align::Right,
            &words,
            SMALL,
            Ink::FAINT,
            Meaning::Layout,
        );
    }
}

/// Street, postcode and town, country: on one line.
fn one_line(address: &Address) -> String {
    let mut parts: Vec<String> = address.lines.clone();
    parts.push(town(address));
    parts.push(address.country_name.clone());
    parts.retain(|part| !part.trim().is_empty());
    parts.join(", ")
}

/// The lines of an envelope; the country, in capitals, on what goes abroad.
fn envelope(name: &str, address: &Address, abroad: bool) -> Vec<String> {
    let mut lines = vec![name.to_owned()];
    lines.extend(address.lines.iter().cloned());
    lines.push(town(address));
    if abroad {
        lines.push(address.country_name.to_uppercase());
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

fn town(address: &Address) -> String {
    let town = format!("{} {}", address.postcode, address.city);
    match &address.region {
        Some(region) => format!("{}, {region}", town.trim()),
        None => town.trim().to_owned(),
    }
}
