//! C2SP tlog-witness: a checkpoint is cosigned when it follows from the one cosigned last.

use muster_protocol::base64;
use muster_protocol::checkpoint::{Checkpoint, SignedCheckpoint};
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Log;
use muster_protocol::merkle;
use muster_protocol::time::UnixTime;

use super::key::WitnessKey;

/// A request to cosign.
#[derive(Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the log believes the witness cosigned last.
    pub old: u64,
    /// The proof from there.
    pub consistency: Vec<Digest>,
    /// The note.
    pub note: SignedCheckpoint,
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// 403: the log's key did not sign it.
    Unsigned,
    /// 400: the old size is larger than the checkpoint's.
    Backwards,
    /// 409: the witness cosigned another size last: this one.
    OtherSize(u64),
    /// 409: the same size with another root: proof of two logs.
    Forked,
    /// 422: the proof does not hold.
    Inconsistent,
}

impl AddCheckpoint {
    /// Reads a request's body; `None` when it is malformed.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let (head, note) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ")?;
        let number: u64 = old.parse().ok()?;
        let consistency = lines
            .map(|line| {
                let hash: [u8; 32] = base64::decode(line)?.try_into().ok()?;
                Some(Digest(hash))
            })
            .collect::<Option<Vec<_>>>()?;
        let fits = number.to_string() == old && consistency.len() <= merkle::CONSISTENCY_MAX;
        let note = SignedCheckpoint::decode(note.as_bytes()).ok()?;
        fits.then_some(Self {
            old: number,
            consistency,
            note,
        })
    }

    /// The body of a request.
    #[must_use]
    pub fn encode(old: u64, consistency: &[Digest], note: &str) -> String {
        let hashes: String = consistency
            .iter()
            .map(|hash| base64::encode(hash.as_bytes()) + "\n")
            .collect();
        format!("old {old}\n{hashes}\n{note}")
    }

    /// Whether the checkpoint follows from `last`, which the witness cosigned before.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn judge(&self, log: &Log, last: Option<&Checkpoint>) -> Result<(), Refused> {
        let new = self.note.checkpoint.head;
        if !self.note.is_by(log) {
            return Err(Refused::Unsigned);
        }
        if self.old > new.size {
            return Err(Refused::Backwards);
        }
        let last = last.map(|last| last.head);
        let known = last.map_or(0, |last| last.size);
        if self.old != known {
            return Err(Refused::OtherSize(known));
        }
        if let Some(last) = last
            && last.size == new.size
            && last.root != new.root
        {
            return Err(Refused::Forked);
        }
        let old_root = last.map_or_else(merkle::empty_root, |last| last.root);
        merkle::verify_consistency(known, &old_root, new.size, &new.root, &self.consistency)
            .map_err(|_| Refused::Inconsistent)
    }

    /// The witness's line for the note.
    #[must_use]
    pub fn cosignature(&self, key: &WitnessKey, now: UnixTime) -> String {
        let mut note = self.note.clone();
        note.cosign(&key.name, &key.signer, now);
        note.lines
            .last()
            .map(SignedCheckpoint::encode_line)
            .unwrap_or_default()
    }
}
