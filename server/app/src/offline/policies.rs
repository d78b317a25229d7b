//! Policies on an approver's own machine: drafted within the bounds of PROTOCOL §9, shown beside the one that is held, signed by
//! somebody whose key has a grant for them.

use muster_protocol::descriptor::Descriptor;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keyring::{GrantKind, Keyring};
use muster_protocol::policy::{HeldPolicy, Noncompliance, Policy};
use muster_protocol::time::{DAY, UnixTime};

use super::inspection::moment;
use super::key_file::{KeyFile, Use};

/// What phones shall watch by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Seconds between check-ins.
    pub check_in_seconds: u64,
    /// Powered-on days without a valid answer until contact is lost.
    pub contact_lost_days: u64,
    /// Hours of warning before non-compliance has an effect.
    pub grace_hours: u64,
    /// Hours after which a checkpoint is stale.
    pub stale_hours: u64,
    /// Days without contact after which the screen closes with the owner's own lock.
    pub owner_lock_days: Option<u64>,
    /// Whether storage must be encrypted.
    pub require_encryption: bool,
    /// The least agent version.
    pub min_agent: Option<String>,
    /// The least patch level of the system.
    pub min_os_patch: Option<String>,
    /// What non-compliance leads to.
    pub noncompliance: Noncompliance,
    /// How long the policy lasts, days.
    pub days: u64,
}

/// The canonical bytes of a policy, unsigned.
///
/// # Errors
/// A sentence: a value is out of the bounds that every phone keeps.
pub fn draft(
    descriptor: &Descriptor,
    version: u64,
    wanted: Wanted,
    now: UnixTime,
) -> Result<Vec<u8>, String> {
    let policy = Policy {
        check_in_seconds: wanted.check_in_seconds,
        contact_lost_days: wanted.contact_lost_days,
        expires_at: now.plus(wanted.days.saturating_mul(DAY)),
        fleet: descriptor.fleet.clone(),
        grace_hours: wanted.grace_hours,
        issued_at: now,
        min_agent: wanted.min_agent,
        min_os_patch: wanted.min_os_patch,
        noncompliance: wanted.noncompliance,
        organisation: descriptor.organisation.clone(),
        owner_lock_days: wanted.owner_lock_days,
        require_encryption: wanted.require_encryption,
        stale_hours: wanted.stale_hours,
        version,
    };
    let payload = policy.encode();
    Policy::decode(&payload).map_err(|error| {
        format!("The policy is out of bounds: {error}. See muster policy draft --help for what each may be.")
    })?;
    Ok(Envelope::unsigned(DocumentType::Policy, payload).encode())
}

/// Judges a draft before anybody signs it.
///
/// # Errors
/// A sentence: it is of another fleet, out of bounds, or not after the one that is held.
pub fn read(
    envelope: &Envelope,
    descriptor: &Descriptor,
    held: Option<&HeldPolicy>,
) -> Result<Policy, String> {
    let policy = Policy::decode(envelope.payload()).map_err(|error| {
        format!("This policy is out of bounds and every phone would refuse it: {error}.")
    })?;
    if policy.fleet != descriptor.fleet || policy.organisation != descriptor.organisation {
        return Err("This policy is of another fleet than this folder's. Do not sign.".to_owned());
    }
    if let Some(held) = held.map(|held| &held.policy)
        && policy.version <= held.version
    {
        return Err(format!(
            "This policy has version {}, and phones hold {} already: they would refuse it.",
            policy.version, held.version
        ));
    }
    Ok(policy)
}

/// Signs a policy with an approver's key.
///
/// # Errors
/// A sentence: the key is a root key, has no grant for policies, or has signed.
pub fn sign(
    envelope: &mut Envelope,
    descriptor: &Descriptor,
    keyring: &Keyring,
    key: &KeyFile,
) -> Result<(), String> {
    if key.r#use != Use::Approver {
        return Err("This is a root key, and no phone counts it under a policy. Policies are signed by approvers with a grant for them.".to_owned());
    }
    if key
        .fleet
        .is_some_and(|pinned| pinned != descriptor.fingerprint())
    {
        return Err(
            "Your key is pinned to another fleet than this folder's. Do not sign.".to_owned(),
        );
    }
    let id = key.signer.key_id();
    let may = keyring.grants.iter().any(|grant| {
        grant.covers(GrantKind::Policy, &descriptor.organisation) && grant.keys.contains(&id)
    });
    if !may {
        return Err("The keyring gives your key no grant for policies.".to_owned());
    }
    envelope
        .sign_plain(&key.signer)
        .map_err(|error| format!("Not signed: {error}."))
}

/// Whether every phone would take the policy now.
#[must_use]
pub fn is_whole(envelope: &Envelope, descriptor: &Descriptor, keyring: &Keyring) -> bool {
    Policy::verify(&envelope.encode(), keyring, &descriptor.organisation, None).is_ok()
}

/// The policy in plain words, each with what it was before where it differs.
#[must_use]
pub fn words(policy: &Policy, held: Option<&Policy>) -> Vec<String> {
    let facts = |policy: &Policy| -> Vec<(&'static str, String)> {
        let or =
            |value: &Option<String>, none: &str| value.clone().unwrap_or_else(|| none.to_owned());
        vec![
            (
                "Phones check in",
                format!("every {} seconds", policy.check_in_seconds),
            ),
            (
                "Record is stale",
                format!("after {} hours", policy.stale_hours),
            ),
            (
                "Contact is lost",
                format!("after {} days switched on", policy.contact_lost_days),
            ),
            (
                "Owner's own lock",
                policy.owner_lock_days.map_or_else(
                    || "never by itself".to_owned(),
                    |days| format!("after {days} days without contact"),
                ),
            ),
            (
                "Encryption",
                if policy.require_encryption {
                    "required"
                } else {
                    "not required"
                }
                .to_owned(),
            ),
            ("Least patch level", or(&policy.min_os_patch, "any")),
            ("Least agent", or(&policy.min_agent, "any")),
            (
                "Who does not comply",
                match policy.noncompliance {
                    Noncompliance::Report => "is reported".to_owned(),
                    Noncompliance::Suspend => {
                        format!(
                            "is warned, and after {} hours suspends its own service",
                            policy.grace_hours
                        )
                    }
                },
            ),
            ("Grace", format!("{} hours", policy.grace_hours)),
            ("Valid until", moment(policy.expires_at)),
        ]
    };
    let before = held.map(facts).unwrap_or_default();
    facts(policy)
        .into_iter()
        .enumerate()
        .map(|(number, (what, is))| match before.get(number) {
            Some((_, was)) if *was != is => format!("{what:<21}{is}  (was: {was})"),
            Some(_) | None => format!("{what:<21}{is}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Noncompliance, Wanted, draft, is_whole, read, sign, words};
    use crate::offline::signing::tests::{Ceremony, NOW};
    use crate::offline::signing::{Document, open};
    use muster_protocol::envelope::Envelope;

    fn wanted() -> Wanted {
        Wanted {
            check_in_seconds: 900,
            contact_lost_days: 14,
            grace_hours: 72,
            stale_hours: 72,
            owner_lock_days: None,
            require_encryption: true,
            min_agent: None,
            min_os_patch: Some("2026-08-01".to_owned()),
            noncompliance: Noncompliance::Report,
            days: 180,
        }
    }

    fn drafted(fleet: &Ceremony, version: u64) -> Envelope {
        let bytes = draft(&fleet.descriptor, version, wanted(), NOW).unwrap();
        let Ok(Document::Policy(envelope)) = open(&bytes) else {
            panic!("no policy")
        };
        envelope
    }

    #[test]
    fn one_approver_signs_and_no_root_signer() {
        let fleet = Ceremony::usual();
        let (descriptor, keyring) = (&fleet.descriptor, &fleet.held.keyring);
        let mut envelope = drafted(&fleet, 1);
        assert!(!is_whole(&envelope, descriptor, keyring));
        assert!(
            sign(&mut envelope, descriptor, keyring, &fleet.made.roots[0])
                .unwrap_err()
                .contains("root key")
        );
        assert!(
            sign(&mut envelope, descriptor, keyring, &fleet.made.auditors[0])
                .unwrap_err()
                .contains("no grant")
        );
        sign(&mut envelope, descriptor, keyring, &fleet.made.approvers[0]).unwrap();
        assert!(is_whole(&envelope, descriptor, keyring));
    }

    #[test]
    fn bounds_and_versions_are_kept() {
        let fleet = Ceremony::usual();
        for wrong in [
            Wanted {
                check_in_seconds: 59,
                ..wanted()
            },
            Wanted {
                contact_lost_days: 91,
                ..wanted()
            },
            Wanted {
                grace_hours: 71,
                ..wanted()
            },
            Wanted {
                owner_lock_days: Some(6),
                ..wanted()
            },
            Wanted {
                days: 0,
                ..wanted()
            },
        ] {
            assert!(draft(&fleet.descriptor, 1, wrong, NOW).is_err());
        }
        let held = muster_protocol::policy::HeldPolicy {
            policy: read(&drafted(&fleet, 3), &fleet.descriptor, None).unwrap(),
            digest: muster_protocol::digest::Digest::of(b""),
        };
        assert!(
            read(&drafted(&fleet, 3), &fleet.descriptor, Some(&held))
                .unwrap_err()
                .contains("hold 3")
        );
        let next = read(&drafted(&fleet, 4), &fleet.descriptor, Some(&held)).unwrap();
        assert!(
            words(&next, Some(&held.policy))
                .iter()
                .all(|line| !line.contains("was:"))
        );
    }
}
