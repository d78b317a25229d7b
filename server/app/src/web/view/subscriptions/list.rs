//! The list of subscriptions.

use askama::Template;

use crate::web::text::Html;
use crate::web::view::{Filter, Frame, Pages, Place};

use super::life_mark;

/// `GET /subscriptions`.
#[derive(Clone, Debug, Template)]
#[template(path = "subscriptions/list.html")]
pub struct Subscriptions {
    /// The layout's context.
    pub frame: Frame,
    /// The two sides of the books: words, link, whether it is the present one. Empty for those who have one side only.
    pub sides: Vec<(String, String, bool)>,
    /// What the other one of a trade is called: buyer, or seller.
    pub other: String,
    /// The filters.
    pub filters: Vec<Filter>,
    /// Whether a filter is set.
    pub filtered: bool,
    /// One page of them, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pages: Pages,
    /// Whether the viewer may start and change them here.
    pub may_sell: bool,
}

/// One subscription.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its plan.
    pub plan: String,
    /// Who buys it, or who sells it.
    pub other: String,
    /// Its phone: id and serial number.
    pub device: Option<(String, String)>,
    /// Its life.
    pub life: String,
    /// When it is billed next, or why it is not.
    pub next: String,
    /// Whether billing it failed.
    pub parked: bool,
}

impl Row {
    fn mark(&self, frame: &Frame) -> Html {
        life_mark(frame, &self.life)
    }
}

impl Subscriptions {
    /// A few of a reseller's.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let row = |plan: &str, other: &str, life: &str, next: &str| Row {
            id: "0197c0de-0000-7000-8000-000000000004".to_owned(),
            plan: plan.to_owned(),
            other: other.to_owned(),
            device: Some((
                "0197c0de-0000-7000-8000-00000000000a".to_owned(),
                "HX7-30418-K2".to_owned(),
            )),
            life: life.to_owned(),
            next: next.to_owned(),
            parked: false,
        };
        let mut rows = vec![
            row("Six months", "Hollis & Vane", "active", "21 March 2027"),
            row(
                "Monthly",
                "Brightwater Council",
                "trialing",
                "1 December 2026",
            ),
            row("Monthly", "Tern Harbour Press", "paused", "–"),
            row(
                "Monthly",
                "Tern Harbour Press",
                "active",
                "21 November 2026",
            ),
        ];
        rows[2].device = None;
        rows[3].parked = true;
        Self {
            frame: frame.at(Place::Subscriptions),
            sides: vec![
                (
                    "Sold".to_owned(),
                    "/subscriptions?side=sold".to_owned(),
                    true,
                ),
                (
                    "Bought".to_owned(),
                    "/subscriptions?side=bought".to_owned(),
                    false,
                ),
            ],
            other: "Buyer".to_owned(),
            filters: vec![Filter {
                name: "State".to_owned(),
                set: None,
                options: vec![(
                    "Active".to_owned(),
                    "/subscriptions?life=active".to_owned(),
                    false,
                )],
            }],
            filtered: false,
            rows,
            pages: Pages::default(),
            may_sell: true,
        }
    }

    /// None as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            rows: Vec::new(),
            ..Self::sample(frame)
        }
    }
}
