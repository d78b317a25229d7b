//! An address and a password, and where they lead.

use std::time::Duration;

use muster_domain::permission::Role;
use muster_tests::world::PASSWORD;
use muster_tests::{Browser, TestApp, on_both_databases, page};

on_both_databases![
    a_wrong_password_and_an_unknown_address_get_the_same_answer,
    too_many_tries_hold_off_even_the_right_password_until_the_window_ends,
    the_way_back_never_leads_elsewhere,
];

async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(t: &mut TestApp) {
    let world = t.world().await;
    let known = world.member(&world.northwind, Role::Admin).await;
    let invited = "waits@northwind.example.org";
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/people").await;
    let fields = [("name", "Waits"), ("email", invited), ("role", "support")];
    assert_eq!(owner.submit("/people", &fields).await.status, 200);
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    let mut answers = Vec::new();
    for email in [
        known.as_str(),
        "nobody@northwind.example.org",
        invited,
        "not an address",
    ] {
        let answer = browser
            .submit_once("/sign-in", &[("email", email), ("password", "wrong")])
            .await;
        assert_eq!(answer.status, 401, "{}", answer.text);
        assert!(answer.header("set-cookie").is_empty());
        assert!(
            answer.text.contains(&format!("value=\"{email}\"")),
            "what was typed is kept"
        );
        answers.push(answer.text.replace(email, "EMAIL"));
    }
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(
        t.record()
            .await
            .iter()
            .filter(|kind| *kind == "member.refused")
            .count(),
        4
    );
}

async fn too_many_tries_hold_off_even_the_right_password_until_the_window_ends(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    for _ in 0..10 {
        assert_eq!(
            browser
                .submit_once("/sign-in", &[("email", &email), ("password", "wrong")])
                .await
                .status,
            401
        );
    }
    let mut wait = 0;
    for password in ["wrong", PASSWORD] {
        let held_off = browser
            .submit_once("/sign-in", &[("email", &email), ("password", password)])
            .await;
        assert_eq!(held_off.status, 429, "{}", held_off.text);
        wait = held_off.header("retry-after").parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
    }
    let held_off = t
        .events()
        .await
        .into_iter()
        .filter(|event| event.kind == "member.held-off");
    assert_eq!(
        held_off.count(),
        1,
        "the record tells once, and not for every try"
    );
    // Nobody else is held off with them, and neither is an unknown address told apart.
    browser
        .clone()
        .sign_in(&world.member(&world.northwind, Role::Agent).await, PASSWORD)
        .await;
    t.advance(Duration::from_secs(wait - 1));
    assert_eq!(
        browser
            .submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)])
            .await
            .status,
        429
    );
    t.advance(Duration::from_secs(1));
    browser.sign_in(&email, PASSWORD).await;
}

async fn the_way_back_never_leads_elsewhere(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let mut browser = Browser::new(&t.app().portal_url);
    let asked = browser.get_once("/devices?q=NW&sort=contact").await;
    assert_eq!(
        asked.header("location"),
        "/sign-in?next=%2Fdevices%3Fq%3DNW%26sort%3Dcontact"
    );
    browser.get("/devices?q=NW&sort=contact").await;
    let next = page::input(&browser.page.as_ref().unwrap().text, "next").unwrap();
    assert_eq!(next, "/devices?q=NW&sort=contact");
    let elsewhere = [
        "https://evil.example.org/",
        "//evil.example.org",
        "/\\evil.example.org",
        "javascript:alert(1)",
        "/\t/evil.example.org",
        "evil",
        "",
    ];
    for next in elsewhere {
        let mut fresh = Browser::new(&t.app().portal_url);
        let shown = fresh
            .get(&format!("/sign-in?next={}", next.replace('\t', "%09")))
            .await;
        assert_eq!(
            page::input(&shown.text, "next").as_deref(),
            Some("/"),
            "{next}"
        );
        let answer = fresh
            .submit_once(
                "/sign-in",
                &[("email", &email), ("password", PASSWORD), ("next", next)],
            )
            .await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/"),
            "{next}"
        );
        fresh.get("/").await;
        let answer = fresh
            .submit_once("/confirm", &[("password", PASSWORD), ("next", next)])
            .await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, "/"),
            "{next}"
        );
    }
    let answer = browser
        .submit_once(
            "/sign-in",
            &[("email", &email), ("password", PASSWORD), ("next", &next)],
        )
        .await;
    assert_eq!(answer.header("location"), next);
}
