//! What reaches the device listener, from phones and from those who say that they are.

use std::time::Duration;

use muster_protocol::keys::P256Signer;
use muster_tests::api::text;
use muster_tests::line::Way;
use muster_tests::{Database, TestApp, TestPhone, on_both_databases};
use serde_json::{Value, json};

use crate::enrolment::csr;

on_both_databases![
    a_revoked_certificate_is_refused_on_a_new_a_resumed_and_an_open_connection,
    an_expired_certificate_reaches_three_routes_and_no_other,
    after_400_days_a_certificate_does_not_even_connect,
    a_certificate_of_another_ca_does_not_connect,
    a_certificate_that_the_store_does_not_know_is_refused,
    a_session_without_a_certificate_resumes_without_one,
    tls_1_2_is_not_spoken,
    bodies_that_are_no_check_in_are_refused_and_the_connection_lives_on,
    unknown_members_are_ignored_and_counted,
    nothing_a_phone_reports_reaches_a_page_as_markup,
    a_report_from_the_future_keeps_its_contents_and_loses_its_time,
    a_silent_phone_that_comes_back_is_on_the_record,
    a_wake_up_comes_when_there_is_something_to_fetch,
    a_parked_phone_that_is_revoked_is_told_at_once,
    a_published_keyring_wakes_the_fleets_parked_phones_and_no_others,
];

async fn a_revoked_certificate_is_refused_on_a_new_a_resumed_and_an_open_connection(
    t: &mut TestApp,
) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let way = Way::to(t, Some(&phone.identity()));
    let body = json!({ "v": 1 }).to_string();
    let mut open = way.open().await.unwrap();
    assert_eq!(
        open.ask("POST", "/v1/check-in", &[], body.as_bytes())
            .await
            .unwrap()
            .status,
        200
    );
    let mut resumed = way.open().await.unwrap();
    assert!(resumed.resumed(), "sessions are resumed while all is well");
    assert_eq!(
        resumed
            .ask("POST", "/v1/check-in", &[], body.as_bytes())
            .await
            .unwrap()
            .status,
        200
    );

    let path = format!("/api/v1/devices/{}/revoke", phone.device);
    world
        .northwind
        .api
        .post(&path, &json!({ "reason": "stolen" }))
        .await
        .expect(204);

    open.ask("POST", "/v1/check-in", &[], body.as_bytes())
        .await
        .unwrap()
        .expect_problem(403, "certificate-revoked");
    assert!(
        open.ask("POST", "/v1/check-in", &[], body.as_bytes())
            .await
            .is_err(),
        "the connection is left open"
    );
    let mut resumed = way.open().await.unwrap();
    assert!(
        resumed.resumed(),
        "the case that a verifier at the handshake never sees"
    );
    for route in [
        "/v1/check-in",
        "/v1/receipts",
        "/v1/enrolment",
        "/.well-known/est/simplereenroll",
    ] {
        let mut line = way.open().await.unwrap();
        line.ask("POST", route, &[], b"{}")
            .await
            .unwrap()
            .expect_problem(403, "certificate-revoked");
    }
    resumed
        .ask("GET", "/v1/wake?timeout=1", &[], b"")
        .await
        .unwrap()
        .expect_problem(403, "certificate-revoked");
    Way::to(t, Some(&phone.identity()))
        .post("/v1/check-in", &json!({ "v": 1 }))
        .await
        .expect_problem(403, "certificate-revoked");
    assert!(t.record().await.contains(&"device.revoked".to_owned()));
    phone.assert_unharmed();
}

async fn an_expired_certificate_reaches_three_routes_and_no_other(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    t.advance_days(31);
    let way = Way::to(t, Some(&phone.identity()));
    assert_eq!(
        way.post("/v1/check-in", &json!({ "v": 1 })).await.status,
        200
    );
    assert_eq!(
        way.post("/v1/receipts", &json!({ "v": 1, "receipts": [] }))
            .await
            .status,
        200
    );
    assert_eq!(
        way.ask("POST", "/.well-known/est/simplereenroll", &[], b"x")
            .await
            .status,
        422
    );
    way.ask("GET", "/v1/wake?timeout=1", &[], b"")
        .await
        .expect_problem(403, "certificate-expired");
    way.post("/v1/enrolment", &json!({}))
        .await
        .expect_problem(403, "certificate-expired");
}

async fn after_400_days_a_certificate_does_not_even_connect(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    t.advance_days(30 + 399);
    // The server's own certificate was renewed meanwhile, as its job does.
    t.run_job("server-certificate").await;
    assert_eq!(
        Way::to(t, Some(&phone.identity()))
            .post("/v1/check-in", &json!({ "v": 1 }))
            .await
            .status,
        200
    );
    t.advance_days(2);
    let way = Way::to(t, Some(&phone.identity()));
    let refused = match way.open().await {
        // In TLS 1.3 a client learns of the refusal with the first thing it reads.
        Ok(mut line) => line
            .ask("POST", "/v1/check-in", &[], b"{\"v\":1}")
            .await
            .is_err(),
        Err(_) => true,
    };
    assert!(refused);
}

async fn a_certificate_of_another_ca_does_not_connect(t: &mut TestApp) {
    let world = t.world().await;
    world.phone(t, "NW-000042").await;
    let mut elsewhere = TestApp::start_seeded(Database::sqlite(), 77).await;
    let there = elsewhere.world().await;
    let stranger = there.phone(&elsewhere, "NW-000042").await;
    let way = Way::to(t, Some(&stranger.identity()));
    let refused = match way.open().await {
        Ok(mut line) => line
            .ask("POST", "/v1/check-in", &[], b"{\"v\":1}")
            .await
            .is_err(),
        Err(_) => true,
    };
    assert!(refused, "a certificate of another CA is let in");
    elsewhere.stop().await;
}

async fn a_certificate_that_the_store_does_not_know_is_refused(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    // Of this very CA, with the right names, signed behind the store's back.
    let app = t.app();
    let key = P256Signer::from_bytes([77; 32]).unwrap();
    let (_, _, der) = csr(77, "NW-000042");
    let asked = muster_pki::request::Request::from_der(&der).unwrap();
    let enrolment = phone.status().enrolment_id;
    let plan = app.authority.plan_device(
        &phone.device,
        Some(&enrolment),
        "http://crl.example.org/",
        app.now(),
        &*app.random,
    );
    let issued = app
        .authority
        .sign_device(&plan.unwrap(), asked.public_key())
        .unwrap();
    let identity = muster_agent::state::credentials::TlsIdentity::new(key, issued.der);
    Way::to(t, Some(&identity))
        .post("/v1/check-in", &json!({ "v": 1 }))
        .await
        .expect_problem(403, "certificate-unknown");
}

async fn a_session_without_a_certificate_resumes_without_one(t: &mut TestApp) {
    let way = Way::to(t, None);
    for _ in 0..2 {
        let reply = way.post("/v1/check-in", &json!({ "v": 1 })).await;
        reply.expect_problem(403, "certificate-missing");
    }
    assert_eq!(
        way.ask("GET", "/.well-known/est/cacerts", &[], b"")
            .await
            .status,
        200
    );
    way.ask("GET", "/nothing", &[], b"")
        .await
        .expect_problem(404, "not-found");
}

async fn tls_1_2_is_not_spoken(t: &mut TestApp) {
    assert!(
        Way::at_version(t, None, &rustls::version::TLS12)
            .open()
            .await
            .is_err()
    );
    assert!(Way::to(t, None).open().await.is_ok());
}

async fn bodies_that_are_no_check_in_are_refused_and_the_connection_lives_on(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut line = Way::to(t, Some(&phone.identity())).open().await.unwrap();
    let bad: [(&str, &[u8]); 7] = [
        ("nothing", b""),
        (
            "not UTF-8",
            b"{\"v\":1,\"report\":{\"model\":\"\xff\xfe\"}}",
        ),
        (
            "a lone surrogate",
            b"{\"v\":1,\"report\":{\"model\":\"\\ud800\"}}",
        ),
        ("not JSON", b"<check-in/>"),
        ("not an object", b"[1]"),
        ("another version", b"{\"v\":2}"),
        ("cut off", b"{\"v\":1"),
    ];
    for (what, body) in bad {
        let reply = line.ask("POST", "/v1/check-in", &[], body).await.unwrap();
        assert_eq!(reply.status, 422, "{what}: {}", reply.text());
    }
    let deep = format!(
        "{{\"v\":1,\"x\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let reply = line
        .ask("POST", "/v1/check-in", &[], deep.as_bytes())
        .await
        .unwrap();
    assert_eq!(
        reply.status,
        422,
        "a body of 10,000 levels: {}",
        reply.text()
    );
    assert_eq!(
        line.ask("POST", "/v1/check-in", &[], b"{\"v\":1}")
            .await
            .unwrap()
            .status,
        200
    );
    let large = json!({ "v": 1, "report": { "model": "x".repeat(33 * 1024) } }).to_string();
    let way = Way::to(t, Some(&phone.identity()));
    way.ask("POST", "/v1/check-in", &[], large.as_bytes())
        .await
        .expect_problem(413, "too-large");
    assert_eq!(
        world.northwind.api.device(&phone.device).await["contact"],
        "fresh"
    );
}

async fn unknown_members_are_ignored_and_counted(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let body = json!({ "v": 1, "surprise": 1, "report": { "model": "X7", "battery_percent": 64, "another": {} } });
    assert_eq!(
        Way::to(t, Some(&phone.identity()))
            .post("/v1/check-in", &body)
            .await
            .status,
        200
    );
    let event = t
        .events()
        .await
        .into_iter()
        .find(|event| event.kind == "report.mended")
        .unwrap();
    let facts: Value = serde_json::from_str(&event.facts).unwrap();
    assert_eq!(facts["unknown"], 2);
}

async fn nothing_a_phone_reports_reaches_a_page_as_markup(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let way = Way::to(t, Some(&phone.identity()));
    let mut browser = world
        .browser(&world.northwind, muster_domain::permission::Role::Owner)
        .await;
    let hostile = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'; DROP TABLE devices; --",
        "\u{1b}[2J\u{7}\u{0}",
        "\u{202e}txt.exe\u{2066}",
        "{{ t.get(\"x\") }}${1}%s%n",
        "=HYPERLINK(\"http://evil.example.org\")",
    ];
    for text in hostile {
        let mut report = json!({ "at": t.now().0, "battery_percent": -1, "storage_total_bytes": "many", "encrypted": text });
        for field in [
            "agent_version",
            "os_name",
            "os_version",
            "patch_level",
            "model",
        ] {
            report[field] = json!(text);
        }
        let body = json!({ "v": 1, "report": report, "restrictions": [{ "kind": text, "command": text }], "nonce": text });
        assert_eq!(way.post("/v1/check-in", &body).await.status, 200);
        let device = format!("/devices/{}", phone.device);
        for path in ["/", "/devices", device.as_str(), "/events", "/search?q=NW"] {
            let page = browser.get(path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text);
            for forbidden in [
                "<script>alert",
                "<img src=x",
                "\u{1b}",
                "\u{0}",
                "\u{202e}",
                "\u{2066}",
            ] {
                assert!(!page.text.contains(forbidden), "{path} shows {forbidden:?}");
            }
        }
        let shown = world
            .northwind
            .api
            .get(&format!("/api/v1/devices/{}", phone.device))
            .await;
        assert!(!shown.text.contains('\u{1b}') && !shown.text.contains("\\u001b"));
    }
    assert!(t.record().await.contains(&"report.mended".to_owned()));
}

async fn a_report_from_the_future_keeps_its_contents_and_loses_its_time(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let at = t.now().0 + 10 * 86_400;
    let body = json!({ "v": 1, "report": { "model": "From tomorrow", "at": at } });
    assert_eq!(
        Way::to(t, Some(&phone.identity()))
            .post("/v1/check-in", &body)
            .await
            .status,
        200
    );
    let id = phone.device.clone();
    let state = t
        .read(move |c| muster_store::devices::state_for_phone(c, &id))
        .await
        .unwrap();
    let report: Value = serde_json::from_str(&state.report.unwrap()).unwrap();
    assert_eq!(
        (&report["model"], &report["at"]),
        (&json!("From tomorrow"), &Value::Null)
    );
    let event = t
        .events()
        .await
        .into_iter()
        .find(|event| event.kind == "report.mended")
        .unwrap();
    assert!(event.facts.contains("\"future\":1"), "{}", event.facts);
    let shown = world.northwind.api.device(&phone.device).await;
    let last = shown["last_check_in_at"].as_str().unwrap();
    assert!(
        last.starts_with("2026-09-21"),
        "the phone's time was believed: {last}"
    );
}

async fn a_silent_phone_that_comes_back_is_on_the_record(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    assert_eq!(
        world.northwind.api.device(&phone.device).await["contact"],
        "never"
    );
    phone.check_in().await;
    t.advance_days(15);
    assert_eq!(
        world.northwind.api.device(&phone.device).await["contact"],
        "lost"
    );
    let silent = world
        .northwind
        .api
        .get("/api/v1/devices?contact=lost")
        .await
        .expect(200);
    assert_eq!(silent["items"].as_array().unwrap().len(), 1);
    phone.check_in().await;
    assert_eq!(
        world.northwind.api.device(&phone.device).await["contact"],
        "fresh"
    );
    assert!(t.record().await.contains(&"device.back".to_owned()));
}

async fn a_wake_up_comes_when_there_is_something_to_fetch(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let way = Way::to(t, Some(&phone.identity()));
    assert_eq!(
        way.ask("GET", "/v1/wake?timeout=1", &[], b"").await.status,
        204,
        "there was nothing"
    );
    let waiting = tokio::spawn({
        let way = way.clone();
        async move { way.ask("GET", "/v1/wake?timeout=60", &[], b"").await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    world
        .northwind
        .api
        .command("lock", &[&phone.device], Value::Null)
        .await;
    let woken = tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((woken.status, woken.json()), (200, json!({ "v": 1 })));
    // It is still there for who asks later: a wake-up that was lost costs nothing.
    assert_eq!(
        way.ask("GET", "/v1/wake?timeout=1", &[], b"").await.status,
        200
    );
    phone.check_in().await;
    assert_eq!(
        way.ask("GET", "/v1/wake?timeout=1", &[], b"").await.status,
        204
    );
    way.ask("GET", "/v1/wake?timeout=1000", &[], b"")
        .await
        .expect_problem(422, "timeout");
}

async fn a_published_keyring_wakes_the_fleets_parked_phones_and_no_others(t: &mut TestApp) {
    let mut world = t.world().await;
    let mut ours = world.phone(t, "NW-000042").await;
    ours.check_in().await;
    let theirs = world.lyre.api.register("LT-000001", &world.lyre.id).await;
    let code = world.lyre.api.code(&text(&theirs["id"])).await;
    let mut theirs = TestPhone::enrol(t, &world.lyre_fleet, "LT-000001", &code).await;
    theirs.check_in().await;
    let park = |phone: &TestPhone| {
        let way = Way::to(t, Some(&phone.identity()));
        tokio::spawn(async move { way.ask("GET", "/v1/wake?timeout=60", &[], b"").await })
    };
    let (ours, theirs) = (park(&ours), park(&theirs));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!ours.is_finished() && !theirs.is_finished());
    let (api, next) = (world.northwind.api.clone(), world.fleet.next());
    world.fleet.publish(&api, next).await;
    let woken = tokio::time::timeout(Duration::from_secs(10), ours).await;
    assert_eq!(woken.unwrap().unwrap().status, 200);
    assert!(!theirs.is_finished(), "another fleet's phone was woken");
    theirs.abort();
}

async fn a_parked_phone_that_is_revoked_is_told_at_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let way = Way::to(t, Some(&phone.identity()));
    let waiting =
        tokio::spawn(async move { way.ask("GET", "/v1/wake?timeout=60", &[], b"").await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let path = format!("/api/v1/devices/{}/revoke", phone.device);
    world
        .northwind
        .api
        .post(&path, &json!({ "reason": "stolen" }))
        .await
        .expect(204);
    let told = tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap()
        .unwrap();
    told.expect_problem(403, "certificate-revoked");
}
