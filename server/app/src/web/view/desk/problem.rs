//! What the desk says when it cannot show what was asked for.

use askama::Template;

use super::{DeskFrame, Here};
use crate::web::view::Frame;

/// A page that says what was wrong and what to do next.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/problem.html")]
pub struct Problem {
    /// Words and marks.
    pub frame: Frame,
    /// The desk.
    pub desk: DeskFrame,
    /// HTTP status.
    pub status: u16,
    /// What it is called.
    pub title: String,
    /// What was wrong and what to do.
    pub words: String,
}

impl Problem {
    /// A command that is not there.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            desk: DeskFrame::at(Here::Nowhere),
            status: 404,
            title: "Not found".to_owned(),
            words: "There is no such page on this desk.".to_owned(),
        }
    }

    /// Somebody who did not open the printed address.
    #[must_use]
    pub fn shut(frame: &Frame) -> Self {
        Self {
            desk: DeskFrame::shut(),
            status: 403,
            title: frame.t("desk-shut"),
            words: frame.t("desk-shut-words"),
            ..Self::sample(frame)
        }
    }
}
