//! Pages of subscriptions: the list, one, a new one, and an act before it is done.

mod act;
mod list;
mod new;
mod show;

pub use act::{Act, Cost, Line};
pub use list::{Row, Subscriptions};
pub use new::New;
pub use show::{Period, Subscription};

use super::Frame;
use super::gallery::{Sample, page};
use super::parts;
use crate::web::text::{Html, Key};

/// The shape, the tone and the words of a life.
const LIVES: [(&str, &str, &str, Key); 6] = [
    ("pending", "dotted", "", Key("subscriptions-life-pending")),
    ("trialing", "half", "on", Key("subscriptions-life-trialing")),
    ("active", "dot", "on", Key("subscriptions-life-active")),
    ("paused", "bars", "", Key("subscriptions-life-paused")),
    (
        "canceled",
        "dash",
        "off",
        Key("subscriptions-life-canceled"),
    ),
    ("expired", "dash", "off", Key("subscriptions-life-expired")),
];

/// The shape, the tone and the words of a stage of collection.
const STAGES: [(&str, &str, &str, Key); 5] = [
    ("current", "dot", "on", Key("subscriptions-stage-current")),
    (
        "past-due",
        "diamond",
        "warn",
        Key("subscriptions-stage-past-due"),
    ),
    ("grace", "diamond", "warn", Key("subscriptions-stage-grace")),
    (
        "suspended",
        "bars",
        "warn",
        Key("subscriptions-stage-suspended"),
    ),
    (
        "terminated",
        "dash",
        "off",
        Key("subscriptions-stage-terminated"),
    ),
];

/// The mark of a subscription's life.
#[must_use]
pub fn life_mark(frame: &Frame, life: &str) -> Html {
    mark(frame, &LIVES, life)
}

/// The words of a life.
#[must_use]
pub fn life_words(frame: &Frame, life: &str) -> String {
    let found = LIVES.iter().find(|(word, ..)| *word == life);
    found.map_or_else(|| life.to_owned(), |(.., key)| frame.t.word(*key))
}

/// The mark of what is collected.
#[must_use]
pub fn stage_mark(frame: &Frame, stage: &str) -> Html {
    mark(frame, &STAGES, stage)
}

fn mark(frame: &Frame, table: &[(&str, &str, &str, Key)], word: &str) -> Html {
    match table.iter().find(|(known, ..)| *known == word) {
        Some((_, shape, tone, key)) => parts::state(shape, tone, &frame.t.word(*key)),
        None => parts::state("dash", "off", word),
    }
}

/// Every page of this room with sample data.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<Sample> {
    vec![
        page("subscriptions", &Subscriptions::sample(frame)),
        page("subscriptions-empty", &Subscriptions::empty(frame)),
        page("subscription", &Subscription::sample(frame)),
        page("subscription-bought", &Subscription::bought(frame)),
        page("subscription-new", &New::sample(frame)),
        page("subscription-new-refused", &New::wrong(frame)),
        page("subscription-act", &Act::sample(frame)),
        page("subscription-act-choose", &Act::choose(frame)),
        page("subscription-act-many", &Act::many(frame)),
        page("subscription-act-refused", &Act::refused(frame)),
    ]
}
