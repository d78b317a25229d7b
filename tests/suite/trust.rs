//! Fleets and keyrings as the server carries them, and the log as phones verify it.

use muster_domain::permission::Role;
use muster_protocol::base64;
use muster_protocol::checkpoint::{LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Keyring;
use muster_protocol::merkle;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_tests::api::text;
use muster_tests::fleet::{Fleet, person};
use muster_tests::line::Way;
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_fleet_is_prepared_once_and_adopted_once,
    a_descriptor_or_keyring_that_does_not_fit_is_refused,
    only_an_owner_touches_trust,
    a_keyring_is_published_step_by_step,
    a_phone_that_was_away_walks_the_chain,
    a_new_keyring_reopens_what_a_removed_approver_signed,
    the_log_is_one_tree_that_only_grows,
    a_receipt_that_names_a_foreign_keyring_or_log_is_told_on_the_record,
];

fn fleet_path(organisation: &str) -> String {
    format!("/api/v1/organisations/{organisation}/fleet")
}

fn adoption(fleet: &Fleet) -> Value {
    json!({ "descriptor": base64::encode(&fleet.descriptor), "keyring": base64::encode(&fleet.chain[0]) })
}

async fn a_fleet_is_prepared_once_and_adopted_once(t: &mut TestApp) {
    let world = t.world().await;
    let made = json!({ "name": "Third Reseller" });
    let reseller = text(
        &world
            .operator
            .api
            .post("/api/v1/organisations", &made)
            .await
            .expect(201)["id"],
    );
    let path = fleet_path(&reseller);
    let api = &world.operator.api;
    let first = api.post_empty(&path).await.expect(200);
    assert_eq!(
        api.post_empty(&path).await.expect(200),
        first,
        "the server's keys are made once"
    );
    assert_eq!(first["fingerprint"], Value::Null);
    let secrets: Vec<&String> = first
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| name.contains("sealed"))
        .collect();
    assert!(secrets.is_empty(), "{secrets:?}");

    let fleet = Fleet::from_facts(&first, 3, t.now());
    api.post(&format!("{path}/adopt"), &adoption(&fleet))
        .await
        .expect(201);
    assert_eq!(
        api.post_empty(&path).await.expect(200)["fingerprint"],
        fleet.fingerprint.to_string()
    );
    // A fleet that has a descriptor never gets another: phones are pinned to this one.
    let other = Fleet::from_facts(&first, 4, t.now());
    let again = api.post(&format!("{path}/adopt"), &adoption(&other)).await;
    assert_eq!(again.status, 409, "{}", again.text);
    let shown = api.get(&path).await.expect(200);
    assert_eq!(text(&shown["fingerprint"]), fleet.fingerprint.to_string());
    assert_eq!(
        base64::decode(&text(&shown["descriptor"])).unwrap(),
        fleet.descriptor
    );
    assert!(t.record().await.contains(&"fleet.adopted".to_owned()));
    // A customer's phones obey its reseller's fleet; it has none of its own to make.
    let customer = world
        .northwind
        .api
        .post_empty(&fleet_path(&world.press.id))
        .await;
    customer.expect_problem(422, "not-a-reseller");
    let of_the_press = world
        .press
        .api
        .get(&fleet_path(&world.press.id))
        .await
        .expect(200);
    assert_eq!(
        text(&of_the_press["fingerprint"]),
        world.fleet.fingerprint.to_string()
    );
}

async fn a_descriptor_or_keyring_that_does_not_fit_is_refused(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.operator.api;
    let made = json!({ "name": "Third Reseller" });
    let reseller = text(&api.post("/api/v1/organisations", &made).await.expect(201)["id"]);
    let path = fleet_path(&reseller);
    let facts = api.post_empty(&path).await.expect(200);
    let good = Fleet::from_facts(&facts, 3, t.now());
    let with = |change: &dyn Fn(&mut Keyring)| {
        let mut fleet = good.clone();
        change(&mut fleet.keyring);
        fleet.chain[0] = fleet.seal(&fleet.keyring, &[0, 1]);
        adoption(&fleet)
    };
    let one_root = json!({ "descriptor": base64::encode(&good.descriptor), "keyring": base64::encode(&good.seal(&good.keyring, &[0])) });
    let noise = json!({ "descriptor": base64::encode(b"{}"), "keyring": base64::encode(b"{}") });
    let no_base64 = json!({ "descriptor": "***", "keyring": "***" });
    let bad = [
        ("another fleet's", adoption(&world.lyre_fleet)),
        ("signed by one root of two", one_root),
        ("noise", noise),
        ("no base64", no_base64),
        (
            "another log's name",
            with(&|keyring| keyring.log.origin = "log.example.org/1".to_owned()),
        ),
        (
            "another log's key",
            with(&|keyring| keyring.log.key = world.lyre_fleet.keyring.log.key),
        ),
        (
            "another online key",
            with(&|keyring| keyring.online = world.lyre_fleet.keyring.online.clone()),
        ),
        (
            "expired",
            with(&|keyring| {
                keyring.issued_at = keyring.issued_at.minus(400 * 86_400);
                keyring.expires_at = keyring.issued_at.plus(86_400);
            }),
        ),
    ];
    for (what, body) in bad {
        let answer = api.post(&format!("{path}/adopt"), &body).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.text);
    }
    assert_eq!(
        api.post_empty(&path).await.expect(200)["fingerprint"],
        Value::Null,
        "something half-done was left"
    );
    api.post(&format!("{path}/adopt"), &adoption(&good))
        .await
        .expect(201);
}

async fn only_an_owner_touches_trust(t: &mut TestApp) {
    let world = t.world().await;
    let path = fleet_path(&world.northwind.id);
    let next =
        json!({ "keyring": base64::encode(&world.fleet.seal(&world.fleet.next(), &[0, 1])) });
    for role in [Role::Admin, Role::Agent, Role::Support, Role::Auditor] {
        let api = world.api(&world.northwind, role).await;
        api.post(&format!("{path}/keyrings"), &next)
            .await
            .expect_problem(403, "role");
        api.post_empty(&path).await.expect_problem(403, "role");
    }
    world
        .lyre
        .api
        .post(&format!("{path}/keyrings"), &next)
        .await
        .expect_problem(404, "not-found");
    world
        .northwind
        .api
        .post(&format!("{path}/keyrings"), &next)
        .await
        .expect(201);
}

async fn a_keyring_is_published_step_by_step(t: &mut TestApp) {
    let mut world = t.world().await;
    let api = world.northwind.api.clone();
    let path = format!("{}/keyrings", fleet_path(&world.northwind.id));
    let send = async |envelope: Vec<u8>| {
        api.post(&path, &json!({ "keyring": base64::encode(&envelope) }))
            .await
    };
    let (two, three) = (
        world.fleet.next(),
        Keyring {
            version: 3,
            ..world.fleet.next()
        },
    );
    let refused = async |envelope: Vec<u8>, code: &str| {
        let answer = send(envelope).await;
        answer.expect_problem(422, "keyring");
        assert!(answer.text.contains(code), "{}", answer.text);
    };
    refused(world.fleet.seal(&three, &[0, 1]), "keyring_gap").await;
    refused(world.fleet.seal(&two, &[0]), "keyring_invalid").await;
    refused(b"{}".to_vec(), "").await;
    let first = world.fleet.chain[0].clone();
    world.fleet.publish(&api, two).await;
    refused(first, "keyring_rollback").await;
    // The held one again is no fault: its answer may have been lost.
    assert_eq!(
        send(world.fleet.chain[1].clone()).await.expect(201)["version"],
        2
    );
    world.fleet.publish(&api, three).await;
    let shown = api.get(&fleet_path(&world.northwind.id)).await.expect(200);
    assert_eq!(shown["keyrings"].as_array().unwrap().len(), 3);
    assert_eq!(
        t.record()
            .await
            .iter()
            .filter(|kind| *kind == "keyring.stored")
            .count(),
        2
    );
}

async fn a_phone_that_was_away_walks_the_chain(t: &mut TestApp) {
    let mut world = t.world().await;
    let api = world.northwind.api.clone();
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    for _ in 0..10 {
        let next = Keyring {
            issued_at: t.now(),
            ..world.fleet.next()
        };
        world.fleet.publish(&api, next).await;
    }
    // At most eight steps a check-in (PROTOCOL §5).
    phone.check_in().await;
    assert_eq!(phone.status().keyring.unwrap().version, 9);
    phone.check_in().await;
    assert_eq!(phone.status().keyring.unwrap().version, 11);
    // A phone that enrols now starts from the whole chain at once.
    let late = world.phone(t, "NW-000043").await;
    assert_eq!(late.status().keyring.unwrap().version, 11);
    phone.assert_unharmed();
}

async fn a_new_keyring_reopens_what_a_removed_approver_signed(t: &mut TestApp) {
    let mut world = t.world().await;
    let api = world.northwind.api.clone();
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    let before = text(&api.command_state(&id).await["digest"]);
    let mut next = world.fleet.next();
    Fleet::remove(&mut next, &person(10));
    world.fleet.publish(&api, next).await;
    let reopened = api.command_state(&id).await;
    assert_eq!(reopened["state"], "awaiting-approval", "{reopened}");
    assert!(t.record().await.contains(&"command.reopened".to_owned()));
    t.log_settles().await;
    assert!(
        phone.check_in().await.commands.is_empty(),
        "it was delivered all the same"
    );
    phone.assert_unharmed();
    // With a signature that counts it is a new envelope and the same command.
    api.approve(&id, &world.fleet.ben).await.expect(201);
    t.log_settles().await;
    phone.check_in().await;
    let done = api.command_state(&id).await;
    assert_eq!(
        (&done["state"], text(&done["digest"])),
        (&json!("done"), before)
    );
}

async fn the_log_is_one_tree_that_only_grows(t: &mut TestApp) {
    let world = t.world().await;
    let fleet = world.fleet.keyring.fleet.to_string();
    let mut phone = world.phone(t, "NW-000042").await;
    for _ in 0..3 {
        world
            .northwind
            .api
            .command("lock", &[&phone.device], Value::Null)
            .await;
        phone.check_in().await;
        t.log_settles().await;
    }
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Leaf {
        #[diesel(sql_type = diesel::sql_types::Text)]
        kind: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        digest: String,
    }
    let sql = format!(
        "SELECT kind, digest FROM log_leaves WHERE fleet_id = '{fleet}' AND leaf_index IS NOT NULL ORDER BY leaf_index"
    );
    let leaves: Vec<Leaf> = t.read(move |c| Ok(diesel::sql_query(sql).load(c)?)).await;
    let hashes: Vec<Digest> = leaves
        .iter()
        .map(|leaf| {
            log_leaf_hash(
                leaf.kind.parse::<LogKind>().unwrap(),
                &Digest::parse(&leaf.digest).unwrap(),
            )
        })
        .collect();
    for kind in [
        "keyring",
        "certificate",
        "enrolment",
        "command",
        "receipt",
        "admin",
    ] {
        assert!(
            leaves.iter().any(|leaf| leaf.kind == kind),
            "no {kind} stands in the log"
        );
    }
    // The root that the server signed is the root of these leaves, computed anew by somebody who believes nothing.
    let newest = t
        .read(move |c| muster_store::log::newest_checkpoint(c, &fleet))
        .await
        .unwrap();
    let signed = SignedCheckpoint::decode(newest.note.as_bytes()).unwrap();
    let verified = signed.verify(&world.fleet.keyring).unwrap();
    assert_eq!(verified.checkpoint.head.size, hashes.len() as u64);
    let node = |level: u32, index: u64| {
        let width = 1_usize << level;
        let start = usize::try_from(index).unwrap() * width;
        let mut row = hashes.get(start..start + width)?.to_vec();
        while row.len() > 1 {
            row = row
                .chunks(2)
                .map(|pair| merkle::node_hash(&pair[0], &pair[1]))
                .collect();
        }
        row.first().copied()
    };
    assert_eq!(
        merkle::root(hashes.len() as u64, node).unwrap(),
        verified.checkpoint.head.root
    );
    phone.check_in().await;
    let held = phone.status().checkpoint.unwrap();
    assert!(held.size >= verified.checkpoint.head.size);
}

async fn a_receipt_that_names_a_foreign_keyring_or_log_is_told_on_the_record(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let honest = Receipt {
        at: t.now(),
        checkpoint: None,
        command: Digest::of(b"some command"),
        detail: None,
        enrolment: phone.state().enrolment,
        fleet: world.fleet.keyring.fleet.clone(),
        keyring: KeyringRef {
            digest: world.fleet.keyring.digest(),
            version: world.fleet.keyring.version,
        },
        reason: None,
        seq: 1,
        state: ReceiptState::Refused,
    };
    let send = async |receipt: &Receipt| {
        let sealed = receipt.clone().sign(&phone.device_key());
        let body = json!({ "v": 1, "receipts": [base64::encode(&sealed)] });
        let way = Way::to(t, Some(&phone.identity()));
        way.post("/v1/receipts", &body).await.json()["results"].clone()
    };
    let told = async |kind: &str| {
        let record = t.record().await;
        record.iter().filter(|known| *known == kind).count()
    };
    assert_eq!(send(&honest).await, json!(["stored"]));
    assert_eq!(
        (told("keyring.foreign").await, told("log.forked").await),
        (0, 0)
    );
    // Somebody with the root's keys gave this phone a keyring of the same number, and kept it from us.
    let foreign = KeyringRef {
        digest: Digest::of(b"another keyring"),
        ..honest.keyring
    };
    for seq in [2, 3] {
        let receipt = Receipt {
            keyring: foreign,
            seq,
            ..honest.clone()
        };
        assert_eq!(send(&receipt).await, json!(["stored"]), "it is evidence");
    }
    assert_eq!(told("keyring.foreign").await, 1, "once a day");
    let other = Receipt {
        checkpoint: Some(TreeHead {
            size: 7,
            root: Digest::of(b"another log"),
        }),
        seq: 4,
        ..honest.clone()
    };
    assert_eq!(send(&other).await, json!(["stored"]));
    assert_eq!(told("log.forked").await, 1);
}
