//! What became of payments after they were recorded, and which parts of invoices are open again because of it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::invoices::Allocation;
use crate::schema::selling::{allocations, invoices, payment_turns, receivables, reopenings};
use crate::{Conn, StoreResult};

/// One turn of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_turns, primary_key(payment_id, turn), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Turn {
    pub payment_id: String,
    pub turn: String,
    pub on_date: String,
    pub note: String,
    pub recorded_by: String,
    pub recorded_by_name: String,
    pub created_at: i64,
}

/// A part of an allocation that no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reopenings, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Reopening {
    pub id: String,
    pub allocation_id: String,
    pub payment_id: String,
    pub amount: i64,
    pub created_at: i64,
}

/// Notes a turn, unless the payment took it already; whether it was new.
pub fn insert(c: &mut Conn, new: &Turn) -> StoreResult<bool> {
    let added = on_both!(c, c => diesel::insert_into(payment_turns::table).values(new).on_conflict_do_nothing().execute(c))?;
    Ok(added == 1)
}

/// The turns of some payments, oldest first. The caller has found the payments in its books.
pub fn of(c: &mut Conn, payments: &[&str]) -> StoreResult<Vec<Turn>> {
    let query =
        payment_turns::table.filter(payment_turns::payment_id.eq_any(payments.iter().copied()));
    Ok(query
        .order((payment_turns::payment_id, payment_turns::created_at))
        .select(Turn::as_select())
        .load(c)?)
}

/// Opens a part of an invoice again that an allocation had settled; whether the invoice is there. The two rows go together.
pub fn reopen(c: &mut Conn, invoice: &str, new: &Reopening) -> StoreResult<bool> {
    let opened = diesel::update(receivables::table.find(invoice))
        .set(receivables::open.eq(receivables::open + new.amount))
        .execute(c)?;
    if opened == 1 {
        diesel::insert_into(reopenings::table)
            .values(new)
            .execute(c)?;
    }
    Ok(opened == 1)
}

/// What a payment settled, oldest first.
pub fn allocations_of(c: &mut Conn, payment: &str) -> StoreResult<Vec<Allocation>> {
    let query = allocations::table.filter(allocations::payment_id.eq(payment));
    Ok(query
        .order(allocations::id)
        .select(Allocation::as_select())
        .load(c)?)
}

/// What the credit of an account settled and still settles, newest first, each with the part that counts: at most `limit`.
pub fn settled_by_credit(
    c: &mut Conn,
    account: &str,
    limit: i64,
) -> StoreResult<Vec<(Allocation, i64)>> {
    let query = allocations::table
        .inner_join(invoices::table.on(invoices::id.eq(allocations::invoice_id)))
        .filter(invoices::billing_account_id.eq(account))
        .filter(allocations::payment_id.is_null())
        .filter(allocations::credit_note_id.is_null())
        .filter(sql::<BigInt>(LEFT).gt(0));
    Ok(query
        .order(allocations::id.desc())
        .limit(limit)
        .select((Allocation::as_select(), sql::<BigInt>(LEFT)))
        .load(c)?)
}

/// What of an allocation still counts.
const LEFT: &str = "(allocations.amount - CAST(COALESCE((SELECT SUM(r.amount) FROM reopenings r \
                    WHERE r.allocation_id = allocations.id), 0) AS BIGINT))";
