//! Rate limits in fixed windows. No scopes: a bucket names what is limited and for whom.

use diesel::prelude::*;

use crate::schema::rate_limits;
use crate::{Conn, StoreResult};

/// Counts one use of a bucket in the window that began at `window_start`; answers how many there were, this one
/// included. The caller compares with its limit: a refused try counts too.
pub fn hit(c: &mut Conn, bucket: &str, window_start: i64) -> StoreResult<i64> {
    let first = (
        rate_limits::bucket.eq(bucket),
        rate_limits::window_start.eq(window_start),
        rate_limits::used.eq(1),
    );
    Ok(on_both!(c, c => {
        diesel::insert_into(rate_limits::table)
            .values(first)
            .on_conflict((rate_limits::bucket, rate_limits::window_start))
            .do_update()
            .set(rate_limits::used.eq(rate_limits::used + 1))
            .returning(rate_limits::used)
            .get_result(c)
    })?)
}

/// How often a bucket was used in a window, without counting.
pub fn used(c: &mut Conn, bucket: &str, window_start: i64) -> StoreResult<i64> {
    let found = rate_limits::table
        .find((bucket, window_start))
        .select(rate_limits::used);
    Ok(found.first(c).optional()?.unwrap_or(0))
}

/// Forgets a bucket: a person who proved who they are starts anew.
pub fn reset(c: &mut Conn, bucket: &str) -> StoreResult<()> {
    diesel::delete(rate_limits::table.filter(rate_limits::bucket.eq(bucket))).execute(c)?;
    Ok(())
}

/// Forgets windows that began before `before`.
pub fn purge(c: &mut Conn, before: i64) -> StoreResult<usize> {
    Ok(
        diesel::delete(rate_limits::table.filter(rate_limits::window_start.lt(before)))
            .execute(c)?,
    )
}
