//! Passkeys that members sign in with. No scopes: a passkey is its member's own, whatever organisation they are in, and
//! a sign-in knows nobody yet.

use diesel::prelude::*;

use crate::members::Member;
use crate::organisations::Organisation;
use crate::schema::{members, organisations, passkeys};
use crate::{Conn, StoreResult};

/// One passkey.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkeys, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Passkey {
    pub id: String,
    pub member_id: String,
    pub credential_id: String,
    pub credential: String,
    pub counter: i64,
    pub synced: bool,
    pub label: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
}

/// What a use leaves behind.
#[derive(Debug, Clone)]
pub struct Used {
    /// The library's JSON after the use.
    pub credential: String,
    /// The authenticator's count.
    pub counter: i64,
    /// Whether it is copied to its maker's servers.
    pub synced: bool,
}

/// Adds one. Conflict: `passkeys.credential_id`.
pub fn insert(c: &mut Conn, new: &Passkey) -> StoreResult<()> {
    diesel::insert_into(passkeys::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The passkey that an authenticator calls so, and whose it is: also of somebody who may no longer sign in.
pub fn find_by_credential(
    c: &mut Conn,
    credential_id: &str,
) -> StoreResult<Option<(Passkey, Member, Organisation)>> {
    let found = passkeys::table
        .inner_join(members::table.inner_join(organisations::table))
        .filter(passkeys::credential_id.eq(credential_id));
    Ok(found
        .select((
            Passkey::as_select(),
            Member::as_select(),
            Organisation::as_select(),
        ))
        .first(c)
        .optional()?)
}

/// A member's own, in the order they were added.
pub fn list_of_member(c: &mut Conn, member: &str) -> StoreResult<Vec<Passkey>> {
    Ok(passkeys::table
        .filter(passkeys::member_id.eq(member))
        .order(passkeys::id)
        .select(Passkey::as_select())
        .load(c)?)
}

/// Notes a use, if the passkey is still there and its count is still the one that the use was judged by.
pub fn note_use(
    c: &mut Conn,
    id: &str,
    counter_before: i64,
    used: &Used,
    now: i64,
) -> StoreResult<bool> {
    let same = passkeys::table
        .find(id)
        .filter(passkeys::counter.eq(counter_before));
    let after = (
        passkeys::credential.eq(&used.credential),
        passkeys::counter.eq(used.counter),
        passkeys::synced.eq(used.synced),
        passkeys::last_used_at.eq(now),
    );
    Ok(diesel::update(same).set(after).execute(c)? == 1)
}

/// Removes one of a member's own; answers what it was called.
pub fn remove(c: &mut Conn, member: &str, id: &str) -> StoreResult<Option<String>> {
    let own = passkeys::table
        .find(id)
        .filter(passkeys::member_id.eq(member));
    Ok(diesel::delete(own)
        .returning(passkeys::label)
        .get_result(c)
        .optional()?)
}
