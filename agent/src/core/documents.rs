//! The documents of a bundle, before its commands: keyrings one step at a time (PROTOCOL §5), then the checkpoint (§14),
//! then the policy (§9). A document that is refused changes nothing and is kept as evidence.

use muster_protocol::base64;
use muster_protocol::bundle::Bundle;
use muster_protocol::checkpoint::{Checkpoint, SignedCheckpoint};
use muster_protocol::digest::Digest;
use muster_protocol::keyring::{STEPS_MAX, Update, verify_update};
use muster_protocol::policy::Policy;
use muster_protocol::reason::{Reason, Refusal};
use muster_protocol::receipt::KeyringRef;
use muster_protocol::time::{UnixTime, raised_floor};

use super::Core;
use crate::state::HeldCheckpoint;

impl Core {
    /// Takes the documents of a bundle; the codes of those that were refused.
    pub fn take_documents(&mut self, bundle: &Bundle) -> Vec<Reason> {
        let mut refused = Vec::new();
        for envelope in bundle.keyrings.iter().take(STEPS_MAX) {
            if let Err(reason) = self.take_keyring(envelope) {
                self.state.keep_evidence(reason, envelope);
                refused.push(reason);
                // What follows builds on the one refused.
                break;
            }
        }
        if let Some(offered) = &bundle.checkpoint
            && let Err(reason) = self.take_checkpoint(&offered.note, &offered.consistency)
        {
            self.state.keep_evidence(reason, offered.note.as_bytes());
            refused.push(reason);
        }
        if let Some(envelope) = &bundle.policy
            && let Err(reason) = self.take_policy(envelope)
        {
            self.state.keep_evidence(reason, envelope);
            refused.push(reason);
        }
        refused
    }

    /// Takes what is newer in a chain that another server of the fleet offers. What this phone has behind it needs no second
    /// look; at most [`STEPS_MAX`] steps are taken at once (PROTOCOL §5).
    pub fn take_chain(&mut self, chain: &[Vec<u8>]) {
        let held = self.keyring.keyring.version;
        for envelope in chain {
            if self.keyring.keyring.version.saturating_sub(held) >= STEPS_MAX as u64 {
                return;
            }
            match self.take_keyring(envelope) {
                Ok(()) | Err(Reason::KeyringRollback) => {}
                Err(reason) => {
                    self.state.keep_evidence(reason, envelope);
                    return;
                }
            }
        }
    }

    fn take_keyring(&mut self, envelope: &[u8]) -> Result<(), Reason> {
        let next = match verify_update(&self.keyring, envelope).map_err(|refusal| refusal.reason)? {
            Update::Same => return Ok(()),
            Update::Next(next) => *next,
        };
        if next.keyring.log.origin != self.keyring.keyring.log.origin {
            // A new log: the tree starts again, and a fork of the old one is settled.
            self.state.checkpoint = None;
            self.state.fork = None;
        }
        self.state.keyring = base64::encode(&next.envelope);
        self.raise_floor(next.keyring.issued_at, next.keyring.expires_at);
        self.keyring = next;
        Ok(())
    }

    fn take_checkpoint(&mut self, note: &str, consistency: &[Digest]) -> Result<(), Reason> {
        let keyring = &self.keyring.keyring;
        let signed = SignedCheckpoint::decode(note.as_bytes()).map_err(|refusal| refusal.reason)?;
        let verified = signed.verify(keyring).map_err(|refusal| refusal.reason)?;
        let held = self.state.checkpoint.as_ref();
        let known = held.map(|held| Checkpoint {
            origin: held.origin.clone(),
            head: held.head(),
        });
        if let Err(Refusal { reason, .. }) = verified.advance(known.as_ref(), consistency) {
            if reason == Reason::LogForked
                && let Some(held) = held
            {
                // Both fully signed: proof that the log shows two faces.
                self.state.fork = Some([held.note.clone(), note.to_owned()]);
            }
            return Err(reason);
        }
        let expires_at = keyring.expires_at;
        let Checkpoint { origin, head } = verified.checkpoint;
        self.state.checkpoint = Some(HeldCheckpoint {
            origin,
            size: head.size,
            root: head.root,
            note: note.to_owned(),
        });
        if let Some(time) = verified.witnessed_at {
            self.raise_floor(time, expires_at);
        }
        Ok(())
    }

    fn take_policy(&mut self, envelope: &[u8]) -> Result<(), Reason> {
        let pin = self.state.pin.as_ref().ok_or(Reason::PolicyInvalid)?;
        let held = Policy::verify(
            envelope,
            &self.keyring.keyring,
            &pin.organisation,
            self.policy.as_ref(),
        )
        .map_err(|refusal| refusal.reason)?;
        self.state.policy = Some(base64::encode(envelope));
        self.policy = Some(held);
        Ok(())
    }

    fn raise_floor(&mut self, candidate: UnixTime, expires_at: UnixTime) {
        self.state.floor = raised_floor(UnixTime(self.state.floor), candidate, expires_at).0;
    }

    /// The keyring as receipts and statements name it.
    #[must_use]
    pub fn keyring_reference(&self) -> KeyringRef {
        KeyringRef {
            digest: self.keyring.digest,
            version: self.keyring.keyring.version,
        }
    }
}
