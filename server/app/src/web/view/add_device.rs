//! Add a device: scan one after the other, each gets its own code.

use askama::Template;
use jiff::Timestamp;

use super::{
    Choice, Frame, Input, Place,
    code::{self, CodeCard},
    parts,
};

/// `GET` and refused `POST /devices/new`; after a good one the same page with the new phone's card on top.
#[derive(Clone, Debug, Template)]
#[template(path = "enrolment/add_device.html")]
pub struct AddDevice {
    /// The layout's context.
    pub frame: Frame,
    /// The card of the phone just added.
    pub card: Option<CodeCard>,
    /// Serial number of the next phone.
    pub serial_number: Input,
    /// Its IMEI, optional.
    pub imei: Input,
    /// Its model.
    pub model: Input,
    /// The organisation that will own it.
    pub organisation_id: Input,
    /// The organisations to choose from.
    pub organisations: Vec<Choice>,
    /// Models already in the fleet, offered while typing.
    pub models: Vec<String>,
    /// Phones added today, newest first.
    pub added: Vec<Added>,
    /// What phones will trust: label and fingerprint.
    pub marks: Vec<(String, String)>,
}

/// A phone added today.
#[derive(Clone, Debug)]
pub struct Added {
    /// Its id.
    pub id: String,
    /// Its serial number.
    pub serial_number: String,
    /// When it enrolled, if it has.
    pub enrolled_at: Option<Timestamp>,
}

impl AddDevice {
    fn errors(&self) -> Vec<(&'static str, String)> {
        parts::errors(&[
            ("serial_number", &self.serial_number),
            ("imei", &self.imei),
            ("model", &self.model),
            ("organisation_id", &self.organisation_id),
        ])
    }

    /// A card, a mistake in the next form, and three phones of today.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let added = |serial: &str, minutes: Option<i64>| Added {
            id: "0197c0de-0000-7000-8000-000000000006".to_owned(),
            serial_number: serial.to_owned(),
            enrolled_at: minutes
                .map(|minutes| frame.now - jiff::SignedDuration::from_mins(minutes)),
        };
        Self {
            card: Some(CodeCard::sample(frame)),
            serial_number: Input::filled("HX7-31079-R1"),
            imei: Input::wrong("00 179110 428317 8", &frame.t("error-imei")),
            added: vec![
                added("HX7-31078-E6", None),
                added("HX7-31077-C9", Some(25)),
                added("HX7-31076-B0", Some(33)),
            ],
            ..Self::empty(frame)
        }
    }

    /// The page as it first opens.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::AddDevices),
            card: None,
            serial_number: Input::default(),
            imei: Input::default(),
            model: Input::default(),
            organisation_id: Input::filled("4"),
            organisations: vec![
                Choice {
                    value: "3".to_owned(),
                    label: "Northwind Mobile".to_owned(),
                },
                Choice {
                    value: "4".to_owned(),
                    label: "Hollis & Vane".to_owned(),
                },
            ],
            models: vec!["Hardline X7".to_owned(), "Ledger T4".to_owned()],
            added: Vec::new(),
            marks: code::marks(frame),
        }
    }
}
