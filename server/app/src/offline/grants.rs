//! Who may approve what, as the ceremony lays it out: one person for what can be undone and for a kill, two for a wipe or a
//! transfer, auditors for holds, and nobody else for those.

use std::collections::BTreeSet;

use muster_protocol::command::Kind;
use muster_protocol::ids::{KeyId, OrganisationId, Person};
use muster_protocol::keyring::{Grant, GrantKind, KeyEntry, Organisations};

/// Phones that one wipe, transfer or kill may name; more takes several commands and so several readings.
const FEW: u32 = 25;
/// Phones that any other command of a person may name.
const MANY: u32 = 4_096;

/// The grants of a first keyring.
#[must_use]
pub fn usual(
    approvers: &[KeyEntry],
    auditors: &[KeyEntry],
    organisation: &OrganisationId,
) -> Vec<Grant> {
    let grant = |kinds: &[Kind], keys: &[&KeyEntry], threshold, independent, max_targets| Grant {
        kinds: sorted(kinds.iter().copied().map(GrantKind::Command).collect()),
        organisations: Organisations::Listed(vec![organisation.clone()]),
        keys: ids(keys),
        threshold,
        independent,
        clearances: 0,
        max_targets,
    };
    let undone = [
        Kind::Message,
        Kind::Unlock,
        Kind::Cancel,
        Kind::Suspend,
        Kind::Resume,
    ];
    let all: Vec<&KeyEntry> = approvers.iter().collect();
    let independent: Vec<&KeyEntry> = all
        .iter()
        .copied()
        .filter(|entry| entry.counts_as_independent())
        .collect();
    let files: Vec<&KeyEntry> = all
        .iter()
        .copied()
        .filter(|entry| entry.passkey.is_none())
        .collect();
    let mut grants = Vec::new();
    if !all.is_empty() {
        grants.push(grant(&undone, &all, 1, 0, MANY));
    }
    if !independent.is_empty() {
        grants.push(grant(&[Kind::LockFleet], &independent, 1, 1, MANY));
        // One person gives it, and nothing brings the service data back.
        grants.push(grant(&[Kind::Kill], &independent, 1, 1, FEW));
    }
    // Passkeys approve commands and nothing else (PROTOCOL §8).
    if !files.is_empty() {
        grants.push(Grant {
            kinds: vec![GrantKind::Policy],
            ..grant(&[], &files, 1, 1, 1)
        });
    }
    // Two people: with one approver there is nobody it could be granted to.
    if people(&independent) >= 2 {
        grants.push(grant(
            &[Kind::Wipe, Kind::Transfer],
            &independent,
            2,
            1,
            FEW,
        ));
    }
    grants.extend(of_auditors(auditors, organisation));
    grants
}

/// An auditor's two grants: to hold, and to release with an independent key (PROTOCOL §6).
#[must_use]
pub fn of_auditors(auditors: &[KeyEntry], organisation: &OrganisationId) -> Vec<Grant> {
    [(Kind::Hold, 0), (Kind::Release, 1)]
        .into_iter()
        .filter_map(|(kind, independent)| {
            let keys: Vec<&KeyEntry> = auditors
                .iter()
                .filter(|entry| independent == 0 || entry.counts_as_independent())
                .collect();
            (!keys.is_empty()).then(|| Grant {
                kinds: vec![GrantKind::Command(kind)],
                organisations: Organisations::Listed(vec![organisation.clone()]),
                keys: ids(&keys),
                threshold: 1,
                independent,
                clearances: 0,
                max_targets: MANY,
            })
        })
        .collect()
}

/// Whether a key has anything to do in a grant: a place among its signers that it can fill. Beside an independent key, one that is
/// not is the second person of a wipe or transfer only where that is `asked`.
#[must_use]
pub fn is_useful(grant: &Grant, entry: &KeyEntry, asked: bool) -> bool {
    grant.kinds.iter().any(|kind| match kind {
        GrantKind::Policy => entry.passkey.is_none(),
        GrantKind::Command(kind) => {
            let floor = kind.floor();
            let people = grant.threshold.max(floor.people);
            let independent = grant.independent.max(floor.independent);
            let is_second = independent > 0 && people > independent;
            entry.counts_as_independent() || independent == 0 || (is_second && asked)
        }
    })
}

/// Changes every grant for `kind`; one that covers other kinds too is split.
///
/// # Errors
/// A sentence: no grant covers the kind.
pub fn change(
    grants: &mut Vec<Grant>,
    kind: Kind,
    change: impl Fn(&mut Grant),
) -> Result<(), String> {
    let wanted = GrantKind::Command(kind);
    if !grants.iter().any(|grant| grant.kinds.contains(&wanted)) {
        return Err(format!(
            "No grant covers {kind}, so there is nothing to change."
        ));
    }
    let mut split = Vec::new();
    for grant in grants
        .iter_mut()
        .filter(|grant| grant.kinds.contains(&wanted))
    {
        let mut changed = grant.clone();
        change(&mut changed);
        if changed == *grant {
            continue;
        }
        if let [_] = grant.kinds.as_slice() {
            *grant = changed;
            continue;
        }
        grant.kinds.retain(|kind| *kind != wanted);
        split.push(Grant {
            kinds: vec![wanted],
            ..changed
        });
    }
    grants.append(&mut split);
    Ok(())
}

/// So many phones may one command of this kind name.
///
/// # Errors
/// A sentence: the number is out of bounds, or no grant covers the kind.
pub fn limit(grants: &mut Vec<Grant>, kind: Kind, phones: u32) -> Result<(), String> {
    if !(1..=MANY).contains(&phones) {
        return Err(format!(
            "One command names 1 to {MANY} phones, and {phones} is not among them. Give --max-targets {kind}=N."
        ));
    }
    change(grants, kind, |grant| grant.max_targets = phones)
}

/// So many people must sign each command of this kind.
///
/// # Errors
/// A sentence: fewer than every phone asks for anyway, or no grant covers the kind.
pub fn ask(grants: &mut Vec<Grant>, kind: Kind, people: u32) -> Result<(), String> {
    let least = kind.floor().people.max(1);
    if people < least {
        return Err(format!(
            "Every phone asks for {least} people at least before a {kind}, and no keyring lowers that. Give --threshold {kind}={least} or more."
        ));
    }
    change(grants, kind, |grant| grant.threshold = people)
}

fn people(entries: &[&KeyEntry]) -> usize {
    let people: BTreeSet<&Person> = entries.iter().map(|entry| &entry.person).collect();
    people.len()
}

fn ids(entries: &[&KeyEntry]) -> Vec<KeyId> {
    sorted(entries.iter().map(|entry| entry.id()).collect())
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items
}

#[cfg(test)]
mod tests {
    use muster_protocol::ids::OrganisationId;
    use muster_protocol::keyring::{Display, KeyEntry};
    use muster_protocol::keys::Ed25519Signer;

    use super::{is_useful, of_auditors, usual};
    use crate::offline::registration::tests::honest;

    fn organisation() -> OrganisationId {
        OrganisationId::parse("0197c0de-0000-7000-8000-000000000001").unwrap()
    }

    fn file(seed: u8) -> KeyEntry {
        KeyEntry {
            key: Ed25519Signer::from_seed([seed; 32]).public_key(),
            person: muster_protocol::ids::Person::parse(&format!("{seed:032x}")).unwrap(),
            display: Display::Independent,
            passkey: None,
        }
    }

    fn kinds_of(entry: &KeyEntry, asked: bool) -> Vec<&'static str> {
        let mut all = usual(&[file(1), file(2)], &[file(3)], &organisation());
        all.retain(|grant| is_useful(grant, entry, asked));
        all.iter()
            .flat_map(|grant| &grant.kinds)
            .map(|kind| kind.as_str())
            .collect()
    }

    #[test]
    fn a_portal_passkey_enters_where_it_counts_and_nowhere_else() {
        let portal = honest(7, "approvals.example.org", Display::Portal);
        let entry = portal.claim.public_part().approver();
        let kinds = kinds_of(&entry, false);
        for kind in ["message", "unlock", "resume", "cancel", "hold"] {
            assert!(kinds.contains(&kind), "{kind}");
        }
        for kind in [
            "lock-fleet",
            "kill",
            "wipe",
            "transfer",
            "release",
            "policy",
        ] {
            assert!(!kinds.contains(&kind), "{kind}");
        }
        let asked = kinds_of(&entry, true);
        assert!(asked.contains(&"wipe") && asked.contains(&"transfer"));
        for kind in ["lock-fleet", "kill", "release", "policy"] {
            assert!(!asked.contains(&kind), "{kind}");
        }
        let only = std::slice::from_ref(&entry);
        let alone = usual(only, only, &organisation());
        assert_eq!(alone.len(), 2, "messages and the like, and holds");
    }

    #[test]
    fn an_independent_passkey_enters_everything_but_policies() {
        let made = honest(7, "approve.example.org", Display::Independent);
        let mut entry = made.claim.public_part().approver();
        let kinds = kinds_of(&entry, false);
        assert!(kinds.contains(&"wipe") && kinds.contains(&"kill") && !kinds.contains(&"policy"));
        if let Some(passkey) = &mut entry.passkey {
            passkey.synced = true;
        }
        assert!(
            !kinds_of(&entry, false).contains(&"kill"),
            "one that is copied"
        );
    }

    #[test]
    fn two_keys_of_one_person_are_not_two_people() {
        let mut second = file(2);
        second.person = file(1).person;
        let grants = usual(&[file(1), second], &[], &organisation());
        let kinds = grants.iter().flat_map(|grant| &grant.kinds);
        assert!(kinds.into_iter().all(|kind| kind.as_str() != "wipe"));
        assert_eq!(of_auditors(&[], &organisation()), []);
    }
}
