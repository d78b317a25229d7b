//! Steps 13 and 14: what witnesses must have seen before a phone erases itself.

use muster_protocol::bundle::Bundle;
use muster_protocol::checkpoint::{SignedCheckpoint, TreeHead};
use muster_protocol::clearance::Clearance;
use muster_protocol::command::{Args, Kind};
use muster_protocol::digest::Digest;
use muster_protocol::envelope::envelope_digest;
use muster_protocol::ids::{EnrolmentId, FleetId};
use muster_protocol::keyring::GrantKind;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::time::{DAY, UnixTime};

use super::fleet::{ALICE, BOB, Driven, Fleet, LOG, NOW, ONLINE, Sealed, WITNESSES, leaf, signer};

const NONCE: [u8; 32] = [0x5c; 32];

/// A fleet whose wipes take a clearance by each of its two witnesses.
fn fleet() -> Fleet {
    let mut fleet = Fleet::witnessed();
    for grant in &mut fleet.keyring.grants {
        if grant.kinds.contains(&GrantKind::Command(Kind::Wipe)) {
            grant.clearances = 2;
        }
    }
    fleet
}

fn phone(fleet: &Fleet) -> Driven {
    let mut phone = Driven::new(fleet);
    phone.core.refresh_nonce(NONCE);
    phone
}

fn witnessed(fleet: &Fleet, sealed: &Sealed) -> (Bundle, TreeHead) {
    let bundle = fleet.bundle_signed(&[sealed], &WITNESSES.map(|seed| (seed, NOW)));
    let note = &bundle.checkpoint.as_ref().expect("a checkpoint").note;
    let signed = SignedCheckpoint::decode(note.as_bytes()).expect("a note");
    (bundle, signed.checkpoint.head)
}

fn clearance(fleet: &Fleet, sealed: &Sealed, checkpoint: TreeHead) -> Clearance {
    Clearance {
        at: UnixTime(NOW),
        checkpoint,
        ed: envelope_digest(&sealed.bytes),
        enrolment: leaf().enrolment,
        fleet: fleet.keyring.fleet.clone(),
        keyring: fleet.keyring.version,
        nonce: Digest(NONCE),
    }
}

fn signed(clearance: &Clearance, by: &[u8]) -> Vec<Vec<u8>> {
    by.iter()
        .map(|seed| clearance.sign(&signer(*seed)))
        .collect()
}

#[test]
fn a_wipe_that_both_witnesses_cleared_is_done_and_spends_the_nonce() {
    let mut fleet = fleet();
    let mut phone = phone(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let (mut bundle, head) = witnessed(&fleet, &wipe);
    bundle.commands[0].clearances = signed(&clearance(&fleet, &wipe, head), &WITNESSES);
    // A clock out of all bounds does not matter: a clearance is proof of freshness without a clock.
    let written = phone.take(&bundle, 0);
    assert_eq!(written[0].state, Some(ReceiptState::Accepted));
    assert!(phone.core.has_ended());
    assert!(phone.core.state().nonce.is_none());
}

#[test]
fn a035_a_cancelled_wipe_whose_cancel_is_withheld_finds_no_clearance() {
    let mut fleet = fleet();
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let (bundle, head) = witnessed(&fleet, &wipe);
    let one = WITNESSES[0];
    let clear = clearance(&fleet, &wipe, head);
    for clearances in [
        Vec::new(),
        signed(&clear, &[one]),
        // One witness twice is one witness.
        signed(&clear, &[one, one]),
    ] {
        let mut phone = phone(&fleet);
        let mut bundle = bundle.clone();
        bundle.commands[0].clearances = clearances;
        let written = phone.take(&bundle, NOW);
        assert_eq!(written[0].reason, Some(Reason::NoClearance));
        assert_eq!(phone.acts, []);
    }
}

#[test]
fn a073_a_clearance_that_knows_a_newer_keyring_stops_a_removed_approver() {
    let mut fleet = fleet();
    let mut phone = phone(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let (mut bundle, head) = witnessed(&fleet, &wipe);
    let mut clear = clearance(&fleet, &wipe, head);
    clear.keyring += 1;
    bundle.commands[0].clearances = signed(&clear, &WITNESSES);
    let written = phone.take(&bundle, NOW);
    assert_eq!(written[0].reason, Some(Reason::KeyringBehind));
    assert_eq!(phone.acts, []);
}

#[test]
fn a099_clearances_for_another_phone_nonce_envelope_fleet_or_checkpoint_are_none() {
    let mut fleet = fleet();
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let other = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let (bundle, head) = witnessed(&fleet, &wipe);
    let right = clearance(&fleet, &wipe, head);
    let size = head.size + 1;
    for wrong in [
        Clearance {
            enrolment: EnrolmentId::parse(&"ab".repeat(32)).expect("an id"),
            ..right.clone()
        },
        Clearance {
            nonce: Digest([1; 32]),
            ..right.clone()
        },
        Clearance {
            ed: envelope_digest(&other.bytes),
            ..right.clone()
        },
        Clearance {
            fleet: FleetId::parse(&"1e".repeat(16)).expect("an id"),
            ..right.clone()
        },
        // Not the phone's own checkpoint: a bundle has no place for the proof that would join the two.
        Clearance {
            checkpoint: TreeHead { size, ..head },
            ..right.clone()
        },
    ] {
        let mut phone = phone(&fleet);
        let mut bundle = bundle.clone();
        bundle.commands[0].clearances = signed(&wrong, &WITNESSES);
        let written = phone.take(&bundle, NOW);
        assert_eq!(written[0].reason, Some(Reason::NoClearance), "{wrong:?}");
        assert_eq!(phone.acts, []);
    }
    // Nor does the right one help once its nonce is a day old and another has taken its place.
    let mut phone = phone(&fleet);
    let _ = phone.core.pass_time(DAY);
    phone.core.refresh_nonce([2; 32]);
    let mut bundle = bundle;
    bundle.commands[0].clearances = signed(&right, &WITNESSES);
    let written = phone.take(&bundle, NOW);
    assert_eq!(written[0].reason, Some(Reason::NoClearance));
}

#[test]
fn a100_the_log_and_the_online_key_clear_nothing() {
    let mut fleet = fleet();
    let mut phone = phone(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let (mut bundle, head) = witnessed(&fleet, &wipe);
    bundle.commands[0].clearances = signed(&clearance(&fleet, &wipe, head), &[LOG, ONLINE, ALICE]);
    let written = phone.take(&bundle, NOW);
    assert_eq!(written[0].reason, Some(Reason::NoClearance));
    assert_eq!(phone.acts, []);
}
