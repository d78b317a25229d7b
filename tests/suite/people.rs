//! How people come in and what holds them: sign-in, set-up, passwords, sessions, roles, tokens.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use muster::clock::FrozenClock;
use muster::config::{Config, MailTransport, PasswordCost};
use muster::features::people::set_up;
use muster::random::SeededRandom;
use muster::server::{Server, Sockets};
use muster_domain::permission::Role;
use muster_tests::tab::Tab;
use muster_tests::world::PASSWORD;
use muster_tests::{Api, BEGIN, Browser, TestApp, on_both_databases, page};

on_both_databases![
    the_set_up_link_works_once_and_only_while_nobody_owns,
    a_set_up_link_ends_when_the_next_is_made_and_after_three_days,
    a_wrong_password_and_an_unknown_address_get_the_same_answer,
    too_many_tries_hold_off_even_the_right_password_until_the_window_ends,
    the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts,
    a_forged_or_altered_cookie_is_nobodys,
    signing_out_ends_the_session_in_every_tab,
    a_session_ends_after_twelve_hours_and_one_that_sleeps_too,
    another_session_is_ended_from_the_account_page,
    a_form_needs_the_secret_of_its_own_session,
    a_form_from_another_site_is_refused_before_anything_else,
    passwords_that_are_easy_to_guess_are_refused_and_the_link_lives_on,
    a_new_password_ends_every_other_session,
    what_cannot_be_undone_asks_for_the_password_again_after_five_minutes,
    nobody_appoints_above_themselves,
    a_disabled_member_is_out_at_once_and_for_good,
    the_last_owner_and_oneself_stay,
    an_invited_member_sets_a_password_by_a_link_that_works_once,
    a_token_is_shown_once_and_gone_at_once,
    the_way_back_never_leads_elsewhere,
];

const NEW: &str = "seven grey herons at noon";

fn path_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_owned()
}

async fn set_up_path(t: &TestApp) -> Option<String> {
    set_up::link(t.app()).await.unwrap().map(|url| path_of(&url))
}

const OWNER: [(&str, &str); 4] = [
    ("organisation", "Palisade Platform"),
    ("name", "Nora Lindqvist"),
    ("email", "nora@palisade.example.org"),
    ("password", PASSWORD),
];

async fn the_set_up_link_works_once_and_only_while_nobody_owns(t: &mut TestApp) {
    let link = set_up_path(t).await.unwrap();
    let mut browser = Browser::new(&t.app().portal_url);
    assert_eq!(browser.get("/set-up/0000000000000000").await.status, 410);
    assert_eq!(browser.get(&link).await.status, 200);

    // What does not fit comes back with what was typed, and the link lives on.
    let short: Vec<_> = OWNER.iter().map(|(name, value)| if *name == "password" { (*name, "short") } else { (*name, *value) }).collect();
    let refused = browser.submit_once(&link, &short).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("value=\"Nora Lindqvist\"") && refused.text.contains("aria-invalid"), "{}", refused.text);
    assert!(!refused.text.contains("value=\"short\""), "a password comes back");

    // Two that race: one becomes the owner.
    let (one, other) = tokio::join!(browser.submit_once(&link, &OWNER), async {
        let second = Browser::new(&t.app().portal_url);
        let mut fields = OWNER;
        fields[2].1 = "mallory@palisade.example.org";
        second.submit_once(&link, &fields).await
    });
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    assert_eq!(browser.get_once(&link).await.status, 410, "a used link opens again");
    assert_eq!(set_up_path(t).await, None, "a second owner could be set up");
    let owners = t.record().await.into_iter().filter(|kind| kind == "member.added").count();
    assert_eq!(owners, 1);

    let mut again = Browser::new(&t.app().portal_url);
    let email = if one.status == 303 { "nora@palisade.example.org" } else { "mallory@palisade.example.org" };
    again.sign_in(email, PASSWORD).await;
    assert!(again.page.unwrap().text.contains("Palisade Platform"));
}

async fn a_set_up_link_ends_when_the_next_is_made_and_after_three_days(t: &mut TestApp) {
    let (first, second) = (set_up_path(t).await.unwrap(), set_up_path(t).await.unwrap());
    let browser = Browser::new(&t.app().portal_url);
    assert_eq!(browser.submit_once(&first, &OWNER).await.status, 410);
    t.advance_days(3);
    assert_eq!(browser.submit_once(&second, &OWNER).await.status, 410);
    let third = set_up_path(t).await.unwrap();
    assert_eq!(browser.submit_once(&third, &OWNER).await.status, 303);
}

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
    for email in [known.as_str(), "nobody@northwind.example.org", invited, "not an address"] {
        let answer = browser.submit_once("/sign-in", &[("email", email), ("password", "wrong")]).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
        assert!(answer.header("set-cookie").is_empty());
        assert!(answer.text.contains(&format!("value=\"{email}\"")), "what was typed is kept");
        answers.push(answer.text.replace(email, "EMAIL"));
    }
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(t.record().await.iter().filter(|kind| *kind == "member.refused").count(), 4);
}

async fn too_many_tries_hold_off_even_the_right_password_until_the_window_ends(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    for _ in 0..10 {
        assert_eq!(browser.submit_once("/sign-in", &[("email", &email), ("password", "wrong")]).await.status, 401);
    }
    let mut wait = 0;
    for password in ["wrong", PASSWORD] {
        let held_off = browser.submit_once("/sign-in", &[("email", &email), ("password", password)]).await;
        assert_eq!(held_off.status, 429, "{}", held_off.text);
        wait = held_off.header("retry-after").parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
    }
    let held_off = t.events().await.into_iter().filter(|event| event.kind == "member.held-off");
    assert_eq!(held_off.count(), 1, "the record tells once, and not for every try");
    // Nobody else is held off with them, and neither is an unknown address told apart.
    browser.clone().sign_in(&world.member(&world.northwind, Role::Agent).await, PASSWORD).await;
    t.advance(Duration::from_secs(wait - 1));
    assert_eq!(browser.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)]).await.status, 429);
    t.advance(Duration::from_secs(1));
    browser.sign_in(&email, PASSWORD).await;
}

async fn the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let session = Tab::new(t).sign_in(&email, PASSWORD).await;
    let parts: Vec<&str> = session.set_cookie.split("; ").collect();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(parts.contains(&part), "{part} is missing: {}", session.set_cookie);
    }
    assert!(!session.set_cookie.contains("Domain"), "{}", session.set_cookie);
}

async fn a_forged_or_altered_cookie_is_nobodys(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let tab = Tab::new(t);
    let session = tab.sign_in(&email, PASSWORD).await;
    let (name, token) = session.cookie.split_once('=').unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.try_into().unwrap();
    let encode = |text: &str| muster_protocol::base64::encode_url(text.as_bytes());
    let forged = [
        format!("{}.{claims}.", encode(r#"{"typ":"muster-session+jwt","alg":"none"}"#)),
        format!("{}.{claims}.{signature}", encode(r#"{"typ":"muster-session+jwt","alg":"HS384"}"#)),
        format!("{}.{claims}.{signature}", encode(r#"{"typ":"JWT","alg":"HS256"}"#)),
        format!("{header}.{}.{signature}", encode(r#"{"iss":"muster","aud":"muster-portal","sid":"x","csrf":"x","iat":0,"nbf":0,"exp":9999999999}"#)),
        format!("{header}.{claims}"),
        String::new(),
        "x".repeat(5000),
    ];
    for forged in forged {
        let answer = tab.get("/account", &[("cookie", &format!("{name}={forged}"))]).await;
        assert_eq!(answer.status, 303, "{forged}: {}", answer.text);
    }
    assert_eq!(tab.get("/account", &[("cookie", &session.cookie)]).await.status, 200);
}

async fn signing_out_ends_the_session_in_every_tab(t: &mut TestApp) {
    let world = t.world().await;
    let browser = world.browser(&world.northwind, Role::Admin).await;
    let mut other_tab = browser.clone();
    other_tab.get("/devices").await;
    let answer = browser.submit_once("/sign-out", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{}", answer.header("set-cookie"));

    // A copy of the cookie that was kept is worth nothing: the session's row decides.
    let email = world.member(&world.northwind, Role::Admin).await;
    let tab = Tab::new(t);
    let session = tab.sign_in(&email, PASSWORD).await;
    let form = format!("csrf={}", session.csrf);
    assert_eq!(tab.post("/sign-out", &form, &[("cookie", &session.cookie)]).await.status, 303);
    let after = tab.get("/devices?q=a", &[("cookie", &session.cookie)]).await;
    assert_eq!((after.status, after.header("location")), (303, "/sign-in?next=%2Fdevices%3Fq%3Da"));
    assert_eq!(tab.post("/account/theme", &form, &[("cookie", &session.cookie)]).await.status, 303);
    assert_eq!(other_tab.get_once("/devices").await.status, 303);
}

async fn a_session_ends_after_twelve_hours_and_one_that_sleeps_too(t: &mut TestApp) {
    let world = t.world().await;
    let busy = world.browser(&world.northwind, Role::Admin).await;
    let asleep = world.browser(&world.northwind, Role::Admin).await;
    for _ in 0..11 {
        t.advance(Duration::from_secs(3600));
        assert_eq!(busy.get_once("/account").await.status, 200);
    }
    t.advance(Duration::from_secs(3601));
    assert_eq!(busy.get_once("/account").await.status, 303, "a session outlives its twelve hours");
    assert_eq!(asleep.get_once("/account").await.status, 303);
}

async fn another_session_is_ended_from_the_account_page(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let (mut here, mut there) = (Browser::new(&t.app().portal_url), Browser::new(&t.app().portal_url));
    there.sign_in(&email, PASSWORD).await;
    here.sign_in(&email, PASSWORD).await;
    let account = here.get("/account").await;
    let end = page::tags(&account.text, "form")
        .filter_map(|form| page::attribute(form, "action"))
        .find(|action| action.contains("/sessions/"))
        .unwrap();
    assert_eq!(here.submit(&end, &[]).await.status, 200);
    assert_eq!(there.get_once("/account").await.status, 303);
    assert_eq!(here.get_once("/account").await.status, 200);
    assert_eq!(here.submit_once(&end, &[]).await.status, 404, "it has ended");
}

async fn a_form_needs_the_secret_of_its_own_session(t: &mut TestApp) {
    let world = t.world().await;
    let (one, other) = (world.member(&world.northwind, Role::Admin).await, world.member(&world.northwind, Role::Admin).await);
    let tab = Tab::new(t);
    let (one, other) = (tab.sign_in(&one, PASSWORD).await, tab.sign_in(&other, PASSWORD).await);
    let cookie = [("cookie", one.cookie.as_str()), ("sec-fetch-site", "same-origin")];
    for form in ["", "theme=dark", "csrf=", &format!("csrf={}", other.csrf), &format!("csrf={}x", one.csrf)] {
        let refused = tab.post("/account/theme", form, &cookie).await;
        assert_eq!(refused.status, 403, "{form}: {}", refused.text);
        assert!(refused.header("set-cookie").is_empty());
        let refused = tab.post("/organisations", &format!("name=Mallory&{form}"), &cookie).await;
        assert_eq!(refused.status, 403);
    }
    let good = format!("theme=dark&csrf={}", one.csrf);
    assert_eq!(tab.post("/account/theme", &good, &cookie).await.status, 303);
    let listed = world.northwind.api.get("/api/v1/organisations?q=Mallory").await.expect(200);
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
        assert_eq!(tab.post("/sign-in", &form, headers).await.status, 403, "{headers:?}");
    }
    for headers in [[("sec-fetch-site", "same-origin")], [("origin", own.as_str())]] {
        let mut all = vec![("cookie", session.cookie.as_str())];
        all.extend_from_slice(&headers);
        assert_eq!(tab.post("/account/theme", &good, &all).await.status, 303, "{headers:?}");
    }
}

async fn passwords_that_are_easy_to_guess_are_refused_and_the_link_lives_on(t: &mut TestApp) {
    let world = t.world().await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/people").await;
    owner.submit("/people", &[("name", "Kim"), ("email", "kim@northwind.example.org"), ("role", "agent")]).await;
    let link = t.mailed_link().await;
    let mut kim = Browser::new(&t.app().portal_url);
    assert_eq!(kim.get(&link).await.status, 200);
    for weak in ["", "too short", "aaaaaaaaaaaaaaaa", "kim@northwind.example.org", &"long".repeat(100)] {
        let refused = kim.submit_once(&link, &[("password", weak)]).await;
        assert_eq!(refused.status, 422, "{weak}: {}", refused.text);
        assert!(refused.text.contains("aria-invalid"), "{}", refused.text);
    }
    assert_eq!(kim.submit_once(&link, &[("password", NEW)]).await.status, 303);
}

async fn a_new_password_ends_every_other_session(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let (mut here, mut there) = (Browser::new(&t.app().portal_url), Browser::new(&t.app().portal_url));
    there.sign_in(&email, PASSWORD).await;
    here.sign_in(&email, PASSWORD).await;
    here.get("/account").await;
    let wrong = here.submit_once("/account/password", &[("current", "wrong"), ("password", NEW)]).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let weak = here.submit_once("/account/password", &[("current", PASSWORD), ("password", "short")]).await;
    assert_eq!(weak.status, 422, "{}", weak.text);
    assert_eq!(there.get_once("/account").await.status, 200, "nothing has changed yet");
    assert_eq!(here.submit("/account/password", &[("current", PASSWORD), ("password", NEW)]).await.status, 200);
    assert_eq!(there.get_once("/account").await.status, 303);
    assert_eq!(here.get_once("/account").await.status, 200);
    let mut again = Browser::new(&t.app().portal_url);
    again.get("/sign-in").await;
    assert_eq!(again.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)]).await.status, 401);
    again.sign_in(&email, NEW).await;
}

async fn what_cannot_be_undone_asks_for_the_password_again_after_five_minutes(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let device = phone.device.clone();
    let fields = |kind| [("kind", kind), ("device", device.as_str()), ("reason", "stolen, report 114"), ("typed", "NW-000042"), ("days", "30")];
    t.advance(Duration::from_secs(299));
    assert_eq!(browser.submit_once("/commands/new", &fields("kill")).await.status, 303, "four minutes are not five");
    t.advance(Duration::from_secs(2));
    for kind in ["kill", "wipe", "lock-fleet"] {
        let asked = browser.submit_once("/commands/new", &fields(kind)).await;
        assert_eq!(asked.status, 303);
        assert!(asked.header("location").starts_with("/confirm?next="), "{kind}: {}", asked.header("location"));
    }
    for path in [format!("/devices/{device}/revoke"), "/account/tokens".to_owned()] {
        let asked = browser.submit_once(&path, &[("name", "x"), ("role", "support")]).await;
        assert!(asked.header("location").starts_with("/confirm?next="), "{path}: {} {}", asked.status, asked.text);
    }
    // What can be undone does not ask.
    let lock = browser.submit_once("/commands/new", &fields("lock")).await;
    assert!(lock.header("location").starts_with("/commands/"), "{}", lock.text);
    let made = world.northwind.api.get("/api/v1/commands").await.expect(200);
    let kinds: Vec<&str> = made["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["lock", "kill"]);

    browser.get("/confirm?next=%2Fcommands%2Fnew%3Fkind%3Dwipe").await;
    assert_eq!(browser.submit_once("/confirm", &[("password", "wrong"), ("next", "/")]).await.status, 422);
    let on = browser.submit_once("/confirm", &[("password", PASSWORD), ("next", "/commands/new?kind=wipe")]).await;
    assert_eq!((on.status, on.header("location")), (303, "/commands/new?kind=wipe"));
    let sent = browser.submit_once("/commands/new", &fields("wipe")).await;
    assert!(sent.header("location").starts_with("/commands/"), "{}", sent.text);
    // Guessing here is held off like guessing there.
    for _ in 0..11 {
        browser.submit_once("/confirm", &[("password", "wrong"), ("next", "/")]).await;
    }
    assert_eq!(browser.submit_once("/confirm", &[("password", PASSWORD), ("next", "/")]).await.status, 429);
}

async fn nobody_appoints_above_themselves(t: &mut TestApp) {
    let world = t.world().await;
    let (owner, support) = (world.member(&world.northwind, Role::Owner).await, world.member(&world.northwind, Role::Support).await);
    let mut admin = world.browser(&world.northwind, Role::Admin).await;
    let people = admin.get("/people").await;
    let offered: Vec<String> = page::tags(&people.text, "input")
        .filter(|tag| page::attribute(tag, "name").as_deref() == Some("role"))
        .filter_map(|tag| page::attribute(tag, "value"))
        .collect();
    assert!(!offered.contains(&"owner".to_owned()) && offered.contains(&"admin".to_owned()), "{offered:?}");
    let above = admin.submit_once("/people", &[("name", "M"), ("email", "m@northwind.example.org"), ("role", "owner")]).await;
    assert_eq!(above.status, 422, "{}", above.text);
    let above = admin.submit_once("/account/tokens", &[("name", "M"), ("role", "owner")]).await;
    assert_eq!(above.status, 422, "{}", above.text);
    let nonsense = admin.submit_once("/people", &[("name", "M"), ("email", "m@northwind.example.org"), ("role", "root")]).await;
    assert_eq!(nonsense.status, 422, "{}", nonsense.text);
    let (owner, support) = (id_of(t, &owner).await, id_of(t, &support).await);
    for act in ["disable", "link"] {
        assert_eq!(admin.submit_once(&format!("/people/{owner}/{act}"), &[]).await.status, 403, "an admin may {act} an owner");
    }
    assert_eq!(admin.submit_once(&format!("/people/{support}/link"), &[]).await.status, 200);
    for role in [Role::Agent, Role::Support, Role::Auditor] {
        let below = world.browser(&world.northwind, role).await;
        let answer = below.submit_once("/people", &[("name", "M"), ("email", "m@northwind.example.org"), ("role", "support")]).await;
        assert_eq!(answer.status, 403, "{role}");
    }
    let added = t.events().await.into_iter().filter(|event| event.kind == "token.made" && event.facts.contains("\"M\""));
    assert_eq!(added.count(), 0);
}

async fn a_disabled_member_is_out_at_once_and_for_good(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Agent).await;
    let mut theirs = Browser::new(&t.app().portal_url);
    theirs.sign_in(&email, PASSWORD).await;
    let owner = world.browser(&world.northwind, Role::Owner).await;
    let id = id_of(t, &email).await;
    let link = owner.submit_once(&format!("/people/{id}/link"), &[]).await;
    assert_eq!(link.status, 200);
    let link = t.mailed_link().await;
    assert_eq!(owner.submit_once(&format!("/people/{id}/disable"), &[]).await.status, 303);
    assert_eq!(theirs.get_once("/account").await.status, 303);
    let mut again = Browser::new(&t.app().portal_url);
    again.get("/sign-in").await;
    assert_eq!(again.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)]).await.status, 401);
    assert_eq!(again.submit_once(&link, &[("password", NEW)]).await.status, 410, "a link outlives its member");
    assert_eq!(owner.submit_once(&format!("/people/{id}/disable"), &[]).await.status, 409);
    assert_eq!(owner.submit_once(&format!("/people/{id}/link"), &[]).await.status, 409);
}

async fn the_last_owner_and_oneself_stay(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.press, Role::Owner).await;
    let last = id_of(t, &email).await;
    let mut themselves = Browser::new(&t.app().portal_url);
    themselves.sign_in(&email, PASSWORD).await;
    assert_eq!(themselves.submit_once(&format!("/people/{last}/disable"), &[]).await.status, 409);
    let reseller = world.browser(&world.northwind, Role::Owner).await;
    assert_eq!(reseller.submit_once(&format!("/people/{last}/disable"), &[]).await.status, 409, "the last owner is put out");
    world.member(&world.press, Role::Owner).await;
    assert_eq!(reseller.submit_once(&format!("/people/{last}/disable"), &[]).await.status, 303);
}

async fn an_invited_member_sets_a_password_by_a_link_that_works_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/people").await;
    let fields = [("name", "Ruth <b>Adeyemi</b>"), ("email", "Ruth@Press.example.org"), ("role", "admin"), ("organisation_id", &world.press.id)];
    let added = owner.submit("/people", &fields).await;
    assert_eq!(added.status, 200, "{}", added.text);
    assert!(!added.text.contains("<b>Adeyemi"), "a name is markup");
    let taken = owner.submit_once("/people", &fields).await;
    assert_eq!(taken.status, 422, "{}", taken.text);
    let link = t.mailed_link().await;
    assert!(added.text.contains(&link), "the page shows the link once");
    assert!(!owner.get("/people").await.text.contains(&link));
    let letters = t.mail().await;
    assert_eq!(letters.len(), 1, "one letter");

    let mut ruth = Browser::new(&t.app().portal_url);
    assert!(ruth.get(&link).await.text.contains("ruth@press.example.org"));
    assert_eq!(ruth.submit(&link, &[("password", NEW)]).await.status, 200);
    assert!(ruth.page.as_ref().unwrap().text.contains("The Evening Press"));
    assert_eq!(Browser::new(&t.app().portal_url).get_once(&link).await.status, 410);
    assert_eq!(ruth.submit_once(&link, &[("password", PASSWORD)]).await.status, 410);

    // A link that nobody used ends after three days, and a new one ends the one before.
    let id = id_of(t, "ruth@press.example.org").await;
    let new_link = async || {
        let answer = owner.submit_once(&format!("/people/{id}/link"), &[]).await;
        path_of(page::between(&answer.text, "<code class=\"mono\">", "</code>").unwrap())
    };
    let (first, second) = (new_link().await, new_link().await);
    assert_ne!(first, second);
    assert_eq!(ruth.get_once(&first).await.status, 410);
    assert_eq!(ruth.get_once(&second).await.status, 200);
    t.advance_days(3);
    assert_eq!(ruth.get_once(&second).await.status, 410);
}

async fn a_token_is_shown_once_and_gone_at_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/account/tokens").await;
    let made = owner.submit("/account/tokens", &[("name", "stock <i>sync</i>"), ("role", "agent")]).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let secret = page::between(&made.text, "<code class=\"mono\">", "</code>").unwrap().to_owned();
    assert!(secret.starts_with("mst_") && secret.len() > 40, "{secret}");
    let listed = owner.get("/account/tokens").await;
    assert!(listed.text.contains("stock &#60;i&#62;sync") && !listed.text.contains(&secret), "{}", listed.text);

    let program = Api::new(&t.app().portal_url, Some(secret.clone()));
    program.get("/api/v1/devices").await.expect(200);
    program.post("/api/v1/organisations", &serde_json::json!({ "name": "Mallory" })).await.expect_problem(403, "role");
    for wrong in [secret.to_uppercase(), secret[..secret.len() - 1].to_owned(), format!("{secret}x"), "mst_".to_owned()] {
        Api::new(&t.app().portal_url, Some(wrong)).get("/api/v1/devices").await.expect_problem(401, "token");
    }
    // The secret itself is nowhere in the database.
    let hash = muster::web::actor::secret_hash(&secret);
    let now = t.app().now_micros();
    let (asked, raw) = (hash.clone(), secret.clone());
    assert!(t.read(move |c| muster_store::api_tokens::find_live_by_hash(c, &asked, now)).await.is_some());
    assert!(t.read(move |c| muster_store::api_tokens::find_live_by_hash(c, &raw, now)).await.is_none());

    let id = t.read(move |c| muster_store::api_tokens::find_live_by_hash(c, &hash, now)).await.unwrap().0.id;
    let revoke = format!("/account/tokens/{id}/revoke");
    assert_eq!(owner.submit_once(&revoke, &[]).await.status, 303);
    program.get("/api/v1/devices").await.expect_problem(401, "token");
    assert_eq!(owner.submit_once(&revoke, &[]).await.status, 404);
    let kinds = t.record().await;
    assert!(kinds.contains(&"token.revoked".to_owned()));
}

async fn the_way_back_never_leads_elsewhere(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let mut browser = Browser::new(&t.app().portal_url);
    let asked = browser.get_once("/devices?q=NW&sort=contact").await;
    assert_eq!(asked.header("location"), "/sign-in?next=%2Fdevices%3Fq%3DNW%26sort%3Dcontact");
    browser.get("/devices?q=NW&sort=contact").await;
    let next = page::input(&browser.page.as_ref().unwrap().text, "next").unwrap();
    assert_eq!(next, "/devices?q=NW&sort=contact");
    let elsewhere = ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org", "javascript:alert(1)", "/\t/evil.example.org", "evil", ""];
    for next in elsewhere {
        let mut fresh = Browser::new(&t.app().portal_url);
        let shown = fresh.get(&format!("/sign-in?next={}", next.replace('\t', "%09"))).await;
        assert_eq!(page::input(&shown.text, "next").as_deref(), Some("/"), "{next}");
        let answer = fresh.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{next}");
        fresh.get("/").await;
        let answer = fresh.submit_once("/confirm", &[("password", PASSWORD), ("next", next)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{next}");
    }
    let answer = browser.submit_once("/sign-in", &[("email", &email), ("password", PASSWORD), ("next", &next)]).await;
    assert_eq!(answer.header("location"), next);
}

async fn id_of(t: &TestApp, email: &str) -> String {
    let email = email.to_owned();
    t.read(move |c| muster_store::members::find_by_email(c, &email)).await.unwrap().0.id
}

/// Behind TLS the cookie is bound to it. The listener speaks plain HTTP, as it does behind a proxy.
#[test]
fn behind_tls_the_cookie_is_bound_to_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::in_dir(folder.path());
        config.portal.listen = muster_tests::programs::free_address().parse().unwrap();
        config.portal.url = Some("https://muster.example.org".to_owned());
        config.device.listen = ([127, 0, 0, 1], 0).into();
        config.mail.transport = MailTransport::Memory;
        config.password_cost = PasswordCost::CHEAP;
        let clock = Arc::new(FrozenClock::at(Timestamp::from_second(BEGIN).unwrap()));
        let sockets = Sockets::bind(&config).unwrap();
        let server = Server::start_with(config.clone(), sockets, clock, Arc::new(SeededRandom::new(9))).await.unwrap();
        let link = set_up::link(&server.app).await.unwrap().unwrap();
        let path = link.strip_prefix("https://muster.example.org").unwrap();
        let tab = Tab::at(&format!("http://{}", config.portal.listen));
        let form = "organisation=Palisade&name=Nora&email=nora%40palisade.example.org&password=a+lantern+over+quiet+water";
        let entered = tab.post(path, form, &[("sec-fetch-site", "same-origin")]).await;
        let session = tab.enter(&entered).await;
        assert!(session.cookie.starts_with("__Host-muster="), "{}", session.set_cookie);
        assert!(session.set_cookie.contains("; Secure"), "{}", session.set_cookie);
        assert_eq!(entered.header("strict-transport-security"), "max-age=31536000");
        server.stop().await;
    });
}
