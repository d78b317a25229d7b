//! What changes by itself, and what a browser keeps.

use muster::web::assets;
use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::tab::Tab;
use muster_tests::world::PASSWORD;
use muster_tests::{TestApp, on_both_databases};
use serde_json::Value;

on_both_databases![a_live_part_answers_only_when_it_changed, the_theme_is_kept,];

async fn a_live_part_answers_only_when_it_changed(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let command = text(
        &world
            .northwind
            .api
            .command("lock", &[&phone.device], Value::Null)
            .await["id"],
    );
    let email = world.member(&world.northwind, Role::Support).await;
    let tab = Tab::new(t);
    let session = tab.sign_in(&email, PASSWORD).await;
    let path = format!("/commands/{command}/progress");
    let ask = async |tag: &str| {
        tab.get(
            &path,
            &[("cookie", &session.cookie), ("if-none-match", tag)],
        )
        .await
    };
    let first = ask("").await;
    assert_eq!(first.status, 200);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 20, "{tag}");
    assert!(
        !first.text.contains("<html") && first.text.contains("data-live=\""),
        "{}",
        first.text
    );
    let again = ask(&tag).await;
    assert_eq!(
        (again.status, again.text.as_str(), again.header("etag")),
        (304, "", tag.as_str())
    );
    for _ in 0..2 {
        phone.check_in().await;
    }
    let changed = ask(&tag).await;
    assert_eq!(changed.status, 200);
    assert!(
        changed.text.contains("data-live-done") && changed.header("etag") != tag,
        "{}",
        changed.text
    );
    // Whoever signed out is sent nowhere by a script's question.
    assert_eq!(tab.get(&path, &[]).await.status, 303);
}

async fn the_theme_is_kept(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Support).await;
    assert!(!browser.get("/").await.text.contains("data-theme"));
    for theme in ["dark", "light"] {
        browser.submit("/account/theme", &[("theme", theme)]).await;
        assert!(
            browser
                .get("/devices")
                .await
                .text
                .contains(&format!("data-theme=\"{theme}\""))
        );
    }
    browser
        .submit("/account/theme", &[("theme", "system")])
        .await;
    assert!(!browser.get("/").await.text.contains("data-theme"));
    assert!(assets::lookup("muster.css").is_some());
}
