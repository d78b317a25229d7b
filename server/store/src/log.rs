//! The log of a fleet (PROTOCOL §14): leaves are appended unnumbered with the act they record; one sequencer numbers
//! them, stores the hashes of complete subtrees, and signs checkpoints. No scopes: a log holds digests only and is
//! meant to be read by strangers.

use diesel::prelude::*;

use crate::schema::{log_checkpoints, log_leaves, log_nodes};
use crate::{Conn, StoreResult};

/// One leaf.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = log_leaves, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Leaf {
    pub id: String,
    pub fleet_id: String,
    pub kind: String,
    pub digest: String,
    pub leaf_index: Option<i64>,
    pub created_at: i64,
}

/// The hash of a complete subtree: node (level, position) covers the leaves from `position · 2^level` on.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = log_nodes)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Node {
    pub fleet_id: String,
    pub level: i64,
    pub position: i64,
    pub hash: String,
}

/// A signed tree head.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = log_checkpoints)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Checkpoint {
    pub fleet_id: String,
    pub size: i64,
    pub root: String,
    pub note: String,
    pub created_at: i64,
    pub witnesses: i64,
}

/// What the sequencer works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Leaves that have a number: the next one is this.
    pub size: i64,
    /// Those that wait, in the order they get theirs.
    pub leaves: Vec<Leaf>,
}

/// Appends a leaf of `kind` for an entry whose bytes have this SHA-256; `id` is a UUIDv7.
pub fn append_leaf(
    c: &mut Conn,
    fleet: &str,
    kind: &str,
    digest: &str,
    id: &str,
    now: i64,
) -> StoreResult<()> {
    let leaf = Leaf {
        id: id.to_owned(),
        fleet_id: fleet.to_owned(),
        kind: kind.to_owned(),
        digest: digest.to_owned(),
        leaf_index: None,
        created_at: now,
    };
    diesel::insert_into(log_leaves::table)
        .values(&leaf)
        .execute(c)?;
    Ok(())
}

/// The fleets whose leaves wait for the sequencer.
pub fn fleets_waiting(c: &mut Conn) -> StoreResult<Vec<String>> {
    Ok(log_leaves::table
        .filter(log_leaves::leaf_index.is_null())
        .select(log_leaves::fleet_id)
        .distinct()
        .order(log_leaves::fleet_id)
        .load(c)?)
}

/// The size of a fleet's tree and at most `limit` leaves that wait. The caller numbers them in the same write, which
/// makes two sequencers at once impossible.
pub fn number_waiting(c: &mut Conn, fleet: &str, limit: i64) -> StoreResult<Waiting> {
    let leaves = log_leaves::table
        .filter(log_leaves::fleet_id.eq(fleet))
        .filter(log_leaves::leaf_index.is_null())
        .order(log_leaves::id)
        .limit(limit)
        .select(Leaf::as_select())
        .load(c)?;
    Ok(Waiting {
        size: size(c, fleet)?,
        leaves,
    })
}

/// How many leaves of a fleet have a number.
pub fn size(c: &mut Conn, fleet: &str) -> StoreResult<i64> {
    let last: Option<Option<i64>> = log_leaves::table
        .filter(log_leaves::fleet_id.eq(fleet))
        .filter(log_leaves::leaf_index.is_not_null())
        .order(log_leaves::leaf_index.desc())
        .select(log_leaves::leaf_index)
        .first(c)
        .optional()?;
    Ok(last.flatten().map_or(0, |index| index + 1))
}

/// How many leaves of a fleet still wait.
pub fn count_waiting(c: &mut Conn, fleet: &str) -> StoreResult<i64> {
    let waiting = log_leaves::table
        .filter(log_leaves::fleet_id.eq(fleet))
        .filter(log_leaves::leaf_index.is_null());
    Ok(waiting.count().get_result(c)?)
}

/// Gives a waiting leaf its number; `false` when it has one. Conflict: `log_leaves.fleet_id,leaf_index`.
pub fn set_leaf_index(c: &mut Conn, leaf: &str, index: i64) -> StoreResult<bool> {
    let waiting = log_leaves::table
        .find(leaf)
        .filter(log_leaves::leaf_index.is_null());
    Ok(diesel::update(waiting)
        .set(log_leaves::leaf_index.eq(index))
        .execute(c)?
        == 1)
}

/// Stores the nodes that new leaves completed.
pub fn insert_nodes(c: &mut Conn, nodes: &[Node]) -> StoreResult<()> {
    insert_many!(c, log_nodes, nodes);
    Ok(())
}

/// The hash of one complete subtree.
pub fn node(c: &mut Conn, fleet: &str, level: i64, position: i64) -> StoreResult<Option<String>> {
    Ok(log_nodes::table
        .find((fleet, level, position))
        .select(log_nodes::hash)
        .first(c)
        .optional()?)
}

/// Stores a checkpoint. Conflict: `log_checkpoints.fleet_id,size`.
pub fn insert_checkpoint(c: &mut Conn, new: &Checkpoint) -> StoreResult<()> {
    diesel::insert_into(log_checkpoints::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The newest checkpoint of a fleet.
pub fn newest_checkpoint(c: &mut Conn, fleet: &str) -> StoreResult<Option<Checkpoint>> {
    let heads = log_checkpoints::table
        .filter(log_checkpoints::fleet_id.eq(fleet))
        .order(log_checkpoints::size.desc());
    Ok(heads.select(Checkpoint::as_select()).first(c).optional()?)
}

/// The newest checkpoint that at least so many witnesses cosigned: what phones are handed.
pub fn newest_witnessed(
    c: &mut Conn,
    fleet: &str,
    witnesses: i64,
) -> StoreResult<Option<Checkpoint>> {
    let heads = log_checkpoints::table
        .filter(log_checkpoints::fleet_id.eq(fleet))
        .filter(log_checkpoints::witnesses.ge(witnesses))
        .order(log_checkpoints::size.desc());
    Ok(heads.select(Checkpoint::as_select()).first(c).optional()?)
}

/// The first checkpoint that is larger than `size`: the next step of a witness that follows the log.
pub fn next_checkpoint(c: &mut Conn, fleet: &str, size: i64) -> StoreResult<Option<Checkpoint>> {
    let heads = log_checkpoints::table
        .filter(log_checkpoints::fleet_id.eq(fleet))
        .filter(log_checkpoints::size.gt(size))
        .order(log_checkpoints::size);
    Ok(heads.select(Checkpoint::as_select()).first(c).optional()?)
}

/// Puts the note with more cosignatures in the place of the one that was read; `false` when it changed meanwhile.
pub fn set_note(c: &mut Conn, read: &Checkpoint, note: &str, witnesses: i64) -> StoreResult<bool> {
    let known = log_checkpoints::table
        .find((&read.fleet_id, read.size))
        .filter(log_checkpoints::note.eq(&read.note));
    Ok(diesel::update(known)
        .set((
            log_checkpoints::note.eq(note),
            log_checkpoints::witnesses.eq(witnesses),
        ))
        .execute(c)?
        == 1)
}

/// The hashes of `count` neighbouring subtrees of one level from `position` on: a tile.
pub fn nodes(
    c: &mut Conn,
    fleet: &str,
    level: i64,
    position: i64,
    count: i64,
) -> StoreResult<Vec<String>> {
    Ok(log_nodes::table
        .filter(log_nodes::fleet_id.eq(fleet))
        .filter(log_nodes::level.eq(level))
        .filter(log_nodes::position.ge(position))
        .filter(log_nodes::position.lt(position.saturating_add(count)))
        .order(log_nodes::position)
        .select(log_nodes::hash)
        .load(c)?)
}

/// The numbered leaves of this digest: an entry's kind is not always known to whoever asks.
pub fn leaves_of_digest(c: &mut Conn, fleet: &str, digest: &str) -> StoreResult<Vec<Leaf>> {
    Ok(log_leaves::table
        .filter(log_leaves::digest.eq(digest))
        .filter(log_leaves::fleet_id.eq(fleet))
        .filter(log_leaves::leaf_index.is_not_null())
        .order(log_leaves::leaf_index)
        .limit(16)
        .select(Leaf::as_select())
        .load(c)?)
}

/// The checkpoint of a size, if that one was ever signed.
pub fn checkpoint(c: &mut Conn, fleet: &str, size: i64) -> StoreResult<Option<Checkpoint>> {
    Ok(log_checkpoints::table
        .find((fleet, size))
        .select(Checkpoint::as_select())
        .first(c)
        .optional()?)
}

/// The first number under which an entry stands in the log; `None` while it waits, or when it is not there.
pub fn leaf_index(c: &mut Conn, fleet: &str, kind: &str, digest: &str) -> StoreResult<Option<i64>> {
    let found: Option<Option<i64>> = log_leaves::table
        .filter(log_leaves::digest.eq(digest))
        .filter(log_leaves::fleet_id.eq(fleet))
        .filter(log_leaves::kind.eq(kind))
        .filter(log_leaves::leaf_index.is_not_null())
        .order(log_leaves::leaf_index)
        .select(log_leaves::leaf_index)
        .first(c)
        .optional()?;
    Ok(found.flatten())
}

/// The numbered leaves from `from` on, in order: for whoever audits the log.
pub fn leaves(c: &mut Conn, fleet: &str, from: i64, limit: i64) -> StoreResult<Vec<Leaf>> {
    Ok(log_leaves::table
        .filter(log_leaves::fleet_id.eq(fleet))
        .filter(log_leaves::leaf_index.ge(from))
        .order(log_leaves::leaf_index)
        .limit(limit)
        .select(Leaf::as_select())
        .load(c)?)
}

/// Starts the tree of a fleet anew, under another origin: nodes and checkpoints go, every leaf waits for a number again and
/// gets one in the order of ids. The entries themselves stay as they are.
pub fn restart(c: &mut Conn, fleet: &str) -> StoreResult<()> {
    diesel::delete(log_nodes::table.filter(log_nodes::fleet_id.eq(fleet))).execute(c)?;
    diesel::delete(log_checkpoints::table.filter(log_checkpoints::fleet_id.eq(fleet)))
        .execute(c)?;
    diesel::update(log_leaves::table.filter(log_leaves::fleet_id.eq(fleet)))
        .set(log_leaves::leaf_index.eq(None::<i64>))
        .execute(c)?;
    Ok(())
}
