//! The card with an enrolment code: letters, QR, countdown. It turns green by itself when the phone joins.

use askama::Template;
use jiff::Timestamp;

use super::{Frame, Place};
use crate::web::text::Html;

/// An enrolment code, shown once.
#[derive(Clone, Debug)]
pub struct CodeCard {
    /// The phone's id.
    pub device_id: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its model.
    pub model: String,
    /// The organisation that owns it.
    pub organisation: String,
    /// The code in its groups of five letters.
    pub code: Vec<String>,
    /// The QR, as `paper` draws it: dark on white, its own quiet zone.
    pub qr: Html,
    /// When the code was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Where the phone is awaited.
    pub waiting: Waiting,
}

impl CodeCard {
    /// The QR as `muster-paper` made it.
    #[must_use]
    pub fn qr_from_paper(svg: String) -> Html {
        Html::trusted(svg)
    }

    pub(super) fn joined(&self) -> String {
        self.code.join("-")
    }

    pub(super) fn seconds(&self) -> i64 {
        (self.expires_at.as_second() - self.made_at.as_second()).max(1)
    }

    pub(super) fn seconds_left(&self, frame: &Frame) -> i64 {
        (self.expires_at.as_second() - frame.now.as_second()).clamp(0, self.seconds())
    }

    /// A card that waits.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            device_id: "0197c0de-0000-7000-8000-000000000006".to_owned(),
            serial_number: "HX7-31078-E6".to_owned(),
            model: "Hardline X7".to_owned(),
            organisation: "Hollis & Vane".to_owned(),
            code: ["7K2M9", "QX4TA", "0HV8R", "ZP3ND"]
                .map(str::to_owned)
                .to_vec(),
            qr: Html::trusted(include_str!("sample_qr.svg").trim().to_owned()),
            made_at: frame.now - jiff::SignedDuration::from_mins(4),
            expires_at: frame.now + jiff::SignedDuration::from_mins(23 * 60 + 56),
            waiting: Waiting {
                frame: frame.clone(),
                live_url: "/devices/0197c0de-0000-7000-8000-000000000006/code/waiting".to_owned(),
                device_id: "0197c0de-0000-7000-8000-000000000006".to_owned(),
                serial_number: "HX7-31078-E6".to_owned(),
                joined: None,
                ended: false,
            },
        }
    }
}

/// The part of the card that changes: fetched by itself while the card is open (`live_url`).
#[derive(Clone, Debug, Template)]
#[template(path = "enrolment/waiting.html")]
pub struct Waiting {
    /// For its words.
    pub frame: Frame,
    /// Its own address.
    pub live_url: String,
    /// The phone's id.
    pub device_id: String,
    /// Its serial number.
    pub serial_number: String,
    /// When it joined, and the five words its screen shows now.
    pub joined: Option<(Timestamp, String)>,
    /// The code ended, was used up or withdrawn, and no phone joined.
    pub ended: bool,
}

impl askama::filters::HtmlSafe for Waiting {}

/// `GET /devices/{id}/code`: a new code for a phone that is on the books already.
#[derive(Clone, Debug, Template)]
#[template(path = "enrolment/code.html")]
pub struct Code {
    /// The layout's context.
    pub frame: Frame,
    /// The card.
    pub card: CodeCard,
    /// What the phone will trust: label and fingerprint.
    pub marks: Vec<(String, String)>,
}

impl Code {
    /// A card that waits.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Devices),
            card: CodeCard::sample(frame),
            marks: marks(frame),
        }
    }

    /// A card whose phone joined.
    #[must_use]
    pub fn enrolled(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.card.waiting.joined = Some((frame.now, "harbour lamp violet seven oak".to_owned()));
        page
    }
}

/// The two fingerprints of a sample.
pub(super) fn marks(frame: &Frame) -> Vec<(String, String)> {
    vec![
        (
            frame.t("mark-server"),
            "9f2a11c47be083d6a1405e77c2d9b8f09f2a11c47be083d6a1405e77c2d9b8f0".to_owned(),
        ),
        (
            frame.t("mark-fleet"),
            "c05e7719a4f20b38d45be012977fa6c3c05e7719a4f20b38d45be012977fa6c3".to_owned(),
        ),
    ]
}
