//! Legal holds: asked for and signed by auditors, enforced by the phone itself, and ended by an auditor's independent key.

use muster_agent::phones::OwnerUnlock;
use muster_domain::permission::Role;
use muster_protocol::bundle::Bundle;
use muster_protocol::command::{Args, Kind};
use muster_protocol::ids::CaseNumber;
use muster_protocol::keyring::{GrantKind, Keyring};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::reason::Reason;
use muster_protocol::time::DAY;
use muster_tests::api::text;
use muster_tests::{Api, Hacked, TestApp, TestPhone, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    auditors_hold_and_nobody_else_asks,
    a_held_phone_refuses_wipe_and_kill_until_it_is_released,
    a_hold_does_not_stop_what_gives_back_or_may_be_undone,
    a_hold_ends_by_itself,
    a091_release_by_one_portal_passkey,
    a092_enrolling_again_sheds_neither_hold_nor_fleet_lock,
];

fn case() -> Value {
    json!({ "case": "2026-0114.A" })
}

/// Drafts as `by`, approves with these files, and lets the phone hear of it; answers the command as it stands then.
async fn carried_out(
    t: &TestApp,
    by: &Api,
    kind: &str,
    arguments: Value,
    signers: &[&Ed25519Signer],
    phone: &mut TestPhone,
) -> Value {
    let id = text(&by.command(kind, &[&phone.device], arguments).await["id"]);
    for signer in signers {
        by.approve(&id, signer).await.expect(201);
    }
    t.log_settles().await;
    phone.check_in().await;
    by.command_state(&id).await
}

async fn auditors_hold_and_nobody_else_asks(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let hold = json!({ "kind": "hold", "device_ids": [phone.device], "reason": "case 114", "arguments": case() });
    for role in [Role::Agent, Role::Support] {
        let api = world.api(&world.northwind, role).await;
        api.post("/api/v1/commands", &hold)
            .await
            .expect_problem(403, "role");
    }
    let auditor = world.api(&world.northwind, Role::Auditor).await;
    // An auditor asks for holds and for nothing else; a foreign one not even for those.
    let lock = json!({ "kind": "lock", "device_ids": [phone.device], "reason": "case 114" });
    auditor
        .post("/api/v1/commands", &lock)
        .await
        .expect_problem(403, "role");
    let stranger = world.api(&world.lyre, Role::Auditor).await;
    let foreign = stranger.post("/api/v1/commands", &hold).await;
    assert!(matches!(foreign.status, 404 | 422), "{}", foreign.text);
    let held = auditor.command("hold", &[&phone.device], case()).await;
    assert_eq!(held["state"], "awaiting-approval", "a role signs nothing");
    // Approvers of wipes are no auditors.
    let id = text(&held["id"]);
    auditor.approve(&id, &world.fleet.ada).await;
    assert_eq!(
        auditor.command_state(&id).await["state"],
        "awaiting-approval"
    );
    phone.check_in().await;
    assert!(!phone.status().held);
    auditor.approve(&id, &world.fleet.auditor).await.expect(201);
    phone.check_in().await;
    assert!(phone.status().held);
    phone.check_in().await;
    assert_eq!(
        world.northwind.api.device(&phone.device).await["held"],
        true
    );
    phone.assert_unharmed();
}

async fn a_held_phone_refuses_wipe_and_kill_until_it_is_released(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let auditor = world.api(&world.northwind, Role::Auditor).await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let held = carried_out(t, &auditor, "hold", case(), &[&fleet.auditor], &mut phone).await;
    assert_eq!(held["state"], "done", "{held}");
    let mut refused = Vec::new();
    for kind in ["wipe", "kill"] {
        let mut signers = vec![&fleet.ada];
        if kind == "wipe" {
            signers.push(&fleet.ben);
        }
        let command = carried_out(t, api, kind, Value::Null, &signers, &mut phone).await;
        let target = &command["targets"][0];
        assert_eq!(
            (&target["state"], &target["code"]),
            (&json!("refused"), &json!("held")),
            "{kind}: {command}"
        );
        phone.assert_unharmed();
        refused.push(text(&command["id"]));
    }
    let released = carried_out(
        t,
        &auditor,
        "release",
        Value::Null,
        &[&fleet.auditor],
        &mut phone,
    )
    .await;
    assert_eq!(released["state"], "done", "{released}");
    assert!(!phone.status().held);
    // The release wakes nothing: what was refused stays refused, and whoever still wants it asks anew.
    phone.check_in().await;
    for id in refused {
        assert_eq!(api.command_state(&id).await["state"], "refused");
    }
    phone.assert_unharmed();
    let wiped = carried_out(
        t,
        api,
        "wipe",
        Value::Null,
        &[&fleet.ada, &fleet.ben],
        &mut phone,
    )
    .await;
    assert_eq!(wiped["state"], "done", "{wiped}");
    assert!(phone.is_erased());
}

async fn a_hold_does_not_stop_what_gives_back_or_may_be_undone(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let auditor = world.api(&world.northwind, Role::Auditor).await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    carried_out(t, &auditor, "hold", case(), &[&fleet.auditor], &mut phone).await;
    for (kind, signers) in [
        ("suspend", &[][..]),
        ("resume", &[]),
        ("lock-fleet", &[&fleet.ada]),
        ("unlock", &[&fleet.ben]),
        ("rotate-key", &[]),
    ] {
        t.advance(std::time::Duration::from_secs(60));
        let command = carried_out(t, api, kind, Value::Null, signers, &mut phone).await;
        assert_eq!(command["state"], "done", "{kind}: {command}");
        assert!(
            !phone.service_is_gone(),
            "{kind} removed service data of a held phone"
        );
        phone.check_in().await;
    }
    assert!(phone.status().held);
    phone.assert_unharmed();
}

async fn a_hold_ends_by_itself(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let auditor = world.api(&world.northwind, Role::Auditor).await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let until = jiff::Timestamp::from_second(muster_tests::BEGIN + 5 * 86_400).unwrap();
    let arguments = json!({ "case": "2026-0114.A", "until": until.to_string() });
    carried_out(
        t,
        &auditor,
        "hold",
        arguments,
        &[&fleet.auditor],
        &mut phone,
    )
    .await;
    assert!(phone.status().held);
    // By powered-on time: a clock that somebody set does not end it.
    phone.clock.set_wrong_by(30 * 86_400);
    phone.check_in().await;
    assert!(phone.status().held, "a false clock ended a hold");
    phone.clock.set_wrong_by(0);
    for _ in 0..6 {
        t.advance_days(1);
        phone.check_in().await;
    }
    assert!(!phone.status().held);
    let killed = carried_out(t, api, "kill", Value::Null, &[&fleet.ada], &mut phone).await;
    assert_eq!(killed["state"], "done", "{killed}");
}

async fn a091_release_by_one_portal_passkey(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // A keyring that lets an auditor's portal passkey hold and release: the phone's own floor takes it as a hold only.
    let mut next = Keyring {
        issued_at: t.now(),
        ..a.fleet.next()
    };
    for grant in &mut next.grants {
        if grant.kinds.contains(&GrantKind::Command(Kind::Release)) {
            grant.keys = vec![a.fleet.auditor.key_id(), a.fleet.cleo.entry().id()];
            grant.keys.sort();
        } else {
            grant.keys.retain(|id| *id != a.fleet.cleo.entry().id());
        }
    }
    // Nobody both holds and destroys.
    next.grants
        .retain(|grant| grant.kinds != [GrantKind::Command(Kind::Wipe)]);
    let bundle = Bundle {
        keyrings: vec![a.fleet.seal(&next, &[0, 1])],
        ..a.bundle(Vec::new())
    };
    assert_eq!(a.phone.apply(&bundle.encode()).await.documents, []);
    let hold = a.command(Args::Hold {
        case: CaseNumber::parse("2026-114").unwrap(),
        until: a.now.plus(300 * DAY),
    });
    let mut sealed = a.signed(&hold, &[]);
    let tap = a.fleet.cleo.approve(&sealed);
    sealed.add(tap).unwrap();
    assert_eq!(a.send_envelope(sealed.encode()).await, None);
    assert!(a.phone.status().held);
    let release = a.command(Args::Release {
        lifts: vec![hold.digest()],
    });
    let mut deceived = a.signed(&release, &[]);
    let tap = a.fleet.cleo.approve(&deceived);
    deceived.add(tap).unwrap();
    assert_eq!(
        a.send_logged(deceived.encode()).await,
        Some(Reason::NeedsIndependent)
    );
    // Nor does the server's own key release anybody.
    let online = a.signed(&release, &[&a.server.online]).encode();
    assert_eq!(a.send_logged(online).await, Some(Reason::NotAuthorised));
    assert!(a.phone.status().held);
    let genuine = a.signed(&release, &[&a.fleet.auditor]).encode();
    assert_eq!(a.send_logged(genuine).await, None);
    assert!(!a.phone.status().held);
    a.phone.assert_unharmed();
}

async fn a092_enrolling_again_sheds_neither_hold_nor_fleet_lock(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let auditor = world.api(&world.northwind, Role::Auditor).await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    carried_out(t, &auditor, "hold", case(), &[&fleet.auditor], &mut phone).await;
    carried_out(t, api, "lock-fleet", Value::Null, &[&fleet.ada], &mut phone).await;
    let before = phone.status().enrolment_id;
    let code = api.code(&phone.device).await;
    phone.enrol_again(t, fleet, &code).await.unwrap();
    assert_ne!(phone.status().enrolment_id, before);
    assert!(phone.status().held, "a hold was shed");
    assert_eq!(
        phone.owner_types_passcode(),
        OwnerUnlock::FleetLockHolds,
        "a lock was shed"
    );
    phone.check_in().await;
    let wipe = carried_out(
        t,
        api,
        "wipe",
        Value::Null,
        &[&fleet.ada, &fleet.ben],
        &mut phone,
    )
    .await;
    assert_eq!(wipe["targets"][0]["code"], "held", "{wipe}");
    phone.assert_untouched();
    // What was signed for the old enrolment still lifts both.
    phone.check_in().await;
    let unlocked = carried_out(t, api, "unlock", Value::Null, &[&fleet.ben], &mut phone).await;
    assert_eq!(unlocked["state"], "done", "{unlocked}");
    let released = carried_out(
        t,
        &auditor,
        "release",
        Value::Null,
        &[&fleet.auditor],
        &mut phone,
    )
    .await;
    assert_eq!(released["state"], "done", "{released}");
    assert!(!phone.status().held);
    phone.assert_unharmed();
}
