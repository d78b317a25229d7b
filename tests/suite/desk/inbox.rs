//! What waits, as the desk tells it.

use muster_tests::api::text;
use muster_tests::{TestApp, TestDesk, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    the_inbox_shows_what_waits_and_who_must_sign,
    the_inbox_is_paged_and_the_same_answer_is_not_sent_twice,
    a_portal_that_does_not_answer_is_told,
    every_phone_of_a_command_is_listed,
];

async fn the_inbox_shows_what_waits_and_who_must_sign(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let desk = TestDesk::open(t, api, &world.fleet, &[(&world.fleet.ada, 10)]).await;
    let empty = desk.get("").await.text;
    assert!(empty.contains("Nothing waits for a signature"), "{empty}");
    let phone = world.phone(t, "NW-000042").await;
    let other = world.phone(t, "NW-000043").await;
    let wipe = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let hold = api
        .command("hold", &[&other.device], json!({ "case": "4-O-118" }))
        .await;
    let hold = text(&hold["id"]);
    // The server's own key gives a lock: it waits for nobody.
    api.command("lock", &[&other.device], Value::Null).await;
    let shown = desk.get("").await.text;
    for part in [
        "NW-000042",
        "NW-000043",
        "left in a taxi",
        "Erase all user data on",
        "Nobody has signed. An independent key is still needed.",
        &world.northwind.id,
        "Read and sign",
        "1 command waits for your signature",
    ] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    assert!(shown.contains(&format!("commands/{wipe}")));
    assert!(
        shown.contains("does not let this key approve hold"),
        "{shown}"
    );
    assert!(!shown.contains("does not check out"), "{shown}");
    let page = desk.get(&format!("commands/{hold}")).await.text;
    assert!(
        page.contains("does not let this key approve hold"),
        "{page}"
    );
    assert!(
        !page.contains("name=\"key\""),
        "a key that may not sign is offered"
    );
    // Another person signs: the line says so.
    api.approve(&wipe, &world.fleet.ben).await.expect(201);
    let shown = desk.get("").await.text;
    assert!(shown.contains("1 of 2 people has signed."), "{shown}");
    // The owner signs as well; then nothing waits.
    desk.sign(&wipe, &world.fleet.ada, "NW-000042").await;
    let shown = desk.get("").await.text;
    assert!(!shown.contains("NW-000042"), "{shown}");
    desk.running.stop().await;
}

async fn the_inbox_is_paged_and_the_same_answer_is_not_sent_twice(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let desk = TestDesk::open(t, api, &world.fleet, &[(&world.fleet.ada, 10)]).await;
    let phone = world.phone(t, "NW-000042").await;
    for number in 0..12 {
        let text = json!({ "text": format!("Call us, {number}") });
        api.command("message", &[&phone.device], text).await;
    }
    let first = desk.get("").await;
    assert_eq!(
        first.text.matches("Read and sign").count(),
        10,
        "{}",
        first.text
    );
    let older = muster_tests::page::links(&first.text);
    let older = older.iter().find(|link| link.contains("cursor=")).unwrap();
    let rest = older.strip_prefix(&format!("{}/", desk.base)).unwrap();
    let second = desk.get(rest).await.text;
    assert_eq!(second.matches("Read and sign").count(), 2, "{second}");
    let tag = first.header("etag").to_owned();
    let headers = [
        ("host", desk.host.as_str()),
        ("cookie", &desk.cookie),
        ("if-none-match", &tag),
    ];
    let same = desk.tab.get(&format!("{}/", desk.base), &headers).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    desk.running.stop().await;
}

async fn a_portal_that_does_not_answer_is_told(t: &mut TestApp) {
    let world = t.world().await;
    let desk = TestDesk::open(
        t,
        &world.northwind.api,
        &world.fleet,
        &[(&world.fleet.ada, 10)],
    )
    .await;
    t.stop().await;
    let shown = desk.get("").await;
    assert_eq!(shown.status, 200);
    assert!(
        shown.text.contains("The portal could not be asked"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("does not answer"), "{}", shown.text);
    let id = "0197c0de-2222-7000-8000-000000000002";
    let page = desk.get(&format!("commands/{id}")).await;
    assert_eq!(page.status, 503, "{}", page.text);
    desk.running.stop().await;
}

async fn every_phone_of_a_command_is_listed(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let desk = TestDesk::open(t, api, &world.fleet, &[(&world.fleet.ada, 10)]).await;
    let mut phones = Vec::new();
    for number in 0..3 {
        phones.push(world.phone(t, &format!("NW-0002{number:02}")).await);
    }
    let devices: Vec<&str> = phones.iter().map(|phone| phone.device.as_str()).collect();
    let id = text(&api.command("kill", &devices, Value::Null).await["id"]);
    let page = desk.get(&format!("commands/{id}")).await.text;
    for phone in &phones {
        assert!(
            page.contains(&phone.serial),
            "{} is not shown",
            phone.serial
        );
    }
    for part in [
        "Kill 3 phones",
        "The 3 phones are those",
        "Keyring 1 follows from your pin",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let words = muster_protocol::words::words(&world.fleet.fingerprint.as_bytes()[..5]).join(" ");
    assert!(page.contains(&words), "the fleet's five words");
    // Several phones are confirmed by their count.
    desk.sign(&id, &world.fleet.ada, "3").await;
    assert_eq!(api.command_state(&id).await["state"], "queued");
    desk.running.stop().await;
}
