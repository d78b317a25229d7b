//! The password again, where one form reaches many phones or one person makes many codes.

use std::time::Duration;

use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::world::PASSWORD;
use muster_tests::{TestApp, on_both_databases};

on_both_databases![
    suspending_many_phones_asks_for_the_password_again,
    making_many_codes_asks_for_the_password_again,
];

async fn suspending_many_phones_asks_for_the_password_again(t: &mut TestApp) {
    let world = t.world().await;
    let browser = world.browser(&world.northwind, Role::Admin).await;
    t.advance(Duration::from_secs(301));
    let submit = async |kind: &str, phones: usize| {
        let ids: Vec<String> = (0..phones)
            .map(|number| format!("0197c0de-0000-7000-8000-{number:012}"))
            .collect();
        let mut fields = vec![("kind", kind), ("reason", "unpaid"), ("days", "30")];
        fields.extend(ids.iter().map(|id| ("device", id.as_str())));
        let answer = browser.submit_once("/commands/new", &fields).await;
        answer.header("location").starts_with("/confirm?next=")
    };
    assert!(!submit("suspend", 25).await, "twenty-five are not many");
    assert!(submit("suspend", 26).await, "twenty-six are");
    assert!(
        !submit("resume", 26).await,
        "what gives back asks for nothing"
    );
    assert!(!submit("lock", 26).await, "the owner opens it");
}

async fn making_many_codes_asks_for_the_password_again(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let device = text(&api.register("NW-000042", &world.northwind.id).await["id"]);
    let path = format!("/devices/{device}/enrolment-code");
    let browser = world.browser(&world.northwind, Role::Admin).await;
    let other = world.browser(&world.northwind, Role::Admin).await;
    t.advance(Duration::from_secs(301));
    for number in 1..=25 {
        let made = browser.submit_once(&path, &[]).await;
        assert_eq!(made.status, 200, "the {number}th: {}", made.text);
    }
    let another = [("serial_number", "NW-000043"), ("model", "Hardline X7")];
    for (path, fields) in [(path.as_str(), &[][..]), ("/devices/new", &another)] {
        let asked = browser.submit_once(path, fields).await;
        assert!(
            asked.header("location").starts_with("/confirm?next="),
            "{path}: {} {}",
            asked.status,
            asked.text
        );
    }
    // It is one person's count, and it is over in an hour.
    assert_eq!(other.submit_once(&path, &[]).await.status, 200);
    let confirmed = [("password", PASSWORD), ("next", "/")];
    assert_eq!(
        browser.submit_once("/confirm", &confirmed).await.status,
        303
    );
    assert_eq!(browser.submit_once(&path, &[]).await.status, 200);
    t.advance(Duration::from_secs(3_601));
    assert_eq!(browser.submit_once(&path, &[]).await.status, 200);
}
