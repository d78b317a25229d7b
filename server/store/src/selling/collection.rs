//! What collection walks through: subscriptions that are behind, what is owed for each, notices before renewals, and up to
//! where a walk has come. No books: one job looks after every seller.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::subscriptions::Subscription;
use crate::schema::selling::{collection_walks, invoice_lines, plans, receivables, subscriptions};
use crate::{Conn, StoreResult};

/// The words of the partial indexes, which bound values would not match.
pub(crate) const BEHIND: &str = "reached <> 'current' AND ended_at IS NULL";
const OPEN: &str = "open > 0";
const BILLABLE: &str = "next_start_at IS NOT NULL AND parked_at IS NULL";

/// Where a walk along dates goes on: the instant up to which everything was looked at.
pub fn walked_until(c: &mut Conn, name: &str) -> StoreResult<Option<i64>> {
    let query = collection_walks::table.find(name);
    Ok(query
        .select(collection_walks::until_at)
        .first(c)
        .optional()?)
}

/// Notes that everything was looked at up to `until`.
pub fn set_walked_until(c: &mut Conn, name: &str, until: i64) -> StoreResult<()> {
    let row = (
        collection_walks::name.eq(name),
        collection_walks::until_at.eq(until),
    );
    on_both!(c, c => diesel::insert_into(collection_walks::table)
        .values(row)
        .on_conflict(collection_walks::name)
        .do_update()
        .set(collection_walks::until_at.eq(until))
        .execute(c))?;
    Ok(())
}

/// A page of the subscriptions that are behind with paying and have not ended, by id.
pub fn behind_for_job(
    c: &mut Conn,
    after: Option<&str>,
    limit: i64,
) -> StoreResult<Vec<Subscription>> {
    let mut query = subscriptions::table
        .filter(sql::<Bool>(BEHIND))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(subscriptions::id.gt(after));
    }
    Ok(query
        .order(subscriptions::id)
        .limit(limit)
        .select(Subscription::as_select())
        .load(c)?)
}

/// The subscriptions that stand on some invoices, each with its invoice.
pub fn on_invoices_for_job(c: &mut Conn, invoices: &[&str]) -> StoreResult<Vec<(String, String)>> {
    let query = invoice_lines::table
        .filter(invoice_lines::invoice_id.eq_any(invoices.iter().copied()))
        .filter(invoice_lines::subscription_id.is_not_null())
        .order((invoice_lines::invoice_id, invoice_lines::position))
        .select((
            invoice_lines::invoice_id,
            invoice_lines::subscription_id.assume_not_null(),
        ));
    Ok(query.load(c)?)
}

/// Subscriptions by id.
pub fn many_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<Subscription>> {
    let query = subscriptions::table.filter(subscriptions::id.eq_any(ids.iter().copied()));
    Ok(query
        .order(subscriptions::id)
        .select(Subscription::as_select())
        .load(c)?)
}

/// What is owed for one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// The subscription.
    pub subscription_id: String,
    /// The invoice.
    pub invoice_id: String,
    /// Its due date.
    pub due_date: String,
    /// What is open on it.
    pub open: i64,
    /// In which currency.
    pub currency: String,
}

/// What is owed on the invoices of some subscriptions, and of no other.
pub fn owed_by_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<Owed>> {
    let rows: Vec<(String, String, String, i64, String)> = invoice_lines::table
        .inner_join(receivables::table.on(receivables::invoice_id.eq(invoice_lines::invoice_id)))
        .filter(invoice_lines::subscription_id.eq_any(ids.iter().copied()))
        .filter(sql::<Bool>(OPEN))
        .select((
            invoice_lines::subscription_id.assume_not_null(),
            receivables::invoice_id,
            receivables::due_date,
            receivables::open,
            receivables::currency,
        ))
        .distinct()
        .load(c)?;
    let of = |(subscription_id, invoice_id, due_date, open, currency)| Owed {
        subscription_id,
        invoice_id,
        due_date,
        open,
        currency,
    };
    Ok(rows.into_iter().map(of).collect())
}

/// Brings a subscription from the stage that was seen to another; whether it still stood there.
pub fn reach(c: &mut Conn, seen: &Subscription, stage: &str, day: &str) -> StoreResult<bool> {
    let unmoved = subscriptions::table
        .find(&seen.id)
        .filter(subscriptions::reached.eq(&seen.reached))
        .filter(subscriptions::reached_on.eq(&seen.reached_on))
        .filter(subscriptions::ended_at.is_null());
    let there = (
        subscriptions::reached.eq(stage),
        subscriptions::reached_on.eq(day),
    );
    Ok(diesel::update(unmoved).set(there).execute(c)? == 1)
}

/// Ends a subscription that nobody paid; whether it had not ended yet. What was billed stays.
pub fn expire(c: &mut Conn, id: &str, life: &str, now: i64) -> StoreResult<bool> {
    let alive = subscriptions::table
        .find(id)
        .filter(subscriptions::ended_at.is_null());
    let over = (
        subscriptions::life.eq(life),
        subscriptions::next_start_at.eq(None::<i64>),
        subscriptions::next_plan_id.eq(None::<String>),
        subscriptions::cancel_at_end.eq(0),
        subscriptions::parked_at.eq(None::<i64>),
        subscriptions::parked_because.eq(None::<String>),
        subscriptions::ended_at.eq(now),
    );
    Ok(diesel::update(alive).set(over).execute(c)? == 1)
}

/// A page of the subscriptions that renew after `from` and not after `until`, the soonest first.
pub fn renewing_for_job(
    c: &mut Conn,
    (from, until): (i64, i64),
    after: Option<(i64, &str)>,
    limit: i64,
) -> StoreResult<Vec<Subscription>> {
    let mut query = subscriptions::table
        .filter(sql::<Bool>(BILLABLE))
        .filter(subscriptions::next_start_at.gt(from))
        .filter(subscriptions::next_start_at.le(until))
        .filter(subscriptions::cancel_at_end.eq(0))
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            subscriptions::next_start_at
                .gt(at)
                .or(subscriptions::next_start_at
                    .eq(at)
                    .and(subscriptions::id.gt(id))),
        );
    }
    Ok(query
        .order((subscriptions::next_start_at, subscriptions::id))
        .limit(limit)
        .select(Subscription::as_select())
        .load(c)?)
}

/// Every dunning schedule that a plan has, each once: plans are few, and most share one.
pub fn schedules_for_job(c: &mut Conn) -> StoreResult<Vec<String>> {
    let query = plans::table.select(plans::dunning).distinct();
    Ok(query.load(c)?)
}
