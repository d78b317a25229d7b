//! What the approver's own program refuses to sign, whatever the server shows it: A028, and the rest of PROTOCOL §7's list.

use muster::features::commands::shapes::EnvelopeShown;
use muster::offline::inspection::{inspect, sign};
use muster::offline::key_file::{KeyFile, Use};
use muster_protocol::base64;
use muster_protocol::command::{Args, Command};
use muster_protocol::digest::Digest;
use muster_protocol::ids::OrganisationId;
use muster_protocol::keys::Ed25519Signer;
use muster_tests::api::text;
use muster_tests::fleet::person;
use muster_tests::{Hacked, TestApp, on_both_databases};
use serde_json::Value;

on_both_databases![
    a028_one_leaf_more_in_the_tree_than_the_approver_was_shown,
    the_program_believes_its_pin_and_no_server,
    whoever_stands_in_another_grant_than_the_easiest_may_sign_too,
];

fn key_file(signer: Ed25519Signer, fleet: Digest, r#use: Use) -> KeyFile {
    KeyFile {
        r#use,
        name: "Ada".to_owned(),
        person: person(10),
        fleet: Some(fleet),
        signer,
    }
}

/// A kill that waits for approval, as the honest server shows it.
async fn shown(t: &mut TestApp, a: &Hacked) -> Value {
    let world = t.world().await;
    let id = text(
        &world
            .northwind
            .api
            .command("kill", &[&a.phone.device], Value::Null)
            .await["id"],
    );
    world
        .northwind
        .api
        .get(&format!("/api/v1/commands/{id}/envelope"))
        .await
        .expect(200)
}

fn read(shown: &Value) -> EnvelopeShown {
    serde_json::from_value(shown.clone()).unwrap()
}

async fn a028_one_leaf_more_in_the_tree_than_the_approver_was_shown(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let honest = shown(t, &a).await;
    let key = key_file(a.fleet.ada.clone(), a.fleet.fingerprint, Use::Approver);
    let inspected = inspect(&read(&honest), &key, t.now()).unwrap();
    assert_eq!(inspected.serials.len(), 1);
    assert_eq!(
        sign(&inspected, &key).keyid,
        a.fleet.ada.key_id().to_string()
    );

    // The payload names two phones, the page shows one; and the other way round.
    let own = a.phone.leaf();
    let two = a.command_for(vec![own, super::a018_targets::another(1)], Args::Kill);
    let mut more = honest.clone();
    more["payload"] = base64::encode(&two.encode()).into();
    assert!(
        inspect(&read(&more), &key, t.now()).is_err(),
        "signed for a phone that was not shown"
    );
    let mut relabelled = honest.clone();
    relabelled["leaves"][0]["serial"] = "NW-000043".into();
    assert!(
        inspect(&read(&relabelled), &key, t.now()).is_err(),
        "signed under a serial number that is not the phone's"
    );
    let mut none = honest;
    none["leaves"] = Value::Array(Vec::new());
    assert!(inspect(&read(&none), &key, t.now()).is_err());
    a.phone.assert_unharmed();
}

async fn the_program_believes_its_pin_and_no_server(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let honest = shown(t, &a).await;
    let organisation = OrganisationId::parse("0197c0de-0000-7000-8000-00000000ffff").unwrap();
    let other = Command {
        organisation,
        ..a.command(Args::Kill)
    };
    let own = |r#use| key_file(a.fleet.ada.clone(), a.fleet.fingerprint, r#use);
    let refused = |shown: &Value, key: &KeyFile, what: &str| {
        let outcome = inspect(&read(shown), key, t.now());
        assert!(outcome.is_err(), "{what}");
    };
    let with = |member: &str, value: Value| {
        let mut changed = honest.clone();
        changed[member] = value;
        changed
    };
    let elsewhere = key_file(
        a.fleet.ada.clone(),
        Digest::of(b"another fleet"),
        Use::Approver,
    );
    refused(&honest, &elsewhere, "another fleet than the pinned one");
    refused(&honest, &own(Use::Root), "a root key signs no command");
    let stranger = key_file(
        Ed25519Signer::from_seed([66; 32]),
        a.fleet.fingerprint,
        Use::Approver,
    );
    refused(&honest, &stranger, "a key that is not in the keyring");
    refused(
        &with("keyrings", Value::Array(Vec::new())),
        &own(Use::Approver),
        "no keyring",
    );
    let one_root = base64::encode(&a.fleet.seal(&a.fleet.keyring, &[0]));
    refused(
        &with("keyrings", Value::Array(vec![one_root.into()])),
        &own(Use::Approver),
        "a keyring of one root alone",
    );
    refused(
        &with("payload", base64::encode(&a.fleet.next().encode()).into()),
        &own(Use::Approver),
        "a keyring as a command",
    );
    refused(
        &with("payload", base64::encode(&other.encode()).into()),
        &own(Use::Approver),
        "another organisation",
    );
    a.phone.assert_unharmed();
}

/// A keyring may grant one kind to two groups. The program once looked at one of them alone and sent the others away.
async fn whoever_stands_in_another_grant_than_the_easiest_may_sign_too(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mut waiting = shown(t, &a).await;
    waiting["payload"] = base64::encode(&a.command(Args::Wipe).encode()).into();
    for signer in [&a.fleet.ada, &a.fleet.erin] {
        let key = key_file(signer.clone(), a.fleet.fingerprint, Use::Approver);
        let inspected = inspect(&read(&waiting), &key, t.now()).unwrap();
        assert!(inspected.needed.key_ids.contains(&signer.key_id()));
    }
    let stranger = key_file(a.fleet.stranger.clone(), a.fleet.fingerprint, Use::Approver);
    let refusal = inspect(&read(&waiting), &stranger, t.now()).unwrap_err();
    assert!(refusal.contains("approve wipe for 1 phone."), "{refusal}");
}
