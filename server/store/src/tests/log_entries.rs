//! What witnesses and auditors read: checkpoints by their cosignatures, clearances, and the bytes behind leaves.

use muster_domain::scope::Scope;

use crate::clearances::{self, Clearance};
use crate::enrolments::{self, Enrolment, Stated};
use crate::fleets::{self, Fleet};
use crate::log::{self, Checkpoint};
use crate::testing::{customer, draft, migrated, phone, reseller, seed_tree};
use crate::{check_ins, commands, devices, log_entries};

#[test]
fn phones_are_handed_what_enough_witnesses_cosigned() {
    for fresh in migrated("witnessed") {
        seed_tree(&fresh.store);
        let head = |size: i64| Checkpoint {
            fleet_id: "fleet-north".into(),
            size,
            root: format!("r{size}"),
            note: "n".into(),
            created_at: 1,
            witnesses: 0,
        };
        let written = fresh.store.write_blocking(|c| {
            for size in [2, 5, 9] {
                log::insert_checkpoint(c, &head(size))?;
            }
            assert!(log::newest_witnessed(c, "fleet-north", 1)?.is_none());
            assert!(log::set_note(c, &head(5), "n w", 2)?);
            assert!(
                !log::set_note(c, &head(5), "late", 1)?,
                "it changed meanwhile"
            );
            let found = |c: &mut _, wanted| log::newest_witnessed(c, "fleet-north", wanted);
            assert_eq!(found(c, 2)?.unwrap().note, "n w");
            assert_eq!(found(c, 0)?.unwrap().size, 9);
            assert!(found(c, 3)?.is_none());
            assert_eq!(log::next_checkpoint(c, "fleet-north", 2)?.unwrap().size, 5);
            assert!(log::next_checkpoint(c, "fleet-north", 9)?.is_none());
            Ok(())
        });
        written.unwrap();
    }
}

#[test]
fn a_phone_asks_when_its_nonce_is_known_and_is_told_once() {
    for fresh in migrated("clearances") {
        seed_tree(&fresh.store);
        let phones = [phone("NW-1", "north", "quay")];
        let clearance = |size: i64, witness: &str| Clearance {
            digest: format!("{witness}-{size}"),
            fleet_id: "fleet-north".into(),
            command_id: "c1".into(),
            enrolment_id: "enr-NW-1".into(),
            nonce: "ab".into(),
            witness: witness.into(),
            checkpoint_size: size,
            envelope: "e".into(),
            created_at: 1,
        };
        let written = fresh.store.write_blocking(|c| {
            devices::insert_many(c, &phones)?;
            let (command, targets) = draft("c1", &phones);
            commands::insert(c, &command, &targets)?;
            commands::request_approval(c, "c1")?;
            commands::seal(c, "c1", "envelope", "ed", None, 7)?;
            let asking = |c: &mut _| clearances::asking_for_job(c, "fleet-north", &["wipe"], 9);
            assert!(asking(c)?.is_empty(), "it said no nonce yet");
            check_ins::record_for_phone(c, &said("ab", 4))?;
            let found = asking(c)?;
            assert_eq!((found.len(), found[0].checkpoint_size), (1, 4));
            assert_eq!(found[0].nonce.as_deref(), Some("ab"));
            assert!(clearances::asking_for_job(c, "fleet-north", &["kill"], 9)?.is_empty());
            for (size, witness) in [(3, "w1"), (5, "w1"), (5, "w2")] {
                assert!(clearances::insert(c, &clearance(size, witness))?);
                assert!(!clearances::insert(c, &clearance(size, witness))?);
            }
            let list = |c: &mut _, nonce| clearances::list(c, "enr-NW-1", "c1", nonce, 4);
            assert_eq!(
                list(c, "ab")?.len(),
                2,
                "none under a log older than the phone's"
            );
            assert!(list(c, "cd")?.is_empty());
            Ok(())
        });
        written.unwrap();
    }
}

fn said(nonce: &str, size: i64) -> check_ins::CheckIn {
    check_ins::CheckIn {
        device_id: "dev-NW-1".into(),
        reseller_id: "north".into(),
        organisation_id: "quay".into(),
        at: 9,
        report: None,
        restrictions: "[]".into(),
        locked: false,
        suspended: false,
        held: false,
        keyring_version: 1,
        checkpoint_size: size,
        checkpoint_root: None,
        nonce: Some(nonce.into()),
        policy_version: 0,
        compliance: None,
        freshness: None,
    }
}

#[test]
fn bytes_are_shown_inside_the_scope_alone() {
    for fresh in migrated("log_entries") {
        seed_tree(&fresh.store);
        let phones = [phone("NW-1", "north", "quay")];
        let written = fresh.store.write_blocking(|c| {
            devices::insert_many(c, &phones)?;
            let (command, targets) = draft("c1", &phones);
            commands::insert(c, &command, &targets)?;
            commands::request_approval(c, "c1")?;
            commands::seal(c, "c1", "envelope", "ed", None, 7)?;
            enrolments::insert(
                c,
                &Enrolment {
                    id: "enr-NW-1".into(),
                    device_id: "dev-NW-1".into(),
                    epoch: 1,
                    device_key: None,
                    statement: None,
                    pin: None,
                    created_at: 1,
                    ended_at: None,
                    ended_why: None,
                },
            )?;
            let stated = Stated {
                device_key: "point",
                statement: "statement",
                digest: "sd",
                pin: "manual",
            };
            assert!(enrolments::set_statement(c, "enr-NW-1", stated)?);
            for (scope, sees) in [
                (Scope::Platform, true),
                (reseller("north"), true),
                (customer("quay"), true),
                (customer("harbour"), false),
                (reseller("lyre"), false),
            ] {
                let envelope = log_entries::commands(c, &scope, &["ed", "other"])?;
                assert_eq!(envelope.contains_key("ed"), sees, "{scope:?}");
                let statement = log_entries::statements(c, &scope, &["sd"])?;
                assert_eq!(statement.contains_key("sd"), sees, "{scope:?}");
            }
            Ok(())
        });
        written.unwrap();
    }
}

#[test]
fn the_installations_own_log_is_no_fleet_of_phones() {
    for fresh in migrated("own_log") {
        seed_tree(&fresh.store);
        let written = fresh.store.write_blocking(|c| {
            let north = fleets::find(c, "fleet-north")?.unwrap();
            fleets::insert(
                c,
                &Fleet {
                    id: "own".into(),
                    organisation_id: "muster".into(),
                    fingerprint: None,
                    descriptor: None,
                    ..north
                },
            )?;
            assert_eq!(fleets::ids_for_job(c)?, ["fleet-lyre", "fleet-north"]);
            assert_eq!(fleets::list(c, &Scope::Platform)?.len(), 2);
            assert_eq!(fleets::logs(c, &Scope::Platform)?.len(), 3);
            assert_eq!(fleets::logs(c, &customer("quay"))?[0].id, "fleet-north");
            Ok(())
        });
        written.unwrap();
    }
}
