//! Members' passkeys for approving commands. No scopes: a member has their own, and the caller has the member through a session
//! or a ceremony's token.

use diesel::prelude::*;

use crate::schema::approving_passkeys;
use crate::{Conn, StoreResult};

/// One passkey.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = approving_passkeys, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct ApprovingPasskey {
    pub id: String,
    pub member_id: String,
    pub label: String,
    pub key_id: String,
    pub person: String,
    pub credential: String,
    pub origin: String,
    pub rp_id: String,
    pub synced: bool,
    pub aaguid: String,
    pub registration: String,
    pub created_at: i64,
    pub in_keyring_at: Option<i64>,
    pub removed_at: Option<i64>,
}

/// Adds one. Conflict: `approving_passkeys.key_id`.
pub fn insert(c: &mut Conn, new: &ApprovingPasskey) -> StoreResult<()> {
    diesel::insert_into(approving_passkeys::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// All of a member, oldest first, those that were removed too.
pub fn list(c: &mut Conn, member: &str) -> StoreResult<Vec<ApprovingPasskey>> {
    Ok(approving_passkeys::table
        .filter(approving_passkeys::member_id.eq(member))
        .order(approving_passkeys::id)
        .select(ApprovingPasskey::as_select())
        .load(c)?)
}

/// Those of a member that can still be used, oldest first.
pub fn live(c: &mut Conn, member: &str) -> StoreResult<Vec<ApprovingPasskey>> {
    Ok(approving_passkeys::table
        .filter(approving_passkeys::member_id.eq(member))
        .filter(approving_passkeys::removed_at.is_null())
        .order(approving_passkeys::id)
        .select(ApprovingPasskey::as_select())
        .load(c)?)
}

/// One of a member.
pub fn find(c: &mut Conn, member: &str, id: &str) -> StoreResult<Option<ApprovingPasskey>> {
    Ok(approving_passkeys::table
        .find(id)
        .filter(approving_passkeys::member_id.eq(member))
        .select(ApprovingPasskey::as_select())
        .first(c)
        .optional()?)
}

/// Puts one of a member's out of use; answers it, or `None` when there is none or it is out of use already.
pub fn remove(
    c: &mut Conn,
    member: &str,
    id: &str,
    now: i64,
) -> StoreResult<Option<ApprovingPasskey>> {
    let live = approving_passkeys::table
        .find(id)
        .filter(approving_passkeys::member_id.eq(member))
        .filter(approving_passkeys::removed_at.is_null());
    let removed = diesel::update(live)
        .set(approving_passkeys::removed_at.eq(now))
        .execute(c)?;
    if removed == 0 {
        return Ok(None);
    }
    find(c, member, id)
}

/// Notes that a stored keyring holds these keys.
pub fn note_in_keyring(c: &mut Conn, keys: &[String], now: i64) -> StoreResult<usize> {
    let known = approving_passkeys::table
        .filter(approving_passkeys::key_id.eq_any(keys))
        .filter(approving_passkeys::in_keyring_at.is_null());
    Ok(diesel::update(known)
        .set(approving_passkeys::in_keyring_at.eq(now))
        .execute(c)?)
}
