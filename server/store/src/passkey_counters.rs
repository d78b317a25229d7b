//! The highest signature counter seen of each passkey that approves. No scopes: a key's id is all that is known here.

use diesel::prelude::*;

use crate::schema::passkey_counters;
use crate::{Conn, StoreResult};

/// The highest counter so far.
pub fn last(c: &mut Conn, key: &str) -> StoreResult<Option<i64>> {
    Ok(passkey_counters::table
        .find(key)
        .select(passkey_counters::counter)
        .first(c)
        .optional()?)
}

/// Keeps a higher one.
pub fn set(c: &mut Conn, key: &str, counter: i64, now: i64) -> StoreResult<()> {
    let seen = (
        passkey_counters::counter.eq(counter),
        passkey_counters::seen_at.eq(now),
    );
    let known = diesel::update(passkey_counters::table.find(key)).set(seen);
    if known.execute(c)? == 0 {
        diesel::insert_into(passkey_counters::table)
            .values((passkey_counters::key_id.eq(key), seen.0, seen.1))
            .execute(c)?;
    }
    Ok(())
}
