//! A password by one-time link: a new member's first, or a reset.

use askama::Template;

use super::{Frame, Input};

/// `GET` and refused `POST /password/{secret}`.
#[derive(Clone, Debug, Template)]
#[template(path = "people/password.html")]
pub struct SetPassword {
    /// The layout's context, signed out.
    pub frame: Frame,
    /// The link itself: where the form goes.
    pub action: String,
    /// Whose password it is.
    pub email: String,
    /// Why the password was not taken.
    pub password: Input,
}

impl SetPassword {
    /// The page as it first opens.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.signed_out(),
            action: "/password/sample".to_owned(),
            email: "teo@northwind.example.org".to_owned(),
            password: Input::default(),
        }
    }
}
