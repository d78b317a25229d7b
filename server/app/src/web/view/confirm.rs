//! The password once more, before something that cannot be undone.

use askama::Template;

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
}

impl Confirm {
    /// The page as it first opens.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.at(super::Place::Nowhere),
            next: "/commands/new?kind=wipe".to_owned(),
            password: Input::default(),
        }
    }
}
