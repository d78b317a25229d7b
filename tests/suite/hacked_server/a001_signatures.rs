//! Who signed: A001–A017.

use muster_protocol::base64;
use muster_protocol::command::Args;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_protocol::target::Leaf;
use muster_protocol::time::DAY;
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![
    a001_wipe_signed_by_the_online_key,
    a002_wipe_with_no_signatures,
    a003_wipe_signed_by_a_key_of_its_own_under_a_known_keyid,
    a004_approved_payload_with_one_byte_changed,
    a005_honest_approvals_moved_under_a_wipe,
    a006_payload_type_of_another_document,
    a007_keyring_in_a_commands_slot,
    a008_receipt_re_signed_as_a_command,
    a009_one_signature_entered_twice,
    a010_two_keys_of_one_person,
    a011_one_person_and_the_online_key,
    a012_one_person_each_of_two_grants,
    a013_wipe_by_two_portal_passkeys,
    a014_kill_by_a_portal_passkey,
    a015_lock_fleet_by_a_portal_passkey,
    a016_kill_by_an_approver_of_another_organisation,
    a017_kill_beyond_the_grants_max_targets,
];

/// Sends it, and again within a log that proves it: the same refusal both times, and no harm.
async fn refused(a: &mut Hacked, envelope: Vec<u8>, reason: Reason) {
    assert_eq!(a.send_envelope(envelope.clone()).await, Some(reason));
    assert_eq!(a.send_logged(envelope).await, Some(reason));
    a.phone.assert_unharmed();
}

async fn a001_wipe_signed_by_the_online_key(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for args in [
        Args::Wipe,
        Args::Kill,
        Args::LockFleet {
            until: a.now.plus(DAY),
        },
    ] {
        let command = a.command(args);
        let envelope = a.signed(&command, &[&a.server.online]).encode();
        refused(&mut a, envelope, Reason::NotAuthorised).await;
    }
}

async fn a002_wipe_with_no_signatures(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let envelope = a.signed(&command, &[]).encode();
    refused(&mut a, envelope, Reason::NotAuthorised).await;
}

async fn a003_wipe_signed_by_a_key_of_its_own_under_a_known_keyid(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let own = Ed25519Signer::from_seed([66; 32]);
    let text = String::from_utf8(a.signed(&command, &[&own]).encode()).unwrap();
    let renamed = text.replace(&own.key_id().to_string(), &a.fleet.ada.key_id().to_string());
    refused(&mut a, renamed.into_bytes(), Reason::BadSignature).await;
}

async fn a004_approved_payload_with_one_byte_changed(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Kill);
    let envelope = a.signed(&command, &[&a.fleet.ada]);
    let payload = String::from_utf8(envelope.payload().to_vec()).unwrap();
    let changed = payload.replace("left in a taxi", "left in a tazi");
    assert_ne!(payload, changed);
    let text = String::from_utf8(envelope.encode()).unwrap();
    let moved = text.replace(
        &base64::encode(payload.as_bytes()),
        &base64::encode(changed.as_bytes()),
    );
    refused(&mut a, moved.into_bytes(), Reason::BadSignature).await;
}

async fn a005_honest_approvals_moved_under_a_wipe(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let honest = a.command(Args::Message {
        text: "hello".to_owned(),
    });
    let honest = a.signed(&honest, &[&a.fleet.ada, &a.fleet.ben]);
    let wipe = a.command(Args::Wipe);
    let mut moved = Envelope::unsigned(DocumentType::Command, wipe.encode());
    for signature in honest.signatures() {
        moved.add(signature.clone()).unwrap();
    }
    refused(&mut a, moved.encode(), Reason::BadSignature).await;
}

async fn a006_payload_type_of_another_document(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    for other in [
        DocumentType::Policy,
        DocumentType::Receipt,
        DocumentType::Clearance,
        DocumentType::Program,
    ] {
        let mut envelope = Envelope::unsigned(other, command.encode());
        envelope.sign_plain(&a.fleet.ada).unwrap();
        envelope.sign_plain(&a.fleet.ben).unwrap();
        refused(&mut a, envelope.encode(), Reason::WrongType).await;
    }
}

async fn a007_keyring_in_a_commands_slot(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let keyring = a.fleet.seal(&a.fleet.next(), &[0, 1]);
    refused(&mut a, keyring, Reason::WrongType).await;
}

async fn a008_receipt_re_signed_as_a_command(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Kill);
    let receipt = Receipt {
        at: a.now,
        checkpoint: None,
        command: command.digest(),
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
    };
    let mut envelope = Envelope::unsigned(DocumentType::Receipt, receipt.encode());
    envelope.sign_plain(&a.server.online).unwrap();
    refused(&mut a, envelope.encode(), Reason::WrongType).await;
}

async fn a009_one_signature_entered_twice(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let text = String::from_utf8(a.signed(&command, &[&a.fleet.ada]).encode()).unwrap();
    let (before, entry) = text.split_once("\"signatures\":[").unwrap();
    let entry = entry.strip_suffix("]}").unwrap();
    let doubled = format!("{before}\"signatures\":[{entry},{entry}]}}");
    refused(&mut a, doubled.into_bytes(), Reason::BadEncoding).await;
}

async fn a010_two_keys_of_one_person(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let envelope = a
        .signed(&command, &[&a.fleet.ada, &a.fleet.ada_second])
        .encode();
    refused(&mut a, envelope, Reason::Threshold).await;
}

async fn a011_one_person_and_the_online_key(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let envelope = a
        .signed(&command, &[&a.fleet.ada, &a.server.online])
        .encode();
    refused(&mut a, envelope, Reason::Threshold).await;
}

async fn a012_one_person_each_of_two_grants(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let envelope = a.signed(&command, &[&a.fleet.ada, &a.fleet.erin]).encode();
    refused(&mut a, envelope, Reason::Threshold).await;
}

async fn a013_wipe_by_two_portal_passkeys(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Wipe);
    let mut envelope = a.signed(&command, &[]);
    envelope.add(a.fleet.cleo.approve(&envelope)).unwrap();
    envelope.add(a.fleet.dora.approve(&envelope)).unwrap();
    refused(&mut a, envelope.encode(), Reason::NeedsIndependent).await;
}

async fn a014_kill_by_a_portal_passkey(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Kill);
    let mut envelope = a.signed(&command, &[]);
    envelope.add(a.fleet.cleo.approve(&envelope)).unwrap();
    refused(&mut a, envelope.encode(), Reason::NeedsIndependent).await;
}

async fn a015_lock_fleet_by_a_portal_passkey(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::LockFleet {
        until: a.now.plus(DAY),
    });
    let mut envelope = a.signed(&command, &[]);
    envelope.add(a.fleet.cleo.approve(&envelope)).unwrap();
    refused(&mut a, envelope.encode(), Reason::NeedsIndependent).await;
}

async fn a016_kill_by_an_approver_of_another_organisation(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Kill);
    let envelope = a.signed(&command, &[&a.fleet.stranger]).encode();
    refused(&mut a, envelope, Reason::NotAuthorised).await;
}

async fn a017_kill_beyond_the_grants_max_targets(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let own = a.phone.leaf();
    let others = (0..25_u8).map(super::a018_targets::another);
    let leaves: Vec<Leaf> = others.chain([own.clone()]).collect();
    let tree = muster_protocol::target::TargetTree::build(leaves.clone()).unwrap();
    let command = a.command_for(leaves, Args::Kill);
    let envelope = a.signed(&command, &[&a.fleet.ada]).encode();
    let mut item = a.logged(envelope);
    item.target = tree.proof(tree.position(&own).unwrap()).unwrap();
    let outcome = a.send(vec![item]).await;
    assert_eq!(
        muster_tests::hacked::reason(&outcome),
        Some(Reason::TooManyTargets)
    );
    a.phone.assert_unharmed();
}
