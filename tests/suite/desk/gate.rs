//! Only the browser that opened the printed address, under the desk's own name, from the desk's own pages.

use muster::desk::Running;
use muster::random::SeededRandom;
use muster_tests::desk::settings;
use muster_tests::{TestApp, TestDesk, on_both_databases, page};
use serde_json::Value;
use std::sync::Arc;

on_both_databases![
    nobody_comes_in_but_the_browser_that_opened_the_printed_address,
    another_name_and_another_site_get_nothing,
    what_every_answer_carries,
    a_desk_is_one_persons_and_of_one_pin,
];

async fn nobody_comes_in_but_the_browser_that_opened_the_printed_address(t: &mut TestApp) {
    let world = t.world().await;
    let desk = TestDesk::open(
        t,
        &world.northwind.api,
        &world.fleet,
        &[(&world.fleet.ada, 10)],
    )
    .await;
    let host = [("host", desk.host.as_str())];
    for path in [
        format!("{}/", desk.base),
        format!("{}/keys", desk.base),
        "/".to_owned(),
    ] {
        let answer = desk.tab.get(&path, &host).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        assert!(
            answer.text.contains("muster approve --serve"),
            "{}",
            answer.text
        );
        let fingerprint = world.fleet.fingerprint.to_hex();
        assert!(
            !answer.text.contains(&fingerprint),
            "it tells a stranger of the fleet"
        );
        assert!(!answer.text.contains(&desk.base) || path.contains(&desk.base));
    }
    // The router reads %6b as k; the gate must too.
    let twisted = format!("{}/%6beys", desk.base);
    assert_eq!(desk.tab.get(&twisted, &host).await.status, 403);
    let cookie = format!("muster-desk={}", "0".repeat(64));
    let wrong = [("host", desk.host.as_str()), ("cookie", &cookie)];
    assert_eq!(
        desk.tab
            .get(&format!("{}/", desk.base), &wrong)
            .await
            .status,
        403
    );
    // The address that was printed opens once.
    let link = desk
        .running
        .link
        .strip_prefix(&desk.running.origin)
        .unwrap();
    let second = desk.tab.get(link, &host).await;
    assert_eq!(second.status, 403, "{}", second.text);
    assert_eq!(second.header("set-cookie"), "");
    // A cookie knows no port: the path keeps it from other listeners of this name.
    let set = &desk.set_cookie;
    for part in ["HttpOnly", "SameSite=Strict"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(set.contains(&format!("Path={}/", desk.base)), "{set}");
    assert!(desk.base.len() > 16, "{}", desk.base);
    let own = desk.get("").await;
    assert_eq!(own.status, 200, "{}", own.text);
    desk.running.stop().await;
}

async fn another_name_and_another_site_get_nothing(t: &mut TestApp) {
    let world = t.world().await;
    let desk = TestDesk::open(
        t,
        &world.northwind.api,
        &world.fleet,
        &[(&world.fleet.ada, 10)],
    )
    .await;
    let phone = world.phone(t, "NW-000042").await;
    let kill = world
        .northwind
        .api
        .command("kill", &[&phone.device], Value::Null)
        .await;
    let id = muster_tests::api::text(&kill["id"]);
    let (_, port) = desk.host.rsplit_once(':').unwrap();
    let names = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        "approve.localhost".to_owned(),
        format!("evil.example.org:{port}"),
        format!("approve.localhost.example.org:{port}"),
    ];
    for name in &names {
        let headers = [("host", name.as_str()), ("cookie", &desk.cookie)];
        for path in [format!("{}/", desk.base), "/assets/muster.css".to_owned()] {
            let answer = desk.tab.get(&path, &headers).await;
            assert_eq!(answer.status, 421, "{name}{path}");
            assert!(!answer.text.contains("Muster"), "{}", answer.text);
        }
    }
    let shown = desk.get(&format!("commands/{id}")).await;
    let (csrf, digest) = (
        page::input(&shown.text, "csrf").unwrap(),
        page::input(&shown.text, "digest").unwrap(),
    );
    let key = world.fleet.ada.key_id().to_string();
    let fields = [
        ("csrf", csrf.as_str()),
        ("digest", &digest),
        ("typed", "NW-000042"),
        ("key", &key),
    ];
    let path = format!("commands/{id}/sign");
    let elsewhere = format!(
        "http://approve.localhost:{}",
        port.parse::<u16>().unwrap() ^ 1
    );
    let strangers: [&[(&str, &str)]; 6] = [
        &[("origin", "https://portal.example.org")],
        &[("origin", elsewhere.as_str())],
        &[("origin", "null")],
        &[("origin", "")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ];
    for headers in strangers {
        let answer = desk.post_as(&path, &fields, headers).await;
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text);
    }
    let without = desk.post_as(&path, &fields[1..], &[]).await;
    assert_eq!(without.status, 403, "{}", without.text);
    let strange = desk
        .post_as(&path, &fields, &[("cookie", "muster-desk=none")])
        .await;
    assert_eq!(strange.status, 403, "{}", strange.text);
    let state = world.northwind.api.command_state(&id).await;
    assert_eq!(state["approvals"].as_array().unwrap().len(), 0, "{state}");
    // Nobody is invited to read across origins.
    let asked = desk
        .tab
        .get(
            &format!("{}/", desk.base),
            &[
                ("host", &desk.host),
                ("cookie", &desk.cookie),
                ("origin", "https://portal.example.org"),
            ],
        )
        .await;
    assert_eq!(asked.header("access-control-allow-origin"), "");
    desk.running.stop().await;
}

async fn what_every_answer_carries(t: &mut TestApp) {
    let world = t.world().await;
    let desk = TestDesk::open(
        t,
        &world.northwind.api,
        &world.fleet,
        &[(&world.fleet.ada, 10)],
    )
    .await;
    for path in ["", "keys", "nothing/here", "commands/none"] {
        let answer = desk.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.text.matches("<h1").count(), 1, "{path}");
        assert!(answer.text.contains("not by the portal"), "{path}");
        assert!(
            !answer.text.contains("class=\"side\""),
            "{path}: the portal's rail"
        );
    }
    assert_eq!(desk.get("commands/none").await.status, 404);
    assert_eq!(
        desk.get("commands/..%2f..%2forganisations").await.status,
        404
    );
    desk.running.stop().await;
}

async fn a_desk_is_one_persons_and_of_one_pin(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let folder = tempfile::tempdir().unwrap();
    let refused = |settings| {
        let random = Arc::new(SeededRandom::new(1));
        match Running::start(&settings, t.clock.clone(), random) {
            Ok(_) => unreachable!("it opens"),
            Err(sentence) => sentence,
        }
    };
    let (ada, ben) = (&world.fleet.ada, &world.fleet.ben);
    let two = settings(t, &folder, api, &world.fleet, &[(ada, 10), (ben, 12)]);
    assert!(refused(two).contains("different people"));
    let folder = tempfile::tempdir().unwrap();
    let none = settings(t, &folder, api, &world.fleet, &[]);
    assert!(refused(none).contains("--name"));
    let folder = tempfile::tempdir().unwrap();
    let mut unpinned = settings(t, &folder, api, &world.fleet, &[]);
    unpinned.name = Some("Dagny Krol".to_owned());
    assert!(refused(unpinned).contains("--fleet"));
    // Once pinned, a folder stays so.
    let desk = TestDesk::bare(t, api, &world.fleet, "Dagny Krol").await;
    let mut other = desk.settings.clone();
    desk.running.stop().await;
    other.fleet = Some(world.lyre_fleet.fingerprint);
    assert!(refused(other).contains("pinned to another fleet"));
}
