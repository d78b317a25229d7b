//! Attacks that the specification does not name, made of documents: signatures of one form under keys of another, two of what
//! there is one of, and what belongs to somebody else.

use muster_protocol::bundle::{Bundle, CheckpointInBundle, LogProof};
use muster_protocol::checkpoint::{Checkpoint, LogKind, SignedCheckpoint, TreeHead};
use muster_protocol::clearance::Clearance;
use muster_protocol::command::{Args, Command};
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope, Signature, envelope_digest};
use muster_protocol::ids::OrganisationId;
use muster_protocol::keyring::Keyring;
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::policy::{Noncompliance, Policy};
use muster_protocol::reason::Reason;
use muster_protocol::time::DAY;
use muster_tests::hacked::reason;
use muster_tests::{Hacked, TestApp, on_both_databases};

use super::a035_witnesses::Witnessed;
use super::a065_keyrings::offer;

on_both_databases![
    own_assertion_under_a_files_key_and_the_other_way_round,
    own_two_keyrings_of_one_version_in_one_bundle,
    own_checkpoint_of_another_fleets_log,
    own_clearance_bound_to_another_log_of_the_same_size,
    own_entry_of_another_kind_in_the_log,
    own_policy_of_another_organisation_or_fleet,
    own_one_command_thirty_times_in_one_bundle,
    own_online_signature_on_what_gives_back,
];

async fn own_assertion_under_a_files_key_and_the_other_way_round(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let wipe = a.command(Args::Wipe);
    let by_ben = a.signed(&wipe, &[&a.fleet.ben]);
    let Signature::WebAuthn {
        auth, client, sig, ..
    } = a.fleet.cleo.approve(&by_ben)
    else {
        unreachable!("a passkey makes assertions");
    };
    // Cleo's assertion is called Ada's, whose key is a file and no passkey.
    let mut as_ada = by_ben.clone();
    let keyid = a.fleet.ada.key_id();
    let called = Signature::WebAuthn {
        keyid,
        auth: auth.clone(),
        client: client.clone(),
        sig: sig.clone(),
    };
    as_ada.add(called).unwrap();
    // Ada's own signature, wrapped as an assertion.
    let mut wrapped = by_ben.clone();
    let own = Signature::WebAuthn {
        keyid,
        auth,
        client,
        sig: a.fleet.ada.sign(&by_ben.signed_bytes()),
    };
    wrapped.add(own).unwrap();
    // Cleo's key over the bare bytes, without the assertion that shows her browser.
    let mut bare = by_ben.clone();
    let plain = Signature::Plain {
        keyid: a.fleet.cleo.entry().id(),
        sig,
    };
    bare.add(plain).unwrap();
    for envelope in [as_ada, wrapped, bare] {
        assert_eq!(
            a.send_logged(envelope.encode()).await,
            Some(Reason::BadSignature)
        );
        a.phone.assert_unharmed();
    }
}

async fn own_two_keyrings_of_one_version_in_one_bundle(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // The roots were tricked into signing version 2 twice: with Ada, and with a stranger in her place.
    let next = Keyring {
        issued_at: a.now,
        ..a.fleet.next()
    };
    let mut other = next.clone();
    for grant in &mut other.grants {
        grant.threshold = 1;
    }
    let (first, second) = (a.fleet.seal(&next, &[0, 1]), a.fleet.seal(&other, &[1, 2]));
    let refused = offer(&mut a, vec![first.clone(), second.clone()]).await;
    assert_eq!(refused, [Reason::KeyringInvalid]);
    let held = a.phone.status().keyring.unwrap();
    assert_eq!(
        held.digest,
        next.digest().to_string(),
        "the second one is held"
    );
    // Kept as evidence, and no way in later either; nor does one unsigned take the place of one that stands.
    assert!(a.phone.state().evidence.contains_key("keyring_invalid"));
    for late in [second, a.fleet.seal(&other, &[])] {
        assert_eq!(offer(&mut a, vec![late]).await, [Reason::KeyringInvalid]);
    }
    let held = a.phone.status().keyring.unwrap();
    assert_eq!(held.digest, next.digest().to_string());
    a.phone.assert_unharmed();
}

async fn own_checkpoint_of_another_fleets_log(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let id = world.lyre_fleet.keyring.fleet.to_string();
    let row = t
        .read(move |c| muster_store::fleets::find(c, &id))
        .await
        .unwrap();
    // One server carries both fleets, so whoever has it has both logs' keys.
    let lyres = t.app().fleet_keys.of(t.app(), &row).unwrap();
    let wipe = a.command(Args::Wipe);
    let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
    let item = a.logged(wipe);
    let head = a.note().checkpoint.head;
    let note = |origin: &str, key: &Ed25519Signer| {
        let origin = origin.to_owned();
        SignedCheckpoint::by_log(Checkpoint { origin, head }, key).encode()
    };
    let own = a.fleet.keyring.log.origin.clone();
    let theirs = world.lyre_fleet.keyring.log.origin.clone();
    for note in [
        note(&theirs, &lyres.log),
        note(&own, &lyres.log),
        note(&theirs, &a.server.log),
    ] {
        let mut bundle = a.bundle(vec![item.clone()]);
        bundle.checkpoint = Some(CheckpointInBundle {
            consistency: Vec::new(),
            note,
        });
        let outcome = a.phone.apply(&bundle.encode()).await;
        assert_eq!(outcome.documents, [Reason::CheckpointInvalid]);
        assert_eq!(reason(&outcome), Some(Reason::NotLogged));
        assert!(a.phone.state().checkpoint.is_none());
        a.phone.assert_unharmed();
    }
}

async fn own_clearance_bound_to_another_log_of_the_same_size(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let (_, item) = w.wipe();
    let right = w.clearance(&item);
    let [one, two] = w.witnesses.clone();
    // The witnesses were shown another log, in which nothing was cancelled; the phone follows this one.
    let elsewhere = Clearance {
        checkpoint: TreeHead {
            root: Digest::of(b"the log that the witnesses were shown"),
            ..right.checkpoint
        },
        ..right
    };
    let clearances = Witnessed::signed(&elsewhere, &[&one, &two]);
    w.refused(&item, clearances, Reason::NoClearance).await;
    w.cleared(&item).await;
}

async fn own_entry_of_another_kind_in_the_log(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for kind in [
        LogKind::Receipt,
        LogKind::Admin,
        LogKind::Clearance,
        LogKind::Program,
    ] {
        let wipe = a.command(Args::Wipe);
        let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
        // It stands in the log with its own digest, where nobody who looks for commands finds it.
        let index = a.log_as(kind, &envelope_digest(&wipe));
        let mut item = Hacked::item(wipe);
        item.log = Some(LogProof {
            index,
            hashes: Vec::new(),
        });
        let outcome = a.send(vec![item]).await;
        assert_eq!(outcome.documents, []);
        assert_eq!(reason(&outcome), Some(Reason::NotLogged), "{kind}");
        a.phone.assert_unharmed();
    }
}

async fn own_policy_of_another_organisation_or_fleet(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let own = Policy {
        check_in_seconds: 3600,
        contact_lost_days: 2,
        expires_at: a.now.plus(90 * DAY),
        fleet: a.fleet.keyring.fleet.clone(),
        grace_hours: 72,
        issued_at: a.now,
        min_agent: Some("99".to_owned()),
        min_os_patch: None,
        noncompliance: Noncompliance::Suspend,
        organisation: a.fleet.organisation.clone(),
        owner_lock_days: Some(7),
        require_encryption: true,
        stale_hours: 24,
        version: 1,
    };
    let elsewhere = OrganisationId::parse("0197c0de-0000-7000-8000-00000000ffff").unwrap();
    let lyre = &world.lyre_fleet;
    let foreign = [
        (
            Policy {
                organisation: elsewhere,
                ..own.clone()
            },
            &a.fleet.ada,
        ),
        (
            Policy {
                organisation: lyre.organisation.clone(),
                fleet: lyre.keyring.fleet.clone(),
                ..own.clone()
            },
            &lyre.ada,
        ),
        (
            Policy {
                fleet: lyre.keyring.fleet.clone(),
                ..own.clone()
            },
            &a.fleet.ada,
        ),
        (own, &lyre.ada),
    ];
    let sealed = foreign.map(|(policy, by)| {
        let mut envelope = Envelope::unsigned(DocumentType::Policy, policy.encode());
        envelope.sign_plain(by).unwrap();
        envelope.encode()
    });
    for policy in sealed {
        let bundle = Bundle {
            policy: Some(policy),
            ..Bundle::default()
        };
        let outcome = a.phone.apply(&bundle.encode()).await;
        assert_eq!(outcome.documents, [Reason::PolicyInvalid]);
        assert!(a.phone.state().policy.is_none());
        assert!(a.phone.state().noncompliance.is_none());
    }
    assert_eq!(a.phone.status().service_on, Some(true));
    a.phone.assert_unharmed();
}

async fn own_one_command_thirty_times_in_one_bundle(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let message = a.command(Args::Message {
        text: "once is enough".to_owned(),
    });
    let message = a.signed(&message, &[&a.fleet.ada]).encode();
    let items = vec![Hacked::item(message.clone()); 30];
    let outcome = a.send(items).await;
    assert_eq!(outcome.commands.len(), 30);
    assert_eq!(a.phone.state().messages.len(), 1);
    assert_eq!(a.phone.state().journal.len(), 1);
    let crowd = a.bundle(vec![Hacked::item(message); 33]).encode();
    let refused = a.phone.agent.apply(&crowd).await.unwrap_err();
    assert!(refused.to_string().contains("too_large"), "{refused}");
    a.phone.assert_unharmed();
}

async fn own_online_signature_on_what_gives_back(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // Whoever has server and phone: takes the lock off, the wipe back, the hold away.
    let lock = a.command(Args::LockFleet {
        until: a.now.plus(30 * DAY),
    });
    let sealed = a.signed(&lock, &[&a.fleet.ada]).encode();
    assert_eq!(a.send_logged(sealed).await, None);
    let hold = super::a091_holds::hold(&mut a).await;
    let unlock = Args::Unlock {
        lifts: vec![lock.digest()],
    };
    let cancel = Args::Cancel {
        lifts: vec![hold.digest(), lock.digest()],
    };
    let release = Args::Release {
        lifts: vec![hold.digest()],
    };
    for args in [unlock, cancel, release] {
        let command: Command = a.command(args);
        let envelope = a.signed(&command, &[&a.server.online]).encode();
        assert_eq!(
            a.send_logged(envelope).await,
            Some(Reason::NotAuthorised),
            "{}",
            command.kind()
        );
    }
    assert_eq!(a.phone.state().restrictions.len(), 1);
    super::a091_holds::still_held(&mut a).await;
    a.phone.assert_untouched();
}
