//! Bank statements that were read in, and their entries.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::schema::selling::{bank_entries, bank_statements};
use crate::{Conn, Page, StoreResult};

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_statements, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Statement {
    pub id: String,
    pub seller_id: String,
    pub iban: String,
    pub statement_key: String,
    pub from_date: Option<String>,
    pub until_date: Option<String>,
    pub entries: i64,
    pub imported_by_name: String,
    pub created_at: i64,
}

/// One entry of one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_entries, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Entry {
    pub id: String,
    pub statement_id: String,
    pub seller_id: String,
    pub entry_key: String,
    pub booked_on: String,
    pub currency: String,
    pub amount: i64,
    pub payer: String,
    pub reference: String,
    pub state: String,
    pub suggested_account_id: Option<String>,
    pub payment_id: Option<String>,
}

/// Adds a statement. Conflict: `bank_statements.seller_id,iban,statement_key`, when it was read in before.
pub fn insert(c: &mut Conn, new: &Statement) -> StoreResult<()> {
    diesel::insert_into(bank_statements::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// Adds an entry, unless one with its key is there (statements overlap); whether it was new.
pub fn insert_entry(c: &mut Conn, new: &Entry) -> StoreResult<bool> {
    let added = on_both!(c, c => diesel::insert_into(bank_entries::table).values(new).on_conflict_do_nothing().execute(c))?;
    Ok(added == 1)
}

/// One entry of a seller.
pub fn find_entry(c: &mut Conn, seller: &str, id: &str) -> StoreResult<Option<Entry>> {
    let query = bank_entries::table
        .find(id)
        .filter(bank_entries::seller_id.eq(seller));
    Ok(query.select(Entry::as_select()).first(c).optional()?)
}

/// Says what became of an entry that waited for a decision; whether it still did.
pub fn decide(
    c: &mut Conn,
    seller: &str,
    id: &str,
    state: &str,
    payment: Option<&str>,
) -> StoreResult<bool> {
    let waiting = bank_entries::table
        .find(id)
        .filter(bank_entries::seller_id.eq(seller))
        .filter(bank_entries::state.eq_any(["suggested", "open"]));
    let decided = (
        bank_entries::state.eq(state),
        bank_entries::payment_id.eq(payment),
    );
    Ok(diesel::update(waiting).set(decided).execute(c)? == 1)
}

/// A page of the entries that wait for a person, oldest first.
pub fn undecided(
    c: &mut Conn,
    seller: &str,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Entry>> {
    let mut query = bank_entries::table
        .filter(bank_entries::seller_id.eq(seller))
        .filter(sql::<Bool>("state IN ('suggested', 'open')"))
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

/// A page of the statements, newest first.
pub fn list(
    c: &mut Conn,
    seller: &str,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Statement>> {
    let mut query = bank_statements::table
        .filter(bank_statements::seller_id.eq(seller))
        .into_boxed();
    if let Some(cursor) = cursor {
        query = query.filter(bank_statements::id.lt(cursor));
    }
    let rows = query
        .order(bank_statements::id.desc())
        .limit(limit + 1)
        .select(Statement::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Statement| row.id.clone()))
}

/// Every entry of a statement, in the bank's order.
pub fn entries(c: &mut Conn, seller: &str, statement: &str) -> StoreResult<Vec<Entry>> {
    let query = bank_entries::table
        .filter(bank_entries::statement_id.eq(statement))
        .filter(bank_entries::seller_id.eq(seller));
    Ok(query
        .order(bank_entries::id)
        .select(Entry::as_select())
        .load(c)?)
}
