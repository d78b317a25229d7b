//! Passwords: their rules, their change, and typing them once more.

use std::time::Duration;

use muster_domain::permission::Role;
use muster_tests::world::PASSWORD;
use muster_tests::{Browser, TestApp, on_both_databases};

use super::NEW;

on_both_databases![
    passwords_that_are_easy_to_guess_are_refused_and_the_link_lives_on,
    a_new_password_ends_every_other_session,
    what_cannot_be_undone_asks_for_the_password_again_after_five_minutes,
];

async fn passwords_that_are_easy_to_guess_are_refused_and_the_link_lives_on(t: &mut TestApp) {
    let world = t.world().await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/people").await;
    owner
        .submit(
            "/people",
            &[
                ("name", "Kim"),
                ("email", "kim@northwind.example.org"),
                ("role", "agent"),
            ],
        )
        .await;
    let link = t.mailed_link().await;
    let mut kim = Browser::new(&t.app().portal_url);
    assert_eq!(kim.get(&link).await.status, 200);
    for weak in [
        "",
        "too short",
        "aaaaaaaaaaaaaaaa",
        "kim@northwind.example.org",
        &"long".repeat(100),
    ] {
        let refused = kim.submit_once(&link, &[("password", weak)]).await;
        assert_eq!(refused.status, 422, "{weak}: {}", refused.text);
        assert!(refused.text.contains("aria-invalid"), "{}", refused.text);
    }
    assert_eq!(
        kim.submit_once(&link, &[("password", NEW)]).await.status,
        303
    );
}

async fn a_new_password_ends_every_other_session(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let (mut here, mut there) = (
        Browser::new(&t.app().portal_url),
        Browser::new(&t.app().portal_url),
    );
    there.sign_in(&email, PASSWORD).await;
    here.sign_in(&email, PASSWORD).await;
    here.get("/account").await;
    let wrong = here
        .submit_once(
            "/account/password",
            &[("current", "wrong"), ("password", NEW)],
        )
        .await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let weak = here
        .submit_once(
            "/account/password",
            &[("current", PASSWORD), ("password", "short")],
        )
        .await;
    assert_eq!(weak.status, 422, "{}", weak.text);
    assert_eq!(
        there.get_once("/account").await.status,
        200,
        "nothing has changed yet"
    );
    assert_eq!(
        here.submit(
            "/account/password",
            &[("current", PASSWORD), ("password", NEW)]
        )
        .await
        .status,
        200
    );
    assert_eq!(there.get_once("/account").await.status, 303);
    assert_eq!(here.get_once("/account").await.status, 200);
    let mut again = Browser::new(&t.app().portal_url);
    again.get("/sign-in").await;
    assert_eq!(
        again
            .submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)])
            .await
            .status,
        401
    );
    again.sign_in(&email, NEW).await;
}

async fn what_cannot_be_undone_asks_for_the_password_again_after_five_minutes(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let device = phone.device.clone();
    let fields = |kind| {
        [
            ("kind", kind),
            ("device", device.as_str()),
            ("reason", "stolen, report 114"),
            ("typed", "NW-000042"),
            ("days", "30"),
        ]
    };
    t.advance(Duration::from_secs(299));
    assert_eq!(
        browser
            .submit_once("/commands/new", &fields("kill"))
            .await
            .status,
        303,
        "four minutes are not five"
    );
    t.advance(Duration::from_secs(2));
    for kind in ["kill", "wipe", "lock-fleet"] {
        let asked = browser.submit_once("/commands/new", &fields(kind)).await;
        assert_eq!(asked.status, 303);
        assert!(
            asked.header("location").starts_with("/confirm?next="),
            "{kind}: {}",
            asked.header("location")
        );
    }
    for path in [
        format!("/devices/{device}/revoke"),
        "/account/tokens".to_owned(),
    ] {
        let asked = browser
            .submit_once(&path, &[("name", "x"), ("role", "support")])
            .await;
        assert!(
            asked.header("location").starts_with("/confirm?next="),
            "{path}: {} {}",
            asked.status,
            asked.text
        );
    }
    // What can be undone does not ask.
    let lock = browser.submit_once("/commands/new", &fields("lock")).await;
    assert!(
        lock.header("location").starts_with("/commands/"),
        "{}",
        lock.text
    );
    let made = world
        .northwind
        .api
        .get("/api/v1/commands")
        .await
        .expect(200);
    let kinds: Vec<&str> = made["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["lock", "kill"]);

    browser
        .get("/confirm?next=%2Fcommands%2Fnew%3Fkind%3Dwipe")
        .await;
    assert_eq!(
        browser
            .submit_once("/confirm", &[("password", "wrong"), ("next", "/")])
            .await
            .status,
        422
    );
    let on = browser
        .submit_once(
            "/confirm",
            &[("password", PASSWORD), ("next", "/commands/new?kind=wipe")],
        )
        .await;
    assert_eq!(
        (on.status, on.header("location")),
        (303, "/commands/new?kind=wipe")
    );
    let sent = browser.submit_once("/commands/new", &fields("wipe")).await;
    assert!(
        sent.header("location").starts_with("/commands/"),
        "{}",
        sent.text
    );
    // Guessing here is held off like guessing there.
    for _ in 0..11 {
        browser
            .submit_once("/confirm", &[("password", "wrong"), ("next", "/")])
            .await;
    }
    assert_eq!(
        browser
            .submit_once("/confirm", &[("password", PASSWORD), ("next", "/")])
            .await
            .status,
        429
    );
}
