//! The form that sells.

use askama::Template;

use super::act::Cost;
use crate::web::view::{Choice, Frame, Input, Place, parts};

/// `GET` and `POST /subscriptions/new`: the form first, then the same with what it will come to.
#[derive(Clone, Debug, Template)]
#[template(path = "subscriptions/new.html")]
pub struct New {
    /// The layout's context.
    pub frame: Frame,
    /// The buyer's account.
    pub account: Input,
    /// Buyers.
    pub accounts: Vec<Choice>,
    /// The plan.
    pub plan: Input,
    /// Plans.
    pub plans: Vec<Choice>,
    /// Serial numbers of phones, one a line.
    pub serials: Input,
    /// How many, where no phones are named.
    pub count: Input,
    /// The first day.
    pub start_date: Input,
    /// Whether with the plan's trial.
    pub trial: bool,
    /// Whether with a handset each.
    pub handset: bool,
    /// Why it was refused, where that is no single field's fault.
    pub fault: Option<String>,
    /// What it will come to, once it was asked.
    pub cost: Option<Cost>,
}

impl New {
    fn errors(&self) -> Vec<(&'static str, String)> {
        parts::errors(&[
            ("account", &self.account),
            ("plan", &self.plan),
            ("serials", &self.serials),
            ("count", &self.count),
            ("start_date", &self.start_date),
        ])
    }

    /// The form, filled, with what it will come to.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let choice = |value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
        };
        Self {
            frame: frame.at(Place::Subscriptions),
            account: Input::filled("a"),
            accounts: vec![
                choice("a", "Hollis & Vane, EUR"),
                choice("b", "Tern Harbour Press, EUR"),
            ],
            plan: Input::filled("p"),
            plans: vec![choice("p", "Six months")],
            serials: Input::filled("HX7-30418-K2"),
            count: Input::filled("1"),
            start_date: Input::filled("2026-12-01"),
            trial: false,
            handset: true,
            fault: None,
            cost: Some(Cost::sample()),
        }
    }

    /// The form as it comes back.
    #[must_use]
    pub fn wrong(frame: &Frame) -> Self {
        Self {
            count: Input::wrong("0", "Start 1 to 500 subscriptions at once."),
            start_date: Input::wrong("2020-01-01", "This day is past."),
            fault: Some("The plan Six months is sold no more. Choose another.".to_owned()),
            cost: None,
            ..Self::sample(frame)
        }
    }
}
