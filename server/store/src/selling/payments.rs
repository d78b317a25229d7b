//! Money that came in, went back, or was given up.

use diesel::prelude::*;

use crate::schema::selling::payments;
use crate::{Conn, Page, StoreResult};

/// One payment, refund or write-off.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Payment {
    pub id: String,
    pub seller_id: String,
    pub billing_account_id: String,
    pub kind: String,
    pub source: String,
    pub source_key: String,
    pub currency: String,
    pub amount: i64,
    pub received_on: String,
    pub note: String,
    pub doubtful: i64,
    pub recorded_by: String,
    pub recorded_by_name: String,
    pub created_at: i64,
}

/// Adds one. Conflict: `payments.seller_id,source,source_key`, when it is there already.
pub fn insert(c: &mut Conn, new: &Payment) -> StoreResult<()> {
    diesel::insert_into(payments::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The one that a source calls so.
pub fn find_by_source(
    c: &mut Conn,
    seller: &str,
    source: &str,
    key: &str,
) -> StoreResult<Option<Payment>> {
    let query = payments::table
        .filter(payments::seller_id.eq(seller))
        .filter(payments::source.eq(source))
        .filter(payments::source_key.eq(key));
    Ok(query.select(Payment::as_select()).first(c).optional()?)
}

/// One of a seller.
pub fn find(c: &mut Conn, seller: &str, id: &str) -> StoreResult<Option<Payment>> {
    let query = payments::table
        .find(id)
        .filter(payments::seller_id.eq(seller));
    Ok(query.select(Payment::as_select()).first(c).optional()?)
}

/// Whether an account already has a payment of this amount received on one of the days from `since` on, with the same note: a
/// second one is flagged for a person (RULES B20).
pub fn has_twin(
    c: &mut Conn,
    account: &str,
    amount: i64,
    note: &str,
    since: &str,
) -> StoreResult<bool> {
    let query = payments::table
        .filter(payments::billing_account_id.eq(account))
        .filter(payments::kind.eq("payment"))
        .filter(payments::amount.eq(amount))
        .filter(payments::note.eq(note))
        .filter(payments::received_on.ge(since));
    let found: Option<String> = query.select(payments::id).first(c).optional()?;
    Ok(found.is_some())
}

/// A page of a seller's, newest first; of one account if that is named.
pub fn list(
    c: &mut Conn,
    seller: &str,
    account: Option<&str>,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Payment>> {
    let mut query = payments::table
        .filter(payments::seller_id.eq(seller))
        .into_boxed();
    if let Some(account) = account {
        query = query.filter(payments::billing_account_id.eq(account));
    }
    if let Some(cursor) = cursor {
        query = query.filter(payments::id.lt(cursor));
    }
    let rows = query
        .order(payments::id.desc())
        .limit(limit + 1)
        .select(Payment::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Payment| row.id.clone()))
}
