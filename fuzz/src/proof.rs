//! Merkle proofs (`protocol/src/merkle.rs`, `target.rs`, `checkpoint.rs`). The input: a byte for what is proven, a byte of
//! bending, two numbers of eight bytes (index and size, or old size and size), a leaf of 32 bytes, and hashes of 32 bytes each.
//!
//! No fuzzer finds hashes that lead to a given root. So the root is computed here from whatever hashes the input holds, by
//! RFC 9162 §2.1.3.1 and §2.1.4.1 read backwards, as recursions. The code under test walks the same paths from the leaf
//! upwards. Where the recursion finds a root, that root must be accepted and every other one refused.

use std::collections::{BTreeSet, HashMap};

use muster_protocol::checkpoint::{LogKind, TreeHead, log_leaf_hash};
use muster_protocol::digest::Digest;
use muster_protocol::merkle::{self, Node, ProofError};
use muster_protocol::reason::Reason;
use muster_protocol::target::{self, Leaf, PROOF_MAX, TargetProof, TargetTree, Targets};

use crate::{Verdict, fleet, number};

/// Judges one proof, or one tree.
pub fn check(data: &[u8]) -> Verdict {
    let (what, bend) = (at(data, 0), at(data, 1));
    let (first, rest) = number(data.get(2..).unwrap_or_default());
    let (size, rest) = number(rest);
    let mut hashes = rest.chunks(32).map(padded);
    let leaf = hashes.next().unwrap_or(Digest([0; 32]));
    let hashes: Vec<Digest> = hashes.collect();
    match what % 4 {
        0 => inclusion(&leaf, first, size, &hashes, bend),
        1 => consistency(&leaf, first, size, &hashes, bend),
        2 => targets(first, size, &hashes, bend),
        _ => tree(&leaf, first, size, &hashes, bend),
    }
}

fn inclusion(leaf: &Digest, index: u64, size: u64, hashes: &[Digest], bend: u8) -> Verdict {
    let verify = |leaf: &Digest, index, hashes: &[Digest], root: &Digest| {
        merkle::verify_inclusion(leaf, index, size, hashes, root)
    };
    let Some(root) = root_of(leaf, index, size, hashes) else {
        let refused = verify(leaf, index, hashes, leaf);
        assert_eq!(refused, Err(ProofError::Malformed), "shape");
        return Verdict::Refused;
    };
    let length = merkle::inclusion_length(index, size);
    assert_eq!(length, Some(hashes.len()), "length");
    assert_eq!(verify(leaf, index, hashes, &root), Ok(()), "honest");

    let mismatch = Err(ProofError::Mismatch);
    assert_eq!(verify(&bent(leaf, bend), index, hashes, &root), mismatch);
    assert_eq!(verify(leaf, index, hashes, &bent(&root, bend)), mismatch);
    if !hashes.is_empty() {
        let mut other = hashes.to_vec();
        let place = usize::from(bend) % other.len();
        other[place] = bent(&other[place], bend);
        assert_eq!(verify(leaf, index, &other, &root), mismatch, "hash");
        let short = &hashes[1..];
        assert_eq!(
            verify(leaf, index, short, &root),
            Err(ProofError::Malformed)
        );
    }
    for other in [
        index ^ (1 << (bend % 64)),
        index.wrapping_add(1),
        index.wrapping_sub(1),
    ] {
        let judged = verify(leaf, other, hashes, &root);
        assert!(other == index || judged.is_err(), "another place");
    }
    in_the_log(leaf, index, size, hashes, bend);
    Verdict::Accepted
}

/// The same through a log's tree head, where the leaf says of what kind its entry is.
fn in_the_log(entry: &Digest, index: u64, size: u64, hashes: &[Digest], bend: u8) {
    let kind = LogKind::ALL[usize::from(bend) % LogKind::ALL.len()];
    let leaf = log_leaf_hash(kind, entry);
    let root = root_of(&leaf, index, size, hashes).expect("the same shape as before");
    let head = TreeHead { size, root };
    let judged = head.includes(kind, entry, index, hashes);
    let fits = hashes.len() <= merkle::INCLUSION_MAX;
    assert_eq!(judged.is_ok(), fits, "in the log");
    for other in LogKind::ALL.iter().filter(|other| **other != kind) {
        let judged = head.includes(*other, entry, index, hashes);
        assert!(judged.is_err(), "an entry of another kind");
    }
    let judged = head.includes(kind, &bent(entry, bend), index, hashes);
    assert!(judged.is_err(), "another entry");
}

fn consistency(old_root: &Digest, old: u64, size: u64, hashes: &[Digest], bend: u8) -> Verdict {
    let verify = |old_root: &Digest, root: &Digest, hashes: &[Digest]| {
        merkle::verify_consistency(old, old_root, size, root, hashes)
    };
    if old > size || hashes.len() > merkle::CONSISTENCY_MAX {
        let judged = verify(old_root, old_root, hashes);
        assert_eq!(judged, Err(ProofError::Malformed), "bounds");
        return Verdict::Refused;
    }
    if old == size || old == 0 {
        return without_hashes(old_root, old, size, hashes, bend);
    }
    let Some((from, to)) = roots_of(old, size, true, old_root, hashes) else {
        let judged = verify(old_root, old_root, hashes);
        assert_eq!(judged, Err(ProofError::Malformed), "shape");
        return Verdict::Refused;
    };
    assert_eq!(verify(&from, &to, hashes), Ok(()), "honest");
    let mismatch = Err(ProofError::Mismatch);
    assert_eq!(
        verify(&bent(&from, bend), &to, hashes),
        mismatch,
        "old root"
    );
    assert_eq!(
        verify(&from, &bent(&to, bend), hashes),
        mismatch,
        "new root"
    );
    let mut other = hashes.to_vec();
    let place = usize::from(bend) % other.len();
    other[place] = bent(&other[place], bend);
    assert_eq!(verify(&from, &to, &other), mismatch, "hash");
    let short = &hashes[1..];
    assert_eq!(verify(&from, &to, short), Err(ProofError::Malformed));
    Verdict::Accepted
}

/// The empty tree is a prefix of every tree, and every tree of itself. Neither takes a hash.
fn without_hashes(root: &Digest, old: u64, size: u64, hashes: &[Digest], bend: u8) -> Verdict {
    let other = bent(root, bend);
    let empty = merkle::empty_root();
    let verify =
        |from: &Digest, to: &Digest| merkle::verify_consistency(old, from, size, to, hashes);
    if !hashes.is_empty() {
        assert_eq!(verify(root, root), Err(ProofError::Malformed));
        return Verdict::Refused;
    }
    let mismatch = Err(ProofError::Mismatch);
    if old == size {
        assert_eq!(verify(root, root), Ok(()), "itself");
        for (one, two) in [(root, &other), (&empty, &other), (&empty, root)] {
            assert_eq!(
                verify(one, two).is_ok(),
                one == two,
                "another of the same size"
            );
        }
    } else {
        assert_eq!(verify(&empty, root), Ok(()), "the empty tree");
        assert_eq!(
            verify(&bent(&empty, bend), root),
            mismatch,
            "not the empty tree"
        );
    }
    Verdict::Accepted
}

fn targets(index: u64, count: u64, hashes: &[Digest], bend: u8) -> Verdict {
    let phone = fleet::leaf(u16::from(bend));
    let count = u32::try_from(count & u64::from(u32::MAX)).expect("cut to 32 bits");
    let proof = TargetProof {
        index,
        hashes: hashes.to_vec(),
    };
    let root = root_of(&phone.hash(), index, u64::from(count), hashes);
    let aimed = Targets {
        count,
        root: root.unwrap_or(phone.hash()),
    };
    let reason = |phone: &Leaf, proof: &TargetProof, aimed: &Targets| {
        target::verify(phone, proof, aimed).map_err(|refusal| refusal.reason)
    };
    let judged = reason(&phone, &proof, &aimed);
    let expected = match root {
        _ if hashes.len() > PROOF_MAX => Err(Reason::TooLarge),
        Some(_) => Ok(()),
        None => Err(Reason::BadProof),
    };
    assert_eq!(judged, expected, "this phone");
    if judged.is_ok() {
        let number = u16::from(bend).wrapping_add(1);
        let judged = reason(&fleet::leaf(number), &proof, &aimed);
        assert_eq!(judged, Err(Reason::NotTarget), "another phone");
        let same_handset = Leaf {
            enrolment: fleet::leaf(number).enrolment,
            ..phone
        };
        let judged = reason(&same_handset, &proof, &aimed);
        assert_eq!(judged, Err(Reason::NotTarget), "another enrolment");
    }
    Verdict::of(&judged)
}

/// Trees as the server builds them: grown in two batches, proven for one leaf and one older size.
fn tree(seed: &Digest, first: u64, second: u64, numbers: &[Digest], bend: u8) -> Verdict {
    let count = 1 + first % 64;
    let leaves: Vec<Digest> = (0..count)
        .map(|at| Digest::of_parts(&[seed.as_bytes(), &at.to_be_bytes()]))
        .collect();
    let cut = usize::from(bend) % (leaves.len() + 1);
    let mut stored: HashMap<(u32, u64), Digest> = HashMap::new();
    for (start, batch) in [(0, &leaves[..cut]), (cut, &leaves[cut..])] {
        let held = |level, index| stored.get(&(level, index)).copied();
        let fresh = merkle::append(start as u64, batch, held).expect("all to the left is stored");
        let place = |Node { level, index, hash }: Node| ((level, index), hash);
        stored.extend(fresh.into_iter().map(place));
    }
    let held = |level, index| stored.get(&(level, index)).copied();
    let root = merkle::root(count, held).expect("all is stored");
    assert_eq!(root, whole(&leaves), "root");
    let index = second % count;
    let proof = merkle::inclusion_proof(index, count, held).expect("all is stored");
    let leaf = leaves[usize::try_from(index).expect("under 64")];
    let judged = merkle::verify_inclusion(&leaf, index, count, &proof, &root);
    assert_eq!(judged, Ok(()), "every leaf is proven");
    let old = second % (count + 1);
    let prefix = whole(&leaves[..usize::try_from(old).expect("at most 64")]);
    let proof = merkle::consistency_proof(old, count, held).expect("all is stored");
    let judged = merkle::verify_consistency(old, &prefix, count, &root, &proof);
    assert_eq!(judged, Ok(()), "every older tree is a prefix");
    target_tree(numbers)
}

/// The tree of a command's targets: whoever is in it is proven, nobody else is.
fn target_tree(numbers: &[Digest]) -> Verdict {
    let bytes = numbers.iter().take(4).flat_map(|digest| digest.0);
    // One byte a phone: repetitions are wanted too.
    let wanted: Vec<u16> = bytes.map(u16::from).collect();
    let distinct: BTreeSet<u16> = wanted.iter().copied().collect();
    let built = TargetTree::build(wanted.iter().copied().map(fleet::leaf).collect());
    let sound = !wanted.is_empty() && distinct.len() == wanted.len();
    assert_eq!(built.is_ok(), sound, "nobody is named twice");
    if let Ok(built) = &built {
        let mut hashed: Vec<Leaf> = distinct.iter().copied().map(fleet::leaf).collect();
        hashed.sort_by_key(Leaf::bytes);
        let hashed: Vec<Digest> = hashed.iter().map(Leaf::hash).collect();
        assert_eq!(built.root(), whole(&hashed), "root");
        let stranger = fleet::leaf(0x1000);
        for (place, leaf) in (0..).zip(built.leaves()) {
            let proof = built.proof(place).expect("a proof for every place");
            let judged = target::verify(leaf, &proof, &built.targets());
            assert!(judged.is_ok(), "whoever is in it");
            let judged = target::verify(&stranger, &proof, &built.targets());
            assert!(judged.is_err(), "whoever is not");
        }
    }
    Verdict::of(&built)
}

/// The root that a proof leads to; none when it is not of the shape that index and size demand (RFC 9162 §2.1.3.1).
#[must_use]
pub fn root_of(leaf: &Digest, index: u64, size: u64, hashes: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return hashes.is_empty().then_some(*leaf);
    }
    let (sibling, below) = hashes.split_last()?;
    let left = split(size);
    if index < left {
        let own = root_of(leaf, index, left, below)?;
        Some(merkle::node_hash(&own, sibling))
    } else {
        let own = root_of(leaf, index - left, size - left, below)?;
        Some(merkle::node_hash(sibling, &own))
    }
}

/// Both roots that a consistency proof leads to (RFC 9162 §2.1.4.1); `whole` while the part under view begins the old tree.
#[must_use]
pub fn roots_of(
    old: u64,
    size: u64,
    whole: bool,
    old_root: &Digest,
    hashes: &[Digest],
) -> Option<(Digest, Digest)> {
    if old == size {
        return match (whole, hashes) {
            (true, []) => Some((*old_root, *old_root)),
            (false, [both]) => Some((*both, *both)),
            _ => None,
        };
    }
    let (sibling, below) = hashes.split_last()?;
    let left = split(size);
    if old <= left {
        let (from, to) = roots_of(old, left, whole, old_root, below)?;
        Some((from, merkle::node_hash(&to, sibling)))
    } else {
        let (from, to) = roots_of(old - left, size - left, false, old_root, below)?;
        let join = |right: &Digest| merkle::node_hash(sibling, right);
        Some((join(&from), join(&to)))
    }
}

/// RFC 9162 §2.1.1.
fn whole(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => merkle::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            merkle::node_hash(&whole(left), &whole(right))
        }
    }
}

/// The greatest power of two below a size of at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

fn bent(digest: &Digest, bend: u8) -> Digest {
    let mut bytes = digest.0;
    bytes[usize::from(bend >> 3)] ^= 1 << (bend & 7);
    Digest(bytes)
}

fn padded(chunk: &[u8]) -> Digest {
    let mut bytes = [0; 32];
    bytes[..chunk.len()].copy_from_slice(chunk);
    Digest(bytes)
}

fn at(data: &[u8], place: usize) -> u8 {
    data.get(place).copied().unwrap_or(0)
}
