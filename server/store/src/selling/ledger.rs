//! The ledger: transfers, appended and never changed. Balances are derived from them.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::schema::selling::transfers;
use crate::{Conn, Page, StoreResult};

/// One transfer: so much from the account that is credited to the one that is debited.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = transfers, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Transfer {
    pub id: String,
    pub seller_id: String,
    pub debit: String,
    pub credit: String,
    pub currency: String,
    pub amount: i64,
    pub document_id: String,
    pub at: i64,
}

/// Appends some.
pub fn insert(c: &mut Conn, new: &[Transfer]) -> StoreResult<()> {
    insert_many!(c, transfers, new);
    Ok(())
}

/// Those of one document, in the order of writing.
pub fn of_document(c: &mut Conn, seller: &str, document: &str) -> StoreResult<Vec<Transfer>> {
    let query = transfers::table
        .filter(transfers::document_id.eq(document))
        .filter(transfers::seller_id.eq(seller));
    Ok(query
        .order(transfers::id)
        .select(Transfer::as_select())
        .load(c)?)
}

/// A page of the journal, oldest first.
pub fn journal(
    c: &mut Conn,
    seller: &str,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Transfer>> {
    let mut query = transfers::table
        .filter(transfers::seller_id.eq(seller))
        .into_boxed();
    if let Some(cursor) = cursor {
        query = query.filter(transfers::id.gt(cursor));
    }
    let rows = query
        .order(transfers::id)
        .limit(limit + 1)
        .select(Transfer::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Transfer| row.id.clone()))
}

/// The sum of a column of amounts: NUMERIC on PostgreSQL unless told otherwise, and nothing sums to no row.
const TOTAL: &str = "CAST(COALESCE(SUM(amount), 0) AS BIGINT)";

/// What one account saw in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turnover {
    /// The account's name.
    pub account: String,
    /// ISO 4217.
    pub currency: String,
    /// The sum of its debits.
    pub debit: i64,
    /// The sum of its credits.
    pub credit: i64,
}

/// The trial balance: the turnover of every account of a seller, by name and currency. Walks the seller's whole journal; for the
/// nightly check and exports, not for pages.
pub fn trial_balance(c: &mut Conn, seller: &str) -> StoreResult<Vec<Turnover>> {
    let own = || transfers::table.filter(transfers::seller_id.eq(seller));
    let debits: Vec<(String, String, i64)> = own()
        .group_by((transfers::debit, transfers::currency))
        .select((transfers::debit, transfers::currency, sql::<BigInt>(TOTAL)))
        .load(c)?;
    let credits: Vec<(String, String, i64)> = own()
        .group_by((transfers::credit, transfers::currency))
        .select((transfers::credit, transfers::currency, sql::<BigInt>(TOTAL)))
        .load(c)?;
    let mut all: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for (account, currency, total) in debits {
        all.entry((account, currency)).or_default().0 = total;
    }
    for (account, currency, total) in credits {
        all.entry((account, currency)).or_default().1 = total;
    }
    Ok(all
        .into_iter()
        .map(|((account, currency), (debit, credit))| Turnover {
            account,
            currency,
            debit,
            credit,
        })
        .collect())
}

/// What one account holds: its debits less its credits.
pub fn balance(c: &mut Conn, seller: &str, account: &str, currency: &str) -> StoreResult<i64> {
    let own = || {
        transfers::table
            .filter(transfers::seller_id.eq(seller))
            .filter(transfers::currency.eq(currency))
            .select(sql::<BigInt>(TOTAL))
    };
    let debit: i64 = own().filter(transfers::debit.eq(account)).first(c)?;
    let credit: i64 = own().filter(transfers::credit.eq(account)).first(c)?;
    Ok(debit - credit)
}
