//! Steps 10 and 11: no false clock burns a command or stops what gives back.

use muster_protocol::command::Args;
use muster_protocol::ids::CaseNumber;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::time::{DAY, UnixTime};

use super::fleet::{ALICE, AUDITOR, BOB, Draft, Driven, Fleet, NOW, ONLINE, WITNESSES};
use crate::core::act::Act;
use crate::phones::Lock;

/// 2099, roughly.
const FAR: u64 = 4_080_000_000;

#[test]
fn a036_an_expired_wipe_is_refused() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let written = phone.one(&fleet, &wipe, NOW + 10 * DAY);
    assert_eq!(
        (written.state, written.reason),
        (Some(ReceiptState::Deferred), Some(Reason::Expired))
    );
    // By the floor it is final.
    phone.core.state_mut().floor = NOW + 10 * DAY;
    let written = phone.one(&fleet, &wipe, NOW);
    assert_eq!(
        (written.state, written.reason),
        (Some(ReceiptState::Refused), Some(Reason::Expired))
    );
}

#[test]
fn a037_a_clock_set_to_2099_burns_nothing() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let far = phone.one(&fleet, &wipe, FAR);
    assert_eq!(far.state, Some(ReceiptState::Deferred));
    assert_eq!(phone.acts, []);
    assert_eq!(
        phone.one(&fleet, &wipe, NOW).state,
        Some(ReceiptState::Accepted)
    );
}

#[test]
fn a038_a_wipe_before_its_time_waits() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let draft = Draft {
        not_before: Some(NOW + DAY),
        ..Draft::new(Args::Wipe, &[ALICE, BOB])
    };
    let wipe = fleet.command(&draft);
    assert_eq!(phone.one(&fleet, &wipe, NOW).reason, Some(Reason::NotYet));
    assert_eq!(
        phone.one(&fleet, &wipe, NOW + DAY).state,
        Some(ReceiptState::Accepted)
    );
}

#[test]
fn a039_an_expired_wipe_stays_dead_with_the_clock_in_1970() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let draft = Draft {
        issued_at: NOW - 60 * DAY,
        expires_at: NOW - 30 * DAY,
        ..Draft::new(Args::Wipe, &[ALICE, BOB])
    };
    let expired = fleet.command(&draft);
    assert_eq!(phone.one(&fleet, &expired, 0).reason, Some(Reason::Expired));
    let fresh = fleet.order(Args::Wipe, &[ALICE, BOB]);
    assert_eq!(
        phone.one(&fleet, &fresh, 0).reason,
        Some(Reason::ClockUntrusted)
    );
    assert_eq!(phone.acts, []);
}

#[test]
fn a040_restoring_has_no_clock() {
    for clock in [0, FAR] {
        let mut fleet = Fleet::new();
        let mut phone = Driven::new(&fleet);
        let lock = fleet.order(
            Args::LockFleet {
                until: UnixTime(NOW + DAY),
            },
            &[ALICE],
        );
        phone.one(&fleet, &lock, NOW);
        let unlock = fleet.order(
            Args::Unlock {
                lifts: vec![lock.digest],
            },
            &[ALICE],
        );
        assert_eq!(
            phone.one(&fleet, &unlock, clock).state,
            Some(ReceiptState::Accepted)
        );
        assert_eq!(phone.acts, [Act::Lock(Lock::Fleet), Act::UnlockFleet]);
    }
}

#[test]
fn a041_online_documents_of_2099_do_not_move_the_floor() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let floor = phone.core.state().floor;
    let draft = Draft {
        issued_at: FAR,
        expires_at: FAR + DAY,
        ..Draft::new(Args::Lock, &[super::fleet::ONLINE])
    };
    let far = fleet.command(&draft);
    assert_eq!(phone.one(&fleet, &far, NOW).reason, Some(Reason::NotYet));
    assert_eq!(phone.core.state().floor, floor);
    let kill = fleet.order(Args::Kill, &[ALICE]);
    assert_eq!(
        phone.one(&fleet, &kill, NOW).state,
        Some(ReceiptState::Accepted)
    );
}

#[test]
fn a042_one_witness_of_two_does_not_move_the_floor() {
    let fleet = Fleet::witnessed();
    let mut phone = Driven::new(&fleet);
    let [one, two] = WITNESSES;
    let bundle = fleet.bundle_signed(&[], &[(one, FAR), (two, NOW)]);
    let (refused, _) = phone.take_with_documents(&bundle, NOW);
    assert_eq!(refused, []);
    assert_eq!(phone.core.state().floor, NOW, "the second largest of two");
    let bundle = fleet.bundle_signed(&[], &[(one, FAR), (two, FAR)]);
    let _ = phone.take_with_documents(&bundle, NOW);
    assert_eq!(
        phone.core.state().floor,
        fleet.keyring.expires_at.0,
        "never past the keyring's expiry"
    );
}

#[test]
fn a074_an_expired_keyring_stops_lock_fleet_and_not_unlock() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let first = fleet.order(
        Args::LockFleet {
            until: UnixTime(NOW + 170 * DAY),
        },
        &[ALICE],
    );
    phone.one(&fleet, &first, NOW);
    let later = NOW + 181 * DAY;
    let draft = Draft {
        issued_at: later - 60,
        expires_at: later + DAY,
        ..Draft::new(
            Args::LockFleet {
                until: UnixTime(later + DAY),
            },
            &[ALICE],
        )
    };
    let second = fleet.command(&draft);
    assert_eq!(
        phone.one(&fleet, &second, later).reason,
        Some(Reason::KeyringExpired)
    );
    let unlock = fleet.order(
        Args::Unlock {
            lifts: vec![first.digest],
        },
        &[ALICE],
    );
    assert_eq!(
        phone.one(&fleet, &unlock, later).state,
        Some(ReceiptState::Accepted)
    );
}

#[test]
fn a_fleet_lock_ends_as_the_owners_lock() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let lock = fleet.order(
        Args::LockFleet {
            until: UnixTime(NOW + 3 * DAY),
        },
        &[ALICE],
    );
    phone.one(&fleet, &lock, NOW);
    // Counted from when it was issued, a minute before: nothing else about the time is proved.
    assert_eq!(phone.core.pass_time(3 * DAY + 59), []);
    assert_eq!(
        phone.core.pass_time(1),
        [Act::Lock(Lock::Owner), Act::UnlockFleet]
    );
    assert!(phone.core.state().restrictions.is_empty());
}

#[test]
fn a_clock_set_to_2099_shortens_no_fleet_lock_suspension_or_hold() {
    let until = |days: u64| UnixTime(NOW + days * DAY);
    let case = CaseNumber::parse("2026-114").expect("a case");
    let orders = [
        (Args::LockFleet { until: until(3) }, ALICE),
        (Args::Suspend { until: until(3) }, ONLINE),
        (
            Args::Hold {
                case,
                until: until(3),
            },
            AUDITOR,
        ),
    ];
    for (args, by) in orders {
        // What has expired is put off for good reason, so the clock runs ahead by less than a command's life.
        for clock in [NOW, NOW + 2 * DAY] {
            let mut fleet = Fleet::new();
            let mut phone = Driven::new(&fleet);
            let order = fleet.order(args.clone(), &[by]);
            assert_eq!(
                phone.one(&fleet, &order, clock).state,
                Some(ReceiptState::Accepted)
            );
            let in_force = |phone: &Driven| {
                let state = phone.core.state();
                state.restrictions.len() + state.holds.len()
            };
            let _ = phone.core.pass_time(3 * DAY + 59);
            assert_eq!(in_force(&phone), 1, "{args:?} ended early at {clock}");
            let _ = phone.core.pass_time(1);
            assert_eq!(in_force(&phone), 0, "{args:?} lasts too long");
        }
    }
}

#[test]
fn a_floor_that_has_moved_shortens_what_comes_late() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let until = UnixTime(NOW + 3 * DAY);
    let lock = fleet.order(Args::LockFleet { until }, &[ALICE]);
    phone.core.state_mut().floor = NOW + 2 * DAY;
    phone.one(&fleet, &lock, NOW + 2 * DAY);
    let _ = phone.core.pass_time(DAY);
    assert!(phone.core.state().restrictions.is_empty());
}

#[test]
fn a080_a_silent_year_only_says_so() {
    let fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    assert_eq!(phone.core.pass_time(365 * DAY), []);
    assert!(phone.core.contact_lost(NOW));
    let screen = phone.core.screen(crate::phones::LockState::default(), NOW);
    assert!(
        screen.iter().any(|line| line.starts_with("No contact")),
        "{screen:?}"
    );
    assert!(screen.iter().any(|line| line == crate::sentences::UNLOCKED));
}

#[test]
fn a_suspension_dated_2099_lasts_its_days_with_the_clock_in_1970() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let draft = Draft {
        issued_at: FAR,
        expires_at: FAR + DAY,
        ..Draft::new(
            Args::Suspend {
                until: UnixTime(FAR + 35 * DAY),
            },
            &[ONLINE],
        )
    };
    let suspend = fleet.command(&draft);
    assert_eq!(
        phone.one(&fleet, &suspend, 0).state,
        Some(ReceiptState::Accepted)
    );
    assert_eq!(phone.core.state().restrictions.len(), 1);
    let acts = phone.core.pass_time(35 * DAY);
    assert_eq!(acts, [Act::Service(true)]);
}
