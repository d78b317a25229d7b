//! One command as the desk checked it: what it does, to which phones, who signed, and where it is signed.

use askama::Template;
use jiff::Timestamp;

use super::{DeskFrame, FleetMark, Here};
use crate::web::text::{Html, Part};
use crate::web::time_words;
use crate::web::view::frame::Given;
use crate::web::view::{Frame, Input, Kind, Pages, parts};

/// A command that checks out.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/item.html")]
pub struct Item {
    /// Words and marks.
    pub frame: Frame,
    /// The desk.
    pub desk: DeskFrame,
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Why, in the asker's words.
    pub reason: String,
    /// What it carries beside its kind: label and value.
    pub arguments: Vec<(String, String)>,
    /// The organisation in the signed bytes.
    pub organisation: String,
    /// The fleet whose pin it was checked against.
    pub fleet: FleetMark,
    /// How many phones it is for.
    pub phones: u64,
    /// The serial numbers of this page.
    pub serials: Vec<String>,
    /// The number of the first of them, from 1.
    pub first: u64,
    /// Where the list goes on.
    pub pages: Pages,
    /// SHA-256 of what is signed, hex.
    pub digest: String,
    /// The keyring it was checked against.
    pub keyring: u64,
    /// When that keyring ends.
    pub keyring_ends: Timestamp,
    /// When it was drafted.
    pub drafted: Timestamp,
    /// Before when no phone carries it out.
    pub not_before: Option<Timestamp>,
    /// When it ends.
    pub ends: Timestamp,
    /// Who has to agree.
    pub needed: Needs,
    /// Who signed: every signature here was verified.
    pub signers: Vec<Signer>,
    /// Signatures that the portal shows and that do not verify, or do not count.
    pub void: u64,
    /// Signatures that verify and count over another grant than the one that is told here.
    pub apart: u64,
    /// How far the signatures are, in words.
    pub progress: String,
    /// What this desk can do about it.
    pub way: Way,
    /// What was just signed.
    pub done: Option<Done>,
    /// What was typed.
    pub typed: Input,
    /// Why it was not signed.
    pub fault: Option<String>,
}

/// What the keyring demands.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Distinct people.
    pub people: u64,
    /// Of them with an independent key.
    pub independent: u64,
    /// Witnesses that must clear it.
    pub clearances: u64,
    /// People that are still missing.
    pub missing: u64,
}

/// One signature.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The owner's own name, or what the key is called.
    pub name: String,
    /// The key's id, hex: its seal is drawn from it.
    pub key_id: String,
    /// Whether the key counts as independent.
    pub independent: bool,
}

/// What this desk can do about a command.
#[derive(Clone, Debug)]
pub enum Way {
    /// These keys may sign it.
    Sign(Vec<OwnKey>),
    /// A key of this desk has signed, and others are missing.
    Waits,
    /// Enough people have signed.
    Enough,
    /// No key of this desk may sign it: why.
    NotYours(String),
    /// Its time is over.
    Over,
}

/// A key of this desk that may sign.
#[derive(Clone, Debug)]
pub struct OwnKey {
    /// Its id, hex.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// What the browser is asked, as JSON; `None` for a key file, which this program uses itself.
    pub passkey: Option<String>,
}

/// What a signature came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was the last one missing.
    Sealed,
    /// It stands, and others are missing.
    Stands,
    /// The portal took it and does not show it.
    Swallowed,
}

impl Item {
    fn title(&self) -> String {
        let t = &self.frame.t;
        t.with(
            "command-title",
            &[
                ("kind", t.word(self.kind.name()).into()),
                ("n", self.phones.into()),
            ],
        )
    }

    fn sentence(&self) -> Html {
        let one = self.serials.first().map_or("", String::as_str);
        let phones = Html::serial(one);
        self.frame.t.rich(
            self.kind.sign().0,
            &[
                ("phones", Part::Markup(&phones)),
                ("n", Part::Number(self.phones)),
            ],
        )
    }

    /// What is typed to sign: one phone by its serial number, several by their count.
    fn to_type(&self) -> String {
        match self.serials.as_slice() {
            [one] if self.phones == 1 => one.clone(),
            _ => self.phones.to_string(),
        }
    }

    fn fingerprint(&self) -> String {
        parts::short_fingerprint(&self.digest)
    }

    fn card_class(&self) -> &'static str {
        if self.kind == Kind::Wipe {
            "card wipe"
        } else {
            "card"
        }
    }

    /// The class of a button that signs: the view's one filled button is the first.
    fn button(&self, first: impl Given<bool>) -> &'static str {
        match (self.kind, first.given()) {
            (Kind::Wipe, true) => "wipe",
            (_, true) => "main",
            (_, false) => "",
        }
    }

    /// A time that is signed, to the second and with its zone.
    fn exact(&self, at: impl Given<Timestamp>) -> String {
        time_words::exact(&self.frame.t, at.given())
    }

    fn last(&self) -> u64 {
        (self.first + self.serials.len() as u64).saturating_sub(1)
    }

    /// A wipe that waits for the owner of the desk.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let key = |id: &str, label: &str, passkey: Option<&str>| OwnKey {
            id: id.repeat(32),
            label: label.to_owned(),
            passkey: passkey.map(str::to_owned),
        };
        Self {
            desk: DeskFrame::at(Here::Inbox),
            id: "0197c0de-2222-7000-8000-000000000002".to_owned(),
            kind: Kind::Wipe,
            reason: "Stolen from a car, police report 26-11873".to_owned(),
            arguments: Vec::new(),
            organisation: "0197c0de-0000-7000-8000-000000000001".to_owned(),
            fleet: DeskFrame::sample().fleets.remove(0),
            phones: 1,
            serials: vec!["HX7-30418-K2".to_owned()],
            first: 1,
            pages: Pages::default(),
            digest: "7c1e04b9d2a85f60e913aa0b7c1e04b9d2a85f60e913aa0b7c1e04b9d2a85f60".to_owned(),
            keyring: 8,
            keyring_ends: frame.now + jiff::SignedDuration::from_hours(24 * 91),
            drafted: frame.now - jiff::SignedDuration::from_mins(15),
            not_before: None,
            ends: frame.now + jiff::SignedDuration::from_mins(232),
            needed: Needs {
                people: 2,
                independent: 1,
                clearances: 1,
                missing: 1,
            },
            signers: vec![Signer {
                name: "Key 3ad6c07e".to_owned(),
                key_id: "3ad6c07e51b94f2096e1c8a7d0f3b65b3ad6c07e51b94f2096e1c8a7d0f3b65b"
                    .to_owned(),
                independent: false,
            }],
            void: 0,
            apart: 0,
            progress: "1 of 2 people has signed. An independent key is still needed.".to_owned(),
            way: Way::Sign(vec![
                key("c0", "dagny.key", None),
                key("5e", "Desk key, blue", Some("{}")),
            ]),
            done: None,
            typed: Input::default(),
            fault: None,
            frame: frame.clone(),
        }
    }

    /// A suspension of many phones.
    #[must_use]
    pub fn many(frame: &Frame) -> Self {
        Self {
            kind: Kind::Suspend,
            phones: 246,
            serials: (0..100)
                .map(|n| format!("HX7-{:05}-K2", 30_400 + n))
                .collect(),
            pages: Pages {
                previous: None,
                next: Some("/d/5d0c/commands/sample?from=101".to_owned()),
            },
            arguments: vec![(frame.t("argument-until"), "23 December 2026".to_owned())],
            needed: Needs {
                people: 1,
                missing: 1,
                ..Needs::default()
            },
            signers: Vec::new(),
            progress: "Nobody has signed.".to_owned(),
            way: Way::NotYours(
                "The keyring does not let this key approve suspend for 246 phones.".to_owned(),
            ),
            ..Self::sample(frame)
        }
    }

    /// A wipe that the owner has just signed as the last one.
    #[must_use]
    pub fn signed(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.signers.push(Signer {
            name: "Dagny Krol".to_owned(),
            key_id: "c0".repeat(32),
            independent: true,
        });
        page.needed.missing = 0;
        page.progress = "2 of 2 people have signed.".to_owned();
        (page.way, page.done) = (Way::Enough, Some(Done::Sealed));
        page
    }

    /// A wipe that was not signed, because something else was typed; and a signature that is none.
    #[must_use]
    pub fn refused(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.typed = Input::wrong(
            "HX7-30418-K3",
            &frame.put("desk-typed-differs", "wanted", "HX7-30418-K2"),
        );
        page.void = 1;
        page.apart = 1;
        page
    }
}

/// A command that does not check out: there is nothing here to sign.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/suspect.html")]
pub struct Suspect {
    /// Words and marks.
    pub frame: Frame,
    /// The desk.
    pub desk: DeskFrame,
    /// Its id.
    pub id: String,
    /// What does not fit.
    pub why: String,
}

impl Suspect {
    /// A list of phones that was changed.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            desk: DeskFrame::at(Here::Inbox),
            id: "0197c0de-2222-7000-8000-000000000009".to_owned(),
            why: "The list of phones is not the one the command names. The server hides or adds a phone. Do not sign.".to_owned(),
        }
    }
}
