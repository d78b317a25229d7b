//! A buyer's money: what it owes, its credit, and what is done with either.

use askama::Template;

use crate::web::view::{Choice, Frame, Input, Place};

/// `GET /buyers/{id}/money`, and its refused forms.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/money.html")]
pub struct Money {
    /// The layout's context.
    pub frame: Frame,
    /// The buyer's account.
    pub id: String,
    /// The buyer's name.
    pub buyer: String,
    /// What stands in its credit.
    pub credit: String,
    /// Whether anything does.
    pub has_credit: bool,
    /// Open invoices, oldest first.
    pub owed: Vec<Owed>,
    /// The same as choices.
    pub invoices: Vec<Choice>,
    /// A refused act's sentence.
    pub refusal: Option<String>,
    /// An amount, as typed.
    pub amount: Input,
    /// Why, as typed.
    pub note: Input,
    /// What makes each form one act.
    pub key: String,
    /// Whether the viewer may act.
    pub may_take: bool,
    /// Whether the viewer may give debts up.
    pub may_give_up: bool,
}

/// An open invoice.
#[derive(Clone, Debug)]
pub struct Owed {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// When it is due, in words.
    pub due: String,
    /// What is open.
    pub open: String,
}

impl Money {
    /// A buyer with both.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let invoice = "0197c0de-7777-7000-8000-000000000003";
        Self {
            credit: "300.00\u{a0}EUR".to_owned(),
            has_credit: true,
            owed: vec![Owed {
                id: invoice.to_owned(),
                number: "INV-2026-00042".to_owned(),
                due: "4 December 2026".to_owned(),
                open: "1,200.00\u{a0}EUR".to_owned(),
            }],
            invoices: vec![Choice {
                value: invoice.to_owned(),
                label: "INV-2026-00042 · 1,200.00\u{a0}EUR".to_owned(),
            }],
            refusal: Some("The credit is 300.00 EUR, and 400.00 EUR was asked for.".to_owned()),
            amount: Input::filled("400.00"),
            ..Self::empty(frame)
        }
    }

    /// A buyer with neither.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Buyers),
            id: "0197c0de-7777-7000-8000-000000000002".to_owned(),
            buyer: "Hollis & Vane".to_owned(),
            credit: "0.00\u{a0}EUR".to_owned(),
            has_credit: false,
            owed: Vec::new(),
            invoices: Vec::new(),
            refusal: None,
            amount: Input::default(),
            note: Input::default(),
            key: "0197c0de-7777-7000-8000-00000000000f".to_owned(),
            may_take: true,
            may_give_up: true,
        }
    }
}
