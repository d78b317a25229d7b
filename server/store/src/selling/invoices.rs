//! Invoices, credit notes and what is still owed on them. The documents are written once; only the debt on them changes.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use muster_domain::scope::Books;

use super::in_books;
use crate::schema::selling::{allocations, invoice_lines, invoices, receivables};
use crate::{Conn, Page, StoreResult};

/// The words of the partial indexes, which a bound value would not match.
const OPEN: &str = "open > 0";

/// One invoice or credit note.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoices, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Invoice {
    pub id: String,
    pub seller_id: String,
    pub buyer_id: String,
    pub billing_account_id: String,
    pub kind: String,
    pub series: String,
    pub year: i64,
    pub number: i64,
    pub issue_date: String,
    pub due_date: String,
    pub zone: String,
    pub language: String,
    pub currency: String,
    pub net: i64,
    pub vat: i64,
    pub total: i64,
    pub seller_party_id: String,
    pub buyer_party_id: String,
    pub corrects_id: Option<String>,
    pub created_at: i64,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoice_lines, primary_key(invoice_id, position), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct InvoiceLine {
    pub invoice_id: String,
    pub position: i64,
    pub subscription_id: Option<String>,
    pub product: String,
    pub description: String,
    pub quantity: i64,
    pub unit_price: i64,
    pub net: i64,
    pub vat_category: String,
    pub vat_rate: i64,
    pub from_date: Option<String>,
    pub until_date: Option<String>,
}

/// What is owed on an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = receivables, primary_key(invoice_id), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Receivable {
    pub invoice_id: String,
    pub seller_id: String,
    pub billing_account_id: String,
    pub currency: String,
    pub due_date: String,
    pub open: i64,
}

/// What settled a part of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = allocations, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Allocation {
    pub id: String,
    pub invoice_id: String,
    pub payment_id: Option<String>,
    pub credit_note_id: Option<String>,
    pub amount: i64,
    pub created_at: i64,
}

/// Which documents a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `invoice` or `credit-note`.
    pub kind: Option<String>,
    /// Of this billing account.
    pub account_id: Option<String>,
    /// Only those on which something is owed.
    pub open: bool,
}

/// Writes a document with its lines, and what is owed on it, at once.
pub fn insert(
    c: &mut Conn,
    invoice: &Invoice,
    lines: &[InvoiceLine],
    owed: Option<&Receivable>,
) -> StoreResult<()> {
    diesel::insert_into(invoices::table)
        .values(invoice)
        .execute(c)?;
    insert_many!(c, invoice_lines, lines);
    if let Some(owed) = owed {
        diesel::insert_into(receivables::table)
            .values(owed)
            .execute(c)?;
    }
    Ok(())
}

/// One of these books.
pub fn find(c: &mut Conn, books: &Books, id: &str) -> StoreResult<Option<Invoice>> {
    let query = in_books!(invoices::table.into_boxed(), books, invoices);
    Ok(query
        .filter(invoices::id.eq(id))
        .select(Invoice::as_select())
        .first(c)
        .optional()?)
}

/// The one with this number.
pub fn find_by_number(
    c: &mut Conn,
    seller: &str,
    series: &str,
    year: i64,
    number: i64,
) -> StoreResult<Option<Invoice>> {
    let query = invoices::table
        .filter(invoices::seller_id.eq(seller))
        .filter(invoices::series.eq(series))
        .filter(invoices::year.eq(year))
        .filter(invoices::number.eq(number));
    Ok(query.select(Invoice::as_select()).first(c).optional()?)
}

/// The lines of a document, in their order. The caller has found the document in its books.
pub fn lines(c: &mut Conn, invoice: &str) -> StoreResult<Vec<InvoiceLine>> {
    let query = invoice_lines::table.filter(invoice_lines::invoice_id.eq(invoice));
    Ok(query
        .order(invoice_lines::position)
        .select(InvoiceLine::as_select())
        .load(c)?)
}

/// The credit notes that correct an invoice, oldest first.
pub fn corrections(c: &mut Conn, invoice: &str) -> StoreResult<Vec<Invoice>> {
    let query = invoices::table.filter(invoices::corrects_id.eq(invoice));
    Ok(query
        .order(invoices::id)
        .select(Invoice::as_select())
        .load(c)?)
}

/// A page with what is still owed on each, newest first.
pub fn list(
    c: &mut Conn,
    books: &Books,
    filter: &Filter,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<(Invoice, i64)>> {
    let mut query = in_books!(
        invoices::table.left_join(receivables::table).into_boxed(),
        books,
        invoices
    );
    if let Some(kind) = &filter.kind {
        query = query.filter(invoices::kind.eq(kind.as_str()));
    }
    if let Some(account) = &filter.account_id {
        query = query.filter(invoices::billing_account_id.eq(account.as_str()));
    }
    if filter.open {
        query = query.filter(receivables::open.gt(0));
    }
    if let Some(cursor) = cursor {
        query = query.filter(invoices::id.lt(cursor));
    }
    let rows: Vec<(Invoice, Option<i64>)> = query
        .order(invoices::id.desc())
        .limit(limit + 1)
        .select((Invoice::as_select(), receivables::open.nullable()))
        .load(c)?;
    let rows = rows
        .into_iter()
        .map(|(invoice, open)| (invoice, open.unwrap_or(0)))
        .collect();
    Ok(Page::cut(rows, limit, |row: &(Invoice, i64)| {
        row.0.id.clone()
    }))
}

/// What is still owed on one document: nothing where nothing ever was. The caller has found the document in its books.
pub fn open_on(c: &mut Conn, invoice: &str) -> StoreResult<i64> {
    let query = receivables::table.find(invoice).select(receivables::open);
    Ok(query.first(c).optional()?.unwrap_or(0))
}

/// What an account owes, by when it was due and then by age.
pub fn open_of_account(c: &mut Conn, account: &str) -> StoreResult<Vec<Receivable>> {
    let query = receivables::table
        .filter(receivables::billing_account_id.eq(account))
        .filter(sql::<Bool>(OPEN));
    Ok(query
        .order((receivables::due_date, receivables::invoice_id))
        .select(Receivable::as_select())
        .load(c)?)
}

/// A page of everything a seller is owed that was due on `until` or before, oldest first: what dunning walks through.
pub fn owed_for_job(
    c: &mut Conn,
    seller: &str,
    until: &str,
    after: Option<(&str, &str)>,
    limit: i64,
) -> StoreResult<Vec<Receivable>> {
    let mut query = receivables::table
        .filter(receivables::seller_id.eq(seller))
        .filter(sql::<Bool>(OPEN))
        .filter(receivables::due_date.le(until))
        .into_boxed();
    if let Some((due, id)) = after {
        query = query.filter(
            receivables::due_date.gt(due).or(receivables::due_date
                .eq(due)
                .and(receivables::invoice_id.gt(id))),
        );
    }
    Ok(query
        .order((receivables::due_date, receivables::invoice_id))
        .limit(limit)
        .select(Receivable::as_select())
        .load(c)?)
}

/// Settles a part of an invoice; whether so much was still open. The two rows go together.
pub fn settle(c: &mut Conn, allocation: &Allocation) -> StoreResult<bool> {
    let enough = receivables::table
        .find(&allocation.invoice_id)
        .filter(receivables::open.ge(allocation.amount));
    let settled = diesel::update(enough)
        .set(receivables::open.eq(receivables::open - allocation.amount))
        .execute(c)?;
    if settled == 1 {
        diesel::insert_into(allocations::table)
            .values(allocation)
            .execute(c)?;
    }
    Ok(settled == 1)
}

/// What settled an invoice, oldest first.
pub fn settlements(c: &mut Conn, invoice: &str) -> StoreResult<Vec<Allocation>> {
    let query = allocations::table.filter(allocations::invoice_id.eq(invoice));
    Ok(query
        .order(allocations::id)
        .select(Allocation::as_select())
        .load(c)?)
}
