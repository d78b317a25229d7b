//! Trees of every size up to 300: proofs hold, and no bent one does.

use std::collections::HashMap;

use super::*;
use crate::merkle::{self, ProofError};

struct Log {
    nodes: HashMap<(u32, u64), Digest>,
    leaves: Vec<Digest>,
}

impl Log {
    /// Grown in batches of uneven length, as a sequencer does.
    fn of(size: u64) -> Self {
        let leaves: Vec<_> = (0..size)
            .map(|at| merkle::leaf_hash(&at.to_be_bytes()))
            .collect();
        let mut nodes = HashMap::new();
        let mut start = 0;
        for batch in [1, 2, 5, 64, 3, 300] {
            let end = (start + batch).min(leaves.len());
            let source = |level, index| nodes.get(&(level, index)).copied();
            let fresh = merkle::append(start as u64, &leaves[start..end], source).unwrap();
            nodes.extend(
                fresh
                    .into_iter()
                    .map(|node| ((node.level, node.index), node.hash)),
            );
            start = end;
        }
        Self { nodes, leaves }
    }

    fn node(&self) -> impl Fn(u32, u64) -> Option<Digest> {
        |level, index| self.nodes.get(&(level, index)).copied()
    }
}

/// RFC 9162 §2.1.1, word for word.
fn mth(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => merkle::empty_root(),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            merkle::node_hash(&mth(&leaves[..k]), &mth(&leaves[k..]))
        }
    }
}

#[test]
fn every_leaf_of_every_size_is_proven() {
    let log = Log::of(300);
    for size in 1..=300 {
        let root = merkle::root(size, log.node()).unwrap();
        assert_eq!(root, mth(&log.leaves[..size as usize]));
        // Every leaf of the small trees; of the large ones the edges and a sample.
        let step = if size <= 70 { 1 } else { 29 };
        for index in (0..size).step_by(step).chain([size - 1]) {
            let leaf = log.leaves[index as usize];
            let mut proof = merkle::inclusion_proof(index, size, log.node()).unwrap();
            assert_eq!(Some(proof.len()), merkle::inclusion_length(index, size));
            let verify = |index, proof: &[Digest]| {
                merkle::verify_inclusion(&leaf, index, size, proof, &root)
            };
            verify(index, &proof).unwrap();
            verify(index ^ 1, &proof).unwrap_err();
            verify(size, &proof).unwrap_err();
            proof.push(root);
            assert_eq!(verify(index, &proof), Err(ProofError::Malformed));
        }
    }
}

#[test]
fn every_older_size_is_a_prefix() {
    let log = Log::of(300);
    let roots: Vec<_> = (0..=300)
        .map(|size| merkle::root(size, log.node()).unwrap())
        .collect();
    for size in 1..=300_u64 {
        let step = if size <= 70 { 1 } else { 23 };
        for old in (0..=size).step_by(step).chain([size]) {
            let mut proof = merkle::consistency_proof(old, size, log.node()).unwrap();
            let verify = |old_root: &Digest, proof: &[Digest]| {
                merkle::verify_consistency(old, old_root, size, &roots[size as usize], proof)
            };
            verify(&roots[old as usize], &proof).unwrap();
            verify(&Digest::of(b"another"), &proof).unwrap_err();
            proof.push(Digest::of(b"more"));
            verify(&roots[old as usize], &proof).unwrap_err();
        }
    }
}

#[test]
fn two_empty_trees_of_different_roots_are_not_one_log() {
    let other = Digest::of(b"another");
    let empty = merkle::empty_root();
    let verify = |old_root, root| merkle::verify_consistency(0, old_root, 0, root, &[]);
    assert_eq!(verify(&empty, &empty), Ok(()));
    assert_eq!(verify(&empty, &other), Err(ProofError::Mismatch));
    assert_eq!(verify(&other, &empty), Err(ProofError::Mismatch));
}

#[test]
fn an_absent_node_is_named() {
    let missing = merkle::root(4, |_, _| None).unwrap_err();
    assert_eq!((missing.level, missing.index), (2, 0));
    merkle::append(1, &[Digest::of(b"x")], |_, _| None).unwrap_err();
}

#[test]
fn target_trees_of_every_size() {
    let world = World::new();
    for size in [1_u8, 2, 3, 7, 8, 9, 100, 200] {
        let tree =
            TargetTree::build((0..size).map(|number| world.other(number)).collect()).unwrap();
        for (at, leaf) in (0_u32..).zip(tree.leaves()) {
            assert_eq!(tree.position(leaf), Some(at));
            let proof = tree.proof(at).unwrap();
            crate::target::verify(leaf, &proof, &tree.targets()).unwrap();
        }
        assert!(tree.proof(u32::from(size)).is_none());
    }
}

#[test]
fn a_command_has_at_most_4_096_targets_and_the_proof_of_each_12_hashes() {
    use crate::target::{PROOF_MAX, TargetError};
    let leaf = |number: u32| Leaf {
        device: DeviceId::parse(&format!("0197c0de-0000-7000-8000-{number:012x}")).unwrap(),
        enrolment: crate::ids::EnrolmentId(Digest::of(&number.to_be_bytes())),
        serial: SerialNumber::parse(&format!("NW-{number}")).unwrap(),
    };
    let build = |count: u32| TargetTree::build((0..count).map(leaf).collect());
    let tree = build(4_096).unwrap();
    assert_eq!(tree.targets().count, 4_096);
    let proof = tree.proof(4_095).unwrap();
    assert_eq!(proof.hashes.len(), PROOF_MAX);
    crate::target::verify(&tree.leaves()[4_095], &proof, &tree.targets()).unwrap();
    assert_eq!(build(4_097).unwrap_err(), TargetError::Count);
    assert_eq!(build(1).unwrap().position(&leaf(1)), None);
}

#[test]
fn a_tree_names_nobody_twice() {
    use crate::target::TargetError;
    let world = World::new();
    let (one, two) = (world.other(1), world.other(2));
    let same_device = Leaf {
        device: one.device.clone(),
        ..two.clone()
    };
    let same_enrolment = Leaf {
        enrolment: one.enrolment,
        ..two
    };
    let build = |leaves| TargetTree::build(leaves).map(|_| ()).unwrap_err();
    assert_eq!(build(vec![]), TargetError::Count);
    assert_eq!(
        build(vec![one.clone(), same_device]),
        TargetError::SameDevice
    );
    assert_eq!(build(vec![one, same_enrolment]), TargetError::SameEnrolment);
}
