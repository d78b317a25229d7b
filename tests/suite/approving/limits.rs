//! What a passkey of the portal never suffices for, whatever the server is told and whoever is deceived.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_domain::permission::Role;
use muster_protocol::base64;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::policy::{Noncompliance, Policy};
use muster_protocol::time::DAY;
use muster_tests::api::text;
use muster_tests::passkey::Passkey;
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{Approver, sign::entry};

on_both_databases![
    a_portal_passkey_alone_seals_nothing_that_cannot_be_undone,
    nor_does_it_sign_policies,
    other_tenants_have_no_part_in_it,
];

async fn a_portal_passkey_alone_seals_nothing_that_cannot_be_undone(t: &mut TestApp) {
    let mut world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    let mut approver = Approver::of(t, &mut world, 50).await;
    phone.check_in().await;
    let api = world.northwind.api.clone();
    let hold = json!({ "case": "C-1" });
    let hold = text(&api.command("hold", &[&phone.device], hold).await["id"]);
    let auditor = &world.fleet.auditor;
    api.approve(&hold, auditor).await.expect(201);
    t.log_settles().await;
    phone.check_in().await;
    let fingerprint = json!({ "fingerprint": world.lyre_fleet.fingerprint.to_string() });
    let key = super::registration(&mut approver.browser).await;
    let key = key.claim.key_id().to_string();
    let wanted = [
        ("kill", Value::Null, "needs_independent"),
        ("lock-fleet", Value::Null, "needs_independent"),
        ("release", Value::Null, "needs_independent"),
        ("wipe", Value::Null, "threshold"),
        ("transfer", fingerprint, "threshold"),
    ];
    for (kind, arguments, missing) in wanted {
        let id = text(&api.command(kind, &[&phone.device], arguments).await["id"]);
        let page = approver.browser.get(&format!("/commands/{id}")).await;
        let handed = approver
            .browser
            .submit_once(&format!("/commands/{id}/passkey"), &[])
            .await;
        if missing == "needs_independent" {
            assert!(
                page.text.contains("never counts for this kind"),
                "{kind}: {}",
                page.text
            );
            assert_eq!(handed.status, 409, "{kind}: {}", handed.text);
            assert!(handed.text.contains("never counts for this kind"), "{kind}");
        } else {
            let address = handed.header("location").to_owned();
            let asked = approver.host.get(&address).await;
            let done = approver
                .host
                .post(&address, &approver.passkey.answers(&asked))
                .await;
            assert!(
                done.header("location").ends_with("?done=command-signed"),
                "{kind}: {}",
                done.text
            );
        }
        // Whoever brings a deceived person's signature past the pages gets no further.
        let shown = api
            .get(&format!("/api/v1/commands/{id}/envelope"))
            .await
            .expect(200);
        let payload = base64::decode(&text(&shown["payload"])).unwrap();
        let envelope = Envelope::unsigned(DocumentType::Command, payload);
        let deceived = if missing == "needs_independent" {
            brought(&mut approver.passkey, &key, &envelope)
        } else {
            entry(&world.fleet.cleo.approve(&envelope))
        };
        let answer = api
            .post(&format!("/api/v1/commands/{id}/approvals"), &deceived)
            .await
            .expect(201);
        assert_eq!(answer["missing"], "needs_independent", "{kind}: {answer}");
        assert_eq!(answer["sealed"], false, "{kind}: {answer}");
        let state = api.command_state(&id).await;
        assert_eq!(state["state"], "awaiting-approval", "{kind}: {state}");
        t.log_settles().await;
        assert!(
            phone.check_in().await.commands.is_empty(),
            "{kind} was delivered"
        );
    }
    phone.assert_unharmed();
}

/// What a passkey signs for whoever asks on its page, as a program brings it in.
fn brought(passkey: &mut Passkey, key: &str, envelope: &Envelope) -> Value {
    let filled = passkey.signs(&base64::encode_url(envelope.digest().as_bytes()));
    let mut body = json!({ "keyid": key });
    for (name, value) in filled.iter().filter(|(name, _)| *name != "credential") {
        body[*name] = base64::encode(&URL_SAFE_NO_PAD.decode(value).unwrap()).into();
    }
    body
}

async fn nor_does_it_sign_policies(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let policy = Policy {
        fleet: fleet.keyring.fleet.clone(),
        organisation: fleet.organisation.clone(),
        version: 1,
        issued_at: t.now(),
        expires_at: t.now().plus(30 * DAY),
        check_in_seconds: 3600,
        contact_lost_days: 30,
        grace_hours: 72,
        stale_hours: 72,
        noncompliance: Noncompliance::Report,
        require_encryption: true,
        min_agent: None,
        min_os_patch: None,
        owner_lock_days: None,
    };
    let mut envelope = Envelope::unsigned(DocumentType::Policy, policy.encode());
    let signature = fleet.cleo.approve(&envelope);
    envelope.add(signature).unwrap();
    let path = format!(
        "/api/v1/organisations/{}/fleet/policies",
        fleet.organisation
    );
    let body = json!({ "policy": base64::encode(&envelope.encode()) });
    let refused = api.post(&path, &body).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
}

async fn other_tenants_have_no_part_in_it(t: &mut TestApp) {
    let mut world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let mut approver = Approver::of(t, &mut world, 51).await;
    let api = world.northwind.api.clone();
    let words = json!({ "text": "Please call us" });
    let id = text(
        &api.command("message", &[&phone.device], words.clone())
            .await["id"],
    );
    let mut lyre = world.browser(&world.lyre, Role::Owner).await;
    lyre.get("/account").await;
    let refused = lyre
        .submit_once(&format!("/commands/{id}/passkey"), &[])
        .await;
    assert_eq!(refused.status, 404, "{}", refused.text);
    // Northwind's approver is nobody to Lyre's commands, and their own customers' people have none of their passkeys.
    let theirs = world
        .phone_of(t, &world.lyre, &world.lyre_fleet, "LT-000001")
        .await;
    let other = text(
        &world
            .lyre
            .api
            .command("message", &[&theirs.device], words)
            .await["id"],
    );
    approver.browser.get("/account").await;
    let refused = approver
        .browser
        .submit_once(&format!("/commands/{other}/passkey"), &[])
        .await;
    assert_eq!(refused.status, 404, "{}", refused.text);
    // Support reads and signs nothing.
    let mut support = world.browser(&world.northwind, Role::Support).await;
    assert!(
        !support
            .get("/account")
            .await
            .text
            .contains("Passkeys for approving")
    );
    assert_eq!(support.get("/account/approving").await.status, 403);
    let refused = support
        .submit_once(&format!("/commands/{id}/passkey"), &[])
        .await;
    assert_eq!(refused.status, 403, "{}", refused.text);
}
