//! Creations: once for each key, and of one kind.

use std::collections::BTreeSet;

use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases![
    a_creation_with_a_key_happens_once,
    two_creations_at_once_with_one_key_make_one_thing,
    a_filter_is_frozen_into_devices,
    serial_numbers_are_one_of_a_kind_in_a_fleet,
];

async fn a_creation_with_a_key_happens_once(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let send = async |key: &str, body: &Value| {
        let request = api
            .request(Method::POST, "/api/v1/devices")
            .header("idempotency-key", key)
            .json(body);
        api.send(request).await
    };
    let body = json!({ "serial_number": "NW-1", "model": "Hardline X7", "organisation_id": world.northwind.id });
    let first = send("one", &body).await;
    let again = send("one", &body).await;
    assert_eq!(
        (first.expect(201), again.expect(201)),
        (again.json(), first.json())
    );
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = json!({ "serial_number": "NW-2", "model": "Hardline X7" });
    send("one", &other)
        .await
        .expect_problem(409, "idempotency-key-reused");
    send("two", &body).await.expect(409);
    // What was refused may be tried again with the same key.
    let bad = json!({ "serial_number": "no spaces", "model": "x" });
    assert_eq!(send("three", &bad).await.status, 422);
    send("three", &other).await.expect(201);
    send("no spaces allowed", &other)
        .await
        .expect_problem(422, "idempotency-key");
    // Another caller's key is another key.
    let lyre = json!({ "serial_number": "LY-1", "model": "Hardline X7" });
    let request = world
        .lyre
        .api
        .request(Method::POST, "/api/v1/devices")
        .header("idempotency-key", "one")
        .json(&lyre);
    world.lyre.api.send(request).await.expect(201);
}

async fn two_creations_at_once_with_one_key_make_one_thing(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let body = json!({ "kind": "lock", "device_ids": [phone.device], "reason": "lost" });
    let send = || {
        api.send(
            api.request(Method::POST, "/api/v1/commands")
                .header("idempotency-key", "k")
                .json(&body),
        )
    };
    let (one, two, three) = tokio::join!(send(), send(), send());
    let made = [&one, &two, &three]
        .into_iter()
        .filter(|answer| answer.status == 201);
    let ids: BTreeSet<String> = made.map(|answer| text(&answer.json()["id"])).collect();
    assert_eq!(
        ids.len(),
        1,
        "{} {} {}",
        one.status,
        two.status,
        three.status
    );
    assert_eq!(
        api.get("/api/v1/commands").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn a_filter_is_frozen_into_devices(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world
        .phone_of(t, &world.press, &world.fleet, "PR-000001")
        .await;
    world.phone(t, "NW-000001").await;
    let wanted = json!({ "kind": "lock", "filter": { "organisation_id": world.press.id }, "reason": "left in a taxi" });
    let command = api.post("/api/v1/commands", &wanted).await.expect(201);
    world
        .phone_of(t, &world.press, &world.fleet, "PR-000002")
        .await;
    let shown = api.command_state(&text(&command["id"])).await;
    let targets: Vec<String> = shown["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| text(&target["device_id"]))
        .collect();
    assert_eq!(targets, std::slice::from_ref(&phone.device));
    for (phones, what) in [
        (json!({ "device_ids": [], "reason": "x" }), "no phone"),
        (
            json!({ "filter": { "q": "nothing" }, "reason": "x" }),
            "a search that finds nobody",
        ),
        (json!({ "reason": "x" }), "neither"),
        (
            json!({ "device_ids": [phone.device], "filter": {}, "reason": "x" }),
            "both",
        ),
        (
            json!({ "device_ids": [phone.device], "reason": "" }),
            "no reason",
        ),
        (
            json!({ "device_ids": [phone.device], "reason": "x\u{202e}y" }),
            "a reason that turns around",
        ),
        (
            json!({ "device_ids": [phone.device], "reason": "x", "expires_in_seconds": 0 }),
            "no time",
        ),
    ] {
        let mut body = phones;
        body["kind"] = json!("lock");
        let refused = api.post("/api/v1/commands", &body).await;
        assert!(
            matches!(refused.status, 409 | 422),
            "{what}: {} {}",
            refused.status,
            refused.text
        );
        assert_eq!(
            refused.header("content-type"),
            "application/problem+json",
            "{what}"
        );
    }
}

async fn serial_numbers_are_one_of_a_kind_in_a_fleet(t: &mut TestApp) {
    let world = t.world().await;
    let body = |organisation: &str| json!({ "serial_number": "S-1", "model": "X7", "organisation_id": organisation });
    world
        .northwind
        .api
        .post("/api/v1/devices", &body(&world.northwind.id))
        .await
        .expect(201);
    let taken = world
        .northwind
        .api
        .post("/api/v1/devices", &body(&world.press.id))
        .await;
    assert!(matches!(taken.status, 409 | 422), "{}", taken.text);
    // Another reseller's fleet does not tell that this one has it.
    world
        .lyre
        .api
        .post("/api/v1/devices", &body(&world.lyre.id))
        .await
        .expect(201);
    for serial in ["", "a b", "ä", "../x", &"x".repeat(65)] {
        let body = json!({ "serial_number": serial, "model": "X7" });
        assert_eq!(
            world
                .northwind
                .api
                .post("/api/v1/devices", &body)
                .await
                .status,
            422,
            "{serial:?}"
        );
    }
    let reseller = world
        .operator
        .api
        .post("/api/v1/organisations", &json!({ "name": "New Reseller" }))
        .await
        .expect(201);
    let without =
        json!({ "serial_number": "S-2", "model": "X7", "organisation_id": reseller["id"] });
    world
        .operator
        .api
        .post("/api/v1/devices", &without)
        .await
        .expect_problem(409, "fleet-missing");
}
