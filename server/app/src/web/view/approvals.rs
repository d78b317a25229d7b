//! What waits for signatures.

use askama::Template;
use jiff::Timestamp;

use super::{Frame, Kind, Place};

/// `GET /approvals`.
#[derive(Clone, Debug, Template)]
#[template(path = "commands/approvals.html")]
pub struct Approvals {
    /// The layout's context.
    pub frame: Frame,
    /// Commands that wait, nearest deadline first.
    pub waiting: Vec<Waits>,
}

/// A command that waits for signatures.
#[derive(Clone, Debug)]
pub struct Waits {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Serial numbers of the first few phones.
    pub serial_numbers: Vec<String>,
    /// How many phones it is for.
    pub phones: u64,
    /// Whose phones they are.
    pub organisation: String,
    /// Why, in the asker's words.
    pub reason: String,
    /// Who asked.
    pub asked_by: String,
    /// People who signed.
    pub signed: u64,
    /// People it takes.
    pub needed: u64,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Approvals {
    /// A wipe and a kill.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let waits = |kind, phones, signed, needed, reason: &str, hours: i64| Waits {
            id: "0197c0de-2222-7000-8000-000000000002".to_owned(),
            kind,
            serial_numbers: vec!["HX7-30418-K2".to_owned()],
            phones,
            organisation: "Tern Harbour Press".to_owned(),
            reason: reason.to_owned(),
            asked_by: "Teo Amari".to_owned(),
            signed,
            needed,
            expires_at: frame.now + jiff::SignedDuration::from_mins(hours * 60 - 8),
        };
        Self {
            frame: frame.at(Place::Approvals),
            waiting: vec![
                waits(
                    Kind::Wipe,
                    1,
                    1,
                    2,
                    "Stolen from a car, police report 26-11873",
                    4,
                ),
                waits(Kind::Kill, 2, 0, 1, "Contract ended 20 November", 19),
            ],
        }
    }

    /// Nothing waits.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Approvals),
            waiting: Vec::new(),
        }
    }
}
