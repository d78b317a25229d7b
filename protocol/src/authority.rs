//! Are these signatures enough? The grants of §5 over the floors of §6, counted as §8 says: people, never signatures.

use std::collections::BTreeSet;

use crate::command::{Command, Floor, Kind};
use crate::curves::{Curves, Portable};
use crate::digest::Digest;
use crate::envelope::{Envelope, Signature};
use crate::ids::{KeyId, OrganisationId, Person};
use crate::keyring::{Grant, GrantKind, KeyEntry, Keyring};
use crate::keys::PublicKey;
use crate::reason::{Reason, Refusal};
use crate::webauthn::{self, Assertion};

/// Who authorised a command, and what is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorised {
    /// The people whose signatures count, by the grant that is met; empty when the online key alone did it.
    pub people: BTreeSet<Person>,
    /// Every key with a valid signature, the server's included.
    pub keys: Vec<KeyId>,
    /// Whether the server's own key authorised it.
    pub online: bool,
    /// How many distinct witnesses must have cleared it (§12 step 14).
    pub clearances_needed: u32,
}

/// What a command still to be signed will take, for pages and for the approver's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Whether the server's own key may give it alone; then the rest describes the other way, if a grant gives one.
    pub online: bool,
    /// Distinct people; 0 when only the online key can.
    pub people: u32,
    /// Distinct people with an independent key.
    pub independent: u32,
    /// Distinct witnesses.
    pub clearances: u32,
    /// Whose signatures would count.
    pub key_ids: Vec<KeyId>,
}

impl Needed {
    /// The easier way is the lesser one.
    fn effort(&self) -> (u32, u32, u32) {
        (self.people, self.independent, self.clearances)
    }
}

/// Keys whose signatures over an envelope are valid.
#[derive(Debug)]
pub struct Signers<'k> {
    /// Approvers.
    pub approvers: Vec<&'k KeyEntry>,
    /// Keys of the server.
    pub online: Vec<KeyId>,
}

/// Verifies every signature by a key that the keyring knows as an approver's or the server's. Unknown keys are skipped; a
/// known key with a bad signature fails the envelope.
///
/// # Errors
/// `bad_signature` or a `wa_…` code.
pub fn verify_signatures<'k>(
    keyring: &'k Keyring,
    envelope: &Envelope,
) -> Result<Signers<'k>, Refusal> {
    signatures_by(&Portable, keyring, envelope)
}

fn signatures_by<'k>(
    curves: &dyn Curves,
    keyring: &'k Keyring,
    envelope: &Envelope,
) -> Result<Signers<'k>, Refusal> {
    let message = envelope.signed_bytes();
    let challenge = Digest::of(&message);
    let mut signers = Signers {
        approvers: Vec::new(),
        online: Vec::new(),
    };
    for signature in envelope.signatures() {
        if let Some(entry) = keyring.key(signature.keyid()) {
            verify_one(curves, entry, signature, &message, &challenge)
                .map_err(Refusal::not_authentic)?;
            signers.approvers.push(entry);
        } else if let Some(key) = keyring.online_key(signature.keyid()) {
            let valid = match signature {
                Signature::Plain { sig, .. } => key.key.verify_by(curves, &message, sig),
                Signature::WebAuthn { .. } => false,
            };
            if !valid {
                return Err(Refusal::not_authentic(Reason::BadSignature));
            }
            signers.online.push(*signature.keyid());
        }
    }
    Ok(signers)
}

/// Verifies one approval before it is stored: the server's check of what a person hands in.
///
/// # Errors
/// `not_authorised` for a key that is no approver's; `bad_signature` or a `wa_…` code.
pub fn verify_approval(
    keyring: &Keyring,
    command_payload: &[u8],
    signature: &Signature,
) -> Result<Person, Refusal> {
    let message = crate::envelope::pae(crate::envelope::DocumentType::Command, command_payload);
    let entry = keyring
        .key(signature.keyid())
        .ok_or(Refusal::not_authentic(Reason::NotAuthorised))?;
    verify_one(&Portable, entry, signature, &message, &Digest::of(&message))
        .map_err(Refusal::not_authentic)?;
    Ok(entry.person.clone())
}

/// Step 7: whether one grant, or the online key, covers the command and is met.
///
/// # Errors
/// `bad_signature`, `wa_…`; `not_authorised` without a signer that has a grant; else what the grant that came furthest lacks:
/// `threshold`, `needs_independent`, `too_many_targets`.
pub fn authorise(
    keyring: &Keyring,
    command: &Command,
    envelope: &Envelope,
) -> Result<Authorised, Refusal> {
    authorise_by(&Portable, keyring, command, envelope)
}

/// [`authorise`] by another engine.
///
/// # Errors
/// As [`authorise`].
pub fn authorise_by(
    curves: &dyn Curves,
    keyring: &Keyring,
    command: &Command,
    envelope: &Envelope,
) -> Result<Authorised, Refusal> {
    let signers = signatures_by(curves, keyring, envelope)?;
    let mut keys = signers.online.clone();
    keys.extend(signers.approvers.iter().map(|entry| entry.id()));
    if !signers.online.is_empty() && command.online_suffices() {
        let people = BTreeSet::new();
        return Ok(Authorised {
            people,
            keys,
            online: true,
            clearances_needed: 0,
        });
    }
    let kind = command.kind();
    let mut furthest: Option<Shortfall> = None;
    let mut met: Option<(BTreeSet<Person>, u32)> = None;
    for grant in covering(keyring, kind, &command.organisation) {
        let signed: Vec<&KeyEntry> = signers
            .approvers
            .iter()
            .copied()
            .filter(|entry| grant.keys.contains(&entry.id()))
            .collect();
        if signed.is_empty() {
            continue;
        }
        match judge_grant(grant, kind.floor(), &signed, command.targets.count) {
            Ok(people) => {
                let is_better = met
                    .as_ref()
                    .is_none_or(|(_, clearances)| grant.clearances < *clearances);
                if is_better {
                    met = Some((people, grant.clearances));
                }
            }
            Err(shortfall) => furthest = furthest.max(Some(shortfall)),
        }
    }
    match (met, furthest) {
        (Some((people, clearances_needed)), _) => Ok(Authorised {
            people,
            keys,
            online: false,
            clearances_needed,
        }),
        (None, shortfall) => Err(Refusal::not_authentic(match shortfall {
            None => Reason::NotAuthorised,
            Some(Shortfall::People) => Reason::Threshold,
            Some(Shortfall::Independent) => Reason::NeedsIndependent,
            Some(Shortfall::Targets) => Reason::TooManyTargets,
        })),
    }
}

/// What it takes to authorise commands of a kind for `count` phones of an organisation, by the easiest grant. None when
/// nobody could.
#[must_use]
pub fn needed(
    keyring: &Keyring,
    kind: Kind,
    organisation: &OrganisationId,
    count: u32,
) -> Option<Needed> {
    let ways = ways(keyring, kind, organisation, count);
    match ways.into_iter().min_by_key(Needed::effort) {
        Some(needed) => Some(needed),
        None if online_alone(keyring, kind) => Some(Needed {
            online: true,
            people: 0,
            independent: 0,
            clearances: 0,
            key_ids: Vec::new(),
        }),
        None => None,
    }
}

/// What it takes to authorise such commands by each grant that covers them, in the keyring's order. Signatures count over one of
/// them at a time.
#[must_use]
pub fn ways(
    keyring: &Keyring,
    kind: Kind,
    organisation: &OrganisationId,
    count: u32,
) -> Vec<Needed> {
    let (floor, online) = (kind.floor(), online_alone(keyring, kind));
    covering(keyring, kind, organisation)
        .filter(|grant| count <= grant.max_targets)
        .map(|grant| Needed {
            online,
            people: grant.threshold.max(floor.people),
            independent: grant.independent.max(floor.independent),
            clearances: grant.clearances,
            key_ids: grant.keys.clone(),
        })
        .collect()
}

fn online_alone(keyring: &Keyring, kind: Kind) -> bool {
    kind.floor().online && !keyring.online.is_empty()
}

/// What it takes to authorise such commands with this key among the signers: the easiest grant that names the key and has a place
/// for it. None where its signature adds nothing: no grant names it, or all the people it takes must be independent and this key
/// is not.
#[must_use]
pub fn needed_with(
    keyring: &Keyring,
    entry: &KeyEntry,
    kind: Kind,
    organisation: &OrganisationId,
    count: u32,
) -> Option<Needed> {
    let id = entry.id();
    ways(keyring, kind, organisation, count)
        .into_iter()
        .filter(|needed| needed.key_ids.contains(&id))
        .filter(|needed| entry.counts_as_independent() || needed.people > needed.independent)
        .min_by_key(Needed::effort)
}

/// What a grant lacks, from the least met to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shortfall {
    People,
    Independent,
    Targets,
}

/// Counts people over one grant, raised to the floor.
pub(crate) fn judge_grant(
    grant: &Grant,
    floor: Floor,
    signed: &[&KeyEntry],
    targets: u32,
) -> Result<BTreeSet<Person>, Shortfall> {
    let people: BTreeSet<Person> = signed.iter().map(|entry| entry.person.clone()).collect();
    let independent: BTreeSet<&Person> = signed
        .iter()
        .filter(|entry| entry.counts_as_independent())
        .map(|entry| &entry.person)
        .collect();
    let fewer = |have: usize, wanted: u32| u64::try_from(have).unwrap_or(0) < u64::from(wanted);
    if fewer(people.len(), grant.threshold.max(floor.people)) {
        return Err(Shortfall::People);
    }
    if fewer(independent.len(), grant.independent.max(floor.independent)) {
        return Err(Shortfall::Independent);
    }
    if targets > grant.max_targets {
        return Err(Shortfall::Targets);
    }
    Ok(people)
}

fn covering<'k>(
    keyring: &'k Keyring,
    kind: Kind,
    organisation: &'k OrganisationId,
) -> impl Iterator<Item = &'k Grant> {
    keyring.grants.iter().filter(move |grant| {
        grant.covers(GrantKind::Command(kind), organisation)
            && (!kind.floor().auditor || grant.is_auditor())
    })
}

fn verify_one(
    curves: &dyn Curves,
    entry: &KeyEntry,
    signature: &Signature,
    message: &[u8],
    challenge: &Digest,
) -> Result<(), Reason> {
    match (&entry.key, &entry.passkey, signature) {
        (PublicKey::Ed25519(key), _, Signature::Plain { sig, .. }) => {
            if key.verify_by(curves, message, sig) {
                Ok(())
            } else {
                Err(Reason::BadSignature)
            }
        }
        (
            PublicKey::WebauthnEs256(key),
            Some(passkey),
            Signature::WebAuthn {
                auth, client, sig, ..
            },
        ) => webauthn::verify_by(
            curves,
            &Assertion { auth, client, sig },
            passkey,
            key,
            challenge,
        ),
        (PublicKey::Ed25519(_) | PublicKey::WebauthnEs256(_) | PublicKey::P256(_), _, _) => {
            Err(Reason::BadSignature)
        }
    }
}
