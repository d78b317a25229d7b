//! The DSSE envelope (§4): exact bytes, their type, and who signed them. Decoding checks form and nothing about trust.

use crate::base64;
use crate::digest::Digest;
use crate::field::{FieldError, Members};
use crate::ids::KeyId;
use crate::json::{self, Builder, Value};
use crate::keys::{Ed25519Signer, P256Signer};
use crate::reason::{Reason, Refusal};

/// The largest payload, keyrings apart: 8 KiB.
pub const PAYLOAD_MAX: usize = 8 * 1024;
/// The largest envelope: 64 KiB. A keyring's payload is bounded by this alone.
pub const ENVELOPE_MAX: usize = 64 * 1024;
/// The most signatures in one envelope.
pub const SIGNATURES_MAX: usize = 16;

wire_names! {
    /// The type of a document: its full media type, which is part of what is signed.
    pub enum DocumentType as "payloadType" {
        /// A command.
        Command = "application/vnd.muster.command.v1+json",
        /// A keyring.
        Keyring = "application/vnd.muster.keyring.v1+json",
        /// A policy.
        Policy = "application/vnd.muster.policy.v1+json",
        /// A witness's clearance.
        Clearance = "application/vnd.muster.clearance.v1+json",
        /// A device's receipt.
        Receipt = "application/vnd.muster.receipt.v1+json",
        /// An enrolment statement.
        Enrolment = "application/vnd.muster.enrolment.v1+json",
        /// A program release.
        Program = "application/vnd.muster.program.v1+json",
    }
}

impl DocumentType {
    /// The largest payload of this type, in bytes.
    #[must_use]
    pub const fn payload_max(self) -> usize {
        match self {
            Self::Keyring => ENVELOPE_MAX,
            Self::Command
            | Self::Policy
            | Self::Clearance
            | Self::Receipt
            | Self::Enrolment
            | Self::Program => PAYLOAD_MAX,
        }
    }
}

/// One entry of an envelope. That a signature stands here says nothing about whether it verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// Over the signed bytes themselves: Ed25519, or ES256 by a device key.
    Plain {
        /// The signer's key.
        keyid: KeyId,
        /// 64 bytes, or DER.
        sig: Vec<u8>,
    },
    /// A WebAuthn assertion whose challenge is the command digest.
    WebAuthn {
        /// The signer's key.
        keyid: KeyId,
        /// Authenticator data.
        auth: Vec<u8>,
        /// Client data.
        client: Vec<u8>,
        /// DER.
        sig: Vec<u8>,
    },
}

impl Signature {
    /// The key that is said to have signed.
    #[must_use]
    pub const fn keyid(&self) -> &KeyId {
        match self {
            Self::Plain { keyid, .. } | Self::WebAuthn { keyid, .. } => keyid,
        }
    }

    fn read(value: Value) -> Result<Self, FieldError> {
        let mut members = Members::of("signatures", value)?;
        let keyid = members.parsed("keyid", KeyId::parse)?;
        let sig = members.bytes("sig")?;
        let signature = if members.has("auth") {
            let auth = members.bytes("auth")?;
            let client = members.bytes("client")?;
            Self::WebAuthn {
                keyid,
                auth,
                client,
                sig,
            }
        } else {
            Self::Plain { keyid, sig }
        };
        members.finish()?;
        Ok(signature)
    }

    fn value(&self) -> Value {
        let entry = Builder::new().text("keyid", self.keyid());
        match self {
            Self::Plain { sig, .. } => entry.with("sig", base64::encode(sig)).build(),
            Self::WebAuthn {
                auth, client, sig, ..
            } => entry
                .with("auth", base64::encode(auth))
                .with("client", base64::encode(client))
                .with("sig", base64::encode(sig))
                .build(),
        }
    }
}

/// Why a signature could not be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// This key has signed already.
    #[error("this key has signed already")]
    AlreadySigned,
    /// The envelope holds as many signatures as it may.
    #[error("an envelope holds at most {SIGNATURES_MAX} signatures")]
    Full,
}

/// A payload with its type and its signatures, sorted by key, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload: Vec<u8>,
    document_type: DocumentType,
    signatures: Vec<Signature>,
}

impl Envelope {
    /// An envelope that nobody has signed yet.
    #[must_use]
    pub const fn unsigned(document_type: DocumentType, payload: Vec<u8>) -> Self {
        Self {
            payload,
            document_type,
            signatures: Vec::new(),
        }
    }

    /// Decodes bytes that stand in a slot for `expected` documents. Sizes first, then the one encoding, then the type; the
    /// type is compared, never dispatched on.
    ///
    /// # Errors
    /// `too_large`, `bad_encoding`, `wrong_type` (§12 steps 1 and 2).
    pub fn decode(bytes: &[u8], expected: DocumentType) -> Result<Self, Refusal> {
        let bad_encoding = |_: FieldError| Refusal::not_authentic(Reason::BadEncoding);
        let too_large = Refusal::not_authentic(Reason::TooLarge);
        let value = json::parse_canonical(bytes, ENVELOPE_MAX)?;
        let mut members = Members::of("envelope", value).map_err(bad_encoding)?;
        let payload = members.text("payload").map_err(bad_encoding)?;
        let payload_type = members.text("payloadType").map_err(bad_encoding)?;
        let entries = members
            .array("signatures", usize::MAX)
            .map_err(bad_encoding)?;
        members.finish().map_err(bad_encoding)?;

        // Base64 has four characters for three bytes: the payload is measured before it is decoded.
        let payload_most = expected.payload_max().div_ceil(3).saturating_mul(4);
        if payload.len() > payload_most || entries.len() > SIGNATURES_MAX {
            return Err(too_large);
        }
        let payload =
            base64::decode(&payload).ok_or(Refusal::not_authentic(Reason::BadEncoding))?;
        if payload.len() > expected.payload_max() {
            return Err(too_large);
        }
        let signatures = entries
            .into_iter()
            .map(Signature::read)
            .collect::<Result<Vec<_>, _>>()
            .map_err(bad_encoding)?;
        if !signatures.is_sorted_by(|one, next| one.keyid() < next.keyid()) {
            return Err(Refusal::not_authentic(Reason::BadEncoding));
        }
        if payload_type != expected.as_str() {
            return Err(Refusal::not_authentic(Reason::WrongType));
        }
        Ok(Self {
            payload,
            document_type: expected,
            signatures,
        })
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let signatures: Vec<Value> = self.signatures.iter().map(Signature::value).collect();
        Builder::new()
            .with("payload", base64::encode(&self.payload))
            .text("payloadType", self.document_type)
            .with("signatures", signatures)
            .build()
            .encode()
    }

    /// The payload's exact bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The type.
    #[must_use]
    pub const fn document_type(&self) -> DocumentType {
        self.document_type
    }

    /// The entries, sorted by key.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        pae(self.document_type, &self.payload)
    }

    /// `cd`, or for other types the same digest of the signed bytes: the identity in journal, receipts and approvals.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.signed_bytes())
    }

    /// Adds a signature at its place.
    ///
    /// # Errors
    /// When the key has signed already, or the envelope is full.
    pub fn add(&mut self, signature: Signature) -> Result<(), AddError> {
        let place = self
            .signatures
            .binary_search_by(|entry| entry.keyid().cmp(signature.keyid()));
        match place {
            Ok(_) => Err(AddError::AlreadySigned),
            Err(_) if self.signatures.len() >= SIGNATURES_MAX => Err(AddError::Full),
            Err(at) => {
                self.signatures.insert(at, signature);
                Ok(())
            }
        }
    }

    /// Signs with an Ed25519 key.
    ///
    /// # Errors
    /// Those of [`Envelope::add`].
    pub fn sign_plain(&mut self, signer: &Ed25519Signer) -> Result<(), AddError> {
        let sig = signer.sign(&self.signed_bytes());
        self.add(Signature::Plain {
            keyid: signer.key_id(),
            sig,
        })
    }

    /// An envelope with the one ES256 signature of a device key: receipts and enrolment statements.
    #[must_use]
    pub fn by_device(document_type: DocumentType, payload: Vec<u8>, signer: &P256Signer) -> Self {
        let sig = signer.sign(&pae(document_type, &payload));
        let signatures = vec![Signature::Plain {
            keyid: signer.key_id(),
            sig,
        }];
        Self {
            payload,
            document_type,
            signatures,
        }
    }
}

/// DSSE's pre-authentication encoding: what is signed.
#[must_use]
pub fn pae(document_type: DocumentType, payload: &[u8]) -> Vec<u8> {
    let name = document_type.as_str();
    let mut bytes = format!("DSSEv1 {} {name} {} ", name.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// `cd` of a command's payload: SHA-256 of its signed bytes.
#[must_use]
pub fn command_digest(payload: &[u8]) -> Digest {
    Digest::of(&pae(DocumentType::Command, payload))
}

/// `ed`: SHA-256 of a sealed envelope's bytes, its identity in log and clearance.
#[must_use]
pub fn envelope_digest(bytes: &[u8]) -> Digest {
    Digest::of(bytes)
}
