//! Organisations: the operator, its resellers, their customers.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::page::{literally, pair, unpair};
use crate::schema::organisations;
use crate::{Conn, Page, StoreResult};

/// One organisation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = organisations, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Organisation {
    pub id: String,
    pub kind: String,
    pub parent_id: Option<String>,
    pub reseller_id: Option<String>,
    pub name: String,
    pub created_at: i64,
}

/// Which organisations a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `operator`, `reseller` or `customer`.
    pub kind: Option<String>,
    /// Those directly beneath this one.
    pub parent_id: Option<String>,
    /// A part of the name, in any case.
    pub q: Option<String>,
}

diesel::define_sql_function! {
    /// `lower` of SQL.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// The organisations inside a scope: a reseller's row carries itself as `reseller_id`.
macro_rules! in_tree {
    ($statement:expr, $scope:expr) => {
        match $scope {
            Scope::Platform => $statement,
            Scope::Reseller(reseller) => {
                $statement.filter(organisations::reseller_id.eq(reseller.as_str()))
            }
            Scope::Customer { customer, .. } => {
                $statement.filter(organisations::id.eq(customer.as_str()))
            }
        }
    };
}

macro_rules! filtered {
    ($scope:expr, $filter:expr) => {{
        let mut query = in_tree!(organisations::table.into_boxed(), $scope);
        if let Some(kind) = &$filter.kind {
            query = query.filter(organisations::kind.eq(kind.as_str()));
        }
        if let Some(parent) = &$filter.parent_id {
            query = query.filter(organisations::parent_id.eq(parent.as_str()));
        }
        if let Some(q) = &$filter.q {
            let pattern = format!("%{}%", literally(&q.to_lowercase()));
            query = query.filter(lower(organisations::name).like(pattern).escape('\\'));
        }
        query
    }};
}

/// Adds one. Conflicts: `organisations.parent_id,name`, `organisations.kind` (a second operator).
pub fn insert(c: &mut Conn, new: &Organisation) -> StoreResult<()> {
    diesel::insert_into(organisations::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// One inside the scope.
pub fn find(c: &mut Conn, scope: &Scope, id: &str) -> StoreResult<Option<Organisation>> {
    let query = in_tree!(organisations::table.into_boxed(), scope);
    Ok(query
        .filter(organisations::id.eq(id))
        .select(Organisation::as_select())
        .first(c)
        .optional()?)
}

/// The operator; `None` before the first start was finished. No scope: everybody's platform has one.
pub fn operator(c: &mut Conn) -> StoreResult<Option<Organisation>> {
    let query = organisations::table.filter(organisations::kind.eq("operator"));
    Ok(query
        .select(Organisation::as_select())
        .first(c)
        .optional()?)
}

/// A page, by name.
pub fn list(
    c: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Organisation>> {
    let mut query = filtered!(scope, filter);
    if let Some(cursor) = cursor {
        let (name, id) = unpair(cursor)?;
        query = query.filter(
            organisations::name
                .gt(name)
                .or(organisations::name.eq(name).and(organisations::id.gt(id))),
        );
    }
    let rows = query
        .order((organisations::name, organisations::id))
        .limit(limit + 1)
        .select(Organisation::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Organisation| {
        pair(&row.name, &row.id)
    }))
}

/// How many the filter leaves.
pub fn count(c: &mut Conn, scope: &Scope, filter: &Filter) -> StoreResult<i64> {
    Ok(filtered!(scope, filter).count().get_result(c)?)
}

/// Every reseller inside the scope, by name.
pub fn resellers(c: &mut Conn, scope: &Scope) -> StoreResult<Vec<Organisation>> {
    let query = in_tree!(organisations::table.into_boxed(), scope);
    Ok(query
        .filter(organisations::kind.eq("reseller"))
        .order((organisations::name, organisations::id))
        .select(Organisation::as_select())
        .load(c)?)
}

/// Every organisation of a scope that may own devices (resellers and customers), by name: what a form offers.
pub fn owners_of_devices(
    c: &mut Conn,
    scope: &Scope,
    limit: i64,
) -> StoreResult<Vec<Organisation>> {
    let query = in_tree!(organisations::table.into_boxed(), scope);
    Ok(query
        .filter(organisations::kind.ne("operator"))
        .order((organisations::name, organisations::id))
        .limit(limit)
        .select(Organisation::as_select())
        .load(c)?)
}
