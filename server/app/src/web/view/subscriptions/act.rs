//! An act before it is done: what it does, and what it will come to.

use askama::Template;

use crate::web::view::{Choice, Frame, Input, Place};

/// `GET /subscriptions/{id}/act`, `GET /subscriptions/bulk`, and their refused posts.
#[derive(Clone, Debug, Template)]
#[template(path = "subscriptions/act.html")]
pub struct Act {
    /// The layout's context.
    pub frame: Frame,
    /// The word of the act: `pause`, `resume`, `cancel`, `undo-cancel`, `change-plan` or `move`.
    pub act: String,
    /// What it is called.
    pub title: String,
    /// What it does, in a sentence.
    pub says: String,
    /// Where the form is sent.
    pub action: String,
    /// Where the way back leads.
    pub back: String,
    /// Whose: one subscription's plan and buyer, or how many.
    pub about: String,
    /// Fields that go with the form: name and value.
    pub hidden: Vec<(String, String)>,
    /// What has to be chosen first: the plan or the phone, and when.
    pub choices: Vec<(String, String, Vec<Choice>)>,
    /// The serial number of the phone to move to, where that is asked.
    pub serial: Option<Input>,
    /// What it will come to; `None` while something has to be chosen.
    pub cost: Option<Cost>,
    /// Those that it cannot be done to: words and why.
    pub refused: Vec<(String, String)>,
    /// Why it cannot be done at all.
    pub fault: Option<String>,
    /// The number to type in, where there are more than ten.
    pub count: Option<(usize, Input)>,
}

/// What something will come to.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// What is issued at once.
    pub lines: Vec<Line>,
    /// What will be billed next, in a sentence.
    pub next: String,
    /// When the service or the billing ends, where it does, in a sentence.
    pub end: String,
}

/// A document that will be issued.
#[derive(Clone, Debug)]
pub struct Line {
    /// Invoice or credit note.
    pub kind: String,
    /// Without VAT.
    pub net: String,
    /// The VAT.
    pub vat: String,
    /// With VAT.
    pub total: String,
}

impl Cost {
    /// An invoice, and what follows.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            lines: vec![Line {
                kind: "Invoice".to_owned(),
                net: "1,000.00 EUR".to_owned(),
                vat: "200.00 EUR".to_owned(),
                total: "1,200.00 EUR".to_owned(),
            }],
            next: "Six months, 1 December 2026: 1,800.00 EUR with VAT".to_owned(),
            end: String::new(),
        }
    }
}

impl Act {
    /// A cancellation with a credit.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Subscriptions),
            act: "cancel".to_owned(),
            title: "Cancel now".to_owned(),
            says: "It ends at this moment.".to_owned(),
            action: "/subscriptions/x/act".to_owned(),
            back: "/subscriptions/x".to_owned(),
            about: "Six months, Hollis & Vane".to_owned(),
            hidden: vec![("act".to_owned(), "cancel".to_owned())],
            choices: Vec::new(),
            serial: None,
            cost: Some(Cost::sample()),
            refused: Vec::new(),
            fault: None,
            count: None,
        }
    }

    /// A change of plan that waits for the plan.
    #[must_use]
    pub fn choose(frame: &Frame) -> Self {
        let choice = |value: &str| Choice {
            value: value.to_owned(),
            label: value.to_owned(),
        };
        Self {
            choices: vec![
                (
                    "plan".to_owned(),
                    "Plan".to_owned(),
                    vec![choice("Monthly")],
                ),
                ("when".to_owned(), "When".to_owned(), vec![choice("now")]),
            ],
            serial: Some(Input::default()),
            cost: None,
            ..Self::sample(frame)
        }
    }

    /// Of many at once.
    #[must_use]
    pub fn many(frame: &Frame) -> Self {
        Self {
            count: Some((12, Input::wrong("11", "Type the number 12 to go on."))),
            refused: vec![(
                "Monthly".to_owned(),
                "It is paused. Resume it first.".to_owned(),
            )],
            ..Self::sample(frame)
        }
    }

    /// One that cannot be done.
    #[must_use]
    pub fn refused(frame: &Frame) -> Self {
        Self {
            cost: None,
            fault: Some("This plan ends with its period only.".to_owned()),
            ..Self::sample(frame)
        }
    }
}
