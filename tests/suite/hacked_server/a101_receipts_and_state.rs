//! What the server says that phones said, and phones whose memory was tampered with: A101–A105, A111.

use muster_agent::enrol::Trust;
use muster_protocol::base64;
use muster_protocol::command::Args;
use muster_protocol::keys::P256Signer;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_tests::{Hacked, TestApp, TestPhone, on_both_databases};

use crate::enrolment::{csr, issued, simple_enroll};

on_both_databases![
    a101_receipt_for_a_phone_never_told,
    a103_one_receipt_withheld,
    a105_a_caught_code_used_by_a_strangers_phone,
    a111_journal_of_another_handset_cut_or_flipped,
];

async fn a101_receipt_for_a_phone_never_told(t: &mut TestApp) {
    let a = &mut Hacked::new(t).await;
    let kill = a.command(Args::Kill);
    // A102 as well: whatever key a fresh certificate of the CA vouches for, the leaf that approvers signed names another.
    let own = P256Signer::from_bytes([5; 32]).unwrap();
    let receipt = Receipt {
        at: a.now,
        checkpoint: None,
        command: kill.digest(),
        detail: None,
        enrolment: a.phone.state().enrolment,
        fleet: a.fleet.keyring.fleet.clone(),
        keyring: KeyringRef {
            digest: a.fleet.keyring.digest(),
            version: 1,
        },
        reason: None,
        seq: 1,
        state: ReceiptState::Done,
    }
    .sign(&own);
    // The verifier takes the key from the enrolment id in the leaf: a hash that the attacker's key does not have.
    assert_ne!(own.verifying_key().enrolment_id(), a.phone.leaf().enrolment);
    assert!(Receipt::verify(&receipt, &a.phone.device_key().verifying_key()).is_err());
    a.phone.assert_unharmed();
}

async fn a103_one_receipt_withheld(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for _ in 0..3 {
        let command = a.command(Args::Lock);
        let envelope = a.signed(&command, &[&a.server.online]).encode();
        assert_eq!(a.send_envelope(envelope).await, None);
    }
    // Each receipt carries the number after the one before: whoever is shown all but one sees which is missing.
    let key = a.phone.device_key().verifying_key();
    let receipts = a.phone.state().receipts;
    let numbers: Vec<u64> = receipts
        .iter()
        .map(|text| {
            Receipt::verify(&base64::decode(text).unwrap(), &key)
                .unwrap()
                .seq
        })
        .collect();
    let expected: Vec<u64> = (numbers[0]..).take(numbers.len()).collect();
    assert!(numbers.len() >= 3);
    assert_eq!(numbers, expected);
}

async fn a105_a_caught_code_used_by_a_strangers_phone(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let enrolment = phone.status().enrolment_id;
    let code = world.northwind.api.code(&phone.device).await;
    let (_, _, der) = csr(66, "NW-000042");
    issued(&simple_enroll(t, "NW-000042", &code, &der).await);
    // The stranger is shown as what it is: another enrolment, another epoch. What was signed for the first phone is not for
    // the stranger's, and the first phone has lost nothing but its carrier.
    let shown = world.northwind.api.device(&phone.device).await;
    assert_ne!(shown["enrolment_id"], enrolment);
    assert_eq!(shown["epoch"], 2);
    assert!(phone.agent.check_in_once().await.is_err());
    phone.assert_unharmed();
    assert_eq!(
        t.record()
            .await
            .iter()
            .filter(|kind| *kind == "device.enrolled")
            .count(),
        2
    );
    // The owner's own phone cannot use the code again.
    let again = TestPhone::try_enrol(
        t,
        Trust::Fingerprint(world.fleet.fingerprint),
        "NW-000042",
        &code,
    )
    .await;
    assert!(again.is_err());
}

async fn a111_journal_of_another_handset_cut_or_flipped(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let other = world.phone(t, "NW-000043").await;
    let file = a.phone.folder().join("agent/state");
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let states = [
        (
            "another handset's",
            std::fs::read(other.folder().join("agent/state")).unwrap(),
        ),
        ("cut", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("flipped", flipped),
    ];
    for (what, state) in states {
        std::fs::write(&file, &state).unwrap();
        let command = {
            std::fs::write(&file, &whole).unwrap();
            let command = a.command(Args::Kill);
            let envelope = a.signed(&command, &[&a.fleet.ada]).encode();
            let item = a.logged(envelope);
            let bundle = a.bundle(vec![item]).encode();
            std::fs::write(&file, &state).unwrap();
            bundle
        };
        let applied = a.phone.agent.apply(&command).await;
        assert!(
            applied.is_err(),
            "a phone with {what} state obeys: {applied:?}"
        );
        std::fs::write(&file, &whole).unwrap();
        a.phone.assert_unharmed();
    }
}
