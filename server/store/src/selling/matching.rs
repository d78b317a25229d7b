//! What an entry of a bank statement may be about: open invoices by amount, accounts by currency.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::statements::{Entry, Statement};
use crate::schema::selling::{
    bank_entries, bank_statements, billing_accounts, parties, receivables,
};
use crate::{Conn, Page, StoreResult};

/// At most `limit` open invoices of a seller on which exactly so much is open: invoice, account and the name that the buyer's
/// documents bear.
pub fn open_with_amount(
    c: &mut Conn,
    seller: &str,
    currency: &str,
    amount: i64,
    limit: i64,
) -> StoreResult<Vec<(String, String, String)>> {
    let query = receivables::table
        .inner_join(
            billing_accounts::table.on(billing_accounts::id.eq(receivables::billing_account_id)),
        )
        .inner_join(parties::table.on(parties::id.eq(billing_accounts::party_id)))
        .filter(receivables::seller_id.eq(seller))
        .filter(sql::<Bool>("open > 0"))
        .filter(receivables::currency.eq(currency))
        .filter(receivables::open.eq(amount));
    Ok(query
        .order((receivables::due_date, receivables::invoice_id))
        .limit(limit)
        .select((
            receivables::invoice_id,
            receivables::billing_account_id,
            parties::legal_name,
        ))
        .load(c)?)
}

/// The currencies in which a seller has accounts of buyers.
pub fn currencies(c: &mut Conn, seller: &str) -> StoreResult<Vec<String>> {
    let query = billing_accounts::table.filter(billing_accounts::seller_id.eq(seller));
    Ok(query
        .select(billing_accounts::currency)
        .distinct()
        .order(billing_accounts::currency)
        .load(c)?)
}

/// One statement of a seller.
pub fn statement(c: &mut Conn, seller: &str, id: &str) -> StoreResult<Option<Statement>> {
    let query = bank_statements::table
        .find(id)
        .filter(bank_statements::seller_id.eq(seller));
    Ok(query.select(Statement::as_select()).first(c).optional()?)
}

/// The statement that the bank calls so.
pub fn statement_of_bank(
    c: &mut Conn,
    seller: &str,
    iban: &str,
    key: &str,
) -> StoreResult<Option<Statement>> {
    let query = bank_statements::table
        .filter(bank_statements::seller_id.eq(seller))
        .filter(bank_statements::iban.eq(iban))
        .filter(bank_statements::statement_key.eq(key));
    Ok(query.select(Statement::as_select()).first(c).optional()?)
}

/// A page of the entries of a statement, in the bank's order.
pub fn entries(
    c: &mut Conn,
    seller: &str,
    statement: &str,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Entry>> {
    let mut query = bank_entries::table
        .filter(bank_entries::statement_id.eq(statement))
        .filter(bank_entries::seller_id.eq(seller))
        .into_boxed();
    if let Some(cursor) = cursor {
        query = query.filter(bank_entries::id.gt(cursor));
    }
    let rows = query
        .order(bank_entries::id)
        .limit(limit + 1)
        .select(Entry::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Entry| row.id.clone()))
}
