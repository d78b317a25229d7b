//! What the server says that phones said, and phones whose memory was tampered with: A101–A105, A111.

use muster_agent::AgentError;
use muster_agent::enrol::Trust;
use muster_agent::state::folder::FolderError;
use muster_protocol::base64;
use muster_protocol::command::Args;
use muster_protocol::digest::Digest;
use muster_protocol::keys::P256Signer;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_tests::api::text;
use muster_tests::hacked::sign;
use muster_tests::line::Way;
use muster_tests::{Hacked, TestApp, TestPhone, on_both_databases};
use serde_json::{Value, json};

use crate::audit::{Auditor, names};

on_both_databases![
    a101_receipt_for_a_phone_never_told,
    a103_one_receipt_withheld,
    a105_a_caught_code_used_by_a_strangers_phone,
    a111_journal_of_another_handset_cut_or_flipped,
];

async fn a101_receipt_for_a_phone_never_told(t: &mut TestApp) {
    let a = &mut Hacked::new(t).await;
    let world = t.world().await;
    let api = &world.northwind.api;
    a.phone.check_in().await;
    let kill = api.command("kill", &[&a.phone.device], Value::Null).await;
    let id = text(&kill["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    // A102 as well: whatever key a fresh certificate of the CA vouches for, the leaf that approvers signed names another.
    let own = P256Signer::from_bytes([5; 32]).unwrap();
    let receipt = Receipt {
        at: a.now,
        checkpoint: None,
        command: Digest::parse(&text(&kill["digest"])).unwrap(),
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
    let device = a.phone.device_key();
    // The same under the name of the phone's key, which it was not signed with.
    let renamed = String::from_utf8(receipt.clone())
        .unwrap()
        .replace(&own.key_id().to_string(), &device.key_id().to_string());
    // The verifier takes the key from the enrolment id in the leaf: a hash that the attacker's key does not have.
    assert_ne!(own.verifying_key().enrolment_id(), a.phone.leaf().enrolment);
    for forged in [receipt.as_slice(), renamed.as_bytes()] {
        let refused = Receipt::verify(forged, &device.verifying_key()).unwrap_err();
        assert_eq!(refused.reason, Reason::BadSignature);
    }
    // Nor does the server's own rule know better, whoever hands it in.
    let body = json!({ "v": 1, "receipts": [base64::encode(&receipt), base64::encode(renamed.as_bytes())] });
    let way = Way::to(t, Some(&a.phone.identity()));
    let answer = way.post("/v1/receipts", &body).await;
    assert_eq!(answer.json()["results"], json!(["rejected", "rejected"]));
    assert_ne!(api.command_state(&id).await["state"], "done");
    a.phone.assert_unharmed();
}

async fn a103_one_receipt_withheld(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let api = &world.northwind.api;
    a.phone.check_in().await;
    let lock = api.command("lock", &[&a.phone.device], Value::Null).await;
    let id = text(&lock["id"]);
    let path = format!("/api/v1/commands/{id}/envelope");
    let payload = text(&api.get(&path).await.expect(200)["payload"]);
    let payload = base64::decode(&payload).unwrap();
    let envelope = sign(payload, &[&a.server.online]).encode();
    assert_eq!(a.send_envelope(envelope).await, None);
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
    assert!(numbers.len() >= 2, "accepted, and done");
    assert_eq!(numbers, expected);
    // The server shows the last one alone. Its own record tells of it, and so does the log to somebody outside.
    let way = Way::to(t, Some(&a.phone.identity()));
    let body = json!({ "v": 1, "receipts": [receipts.last()] });
    let answer = way.post("/v1/receipts", &body).await;
    assert_eq!(answer.json()["results"], json!(["stored"]));
    assert!(t.record().await.contains(&"receipt.gap".to_owned()));
    t.log_settles().await;
    let outside = Auditor::new(t, api, "outside");
    outside.exports();
    let (first, last) = (numbers[0], numbers[numbers.len() - 2]);
    let pin = world.fleet.fingerprint.to_string();
    let finding = format!("receipts {first} to {last} of enrolment");
    names(&outside, &pin, &finding);
    a.phone.assert_unharmed();
}

async fn a105_a_caught_code_used_by_a_strangers_phone(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    a.phone.check_in().await;
    let enrolment = a.phone.status().enrolment_id;
    let meant = a.command(Args::Kill);
    let code = world.northwind.api.code(&a.phone.device).await;
    let pinned = Trust::Fingerprint(world.fleet.fingerprint);
    let stranger = TestPhone::try_enrol(t, pinned, "NW-000042", &code)
        .await
        .unwrap();
    // The stranger is shown as what it is: another enrolment, another epoch, other words; and it does not know the one whose
    // place it took, which is an alarm.
    let shown = world.northwind.api.device(&a.phone.device).await;
    assert_ne!(shown["enrolment_id"], enrolment);
    assert_eq!(shown["enrolment_id"], stranger.status().enrolment_id);
    assert_eq!(shown["epoch"], 2);
    assert!(
        t.record()
            .await
            .contains(&"device.enrolment-doubled".to_owned())
    );
    // The first phone has lost nothing but its carrier.
    assert!(a.phone.agent.check_in_once().await.is_err());
    a.phone.assert_unharmed();
    // What was signed for it is not for the stranger's, and can be nobody's else.
    let envelope = a.signed(&meant, &[&a.fleet.ada]).encode();
    let first = std::mem::replace(&mut a.phone, stranger);
    assert_eq!(a.send_logged(envelope).await, Some(Reason::NotTarget));
    a.phone.assert_unharmed();
    // The owner's own phone cannot use the code again.
    let again = TestPhone::try_enrol(t, pinned, "NW-000042", &code).await;
    assert!(again.is_err());
    first.assert_unharmed();
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
            matches!(applied, Err(AgentError::Folder(FolderError::Damaged(_)))),
            "a phone with {what} state obeys: {applied:?}"
        );
        let sentence = applied.unwrap_err().to_string();
        assert!(sentence.starts_with("state_damaged"), "{sentence}");
        std::fs::write(&file, &whole).unwrap();
        a.phone.assert_unharmed();
    }
}
