//! What a subscription waits for: its trial to begin, or to be resumed. A row stands here only while it waits.

use diesel::prelude::*;

use super::subscriptions::Subscription;
use crate::schema::selling::{subscription_pauses, subscription_trials, subscriptions};
use crate::{Conn, StoreResult};

/// Notes when a trial begins.
pub fn insert_trial(c: &mut Conn, subscription: &str, begins_at: i64) -> StoreResult<()> {
    let row = (
        subscription_trials::subscription_id.eq(subscription),
        subscription_trials::begins_at.eq(begins_at),
    );
    diesel::insert_into(subscription_trials::table)
        .values(row)
        .execute(c)?;
    Ok(())
}

/// When the trial of a subscription begins; `None` of one that waits for none.
pub fn trial(c: &mut Conn, subscription: &str) -> StoreResult<Option<i64>> {
    let query = subscription_trials::table
        .find(subscription)
        .select(subscription_trials::begins_at);
    Ok(query.first(c).optional()?)
}

/// At most `limit` subscriptions whose trial has begun at `now`, those that wait longest first. No books: one job begins every
/// seller's.
pub fn begun_for_job(c: &mut Conn, now: i64, limit: i64) -> StoreResult<Vec<Subscription>> {
    let begun: Vec<String> = subscription_trials::table
        .filter(subscription_trials::begins_at.le(now))
        .order((
            subscription_trials::begins_at,
            subscription_trials::subscription_id,
        ))
        .limit(limit)
        .select(subscription_trials::subscription_id)
        .load(c)?;
    let query = subscriptions::table.filter(subscriptions::id.eq_any(begun));
    Ok(query
        .order(subscriptions::id)
        .select(Subscription::as_select())
        .load(c)?)
}

/// Waits no more for a trial; whether it did.
pub fn end_trial(c: &mut Conn, subscription: &str) -> StoreResult<bool> {
    Ok(diesel::delete(subscription_trials::table.find(subscription)).execute(c)? == 1)
}

/// Notes since when a subscription is paused.
pub fn insert_pause(c: &mut Conn, subscription: &str, paused_at: i64) -> StoreResult<()> {
    let row = (
        subscription_pauses::subscription_id.eq(subscription),
        subscription_pauses::paused_at.eq(paused_at),
    );
    diesel::insert_into(subscription_pauses::table)
        .values(row)
        .execute(c)?;
    Ok(())
}

/// Since when a subscription is paused; `None` of one that is not.
pub fn pause(c: &mut Conn, subscription: &str) -> StoreResult<Option<i64>> {
    let query = subscription_pauses::table
        .find(subscription)
        .select(subscription_pauses::paused_at);
    Ok(query.first(c).optional()?)
}

/// Is paused no more; whether it was.
pub fn end_pause(c: &mut Conn, subscription: &str) -> StoreResult<bool> {
    Ok(diesel::delete(subscription_pauses::table.find(subscription)).execute(c)? == 1)
}
