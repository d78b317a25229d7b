//! The next keyring, from the one that is held and what shall change. Nobody has signed it yet, and everything is judged again
//! when somebody does.

use std::collections::BTreeSet;

use muster_protocol::command::Kind;
use muster_protocol::ids::{KeyId, OrganisationId, Person};
use muster_protocol::keyring::{Grant, Keyring, LIFE_MAX, Log, ServerEntry, WholeKey, Witness};
use muster_protocol::keys::Ed25519Key;
use muster_protocol::time::{DAY, UnixTime};

use super::ceremony;
use super::grants;
use super::public_part::PublicPart;
use crate::random::Random;

/// What shall change. What is empty or `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Approvers' and auditors' keys to take out, by id or the beginning of one.
    pub remove_approvers: Vec<String>,
    /// Approvers to add: to every grant but the auditors', as far as their keys count there.
    pub add_approvers: Vec<PublicPart>,
    /// Whether an added key that is not independent may be the second person of a wipe or transfer.
    pub second_person: bool,
    /// Auditors to add: to the grants for hold and release.
    pub add_auditors: Vec<PublicPart>,
    /// Root keys to take out, by id or the beginning of one.
    pub remove_roots: Vec<String>,
    /// Root signers to add.
    pub add_roots: Vec<PublicPart>,
    /// How many root signers the next keyring takes.
    pub root_threshold: Option<u32>,
    /// The servers, in the order in which phones try them.
    pub servers: Vec<ServerEntry>,
    /// Hosts whose pages the servers draw.
    pub portals: Vec<String>,
    /// The servers' own keys.
    pub online: Vec<Ed25519Key>,
    /// The log.
    pub log: Option<Log>,
    /// The witnesses.
    pub witnesses: Vec<Witness>,
    /// How many witnesses a checkpoint takes.
    pub witness_threshold: Option<u32>,
    /// How many witnesses must clear each command of a kind.
    pub clearances: Vec<(Kind, u32)>,
    /// How many people must sign each command of a kind.
    pub thresholds: Vec<(Kind, u32)>,
    /// How many phones one command of a kind may name.
    pub max_targets: Vec<(Kind, u32)>,
    /// How long the keyring lasts, days.
    pub days: u64,
}

/// The keyring after `held`.
///
/// # Errors
/// A sentence: a key is not there or not told apart, or the outcome breaks a rule of PROTOCOL §5.
pub fn next(
    held: &Keyring,
    organisation: &OrganisationId,
    change: &Change,
    now: UnixTime,
    random: &dyn Random,
) -> Result<Keyring, String> {
    let life = change.days.saturating_mul(DAY);
    if life == 0 || life > LIFE_MAX {
        return Err(
            "A keyring lasts 1 to 400 days (PROTOCOL §5); 180 is advised. Give --days.".to_owned(),
        );
    }
    let mut next = held.clone();
    next.version = held.version.saturating_add(1);
    // Two drafts in one second, or a clock that went back: never before the one that is held.
    next.issued_at = now.max(held.issued_at);
    next.expires_at = next.issued_at.plus(life);
    change_roots(&mut next, change)?;
    change_approvers(&mut next, organisation, change)?;
    change_carriers(&mut next, change, random)?;
    for (kind, count) in &change.clearances {
        grants::change(&mut next.grants, *kind, |grant| grant.clearances = *count)?;
    }
    for (kind, people) in &change.thresholds {
        grants::ask(&mut next.grants, *kind, *people)?;
    }
    for (kind, phones) in &change.max_targets {
        grants::limit(&mut next.grants, *kind, *phones)?;
    }
    reachable(&next)?;
    next.check()
        .map_err(|error| format!("The next keyring would break a rule: {error}."))?;
    Ok(next)
}

fn change_roots(next: &mut Keyring, change: &Change) -> Result<(), String> {
    for wanted in &change.remove_roots {
        let id = one_of(next.root.keys.iter().map(WholeKey::id), wanted, "root key")?;
        next.root.keys.retain(|key| key.id() != id);
    }
    for part in &change.add_roots {
        next.root.keys.push(part.root()?);
    }
    next.root.threshold = change.root_threshold.unwrap_or(next.root.threshold);
    Ok(())
}

fn change_approvers(
    next: &mut Keyring,
    organisation: &OrganisationId,
    change: &Change,
) -> Result<(), String> {
    for wanted in &change.remove_approvers {
        let ids = next.keys.iter().map(muster_protocol::keyring::KeyEntry::id);
        let id = one_of(ids, wanted, "approver's key")?;
        next.keys.retain(|entry| entry.id() != id);
        for grant in &mut next.grants {
            grant.keys.retain(|key| *key != id);
        }
        // A grant that names nobody grants nothing.
        next.grants.retain(|grant| !grant.keys.is_empty());
    }
    for part in &change.add_approvers {
        let entry = part.approver();
        let ordinary = next.grants.iter_mut().filter(|grant| !grant.is_auditor());
        let useful =
            ordinary.filter(|grant| grants::is_useful(grant, &entry, change.second_person));
        let mut entered = 0;
        for grant in useful {
            add_key(grant, entry.id());
            entered += 1;
        }
        if entered == 0 {
            return Err(format!(
                "The key of {} would count nowhere: no grant of this keyring has a place for it.",
                part.name
            ));
        }
        next.keys.push(entry);
    }
    for part in &change.add_auditors {
        let entry = part.approver();
        let mut lacking = grants::of_auditors(std::slice::from_ref(&entry), organisation);
        for grant in next.grants.iter_mut().filter(|grant| grant.is_auditor()) {
            lacking.retain(|new| !new.kinds.iter().all(|kind| grant.kinds.contains(kind)));
            if grants::is_useful(grant, &entry, false) {
                add_key(grant, entry.id());
            }
        }
        next.grants.append(&mut lacking);
        next.keys.push(entry);
    }
    Ok(())
}

fn add_key(grant: &mut Grant, id: KeyId) {
    grant.keys.push(id);
    grant.keys.sort_unstable();
}

fn change_carriers(next: &mut Keyring, change: &Change, random: &dyn Random) -> Result<(), String> {
    if !change.servers.is_empty() {
        next.servers.clone_from(&change.servers);
    }
    if !change.portals.is_empty() {
        next.portals.clone_from(&change.portals);
    }
    if !change.online.is_empty() {
        let known = std::mem::take(&mut next.online);
        for key in &change.online {
            let kept = known.iter().find(|known| known.key == *key).cloned();
            next.online.push(match kept {
                Some(kept) => kept,
                None => WholeKey {
                    key: *key,
                    person: ceremony::person(random)?,
                },
            });
        }
    }
    if let Some(log) = &change.log {
        next.log = log.clone();
    }
    if !change.witnesses.is_empty() {
        next.witness.keys.clone_from(&change.witnesses);
    }
    next.witness.threshold = change.witness_threshold.unwrap_or(next.witness.threshold);
    Ok(())
}

/// The rule of thresholds in words that name the kinds; [`Keyring::check`] would only say that one is broken.
fn reachable(next: &Keyring) -> Result<(), String> {
    for grant in &next.grants {
        let entries = next
            .keys
            .iter()
            .filter(|entry| grant.keys.contains(&entry.id()));
        let people: BTreeSet<&Person> = entries.map(|entry| &entry.person).collect();
        if (people.len() as u64) < u64::from(grant.threshold) {
            let kinds: Vec<&str> = grant.kinds.iter().map(|kind| kind.as_str()).collect();
            return Err(format!(
                "Then nobody could approve {}: it takes {} people and {} would be left. Add an approver in the same draft.",
                kinds.join(" or "),
                grant.threshold,
                people.len()
            ));
        }
    }
    Ok(())
}

/// The one key whose id begins so.
fn one_of(ids: impl Iterator<Item = KeyId>, wanted: &str, what: &str) -> Result<KeyId, String> {
    let found: Vec<KeyId> = ids
        .filter(|id| id.to_string().starts_with(wanted))
        .collect();
    match found.as_slice() {
        [one] if wanted.len() >= 8 => Ok(*one),
        [] => Err(format!(
            "The held keyring has no {what} {wanted}. See muster keyring show."
        )),
        _ => Err(format!(
            "{wanted} does not tell one {what} from another. Give at least 8 digits, or all."
        )),
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::command::Kind;
    use muster_protocol::keyring::{GrantKind, Update, verify_update};

    use super::{Change, next};
    use crate::offline::ceremony;
    use crate::offline::signing::tests::{Ceremony, NOW};

    fn days() -> Change {
        Change {
            days: 180,
            ..Change::default()
        }
    }

    #[test]
    fn an_approver_is_taken_out_and_another_comes_in() {
        let fleet = Ceremony::usual();
        let gone = fleet.made.approvers[0].signer.key_id();
        let change = Change {
            remove_approvers: vec![gone.to_string()[..8].to_owned()],
            add_approvers: vec![fleet.newcomer("Teo Amari")],
            ..days()
        };
        let drafted = next(
            &fleet.held.keyring,
            &fleet.organisation(),
            &change,
            NOW,
            &fleet.random,
        )
        .unwrap();
        assert_eq!(drafted.version, 2);
        assert!(drafted.key(&gone).is_none());
        assert!(
            drafted
                .grants
                .iter()
                .all(|grant| !grant.keys.contains(&gone))
        );
        let newcomer = change.add_approvers[0].id();
        let wipes = |kind: Kind| {
            drafted.grants.iter().any(|grant| {
                grant.kinds.contains(&GrantKind::Command(kind)) && grant.keys.contains(&newcomer)
            })
        };
        assert!(wipes(Kind::Wipe) && wipes(Kind::Kill) && !wipes(Kind::Hold));
    }

    #[test]
    fn people_and_phones_are_set_for_one_kind_and_no_other() {
        let fleet = Ceremony::usual();
        let of = |drafted: &muster_protocol::keyring::Keyring, kind| {
            let covers = |grant: &&muster_protocol::keyring::Grant| {
                grant.kinds.contains(&GrantKind::Command(kind))
            };
            let grant = drafted.grants.iter().find(covers).unwrap();
            (grant.threshold, grant.max_targets)
        };
        assert_eq!(of(&fleet.held.keyring, Kind::Kill), (1, 25));
        assert_eq!(of(&fleet.held.keyring, Kind::LockFleet), (1, 4_096));
        let drafted = |change: Change| {
            next(
                &fleet.held.keyring,
                &fleet.organisation(),
                &change,
                NOW,
                &fleet.random,
            )
        };
        let change = Change {
            add_approvers: vec![fleet.newcomer("Teo Amari")],
            thresholds: vec![(Kind::Wipe, 3), (Kind::Kill, 2)],
            max_targets: vec![(Kind::Kill, 100), (Kind::Suspend, 50)],
            ..days()
        };
        let next = drafted(change).unwrap();
        assert_eq!(of(&next, Kind::Wipe), (3, 25));
        assert_eq!(of(&next, Kind::Transfer), (2, 25));
        assert_eq!(of(&next, Kind::Kill), (2, 100));
        assert_eq!(of(&next, Kind::Suspend), (1, 50));
        assert_eq!(of(&next, Kind::Resume), (1, 4_096));
        let refused = [
            (vec![(Kind::Wipe, 1)], vec![]),
            (vec![(Kind::Wipe, 3)], vec![]),
            (vec![(Kind::Hold, 2)], vec![]),
            (vec![(Kind::Notice, 1)], vec![]),
            (vec![], vec![(Kind::Kill, 0)]),
            (vec![], vec![(Kind::Kill, 4_097)]),
        ];
        for (thresholds, max_targets) in refused {
            let change = Change {
                thresholds,
                max_targets,
                ..days()
            };
            assert!(drafted(change.clone()).is_err(), "{change:?}");
        }
    }

    #[test]
    fn a_draft_that_leaves_a_wipe_without_its_people_is_told_so() {
        let fleet = Ceremony::usual();
        let gone = fleet.made.approvers[0].signer.key_id().to_string();
        let change = Change {
            remove_approvers: vec![gone],
            ..days()
        };
        let refused = next(
            &fleet.held.keyring,
            &fleet.organisation(),
            &change,
            NOW,
            &fleet.random,
        )
        .unwrap_err();
        assert!(
            refused.contains("wipe") && refused.contains("2 people"),
            "{refused}"
        );
    }

    #[test]
    fn a_wipe_can_be_made_to_need_a_witness_and_a_transfer_not() {
        let fleet = Ceremony::usual();
        let witness = muster_protocol::keyring::Witness {
            name: "witness.example.org/w1".to_owned(),
            key: ceremony::new_key(crate::offline::key_file::Use::Root, "w", &fleet.random)
                .unwrap()
                .signer
                .verifying_key(),
        };
        let change = Change {
            witnesses: vec![witness],
            clearances: vec![(Kind::Wipe, 1)],
            ..days()
        };
        let drafted = next(
            &fleet.held.keyring,
            &fleet.organisation(),
            &change,
            NOW,
            &fleet.random,
        )
        .unwrap();
        let of = |kind| {
            drafted
                .grants
                .iter()
                .find(|grant| grant.kinds.contains(&GrantKind::Command(kind)))
                .unwrap()
                .clearances
        };
        assert_eq!(
            (of(Kind::Wipe), of(Kind::Transfer), of(Kind::Kill)),
            (1, 0, 0)
        );
    }

    #[test]
    fn what_was_drafted_and_signed_is_taken_as_the_next() {
        let fleet = Ceremony::usual();
        let drafted = next(
            &fleet.held.keyring,
            &fleet.organisation(),
            &days(),
            NOW,
            &fleet.random,
        )
        .unwrap();
        let signers: Vec<_> = fleet
            .made
            .roots
            .iter()
            .take(2)
            .map(|root| &root.signer)
            .collect();
        let envelope = ceremony::sign(&drafted, &signers).unwrap();
        assert!(matches!(
            verify_update(&fleet.held, &envelope),
            Ok(Update::Next(_))
        ));
    }

    #[test]
    fn keys_are_named_unmistakably() {
        let fleet = Ceremony::usual();
        for wrong in ["", "0123456789"] {
            let change = Change {
                remove_approvers: vec![wrong.to_owned()],
                ..days()
            };
            assert!(
                next(
                    &fleet.held.keyring,
                    &fleet.organisation(),
                    &change,
                    NOW,
                    &fleet.random
                )
                .is_err()
            );
        }
    }
}
