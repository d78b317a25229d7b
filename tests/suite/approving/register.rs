//! Registering: from the account page to the keyring, and everything that is refused on the way.

use diesel::connection::SimpleConnection as _;
use muster_domain::permission::Role;
use muster_protocol::keys::P256Signer;
use muster_tests::passkey::{Approvals, Passkey, begin_registration, options};
use muster_tests::{TestApp, on_both_databases};

use super::{bring_in, registration, take_out};

on_both_databases![
    a_passkey_waits_for_the_keyring_enters_it_and_leaves_it,
    what_no_keyring_could_hold_is_refused,
    a_trial_that_phones_would_not_believe_is_refused,
    a_label_is_hostile_input,
    a_registration_is_done_once,
    two_registrations_at_once_make_no_second_person,
    a_member_has_one_person_however_many_passkeys,
    a_passkey_out_of_use_stays_out,
];

async fn a_passkey_waits_for_the_keyring_enters_it_and_leaves_it(t: &mut TestApp) {
    let mut world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let mut passkey = Passkey::new(t, 70);
    let host = Approvals::of(t);
    let done = host.register(&mut browser, "Blue key", &mut passkey).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let portal = &t.app().portal_url;
    assert_eq!(
        done.header("location"),
        format!("{portal}/account?done=approving-passkey-added")
    );
    let made = registration(&mut browser).await;
    let claim = &made.claim;
    assert_eq!(claim.label, "Blue key");
    assert_eq!(claim.name, "Robin the admin");
    assert_eq!(
        claim.passkey.origin,
        t.app().approvals.as_ref().unwrap().origin
    );
    assert_eq!(claim.passkey.rp_id, "approvals.localhost");
    let account = browser.get("/account").await;
    assert!(
        account.text.contains("Waits for the keyring"),
        "{}",
        account.text
    );
    assert!(account.text.contains(&claim.words()));
    assert!(
        t.record()
            .await
            .contains(&"approving-passkey.added".to_owned())
    );
    bring_in(t, &mut world, &made).await;
    let account = browser.get("/account").await.text;
    assert!(
        account.contains("In keyring 2 of Northwind Mobile."),
        "{account}"
    );
    let alone = muster_tests::page::between(&account, "May approve alone: ", ".")
        .unwrap()
        .to_owned();
    let beside = muster_tests::page::between(&account, "Beside others: ", ".")
        .unwrap()
        .to_owned();
    for kind in ["Message", "Unlock", "Resume", "Cancel", "Hold"] {
        assert!(alone.contains(kind), "{kind}: {alone}");
    }
    assert!(
        beside.contains("Wipe") && beside.contains("Transfer"),
        "{beside}"
    );
    for kind in ["Kill", "Lock out", "Release", "Wipe"] {
        assert!(!alone.contains(kind), "{kind}: {alone}");
    }
    assert!(!beside.contains("Kill"), "{beside}");
    take_out(t, &mut world, &made).await;
    let account = browser.get("/account").await.text;
    assert!(
        account.contains("The newest keyring no longer holds it."),
        "{account}"
    );
}

async fn what_no_keyring_could_hold_is_refused(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    let address = begin_registration(&mut browser, "Blue key").await;
    let honest = Passkey::new(t, 71);
    type Bend = fn(&mut Passkey);
    let bends: [(&str, Bend); 5] = [
        ("another site", |p| p.rp_id = "localhost".to_owned()),
        ("nobody verified", |p| p.flags = 0x01),
        ("extensions", |p| p.flags = 0x85),
        ("backed up and not eligible", |p| p.flags = 0x15),
        ("off the curve", |p| p.claimed = Some(vec![4; 65])),
    ];
    for (what, bend) in bends {
        let mut bent = honest.clone();
        bend(&mut bent);
        let refused = host.post(&address, &bent.made()).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.text);
    }
    for nonsense in [
        vec![],
        vec![("auth", "AAAA".to_owned())],
        vec![("auth", "!!".to_owned())],
    ] {
        assert_eq!(host.post(&address, &nonsense).await.status, 422);
    }
    // Nothing of it spoiled the ceremony.
    assert_eq!(host.post(&address, &honest.made()).await.status, 303);
}

async fn a_trial_that_phones_would_not_believe_is_refused(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    let mut honest = Passkey::new(t, 72);
    // A hacked portal claims a key of its own for a credential of the member's: the member's trial does not fit it.
    let mut swapped = honest.clone();
    let other = P256Signer::from_bytes([99; 32]).unwrap();
    swapped.claimed = Some(other.verifying_key().raw().to_vec());
    let refused = host.register(&mut browser, "Swapped", &mut swapped).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let address = begin_registration(&mut browser, "Blue key").await;
    let made = host.post(&address, &honest.made()).await;
    let trial = made.header("location").to_owned();
    let asked = host.get(&trial).await;
    type Bend = fn(&mut Passkey);
    let bends: [(&str, Bend); 6] = [
        ("no crossOrigin", |p| p.tail = "}".to_owned()),
        ("a frame", |p| p.tail = r#","crossOrigin":true}"#.to_owned()),
        ("the portal's page", |p| {
            p.origin = "http://localhost:1".to_owned();
        }),
        ("another RP ID", |p| p.rp_id = "localhost".to_owned()),
        ("nobody verified", |p| p.flags = 0x01),
        ("suddenly copied", |p| p.flags = 0x0d),
    ];
    for (what, bend) in bends {
        let mut bent = honest.clone();
        bend(&mut bent);
        let refused = host.post(&trial, &bent.answers(&asked)).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.text);
    }
    let stale = honest.signs(&"A".repeat(43));
    assert_eq!(
        host.post(&trial, &stale).await.status,
        422,
        "another challenge"
    );
    assert!(
        !t.record()
            .await
            .contains(&"approving-passkey.added".to_owned())
    );
    let done = host.post(&trial, &honest.answers(&asked)).await;
    assert_eq!(done.status, 303, "{}", done.text);
}

async fn a_label_is_hostile_input(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    browser.get("/account/approving").await;
    for label in ["", "  ", "yek\u{202e}der", "two\nlines", &"x".repeat(61)] {
        let refused = browser
            .submit_once("/account/approving", &[("label", label)])
            .await;
        assert_eq!(refused.status, 422, "{label:?}: {}", refused.text);
    }
    let hostile = "\"><script>alert(1)</script>{{7*7}}";
    let mut passkey = Passkey::new(t, 73);
    let done = host.register(&mut browser, hostile, &mut passkey).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let address = begin_registration(&mut browser, hostile).await;
    for text in [
        browser.get("/account").await.text,
        host.get(&address).await.text,
        browser.get("/events").await.text,
    ] {
        assert!(!text.contains("<script>alert"), "{text}");
        assert!(text.contains("{{7*7}}"));
    }
    assert_eq!(registration(&mut browser).await.claim.label, hostile);
}

/// Each hand-over draws a person for whoever has none yet: two side by side once made one member two people.
async fn two_registrations_at_once_make_no_second_person(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    let first = begin_registration(&mut browser, "Blue key").await;
    let second = begin_registration(&mut browser, "Red key").await;
    // The second one ended the first: there is never more than one person on the way.
    let ended = host.post(&first, &Passkey::new(t, 76).made()).await;
    assert_eq!(ended.status, 410, "{}", ended.text);
    let mut passkey = Passkey::new(t, 77);
    assert_eq!(host.post(&second, &passkey.made()).await.status, 303);
    let trial = format!("{second}/trial");
    let asked = host.get(&trial).await;
    let answer = passkey.answers(&asked);
    assert_eq!(host.post(&trial, &answer).await.status, 303);
    let account = browser.get("/account").await.text;
    assert!(
        account.contains("Red key") && !account.contains("Blue key"),
        "{account}"
    );
    // One that slipped through, begun as somebody else while the other was being finished: the end refuses it.
    let third = begin_registration(&mut browser, "Green key").await;
    let stranger = "UPDATE approval_ceremonies SET person = '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b'";
    t.write(move |tx| Ok(tx.batch_execute(stranger)?)).await;
    let mut passkey = Passkey::new(t, 78);
    assert_eq!(host.post(&third, &passkey.made()).await.status, 303);
    let trial = format!("{third}/trial");
    let asked = host.get(&trial).await;
    let refused = host.post(&trial, &passkey.answers(&asked)).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
}

async fn a_registration_is_done_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    let mut passkey = Passkey::new(t, 74);
    let address = begin_registration(&mut browser, "Blue key").await;
    let trial = format!("{address}/trial");
    // No trial before there is something to try.
    let early = host.post(&trial, &passkey.signs(&"A".repeat(43))).await;
    assert_eq!(early.status, 409, "{}", early.text);
    assert_eq!(host.post(&address, &passkey.made()).await.status, 303);
    // What was claimed is not claimed again as something else.
    let other = Passkey::new(t, 75);
    assert_eq!(host.post(&address, &other.made()).await.status, 409);
    let asked = host.get(&trial).await;
    let answer = passkey.answers(&asked);
    assert_eq!(host.post(&trial, &answer).await.status, 303);
    for gone in [&address, &trial] {
        assert_eq!(host.get(gone).await.status, 410);
    }
    assert_eq!(host.post(&trial, &answer).await.status, 410);
    // One key is registered once, whoever brings it: and the browser is told which ones not to make again.
    let again = host.register(&mut browser, "Again", &mut passkey).await;
    assert_eq!(again.status, 409, "{}", again.text);
    let next = begin_registration(&mut browser, "Another").await;
    let excluded = options(&host.get(&next).await)["excludeCredentials"].clone();
    assert_eq!(excluded.as_array().unwrap().len(), 1, "{excluded}");
    t.advance(std::time::Duration::from_secs(181));
    assert_eq!(host.get(&next).await.status, 410, "three minutes are over");
    assert_eq!(
        host.post(&next, &Passkey::new(t, 76).made()).await.status,
        410
    );
}

async fn a_member_has_one_person_however_many_passkeys(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    for seed in [77, 78] {
        let mut passkey = Passkey::new(t, seed);
        let done = host.register(&mut browser, "Key", &mut passkey).await;
        assert_eq!(done.status, 303, "{}", done.text);
    }
    let second = registration(&mut browser).await;
    let account = browser.get("/account").await.text;
    let first = muster_tests::page::links(&account)
        .into_iter()
        .find(|link| link.ends_with("/registration"))
        .unwrap();
    let first = browser.get_once(&first).await.text;
    assert!(first.contains(&second.claim.person.to_string()));
    assert!(!first.contains(&second.claim.key_id().to_string()));
    // Somebody who approves with a file already says so, and is the same person then.
    let mut other = world.browser(&world.northwind, Role::Owner).await;
    let ada = muster_tests::fleet::person(10).to_string();
    other.get("/account/approving").await;
    let stranger = other
        .submit_once(
            "/account/approving",
            &[("label", "Key"), ("person", &"0".repeat(32))],
        )
        .await;
    assert_eq!(stranger.status, 422, "{}", stranger.text);
    let handed = other
        .submit_once("/account/approving", &[("label", "Key"), ("person", &ada)])
        .await;
    let address = handed.header("location").to_owned();
    let mut passkey = Passkey::new(t, 79);
    let made = host.post(&address, &passkey.made()).await;
    let trial = made.header("location").to_owned();
    let asked = host.get(&trial).await;
    assert_eq!(
        host.post(&trial, &passkey.answers(&asked)).await.status,
        303
    );
    assert_eq!(registration(&mut other).await.claim.person.to_string(), ada);
}

async fn a_passkey_out_of_use_stays_out(t: &mut TestApp) {
    let mut world = t.world().await;
    let mut approver = super::Approver::of(t, &mut world, 80).await;
    let phone = world.phone(t, "NW-000042").await;
    let api = world.northwind.api.clone();
    let text = serde_json::json!({ "text": "Call us" });
    let id = muster_tests::api::text(&api.command("message", &[&phone.device], text).await["id"]);
    let account = approver.browser.get("/account").await.text;
    let remove = muster_tests::page::tags(&account, "form")
        .filter_map(|tag| muster_tests::page::attribute(tag, "action"))
        .find(|action| action.ends_with("/remove"))
        .unwrap();
    let removed = approver.browser.submit(&remove, &[]).await;
    assert!(removed.text.contains("Out of use."), "{}", removed.text);
    assert!(
        removed
            .text
            .contains("ask your root signers to take it out")
    );
    approver.browser.get(&format!("/commands/{id}")).await;
    let refused = approver
        .browser
        .submit_once(&format!("/commands/{id}/passkey"), &[])
        .await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(
        t.record()
            .await
            .contains(&"approving-passkey.removed".to_owned())
    );
    // Nobody else puts it out of use, or has its file.
    let mut other = world.browser(&world.northwind, Role::Owner).await;
    other.get("/account").await;
    assert_eq!(other.submit_once(&remove, &[]).await.status, 404);
    let file = remove.replace("/remove", "/registration");
    assert_eq!(other.get_once(&file).await.status, 404);
    assert_eq!(approver.browser.get_once(&file).await.status, 200);
}
