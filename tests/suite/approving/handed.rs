//! What was handed over to the approvals host ends with the session that handed it over, and when it is begun anew.

use muster_domain::permission::Role;
use muster_store::approval_ceremonies;
use muster_tests::api::text;
use muster_tests::passkey::{Approvals, Passkey, begin_approval, begin_registration};
use muster_tests::world::PASSWORD;
use muster_tests::{Browser, TestApp, on_both_databases};
use serde_json::json;

use super::{bring_in, registration};

on_both_databases![
    a_hand_over_ends_with_its_session,
    beginning_anew_ends_what_was_begun,
];

const NEW: &str = "five other words of mine";

async fn a_hand_over_ends_with_its_session(t: &mut TestApp) {
    let mut world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let portal = t.app().portal_url.clone();
    let browser = async |password| {
        let mut browser = Browser::new(&portal);
        browser.sign_in(&email, password).await;
        browser
    };
    let host = Approvals::of(t);
    let mut here = browser(PASSWORD).await;
    let mut passkey = Passkey::new(t, 90);
    let done = host.register(&mut here, "Blue key", &mut passkey).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let made = registration(&mut here).await;
    bring_in(t, &mut world, &made).await;
    let phone = world.phone(t, "NW-000042").await;
    let api = world.northwind.api.clone();
    let args = json!({ "text": "Call us" });
    let id = text(&api.command("message", &[&phone.device], args).await["id"]);

    // Signed out in between: the page that is open signs nothing, and shows nothing.
    let mut there = browser(PASSWORD).await;
    let approval = begin_approval(&mut there, &id).await;
    let another = begin_registration(&mut there, "Red key").await;
    let asked = host.get(&approval).await;
    assert_eq!((asked.status, host.get(&another).await.status), (200, 200));
    let answer = passkey.answers(&asked);
    assert_eq!(there.submit_once("/sign-out", &[]).await.status, 303);
    let late = host.post(&approval, &answer).await;
    assert_eq!(late.status, 410, "{}", late.text);
    assert!(late.text.contains("signed out since"), "{}", late.text);
    for ended in [&approval, &another] {
        assert_eq!(host.get(ended).await.status, 410);
    }
    let made = Passkey::new(t, 91).made();
    assert_eq!(host.post(&another, &made).await.status, 410);
    assert_eq!(api.command_state(&id).await["approvals"], json!([]));

    // A new password ends every other session, and what these handed over.
    let mut there = browser(PASSWORD).await;
    let approval = begin_approval(&mut there, &id).await;
    let answer = passkey.answers(&host.get(&approval).await);
    here.get("/account").await;
    let fields = [("current", PASSWORD), ("password", NEW)];
    assert_eq!(here.submit("/account/password", &fields).await.status, 200);
    assert_eq!(host.post(&approval, &answer).await.status, 410);
    assert_eq!(api.command_state(&id).await["approvals"], json!([]));

    // The session that typed it goes on, and so does what it hands over.
    let approval = begin_approval(&mut here, &id).await;
    let answer = passkey.answers(&host.get(&approval).await);
    assert_eq!(host.post(&approval, &answer).await.status, 303);
}

async fn beginning_anew_ends_what_was_begun(t: &mut TestApp) {
    let mut world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    let mut passkey = Passkey::new(t, 92);
    let done = host.register(&mut browser, "Blue key", &mut passkey).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let made = registration(&mut browser).await;
    bring_in(t, &mut world, &made).await;
    let phone = world.phone(t, "NW-000042").await;
    let api = world.northwind.api.clone();
    let mut ids = Vec::new();
    for number in 0..2 {
        let args = json!({ "text": format!("Call us, {number}") });
        ids.push(text(
            &api.command("message", &[&phone.device], args).await["id"],
        ));
    }
    let mut of_first = Vec::new();
    for _ in 0..4 {
        of_first.push(begin_approval(&mut browser, &ids[0]).await);
    }
    let of_second = begin_approval(&mut browser, &ids[1]).await;
    let register = begin_registration(&mut browser, "Red key").await;
    let newest = of_first.pop().unwrap();
    for ended in &of_first {
        assert_eq!(host.get(ended).await.status, 410);
    }
    // Of another command and of another purpose each has its own; somebody else's are nobody's but theirs.
    let mut other = world.browser(&world.northwind, Role::Admin).await;
    let theirs = begin_registration(&mut other, "Green key").await;
    for live in [&newest, &of_second, &register, &theirs] {
        assert_eq!(host.get(live).await.status, 200);
    }
    let kept = t
        .write(|tx| approval_ceremonies::delete_expired(tx, i64::MAX))
        .await;
    assert_eq!(kept, 4, "what was begun anew leaves no row");
}
