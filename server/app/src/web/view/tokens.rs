//! API tokens: bearer secrets for programs, each acting as a role.

use askama::Template;
use jiff::Timestamp;

use super::{Frame, Input, Place, Role};

/// `GET` and `POST /account/tokens`.
#[derive(Clone, Debug, Template)]
#[template(path = "people/tokens.html")]
pub struct Tokens {
    /// The layout's context.
    pub frame: Frame,
    /// A token just made: its name and its secret, shown this once.
    pub made: Option<(String, String)>,
    /// The organisation's tokens, newest first.
    pub tokens: Vec<Token>,
    /// Name of the next one.
    pub name: Input,
    /// Its role, as text.
    pub role: Input,
    /// Roles the viewer may give.
    pub roles: Vec<Role>,
}

/// One token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Tokens {
    /// A token just made, one in use and one revoked.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let days = |n: i64| frame.now - jiff::SignedDuration::from_hours(24 * n);
        let token = |name: &str, role, made, used: Option<i64>, revoked: Option<i64>| Token {
            id: "0197c0de-4444-7000-8000-000000000001".to_owned(),
            name: name.to_owned(),
            role,
            made_at: days(made),
            used_at: used.map(days),
            revoked_at: revoked.map(days),
        };
        Self {
            made: Some((
                "Stock import".to_owned(),
                "mst_4vJ0m8nZq2TtYx7aWcR5eKd1Hs9bLpUg".to_owned(),
            )),
            tokens: vec![
                token("Stock import", Role::Agent, 0, None, None),
                token("Monitoring", Role::Support, 40, Some(0), None),
                token("Old shop", Role::Admin, 300, Some(90), Some(80)),
            ],
            ..Self::empty(frame)
        }
    }

    /// No token as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Account),
            made: None,
            tokens: Vec::new(),
            name: Input::default(),
            role: Input::filled("support"),
            roles: Role::ALL.to_vec(),
        }
    }
}
