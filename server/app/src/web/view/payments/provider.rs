//! The payment provider: where it calls, and the secrets that sign its calls.

use askama::Template;
use jiff::Timestamp;

use crate::web::view::{Frame, Place};

/// `GET` and `POST /payments/provider`.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/provider.html")]
pub struct Provider {
    /// The layout's context.
    pub frame: Frame,
    /// The address that the provider calls.
    pub address: String,
    /// A secret just made, shown this once.
    pub made: Option<String>,
    /// Why none was made.
    pub refusal: Option<String>,
    /// The secrets that hold, oldest first.
    pub secrets: Vec<Secret>,
}

/// A secret that holds.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its id.
    pub id: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

impl Provider {
    fn has_room(&self) -> bool {
        self.secrets.len() < 2
    }

    /// A second one, just made.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let secret = |number: u8, days: i64| Secret {
            id: format!("0197c0de-7777-7000-8000-0000000000c{number}"),
            made_by: "Dagny Krol".to_owned(),
            made_at: frame.now - jiff::SignedDuration::from_hours(24 * days),
        };
        Self {
            made: Some("msp_4vJ0m8nZq2TtYx7aWcR5eKd1Hs9bLpUg".to_owned()),
            refusal: Some("Two secrets hold already.".to_owned()),
            secrets: vec![secret(1, 90), secret(2, 0)],
            ..Self::empty(frame)
        }
    }

    /// None as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Payments),
            address: "https://portal.example.org/webhooks/payments/0197c0de".to_owned(),
            made: None,
            refusal: None,
            secrets: Vec::new(),
        }
    }
}
