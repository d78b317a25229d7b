//! Clearances (§14): a witness's word, given to one phone for one envelope and one nonce, that it saw the command in the log and
//! knows no reason to stop it. Proof of freshness without a clock.

use crate::checkpoint::TreeHead;
use crate::digest::Digest;
use crate::envelope::{DocumentType, Envelope, PAYLOAD_MAX, Signature};
use crate::field::{FieldError, Members};
use crate::ids::{EnrolmentId, FleetId, KeyId};
use crate::json::{self, Builder};
use crate::keyring::Keyring;
use crate::keys::{Ed25519Signer, PublicKey};
use crate::reason::{Reason, Refusal};
use crate::time::UnixTime;

/// A clearance's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearance {
    /// The witness's time.
    pub at: UnixTime,
    /// The log in which it saw the envelope.
    pub checkpoint: TreeHead,
    /// The envelope's digest.
    pub ed: Digest,
    /// The phone.
    pub enrolment: EnrolmentId,
    /// The fleet.
    pub fleet: FleetId,
    /// The newest keyring version in the log.
    pub keyring: u64,
    /// The phone's own 32 random bytes.
    pub nonce: Digest,
}

/// What a phone expects of a clearance, from its own state.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The envelope to be cleared.
    pub ed: &'a Digest,
    /// This enrolment.
    pub enrolment: &'a EnrolmentId,
    /// The present nonce.
    pub nonce: &'a Digest,
}

/// A clearance that holds, by one witness. Distinct witnesses are counted by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared {
    /// Who cleared it.
    pub witness: KeyId,
    /// What it says. The caller verifies the envelope's inclusion in this checkpoint, and that it agrees with the phone's.
    pub clearance: Clearance,
}

impl Clearance {
    /// The payload's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .with("at", self.at.0)
            .with("checkpoint", self.checkpoint.value())
            .text("ed", self.ed)
            .text("enrolment", self.enrolment)
            .text("fleet", &self.fleet)
            .with("keyring", self.keyring)
            .text("nonce", self.nonce)
            .build()
            .encode()
    }

    /// The sealed envelope's bytes.
    #[must_use]
    pub fn sign(&self, witness: &Ed25519Signer) -> Vec<u8> {
        let mut envelope = Envelope::unsigned(DocumentType::Clearance, self.encode());
        // The first signature of an empty envelope always fits.
        let _ = envelope.sign_plain(witness);
        envelope.encode()
    }

    /// Judges a clearance.
    ///
    /// # Errors
    /// All deferred: `keyring_behind` when the witness knows a newer keyring than this phone; `no_clearance` for everything
    /// else, as a clearance that does not hold is none.
    pub fn verify(
        envelope: &[u8],
        keyring: &Keyring,
        expected: &Expected<'_>,
    ) -> Result<Cleared, Refusal> {
        let none = Refusal::deferred(Reason::NoClearance);
        let cleared = Self::by_witness(envelope, keyring).ok_or(none)?;
        let clearance = &cleared.clearance;
        let is_for_us = clearance.enrolment == *expected.enrolment
            && clearance.ed == *expected.ed
            && clearance.nonce == *expected.nonce;
        if !is_for_us {
            return Err(none);
        }
        if clearance.keyring > keyring.version {
            return Err(Refusal::deferred(Reason::KeyringBehind));
        }
        Ok(cleared)
    }

    /// Reads a clearance of this keyring's fleet and verifies that one of its witnesses signed it; for whom and what it is,
    /// the caller compares.
    #[must_use]
    pub fn by_witness(envelope: &[u8], keyring: &Keyring) -> Option<Cleared> {
        let document = Envelope::decode(envelope, DocumentType::Clearance).ok()?;
        let clearance = Self::decode(document.payload()).ok()?;
        let [Signature::Plain { keyid, sig }] = document.signatures() else {
            return None;
        };
        let is_witness = keyring.witness.keys.iter().any(|witness| {
            PublicKey::Ed25519(witness.key).key_id() == *keyid
                && witness.key.verify(&document.signed_bytes(), sig)
        });
        (is_witness && clearance.fleet == keyring.fleet).then_some(Cleared {
            witness: *keyid,
            clearance,
        })
    }

    /// Reads the payload without asking who signed.
    ///
    /// # Errors
    /// The member that is wrong.
    pub fn decode(payload: &[u8]) -> Result<Self, FieldError> {
        let value = json::parse_canonical(payload, PAYLOAD_MAX)
            .map_err(|_| FieldError::Invalid("clearance"))?;
        let mut members = Members::of("clearance", value)?;
        members.int_within("v", 1, 1)?;
        let clearance = Self {
            at: members.time("at")?,
            checkpoint: TreeHead::read(members.object("checkpoint")?)?,
            ed: members.digest("ed")?,
            enrolment: members.parsed("enrolment", EnrolmentId::parse)?,
            fleet: members.parsed("fleet", FleetId::parse)?,
            keyring: members.int("keyring")?,
            nonce: members.digest("nonce")?,
        };
        members.finish()?;
        Ok(clearance)
    }
}
