//! Ceremonies on the approvals host: what a member was sent there to do. No scopes: the token, of which only the hash is here,
//! stands for the member.

use diesel::prelude::*;

use crate::schema::{approval_ceremonies, sessions};
use crate::{Conn, StoreResult};

/// One ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = approval_ceremonies, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Ceremony {
    pub token_hash: String,
    pub member_id: String,
    pub session_id: String,
    pub purpose: String,
    pub command_id: Option<String>,
    pub label: Option<String>,
    pub person: Option<String>,
    pub claim: Option<String>,
    pub nonce: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// Adds one.
pub fn insert(c: &mut Conn, new: &Ceremony) -> StoreResult<()> {
    diesel::insert_into(approval_ceremonies::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The one of this token and purpose, if its time is not over and the session that handed over lives: to draw its page.
pub fn find_live(
    c: &mut Conn,
    hash: &str,
    purpose: &str,
    now: i64,
) -> StoreResult<Option<Ceremony>> {
    Ok(approval_ceremonies::table
        .inner_join(sessions::table)
        .filter(approval_ceremonies::token_hash.eq(hash))
        .filter(approval_ceremonies::purpose.eq(purpose))
        .filter(approval_ceremonies::expires_at.gt(now))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(Ceremony::as_select())
        .first(c)
        .optional()?)
}

/// Keeps what a new passkey says of itself until its trial; once only.
pub fn claim(c: &mut Conn, hash: &str, claim: &str) -> StoreResult<bool> {
    let open = approval_ceremonies::table
        .find(hash)
        .filter(approval_ceremonies::claim.is_null());
    Ok(diesel::update(open)
        .set(approval_ceremonies::claim.eq(claim))
        .execute(c)?
        == 1)
}

/// Ends one: of two that try, one gets it and the other nothing.
pub fn spend(c: &mut Conn, hash: &str, purpose: &str, now: i64) -> StoreResult<Option<Ceremony>> {
    let found = find_live(c, hash, purpose, now)?;
    let ended = diesel::delete(approval_ceremonies::table.find(hash)).execute(c)?;
    Ok(found.filter(|_| ended == 1))
}

/// Ends those of a member that are for the same: the same purpose and, of approvals, the same command.
pub fn delete_alike(
    c: &mut Conn,
    member: &str,
    purpose: &str,
    command: Option<&str>,
) -> StoreResult<usize> {
    let own = approval_ceremonies::table
        .filter(approval_ceremonies::member_id.eq(member))
        .filter(approval_ceremonies::purpose.eq(purpose));
    let ended = match command {
        Some(command) => {
            let alike = own.filter(approval_ceremonies::command_id.eq(command));
            diesel::delete(alike).execute(c)?
        }
        None => diesel::delete(own).execute(c)?,
    };
    Ok(ended)
}

/// Ends all of a member: when the account is closed.
pub fn delete_of_member(c: &mut Conn, member: &str) -> StoreResult<usize> {
    let own = approval_ceremonies::table.filter(approval_ceremonies::member_id.eq(member));
    Ok(diesel::delete(own).execute(c)?)
}

/// Forgets those whose time was over before `before`.
pub fn delete_expired(c: &mut Conn, before: i64) -> StoreResult<usize> {
    let over = approval_ceremonies::table.filter(approval_ceremonies::expires_at.lt(before));
    Ok(diesel::delete(over).execute(c)?)
}
