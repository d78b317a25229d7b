//! Signing: a passkey of the portal does what its grants say, down to the phone.

use muster_domain::permission::Role;
use muster_protocol::base64;
use muster_protocol::envelope::{DocumentType, Envelope, Signature};
use muster_tests::api::text;
use muster_tests::passkey::{Passkey, begin_approval};
use muster_tests::{TestApp, on_both_databases, page};
use serde_json::{Value, json};

use super::Approver;

on_both_databases![
    a_message_is_approved_and_shown,
    the_second_person_of_a_wipe,
    a_signature_that_does_not_hold_seals_nothing,
    an_approval_is_given_once_and_by_whom_it_was_handed_to,
    a_counter_that_falls_raises_an_alarm,
    a_passkeys_signature_comes_in_by_the_api_too,
];

async fn message(api: &muster_tests::Api, device: &str) -> String {
    let words = json!({ "text": "Please call us" });
    text(&api.command("message", &[device], words).await["id"])
}

async fn a_message_is_approved_and_shown(t: &mut TestApp) {
    let mut world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    let mut approver = Approver::of(t, &mut world, 60).await;
    phone.check_in().await;
    let api = world.northwind.api.clone();
    let id = message(&api, &phone.device).await;
    let shown = approver.browser.get(&format!("/commands/{id}")).await;
    assert!(
        shown.text.contains("Approve with your passkey"),
        "{}",
        shown.text
    );
    let address = begin_approval(&mut approver.browser, &id).await;
    let asked = approver.host.get(&address).await;
    for said in [
        "NW-000042",
        "Please call us",
        "left in a taxi",
        "Northwind Mobile",
        "Robin the admin",
    ] {
        assert!(
            asked.text.contains(said),
            "{said} is not shown: {}",
            asked.text
        );
    }
    let options = muster_tests::passkey::options(&asked);
    assert_eq!(options["rpId"], "approvals.localhost");
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let done = approver
        .host
        .post(&address, &approver.passkey.answers(&asked))
        .await;
    assert_eq!(done.status, 303, "{}", done.text);
    let portal = &t.app().portal_url;
    assert_eq!(
        done.header("location"),
        format!("{portal}/commands/{id}?done=command-sealed")
    );
    t.log_settles().await;
    phone.check_in().await;
    assert_eq!(api.command_state(&id).await["state"], "done");
    assert!(
        phone.screen().contains("Please call us"),
        "{}",
        phone.screen()
    );
}

async fn the_second_person_of_a_wipe(t: &mut TestApp) {
    let mut world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    let mut approver = Approver::of(t, &mut world, 61).await;
    phone.check_in().await;
    let api = world.northwind.api.clone();
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let page = approver.browser.get(&format!("/commands/{id}")).await;
    assert!(
        page.text
            .contains("At least one other must come from muster approve")
    );
    // Alone it is one of two.
    let first = approver
        .host
        .approve(&mut approver.browser, &id, &mut approver.passkey)
        .await;
    assert!(
        first.header("location").ends_with("?done=command-signed"),
        "{}",
        first.text
    );
    let waits = api.command_state(&id).await;
    assert_eq!(waits["state"], "awaiting-approval", "{waits}");
    t.log_settles().await;
    phone.check_in().await;
    phone.assert_unharmed();
    // Another portal passkey is not the independent one that it takes.
    let shown = api
        .get(&format!("/api/v1/commands/{id}/envelope"))
        .await
        .expect(200);
    let payload = base64::decode(&text(&shown["payload"])).unwrap();
    let envelope = Envelope::unsigned(DocumentType::Command, payload);
    let answer = api
        .post(
            &format!("/api/v1/commands/{id}/approvals"),
            &entry(&world.fleet.cleo.approve(&envelope)),
        )
        .await
        .expect(201);
    assert_eq!(
        answer,
        json!({ "sealed": false, "missing": "needs_independent" })
    );
    api.approve(&id, &world.fleet.ada).await.expect(201);
    t.log_settles().await;
    phone.check_in().await;
    assert!(phone.is_erased());
    assert_eq!(api.command_state(&id).await["state"], "done");
}

async fn a_signature_that_does_not_hold_seals_nothing(t: &mut TestApp) {
    let mut world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut approver = Approver::of(t, &mut world, 62).await;
    let api = world.northwind.api.clone();
    let id = message(&api, &phone.device).await;
    type Bend = fn(&mut Passkey);
    let bends: [(&str, Bend); 5] = [
        ("wa_client_data", |p| {
            p.origin = "http://localhost:1".to_owned();
        }),
        ("wa_client_data", |p| p.tail = "}".to_owned()),
        ("wa_rp_id", |p| p.rp_id = "localhost".to_owned()),
        ("wa_flags", |p| p.flags = 0x01),
        ("wa_flags", |p| p.flags = 0x0d),
    ];
    for (code, bend) in bends {
        let mut bent = approver.passkey.clone();
        bend(&mut bent);
        let refused = approver
            .host
            .approve(&mut approver.browser, &id, &mut bent)
            .await;
        assert_eq!(refused.status, 422, "{code}: {}", refused.text);
        assert!(refused.text.contains(code), "{code}: {}", refused.text);
    }
    // An honest passkey that signs something else.
    let address = begin_approval(&mut approver.browser, &id).await;
    let other = approver.passkey.signs(&"A".repeat(43));
    let refused = approver.host.post(&address, &other).await;
    assert!(refused.text.contains("wa_client_data"), "{}", refused.text);
    // A passkey that is nobody's here.
    let mut stranger = Passkey::new(t, 63);
    let refused = approver
        .host
        .approve(&mut approver.browser, &id, &mut stranger)
        .await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let state = api.command_state(&id).await;
    assert_eq!(
        (&state["state"], &state["approvals"]),
        (&json!("awaiting-approval"), &json!([]))
    );
    let tried = t.record().await;
    let tried = tried
        .iter()
        .filter(|kind| *kind == "command.approval-refused");
    assert_eq!(tried.count(), 6);
}

async fn an_approval_is_given_once_and_by_whom_it_was_handed_to(t: &mut TestApp) {
    let mut world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut one = Approver::of(t, &mut world, 64).await;
    let mut other = Approver::of(t, &mut world, 65).await;
    let api = world.northwind.api.clone();
    let id = message(&api, &phone.device).await;
    let address = begin_approval(&mut one.browser, &id).await;
    // Somebody else's passkey at an address that leaked.
    let asked = one.host.get(&address).await;
    let refused = one
        .host
        .post(&address, &other.passkey.answers(&asked))
        .await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(api.command_state(&id).await["approvals"], json!([]));
    // Three minutes.
    let address = begin_approval(&mut one.browser, &id).await;
    let asked = one.host.get(&address).await;
    let late = one.passkey.answers(&asked);
    t.advance(std::time::Duration::from_secs(181));
    assert_eq!(one.host.post(&address, &late).await.status, 410);
    assert_eq!(one.host.get(&address).await.status, 410);
    // A token of one purpose is none of the other, and nobody knows the rest.
    let address = begin_approval(&mut one.browser, &id).await;
    let token = address.rsplit('/').next().unwrap().to_owned();
    assert_eq!(
        one.host.get(&format!("/register/{token}")).await.status,
        410
    );
    assert_eq!(
        one.host
            .get(&format!("/approve/{}", "0".repeat(64)))
            .await
            .status,
        410
    );
    // Whoever is put out meanwhile signs nothing.
    let asked = one.host.get(&address).await;
    let good = one.passkey.answers(&asked);
    let theirs = begin_approval(&mut other.browser, &id).await;
    let owner = world.browser(&world.northwind, Role::Owner).await;
    put_out(owner, &other).await;
    assert_eq!(other.host.get(&theirs).await.status, 410);
    // Once, and then it is over.
    let done = one.host.post(&address, &good).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(one.host.post(&address, &good).await.status, 410);
    one.browser.get(&format!("/commands/{id}")).await;
    let again = one
        .browser
        .submit_once(&format!("/commands/{id}/passkey"), &[])
        .await;
    assert_eq!(again.status, 409, "{}", again.text);
}

/// The owner closes the account of an approver, by the address that its page shows.
async fn put_out(mut owner: muster_tests::Browser, gone: &Approver) {
    let account = gone.browser.get_once("/account").await.text;
    let email = page::between(&account, "</h1><p>", "</p>")
        .unwrap()
        .replace("&#64;", "@");
    let people = owner.get("/people").await.text;
    let after = people
        .split(email.as_str())
        .nth(1)
        .unwrap_or_else(|| unreachable!("{email}: {people}"));
    let action = page::tags(after, "form")
        .filter_map(|tag| page::attribute(tag, "action"))
        .find(|action| action.ends_with("/disable"))
        .unwrap();
    let done = owner.submit_once(&action, &[]).await;
    assert_eq!(done.status, 303, "{}", done.text);
}

async fn a_counter_that_falls_raises_an_alarm(t: &mut TestApp) {
    let mut world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut approver = Approver::of(t, &mut world, 66).await;
    let api = world.northwind.api.clone();
    let fell = async || {
        let record = t.record().await;
        record
            .iter()
            .filter(|kind| *kind == "approval.counter-fell")
            .count()
    };
    for (counter, alarms) in [(0, 0), (0, 0), (7, 0), (8, 0), (8, 1), (3, 2), (9, 2)] {
        approver.passkey.counter = counter;
        let id = message(&api, &phone.device).await;
        let done = approver
            .host
            .approve(&mut approver.browser, &id, &mut approver.passkey)
            .await;
        // The server alarms; whether it counts is the phone's matter, and phones ignore the counter.
        assert_eq!(done.status, 303, "{}", done.text);
        assert_eq!(fell().await, alarms, "at {counter}");
    }
}

/// A signature as the API takes it.
pub fn entry(signature: &Signature) -> Value {
    let Signature::WebAuthn {
        keyid,
        auth,
        client,
        sig,
    } = signature
    else {
        unreachable!("a passkey's signature")
    };
    json!({ "keyid": keyid.to_string(), "auth": base64::encode(auth), "client": base64::encode(client), "sig": base64::encode(sig) })
}

async fn a_passkeys_signature_comes_in_by_the_api_too(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = message(api, &phone.device).await;
    let shown = api
        .get(&format!("/api/v1/commands/{id}/envelope"))
        .await
        .expect(200);
    let payload = base64::decode(&text(&shown["payload"])).unwrap();
    let good = entry(
        &world
            .fleet
            .cleo
            .approve(&Envelope::unsigned(DocumentType::Command, payload)),
    );
    let path = format!("/api/v1/commands/{id}/approvals");
    for half in ["auth", "client"] {
        let mut bent = good.clone();
        bent.as_object_mut().unwrap().remove(half);
        api.post(&path, &bent)
            .await
            .expect_problem(422, "signature");
    }
    let mut plain = good.clone();
    for half in ["auth", "client"] {
        plain.as_object_mut().unwrap().remove(half);
    }
    api.post(&path, &plain)
        .await
        .expect_problem(422, "approval-refused");
    assert_eq!(
        api.post(&path, &good).await.expect(201),
        json!({ "sealed": true })
    );
    // What was stored comes out again as it came in, and the phone believes the envelope.
    let shown = api
        .get(&format!("/api/v1/commands/{id}/envelope"))
        .await
        .expect(200);
    assert_eq!(shown["signatures"], json!([good]));
    t.log_settles().await;
    phone.check_in().await;
    assert_eq!(api.command_state(&id).await["state"], "done");
}
