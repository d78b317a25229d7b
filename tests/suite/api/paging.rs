//! Lists: pages by cursor, and filters.

use std::collections::BTreeSet;

use muster_tests::api::text;
use muster_tests::browser::lists;
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::members;

on_both_databases![
    lists_are_paged_by_cursor,
    every_list_walks_through_everything_once,
    lists_are_filtered,
];

async fn lists_are_paged_by_cursor(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    for number in 0..7 {
        api.register(&format!("NW-00000{number}"), &world.northwind.id)
            .await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/devices?limit=3&sort=serial".to_owned();
    for round in 0.. {
        let page = api.get(&path).await.expect(200);
        assert_eq!(members(&page), BTreeSet::from(["items", "next_cursor"]));
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|device| text(&device["serial_number"])),
        );
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
        api.get(&format!("/api/v1/devices?{wrong}"))
            .await
            .expect_problem(422, "limit");
    }
    let strange = api.get("/api/v1/devices?cursor=not-one-of-ours").await;
    assert!(matches!(strange.status, 200 | 422), "{}", strange.text);
    for list in ["commands", "events", "organisations"] {
        let page = api
            .get(&format!("/api/v1/{list}?limit=1"))
            .await
            .expect(200);
        assert_eq!(
            members(&page),
            BTreeSet::from(["items", "next_cursor"]),
            "{list}"
        );
    }
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
                let Some(cursor) = page["next_cursor"].as_str() else {
                    return seen;
                };
                path = format!("{list}?limit={limit}&cursor={cursor}");
                assert!(seen.len() < 500, "{list} goes round in circles");
            }
        };
        let (at_once, in_pages) = (walk(200).await, walk(2).await);
        assert!(at_once.len() >= least, "{list}: {}", at_once.len());
        assert_eq!(in_pages, at_once, "{list}");
        assert_eq!(
            at_once.iter().collect::<BTreeSet<_>>().len(),
            at_once.len(),
            "{list}"
        );
        api.get(&format!("{list}?limit=201"))
            .await
            .expect_problem(422, "limit");
        // What is no cursor of ours starts somewhere in one's own list, or is refused.
        let strange = api.get(&format!("{list}?cursor=not-one-of-ours")).await;
        assert!(matches!(strange.status, 200 | 422), "{}", strange.text);
        api.get(&format!("{list}?cursor={}", "x".repeat(600)))
            .await
            .expect_problem(422, "cursor");
    }
    // One list's cursor is no other's, and nobody's opens another's rows.
    let cursor = text(&api.get("/api/v1/events?limit=1").await.expect(200)["next_cursor"]);
    let elsewhere = world
        .lyre
        .api
        .get(&format!("/api/v1/events?limit=200&cursor={cursor}"))
        .await;
    if elsewhere.status == 200 {
        let theirs = [json!(world.lyre.id), json!(world.bakery.id)];
        let is_foreign = |event: &Value| !theirs.contains(&event["organisation_id"]);
        assert!(
            !elsewhere.json()["items"]
                .as_array()
                .unwrap()
                .iter()
                .any(is_foreign),
            "{}",
            elsewhere.text
        );
    }
}

async fn lists_are_filtered(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let press = text(&api.register("PR-000001", &world.press.id).await["id"]);
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let found = async |query: &str| {
        api.get(&format!("/api/v1/devices?{query}"))
            .await
            .expect(200)
    };
    assert!(lists(&found("q=PR-").await, &press) && !lists(&found("q=PR-").await, &phone.device));
    assert!(
        lists(&found("lifecycle=enrolled").await, &phone.device)
            && !lists(&found("lifecycle=enrolled").await, &press)
    );
    assert!(
        lists(&found("contact=never").await, &press)
            && !lists(&found("contact=never").await, &phone.device)
    );
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
    // No text holds a NUL: where one comes in, nothing breaks, on either database.
    for path in [
        "devices/%00",
        "organisations/a%00b",
        "commands/%00",
        "events?device_id=%00",
        "commands?device_id=%00",
        "devices?cursor=%00~x",
    ] {
        let answer = api.get(&format!("/api/v1/{path}")).await;
        assert!(
            matches!(answer.status, 200 | 404 | 422),
            "{path}: {} {}",
            answer.status,
            answer.text
        );
    }
    let with_nul = json!({ "kind": "lock", "device_ids": ["a\u{0}b"], "reason": "x" });
    let answer = api.post("/api/v1/commands", &with_nul).await;
    assert!(matches!(answer.status, 404 | 422), "{}", answer.text);
    let events = api
        .get(&format!("/api/v1/events?device_id={}", phone.device))
        .await
        .expect(200);
    assert!(
        events["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["device_id"] == phone.device)
    );
}
