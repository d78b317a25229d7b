//! The API's shapes, as others may rely on them.

use std::collections::BTreeSet;

use muster::features;
use muster::features::operations::openapi;
use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::browser::lists;
use muster_tests::{TestApp, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases![
    a_device_has_exactly_the_members_that_are_promised,
    a_command_has_the_members_that_are_promised,
    a_code_has_the_members_that_are_promised,
    lists_are_paged_by_cursor,
    every_list_walks_through_everything_once,
    lists_are_filtered,
    a_creation_with_a_key_happens_once,
    two_creations_at_once_with_one_key_make_one_thing,
    problems_are_documents,
    members_that_nobody_knows_are_refused_everywhere,
    bodies_of_64_kib_are_read_and_no_more,
    a_filter_is_frozen_into_devices,
    every_route_is_described_and_every_description_is_a_route,
    roles_of_tokens_hold,
    serial_numbers_are_one_of_a_kind_in_a_fleet,
];

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

async fn a_device_has_exactly_the_members_that_are_promised(t: &mut TestApp) {
    let world = t.world().await;
    let promised = BTreeSet::from([
        "id", "serial_number", "imei", "model", "organisation_id", "lifecycle", "restrictions", "contact", "held", "epoch",
        "enrolment_id", "last_check_in_at", "certificate",
    ]);
    let body = json!({ "serial_number": "NW-1", "model": "Hardline X7", "imei": "490154203237518", "organisation_id": world.press.id });
    let created = world.northwind.api.post("/api/v1/devices", &body).await;
    let device = created.expect(201);
    assert_eq!(created.header("location"), format!("/api/v1/devices/{}", text(&device["id"])));
    assert_eq!(members(&device), promised);
    assert_eq!(world.northwind.api.device(&text(&device["id"])).await, device);
    assert_eq!((&device["lifecycle"], &device["contact"], &device["epoch"]), (&json!("registered"), &json!("never"), &json!(0)));
    assert_eq!((&device["certificate"], &device["enrolment_id"], &device["imei"]), (&Value::Null, &Value::Null, &json!("490154203237518")));
    let mut phone = world.phone(t, "NW-2").await;
    phone.check_in().await;
    let enrolled = world.northwind.api.device(&phone.device).await;
    assert_eq!(members(&enrolled), promised);
    assert_eq!(members(&enrolled["certificate"]), BTreeSet::from(["serial_number", "not_after"]));
    assert!(text(&enrolled["last_check_in_at"]).ends_with('Z'));
}

async fn a_command_has_the_members_that_are_promised(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-1").await;
    phone.check_in().await;
    let command = world.northwind.api.command("wipe", &[&phone.device], Value::Null).await;
    for member in ["id", "kind", "state", "reason", "approvals_needed", "approvals", "expires_at", "target_counts", "targets"] {
        assert!(command.get(member).is_some(), "{member} is missing: {command}");
    }
    assert_eq!((&command["approvals_needed"], &command["state"]), (&json!(2), &json!("awaiting-approval")));
    let target = &command["targets"][0];
    assert_eq!((&target["device_id"], &target["state"]), (&json!(phone.device), &json!("awaiting-approval")));
    assert!(target.get("receipt").is_none());
}

async fn a_code_has_the_members_that_are_promised(t: &mut TestApp) {
    let world = t.world().await;
    let device = text(&world.northwind.api.register("NW-1", &world.northwind.id).await["id"]);
    let code = world.northwind.api.post_empty(&format!("/api/v1/devices/{device}/enrolment-code")).await.expect(201);
    assert_eq!(members(&code), BTreeSet::from(["code", "expires_at", "est_url", "ca_fingerprint", "fleet_fingerprint", "qr_svg"]));
    let letters = text(&code["code"]);
    let groups: Vec<&str> = letters.split('-').collect();
    assert_eq!(groups.concat().len(), 20, "{letters}");
    assert!(groups.concat().chars().all(|c| c.is_ascii_digit() || (c.is_ascii_uppercase() && !"ILOU".contains(c))), "{letters}");
    assert_eq!(code["fleet_fingerprint"], world.fleet.fingerprint.to_string());
    assert_eq!(text(&code["est_url"]), format!("{}/.well-known/est", t.app().device_url));
    let svg = text(&code["qr_svg"]);
    assert!(svg.starts_with("<svg") && !svg.contains("style=") && !svg.contains("<script"));
    // Shown once: it stands nowhere in the database.
    let hash = t.read(move |c| muster_store::enrolment_codes::find_live_by_hash(c, &letters, 0)).await;
    assert!(hash.is_none());
}

async fn lists_are_paged_by_cursor(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    for number in 0..7 {
        api.register(&format!("NW-00000{number}"), &world.northwind.id).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/devices?limit=3&sort=serial".to_owned();
    for round in 0.. {
        let page = api.get(&path).await.expect(200);
        assert_eq!(members(&page), BTreeSet::from(["items", "next_cursor"]));
        seen.extend(page["items"].as_array().unwrap().iter().map(|device| text(&device["serial_number"])));
        if round == 0 {
            // A phone that comes in between shifts nobody and repeats nobody.
            api.register("NW-000000A", &world.northwind.id).await;
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/devices?limit=3&sort=serial&cursor={cursor}"),
            None => break,
        }
    }
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
    assert!((7..=8).contains(&seen.len()), "{seen:?}");
    for wrong in ["limit=0", "limit=201", "limit=x", "limit=-1"] {
        api.get(&format!("/api/v1/devices?{wrong}")).await.expect_problem(422, "limit");
    }
    let strange = api.get("/api/v1/devices?cursor=not-one-of-ours").await;
    assert!(matches!(strange.status, 200 | 422), "{}", strange.text);
    for list in ["commands", "events", "organisations"] {
        let page = api.get(&format!("/api/v1/{list}?limit=1")).await.expect(200);
        assert_eq!(members(&page), BTreeSet::from(["items", "next_cursor"]), "{list}");
    }
}

async fn lists_are_filtered(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let press = text(&api.register("PR-000001", &world.press.id).await["id"]);
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let found = async |query: &str| api.get(&format!("/api/v1/devices?{query}")).await.expect(200);
    assert!(lists(&found("q=PR-").await, &press) && !lists(&found("q=PR-").await, &phone.device));
    assert!(lists(&found("lifecycle=enrolled").await, &phone.device) && !lists(&found("lifecycle=enrolled").await, &press));
    assert!(lists(&found("contact=never").await, &press) && !lists(&found("contact=never").await, &phone.device));
    let own = found(&format!("organisation_id={}", world.press.id)).await;
    assert!(lists(&own, &press) && !lists(&own, &phone.device));
    api.command("suspend", &[&phone.device], Value::Null).await;
    phone.check_in().await;
    phone.check_in().await;
    assert!(lists(&found("restriction=suspended").await, &phone.device));
    // What people type is a text and never a pattern.
    for q in ["%25", "_", "%27%20OR%201=1%20--", "NW%00"] {
        let answer = api.get(&format!("/api/v1/devices?q={q}")).await;
        assert!(matches!(answer.status, 200 | 422), "{q}: {}", answer.text);
        if answer.status == 200 {
            assert_eq!(answer.json()["items"], json!([]), "{q} found everything");
        }
    }
    api.get("/api/v1/devices?lifecycle=lost").await.expect(422);
    let events = api.get(&format!("/api/v1/events?device_id={}", phone.device)).await.expect(200);
    assert!(events["items"].as_array().unwrap().iter().all(|event| event["device_id"] == phone.device));
}

async fn a_creation_with_a_key_happens_once(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let send = async |key: &str, body: &Value| {
        let request = api.request(Method::POST, "/api/v1/devices").header("idempotency-key", key).json(body);
        api.send(request).await
    };
    let body = json!({ "serial_number": "NW-1", "model": "Hardline X7", "organisation_id": world.northwind.id });
    let first = send("one", &body).await;
    let again = send("one", &body).await;
    assert_eq!((first.expect(201), again.expect(201)), (again.json(), first.json()));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = json!({ "serial_number": "NW-2", "model": "Hardline X7" });
    send("one", &other).await.expect_problem(409, "idempotency-key-reused");
    send("two", &body).await.expect(409);
    // What was refused may be tried again with the same key.
    let bad = json!({ "serial_number": "no spaces", "model": "x" });
    assert_eq!(send("three", &bad).await.status, 422);
    send("three", &other).await.expect(201);
    send("no spaces allowed", &other).await.expect_problem(422, "idempotency-key");
    // Another caller's key is another key.
    let lyre = json!({ "serial_number": "LY-1", "model": "Hardline X7" });
    let request = world.lyre.api.request(Method::POST, "/api/v1/devices").header("idempotency-key", "one").json(&lyre);
    world.lyre.api.send(request).await.expect(201);
}

async fn two_creations_at_once_with_one_key_make_one_thing(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let body = json!({ "kind": "lock", "device_ids": [phone.device], "reason": "lost" });
    let send = || api.send(api.request(Method::POST, "/api/v1/commands").header("idempotency-key", "k").json(&body));
    let (one, two, three) = tokio::join!(send(), send(), send());
    let made = [&one, &two, &three].into_iter().filter(|answer| answer.status == 201);
    let ids: BTreeSet<String> = made.map(|answer| text(&answer.json()["id"])).collect();
    assert_eq!(ids.len(), 1, "{} {} {}", one.status, two.status, three.status);
    assert_eq!(api.get("/api/v1/commands").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

async fn problems_are_documents(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    api.get("/api/v1/nothing").await.expect_problem(404, "not-found");
    let request = api.request(Method::DELETE, "/api/v1/devices");
    assert_eq!(api.send(request).await.header("content-type"), "application/problem+json");
    t.anybody().get("/api/v1/devices").await.expect_problem(401, "token-missing");
    muster_tests::Api::new(&t.app().portal_url, Some("mst_wrong".to_owned())).get("/api/v1/devices").await.expect_problem(401, "token");
    let with_body = |body: &'static str, kind: &'static str| {
        api.send(api.request(Method::POST, "/api/v1/devices").header("content-type", kind).body(body))
    };
    with_body("{", "application/json").await.expect_problem(422, "json");
    with_body("{\"serial_number\":7}", "application/json").await.expect_problem(422, "member");
    with_body("{\"serial\":\"x\"}", "application/json").await.expect_problem(422, "member");
    with_body("serial_number=x", "application/x-www-form-urlencoded").await.expect_problem(415, "wrong-type");
    let large = "x".repeat(70_000);
    let request = api.request(Method::POST, "/api/v1/devices").header("content-type", "application/json").body(large);
    api.send(request).await.expect_problem(413, "too-large");
    let unfit = api.post("/api/v1/devices", &json!({ "serial_number": "<script>", "model": "" })).await;
    unfit.expect_problem(422, "fields");
    let faults = unfit.json()["errors"].as_array().unwrap().len();
    assert!(faults >= 1, "{}", unfit.text);
}

async fn every_route_is_described_and_every_description_is_a_route(t: &mut TestApp) {
    let described: BTreeSet<String> = openapi::description()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = [("GET", item.get.is_some()), ("POST", item.post.is_some())];
            methods.into_iter().filter(|(_, there)| *there).map(move |(method, _)| format!("{method} {path}"))
        })
        .collect();
    let routed: BTreeSet<String> = features::portal_routes()
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, routed);
    let document = t.anybody().get("/api/openapi.json").await.expect(200);
    assert!(text(&document["openapi"]).starts_with("3.1"));
    assert!(!document["components"]["securitySchemes"]["token"].is_null());
}

async fn roles_of_tokens_hold(t: &mut TestApp) {
    let world = t.world().await;
    let support = world.api(&world.northwind, Role::Support).await;
    support.get("/api/v1/devices").await.expect(200);
    support.post("/api/v1/devices", &json!({ "serial_number": "X", "model": "X" })).await.expect_problem(403, "role");
    let auditor = world.api(&world.operator, Role::Auditor).await;
    auditor.get("/api/v1/events").await.expect(200);
    let body = json!({ "kind": "lock", "device_ids": [], "reason": "x" });
    auditor.post("/api/v1/commands", &body).await.expect_problem(403, "role");
    let operator = &world.operator.api;
    let everybody = operator.get("/api/v1/organisations").await.expect(200);
    assert_eq!(everybody["items"].as_array().unwrap().len(), 6);
    let own = world.northwind.api.get("/api/v1/organisations").await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 3);
    // A customer has nobody beneath; a reseller's customers are beneath it, and no other's.
    world.press.api.post("/api/v1/organisations", &json!({ "name": "Beneath" })).await.expect_problem(409, "organisation-customer");
    let foreign = json!({ "name": "Beneath", "parent_id": world.lyre.id });
    world.northwind.api.post("/api/v1/organisations", &foreign).await.expect_problem(404, "not-found");
    let made = world.northwind.api.post("/api/v1/organisations", &json!({ "name": "A third" })).await.expect(201);
    assert_eq!((&made["kind"], &made["parent_id"]), (&json!("customer"), &json!(world.northwind.id)));
}

async fn serial_numbers_are_one_of_a_kind_in_a_fleet(t: &mut TestApp) {
    let world = t.world().await;
    let body = |organisation: &str| json!({ "serial_number": "S-1", "model": "X7", "organisation_id": organisation });
    world.northwind.api.post("/api/v1/devices", &body(&world.northwind.id)).await.expect(201);
    let taken = world.northwind.api.post("/api/v1/devices", &body(&world.press.id)).await;
    assert!(matches!(taken.status, 409 | 422), "{}", taken.text);
    // Another reseller's fleet does not tell that this one has it.
    world.lyre.api.post("/api/v1/devices", &body(&world.lyre.id)).await.expect(201);
    for serial in ["", "a b", "ä", "../x", &"x".repeat(65)] {
        let body = json!({ "serial_number": serial, "model": "X7" });
        assert_eq!(world.northwind.api.post("/api/v1/devices", &body).await.status, 422, "{serial:?}");
    }
    let reseller = world.operator.api.post("/api/v1/organisations", &json!({ "name": "New Reseller" })).await.expect(201);
    let without = json!({ "serial_number": "S-2", "model": "X7", "organisation_id": reseller["id"] });
    world.operator.api.post("/api/v1/devices", &without).await.expect_problem(409, "fleet-missing");
}

async fn every_list_walks_through_everything_once(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut devices = Vec::new();
    for serial in ["NW-000001", "NW-000002", "NW-000003"] {
        devices.push(world.phone(t, serial).await.device);
    }
    let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
    let command = text(&api.command("lock", &devices, Value::Null).await["id"]);
    for _ in 0..4 {
        api.command("refresh", &devices, Value::Null).await;
    }
    let targets = format!("/api/v1/commands/{command}/targets");
    for (list, key, least) in [
        ("/api/v1/devices", "id", 3),
        ("/api/v1/commands", "id", 5),
        ("/api/v1/events", "id", 12),
        ("/api/v1/organisations", "id", 3),
        (targets.as_str(), "device_id", 3),
    ] {
        let walk = async |limit: u32| {
            let (mut path, mut seen) = (format!("{list}?limit={limit}"), Vec::new());
            loop {
                let page = api.get(&path).await.expect(200);
                let items = page["items"].as_array().unwrap().clone();
                assert!(items.len() <= limit as usize, "{path}: {}", items.len());
                seen.extend(items.iter().map(|item| text(&item[key])));
                let Some(cursor) = page["next_cursor"].as_str() else { return seen };
                path = format!("{list}?limit={limit}&cursor={cursor}");
                assert!(seen.len() < 500, "{list} goes round in circles");
            }
        };
        let (at_once, in_pages) = (walk(200).await, walk(2).await);
        assert!(at_once.len() >= least, "{list}: {}", at_once.len());
        assert_eq!(in_pages, at_once, "{list}");
        assert_eq!(at_once.iter().collect::<BTreeSet<_>>().len(), at_once.len(), "{list}");
        api.get(&format!("{list}?limit=201")).await.expect_problem(422, "limit");
        // What is no cursor of ours starts somewhere in one's own list, or is refused.
        let strange = api.get(&format!("{list}?cursor=not-one-of-ours")).await;
        assert!(matches!(strange.status, 200 | 422), "{}", strange.text);
        api.get(&format!("{list}?cursor={}", "x".repeat(600))).await.expect_problem(422, "cursor");
    }
    // One list's cursor is no other's, and nobody's opens another's rows.
    let cursor = text(&api.get("/api/v1/events?limit=1").await.expect(200)["next_cursor"]);
    let elsewhere = world.lyre.api.get(&format!("/api/v1/events?limit=200&cursor={cursor}")).await;
    if elsewhere.status == 200 {
        let foreign = elsewhere.json()["items"].as_array().unwrap().iter().any(|event| event["organisation_id"] != json!(world.lyre.id));
        assert!(!foreign, "{}", elsewhere.text);
    }
}

async fn members_that_nobody_knows_are_refused_everywhere(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let command = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let own = &world.northwind.id;
    let cases = [
        ("/api/v1/devices".to_owned(), json!({ "serial_number": "NW-1", "model": "X7", "serial": "NW-1" })),
        ("/api/v1/organisations".to_owned(), json!({ "name": "A third", "kind": "operator" })),
        ("/api/v1/commands".to_owned(), json!({ "kind": "lock", "device_ids": [phone.device], "reason": "x", "approved": true })),
        ("/api/v1/commands".to_owned(), json!({ "kind": "lock", "filter": { "q": "NW", "all": true }, "reason": "x" })),
        ("/api/v1/commands".to_owned(), json!({ "kind": "lock", "device_ids": [phone.device], "reason": "x", "arguments": { "force": true } })),
        (format!("/api/v1/commands/{command}/approvals"), json!({ "keyid": "00", "sig": "AA==", "person": "me" })),
        (format!("/api/v1/organisations/{own}/fleet/adopt"), json!({ "descriptor": "AA==", "keyring": "AA==", "force": true })),
        (format!("/api/v1/organisations/{own}/fleet/keyrings"), json!({ "keyring": "AA==", "version": 9 })),
    ];
    for (path, body) in cases {
        let refused = api.post(&path, &body).await;
        refused.expect_problem(422, "member");
        assert!(refused.text.contains("unknown field"), "{path}: {}", refused.text);
    }
    let revoke = api.post(&format!("/api/v1/devices/{}/revoke", phone.device), &json!({ "reason": "x", "now": true })).await;
    assert_eq!(revoke.status, 422, "{}", revoke.text);
    assert_eq!(api.get("/api/v1/commands").await.expect(200)["items"].as_array().unwrap().len(), 1);
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
        api.send(api.request(Method::POST, "/api/v1/devices").header("content-type", "application/json").body(body)).await
    };
    send(padded(64 * 1024 + 1)).await.expect_problem(413, "too-large");
    send(padded(3 * 1024 * 1024)).await.expect_problem(413, "too-large");
    send(padded(64 * 1024)).await.expect(201);
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(send(deep).await.status, 422);
    let latin = api.request(Method::POST, "/api/v1/devices").header("content-type", "application/json").body(&b"{\"model\":\"\xff\"}"[..]);
    assert_eq!(api.send(latin).await.status, 422);
}

async fn a_filter_is_frozen_into_devices(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone_of(t, &world.press, &world.fleet, "PR-000001").await;
    world.phone(t, "NW-000001").await;
    let wanted = json!({ "kind": "lock", "filter": { "organisation_id": world.press.id }, "reason": "left in a taxi" });
    let command = api.post("/api/v1/commands", &wanted).await.expect(201);
    world.phone_of(t, &world.press, &world.fleet, "PR-000002").await;
    let shown = api.command_state(&text(&command["id"])).await;
    let targets: Vec<String> = shown["targets"].as_array().unwrap().iter().map(|target| text(&target["device_id"])).collect();
    assert_eq!(targets, [phone.device.clone()]);
    for (phones, what) in [
        (json!({ "device_ids": [], "reason": "x" }), "no phone"),
        (json!({ "filter": { "q": "nothing" }, "reason": "x" }), "a search that finds nobody"),
        (json!({ "reason": "x" }), "neither"),
        (json!({ "device_ids": [phone.device], "filter": {}, "reason": "x" }), "both"),
        (json!({ "device_ids": [phone.device], "reason": "" }), "no reason"),
        (json!({ "device_ids": [phone.device], "reason": "x\u{202e}y" }), "a reason that turns around"),
        (json!({ "device_ids": [phone.device], "reason": "x", "expires_in_seconds": 0 }), "no time"),
    ] {
        let mut body = phones;
        body["kind"] = json!("lock");
        let refused = api.post("/api/v1/commands", &body).await;
        assert!(matches!(refused.status, 409 | 422), "{what}: {} {}", refused.status, refused.text);
        assert_eq!(refused.header("content-type"), "application/problem+json", "{what}");
    }
}
