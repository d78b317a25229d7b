//! The log's two faces: A093, A096–A098.

use muster_protocol::bundle::{Bundle, CheckpointInBundle};
use muster_protocol::command::Args;
use muster_protocol::reason::Reason;
use muster_protocol::time::DAY;
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![
    a093_wipe_that_is_not_in_the_log,
    a096_smaller_checkpoint,
    a097_same_size_other_root,
    a098_larger_and_not_consistent_or_without_proof,
    the_phone_follows_the_honest_servers_log,
];

async fn offer(a: &mut Hacked, checkpoint: CheckpointInBundle) -> Vec<Reason> {
    let checkpoint = Some(checkpoint);
    let bundle = Bundle {
        checkpoint,
        commands: Vec::new(),
        keyrings: Vec::new(),
        next_check_in_seconds: None,
        policy: None,
    };
    a.phone.apply(&bundle.encode()).await.documents
}

/// A log of eight entries that the phone has seen.
async fn with_log(t: &mut TestApp) -> Hacked {
    let mut a = Hacked::new(t).await;
    for _ in 0..8 {
        a.grow_log();
    }
    let checkpoint = a.checkpoint();
    assert_eq!(offer(&mut a, checkpoint).await, []);
    assert_eq!(a.phone.status().checkpoint.unwrap().size, 8);
    a
}

async fn a093_wipe_that_is_not_in_the_log(t: &mut TestApp) {
    let mut a = with_log(t).await;
    for args in [
        Args::Wipe,
        Args::Kill,
        Args::LockFleet {
            until: a.now.plus(DAY),
        },
    ] {
        let command = a.command(args);
        let envelope = a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]).encode();
        assert_eq!(
            a.send_envelope(envelope.clone()).await,
            Some(Reason::NotLogged),
            "without any proof"
        );
        // A proof for another entry, and an entry of another kind with the right digest.
        let mut item = a.logged(b"another entry".to_vec());
        item.envelope = envelope.clone();
        let outcome = a.send(vec![item]).await;
        assert_eq!(
            muster_tests::hacked::reason(&outcome),
            Some(Reason::NotLogged)
        );
        a.phone.assert_unharmed();
    }
}

async fn a096_smaller_checkpoint(t: &mut TestApp) {
    let mut a = with_log(t).await;
    a.cut_log(5);
    let smaller = CheckpointInBundle {
        consistency: Vec::new(),
        note: a.note().encode(),
    };
    assert_eq!(offer(&mut a, smaller).await, [Reason::CheckpointOld]);
    assert_eq!(a.phone.status().checkpoint.unwrap().size, 8);
    a.phone.assert_unharmed();
}

async fn a097_same_size_other_root(t: &mut TestApp) {
    let mut a = with_log(t).await;
    a.rewrite_log(3);
    let other = CheckpointInBundle {
        consistency: Vec::new(),
        note: a.note().encode(),
    };
    assert_eq!(offer(&mut a, other).await, [Reason::LogForked]);
    assert!(a.phone.status().forked, "both notes are kept and shown");
    // From now on nothing that needs the log is carried out, and the server is told at every check-in.
    let wipe = a.command(Args::Wipe);
    let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(wipe).await, Some(Reason::LogForked));
    a.phone.assert_unharmed();
    a.phone.check_in().await;
    assert!(
        t.record().await.contains(&"log.forked".to_owned()),
        "the record does not know"
    );
}

async fn a098_larger_and_not_consistent_or_without_proof(t: &mut TestApp) {
    let mut a = with_log(t).await;
    a.rewrite_log(3);
    a.grow_log();
    let inconsistent = a.checkpoint();
    let without = CheckpointInBundle {
        consistency: Vec::new(),
        note: inconsistent.note.clone(),
    };
    for checkpoint in [inconsistent, without] {
        assert_eq!(offer(&mut a, checkpoint).await, [Reason::LogInconsistent]);
        assert_eq!(
            a.phone.status().checkpoint.unwrap().size,
            8,
            "it was accepted all the same"
        );
    }
    a.phone.assert_unharmed();
}

async fn the_phone_follows_the_honest_servers_log(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    let mut size = 0;
    for round in 0..5 {
        t.log_settles().await;
        let outcome = phone.check_in().await;
        assert_eq!(outcome.documents, [], "round {round}");
        let held = phone.status().checkpoint.unwrap();
        assert!(held.size > size, "the log does not grow");
        size = held.size;
        for number in 0..=round {
            world
                .northwind
                .api
                .register(&format!("NW-7{round}{number}"), &world.northwind.id)
                .await;
        }
    }
}
