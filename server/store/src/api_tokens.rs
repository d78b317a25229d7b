//! API tokens: a secret that acts as a role in an organisation. Only its hash is here.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::organisations::Organisation;
use crate::schema::{api_tokens, organisations};
use crate::{Conn, StoreResult};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct ApiToken {
    pub id: String,
    pub organisation_id: String,
    pub name: String,
    pub role: String,
    pub secret_hash: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

/// A use is noted at most this often, so that a busy client does not write on every request: one minute.
const NOTED_EVERY: i64 = 60_000_000;

/// Tokens of the organisations inside a scope.
macro_rules! in_tree {
    ($scope:expr) => {{
        let query = api_tokens::table
            .inner_join(organisations::table)
            .into_boxed();
        match $scope {
            Scope::Platform => query,
            Scope::Reseller(reseller) => {
                query.filter(organisations::reseller_id.eq(reseller.as_str()))
            }
            Scope::Customer { customer, .. } => {
                query.filter(api_tokens::organisation_id.eq(customer.as_str()))
            }
        }
    }};
}

/// Adds one.
pub fn insert(c: &mut Conn, new: &ApiToken) -> StoreResult<()> {
    diesel::insert_into(api_tokens::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The live token with this secret, and whom it acts for. No scope: this is how one is found.
pub fn find_live_by_hash(
    c: &mut Conn,
    hash: &str,
    now: i64,
) -> StoreResult<Option<(ApiToken, Organisation)>> {
    let live = api_tokens::table
        .inner_join(organisations::table)
        .filter(api_tokens::secret_hash.eq(hash))
        .filter(api_tokens::revoked_at.is_null())
        .filter(
            api_tokens::expires_at
                .is_null()
                .or(api_tokens::expires_at.gt(now)),
        );
    Ok(live
        .select((ApiToken::as_select(), Organisation::as_select()))
        .first(c)
        .optional()?)
}

/// Notes a use, unless one was noted within the last minute.
pub fn touch(c: &mut Conn, id: &str, now: i64) -> StoreResult<bool> {
    let unnoted = api_tokens::table.find(id).filter(
        api_tokens::last_used_at
            .is_null()
            .or(api_tokens::last_used_at.lt(now.saturating_sub(NOTED_EVERY))),
    );
    Ok(diesel::update(unnoted)
        .set(api_tokens::last_used_at.eq(now))
        .execute(c)?
        == 1)
}

/// The unrevoked tokens of a scope with their organisations, newest first, 500 at most.
pub fn list(
    c: &mut Conn,
    scope: &Scope,
    organisation: Option<&str>,
) -> StoreResult<Vec<(ApiToken, Organisation)>> {
    let mut query = in_tree!(scope).filter(api_tokens::revoked_at.is_null());
    if let Some(organisation) = organisation {
        query = query.filter(api_tokens::organisation_id.eq(organisation));
    }
    Ok(query
        .order(api_tokens::id.desc())
        .limit(500)
        .select((ApiToken::as_select(), Organisation::as_select()))
        .load(c)?)
}

/// Ends one inside the scope; `None` when there is none that lives.
pub fn revoke(c: &mut Conn, scope: &Scope, id: &str, now: i64) -> StoreResult<Option<ApiToken>> {
    let found = in_tree!(scope)
        .filter(api_tokens::id.eq(id))
        .filter(api_tokens::revoked_at.is_null())
        .select(ApiToken::as_select())
        .first(c)
        .optional()?;
    if found.is_some() {
        diesel::update(api_tokens::table.find(id))
            .set(api_tokens::revoked_at.eq(now))
            .execute(c)?;
    }
    Ok(found)
}
