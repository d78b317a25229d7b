//! Policies (§9): what a phone watches by itself, one per organisation, within bounds that no server can widen.

use std::collections::BTreeSet;

use crate::authority::{self, Shortfall};
use crate::command::Floor;
use crate::digest::Digest;
use crate::envelope::{DocumentType, Envelope, PAYLOAD_MAX, Signature};
use crate::field::{FieldError, Members};
use crate::ids::{FleetId, OrganisationId, Person};
use crate::json::{self, Builder, MAX_INT};
use crate::keyring::{GrantKind, KeyEntry, Keyring};
use crate::reason::{Reason, Refusal};
use crate::time::UnixTime;

/// One person, with an independent key.
const FLOOR: Floor = Floor {
    people: 1,
    independent: 1,
    online: false,
    auditor: false,
};

wire_names! {
    /// What a phone does about itself when it does not comply.
    pub enum Noncompliance as "noncompliance" {
        /// Says so.
        Report = "report",
        /// Suspends the service after the grace, and lifts that by itself.
        Suspend = "suspend",
    }
}

/// A policy's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Between check-ins: 60–86,400.
    pub check_in_seconds: u64,
    /// Powered-on days without a valid answer until contact is lost: 2–90.
    pub contact_lost_days: u64,
    /// Afterwards the built-in mild values hold.
    pub expires_at: UnixTime,
    /// The fleet.
    pub fleet: FleetId,
    /// Hours of warning before non-compliance has an effect: 72–720.
    pub grace_hours: u64,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// The least agent version.
    pub min_agent: Option<String>,
    /// The least patch level of the system.
    pub min_os_patch: Option<String>,
    /// What non-compliance leads to.
    pub noncompliance: Noncompliance,
    /// The organisation.
    pub organisation: OrganisationId,
    /// Days without contact after which the screen closes with the owner's own lock: 7–180.
    pub owner_lock_days: Option<u64>,
    /// Whether the phone's storage must be encrypted.
    pub require_encryption: bool,
    /// Hours after which a checkpoint is stale: 24–720.
    pub stale_hours: u64,
    /// Rises.
    pub version: u64,
}

/// A policy that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPolicy {
    /// What it says.
    pub policy: Policy,
    /// SHA-256 of its payload.
    pub digest: Digest,
}

impl Policy {
    /// The payload's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .with("check_in_seconds", self.check_in_seconds)
            .with("contact_lost_days", self.contact_lost_days)
            .with("expires_at", self.expires_at.0)
            .text("fleet", &self.fleet)
            .with("grace_hours", self.grace_hours)
            .with("issued_at", self.issued_at.0)
            .maybe("min_agent", self.min_agent.clone())
            .maybe("min_os_patch", self.min_os_patch.clone())
            .text("noncompliance", self.noncompliance)
            .text("organisation", &self.organisation)
            .maybe("owner_lock_days", self.owner_lock_days)
            .with("require_encryption", self.require_encryption)
            .with("stale_hours", self.stale_hours)
            .with("version", self.version)
            .build()
            .encode()
    }

    /// Reads a payload and checks every bound.
    ///
    /// # Errors
    /// The member that is wrong.
    pub fn decode(payload: &[u8]) -> Result<Self, FieldError> {
        let value = json::parse_canonical(payload, PAYLOAD_MAX)
            .map_err(|_| FieldError::Invalid("policy"))?;
        let mut members = Members::of("policy", value)?;
        members.int_within("v", 1, 1)?;
        let label = |members: &mut Members, name| members.parsed(name, label);
        let policy = Self {
            check_in_seconds: members.int_within("check_in_seconds", 60, 86_400)?,
            contact_lost_days: members.int_within("contact_lost_days", 2, 90)?,
            expires_at: members.time("expires_at")?,
            fleet: members.parsed("fleet", FleetId::parse)?,
            grace_hours: members.int_within("grace_hours", 72, 720)?,
            issued_at: members.time("issued_at")?,
            min_agent: members.optional("min_agent", label)?,
            min_os_patch: members.optional("min_os_patch", label)?,
            noncompliance: members.parsed("noncompliance", str::parse::<Noncompliance>)?,
            organisation: members.parsed("organisation", OrganisationId::parse)?,
            owner_lock_days: members.optional("owner_lock_days", |members, name| {
                members.int_within(name, 7, 180)
            })?,
            require_encryption: members.boolean("require_encryption")?,
            stale_hours: members.int_within("stale_hours", 24, 720)?,
            version: members.int_within("version", 1, MAX_INT)?,
        };
        members.finish()?;
        if policy.expires_at > policy.issued_at {
            Ok(policy)
        } else {
            Err(FieldError::Invalid("expires_at"))
        }
    }

    /// Judges a policy from the server: for this phone's fleet and organisation, signed under a grant for policies by at least
    /// one person with an independent key, not older than the one held. Passkeys approve commands only.
    ///
    /// # Errors
    /// `too_large`, `bad_encoding`, `wrong_type` for the envelope; `policy_rollback`; `policy_invalid` for everything else.
    pub fn verify(
        envelope: &[u8],
        keyring: &Keyring,
        organisation: &OrganisationId,
        held: Option<&HeldPolicy>,
    ) -> Result<HeldPolicy, Refusal> {
        let invalid = Refusal::not_authentic(Reason::PolicyInvalid);
        let document = Envelope::decode(envelope, DocumentType::Policy)?;
        let policy = Self::decode(document.payload()).map_err(|_| invalid)?;
        let digest = Digest::of(document.payload());
        if policy.fleet != keyring.fleet || policy.organisation != *organisation {
            return Err(invalid);
        }
        if !is_granted(keyring, organisation, &document) {
            return Err(invalid);
        }
        if let Some(held) = held {
            if policy.version < held.policy.version {
                return Err(Refusal::not_authentic(Reason::PolicyRollback));
            }
            if policy.version == held.policy.version && digest != held.digest {
                return Err(invalid);
            }
        }
        Ok(HeldPolicy { policy, digest })
    }
}

fn is_granted(keyring: &Keyring, organisation: &OrganisationId, document: &Envelope) -> bool {
    let has_passkey = document
        .signatures()
        .iter()
        .any(|signature| matches!(signature, Signature::WebAuthn { .. }));
    let Ok(signers) = authority::verify_signatures(keyring, document) else {
        return false;
    };
    !has_passkey
        && keyring
            .grants
            .iter()
            .filter(|grant| grant.covers(GrantKind::Policy, organisation))
            .any(|grant| {
                let signed: Vec<&KeyEntry> = signers
                    .approvers
                    .iter()
                    .copied()
                    .filter(|entry| grant.keys.contains(&entry.id()))
                    .collect();
                let people: Result<BTreeSet<Person>, Shortfall> =
                    authority::judge_grant(grant, FLOOR, &signed, 1);
                people.is_ok()
            })
}

/// A version or patch level: 1–64 printable ASCII characters.
fn label(text: &str) -> Result<String, FieldError> {
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    if printable && (1..=64).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(FieldError::Invalid("text"))
    }
}
