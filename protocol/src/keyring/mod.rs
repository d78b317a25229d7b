//! The keyring (§5): who may approve what, and how many people it takes, signed by the fleet's root keys. Types and encoding
//! here, the rules that one keyring keeps in `rules`, the steps from one to the next in `update`.

mod encoding;
mod host;
mod rules;
mod update;

pub use host::of_origin as host_of_origin;
pub use update::{HeldKeyring, Update, verify_chain, verify_update};

use crate::command::Kind;
use crate::digest::Digest;
use crate::field::FieldError;
use crate::ids::{FleetId, KeyId, OrganisationId, Person};
use crate::json::JsonError;
use crate::keys::{Ed25519Key, PublicKey};
use crate::reason::{Reason, Refusal};
use crate::time::{DAY, UnixTime};
use crate::webauthn::Passkey;

/// The most approvers' keys.
pub const KEYS_MAX: usize = 128;
/// The most grants.
pub const GRANTS_MAX: usize = 32;
/// The most root keys, and the most witnesses: as many as an envelope or a note holds signatures.
pub const SIGNERS_MAX: usize = 16;
/// The longest life of a keyring, in seconds: 400 days.
pub const LIFE_MAX: u64 = 400 * DAY;
/// The most steps from one keyring to the next that a phone walks in one check-in.
pub const STEPS_MAX: usize = 8;
/// The longest chain that a phone walks at its enrolment.
pub const CHAIN_MAX: usize = 512;

/// A keyring's payload. [`Keyring::decode`] gives only sound ones; whoever drafts one calls [`Keyring::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    /// The fleet.
    pub fleet: FleetId,
    /// One more with each keyring.
    pub version: u64,
    /// Never before the previous keyring's.
    pub issued_at: UnixTime,
    /// At most 400 days later.
    pub expires_at: UnixTime,
    /// The least protocol version whose documents phones accept. Only rises.
    pub min_protocol: u64,
    /// The keys that sign the next keyring.
    pub root: Root,
    /// The server's own keys, at most two.
    pub online: Vec<WholeKey>,
    /// Approvers' keys.
    pub keys: Vec<KeyEntry>,
    /// What approvers may approve.
    pub grants: Vec<Grant>,
    /// The log.
    pub log: Log,
    /// The witnesses.
    pub witness: Witnesses,
    /// Where phones check in, in this order: 1–4.
    pub servers: Vec<ServerEntry>,
    /// Hosts whose pages the server draws, at most 4.
    pub portals: Vec<String>,
}

/// The root keys and how many people it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Ed25519 keys.
    pub keys: Vec<WholeKey>,
    /// Distinct people, at least 1.
    pub threshold: u32,
}

/// A key of root or `online`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeKey {
    /// The public key.
    pub key: Ed25519Key,
    /// Whose it is.
    pub person: Person,
}

impl WholeKey {
    /// The key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        PublicKey::Ed25519(self.key).key_id()
    }
}

wire_names! {
    /// Who draws what the person sees before signing.
    pub enum Display as "display" {
        /// A program or host that the server cannot change.
        Independent = "independent",
        /// The server's own pages.
        Portal = "portal",
    }
}

/// An approver's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// An Ed25519 key of an approver file, or a passkey's.
    pub key: PublicKey,
    /// Whose it is.
    pub person: Person,
    /// Who draws what is seen before it signs.
    pub display: Display,
    /// What belongs to a passkey; none for an approver file.
    pub passkey: Option<Passkey>,
}

impl KeyEntry {
    /// The key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.key.key_id()
    }

    /// Whether it counts as independent: drawn elsewhere, and not a passkey that may be copied.
    #[must_use]
    pub fn counts_as_independent(&self) -> bool {
        let synced = self.passkey.as_ref().is_some_and(|passkey| passkey.synced);
        self.display == Display::Independent && !synced
    }
}

/// What some approvers may approve together. Grants are never added together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it covers.
    pub kinds: Vec<GrantKind>,
    /// For which organisations.
    pub organisations: Organisations,
    /// Whose signatures count.
    pub keys: Vec<KeyId>,
    /// Distinct people, at least 1.
    pub threshold: u32,
    /// Distinct people with an independent key.
    pub independent: u32,
    /// Distinct witnesses that must have cleared it for the phone.
    pub clearances: u32,
    /// The most targets of one command.
    pub max_targets: u32,
}

impl Grant {
    /// Whether it covers this kind for this organisation.
    #[must_use]
    pub fn covers(&self, kind: GrantKind, organisation: &OrganisationId) -> bool {
        self.kinds.contains(&kind) && self.organisations.include(organisation)
    }

    /// Whether it is an auditor grant: it covers hold and release, and nothing else (§2: "anything else").
    #[must_use]
    pub fn is_auditor(&self) -> bool {
        self.kinds.iter().all(|kind| {
            matches!(
                kind,
                GrantKind::Command(Kind::Hold) | GrantKind::Command(Kind::Release)
            )
        })
    }
}

/// What a grant covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantKind {
    /// Commands of a kind.
    Command(Kind),
    /// Policies.
    Policy,
}

/// The organisations that a grant is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Organisations {
    /// `["*"]`.
    Every,
    /// These.
    Listed(Vec<OrganisationId>),
}

impl Organisations {
    /// Whether the organisation is among them.
    #[must_use]
    pub fn include(&self, organisation: &OrganisationId) -> bool {
        match self {
            Self::Every => true,
            Self::Listed(listed) => listed.contains(organisation),
        }
    }
}

/// The log's key and its name on notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The key's name on notes, and the first line of its checkpoints.
    pub origin: String,
    /// The log's key.
    pub key: Ed25519Key,
}

/// The witnesses and how many of them a checkpoint takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnesses {
    /// The witnesses.
    pub keys: Vec<Witness>,
    /// Distinct witnesses; 0 where none is required.
    pub threshold: u32,
}

/// A witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The key's name on notes.
    pub name: String,
    /// The key, of cosignatures and clearances alike.
    pub key: Ed25519Key,
}

/// A server that carries the fleet's mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEntry {
    /// Its address: `https://host[:port][/path]`.
    pub url: String,
    /// The fingerprint of the CA root that its certificate must lead to.
    pub ca: Digest,
}

/// Why a keyring or a descriptor is refused, for the people at the ceremony. A phone says `keyring_invalid`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Not the one canonical form.
    #[error(transparent)]
    Encoding(JsonError),
    /// A member is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// One key stands in two places: a key has one use.
    #[error("a key stands in the keyring twice: {0}")]
    KeyTwice(KeyId),
    /// A threshold of none, or of more people than there are.
    #[error("the threshold of {0} cannot be reached, or is zero")]
    Unreachable(&'static str),
    /// A grant names a key that the keyring does not hold.
    #[error("a grant names a key that is not among `keys`: {0}")]
    UnknownKey(KeyId),
    /// It lives longer than 400 days, or not at all.
    #[error("a keyring expires after it was issued, and at most 400 days after")]
    Life,
    /// A passkey's origin or RP ID is not as §5 wants it.
    #[error("a passkey's RP ID is the exact host of its origin: {0}")]
    Passkey(KeyId),
    /// A key is called independent and its screen is drawn by the server, or an approver file is not called independent.
    #[error("a key's `display` does not fit where it signs: {0}")]
    NotIndependent(KeyId),
    /// An address or host of the server is malformed.
    #[error("`{0}` is not an address of the required form")]
    Address(&'static str),
    /// Two witnesses have one name.
    #[error("two witnesses have the same name")]
    WitnessTwice,
}

impl From<KeyringError> for Refusal {
    fn from(_: KeyringError) -> Self {
        Self::not_authentic(Reason::KeyringInvalid)
    }
}

impl Keyring {
    /// The approver's key with this name.
    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&KeyEntry> {
        self.keys.iter().find(|entry| entry.id() == *id)
    }

    /// The server's key with this name.
    #[must_use]
    pub fn online_key(&self, id: &KeyId) -> Option<&WholeKey> {
        self.online.iter().find(|key| key.id() == *id)
    }

    /// SHA-256 of the canonical payload.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.encode())
    }
}
