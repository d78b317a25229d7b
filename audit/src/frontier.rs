//! A Merkle tree that only grows: the roots of its complete subtrees, one a bit of its size, and nothing else.

use muster_protocol::digest::Digest;
use muster_protocol::merkle;
use serde::{Deserialize, Serialize};

/// The right edge of a tree of RFC 9162 §2.1. At most 64 hashes, whatever its size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, from the left: one for each bit that is set in `size`.
    peaks: Vec<Digest>,
}

/// A frontier as it stands in a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredFrontier {
    size: u64,
    peaks: Vec<String>,
}

impl Frontier {
    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        let mut bits = self.size;
        while bits & 1 == 1 {
            // Invariant: one peak for each set bit, so there is one to join.
            if let Some(left) = self.peaks.pop() {
                hash = merkle::node_hash(&left, &hash);
            }
            bits >>= 1;
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree as it stands.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return merkle::empty_root();
        };
        peaks.fold(*last, |right, left| merkle::node_hash(left, &right))
    }

    /// For a file.
    #[must_use]
    pub fn stored(&self) -> StoredFrontier {
        StoredFrontier {
            size: self.size,
            peaks: self.peaks.iter().map(Digest::to_hex).collect(),
        }
    }

    /// From a file; `None` when its parts do not fit together.
    #[must_use]
    pub fn from_stored(stored: &StoredFrontier) -> Option<Self> {
        let peaks: Result<Vec<Digest>, _> =
            stored.peaks.iter().map(|hex| Digest::parse(hex)).collect();
        let peaks = peaks.ok()?;
        (peaks.len() == stored.size.count_ones() as usize).then_some(Self {
            size: stored.size,
            peaks,
        })
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::digest::Digest;
    use muster_protocol::merkle;

    use super::Frontier;

    #[test]
    fn its_root_is_the_trees_root_at_every_size() {
        let mut frontier = Frontier::default();
        let mut nodes = std::collections::HashMap::new();
        for n in 0..300_u64 {
            let at = |level, index| nodes.get(&(level, index)).copied();
            assert_eq!(frontier.root(), merkle::root(n, at).unwrap(), "{n}");
            let leaf = Digest::of(&n.to_be_bytes());
            for node in merkle::append(n, &[leaf], at).unwrap() {
                nodes.insert((node.level, node.index), node.hash);
            }
            frontier.push(leaf);
            assert_eq!(Frontier::from_stored(&frontier.stored()).unwrap(), frontier);
        }
    }
}
