//! The first owner, by the one-time link that the first start prints.

use askama::Template;

use super::{Frame, Input, parts};

/// `GET` and refused `POST /set-up/{secret}`.
#[derive(Clone, Debug, Template)]
#[template(path = "people/set_up.html")]
pub struct SetUp {
    /// The layout's context, signed out.
    pub frame: Frame,
    /// The link itself: where the form goes.
    pub action: String,
    /// Name of the operator's organisation.
    pub organisation: Input,
    /// The owner's name.
    pub name: Input,
    /// The owner's address, their name at sign-in.
    pub email: Input,
    /// Why the password was not taken. The password itself is never sent back.
    pub password: Input,
}

impl SetUp {
    fn errors(&self) -> Vec<(&'static str, String)> {
        parts::errors(&[
            ("organisation", &self.organisation),
            ("name", &self.name),
            ("email", &self.email),
            ("password", &self.password),
        ])
    }

    /// The page after two mistakes.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.signed_out(),
            action: "/set-up/sample".to_owned(),
            organisation: Input::filled("Lantern Operations"),
            name: Input::filled("Ines Fauré"),
            email: Input::wrong("ines@lantern", &frame.t("error-email")),
            password: Input {
                value: String::new(),
                error: Some(frame.count("error-password-short", 12_u64)),
            },
        }
    }
}
