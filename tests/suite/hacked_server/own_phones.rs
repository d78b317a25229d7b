//! Attacks that the specification does not name, on what a phone remembers: other phones' papers, other times, and memories
//! that change hands.

use std::path::Path;

use muster_agent::AgentError;
use muster_agent::state::folder::FolderError;
use muster_protocol::command::{Args, Command};
use muster_protocol::ids::CaseNumber;
use muster_protocol::reason::Reason;
use muster_protocol::target::TargetTree;
use muster_protocol::time::DAY;
use muster_tests::hacked::reason;
use muster_tests::line::Way;
use muster_tests::{Hacked, TestApp, on_both_databases};
use serde_json::json;

use super::a091_holds::{hold, still_held};

on_both_databases![
    own_hold_with_an_end_in_the_past,
    own_resume_that_lifts_another_phones_suspension,
    own_online_suspension_in_place_of_the_peoples,
    own_receipts_replayed_across_a_re_enrolment,
    own_memories_of_two_phones_exchanged,
];

async fn own_hold_with_an_end_in_the_past(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let case = || CaseNumber::parse("2026-114").unwrap();
    for until in [a.now, a.now.minus(DAY), muster_protocol::time::UnixTime(0)] {
        let ended = a.command(Args::Hold {
            case: case(),
            until,
        });
        let envelope = a.signed(&ended, &[&a.fleet.auditor]).encode();
        assert_eq!(a.send_envelope(envelope).await, Some(Reason::BadField));
    }
    assert!(!a.phone.status().held);
    // One that was honest in its day, kept back until its end was over, beside one that is in force: it takes nothing away.
    hold(&mut a).await;
    let late = Command {
        issued_at: a.now.minus(20 * DAY),
        expires_at: a.now.plus(20 * DAY),
        ..a.command(Args::Hold {
            case: case(),
            until: a.now.minus(10 * DAY),
        })
    };
    let envelope = a.signed(&late, &[&a.fleet.auditor]).encode();
    a.send_envelope(envelope).await;
    still_held(&mut a).await;
    t.advance_days(2);
    a.now = t.now();
    still_held(&mut a).await;
    a.phone.assert_unharmed();
}

async fn own_resume_that_lifts_another_phones_suspension(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let suspend = a.command(Args::Suspend {
        until: a.now.plus(300 * DAY),
    });
    let sealed = a.signed(&suspend, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(sealed).await, None);
    assert_eq!(a.phone.status().service_on, Some(false));
    // The other phone's suspension is taken back by people, who were told that the order goes to both.
    let (own, other) = (a.phone.leaf(), super::a018_targets::another(1));
    let others = a.command_for(
        vec![other.clone()],
        Args::Suspend {
            until: a.now.plus(300 * DAY),
        },
    );
    let resume = a.command_for(
        vec![own.clone(), other.clone()],
        Args::Resume {
            lifts: vec![others.digest()],
        },
    );
    let tree = TargetTree::build(vec![own.clone(), other]).unwrap();
    let mut item = Hacked::item(a.signed(&resume, &[&a.fleet.ada]).encode());
    item.target = tree.proof(tree.position(&own).unwrap()).unwrap();
    let outcome = a.send(vec![item]).await;
    assert_eq!(reason(&outcome), None, "it is theirs to give");
    assert_eq!(
        a.phone.status().service_on,
        Some(false),
        "another phone's suspension was this one's"
    );
    assert_eq!(a.phone.state().restrictions.len(), 1);
    a.phone.assert_untouched();
}

async fn own_online_suspension_in_place_of_the_peoples(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let by_people = a.command(Args::Suspend {
        until: a.now.plus(300 * DAY),
    });
    let sealed = a.signed(&by_people, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(sealed).await, None);
    // A later one by the online key replaces the online key's own, never the people's.
    for _ in 0..2 {
        let short = a.command(Args::Suspend {
            until: a.now.plus(1),
        });
        let sealed = a.signed(&short, &[&a.server.online]).encode();
        assert_eq!(a.send_envelope(sealed).await, None);
    }
    assert_eq!(a.phone.state().restrictions.len(), 2);
    t.advance_days(1);
    a.now = t.now();
    a.phone.check_in().await;
    let left = a.phone.state().restrictions;
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].command, by_people.digest());
    assert_eq!(a.phone.status().service_on, Some(false));
    a.phone.assert_untouched();
}

async fn own_receipts_replayed_across_a_re_enrolment(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let api = &world.northwind.api;
    a.phone.check_in().await;
    // A lock that was done under the old enrolment, with its genuine receipt.
    let lock = a.command(Args::Lock);
    let envelope = a.signed(&lock, &[&a.server.online]).encode();
    assert_eq!(a.send_envelope(envelope).await, None);
    let receipts = a.phone.state().receipts;
    assert!(!receipts.is_empty());
    let code = api.code(&a.phone.device).await;
    a.phone.enrol_again(t, &world.fleet, &code).await.unwrap();
    a.phone.check_in().await;
    let before = api.device(&a.phone.device).await;
    let way = Way::to(t, Some(&a.phone.identity()));
    let body = json!({ "v": 1, "receipts": receipts });
    let results = way.post("/v1/receipts", &body).await.json()["results"].clone();
    let results = results.as_array().unwrap();
    assert_eq!(results.len(), receipts.len());
    assert!(
        results.iter().all(|result| result == "rejected"),
        "{results:?}"
    );
    let after = api.device(&a.phone.device).await;
    assert_eq!(after["enrolment_id"], before["enrolment_id"]);
    assert_eq!(after["lifecycle"], before["lifecycle"]);
    assert!(t.record().await.contains(&"receipt.rejected".to_owned()));
    a.phone.assert_unharmed();
}

/// Moves what an agent remembers, keys and all.
fn exchange(one: &Path, other: &Path) {
    let aside = one.join("aside");
    std::fs::rename(one.join("agent"), &aside).unwrap();
    std::fs::rename(other.join("agent"), one.join("agent")).unwrap();
    std::fs::rename(aside, other.join("agent")).unwrap();
}

async fn own_memories_of_two_phones_exchanged(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let other = world.phone(t, "NW-000043").await;
    // A wipe that was signed for the other phone, and its whole memory on this one, so that it believes to be meant.
    let wipe = a.command_for(vec![other.leaf()], Args::Wipe);
    let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
    let item = a.logged(wipe);
    let bundle = a.bundle(vec![item]).encode();
    exchange(a.phone.folder(), other.folder());
    let applied = a.phone.agent.apply(&bundle).await;
    assert!(
        matches!(applied, Err(AgentError::Folder(FolderError::Damaged(_)))),
        "{applied:?}"
    );
    assert!(
        applied
            .unwrap_err()
            .to_string()
            .starts_with("state_damaged")
    );
    assert!(a.phone.agent.check_in_once().await.is_err());
    a.phone.assert_untouched();
    // The state file alone, with this phone's own keys beside it.
    exchange(a.phone.folder(), other.folder());
    let (own, theirs) = (
        a.phone.folder().join("agent/state"),
        other.folder().join("agent/state"),
    );
    let whole = std::fs::read(&own).unwrap();
    std::fs::copy(&theirs, &own).unwrap();
    let applied = a.phone.agent.apply(&bundle).await;
    assert!(
        matches!(applied, Err(AgentError::Folder(FolderError::Damaged(_)))),
        "{applied:?}"
    );
    std::fs::write(&own, whole).unwrap();
    assert_eq!(
        reason(&a.phone.apply(&bundle).await),
        Some(Reason::NotTarget)
    );
    a.phone.assert_unharmed();
    other.assert_unharmed();
}
