//! What documents are shown and exported with: lists of what is open, names of parties, a seller's journal with the documents
//! that its entries belong to.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use muster_domain::scope::Books;

use super::accounts;
use super::invoices::{Filter, Invoice};
use super::ledger::Transfer;
use super::payments::Payment;
use crate::page::{pair, unpair};
use crate::schema::selling::{
    billing_accounts, invoices, parties, payments, receivables, transfers,
};
use crate::{Conn, Page, StoreError, StoreResult};

/// The words of the partial indexes, which a bound value would not match.
const OPEN: &str = "open > 0";
/// The most accounts that one buyer has: one for each seller and currency.
const ACCOUNTS: i64 = 500;

/// A document for a letter that is about it. No books: letters are written for every seller.
pub fn find_for_job(c: &mut Conn, id: &str) -> StoreResult<Option<Invoice>> {
    let query = invoices::table.find(id).select(Invoice::as_select());
    Ok(query.first(c).optional()?)
}

/// A page of what is owed, what is due first at the top. Each page walks an index of open documents alone, however many were
/// paid before.
pub fn open_page(
    c: &mut Conn,
    books: &Books,
    filter: &Filter,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<(Invoice, i64)>> {
    let mut query = receivables::table
        .inner_join(invoices::table)
        .filter(sql::<Bool>(OPEN))
        .into_boxed();
    match books {
        Books::Seller(seller) => query = query.filter(receivables::seller_id.eq(seller.as_str())),
        Books::Buyer(_) => {
            let own = accounts::list(c, books, None, ACCOUNTS)?.items;
            let own = own.into_iter().map(|account| account.id);
            query =
                query.filter(receivables::billing_account_id.eq_any(own.collect::<Vec<String>>()));
        }
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(invoices::kind.eq(kind.clone()));
    }
    if let Some(account) = &filter.account_id {
        query = query.filter(receivables::billing_account_id.eq(account.clone()));
    }
    if let Some(cursor) = cursor {
        let (due, id) = unpair(cursor)?;
        let (due, id) = (due.to_owned(), id.to_owned());
        query = query.filter(
            receivables::due_date
                .gt(due.clone())
                .or(receivables::due_date
                    .eq(due)
                    .and(receivables::invoice_id.gt(id))),
        );
    }
    let rows: Vec<(Invoice, i64)> = query
        .order((receivables::due_date, receivables::invoice_id))
        .limit(limit + 1)
        .select((Invoice::as_select(), receivables::open))
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &(Invoice, i64)| {
        pair(&row.0.due_date, &row.0.id)
    }))
}

/// Legal names of parties by id.
pub fn party_names(c: &mut Conn, ids: &[&str]) -> StoreResult<BTreeMap<String, String>> {
    let query = parties::table.filter(parties::id.eq_any(ids.iter().copied()));
    let rows: Vec<(String, String)> = query.select((parties::id, parties::legal_name)).load(c)?;
    Ok(rows.into_iter().collect())
}

/// The legal names of buyers, by billing account, as they are now.
pub fn account_names(c: &mut Conn, ids: &[&str]) -> StoreResult<BTreeMap<String, String>> {
    let query = billing_accounts::table
        .inner_join(parties::table)
        .filter(billing_accounts::id.eq_any(ids.iter().copied()));
    let rows: Vec<(String, String)> = query
        .select((billing_accounts::id, parties::legal_name))
        .load(c)?;
    Ok(rows.into_iter().collect())
}

/// What a page of the journal belongs to.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// Invoices and credit notes, by id.
    pub invoices: BTreeMap<String, Invoice>,
    /// Payments, refunds and write-offs, by id.
    pub payments: BTreeMap<String, Payment>,
}

/// At most `limit` transfers of a seller from `from` on and before `until` (microseconds), behind the id `after`, in their order.
/// Ids rise with time, but one may be made a moment before its row's time or, when many are made at once, run ahead of the
/// clock: `near` bounds the ids to walk through, the times decide.
pub fn journal_between(
    c: &mut Conn,
    seller: &str,
    (from, until): (i64, i64),
    near: (&str, &str),
    after: Option<&str>,
    limit: i64,
) -> StoreResult<Vec<Transfer>> {
    let query = transfers::table
        .filter(transfers::seller_id.eq(seller))
        .filter(transfers::id.gt(after.map_or(near.0, |after| after.max(near.0))))
        .filter(transfers::id.lt(near.1))
        .filter(transfers::at.ge(from))
        .filter(transfers::at.lt(until));
    Ok(query
        .order(transfers::id)
        .limit(limit)
        .select(Transfer::as_select())
        .load(c)?)
}

/// The documents of some transfers.
pub fn of_transfers(c: &mut Conn, seller: &str, some: &[Transfer]) -> StoreResult<Documents> {
    let mut ids: Vec<&str> = some.iter().map(|row| row.document_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let documents = invoices::table
        .filter(invoices::seller_id.eq(seller))
        .filter(invoices::id.eq_any(ids.iter().copied()))
        .select(Invoice::as_select())
        .load(c)?;
    let money = payments::table
        .filter(payments::seller_id.eq(seller))
        .filter(payments::id.eq_any(ids.iter().copied()))
        .select(Payment::as_select())
        .load(c)?;
    Ok(Documents {
        invoices: documents
            .into_iter()
            .map(|row| (row.id.clone(), row))
            .collect(),
        payments: money.into_iter().map(|row| (row.id.clone(), row)).collect(),
    })
}

/// An invoice that another one names. What names it must be there: a foreign key says so.
pub fn named(c: &mut Conn, id: &str) -> StoreResult<Invoice> {
    find_for_job(c, id)?
        .ok_or_else(|| StoreError::Corrupt(format!("invoice {id} is named and not there")))
}
