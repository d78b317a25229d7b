//! Lists: pages, filters, order, search.

use std::collections::BTreeSet;

use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::{Answered, TestApp, on_both_databases, page};
use serde_json::{Value, json};

on_both_databases![
    lists_page_through_everything_once,
    devices_are_searched_filtered_and_ordered,
    the_search_finds_devices_and_commands,
];

async fn lists_page_through_everything_once(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    for number in 0..60 {
        api.register(&format!("NW-{number:06}"), &world.northwind.id)
            .await;
    }
    let owner = world.browser(&world.northwind, Role::Owner).await;
    for start in [
        "/devices",
        "/devices?sort=newest",
        "/devices?q=NW&state=registered",
    ] {
        let (mut path, mut seen) = (Some(start.to_owned()), Vec::new());
        while let Some(next) = path.take() {
            let shown = owner.get_once(&next).await;
            assert_eq!(shown.status, 200, "{next}");
            let rows = serials(&shown);
            assert!(
                !rows.is_empty() && rows.len() <= 25,
                "{next}: {}",
                rows.len()
            );
            seen.extend(rows);
            path = page::links(&shown.text)
                .into_iter()
                .find(|link| link.contains("cursor="));
            assert!(seen.len() <= 60, "{start} goes round in circles");
        }
        assert_eq!(seen.len(), 60, "{start}");
        assert_eq!(
            seen.iter().collect::<BTreeSet<_>>().len(),
            60,
            "{start} shows a phone twice"
        );
    }
    let (mut path, mut days) = (Some("/events".to_owned()), 0);
    while let Some(next) = path.take() {
        let shown = owner.get_once(&next).await;
        assert_eq!(shown.status, 200, "{next}");
        days += shown.text.matches("NW-0000").count();
        path = page::links(&shown.text)
            .into_iter()
            .find(|link| link.contains("cursor=") && *link != next);
        assert!(days < 600, "/events goes round in circles");
    }
    assert!(days >= 60, "{days}");
}

async fn devices_are_searched_filtered_and_ordered(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    world
        .northwind
        .api
        .register("PR-000001", &world.press.id)
        .await;
    let mut silent = world.phone(t, "NW-000001").await;
    silent.check_in().await;
    t.advance_days(3);
    phone.check_in().await;
    world
        .northwind
        .api
        .command("suspend", &[&phone.device], Value::Null)
        .await;
    phone.check_in().await;
    phone.check_in().await;
    let owner = world.browser(&world.northwind, Role::Owner).await;
    for (query, expected) in [
        ("", &["NW-000001", "NW-000042", "PR-000001"][..]),
        ("q=PR", &["PR-000001"]),
        ("q=evening", &["PR-000001"]),
        ("q=%25", &[]),
        ("q=_", &[]),
        ("state=registered", &["PR-000001"]),
        ("state=enrolled", &["NW-000001", "NW-000042"]),
        ("state=suspended", &["NW-000042"]),
        ("state=wiped", &[]),
        ("contact=silent", &["NW-000001"]),
        ("contact=never", &["PR-000001"]),
        ("contact=fresh", &["NW-000042"]),
        ("sort=contact", &["NW-000042", "NW-000001", "PR-000001"]),
        ("sort=newest", &["NW-000001", "PR-000001", "NW-000042"]),
        (&format!("organisation={}", world.press.id), &["PR-000001"]),
        (&format!("organisation={}", world.lyre.id), &[]),
        ("state=enrolled&q=NW-000042&contact=fresh", &["NW-000042"]),
    ] {
        let shown = owner.get_once(&format!("/devices?{query}")).await;
        assert_eq!(shown.status, 200, "{query}");
        assert_eq!(serials(&shown), expected, "{query}");
    }
}

async fn the_search_finds_devices_and_commands(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let body =
        json!({ "kind": "lock", "device_ids": [phone.device], "reason": "left in a gondola" });
    let command = text(
        &world
            .northwind
            .api
            .post("/api/v1/commands", &body)
            .await
            .expect(201)["id"],
    );
    let owner = world.browser(&world.northwind, Role::Owner).await;
    let by_serial = owner.get_once("/search?q=nw-000042").await;
    assert!(
        by_serial
            .text
            .contains(&format!("href=\"/devices/{}\"", phone.device)),
        "{}",
        by_serial.text
    );
    let by_reason = owner.get_once("/search?q=gondola").await;
    assert!(
        by_reason
            .text
            .contains(&format!("href=\"/commands/{command}\"")),
        "{}",
        by_reason.text
    );
    for nothing in ["/search", "/search?q=", "/search?q=zzz"] {
        assert_eq!(owner.get_once(nothing).await.status, 200);
    }
    let elsewhere = world.browser(&world.lyre, Role::Owner).await;
    for q in ["nw-000042", "gondola"] {
        let found = elsewhere.get_once(&format!("/search?q={q}")).await;
        assert!(
            !found.text.contains("/commands/0") && !found.text.contains("/devices/0"),
            "{}",
            found.text
        );
    }
}

fn serials(answer: &Answered) -> Vec<String> {
    answer
        .text
        .split("class=\"open mono\"")
        .skip(1)
        .map(|part| {
            part.split('>')
                .nth(1)
                .and_then(|rest| rest.split('<').next())
                .unwrap()
                .to_owned()
        })
        .collect()
}
