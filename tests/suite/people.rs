//! How people come in, what keeps others out, and what ends.

use std::time::Duration;

use muster_domain::permission::Role;
use muster_tests::page::{between, input};
use muster_tests::world::PASSWORD;
use muster_tests::{Browser, TestApp, on_both_databases};

on_both_databases![
    the_first_owner_comes_in_by_a_link_that_works_once,
    wrong_unknown_and_disabled_get_one_answer,
    ten_wrong_passwords_close_the_door_for_a_while,
    a_form_without_its_secret_or_from_another_site_changes_nothing,
    a_session_ends_when_it_should,
    cookies_are_bound_and_tampering_shows,
    an_invited_person_sets_a_password_once,
    passwords_that_everybody_tries_are_refused,
    a_destructive_act_asks_for_the_password_again,
    tokens_are_shown_once_and_end_at_once,
    nobody_hands_out_more_than_they_hold,
    next_never_leads_to_another_site,
];

async fn the_first_owner_comes_in_by_a_link_that_works_once(t: &mut TestApp) {
    let app = t.app().clone();
    let link = muster::features::people::set_up::link(&app).await.unwrap().unwrap();
    let first = link.clone();
    let second = muster::features::people::set_up::link(&app).await.unwrap().unwrap();
    let mut browser = Browser::new(&app.portal_url);
    assert_eq!(browser.get(&first).await.status, 404, "a link made before still works");
    assert_eq!(browser.get(&second).await.status, 200);
    let fields = |password: &'static str| {
        [("organisation", "Harbour Light"), ("name", "Ida Berg"), ("email", "ida@example.org"), ("password", password)]
    };
    let short = browser.submit(&second, &fields("short")).await;
    assert_eq!(short.status, 422);
    assert_eq!(input(&short.text, "organisation").unwrap(), "Harbour Light", "what was typed is gone");
    assert!(!short.text.contains("value=\"short\""), "a password came back in a page");
    let inside = browser.submit(&second, &fields(PASSWORD)).await;
    assert_eq!(inside.status, 200, "{}", inside.text);
    assert!(inside.text.contains("Ida Berg"));
    assert_eq!(Browser::new(&app.portal_url).get(&second).await.status, 404, "the link works twice");
    assert!(muster::features::people::set_up::link(&app).await.unwrap().is_none());
    let record = t.record().await;
    assert!(record.contains(&"organisation.added".to_owned()) && record.contains(&"member.added".to_owned()));
}

async fn wrong_unknown_and_disabled_get_one_answer(t: &mut TestApp) {
    let world = t.world().await;
    let known = world.member(&world.northwind, Role::Support).await;
    let disabled = world.member(&world.northwind, Role::Support).await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    let asked = disabled.clone();
    let id = t.read(move |c| muster_store::members::find_by_email(c, &asked)).await.unwrap().0.id;
    owner.get("/people").await;
    assert_eq!(owner.submit_once(&format!("/people/{id}/disable"), &[]).await.status, 303);
    let mut answers = Vec::new();
    for (email, password) in [(&known, "wrong horse battery staple"), (&disabled, PASSWORD), (&"nobody@example.org".to_owned(), PASSWORD)] {
        let mut browser = Browser::new(&t.app().portal_url);
        browser.get("/sign-in").await;
        let answer = browser.submit_once("/sign-in", &[("email", email), ("password", password)]).await;
        assert_eq!(answer.status, 401, "{email} came in");
        answers.push(answer.text.replace(email.as_str(), "somebody@example.org"));
    }
    assert_eq!(answers[0], answers[1], "the answer tells which it was");
    assert_eq!(answers[0], answers[2], "the answer tells which it was");
    assert_eq!(t.record().await.iter().filter(|kind| *kind == "member.refused").count(), 3);
}

async fn ten_wrong_passwords_close_the_door_for_a_while(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Owner).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    for _ in 0..10 {
        assert_eq!(browser.submit_once("/sign-in", &[("email", &email), ("password", "wrong wrong wrong")]).await.status, 401);
    }
    let stopped = browser.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(stopped.status, 429, "the eleventh try, right or wrong, waits");
    let wait: u64 = stopped.header("retry-after").parse().unwrap();
    let other = world.member(&world.northwind, Role::Owner).await;
    Browser::new(&t.app().portal_url).sign_in(&other, PASSWORD).await;
    t.advance(Duration::from_secs(wait));
    browser.sign_in(&email, PASSWORD).await;
}

async fn a_form_without_its_secret_or_from_another_site_changes_nothing(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    let csrf = input(&browser.get("/account").await.text, "csrf").unwrap();
    let count = async || t.record().await.len();
    let before = count().await;
    let fields = [("name", "Press"), ("csrf", csrf.as_str())];
    let bare = [("name", "Press")];
    let wrong = [("name", "Press"), ("csrf", "00")];
    let attempts: [(&[(&str, &str)], &[(&str, &str)]); 6] = [
        (&bare, &[("sec-fetch-site", "same-origin")]),
        (&wrong, &[("sec-fetch-site", "same-origin")]),
        (&fields, &[("sec-fetch-site", "cross-site")]),
        (&fields, &[("sec-fetch-site", "same-site")]),
        (&fields, &[("origin", "https://evil.example.org")]),
        (&fields, &[("origin", "null")]),
    ];
    for (fields, headers) in attempts {
        let answer = browser.post_raw("/organisations", fields, headers).await;
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text);
    }
    // Another session's secret is another secret.
    let mut other = world.browser(&world.northwind, Role::Owner).await;
    let others = input(&other.get("/account").await.text, "csrf").unwrap();
    let fields = [("name", "Press"), ("csrf", others.as_str())];
    assert_eq!(browser.post_raw("/organisations", &fields, &[]).await.status, 403);
    assert_eq!(count().await - before, 2, "only the second sign-in and its member are on the record");
}

async fn a_session_ends_when_it_should(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let mut one = Browser::new(&t.app().portal_url);
    one.sign_in(&email, PASSWORD).await;
    let mut two = Browser::new(&t.app().portal_url);
    two.sign_in(&email, PASSWORD).await;
    let is_in = async |browser: &Browser| browser.get_once("/account").await.status == 200;

    // Signed out: the very cookie is worth nothing any more.
    let copy = two.clone();
    two.get("/account").await;
    two.submit("/sign-out", &[]).await;
    assert!(!is_in(&copy).await && is_in(&one).await);

    // A new password ends every other session, and keeps one's own.
    two.sign_in(&email, PASSWORD).await;
    one.get("/account").await;
    let new = "another lantern over water";
    assert_eq!(one.submit("/account/password", &[("current", "wrong wrong wrong"), ("password", new)]).await.status, 422);
    one.get("/account").await;
    assert_eq!(one.submit("/account/password", &[("current", PASSWORD), ("password", new)]).await.status, 200);
    assert!(is_in(&one).await && !is_in(&two).await);

    // Twelve hours are the end, used or not.
    for _ in 0..3 {
        t.advance(Duration::from_secs(4 * 3600 - 1));
        assert!(is_in(&one).await);
    }
    t.advance(Duration::from_secs(60));
    assert!(!is_in(&one).await);

    // Whoever is disabled is out at once.
    two.sign_in(&email, new).await;
    let asked = email.clone();
    let id = t.read(move |c| muster_store::members::find_by_email(c, &asked)).await.unwrap().0.id;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/people").await;
    assert_eq!(owner.submit_once(&format!("/people/{id}/disable"), &[]).await.status, 303);
    assert!(!is_in(&two).await);
}

async fn cookies_are_bound_and_tampering_shows(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Owner).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    let answer = browser.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)]).await;
    let cookie = answer.header("set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(attribute), "{attribute} is missing: {cookie}");
    }
    let token = between(&cookie, "muster=", ";").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoibXVzdGVyLXNlc3Npb24rand0In0";
    let stranger = Browser::new(&t.app().portal_url);
    let with = async |cookie: String| {
        let request = t.anybody().request(reqwest::Method::GET, "/account").header("cookie", format!("muster={cookie}"));
        t.anybody().send(request).await.status
    };
    assert_eq!(with(token.to_owned()).await, 200);
    let mut flipped = parts[2].to_owned();
    flipped.replace_range(0..1, if flipped.starts_with('A') { "B" } else { "A" });
    for forged in [
        format!("{}.{}.{flipped}", parts[0], parts[1]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        String::new(),
        "x".repeat(5000),
    ] {
        assert_eq!(with(forged.clone()).await, 303, "{forged} is let in");
    }
    assert_eq!(stranger.get_once("/account").await.status, 303);
}

async fn an_invited_person_sets_a_password_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/people").await;
    let fields = [("name", "Noor Haddad"), ("email", "noor@example.org"), ("role", "agent"), ("organisation_id", world.northwind.id.as_str())];
    let shown = owner.submit("/people", &fields).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let link = t.mailed_link().await;
    assert!(shown.text.contains(link.trim_start_matches('/')), "the link is shown once");
    assert!(!owner.get("/people").await.text.contains(link.as_str()), "the link is shown again");
    let letter = t.mail().await.pop().unwrap();
    assert_eq!(letter.to, "noor@example.org");
    assert!(letter.text.contains("Northwind Mobile") && !letter.subject.contains('\n'));
    assert_eq!(t.mail().await.len(), 1, "one invitation, one mail");

    let mut noor = Browser::new(&t.app().portal_url);
    assert_eq!(noor.get(&link).await.status, 200);
    assert_eq!(noor.submit(&link, &[("password", "noor@example.org")]).await.status, 422, "the address as password");
    noor.get(&link).await;
    assert_eq!(noor.submit(&link, &[("password", PASSWORD)]).await.status, 200);
    assert_eq!(noor.get_once("/account").await.status, 200);
    assert_eq!(Browser::new(&t.app().portal_url).get(&link).await.status, 404, "the link works twice");
    owner.get("/people").await;
    let again = owner.submit("/people", &fields).await;
    assert_eq!(again.status, 422, "one address, one login");
    // A link that nobody used ends after three days.
    owner.get("/people").await;
    let fields = [("name", "Late"), ("email", "late@example.org"), ("role", "agent")];
    owner.submit("/people", &fields).await;
    let late = t.mailed_link().await;
    t.advance(Duration::from_secs(72 * 3600 + 1));
    assert_eq!(Browser::new(&t.app().portal_url).get(&late).await.status, 404);
}

async fn passwords_that_everybody_tries_are_refused(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    for password in ["short", "aaaaaaaaaaaaaaaa", "            ", &"x".repeat(5_000)] {
        browser.get("/account").await;
        let answer = browser.submit("/account/password", &[("current", PASSWORD), ("password", password)]).await;
        assert_eq!(answer.status, 422, "{password:.20} was taken");
    }
}

async fn a_destructive_act_asks_for_the_password_again(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Owner).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.sign_in(&email, PASSWORD).await;
    t.advance(Duration::from_secs(301));
    let phone = world.phone(t, "NW-000042").await;
    let device = format!("/devices/{}", phone.device);
    browser.get(&device).await;
    let asked = browser.submit_once(&format!("{device}/revoke"), &[("reason", "stolen")]).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    assert!(asked.header("location").starts_with("/confirm"), "{}", asked.header("location"));
    assert_eq!(world.northwind.api.device(&phone.device).await["certificate"].is_null(), false);
    browser.get(asked.header("location")).await;
    assert_eq!(browser.submit("/confirm", &[("password", "wrong wrong wrong")]).await.status, 422);
    browser.get("/confirm").await;
    assert_eq!(browser.submit("/confirm", &[("password", PASSWORD)]).await.status, 200);
    browser.get(&device).await;
    assert_eq!(browser.submit(&format!("{device}/revoke"), &[("reason", "stolen")]).await.status, 200);
    assert!(world.northwind.api.device(&phone.device).await["certificate"].is_null());
}

async fn tokens_are_shown_once_and_end_at_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    browser.get("/account/tokens").await;
    let made = browser.submit("/account/tokens", &[("name", "shop till"), ("role", "agent")]).await;
    let start = made.text.find("mst_").unwrap();
    let secret = made.text[start..start + 68].to_owned();
    let page = browser.get("/account/tokens").await;
    assert!(page.text.contains("shop till") && !page.text.contains(&secret), "a secret is shown twice");
    let api = muster_tests::Api::new(&t.app().portal_url, Some(secret.clone()));
    api.get("/api/v1/devices").await.expect(200);
    api.get("/api/v1/organisations").await.expect(200);
    // Not where pages are, and not by another scheme.
    let request = t.anybody().request(reqwest::Method::GET, "/account").bearer_auth(&secret);
    assert_eq!(t.anybody().send(request).await.status, 303);
    let wanted = "shop till".to_owned();
    let scope = muster_domain::scope::Scope::Platform;
    let tokens = t.read(move |c| muster_store::api_tokens::list(c, &scope, None)).await;
    let id = tokens.into_iter().find(|(token, _)| token.name == wanted).unwrap().0.id;
    browser.get("/account/tokens").await;
    browser.submit(&format!("/account/tokens/{id}/revoke"), &[]).await;
    api.get("/api/v1/devices").await.expect_problem(401, "token");
    let stored = t.read(|c| muster_store::api_tokens::list(c, &muster_domain::scope::Scope::Platform, None)).await;
    assert!(stored.iter().all(|(token, _)| token.secret_hash != secret), "a secret is stored as it is");
}

async fn nobody_hands_out_more_than_they_hold(t: &mut TestApp) {
    let world = t.world().await;
    let mut admin = world.browser(&world.northwind, Role::Admin).await;
    admin.get("/people").await;
    let fields = [("name", "Eve"), ("email", "eve@example.org"), ("role", "owner")];
    assert_eq!(admin.submit("/people", &fields).await.status, 422);
    admin.get("/account/tokens").await;
    assert_eq!(admin.submit("/account/tokens", &[("name", "mine"), ("role", "owner")]).await.status, 422);
    // An admin does not touch an owner, and the last owner does not leave.
    let owner_email = world.member(&world.northwind, Role::Owner).await;
    let asked = owner_email.clone();
    let owner = t.read(move |c| muster_store::members::find_by_email(c, &asked)).await.unwrap().0.id;
    admin.get("/people").await;
    assert_eq!(admin.submit_once(&format!("/people/{owner}/disable"), &[]).await.status, 403);
    admin.get("/people").await;
    assert_eq!(admin.submit_once(&format!("/people/{owner}/link"), &[]).await.status, 403);
    let mut himself = Browser::new(&t.app().portal_url);
    himself.sign_in(&owner_email, PASSWORD).await;
    himself.get("/people").await;
    let answer = himself.submit_once(&format!("/people/{owner}/disable"), &[]).await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    assert_eq!(himself.get_once("/account").await.status, 200);
}

async fn next_never_leads_to_another_site(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Owner).await;
    for next in ["https://evil.example.org/", "//evil.example.org/", "/\\evil.example.org", "javascript:alert(1)", "\t//evil.example.org"] {
        let mut browser = Browser::new(&t.app().portal_url);
        browser.get("/sign-in").await;
        let answer = browser.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(answer.status, 303);
        let to = answer.header("location");
        assert!(to.starts_with('/') && !to.contains("evil") && !to.starts_with("//"), "{next} leads to {to}");
    }
    let mut browser = Browser::new(&t.app().portal_url);
    let turned_away = browser.get_once("/devices?q=NW").await;
    assert!(turned_away.header("location").contains("next="));
    browser.get(turned_away.header("location")).await;
    let next = input(&browser.page.as_ref().unwrap().text, "next").unwrap();
    let answer = browser.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD), ("next", &next)]).await;
    assert_eq!(answer.header("location"), "/devices?q=NW");
}
