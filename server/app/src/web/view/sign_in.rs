//! Sign in.

use askama::Template;

use super::passkeys::Offer;
use super::{Frame, Input};

/// `GET /sign-in`, and the answer to a `POST` that was refused.
#[derive(Clone, Debug, Template)]
#[template(path = "people/sign_in.html")]
pub struct SignIn {
    /// The layout's context, signed out.
    pub frame: Frame,
    /// What was typed; its error speaks for both fields, because the answer does not tell which was wrong.
    pub email: Input,
    /// Where to go afterwards: a path of this portal.
    pub next: String,
    /// The other way in.
    pub offer: Offer,
}

impl SignIn {
    /// The page after a wrong password.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let error = frame.t("sign-in-wrong");
        Self {
            frame: frame.signed_out(),
            email: Input::wrong("dagny@northwind.example.org", &error),
            next: "/".to_owned(),
            offer: Offer::sample(),
        }
    }

    /// The page after a passkey that was not taken.
    #[must_use]
    pub fn passkey_refused(frame: &Frame) -> Self {
        let mut page = Self::empty(frame);
        page.offer = Offer {
            error: Some(frame.t("error-passkey-refused")),
            ..Offer::sample()
        };
        page
    }

    /// The page as it first opens.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.signed_out(),
            email: Input::default(),
            next: "/".to_owned(),
            offer: Offer::nowhere(),
        }
    }
}
