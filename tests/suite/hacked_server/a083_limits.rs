//! How much a key may do, and what a hold stops: A083–A090.

use muster_protocol::base64;
use muster_protocol::command::{Args, Command, NoticeTemplate};
use muster_protocol::ids::CaseNumber;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{Receipt, ReceiptState};
use muster_protocol::time::{DAY, UnixTime};
use muster_tests::hacked::sign;
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![
    a083_online_suspend_to_2099,
    a084_two_hundred_online_locks_an_hour,
    a085_message_by_the_online_key,
    a086_notice_with_a_template_or_text_of_its_own,
    a087_wipe_while_held,
    a088_hold_and_wipe_in_one_bundle_wipe_first,
    a089_hold_until_2099,
    a090_wipe_refused_as_held_sent_again_after_the_release,
];

async fn a083_online_suspend_to_2099(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for until in [UnixTime(4_070_000_000), a.now.plus(401 * DAY)] {
        let command = a.command(Args::Suspend { until });
        let envelope = a.signed(&command, &[&a.server.online]).encode();
        assert_eq!(a.send_envelope(envelope).await, Some(Reason::BadField));
    }
    // 36 days would do for a person; the online key is not one.
    let command = a.command(Args::Suspend {
        until: a.now.plus(36 * DAY),
    });
    let envelope = a.signed(&command, &[&a.server.online]).encode();
    assert_eq!(a.send_envelope(envelope).await, Some(Reason::NotAuthorised));
    assert_eq!(a.phone.status().service_on, Some(true));
    a.phone.assert_unharmed();
}

async fn a084_two_hundred_online_locks_an_hour(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mut taken = 0;
    for number in 0..200 {
        let command = a.command(Args::Lock);
        let envelope = a.signed(&command, &[&a.server.online]).encode();
        match a.send_envelope(envelope).await {
            None => taken += 1,
            Some(code) => assert_eq!(code, Reason::RateLimited, "the {number}th"),
        }
    }
    assert_eq!(taken, 6, "at most six locks a day (PROTOCOL §6)");
    a.phone.assert_unharmed();
    t.advance_days(1);
    a.now = t.now();
    let command = a.command(Args::Lock);
    let envelope = a.signed(&command, &[&a.server.online]).encode();
    assert_eq!(a.send_envelope(envelope).await, None);
    a.phone.assert_unharmed();
}

async fn a085_message_by_the_online_key(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Message {
        text: "send your passcode to this number".to_owned(),
    });
    let envelope = a.signed(&command, &[&a.server.online]).encode();
    assert_eq!(a.send_envelope(envelope).await, Some(Reason::NotAuthorised));
    assert!(!a.phone.screen().contains("passcode to this number"));
    a.phone.assert_unharmed();
}

async fn a086_notice_with_a_template_or_text_of_its_own(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let honest = a.command(Args::Notice {
        template: NoticeTemplate::PaymentDue,
        date: None,
        number: None,
    });
    let payload = String::from_utf8(honest.encode()).unwrap();
    let changes = [
        ("\"payment-due\"", "\"call-this-number\""),
        (
            "{\"template\":\"payment-due\"}",
            "{\"template\":\"payment-due\",\"text\":\"call us\"}",
        ),
        (
            "{\"template\":\"payment-due\"}",
            "{\"number\":1000001,\"template\":\"payment-due\"}",
        ),
        ("{\"template\":\"payment-due\"}", "{}"),
    ];
    for (before, after) in changes {
        let changed = payload.replace(before, after);
        assert_ne!(changed, payload);
        let envelope = sign(changed.into_bytes(), &[&a.server.online]).encode();
        assert_eq!(
            a.send_envelope(envelope).await,
            Some(Reason::BadField),
            "{after}"
        );
    }
    a.phone.assert_unharmed();
}

fn hold(a: &mut Hacked, until: UnixTime) -> Command {
    a.command(Args::Hold {
        case: CaseNumber::parse("2026-114").unwrap(),
        until,
    })
}

async fn a087_wipe_while_held(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let until = a.now.plus(300 * DAY);
    let hold = hold(&mut a, until);
    let envelope = a.signed(&hold, &[&a.fleet.auditor]).encode();
    assert_eq!(a.send_envelope(envelope).await, None);
    assert!(a.phone.status().held);
    for args in [Args::Wipe, Args::Kill] {
        let command = a.command(args);
        let envelope = a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]).encode();
        assert_eq!(a.send_logged(envelope).await, Some(Reason::Held));
    }
    a.phone.assert_unharmed();
}

async fn a088_hold_and_wipe_in_one_bundle_wipe_first(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let wipe = a.command(Args::Wipe);
    let until = a.now.plus(300 * DAY);
    let hold = hold(&mut a, until);
    let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
    let hold = a.signed(&hold, &[&a.fleet.auditor]).encode();
    let items = vec![a.logged(wipe), Hacked::item(hold)];
    let outcome = a.send(items).await;
    let reasons: Vec<_> = outcome
        .commands
        .iter()
        .map(|written| written.reason)
        .collect();
    assert_eq!(reasons, [None, Some(Reason::Held)]);
    a.phone.assert_unharmed();
}

async fn a089_hold_until_2099(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for until in [UnixTime(4_070_000_000), a.now.plus(401 * DAY)] {
        let hold = hold(&mut a, until);
        let envelope = a.signed(&hold, &[&a.fleet.auditor]).encode();
        assert_eq!(a.send_envelope(envelope).await, Some(Reason::BadField));
    }
    assert!(!a.phone.status().held);
    a.phone.assert_unharmed();
}

async fn a090_wipe_refused_as_held_sent_again_after_the_release(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let until = a.now.plus(300 * DAY);
    let hold = hold(&mut a, until);
    let envelope = a.signed(&hold, &[&a.fleet.auditor]).encode();
    assert_eq!(a.send_envelope(envelope).await, None);
    let wipe = a.command(Args::Wipe);
    let digest = wipe.digest();
    let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(wipe.clone()).await, Some(Reason::Held));
    let release = a.command(Args::Release {
        lifts: vec![hold.digest()],
    });
    let release = a.signed(&release, &[&a.fleet.auditor]).encode();
    assert_eq!(a.send_logged(release).await, None);
    assert!(!a.phone.status().held);
    let item = a.logged(wipe);
    let outcome = a.send(vec![item]).await;
    assert_eq!(
        outcome.commands[0].state,
        Some(ReceiptState::Refused),
        "the release woke a wipe that was refused"
    );
    // What it sends is the receipt of then, and no other.
    let key = a.phone.device_key().verifying_key();
    let receipts = a.phone.state().receipts;
    let about_it: Vec<_> = receipts
        .iter()
        .map(|text| Receipt::verify(&base64::decode(text).unwrap(), &key).unwrap())
        .filter(|receipt| receipt.command == digest)
        .map(|receipt| (receipt.state, receipt.reason))
        .collect();
    assert_eq!(about_it, [(ReceiptState::Refused, Some(Reason::Held))]);
    a.phone.assert_unharmed();
}
