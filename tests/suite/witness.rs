//! Witnesses of a fleet's log (PROTOCOL §14): what goes on without them, what waits, and what they refuse.

use muster::features::trust::proofs;
use muster::witness::cosign::AddCheckpoint;
use muster_protocol::base64;
use muster_protocol::bundle::{Bundle, CheckpointInBundle, CommandInBundle, LogProof};
use muster_protocol::checkpoint::{Checkpoint, SignedCheckpoint, TreeHead};
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Keyring;
use muster_protocol::reason::Reason;
use muster_protocol::target::TargetProof;
use muster_protocol::time::UnixTime;
use muster_store::{commands, log};
use muster_tests::api::text;
use muster_tests::hacked::reason;
use muster_tests::{Api, TestApp, TestPhone, Witnesses, audit, on_both_databases, page};
use serde_json::{Value, json};
use std::time::Duration;

on_both_databases![
    with_one_of_three_dead_a_kill_goes_on,
    with_two_of_three_dead_lock_and_suspend_go_on_and_a_kill_waits,
    a035_a_cancel_withheld_from_the_phone_leaves_the_wipe_without_a_clearance,
    a_forked_log_is_refused_by_a_witness_that_cosigned_the_other,
    a_cancel_at_the_portal_says_that_phones_need_a_signed_one,
    a_cancel_after_a_clearance_needs_a_signed_one_too,
    a_quiet_log_is_cosigned_again_and_phones_take_the_later_word,
    a_log_longer_than_a_request_is_brought_in_pages,
    an_insider_has_nothing_cleared_behind_the_servers_back,
];

/// Lets phone, log and witnesses take turns until the command is over, or nobody has anything left to do.
async fn turns(t: &TestApp, w: &Witnesses, api: &Api, phone: &mut TestPhone, id: &str) -> Value {
    for _ in 0..3 {
        w.settle(t).await;
        phone.check_in().await;
        let shown = api.command_state(id).await;
        if shown["state"] == "done" {
            return shown;
        }
    }
    api.command_state(id).await
}

/// What somebody who holds the whole server hands the phone: this command alone, with the log's newest checkpoint that `witnesses`
/// cosigned, and every proof that goes with it.
async fn by_hand(t: &TestApp, fleet: &str, phone: &TestPhone, id: &str, witnesses: i64) -> Bundle {
    let (fleet, id) = (fleet.to_owned(), id.to_owned());
    let held = phone.state().checkpoint.map_or(0, |held| held.size);
    t.read(move |c| {
        let row = commands::find_for_job(c, &id)?.unwrap();
        let head = log::newest_witnessed(c, &fleet, witnesses)?.unwrap();
        let digest = row.envelope_digest.unwrap();
        let index = log::leaf_index(c, &fleet, "command", &digest)?.unwrap();
        let (index, size) = (
            u64::try_from(index).unwrap(),
            u64::try_from(head.size).unwrap(),
        );
        assert!(index < size, "the checkpoint does not hold the command");
        let command = CommandInBundle {
            clearances: Vec::new(),
            envelope: row.envelope.unwrap().into_bytes(),
            log: Some(LogProof {
                index,
                hashes: proofs::inclusion(c, &fleet, index, size)?,
            }),
            target: TargetProof {
                index: 0,
                hashes: Vec::new(),
            },
        };
        let checkpoint = (size > held).then_some(CheckpointInBundle {
            consistency: proofs::consistency(c, &fleet, held, size)?,
            note: head.note,
        });
        Ok(Bundle {
            checkpoint,
            commands: vec![command],
            ..Bundle::default()
        })
    })
    .await
}

async fn with_one_of_three_dead_a_kill_goes_on(t: &mut TestApp) {
    let mut w = Witnesses::start(t, 3, 2).await;
    let world = w.world();
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    w.kill(3).await;
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    let done = turns(t, &w, api, &mut phone, &id).await;
    assert_eq!(done["state"], "done", "{done}");
    assert!(phone.service_is_gone());
    phone.assert_untouched();
    let cleared = audit::count(
        &t.app().store,
        "SELECT COUNT(*) AS count FROM log_leaves WHERE kind = 'clearance'".into(),
    );
    assert!(cleared.await > 0, "clearances stand in the log");
    w.kill(1).await;
    w.kill(2).await;
}

async fn with_two_of_three_dead_lock_and_suspend_go_on_and_a_kill_waits(t: &mut TestApp) {
    let mut w = Witnesses::start(t, 3, 2).await;
    let world = w.world();
    let api = &world.northwind.api;
    let fleet = world.fleet.keyring.fleet.to_string();
    let mut phone = world.phone(t, "NW-000042").await;
    w.settle(t).await;
    phone.check_in().await;
    w.kill(2).await;
    w.kill(3).await;
    for kind in ["lock", "suspend", "resume"] {
        let id = text(&api.command(kind, &[&phone.device], Value::Null).await["id"]);
        let done = turns(t, &w, api, &mut phone, &id).await;
        assert_eq!(done["state"], "done", "{kind}: {done}");
        // What stands on it is told at the next one.
        phone.check_in().await;
    }
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    let waiting = turns(t, &w, api, &mut phone, &id).await;
    assert_eq!(waiting["state"], "queued", "{waiting}");
    // A server that is in a hurry gets no further: first with the checkpoint that one witness cosigned.
    let bundle = by_hand(t, &fleet, &phone, &id, 1).await.encode();
    let outcome = phone.apply(&bundle).await;
    assert_eq!(outcome.documents, [Reason::CheckpointInvalid]);
    assert_eq!(reason(&outcome), Some(Reason::NotLogged));
    phone.check_in().await;
    let told = api.command_state(&id).await;
    assert_eq!(told["targets"][0]["code"], "not_logged", "{told}");
    phone.assert_unharmed();
    // With a second witness back, what waited goes on.
    w.wake(t, 2);
    let done = turns(t, &w, api, &mut phone, &id).await;
    assert_eq!(done["state"], "done", "{done}");
    assert!(phone.service_is_gone());
    w.kill(1).await;
    w.kill(2).await;
}

async fn a035_a_cancel_withheld_from_the_phone_leaves_the_wipe_without_a_clearance(
    t: &mut TestApp,
) {
    let mut w = Witnesses::start(t, 3, 2).await;
    let world = w.world();
    let (api, fleet) = (&world.northwind.api, world.fleet.keyring.fleet.to_string());
    let mut phone = world.phone(t, "NW-000042").await;
    w.settle(t).await;
    phone.check_in().await;
    for number in 1..=3 {
        w.kill(number).await;
    }
    let wipe = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    for signer in [&world.fleet.ada, &world.fleet.ben] {
        api.approve(&wipe, signer).await.expect(201);
    }
    let named = json!({ "commands": [wipe] });
    let cancel = text(&api.command("cancel", &[&phone.device], named).await["id"]);
    api.approve(&cancel, &world.fleet.ada).await.expect(201);
    t.log_settles().await;
    for number in 1..=3 {
        w.wake(t, number);
    }
    // The witnesses see both in the log, and clear nothing.
    w.settle(t).await;
    let cleared = audit::count(
        &t.app().store,
        "SELECT COUNT(*) AS count FROM clearances".into(),
    );
    assert_eq!(cleared.await, 0, "a witness cleared what was cancelled");
    // The attacker carries the wipe, under a checkpoint of enough witnesses, and keeps the cancel back.
    let bundle = by_hand(t, &fleet, &phone, &wipe, 2).await.encode();
    let outcome = phone.apply(&bundle).await;
    assert_eq!(outcome.documents, []);
    assert_eq!(reason(&outcome), Some(Reason::NoClearance));
    phone.assert_unharmed();
    // The honest server brings the cancel, after which the wipe is dead.
    phone.check_in().await;
    assert_eq!(api.command_state(&cancel).await["state"], "done");
    let bundle = by_hand(t, &fleet, &phone, &wipe, 2).await.encode();
    let outcome = phone.apply(&bundle).await;
    assert_eq!(reason(&outcome), Some(Reason::Cancelled));
    phone.assert_unharmed();
    for number in 1..=3 {
        w.kill(number).await;
    }
}

async fn a_forked_log_is_refused_by_a_witness_that_cosigned_the_other(t: &mut TestApp) {
    let mut w = Witnesses::start(t, 2, 2).await;
    let world = w.world();
    let fleet = world.fleet.keyring.fleet.to_string();
    w.settle(t).await;
    let (id, origin) = (fleet.clone(), world.fleet.keyring.log.origin.clone());
    let (row, head) = t
        .read(move |c| {
            let row = muster_store::fleets::find(c, &id)?.unwrap();
            Ok((row, log::newest_witnessed(c, &id, 2)?.unwrap()))
        })
        .await;
    let keys = t.app().fleet_keys.of(t.app(), &row).unwrap();
    let size = u64::try_from(head.size).unwrap();
    let note = |root| {
        let head = TreeHead { size, root };
        let checkpoint = Checkpoint {
            origin: origin.clone(),
            head,
        };
        SignedCheckpoint::by_log(checkpoint, &keys.log).encode()
    };
    let honest = note(Digest::parse(&head.root).unwrap());
    let forked = note(Digest::of(b"another history"));
    for number in [1, 2] {
        let ask = async |note: &str| {
            w.ask(
                number,
                "add-checkpoint",
                AddCheckpoint::encode(size, &[], note),
            )
            .await
        };
        assert_eq!(ask(&honest).await.status, 200, "the same again is no fault");
        let refused = ask(&forked).await;
        assert_eq!(refused.status, 409, "{}", refused.text);
        assert!(
            refused.text.is_empty(),
            "a size would say: ask again from there"
        );
        assert_eq!(
            ask(&honest).await.status,
            200,
            "the honest log is cosigned on"
        );
        // A note that another key signed is none at all.
        let stranger = SignedCheckpoint::by_log(
            Checkpoint {
                origin: origin.clone(),
                head: TreeHead {
                    size,
                    root: Digest::of(b"x"),
                },
            },
            &world.fleet.stranger,
        );
        assert_eq!(ask(&stranger.encode()).await.status, 403);
    }
    w.kill(1).await;
    w.kill(2).await;
}

async fn a_cancel_at_the_portal_says_that_phones_need_a_signed_one(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let fleet = world.fleet.keyring.fleet.to_string();
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    // What no phone was handed needs nobody's signature.
    let early = text(&api.command("lock", &[&phone.device], Value::Null).await["id"]);
    let answer = api
        .post_empty(&format!("/api/v1/commands/{early}/cancel"))
        .await
        .expect(200);
    assert_eq!(answer["signed_cancel"], Value::Null, "{answer}");

    // A wipe that was handed to the phone: as it happens, to one whose clock is wrong, which puts it off.
    phone.clock.set_wrong_by(10 * 86_400);
    let wipe = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    for signer in [&world.fleet.ada, &world.fleet.ben] {
        api.approve(&wipe, signer).await.expect(201);
    }
    t.log_settles().await;
    phone.check_in().await;
    let shown = api.command_state(&wipe).await;
    assert_eq!(shown["targets"][0]["state"], "deferred", "{shown}");
    let answer = api
        .post_empty(&format!("/api/v1/commands/{wipe}/cancel"))
        .await
        .expect(200);
    assert_eq!(answer["state"], "cancelled", "{answer}");
    let told = &answer["signed_cancel"];
    assert!(
        text(&told["detail"]).contains("only for a signed cancel"),
        "{told}"
    );
    assert_eq!(told["command_id"], Value::Null);

    // The page says so and offers it in one step.
    let mut browser = world
        .browser(&world.northwind, muster_domain::permission::Role::Admin)
        .await;
    let path = format!("/commands/{wipe}");
    let shown = browser.get(&path).await;
    assert!(
        shown.text.contains("The phones do not know of this cancel"),
        "{}",
        shown.text
    );
    assert!(
        shown
            .text
            .contains("One phone may have the command already. It is out of our queue"),
        "{}",
        shown.text
    );
    let drafted = browser.submit(&format!("{path}/signed-cancel"), &[]).await;
    assert_eq!(drafted.status, 200, "{}", drafted.text);
    let cancel = text(&api.command_state(&wipe).await["signed_cancel"]["command_id"]);
    assert!(drafted.text.contains(&cancel), "its page follows");
    assert!(page::between(&browser.get(&path).await.text, "href=\"/commands/", "\"").is_some());
    let shown = api.command_state(&cancel).await;
    assert_eq!(
        (&shown["kind"], &shown["state"]),
        (&json!("cancel"), &json!("awaiting-approval"))
    );
    api.approve(&cancel, &world.fleet.ada).await.expect(201);
    t.log_settles().await;
    phone.check_in().await;
    assert_eq!(api.command_state(&cancel).await["state"], "done");
    // From now on the phone refuses the wipe, whoever carries it.
    phone.clock.set_wrong_by(0);
    let bundle = by_hand(t, &fleet, &phone, &wipe, 0).await.encode();
    let outcome = phone.apply(&bundle).await;
    assert_eq!(reason(&outcome), Some(Reason::Cancelled));
    phone.assert_unharmed();

    // A program does it with the draft that the answer held.
    let lock = text(
        &api.command("lock-fleet", &[&phone.device], Value::Null)
            .await["id"],
    );
    api.approve(&lock, &world.fleet.ada).await.expect(201);
    phone.clock.set_wrong_by(10 * 86_400);
    t.log_settles().await;
    phone.check_in().await;
    let answer = api
        .post_empty(&format!("/api/v1/commands/{lock}/cancel"))
        .await
        .expect(200);
    let made = api
        .post("/api/v1/commands", &answer["signed_cancel"]["draft"])
        .await
        .expect(201);
    let digest = text(&api.command_state(&lock).await["digest"]);
    assert_eq!(made["arguments"]["lifts"], json!([digest]), "{made}");
}

async fn a_cancel_after_a_clearance_needs_a_signed_one_too(t: &mut TestApp) {
    let mut w = Witnesses::start(t, 1, 1).await;
    let world = w.world();
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    w.settle(t).await;
    phone.check_in().await;
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    w.settle(t).await;
    // No phone was handed it, but whoever holds the server has all that it would take.
    let answer = api
        .post_empty(&format!("/api/v1/commands/{id}/cancel"))
        .await
        .expect(200);
    assert_eq!(answer["state"], "cancelled", "{answer}");
    assert_eq!(
        answer["signed_cancel"]["draft"]["device_ids"],
        json!([phone.device]),
        "{answer}"
    );
    w.kill(1).await;
}

/// When the phone's checkpoint was last seen by enough witnesses, and how large it is.
fn witnessed(phone: &TestPhone, keyring: &Keyring) -> (u64, UnixTime) {
    let held = phone.state().checkpoint.unwrap();
    let note = SignedCheckpoint::decode(held.note.as_bytes()).unwrap();
    let verified = note.verify(keyring).unwrap();
    (held.size, verified.witnessed_at.unwrap())
}

async fn a_quiet_log_is_cosigned_again_and_phones_take_the_later_word(t: &mut TestApp) {
    let mut w = Witnesses::start(t, 2, 2).await;
    let world = w.world();
    let mut phone = world.phone(t, "NW-000042").await;
    w.settle(t).await;
    phone.check_in().await;
    w.settle(t).await;
    phone.check_in().await;
    let keyring = &world.fleet.keyring;
    let (size, at) = witnessed(&phone, keyring);
    // Nothing happens for two hours but that the witnesses say so.
    t.advance(Duration::from_secs(2 * 3600));
    t.run_job("log-witnesses").await;
    phone.check_in().await;
    let (same, later) = witnessed(&phone, keyring);
    assert_eq!(same, size, "the log is quiet");
    assert!(later.0 >= at.0 + 7200, "{at:?} {later:?}");
    phone.assert_unharmed();
    w.kill(1).await;
    w.kill(2).await;
}

async fn a_log_longer_than_a_request_is_brought_in_pages(t: &mut TestApp) {
    let mut w = Witnesses::start(t, 1, 1).await;
    let world = w.world();
    let api = &world.northwind.api;
    let fleet = world.fleet.keyring.fleet.to_string();
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    w.kill(1).await;
    // While the witness is away more happens than fits into one request.
    let (id, app) = (fleet.clone(), t.app().clone());
    t.write(move |tx| {
        for number in 0..6000_u32 {
            let digest = Digest::of(&number.to_be_bytes()).to_hex();
            log::append_leaf(tx, &id, "admin", &digest, &app.new_id(), app.now_micros())?;
        }
        Ok(())
    })
    .await;
    t.log_settles().await;
    w.wake(t, 1);
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    let done = turns(t, &w, api, &mut phone, &id).await;
    assert_eq!(done["state"], "done", "{done}");
    let head = t
        .read(move |c| Ok(log::newest_witnessed(c, &fleet, 1)?.unwrap()))
        .await;
    assert!(head.size > 6000);
    w.kill(1).await;
}

async fn an_insider_has_nothing_cleared_behind_the_servers_back(t: &mut TestApp) {
    let mut w = Witnesses::start(t, 1, 1).await;
    let world = w.world();
    let api = &world.northwind.api;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    w.settle(t).await;
    // Everything in it is true: the sealed command as an auditor reads it, the phone, its proof, a nonce of the insider's own.
    let (wanted, fleet) = (id.clone(), world.fleet.keyring.fleet.to_string());
    let (envelope, size) = t
        .read(move |c| {
            let row = commands::find_for_job(c, &wanted)?.unwrap();
            let head = log::newest_witnessed(c, &fleet, 1)?.unwrap();
            Ok((row.envelope.unwrap(), head.size))
        })
        .await;
    let leaf = phone.leaf();
    let asked = json!({
        "v": 1,
        "fleet": world.fleet.keyring.fleet.to_string(),
        "envelope": base64::encode(envelope.as_bytes()),
        "phone": {
            "device": leaf.device.to_string(),
            "enrolment": leaf.enrolment.to_string(),
            "serial": leaf.serial.to_string(),
        },
        "index": 0,
        "hashes": [],
        "nonce": Digest::of(b"the insider's").to_hex(),
        "size": size,
    });
    let refused = w.ask(1, "clearances", asked.to_string()).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    // And what is large or rubbish is turned away, soon at the door.
    let large = w.ask(1, "entries", "x".repeat(1024 * 1024 + 1)).await;
    assert_eq!(large.status, 413);
    let mut refusals = 2;
    while w.ask(1, "entries", "{}".to_owned()).await.status == 400 {
        refusals += 1;
        assert!(refusals < 100, "nobody stops it");
    }
    let refused = w.ask(1, "clearances", asked.to_string()).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    w.kill(1).await;
}
