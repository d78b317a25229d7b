//! Gossip (PROTOCOL §14): what a phone says it holds is compared with the log. A checkpoint that this log never signed is proof
//! of two logs, shown to two readers.

use muster_protocol::digest::Digest;
use muster_store::{Conn, StoreResult, log};

/// Whether the log of `fleet` never had this checkpoint. Phones hold what was signed, and everything that was signed is kept:
/// one row tells.
///
/// # Errors
/// The database did not answer.
pub fn is_of_another_log(
    c: &mut Conn,
    fleet: &str,
    size: Option<u64>,
    root: Option<Digest>,
) -> StoreResult<bool> {
    let (Some(size), Some(root)) = (size, root) else {
        return Ok(false);
    };
    if size == 0 {
        return Ok(false);
    }
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let ours = log::checkpoint(c, fleet, size)?;
    Ok(ours.is_none_or(|ours| ours.root != root.to_hex()))
}
