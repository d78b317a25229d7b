//! The fleet descriptor (§3): the one document that is not signed but named by its hash, which the phone pins. It fixes the
//! fleet, its first root and the organisation that commands the phone.

use crate::digest::Digest;
use crate::envelope::PAYLOAD_MAX;
use crate::field::{FieldError, Members};
use crate::ids::{FleetId, OrganisationId};
use crate::json::{self, Builder};
use crate::keyring::{KeyringError, Root};
use crate::reason::{Reason, Refusal};

/// What a phone pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The fleet.
    pub fleet: FleetId,
    /// The organisation that commands the phone.
    pub organisation: OrganisationId,
    /// The least keyring version a phone may start from.
    pub keyring_version: u64,
    /// The root that the chain of keyrings starts from.
    pub root: Root,
}

impl Descriptor {
    /// Decodes and checks a descriptor, whoever it is from.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyringError> {
        let value = json::parse_canonical(bytes, PAYLOAD_MAX).map_err(KeyringError::Encoding)?;
        let mut members = Members::of("descriptor", value)?;
        members.int_within("v", 1, 1)?;
        let descriptor = Self {
            fleet: members.parsed("fleet", FleetId::parse)?,
            organisation: members.parsed("organisation", OrganisationId::parse)?,
            keyring_version: members.int_within("keyring_version", 1, json::MAX_INT)?,
            root: Root::read(members.object("root")?)?,
        };
        members.finish()?;
        descriptor.check()?;
        Ok(descriptor)
    }

    /// Decodes the descriptor that has this fingerprint. The bytes are hashed before they are read.
    ///
    /// # Errors
    /// `pin_mismatch` for every other descriptor, and for one that hashes right and breaks a rule.
    pub fn pinned(bytes: &[u8], fingerprint: &Digest) -> Result<Self, Refusal> {
        let mismatch = Refusal::not_authentic(Reason::PinMismatch);
        if Digest::of(bytes) != *fingerprint {
            return Err(mismatch);
        }
        Self::decode(bytes).map_err(|_| mismatch)
    }

    /// The rules a descriptor keeps: its root is sound and its threshold can be reached.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), KeyringError> {
        if self.keyring_version == 0 || self.keyring_version > json::MAX_INT {
            return Err(FieldError::Invalid("keyring_version").into());
        }
        self.root.check()
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .text("fleet", &self.fleet)
            .text("organisation", &self.organisation)
            .with("keyring_version", self.keyring_version)
            .with("root", self.root.value())
            .build()
            .encode()
    }

    /// The fleet fingerprint: SHA-256 of the canonical bytes.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.encode())
    }
}
