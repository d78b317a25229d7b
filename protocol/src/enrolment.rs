//! The enrolment statement (§13): who a phone says it is, what it pinned and how, signed by the key that is its enrolment id.

use crate::base64;
use crate::checkpoint::TreeHead;
use crate::curves::Portable;
use crate::digest::Digest;
use crate::envelope::{DocumentType, Envelope, PAYLOAD_MAX};
use crate::field::{FieldError, Members};
use crate::ids::{DeviceId, EnrolmentId, FleetId, OrganisationId, SerialNumber};
use crate::json::{self, Builder};
use crate::keys::{P256Key, P256Signer};
use crate::reason::{Reason, Refusal};
use crate::receipt::{KeyringRef, is_by_device};
use crate::time::UnixTime;

wire_names! {
    /// How the fleet fingerprint reached the phone (§3).
    pub enum PinManner as "pin" {
        /// Built in by the vendor.
        Image = "image",
        /// Typed, or scanned from a card of the offline machine.
        Manual = "manual",
        /// Trusted on first use.
        Tofu = "tofu",
    }
}

/// An enrolment statement's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// By the phone's clock and floor.
    pub at: UnixTime,
    /// The newest checkpoint that the phone holds.
    pub checkpoint: Option<TreeHead>,
    /// The pinned fleet fingerprint.
    pub descriptor: Digest,
    /// The record it enrolled as.
    pub device_id: DeviceId,
    /// Its device key, which signs this; the enrolment id is its hash.
    pub device_key: P256Key,
    /// The fleet.
    pub fleet: FleetId,
    /// The keyring it started from.
    pub keyring: KeyringRef,
    /// The pinned organisation.
    pub organisation: OrganisationId,
    /// How it came to its pin.
    pub pin: PinManner,
    /// The enrolment before, when this is a re-enrolment.
    pub previous: Option<EnrolmentId>,
    /// The handset's own serial.
    pub serial: SerialNumber,
    /// Its first TLS key.
    pub tls_key: P256Key,
}

impl Statement {
    /// The enrolment id: hash of the device key.
    #[must_use]
    pub fn enrolment(&self) -> EnrolmentId {
        self.device_key.enrolment_id()
    }

    /// The payload's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .with("at", self.at.0)
            .maybe("checkpoint", self.checkpoint.map(TreeHead::value))
            .text("descriptor", self.descriptor)
            .text("device_id", &self.device_id)
            .with("device_key", base64::encode(self.device_key.raw()))
            .text("enrolment", self.enrolment())
            .text("fleet", &self.fleet)
            .with("keyring", self.keyring.value())
            .text("organisation", &self.organisation)
            .text("pin", self.pin)
            .maybe("previous", self.previous.map(|id| id.to_string()))
            .text("serial", &self.serial)
            .with("tls_key", base64::encode(self.tls_key.raw()))
            .build()
            .encode()
    }

    /// The sealed envelope's bytes. `device_key` must be the private half of the statement's own.
    #[must_use]
    pub fn sign(&self, device_key: &P256Signer) -> Vec<u8> {
        Envelope::by_device(DocumentType::Enrolment, self.encode(), device_key).encode()
    }

    /// Reads a statement and verifies that the device key it names signed it and hashes to the enrolment id it names. Whether
    /// that is the enrolment of a certificate, the caller compares.
    ///
    /// # Errors
    /// `too_large`, `bad_encoding`, `wrong_type`, `unsupported_version`, `bad_field`, `bad_signature`.
    pub fn verify(envelope: &[u8]) -> Result<Self, Refusal> {
        let document = Envelope::decode(envelope, DocumentType::Enrolment)?;
        let value = json::parse_canonical(document.payload(), PAYLOAD_MAX)?;
        let mut members = Members::of("enrolment", value).map_err(FieldError::refusal)?;
        if members.int("v").map_err(FieldError::refusal)? != 1 {
            return Err(Refusal::not_authentic(Reason::UnsupportedVersion));
        }
        let statement = Self::read(members).map_err(FieldError::refusal)?;
        if is_by_device(&Portable, &document, &statement.device_key) {
            Ok(statement)
        } else {
            Err(Refusal::not_authentic(Reason::BadSignature))
        }
    }

    fn read(mut members: Members) -> Result<Self, FieldError> {
        let statement = Self {
            at: members.time("at")?,
            checkpoint: members.optional("checkpoint", |members, name| {
                TreeHead::read(members.object(name)?)
            })?,
            descriptor: members.digest("descriptor")?,
            device_id: members.parsed("device_id", DeviceId::parse)?,
            device_key: P256Key::from_raw(&members.bytes("device_key")?)?,
            fleet: members.parsed("fleet", FleetId::parse)?,
            keyring: KeyringRef::read(members.object("keyring")?)?,
            organisation: members.parsed("organisation", OrganisationId::parse)?,
            pin: members.parsed("pin", str::parse::<PinManner>)?,
            previous: members.optional("previous", |members, name| {
                members.parsed(name, EnrolmentId::parse)
            })?,
            serial: members.parsed("serial", SerialNumber::parse)?,
            tls_key: P256Key::from_raw(&members.bytes("tls_key")?)?,
        };
        let enrolment = members.parsed("enrolment", EnrolmentId::parse)?;
        members.finish()?;
        if enrolment == statement.enrolment() && statement.tls_key != statement.device_key {
            Ok(statement)
        } else {
            Err(FieldError::Invalid("enrolment"))
        }
    }
}
