//! The pages of the approver's desk, which the approver's own program draws: the portal's words and marks in a frame of their own.

pub mod frame;
pub mod inbox;
pub mod item;
pub mod keys;
pub mod problem;

pub use frame::{DeskFrame, FleetMark, Here};

use askama::Template;

use super::Frame;
use super::gallery::Sample;

/// Every page of the desk with sample data.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<Sample> {
    let frame = &frame.signed_out();
    vec![
        page("desk-inbox", &inbox::Inbox::sample(frame)),
        page("desk-inbox-empty", &inbox::Inbox::empty(frame)),
        page("desk-inbox-silent", &inbox::Inbox::silent(frame)),
        page("desk-item", &item::Item::sample(frame)),
        page("desk-item-many", &item::Item::many(frame)),
        page("desk-item-signed", &item::Item::signed(frame)),
        page("desk-item-refused", &item::Item::refused(frame)),
        page("desk-suspect", &item::Suspect::sample(frame)),
        page("desk-keys", &keys::Keys::sample(frame)),
        page("desk-keys-empty", &keys::Keys::empty(frame)),
        page("desk-new-passkey", &keys::NewPasskey::sample(frame)),
        page("desk-try-passkey", &keys::NewPasskey::trial(frame)),
        page("desk-passkey", &keys::Registered::sample(frame)),
        page("desk-problem", &problem::Problem::sample(frame)),
        page("desk-shut", &problem::Problem::shut(frame)),
    ]
}

fn page(name: &str, view: &impl Template) -> Sample {
    (name.to_owned(), view.render())
}
