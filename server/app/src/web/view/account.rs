//! The member's own account: sessions, passkeys, password, appearance.

use askama::Template;
use jiff::Timestamp;

use super::approving::{Section, Stands};
use super::passkeys::Passkeys;
use super::{Frame, Input, Place, Theme};

/// `GET /account`, and the answer to a refused `POST /account/password`.
#[derive(Clone, Debug, Template)]
#[template(path = "people/account.html")]
pub struct Account {
    /// The layout's context.
    pub frame: Frame,
    /// The name they sign in with.
    pub email: String,
    /// Where they are signed in, this browser first.
    pub sessions: Vec<Session>,
    /// Their passkeys for approving commands.
    pub approving: Section,
    /// What they sign in with beside the password.
    pub passkeys: Passkeys,
    /// Why the present password was not taken.
    pub current: Input,
    /// Why the new one was not.
    pub password: Input,
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The browser, as it named itself, cut to a readable length.
    pub browser: String,
    /// When it signed in.
    pub since: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub this: bool,
}

impl Account {
    fn themes(&self) -> [(&'static str, String, bool); 3] {
        let entry = |theme: Theme, key: &str| {
            (
                theme.as_str(),
                self.frame.t.get(key),
                theme == self.frame.theme,
            )
        };
        [
            entry(Theme::System, Self::THEME_KEYS[0].0),
            entry(Theme::Light, Self::THEME_KEYS[1].0),
            entry(Theme::Dark, Self::THEME_KEYS[2].0),
        ]
    }

    const THEME_KEYS: [crate::web::text::Key; 3] = [
        crate::web::text::Key("theme-system"),
        crate::web::text::Key("theme-light"),
        crate::web::text::Key("theme-dark"),
    ];

    /// Two browsers, and a wrong password.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let session = |browser: &str, hours: i64, this| Session {
            id: "0197c0de-3333-7000-8000-000000000001".to_owned(),
            browser: browser.to_owned(),
            since: frame.now - jiff::SignedDuration::from_hours(hours),
            last_seen_at: frame.now - jiff::SignedDuration::from_mins(if this { 0 } else { 190 }),
            this,
        };
        Self {
            frame: frame.at(Place::Account),
            email: "dagny@northwind.example.org".to_owned(),
            sessions: vec![
                session("Firefox on Linux", 5, true),
                session("Safari on iPhone", 70, false),
            ],
            approving: Section::sample(frame),
            passkeys: Passkeys::sample(frame),
            current: Input {
                value: String::new(),
                error: Some(frame.t("error-password-wrong")),
            },
            password: Input::default(),
        }
    }

    /// One browser, and a portal that is reached as an IP address.
    #[must_use]
    pub fn by_address(frame: &Frame) -> Self {
        let sample = Self::sample(frame);
        Self {
            sessions: sample.sessions[..1].to_vec(),
            passkeys: Passkeys::nowhere(),
            current: Input::default(),
            ..sample
        }
    }
}
