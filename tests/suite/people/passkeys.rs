//! Passkeys: adding one, coming in with it, proving once more who one is, and every answer that must not be taken.

use std::time::Duration;

use muster_domain::permission::Role;
use muster_tests::authenticator::Authenticator;
use muster_tests::world::{PASSWORD, World};
use muster_tests::{Answered, Browser, TestApp, on_both_databases, page};
use serde_json::Value;

use super::id_of;

on_both_databases![
    a_passkey_is_added_signs_in_and_is_removed,
    an_answer_counts_once_in_time_and_for_its_own_ceremony,
    what_proves_nothing_gets_one_answer_whatever_is_wrong_with_it,
    a_new_passkey_must_be_made_here_by_somebody_who_was_verified,
    a_count_that_falls_is_refused_and_an_alarm,
    nobody_comes_in_with_a_removed_passkey_or_a_closed_account,
    the_last_way_in_stays,
    passkeys_change_only_after_the_password_was_typed_again,
    a_passkey_confirms_its_own_member_and_nobody_else,
    labels_and_numbers_are_bounded,
    a_portal_without_a_name_says_so_in_words,
    too_many_answers_are_held_off_and_unanswered_ones_forgotten,
];

/// What makes an honest authenticator another one.
type Bend = fn(&mut Authenticator);

/// Somebody with a browser and an authenticator.
struct Person {
    email: String,
    browser: Browser,
    key: Authenticator,
}

/// A portal with a name, as passkeys want it.
async fn named(t: &mut TestApp) -> World {
    let url = t.app().portal_url.replace("127.0.0.1", "localhost");
    t.restart_with(|config| config.portal.url = Some(url)).await;
    t.world().await
}

async fn person(t: &TestApp, world: &World, seed: u8) -> Person {
    let email = world.member(&world.northwind, Role::Admin).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.sign_in(&email, PASSWORD).await;
    browser.get("/account").await;
    Person {
        email,
        browser,
        key: Authenticator::new(&t.app().portal_url, seed),
    }
}

/// The same with a passkey.
async fn with_passkey(t: &TestApp, world: &World, seed: u8) -> Person {
    let mut person = person(t, world, seed).await;
    let added = add(&mut person, "Work phone").await;
    assert_eq!(added.status, 303, "{}", added.text);
    person
}

async fn begin(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Value {
    browser
        .submit_once(&format!("{path}/begin"), fields)
        .await
        .expect(200)
}

async fn answer(browser: &Browser, path: &str, begun: &Value, said: &Value) -> Answered {
    let fields = [
        ("ceremony", begun["ceremony"].as_str().unwrap()),
        ("answer", &said.to_string()),
        ("next", "/devices"),
        ("label", "Work phone"),
    ];
    browser.submit_once(path, &fields).await
}

async fn add(person: &mut Person, label: &str) -> Answered {
    let begun = begin(&person.browser, "/account/passkeys", &[("label", label)]).await;
    let said = person.key.make(&begun["options"]).to_string();
    let fields = [
        ("label", label),
        ("ceremony", begun["ceremony"].as_str().unwrap()),
        ("answer", &said),
    ];
    person
        .browser
        .submit_once("/account/passkeys", &fields)
        .await
}

/// A stranger's browser asks, and this authenticator answers.
async fn sign_in(t: &TestApp, key: &Authenticator) -> (Browser, Answered) {
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    let begun = begin(&browser, "/sign-in/passkey", &[]).await;
    let said = key.answer(&begun["options"]);
    let answered = answer(&browser, "/sign-in/passkey", &begun, &said).await;
    (browser, answered)
}

/// The address of the form that removes the first passkey that is listed.
async fn remover(browser: &mut Browser) -> String {
    let account = browser.get("/account").await;
    let form = page::tags(&account.text, "form")
        .filter_map(|tag| page::attribute(tag, "action"))
        .find(|action| action.ends_with("/remove"));
    form.expect("a passkey is listed")
}

async fn count(t: &TestApp, kind: &str) -> usize {
    let record = t.record().await;
    record.iter().filter(|known| *known == kind).count()
}

async fn a_passkey_is_added_signs_in_and_is_removed(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = person(t, &world, 1).await;
    person.key.synced = true;
    let begun = begin(&person.browser, "/account/passkeys", &[("label", "x")]).await;
    let asked = &begun["options"];
    assert_eq!(asked["rp"]["id"], "localhost");
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(
        asked["authenticatorSelection"]["userVerification"],
        "required"
    );
    assert_eq!(asked["attestation"], "none");
    let added = add(&mut person, "<b>Work</b> phone").await;
    assert_eq!(added.status, 303, "{}", added.text);
    assert_eq!(added.header("location"), "/account?done=passkey-added");
    let listed = person.browser.get("/account").await.text;
    assert!(!listed.contains("<b>Work</b>"), "a label is markup");
    assert!(listed.contains("Work") && listed.contains("never used"));
    assert!(listed.contains("copies are kept"), "{listed}");
    // The device that holds it is not asked for a second one.
    let again = begin(&person.browser, "/account/passkeys", &[("label", "x")]).await;
    assert_eq!(
        again["options"]["excludeCredentials"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let (mut browser, entered) = sign_in(t, &person.key).await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, "/devices")
    );
    assert!(entered.header("set-cookie").contains("HttpOnly"));
    let account = browser.get("/account").await;
    assert!(account.text.contains(&person.email), "{}", account.text);
    assert!(!account.text.contains("never used"));
    let events = t.events().await;
    let signed_in = events.iter().find(|event| event.kind == "member.signed-in");
    assert!(
        signed_in.unwrap().facts.contains("Work"),
        "by which passkey"
    );

    let remover = remover(&mut browser).await;
    let removed = browser.submit_once(&remover, &[]).await;
    assert_eq!(removed.header("location"), "/account?done=passkey-removed");
    assert_eq!(browser.submit_once(&remover, &[]).await.status, 404);
    assert_eq!(
        (
            count(t, "passkey.added").await,
            count(t, "passkey.removed").await
        ),
        (1, 1)
    );
    let seen = browser.get("/events?about=people").await.text;
    assert!(
        seen.contains("removed the passkey") && !seen.contains("<b>Work"),
        "{seen}"
    );
}

async fn an_answer_counts_once_in_time_and_for_its_own_ceremony(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = with_passkey(t, &world, 1).await;
    let other = with_passkey(t, &world, 2).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    let path = "/sign-in/passkey";

    let begun = begin(&browser, path, &[]).await;
    let said = person.key.answer(&begun["options"]);
    assert_eq!(answer(&browser, path, &begun, &said).await.status, 303);
    let replayed = answer(&browser, path, &begun, &said).await;
    assert_eq!(replayed.status, 409, "{}", replayed.text);
    assert!(replayed.header("set-cookie").is_empty());
    assert!(replayed.text.contains("sent twice"), "{}", replayed.text);

    // An answer to one ceremony answers no other.
    let (one, two) = (
        begin(&browser, path, &[]).await,
        begin(&browser, path, &[]).await,
    );
    let said = person.key.answer(&one["options"]);
    assert_eq!(answer(&browser, path, &two, &said).await.status, 422);
    assert_eq!(
        answer(&browser, path, &two, &said).await.status,
        409,
        "it is spent"
    );
    assert_eq!(answer(&browser, path, &one, &said).await.status, 303);

    // Five minutes, and not one second more.
    let begun = begin(&browser, path, &[]).await;
    let said = person.key.answer(&begun["options"]);
    t.advance(Duration::from_secs(300));
    assert_eq!(answer(&browser, path, &begun, &said).await.status, 409);
    let begun = begin(&browser, path, &[]).await;
    let said = person.key.answer(&begun["options"]);
    t.advance(Duration::from_secs(299));
    assert_eq!(answer(&browser, path, &begun, &said).await.status, 303);

    // What one session began no other ends, and no other purpose.
    person.browser.sign_in(&person.email, PASSWORD).await;
    let begun = begin(&person.browser, "/confirm/passkey", &[]).await;
    let said = person.key.answer(&begun["options"]);
    for (browser, path) in [(&other.browser, "/confirm/passkey"), (&browser, path)] {
        assert_eq!(
            answer(browser, path, &begun, &said).await.status,
            409,
            "{path}"
        );
    }
    let kept = answer(&person.browser, "/confirm/passkey", &begun, &said).await;
    assert_eq!(kept.status, 303, "nobody else used it up: {}", kept.text);
    let begun = begin(&person.browser, "/account/passkeys", &[("label", "x")]).await;
    let made = person.key.make(&begun["options"]);
    let stolen = answer(&other.browser, "/account/passkeys", &begun, &made).await;
    assert!(matches!(stolen.status, 303 | 409), "{}", stolen.text);
    assert!(!stolen.header("location").contains("passkey-added"));
}

async fn what_proves_nothing_gets_one_answer_whatever_is_wrong_with_it(t: &mut TestApp) {
    let world = named(t).await;
    let person = with_passkey(t, &world, 1).await;
    let mut unknown = Authenticator::new(&t.app().portal_url, 9);
    let begun = begin(&person.browser, "/account/passkeys", &[("label", "x")]).await;
    unknown.make(&begun["options"]);
    let honest = || person.key.clone();
    let bent = |bend: Bend| {
        let mut key = honest();
        bend(&mut key);
        key
    };
    let wrong = [
        ("an unknown one", unknown),
        (
            "origin",
            bent(|key| key.origin = "https://localhost.example.org".to_owned()),
        ),
        (
            "port",
            bent(|key| key.origin = "http://localhost:1".to_owned()),
        ),
        (
            "scheme",
            bent(|key| key.origin = key.origin.replace("http:", "https:")),
        ),
        (
            "relying party",
            bent(|key| key.rp_id = Some("example.org".to_owned())),
        ),
        ("verification", bent(|key| key.verified = false)),
        ("presence", bent(|key| key.present = false)),
        (
            "registration",
            bent(|key| key.kind = Some("webauthn.create")),
        ),
        ("handle", bent(|key| key.handle = Some(vec![7; 16]))),
        ("no handle", bent(|key| key.handle = Some(Vec::new()))),
        ("eligibility", bent(|key| key.synced = true)),
    ];
    let before = count(t, "member.signed-in").await;
    let mut pages = Vec::new();
    for (what, key) in wrong {
        // A window of its own, so that what is counted is not what refuses.
        t.advance(Duration::from_secs(16 * 60));
        let (browser, refused) = sign_in(t, &key).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.text);
        assert!(refused.header("set-cookie").is_empty(), "{what}");
        assert_eq!(browser.get_once("/account").await.status, 303, "{what}");
        pages.push((what, refused.text));
    }
    for (what, page) in &pages {
        assert_eq!(page, &pages[0].1, "{what} is told apart");
    }
    assert_eq!(count(t, "member.signed-in").await, before);
    assert_eq!(count(t, "member.refused").await, pages.len());
    let (_, entered) = sign_in(t, &honest()).await;
    assert_eq!(entered.status, 303, "the honest one: {}", entered.text);
}

async fn a_new_passkey_must_be_made_here_by_somebody_who_was_verified(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = person(t, &world, 1).await;
    let bends: [(&str, Bend); 5] = [
        ("origin", |key| {
            key.origin = "https://evil.example.org".to_owned();
        }),
        ("relying party", |key| {
            key.rp_id = Some("evil.example.org".to_owned());
        }),
        ("verification", |key| key.verified = false),
        ("presence", |key| key.present = false),
        ("an assertion", |key| key.kind = Some("webauthn.get")),
    ];
    for (what, bend) in bends {
        let honest = person.key.clone();
        bend(&mut person.key);
        let refused = add(&mut person, "Work phone").await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.text);
        assert!(refused.text.contains("was not taken"), "{}", refused.text);
        assert!(
            refused.text.contains("value=\"Work phone\""),
            "what was typed is kept"
        );
        person.key = honest;
    }
    assert_eq!(count(t, "passkey.added").await, 0);
    assert_eq!(add(&mut person, "Work phone").await.status, 303);
    // A passkey that somebody has is nobody else's.
    let mut twin = self::person(t, &world, 1).await;
    assert_eq!(add(&mut twin, "Mine now").await.status, 422);
    assert_eq!(count(t, "passkey.added").await, 1);
}

async fn a_count_that_falls_is_refused_and_an_alarm(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = person(t, &world, 1).await;
    person.key.counter = Some(5);
    assert_eq!(add(&mut person, "Grey key").await.status, 303);
    for (counter, status) in [(6, 303), (6, 422), (5, 422), (0, 422), (9, 303)] {
        person.key.counter = Some(counter);
        let (_, answered) = sign_in(t, &person.key).await;
        assert_eq!(answered.status, status, "{counter}: {}", answered.text);
    }
    assert_eq!(count(t, "passkey.copied").await, 3);
    person.key.counter = Some(2);
    let begun = begin(&person.browser, "/confirm/passkey", &[]).await;
    let said = person.key.answer(&begun["options"]);
    let refused = answer(&person.browser, "/confirm/passkey", &begun, &said).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let events = t.events().await;
    let alarm = events
        .iter()
        .find(|event| event.kind == "passkey.copied")
        .unwrap();
    assert_eq!(alarm.weight, "trouble");
    assert!(alarm.facts.contains("Grey key"), "{}", alarm.facts);
    let seen = person.browser.get("/events?weight=trouble").await;
    assert!(seen.text.contains("may have been copied"), "{}", seen.text);
}

async fn nobody_comes_in_with_a_removed_passkey_or_a_closed_account(t: &mut TestApp) {
    let world = named(t).await;
    let mut removed = with_passkey(t, &world, 1).await;
    let remover = remover(&mut removed.browser).await;
    assert_eq!(removed.browser.submit_once(&remover, &[]).await.status, 303);
    let disabled = with_passkey(t, &world, 2).await;
    let id = id_of(t, &disabled.email).await;
    let owner = world.browser(&world.northwind, Role::Owner).await;
    let path = format!("/people/{id}/disable");
    assert_eq!(owner.submit_once(&path, &[]).await.status, 303);
    let mut pages = Vec::new();
    for key in [&removed.key, &disabled.key] {
        let (_, refused) = sign_in(t, key).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.header("set-cookie").is_empty());
        pages.push(refused.text);
    }
    assert_eq!(pages[0], pages[1]);
    // Removed while its answer was on the way.
    let mut late = with_passkey(t, &world, 3).await;
    let mut browser = Browser::new(&t.app().portal_url);
    browser.get("/sign-in").await;
    let begun = begin(&browser, "/sign-in/passkey", &[]).await;
    let said = late.key.answer(&begun["options"]);
    let remover = self::remover(&mut late.browser).await;
    assert_eq!(late.browser.submit_once(&remover, &[]).await.status, 303);
    assert_eq!(
        answer(&browser, "/sign-in/passkey", &begun, &said)
            .await
            .status,
        422
    );
}

async fn the_last_way_in_stays(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = with_passkey(t, &world, 1).await;
    let member = id_of(t, &person.email).await;
    let remover = remover(&mut person.browser).await;
    // No page leads there as yet: an account whose only way in is a passkey.
    t.write(move |c| {
        use diesel::prelude::*;
        diesel::table! { members (id) { id -> Text, password_hash -> Nullable<Text>, } }
        let own = members::table.filter(members::id.eq(&member));
        diesel::update(own)
            .set(members::password_hash.eq(None::<String>))
            .execute(c)?;
        Ok(())
    })
    .await;
    let refused = person.browser.submit_once(&remover, &[]).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(
        refused.text.contains("your only way in"),
        "{}",
        refused.text
    );
    assert_eq!(count(t, "passkey.removed").await, 0);
    let (_, entered) = sign_in(t, &person.key).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    assert_eq!(add(&mut person, "Second").await.status, 303);
    assert_eq!(person.browser.submit_once(&remover, &[]).await.status, 303);
}

async fn passkeys_change_only_after_the_password_was_typed_again(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = with_passkey(t, &world, 1).await;
    let remover = remover(&mut person.browser).await;
    let begun = begin(&person.browser, "/account/passkeys", &[("label", "x")]).await;
    let made = person.key.make(&begun["options"]);
    t.advance(Duration::from_secs(300));
    let asked = person
        .browser
        .submit_once("/account/passkeys/begin", &[("label", "x")])
        .await;
    asked.expect_problem(403, "confirm-first");
    for refused in [
        answer(&person.browser, "/account/passkeys", &begun, &made).await,
        person.browser.submit_once(&remover, &[]).await,
    ] {
        assert_eq!(refused.status, 303);
        assert!(refused.header("location").starts_with("/confirm?next="));
    }
    assert_eq!(count(t, "passkey.added").await, 1);
    assert_eq!(count(t, "passkey.removed").await, 0);
    // A form of another session, or of none, changes nothing either.
    let strange = person
        .browser
        .post_raw(&remover, &[], &[("sec-fetch-site", "same-origin")])
        .await;
    assert_eq!(strange.status, 403, "{}", strange.text);
}

async fn a_passkey_confirms_its_own_member_and_nobody_else(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = with_passkey(t, &world, 1).await;
    let other = with_passkey(t, &world, 2).await;
    t.advance(Duration::from_secs(301));
    let remover = remover(&mut person.browser).await;
    let page = person.browser.get("/confirm?next=%2Fdevices").await;
    assert!(page.text.contains("data-passkey=\"use\""), "{}", page.text);
    let path = "/confirm/passkey";
    let begun = begin(&person.browser, path, &[]).await;
    assert_eq!(
        begun["options"]["allowCredentials"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let refused = answer(
        &person.browser,
        path,
        &begun,
        &other.key.answer(&begun["options"]),
    )
    .await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let act = person.browser.submit_once(&remover, &[]).await;
    assert!(
        act.header("location").starts_with("/confirm"),
        "still closed"
    );
    // Authenticators that were told whose passkey it is need not say so.
    person.key.handle = None;
    let begun = begin(&person.browser, path, &[]).await;
    let mut said = person.key.answer(&begun["options"]);
    said["response"]["userHandle"] = Value::Null;
    let confirmed = answer(&person.browser, path, &begun, &said).await;
    assert_eq!(
        (confirmed.status, confirmed.header("location")),
        (303, "/devices")
    );
    let act = person.browser.submit_once(&remover, &[]).await;
    assert_eq!(act.header("location"), "/account?done=passkey-removed");
    let none = person
        .browser
        .submit_once("/confirm/passkey/begin", &[])
        .await;
    none.expect_problem(409, "passkeys-none");
    let page = person.browser.get("/confirm").await;
    assert!(!page.text.contains("data-passkey=\"use\""));
}

async fn labels_and_numbers_are_bounded(t: &mut TestApp) {
    let world = named(t).await;
    let mut person = person(t, &world, 1).await;
    for label in ["", "  ", "a\u{202e}b", "a\nb", &"x".repeat(61)] {
        let refused = person
            .browser
            .submit_once("/account/passkeys/begin", &[("label", label)])
            .await;
        assert_eq!(refused.status, 422, "{label}: {}", refused.text);
        // Nor by whoever leaves the first half out.
        let fields = [("label", label), ("ceremony", "none"), ("answer", "{}")];
        let refused = person
            .browser
            .submit_once("/account/passkeys", &fields)
            .await;
        assert_eq!(refused.status, 422, "{label}: {}", refused.text);
        assert!(refused.text.contains("aria-invalid"), "{}", refused.text);
    }
    for number in 1..=10 {
        let added = add(&mut person, &format!("Key {number}")).await;
        assert_eq!(added.status, 303, "{number}: {}", added.text);
    }
    let begun = person
        .browser
        .submit_once("/account/passkeys/begin", &[("label", "Key 11")])
        .await;
    begun.expect_problem(409, "passkeys-many");
    let account = person.browser.get("/account").await.text;
    assert!(account.contains("as many as are kept"), "{account}");
    assert!(!account.contains("data-passkey=\"add\""));
    for nonsense in ["", "null", "[]", "{\"id\":1}", &"x".repeat(9000)] {
        let fields = [("ceremony", "none"), ("answer", nonsense)];
        for path in ["/sign-in/passkey", "/confirm/passkey"] {
            let refused = person.browser.submit_once(path, &fields).await;
            assert_eq!(refused.status, 422, "{path} {nonsense}: {}", refused.text);
        }
    }
}

async fn a_portal_without_a_name_says_so_in_words(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let stranger = Browser::new(&t.app().portal_url);
    for page in [
        browser.get("/account").await,
        stranger.get_once("/sign-in").await,
    ] {
        assert!(
            page.text.contains("reached as an IP address"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("data-passkey="), "{}", page.text);
    }
    for (path, browser) in [
        ("/account/passkeys", &browser),
        ("/sign-in/passkey", &stranger),
    ] {
        let refused = browser
            .submit_once(&format!("{path}/begin"), &[("label", "x")])
            .await;
        refused.expect_problem(409, "passkeys-address");
    }
}

async fn too_many_answers_are_held_off_and_unanswered_ones_forgotten(t: &mut TestApp) {
    let world = named(t).await;
    let person = with_passkey(t, &world, 1).await;
    let mut wrong = person.key.clone();
    wrong.verified = false;
    for _ in 0..10 {
        assert_eq!(sign_in(t, &wrong).await.1.status, 422);
    }
    let before = count(t, "member.held-off").await;
    for key in [&wrong, &person.key] {
        let held_off = sign_in(t, key).await.1;
        assert_eq!(held_off.status, 429, "{}", held_off.text);
        assert!(!held_off.header("retry-after").is_empty());
    }
    assert_eq!(count(t, "member.held-off").await, before + 1, "told once");
    // The password is another way, and another count.
    Browser::new(&t.app().portal_url)
        .sign_in(&person.email, PASSWORD)
        .await;
    t.advance(Duration::from_secs(15 * 60));
    assert_eq!(sign_in(t, &person.key).await.1.status, 303);

    let browser = Browser::new(&t.app().portal_url);
    begin(&browser, "/sign-in/passkey", &[]).await;
    let rows = async || {
        t.read(|c| {
            use diesel::prelude::*;
            diesel::table! { webauthn_ceremonies (id) { id -> Text, } }
            let all: i64 = webauthn_ceremonies::table.count().get_result(c)?;
            Ok(all)
        })
        .await
    };
    let left = rows().await;
    t.run_job("people.forget").await;
    assert_eq!(rows().await, left.min(1), "those that can be answered stay");
    t.advance(Duration::from_secs(300));
    t.run_job("people.forget").await;
    assert_eq!(rows().await, 0);
    let mut status = 0;
    for _ in 0..=300 {
        status = browser
            .submit_once("/sign-in/passkey/begin", &[])
            .await
            .status;
    }
    assert_eq!(status, 429, "nobody fills the table");
}
