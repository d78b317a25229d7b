//! Forms that another site or another session sends.

use muster_domain::permission::Role;
use muster_tests::tab::Tab;
use muster_tests::world::PASSWORD;
use muster_tests::{TestApp, on_both_databases};

on_both_databases![
    a_form_needs_the_secret_of_its_own_session,
    a_form_from_another_site_is_refused_before_anything_else,
];

async fn a_form_needs_the_secret_of_its_own_session(t: &mut TestApp) {
    let world = t.world().await;
    let (one, other) = (
        world.member(&world.northwind, Role::Admin).await,
        world.member(&world.northwind, Role::Admin).await,
    );
    let tab = Tab::new(t);
    let (one, other) = (
        tab.sign_in(&one, PASSWORD).await,
        tab.sign_in(&other, PASSWORD).await,
    );
    let cookie = [
        ("cookie", one.cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    for form in [
        "",
        "theme=dark",
        "csrf=",
        &format!("csrf={}", other.csrf),
        &format!("csrf={}x", one.csrf),
    ] {
        let refused = tab.post("/account/theme", form, &cookie).await;
        assert_eq!(refused.status, 403, "{form}: {}", refused.text);
        assert!(refused.header("set-cookie").is_empty());
        let refused = tab
            .post("/organisations", &format!("name=Mallory&{form}"), &cookie)
            .await;
        assert_eq!(refused.status, 403);
    }
    let good = format!("theme=dark&csrf={}", one.csrf);
    assert_eq!(tab.post("/account/theme", &good, &cookie).await.status, 303);
    let listed = world
        .northwind
        .api
        .get("/api/v1/organisations?q=Mallory")
        .await
        .expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 0);
}

async fn a_form_from_another_site_is_refused_before_anything_else(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let tab = Tab::new(t);
    let session = tab.sign_in(&email, PASSWORD).await;
    let good = format!("theme=dark&csrf={}", session.csrf);
    let own = t.app().portal_url.clone();
    let foreign: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        &[("origin", "https://evil.example.org")],
        &[("origin", "null")],
        &[("origin", &format!("{own}.evil.example.org"))],
    ];
    for headers in foreign {
        let mut all = vec![("cookie", session.cookie.as_str())];
        all.extend_from_slice(headers);
        let refused = tab.post("/account/theme", &good, &all).await;
        assert_eq!(refused.status, 403, "{headers:?}");
        assert!(refused.header("set-cookie").is_empty());
        // Signing somebody in from elsewhere is refused too: the form of sign-in carries no secret yet.
        let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
        assert_eq!(
            tab.post("/sign-in", &form, headers).await.status,
            403,
            "{headers:?}"
        );
    }
    for headers in [
        [("sec-fetch-site", "same-origin")],
        [("origin", own.as_str())],
    ] {
        let mut all = vec![("cookie", session.cookie.as_str())];
        all.extend_from_slice(&headers);
        assert_eq!(
            tab.post("/account/theme", &good, &all).await.status,
            303,
            "{headers:?}"
        );
    }
}
