//! One subscription: three axes, each in its own words, what was billed and what comes next.

use askama::Template;

use crate::web::text::Html;
use crate::web::view::{Frame, Place};

use super::{life_mark, stage_mark};

/// `GET /subscriptions/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "subscriptions/show.html")]
pub struct Subscription {
    /// The layout's context.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// Its plan.
    pub plan: String,
    /// Who buys it, or who sells it.
    pub other: String,
    /// Whether the viewer's organisation sells it.
    pub sold: bool,
    /// Its phone: id and serial number.
    pub device: Option<(String, String)>,
    /// Its life, as a word.
    pub life: String,
    /// What its life means now, in a sentence.
    pub life_says: String,
    /// The stage of collection, as a word.
    pub stage: String,
    /// What is owed, in a sentence.
    pub stage_says: String,
    /// What it entitles its phone to: `full` or `suspended`; `None` while it has no say.
    pub service: Option<String>,
    /// What its phone was last told for its sake: `nothing`, `suspended` or `full`.
    pub ordered: String,
    /// What comes next, in a sentence.
    pub next: String,
    /// Why billing it failed.
    pub parked: Option<String>,
    /// Periods, newest first.
    pub periods: Vec<Period>,
    /// What can be done now: the address and the words, the first with the filled button.
    pub acts: Vec<(String, String)>,
    /// The account's time zone, in which its days begin.
    pub zone: String,
    /// When it was sold.
    pub since: String,
}

/// A period that was billed.
#[derive(Clone, Debug)]
pub struct Period {
    /// Its first day and the last.
    pub days: String,
    /// The invoice: id, number and amount.
    pub invoice: Option<(String, String, String)>,
}

impl Subscription {
    fn life_mark(&self) -> Html {
        life_mark(&self.frame, &self.life)
    }

    fn stage_mark(&self) -> Html {
        stage_mark(&self.frame, &self.stage)
    }

    /// One that a reseller sold.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Subscriptions),
            id: "0197c0de-0000-7000-8000-000000000004".to_owned(),
            plan: "Six months".to_owned(),
            other: "Hollis & Vane".to_owned(),
            sold: true,
            device: Some((
                "0197c0de-0000-7000-8000-00000000000a".to_owned(),
                "HX7-30418-K2".to_owned(),
            )),
            life: "active".to_owned(),
            life_says: frame.put("subscriptions-says-active", "day", "21 March 2027"),
            stage: "past-due".to_owned(),
            stage_says: frame.put("subscriptions-owes", "amount", "1,800.00 EUR"),
            service: Some("full".to_owned()),
            ordered: "nothing".to_owned(),
            next: "Six months, 21 March 2027: 1,800.00 EUR".to_owned(),
            parked: Some("The plan has no price on 2026-11-21.".to_owned()),
            periods: vec![Period {
                days: "21 September 2026 – 20 March 2027".to_owned(),
                invoice: Some((
                    "0197c0de-0000-7000-8000-000000000009".to_owned(),
                    "INV-2026-00007".to_owned(),
                    "1,800.00 EUR".to_owned(),
                )),
            }],
            acts: vec![
                (
                    "/subscriptions/x/act?act=pause".to_owned(),
                    "Pause…".to_owned(),
                ),
                (
                    "/subscriptions/x/act?act=cancel".to_owned(),
                    "Cancel…".to_owned(),
                ),
            ],
            zone: "Europe/Paris".to_owned(),
            since: "21 September 2026".to_owned(),
        }
    }

    /// One that was bought, and has not begun.
    #[must_use]
    pub fn bought(frame: &Frame) -> Self {
        Self {
            sold: false,
            device: None,
            service: None,
            parked: None,
            periods: Vec::new(),
            acts: Vec::new(),
            life: "pending".to_owned(),
            ..Self::sample(frame)
        }
    }
}
