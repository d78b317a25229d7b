//! The password once more, before something that cannot be undone.

use askama::Template;

use super::passkeys::Offer;
use super::{Frame, Input};

/// `GET /confirm?next=` and its refused `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "people/confirm.html")]
pub struct Confirm {
    /// The layout's context.
    pub frame: Frame,
    /// Where to go on: a path of this portal.
    pub next: String,
    /// Why the password was not taken.
    pub password: Input,
    /// Whether the viewer has a passkey that would do.
    pub has_passkeys: bool,
    /// Whether it can be asked for.
    pub offer: Offer,
}

impl Confirm {
    /// The page after an answer that came too late.
    #[must_use]
    pub fn late(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.offer.error = Some(frame.t("error-passkey-over"));
        page
    }

    /// The page as it first opens.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.at(super::Place::Nowhere),
            next: "/commands/new?kind=wipe".to_owned(),
            password: Input::default(),
            has_passkeys: true,
            offer: Offer::sample(),
        }
    }
}
