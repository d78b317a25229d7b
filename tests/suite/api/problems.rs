//! Faults as problem documents (RFC 9457).

use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases![
    problems_are_documents,
    members_that_nobody_knows_are_refused_everywhere,
    bodies_of_64_kib_are_read_and_no_more,
];

async fn problems_are_documents(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    api.get("/api/v1/nothing")
        .await
        .expect_problem(404, "not-found");
    let request = api.request(Method::DELETE, "/api/v1/devices");
    assert_eq!(
        api.send(request).await.header("content-type"),
        "application/problem+json"
    );
    t.anybody()
        .get("/api/v1/devices")
        .await
        .expect_problem(401, "token-missing");
    muster_tests::Api::new(&t.app().portal_url, Some("mst_wrong".to_owned()))
        .get("/api/v1/devices")
        .await
        .expect_problem(401, "token");
    let with_body = |body: &'static str, kind: &'static str| {
        api.send(
            api.request(Method::POST, "/api/v1/devices")
                .header("content-type", kind)
                .body(body),
        )
    };
    with_body("{", "application/json")
        .await
        .expect_problem(422, "json");
    with_body("{\"serial_number\":7}", "application/json")
        .await
        .expect_problem(422, "member");
    with_body("{\"serial\":\"x\"}", "application/json")
        .await
        .expect_problem(422, "member");
    with_body("serial_number=x", "application/x-www-form-urlencoded")
        .await
        .expect_problem(415, "wrong-type");
    let large = "x".repeat(70_000);
    let request = api
        .request(Method::POST, "/api/v1/devices")
        .header("content-type", "application/json")
        .body(large);
    api.send(request).await.expect_problem(413, "too-large");
    let unfit = api
        .post(
            "/api/v1/devices",
            &json!({ "serial_number": "<script>", "model": "" }),
        )
        .await;
    unfit.expect_problem(422, "fields");
    let faults = unfit.json()["errors"].as_array().unwrap().len();
    assert!(faults >= 1, "{}", unfit.text);
}

async fn members_that_nobody_knows_are_refused_everywhere(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let command = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let own = &world.northwind.id;
    let cases = [
        (
            "/api/v1/devices".to_owned(),
            json!({ "serial_number": "NW-1", "model": "X7", "serial": "NW-1" }),
        ),
        (
            "/api/v1/organisations".to_owned(),
            json!({ "name": "A third", "kind": "operator" }),
        ),
        (
            "/api/v1/commands".to_owned(),
            json!({ "kind": "lock", "device_ids": [phone.device], "reason": "x", "approved": true }),
        ),
        (
            "/api/v1/commands".to_owned(),
            json!({ "kind": "lock", "filter": { "q": "NW", "all": true }, "reason": "x" }),
        ),
        (
            "/api/v1/commands".to_owned(),
            json!({ "kind": "lock", "device_ids": [phone.device], "reason": "x", "arguments": { "force": true } }),
        ),
        (
            format!("/api/v1/commands/{command}/approvals"),
            json!({ "keyid": "00", "sig": "AA==", "person": "me" }),
        ),
        (
            format!("/api/v1/organisations/{own}/fleet/adopt"),
            json!({ "descriptor": "AA==", "keyring": "AA==", "force": true }),
        ),
        (
            format!("/api/v1/organisations/{own}/fleet/keyrings"),
            json!({ "keyring": "AA==", "version": 9 }),
        ),
    ];
    for (path, body) in cases {
        let refused = api.post(&path, &body).await;
        refused.expect_problem(422, "member");
        assert!(
            refused.text.contains("unknown field"),
            "{path}: {}",
            refused.text
        );
    }
    let revoke = api
        .post(
            &format!("/api/v1/devices/{}/revoke", phone.device),
            &json!({ "reason": "x", "now": true }),
        )
        .await;
    assert_eq!(revoke.status, 422, "{}", revoke.text);
    assert_eq!(
        api.get("/api/v1/commands").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(api.device(&phone.device).await["lifecycle"], "enrolled");
}

async fn bodies_of_64_kib_are_read_and_no_more(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let padded = |size: usize| {
        let body = r#"{"serial_number":"NW-1","model":"X7"}"#;
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    let send = async |body: String| {
        api.send(
            api.request(Method::POST, "/api/v1/devices")
                .header("content-type", "application/json")
                .body(body),
        )
        .await
    };
    send(padded(64 * 1024 + 1))
        .await
        .expect_problem(413, "too-large");
    send(padded(3 * 1024 * 1024))
        .await
        .expect_problem(413, "too-large");
    send(padded(64 * 1024)).await.expect(201);
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(send(deep).await.status, 422);
    let latin = api
        .request(Method::POST, "/api/v1/devices")
        .header("content-type", "application/json")
        .body(&b"{\"model\":\"\xff\"}"[..]);
    assert_eq!(api.send(latin).await.status, 422);
}
