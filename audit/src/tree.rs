//! The export's leaf hashes as a tree: the root at any size, without holding the leaves.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use muster_protocol::digest::Digest;
use muster_protocol::merkle;

use crate::frontier::Frontier;

/// Leaves of one tile (C2SP tlog-tiles): what is hashed anew to know a root inside it.
const TILE: u64 = 256;
const TILE_LEVEL: u32 = 8;
const HASH: usize = 32;
/// Roots that are remembered.
const LATELY: usize = 4096;

/// The leaf hashes in their file, and above every tile of 256 the inner hashes: a quarter of a byte of memory a leaf.
pub struct Tree {
    file: File,
    size: u64,
    root: Digest,
    /// Level 8 first: `inner[l][i]` covers the leaves from `i · 2^(8+l)` on.
    inner: Vec<Vec<Digest>>,
    /// Roots asked for lately: phones that check in together hold the same checkpoint.
    lately: Mutex<HashMap<u64, Digest>>,
}

impl Tree {
    /// Reads the file once.
    ///
    /// # Errors
    /// It cannot be read, or is no whole number of hashes.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes % HASH as u64 != 0 {
            let sentence = "the file of hashes ends inside a hash";
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                sentence,
            ));
        }
        let mut tree = Self {
            size: bytes / HASH as u64,
            root: merkle::empty_root(),
            inner: Vec::new(),
            lately: Mutex::default(),
            file: file.try_clone()?,
        };
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        let mut tile = Frontier::default();
        let mut hash = [0; HASH];
        for _ in 0..tree.size {
            reader.read_exact(&mut hash)?;
            tile.push(Digest(hash));
            if tile.size() == TILE {
                tree.add_tile(tile.root());
                tile = Frontier::default();
            }
        }
        tree.root = tree
            .computed_root_at(tree.size)
            .ok_or_else(|| std::io::Error::other("the file of hashes changed while it was read"))?;
        Ok(tree)
    }

    fn add_tile(&mut self, root: Digest) {
        let mut hash = root;
        for level in 0.. {
            if self.inner.len() == level {
                self.inner.push(Vec::new());
            }
            let Some(nodes) = self.inner.get_mut(level) else {
                return;
            };
            nodes.push(hash);
            if nodes.len() % 2 == 1 {
                return;
            }
            let Some(left) = nodes.get(nodes.len() - 2) else {
                return;
            };
            hash = merkle::node_hash(left, &hash);
        }
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of all of them.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.root
    }

    /// The root when there were `size` leaves; `None` when there never were so many, or the file cannot be read.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Digest> {
        if size > self.size {
            return None;
        }
        let lately = || self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lately().get(&size) {
            return Some(*known);
        }
        let root = self.computed_root_at(size)?;
        let mut lately = lately();
        if lately.len() >= LATELY {
            lately.clear();
        }
        lately.insert(size, root);
        Some(root)
    }

    fn computed_root_at(&self, size: u64) -> Option<Digest> {
        // Below the tiles' level: of the last, incomplete tile alone.
        let begin = size - size % TILE;
        let leaves = self.leaves(begin, size - begin)?;
        let small = |level: u32, index: u64| -> Option<Digest> {
            let from = usize::try_from((index << level).checked_sub(begin)?).ok()?;
            let mut subtree = Frontier::default();
            for leaf in leaves.get(from..from + (1 << level))? {
                subtree.push(*leaf);
            }
            Some(subtree.root())
        };
        merkle::root(size, |level, index| match level.checked_sub(TILE_LEVEL) {
            None => small(level, index),
            Some(above) => self
                .inner
                .get(above as usize)?
                .get(usize::try_from(index).ok()?)
                .copied(),
        })
        .ok()
    }

    /// `count` leaf hashes from `from` on.
    #[must_use]
    pub fn leaves(&self, from: u64, count: u64) -> Option<Vec<Digest>> {
        let mut bytes = vec![0; usize::try_from(count).ok()? * HASH];
        self.file
            .read_exact_at(&mut bytes, from * HASH as u64)
            .ok()?;
        let digest = |part: &[u8]| {
            let mut hash = [0; HASH];
            hash.copy_from_slice(part);
            Digest(hash)
        };
        Some(bytes.chunks_exact(HASH).map(digest).collect())
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::digest::Digest;

    use super::Tree;
    use crate::frontier::Frontier;

    #[test]
    fn every_earlier_root_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hashes");
        let leaves: Vec<Digest> = (0..1300_u32)
            .map(|n| Digest::of(&n.to_be_bytes()))
            .collect();
        let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
        std::fs::write(&path, bytes).unwrap();
        let tree = Tree::open(&path).unwrap();
        let mut frontier = Frontier::default();
        for (n, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root_at(n as u64), Some(frontier.root()), "{n}");
            frontier.push(*leaf);
        }
        assert_eq!(tree.root(), frontier.root());
        assert_eq!(tree.root_at(1301), None);
    }
}
