//! Who may approve what, as the ceremony lays it out: one person for what can be undone and for a kill, two for a wipe or a
//! transfer, auditors for holds, and nobody else for those.

use muster_protocol::command::Kind;
use muster_protocol::ids::{KeyId, OrganisationId};
use muster_protocol::keyring::{Grant, GrantKind, Organisations};

/// Phones that one wipe, transfer or kill may name; more takes several commands and so several readings.
const FEW: u32 = 25;
/// Phones that any other command of a person may name.
const MANY: u32 = 4_096;

/// The grants of a first keyring.
#[must_use]
pub fn usual(approvers: &[KeyId], auditors: &[KeyId], organisation: &OrganisationId) -> Vec<Grant> {
    let grant = |kinds: &[Kind], keys: &[KeyId], threshold, independent, max_targets| Grant {
        kinds: sorted(kinds.iter().copied().map(GrantKind::Command).collect()),
        organisations: Organisations::Listed(vec![organisation.clone()]),
        keys: sorted(keys.to_vec()),
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
    let mut grants = Vec::new();
    if !approvers.is_empty() {
        grants.push(grant(&undone, approvers, 1, 0, MANY));
        grants.push(grant(&[Kind::LockFleet], approvers, 1, 1, MANY));
        // One person gives it, and nothing brings the service data back.
        grants.push(grant(&[Kind::Kill], approvers, 1, 1, FEW));
        grants.push(Grant {
            kinds: vec![GrantKind::Policy],
            ..grant(&[], approvers, 1, 1, 1)
        });
    }
    // Two people: with one approver there is nobody it could be granted to.
    if approvers.len() >= 2 {
        grants.push(grant(&[Kind::Wipe, Kind::Transfer], approvers, 2, 1, FEW));
    }
    if !auditors.is_empty() {
        grants.extend(of_auditors(auditors, organisation));
    }
    grants
}

/// An auditor's two grants: to hold, and to release with an independent key (PROTOCOL §6).
#[must_use]
pub fn of_auditors(auditors: &[KeyId], organisation: &OrganisationId) -> [Grant; 2] {
    [(Kind::Hold, 0), (Kind::Release, 1)].map(|(kind, independent)| Grant {
        kinds: vec![GrantKind::Command(kind)],
        organisations: Organisations::Listed(vec![organisation.clone()]),
        keys: sorted(auditors.to_vec()),
        threshold: 1,
        independent,
        clearances: 0,
        max_targets: MANY,
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

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items
}
