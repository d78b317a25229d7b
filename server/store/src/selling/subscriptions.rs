//! Subscriptions and the periods they were billed for.

use diesel::prelude::*;
use muster_domain::scope::Books;

use super::in_books;
use crate::schema::selling::{subscription_periods, subscriptions};
use crate::{Conn, Page, StoreResult};

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = subscriptions, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Subscription {
    pub id: String,
    pub seller_id: String,
    pub buyer_id: String,
    pub billing_account_id: String,
    pub plan_id: String,
    pub device_id: Option<String>,
    pub life: String,
    pub anchor: String,
    pub anchor_index: i64,
    pub next_index: i64,
    pub next_start_at: Option<i64>,
    pub covered_until: Option<i64>,
    pub cancel_at_end: i64,
    pub next_plan_id: Option<String>,
    pub reached: String,
    pub reached_on: String,
    pub parked_at: Option<i64>,
    pub parked_because: Option<String>,
    pub ordered: String,
    pub ordered_until: Option<i64>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

/// One billed period.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = subscription_periods, primary_key(subscription_id, period_index), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Period {
    pub subscription_id: String,
    pub period_index: i64,
    pub previous_end_at: Option<i64>,
    pub start_at: i64,
    pub end_at: i64,
    pub start_date: String,
    pub end_date: String,
    pub zone: String,
    pub plan_id: String,
    pub invoice_id: String,
}

/// Which subscriptions a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this state of life.
    pub life: Option<String>,
    /// Of this billing account.
    pub account_id: Option<String>,
    /// Only those that the renewal job has set aside.
    pub parked: bool,
    /// Of this device.
    pub device_id: Option<String>,
}

macro_rules! filtered {
    ($books:expr, $filter:expr) => {{
        let mut query = in_books!(subscriptions::table.into_boxed(), $books, subscriptions);
        if let Some(life) = &$filter.life {
            query = query.filter(subscriptions::life.eq(life.as_str()));
        }
        if let Some(account) = &$filter.account_id {
            query = query.filter(subscriptions::billing_account_id.eq(account.as_str()));
        }
        if $filter.parked {
            query = query.filter(subscriptions::parked_at.is_not_null());
        }
        if let Some(device) = &$filter.device_id {
            query = query.filter(subscriptions::device_id.eq(device.as_str()));
        }
        query
    }};
}

/// Adds one. Conflict: `subscriptions.device_id,seller_id`, when the phone has one of this seller that has not ended.
pub fn insert(c: &mut Conn, new: &Subscription) -> StoreResult<()> {
    diesel::insert_into(subscriptions::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// One of these books.
pub fn find(c: &mut Conn, books: &Books, id: &str) -> StoreResult<Option<Subscription>> {
    let query = in_books!(subscriptions::table.into_boxed(), books, subscriptions);
    Ok(query
        .filter(subscriptions::id.eq(id))
        .select(Subscription::as_select())
        .first(c)
        .optional()?)
}

/// A page, newest first.
pub fn list(
    c: &mut Conn,
    books: &Books,
    filter: &Filter,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Subscription>> {
    let mut query = filtered!(books, filter);
    if let Some(cursor) = cursor {
        query = query.filter(subscriptions::id.lt(cursor));
    }
    let rows = query
        .order(subscriptions::id.desc())
        .limit(limit + 1)
        .select(Subscription::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Subscription| row.id.clone()))
}

/// How many the renewal job has set aside.
pub fn count_parked(c: &mut Conn, seller: &str) -> StoreResult<i64> {
    let query = subscriptions::table
        .filter(subscriptions::seller_id.eq(seller))
        .filter(subscriptions::parked_at.is_not_null());
    Ok(query.count().get_result(c)?)
}

/// Every subscription of a device that has not ended, whoever sold it: together they say what the phone may do. No books: the
/// wholesale and the retail subscription belong to different sellers.
pub fn live_of_device_for_job(c: &mut Conn, device: &str) -> StoreResult<Vec<Subscription>> {
    let query = subscriptions::table
        .filter(subscriptions::device_id.eq(device))
        .filter(subscriptions::ended_at.is_null());
    Ok(query
        .order(subscriptions::id)
        .select(Subscription::as_select())
        .load(c)?)
}

/// Writes a subscription whose next period is still the one that the caller saw; whether it was. A renewal that came between
/// wins, and the caller looks again. Conflict: as [`insert`].
pub fn update(c: &mut Conn, seen_index: i64, changed: &Subscription) -> StoreResult<bool> {
    let unmoved = subscriptions::table
        .find(&changed.id)
        .filter(subscriptions::seller_id.eq(&changed.seller_id))
        .filter(subscriptions::next_index.eq(seen_index));
    Ok(diesel::update(unmoved).set(changed).execute(c)? == 1)
}

/// The last billed period.
pub fn last_period(c: &mut Conn, subscription: &str) -> StoreResult<Option<Period>> {
    let query = subscription_periods::table
        .filter(subscription_periods::subscription_id.eq(subscription))
        .order(subscription_periods::period_index.desc());
    Ok(query.select(Period::as_select()).first(c).optional()?)
}

/// A page of the billed periods, newest first. The caller has found the subscription in its books.
pub fn periods(
    c: &mut Conn,
    subscription: &str,
    before: Option<i64>,
    limit: i64,
) -> StoreResult<Page<Period>> {
    let mut query = subscription_periods::table
        .filter(subscription_periods::subscription_id.eq(subscription))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(subscription_periods::period_index.lt(before));
    }
    let rows = query
        .order(subscription_periods::period_index.desc())
        .limit(limit + 1)
        .select(Period::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Period| {
        row.period_index.to_string()
    }))
}

/// Ends the last period early, when a plan changes or a subscription is canceled in its middle. What follows names the new end;
/// a period that is followed already is left alone by the database itself, as its end is named.
pub fn cut_period(
    c: &mut Conn,
    subscription: &str,
    index: i64,
    end_at: i64,
    end_date: &str,
) -> StoreResult<bool> {
    let longer = subscription_periods::table
        .find((subscription, index))
        .filter(subscription_periods::start_at.lt(end_at))
        .filter(subscription_periods::end_at.gt(end_at));
    let cut = (
        subscription_periods::end_at.eq(end_at),
        subscription_periods::end_date.eq(end_date),
    );
    Ok(diesel::update(longer).set(cut).execute(c)? == 1)
}

/// Bills the last period anew, from its very start: under another plan, to another end, on another invoice. Guarded by the
/// invoice that the caller saw, which a credit note has taken back.
pub fn rebill_period(c: &mut Conn, seen_invoice: &str, anew: &Period) -> StoreResult<bool> {
    let seen = subscription_periods::table
        .find((&anew.subscription_id, anew.period_index))
        .filter(subscription_periods::invoice_id.eq(seen_invoice));
    let billed = (
        subscription_periods::end_at.eq(anew.end_at),
        subscription_periods::end_date.eq(&anew.end_date),
        subscription_periods::zone.eq(&anew.zone),
        subscription_periods::plan_id.eq(&anew.plan_id),
        subscription_periods::invoice_id.eq(&anew.invoice_id),
    );
    Ok(diesel::update(seen).set(billed).execute(c)? == 1)
}

/// Adds a period, billed by an act rather than by a renewal.
pub fn insert_period(c: &mut Conn, new: &Period) -> StoreResult<()> {
    diesel::insert_into(subscription_periods::table)
        .values(new)
        .execute(c)?;
    Ok(())
}
