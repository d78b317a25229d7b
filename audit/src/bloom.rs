//! A set of digests of fixed size that never forgets a member and rarely claims a stranger (Bloom, 1970): so that memory does
//! not grow with the number of commands.

use std::hash::{BuildHasher as _, RandomState};

use muster_protocol::digest::Digest;

/// The smallest set: 2^26 bits, 8 MiB. With a million members, one stranger in 90,000 passes for a member.
const BITS_LEAST: u64 = 1 << 26;
/// The largest: 2^30 bits, 128 MiB, as good for 16 million members.
const BITS_MOST: u64 = 1 << 30;
/// Bits a member is given, as far as there are.
const BITS_EACH: u64 = 64;
/// Places a member marks.
const PLACES: usize = 4;

/// The set. Where a digest's places are is drawn anew for each set: whoever writes a history chooses its digests, and could
/// otherwise choose members whose places cover those of a command that it hides.
pub struct Bloom {
    words: Vec<u64>,
    bits: u64,
    places: [RandomState; PLACES],
}

impl Bloom {
    /// A set for about so many members.
    #[must_use]
    pub fn for_members(members: u64) -> Self {
        let bits = members
            .saturating_mul(BITS_EACH)
            .clamp(BITS_LEAST, BITS_MOST)
            .next_power_of_two();
        Self {
            words: vec![0; usize::try_from(bits / 64).unwrap_or(0)],
            bits,
            places: std::array::from_fn(|_| RandomState::new()),
        }
    }

    /// Adds a member.
    pub fn insert(&mut self, digest: &Digest) {
        for at in 0..PLACES {
            let (word, mask) = self.place(at, digest);
            if let Some(word) = self.words.get_mut(word) {
                *word |= mask;
            }
        }
    }

    /// Whether it may be a member; `false` is certain.
    #[must_use]
    pub fn may_contain(&self, digest: &Digest) -> bool {
        (0..PLACES).all(|at| {
            let (word, mask) = self.place(at, digest);
            self.words.get(word).is_some_and(|word| word & mask != 0)
        })
    }

    fn place(&self, at: usize, digest: &Digest) -> (usize, u64) {
        let hash = self
            .places
            .get(at)
            .map_or(0, |hasher| hasher.hash_one(digest.as_bytes()));
        let bit = hash % self.bits;
        (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::digest::Digest;

    use super::Bloom;

    #[test]
    fn members_are_known_and_strangers_are_not() {
        let mut set = Bloom::for_members(1000);
        let digest = |n: u32| Digest::of(&n.to_be_bytes());
        (0..1000).for_each(|n| set.insert(&digest(n)));
        assert!((0..1000).all(|n| set.may_contain(&digest(n))));
        assert!(!(1000..2000).any(|n| set.may_contain(&digest(n))));
    }

    #[test]
    fn digests_chosen_by_whoever_hides_one_do_not_cover_it() {
        // Each of these shares one quarter with the hidden one: under places read off a digest, four of them cover it.
        let hidden = Digest::of(b"hidden");
        let mut set = Bloom::for_members(1000);
        for quarter in 0..4_usize {
            let mut chosen = Digest::of(&quarter.to_be_bytes()).0;
            let part = quarter * 8..quarter * 8 + 8;
            chosen[part.clone()].copy_from_slice(&hidden.0[part]);
            set.insert(&Digest(chosen));
        }
        assert!(!set.may_contain(&hidden));
    }
}
