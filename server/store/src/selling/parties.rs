//! Who stands on invoices. Written once: a change of address is a new row.

use diesel::prelude::*;

use crate::schema::selling::parties;
use crate::{Conn, StoreResult};

/// A seller or buyer as invoices show it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = parties, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Party {
    pub id: String,
    pub organisation_id: String,
    pub legal_name: String,
    pub street: String,
    pub postcode: String,
    pub city: String,
    pub country: String,
    pub vat_id: Option<String>,
    pub registration: Option<String>,
    pub email: String,
    pub iban: Option<String>,
    pub bic: Option<String>,
    pub created_at: i64,
}

/// Adds one.
pub fn insert(c: &mut Conn, new: &Party) -> StoreResult<()> {
    diesel::insert_into(parties::table).values(new).execute(c)?;
    Ok(())
}

/// Parties by id, for the renewal job.
pub fn many_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<Party>> {
    let query = parties::table.filter(parties::id.eq_any(ids.iter().copied()));
    Ok(query.select(Party::as_select()).load(c)?)
}

/// One by its id. No books: whoever found an invoice, a seller or a billing account may see who stands on it.
pub fn find(c: &mut Conn, id: &str) -> StoreResult<Option<Party>> {
    let query = parties::table.find(id).select(Party::as_select());
    Ok(query.first(c).optional()?)
}
