//! What waits for signatures, as the desk found it.

use askama::Template;
use jiff::Timestamp;

use super::{DeskFrame, Here};
use crate::web::text::{Html, Part};
use crate::web::view::{Frame, Kind};

/// The desk's first page.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/inbox.html")]
pub struct Inbox {
    /// Words and marks.
    pub frame: Frame,
    /// The desk.
    pub desk: DeskFrame,
    /// Commands that wait, newest first.
    pub entries: Vec<Entry>,
    /// Address of the page after this one.
    pub next: Option<String>,
    /// Why the portal could not be asked.
    pub trouble: Option<String>,
}

/// One line of the inbox.
#[derive(Clone, Debug)]
pub enum Entry {
    /// It checks out.
    Sound(Box<Sound>),
    /// It does not, and cannot be signed.
    Suspect {
        /// Its id.
        id: String,
        /// What the portal calls it.
        called: String,
        /// What does not fit.
        why: String,
    },
    /// The portal lists it and does not hand it over.
    Away {
        /// Its id.
        id: String,
        /// What the portal calls it.
        called: String,
        /// What it says.
        why: String,
    },
}

/// A command that checks out.
#[derive(Clone, Debug)]
pub struct Sound {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// How many phones it is for.
    pub phones: u64,
    /// The first serial numbers.
    pub serials: Vec<String>,
    /// Why, in the asker's words.
    pub reason: String,
    /// The organisation in the signed bytes.
    pub organisation: String,
    /// Who has signed and who still must, in words.
    pub progress: String,
    /// When it ends.
    pub ends: Timestamp,
    /// What it is to the owner of this desk.
    pub standing: Standing,
}

/// What a command is to the owner of a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A key of this desk may sign it.
    Yours,
    /// A key of this desk has signed it.
    Signed,
    /// No key of this desk may sign it: why.
    NotYours(String),
    /// Its time is over.
    Over,
}

impl Inbox {
    /// How many entries a key of this desk may sign, or that want to be looked at.
    fn yours(&self) -> u64 {
        let yours = self.entries.iter().filter(
            |entry| matches!(entry, Entry::Sound(sound) if sound.standing == Standing::Yours),
        );
        yours.count() as u64
    }

    fn sentence(&self, sound: &Sound) -> Html {
        let shown: Vec<String> = sound
            .serials
            .iter()
            .map(|serial| Html::serial(serial).to_string())
            .collect();
        let phones = Html::trusted(shown.join(", "));
        self.frame.t.rich(
            sound.kind.sign().0,
            &[
                ("phones", Part::Markup(&phones)),
                ("n", Part::Number(sound.phones)),
            ],
        )
    }

    /// A wipe to sign, a kill that was signed, one of another, and a lie.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let sound = |kind, serial: &str, reason: &str, progress: &str, standing| {
            Entry::Sound(Box::new(Sound {
                id: "0197c0de-2222-7000-8000-000000000002".to_owned(),
                kind,
                phones: 1,
                serials: vec![serial.to_owned()],
                reason: reason.to_owned(),
                organisation: "0197c0de-0000-7000-8000-000000000001".to_owned(),
                progress: progress.to_owned(),
                ends: frame.now + jiff::SignedDuration::from_mins(232),
                standing,
            }))
        };
        Self {
            desk: DeskFrame::at(Here::Inbox),
            entries: vec![
                sound(
                    Kind::Wipe,
                    "HX7-30418-K2",
                    "Stolen from a car, police report 26-11873",
                    "1 of 2 people has signed. An independent key is still needed.",
                    Standing::Yours,
                ),
                Entry::Suspect {
                    id: "0197c0de-2222-7000-8000-000000000009".to_owned(),
                    called: "kill".to_owned(),
                    why: "The list of phones is not the one the command names. The server hides or adds a phone. Do not sign.".to_owned(),
                },
                sound(
                    Kind::Kill,
                    "HX7-30977-B1",
                    "Contract ended 20 November",
                    "Nobody has signed.",
                    Standing::Signed,
                ),
                sound(
                    Kind::Hold,
                    "HX7-30112-A4",
                    "Court order 4 O 118/26",
                    "Nobody has signed.",
                    Standing::NotYours(
                        "The keyring does not let this key approve hold for 1 phones.".to_owned(),
                    ),
                ),
                Entry::Away {
                    id: "0197c0de-2222-7000-8000-00000000000b".to_owned(),
                    called: "message".to_owned(),
                    why: "https://portal.northwind.example answers 502 Bad Gateway.".to_owned(),
                },
            ],
            next: Some("/d/5d0c/?cursor=sample".to_owned()),
            trouble: None,
            frame: frame.clone(),
        }
    }

    /// Nothing waits.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            entries: Vec::new(),
            next: None,
            ..Self::sample(frame)
        }
    }

    /// The portal does not answer.
    #[must_use]
    pub fn silent(frame: &Frame) -> Self {
        Self {
            trouble: Some(
                "https://portal.northwind.example does not answer. Is the address right?"
                    .to_owned(),
            ),
            ..Self::empty(frame)
        }
    }
}
