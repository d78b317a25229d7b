//! Passkeys on pages: whether the browser may be asked for one, and those somebody has.

use jiff::Timestamp;

use super::{Frame, Input};

/// Why a portal cannot have passkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unable {
    /// It is reached as an IP address: WebAuthn binds passkeys to names.
    Address,
    /// It is reached without TLS, and not on this very machine: browsers offer no passkeys there.
    Plain,
}

/// Whether this portal asks for passkeys, and what came of it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The origin at which they work, or why they work nowhere. The script compares the former with where it is.
    pub origin: Result<String, Unable>,
    /// Why the last one was not taken.
    pub error: Option<String>,
}

impl Offer {
    /// An offer that nobody took up yet.
    #[must_use]
    pub fn of(origin: Result<String, Unable>) -> Self {
        Self {
            origin,
            error: None,
        }
    }

    /// Why there is none, in words.
    pub(crate) fn why_not(&self, frame: &Frame) -> String {
        match self.origin {
            Ok(_) => String::new(),
            Err(Unable::Address) => frame.t("error-passkeys-address"),
            Err(Unable::Plain) => frame.t("error-passkeys-plain"),
        }
    }

    /// One at a portal that can have them.
    #[must_use]
    pub fn sample() -> Self {
        Self::of(Ok("https://muster.example.org".to_owned()))
    }

    /// One at a portal that is reached as an IP address.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::of(Err(Unable::Address))
    }
}

/// The section of the account page.
#[derive(Clone, Debug)]
pub struct Passkeys {
    /// Those there are, in the order they were added.
    pub held: Vec<Held>,
    /// Whether there can be no more.
    pub full: bool,
    /// What the next one is to be called.
    pub label: Input,
    /// Whether one can be added.
    pub offer: Offer,
    /// Why one was not removed.
    pub refused: Option<String>,
}

/// A passkey.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// Whether copies of it lie with its maker.
    pub synced: bool,
}

impl Passkeys {
    /// Two, one of them never used, and a label that does not fit.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let held = |label: &str, days: i64, used: Option<i64>| Held {
            id: "0197c0de-4444-7000-8000-000000000001".to_owned(),
            label: label.to_owned(),
            added_at: frame.now - jiff::SignedDuration::from_hours(days * 24),
            used_at: used.map(|hours| frame.now - jiff::SignedDuration::from_hours(hours)),
            synced: used.is_some(),
        };
        Self {
            held: vec![
                held("Work phone", 40, Some(3)),
                held("Grey security key, in the office safe", 2, None),
            ],
            full: false,
            label: Input::default(),
            offer: Offer {
                error: Some(frame.t("error-passkey-unfit")),
                ..Offer::sample()
            },
            refused: Some(frame.t("error-last-way-in")),
        }
    }

    /// None, at a portal that can have none.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            held: Vec::new(),
            full: false,
            label: Input::default(),
            offer: Offer::nowhere(),
            refused: None,
        }
    }
}
