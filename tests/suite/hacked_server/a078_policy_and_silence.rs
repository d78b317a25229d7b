//! Policies of the server's own, and a server that says nothing or nonsense: A078–A082.

use muster_agent::phones::OwnerUnlock;
use muster_protocol::bundle::Bundle;
use muster_protocol::command::Args;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::policy::{Noncompliance, Policy};
use muster_protocol::reason::Reason;
use muster_protocol::time::DAY;
use muster_tests::{Hacked, TestApp, on_both_databases};
use serde_json::json;

on_both_databases![
    a078_policy_unsigned_by_the_online_key_or_out_of_bounds,
    a079_older_policy,
    a080_silent_for_a_year,
    a081_401_403_410_revoked_and_expired,
    a082_next_check_in_in_a_hundred_years,
];

fn policy(a: &Hacked, version: u64) -> Policy {
    Policy {
        check_in_seconds: 3600,
        contact_lost_days: 14,
        expires_at: a.now.plus(90 * DAY),
        fleet: a.fleet.keyring.fleet.clone(),
        grace_hours: 72,
        issued_at: a.now,
        min_agent: None,
        min_os_patch: None,
        noncompliance: Noncompliance::Report,
        organisation: a.fleet.organisation.clone(),
        owner_lock_days: None,
        require_encryption: false,
        stale_hours: 24,
        version,
    }
}

fn seal(policy: &Policy, by: &[&Ed25519Signer]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(DocumentType::Policy, policy.encode());
    for signer in by {
        envelope.sign_plain(signer).unwrap();
    }
    envelope.encode()
}

async fn offer(a: &mut Hacked, policy: Vec<u8>) -> Vec<Reason> {
    let policy = Some(policy);
    let bundle = Bundle {
        checkpoint: None,
        commands: Vec::new(),
        keyrings: Vec::new(),
        next_check_in_seconds: None,
        policy,
    };
    a.phone.apply(&bundle.encode()).await.documents
}

async fn a078_policy_unsigned_by_the_online_key_or_out_of_bounds(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mild = policy(&a, 1);
    let bad = [
        seal(&mild, &[]),
        seal(&mild, &[&a.server.online]),
        seal(&mild, &[&a.fleet.ben]),
        seal(
            &Policy {
                check_in_seconds: 1,
                ..mild.clone()
            },
            &[&a.fleet.ada],
        ),
        seal(
            &Policy {
                contact_lost_days: 1,
                ..mild.clone()
            },
            &[&a.fleet.ada],
        ),
        seal(
            &Policy {
                owner_lock_days: Some(1),
                ..mild.clone()
            },
            &[&a.fleet.ada],
        ),
        seal(
            &Policy {
                grace_hours: 0,
                ..mild.clone()
            },
            &[&a.fleet.ada],
        ),
    ];
    for envelope in bad {
        assert_eq!(offer(&mut a, envelope).await, [Reason::PolicyInvalid]);
        assert!(a.phone.state().policy.is_none(), "a refused policy is held");
    }
    assert_eq!(offer(&mut a, b"{}".to_vec()).await, [Reason::BadEncoding]);
    let honest = seal(&mild, &[&a.fleet.ada]);
    assert_eq!(offer(&mut a, honest).await, [], "the honest one is taken");
    a.phone.assert_unharmed();
}

async fn a079_older_policy(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let (first, second) = (policy(&a, 1), policy(&a, 2));
    let (first, second) = (
        seal(&first, &[&a.fleet.ada]),
        seal(&second, &[&a.fleet.ada]),
    );
    assert_eq!(offer(&mut a, second).await, []);
    assert_eq!(offer(&mut a, first).await, [Reason::PolicyRollback]);
    a.phone.assert_unharmed();
}

async fn a080_silent_for_a_year(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    a.phone.check_in().await;
    t.stop().await;
    for _ in 0..12 {
        t.clock.advance_seconds(30 * 86_400);
        assert!(a.phone.agent.check_in_once().await.is_err());
        a.phone.assert_unharmed();
    }
    let screen = a.phone.screen().to_lowercase();
    assert!(
        screen.contains("contact") || screen.contains("answer"),
        "the owner is not told: {screen}"
    );
    assert_eq!(a.phone.owner_types_passcode(), OwnerUnlock::NothingToOpen);
    assert!(a.phone.status().restrictions.is_empty());
}

async fn a081_401_403_410_revoked_and_expired(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    a.phone.check_in().await;
    // Revoked: the server answers 403 to everything.
    let path = format!("/api/v1/devices/{}/revoke", a.phone.device);
    world
        .northwind
        .api
        .post(&path, &json!({ "reason": "hacked" }))
        .await
        .expect(204);
    for _ in 0..50 {
        let refused = a.phone.agent.check_in_once().await;
        assert!(refused.is_err());
        t.advance(std::time::Duration::from_secs(3600));
    }
    a.phone.assert_unharmed();
    // And expired for good: not even a handshake.
    t.advance_days(500);
    assert!(a.phone.agent.check_in_once().await.is_err());
    a.phone.assert_unharmed();
    assert!(a.phone.status().restrictions.is_empty());
    // It still obeys its fleet, by any carrier.
    let message = a.command(Args::Message {
        text: "come by".to_owned(),
    });
    let message = a.signed(&message, &[&a.fleet.ada]).encode();
    assert!(matches!(
        a.send_envelope(message).await,
        Some(Reason::Expired | Reason::KeyringExpired)
    ));
}

async fn a082_next_check_in_in_a_hundred_years(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for (hint, clamped) in [(100 * 365 * DAY, DAY), (0, 15), (900, 900)] {
        let mut bundle = a.bundle(Vec::new());
        bundle.next_check_in_seconds = Some(hint);
        let outcome = a.phone.apply(&bundle.encode()).await;
        // A bundle by another carrier says nothing about check-ins; by the check-in it is clamped.
        assert!(
            outcome
                .next_check_in
                .is_none_or(|next| next.as_secs() == clamped),
            "{outcome:?}"
        );
    }
    let next = a.phone.check_in().await.next_check_in.unwrap();
    assert!((15..=DAY).contains(&next.as_secs()));
    a.phone.assert_unharmed();
}
