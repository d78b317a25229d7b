//! What the desk says of signatures that stand: over one grant at a time, and never that somebody is done who is not.

use muster::features::commands::seal::SignatureEntry;
use muster::features::commands::shapes::EnvelopeShown;
use muster::offline::inspection::{self, Idle};
use muster::offline::key_file::{KeyFile, Use};
use muster::offline::tally::Tally;
use muster_protocol::base64;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keys::Ed25519Signer;
use muster_tests::api::text;
use muster_tests::fleet::{Authenticator, file_key, person, signer};
use muster_tests::{Api, TestApp, TestDesk, on_both_databases};
use serde_json::Value;

on_both_databases![
    whoever_signed_on_the_portal_signs_once_more_where_an_independent_signature_is_missing,
    signatures_count_over_one_grant_at_a_time,
    what_phones_would_take_is_enough_whatever_grant_it_is,
];

async fn shown(api: &Api, id: &str) -> EnvelopeShown {
    let shown = api.get(&format!("/api/v1/commands/{id}/envelope")).await;
    serde_json::from_value(shown.expect(200)).unwrap()
}

/// Signs on the portal's page.
async fn tap(api: &Api, id: &str, passkey: &Authenticator) {
    let payload = base64::decode(&shown(api, id).await.payload).unwrap();
    let envelope = Envelope::unsigned(DocumentType::Command, payload);
    let entry = SignatureEntry::of(&passkey.approve(&envelope));
    let body = serde_json::to_value(entry).unwrap();
    let to = format!("/api/v1/commands/{id}/approvals");
    api.post(&to, &body).await.expect(201);
}

async fn whoever_signed_on_the_portal_signs_once_more_where_an_independent_signature_is_missing(
    t: &mut TestApp,
) {
    // Cleo has a passkey of the portal in the keyring, and a key file of her own.
    let mut world = t.world().await;
    let cleos = signer(9, 61);
    let mut next = world.fleet.next();
    next.keys.push(file_key(&cleos, 15));
    let tapped = world.fleet.cleo.entry().id();
    for grant in &mut next.grants {
        if grant.keys.contains(&tapped) {
            grant.keys.push(cleos.key_id());
        }
    }
    next.check().expect("a sound keyring");
    world.fleet.publish(&world.northwind.api, next).await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let phone = world.phone(t, "NW-000042").await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let inspect = |shown: &EnvelopeShown, signer: &Ed25519Signer| {
        let key = KeyFile {
            r#use: Use::Approver,
            name: "Cleo".to_owned(),
            person: person(15),
            fleet: Some(fleet.fingerprint),
            signer: signer.clone(),
        };
        inspection::inspect(shown, &key, t.now()).unwrap()
    };

    let desk = TestDesk::open(t, api, fleet, &[(&cleos, 15)]).await;
    tap(api, &id, &fleet.cleo).await;
    tap(api, &id, &fleet.dora).await;
    let inbox = desk.get("").await.text;
    assert!(inbox.contains("Read and sign"), "{inbox}");
    let page = desk.get(&format!("commands/{id}")).await.text;
    for part in [
        "2 of 2 people have signed. An independent key is still needed.",
        "You, Ada",
        "Sign with key file",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Somebody else must sign"), "{page}");
    // The terminal says the same.
    let inspected = inspect(&shown(api, &id).await, &cleos);
    assert_eq!((inspected.signed, inspected.idle), (2, None));

    let done = desk.sign(&id, &cleos, "NW-000042").await.text;
    assert!(done.contains("Enough people have agreed"), "{done}");
    assert_eq!(api.command_state(&id).await["state"], "queued");
    let inspected = inspect(&shown(api, &id).await, &fleet.ada);
    assert_eq!(inspected.idle, Some(Idle::Enough));

    // Where she has signed independently, a further key of hers adds nothing.
    let other = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    api.approve(&other, &cleos).await.expect(201);
    let page = desk.get(&format!("commands/{other}")).await.text;
    assert!(page.contains("Somebody else must sign"), "{page}");
    assert!(!page.contains("name=\"key\""), "{page}");
    let inspected = inspect(&shown(api, &other).await, &cleos);
    let idle = Some(Idle::HasSigned);
    assert_eq!((inspected.signed, inspected.idle), (1, idle));
    desk.running.stop().await;
}

async fn signatures_count_over_one_grant_at_a_time(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let phone = world.phone(t, "NW-000042").await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    // Erin stands in a grant of her own, beside the auditor: not the first of the keyring, and no harder.
    api.approve(&id, &fleet.erin).await.expect(201);
    let desk = TestDesk::open(t, api, fleet, &[(&fleet.auditor, 14)]).await;
    let page = desk.get(&format!("commands/{id}")).await.text;
    assert!(page.contains("1 of 2 people has signed."), "{page}");
    assert!(!page.contains("was left out"), "{page}");
    // Ada's is worth as much, by the other grant: two people have signed, and it is not enough.
    api.approve(&id, &fleet.ada).await.expect(201);
    assert_eq!(
        api.command_state(&id).await["state"],
        "awaiting-approval",
        "grants are never added together"
    );
    let page = desk.get(&format!("commands/{id}")).await.text;
    for part in [
        "1 of 2 people has signed.",
        "counts by another grant of the keyring than the rest",
        "Sign with key file",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("that is enough"), "{page}");
    let done = desk.sign(&id, &fleet.auditor, "NW-000042").await.text;
    assert!(done.contains("Enough people have agreed"), "{done}");
    assert_eq!(api.command_state(&id).await["state"], "queued");
    desk.running.stop().await;
}

/// A server that keeps a command back which has enough signatures is found out by them.
async fn what_phones_would_take_is_enough_whatever_grant_it_is(t: &mut TestApp) {
    let world = t.world().await;
    let (api, fleet) = (&world.northwind.api, &world.fleet);
    let phone = world.phone(t, "NW-000042").await;
    let id = text(&api.command("wipe", &[&phone.device], Value::Null).await["id"]);
    let waiting = shown(api, &id).await;
    let checked = inspection::check(&waiting, &fleet.fingerprint, t.now()).unwrap();
    let tally = |signers: &[&Ed25519Signer]| {
        let mut checked = checked.clone();
        let envelope = Envelope::unsigned(DocumentType::Command, checked.payload.clone());
        let bytes = envelope.signed_bytes();
        for signer in signers {
            checked.signatures.push(SignatureEntry {
                auth: None,
                client: None,
                keyid: signer.key_id().to_string(),
                sig: base64::encode(&signer.sign(&bytes)),
            });
        }
        Tally::of(&checked)
    };
    let none = tally(&[]);
    assert_eq!((none.missing(), none.is_enough()), (2, false));
    let apart = tally(&[&fleet.ada, &fleet.erin]);
    assert_eq!(
        (apart.missing(), apart.apart(), apart.is_enough()),
        (1, 1, false)
    );
    // One person's two keys are one person.
    let one = tally(&[&fleet.ada, &fleet.ada_second]);
    assert_eq!(
        (one.people(), one.missing(), one.is_enough()),
        (1, 1, false)
    );
    let others = tally(&[&fleet.ada, &fleet.erin, &fleet.auditor]);
    assert_eq!(
        (others.people(), others.apart(), others.missing()),
        (2, 1, 0)
    );
    assert!(others.is_enough());
    // A stranger's signature, and one given twice.
    let void = tally(&[&fleet.stranger, &fleet.ada, &fleet.ada]);
    assert_eq!((void.void, void.people(), void.is_enough()), (2, 1, false));
}
