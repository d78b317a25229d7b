//! Fresh, stale, lost, forked, unwitnessed (PROTOCOL §15).

use muster_protocol::bundle::Bundle;
use muster_protocol::command::Args;
use muster_protocol::keyring::Log;
use muster_protocol::reason::Reason;
use muster_protocol::time::{DAY, HOUR};

use super::fleet::{ALICE, BOB, Driven, Fleet, NOW, ONLINE, WITNESSES, signer};
use crate::core::freshness::Freshness;
use crate::core::limits::STALE_HOURS;
use crate::phones::LockState;

const ONE: u8 = WITNESSES[0];
const TWO: u8 = WITNESSES[1];

#[test]
fn without_witnesses_a_phone_never_says_fresh() {
    let fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let _ = phone.take(&fleet.bundle(&[]), NOW);
    assert_eq!(phone.core.freshness(NOW), Freshness::Unwitnessed);
}

#[test]
fn the_kth_witness_time_makes_fresh_and_ages() {
    let fleet = Fleet::witnessed();
    let mut phone = Driven::new(&fleet);
    assert_eq!(phone.core.freshness(NOW), Freshness::Stale, "nothing yet");
    let bundle = fleet.bundle_signed(&[], &[(ONE, NOW), (TWO, NOW - HOUR)]);
    let _ = phone.take(&bundle, NOW);
    assert_eq!(
        phone.core.witnessed_at().map(|time| time.0),
        Some(NOW - HOUR)
    );
    assert_eq!(phone.core.freshness(NOW), Freshness::Fresh);
    let last = NOW - HOUR + STALE_HOURS * HOUR;
    assert_eq!(phone.core.freshness(last), Freshness::Fresh);
    assert_eq!(phone.core.freshness(last + 1), Freshness::Stale);
    let screen = phone.core.screen(LockState::default(), last + 1).join("\n");
    assert!(
        screen.contains("nobody independent has confirmed"),
        "{screen}"
    );
}

#[test]
fn a_clock_turned_back_keeps_no_phone_fresh_and_2099_makes_none_stale() {
    let fleet = Fleet::witnessed();
    let mut phone = Driven::new(&fleet);
    let bundle = fleet.bundle_signed(&[], &[(ONE, NOW), (TWO, NOW)]);
    let _ = phone.take(&bundle, NOW);
    assert_eq!(phone.core.freshness(4_080_000_000), Freshness::Fresh);
    let mut hours = 0;
    while phone.core.freshness(0) == Freshness::Fresh {
        phone.core.answered(0);
        let _ = phone.core.pass_time(HOUR);
        hours += 1;
    }
    assert_eq!(hours, STALE_HOURS + 1);
    // The same note again is no news.
    let _ = phone.take(&bundle, 0);
    assert_eq!(phone.core.freshness(0), Freshness::Stale);
}

#[test]
fn newer_witness_times_for_the_same_tree_are_kept_and_older_ones_are_not() {
    let fleet = Fleet::witnessed();
    let mut phone = Driven::new(&fleet);
    let at = |time: u64| fleet.bundle_signed(&[], &[(ONE, time), (TWO, time)]);
    let _ = phone.take(&at(NOW), NOW);
    let _ = phone.take(&at(NOW + DAY), NOW + DAY);
    assert_eq!(
        phone.core.witnessed_at().map(|time| time.0),
        Some(NOW + DAY)
    );
    let _ = phone.take(&at(NOW), NOW + DAY);
    assert_eq!(
        phone.core.witnessed_at().map(|time| time.0),
        Some(NOW + DAY)
    );
}

#[test]
fn a097_a_fork_is_said_before_everything_else_and_a_new_log_settles_it() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let (one, other) = (
        fleet.order(Args::Lock, &[ONLINE]),
        fleet.order(Args::Lock, &[ONLINE]),
    );
    let documents_only = |bundle: Bundle| Bundle {
        commands: Vec::new(),
        ..bundle
    };
    let one = documents_only(fleet.bundle(&[&one]));
    let other = documents_only(fleet.bundle(&[&other]));
    assert_eq!(phone.take_with_documents(&one, NOW).0, []);
    assert_eq!(
        phone.take_with_documents(&other, NOW).0,
        [Reason::LogForked]
    );
    let _ = phone.core.pass_time(100 * DAY);
    assert_eq!(phone.core.freshness(NOW), Freshness::Forked);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let mut bundle = fleet.bundle(&[&wipe]);
    bundle.checkpoint = None;
    let written = phone.take(&bundle, NOW);
    assert_eq!(written[0].reason, Some(Reason::LogForked));
    // The root names another log: the tree starts again.
    fleet.log = 30;
    let log = Log {
        origin: "log.example.org/2".to_owned(),
        key: signer(30).verifying_key(),
    };
    let next = fleet.rotate(|keyring| keyring.log = log);
    let mut bundle = fleet.bundle(&[]);
    bundle.keyrings.push(next);
    assert_eq!(phone.take_with_documents(&bundle, NOW).0, []);
    assert!(phone.core.has_moved());
    assert!(phone.core.state().fork.is_none());
    let held = phone.core.state().checkpoint.as_ref().expect("one");
    assert_eq!(held.origin, "log.example.org/2");
}

#[test]
fn contact_lost_is_told_in_the_next_report() {
    let fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let _ = phone.core.pass_time(14 * DAY);
    assert_eq!(phone.core.freshness(NOW), Freshness::ContactLost);
    phone.core.answered(NOW);
    assert_eq!(phone.core.freshness(NOW), Freshness::Unwitnessed);
}
