//! Steps 8, 9, 12, 13, 15 and 16.

use muster_protocol::command::{Args, Kind, NoticeTemplate};
use muster_protocol::ids::CommandId;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::time::{DAY, UnixTime};

use super::fleet::{ALICE, BOB, Draft, Driven, Fleet, NOW, ONLINE};
use crate::core::act::Act;
use crate::phones::Lock;

fn lock_fleet() -> Args {
    Args::LockFleet {
        until: UnixTime(NOW + 30 * DAY),
    }
}

#[test]
fn a_lock_is_done_and_the_receipts_tell_in_order() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let lock = fleet.order(Args::Lock, &[ONLINE]);
    assert_eq!(
        phone.one(&fleet, &lock, NOW).state,
        Some(ReceiptState::Accepted)
    );
    assert_eq!(phone.acts, [Act::Lock(Lock::Owner)]);
    let receipts = phone.receipts();
    let told: Vec<_> = receipts
        .iter()
        .map(|receipt| (receipt.seq, receipt.state))
        .collect();
    assert_eq!(told, [(1, ReceiptState::Accepted), (2, ReceiptState::Done)]);
    assert!(
        phone.core.state().restrictions.is_empty(),
        "the owner opens it, so nothing has to be lifted"
    );
}

#[test]
fn a029_a_done_lock_fleet_sent_again_after_its_unlock_does_nothing() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let lock = fleet.order(lock_fleet(), &[ALICE]);
    phone.one(&fleet, &lock, NOW);
    let unlock = fleet.order(
        Args::Unlock {
            lifts: vec![lock.digest],
        },
        &[BOB],
    );
    phone.one(&fleet, &unlock, NOW);
    assert_eq!(phone.acts, [Act::Lock(Lock::Fleet), Act::UnlockFleet]);
    let again = phone.one(&fleet, &lock, NOW);
    assert_eq!(again.state, Some(ReceiptState::Done));
    assert_eq!(phone.acts.len(), 2);
    assert!(phone.core.state().restrictions.is_empty());
}

#[test]
fn a030_an_old_unlock_does_nothing_to_a_newer_lock() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let first = fleet.order(lock_fleet(), &[ALICE]);
    let unlock = fleet.order(
        Args::Unlock {
            lifts: vec![first.digest],
        },
        &[ALICE],
    );
    let second = fleet.order(lock_fleet(), &[ALICE]);
    phone.one(&fleet, &first, NOW);
    phone.one(&fleet, &second, NOW);
    phone.acts.clear();
    assert_eq!(
        phone.one(&fleet, &unlock, NOW).state,
        Some(ReceiptState::Accepted)
    );
    assert_eq!(
        phone.acts,
        [],
        "one fleet lock is left, so the screen stays closed"
    );
    assert_eq!(phone.core.state().restrictions.len(), 1);
    // A lock that comes after its own unlock is dead.
    let mut fresh = Driven::new(&fleet);
    fresh.one(&fleet, &unlock, NOW);
    assert_eq!(
        fresh.one(&fleet, &first, NOW).reason,
        Some(Reason::Cancelled)
    );
    assert_eq!(fresh.acts, []);
}

#[test]
fn a031_a_second_payload_under_a_used_id_is_refused() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let id = CommandId::parse("0197c0de-2222-7000-8000-000000000002").expect("an id");
    let notice = Args::Notice {
        template: NoticeTemplate::PaymentDue,
        date: None,
        number: Some(3),
    };
    let first = fleet.command(&Draft {
        id: Some(id.clone()),
        ..Draft::new(notice, &[ONLINE])
    });
    let second = fleet.command(&Draft {
        id: Some(id),
        ..Draft::new(Args::Wipe, &[ALICE, BOB])
    });
    phone.one(&fleet, &first, NOW);
    assert_eq!(
        phone.one(&fleet, &second, NOW).reason,
        Some(Reason::IdReused)
    );
    assert_eq!(phone.acts, []);
}

#[test]
fn a032_a_done_command_sealed_again_with_one_signature_more_is_the_same_command() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let id = CommandId::parse("0197c0de-2222-7000-8000-000000000002").expect("an id");
    let one = fleet.command(&Draft {
        id: Some(id.clone()),
        ..Draft::new(lock_fleet(), &[ALICE])
    });
    let more = fleet.command(&Draft {
        id: Some(id),
        ..Draft::new(lock_fleet(), &[ALICE, BOB])
    });
    assert_eq!(one.digest, more.digest);
    assert_ne!(one.bytes, more.bytes);
    phone.one(&fleet, &one, NOW);
    let receipts = phone.receipts().len();
    assert_eq!(
        phone.one(&fleet, &more, NOW).state,
        Some(ReceiptState::Done)
    );
    assert_eq!(phone.acts.len(), 1);
    assert_eq!(
        phone.receipts().len(),
        receipts,
        "the stored receipt, and no new one"
    );
}

#[test]
fn a033_a_forgery_does_not_burn_the_id_of_the_genuine_command() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let id = CommandId::parse("0197c0de-2222-7000-8000-000000000002").expect("an id");
    let forged = fleet.command(&Draft {
        id: Some(id.clone()),
        ..Draft::new(Args::Kill, &[ONLINE])
    });
    let genuine = fleet.command(&Draft {
        id: Some(id),
        ..Draft::new(lock_fleet(), &[ALICE])
    });
    assert_eq!(
        phone.one(&fleet, &forged, NOW).reason,
        Some(Reason::NotAuthorised)
    );
    assert!(phone.core.state().journal.is_empty());
    assert_eq!(
        phone.one(&fleet, &genuine, NOW).state,
        Some(ReceiptState::Accepted)
    );
}

#[test]
fn a034_a_cancelled_wipe_is_refused_when_the_cancel_comes_with_it() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    let cancel = fleet.order(
        Args::Cancel {
            lifts: vec![wipe.digest],
        },
        &[ALICE],
    );
    let written = phone.take(&fleet.bundle(&[&wipe, &cancel]), NOW);
    assert_eq!(
        written[0].command,
        Some(cancel.digest),
        "what gives back goes first"
    );
    assert_eq!(written[1].reason, Some(Reason::Cancelled));
    assert_eq!(phone.acts, []);
}

#[test]
fn a_wipe_erases_then_leaves_and_everything_after_it_is_refused() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    phone.one(&fleet, &wipe, NOW);
    assert_eq!(phone.acts[..2], [Act::EraseUserData, Act::EraseServiceData]);
    assert!(phone.core.has_ended());
    let lock = fleet.order(lock_fleet(), &[ALICE]);
    assert_eq!(phone.one(&fleet, &lock, NOW).reason, Some(Reason::Ended));
    assert_eq!(
        phone.one(&fleet, &wipe, NOW).state,
        Some(ReceiptState::Done)
    );
}

#[test]
fn a084_two_hundred_online_locks_are_six() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    for number in 0..200 {
        let lock = fleet.order(Args::Lock, &[ONLINE]);
        let written = phone.one(&fleet, &lock, NOW + number);
        assert_eq!(written.reason, (number >= 6).then_some(Reason::RateLimited));
    }
    assert_eq!(phone.acts.len(), 6);
    // A day with the power on opens the window again; a day on the settable clock does not.
    let lock = fleet.order(Args::Lock, &[ONLINE]);
    assert_eq!(
        phone.one(&fleet, &lock, NOW + 2 * DAY).reason,
        Some(Reason::RateLimited)
    );
    assert_eq!(phone.core.pass_time(DAY), []);
    assert_eq!(
        phone.one(&fleet, &lock, NOW + 2 * DAY).state,
        Some(ReceiptState::Accepted)
    );
}

#[test]
fn a093_a_wipe_that_is_not_in_the_log_waits() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let wipe = fleet.command(&Draft {
        logged: false,
        ..Draft::new(Args::Wipe, &[ALICE, BOB])
    });
    for _ in 0..3 {
        let written = phone.one(&fleet, &wipe, NOW);
        assert_eq!(
            (written.state, written.reason),
            (Some(ReceiptState::Deferred), Some(Reason::NotLogged))
        );
    }
    assert_eq!(phone.acts, []);
    assert_eq!(
        phone.receipts().len(),
        1,
        "the server is told once, not at each check-in"
    );
    assert!(phone.core.state().journal.is_empty());
}

#[test]
fn unauthentic_commands_bring_twenty_receipts_an_hour() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    for _ in 0..30 {
        let forged = fleet.order(Args::Kill, &[]);
        assert_eq!(
            phone.one(&fleet, &forged, NOW).reason,
            Some(Reason::NotAuthorised)
        );
    }
    assert_eq!(phone.receipts().len(), 20);
}

#[test]
fn suspensions_of_the_online_key_replace_each_other_and_resume_lifts_the_named() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let suspend = |days: u64| Args::Suspend {
        until: UnixTime(NOW + days * DAY),
    };
    let first = fleet.order(suspend(10), &[ONLINE]);
    let second = fleet.order(suspend(20), &[ONLINE]);
    phone.one(&fleet, &first, NOW);
    phone.one(&fleet, &second, NOW);
    assert_eq!(phone.core.state().restrictions.len(), 1);
    let resume = fleet.order(
        Args::Resume {
            lifts: vec![second.digest],
        },
        &[ONLINE],
    );
    phone.one(&fleet, &resume, NOW);
    assert_eq!(
        phone.acts,
        [Act::Service(false), Act::Service(false), Act::Service(true)]
    );
    assert!(phone.core.state().restrictions.is_empty());
}

#[test]
fn a_transfer_is_reported_as_failed_and_never_as_done() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let fingerprint = muster_protocol::digest::Digest([3; 32]);
    let transfer = fleet.order(Args::Transfer { fingerprint }, &[ALICE, BOB]);
    phone.one(&fleet, &transfer, NOW);
    let receipts = phone.receipts();
    let last = receipts.last().expect("a receipt");
    assert_eq!(last.state, ReceiptState::Failed);
    assert!(last.detail.is_some());
}

#[test]
fn a_notice_is_shown_once_in_the_agents_own_words() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let notice = Args::Notice {
        template: NoticeTemplate::PaymentDue,
        date: Some(UnixTime(NOW)),
        number: Some(3),
    };
    let notice = fleet.order(notice, &[ONLINE]);
    phone.one(&fleet, &notice, NOW);
    phone.one(&fleet, &notice, NOW);
    let message = fleet.order(
        Args::Message {
            text: "Call the desk.".to_owned(),
        },
        &[ALICE],
    );
    phone.one(&fleet, &message, NOW);
    let screen = phone.core.screen(crate::phones::LockState::default(), NOW);
    let shown: Vec<_> = screen.iter().filter(|line| line.starts_with('[')).collect();
    assert_eq!(shown.len(), 2);
    assert!(
        shown[0].contains("from the service") && shown[0].contains("3 days are left"),
        "{shown:?}"
    );
    assert!(
        shown[1].contains("signed by 04040404") && shown[1].contains("Call the desk."),
        "{shown:?}"
    );
}

#[test]
fn one_online_key_cannot_fill_the_journal_against_people() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let first = fleet.order(Args::Lock, &[ONLINE]);
    phone.one(&fleet, &first, NOW);
    let entry = phone
        .core
        .state()
        .journal
        .values()
        .next()
        .expect("an entry")
        .clone();
    // As many as the key may have, in both parts of the journal.
    for number in 1..crate::core::limits::JOURNAL_ONLINE {
        let name = muster_protocol::digest::sha256(&number.to_le_bytes()).to_string();
        phone.core.state_mut().journal.insert(name, entry.clone());
    }
    for number in 0..crate::core::limits::JOURNAL_ONLINE_RESTORING {
        let name = muster_protocol::digest::sha256(format!("r{number}").as_bytes()).to_string();
        let restoring = crate::state::Entry {
            kind: Kind::Resume,
            ..entry.clone()
        };
        phone.core.state_mut().journal.insert(name, restoring);
    }
    let full = phone.core.state().journal.len();
    // The same id again and again would be refused for good each time, and noted each time.
    let again = fleet.command(&Draft {
        id: Some(entry.id.clone()),
        ..Draft::new(Args::Refresh, &[ONLINE])
    });
    assert_eq!(phone.one(&fleet, &again, NOW).reason, Some(Reason::Busy));
    let lifts = vec![muster_protocol::digest::sha256(b"a suspension")];
    let resume = fleet.order(
        Args::Resume {
            lifts: lifts.clone(),
        },
        &[ONLINE],
    );
    assert_eq!(phone.one(&fleet, &resume, NOW).reason, Some(Reason::Busy));
    assert_eq!(phone.core.state().journal.len(), full);
    // People find room: what gives back, and what takes away.
    let unlock = fleet.order(Args::Unlock { lifts }, &[ALICE]);
    assert_eq!(
        phone.one(&fleet, &unlock, NOW).state,
        Some(ReceiptState::Accepted)
    );
    let wipe = fleet.order(Args::Wipe, &[ALICE, BOB]);
    assert_eq!(
        phone.one(&fleet, &wipe, NOW).state,
        Some(ReceiptState::Accepted)
    );
}

#[test]
fn a_server_that_takes_no_receipts_cannot_fill_the_phone() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    // A keyring that does not exist: told before any signature is looked at, so nobody's key is needed for it.
    phone.core.keyring.keyring.version -= 1;
    for _ in 0..40 {
        let forged = fleet.order(Args::Refresh, &[ONLINE]);
        assert_eq!(
            phone.one(&fleet, &forged, NOW).reason,
            Some(Reason::KeyringBehind)
        );
    }
    assert_eq!(phone.receipts().len(), 20);
}

#[test]
fn another_server_brings_the_keyrings_that_the_first_kept_back() {
    let mut fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    let mut chain = vec![fleet.keyring_envelope()];
    for _ in 0..10 {
        fleet.keyring.version += 1;
        chain.push(fleet.keyring_envelope());
    }
    let mut broken = chain.clone();
    broken.remove(1);
    phone.core.take_chain(&broken);
    assert_eq!(phone.core.keyring().keyring.version, 7, "a step is missing");
    phone.core.take_chain(&chain);
    assert_eq!(
        phone.core.keyring().keyring.version,
        15,
        "eight steps at once"
    );
    phone.core.take_chain(&chain);
    assert_eq!(phone.core.keyring().keyring.version, 17);
}
