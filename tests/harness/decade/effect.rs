//! What an act should come to, worked out before it is done: either all of it stands in the database afterwards, or nothing.

use super::calendar::Edge;
use super::model::{Next, Subscription};

/// A line that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The subscription it is about.
    pub place: usize,
    /// What it is.
    pub product: &'static str,
    /// What it comes to without VAT; below zero where something is taken back.
    pub net: i64,
}

/// A document that is expected.
#[derive(Debug, Clone)]
pub struct Paper {
    /// Whether it corrects one, and which.
    pub corrects: Option<String>,
    /// Its account.
    pub account: usize,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A period that an act begins, beside the renewals.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The subscription.
    pub place: usize,
    /// From when to when, under which plan.
    pub period: Next,
    /// What it costs.
    pub net: i64,
}

/// Money that moves without a document.
#[derive(Debug, Clone)]
pub struct Money {
    /// `payment`, `refund` or `write-off`.
    pub kind: &'static str,
    /// What makes it known again.
    pub key: String,
    /// Whose it is.
    pub account: usize,
    /// How much.
    pub amount: i64,
    /// Invoices that it settles.
    pub settles: Vec<(String, i64)>,
    /// What the credit changes by.
    pub credit: i64,
}

/// All that follows from one act.
#[derive(Debug, Clone, Default)]
pub struct Effect {
    /// The subscription afterwards, with its place.
    pub after: Option<(usize, Subscription)>,
    /// Where its last period is cut short: its index, and the new end.
    pub cut: Option<(usize, i64, Edge)>,
    /// Documents in the order of issue.
    pub papers: Vec<Paper>,
    /// A period.
    pub begun: Option<Begun>,
    /// A payment, a refund, a write-off.
    pub money: Option<Money>,
    /// How many fewer or more are live.
    pub live: i64,
}
