//! Step 12: legal holds.

use muster_protocol::command::Args;
use muster_protocol::ids::CaseNumber;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::time::{DAY, UnixTime};

use super::fleet::{ALICE, AUDITOR, BOB, Driven, Fleet, NOW};

fn hold() -> Args {
    Args::Hold {
        case: CaseNumber::parse("2026-114").expect("a case"),
        until: UnixTime(NOW + 100 * DAY),
    }
}

#[test]
fn a087_a_wipe_is_refused_while_held() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let hold = fleet.order(hold(), &[AUDITOR]);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    phone.one(&fleet, &hold, NOW);
    assert_eq!(phone.one(&fleet, &wipe, NOW).reason, Some(Reason::Held));
    assert_eq!(phone.acts, []);
}

#[test]
fn a_transfer_and_a_kill_are_refused_while_held() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let hold = fleet.order(hold(), &[AUDITOR]);
    phone.one(&fleet, &hold, NOW);
    let fingerprint = muster_protocol::digest::Digest([3; 32]);
    let transfer = fleet.order(Args::Transfer { fingerprint }, &[ALICE, BOB]);
    let kill = fleet.order(Args::Kill, &[ALICE]);
    for order in [transfer, kill] {
        assert_eq!(phone.one(&fleet, &order, NOW).reason, Some(Reason::Held));
    }
    assert_eq!(phone.acts, []);
}

#[test]
fn a088_a_hold_in_the_same_bundle_goes_before_the_wipe() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let hold = fleet.order(hold(), &[AUDITOR]);
    let written = phone.take(&fleet.bundle(&[&wipe, &hold]), NOW);
    assert_eq!(written[0].command, Some(hold.digest));
    assert_eq!(written[1].reason, Some(Reason::Held));
}

#[test]
fn a090_the_release_does_not_wake_a_refused_wipe() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let hold = fleet.order(hold(), &[AUDITOR]);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    phone.one(&fleet, &hold, NOW);
    phone.one(&fleet, &wipe, NOW);
    let release = fleet.order(
        Args::Release {
            lifts: vec![hold.digest],
        },
        &[AUDITOR],
    );
    assert_eq!(
        phone.one(&fleet, &release, NOW).state,
        Some(ReceiptState::Accepted)
    );
    assert!(phone.core.state().holds.is_empty());
    assert_eq!(
        phone.one(&fleet, &wipe, NOW).state,
        Some(ReceiptState::Refused)
    );
    assert_eq!(phone.acts, []);
    let again = fleet.order(Args::Kill, &[ALICE]);
    assert_eq!(
        phone.one(&fleet, &again, NOW).state,
        Some(ReceiptState::Accepted),
        "a new command is judged anew"
    );
}

#[test]
fn a_hold_ends_by_powered_on_time_and_not_by_the_clock() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let hold = fleet.order(hold(), &[AUDITOR]);
    phone.one(&fleet, &hold, NOW);
    let _ = phone.core.pass_time(99 * DAY);
    assert_eq!(phone.core.state().holds.len(), 1);
    let _ = phone.core.pass_time(2 * DAY);
    assert!(phone.core.state().holds.is_empty());
}
