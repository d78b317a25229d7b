//! Merkle trees of RFC 9162 §2.1: hashing, proofs, their verification, and growth by appending. A tree is addressed by its
//! complete subtrees: node (level, index) covers the 2^level leaves from index × 2^level, so that a log stores each node once
//! and never changes it.

use crate::digest::Digest;

/// The longest inclusion proof of a log (§4).
pub const INCLUSION_MAX: usize = 48;
/// The longest consistency proof of a log (§4).
pub const CONSISTENCY_MAX: usize = 63;

/// A complete subtree that the source of nodes did not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no node at level {level}, index {index}")]
pub struct MissingNode {
    /// 0 for leaves.
    pub level: u32,
    /// From the left.
    pub index: u64,
}

/// A complete subtree's hash, at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// 0 for leaves.
    pub level: u32,
    /// From the left.
    pub index: u64,
    /// The hash of the subtree.
    pub hash: Digest,
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index lies outside the tree, or the number of hashes is not the one that index and size demand.
    #[error("the proof has not the shape that index and size demand")]
    Malformed,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Mismatch,
}

/// SHA-256(0x00 ‖ leaf).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], leaf])
}

/// SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root of the empty tree.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(b"")
}

/// The root of the tree of the first `size` leaves.
///
/// # Errors
/// [`MissingNode`].
pub fn root(
    size: u64,
    mut node: impl FnMut(u32, u64) -> Option<Digest>,
) -> Result<Digest, MissingNode> {
    if size == 0 {
        Ok(empty_root())
    } else {
        subtree(0, size, &mut node)
    }
}

/// The hashes that prove leaf `index` in the tree of `size` leaves, from the leaf upwards (RFC 9162 §2.1.3.1). Empty when
/// the index lies outside the tree.
///
/// # Errors
/// [`MissingNode`].
pub fn inclusion_proof(
    index: u64,
    size: u64,
    mut node: impl FnMut(u32, u64) -> Option<Digest>,
) -> Result<Vec<Digest>, MissingNode> {
    let mut hashes = Vec::new();
    let (mut start, mut end) = (0, size);
    if index >= size {
        return Ok(hashes);
    }
    while end.saturating_sub(start) > 1 {
        let middle = start.saturating_add(split(end.saturating_sub(start)));
        if index < middle {
            hashes.push(subtree(middle, end, &mut node)?);
            end = middle;
        } else {
            hashes.push(subtree(start, middle, &mut node)?);
            start = middle;
        }
    }
    hashes.reverse();
    Ok(hashes)
}

/// The hashes that prove the tree of `old` leaves to be a prefix of the tree of `size` leaves (RFC 9162 §2.1.4.1). Empty
/// for `old` of 0, and for equal sizes.
///
/// # Errors
/// [`MissingNode`].
pub fn consistency_proof(
    old: u64,
    size: u64,
    mut node: impl FnMut(u32, u64) -> Option<Digest>,
) -> Result<Vec<Digest>, MissingNode> {
    let mut hashes = Vec::new();
    if old == 0 || old >= size {
        return Ok(hashes);
    }
    let (mut start, mut end) = (0_u64, size);
    let mut whole = true;
    // Invariant: start < old <= end; `whole` while the part under view starts where the old tree starts.
    while old != end {
        let middle = start.saturating_add(split(end.saturating_sub(start)));
        if old <= middle {
            hashes.push(subtree(middle, end, &mut node)?);
            end = middle;
        } else {
            hashes.push(subtree(start, middle, &mut node)?);
            start = middle;
            whole = false;
        }
    }
    if !whole {
        hashes.push(subtree(start, end, &mut node)?);
    }
    hashes.reverse();
    Ok(hashes)
}

/// The complete subtrees that come into being when `leaves` (already hashed) follow the first `size` leaves. To be stored
/// with the leaves' numbers; the new size is `size` plus their count.
///
/// # Errors
/// [`MissingNode`] when a left neighbour is not stored.
pub fn append(
    size: u64,
    leaves: &[Digest],
    mut node: impl FnMut(u32, u64) -> Option<Digest>,
) -> Result<Vec<Node>, MissingNode> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut fresh = std::collections::HashMap::new();
    for (at, leaf) in (size..).zip(leaves) {
        let mut current = Node {
            level: 0,
            index: at,
            hash: *leaf,
        };
        loop {
            nodes.push(current);
            fresh.insert((current.level, current.index), current.hash);
            if current.index & 1 == 0 {
                break;
            }
            let (level, left) = (current.level, current.index ^ 1);
            let left_hash = fresh
                .get(&(level, left))
                .copied()
                .or_else(|| node(level, left))
                .ok_or(MissingNode { level, index: left })?;
            current = Node {
                level: level.saturating_add(1),
                index: current.index >> 1,
                hash: node_hash(&left_hash, &current.hash),
            };
        }
    }
    Ok(nodes)
}

/// How many hashes prove leaf `index` in a tree of `size` leaves; none when the index lies outside.
#[must_use]
pub fn inclusion_length(index: u64, size: u64) -> Option<usize> {
    if index >= size {
        return None;
    }
    let (mut index, mut last) = (index, size.saturating_sub(1));
    let mut length: usize = 0;
    while last > 0 {
        if index & 1 == 1 || index < last {
            length = length.saturating_add(1);
        }
        index >>= 1;
        last >>= 1;
    }
    Some(length)
}

/// RFC 9162 §2.1.3.2: whether `hashes` lead from the leaf with this hash at `index` to `root` in a tree of `size` leaves.
///
/// # Errors
/// [`ProofError`].
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    hashes: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if inclusion_length(index, size) != Some(hashes.len()) {
        return Err(ProofError::Malformed);
    }
    let (mut index, mut last) = (index, size.saturating_sub(1));
    let mut hash = *leaf;
    // The shape is right, so no level is counted here: from the right edge on, where `index` and `last` are the same and stay
    // so, every hash that is left is a left neighbour.
    for sibling in hashes {
        hash = if index & 1 == 1 || index == last {
            node_hash(sibling, &hash)
        } else {
            node_hash(&hash, sibling)
        };
        index >>= 1;
        last >>= 1;
    }
    if hash == *root {
        Ok(())
    } else {
        Err(ProofError::Mismatch)
    }
}

/// RFC 9162 §2.1.4.2: whether the tree (`old`, `old_root`) is a prefix of the tree (`size`, `root`).
///
/// # Errors
/// [`ProofError`].
pub fn verify_consistency(
    old: u64,
    old_root: &Digest,
    size: u64,
    root: &Digest,
    hashes: &[Digest],
) -> Result<(), ProofError> {
    if old > size || hashes.len() > CONSISTENCY_MAX {
        return Err(ProofError::Malformed);
    }
    if old == 0 || old == size {
        let agree = if old == size {
            old_root == root
        } else {
            *old_root == empty_root()
        };
        return match (hashes.is_empty(), agree) {
            (false, _) => Err(ProofError::Malformed),
            (true, false) => Err(ProofError::Mismatch),
            (true, true) => Ok(()),
        };
    }
    // An old tree that is one complete subtree is its own first hash, and is left out of the proof.
    let implied = if old.is_power_of_two() {
        Some(*old_root)
    } else {
        None
    };
    let mut path = implied.iter().chain(hashes);
    let first = path.next().ok_or(ProofError::Malformed)?;
    let (mut index, mut last) = (old.saturating_sub(1), size.saturating_sub(1));
    while index & 1 == 1 {
        index >>= 1;
        last >>= 1;
    }
    let (mut from_old, mut from_new) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Malformed);
        }
        if index & 1 == 1 || index == last {
            from_old = node_hash(sibling, &from_old);
            from_new = node_hash(sibling, &from_new);
            while index & 1 == 0 && index != 0 {
                index >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, sibling);
        }
        index >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Malformed);
    }
    if from_old == *old_root && from_new == *root {
        Ok(())
    } else {
        Err(ProofError::Mismatch)
    }
}

/// The hash of the leaves from `start` up to `end`, where `start` is a multiple of the greatest power of two below the width,
/// as every range of RFC 9162 is.
fn subtree(
    start: u64,
    end: u64,
    node: &mut impl FnMut(u32, u64) -> Option<Digest>,
) -> Result<Digest, MissingNode> {
    let width = end.saturating_sub(start);
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        let index = start.checked_shr(level).unwrap_or(0);
        return node(level, index).ok_or(MissingNode { level, index });
    }
    let middle = start.saturating_add(split(width));
    let left = subtree(start, middle, node)?;
    let right = subtree(middle, end, node)?;
    Ok(node_hash(&left, &right))
}

/// The greatest power of two below `width`, which is at least 2.
const fn split(width: u64) -> u64 {
    match width.saturating_sub(1).checked_ilog2() {
        Some(exponent) => 1_u64.wrapping_shl(exponent),
        None => 0,
    }
}
