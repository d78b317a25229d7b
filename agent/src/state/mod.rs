//! What the phone remembers: one durable document, [`State`], and the keys beside it.
//!
//! All of it lies in one file that is replaced whole, so that journal, restrictions, floor and receipts never disagree
//! after a power cut. Nothing here decides anything; see [`crate::core`].

pub mod credentials;
pub mod file;
pub mod folder;
pub mod guard;
pub mod joining;
pub mod text_form;

use std::collections::BTreeMap;

use muster_protocol::checkpoint::TreeHead;
use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;
use muster_protocol::enrolment::PinManner;
use muster_protocol::ids::{
    CommandId, DeviceId, EnrolmentId, FleetId, OrganisationId, SerialNumber,
};
use muster_protocol::reason::Reason;
use serde::{Deserialize, Serialize};

use crate::phones::PhoneKind;

/// Everything a phone decides from, apart from its clock (PROTOCOL §1.2, §11).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Which phone the agent runs on.
    pub phone: PhoneKind,
    /// The handset's serial number.
    #[serde(with = "text_form")]
    pub serial: SerialNumber,
    /// The server's record of this device.
    #[serde(with = "text_form")]
    pub device: DeviceId,
    /// Hash of the device key: chosen by the phone, new at each enrolment.
    #[serde(with = "text_form")]
    pub enrolment: EnrolmentId,
    /// The server that enrolled the phone; the keyring's `servers` are the others.
    pub server: String,
    /// The pinned fleet. Removed by a done kill, wipe or transfer only.
    pub pin: Option<Pinned>,
    /// Envelope of the newest accepted keyring, base64.
    pub keyring: String,
    /// Envelope of the newest accepted policy, base64.
    pub policy: Option<String>,
    /// CA roots by fingerprint, DER in base64; the keyring says which one to use for which server.
    pub anchors: BTreeMap<String, String>,
    /// The newest accepted checkpoint.
    pub checkpoint: Option<HeldCheckpoint>,
    /// Proof that the log showed two faces: both notes (PROTOCOL §14).
    pub fork: Option<[String; 2]>,
    /// Documents that were refused and are worth showing: code and base64 of the first of its kind.
    pub evidence: BTreeMap<String, String>,
    /// The least time it can be, in Unix seconds. Never falls.
    pub floor: u64,
    /// Seconds the agent has seen pass with the power on, over all its life.
    pub powered_on: u64,
    /// [`State::powered_on`] at the last valid answer of a server.
    pub last_answer: u64,
    /// The clock at that answer, for people.
    pub last_answer_clock: u64,
    /// When each of the keyring's `servers` was last asked for keyrings, by its address.
    #[serde(default)]
    pub asked: BTreeMap<String, Asked>,
    /// The server that this phone turned to because the one before brought nothing fresh; none while the keyring's order
    /// holds.
    #[serde(default)]
    pub carrier: Option<String>,
    /// The settable clock at the end of the last turn, for people.
    #[serde(default)]
    pub last_clock: u64,
    /// Since when this phone has not met its policy.
    #[serde(default)]
    pub noncompliance: Option<Noncompliance>,
    /// The owner's lock was closed because of this silence: once, and not again before a server has answered.
    #[serde(default)]
    pub closed_by_silence: bool,
    /// Every authentic command, by digest.
    pub journal: BTreeMap<String, Entry>,
    /// Commands named by a cancel, unlock, resume or release, by digest.
    pub lifted: BTreeMap<String, Lifted>,
    /// Active fleet locks and suspensions.
    pub restrictions: Vec<Restriction>,
    /// Active legal holds.
    pub holds: Vec<Hold>,
    /// The signed enrolment statement, base64, until a server has taken it.
    pub statement: Option<String>,
    /// Signed receipts that no server has taken yet, base64, oldest first.
    pub receipts: Vec<String>,
    /// Sequence number of the next receipt.
    pub sequence: u64,
    /// What clearances must name, made new when it was spent or is too old.
    pub nonce: Option<Nonce>,
    /// [`State::powered_on`] of what was done lately, by kind, for the limits of PROTOCOL §6.
    pub recent: BTreeMap<String, Vec<u64>>,
    /// The code that the server was told last for a deferred command, by digest: told again only when it changes.
    pub deferred: BTreeMap<String, String>,
    /// Notices and messages, oldest first.
    pub messages: Vec<Shown>,
    /// The newest release of each product that this phone has run. Never falls, and outlives every enrolment.
    #[serde(default)]
    pub programs: BTreeMap<String, HeldProgram>,
    /// Set once a kill, wipe or transfer is done.
    pub ended: Option<Ended>,
}

/// The fleet and organisation that may command this phone (PROTOCOL §3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// SHA-256 of the descriptor.
    #[serde(with = "text_form")]
    pub fingerprint: Digest,
    /// How the fingerprint reached the phone.
    #[serde(with = "text_form")]
    pub manner: PinManner,
    /// The fleet.
    #[serde(with = "text_form")]
    pub fleet: FleetId,
    /// The organisation.
    #[serde(with = "text_form")]
    pub organisation: OrganisationId,
    /// The descriptor, base64.
    pub descriptor: String,
}

/// A checkpoint the phone accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCheckpoint {
    /// The log's name.
    pub origin: String,
    /// Leaves in the log.
    pub size: u64,
    /// Root of its tree.
    #[serde(with = "text_form")]
    pub root: Digest,
    /// The signed note.
    pub note: String,
    /// [`State::powered_on`] when the witness times in it were learnt.
    #[serde(default)]
    pub learnt: u64,
}

impl HeldCheckpoint {
    /// Size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root,
        }
    }
}

/// How far a command got on this phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// Written down, not yet done. A restart takes it up again.
    Accepted,
    /// Refused for good.
    Refused,
    /// Done and verified.
    Done,
    /// Tried and not done.
    Failed,
}

/// A command in the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its id; another command under the same id is refused.
    #[serde(with = "text_form")]
    pub id: CommandId,
    /// Its kind.
    #[serde(with = "text_form")]
    pub kind: Kind,
    /// How far it got.
    pub progress: Progress,
    /// The newest receipt for it, an envelope in base64.
    pub receipt: String,
    /// The command's payload, base64, as long as it is not finished: what a restart goes on from.
    pub payload: Option<String>,
    /// Who signed, for the owner's screen.
    pub origin: Origin,
    /// When the command expires; the entry is kept seven days longer, by the floor.
    pub expires_at: u64,
}

/// Who is behind a command, as the owner is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The service's own online key.
    Service,
    /// People, by the first eight digits of their opaque names.
    People(Vec<String>),
}

/// A command that another one ended before or after it came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lifted {
    /// The kinds of the commands that named it. A cancel ends anything not yet accepted; the others only their own kind.
    pub by: Vec<String>,
    /// `issued_at` of the newest of them; kept 97 days longer, by the floor.
    pub issued_at: u64,
}

/// Until when something lasts. The settable clock alone never ends it (PROTOCOL §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// Unix seconds: over when the floor has passed it.
    pub time: u64,
    /// Powered-on seconds: over when the agent has counted so many.
    pub powered_on: u64,
}

/// A fleet lock or a suspension in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Digest of the command.
    #[serde(with = "text_form")]
    pub command: Digest,
    /// `lock-fleet` or `suspend`.
    #[serde(with = "text_form")]
    pub kind: Kind,
    /// Signed by the online key alone: a later one of these replaces it.
    pub online: bool,
    /// Its end.
    pub until: Until,
    /// The approvers' reason, for the owner.
    pub reason: String,
}

/// A legal hold in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Digest of the command.
    #[serde(with = "text_form")]
    pub command: Digest,
    /// The case it belongs to.
    pub case: String,
    /// Its end.
    pub until: Until,
}

/// The phone's current nonce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    /// 32 random bytes, hex.
    pub value: String,
    /// [`State::powered_on`] when it was made.
    pub made: u64,
}

/// A notice or message on the owner's screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Digest of the command, so that a repeated act shows it once.
    pub command: String,
    /// The text.
    pub text: String,
    /// Who says so.
    pub origin: Origin,
}

/// When a server was asked for keyrings. Asking does no harm, so that the settable clock may count here too: a phone that was
/// switched off for a day asks at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// [`State::powered_on`] then.
    pub powered_on: u64,
    /// The clock then.
    pub clock: u64,
    /// It gave an answer.
    pub answered: bool,
}

/// A phone that does not meet its policy (PROTOCOL §9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noncompliance {
    /// What it does not meet.
    pub faults: Vec<Fault>,
    /// Unix seconds when that began, for people.
    pub since: u64,
    /// [`State::powered_on`] when it began: the grace counts from here.
    pub counted_from: u64,
    /// The phone has switched the service off by itself.
    pub suspended: bool,
}

/// A release of a program that this phone has run (PROTOCOL §16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldProgram {
    /// Its version: only a higher one is installed.
    pub version: u64,
    /// Digest of the release's envelope.
    #[serde(with = "text_form")]
    pub release: Digest,
}

/// What a policy can demand of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The system's patch level is older than `min_os_patch`, or the phone does not tell it.
    OsPatch,
    /// The storage is not encrypted, or the phone does not tell.
    Encryption,
    /// The agent is older than `min_agent`.
    Agent,
}

impl Fault {
    /// The word for it in check-ins.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OsPatch => "os_patch",
            Self::Encryption => "encryption",
            Self::Agent => "agent",
        }
    }
}

/// The phone has left its fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// `kill`, `wipe` or `transfer`.
    #[serde(with = "text_form")]
    pub by: Kind,
    /// The clock when it was done, for people.
    pub at: u64,
    /// How often the last receipts were offered in vain.
    pub tries: u32,
    /// The keys are gone too; nothing is left to do.
    pub credentials_destroyed: bool,
    /// After a transfer.
    #[serde(default)]
    pub moves: Option<Moves>,
}

/// From which fleet to which a transfer took the phone. The new fingerprint is its pin from then on, pinned by hand: by the
/// people who signed the transfer (PROTOCOL §13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// Fingerprint of the fleet that the phone left.
    #[serde(with = "text_form")]
    pub from: Digest,
    /// Fingerprint of the fleet that the phone may join.
    #[serde(with = "text_form")]
    pub to: Digest,
}

impl State {
    /// The restrictions of one kind.
    pub fn restrictions_of(&self, kind: Kind) -> impl Iterator<Item = &Restriction> {
        self.restrictions
            .iter()
            .filter(move |restriction| restriction.kind == kind)
    }

    /// Whether the phone has switched its service off by itself.
    #[must_use]
    pub fn suspends_itself(&self) -> bool {
        self.noncompliance
            .as_ref()
            .is_some_and(|noncompliance| noncompliance.suspended)
    }

    /// Commands that were accepted and not finished, those that end the phone's time in the fleet first.
    #[must_use]
    pub fn unfinished(&self) -> Vec<Digest> {
        let mut found: Vec<(bool, Digest)> = self
            .journal
            .iter()
            .filter(|(_, entry)| entry.progress == Progress::Accepted)
            .filter_map(|(digest, entry)| Some((!ends(entry.kind), Digest::parse(digest).ok()?)))
            .collect();
        found.sort();
        found.into_iter().map(|(_, digest)| digest).collect()
    }

    /// Keeps the first document of each code as evidence.
    pub fn keep_evidence(&mut self, reason: Reason, document: &[u8]) {
        self.evidence
            .entry(reason.as_str().to_owned())
            .or_insert_with(|| {
                muster_protocol::base64::encode(document.get(..16 * 1024).unwrap_or(document))
            });
    }
}

/// Whether a command of this kind ends the phone's time in its fleet.
#[must_use]
pub fn ends(kind: Kind) -> bool {
    matches!(kind, Kind::Kill | Kind::Wipe | Kind::Transfer)
}
