//! Passkeys that approve: the member's own, and the pages of the approvals host.

use askama::Template;
use jiff::Timestamp;

use super::command::{Command, Signer};
use super::{Choice, Frame, Input, Kind, Place};
use crate::web::text::{Html, Key, Part};

/// The part of the account page about them.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Whether the member may hand in approvals at all.
    pub may: bool,
    /// Whether there is an approvals host.
    pub is_set_up: bool,
    /// The passkeys, oldest first.
    pub rows: Vec<Row>,
}

/// One passkey.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// The key's id, hex.
    pub key_id: String,
    /// The words that are read aloud to the root signers.
    pub words: String,
    /// Whether it is copied between devices.
    pub synced: bool,
    /// Make and model, where the authenticator says.
    pub aaguid: Option<String>,
    /// When it was made.
    pub made: String,
    /// Where it stands.
    pub stands: Stands,
}

/// Where a passkey stands with the keyrings.
#[derive(Clone, Debug)]
pub enum Stands {
    /// No keyring holds it yet.
    Waits,
    /// These do.
    Held(Vec<Standing>),
    /// One did, and the newest does not.
    Left,
    /// Its owner put it out of use; `held` while a keyring still holds it.
    Removed {
        /// Whether one does.
        held: bool,
    },
}

/// What a keyring lets it sign.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whose fleet.
    pub organisation: String,
    /// The keyring's version.
    pub version: u64,
    /// What it may sign alone, in words.
    pub alone: Vec<String>,
    /// What it may sign beside others, in words.
    pub beside: Vec<String>,
}

impl Section {
    pub(super) fn held(&self, frame: &Frame, standing: &Standing) -> String {
        let t = &frame.t;
        let mut said = t.with(
            "approving-held",
            &[
                ("version", standing.version.into()),
                ("organisation", standing.organisation.clone().into()),
            ],
        );
        for (key, kinds) in [
            (Key("approving-held-alone"), &standing.alone),
            (Key("approving-held-beside"), &standing.beside),
        ] {
            if !kinds.is_empty() {
                said.push(' ');
                said.push_str(&t.put(key.0, "kinds", &kinds.join(", ")));
            }
        }
        said
    }

    /// One that waits, one that is held, one that was put out of use.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let key = "47e053902b81f6c4d5a7e2906b3f18cc47e053902b81f6c4d5a7e2906b3f18cc";
        let row = |label: &str, stands| Row {
            id: "0197c0de-4444-7000-8000-000000000001".to_owned(),
            label: label.to_owned(),
            key_id: key.to_owned(),
            words: "daisy spoon garden nectar boat glacier thing wagon".replace("thing", "willow"),
            synced: false,
            aaguid: Some("d8522d9f-575b-4866-88a9-ba99fa02f35b".to_owned()),
            made: "23 November 2026, 14:06".to_owned(),
            stands,
        };
        let held = Standing {
            organisation: "Northwind Mobile".to_owned(),
            version: 8,
            alone: vec![frame.t("kind-message"), frame.t("kind-unlock")],
            beside: vec![frame.t("kind-wipe")],
        };
        Self {
            may: true,
            is_set_up: true,
            rows: vec![
                row("Blue key", Stands::Held(vec![held])),
                row("Work laptop", Stands::Waits),
                row("Old phone", Stands::Left),
                row("Lost key", Stands::Removed { held: true }),
            ],
        }
    }
}

/// `GET /account/approving`, and the answer to a refused `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "approving/new.html")]
pub struct NewPasskey {
    /// The layout's context.
    pub frame: Frame,
    /// The approvals host; `None` where it is not set up.
    pub host: Option<String>,
    /// Whom the member may be in the keyrings already; empty where that is settled.
    pub people: Vec<Choice>,
    /// What it will be called.
    pub label: Input,
    /// Who the member is.
    pub person: Input,
}

impl NewPasskey {
    /// The form with a fault.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Account),
            host: Some("approvals.northwind.example".to_owned()),
            people: vec![
                Choice {
                    value: String::new(),
                    label: frame.t("approving-person-new"),
                },
                Choice {
                    value: "0a".repeat(16),
                    label: "oak lamp (Northwind Mobile)".to_owned(),
                },
            ],
            label: Input::wrong("", &frame.t("error-label")),
            person: Input::wrong("", &frame.t("error-person")),
        }
    }

    /// Where there is no approvals host.
    #[must_use]
    pub fn not_set_up(frame: &Frame) -> Self {
        Self {
            host: None,
            ..Self::sample(frame)
        }
    }
}

/// `GET /register/{token}`.
#[derive(Clone, Debug, Template)]
#[template(path = "approving/register.html")]
pub struct Register {
    /// The layout's context; nobody is signed in here.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// What the browser is asked to make, JSON.
    pub options: String,
    /// This host.
    pub host: String,
    /// Whose passkey it will be.
    pub name: String,
    /// Their organisation.
    pub organisation: String,
    /// What it will be called.
    pub label: String,
    /// The way back.
    pub back: String,
}

impl Register {
    /// The page.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: stranger(frame),
            action: "/register/00".to_owned(),
            options: "{}".to_owned(),
            host: "approvals.northwind.example".to_owned(),
            name: "Dagny Krol".to_owned(),
            organisation: "Northwind Mobile".to_owned(),
            label: "Blue key".to_owned(),
            back: "https://muster.northwind.example/account".to_owned(),
        }
    }
}

/// `GET /register/{token}/trial`.
#[derive(Clone, Debug, Template)]
#[template(path = "approving/trial.html")]
pub struct Trial {
    /// The layout's context; nobody is signed in here.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// What the browser is asked to sign, JSON.
    pub options: String,
    /// This host.
    pub host: String,
    /// The words of the key.
    pub words: String,
    /// The key's id, hex.
    pub key_id: String,
    /// Whether it is copied between devices.
    pub synced: bool,
    /// The way back.
    pub back: String,
}

impl Trial {
    /// The page.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: stranger(frame),
            action: "/register/00/trial".to_owned(),
            options: "{}".to_owned(),
            host: "approvals.northwind.example".to_owned(),
            words: "daisy spoon garden nectar boat glacier willow wagon".to_owned(),
            key_id: "47e053902b81f6c4d5a7e2906b3f18cc47e053902b81f6c4d5a7e2906b3f18cc".to_owned(),
            synced: true,
            back: "https://muster.northwind.example/account".to_owned(),
        }
    }
}

/// `GET /approve/{token}`.
#[derive(Clone, Debug, Template)]
#[template(path = "approving/sign.html")]
pub struct Sign {
    /// The layout's context; nobody is signed in here.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// What the browser is asked to sign, JSON.
    pub options: String,
    /// This host.
    pub host: String,
    /// Who signs.
    pub name: String,
    /// What will happen.
    pub kind: Kind,
    /// What it carries beside its kind: label and value.
    pub arguments: Vec<(String, String)>,
    /// Why, in the asker's words.
    pub reason: String,
    /// Whose phones they are.
    pub organisation: String,
    /// Every phone.
    pub serial_numbers: Vec<String>,
    /// Who asked.
    pub drafted_by: String,
    /// When.
    pub drafted_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// SHA-256 of what is signed, hex.
    pub digest: String,
    /// The newest keyring's version.
    pub keyring: u64,
    /// People it takes.
    pub people: u64,
    /// Of them with an independent key.
    pub independent: u64,
    /// People who have signed.
    pub signed_people: u64,
    /// Their signatures.
    pub signers: Vec<Signer>,
    /// The way back.
    pub back: String,
}

impl Sign {
    /// Phones that are read at a glance; more unfold.
    const FEW: usize = 12;

    fn phones(&self) -> u64 {
        self.serial_numbers.len() as u64
    }

    fn few(&self) -> &[String] {
        &self.serial_numbers[..self.serial_numbers.len().min(Self::FEW)]
    }

    fn rest(&self) -> &[String] {
        self.serial_numbers.get(Self::FEW..).unwrap_or_default()
    }

    fn sentence(&self) -> Html {
        let shown: Vec<String> = self
            .serial_numbers
            .iter()
            .take(1)
            .map(|s| Html::serial(s).to_string())
            .collect();
        let phones = Html::trusted(shown.join(", "));
        self.frame.t.rich(
            self.kind.sign().0,
            &[
                ("phones", Part::Markup(&phones)),
                ("n", Part::Number(self.phones())),
            ],
        )
    }

    fn fingerprint(&self) -> String {
        self.frame.short_fingerprint(&self.digest)
    }

    fn after(&self) -> String {
        let missing = self
            .people
            .saturating_sub(self.signed_people.saturating_add(1));
        self.frame.count("approving-after", missing)
    }

    /// A message for one phone.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let page = Command::sample(frame);
        Self {
            frame: stranger(frame),
            action: "/approve/00".to_owned(),
            options: "{}".to_owned(),
            host: "approvals.northwind.example".to_owned(),
            name: "Dagny Krol".to_owned(),
            kind: Kind::Message,
            arguments: vec![(
                frame.t("argument-text"),
                "Please call us before Friday.".to_owned(),
            )],
            reason: "Appointment for the exchange".to_owned(),
            organisation: page.organisation,
            serial_numbers: page.serial_numbers,
            drafted_by: page.drafted_by,
            drafted_at: page.drafted_at,
            expires_at: page.expires_at,
            digest: page.digest,
            keyring: 8,
            people: 1,
            independent: 0,
            signed_people: 0,
            signers: Vec::new(),
            back: "https://muster.northwind.example/commands/1".to_owned(),
        }
    }

    /// The second person of a wipe of many.
    #[must_use]
    pub fn second(frame: &Frame) -> Self {
        let signers = Command::sample(frame)
            .approval
            .map_or_else(Vec::new, |approval| approval.signers);
        Self {
            kind: Kind::Wipe,
            arguments: Vec::new(),
            reason: "Stolen from a van, police report 26-11873".to_owned(),
            serial_numbers: (0..23).map(|n| format!("HX7-304{n:02}-K2")).collect(),
            people: 2,
            independent: 1,
            signed_people: 1,
            signers,
            ..Self::sample(frame)
        }
    }
}

/// Nobody is signed in on the approvals host.
fn stranger(frame: &Frame) -> Frame {
    Frame {
        viewer: None,
        csrf: String::new(),
        toast: None,
        ..frame.at(Place::Nowhere)
    }
}

/// How the reader of a command's page may sign it with a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByPasskey {
    /// It may be: alone, or beside others.
    Ready {
        /// Whether it also takes a signature that the server's pages cannot give.
        beside: bool,
    },
    /// Not for this kind.
    NeverEnough,
    /// The reader has none.
    NoPasskey,
    /// The keyring lets none of theirs.
    NotGranted,
    /// They signed already.
    Signed,
    /// There is no approvals host.
    NotSetUp,
}
