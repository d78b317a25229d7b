//! Organisations that sell, and their numbers.

use diesel::prelude::*;

use crate::schema::selling::{invoice_series, sellers};
use crate::{Conn, StoreError, StoreResult};

/// How an organisation sells.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sellers, primary_key(organisation_id), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Seller {
    pub organisation_id: String,
    pub party_id: String,
    pub currency: String,
    pub zone: String,
    pub language: String,
    pub vat_exempt: i64,
    pub terms_days: i64,
    pub invoice_series: String,
    pub credit_note_series: String,
    pub created_at: i64,
}

/// Adds one, or changes how it sells from now on.
pub fn put(c: &mut Conn, seller: &Seller) -> StoreResult<()> {
    on_both!(c, c => diesel::insert_into(sellers::table)
        .values(seller)
        .on_conflict(sellers::organisation_id)
        .do_update()
        .set(seller)
        .execute(c))?;
    Ok(())
}

/// How this organisation sells; `None` while it does not.
pub fn find(c: &mut Conn, organisation: &str) -> StoreResult<Option<Seller>> {
    let query = sellers::table.find(organisation);
    Ok(query.select(Seller::as_select()).first(c).optional()?)
}

/// Sellers by id, for the renewal job.
pub fn many_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<Seller>> {
    let query = sellers::table.filter(sellers::organisation_id.eq_any(ids.iter().copied()));
    Ok(query.select(Seller::as_select()).load(c)?)
}

/// Every seller, for jobs that look at each one's books. They are few: the operator and its resellers.
pub fn all_for_job(c: &mut Conn) -> StoreResult<Vec<Seller>> {
    let query = sellers::table.order(sellers::organisation_id);
    Ok(query.select(Seller::as_select()).load(c)?)
}

/// Takes the next `count` numbers of a series in a year; answers the first of them. They are taken by the transaction that
/// uses them: if it is undone, so is this, and none is missing.
pub fn take_numbers(
    c: &mut Conn,
    seller: &str,
    series: &str,
    year: i64,
    count: i64,
) -> StoreResult<i64> {
    let row = (
        invoice_series::seller_id.eq(seller),
        invoice_series::series.eq(series),
        invoice_series::year.eq(year),
        invoice_series::next_number.eq(1),
    );
    on_both!(c, c => diesel::insert_into(invoice_series::table).values(row).on_conflict_do_nothing().execute(c))?;
    let next: Option<i64> = diesel::update(invoice_series::table.find((seller, series, year)))
        .set(invoice_series::next_number.eq(invoice_series::next_number + count))
        .returning(invoice_series::next_number)
        .get_result(c)
        .optional()?;
    next.map(|next| next - count)
        .ok_or_else(|| StoreError::Query(format!("series {series} of {year} is not there")))
}

/// The next number of each series and year: what an audit of the numbers counts up to.
pub fn series(c: &mut Conn, seller: &str) -> StoreResult<Vec<(String, i64, i64)>> {
    let query = invoice_series::table.filter(invoice_series::seller_id.eq(seller));
    Ok(query
        .order((invoice_series::year, invoice_series::series))
        .select((
            invoice_series::series,
            invoice_series::year,
            invoice_series::next_number,
        ))
        .load(c)?)
}
