//! Who may decide, changed by those who may not: A065–A077 as far as a phone sees them.

use muster_agent::AgentError;
use muster_agent::enrol::Trust;
use muster_protocol::bundle::Bundle;
use muster_protocol::command::{Args, Kind};
use muster_protocol::keyring::{Display, GrantKind, Keyring, WholeKey};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::reason::Reason;
use muster_protocol::time::DAY;
use muster_tests::fleet::{Fleet, file_key, person};
use muster_tests::{Hacked, TestApp, TestPhone, on_both_databases};

on_both_databases![
    a065_keyring_of_lower_version,
    a066_keyring_two_above_without_the_one_between,
    a067_keyring_signed_by_new_root_only_or_old_root_only,
    a068_root_threshold_met_by_one_persons_two_keys,
    a069_keyring_granting_wipe_to_one_person,
    a070_independent_passkey_on_a_host_of_the_server,
    a071_online_key_listed_as_an_approvers,
    a072_command_by_a_removed_approver,
    a074_expired_keyring_lock_fleet_then_unlock,
    a075_descriptor_or_chain_of_its_own_at_enrolment,
    a076_portal_fingerprint_of_its_own_without_the_flag,
    a077_old_keyring_at_enrolment,
];

pub(super) async fn offer(a: &mut Hacked, keyrings: Vec<Vec<u8>>) -> Vec<Reason> {
    let bundle = Bundle {
        checkpoint: None,
        commands: Vec::new(),
        keyrings,
        next_check_in_seconds: None,
        policy: None,
    };
    a.phone.apply(&bundle.encode()).await.documents
}

fn version(a: &Hacked) -> u64 {
    a.phone.status().keyring.unwrap().version
}

/// The phone holds the next keyring, honestly made.
async fn step(a: &mut Hacked) {
    let next = Keyring {
        issued_at: a.now,
        ..a.fleet.next()
    };
    let sealed = a.fleet.seal(&next, &[0, 1]);
    assert_eq!(offer(a, vec![sealed.clone()]).await, []);
    a.fleet.keyring = next;
    a.fleet.chain.push(sealed);
}

pub(super) async fn refused(a: &mut Hacked, keyring: Vec<u8>, code: Reason) {
    let before = a.phone.status().keyring.unwrap();
    assert_eq!(offer(a, vec![keyring]).await, [code]);
    assert_eq!(
        a.phone.status().keyring.unwrap().digest,
        before.digest,
        "a refused keyring is held"
    );
    a.phone.assert_unharmed();
}

async fn a065_keyring_of_lower_version(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    step(&mut a).await;
    step(&mut a).await;
    assert_eq!(version(&a), 3);
    let old = a.fleet.chain[1].clone();
    refused(&mut a, old, Reason::KeyringRollback).await;
    // The held version with another content is no rollback, and no keyring either.
    let other = Keyring {
        portals: Vec::new(),
        ..a.fleet.keyring.clone()
    };
    let other = a.fleet.seal(&other, &[0, 1]);
    refused(&mut a, other, Reason::KeyringInvalid).await;
}

async fn a066_keyring_two_above_without_the_one_between(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let far = Keyring {
        version: 3,
        ..a.fleet.next()
    };
    let sealed = a.fleet.seal(&far, &[0, 1]);
    refused(&mut a, sealed.clone(), Reason::KeyringGap).await;
    let near = a.fleet.seal(&a.fleet.next(), &[0, 1]);
    assert_eq!(
        offer(&mut a, vec![near, sealed]).await,
        [],
        "with the one between it is honest"
    );
    assert_eq!(version(&a), 3);
}

async fn a067_keyring_signed_by_new_root_only_or_old_root_only(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let own: Vec<Ed25519Signer> = (90..92)
        .map(|seed| Ed25519Signer::from_seed([seed; 32]))
        .collect();
    let mut next = a.fleet.next();
    next.root.keys = own
        .iter()
        .zip(90..)
        .map(|(key, number)| WholeKey {
            key: key.verifying_key(),
            person: person(number),
        })
        .collect();
    let sign = |by: &[&Ed25519Signer]| {
        let mut envelope = muster_protocol::envelope::Envelope::unsigned(
            muster_protocol::envelope::DocumentType::Keyring,
            next.encode(),
        );
        for signer in by {
            envelope.sign_plain(signer).unwrap();
        }
        envelope.encode()
    };
    let (new_only, old_only) = (
        sign(&[&own[0], &own[1]]),
        sign(&[&a.fleet.roots[0], &a.fleet.roots[1]]),
    );
    let one_old = sign(&[&own[0], &own[1], &a.fleet.roots[0]]);
    let nobody = sign(&[]);
    for keyring in [new_only, old_only, one_old, nobody] {
        refused(&mut a, keyring, Reason::KeyringInvalid).await;
    }
}

async fn a068_root_threshold_met_by_one_persons_two_keys(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // Honestly: one person gets a second root key.
    let second = Ed25519Signer::from_seed([93; 32]);
    let mut next = a.fleet.next();
    next.root.keys.push(WholeKey {
        key: second.verifying_key(),
        person: person(1),
    });
    let sealed = a.fleet.seal(&next, &[0, 1]);
    assert_eq!(offer(&mut a, vec![sealed]).await, []);
    // Then that person alone signs with both.
    a.fleet.keyring = next;
    a.fleet.roots.push(second);
    let greedy = a.fleet.seal(&a.fleet.next(), &[0, 3]);
    refused(&mut a, greedy, Reason::KeyringInvalid).await;
}

async fn a069_keyring_granting_wipe_to_one_person(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mut next = a.fleet.next();
    for grant in &mut next.grants {
        if grant.kinds.contains(&GrantKind::Command(Kind::Wipe)) {
            grant.threshold = 1;
        }
    }
    // The roots were tricked into signing it. The phone may take the keyring; the floor built into it stays.
    let sealed = a.fleet.seal(&next, &[0, 1]);
    offer(&mut a, vec![sealed]).await;
    let wipe = a.command(Args::Wipe);
    let wipe = a.signed(&wipe, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(wipe).await, Some(Reason::Threshold));
    a.phone.assert_unharmed();
}

async fn a070_independent_passkey_on_a_host_of_the_server(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let cleo = a.fleet.cleo.entry().id();
    let hosts = [
        "approve.example.org",
        "example.org",
        "more.approve.example.org",
    ];
    for host in hosts {
        let mut next = a.fleet.next();
        next.portals = vec![host.to_owned()];
        next.keys
            .iter_mut()
            .filter(|entry| entry.id() == cleo)
            .for_each(|entry| entry.display = Display::Independent);
        let sealed = a.fleet.seal(&next, &[0, 1]);
        refused(&mut a, sealed, Reason::KeyringInvalid).await;
    }
    // The same passkey, called what it is, is no fault.
    let mut honest = a.fleet.next();
    honest.portals = hosts.map(str::to_owned).to_vec();
    let sealed = a.fleet.seal(&honest, &[0, 1]);
    assert_eq!(offer(&mut a, vec![sealed]).await, []);
}

async fn a071_online_key_listed_as_an_approvers(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mut next = a.fleet.next();
    next.keys.push(file_key(&a.server.online, 70));
    next.grants[0].keys.push(a.server.online.key_id());
    let sealed = a.fleet.seal(&next, &[0, 1]);
    refused(&mut a, sealed, Reason::KeyringInvalid).await;
}

async fn a072_command_by_a_removed_approver(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let approved_before = a.command(Args::Wipe);
    let approved_before = a
        .signed(&approved_before, &[&a.fleet.ada, &a.fleet.ben])
        .encode();
    let mut next = a.fleet.next();
    Fleet::remove(&mut next, &person(10));
    let sealed = a.fleet.seal(&next, &[0, 1]);
    assert_eq!(offer(&mut a, vec![sealed]).await, []);
    let kill = a.command(Args::Kill);
    let kill = a.signed(&kill, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(kill).await, Some(Reason::NotAuthorised));
    // What she approved while she could dies with her key.
    assert_eq!(
        a.send_logged(approved_before).await,
        Some(Reason::Threshold)
    );
    a.phone.assert_unharmed();
}

async fn a074_expired_keyring_lock_fleet_then_unlock(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let lock = a.command(Args::LockFleet {
        until: a.now.plus(180 * DAY),
    });
    let sealed = a.signed(&lock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, None);
    t.advance_days(181);
    a.now = t.now();
    let second = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let sealed = a.signed(&second, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, Some(Reason::KeyringExpired));
    let unlock = a.command(Args::Unlock {
        lifts: vec![lock.digest()],
    });
    let unlock = a.signed(&unlock, &[&a.fleet.ada]).encode();
    assert_eq!(
        a.send_envelope(unlock).await,
        None,
        "no expired keyring stops what gives back"
    );
    a.phone.assert_unharmed();
}

/// The server answers for Northwind's fingerprint with what the attacker wrote.
pub(super) async fn lie(t: &TestApp, fleet: &Fleet, descriptor: &[u8], keyrings: &[Vec<u8>]) {
    use diesel::connection::SimpleConnection as _;
    let quoted = |bytes: &[u8]| {
        String::from_utf8(bytes.to_vec())
            .unwrap()
            .replace('\'', "''")
    };
    let id = fleet.keyring.fleet.to_string();
    let mut sql = format!(
        "UPDATE fleets SET descriptor = '{}' WHERE id = '{id}';",
        quoted(descriptor)
    );
    for (version, keyring) in (1..).zip(keyrings) {
        sql.push_str(&format!(
            "UPDATE keyrings SET envelope = '{}' WHERE fleet_id = '{id}' AND version = {version};",
            quoted(keyring)
        ));
    }
    t.write(move |tx| Ok(tx.batch_execute(&sql)?)).await;
}

/// A fleet of the attacker's own under the same id, with roots of its own and the server's true facts.
pub(super) fn of_the_attacker(genuine: &Fleet) -> Fleet {
    let mut own = genuine.clone();
    own.roots = (80..83)
        .map(|seed| Ed25519Signer::from_seed([seed; 32]))
        .collect();
    let keys = own.roots.iter().zip(80..).map(|(key, number)| WholeKey {
        key: key.verifying_key(),
        person: person(number),
    });
    own.keyring.root.keys = keys.collect();
    let mut descriptor =
        muster_protocol::descriptor::Descriptor::decode(&genuine.descriptor).unwrap();
    descriptor.root = own.keyring.root.clone();
    own.descriptor = descriptor.encode();
    own.chain = vec![own.seal(&own.keyring, &[0, 1])];
    own
}

async fn enrolment_refused(t: &mut TestApp, code: Reason) {
    let world = t.world().await;
    let device = world
        .northwind
        .api
        .register("NW-000001", &world.northwind.id)
        .await;
    let device = muster_tests::api::text(&device["id"]);
    let letters = world.northwind.api.code(&device).await;
    let trust = Trust::Fingerprint(world.fleet.fingerprint);
    match TestPhone::try_enrol(t, trust, "NW-000001", &letters).await {
        Err(AgentError::Enrolment { code: found, .. }) => assert_eq!(found, code),
        Err(other) => unreachable!("refused for another reason: {other}"),
        Ok(_) => unreachable!("the phone enrolled"),
    }
    // The code never left the phone: it can be used by whoever it was made for.
    assert_eq!(
        world.northwind.api.device(&device).await["lifecycle"],
        "registered"
    );
}

async fn a075_descriptor_or_chain_of_its_own_at_enrolment(t: &mut TestApp) {
    let world = t.world().await;
    let own = of_the_attacker(&world.fleet);
    lie(t, &world.fleet, &own.descriptor, &own.chain).await;
    enrolment_refused(t, Reason::PinMismatch).await;
    // The true descriptor, and a chain that does not start from its root.
    lie(t, &world.fleet, &world.fleet.descriptor, &own.chain).await;
    let device = world
        .northwind
        .api
        .register("NW-000002", &world.northwind.id)
        .await;
    let letters = world
        .northwind
        .api
        .code(&muster_tests::api::text(&device["id"]))
        .await;
    let trust = Trust::Fingerprint(world.fleet.fingerprint);
    let refused = TestPhone::try_enrol(t, trust, "NW-000002", &letters).await;
    assert!(matches!(
        refused,
        Err(AgentError::Enrolment {
            code: Reason::KeyringInvalid,
            ..
        })
    ));
}

async fn a076_portal_fingerprint_of_its_own_without_the_flag(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    let pin = phone.status().pin.unwrap();
    // An enrolled phone is given a code whose card shows the attacker's fingerprint: the pin it has wins.
    let own = of_the_attacker(&world.fleet);
    let letters = world.northwind.api.code(&phone.device).await;
    let lured = Fleet {
        fingerprint: muster_protocol::digest::Digest::of(&own.descriptor),
        ..own
    };
    let refused = phone.enrol_again(t, &lured, &letters).await;
    assert!(
        matches!(
            refused,
            Err(AgentError::Enrolment {
                code: Reason::PinMismatch,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(phone.status().pin.unwrap().fingerprint, pin.fingerprint);
    phone.check_in().await;
    phone.assert_unharmed();
}

async fn a077_old_keyring_at_enrolment(t: &mut TestApp) {
    let mut world = t.world().await;
    // A fleet whose descriptor asks for keyring 2 at least, and a server that shows 1 alone.
    let next = Keyring {
        issued_at: t.now(),
        ..world.fleet.next()
    };
    world.fleet.publish(&world.northwind.api, next).await;
    let mut descriptor =
        muster_protocol::descriptor::Descriptor::decode(&world.fleet.descriptor).unwrap();
    descriptor.keyring_version = 2;
    let fingerprint = descriptor.fingerprint();
    lie(t, &world.fleet, &descriptor.encode(), &[]).await;
    let id = world.fleet.keyring.fleet.to_string();
    t.write(move |tx| {
        use diesel::connection::SimpleConnection as _;
        let sql = format!(
            "UPDATE fleets SET fingerprint = '{fingerprint}' WHERE id = '{id}'; DELETE FROM keyrings WHERE fleet_id = '{id}' AND version = 2;"
        );
        Ok(tx.batch_execute(&sql)?)
    })
    .await;
    let device = world
        .northwind
        .api
        .register("NW-000001", &world.northwind.id)
        .await;
    let letters = world
        .northwind
        .api
        .code(&muster_tests::api::text(&device["id"]))
        .await;
    let refused = TestPhone::try_enrol(
        t,
        Trust::Fingerprint(descriptor.fingerprint()),
        "NW-000001",
        &letters,
    )
    .await;
    assert!(matches!(
        refused,
        Err(AgentError::Enrolment {
            code: Reason::KeyringRollback,
            ..
        })
    ));
}
