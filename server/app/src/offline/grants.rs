//! Who may approve what, as the ceremony lays it out: one person for what can be undone and for a kill, two for a wipe or a
//! transfer, auditors for holds, and nobody else for those.

use muster_protocol::command::Kind;
use muster_protocol::ids::{KeyId, OrganisationId};
use muster_protocol::keyring::{Grant, GrantKind, Organisations};

/// Phones that one wipe or transfer may name; more takes several commands and so several readings.
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
        grants.push(grant(&[Kind::LockFleet, Kind::Kill], approvers, 1, 1, MANY));
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

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items
}
