//! Plans and what they cost.

use diesel::prelude::*;

use crate::schema::selling::{plans, prices};
use crate::{Conn, Page, StoreResult};

/// One plan.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = plans, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Plan {
    pub id: String,
    pub seller_id: String,
    pub name: String,
    pub interval_unit: String,
    pub interval_count: i64,
    pub currency: String,
    pub trial_days: i64,
    pub terms_days: i64,
    pub rate: String,
    pub cancellation: String,
    pub paused_time: String,
    pub dunning: String,
    pub created_at: i64,
    pub retired_at: Option<i64>,
}

/// One price of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = prices, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Price {
    pub id: String,
    pub plan_id: String,
    pub item: String,
    pub buyer_id: Option<String>,
    pub from_quantity: i64,
    pub amount: i64,
    pub valid_from: String,
    pub valid_until: Option<String>,
    pub created_at: i64,
}

/// Adds one. Conflict: `plans.seller_id,name`.
pub fn insert(c: &mut Conn, new: &Plan) -> StoreResult<()> {
    diesel::insert_into(plans::table).values(new).execute(c)?;
    Ok(())
}

/// One of a seller.
pub fn find(c: &mut Conn, seller: &str, id: &str) -> StoreResult<Option<Plan>> {
    let query = plans::table.find(id).filter(plans::seller_id.eq(seller));
    Ok(query.select(Plan::as_select()).first(c).optional()?)
}

/// A page, by id: newest last. `retired` also shows those that are sold no more.
pub fn list(
    c: &mut Conn,
    seller: &str,
    retired: bool,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Plan>> {
    let mut query = plans::table
        .filter(plans::seller_id.eq(seller))
        .into_boxed();
    if !retired {
        query = query.filter(plans::retired_at.is_null());
    }
    if let Some(cursor) = cursor {
        query = query.filter(plans::id.gt(cursor));
    }
    let rows = query
        .order(plans::id)
        .limit(limit + 1)
        .select(Plan::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Plan| row.id.clone()))
}

/// Sells it no more; whether it was sold until now.
pub fn retire(c: &mut Conn, seller: &str, id: &str, now: i64) -> StoreResult<bool> {
    let sold = plans::table
        .find(id)
        .filter(plans::seller_id.eq(seller))
        .filter(plans::retired_at.is_null());
    Ok(diesel::update(sold)
        .set(plans::retired_at.eq(now))
        .execute(c)?
        == 1)
}

/// Adds a price.
pub fn insert_price(c: &mut Conn, new: &Price) -> StoreResult<()> {
    diesel::insert_into(prices::table).values(new).execute(c)?;
    Ok(())
}

/// Lets a price end on a date, unless it ends already. It never gets another amount.
pub fn end_price(c: &mut Conn, plan: &str, id: &str, until: &str) -> StoreResult<bool> {
    let open = prices::table
        .find(id)
        .filter(prices::plan_id.eq(plan))
        .filter(prices::valid_until.is_null())
        .filter(prices::valid_from.lt(until));
    Ok(diesel::update(open)
        .set(prices::valid_until.eq(until))
        .execute(c)?
        == 1)
}

/// Every price of some plans, oldest first: a plan has a handful.
pub fn prices_of(c: &mut Conn, plan_ids: &[&str]) -> StoreResult<Vec<Price>> {
    let query = prices::table.filter(prices::plan_id.eq_any(plan_ids.iter().copied()));
    Ok(query
        .order((prices::plan_id, prices::item, prices::id))
        .select(Price::as_select())
        .load(c)?)
}

/// What some plans cost everybody and these buyers, for the renewal job: never the prices of all.
pub fn prices_for_job(
    c: &mut Conn,
    plan_ids: &[&str],
    buyer_ids: &[&str],
) -> StoreResult<Vec<Price>> {
    let of_plans = || prices::table.filter(prices::plan_id.eq_any(plan_ids.iter().copied()));
    let mut found: Vec<Price> = of_plans()
        .filter(prices::buyer_id.is_null())
        .select(Price::as_select())
        .load(c)?;
    found.extend(
        of_plans()
            .filter(prices::buyer_id.eq_any(buyer_ids.iter().copied()))
            .select(Price::as_select())
            .load(c)?,
    );
    Ok(found)
}

/// Plans by id, for the renewal job, which bills for every seller.
pub fn many_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<Plan>> {
    let query = plans::table.filter(plans::id.eq_any(ids.iter().copied()));
    Ok(query.select(Plan::as_select()).load(c)?)
}
