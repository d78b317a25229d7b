//! One payment, refund or write-off.

use askama::Template;
use jiff::Timestamp;

use super::list::State;
use crate::web::text::Html;
use crate::web::view::{Frame, Input, Place};

/// `GET /payments/{id}`, and its refused forms.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/one.html")]
pub struct Payment {
    /// The layout's context.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// The buyer's account.
    pub account_id: String,
    /// The buyer's name.
    pub buyer: String,
    /// The amount with its currency.
    pub amount: String,
    /// How it stands.
    pub state: State,
    /// The day, in words.
    pub day: String,
    /// What it says.
    pub note: String,
    /// Where it came from, in words.
    pub source: String,
    /// Who entered it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Timestamp,
    /// Invoices that it settled: id, number, part.
    pub settled: Vec<(String, String, String)>,
    /// What was left over and became credit.
    pub to_credit: Option<String>,
    /// When and why it was taken back: day, note, who.
    pub returned: Option<(String, String, String)>,
    /// On which day a refund left the bank.
    pub paid_back: Option<String>,
    /// A refused act's sentence.
    pub refusal: Option<String>,
    /// The day of an act, as typed.
    pub on: Input,
    /// Why it is taken back, as typed.
    pub reason: Input,
    /// Whether the viewer may act.
    pub may_take: bool,
}

impl Payment {
    fn mark(&self) -> Html {
        self.state.mark(&self.frame.t)
    }

    fn is_doubtful(&self) -> bool {
        self.state == State::Doubtful
    }

    fn is_to_pay_back(&self) -> bool {
        self.state == State::ToPayBack
    }

    /// A payment that looks like another, with a form that was refused.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Payments),
            id: "0197c0de-7777-7000-8000-000000000001".to_owned(),
            account_id: "0197c0de-7777-7000-8000-000000000002".to_owned(),
            buyer: "Hollis & Vane".to_owned(),
            amount: "1,500.00\u{a0}EUR".to_owned(),
            state: State::Doubtful,
            day: "20 November 2026".to_owned(),
            note: "RF57 INV2 0260 0042".to_owned(),
            source: frame.t("payment-source-statement"),
            recorded_by: "Dagny Krol".to_owned(),
            recorded_at: frame.now,
            settled: vec![(
                "0197c0de-7777-7000-8000-000000000003".to_owned(),
                "INV-2026-00042".to_owned(),
                "1,200.00\u{a0}EUR".to_owned(),
            )],
            to_credit: Some("300.00\u{a0}EUR".to_owned()),
            returned: None,
            paid_back: None,
            refusal: Some("This day is still to come.".to_owned()),
            on: Input::filled("2026-11-23"),
            reason: Input::wrong("", "This is empty. Type at least one character."),
            may_take: true,
        }
    }

    /// A refund that was paid back and then taken back.
    #[must_use]
    pub fn refund(frame: &Frame) -> Self {
        let day = || "22 November 2026".to_owned();
        Self {
            state: State::Returned,
            settled: Vec::new(),
            to_credit: None,
            returned: Some((day(), "no such account".to_owned(), "Dagny Krol".to_owned())),
            paid_back: Some(day()),
            refusal: None,
            reason: Input::default(),
            note: String::new(),
            ..Self::sample(frame)
        }
    }
}
