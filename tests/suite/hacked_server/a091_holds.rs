//! Out of a hold or a lock by a way round: A091, A092.

use muster_agent::AgentError;
use muster_agent::phones::OwnerUnlock;
use muster_protocol::command::{Args, Command, Kind};
use muster_protocol::ids::CaseNumber;
use muster_protocol::keyring::{GrantKind, Keyring};
use muster_protocol::reason::Reason;
use muster_protocol::time::DAY;
use muster_tests::fleet::authenticator;
use muster_tests::{Fleet, Hacked, TestApp, on_both_databases};

use super::a065_keyrings::{of_the_attacker, offer};

on_both_databases![
    a091_release_by_one_portal_passkey,
    a092_enrolling_again_to_shed_a_fleet_lock_or_a_hold,
];

/// Puts the phone under a hold of 300 days.
pub(super) async fn hold(a: &mut Hacked) -> Command {
    let hold = a.command(Args::Hold {
        case: CaseNumber::parse("2026-114").unwrap(),
        until: a.now.plus(300 * DAY),
    });
    let envelope = a.signed(&hold, &[&a.fleet.auditor]).encode();
    assert_eq!(a.send_envelope(envelope).await, None);
    assert!(a.phone.status().held);
    hold
}

/// A wipe that both approvers signed is refused because of the hold.
pub(super) async fn still_held(a: &mut Hacked) {
    let wipe = a.command(Args::Wipe);
    let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(wipe).await, Some(Reason::Held));
    assert!(a.phone.status().held);
}

async fn a091_release_by_one_portal_passkey(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // The auditors have a passkey on the portal too, and its owner is deceived by the page.
    let deceived = authenticator(1, 52, 18, false);
    let mut next = Keyring {
        issued_at: a.now,
        ..a.fleet.next()
    };
    next.keys.push(deceived.entry());
    for grant in &mut next.grants {
        if grant.kinds.contains(&GrantKind::Command(Kind::Release)) {
            grant.keys.push(deceived.entry().id());
        }
    }
    let sealed = a.fleet.seal(&next, &[0, 1]);
    assert_eq!(offer(&mut a, vec![sealed]).await, []);
    a.fleet.keyring = next;

    let hold = hold(&mut a).await;
    let release = a.command(Args::Release {
        lifts: vec![hold.digest()],
    });
    let mut by_passkey = a.signed(&release, &[]);
    by_passkey.add(deceived.approve(&by_passkey)).unwrap();
    let sealed = by_passkey.encode();
    assert_eq!(
        a.send_logged(sealed.clone()).await,
        Some(Reason::NeedsIndependent)
    );
    // Nor together with the approvers, who are no auditors.
    let mut with_others = a.signed(&release, &[&a.fleet.ada, &a.fleet.ben]);
    with_others.add(deceived.approve(&with_others)).unwrap();
    assert_eq!(
        a.send_logged(with_others.encode()).await,
        Some(Reason::NeedsIndependent)
    );
    still_held(&mut a).await;
    a.phone.assert_unharmed();
    // The same passkey may hold, and an auditor's own file releases: it is the key that was refused.
    let genuine = a.signed(&release, &[&a.fleet.auditor]).encode();
    assert_eq!(a.send_logged(genuine).await, None);
    assert!(!a.phone.status().held);
    a.phone.assert_unharmed();
}

async fn a092_enrolling_again_to_shed_a_fleet_lock_or_a_hold(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    hold(&mut a).await;
    let lock = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let sealed = a.signed(&lock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, None);
    let before = a.phone.state();
    // Whoever has phone and server has a code as well. A fleet of their own is not the pinned one.
    let code = world.northwind.api.code(&a.phone.device).await;
    let own = of_the_attacker(&world.fleet);
    let elsewhere = Fleet {
        fingerprint: muster_protocol::digest::Digest::of(&own.descriptor),
        ..own
    };
    let refused = a.phone.enrol_again(t, &elsewhere, &code).await;
    assert!(
        matches!(
            refused,
            Err(AgentError::Enrolment {
                code: Reason::PinMismatch,
                ..
            })
        ),
        "{refused:?}"
    );
    a.phone.enrol_again(t, &world.fleet, &code).await.unwrap();
    let after = a.phone.state();
    assert_ne!(after.enrolment, before.enrolment, "it is enrolled anew");
    let record = t.record().await;
    assert!(
        !record.contains(&"device.enrolment-doubled".to_owned()),
        "it named its enrolment before: no stranger"
    );
    assert!(after.journal.is_empty(), "with an empty journal");
    assert_eq!(after.restrictions, before.restrictions, "the lock is shed");
    assert_eq!(after.holds, before.holds, "the hold is shed");
    assert_eq!(a.phone.owner_types_passcode(), OwnerUnlock::FleetLockHolds);
    still_held(&mut a).await;
    a.phone.assert_untouched();
    // What locked the old enrolment is lifted by what names it, in the new one.
    let unlock = a.command(Args::Unlock {
        lifts: vec![lock.digest()],
    });
    let unlock = a.signed(&unlock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_envelope(unlock).await, None);
    a.phone.assert_unharmed();
}
