//! What went wrong, in the portal's own language: what was not done, and what to do next.

use askama::Template;

use super::Frame;

/// The page for a refused or failed request. Its status is the answer's.
#[derive(Clone, Debug, Template)]
#[template(path = "operations/problem.html")]
pub struct Problem {
    /// The layout's context; signed out where nobody is known.
    pub frame: Frame,
    /// The HTTP status.
    pub status: u16,
    /// What it is, in a few words.
    pub title: String,
    /// What was not done, and what to do next.
    pub words: String,
    /// The way on: address and word.
    pub on: (String, String),
    /// For the support desk: the id under which the fault was logged.
    pub reference: Option<String>,
}

impl Problem {
    fn new(frame: &Frame, status: u16, title: String, words: String) -> Self {
        let on = ("/".to_owned(), frame.t("problem-home"));
        Self {
            frame: frame.at(super::Place::Nowhere),
            status,
            title,
            words,
            on,
            reference: None,
        }
    }

    /// 400: the request itself cannot be read.
    #[must_use]
    pub fn unreadable(frame: &Frame, words: &str) -> Self {
        Self::new(frame, 400, frame.t("problem-unreadable"), words.to_owned())
    }

    /// 403: a page or act of another role.
    #[must_use]
    pub fn forbidden(frame: &Frame) -> Self {
        Self::new(
            frame,
            403,
            frame.t("problem-forbidden"),
            frame.t("problem-forbidden-words"),
        )
    }

    /// 403: the form is older than the session.
    #[must_use]
    pub fn stale_form(frame: &Frame) -> Self {
        Self::new(
            frame,
            403,
            frame.t("problem-stale-form"),
            frame.t("problem-stale-form-words"),
        )
    }

    /// 404: nothing here, or nothing that the viewer may know of.
    #[must_use]
    pub fn not_found(frame: &Frame) -> Self {
        Self::new(
            frame,
            404,
            frame.t("problem-not-found"),
            frame.t("problem-not-found-words"),
        )
    }

    /// 410: a ceremony of the approvals host that was used or has ended.
    #[must_use]
    pub fn ceremony_ended(frame: &Frame, words: &str) -> Self {
        Self::new(
            frame,
            410,
            frame.t("problem-ceremony-ended"),
            words.to_owned(),
        )
    }

    /// 410: a one-time link that was used or has ended.
    #[must_use]
    pub fn link_ended(frame: &Frame) -> Self {
        Self::new(
            frame,
            410,
            frame.t("problem-link-ended"),
            frame.t("problem-link-ended-words"),
        )
    }

    /// 409: somebody or something was faster; `words` says what stands now.
    #[must_use]
    pub fn conflict(frame: &Frame, words: &str) -> Self {
        Self::new(frame, 409, frame.t("problem-conflict"), words.to_owned())
    }

    /// 409: nothing can be sold before the organisation has said how it sells.
    #[must_use]
    pub fn not_selling(frame: &Frame, words: &str) -> Self {
        Self {
            on: ("/selling".to_owned(), frame.t("selling-title")),
            ..Self::new(frame, 409, frame.t("selling-none-title"), words.to_owned())
        }
    }

    /// 429: too many tries.
    #[must_use]
    pub fn too_many(frame: &Frame, retry_after_seconds: u64) -> Self {
        let span = crate::web::time_words::span(&frame.t, retry_after_seconds);
        Self::new(
            frame,
            429,
            frame.t("problem-too-many"),
            frame.put("problem-too-many-words", "span", &span),
        )
    }

    /// 500: our fault.
    #[must_use]
    pub fn internal(frame: &Frame, reference: &str) -> Self {
        let page = Self::new(
            frame,
            500,
            frame.t("problem-internal"),
            frame.t("problem-internal-words"),
        );
        Self {
            reference: Some(reference.to_owned()),
            ..page
        }
    }

    /// 503: the database is busy or the disk is full.
    #[must_use]
    pub fn unavailable(frame: &Frame) -> Self {
        Self::new(
            frame,
            503,
            frame.t("problem-unavailable"),
            frame.t("problem-unavailable-words"),
        )
    }

    /// One page of each kind.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        vec![
            Self::unreadable(frame, &frame.t("problem-unreadable-words")),
            Self::forbidden(frame),
            Self::stale_form(frame),
            Self::not_found(frame),
            Self::conflict(frame, &frame.t("problem-conflict-words")),
            Self::not_selling(frame, &frame.t("selling-none-words")),
            Self::link_ended(&frame.signed_out()),
            Self::too_many(&frame.signed_out(), 540),
            Self::internal(frame, "0197c0de-9999"),
            Self::unavailable(frame),
        ]
    }
}
