//! The life of a fleet's keys as the server keeps it: revoked approvers, rotation, expiry, and the policy.

use muster_domain::permission::Role;
use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keyring::{GrantKind, Keyring};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::policy::{Noncompliance, Policy};
use muster_protocol::time::DAY;
use muster_tests::api::{Answered, text};
use muster_tests::fleet::{file_key, person, signer};
use muster_tests::line::Way;
use muster_tests::{Api, Fleet, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_wipe_of_a_revoked_approver_falls_back_and_another_person_seals_it,
    rollback_gap_and_a_second_keyring_of_one_version_are_refused,
    a_keyring_that_ends_warns_once_at_each_mark,
    a_new_keyring_ends_the_warnings_of_the_old_one,
    a_policy_is_delivered_once,
    a_policy_out_of_bounds_or_by_the_wrong_people_is_refused,
];

/// Whoever becomes an approver in place of somebody who left.
const NEWCOMER: u8 = 18;

async fn a_wipe_of_a_revoked_approver_falls_back_and_another_person_seals_it(t: &mut TestApp) {
    let mut world = t.world().await;
    let api = world.northwind.api.clone();
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    for approver in [&world.fleet.ada, &world.fleet.ben] {
        api.approve(&id, approver).await.expect(201);
    }
    let queued = api.command_state(&id).await;
    assert_eq!(queued["state"], "queued");
    let newcomer = signer(1, NEWCOMER);
    let mut next = Keyring {
        issued_at: t.now(),
        ..world.fleet.next()
    };
    Fleet::remove(&mut next, &person(10));
    next.keys.push(file_key(&newcomer, NEWCOMER));
    for grant in &mut next.grants {
        if grant.keys.contains(&world.fleet.ben.key_id()) {
            grant.keys.push(newcomer.key_id());
        }
    }
    world.fleet.publish(&api, next).await;
    let open = api.command_state(&id).await;
    assert_eq!(open["state"], "awaiting-approval", "{open}");
    t.log_settles().await;
    assert!(
        phone.check_in().await.commands.is_empty(),
        "a wipe that nobody may order was delivered"
    );
    phone.assert_unharmed();
    // The revoked approver's other key is no way back in.
    for gone in [&world.fleet.ada, &world.fleet.ada_second] {
        let refused = api.approve(&id, gone).await;
        assert!(matches!(refused.status, 409 | 422), "{}", refused.text);
    }
    assert_eq!(api.command_state(&id).await["state"], "awaiting-approval");
    // Ben's approval still counts; what it takes is one more person.
    let sealed = api.approve(&id, &newcomer).await.expect(201);
    assert_eq!(sealed, json!({ "sealed": true }));
    t.log_settles().await;
    phone.check_in().await;
    let done = api.command_state(&id).await;
    assert_eq!(
        (&done["state"], &done["digest"]),
        (&json!("done"), &queued["digest"])
    );
    assert!(phone.is_erased());
}

async fn rollback_gap_and_a_second_keyring_of_one_version_are_refused(t: &mut TestApp) {
    let mut world = t.world().await;
    let api = world.northwind.api.clone();
    let path = format!(
        "/api/v1/organisations/{}/fleet/keyrings",
        world.northwind.id
    );
    let refused = async |envelope: Vec<u8>, code: &str| {
        let answer = api
            .post(&path, &json!({ "keyring": base64::encode(&envelope) }))
            .await;
        answer.expect_problem(422, "keyring");
        assert!(answer.text.contains(code), "{code}: {}", answer.text);
    };
    let first = world.fleet.chain[0].clone();
    let two = Keyring {
        issued_at: t.now(),
        ..world.fleet.next()
    };
    let mut another = two.clone();
    Fleet::remove(&mut another, &person(13));
    let another = world.fleet.seal(&another, &[0, 1]);
    world.fleet.publish(&api, two).await;
    let four = Keyring {
        version: 4,
        ..world.fleet.next()
    };
    let refusals = [
        (first, "keyring_rollback"),
        (another, "keyring_invalid"),
        (world.fleet.seal(&four, &[0, 1]), "keyring_gap"),
        (
            world.fleet.seal(&world.fleet.next(), &[2]),
            "keyring_invalid",
        ),
    ];
    for (envelope, code) in refusals {
        refused(envelope, code).await;
    }
    // Root signers of whom another two are enough; and the phone takes what the server took.
    let mut phone = world.phone(t, "NW-000042").await;
    let three = world.fleet.next();
    let sealed = world.fleet.seal(&three, &[1, 2]);
    api.post(&path, &json!({ "keyring": base64::encode(&sealed) }))
        .await
        .expect(201);
    assert_eq!(phone.check_in().await.documents, []);
    assert_eq!(phone.status().keyring.unwrap().version, 3);
}

/// The subjects of all letters about keyrings, oldest first.
async fn warnings(t: &TestApp) -> Vec<String> {
    t.run_job("keyring-warnings").await;
    let letters = t.mail().await;
    let subjects = letters.into_iter().map(|letter| letter.subject);
    subjects
        .filter(|subject| subject.contains("keyring"))
        .collect()
}

async fn a_keyring_that_ends_warns_once_at_each_mark(t: &mut TestApp) {
    let world = t.world().await;
    // Owners get the letter; nobody else, and no other reseller's.
    world.member(&world.northwind, Role::Owner).await;
    world.member(&world.northwind, Role::Admin).await;
    assert_eq!(warnings(t).await, [""; 0]);
    t.advance_days(149);
    assert_eq!(warnings(t).await, [""; 0], "31 days are left");
    let mut expected = Vec::new();
    for (days, left) in [
        (1, "30 days"),
        (16, "14 days"),
        (7, "7 days"),
        (6, "tomorrow"),
        (1, "ended"),
    ] {
        t.advance_days(days);
        expected.push(left);
        // However often the job runs.
        for _ in 0..3 {
            let found = warnings(t).await;
            assert_eq!(found.len(), expected.len(), "{left}: {found:?}");
            for (subject, words) in found.iter().zip(&expected) {
                assert!(subject.contains(words), "{subject:?} does not say {words}");
            }
        }
    }
    let record = t.events().await;
    let ending = record.iter().filter(|event| {
        event.kind == "keyring.ending" && event.organisation_id == world.northwind.id
    });
    assert_eq!(ending.count(), 5);
}

async fn a_new_keyring_ends_the_warnings_of_the_old_one(t: &mut TestApp) {
    let mut world = t.world().await;
    world.member(&world.northwind, Role::Owner).await;
    // Down for weeks: what is left counts, and one letter says it.
    t.advance_days(170);
    let late = warnings(t).await;
    assert!(
        matches!(late.as_slice(), [one] if one.contains("10 days")),
        "{late:?}"
    );
    let next = Keyring {
        issued_at: t.now(),
        expires_at: t.now().plus(180 * DAY),
        ..world.fleet.next()
    };
    world.fleet.publish(&world.northwind.api, next).await;
    t.advance_days(20);
    assert_eq!(
        warnings(t).await,
        late,
        "the old keyring is nobody's matter any more"
    );
    t.advance_days(131);
    assert_eq!(warnings(t).await.len(), 2);
}

fn policy(fleet: &Fleet, t: &TestApp, version: u64) -> Policy {
    Policy {
        check_in_seconds: 3600,
        contact_lost_days: 14,
        expires_at: t.now().plus(90 * DAY),
        fleet: fleet.keyring.fleet.clone(),
        grace_hours: 72,
        issued_at: t.now(),
        min_agent: None,
        min_os_patch: None,
        noncompliance: Noncompliance::Report,
        organisation: fleet.organisation.clone(),
        owner_lock_days: None,
        require_encryption: false,
        stale_hours: 24,
        version,
    }
}

async fn publish(api: &Api, fleet: &Fleet, policy: &Policy, by: &[&Ed25519Signer]) -> Answered {
    let mut envelope = Envelope::unsigned(DocumentType::Policy, policy.encode());
    for signer in by {
        envelope.sign_plain(signer).unwrap();
    }
    let path = format!(
        "/api/v1/organisations/{}/fleet/policies",
        fleet.organisation
    );
    api.post(
        &path,
        &json!({ "policy": base64::encode(&envelope.encode()) }),
    )
    .await
}

async fn a_policy_is_delivered_once(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    assert_eq!(phone.status().policy_version, None);
    let first = policy(fleet, t, 1);
    assert_eq!(
        publish(api, fleet, &first, &[&fleet.ada]).await.expect(201)["version"],
        1
    );
    assert_eq!(phone.check_in().await.documents, []);
    assert_eq!(phone.status().policy_version, Some(1));
    // The very bundle: a phone that says what it holds is sent nothing more, one that holds none is.
    let way = Way::to(t, Some(&phone.identity()));
    for (held, is_sent) in [(0, true), (1, false), (7, false)] {
        let body = json!({ "v": 1, "policy": { "version": held } });
        let bundle = way.post("/v1/check-in", &body).await;
        assert_eq!(bundle.status, 200, "{}", bundle.text());
        assert_eq!(
            !bundle.json()["policy"].is_null(),
            is_sent,
            "{held}: {}",
            bundle.text()
        );
    }
    phone.check_in().await;
    assert_eq!(
        publish(api, fleet, &policy(fleet, t, 2), &[&fleet.ada])
            .await
            .expect(201)["version"],
        2
    );
    phone.check_in().await;
    assert_eq!(phone.status().policy_version, Some(2));
    let stored = t
        .record()
        .await
        .iter()
        .filter(|kind| *kind == "policy.stored")
        .count();
    assert_eq!(stored, 2);
    phone.assert_unharmed();
}

async fn a_policy_out_of_bounds_or_by_the_wrong_people_is_refused(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let mut phone = world.phone(t, "NW-000042").await;
    let id = fleet.keyring.fleet.to_string();
    let row = t
        .read(move |c| muster_store::fleets::find(c, &id))
        .await
        .unwrap();
    let online = &t.app().fleet_keys.of(t.app(), &row).unwrap().online;
    let mild = policy(fleet, t, 2);
    let out_of_bounds = [
        Policy {
            check_in_seconds: 59,
            ..mild.clone()
        },
        Policy {
            contact_lost_days: 91,
            ..mild.clone()
        },
        Policy {
            owner_lock_days: Some(6),
            ..mild.clone()
        },
        Policy {
            stale_hours: 721,
            ..mild.clone()
        },
        Policy {
            grace_hours: 71,
            ..mild.clone()
        },
    ];
    let lyre = &world.lyre_fleet;
    let mut bad: Vec<(Policy, Vec<&Ed25519Signer>)> = vec![
        (mild.clone(), vec![]),
        (mild.clone(), vec![online]),
        (mild.clone(), vec![&fleet.ben]),
        (mild.clone(), vec![&fleet.auditor]),
        (policy(lyre, t, 2), vec![&lyre.ada]),
    ];
    bad.extend(out_of_bounds.map(|policy| (policy, vec![&fleet.ada])));
    for (policy, by) in &bad {
        let answer = publish(api, fleet, policy, by).await;
        answer.expect_problem(422, "policy");
        assert!(answer.text.contains("policy_invalid"), "{}", answer.text);
    }
    publish(api, fleet, &mild, &[&fleet.ada]).await.expect(201);
    let older = publish(api, fleet, &policy(fleet, t, 1), &[&fleet.ada]).await;
    older.expect_problem(422, "policy");
    assert!(older.text.contains("policy_rollback"), "{}", older.text);
    // Only an owner brings one, and only to the own fleet.
    let next = policy(fleet, t, 3);
    let admin = world.api(&world.northwind, Role::Admin).await;
    publish(&admin, fleet, &next, &[&fleet.ada])
        .await
        .expect_problem(403, "role");
    publish(&world.lyre.api, fleet, &next, &[&fleet.ada])
        .await
        .expect_problem(404, "not-found");
    phone.check_in().await;
    assert_eq!(phone.status().policy_version, Some(2));
    // A signer whom the next keyring takes out signs policies no more, and hers is handed to nobody.
    let mut later = world.fleet.clone();
    let mut next = Keyring {
        issued_at: t.now(),
        ..later.next()
    };
    Fleet::remove(&mut next, &person(10));
    assert!(
        !next
            .grants
            .iter()
            .any(|grant| grant.kinds.contains(&GrantKind::Policy))
    );
    assert!(
        next.grants
            .iter()
            .any(|grant| grant.kinds.contains(&GrantKind::Command(Kind::Kill)))
    );
    later.publish(api, next).await;
    let refused = publish(api, fleet, &policy(fleet, t, 3), &[&fleet.ada]).await;
    refused.expect_problem(422, "policy");
    let mut newcomer = world.phone(t, "NW-000043").await;
    newcomer.check_in().await;
    assert_eq!(newcomer.status().policy_version, None);
}
