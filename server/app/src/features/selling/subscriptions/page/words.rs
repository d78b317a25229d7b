//! Sentences that several pages of subscriptions share.

use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_store::selling::invoices::Invoice;

use crate::features::selling::subscriptions::acts::{Outcome, When, Wish};
use crate::features::selling::subscriptions::next::Next;
use crate::web::money_words;
use crate::web::text::Texts;
use crate::web::time_words;
use crate::web::view::subscriptions::{Cost, Line};

/// An amount of a row.
pub fn amount(t: &Texts, minor: i64, currency: &str) -> String {
    match Currency::parse(currency) {
        Ok(currency) => money_words::amount(t, Money::new(minor, currency)),
        Err(_) => format!("{minor} {currency}"),
    }
}

/// What is billed next, in a sentence.
pub fn next(t: &Texts, next: Option<&Next>) -> String {
    let Some(next) = next else {
        return t.get("subscriptions-next-nothing");
    };
    let on = time_words::date(t, next.on);
    let Some(total) = next.total else {
        let arguments = [("plan", next.plan.as_str().into()), ("day", on.into())];
        return t.with("subscriptions-next-unpriced", &arguments);
    };
    let arguments = [
        ("plan", next.plan.as_str().into()),
        ("day", on.into()),
        ("total", money_words::amount(t, total).into()),
    ];
    t.with("subscriptions-next-words", &arguments)
}

/// What was issued, or would be, and what follows.
pub fn cost(t: &Texts, documents: &[Invoice], then: Option<&Next>) -> Cost {
    let line = |document: &Invoice| Line {
        kind: if document.kind == "credit-note" {
            t.get("subscriptions-credit-note")
        } else {
            t.get("subscriptions-invoice")
        },
        net: amount(t, document.net, &document.currency),
        vat: amount(t, document.vat, &document.currency),
        total: amount(t, document.total, &document.currency),
    };
    Cost {
        lines: documents.iter().map(line).collect(),
        next: next(t, then),
        end: String::new(),
    }
}

/// The same of an outcome; where it ends with its period, that too.
pub fn outcome(t: &Texts, outcome: &Outcome) -> Cost {
    let row = &outcome.subscription;
    let mut cost = cost(t, &outcome.documents, outcome.next.as_ref());
    if row.cancel_at_end == 1 {
        cost.end = t.get("subscriptions-ends-with-period");
    }
    cost
}

/// What an act is called, and what it does.
pub fn act(t: &Texts, wish: &Wish) -> (String, String) {
    match wish {
        Wish::Pause => (
            t.get("subscriptions-act-pause"),
            t.get("subscriptions-pause-says"),
        ),
        Wish::Resume => (
            t.get("subscriptions-act-resume"),
            t.get("subscriptions-resume-says"),
        ),
        Wish::Cancel(When::Now) => (
            t.get("subscriptions-act-cancel-now"),
            t.get("subscriptions-cancel-now-says"),
        ),
        Wish::Cancel(When::PeriodEnd) => (
            t.get("subscriptions-act-cancel-end"),
            t.get("subscriptions-cancel-end-says"),
        ),
        Wish::UndoCancel => (
            t.get("subscriptions-act-undo"),
            t.get("subscriptions-undo-says"),
        ),
        Wish::ChangePlan { .. } => (
            t.get("subscriptions-act-change"),
            t.get("subscriptions-change-says"),
        ),
        Wish::Move { .. } => (
            t.get("subscriptions-act-move"),
            t.get("subscriptions-move-says"),
        ),
    }
}
