//! The same again, and what was taken back: A029–A035.

use muster_agent::phones::OwnerUnlock;
use muster_protocol::command::{Args, Command};
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::time::DAY;
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![
    a029_done_lock_fleet_sent_again_after_its_unlock,
    a030_old_unlock_against_a_newer_lock_fleet,
    a031_second_payload_under_a_used_id,
    a032_done_command_sealed_again_with_one_signature_more,
    a033_forged_command_that_burns_the_id_of_a_coming_one,
    a034_cancelled_wipe_delivered_with_its_cancel,
];

async fn a029_done_lock_fleet_sent_again_after_its_unlock(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let lock = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let sealed = a.signed(&lock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed.clone()).await, None);
    assert_eq!(a.phone.owner_types_passcode(), OwnerUnlock::FleetLockHolds);
    let unlock = a.command(Args::Unlock {
        lifts: vec![lock.digest()],
    });
    let unlock = a.signed(&unlock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(unlock).await, None);
    let again = a.logged(sealed);
    let outcome = a.send(vec![again]).await;
    assert_eq!(
        (outcome.commands[0].state, outcome.commands[0].reason),
        (Some(ReceiptState::Done), None)
    );
    assert!(
        a.phone.status().restrictions.is_empty(),
        "a replayed lock took hold"
    );
    a.phone.assert_unharmed();
}

async fn a030_old_unlock_against_a_newer_lock_fleet(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let first = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let sealed = a.signed(&first, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, None);
    let unlock = a.command(Args::Unlock {
        lifts: vec![first.digest()],
    });
    let unlock = a.signed(&unlock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(unlock.clone()).await, None);
    let second = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let sealed = a.signed(&second, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, None);
    assert_eq!(a.send_envelope(unlock).await, None);
    assert_eq!(
        a.phone.status().restrictions.len(),
        1,
        "an old unlock lifted a newer lock"
    );
    assert_eq!(a.phone.owner_types_passcode(), OwnerUnlock::FleetLockHolds);
    a.phone.assert_untouched();
}

async fn a031_second_payload_under_a_used_id(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let message = a.command(Args::Message {
        text: "hello".to_owned(),
    });
    let sealed = a.signed(&message, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(sealed).await, None);
    let kill = Command {
        id: message.id,
        ..a.command(Args::Kill)
    };
    let sealed = a.signed(&kill, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, Some(Reason::IdReused));
    a.phone.assert_unharmed();
}

async fn a032_done_command_sealed_again_with_one_signature_more(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let lock = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let once = a.signed(&lock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(once).await, None);
    let unlock = a.command(Args::Unlock {
        lifts: vec![lock.digest()],
    });
    let unlock = a.signed(&unlock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(unlock).await, None);
    let again = a.signed(&lock, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(
        a.send_logged(again).await,
        None,
        "the stored receipt, and no act"
    );
    assert!(a.phone.status().restrictions.is_empty());
    a.phone.assert_unharmed();
}

async fn a033_forged_command_that_burns_the_id_of_a_coming_one(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let genuine = a.command(Args::Message {
        text: "the genuine one".to_owned(),
    });
    let forged = Command {
        id: genuine.id.clone(),
        ..a.command(Args::Wipe)
    };
    let forged = a.signed(&forged, &[&a.server.online]).encode();
    assert_eq!(a.send_logged(forged).await, Some(Reason::NotAuthorised));
    let genuine = a.signed(&genuine, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(genuine).await, None);
    assert!(a.phone.screen().contains("the genuine one"));
    a.phone.assert_unharmed();
}

async fn a034_cancelled_wipe_delivered_with_its_cancel(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let wipe = a.command(Args::Wipe);
    let cancel = a.command(Args::Cancel {
        lifts: vec![wipe.digest()],
    });
    let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
    let cancel = a.signed(&cancel, &[&a.fleet.ada]).encode();
    // In one bundle and the wipe first: restoring kinds go first, whatever the order.
    let items = vec![a.logged(wipe.clone()), Hacked::item(cancel)];
    let outcome = a.send(items).await;
    let reasons: Vec<_> = outcome
        .commands
        .iter()
        .map(|written| written.reason)
        .collect();
    assert_eq!(reasons, [None, Some(Reason::Cancelled)]);
    a.phone.assert_unharmed();
    // And never again.
    a.send_logged(wipe).await;
    a.phone.assert_unharmed();
}
