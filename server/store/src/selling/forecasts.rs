//! What a forecast is reckoned from, in aggregates, and the forecast as it was last reckoned. No books: a job reckons it for
//! every seller, and a page reads its own seller's row.

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::accounts::Account;
use crate::schema::selling::{
    billing_accounts, forecasts, ledger_marks, receivables, subscriptions, transfers,
};
use crate::{Conn, StoreResult};

/// The words of the partial index, which a bound value would not match.
const OPEN: &str = "open > 0";
/// A sum of amounts: NUMERIC on PostgreSQL unless told otherwise, and nothing sums to no row.
const OWED: &str = "CAST(COALESCE(SUM(open), 0) AS BIGINT)";
const MOVED: &str = "CAST(COALESCE(SUM(amount), 0) AS BIGINT)";

/// Subscriptions that renew alike: of one buyer, under one plan, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Alike {
    pub billing_account_id: String,
    pub plan_id: String,
    pub next_plan_id: Option<String>,
    pub life: String,
    pub cancel_at_end: i64,
    pub next_start_at: Option<i64>,
    /// How many.
    pub n: i64,
}

/// A page of a seller's billing accounts, by id.
pub fn accounts_of(
    c: &mut Conn,
    seller: &str,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<Account>> {
    let query = billing_accounts::table
        .filter(billing_accounts::seller_id.eq(seller))
        .filter(billing_accounts::id.gt(after));
    Ok(query
        .order(billing_accounts::id)
        .limit(limit)
        .select(Account::as_select())
        .load(c)?)
}

/// What renews of these accounts, and how often it is there. Subscriptions of which nothing more is billed are left out.
pub fn alike(c: &mut Conn, accounts: &[&str]) -> StoreResult<Vec<Alike>> {
    let keys = (
        subscriptions::billing_account_id,
        subscriptions::plan_id,
        subscriptions::next_plan_id,
        subscriptions::life,
        subscriptions::cancel_at_end,
        subscriptions::next_start_at,
    );
    Ok(subscriptions::table
        .filter(subscriptions::billing_account_id.eq_any(accounts.iter().copied()))
        .filter(subscriptions::next_start_at.is_not_null())
        .group_by(keys)
        .select((
            subscriptions::billing_account_id,
            subscriptions::plan_id,
            subscriptions::next_plan_id,
            subscriptions::life,
            subscriptions::cancel_at_end,
            subscriptions::next_start_at,
            count_star(),
        ))
        .load(c)?)
}

/// How many subscriptions a seller had at `since`, and how many of those have ended from then until `until` (microseconds).
pub fn ended_since(c: &mut Conn, seller: &str, since: i64, until: i64) -> StoreResult<(i64, i64)> {
    let sold = || {
        subscriptions::table
            .filter(subscriptions::seller_id.eq(seller))
            .filter(subscriptions::created_at.lt(since))
    };
    let there = sold()
        .filter(
            subscriptions::ended_at
                .is_null()
                .or(subscriptions::ended_at.ge(since)),
        )
        .select(count_star())
        .first(c)?;
    let ended = sold()
        .filter(subscriptions::ended_at.ge(since))
        .filter(subscriptions::ended_at.le(until))
        .select(count_star())
        .first(c)?;
    Ok((there, ended))
}

/// What a seller is owed, by currency and by the day that it was due.
pub fn owed_by_day(c: &mut Conn, seller: &str) -> StoreResult<Vec<(String, String, i64)>> {
    Ok(receivables::table
        .filter(receivables::seller_id.eq(seller))
        .filter(sql::<Bool>(OPEN))
        .group_by((receivables::currency, receivables::due_date))
        .order((receivables::currency, receivables::due_date))
        .select((
            receivables::currency,
            receivables::due_date,
            sql::<BigInt>(OWED),
        ))
        .load(c)?)
}

/// What a seller's receivables come to by the ledger up to a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ledger_marks, primary_key(seller_id, currency), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Mark {
    pub seller_id: String,
    pub currency: String,
    pub before_id: String,
    pub balance: i64,
}

/// The marks of a seller.
pub fn marks(c: &mut Conn, seller: &str) -> StoreResult<Vec<Mark>> {
    let query = ledger_marks::table.filter(ledger_marks::seller_id.eq(seller));
    Ok(query.select(Mark::as_select()).load(c)?)
}

/// Moves a mark on.
pub fn put_mark(c: &mut Conn, mark: &Mark) -> StoreResult<()> {
    on_both!(c, c => diesel::insert_into(ledger_marks::table)
        .values(mark)
        .on_conflict((ledger_marks::seller_id, ledger_marks::currency))
        .do_update()
        .set(mark)
        .execute(c))?;
    Ok(())
}

/// What a seller's transfers from the id `from` on, and before `until` where that is given, add to its receivables, by currency.
pub fn receivables_moved(
    c: &mut Conn,
    seller: &str,
    from: &str,
    until: Option<&str>,
) -> StoreResult<Vec<(String, i64)>> {
    let some = || {
        let query = transfers::table
            .filter(transfers::seller_id.eq(seller))
            .filter(transfers::id.ge(from))
            .group_by(transfers::currency)
            .select((transfers::currency, sql::<BigInt>(MOVED)))
            .into_boxed();
        match until {
            Some(until) => query.filter(transfers::id.lt(until)),
            None => query,
        }
    };
    let mut moved: Vec<(String, i64)> = some()
        .filter(transfers::debit.like("receivable:%"))
        .load(c)?;
    let less: Vec<(String, i64)> = some()
        .filter(transfers::credit.like("receivable:%"))
        .load(c)?;
    moved.extend(
        less.into_iter()
            .map(|(currency, amount)| (currency, -amount)),
    );
    Ok(moved)
}

/// A forecast as it was last reckoned.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = forecasts, primary_key(seller_id), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Forecast {
    pub seller_id: String,
    pub taken_at: i64,
    pub figures: String,
}

/// Keeps a seller's newest one.
pub fn put(c: &mut Conn, forecast: &Forecast) -> StoreResult<()> {
    on_both!(c, c => diesel::insert_into(forecasts::table)
        .values(forecast)
        .on_conflict(forecasts::seller_id)
        .do_update()
        .set(forecast)
        .execute(c))?;
    Ok(())
}

/// A seller's newest one; `None` before the first.
pub fn find(c: &mut Conn, seller: &str) -> StoreResult<Option<Forecast>> {
    let query = forecasts::table.find(seller).select(Forecast::as_select());
    Ok(query.first(c).optional()?)
}
