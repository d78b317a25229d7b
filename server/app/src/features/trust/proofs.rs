//! Proofs from the stored tree: that a leaf is in it, and that an older tree is its beginning.

use muster_protocol::digest::Digest;
use muster_protocol::merkle;
use muster_store::{Conn, StoreError, StoreResult, log};

/// The complete subtrees of one fleet's log, read one by one. A proof reads at most two a level.
pub struct StoredNodes<'a> {
    connection: &'a mut Conn,
    fleet: &'a str,
    trouble: Option<StoreError>,
}

impl<'a> StoredNodes<'a> {
    /// The nodes of `fleet`.
    pub fn new(connection: &'a mut Conn, fleet: &'a str) -> Self {
        Self {
            connection,
            fleet,
            trouble: None,
        }
    }

    /// The hash of one subtree. `None` when it is missing or the database did not answer; [`Self::finish`] tells which.
    pub fn hash(&mut self, level: u32, index: u64) -> Option<Digest> {
        if self.trouble.is_some() {
            return None;
        }
        let position = i64::try_from(index).ok()?;
        match log::node(self.connection, self.fleet, i64::from(level), position) {
            Ok(found) => Digest::parse(&found?).ok(),
            Err(error) => {
                self.trouble = Some(error);
                None
            }
        }
    }

    /// Whether every read was answered.
    ///
    /// # Errors
    /// The first trouble there was.
    pub fn finish(self) -> StoreResult<()> {
        self.trouble.map_or(Ok(()), Err)
    }
}

/// The hashes that prove leaf `index` in the tree of `size` leaves.
///
/// # Errors
/// The database did not answer, or a node is missing.
pub fn inclusion(c: &mut Conn, fleet: &str, index: u64, size: u64) -> StoreResult<Vec<Digest>> {
    let mut nodes = StoredNodes::new(c, fleet);
    let proof = merkle::inclusion_proof(index, size, |level, at| nodes.hash(level, at));
    nodes.finish()?;
    proof.map_err(|missing| StoreError::Query(missing.to_string()))
}

/// The hashes that prove the tree of `old` leaves to be the beginning of the tree of `size` leaves.
///
/// # Errors
/// The database did not answer, or a node is missing.
pub fn consistency(c: &mut Conn, fleet: &str, old: u64, size: u64) -> StoreResult<Vec<Digest>> {
    let mut nodes = StoredNodes::new(c, fleet);
    let proof = merkle::consistency_proof(old, size, |level, at| nodes.hash(level, at));
    nodes.finish()?;
    proof.map_err(|missing| StoreError::Query(missing.to_string()))
}
