//! Policies (§9) exactly at their edges.

use super::documents::policy;
use super::*;
use crate::json::MAX_INT;
use crate::policy::{HeldPolicy, Noncompliance, Policy};

fn seal_policy(policy: &Policy, by: &[&Ed25519Signer]) -> Envelope {
    let mut envelope = Envelope::unsigned(DocumentType::Policy, policy.encode());
    for signer in by {
        envelope.sign_plain(signer).unwrap();
    }
    envelope
}

fn verify_policy(world: &World, envelope: &Envelope) -> Result<HeldPolicy, Refusal> {
    let org = organisation(NORTHWIND);
    Policy::verify(&envelope.encode(), &world.keyring, &org, None)
}

#[test]
fn every_number_of_a_policy_has_both_its_bounds() {
    let judge = |bend: &dyn Fn(&mut Policy)| {
        let mut policy = policy();
        bend(&mut policy);
        Policy::decode(&policy.encode())
            .map(|read| read == policy)
            .ok()
    };
    type Set = fn(&mut Policy, u64);
    let numbers: [(u64, u64, Set); 6] = [
        (60, 86_400, |policy, to| policy.check_in_seconds = to),
        (2, 90, |policy, to| policy.contact_lost_days = to),
        (72, 720, |policy, to| policy.grace_hours = to),
        (7, 180, |policy, to| policy.owner_lock_days = Some(to)),
        (24, 720, |policy, to| policy.stale_hours = to),
        (1, MAX_INT, |policy, to| policy.version = to),
    ];
    for (low, high, set) in numbers {
        for (to, judged) in [
            (low, Some(true)),
            (high, Some(true)),
            (low - 1, None),
            (high + 1, None),
        ] {
            assert_eq!(judge(&|policy| set(policy, to)), judged, "{to}");
        }
    }
    assert_eq!(
        judge(&|policy| policy.expires_at = policy.issued_at.plus(1)),
        Some(true)
    );
    assert_eq!(judge(&|policy| policy.expires_at = policy.issued_at), None);
}

#[test]
fn a_policy_says_only_what_it_must() {
    let bare = Policy {
        min_agent: None,
        noncompliance: Noncompliance::Suspend,
        owner_lock_days: None,
        require_encryption: false,
        ..policy()
    };
    assert_eq!(Policy::decode(&bare.encode()), Ok(bare.clone()));
    let patched = Policy {
        min_os_patch: Some("2026-09-05".into()),
        ..bare
    };
    assert_eq!(Policy::decode(&patched.encode()), Ok(patched));
}

#[test]
fn labels_of_a_policy_are_1_to_64_printable_ascii() {
    let judge = |label: &str| {
        let policy = Policy {
            min_agent: Some(label.to_owned()),
            ..policy()
        };
        Policy::decode(&policy.encode()).is_ok()
    };
    assert!(judge("!") && judge("~") && judge(&"1".repeat(64)));
    assert!(!judge("") && !judge("1 0") && !judge("é") && !judge("\u{7f}"));
    assert!(!judge(&"1".repeat(65)));
}

#[test]
fn a_policy_takes_a_policy_grant_and_a_person_with_an_independent_key() {
    let mut world = World::new();
    let invalid = Err(refused(Reason::PolicyInvalid));
    let by_ada = seal_policy(&policy(), &[&world.ada]);
    assert_eq!(verify_policy(&world, &by_ada).unwrap().policy, policy());
    assert_eq!(
        verify_policy(&world, &by_ada).unwrap().digest,
        Digest::of(&policy().encode())
    );
    // A stranger's signature beside hers is skipped; a bad one of a known key is not, and a passkey's never is.
    let with_stranger = seal_policy(&policy(), &[&world.ada, &signer(98)]);
    verify_policy(&world, &with_stranger).unwrap();
    let mut bad = by_ada.clone();
    let keyid = world.ben.key_id();
    bad.add(Signature::Plain {
        keyid,
        sig: vec![0; 64],
    })
    .unwrap();
    assert_eq!(verify_policy(&world, &bad), invalid);
    let mut with_passkey = by_ada.clone();
    let assertion = Assertion::honest(&by_ada.digest()).sign(&world.cleo);
    with_passkey.add(assertion).unwrap();
    assert_eq!(verify_policy(&world, &with_passkey), invalid);
    // Two people where the grant wants two.
    world.keyring.grants[4].keys.push(world.ben.key_id());
    world.keyring.grants[4].threshold = 2;
    assert_eq!(verify_policy(&world, &by_ada), invalid);
    verify_policy(&world, &seal_policy(&policy(), &[&world.ada, &world.ben])).unwrap();
    // Another organisation's grant.
    world.keyring.grants[4].organisations = Organisations::Listed(vec![organisation(LYRE)]);
    let both = seal_policy(&policy(), &[&world.ada, &world.ben]);
    assert_eq!(verify_policy(&world, &both), invalid);
}

#[test]
fn a_policys_version_rises_and_names_one_policy() {
    let world = World::new();
    let judge = |version: u64, stale_hours: u64| {
        let held = HeldPolicy {
            policy: policy(),
            digest: Digest::of(&policy().encode()),
        };
        let next = Policy {
            version,
            stale_hours,
            ..policy()
        };
        let bytes = seal_policy(&next, &[&world.ada]).encode();
        Policy::verify(
            &bytes,
            &world.keyring,
            &organisation(NORTHWIND),
            Some(&held),
        )
        .map(|held| held.policy.version)
    };
    assert_eq!(judge(3, 48), Ok(3));
    assert_eq!(judge(3, 49), Err(refused(Reason::PolicyInvalid)));
    assert_eq!(judge(4, 49), Ok(4));
    assert_eq!(judge(2, 48), Err(refused(Reason::PolicyRollback)));
}
