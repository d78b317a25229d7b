//! The renewal job's side of the store: what is due and not yet billed, and a batch of renewals written at once. No books:
//! one job bills for every seller.
//!
//! A renewal is seven rows and one update; a batch of some hundreds is one transaction of a dozen statements.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};

use super::accounts;
use super::invoices::{Allocation, Invoice, InvoiceLine, Receivable};
use super::ledger::Transfer;
use super::letters::Letter;
use super::subscriptions::{Period, Subscription};
use crate::schema::selling::{
    allocations, invoice_lines, invoices, letters, receivables, subscription_periods,
    subscriptions, transfers,
};
use crate::{Conn, StoreError, StoreResult};

/// The words of the partial index, which bound values would not match.
const BILLABLE: &str = "next_start_at IS NOT NULL AND parked_at IS NULL";

/// At most `limit` subscriptions whose next period has begun at `now`, those that wait longest first.
pub fn due(c: &mut Conn, now: i64, limit: i64) -> StoreResult<Vec<Subscription>> {
    let query = subscriptions::table
        .filter(sql::<Bool>(BILLABLE))
        .filter(subscriptions::next_start_at.le(now));
    Ok(query
        .order((subscriptions::next_start_at, subscriptions::id))
        .limit(limit)
        .select(Subscription::as_select())
        .load(c)?)
}

/// The ids of [`due`], read from the index alone.
pub fn due_ids(c: &mut Conn, now: i64, limit: i64) -> StoreResult<Vec<String>> {
    let query = subscriptions::table
        .filter(sql::<Bool>(BILLABLE))
        .filter(subscriptions::next_start_at.le(now));
    Ok(query
        .order((subscriptions::next_start_at, subscriptions::id))
        .limit(limit)
        .select(subscriptions::id)
        .load(c)?)
}

/// Those of some subscriptions that are still due, each with the last period that it was billed for, in the order of [`due`].
pub fn due_among(
    c: &mut Conn,
    now: i64,
    ids: &[String],
) -> StoreResult<Vec<(Subscription, Option<Period>)>> {
    let last = subscription_periods::subscription_id
        .eq(subscriptions::id)
        .and(
            subscription_periods::end_at
                .nullable()
                .eq(subscriptions::covered_until),
        );
    let query = subscriptions::table
        .left_join(subscription_periods::table.on(last))
        .filter(subscriptions::id.eq_any(ids))
        .filter(subscriptions::parked_at.is_null())
        .filter(subscriptions::next_start_at.le(now));
    Ok(query
        .order((subscriptions::next_start_at, subscriptions::id))
        .select((Subscription::as_select(), Option::<Period>::as_select()))
        .load(c)?)
}

/// Since when the longest wait lasts, among what was due before `before`: the alarm of RULES B12.
pub fn longest_due(c: &mut Conn, before: i64) -> StoreResult<Option<i64>> {
    let query = subscriptions::table
        .filter(sql::<Bool>(BILLABLE))
        .filter(subscriptions::next_start_at.lt(before));
    let found: Option<Option<i64>> = query
        .order((subscriptions::next_start_at, subscriptions::id))
        .select(subscriptions::next_start_at)
        .first(c)
        .optional()?;
    Ok(found.flatten())
}

/// A subscription that a renewal moves on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The index of the period that it was seen to wait for.
    pub seen_index: i64,
    /// As it stands afterwards.
    pub now: Subscription,
}

/// What a batch of renewals comes to.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The subscriptions as they stand afterwards: one period on, or at their end.
    pub subscriptions: Vec<Moved>,
    /// One for each that was billed.
    pub periods: Vec<Period>,
    /// One for each that was billed.
    pub invoices: Vec<Invoice>,
    /// The invoices' lines.
    pub lines: Vec<InvoiceLine>,
    /// What is owed on them.
    pub receivables: Vec<Receivable>,
    /// The ledger's.
    pub transfers: Vec<Transfer>,
    /// The letters that follow.
    pub letters: Vec<Letter>,
    /// What was settled at once from buyers' credit; what is owed is less by it already.
    pub allocations: Vec<Allocation>,
    /// How much that takes out of the credit of each account.
    pub drawn: BTreeMap<String, i64>,
    /// How many live subscriptions each account has more or fewer.
    pub live: BTreeMap<String, i64>,
}

/// Writes it. A subscription that somebody else moved on meanwhile makes the whole batch fail with
/// [`StoreError::Collision`], and the door tries it anew from what it then reads.
pub fn write(c: &mut Conn, batch: &Batch) -> StoreResult<()> {
    insert_many!(c, invoices, batch.invoices);
    insert_many!(c, invoice_lines, batch.lines);
    insert_many!(c, subscription_periods, batch.periods);
    insert_many!(c, receivables, batch.receivables);
    insert_many!(c, transfers, batch.transfers);
    insert_many!(c, letters, batch.letters);
    insert_many!(c, allocations, batch.allocations);
    for (account, amount) in &batch.drawn {
        if !accounts::charge(c, account, *amount)? {
            return Err(StoreError::Collision(
                "a credit was drawn on while renewals were written".to_owned(),
            ));
        }
    }
    for (account, change) in &batch.live {
        accounts::count_live(c, account, *change)?;
    }
    let mut moved = 0;
    for some in batch.subscriptions.chunks(500) {
        moved += move_on(c, some)?;
    }
    if moved == batch.subscriptions.len() {
        Ok(())
    } else {
        Err(StoreError::Collision(
            "a subscription was changed while its renewal was written".to_owned(),
        ))
    }
}

/// Moves subscriptions one period on, each guarded by the index it had; answers how many were moved. SQLite runs in this process
/// and takes one prepared statement many times; to PostgreSQL each statement is a journey, so it gets all of them in one.
fn move_on(c: &mut Conn, some: &[Moved]) -> StoreResult<usize> {
    match c {
        Conn::Sqlite(c) => {
            let mut moved = 0;
            for Moved {
                seen_index,
                now: one,
            } in some
            {
                let unmoved = subscriptions::table
                    .find(&one.id)
                    .filter(subscriptions::next_index.eq(seen_index));
                let next = (
                    subscriptions::plan_id.eq(&one.plan_id),
                    subscriptions::life.eq(&one.life),
                    subscriptions::anchor.eq(&one.anchor),
                    subscriptions::anchor_index.eq(one.anchor_index),
                    subscriptions::next_index.eq(one.next_index),
                    subscriptions::next_start_at.eq(one.next_start_at),
                    subscriptions::covered_until.eq(one.covered_until),
                    subscriptions::next_plan_id.eq(&one.next_plan_id),
                    subscriptions::ended_at.eq(one.ended_at),
                );
                moved += diesel::update(unmoved).set(next).execute(c)?;
            }
            Ok(moved)
        }
        Conn::Postgres(c) => {
            fn column<'a, T>(some: &'a [Moved], of: impl Fn(&'a Subscription) -> T) -> Vec<T> {
                some.iter().map(|one| of(&one.now)).collect()
            }
            let moved = diesel::sql_query(MOVE_ON)
                .bind::<Array<Text>, _>(column(some, |one| one.id.as_str()))
                .bind::<Array<Text>, _>(column(some, |one| one.plan_id.as_str()))
                .bind::<Array<Text>, _>(column(some, |one| one.life.as_str()))
                .bind::<Array<Text>, _>(column(some, |one| one.anchor.as_str()))
                .bind::<Array<BigInt>, _>(column(some, |one| one.anchor_index))
                .bind::<Array<BigInt>, _>(column(some, |one| one.next_index))
                .bind::<Array<Nullable<BigInt>>, _>(column(some, |one| one.next_start_at))
                .bind::<Array<Nullable<BigInt>>, _>(column(some, |one| one.covered_until))
                .bind::<Array<Nullable<Text>>, _>(column(some, |one| one.next_plan_id.as_deref()))
                .bind::<Array<Nullable<BigInt>>, _>(column(some, |one| one.ended_at))
                .bind::<Array<BigInt>, _>(some.iter().map(|one| one.seen_index).collect::<Vec<_>>())
                .execute(c)?;
            Ok(moved)
        }
    }
}

const MOVE_ON: &str = "UPDATE subscriptions AS s SET plan_id = n.plan_id, life = n.life, anchor = n.anchor, \
    anchor_index = n.anchor_index, next_index = n.next_index, next_start_at = n.next_start_at, \
    covered_until = n.covered_until, next_plan_id = n.next_plan_id, ended_at = n.ended_at \
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS n (id, plan_id, life, anchor, anchor_index, next_index, \
    next_start_at, covered_until, next_plan_id, ended_at, seen_index) WHERE s.id = n.id AND s.next_index = n.seen_index";

/// Sets one aside with the reason, so that it holds nobody else back.
pub fn park(c: &mut Conn, id: &str, because: &str, now: i64) -> StoreResult<bool> {
    let running = subscriptions::table
        .find(id)
        .filter(subscriptions::parked_at.is_null());
    let parked = (
        subscriptions::parked_at.eq(now),
        subscriptions::parked_because.eq(because),
    );
    Ok(diesel::update(running).set(parked).execute(c)? == 1)
}

/// Takes every parked one of a seller up again; answers how many.
pub fn unpark_all(c: &mut Conn, seller: &str) -> StoreResult<usize> {
    let parked = subscriptions::table
        .filter(subscriptions::seller_id.eq(seller))
        .filter(subscriptions::parked_at.is_not_null());
    let running = (
        subscriptions::parked_at.eq(None::<i64>),
        subscriptions::parked_because.eq(None::<String>),
    );
    Ok(diesel::update(parked).set(running).execute(c)?)
}

/// Takes a parked one up again.
pub fn unpark(c: &mut Conn, seller: &str, id: &str) -> StoreResult<bool> {
    let parked = subscriptions::table
        .find(id)
        .filter(subscriptions::seller_id.eq(seller))
        .filter(subscriptions::parked_at.is_not_null());
    let running = (
        subscriptions::parked_at.eq(None::<i64>),
        subscriptions::parked_because.eq(None::<String>),
    );
    Ok(diesel::update(parked).set(running).execute(c)? == 1)
}
