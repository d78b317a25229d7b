//! One command: what it says, who signed, how far it is on each phone.

use askama::Template;
use jiff::Timestamp;

use super::approving::ByPasskey;
use super::{CommandState, Frame, Kind, Place, parts};
use crate::web::text::{Html, Key, Part};
use crate::web::time_words;

pub use super::progress::{Progress, TargetRow};

/// `GET /commands/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "commands/command.html")]
pub struct Command {
    /// The layout's context.
    pub frame: Frame,
    /// Its id, as `muster approve` takes it.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Why, in the asker's words.
    pub reason: String,
    /// What it carries beside its kind: label and value.
    pub arguments: Vec<(String, String)>,
    /// Whose phones they are.
    pub organisation: String,
    /// Serial numbers of the first few phones.
    pub serial_numbers: Vec<String>,
    /// How many phones it is for.
    pub phones: u64,
    /// SHA-256 of what is signed, hex.
    pub digest: String,
    /// The least keyring version a phone must hold.
    pub keyring: u64,
    /// Who asked.
    pub drafted_by: String,
    /// When.
    pub drafted_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// Who signed, and how many more it takes; `None` where the server's own key was enough.
    pub approval: Option<Approval>,
    /// Whether the viewer may cancel it now.
    pub may_cancel: bool,
    /// What a cancel at the portal did not reach.
    pub signed_cancel: Option<SignedCancel>,
    /// Until when it is kept back so that somebody can still stop it.
    pub cool_off_until: Option<Timestamp>,
    /// Where the signed envelope can be had, once it is sealed.
    pub envelope_link: Option<String>,
    /// How the reader may sign it with a passkey.
    pub by_passkey: Option<ByPasskey>,
    /// The part that changes.
    pub progress: Progress,
}

/// Phones that may have a command although it was cancelled here.
#[derive(Clone, Debug)]
pub struct SignedCancel {
    /// How many.
    pub phones: u64,
    /// The signed cancel that was drafted already.
    pub drafted: Option<String>,
    /// Whether the viewer may draft it.
    pub may_draft: bool,
}

/// The signatures of a command.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Those that are there.
    pub signers: Vec<Signer>,
    /// People it takes.
    pub people: u64,
    /// Of them with an independent key.
    pub independent: u64,
}

impl Approval {
    fn missing(&self) -> u64 {
        self.people
            .saturating_sub(self.signers.len().try_into().unwrap_or(u64::MAX))
    }
}

/// One signature.
#[derive(Clone, Debug)]
pub struct Signer {
    /// Their name as the portal knows it, or the first digits of their key.
    pub name: String,
    /// The key's id, hex: its seal is drawn from it.
    pub key_id: String,
    /// Whether the key is used on a screen that this server does not draw.
    pub independent: bool,
    /// When the signature came.
    pub at: Timestamp,
}

impl Command {
    fn sentence(&self) -> Html {
        let shown: Vec<String> = self
            .serial_numbers
            .iter()
            .take(3)
            .map(|s| Html::serial(s).to_string())
            .collect();
        let phones = Html::trusted(shown.join(", "));
        self.frame.t.rich(
            self.kind.sign().0,
            &[
                ("phones", Part::Markup(&phones)),
                ("n", Part::Number(self.phones)),
            ],
        )
    }

    fn fingerprint(&self) -> String {
        parts::short_fingerprint(&self.digest)
    }

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

    /// Until when it is kept back, while it is.
    fn cools(&self) -> Option<String> {
        let until = self
            .cool_off_until
            .filter(|until| *until > self.frame.now)?;
        let is_over = self.progress.state.is_final();
        (!is_over).then(|| {
            let until = time_words::exact(&self.frame.t, until);
            self.frame.t.put("cool-off-words", "until", &until)
        })
    }

    /// Whether signatures are still missing and can still come.
    fn waits(&self) -> bool {
        self.progress.state == CommandState::AwaitingApproval
    }

    /// What happens next, in plain words, and whether it is behind us.
    fn steps(&self) -> Vec<(String, String, bool)> {
        let t = &self.frame.t;
        let stage = self.progress.stage();
        let mut steps = Vec::new();
        if self.approval.is_some() {
            steps.push((t.get("step-sign"), t.get("step-sign-words"), stage > 1));
        }
        if let Some(until) = self.cool_off_until {
            steps.push((
                t.get("step-cool-off"),
                t.put("step-cool-off-words", "until", &time_words::exact(t, until)),
                until <= self.frame.now,
            ));
        }
        steps.push((t.get("step-fetch"), t.get("step-fetch-words"), stage > 2));
        let act = match self.kind {
            Kind::Wipe => (Key("step-erase"), Key("step-erase-words")),
            Kind::Kill | Kind::Transfer => (Key("step-kill"), Key("step-kill-words")),
            Kind::Hold
            | Kind::Release
            | Kind::Notice
            | Kind::Message
            | Kind::Refresh
            | Kind::RotateKey
            | Kind::Lock
            | Kind::LockFleet
            | Kind::Unlock
            | Kind::Suspend
            | Kind::Resume
            | Kind::Cancel => (Key("step-act"), Key("step-act-words")),
        };
        steps.push((t.word(act.0), t.word(act.1), stage > 4));
        steps.push((
            t.get("step-receipt"),
            t.get("step-receipt-words"),
            stage == 6,
        ));
        steps
    }

    fn card_class(&self) -> &'static str {
        if self.kind == Kind::Wipe {
            "card wipe"
        } else {
            "card"
        }
    }

    /// A wipe with one of two signatures.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let ago = |minutes| frame.now - jiff::SignedDuration::from_mins(minutes);
        let frame = frame.at(Place::Approvals);
        Self {
            id: "0197c0de-2222-7000-8000-000000000002".to_owned(),
            kind: Kind::Wipe,
            reason: "Stolen from a car, police report 26-11873".to_owned(),
            arguments: Vec::new(),
            organisation: "Tern Harbour Press".to_owned(),
            serial_numbers: vec!["HX7-30418-K2".to_owned()],
            phones: 1,
            digest: "7c1e04b9d2a85f60e9132a47c05d8b13f6e2a9047bd15c3880ef94a2617d0b5c".to_owned(),
            keyring: 7,
            drafted_by: "Teo Amari".to_owned(),
            drafted_at: ago(15),
            expires_at: frame.now + jiff::SignedDuration::from_mins(232),
            approval: Some(Approval {
                signers: vec![Signer {
                    name: "Marta Nilsson".to_owned(),
                    key_id: "47e053902b81f6c4d5a7e2906b3f18cc47e053902b81f6c4d5a7e2906b3f18cc"
                        .to_owned(),
                    independent: true,
                    at: ago(8),
                }],
                people: 2,
                independent: 1,
            }),
            may_cancel: true,
            signed_cancel: None,
            cool_off_until: None,
            envelope_link: None,
            by_passkey: Some(ByPasskey::NoPasskey),
            progress: Progress {
                live_url: "/commands/0197c0de-2222-7000-8000-000000000002/progress".to_owned(),
                state: CommandState::AwaitingApproval,
                code: None,
                signed: 1,
                needed: 2,
                expires_at: frame.now + jiff::SignedDuration::from_mins(232),
                stages: [Some(ago(15)), None, None, None, None, None],
                drafted_by: "Teo Amari".to_owned(),
                counts: vec![(CommandState::AwaitingApproval, 1)],
                rows: vec![TargetRow {
                    device_id: "0197c0de-0000-7000-8000-00000000000a".to_owned(),
                    serial_number: "HX7-30418-K2".to_owned(),
                    organisation: "Tern Harbour Press".to_owned(),
                    state: CommandState::AwaitingApproval,
                    code: None,
                    late: false,
                    receipt_at: None,
                    last_contact: Some(ago(134)),
                }],
                hidden: 0,
                frame: frame.clone(),
            },
            frame,
        }
    }

    /// The same for somebody whose passkey may be the second.
    #[must_use]
    pub fn ready(frame: &Frame) -> Self {
        Self {
            by_passkey: Some(ByPasskey::Ready { beside: true }),
            ..Self::sample(frame)
        }
    }

    /// A suspension of many phones, half-way.
    #[must_use]
    pub fn many(frame: &Frame) -> Self {
        let mut page = Self::sample(&frame.at(Place::Commands));
        let states = [
            CommandState::Queued,
            CommandState::Delivered,
            CommandState::Deferred,
            CommandState::Accepted,
            CommandState::Done,
            CommandState::Refused,
            CommandState::Failed,
            CommandState::Expired,
        ];
        let first = page.progress.rows[0].clone();
        page.frame.here = Place::Commands;
        (page.kind, page.phones, page.approval) = (Kind::Suspend, 46, None);
        page.arguments = vec![(frame.t("argument-until"), "23 December 2026".to_owned())];
        page.reason = "Subscription ended, second reminder unanswered".to_owned();
        page.progress.state = CommandState::Delivered;
        page.progress.needed = 0;
        page.progress.stages = [
            Some(page.drafted_at),
            None,
            Some(page.drafted_at),
            Some(page.drafted_at),
            None,
            None,
        ];
        page.progress.counts = states
            .iter()
            .zip([6, 3, 1, 2, 30, 2, 1, 1])
            .map(|(s, n)| (*s, n))
            .collect();
        page.progress.rows = states
            .iter()
            .enumerate()
            .map(|(i, state)| TargetRow {
                serial_number: format!("HX7-304{i:02}-K{i}"),
                state: *state,
                code: [
                    (CommandState::Refused, "threshold"),
                    (CommandState::Deferred, "busy"),
                ]
                .iter()
                .find_map(|(which, code)| (which == state).then(|| (*code).to_owned())),
                late: *state == CommandState::Expired,
                receipt_at: state.is_final().then_some(page.drafted_at),
                ..first.clone()
            })
            .collect();
        page.progress.hidden = 30;
        page.envelope_link = Some("/commands/sample/envelope".to_owned());
        page
    }

    /// A wipe that was carried out.
    #[must_use]
    pub fn done(frame: &Frame) -> Self {
        let mut page = Self::sample(&frame.at(Place::Commands));
        page.frame.here = Place::Commands;
        let at = page.drafted_at;
        if let Some(approval) = &mut page.approval {
            let mut second = approval.signers[0].clone();
            (second.name, second.key_id) = (
                "Dagny Krol".to_owned(),
                "c05e7719a4f20b38d45be012977fa6c3c05e7719a4f20b38d45be012977fa6c3".to_owned(),
            );
            approval.signers.push(second);
        }
        page.progress.state = CommandState::Done;
        page.progress.stages = [Some(at); 6];
        page.progress.counts = vec![(CommandState::Done, 1)];
        page.progress.rows[0].state = CommandState::Done;
        page.progress.rows[0].receipt_at = Some(at);
        page.may_cancel = false;
        page.envelope_link = Some("/commands/sample/envelope".to_owned());
        page
    }
}
