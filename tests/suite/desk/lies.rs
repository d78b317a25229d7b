//! A server that lies to the desk: it is told, in red, and nothing is signed.

use diesel::connection::SimpleConnection as _;
use muster_protocol::base64;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_tests::api::text;
use muster_tests::{Hacked, TestApp, TestDesk, on_both_databases, page};
use serde_json::{Value, json};

on_both_databases![
    a_server_that_lies_about_a_serial_number_gets_no_signature,
    a_forged_command_does_not_check_out,
    a_keyring_older_than_one_seen_is_refused_after_a_restart_too,
    a_server_that_shows_another_fleet_is_refused,
    signatures_that_are_none_are_not_counted,
    a_command_exchanged_between_reading_and_signing_is_not_signed,
];

async fn lie(t: &TestApp, sql: String) {
    t.write(move |tx| Ok(tx.batch_execute(&sql)?)).await;
}

/// Both pages say that it does not check out, and a form that was kept from before is refused.
async fn is_refused(desk: &TestDesk, id: &str, kept: &[(&str, &str)], why: &str) {
    let inbox = desk.get("").await.text;
    assert!(inbox.contains("does not check out"), "{inbox}");
    assert!(inbox.contains(why), "{why}: {inbox}");
    assert!(!inbox.contains("Read and sign"), "{inbox}");
    let page = desk.get(&format!("commands/{id}")).await.text;
    assert!(page.contains(why), "{why}: {page}");
    assert!(
        !page.contains("<form"),
        "there is a form to sign on: {page}"
    );
    let answer = desk.post(&format!("commands/{id}/sign"), kept).await;
    assert!(
        answer.text.contains("It cannot be signed here"),
        "{}",
        answer.text
    );
    assert_ne!(answer.status, 303);
}

/// A kill that waits, and the form of somebody who read it while the server was honest.
async fn read_honestly(desk: &TestDesk, a: &Hacked, t: &mut TestApp) -> (String, String, String) {
    let world = t.world().await;
    let kill = world
        .northwind
        .api
        .command("kill", &[&a.phone.device], Value::Null)
        .await;
    let id = text(&kill["id"]);
    let shown = desk.get(&format!("commands/{id}")).await.text;
    let digest = page::input(&shown, "digest").expect("an honest server is believed");
    (id, digest, world.fleet.ada.key_id().to_string())
}

async fn nobody_signed(t: &mut TestApp, id: &str) {
    let world = t.world().await;
    let state = world.northwind.api.command_state(id).await;
    assert_eq!(state["approvals"].as_array().unwrap().len(), 0, "{state}");
}

async fn desk_of_ada(t: &mut TestApp) -> TestDesk {
    let world = t.world().await;
    TestDesk::open(
        t,
        &world.northwind.api,
        &world.fleet,
        &[(&world.fleet.ada, 10)],
    )
    .await
}

async fn a_server_that_lies_about_a_serial_number_gets_no_signature(t: &mut TestApp) {
    let a = Hacked::new(t).await;
    let desk = desk_of_ada(t).await;
    let (id, digest, key) = read_honestly(&desk, &a, t).await;
    lie(
        t,
        format!("UPDATE command_targets SET serial_number = 'NW-000043' WHERE command_id = '{id}'"),
    )
    .await;
    let kept = [
        ("digest", digest.as_str()),
        ("typed", "NW-000043"),
        ("key", &key),
    ];
    is_refused(&desk, &id, &kept, "The server hides or adds a phone").await;
    nobody_signed(t, &id).await;
    a.phone.assert_unharmed();
    desk.running.stop().await;
}

async fn a_forged_command_does_not_check_out(t: &mut TestApp) {
    let a = Hacked::new(t).await;
    let desk = desk_of_ada(t).await;
    let (id, digest, key) = read_honestly(&desk, &a, t).await;
    let kept = [
        ("digest", digest.as_str()),
        ("typed", "NW-000042"),
        ("key", &key),
    ];
    let world = t.world().await;
    let (own, other) = (&world.northwind.id, &world.lyre.id);
    lie(
        t,
        format!(
            "UPDATE commands SET payload = REPLACE(payload, '{own}', '{other}') WHERE id = '{id}'"
        ),
    )
    .await;
    is_refused(&desk, &id, &kept, "another fleet or organisation").await;
    lie(
        t,
        format!(
            "UPDATE commands SET payload = REPLACE(payload, '{other}', '{own}') WHERE id = '{id}'"
        ),
    )
    .await;
    lie(t, format!("UPDATE commands SET payload = REPLACE(payload, '\"kind\"', '\"king\"') WHERE id = '{id}'")).await;
    is_refused(&desk, &id, &kept, "not well formed").await;
    nobody_signed(t, &id).await;
    a.phone.assert_unharmed();
    desk.running.stop().await;
}

async fn a_keyring_older_than_one_seen_is_refused_after_a_restart_too(t: &mut TestApp) {
    let a = Hacked::new(t).await;
    let mut world = t.world().await;
    let next = world.fleet.next();
    world.fleet.publish(&world.northwind.api, next).await;
    let desk = desk_of_ada(t).await;
    let (id, digest, key) = read_honestly(&desk, &a, t).await;
    let fleet = world.fleet.keyring.fleet.to_string();
    lie(
        t,
        format!("DELETE FROM keyrings WHERE fleet_id = '{fleet}' AND version = 2"),
    )
    .await;
    let kept = [
        ("digest", digest.as_str()),
        ("typed", "NW-000042"),
        ("key", &key),
    ];
    is_refused(
        &desk,
        &id,
        &kept,
        "shows keyring 1, and you have seen 2 already",
    )
    .await;
    let desk = desk.again(t).await;
    is_refused(
        &desk,
        &id,
        &kept,
        "shows keyring 1, and you have seen 2 already",
    )
    .await;
    nobody_signed(t, &id).await;
    a.phone.assert_unharmed();
    desk.running.stop().await;
}

async fn a_server_that_shows_another_fleet_is_refused(t: &mut TestApp) {
    let a = Hacked::new(t).await;
    let world = t.world().await;
    let kill = world
        .northwind
        .api
        .command("kill", &[&a.phone.device], Value::Null)
        .await;
    let id = text(&kill["id"]);
    // Somebody of Lyre's fleet is shown Northwind's.
    let desk = TestDesk::open(
        t,
        &world.northwind.api,
        &world.lyre_fleet,
        &[(&world.lyre_fleet.ada, 10)],
    )
    .await;
    let key = world.lyre_fleet.ada.key_id().to_string();
    let kept = [
        ("digest", ""),
        ("typed", "NW-000042"),
        ("key", key.as_str()),
    ];
    is_refused(
        &desk,
        &id,
        &kept,
        "another fleet than the one this key is pinned to",
    )
    .await;
    nobody_signed(t, &id).await;
    desk.running.stop().await;
}

async fn signatures_that_are_none_are_not_counted(t: &mut TestApp) {
    let a = Hacked::new(t).await;
    let world = t.world().await;
    let desk = desk_of_ada(t).await;
    let wipe = world
        .northwind
        .api
        .command("wipe", &[&a.phone.device], Value::Null)
        .await;
    let id = text(&wipe["id"]);
    // The server writes a signature of Ben's that Ben never gave: another command's.
    let envelope = Envelope::unsigned(DocumentType::Command, b"{}".to_vec());
    let sig = base64::encode(&world.fleet.ben.sign(&envelope.signed_bytes()));
    let ben = world.fleet.ben.key_id().to_string();
    let entry = json!({ "keyid": ben, "sig": sig }).to_string();
    let person = muster_tests::fleet::person(12).to_string();
    lie(t, format!("INSERT INTO command_approvals (command_id, key_id, person, signature, created_at) VALUES ('{id}', '{ben}', '{person}', '{entry}', 1)")).await;
    let shown = desk.get(&format!("commands/{id}")).await.text;
    assert!(shown.contains("Nobody has signed."), "{shown}");
    assert!(
        shown.contains("one more signature, which does not verify"),
        "{shown}"
    );
    desk.running.stop().await;
}

async fn a_command_exchanged_between_reading_and_signing_is_not_signed(t: &mut TestApp) {
    let a = Hacked::new(t).await;
    let desk = desk_of_ada(t).await;
    let (id, digest, key) = read_honestly(&desk, &a, t).await;
    // Well formed, of this fleet, for this phone, and not what was read.
    lie(t, format!("UPDATE commands SET payload = REPLACE(payload, '\"kind\":\"kill\"', '\"kind\":\"wipe\"') WHERE id = '{id}'")).await;
    let kept = [
        ("digest", digest.as_str()),
        ("typed", "NW-000042"),
        ("key", &key),
    ];
    let answer = desk.post(&format!("commands/{id}/sign"), &kept).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(
        answer.text.contains("something else than what you read"),
        "{}",
        answer.text
    );
    nobody_signed(t, &id).await;
    desk.running.stop().await;
}
