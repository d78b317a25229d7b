//! The tree and its leaves in tiles, made from the stored nodes at each request: what was numbered never changes, so that whoever
//! fetched a tile may keep it for good.

use muster_protocol::checkpoint::{LogKind, log_leaf};
use muster_protocol::digest::Digest;
use muster_store::{Conn, StoreError, StoreResult, log};

use super::tile_path::{TilePlace, WIDTH};

/// The hashes of a tile, one after the other; `None` when the log is not that long.
///
/// # Errors
/// The database did not answer.
pub fn hashes(
    c: &mut Conn,
    fleet: &str,
    level: u32,
    place: TilePlace,
) -> StoreResult<Option<Vec<u8>>> {
    let Some(from) = first(place) else {
        return Ok(None);
    };
    let width = signed(place.width);
    let found = log::nodes(c, fleet, i64::from(level) * 8, from, width)?;
    if found.len() as u64 != place.width {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(found.len() * 32);
    for hash in &found {
        let hash = Digest::parse(hash)
            .map_err(|_| StoreError::Corrupt(format!("a node of log {fleet} does not read")))?;
        bytes.extend_from_slice(hash.as_bytes());
    }
    Ok(Some(bytes))
}

/// The leaves of an entry bundle, each behind its length; `None` when the log is not that long.
///
/// # Errors
/// The database did not answer.
pub fn bundle(c: &mut Conn, fleet: &str, place: TilePlace) -> StoreResult<Option<Vec<u8>>> {
    let Some(from) = first(place) else {
        return Ok(None);
    };
    let found = log::leaves(c, fleet, from, signed(place.width))?;
    if found.len() as u64 != place.width {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    for leaf in &found {
        let damaged = || StoreError::Corrupt(format!("log leaf {} does not read", leaf.id));
        let kind: LogKind = leaf.kind.parse().map_err(|_| damaged())?;
        let digest = Digest::parse(&leaf.digest).map_err(|_| damaged())?;
        let entry = log_leaf(kind, &digest);
        let length = u16::try_from(entry.len()).map_err(|_| damaged())?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&entry);
    }
    Ok(Some(bytes))
}

fn first(place: TilePlace) -> Option<i64> {
    i64::try_from(place.index.checked_mul(WIDTH)?).ok()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
