//! Idempotency keys: the answer a creation gave, kept a day. No scopes: an actor finds only its own keys.

use diesel::prelude::*;

use crate::schema::idempotency_keys;
use crate::{Conn, StoreResult};

/// A remembered answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Remembered {
    pub actor: String,
    pub key: String,
    pub request_hash: String,
    pub status: i64,
    pub body: String,
    pub created_at: i64,
}

/// The answer to an actor's earlier request with this key.
pub fn find(c: &mut Conn, actor: &str, key: &str) -> StoreResult<Option<Remembered>> {
    Ok(idempotency_keys::table
        .find((actor, key))
        .select(Remembered::as_select())
        .first(c)
        .optional()?)
}

/// Remembers an answer, in the write that made it. Conflict `idempotency_keys.actor,key`: a twin was faster.
pub fn insert(c: &mut Conn, new: &Remembered) -> StoreResult<()> {
    diesel::insert_into(idempotency_keys::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// Writes the answer into a row that was inserted as a claim, before the work began.
pub fn finish(c: &mut Conn, actor: &str, key: &str, status: i64, body: &str) -> StoreResult<bool> {
    let claimed = idempotency_keys::table.find((actor, key));
    let answer = (
        idempotency_keys::status.eq(status),
        idempotency_keys::body.eq(body),
    );
    Ok(diesel::update(claimed).set(answer).execute(c)? == 1)
}

/// Gives a claim up: the work was refused and nothing was made.
pub fn forget(c: &mut Conn, actor: &str, key: &str) -> StoreResult<bool> {
    Ok(diesel::delete(idempotency_keys::table.find((actor, key))).execute(c)? == 1)
}

/// Forgets answers given before `before`.
pub fn purge(c: &mut Conn, before: i64) -> StoreResult<usize> {
    Ok(
        diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(before)))
            .execute(c)?,
    )
}
