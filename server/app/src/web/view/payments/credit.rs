//! Crediting an invoice.

use askama::Template;

use crate::web::view::{Frame, Place};

/// `GET` and refused `POST /invoices/{id}/credit`.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/credit.html")]
pub struct Credit {
    /// The layout's context.
    pub frame: Frame,
    /// The invoice.
    pub id: String,
    /// Its number.
    pub number: String,
    /// What it came to.
    pub total: String,
    /// What is open on it.
    pub open: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Whether the whole may be credited: none of it was so far.
    pub whole: bool,
    /// A refused act's sentence.
    pub refusal: Option<String>,
}

/// A line of the invoice.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its position, from 1.
    pub position: i64,
    /// What was sold.
    pub text: String,
    /// Its net amount.
    pub net: String,
    /// What is left to credit at its VAT, net.
    pub left: String,
    /// What is to be credited of it, as typed.
    pub typed: String,
}

impl Credit {
    /// An invoice of which nothing was credited.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let line = |position, text: &str| Line {
            position,
            text: text.to_owned(),
            net: "1,250.00\u{a0}EUR".to_owned(),
            left: "1,250.00\u{a0}EUR".to_owned(),
            typed: String::new(),
        };
        Self {
            frame: frame.at(Place::Invoices),
            id: "0197c0de-7777-7000-8000-000000000003".to_owned(),
            number: "INV-2026-00042".to_owned(),
            total: "3,000.00\u{a0}EUR".to_owned(),
            open: "1,200.00\u{a0}EUR".to_owned(),
            lines: vec![line(1, "Six months · HX7-30418-K2"), line(2, "Handset")],
            whole: true,
            refusal: None,
        }
    }

    /// One of which a part was.
    #[must_use]
    pub fn again(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.whole = false;
        page.refusal = Some("Only 250.00 EUR is left to credit at 20 % VAT.".to_owned());
        page.lines[0].typed = "300.00".to_owned();
        page
    }
}
