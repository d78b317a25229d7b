//! What anybody typed or reported stays text.

use std::collections::{BTreeSet, VecDeque};

use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::line::Way;
use muster_tests::tab::Tab;
use muster_tests::{Answered, TestApp, on_both_databases, page};
use serde_json::{Value, json};

on_both_databases![nothing_that_anybody_typed_or_reported_is_markup,];

async fn nothing_that_anybody_typed_or_reported_is_markup(t: &mut TestApp) {
    const EVIL: &str = "<script>alert(1)</script>";
    const QUOTE: &str = "\"><img src=x onerror=alert(1)>";
    let mut world = t.world().await;
    let owner = &world.northwind.api;
    let customer = owner
        .post(
            "/api/v1/organisations",
            &json!({ "name": format!("{EVIL}{QUOTE}") }),
        )
        .await
        .expect(201);
    let body = json!({ "serial_number": "NW-000042", "model": format!("{EVIL}{QUOTE}"), "organisation_id": customer["id"] });
    let device = text(&owner.post("/api/v1/devices", &body).await.expect(201)["id"]);
    let code = owner.code(&device).await;
    let phone = muster_tests::TestPhone::enrol(t, &world.fleet, "NW-000042", &code).await;
    let report: serde_json::Map<String, Value> = [
        "agent_version",
        "os_name",
        "os_version",
        "patch_level",
        "model",
    ]
    .into_iter()
    .map(|field| (field.to_owned(), json!(format!("{QUOTE}{EVIL}"))))
    .collect();
    let way = Way::to(t, Some(&phone.identity()));
    assert_eq!(
        way.post("/v1/check-in", &json!({ "v": 1, "report": report }))
            .await
            .status,
        200
    );
    owner
        .post(
            "/api/v1/commands",
            &json!({ "kind": "lock", "device_ids": [device], "reason": format!("{EVIL}{QUOTE}") }),
        )
        .await
        .expect(201);
    let message = json!({ "kind": "message", "device_ids": [device], "reason": EVIL, "arguments": { "text": format!("{EVIL}{QUOTE}") } });
    owner.post("/api/v1/commands", &message).await.expect(201);
    owner
        .post(
            &format!("/api/v1/devices/{device}/revoke"),
            &json!({ "reason": EVIL }),
        )
        .await
        .expect(204);
    // Somebody whose name, and whose browser, is markup.
    world.northwind.name = "northwind".to_owned();
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    browser.get("/people").await;
    let new = [
        ("name", EVIL),
        ("email", "evil@northwind.example.org"),
        ("role", "support"),
    ];
    assert_eq!(browser.submit("/people", &new).await.status, 200);
    let strange = Tab::new(t);
    let form = format!("email={EVIL}&password={QUOTE}&next={QUOTE}")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace('"', "%22");
    let refused = strange
        .post("/sign-in", &form, &[("user-agent", EVIL)])
        .await;
    assert_eq!(refused.status, 401);
    unmarked(&refused, "/sign-in");
    let asked =
        "/devices?q=%3Cscript%3Ealert(1)%3C/script%3E%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E";
    let mut waiting = VecDeque::from(
        [
            asked,
            "/",
            "/events",
            "/commands",
            "/people",
            "/organisations",
            "/account",
            "/approvals",
            "/devices/new",
        ]
        .map(str::to_owned),
    );
    waiting.push_back(asked.replace("/devices", "/search"));
    waiting.push_back(asked.replace("/devices", "/events"));
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop_front() {
        if !seen.insert(path.clone()) || seen.len() > 60 {
            continue;
        }
        let answer = browser.get_once(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        unmarked(&answer, &path);
        waiting.extend(
            page::links_to_pages(&answer.text)
                .into_iter()
                .filter(|link| link.starts_with('/')),
        );
    }
    // The words stand there, as words.
    let shown = browser.get_once(&format!("/devices/{device}")).await;
    assert!(
        shown.text.matches("&#60;script&#62;alert(1)").count() >= 3,
        "{}",
        shown.text
    );
    for path in [
        "/people",
        "/devices/new",
        "/organisations",
        "/account/tokens",
    ] {
        let fields = [
            ("name", QUOTE),
            ("email", QUOTE),
            ("role", QUOTE),
            ("serial_number", QUOTE),
            ("model", EVIL),
            ("organisation_id", QUOTE),
        ];
        unmarked(&browser.submit_once(path, &fields).await, path);
    }
}

#[track_caller]
fn unmarked(answer: &Answered, path: &str) {
    for markup in ["<script>alert", "<img src=x", "\"><img", "\"><script"] {
        assert!(
            !answer.text.contains(markup),
            "{path} holds {markup}: {}",
            answer.text
        );
    }
}
