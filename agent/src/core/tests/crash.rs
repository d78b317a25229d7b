//! Power cuts and damaged files, on a sandbox phone in a folder.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use muster_protocol::base64;
use muster_protocol::bundle::Bundle;
use muster_protocol::command::Args;
use muster_protocol::receipt::{Receipt, ReceiptState};

use super::fleet::{ALICE, BOB, Fleet, device_key, system};
use crate::state::State;
use crate::state::folder::{Folder, FolderError};
use crate::{Agent, AgentError, CRASH_POINTS, CrashHook, Options};

/// Runs `work` on an agent of its own thread, as a process of its own would; whether it came to its end.
fn in_process(folder: &Path, crash_at: Option<&'static str>, bundle: Vec<u8>) -> bool {
    let folder = folder.to_owned();
    let work = move || {
        let crash = crash_at.map(|wanted| {
            let crash: CrashHook =
                Arc::new(move |point| assert_ne!(point, wanted, "the power is cut"));
            crash
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut agent = Agent::open(
                &folder,
                Options {
                    system: system(),
                    crash,
                },
            )
            .expect("an agent");
            agent.apply(&bundle).await.expect("applied");
        });
    };
    std::thread::spawn(work).join().is_ok()
}

fn receipts(state: &State) -> Vec<Receipt> {
    let verify = |envelope: &String| {
        Receipt::verify(
            &base64::decode(envelope).expect("base64"),
            &device_key().verifying_key(),
        )
        .expect("ours")
    };
    state.receipts.iter().map(verify).collect()
}

#[test]
fn a112_power_cut_at_every_step_of_a_wipe() {
    // The points after these need a server that takes the receipt; the suite's agent_crash reaches them.
    for point in &CRASH_POINTS[..5] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut fleet = Fleet::new();
        fleet.install(folder.path());
        let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
        let bundle = fleet.bundle(&[&wipe]).encode();
        assert!(
            !in_process(folder.path(), Some(point), bundle.clone()),
            "{point} was not passed"
        );
        // Whatever comes next finds the wipe finished first, the same command again among it.
        assert!(
            in_process(folder.path(), None, Bundle::default().encode()),
            "after {point}"
        );
        assert!(in_process(folder.path(), None, bundle), "after {point}");
        assert!(!folder.path().join("userdata").exists(), "after {point}");
        assert!(!folder.path().join("service").exists(), "after {point}");
        let state = Folder::new(folder.path()).load().expect("a state");
        assert!(state.ended.is_some(), "after {point}");
        let told: Vec<_> = receipts(&state)
            .iter()
            .map(|receipt| (receipt.seq, receipt.state))
            .collect();
        assert_eq!(
            told,
            [(1, ReceiptState::Accepted), (2, ReceiptState::Done)],
            "after {point}"
        );
    }
}

#[test]
fn a_kill_leaves_the_owners_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fleet = Fleet::new();
    fleet.install(folder.path());
    let kill = fleet.order(Args::Kill, &[ALICE]);
    assert!(in_process(
        folder.path(),
        None,
        fleet.bundle(&[&kill]).encode()
    ));
    assert!(folder.path().join("userdata").join("notes.txt").exists());
    assert!(!folder.path().join("service").exists());
    let screen = fs::read_to_string(folder.path().join("screen.txt")).expect("a screen");
    assert!(screen.contains(crate::sentences::KILLED), "{screen}");
}

#[test]
fn a111_a_cut_flipped_or_foreign_journal_is_damage() {
    let is_damaged = |folder: &Path| {
        let opened = Agent::open(
            folder,
            Options {
                system: system(),
                crash: None,
            },
        );
        matches!(opened, Err(AgentError::Folder(FolderError::Damaged(_))))
    };
    let folder = tempfile::tempdir().expect("a folder");
    Fleet::new().install(folder.path());
    let path = folder.path().join("agent").join("state");
    let whole = fs::read(&path).expect("a state");
    assert!(!is_damaged(folder.path()));

    fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    assert!(is_damaged(folder.path()));
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&path, &flipped).expect("flipped");
    assert!(is_damaged(folder.path()));
    fs::remove_file(&path).expect("removed");
    assert!(is_damaged(folder.path()), "the keys are still there");

    // A whole state, of another handset.
    fs::write(&path, &whole).expect("written");
    let handset = folder.path().join("phone.json");
    let other = fs::read_to_string(&handset)
        .expect("a handset")
        .replace("NW-000042", "NW-000043");
    fs::write(&handset, other).expect("written");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let refused = runtime.block_on(async {
        let mut agent = Agent::open(
            folder.path(),
            Options {
                system: system(),
                crash: None,
            },
        )
        .expect("whole");
        agent.apply(&Bundle::default().encode()).await
    });
    assert!(matches!(
        refused,
        Err(AgentError::Folder(FolderError::Damaged(_)))
    ));
}

#[test]
fn the_screen_shows_the_lock_and_the_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fleet = Fleet::new();
    fleet.install(folder.path());
    let lock = fleet.order(Args::Lock, &[super::fleet::ONLINE]);
    assert!(in_process(
        folder.path(),
        None,
        fleet.bundle(&[&lock]).encode()
    ));
    let screen = fs::read_to_string(folder.path().join("screen.txt")).expect("a screen");
    assert!(screen.contains(crate::sentences::LOCKED), "{screen}");
    assert!(screen.contains("This enrolment: "), "{screen}");
}

#[test]
fn a_running_agent_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let folder = tempfile::tempdir().expect("a folder");
    Fleet::new().install(folder.path());
    let mut agent = Agent::open(
        folder.path(),
        Options {
            system: system(),
            crash: None,
        },
    )
    .expect("whole");
    is_send(&agent.run(std::future::pending()));
}

#[test]
fn a_restriction_outlives_a_restart_of_the_agent() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fleet = Fleet::new();
    fleet.install(folder.path());
    let until = muster_protocol::time::UnixTime(super::fleet::NOW + 86_400);
    let lock = fleet.order(Args::LockFleet { until }, &[ALICE]);
    assert!(in_process(
        folder.path(),
        None,
        fleet.bundle(&[&lock]).encode()
    ));
    assert!(in_process(folder.path(), None, Bundle::default().encode()));
    assert_eq!(
        crate::phones::owner_unlock(folder.path()).expect("typed"),
        crate::phones::OwnerUnlock::FleetLockHolds
    );
    let screen = fs::read_to_string(folder.path().join("screen.txt")).expect("a screen");
    assert!(
        screen.contains("Locked by the fleet until") && screen.contains("left in a taxi"),
        "{screen}"
    );
    let kill = fleet.command(&super::fleet::Draft {
        logged: false,
        ..super::fleet::Draft::new(Args::Kill, &[ALICE])
    });
    assert!(in_process(
        folder.path(),
        None,
        fleet.bundle(&[&kill]).encode()
    ));
    assert!(
        folder.path().join("service").exists(),
        "not logged, so not done"
    );
}
