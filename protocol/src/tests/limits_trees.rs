//! The log's leaves, its proofs and the witnesses' clearances (§4, §14; RFC 9162 §2.1), exactly at their edges.

use super::*;
use crate::checkpoint::{LogKind, TreeHead, log_leaf, log_leaf_hash};
use crate::clearance::{Clearance, Expected};
use crate::merkle::{self, ProofError};

#[test]
fn a_leaf_names_type_and_digest() {
    let entry = Digest::of(b"entry");
    for kind in LogKind::ALL {
        let leaf = format!("muster-log/v1\n{}\n{}\n", kind.as_str(), entry.to_hex());
        assert_eq!(log_leaf(*kind, &entry), leaf.as_bytes());
        let hashed = [&[0], leaf.as_bytes()].concat();
        assert_eq!(log_leaf_hash(*kind, &entry), Digest::of(&hashed));
    }
}

#[test]
fn an_inclusion_proof_of_a_log_has_at_most_48_hashes() {
    let judge = |size: u64, hashes: usize| {
        let root = Digest::of(b"root");
        let head = TreeHead { size, root };
        head.includes(LogKind::Command, &Digest::of(b"ed"), 0, &vec![root; hashes])
    };
    assert_eq!(judge(1 << 48, 48), Err(ProofError::Mismatch));
    assert_eq!(judge(1 << 49, 49), Err(ProofError::Malformed));
    assert_eq!(judge(1 << 50, 50), Err(ProofError::Malformed));
}

#[test]
fn a_consistency_proof_of_a_log_has_at_most_63_hashes() {
    let judge = |size: u64, hashes: usize| {
        let root = Digest::of(b"root");
        merkle::verify_consistency(1, &root, size, &Digest::of(b"new"), &vec![root; hashes])
    };
    assert_eq!(judge(1 << 63, 63), Err(ProofError::Mismatch));
    assert_eq!(judge((1 << 63) + 1, 64), Err(ProofError::Malformed));
    assert_eq!(judge(4, 2), Err(ProofError::Mismatch));
    assert_eq!(judge(4, 1), Err(ProofError::Malformed));
    assert_eq!(judge(4, 3), Err(ProofError::Malformed));
}

#[test]
fn a_log_that_shrank_has_no_proof_whatever_its_hashes_say() {
    let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
    let root = merkle::node_hash(&two, &one);
    let judged = merkle::verify_consistency(6, &root, 5, &root, &[one, two]);
    assert_eq!(judged, Err(ProofError::Malformed));
}

#[test]
fn the_empty_log_is_a_prefix_of_every_log_and_proves_nothing() {
    let (empty, root) = (merkle::empty_root(), Digest::of(b"root"));
    let judge = merkle::verify_consistency;
    assert_eq!(judge(0, &empty, 5, &root, &[]), Ok(()));
    assert_eq!(judge(0, &root, 5, &root, &[]), Err(ProofError::Mismatch));
    assert_eq!(
        judge(0, &empty, 5, &root, &[root]),
        Err(ProofError::Malformed)
    );
    assert_eq!(judge(5, &root, 5, &root, &[]), Ok(()));
    assert_eq!(judge(5, &root, 5, &empty, &[]), Err(ProofError::Mismatch));
    assert_eq!(
        judge(5, &root, 5, &root, &[root]),
        Err(ProofError::Malformed)
    );
    assert_eq!(judge(6, &root, 5, &root, &[]), Err(ProofError::Malformed));
    assert_eq!(judge(3, &root, 5, &root, &[]), Err(ProofError::Malformed));
    assert_eq!(empty, Digest::of(b""));
}

#[test]
fn a_clearance_is_one_witnesss_plain_signature() {
    let world = World::new();
    let (ed, nonce) = (Digest::of(b"ed"), Digest::of(b"nonce"));
    let enrolment = world.pin().enrolment;
    let clearance = Clearance {
        at: UnixTime(NOW),
        checkpoint: TreeHead {
            size: 5,
            root: Digest::of(b"root"),
        },
        ed,
        enrolment,
        fleet: fleet(),
        keyring: 7,
        nonce,
    };
    let expected = Expected {
        ed: &ed,
        enrolment: &enrolment,
        nonce: &nonce,
    };
    let judge = |bytes: &[u8]| Clearance::verify(bytes, &world.keyring, &expected);
    let none = Err(Refusal::deferred(Reason::NoClearance));
    let bytes = clearance.sign(&world.witnesses[0]);
    assert_eq!(judge(&bytes).unwrap().clearance, clearance);
    // Two witnesses on one clearance, none, and one whose signature is another's.
    let mut envelope = Envelope::decode(&bytes, DocumentType::Clearance).unwrap();
    envelope.sign_plain(&world.witnesses[1]).unwrap();
    assert_eq!(judge(&envelope.encode()), none);
    let mut envelope = Envelope::unsigned(DocumentType::Clearance, clearance.encode());
    assert_eq!(judge(&envelope.encode()), none);
    let sig = world.witnesses[1].sign(&envelope.signed_bytes());
    let keyid = world.witnesses[0].key_id();
    envelope.add(Signature::Plain { keyid, sig }).unwrap();
    assert_eq!(judge(&envelope.encode()), none);
    // A payload with one member more, or of another version.
    let text = String::from_utf8(clearance.encode()).unwrap();
    for bent in [
        text.replace(r#""v":1"#, r#""v":1,"w":1"#),
        text.replace(r#""v":1"#, r#""v":2"#),
    ] {
        let mut envelope = Envelope::unsigned(DocumentType::Clearance, bent.into_bytes());
        envelope.sign_plain(&world.witnesses[0]).unwrap();
        assert_eq!(judge(&envelope.encode()), none);
    }
}
