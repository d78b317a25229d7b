//! Members: people with a login in one organisation.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::organisations::Organisation;
use crate::schema::{members, organisations};
use crate::{Conn, Page, StoreResult};

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Member {
    pub id: String,
    pub organisation_id: String,
    pub email: String,
    pub name: String,
    pub role: String,
    pub password_hash: Option<String>,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
}

/// Members of the organisations inside a scope.
macro_rules! in_tree {
    ($scope:expr) => {{
        let query = members::table.inner_join(organisations::table).into_boxed();
        match $scope {
            Scope::Platform => query,
            Scope::Reseller(reseller) => {
                query.filter(organisations::reseller_id.eq(reseller.as_str()))
            }
            Scope::Customer { customer, .. } => {
                query.filter(members::organisation_id.eq(customer.as_str()))
            }
        }
    }};
}

/// Adds one. Conflict: `members.email`.
pub fn insert(c: &mut Conn, new: &Member) -> StoreResult<()> {
    diesel::insert_into(members::table).values(new).execute(c)?;
    Ok(())
}

/// One inside the scope, with its organisation.
pub fn find(c: &mut Conn, scope: &Scope, id: &str) -> StoreResult<Option<(Member, Organisation)>> {
    let query = in_tree!(scope).filter(members::id.eq(id));
    Ok(query
        .select((Member::as_select(), Organisation::as_select()))
        .first(c)
        .optional()?)
}

/// Who signs in with this address (lower case). No scope: nobody has one before they signed in.
pub fn find_by_email(c: &mut Conn, email: &str) -> StoreResult<Option<(Member, Organisation)>> {
    let query = members::table
        .inner_join(organisations::table)
        .filter(members::email.eq(email));
    Ok(query
        .select((Member::as_select(), Organisation::as_select()))
        .first(c)
        .optional()?)
}

/// Whom a one-time link is for. No scope: the link's secret stands for the person.
pub fn find_for_link(c: &mut Conn, id: &str) -> StoreResult<Option<Member>> {
    Ok(members::table
        .find(id)
        .select(Member::as_select())
        .first(c)
        .optional()?)
}

/// A page with their organisations, in the order they joined; `organisation` narrows it to one.
pub fn list(
    c: &mut Conn,
    scope: &Scope,
    organisation: Option<&str>,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<(Member, Organisation)>> {
    let mut query = in_tree!(scope);
    if let Some(organisation) = organisation {
        query = query.filter(members::organisation_id.eq(organisation));
    }
    if let Some(after) = cursor {
        query = query.filter(members::id.gt(after));
    }
    let rows = query
        .order(members::id)
        .limit(limit + 1)
        .select((Member::as_select(), Organisation::as_select()))
        .load(c)?;
    Ok(Page::cut(
        rows,
        limit,
        |(member, _): &(Member, Organisation)| member.id.clone(),
    ))
}

/// Sets a password (Argon2id, PHC form). No scope: a member sets their own, or a link's secret stands for them.
pub fn set_password(c: &mut Conn, id: &str, hash: &str) -> StoreResult<bool> {
    let own = members::table
        .find(id)
        .filter(members::disabled_at.is_null());
    Ok(diesel::update(own)
        .set(members::password_hash.eq(hash))
        .execute(c)?
        == 1)
}

/// Ends a login for good; `false` when there is none inside the scope, or it is ended already. Ending the sessions is
/// the caller's second call in the same write.
pub fn disable(c: &mut Conn, scope: &Scope, id: &str, now: i64) -> StoreResult<bool> {
    if find(c, scope, id)?.is_none() {
        return Ok(false);
    }
    let live = members::table
        .find(id)
        .filter(members::disabled_at.is_null());
    Ok(diesel::update(live)
        .set(members::disabled_at.eq(now))
        .execute(c)?
        == 1)
}

/// Whether anybody owns the installation yet. No scope: asked before there are members.
pub fn exists_any_owner(c: &mut Conn) -> StoreResult<bool> {
    let owners = members::table
        .filter(members::role.eq("owner"))
        .filter(members::disabled_at.is_null());
    Ok(owners
        .select(members::id)
        .first::<String>(c)
        .optional()?
        .is_some())
}

/// How many members of an organisation can sign in. No scope: the caller has the organisation through one.
pub fn count_live(c: &mut Conn, organisation: &str) -> StoreResult<i64> {
    let live = members::table
        .filter(members::organisation_id.eq(organisation))
        .filter(members::disabled_at.is_null());
    Ok(live.count().get_result(c)?)
}

/// How many of them own it. No scope: as [`count_live`].
pub fn count_live_owners(c: &mut Conn, organisation: &str) -> StoreResult<i64> {
    let owners = members::table
        .filter(members::organisation_id.eq(organisation))
        .filter(members::role.eq("owner"))
        .filter(members::disabled_at.is_null());
    Ok(owners.count().get_result(c)?)
}

/// The owners of an organisation who can sign in, in the order they joined. No scope: a job writes to them.
pub fn owners_for_job(c: &mut Conn, organisation: &str) -> StoreResult<Vec<Member>> {
    let owners = members::table
        .filter(members::organisation_id.eq(organisation))
        .filter(members::role.eq("owner"))
        .filter(members::disabled_at.is_null());
    Ok(owners
        .order(members::id)
        .select(Member::as_select())
        .load(c)?)
}
