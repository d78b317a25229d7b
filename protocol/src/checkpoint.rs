//! The log's leaves and its checkpoints (§14): C2SP signed notes with the log's signature and the witnesses' cosignatures.

use std::collections::BTreeMap;

use crate::base64;
use crate::digest::Digest;
use crate::field::FieldError;
use crate::field::Members;
use crate::json::{Builder, MAX_INT, Value};
use crate::keyring::Keyring;
use crate::keys::{Ed25519Key, Ed25519Signer};
use crate::merkle;
use crate::reason::{Reason, Refusal};
use crate::time::UnixTime;

/// The largest note, in bytes.
pub const NOTE_MAX: usize = 4 * 1024;
/// The most signature lines.
pub const LINES_MAX: usize = 16;

const SIGNATURE_TYPE: u8 = 0x01;
const COSIGNATURE_TYPE: u8 = 0x04;

wire_names! {
    /// What an entry of the log is.
    pub enum LogKind as "type" {
        /// A sealed command's envelope.
        Command = "command",
        /// A receipt's envelope.
        Receipt = "receipt",
        /// A keyring's envelope.
        Keyring = "keyring",
        /// A policy's envelope.
        Policy = "policy",
        /// An enrolment statement's envelope.
        Enrolment = "enrolment",
        /// A certificate, DER.
        Certificate = "certificate",
        /// A revocation.
        Revocation = "revocation",
        /// A clearance's envelope.
        Clearance = "clearance",
        /// A program release's envelope.
        Program = "program",
        /// An act of a member on the server.
        Admin = "admin",
    }
}

/// The bytes of a leaf: type and digest only, so that texts may be stored, and erased, apart.
#[must_use]
pub fn log_leaf(kind: LogKind, entry: &Digest) -> Vec<u8> {
    format!("muster-log/v1\n{kind}\n{entry}\n").into_bytes()
}

/// The hash of a leaf.
#[must_use]
pub fn log_leaf_hash(kind: LogKind, entry: &Digest) -> Digest {
    merkle::leaf_hash(&log_leaf(kind, entry))
}

/// Size and root, as receipts, statements and clearances carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHead {
    /// Leaves.
    pub size: u64,
    /// Root.
    pub root: Digest,
}

impl TreeHead {
    pub(crate) fn read(mut members: Members) -> Result<Self, FieldError> {
        let head = Self {
            size: members.int("size")?,
            root: members.digest("root")?,
        };
        members.finish()?;
        Ok(head)
    }

    pub(crate) fn value(self) -> Value {
        Builder::new()
            .text("root", self.root)
            .with("size", self.size)
            .build()
    }

    /// Whether the log of this size includes the entry at `index` (step 13).
    ///
    /// # Errors
    /// [`merkle::ProofError`].
    pub fn includes(
        &self,
        kind: LogKind,
        entry: &Digest,
        index: u64,
        hashes: &[Digest],
    ) -> Result<(), merkle::ProofError> {
        if hashes.len() > merkle::INCLUSION_MAX {
            return Err(merkle::ProofError::Malformed);
        }
        merkle::verify_inclusion(
            &log_leaf_hash(kind, entry),
            index,
            self.size,
            hashes,
            &self.root,
        )
    }
}

/// The three lines of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Size and root.
    pub head: TreeHead,
}

impl Checkpoint {
    /// The note's text: what the log signs.
    #[must_use]
    pub fn text(&self) -> String {
        let root = base64::encode(self.head.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, self.head.size)
    }

    fn cosigned_text(&self, at: UnixTime) -> String {
        format!("cosignature/v1\ntime {at}\n{}", self.text())
    }
}

/// One signature line. Lines of unknown keys are kept, so that what was received can be handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The key's name.
    pub name: String,
    /// The key's four-byte hash.
    pub key_id: [u8; 4],
    /// The signature, for a witness after its eight bytes of time.
    pub signature: Vec<u8>,
}

/// A checkpoint with its signature lines. That lines stand here says nothing about whether they verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// The three lines.
    pub checkpoint: Checkpoint,
    /// The signature lines, in the order received.
    pub lines: Vec<Line>,
}

/// A checkpoint that the log and enough witnesses signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The witnesses that cosigned it, with their times; of several lines of one witness, the latest.
    pub witnesses: BTreeMap<String, UnixTime>,
    /// The k-th largest of those times, where k is the keyring's threshold: what may raise the floor and what makes a phone
    /// fresh. None where no witness is required.
    pub witnessed_at: Option<UnixTime>,
}

/// What an accepted checkpoint is to the one held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// The held one again, perhaps with newer witness times.
    Same,
    /// A longer log, or the first one seen of this origin.
    Newer,
}

impl SignedCheckpoint {
    /// A checkpoint signed by its log.
    #[must_use]
    pub fn by_log(checkpoint: Checkpoint, log: &Ed25519Signer) -> Self {
        let line = Line {
            key_id: key_hash(&checkpoint.origin, SIGNATURE_TYPE, &log.verifying_key()),
            signature: log.sign(checkpoint.text().as_bytes()),
            name: checkpoint.origin.clone(),
        };
        Self {
            checkpoint,
            lines: vec![line],
        }
    }

    /// Adds a witness's cosignature.
    pub fn cosign(&mut self, name: &str, witness: &Ed25519Signer, at: UnixTime) {
        let mut signature = at.0.to_be_bytes().to_vec();
        signature.extend(witness.sign(self.checkpoint.cosigned_text(at).as_bytes()));
        let key_id = key_hash(name, COSIGNATURE_TYPE, &witness.verifying_key());
        self.lines.push(Line {
            name: name.to_owned(),
            key_id,
            signature,
        });
    }

    /// The note.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut note = format!("{}\n", self.checkpoint.text());
        for line in &self.lines {
            note.push_str(&Self::encode_line(line));
        }
        note
    }

    /// Reads a note: exactly three lines, a blank one, and 1–16 signature lines.
    ///
    /// # Errors
    /// `too_large` before anything is decoded, else `checkpoint_invalid`.
    pub fn decode(note: &[u8]) -> Result<Self, Refusal> {
        if note.len() > NOTE_MAX {
            return Err(Refusal::not_authentic(Reason::TooLarge));
        }
        let text = std::str::from_utf8(note).map_err(|_| invalid())?;
        let (body, signatures) = text.split_once("\n\n").ok_or_else(invalid)?;
        let mut parts = body.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid());
        };
        let root: [u8; 32] = base64::decode(root)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(invalid)?;
        let head = TreeHead {
            size: decimal(size).ok_or_else(invalid)?,
            root: Digest(root),
        };
        if !is_key_name(origin) {
            return Err(invalid());
        }
        let signatures = signatures.strip_suffix('\n').ok_or_else(invalid)?;
        let lines = signatures
            .split('\n')
            .map(Line::parse)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(invalid)?;
        if lines.len() > LINES_MAX {
            return Err(Refusal::not_authentic(Reason::TooLarge));
        }
        Ok(Self {
            checkpoint: Checkpoint {
                origin: origin.to_owned(),
                head,
            },
            lines,
        })
    }

    /// Whether this log signed it, whoever else did. For those who hold no keyring yet, and for witnesses, who come before the
    /// threshold is met.
    #[must_use]
    pub fn is_by(&self, log: &crate::keyring::Log) -> bool {
        let id = key_hash(&log.origin, SIGNATURE_TYPE, &log.key);
        let text = self.checkpoint.text();
        let mut theirs = self
            .lines
            .iter()
            .filter(|line| line.name == log.origin && line.key_id == id)
            .peekable();
        self.checkpoint.origin == log.origin
            && theirs.peek().is_some()
            && theirs.all(|line| log.key.verify(text.as_bytes(), &line.signature))
    }

    /// The witnesses of the keyring whose cosignatures on this note hold, however many there are.
    #[must_use]
    pub fn cosigners(&self, keyring: &Keyring) -> Vec<String> {
        let lenient = Keyring {
            witness: crate::keyring::Witnesses {
                threshold: 0,
                ..keyring.witness.clone()
            },
            ..keyring.clone()
        };
        self.verify(&lenient)
            .map(|verified| verified.witnesses.into_keys().collect())
            .unwrap_or_default()
    }

    /// Adds those lines of a witness's answer (C2SP tlog-witness: note signature lines) that are cosignatures of the keyring's
    /// witnesses over this checkpoint; answers how many witnesses have cosigned it by now. A witness's later word about the same
    /// tree takes the place of its earlier one: it says that the tree was still the newest then.
    pub fn add_cosignatures(&mut self, answer: &str, keyring: &Keyring) -> usize {
        for line in answer.lines().take(LINES_MAX).filter_map(Line::parse) {
            let name = line.name.clone();
            let mut tried = self.clone();
            let known = tried
                .lines
                .iter_mut()
                .find(|known| known.name == name && known.key_id == line.key_id);
            match known {
                Some(known) if line.stamp() > known.stamp() => *known = line,
                Some(_) => continue,
                None if self.lines.len() >= LINES_MAX => continue,
                // It has cosigned already: a line of another key under its name is nobody's.
                None if self.cosigners(keyring).contains(&name) => continue,
                None => tried.lines.push(line),
            }
            if tried.cosigners(keyring).contains(&name) {
                *self = tried;
            }
        }
        self.cosigners(keyring).len()
    }

    /// A signature line as it stands under a note, its line end included: what a witness answers (C2SP tlog-witness).
    #[must_use]
    pub fn encode_line(line: &Line) -> String {
        let blob = [line.key_id.as_slice(), &line.signature].concat();
        format!("\u{2014} {} {}\n", line.name, base64::encode(&blob))
    }

    /// Whether the keyring's log and at least its threshold of distinct witnesses signed. Lines of unknown keys are ignored; a
    /// known key with a bad signature fails the note.
    ///
    /// # Errors
    /// `checkpoint_invalid`.
    pub fn verify(&self, keyring: &Keyring) -> Result<VerifiedCheckpoint, Refusal> {
        if self.checkpoint.origin != keyring.log.origin {
            return Err(invalid());
        }
        let log_id = key_hash(&keyring.log.origin, SIGNATURE_TYPE, &keyring.log.key);
        let mut log_signed = false;
        let mut witnesses: BTreeMap<String, UnixTime> = BTreeMap::new();
        for line in &self.lines {
            if line.name == keyring.log.origin && line.key_id == log_id {
                let text = self.checkpoint.text();
                if !keyring.log.key.verify(text.as_bytes(), &line.signature) {
                    return Err(invalid());
                }
                log_signed = true;
            }
            let witness = keyring.witness.keys.iter().find(|witness| {
                line.name == witness.name
                    && line.key_id == key_hash(&witness.name, COSIGNATURE_TYPE, &witness.key)
            });
            if let Some(witness) = witness {
                let (time, signature) = line
                    .signature
                    .split_first_chunk::<8>()
                    .ok_or_else(invalid)?;
                let at = UnixTime(u64::from_be_bytes(*time));
                let text = self.checkpoint.cosigned_text(at);
                if at.0 > MAX_INT || !witness.key.verify(text.as_bytes(), signature) {
                    return Err(invalid());
                }
                let latest = witnesses.entry(witness.name.clone()).or_insert(at);
                *latest = at.max(*latest);
            }
        }
        let threshold = usize::try_from(keyring.witness.threshold).unwrap_or(usize::MAX);
        if !log_signed || witnesses.len() < threshold {
            return Err(invalid());
        }
        let mut times: Vec<UnixTime> = witnesses.values().copied().collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        let witnessed_at = threshold
            .checked_sub(1)
            .and_then(|at| times.get(at).copied());
        Ok(VerifiedCheckpoint {
            checkpoint: self.checkpoint.clone(),
            witnesses,
            witnessed_at,
        })
    }
}

impl VerifiedCheckpoint {
    /// What this checkpoint is to the newest one held. A log of another origin, which only a keyring can name, starts anew.
    ///
    /// # Errors
    /// `checkpoint_old` when it is smaller; `log_forked` for the same size with another root, which is proof of two logs;
    /// `log_inconsistent` when `consistency` does not prove the held one to be a prefix.
    pub fn advance(
        &self,
        held: Option<&Checkpoint>,
        consistency: &[Digest],
    ) -> Result<Advance, Refusal> {
        let Some(held) = held.filter(|held| held.origin == self.checkpoint.origin) else {
            return Ok(Advance::Newer);
        };
        let (old, new) = (&held.head, &self.checkpoint.head);
        match new.size.cmp(&old.size) {
            std::cmp::Ordering::Less => Err(Refusal::not_authentic(Reason::CheckpointOld)),
            std::cmp::Ordering::Equal if new.root == old.root => Ok(Advance::Same),
            std::cmp::Ordering::Equal => Err(Refusal::not_authentic(Reason::LogForked)),
            std::cmp::Ordering::Greater => {
                merkle::verify_consistency(old.size, &old.root, new.size, &new.root, consistency)
                    .map_err(|_| Refusal::not_authentic(Reason::LogInconsistent))?;
                Ok(Advance::Newer)
            }
        }
    }
}

impl Line {
    /// The eight bytes of time before a witness's signature.
    fn stamp(&self) -> Option<&[u8; 8]> {
        self.signature.first_chunk()
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let blob = base64::decode(blob)?;
        let (key_id, signature) = blob.split_first_chunk::<4>()?;
        let well_formed = is_key_name(name) && !signature.is_empty();
        well_formed.then(|| Self {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

/// Whether the text can name a key on a note (C2SP signed-note): not empty, no space, no plus, no control; here also at most
/// 128 bytes.
#[must_use]
pub fn is_key_name(text: &str) -> bool {
    let allowed =
        |character: char| !character.is_whitespace() && !character.is_control() && character != '+';
    (1..=128).contains(&text.len()) && text.chars().all(allowed)
}

/// The four bytes by which a note names a key (C2SP signed-note).
fn key_hash(name: &str, signature_type: u8, key: &Ed25519Key) -> [u8; 4] {
    let digest = Digest::of_parts(&[name.as_bytes(), b"\n", &[signature_type], key.raw()]);
    let [a, b, c, d, ..] = digest.0;
    [a, b, c, d]
}

fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text && number <= MAX_INT).then_some(number)
}

fn invalid() -> Refusal {
    Refusal::not_authentic(Reason::CheckpointInvalid)
}
