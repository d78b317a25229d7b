//! The list of payments.

use askama::Template;

use crate::web::text::{Html, Key, Texts};
use crate::web::view::{Frame, Pages, Place, parts};

/// `GET /payments`.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/list.html")]
pub struct Payments {
    /// The layout's context.
    pub frame: Frame,
    /// One page, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pages: Pages,
    /// Whether the viewer may enter payments.
    pub may_take: bool,
}

/// One payment, refund or write-off.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// The buyer's name.
    pub buyer: String,
    /// The day, in words.
    pub day: String,
    /// What it says.
    pub note: String,
    /// The amount with its currency.
    pub amount: String,
    /// How it stands.
    pub state: State,
}

/// How a payment, refund or write-off stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says itself")]
pub enum State {
    Booked,
    Doubtful,
    Returned,
    ToPayBack,
    PaidBack,
    WrittenOff,
}

impl State {
    /// Shape, tone and word.
    #[must_use]
    pub fn mark(self, t: &Texts) -> Html {
        let (shape, tone, key) = match self {
            Self::Booked => ("check", "on", Key("payment-booked")),
            Self::Doubtful => ("diamond", "warn", Key("payment-doubtful")),
            Self::Returned => ("cross", "off", Key("payment-returned")),
            Self::ToPayBack => ("clock", "warn", Key("payment-to-pay-back")),
            Self::PaidBack => ("check", "off", Key("payment-paid-back")),
            Self::WrittenOff => ("refused", "off", Key("payment-written-off")),
        };
        parts::state(shape, tone, &t.word(key))
    }
}

impl Payments {
    fn mark(&self, row: &Row) -> Html {
        row.state.mark(&self.frame.t)
    }

    /// One of every state.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let row = |buyer: &str, note: &str, amount: &str, state| Row {
            id: "0197c0de-7777-7000-8000-000000000001".to_owned(),
            buyer: buyer.to_owned(),
            day: "20 November 2026".to_owned(),
            note: note.to_owned(),
            amount: amount.to_owned(),
            state,
        };
        Self {
            rows: vec![
                row(
                    "Hollis & Vane",
                    "RF57 INV2 0260 0042",
                    "1,500.00\u{a0}EUR",
                    State::Doubtful,
                ),
                row(
                    "Hollis & Vane",
                    "RF57 INV2 0260 0042",
                    "1,500.00\u{a0}EUR",
                    State::Booked,
                ),
                row(
                    "Tern Harbour Press",
                    "asked for",
                    "200.00\u{a0}EUR",
                    State::ToPayBack,
                ),
                row("Tern Harbour Press", "", "80.00\u{a0}EUR", State::PaidBack),
                row(
                    "Brightwater Council",
                    "direct debit",
                    "300.00\u{a0}EUR",
                    State::Returned,
                ),
                row(
                    "Brightwater Council",
                    "bankrupt",
                    "0.01\u{a0}EUR",
                    State::WrittenOff,
                ),
            ],
            pages: Pages {
                previous: None,
                next: Some("/payments?cursor=x".to_owned()),
            },
            ..Self::empty(frame)
        }
    }

    /// None as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Payments),
            rows: Vec::new(),
            pages: Pages::default(),
            may_take: true,
        }
    }
}
