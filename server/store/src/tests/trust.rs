//! Fleets, keyrings, the log, CRLs.

use crate::crls::{self, Crl};
use crate::keyrings::{self, Keyring};
use crate::log::{self, Checkpoint, Node};
use crate::policies::{self, Policy};
use crate::testing::{customer, migrated, reseller, seed_tree};
use crate::{StoreError, fleets};

#[test]
fn next_keys_take_their_places_once() {
    for fresh in migrated("next_keys") {
        seed_tree(&fresh.store);
        fresh
            .store
            .write_blocking(|c| {
                let fleet = "fleet-north";
                assert!(fleets::set_next_keys(
                    c,
                    fleet,
                    b"on",
                    b"log",
                    "new.example.org/log"
                )?);
                assert!(
                    !fleets::set_next_keys(c, fleet, b"x", b"y", "z")?,
                    "there are some already"
                );
                fleets::replace_keys(c, fleet, b"on", b"log", "new.example.org/log")?;
                let found = fleets::find(c, fleet)?.unwrap();
                assert_eq!(found.log_origin, "new.example.org/log");
                assert_eq!(found.online_key_sealed, b"on");
                assert_eq!(found.next_log_origin, None);
                assert!(fleets::set_next_keys(c, fleet, b"x", b"y", "z")?);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn a_keyring_warns_once_for_each_mark_and_policies_rise() {
    for fresh in migrated("policies") {
        seed_tree(&fresh.store);
        let policy = |version: i64| Policy {
            fleet_id: "fleet-north".into(),
            version,
            digest: format!("p{version}"),
            envelope: "e".into(),
            issued_at: 1,
            expires_at: 2,
            stored_at: 3,
        };
        fresh
            .store
            .write_blocking(|c| {
                assert!(keyrings::warn_once(c, "fleet-north", 1, 30, 5)?);
                assert!(!keyrings::warn_once(c, "fleet-north", 1, 30, 6)?);
                assert!(keyrings::warn_once(c, "fleet-north", 2, 30, 6)?);
                assert_eq!(policies::newest(c, "fleet-north")?, None);
                policies::insert(c, &policy(2))?;
                policies::insert(c, &policy(10))?;
                assert_eq!(policies::newest(c, "fleet-north")?, Some(policy(10)));
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn a_log_that_starts_anew_numbers_every_leaf_again() {
    for fresh in migrated("log_restart") {
        seed_tree(&fresh.store);
        fresh
            .store
            .write_blocking(|c| {
                log::append_leaf(c, "fleet-north", "admin", "d", "leaf-1", 1)?;
                log::set_leaf_index(c, "leaf-1", 0)?;
                log::restart(c, "fleet-north")?;
                assert_eq!(log::size(c, "fleet-north")?, 0);
                assert_eq!(log::number_waiting(c, "fleet-north", 9)?.leaves.len(), 1);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn fleets_and_keyrings_are_found() {
    for fresh in migrated("fleets") {
        seed_tree(&fresh.store);
        let keyring = |version: i64| Keyring {
            fleet_id: "fleet-north".into(),
            version,
            digest: format!("d{version}"),
            envelope: "e".into(),
            issued_at: 1,
            expires_at: 2,
            stored_at: 3,
        };
        fresh
            .store
            .write_blocking(|c| {
                for version in 1..=4 {
                    keyrings::insert(c, &keyring(version))?;
                }
                assert_eq!(keyrings::newest(c, "fleet-north")?.unwrap().version, 4);
                assert_eq!(keyrings::find(c, "fleet-north", 2)?.unwrap().digest, "d2");
                let steps = keyrings::range(c, "fleet-north", 2, 2)?;
                assert_eq!(steps.iter().map(|k| k.version).collect::<Vec<_>>(), [2, 3]);
                assert!(keyrings::newest(c, "fleet-lyre")?.is_none());
                assert_eq!(
                    fleets::find_by_fingerprint(c, "print-lyre")?.unwrap().id,
                    "fleet-lyre"
                );
                assert_eq!(
                    fleets::find_by_organisation(c, "north")?,
                    fleets::find(c, "fleet-north")?
                );
                assert_eq!(fleets::list(c, &customer("quay"))?[0].id, "fleet-north");
                assert_eq!(fleets::list(c, &reseller("lyre"))?.len(), 1);
                assert_eq!(fleets::ids_for_job(c)?.len(), 2);
                for number in 1..=2 {
                    crls::insert(
                        c,
                        &Crl {
                            number,
                            der: vec![1],
                            entries: 0,
                            this_update: 1,
                            next_update: 2,
                        },
                    )?;
                }
                assert_eq!(
                    (crls::newest(c)?.unwrap().number, crls::delete_below(c, 2)?),
                    (2, 1)
                );
                Ok(())
            })
            .unwrap();
        let again = fresh
            .store
            .write_blocking(|c| keyrings::insert(c, &keyring(4)))
            .unwrap_err();
        assert!(again.is_conflict_of("keyrings.fleet_id,version"), "{again}");
    }
}

#[test]
fn leaves_are_numbered_in_order_and_once() {
    for fresh in migrated("log") {
        seed_tree(&fresh.store);
        let store = &fresh.store;
        store
            .write_blocking(|c| {
                for n in [3, 1, 2] {
                    log::append_leaf(
                        c,
                        "fleet-north",
                        "command",
                        &format!("digest-{n}"),
                        &format!("leaf-{n}"),
                        n,
                    )?;
                }
                assert_eq!(log::fleets_waiting(c)?, ["fleet-north"]);
                assert_eq!(
                    log::leaf_index(c, "fleet-north", "command", "digest-1")?,
                    None
                );
                let waiting = log::number_waiting(c, "fleet-north", 2)?;
                assert_eq!(
                    (
                        waiting.size,
                        waiting.leaves[0].id.as_str(),
                        waiting.leaves.len()
                    ),
                    (0, "leaf-1", 2)
                );
                for (leaf, index) in waiting.leaves.iter().zip(waiting.size..) {
                    assert!(log::set_leaf_index(c, &leaf.id, index)?);
                }
                assert!(!log::set_leaf_index(c, "leaf-1", 9)?, "it has a number");
                let node = |position: i64| Node {
                    fleet_id: "fleet-north".into(),
                    level: 0,
                    position,
                    hash: "h".into(),
                };
                log::insert_nodes(c, &(0..1_200).map(node).collect::<Vec<_>>())?;
                assert_eq!(log::node(c, "fleet-north", 0, 1_199)?.as_deref(), Some("h"));
                assert_eq!(log::node(c, "fleet-north", 1, 0)?, None);
                let head = Checkpoint {
                    fleet_id: "fleet-north".into(),
                    size: 2,
                    root: "r".into(),
                    note: "n".into(),
                    created_at: 1,
                    witnesses: 0,
                };
                log::insert_checkpoint(c, &head)?;
                assert_eq!(
                    log::newest_checkpoint(c, "fleet-north")?.as_ref(),
                    Some(&head)
                );
                assert_eq!(log::checkpoint(c, "fleet-north", 1)?, None);
                assert_eq!(
                    (
                        log::size(c, "fleet-north")?,
                        log::count_waiting(c, "fleet-north")?
                    ),
                    (2, 1)
                );
                assert_eq!(
                    log::leaf_index(c, "fleet-north", "command", "digest-2")?,
                    Some(1)
                );
                assert_eq!(
                    log::leaf_index(c, "fleet-north", "keyring", "digest-2")?,
                    None
                );
                assert_eq!(log::leaves(c, "fleet-north", 1, 9)?.len(), 1);
                Ok(())
            })
            .unwrap();
        let twice = store.write_blocking(|c| log::set_leaf_index(c, "leaf-3", 1));
        assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    }
}
