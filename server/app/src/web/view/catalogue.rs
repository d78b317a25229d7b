//! Plans and what they cost.

use askama::Template;
use jiff::civil::{Date, date};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;

use super::sellers::choice;
use super::{Choice, Frame, Inputs, Pages, Place, gallery, parts};
use crate::web::text::{Html, Texts};

/// Where a price stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It holds.
    Today,
    /// It is to begin.
    ToCome,
    /// It ended.
    Past,
}

impl State {
    /// The word that is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::ToCome => "to-come",
            Self::Past => "past",
        }
    }
}

/// How many steps beside the first the form offers; the API takes more.
pub const STEPS: usize = 3;

/// `GET /plans`.
#[derive(Clone, Debug, Template)]
#[template(path = "catalogue/plans.html")]
pub struct Plans {
    /// The layout's context.
    pub frame: Frame,
    /// Whether the organisation has said how it sells.
    pub selling: bool,
    /// Whether those that are offered no more are listed too.
    pub retired: bool,
    /// One page, oldest first.
    pub rows: Vec<PlanRow>,
    /// Where the list goes on.
    pub pages: Pages,
    /// Whether the viewer may add one.
    pub may_add: bool,
}

/// One plan of the list.
#[derive(Clone, Debug)]
pub struct PlanRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// “Every 6 months”.
    pub interval: String,
    /// What a period costs everybody today.
    pub recurring: Option<Money>,
    /// What the handset costs everybody today.
    pub handset: Option<Money>,
    /// It is offered no more.
    pub retired: bool,
}

/// `GET /plans/{id}` and a refused price.
#[derive(Clone, Debug, Template)]
#[template(path = "catalogue/plan.html")]
pub struct Plan {
    /// The layout's context.
    pub frame: Frame,
    /// What the list says of it.
    pub row: PlanRow,
    /// What amounts are in.
    pub currency: String,
    /// Its rules, label by label.
    pub facts: Vec<(String, String)>,
    /// Its prices: those of today, those to come, those that ended.
    pub prices: Vec<PriceSet>,
    /// Whether it has more prices than are shown.
    pub more: bool,
    /// The price that was typed.
    pub inputs: Inputs,
    /// What may have a price.
    pub items: Vec<Choice>,
    /// For whom it may be: everybody, or one buyer.
    pub buyers: Vec<Choice>,
    /// Whether the viewer may set prices.
    pub may_change: bool,
}

/// A price with its steps.
#[derive(Clone, Debug)]
pub struct PriceSet {
    /// `recurring` or `handset`.
    pub item: String,
    /// The buyer it is for alone: id and name.
    pub buyer: Option<(String, String)>,
    /// The first day.
    pub from: Date,
    /// The first day on which it no longer holds.
    pub until: Option<Date>,
    /// The least quantity and the price of each step.
    pub steps: Vec<(u64, Money)>,
    /// Where it stands today.
    pub state: State,
}

/// `GET` and refused `POST /plans/new`.
#[derive(Clone, Debug, Template)]
#[template(path = "catalogue/plan_form.html")]
pub struct PlanForm {
    /// The layout's context.
    pub frame: Frame,
    /// What was typed.
    pub inputs: Inputs,
    /// Months or days.
    pub units: Vec<Choice>,
    /// The VAT rates of the seller's country.
    pub rates: Vec<Choice>,
    /// What a cancellation may do.
    pub cancellations: Vec<Choice>,
    /// What may become of paused time.
    pub paused_times: Vec<Choice>,
}

/// “Every 6 months”, “every 30 days”.
#[must_use]
pub fn every(t: &Texts, unit: &str, count: i64) -> String {
    let count = count.unsigned_abs();
    if unit == "months" {
        t.count("plan-every-months", count)
    } else {
        t.count("plan-every-days", count)
    }
}

/// Months and days.
#[must_use]
pub fn units(t: &Texts) -> Vec<Choice> {
    vec![
        choice("months", t.get("plan-unit-months")),
        choice("days", t.get("plan-unit-days")),
    ]
}

/// What a cancellation may do.
#[must_use]
pub fn cancellations(t: &Texts) -> Vec<Choice> {
    vec![
        choice("at-period-end", t.get("plan-cancel-end")),
        choice("now-without-credit", t.get("plan-cancel-now")),
        choice("now-with-credit", t.get("plan-cancel-credit")),
    ]
}

/// What may become of paused time.
#[must_use]
pub fn paused_times(t: &Texts) -> Vec<Choice> {
    vec![
        choice("lapses", t.get("plan-paused-lapses")),
        choice("extends", t.get("plan-paused-extends")),
    ]
}

/// What may have a price.
#[must_use]
pub fn items(t: &Texts) -> Vec<Choice> {
    vec![
        choice("recurring", t.get("price-recurring")),
        choice("handset", t.get("price-handset")),
    ]
}

impl Plan {
    /// What a price is of.
    fn item(&self, price: &PriceSet) -> String {
        super::sellers::label(&self.items, &price.item)
    }

    /// Where a price stands: shape and word.
    fn mark(&self, price: &PriceSet) -> Html {
        let t = &self.frame.t;
        match price.state {
            State::Today => parts::state("dot", "on", &t.get("price-today")),
            State::ToCome => parts::state("clock", "off", &t.get("price-to-come")),
            State::Past => parts::state("", "off", &t.get("price-past")),
        }
    }

    /// Whether a price can still be taken back.
    fn to_come(&self, price: &PriceSet) -> bool {
        self.may_change && price.state == State::ToCome
    }

    /// The fields of the steps beside the first: for the quantity, for the amount.
    fn steps(&self) -> Vec<(String, String)> {
        (1..=STEPS)
            .map(|step| (format!("step_from_{step}"), format!("step_amount_{step}")))
            .collect()
    }
}

/// The samples of these pages.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<gallery::Sample> {
    use gallery::page;
    vec![
        page("plans", &Plans::sample(frame)),
        page("plans-empty", &Plans::empty(frame)),
        page("plans-not-selling", &Plans::not_selling(frame)),
        page("plan", &Plan::sample(frame)),
        page("plan-retired", &Plan::retired(frame)),
        page("plan-new", &PlanForm::sample(frame)),
    ]
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

impl Plans {
    /// Two that are offered and one that no longer is.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let t = &frame.t;
        let row = |name: &str, unit: &str, count, recurring, handset, retired| PlanRow {
            id: "0197c0de-7100-7000-8000-000000000001".to_owned(),
            name: name.to_owned(),
            interval: every(t, unit, count),
            recurring,
            handset,
            retired,
        };
        Self {
            retired: true,
            rows: vec![
                row(
                    "Six months",
                    "months",
                    6,
                    Some(euro(150_000)),
                    Some(euro(100_000)),
                    false,
                ),
                row("Thirty days", "days", 30, None, None, false),
                row("Yearly", "months", 12, Some(euro(0)), None, true),
            ],
            ..Self::empty(frame)
        }
    }

    /// None as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Plans),
            selling: true,
            retired: false,
            rows: Vec::new(),
            pages: Pages::default(),
            may_add: true,
        }
    }

    /// An organisation that has not said how it sells.
    #[must_use]
    pub fn not_selling(frame: &Frame) -> Self {
        Self {
            selling: false,
            ..Self::empty(frame)
        }
    }
}

impl Plan {
    /// A plan with a price that holds, one to come for one buyer, and one that ended.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let price = |buyer: Option<&str>, from, until, steps: &[(u64, i64)], state| PriceSet {
            item: "recurring".to_owned(),
            buyer: buyer.map(|name| ("0197".to_owned(), name.to_owned())),
            from,
            until,
            steps: steps.iter().map(|(n, minor)| (*n, euro(*minor))).collect(),
            state,
        };
        let steps = [(1, 140_000), (50, 120_000)];
        let values = [("amount", "1.400,00"), ("valid_from", "2026-11-01")]
            .map(|(name, value)| (name, value.to_owned()));
        Self {
            frame: frame.at(Place::Plans),
            row: Plans::sample(frame).rows.remove(0),
            currency: "EUR".to_owned(),
            facts: vec![(frame.t("plan-trial"), frame.count("plan-days", 14_u64))],
            prices: vec![
                price(None, date(2026, 6, 1), None, &[(1, 150_000)], State::Today),
                price(
                    Some("Hollis & Vane"),
                    date(2027, 1, 1),
                    Some(date(2028, 1, 1)),
                    &steps,
                    State::ToCome,
                ),
                price(
                    None,
                    date(2026, 1, 1),
                    Some(date(2026, 6, 1)),
                    &[(1, 160_000)],
                    State::Past,
                ),
            ],
            more: true,
            inputs: Inputs::filled(values)
                .wrong("amount", "Write it like 1500.00.")
                .wrong("valid_from", "Let it begin today or later."),
            items: items(&frame.t),
            buyers: vec![choice("", frame.t("price-everybody"))],
            may_change: true,
        }
    }

    /// One that is offered no more, for somebody who only reads.
    #[must_use]
    pub fn retired(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.row.retired = true;
        Self {
            may_change: false,
            more: false,
            prices: Vec::new(),
            ..page
        }
    }
}

impl PlanForm {
    /// A new one with two faults.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let values = [
            ("name", "Six months"),
            ("interval_count", "6"),
            ("before", "30, 14"),
        ]
        .map(|(name, value)| (name, value.to_owned()));
        Self {
            frame: frame.at(Place::Plans),
            inputs: Inputs::filled(values)
                .wrong("name", "There is a plan of this name already.")
                .wrong("suspend", "Suspend later."),
            units: units(&frame.t),
            rates: vec![choice(
                "standard",
                frame.put("plan-rate-standard", "rate", "20"),
            )],
            cancellations: cancellations(&frame.t),
            paused_times: paused_times(&frame.t),
        }
    }
}
