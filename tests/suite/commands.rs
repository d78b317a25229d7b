//! Commands from a person's wish to a phone's signed receipt, and every way in which that may not come about.

use muster_agent::phones::OwnerUnlock;
use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_protocol::time::UnixTime;
use muster_tests::api::text;
use muster_tests::line::Way;
use muster_tests::{Api, TestApp, TestPhone, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    lock_is_opened_by_the_owner,
    lock_fleet_is_approved_and_lifted_by_unlock,
    suspend_and_resume,
    message_and_notice_reach_the_screen_marked_with_who_said_so,
    refresh_brings_a_report_and_rotate_key_a_new_certificate,
    kill_takes_the_service_and_leaves_the_owners_data,
    a_killed_phone_that_was_found_joins_anew,
    wipe_takes_two_people_and_everything,
    a_wipe_waits_for_a_phone_that_is_off_and_locked,
    an_approval_that_does_not_count_is_refused_and_on_the_record,
    nobody_approves_twice_and_one_person_is_one_person,
    approvals_that_race_seal_once,
    a_command_that_is_over_takes_no_approval,
    f2_cancelling_keeps_the_record,
    f3_what_waits_too_long_expires,
    f5_nothing_blocks_the_next_command,
    f6_only_a_signed_receipt_says_done,
    f7_a_late_receipt_outranks_a_cancel_and_says_that_it_came_late,
    f15_each_phone_of_a_bulk_has_its_own_state,
    forged_foreign_and_replayed_receipts,
    a_suppressed_receipt_leaves_a_gap,
    a_filter_is_frozen_when_it_is_sent,
    bad_commands_are_refused_with_a_sentence,
    the_brake_stops_the_eleventh_wipe,
];

/// Drafts, approves by these files, and lets the phone carry it out; answers the command as it stands then.
async fn carried_out(
    t: &TestApp,
    api: &Api,
    kind: &str,
    arguments: Value,
    by: &[&Ed25519Signer],
    phone: &mut TestPhone,
) -> Value {
    let id = text(&api.command(kind, &[&phone.device], arguments).await["id"]);
    for signer in by {
        api.approve(&id, signer).await.expect(201);
    }
    t.log_settles().await;
    phone.check_in().await;
    api.command_state(&id).await
}

fn target(command: &Value) -> &Value {
    &command["targets"][0]
}

async fn lock_is_opened_by_the_owner(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let drafted = api.command("lock", &[&phone.device], Value::Null).await;
    assert_eq!(
        (&drafted["state"], &drafted["approvals_needed"]),
        (&json!("queued"), &json!(0))
    );
    phone.check_in().await;
    let done = api.command_state(&text(&drafted["id"])).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["target_counts"], json!({ "done": 1 }));
    assert_eq!(target(&done)["device_id"], phone.device);
    // The receipt is the phone's own, for whoever checks.
    let envelope = base64::decode(&text(&target(&done)["receipt"]["envelope"])).unwrap();
    let receipt = Receipt::verify(&envelope, &phone.device_key().verifying_key()).unwrap();
    assert_eq!(
        (receipt.state, receipt.command.to_string()),
        (ReceiptState::Done, text(&done["digest"]))
    );
    assert!(phone.status().locks.owner);
    phone.check_in().await;
    assert_eq!(
        api.device(&phone.device).await["restrictions"],
        json!(["lock"])
    );
    assert_eq!(phone.owner_types_passcode(), OwnerUnlock::Opened);
    phone.check_in().await;
    assert_eq!(api.device(&phone.device).await["restrictions"], json!([]));
    phone.assert_unharmed();
}

async fn lock_fleet_is_approved_and_lifted_by_unlock(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let locked = carried_out(
        t,
        api,
        "lock-fleet",
        Value::Null,
        &[&world.fleet.ada],
        &mut phone,
    )
    .await;
    assert_eq!(locked["state"], "done", "{locked}");
    assert_eq!(phone.owner_types_passcode(), OwnerUnlock::FleetLockHolds);
    phone.check_in().await;
    assert_eq!(
        api.device(&phone.device).await["restrictions"],
        json!(["lock-fleet"])
    );
    let unlocked = carried_out(
        t,
        api,
        "unlock",
        Value::Null,
        &[&world.fleet.ben],
        &mut phone,
    )
    .await;
    assert_eq!(unlocked["state"], "done", "{unlocked}");
    assert!(phone.status().restrictions.is_empty());
    phone.assert_unharmed();
    phone.check_in().await;
    // The owner's own lock stays what it is: an unlock never opens it (PROTOCOL §6).
    let nothing = json!({ "kind": "unlock", "device_ids": [phone.device], "reason": "again" });
    api.post("/api/v1/commands", &nothing)
        .await
        .expect_problem(409, "nothing-to-lift");
}

async fn suspend_and_resume(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let suspended = carried_out(t, api, "suspend", Value::Null, &[], &mut phone).await;
    assert_eq!(suspended["state"], "done", "{suspended}");
    assert_eq!(phone.status().service_on, Some(false));
    phone.check_in().await;
    assert_eq!(
        api.device(&phone.device).await["restrictions"],
        json!(["suspend"])
    );
    let resumed = carried_out(t, api, "resume", Value::Null, &[], &mut phone).await;
    assert_eq!(resumed["state"], "done", "{resumed}");
    assert_eq!(phone.status().service_on, Some(true));
    phone.assert_unharmed();
    // Longer than the server's own key may: refused here, and by every phone.
    let until = format!(
        "{}",
        jiff::Timestamp::from_second(muster_tests::BEGIN + 36 * 86_400).unwrap()
    );
    let command = api
        .command("suspend", &[&phone.device], json!({ "until": until }))
        .await;
    assert_eq!(
        command["state"], "awaiting-approval",
        "36 days take a person"
    );
}

async fn message_and_notice_reach_the_screen_marked_with_who_said_so(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let words = "Come by the shop; your SIM card is here.";
    let sent = carried_out(
        t,
        api,
        "message",
        json!({ "text": words }),
        &[&world.fleet.ada],
        &mut phone,
    )
    .await;
    assert_eq!(sent["state"], "done", "{sent}");
    assert!(phone.screen().contains(words), "{}", phone.screen());
    let notice = carried_out(
        t,
        api,
        "notice",
        json!({ "template": "payment-due" }),
        &[],
        &mut phone,
    )
    .await;
    assert_eq!(notice["state"], "done", "{notice}");
    assert!(
        phone.screen().to_lowercase().contains("service"),
        "{}",
        phone.screen()
    );
    phone.assert_unharmed();
}

async fn refresh_brings_a_report_and_rotate_key_a_new_certificate(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let refreshed = carried_out(t, api, "refresh", Value::Null, &[], &mut phone).await;
    assert_eq!(refreshed["state"], "done", "{refreshed}");
    let before = phone.identity();
    t.advance(std::time::Duration::from_secs(60));
    let rotated = carried_out(t, api, "rotate-key", Value::Null, &[], &mut phone).await;
    assert_eq!(rotated["state"], "done", "{rotated}");
    assert_ne!(phone.identity().certificate, before.certificate);
    phone.check_in().await;
    assert_eq!(
        Way::to(t, Some(&before))
            .post("/v1/check-in", &json!({ "v": 1 }))
            .await
            .status,
        403
    );
    phone.assert_unharmed();
}

async fn kill_takes_the_service_and_leaves_the_owners_data(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let identity = phone.identity();
    let killed = carried_out(t, api, "kill", Value::Null, &[&world.fleet.ada], &mut phone).await;
    assert_eq!(killed["state"], "done", "{killed}");
    phone.assert_untouched();
    assert!(phone.service_is_gone());
    assert_eq!(phone.status().lifecycle, "killed");
    assert_eq!(api.device(&phone.device).await["lifecycle"], "killed");
    Way::to(t, Some(&identity))
        .post("/v1/check-in", &json!({ "v": 1 }))
        .await
        .expect_problem(403, "certificate-revoked");
    let again = json!({ "kind": "lock", "device_ids": [phone.device], "reason": "again" });
    api.post("/api/v1/commands", &again)
        .await
        .expect_problem(409, "cannot-obey");
}

/// A phone that was killed and found again joins anew, and nothing that was signed for its old enrolment follows it.
async fn a_killed_phone_that_was_found_joins_anew(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let old = phone.status().enrolment_id;
    let second = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    carried_out(t, api, "kill", Value::Null, &[&world.fleet.ada], &mut phone).await;
    let closed = api.command_state(&second).await;
    api.approve(&second, &world.fleet.ada).await;
    let code = api.code(&phone.device).await;
    phone.enrol_again(t, &world.fleet, &code).await.unwrap();
    t.log_settles().await;
    let outcome = phone.check_in().await;
    assert!(
        outcome.commands.is_empty(),
        "an older kill followed the phone: {outcome:?} {closed}"
    );
    phone.assert_unharmed();
    let shown = api.device(&phone.device).await;
    assert_eq!(
        (&shown["lifecycle"], &shown["epoch"]),
        (&json!("enrolled"), &json!(2))
    );
    assert_ne!(shown["enrolment_id"], old);
    let locked = carried_out(t, api, "lock", Value::Null, &[], &mut phone).await;
    assert_eq!(locked["state"], "done", "{locked}");
}

async fn wipe_takes_two_people_and_everything(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let identity = phone.identity();
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let first = api.approve(&id, &world.fleet.ada).await.expect(201);
    assert_eq!(first, json!({ "sealed": false, "missing": "threshold" }));
    t.log_settles().await;
    assert!(
        phone.check_in().await.commands.is_empty(),
        "a wipe with one approval left the server"
    );
    phone.assert_unharmed();
    let second = api.approve(&id, &world.fleet.ben).await.expect(201);
    assert_eq!(second, json!({ "sealed": true }));
    t.log_settles().await;
    phone.check_in().await;
    assert!(phone.is_erased() && phone.service_is_gone());
    let done = api.command_state(&id).await;
    assert_eq!(
        (&done["state"], &done["approvals"].as_array().unwrap().len()),
        (&json!("done"), &2)
    );
    assert_eq!(api.device(&phone.device).await["lifecycle"], "wiped");
    Way::to(t, Some(&identity))
        .post("/v1/check-in", &json!({ "v": 1 }))
        .await
        .expect_problem(403, "certificate-revoked");
    let record = t.record().await;
    for kind in [
        "command.drafted",
        "command.approved",
        "command.queued",
        "command.accepted",
        "command.done",
    ] {
        assert!(
            record.contains(&kind.to_owned()),
            "{kind} is not on the record"
        );
    }
    // The phone has told its end; a later check-in says nothing and does nothing.
    assert!(phone.check_in().await.over);
}

async fn a_wipe_waits_for_a_phone_that_is_off_and_locked(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    carried_out(
        t,
        api,
        "lock-fleet",
        Value::Null,
        &[&world.fleet.ada],
        &mut phone,
    )
    .await;
    let body = json!({ "kind": "wipe", "device_ids": [phone.device], "reason": "stolen", "expires_in_seconds": 90 * 86_400 });
    let id = text(&api.post("/api/v1/commands", &body).await.expect(201)["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    api.approve(&id, &world.fleet.ben).await.expect(201);
    t.log_settles().await;
    // RULES F4: its certificate has expired meanwhile, and it comes back at last.
    t.advance_days(60);
    phone.check_in().await;
    assert!(phone.is_erased());
    assert_eq!(api.command_state(&id).await["state"], "done");
}

async fn an_approval_that_does_not_count_is_refused_and_on_the_record(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let nobody = muster_tests::fleet::signer(9, 99);
    api.approve(&id, &nobody)
        .await
        .expect_problem(422, "approval-refused");
    let path = format!("/api/v1/commands/{id}/approvals");
    let ada = world.fleet.ada.key_id().to_string();
    let forged = json!({ "keyid": ada, "sig": base64::encode(&[7; 64]) });
    api.post(&path, &forged)
        .await
        .expect_problem(422, "approval-refused");
    api.post(&path, &json!({ "keyid": "ada", "sig": "…" }))
        .await
        .expect_problem(422, "signature");
    // A signature of the right key over another command.
    let other = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let shown = api
        .get(&format!("/api/v1/commands/{other}/envelope"))
        .await
        .expect(200);
    let payload = base64::decode(&text(&shown["payload"])).unwrap();
    let moved = world
        .fleet
        .ada
        .sign(&Envelope::unsigned(DocumentType::Command, payload).signed_bytes());
    let moved = json!({ "keyid": ada, "sig": base64::encode(&moved) });
    api.post(&path, &moved)
        .await
        .expect_problem(422, "approval-refused");
    let state = api.command_state(&id).await;
    assert_eq!(
        (&state["state"], &state["approvals"]),
        (&json!("awaiting-approval"), &json!([]))
    );
    assert_eq!(
        t.record()
            .await
            .iter()
            .filter(|kind| *kind == "command.approval-refused")
            .count(),
        3
    );
}

async fn nobody_approves_twice_and_one_person_is_one_person(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    api.approve(&id, &world.fleet.ada)
        .await
        .expect_problem(409, "signed-already");
    // Another key of hers is still the same person.
    let again = api.approve(&id, &world.fleet.ada_second).await.expect(201);
    assert_eq!(again["missing"], "threshold");
    assert_eq!(api.command_state(&id).await["state"], "awaiting-approval");
    t.log_settles().await;
    assert!(phone.check_in().await.commands.is_empty());
    phone.assert_unharmed();
}

async fn approvals_that_race_seal_once(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let (one, other) = tokio::join!(
        api.approve(&id, &world.fleet.ada),
        api.approve(&id, &world.fleet.ben)
    );
    let sealed = [one.expect(201), other.expect(201)]
        .iter()
        .filter(|answer| answer["sealed"] == true)
        .count();
    assert_eq!(sealed, 1, "the second approval seals, and only it");
    assert_eq!(
        t.record()
            .await
            .iter()
            .filter(|kind| *kind == "command.queued")
            .count(),
        1
    );
    t.log_settles().await;
    phone.check_in().await;
    assert!(phone.is_erased());
}

async fn a_command_that_is_over_takes_no_approval(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let cancelled = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.post_empty(&format!("/api/v1/commands/{cancelled}/cancel"))
        .await
        .expect(200);
    api.approve(&cancelled, &world.fleet.ada)
        .await
        .expect_problem(409, "not-waiting");
    let expired = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    t.advance_days(8);
    api.approve(&expired, &world.fleet.ada)
        .await
        .expect_problem(409, "not-waiting");
    t.run_job("command-expiry").await;
    assert_eq!(api.command_state(&expired).await["state"], "expired");
}

async fn f2_cancelling_keeps_the_record(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("lock", &[&phone.device], Value::Null).await["id"]);
    let cancelled = api
        .post_empty(&format!("/api/v1/commands/{id}/cancel"))
        .await
        .expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert!(
        phone.check_in().await.commands.is_empty(),
        "a cancelled command was sent"
    );
    assert_eq!(api.command_state(&id).await["state"], "cancelled");
    let record = t.record().await;
    assert!(
        record.contains(&"command.drafted".to_owned())
            && record.contains(&"command.cancelled".to_owned())
    );
    api.post_empty(&format!("/api/v1/commands/{id}/cancel"))
        .await
        .expect_problem(409, "ended");
    // What was carried out cannot be taken back.
    let done = carried_out(t, api, "lock", Value::Null, &[], &mut phone).await;
    api.post_empty(&format!("/api/v1/commands/{}/cancel", text(&done["id"])))
        .await
        .expect_problem(409, "ended");
}

async fn f3_what_waits_too_long_expires(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let body = json!({ "kind": "lock", "device_ids": [phone.device], "reason": "lost", "expires_in_seconds": 3600 });
    let id = text(&api.post("/api/v1/commands", &body).await.expect(201)["id"]);
    t.advance(std::time::Duration::from_secs(3601));
    t.run_job("command-expiry").await;
    assert_eq!(api.command_state(&id).await["state"], "expired");
    assert!(t.record().await.contains(&"command.expired".to_owned()));
    assert!(phone.check_in().await.commands.is_empty());
    phone.assert_unharmed();
}

async fn f5_nothing_blocks_the_next_command(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    // One that nobody approves, one that is approved and not fetched, then more.
    let waiting = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    for _ in 0..2 {
        let next = carried_out(t, api, "lock", Value::Null, &[], &mut phone).await;
        assert_eq!(next["state"], "done", "{next}");
    }
    let first = carried_out(t, api, "suspend", Value::Null, &[], &mut phone).await;
    let second = carried_out(t, api, "suspend", Value::Null, &[], &mut phone).await;
    assert_eq!(
        (&first["state"], &second["state"]),
        (&json!("done"), &json!("done"))
    );
    // A later suspend of the online key replaces the earlier one on the phone (PROTOCOL §6).
    assert_eq!(phone.status().restrictions.len(), 1);
    assert_eq!(
        api.command_state(&waiting).await["state"],
        "awaiting-approval"
    );
}

async fn f6_only_a_signed_receipt_says_done(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("lock", &[&phone.device], Value::Null).await["id"]);
    assert_eq!(api.command_state(&id).await["state"], "queued");
    // The phone fetches it and is never heard of again.
    let way = Way::to(t, Some(&phone.identity()));
    let bundle = way
        .post(
            "/v1/check-in",
            &json!({ "v": 1, "keyring": { "version": 1, "digest": "00".repeat(32) } }),
        )
        .await;
    assert_eq!(bundle.json()["commands"].as_array().unwrap().len(), 1);
    assert_eq!(api.command_state(&id).await["state"], "delivered");
    t.advance_days(6);
    assert_eq!(api.command_state(&id).await["state"], "delivered");
    phone.check_in().await;
    assert_eq!(
        api.command_state(&id).await["state"],
        "done",
        "delivered again, and done once"
    );
}

async fn f7_a_late_receipt_outranks_a_cancel_and_says_that_it_came_late(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("lock", &[&phone.device], Value::Null).await["id"]);
    let way = Way::to(t, Some(&phone.identity()));
    let bundle = way.post("/v1/check-in", &json!({ "v": 1 })).await;
    // The phone carries it out, and its receipt is held up; meanwhile somebody takes the command back.
    phone.apply(&bundle.body).await;
    api.post_empty(&format!("/api/v1/commands/{id}/cancel"))
        .await
        .expect(200);
    phone.check_in().await;
    let late = api.command_state(&id).await;
    assert_eq!(
        (
            &late["state"],
            &target(&late)["state"],
            &target(&late)["late"]
        ),
        (&json!("done"), &json!("done"), &json!(true))
    );
    // And nothing that comes later makes it undone.
    phone.check_in().await;
    assert_eq!(api.command_state(&id).await["state"], "done");
}

async fn f15_each_phone_of_a_bulk_has_its_own_state(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut one = world.phone(t, "NW-000001").await;
    let mut two = world.phone(t, "NW-000002").await;
    let three = world.phone(t, "NW-000003").await;
    one.check_in().await;
    two.check_in().await;
    let devices = [
        one.device.as_str(),
        two.device.as_str(),
        three.device.as_str(),
    ];
    let id = text(&api.command("lock", &devices, Value::Null).await["id"]);
    one.check_in().await;
    two.check_in().await;
    let state = api.command_state(&id).await;
    assert_eq!(
        state["target_counts"],
        json!({ "done": 2, "queued": 1 }),
        "{state}"
    );
    assert_ne!(state["state"], "done");
    let page = api
        .get(&format!("/api/v1/commands/{id}/targets?limit=2"))
        .await
        .expect(200);
    let next = text(&page["next_cursor"]);
    let rest = api
        .get(&format!(
            "/api/v1/commands/{id}/targets?limit=2&cursor={next}"
        ))
        .await
        .expect(200);
    assert_eq!(
        (
            page["items"].as_array().unwrap().len(),
            rest["items"].as_array().unwrap().len()
        ),
        (2, 1)
    );
    assert_eq!(rest["next_cursor"], Value::Null);
    let waiting = api
        .get(&format!("/api/v1/commands/{id}/targets?state=queued"))
        .await
        .expect(200);
    assert_eq!(waiting["items"][0]["device_id"], three.device);
}

async fn forged_foreign_and_replayed_receipts(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    let mut other = world.phone(t, "NW-000043").await;
    phone.check_in().await;
    other.check_in().await;
    let id = text(&api.command("lock", &[&phone.device], Value::Null).await["id"]);
    let digest = Digest::parse(&text(&api.command_state(&id).await["digest"])).unwrap();
    let receipt = |from: &TestPhone, command: Digest, state: ReceiptState| Receipt {
        at: UnixTime(t.now().0),
        checkpoint: None,
        command,
        detail: None,
        enrolment: from.state().enrolment,
        fleet: world.fleet.keyring.fleet.clone(),
        keyring: KeyringRef {
            digest: world.fleet.keyring.digest(),
            version: 1,
        },
        reason: None,
        seq: 1,
        state,
    };
    let send = async |from: &TestPhone, receipts: Vec<Vec<u8>>| {
        let receipts: Vec<String> = receipts.iter().map(|bytes| base64::encode(bytes)).collect();
        let body = json!({ "v": 1, "receipts": receipts });
        Way::to(t, Some(&from.identity()))
            .post("/v1/receipts", &body)
            .await
            .json()["results"]
            .clone()
    };
    let stolen_key = muster_protocol::keys::P256Signer::from_bytes([9; 32]).unwrap();
    let forged = receipt(&phone, digest, ReceiptState::Done).sign(&stolen_key);
    let for_anothers_command =
        receipt(&other, digest, ReceiptState::Done).sign(&other.device_key());
    let of_nothing =
        receipt(&phone, Digest::of(b"nothing"), ReceiptState::Done).sign(&phone.device_key());
    assert_eq!(
        send(&phone, vec![forged.clone(), b"noise".to_vec(), of_nothing]).await,
        json!(["rejected", "rejected", "rejected"])
    );
    assert_eq!(
        send(&other, vec![for_anothers_command, forged]).await,
        json!(["rejected", "rejected"])
    );
    // Another phone's genuine receipt, carried by the wrong phone.
    let genuine = receipt(&phone, digest, ReceiptState::Done).sign(&phone.device_key());
    assert_eq!(
        send(&other, vec![genuine.clone()]).await,
        json!(["rejected"])
    );
    assert_eq!(
        api.command_state(&id).await["state"],
        "queued",
        "a forged receipt moved the command"
    );
    assert!(t.record().await.contains(&"receipt.rejected".to_owned()));
    // Genuine and replayed: stored once, known afterwards, and no way back.
    assert_eq!(
        send(&phone, vec![genuine.clone(), genuine.clone()]).await,
        json!(["stored", "known"])
    );
    assert_eq!(api.command_state(&id).await["state"], "done");
    let backwards = receipt(&phone, digest, ReceiptState::Accepted).sign(&phone.device_key());
    send(&phone, vec![backwards]).await;
    assert_eq!(api.command_state(&id).await["state"], "done");
    let too_many = vec![genuine; 33];
    let receipts: Vec<String> = too_many.iter().map(|bytes| base64::encode(bytes)).collect();
    let reply = Way::to(t, Some(&phone.identity()))
        .post("/v1/receipts", &json!({ "v": 1, "receipts": receipts }))
        .await;
    reply.expect_problem(422, "receipts");
}

async fn a_suppressed_receipt_leaves_a_gap(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    for _ in 0..2 {
        api.command("lock", &[&phone.device], Value::Null).await;
    }
    let way = Way::to(t, Some(&phone.identity()));
    let bundle = way.post("/v1/check-in", &json!({ "v": 1 })).await;
    phone.apply(&bundle.body).await;
    // Somebody on the way lets only the newest receipt through.
    let newest = phone.state().receipts.last().cloned().unwrap();
    way.post("/v1/receipts", &json!({ "v": 1, "receipts": [newest] }))
        .await;
    assert!(t.record().await.contains(&"receipt.gap".to_owned()));
}

async fn a_filter_is_frozen_when_it_is_sent(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let one = world.phone(t, "NW-000001").await;
    let body = json!({ "kind": "lock", "filter": { "q": "NW-0000" }, "reason": "all of them" });
    let id = text(&api.post("/api/v1/commands", &body).await.expect(201)["id"]);
    world.phone(t, "NW-000002").await;
    let state = api.command_state(&id).await;
    assert_eq!(state["target_counts"], json!({ "queued": 1 }));
    assert_eq!(target(&state)["device_id"], one.device);
    let none = json!({ "kind": "lock", "filter": { "q": "ZZ" }, "reason": "nobody" });
    api.post("/api/v1/commands", &none)
        .await
        .expect_problem(422, "devices");
}

async fn bad_commands_are_refused_with_a_sentence(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let registered = text(&api.register("NW-000099", &world.northwind.id).await["id"]);
    let foreign = world
        .phone_of(t, &world.lyre, &world.lyre_fleet, "LY-000001")
        .await;
    let base = json!({ "kind": "lock", "device_ids": [phone.device], "reason": "lost" });
    let with = |name: &str, value: Value| {
        let mut body = base.clone();
        body[name] = value;
        body
    };
    let bad = [
        (with("kind", json!("explode")), 422, "kind"),
        (with("kind", json!("transfer")), 422, "fields"),
        (with("reason", json!("")), 422, "reason"),
        (with("reason", json!("x".repeat(201))), 422, "reason"),
        (with("reason", json!("left\u{202e}right")), 422, "reason"),
        (with("reason", json!("two\nlines")), 422, "reason"),
        (with("device_ids", json!([])), 422, "devices"),
        (
            with("device_ids", json!(["no-such-device"])),
            404,
            "not-found",
        ),
        (
            with("device_ids", json!([foreign.device])),
            404,
            "not-found",
        ),
        (with("device_ids", json!([registered])), 409, "cannot-obey"),
        (
            with("arguments", json!({ "text": "hello" })),
            422,
            "arguments",
        ),
        (with("arguments", json!({ "path": "/etc" })), 422, "member"),
        (
            with("expires_in_seconds", json!(8 * 86_400)),
            422,
            "command",
        ),
        (with("surprise", json!(1)), 422, "member"),
        (with("filter", json!({ "q": "NW" })), 422, "devices"),
    ];
    for (body, status, code) in bad {
        let answer = api.post("/api/v1/commands", &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        answer.expect_problem(status, code);
    }
    let listed = api.get("/api/v1/commands").await.expect(200);
    assert_eq!(
        listed["items"],
        json!([]),
        "something half-done was left behind"
    );
}

async fn the_brake_stops_the_eleventh_wipe(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    for _ in 0..10 {
        api.command("wipe", &[&phone.device], Value::Null).await;
    }
    let body = json!({ "kind": "wipe", "device_ids": [phone.device], "reason": "one more" });
    let stopped = api.post("/api/v1/commands", &body).await;
    stopped.expect_problem(429, "brake");
    assert!(!stopped.header("retry-after").is_empty());
    api.command("lock", &[&phone.device], Value::Null).await;
    t.advance(std::time::Duration::from_secs(20 * 60 + 1));
    api.post("/api/v1/commands", &body).await.expect(201);
}
