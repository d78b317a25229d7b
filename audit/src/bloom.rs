//! A set of digests of fixed size that never forgets a member and rarely claims a stranger (Bloom, 1970): so that memory does
//! not grow with the number of commands.

use muster_protocol::digest::Digest;

/// 2^26 bits, 8 MiB. With a million members, one stranger in 90,000 passes for a member.
const BITS: u64 = 1 << 26;
/// Places a member marks.
const PLACES: usize = 4;

/// The set.
pub struct Bloom(Vec<u64>);

impl Default for Bloom {
    fn default() -> Self {
        Self(vec![0; usize::try_from(BITS / 64).unwrap_or(0)])
    }
}

impl Bloom {
    /// Adds a member.
    pub fn insert(&mut self, digest: &Digest) {
        for (word, mask) in places(digest) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= mask;
            }
        }
    }

    /// Whether it may be a member; `false` is certain.
    #[must_use]
    pub fn may_contain(&self, digest: &Digest) -> bool {
        places(digest).all(|(word, mask)| self.0.get(word).is_some_and(|word| word & mask != 0))
    }
}

/// A digest is random already: its own bytes are the hash functions.
fn places(digest: &Digest) -> impl Iterator<Item = (usize, u64)> + '_ {
    digest.as_bytes().chunks_exact(8).take(PLACES).map(|part| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(part);
        let bit = u64::from_be_bytes(bytes) % BITS;
        (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
    })
}

#[cfg(test)]
mod tests {
    use muster_protocol::digest::Digest;

    use super::Bloom;

    #[test]
    fn members_are_known_and_strangers_are_not() {
        let mut set = Bloom::default();
        let digest = |n: u32| Digest::of(&n.to_be_bytes());
        (0..1000).for_each(|n| set.insert(&digest(n)));
        assert!((0..1000).all(|n| set.may_contain(&digest(n))));
        assert!(!(1000..2000).any(|n| set.may_contain(&digest(n))));
    }
}
