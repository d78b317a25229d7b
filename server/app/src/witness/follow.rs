//! What a witness learnt of one fleet's log. Entries come in order, a page at a time; nothing of a page is believed unless the
//! tree with all of it is the tree of a note of the log's key, or provably the beginning of that.

use std::collections::BTreeMap;

use muster_audit::frontier::{Frontier, StoredFrontier};
use muster_protocol::authority;
use muster_protocol::base64;
use muster_protocol::checkpoint::{LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use muster_protocol::command::{Args, Command, Kind};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keyring::{HeldKeyring, Log, Update, verify_chain, verify_update};
use muster_protocol::merkle;
use muster_protocol::target::TargetTree;
use muster_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::shapes::{FedEntry, FedLeaf, Feed, Followed, KEYRINGS};

/// How long a command that ran out is remembered, seconds.
const FORGET_AFTER: u64 = 7 * 86_400;

/// Commands, cancelled commands and phones under hold that are remembered, of each. Whoever holds the log's key writes into the log
/// what they like, and must not fill the memory that other fleets share.
const REMEMBERED: usize = 100_000;

/// How long a cancel is remembered, seconds: longer than any command lives that was signed before it.
const CANCEL_FORGET_AFTER: u64 = 400 * 86_400;

/// Trees remembered: a phone is cleared under one that its server hands out, and the log grows meanwhile.
const HEADS: usize = 64;

/// One fleet as a witness knows it.
#[derive(Clone)]
pub struct Fleet {
    /// The pinned descriptor.
    pub descriptor: Descriptor,
    /// The tree so far.
    pub frontier: Frontier,
    /// The name of the log whose tree that is.
    pub origin: Option<String>,
    /// The newest keyring in the log.
    pub keyring: Option<HeldKeyring>,
    /// The newest keyring it knows of: by it everything is judged, and while the log lacks it nothing is cleared.
    pub newest: Option<HeldKeyring>,
    /// The trees at the ends of the last batches, the newest last: what a clearance may name.
    pub heads: Vec<(u64, String)>,
    /// Commands by the digests of their envelopes, hex: where each stands, when the witness saw it first, when it runs out.
    pub seen: BTreeMap<String, Seen>,
    /// Digests of commands that a cancel named, hex.
    pub cancelled: BTreeMap<String, u64>,
    /// Holds by their command digests, hex.
    pub holds: BTreeMap<String, Hold>,
    /// A reason why nothing can be cleared: an entry came without what a witness must see of it.
    pub blind: Option<String>,
}

/// A command in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number in the log.
    pub index: u64,
    /// By the witness's clock, Unix seconds.
    pub at: u64,
    /// Unix seconds.
    pub expires_at: u64,
}

/// A hold and the phones it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Unix seconds.
    pub until: u64,
    /// The phones; `None` when nobody told, and then every phone of the fleet is held.
    pub phones: Option<Vec<FedLeaf>>,
}

/// How a fleet stands in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredFleet {
    v: u8,
    descriptor: String,
    frontier: StoredFrontier,
    #[serde(default)]
    origin: Option<String>,
    keyring: Option<String>,
    #[serde(default)]
    newest: Option<String>,
    heads: Vec<(u64, String)>,
    seen: BTreeMap<String, Seen>,
    cancelled: BTreeMap<String, u64>,
    holds: BTreeMap<String, Hold>,
    blind: Option<String>,
}

/// Why a batch was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It begins elsewhere than the witness stands, or at keyrings that it has or cannot follow: what it says itself tells.
    Elsewhere,
    /// The log's key did not sign the note.
    Unsigned,
    /// It does not prove itself.
    Unproven(&'static str),
}

impl Fleet {
    /// A fleet whose log has not been seen.
    #[must_use]
    pub fn new(descriptor: Descriptor) -> Self {
        Self {
            descriptor,
            frontier: Frontier::default(),
            origin: None,
            keyring: None,
            newest: None,
            heads: Vec::new(),
            seen: BTreeMap::new(),
            cancelled: BTreeMap::new(),
            holds: BTreeMap::new(),
            blind: None,
        }
    }

    /// The tree it knows.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    /// The tree of this size, if a batch lately ended there.
    #[must_use]
    pub fn head_at(&self, size: u64) -> Option<TreeHead> {
        let (_, root) = self.heads.iter().find(|(known, _)| *known == size)?;
        Some(TreeHead {
            size,
            root: Digest::parse(root).ok()?,
        })
    }

    /// How far it has come.
    #[must_use]
    pub fn followed(&self) -> Followed {
        Followed {
            size: self.frontier.size(),
            keyring: self.newest.as_ref().map_or(0, |held| held.keyring.version),
        }
    }

    /// The log's name and key by the newest keyring.
    #[must_use]
    pub fn log(&self) -> Option<&Log> {
        self.newest.as_ref().map(|held| &held.keyring.log)
    }

    /// This fleet with those of the keyrings (base64) that follow from what it knows; the others change nothing. A keyring that
    /// names another log begins a new tree (PROTOCOL §14): what was cancelled and held stays so.
    #[must_use]
    pub fn taught(&self, keyrings: &[String]) -> Self {
        let mut next = self.clone();
        for text in keyrings.iter().take(KEYRINGS) {
            let Some(envelope) = base64::decode(text) else {
                continue;
            };
            if let Some(held) = next.following(next.newest.as_ref(), envelope) {
                next.newest = Some(held);
            }
        }
        let origin = next.log().map(|log| log.origin.clone());
        if next.origin.is_some() && next.origin != origin {
            next.frontier = Frontier::default();
            next.heads.clear();
            next.seen.clear();
            next.keyring = None;
            next.blind = None;
        }
        next.origin = origin;
        next
    }

    /// This fleet with the entries of `feed`, learnt at `now`. Its keyrings were taken before ([`Self::taught`]).
    ///
    /// # Errors
    /// [`Refused`]; nothing was learnt.
    pub fn taking(&self, feed: &Feed, now: UnixTime) -> Result<Self, Refused> {
        let note = SignedCheckpoint::decode(feed.note.as_bytes())
            .map_err(|_| Refused::Unproven("the note does not read"))?;
        let Some(log) = self.log() else {
            return Err(Refused::Unsigned);
        };
        // Before anything is read that was not signed: only who holds the log's key gets further.
        if !note.is_by(log) {
            return Err(Refused::Unsigned);
        }
        if feed.from != self.frontier.size() {
            return Err(Refused::Elsewhere);
        }
        let mut next = self.clone();
        for entry in &feed.entries {
            next.learn(entry, now)
                .ok_or(Refused::Unproven("an entry does not read"))?;
        }
        let (head, whole) = (next.head(), note.checkpoint.head);
        let proof: Result<Vec<Digest>, _> = feed
            .consistency
            .iter()
            .take(merkle::CONSISTENCY_MAX)
            .map(|hash| Digest::parse(hash))
            .collect();
        let proof = proof.map_err(|_| Refused::Unproven("the proof does not read"))?;
        merkle::verify_consistency(head.size, &head.root, whole.size, &whole.root, &proof)
            .map_err(|_| Refused::Unproven("the entries do not lead to the note's root"))?;
        let is_new = next.heads.last().is_none_or(|(size, _)| *size != head.size);
        if head.size == whole.size && is_new {
            next.heads.push((head.size, head.root.to_hex()));
            if next.heads.len() > HEADS {
                next.heads.remove(0);
            }
        }
        next.forget(now);
        Ok(next)
    }

    fn learn(&mut self, entry: &FedEntry, now: UnixTime) -> Option<()> {
        let kind: LogKind = entry.kind.parse().ok()?;
        let digest = Digest::parse(&entry.digest).ok()?;
        let bytes = match &entry.bytes {
            Some(text) => Some(base64::decode(text)?),
            None => None,
        };
        if bytes
            .as_ref()
            .is_some_and(|bytes| Digest::of(bytes) != digest)
        {
            return None;
        }
        let index = self.frontier.size();
        self.frontier.push(log_leaf_hash(kind, &digest));
        match (kind, bytes) {
            (LogKind::Keyring, Some(bytes)) => self.keyring_entry(bytes),
            (LogKind::Command, Some(bytes)) => {
                self.command((index, &bytes, &digest), &entry.leaves, now);
            }
            (LogKind::Keyring | LogKind::Command, None) => {
                // It might be a cancel, a hold, or a keyring without an approver: from now on nothing is sure.
                self.blind
                    .get_or_insert_with(|| format!("entry {index} came without its bytes"));
            }
            (
                LogKind::Receipt
                | LogKind::Policy
                | LogKind::Enrolment
                | LogKind::Certificate
                | LogKind::Revocation
                | LogKind::Clearance
                | LogKind::Program
                | LogKind::Admin,
                _,
            ) => {}
        }
        Some(())
    }

    /// A keyring that does not follow from the pin is rubbish in the log, and changes nothing.
    fn keyring_entry(&mut self, envelope: Vec<u8>) {
        if let Some(next) = self.following(self.keyring.as_ref(), envelope) {
            let known = self.newest.as_ref().map_or(0, |held| held.keyring.version);
            if next.keyring.version > known {
                self.newest = Some(next.clone());
            }
            self.keyring = Some(next);
        }
    }

    /// The keyring after `held`, or the first from the pin.
    fn following(&self, held: Option<&HeldKeyring>, envelope: Vec<u8>) -> Option<HeldKeyring> {
        match held {
            Some(held) => match verify_update(held, &envelope) {
                Ok(Update::Next(next)) => Some(*next),
                Ok(Update::Same) | Err(_) => None,
            },
            None => {
                let first = Descriptor {
                    keyring_version: 1,
                    ..self.descriptor.clone()
                };
                // An expired keyring may have a successor further on; clearing asks again.
                verify_chain(&first, &[envelope], UnixTime(0)).ok()
            }
        }
    }

    fn command(
        &mut self,
        (index, bytes, ed): (u64, &[u8], &Digest),
        leaves: &[FedLeaf],
        now: UnixTime,
    ) {
        let Ok(envelope) = Envelope::decode(bytes, DocumentType::Command) else {
            return;
        };
        let Ok(command) = Command::decode(envelope.payload()) else {
            return;
        };
        let seen = Seen {
            index,
            at: now.0,
            expires_at: command.expires_at.0,
        };
        // Nothing else is ever cleared.
        if command.kind().needs_log() {
            self.seen.entry(ed.to_hex()).or_insert(seen);
        }
        let cd = envelope.digest().to_hex();
        match &command.args {
            // Who signed a cancel or a hold is not asked: a false one can only keep a phone whole.
            Args::Cancel { lifts } => {
                self.cancelled
                    .extend(lifts.iter().map(|cd| (cd.to_hex(), now.0)));
            }
            Args::Hold { until, .. } => {
                let phones = named(leaves, &command);
                self.holds.insert(
                    cd,
                    Hold {
                        until: until.0,
                        phones,
                    },
                );
            }
            Args::Release { lifts } if self.is_authorised(&command, &envelope) => {
                if let Some(released) = named(leaves, &command) {
                    for hold in lifts {
                        self.release(&hold.to_hex(), &released);
                    }
                }
            }
            Args::Release { .. }
            | Args::Notice { .. }
            | Args::Refresh
            | Args::RotateKey
            | Args::Lock
            | Args::Suspend { .. }
            | Args::Resume { .. }
            | Args::Message { .. }
            | Args::Unlock { .. }
            | Args::LockFleet { .. }
            | Args::Kill
            | Args::Transfer { .. }
            | Args::Wipe => {}
        }
    }

    fn is_authorised(&self, command: &Command, envelope: &Envelope) -> bool {
        self.newest
            .as_ref()
            .is_some_and(|held| authority::authorise(&held.keyring, command, envelope).is_ok())
    }

    fn release(&mut self, hold: &str, released: &[FedLeaf]) {
        let Some(held) = self.holds.get_mut(hold) else {
            return;
        };
        // Of a hold whose phones nobody told, nothing can be taken away.
        if let Some(phones) = &mut held.phones {
            phones.retain(|phone| !released.contains(phone));
            if phones.is_empty() {
                self.holds.remove(hold);
            }
        }
    }

    /// Whether a hold in the log covers the phone.
    #[must_use]
    pub fn is_held(&self, phone: &FedLeaf, now: UnixTime) -> bool {
        let covers = |hold: &Hold| match &hold.phones {
            None => true,
            // A hold is on the handset: a new enrolment does not shed it.
            Some(phones) => phones
                .iter()
                .any(|held| held.serial == phone.serial || held.device == phone.device),
        };
        self.holds
            .values()
            .any(|hold| now.0 < hold.until && covers(hold))
    }

    fn forget(&mut self, now: UnixTime) {
        let after = |expires: u64| now.0 < expires.saturating_add(FORGET_AFTER);
        self.seen.retain(|_, seen| after(seen.expires_at));
        self.holds.retain(|_, hold| after(hold.until));
        self.cancelled
            .retain(|_, at| now.0 < at.saturating_add(CANCEL_FORGET_AFTER));
        let held: usize = self
            .holds
            .values()
            .map(|hold| 1 + hold.phones.as_ref().map_or(0, Vec::len))
            .sum();
        if self.seen.len() > REMEMBERED || self.cancelled.len() > REMEMBERED || held > REMEMBERED {
            // What is forgotten might have spoken against a clearance: from now on none is given.
            self.blind
                .get_or_insert_with(|| "the log holds more than it can remember".to_owned());
            self.seen.clear();
            self.cancelled.clear();
            self.holds.clear();
        }
    }

    /// For its file.
    #[must_use]
    pub fn stored(&self) -> StoredFleet {
        StoredFleet {
            v: 1,
            descriptor: base64::encode(&self.descriptor.encode()),
            frontier: self.frontier.stored(),
            origin: self.origin.clone(),
            keyring: encoded(self.keyring.as_ref()),
            newest: encoded(self.newest.as_ref()),
            heads: self.heads.clone(),
            seen: self.seen.clone(),
            cancelled: self.cancelled.clone(),
            holds: self.holds.clone(),
            blind: self.blind.clone(),
        }
    }

    /// From its file; `None` when it does not read.
    #[must_use]
    pub fn from_stored(stored: StoredFleet) -> Option<Self> {
        let held = |text: &Option<String>| match text {
            Some(text) => HeldKeyring::from_stored(base64::decode(text)?)
                .ok()
                .map(Some),
            None => Some(None),
        };
        let keyring = held(&stored.keyring)?;
        Some(Self {
            descriptor: Descriptor::decode(&base64::decode(&stored.descriptor)?).ok()?,
            frontier: Frontier::from_stored(&stored.frontier)?,
            origin: stored.origin,
            newest: held(&stored.newest)?.or_else(|| keyring.clone()),
            keyring,
            heads: stored.heads,
            seen: stored.seen,
            cancelled: stored.cancelled,
            holds: stored.holds,
            blind: stored.blind,
        })
    }
}

fn encoded(held: Option<&HeldKeyring>) -> Option<String> {
    held.map(|held| base64::encode(&held.envelope))
}

/// The phones that were sent with a command, if they are the command's own.
fn named(leaves: &[FedLeaf], command: &Command) -> Option<Vec<FedLeaf>> {
    let read: Result<Vec<_>, _> = leaves.iter().map(FedLeaf::read).collect();
    let tree = TargetTree::build(read.ok()?).ok()?;
    (tree.targets() == command.targets).then(|| leaves.to_vec())
}

/// Whether a kind needs its phones told: a witness must know whom a hold covers.
#[must_use]
pub fn needs_leaves(kind: Kind) -> bool {
    matches!(kind, Kind::Hold | Kind::Release)
}
