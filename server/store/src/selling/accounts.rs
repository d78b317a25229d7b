//! Billing accounts: a buyer as one seller knows it, and the buyer's credit.

use diesel::prelude::*;
use muster_domain::scope::Books;

use super::in_books;
use crate::schema::selling::billing_accounts;
use crate::{Conn, Page, StoreResult};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = billing_accounts, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Account {
    pub id: String,
    pub seller_id: String,
    pub buyer_id: String,
    pub party_id: String,
    pub business: i64,
    pub currency: String,
    pub zone: String,
    pub language: String,
    pub terms_days: i64,
    pub payment: String,
    pub credit: i64,
    pub credit_limit: i64,
    pub live_subscriptions: i64,
    pub created_at: i64,
}

/// What a seller may change on an account.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = billing_accounts)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Terms {
    pub party_id: String,
    pub business: i64,
    pub zone: String,
    pub language: String,
    pub terms_days: i64,
    pub payment: String,
    pub credit_limit: i64,
}

/// Adds one. Conflict: `billing_accounts.seller_id,buyer_id,currency`.
pub fn insert(c: &mut Conn, new: &Account) -> StoreResult<()> {
    diesel::insert_into(billing_accounts::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// One of these books.
pub fn find(c: &mut Conn, books: &Books, id: &str) -> StoreResult<Option<Account>> {
    let query = in_books!(
        billing_accounts::table.into_boxed(),
        books,
        billing_accounts
    );
    Ok(query
        .filter(billing_accounts::id.eq(id))
        .select(Account::as_select())
        .first(c)
        .optional()?)
}

/// Every account of a buyer with a seller: one for each currency.
pub fn of_buyer(c: &mut Conn, seller: &str, buyer: &str) -> StoreResult<Vec<Account>> {
    let query = billing_accounts::table
        .filter(billing_accounts::seller_id.eq(seller))
        .filter(billing_accounts::buyer_id.eq(buyer));
    Ok(query
        .order(billing_accounts::currency)
        .select(Account::as_select())
        .load(c)?)
}

/// A page, by id.
pub fn list(
    c: &mut Conn,
    books: &Books,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Account>> {
    let mut query = in_books!(
        billing_accounts::table.into_boxed(),
        books,
        billing_accounts
    );
    if let Some(cursor) = cursor {
        query = query.filter(billing_accounts::id.gt(cursor));
    }
    let rows = query
        .order(billing_accounts::id)
        .limit(limit + 1)
        .select(Account::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Account| row.id.clone()))
}

/// Changes the terms; whether the account is this seller's. Refused by the database where the credit is already below the new
/// limit.
pub fn change(c: &mut Conn, seller: &str, id: &str, terms: &Terms) -> StoreResult<bool> {
    let own = billing_accounts::table
        .find(id)
        .filter(billing_accounts::seller_id.eq(seller));
    Ok(diesel::update(own).set(terms).execute(c)? == 1)
}

/// Accounts by id, for the renewal job.
pub fn many_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<Account>> {
    let query = billing_accounts::table.filter(billing_accounts::id.eq_any(ids.iter().copied()));
    Ok(query.select(Account::as_select()).load(c)?)
}

/// Takes `amount` out of the credit, all of it or nothing: whether the credit reached. Charges that run side by side are put in
/// order by this one guarded row (RULES B19).
pub fn charge(c: &mut Conn, id: &str, amount: i64) -> StoreResult<bool> {
    let reaches = billing_accounts::table
        .find(id)
        .filter((billing_accounts::credit + billing_accounts::credit_limit).ge(amount));
    Ok(diesel::update(reaches)
        .set(billing_accounts::credit.eq(billing_accounts::credit - amount))
        .execute(c)?
        == 1)
}

/// Takes up to `wanted` out of what stands in the credit, never below zero; answers how much it was.
pub fn draw(c: &mut Conn, id: &str, wanted: i64) -> StoreResult<i64> {
    let credit: Option<i64> = billing_accounts::table
        .find(id)
        .select(billing_accounts::credit)
        .first(c)
        .optional()?;
    let drawn = wanted.min(credit.unwrap_or(0)).max(0);
    if drawn == 0 {
        return Ok(0);
    }
    let reaches = billing_accounts::table
        .find(id)
        .filter(billing_accounts::credit.ge(drawn));
    let taken = diesel::update(reaches)
        .set(billing_accounts::credit.eq(billing_accounts::credit - drawn))
        .execute(c)?;
    Ok(if taken == 1 { drawn } else { 0 })
}

/// Puts something into the credit.
pub fn put_in(c: &mut Conn, id: &str, amount: i64) -> StoreResult<bool> {
    Ok(diesel::update(billing_accounts::table.find(id))
        .set(billing_accounts::credit.eq(billing_accounts::credit + amount))
        .execute(c)?
        == 1)
}

/// One more or one fewer live subscription.
pub fn count_live(c: &mut Conn, id: &str, change: i64) -> StoreResult<bool> {
    Ok(diesel::update(billing_accounts::table.find(id))
        .set(billing_accounts::live_subscriptions.eq(billing_accounts::live_subscriptions + change))
        .execute(c)?
        == 1)
}
