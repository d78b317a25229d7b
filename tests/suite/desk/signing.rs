//! Signing with key files, from the desk's page to the phone.

use muster_tests::api::text;
use muster_tests::{TestApp, TestDesk, on_both_databases, page};
use serde_json::Value;

on_both_databases![
    two_desks_wipe_a_phone,
    nothing_is_signed_that_was_not_read_and_typed,
    one_person_signs_once_whichever_key_is_used,
];

async fn two_desks_wipe_a_phone(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let ada = TestDesk::open(t, api, &world.fleet, &[(&world.fleet.ada, 10)]).await;
    let ben = TestDesk::open(t, api, &world.fleet, &[(&world.fleet.ben, 12)]).await;
    let shown = ada.get(&format!("commands/{id}")).await.text;
    for part in [
        "Erase all user data on",
        "NW-000042",
        "left in a taxi",
        "Nothing can be brought back",
        "Sign with key file",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // Typed as somebody reads it off a box.
    let first = ada.sign(&id, &world.fleet.ada, "nw 000042").await.text;
    assert!(first.contains("Your signature stands"), "{first}");
    assert!(first.contains("1 of 2 people has signed."), "{first}");
    assert!(first.contains("You, Ada"), "{first}");
    assert!(!first.contains("name=\"key\""), "the form is still there");
    t.log_settles().await;
    phone.check_in().await;
    phone.assert_unharmed();
    let second = ben.sign(&id, &world.fleet.ben, "NW-000042").await.text;
    assert!(second.contains("Enough people have agreed"), "{second}");
    t.log_settles().await;
    phone.check_in().await;
    assert!(phone.is_erased() && phone.service_is_gone());
    assert_eq!(api.command_state(&id).await["state"], "done");
    let after = ada.get(&format!("commands/{id}")).await.text;
    assert!(
        after.contains("There is nothing left to do here"),
        "{after}"
    );
    ada.running.stop().await;
    ben.running.stop().await;
}

async fn nothing_is_signed_that_was_not_read_and_typed(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let desk = TestDesk::open(t, api, &world.fleet, &[(&world.fleet.ada, 10)]).await;
    let shown = desk.get(&format!("commands/{id}")).await.text;
    let digest = page::input(&shown, "digest").unwrap();
    let key = world.fleet.ada.key_id().to_string();
    let path = format!("commands/{id}/sign");
    let other = world.fleet.ben.key_id().to_string();
    let tries = [
        (
            [
                ("digest", digest.as_str()),
                ("typed", "NW-000043"),
                ("key", &key),
            ],
            "differs from NW-000042",
        ),
        (
            [("digest", &digest), ("typed", ""), ("key", &key)],
            "differs from NW-000042",
        ),
        (
            [("digest", &digest), ("typed", "1"), ("key", &key)],
            "differs from NW-000042",
        ),
        (
            [("digest", "00"), ("typed", "NW-000042"), ("key", &key)],
            "something else than what you read",
        ),
        (
            [("digest", &digest), ("typed", "NW-000042"), ("key", &other)],
            "holds no such key",
        ),
    ];
    for (fields, sentence) in tries {
        let answer = desk.post(&path, &fields).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(
            answer.text.contains(sentence),
            "{sentence}: {}",
            answer.text
        );
    }
    let wrong = desk
        .post(
            &path,
            &[("digest", &digest), ("typed", "NW-000043"), ("key", &key)],
        )
        .await;
    assert_eq!(
        page::input(&wrong.text, "typed").as_deref(),
        Some("NW-000043"),
        "what was typed is kept"
    );
    let state = api.command_state(&id).await;
    assert_eq!(state["approvals"].as_array().unwrap().len(), 0, "{state}");
    // A command whose time is over is not signed, though the server would take it.
    t.advance_days(91);
    let late = desk.get(&format!("commands/{id}")).await.text;
    assert!(late.contains("Its time is over"), "{late}");
    assert!(!late.contains("name=\"key\""), "{late}");
    desk.running.stop().await;
}

async fn one_person_signs_once_whichever_key_is_used(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let keys = [(&world.fleet.ada, 10), (&world.fleet.ada_second, 10)];
    let desk = TestDesk::open(t, api, &world.fleet, &keys).await;
    let shown = desk.get(&format!("commands/{id}")).await.text;
    assert_eq!(shown.matches("name=\"key\"").count(), 2, "{shown}");
    let digest = page::input(&shown, "digest").unwrap();
    desk.sign(&id, &world.fleet.ada, "NW-000042").await;
    let second = world.fleet.ada_second.key_id().to_string();
    let again = [
        ("digest", digest.as_str()),
        ("typed", "NW-000042"),
        ("key", &second),
    ];
    let answer = desk.post(&format!("commands/{id}/sign"), &again).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(
        answer.text.contains("Somebody else must sign"),
        "{}",
        answer.text
    );
    let inbox = desk.get("").await.text;
    assert!(inbox.contains("You signed"), "{inbox}");
    desk.running.stop().await;
}
