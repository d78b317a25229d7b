//! What time it is: A036–A041.

use muster_protocol::command::{Args, Command};
use muster_protocol::keyring::Keyring;
use muster_protocol::reason::Reason;
use muster_protocol::time::{DAY, HOUR, UnixTime};
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![
    a036_expired_wipe,
    a037_clock_set_to_2099_and_right_again,
    a038_wipe_before_its_time,
    a039_expired_wipe_with_the_clock_in_1970,
    a040_clock_set_to_2099_then_an_unlock,
    a041_online_documents_of_2099_then_an_honest_kill,
];

/// So far ahead is 2099.
const TO_2099: i64 = 2_290_000_000;

fn wipe(a: &mut Hacked) -> Vec<u8> {
    let command = a.command(Args::Wipe);
    a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]).encode()
}

async fn a036_expired_wipe(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let wipe = wipe(&mut a);
    t.advance_days(8);
    assert_eq!(a.send_logged(wipe).await, Some(Reason::Expired));
    a.phone.assert_unharmed();
}

async fn a037_clock_set_to_2099_and_right_again(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let wipe = wipe(&mut a);
    // In 2099 the keyring is over too, and step 11 says so first; a month from now it is the wipe alone.
    for (ahead, code) in [
        (TO_2099, Reason::KeyringExpired),
        (30 * 86_400, Reason::Expired),
    ] {
        a.phone.clock.set_wrong_by(ahead);
        assert_eq!(a.send_logged(wipe.clone()).await, Some(code));
        assert!(
            a.phone.state().journal.is_empty(),
            "a false clock burned it"
        );
        a.phone.assert_unharmed();
    }
    // A false clock burned nothing.
    a.phone.clock.set_wrong_by(0);
    assert_eq!(a.send_logged(wipe).await, None);
    assert!(a.phone.is_erased());
}

async fn a038_wipe_before_its_time(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = Command {
        not_before: Some(a.now.plus(HOUR)),
        ..a.command(Args::Wipe)
    };
    let sealed = a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(sealed.clone()).await, Some(Reason::NotYet));
    let tomorrow = Command {
        issued_at: a.now.plus(DAY),
        expires_at: a.now.plus(3 * DAY),
        ..a.command(Args::Wipe)
    };
    let tomorrow = a.signed(&tomorrow, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(tomorrow).await, Some(Reason::NotYet));
    a.phone.assert_unharmed();
    t.advance(std::time::Duration::from_secs(HOUR));
    assert_eq!(
        a.send_logged(sealed).await,
        None,
        "it was early, and not wrong"
    );
}

async fn a039_expired_wipe_with_the_clock_in_1970(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let wipe = wipe(&mut a);
    t.advance_days(8);
    a.phone.clock.set_wrong_by(-a_long_time());
    // The floor is the day of the keyring, on which the wipe had not expired: that the clock is wrong is all the phone knows.
    assert_eq!(
        a.send_logged(wipe.clone()).await,
        Some(Reason::ClockUntrusted)
    );
    a.phone.assert_unharmed();
    // Once a keyring has moved the floor past it, no clock brings it back.
    let next = Keyring {
        issued_at: t.now(),
        ..a.fleet.next()
    };
    let sealed = a.fleet.seal(&next, &[0, 1]);
    assert_eq!(super::a065_keyrings::offer(&mut a, vec![sealed]).await, []);
    assert_eq!(a.send_logged(wipe).await, Some(Reason::Expired));
    a.phone.assert_unharmed();
}

fn a_long_time() -> i64 {
    muster_tests::BEGIN + 8 * 86_400
}

async fn a040_clock_set_to_2099_then_an_unlock(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let lock = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let sealed = a.signed(&lock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, None);
    a.phone.clock.set_wrong_by(TO_2099);
    let unlock = a.command(Args::Unlock {
        lifts: vec![lock.digest()],
    });
    let unlock = a.signed(&unlock, &[&a.fleet.ada]).encode();
    assert_eq!(
        a.send_envelope(unlock).await,
        None,
        "restoring has no clock"
    );
    a.phone.assert_unharmed();
}

async fn a041_online_documents_of_2099_then_an_honest_kill(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let floor = a.phone.status().floor;
    let late = UnixTime(4_070_000_000);
    let lock = Command {
        issued_at: late,
        expires_at: late.plus(DAY),
        ..a.command(Args::Lock)
    };
    let lock = a.signed(&lock, &[&a.server.online]).encode();
    assert_eq!(a.send_envelope(lock).await, Some(Reason::NotYet));
    assert_eq!(
        a.phone.status().floor,
        floor,
        "a document of the online key moved the floor"
    );
    a.phone.assert_unharmed();
    let kill = a.command(Args::Kill);
    let kill = a.signed(&kill, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(kill).await, None);
    a.phone.assert_untouched();
    assert_eq!(a.phone.status().lifecycle, "killed");
}
