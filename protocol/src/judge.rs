//! The phone's decision, steps 1 to 7 (§12): is this command authentic? From bytes, the phone's pins and its keyring alone.
//! Steps 8 to 16 need journal, time and hardware, and live in the agent.

use crate::authority::{self, Authorised};
use crate::command::Command;
use crate::digest::Digest;
use crate::envelope::{self, DocumentType, Envelope};
use crate::ids::{DeviceId, EnrolmentId, FleetId, OrganisationId, SerialNumber};
use crate::keyring::Keyring;
use crate::reason::{Reason, Refusal};
use crate::target::{self, Leaf, TargetProof};

/// The protocol version of the documents in this crate.
pub const PROTOCOL_VERSION: u64 = 1;

/// Who this phone is, from its own state and never from what it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The pinned fleet.
    pub fleet: FleetId,
    /// The pinned organisation.
    pub organisation: OrganisationId,
    /// The device record it enrolled as.
    pub device: DeviceId,
    /// Its present enrolment.
    pub enrolment: EnrolmentId,
    /// The handset.
    pub serial: SerialNumber,
}

impl Pin {
    /// The leaf that a command for this phone contains.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        Leaf {
            device: self.device.clone(),
            enrolment: self.enrolment,
            serial: self.serial.clone(),
        }
    }
}

/// A command that is for this phone and authorised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticCommand {
    /// What it says.
    pub command: Command,
    /// Its identity.
    pub cd: Digest,
    /// The envelope's identity, for log and clearance.
    pub ed: Digest,
    /// Who authorised it, and how many clearances it still takes.
    pub authorised: Authorised,
}

/// Steps 1 to 7, in order; the first failure names the code.
///
/// # Errors
/// Class X, but for `keyring_behind`, which is D.
pub fn authenticate(
    envelope_bytes: &[u8],
    proof: &TargetProof,
    pin: &Pin,
    keyring: &Keyring,
) -> Result<AuthenticCommand, Refusal> {
    // Step 1, as far as the proof goes: nothing is decoded beside an oversized one.
    if proof.hashes.len() > target::PROOF_MAX {
        return Err(Refusal::not_authentic(Reason::TooLarge));
    }
    let envelope = Envelope::decode(envelope_bytes, DocumentType::Command)?;
    let command = Command::decode(envelope.payload())?;
    if keyring.min_protocol > PROTOCOL_VERSION {
        return Err(Refusal::not_authentic(Reason::UnsupportedVersion));
    }
    if command.fleet != pin.fleet {
        return Err(Refusal::not_authentic(Reason::WrongFleet));
    }
    if command.organisation != pin.organisation {
        return Err(Refusal::not_authentic(Reason::WrongOrganisation));
    }
    target::verify(&pin.leaf(), proof, &command.targets)?;
    if command.keyring > keyring.version {
        return Err(Refusal::deferred(Reason::KeyringBehind));
    }
    let authorised = authority::authorise(keyring, &command, &envelope)?;
    Ok(AuthenticCommand {
        cd: envelope.digest(),
        ed: envelope::envelope_digest(envelope_bytes),
        command,
        authorised,
    })
}

/// The digest under which a receipt may name bytes that stood in a command's slot; none when they are no envelope of that
/// type, and then no receipt is possible.
#[must_use]
pub fn digest_for_receipt(envelope_bytes: &[u8]) -> Option<Digest> {
    Envelope::decode(envelope_bytes, DocumentType::Command)
        .ok()
        .map(|envelope| envelope.digest())
}
