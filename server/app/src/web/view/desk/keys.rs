//! The owner's own keys: those that lie in files, and passkeys made on this page.

use askama::Template;

use super::{DeskFrame, Here};
use crate::web::view::{Frame, Input, parts};

/// The keys of this desk.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/keys.html")]
pub struct Keys {
    /// Words and marks.
    pub frame: Frame,
    /// The desk.
    pub desk: DeskFrame,
    /// The keys.
    pub keys: Vec<Shown>,
    /// What a new passkey is to be called.
    pub label: Input,
    /// The challenge that the root signers gave, if they gave one.
    pub challenge: Input,
}

/// One key.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What its owner calls it.
    pub label: String,
    /// Its id, hex.
    pub id: String,
    /// Words of its id.
    pub words: String,
    /// Whether it is a passkey made here.
    pub passkey: bool,
    /// Where it stands in the fleet's keyring.
    pub standing: Standing,
}

/// Where a key stands in the newest keyring that this desk has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No keyring was seen yet.
    Unknown,
    /// It is not in it.
    Missing(u64),
    /// It is, and approves these kinds.
    Held(u64, Vec<String>),
}

/// The ceremony of a new passkey: it is made, and signs once as a trial.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/new_passkey.html")]
pub struct NewPasskey {
    /// Words and marks.
    pub frame: Frame,
    /// The desk.
    pub desk: DeskFrame,
    /// What it is to be called.
    pub label: String,
    /// Where the form goes.
    pub action: String,
    /// The challenge of the trial, hex.
    pub challenge: String,
    /// How far it is.
    pub step: Step,
    /// Why it was not taken.
    pub fault: Option<String>,
}

/// How far the ceremony of a passkey is.
#[derive(Clone, Debug)]
pub enum Step {
    /// The authenticator makes it.
    Make {
        /// What the browser is asked, as JSON.
        options: String,
    },
    /// It signs once.
    Try {
        /// What the browser is asked, as JSON.
        options: String,
        /// Words of its id.
        words: String,
    },
}

/// A passkey that was made here.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/passkey.html")]
pub struct Registered {
    /// Words and marks.
    pub frame: Frame,
    /// The desk.
    pub desk: DeskFrame,
    /// What its owner calls it.
    pub label: String,
    /// Its id, hex.
    pub id: String,
    /// Words of its id.
    pub words: String,
    /// The model of the authenticator.
    pub aaguid: String,
    /// The challenge of the trial, hex.
    pub challenge: String,
    /// Where it signs.
    pub origin: String,
    /// Whether it may be copied between devices; then it never counts as independent.
    pub synced: bool,
    /// The registration file on this machine.
    pub file: String,
    /// Where it stands in the fleet's keyring.
    pub standing: Standing,
}

impl Keys {
    fn fingerprint(&self, id: &str) -> String {
        parts::short_fingerprint(id)
    }

    /// A key file and two passkeys.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let key = |digits: &str, label: &str, passkey, standing| Shown {
            label: label.to_owned(),
            id: digits.repeat(8),
            words: "cedar lantern otter quartz violin acorn meadow flute".to_owned(),
            passkey,
            standing,
        };
        let kinds = [frame.t("kind-kill"), frame.t("kind-wipe")];
        Self {
            desk: DeskFrame::at(Here::Keys),
            keys: vec![
                key(
                    "c05e7719",
                    "dagny.key",
                    false,
                    Standing::Held(8, kinds.to_vec()),
                ),
                key("5e31aa04", "Desk key, blue", true, Standing::Missing(8)),
                key("91f0c2d7", "Spare key", true, Standing::Unknown),
            ],
            label: Input::default(),
            challenge: Input::default(),
            frame: frame.clone(),
        }
    }

    /// No key yet, and a challenge that is none.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            keys: Vec::new(),
            label: Input::filled("Desk key, blue"),
            challenge: Input::wrong("12ab", &frame.t("desk-challenge-wrong")),
            ..Self::sample(frame)
        }
    }
}

impl NewPasskey {
    /// A passkey about to be made, after a first try that failed.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            desk: DeskFrame::at(Here::Keys),
            label: "Desk key, blue".to_owned(),
            action: "/d/5d0c/keys/new/0197".to_owned(),
            challenge: "7c1e04b9d2a85f60".repeat(4),
            step: Step::Make {
                options: "{}".to_owned(),
            },
            fault: None,
        }
    }

    /// The trial, after a first one that failed.
    #[must_use]
    pub fn trial(frame: &Frame) -> Self {
        Self {
            step: Step::Try {
                options: "{}".to_owned(),
                words: "ginger candle pebble amber violin acorn meadow flute".to_owned(),
            },
            fault: Some(
                "The passkey's trial signature does not hold: wa_flags. Do not add it; make a new one."
                    .to_owned(),
            ),
            ..Self::sample(frame)
        }
    }
}

impl Registered {
    fn fingerprint(&self) -> String {
        parts::short_fingerprint(&self.id)
    }

    /// A passkey that waits for the keyring.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            desk: DeskFrame::at(Here::Keys),
            label: "Desk key, blue".to_owned(),
            id: "5e31aa04".repeat(8),
            words: "ginger candle pebble amber violin acorn meadow flute".to_owned(),
            aaguid: "2fc0579f-8113-47ea-b116-bb5a8db9202a".to_owned(),
            challenge: "7c1e04b9d2a85f60".repeat(4),
            origin: "http://approve.localhost:7443".to_owned(),
            synced: true,
            file: "/home/dagny/.config/muster/desk/passkey-5e31aa04.json".to_owned(),
            standing: Standing::Missing(8),
        }
    }
}
