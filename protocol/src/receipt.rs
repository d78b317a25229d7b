//! Receipts (§15): what became of a command, signed by the device key whose hash the approvers signed. So nobody but that phone
//! can say "done".

use crate::checkpoint::TreeHead;
use crate::curves::{Curves, Portable};
use crate::digest::Digest;
use crate::envelope::{DocumentType, Envelope, PAYLOAD_MAX, Signature};
use crate::field::{FieldError, Members};
use crate::ids::{EnrolmentId, FleetId};
use crate::json::{self, Builder, Value};
use crate::keys::{P256Key, P256Signer, PublicKey};
use crate::reason::{Reason, Refusal};
use crate::time::UnixTime;

/// The longest `detail`, in ASCII characters.
pub const DETAIL_MAX: usize = 200;

wire_names! {
    /// What became of a command.
    pub enum ReceiptState as "state" {
        /// Journalled; the act begins.
        Accepted = "accepted",
        /// Not now; it may be sent again.
        Deferred = "deferred",
        /// Never; see the reason.
        Refused = "refused",
        /// Carried out and seen to be.
        Done = "done",
        /// Tried, and it did not work.
        Failed = "failed",
    }
}

/// Which keyring a phone held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyringRef {
    /// Its payload's digest.
    pub digest: Digest,
    /// Its version.
    pub version: u64,
}

impl KeyringRef {
    pub(crate) fn read(mut members: Members) -> Result<Self, FieldError> {
        let keyring = Self {
            digest: members.digest("digest")?,
            version: members.int("version")?,
        };
        members.finish()?;
        Ok(keyring)
    }

    pub(crate) fn value(self) -> Value {
        Builder::new()
            .text("digest", self.digest)
            .with("version", self.version)
            .build()
    }
}

/// A receipt's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// By the phone's clock and floor.
    pub at: UnixTime,
    /// The newest checkpoint that the phone holds: gossip about the log.
    pub checkpoint: Option<TreeHead>,
    /// `cd` of the command.
    pub command: Digest,
    /// A word more, at most 200 printable ASCII characters.
    pub detail: Option<String>,
    /// Whose receipt it is.
    pub enrolment: EnrolmentId,
    /// The fleet.
    pub fleet: FleetId,
    /// The keyring it judged by.
    pub keyring: KeyringRef,
    /// Why, for deferred and refused.
    pub reason: Option<Reason>,
    /// Rises by one: a gap is a suppressed receipt.
    pub seq: u64,
    /// What became of it.
    pub state: ReceiptState,
}

impl Receipt {
    /// The payload's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .with("at", self.at.0)
            .maybe("checkpoint", self.checkpoint.map(TreeHead::value))
            .text("command", self.command)
            .maybe("detail", self.detail.clone())
            .text("enrolment", self.enrolment)
            .text("fleet", &self.fleet)
            .with("keyring", self.keyring.value())
            .maybe("reason", self.reason.map(Reason::as_str))
            .with("seq", self.seq)
            .text("state", self.state)
            .build()
            .encode()
    }

    /// The sealed envelope's bytes. A detail that is too long or not printable ASCII is cut and cleaned, never refused: the
    /// receipt matters more.
    #[must_use]
    pub fn sign(mut self, device_key: &P256Signer) -> Vec<u8> {
        self.detail = self.detail.map(|detail| {
            let clean = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
            detail.chars().take(DETAIL_MAX).map(clean).collect()
        });
        self.detail = self.detail.filter(|detail| !detail.is_empty());
        Envelope::by_device(DocumentType::Receipt, self.encode(), device_key).encode()
    }

    /// Reads a receipt and verifies that the device key with this enrolment's hash signed it.
    ///
    /// # Errors
    /// `too_large`, `bad_encoding`, `wrong_type`, `unsupported_version`, `bad_field`; `bad_signature` unless its one signature
    /// is that key's, and the enrolment it names is that key's hash (A101, A102).
    pub fn verify(envelope: &[u8], device_key: &P256Key) -> Result<Self, Refusal> {
        let document = Envelope::decode(envelope, DocumentType::Receipt)?;
        let receipt = Self::decode(document.payload())?;
        if receipt.is_by(&Portable, &document, device_key) {
            Ok(receipt)
        } else {
            Err(Refusal::not_authentic(Reason::BadSignature))
        }
    }

    /// Whether `document`, from which this receipt was read, has exactly one signature, it is this device key's, and the
    /// enrolment is that key's hash.
    #[must_use]
    pub fn is_by(&self, curves: &dyn Curves, document: &Envelope, device_key: &P256Key) -> bool {
        self.enrolment == device_key.enrolment_id() && is_by_device(curves, document, device_key)
    }

    /// Reads the payload without asking who signed.
    ///
    /// # Errors
    /// `too_large`, `bad_encoding`, `unsupported_version`, `bad_field`.
    pub fn decode(payload: &[u8]) -> Result<Self, Refusal> {
        let value = json::parse_canonical(payload, PAYLOAD_MAX)?;
        let mut members = Members::of("receipt", value).map_err(FieldError::refusal)?;
        if members.int("v").map_err(FieldError::refusal)? != 1 {
            return Err(Refusal::not_authentic(Reason::UnsupportedVersion));
        }
        Self::read(members).map_err(FieldError::refusal)
    }

    fn read(mut members: Members) -> Result<Self, FieldError> {
        let receipt = Self {
            at: members.time("at")?,
            checkpoint: members.optional("checkpoint", |members, name| {
                TreeHead::read(members.object(name)?)
            })?,
            command: members.digest("command")?,
            detail: members.optional("detail", |members, name| members.parsed(name, detail))?,
            enrolment: members.parsed("enrolment", EnrolmentId::parse)?,
            fleet: members.parsed("fleet", FleetId::parse)?,
            keyring: KeyringRef::read(members.object("keyring")?)?,
            reason: members.optional("reason", |members, name| {
                members.parsed(name, str::parse::<Reason>)
            })?,
            seq: members.int("seq")?,
            state: members.parsed("state", str::parse::<ReceiptState>)?,
        };
        members.finish()?;
        Ok(receipt)
    }
}

/// Whether the envelope has exactly one signature, and it is this device key's.
pub(crate) fn is_by_device(curves: &dyn Curves, document: &Envelope, device_key: &P256Key) -> bool {
    match document.signatures() {
        [Signature::Plain { keyid, sig }] => {
            *keyid == PublicKey::P256(*device_key).key_id()
                && device_key.verify_by(curves, &document.signed_bytes(), sig)
        }
        _ => false,
    }
}

fn detail(text: &str) -> Result<String, FieldError> {
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if printable && (1..=DETAIL_MAX).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(FieldError::Invalid("detail"))
    }
}
