//! Proofs of shapes that trees have, and of shapes that they have not. The hashes are arbitrary: the target computes the root.

use muster_protocol::digest::Digest;
use muster_protocol::merkle;

use crate::{Seed, accepted, refused};

const INCLUSION: u8 = 0;
const CONSISTENCY: u8 = 1;
const TARGET: u8 = 2;
const TREE: u8 = 3;

pub fn seeds() -> Vec<Seed> {
    let included = |index: u64, size: u64| {
        let length = merkle::inclusion_length(index, size).expect("an index in the tree");
        input(INCLUSION, 9, index, size, length)
    };
    let aimed = |index: u64, size: u64| {
        let length = merkle::inclusion_length(index, size).expect("an index in the tree");
        input(TARGET, 9, index, size, length)
    };
    let consistent = |old: u64, size: u64| input(CONSISTENCY, 9, old, size, consistency(old, size));
    let great = 1_u64 << 53;
    vec![
        accepted("one-leaf", included(0, 1)),
        accepted("first-of-two", included(0, 2)),
        accepted("last-of-three", included(2, 3)),
        accepted("first-of-five", included(0, 5)),
        accepted("last-of-five", included(4, 5)),
        accepted("middle-of-seven", included(3, 7)),
        accepted("in-a-million", included(777_777, 1_000_000)),
        accepted("last-of-a-million-and-one", included(1_000_000, 1_000_001)),
        accepted("in-a-great-log", included(great - 2, great)),
        accepted("as-deep-as-it-goes", included(0, u64::MAX)),
        refused("outside", input(INCLUSION, 1, 5, 5, 3)),
        refused("one-short", input(INCLUSION, 1, 3, 7, 2)),
        refused("one-more", input(INCLUSION, 1, 3, 7, 4)),
        refused("no-tree", input(INCLUSION, 1, 0, 0, 0)),
        accepted("from-one-to-two", consistent(1, 2)),
        accepted("from-two-to-three", consistent(2, 3)),
        accepted("from-three-to-four", consistent(3, 4)),
        accepted("from-four-to-nine", consistent(4, 9)),
        accepted("from-six-to-seven", consistent(6, 7)),
        accepted("from-seven-to-twelve", consistent(7, 12)),
        accepted("grown-great", consistent(1_000_003, great - 1)),
        accepted("grown-from-a-power", consistent(1 << 20, great - 1)),
        accepted("itself", input(CONSISTENCY, 3, 9, 9, 0)),
        accepted("from-nothing", input(CONSISTENCY, 3, 0, 9, 0)),
        refused("itself-and-more", input(CONSISTENCY, 3, 9, 9, 1)),
        refused("from-nothing-and-more", input(CONSISTENCY, 3, 0, 9, 1)),
        refused("shrunk", input(CONSISTENCY, 3, 9, 8, 3)),
        refused("no-proof", input(CONSISTENCY, 3, 5, 9, 0)),
        refused("too-short", input(CONSISTENCY, 3, 7, 12, 2)),
        refused("too-long", input(CONSISTENCY, 3, 7, 12, 7)),
        refused("far-too-long", input(CONSISTENCY, 3, 7, 12, 64)),
        accepted("one-target", aimed(0, 1)),
        accepted("third-of-five-targets", aimed(2, 5)),
        accepted("last-of-all-targets", aimed(4_095, 4_096)),
        refused("target-outside", input(TARGET, 1, 5, 5, 3)),
        refused("target-one-short", input(TARGET, 1, 4_095, 4_096, 11)),
        refused("target-too-deep", input(TARGET, 1, 0, 8_192, 13)),
        accepted("tree-of-one", tree(0, 0, 0, &[7])),
        accepted("tree-of-seven", tree(3, 6, 5, &[1, 2, 3])),
        accepted(
            "tree-of-sixty-four",
            tree(32, 63, 33, &[9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ),
        refused("target-twice", tree(3, 6, 5, &[1, 2, 1])),
    ]
}

fn input(what: u8, bend: u8, first: u64, size: u64, hashes: usize) -> Vec<u8> {
    let mut bytes = vec![what, bend];
    bytes.extend(first.to_be_bytes());
    bytes.extend(size.to_be_bytes());
    bytes.extend(Digest::of(b"leaf").0);
    for number in 0..hashes {
        bytes.extend(Digest::of(&number.to_be_bytes()).0);
    }
    bytes
}

/// A tree of `leaves + 1`, grown from `cut` leaves; `phones` are targets, one byte each, filled up with others.
fn tree(cut: u8, leaves: u64, chosen: u64, phones: &[u8]) -> Vec<u8> {
    let mut bytes = input(TREE, cut, leaves, chosen, 0);
    let others = (0..=u8::MAX)
        .rev()
        .filter(|number| !phones.contains(number));
    bytes.extend(phones.iter().copied().chain(others).take(32));
    bytes
}

/// How many hashes prove one tree a prefix of another (RFC 9162 §2.1.4.1).
fn consistency(old: u64, size: u64) -> usize {
    let (mut old, mut size, mut whole, mut length) = (old, size, true, 0);
    while old != size {
        let left = 1 << (size - 1).ilog2();
        if old <= left {
            size = left;
        } else {
            (old, size, whole) = (old - left, size - left, false);
        }
        length += 1;
    }
    length + usize::from(!whole)
}
