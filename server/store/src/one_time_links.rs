//! One-time links: the first owner's set-up, a new member's first password, a reset. No scopes: the secret, of which
//! only the hash is here, stands for the person.

use diesel::prelude::*;

use crate::schema::one_time_links;
use crate::{Conn, StoreResult};

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = one_time_links, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct OneTimeLink {
    pub id: String,
    pub purpose: String,
    pub member_id: Option<String>,
    pub secret_hash: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
}

/// Adds one.
pub fn insert(c: &mut Conn, new: &OneTimeLink) -> StoreResult<()> {
    diesel::insert_into(one_time_links::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The link with this secret, if it can still be used: to draw its page.
pub fn find_live_by_hash(c: &mut Conn, hash: &str, now: i64) -> StoreResult<Option<OneTimeLink>> {
    let live = one_time_links::table
        .filter(one_time_links::secret_hash.eq(hash))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now));
    Ok(live.select(OneTimeLink::as_select()).first(c).optional()?)
}

/// Uses it up: of two that try, one gets the link and the other `None`. Answers purpose and member.
pub fn spend(c: &mut Conn, hash: &str, now: i64) -> StoreResult<Option<(String, Option<String>)>> {
    let live = one_time_links::table
        .filter(one_time_links::secret_hash.eq(hash))
        .filter(one_time_links::used_at.is_null())
        .filter(one_time_links::expires_at.gt(now));
    Ok(diesel::update(live)
        .set(one_time_links::used_at.eq(now))
        .returning((one_time_links::purpose, one_time_links::member_id))
        .get_result(c)
        .optional()?)
}

/// Voids every unused link of a purpose (and of a member, when one is named), because a newer one is about to be given.
pub fn void(c: &mut Conn, purpose: &str, member: Option<&str>, now: i64) -> StoreResult<usize> {
    let mut unused = diesel::update(one_time_links::table)
        .set(one_time_links::used_at.eq(now))
        .into_boxed()
        .filter(one_time_links::purpose.eq(purpose))
        .filter(one_time_links::used_at.is_null());
    if let Some(member) = member {
        unused = unused.filter(one_time_links::member_id.eq(member));
    }
    Ok(unused.execute(c)?)
}
