//! Commands, their targets, approvals and receipts.

use muster_domain::scope::Scope;

use crate::approvals::{self, Approval};
use crate::commands::{self, CommandFilter};
use crate::devices::{self, Device};
use crate::events::{self, Event, EventFilter};
use crate::receipts::{self, Receipt};
use crate::targets::{self, Answer};
use crate::testing::{Fresh, customer, draft, migrated, phone, reseller, seed_tree};
use crate::{Conn, StoreResult};

fn seed(fresh: &Fresh) -> Vec<Device> {
    seed_tree(&fresh.store);
    let phones: Vec<Device> = (1..=3)
        .map(|n| phone(&format!("NW-{n}"), "north", "quay"))
        .collect();
    fresh
        .store
        .write_blocking(|c| devices::insert_many(c, &phones))
        .unwrap();
    phones
}

fn drafted(c: &mut Conn, id: &str, phones: &[Device]) -> StoreResult<()> {
    let (command, targets) = draft(id, phones);
    commands::insert(c, &command, &targets)
}

fn state(c: &mut Conn, id: &str) -> StoreResult<(String, Vec<(String, i64)>)> {
    Ok((
        commands::find(c, &Scope::Platform, id)?.unwrap().state,
        targets::counts_of(c, id)?,
    ))
}

fn counted(state: &str, n: i64) -> Vec<(String, i64)> {
    vec![(state.to_owned(), n)]
}

fn answer(to: &str, late: bool) -> Answer<'_> {
    Answer {
        to,
        code: None,
        late,
        accepted: true,
        ended: to == "done",
    }
}

#[test]
fn a_command_goes_from_draft_to_done() {
    for fresh in migrated("command_life") {
        let phones = seed(&fresh);
        let signature = |key: &str, person: &str| Approval {
            command_id: "c1".into(),
            key_id: key.into(),
            person: person.into(),
            signature: "{}".into(),
            created_at: 5,
        };
        fresh
            .store
            .write_blocking(|c| {
                drafted(c, "c1", &phones)?;
                assert!(
                    commands::request_approval(c, "c1")? && !commands::request_approval(c, "c1")?
                );
                assert_eq!(
                    state(c, "c1")?,
                    ("awaiting-approval".into(), counted("awaiting-approval", 3))
                );
                assert_eq!(commands::count_awaiting_approval(c, &reseller("north"))?, 1);
                assert_eq!(commands::count_awaiting_approval(c, &reseller("lyre"))?, 0);
                assert_eq!(
                    commands::awaiting_approval(c, &customer("quay"), None, 9)?
                        .items
                        .len(),
                    1
                );
                assert!(approvals::insert(c, &signature("k2", "p1"))?);
                assert!(
                    !approvals::insert(c, &signature("k2", "p1"))?,
                    "once per key"
                );
                assert!(approvals::insert(c, &signature("k1", "p1"))?);
                assert_eq!(
                    approvals::count_people(c, &["c1".into()])?,
                    [("c1".into(), 1)],
                    "people are counted"
                );
                assert_eq!(approvals::list(c, "c1")?[0].key_id, "k1");
                assert!(targets::pending_for_enrolment(c, "enr-NW-1", 32)?.is_empty());
                assert!(
                    commands::seal(c, "c1", "envelope", "ed", None, 10)?
                        && !commands::seal(c, "c1", "other", "x", None, 11)?
                );
                assert!(commands::reopen(c, "c1")?);
                assert_eq!(
                    state(c, "c1")?,
                    ("awaiting-approval".into(), counted("awaiting-approval", 3))
                );
                assert!(commands::seal(c, "c1", "envelope", "ed", None, 12)?);
                assert!(targets::anything_queued_for_enrolment(c, "enr-NW-1")?);
                let queue = targets::pending_for_enrolment(c, "enr-NW-1", 32)?;
                assert_eq!(
                    (
                        queue.len(),
                        queue[0].envelope.as_deref(),
                        queue[0].target.position
                    ),
                    (1, Some("envelope"), 0)
                );
                assert_eq!(
                    targets::mark_delivered(c, "enr-NW-1", &["c1".into()], 20)?,
                    ["c1"]
                );
                assert!(targets::mark_delivered(c, "enr-NW-1", &["c1".into()], 21)?.is_empty());
                assert!(commands::set_state(c, "c1", &["queued"], "delivered")?);
                assert!(!commands::reopen(c, "c1")?, "a phone has it");
                assert!(targets::apply_receipt(
                    c,
                    "c1",
                    0,
                    "delivered",
                    answer("accepted", false),
                    30
                )?);
                assert!(!targets::apply_receipt(
                    c,
                    "c1",
                    0,
                    "delivered",
                    answer("refused", false),
                    31
                )?);
                assert!(targets::apply_receipt(
                    c,
                    "c1",
                    0,
                    "accepted",
                    answer("done", false),
                    32
                )?);
                assert!(targets::pending_for_enrolment(c, "enr-NW-1", 32)?.is_empty());
                let target = targets::find_for_enrolment(c, "c1", "enr-NW-1")?.unwrap();
                assert_eq!(
                    (target.state.as_str(), target.ended_at, target.late),
                    ("done", Some(32), false)
                );
                assert_eq!(targets::leaves(c, "c1")?[2].serial_number, "NW-3");
                assert_eq!(targets::counts(c, &["c1".into()])?.len(), 2);
                let first = targets::page(c, &reseller("north"), "c1", &[], None, 2)?;
                let rest =
                    targets::page(c, &reseller("north"), "c1", &[], first.next.as_deref(), 2)?;
                assert_eq!((first.items.len(), rest.items.len()), (2, 1));
                assert!(
                    targets::page(c, &reseller("lyre"), "c1", &[], None, 2)?
                        .items
                        .is_empty()
                );
                assert_eq!(
                    targets::page(c, &reseller("north"), "c1", &["done".into()], None, 9)?
                        .items
                        .len(),
                    1
                );
                assert_eq!(
                    commands::of_device(c, &customer("quay"), "dev-NW-1", None, 9)?.items[0]
                        .1
                        .state,
                    "done"
                );
                assert_eq!(commands::overdue(c, &reseller("north"), 13, 9)?.len(), 1);
                assert_eq!(
                    commands::find_by_digests(c, &reseller("north"), &["cd-c1".into()])?.len(),
                    1
                );
                assert_eq!(
                    commands::drafted_since(c, &reseller("north"), &["wipe"], 0)?,
                    (1, 3)
                );
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn what_cools_off_is_found_when_it_may_go_and_can_be_cancelled_before() {
    for fresh in migrated("cool_off") {
        let phones = seed(&fresh);
        fresh
            .store
            .write_blocking(|c| {
                for (id, until) in [("c1", Some(100)), ("c2", None), ("c3", Some(100))] {
                    drafted(c, id, &phones)?;
                    assert!(commands::seal(c, id, "envelope", id, until, 10)?);
                }
                let enrolment = phones[0].enrolment_id.clone().unwrap_or_default();
                for pending in targets::pending_for_enrolment(c, &enrolment, 9)? {
                    assert_eq!(pending.cool_off_until.is_some(), pending.command_id != "c2");
                }
                assert_eq!(
                    commands::cancel(c, &reseller("north"), "c1", "Ada", 50)?,
                    Some(3)
                );
                commands::set_state(c, "c1", &["queued"], "cancelled")?;
                assert!(commands::cooled_for_job(c, 20, 99)?.is_empty());
                assert_eq!(commands::cooled_for_job(c, 40, 100)?, ["c3"]);
                assert!(commands::cooled_for_job(c, 100, 160)?.is_empty());
                // A keyring that no longer counts its signatures takes the cool-off with it.
                assert!(commands::reopen(c, "c3")?);
                assert!(commands::cooled_for_job(c, 40, 100)?.is_empty());
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn the_holds_of_a_device_are_those_it_carried_out() {
    for fresh in migrated("holds") {
        let phones = seed(&fresh);
        fresh
            .store
            .write_blocking(|c| {
                for (id, kind, is_done) in [
                    ("c1", "hold", true),
                    ("c2", "hold", false),
                    ("c3", "lock", true),
                    ("c4", "release", true),
                ] {
                    let (mut command, targets) = draft(id, &phones);
                    command.kind = kind.to_owned();
                    commands::insert(c, &command, &targets)?;
                    commands::seal(c, id, "envelope", id, None, 10)?;
                    for position in 0..3 {
                        if is_done {
                            targets::apply_receipt(
                                c,
                                id,
                                position,
                                "queued",
                                answer("done", false),
                                15,
                            )?;
                        }
                    }
                }
                let ids = |c: &mut Conn, scope: &Scope| -> StoreResult<Vec<String>> {
                    let found = commands::holds_of_device(c, scope, &phones[0].id)?;
                    Ok(found.into_iter().map(|command| command.id).collect())
                };
                assert_eq!(ids(c, &reseller("north"))?, ["c1", "c4"]);
                assert!(ids(c, &reseller("lyre"))?.is_empty());
                devices::set_held_for_phone(c, &phones[0].id, true)?;
                let state = devices::state_for_phone(c, &phones[0].id)?.unwrap();
                assert!(state.held);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn cancelling_and_expiring_close_what_no_phone_accepted() {
    for fresh in migrated("command_end") {
        let phones = seed(&fresh);
        fresh
            .store
            .write_blocking(|c| {
                for id in ["c1", "c2"] {
                    drafted(c, id, &phones)?;
                    commands::seal(c, id, "envelope", id, None, 10)?;
                    assert!(targets::apply_receipt(
                        c,
                        id,
                        0,
                        "queued",
                        answer("accepted", false),
                        15
                    )?);
                }
                assert_eq!(
                    commands::cancel(c, &reseller("lyre"), "c1", "Ada", 20)?,
                    None
                );
                assert_eq!(
                    commands::cancel(c, &reseller("north"), "c1", "Ada", 20)?,
                    Some(2)
                );
                assert_eq!(
                    commands::cancel(c, &reseller("north"), "c1", "Ada", 21)?,
                    None,
                    "it is cancelled"
                );
                assert_eq!(
                    state(c, "c1")?.1,
                    [("accepted".into(), 1), ("cancelled".into(), 2)]
                );
                assert!(commands::expire_due_for_job(c, 999, 10)?.is_empty());
                // The first was accepted by one phone and is looked at all the same: its time is up too.
                let lapsed = commands::expire_due_for_job(c, 1_000, 10)?;
                assert_eq!(
                    lapsed.iter().map(|l| l.targets.len()).collect::<Vec<_>>(),
                    [0, 2]
                );
                assert!(commands::expire_due_for_job(c, 1_001, 10)?.is_empty());
                // A receipt outranks both, and is late.
                assert!(targets::apply_receipt(
                    c,
                    "c2",
                    1,
                    "expired",
                    answer("done", true),
                    1_002
                )?);
                assert!(
                    targets::find_for_enrolment(c, "c2", "enr-NW-2")?
                        .unwrap()
                        .late
                );
                drafted(c, "c3", &phones)?;
                assert_eq!(
                    targets::close_of_enrolment(c, "enr-NW-1", "cancelled", 5)?,
                    ["c3"]
                );
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn lists_page_and_keep_to_their_scope() {
    for fresh in migrated("command_lists") {
        let phones = seed(&fresh);
        let receipt = |id: &str, sequence: i64| Receipt {
            id: id.into(),
            device_id: "dev-NW-1".into(),
            enrolment_id: "enr-NW-1".into(),
            sequence,
            command_digest: "cd-c1".into(),
            command_id: Some("c1".into()),
            state: "done".into(),
            code: None,
            detail: None,
            envelope: "e".into(),
            phone_at: 1,
            received_at: 2,
        };
        let event = |id: &str, reseller: Option<&str>, organisation: &str, actor: &str| Event {
            id: id.into(),
            reseller_id: reseller.map(str::to_owned),
            organisation_id: organisation.into(),
            kind: "command.drafted".into(),
            weight: "ordinary".into(),
            actor: "member:m".into(),
            actor_name: actor.into(),
            device_id: Some("dev-NW-1".into()),
            serial_number: Some("NW-1".into()),
            command_id: None,
            facts: "{}".into(),
            at: 1,
        };
        fresh
            .store
            .write_blocking(|c| {
                for id in ["c1", "c2", "c3"] {
                    drafted(c, id, &phones)?;
                }
                let all = CommandFilter::default();
                let first = commands::list(c, &customer("quay"), &all, None, 2)?;
                let rest = commands::list(c, &customer("quay"), &all, first.next.as_deref(), 2)?;
                assert_eq!(
                    (first.items[0].id.as_str(), rest.items[0].id.as_str()),
                    ("c3", "c1")
                );
                assert!(
                    commands::list(c, &reseller("lyre"), &all, None, 9)?
                        .items
                        .is_empty()
                );
                let some = CommandFilter {
                    states: vec!["draft".into()],
                    kind: Some("wipe".into()),
                    device_id: Some("dev-NW-2".into()),
                    organisation_id: Some("quay".into()),
                };
                assert_eq!(
                    commands::list(c, &reseller("north"), &some, None, 9)?
                        .items
                        .len(),
                    3
                );

                assert!(receipts::insert_for_phone(c, &receipt("r1", 1))?);
                assert!(
                    !receipts::insert_for_phone(c, &receipt("r1", 1))?,
                    "sent again until heard"
                );
                assert!(receipts::insert_for_phone(c, &receipt("r2", 4))?);
                assert!(
                    receipts::is_known_for_phone(c, "r2")?
                        && !receipts::is_known_for_phone(c, "r3")?
                );
                assert_eq!(receipts::max_sequence_for_phone(c, "enr-NW-1")?, Some(4));
                assert_eq!(
                    receipts::list_by_command(c, &reseller("north"), "c1", &[], 9)?.len(),
                    2
                );
                assert_eq!(
                    receipts::list_by_command(
                        c,
                        &reseller("north"),
                        "c1",
                        &["dev-NW-2".into()],
                        9
                    )?
                    .len(),
                    0
                );
                assert_eq!(
                    receipts::list_by_command(c, &reseller("lyre"), "c1", &[], 9)?.len(),
                    0
                );
                assert_eq!(
                    receipts::list_of_device(c, &customer("quay"), "dev-NW-1", 1)?[0].id,
                    "r2"
                );

                events::insert(c, &event("e1", None, "muster", "Operator"))?;
                events::insert(c, &event("e2", Some("north"), "quay", "Ada_B"))?;
                let seen = |c: &mut Conn, scope: &Scope, q: Option<&str>| {
                    let filter = EventFilter {
                        kind: Some("command.".into()),
                        q: q.map(str::to_owned),
                        ..EventFilter::default()
                    };
                    events::list(c, scope, &filter, None, 9).map(|page| page.items.len())
                };
                assert_eq!(
                    (
                        seen(c, &Scope::Platform, None)?,
                        seen(c, &reseller("north"), None)?
                    ),
                    (2, 1)
                );
                assert_eq!(
                    (
                        seen(c, &Scope::Platform, Some("a_"))?,
                        seen(c, &Scope::Platform, Some("nw-"))?
                    ),
                    (1, 2)
                );
                assert!(events::find(c, &reseller("lyre"), "e2")?.is_none());
                Ok(())
            })
            .unwrap();
    }
}
