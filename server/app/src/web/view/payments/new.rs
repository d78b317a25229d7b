//! Entering a payment.

use askama::Template;

use crate::web::view::{Choice, Frame, Input, Place, parts};

/// `GET` and refused `POST /payments/new`.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/new.html")]
pub struct NewPayment {
    /// The layout's context.
    pub frame: Frame,
    /// The buyers that there are.
    pub buyers: Vec<Choice>,
    /// Whose it was.
    pub account: Input,
    /// How much.
    pub amount: Input,
    /// The day it came.
    pub received_on: Input,
    /// What it says.
    pub note: Input,
    /// What makes this form one payment, however often it is sent.
    pub key: String,
    /// A sentence about the whole form.
    pub refusal: Option<String>,
}

impl NewPayment {
    fn errors(&self) -> Vec<(&'static str, String)> {
        parts::errors(&[
            ("account", &self.account),
            ("amount", &self.amount),
            ("received_on", &self.received_on),
            ("note", &self.note),
        ])
    }

    /// A form that was refused.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let id = "0197c0de-7777-7000-8000-000000000002";
        Self {
            buyers: vec![Choice {
                value: id.to_owned(),
                label: "Hollis & Vane · EUR".to_owned(),
            }],
            account: Input::filled(id),
            amount: Input::wrong("1.500", "This is empty. Type at least one character."),
            received_on: Input::wrong("23.11.", "This is empty. Type at least one character."),
            refusal: Some("This amount is too large for one payment.".to_owned()),
            ..Self::empty(frame)
        }
    }

    /// Nobody to enter one for.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Payments),
            buyers: Vec::new(),
            account: Input::default(),
            amount: Input::default(),
            received_on: Input::filled("2026-11-23"),
            note: Input::default(),
            key: "0197c0de-7777-7000-8000-00000000000f".to_owned(),
            refusal: None,
        }
    }
}
