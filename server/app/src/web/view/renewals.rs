//! Subscriptions that could not be billed.

use askama::Template;
use jiff::Timestamp;

use super::{Frame, Pages, Place};
use crate::web::text::Html;
use crate::web::text::Part;

/// `GET /subscriptions/parked`.
#[derive(Clone, Debug, Template)]
#[template(path = "renewals/parked.html")]
pub struct Parked {
    /// The layout's context.
    pub frame: Frame,
    /// Since when something is due that was not billed, while the sweep is behind.
    pub behind_since: Option<Timestamp>,
    /// How many are set aside.
    pub all: u64,
    /// One page of them, newest first.
    pub rows: Vec<ParkedRow>,
    /// Where the list goes on.
    pub pages: Pages,
    /// Whether the viewer may take them up again.
    pub may_unpark: bool,
}

/// One that is set aside.
#[derive(Clone, Debug)]
pub struct ParkedRow {
    /// Its id.
    pub id: String,
    /// Its phone, if it is on one.
    pub serial_number: Option<String>,
    /// Its plan's name.
    pub plan: String,
    /// Its buyer's name.
    pub buyer: String,
    /// When the period began that could not be billed.
    pub due_at: Option<Timestamp>,
    /// Since when it is set aside.
    pub parked_at: Timestamp,
    /// Why, in words.
    pub because: String,
}

impl Parked {
    /// The line that says that the sweep is behind.
    fn behind(&self, since: &Timestamp) -> Html {
        let since = self.frame.ago(*since);
        self.frame
            .t
            .rich("renewals-behind", &[("at", Part::Markup(&since))])
    }

    /// Two that could not be billed, while the sweep is behind.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let hours = |n: i64| frame.now - jiff::SignedDuration::from_hours(n);
        let row = |serial: Option<&str>, buyer: &str, because: &str| ParkedRow {
            id: "0197c0de-7777-7000-8000-000000000001".to_owned(),
            serial_number: serial.map(str::to_owned),
            plan: "Six months".to_owned(),
            buyer: buyer.to_owned(),
            due_at: Some(hours(40)),
            parked_at: hours(39),
            because: because.to_owned(),
        };
        Self {
            frame: frame.at(Place::Subscriptions),
            behind_since: Some(hours(3)),
            all: 2,
            rows: vec![
                row(
                    Some("HX7-30418-K2"),
                    "Brightwater Council",
                    "The plan Six months has no price on 2026-11-22. Give it one that begins on that day or before.",
                ),
                row(
                    None,
                    "Hollis & Vane",
                    "The seller needs a VAT id to sell to a business in another member state. Enter it in the organisation's settings.",
                ),
            ],
            pages: Pages::default(),
            may_unpark: true,
        }
    }

    /// Nothing is set aside.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            behind_since: None,
            all: 0,
            rows: Vec::new(),
            ..Self::sample(frame)
        }
    }
}
