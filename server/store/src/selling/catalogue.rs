//! Prices as a catalogue is kept: looked through in pages, ended together, taken back before they hold.

use diesel::prelude::*;

use super::plans::Price;
use crate::schema::organisations;
use crate::schema::selling::{prices, subscription_periods, subscriptions};
use crate::{Conn, Page, StoreResult};

/// Prices that stand in line with one another: of one item of a plan, for one buyer alone or for everybody.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The plan.
    pub plan: &'a str,
    /// `recurring` or `handset`.
    pub item: &'a str,
    /// The buyer's organisation; `None` for everybody.
    pub buyer: Option<&'a str>,
}

macro_rules! in_line {
    ($statement:expr, $line:expr) => {{
        let statement = $statement
            .filter(prices::plan_id.eq($line.plan.to_owned()))
            .filter(prices::item.eq($line.item.to_owned()));
        match $line.buyer {
            Some(buyer) => statement.filter(prices::buyer_id.eq(buyer.to_owned())),
            None => statement.filter(prices::buyer_id.is_null()),
        }
    }};
}

/// Those in line, by the day they begin and then by quantity.
pub fn line(c: &mut Conn, line: Line<'_>) -> StoreResult<Vec<Price>> {
    let query = in_line!(prices::table.into_boxed(), line);
    Ok(query
        .order((prices::valid_from, prices::from_quantity))
        .select(Price::as_select())
        .load(c)?)
}

/// A page of every price of a plan with the buyer's name where it is for one alone, newest first. The caller has found the plan
/// among the seller's.
pub fn page(
    c: &mut Conn,
    plan: &str,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<(Price, Option<String>)>> {
    let mut query = prices::table
        .left_join(organisations::table.on(organisations::id.nullable().eq(prices::buyer_id)))
        .filter(prices::plan_id.eq(plan))
        .into_boxed();
    if let Some(cursor) = cursor {
        query = query.filter(prices::id.lt(cursor));
    }
    let rows = query
        .order(prices::id.desc())
        .limit(limit + 1)
        .select((Price::as_select(), organisations::name.nullable()))
        .load(c)?;
    Ok(Page::cut(rows, limit, |(price, _): &(Price, _)| {
        price.id.clone()
    }))
}

/// Whether a period under this plan that ends after `date` was billed already, to this buyer or to anybody.
pub fn was_billed_after(
    c: &mut Conn,
    seller: &str,
    plan: &str,
    buyer: Option<&str>,
    date: &str,
) -> StoreResult<bool> {
    let mut query = subscription_periods::table
        .inner_join(subscriptions::table)
        .filter(subscriptions::seller_id.eq(seller))
        .filter(subscription_periods::plan_id.eq(plan))
        .filter(subscription_periods::end_date.gt(date))
        .into_boxed();
    if let Some(buyer) = buyer {
        query = query.filter(subscriptions::buyer_id.eq(buyer));
    }
    let found: Option<String> = query
        .select(subscription_periods::subscription_id)
        .first(c)
        .optional()?;
    Ok(found.is_some())
}

/// Takes back the prices in line that begin on `from`, if that day is still to come; how many rows they were. They never held,
/// so nothing was ever billed by them.
pub fn take_back(c: &mut Conn, line: Line<'_>, from: &str, today: &str) -> StoreResult<usize> {
    let ids: Vec<String> = in_line!(prices::table.into_boxed(), line)
        .filter(prices::valid_from.eq(from))
        .filter(prices::valid_from.gt(today))
        .select(prices::id)
        .load(c)?;
    let gone = prices::table.filter(prices::id.eq_any(ids));
    Ok(diesel::delete(gone).execute(c)?)
}

/// Lets the prices in line that begin on `from` hold until another day, or until further notice: one came behind them, or what
/// they were followed by was taken back. They never get another amount.
pub fn hold_until(
    c: &mut Conn,
    line: Line<'_>,
    from: &str,
    until: Option<&str>,
) -> StoreResult<usize> {
    let ids: Vec<String> = in_line!(prices::table.into_boxed(), line)
        .filter(prices::valid_from.eq(from))
        .select(prices::id)
        .load(c)?;
    let held = prices::table.filter(prices::id.eq_any(ids));
    Ok(diesel::update(held)
        .set(prices::valid_until.eq(until))
        .execute(c)?)
}

/// The prices for everybody of some plans, by the day they begin: a plan has a handful.
pub fn for_everybody(c: &mut Conn, plan_ids: &[&str]) -> StoreResult<Vec<Price>> {
    let query = prices::table
        .filter(prices::plan_id.eq_any(plan_ids.iter().copied()))
        .filter(prices::buyer_id.is_null());
    Ok(query
        .order((
            prices::plan_id,
            prices::item,
            prices::valid_from,
            prices::id,
        ))
        .select(Price::as_select())
        .load(c)?)
}
