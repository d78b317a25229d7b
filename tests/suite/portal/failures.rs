//! Pages that are missing, and requests that are refused.

use muster_domain::permission::Role;
use muster_tests::tab::Tab;
use muster_tests::{Browser, TestApp, on_both_databases, page};

use super::sound;

on_both_databases![a_page_that_is_missing_or_refused_says_what_to_do,];

async fn a_page_that_is_missing_or_refused_says_what_to_do(t: &mut TestApp) {
    let world = t.world().await;
    let support = world.browser(&world.northwind, Role::Support).await;
    let stranger = Browser::new(&t.app().portal_url);
    for (answer, status) in [
        (support.get_once("/nothing/here").await, 404),
        (stranger.get_once("/nothing/here").await, 404),
        (
            support
                .get_once("/devices/0197c0de-0000-7000-8000-000000000000")
                .await,
            404,
        ),
        (support.get_once("/devices/not-an-id").await, 404),
        (support.get_once("/people").await, 403),
        (support.get_once("/devices/new").await, 403),
        (
            support.get_once("/devices?cursor=not-one-of-ours").await,
            422,
        ),
        (support.get_once("/devices?state=nowhere").await, 422),
        (support.get_once("/commands?state=nowhere").await, 422),
        (support.get_once("/events?about=nothing").await, 422),
        (stranger.get_once("/password/not-a-secret").await, 410),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        sound(&answer, &format!("the page of a {status}"));
        assert!(!page::links(&answer.text).is_empty(), "no way on");
    }
    let wrong_method = Tab::new(t).post("/devices", "", &[]).await;
    assert!(
        matches!(wrong_method.status, 404 | 405),
        "{}",
        wrong_method.status
    );
    let large = Tab::new(t)
        .post("/sign-in", &"x=".repeat(40_000), &[])
        .await;
    assert_eq!(large.status, 413, "{}", large.text);
    sound(&large, "the page of a 413");
}
