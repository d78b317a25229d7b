//! Sessions: a browser's sign-in. The cookie only names the row; the row decides, at each request.

use diesel::prelude::*;

use crate::members::Member;
use crate::organisations::Organisation;
use crate::schema::{members, organisations, sessions};
use crate::{Conn, StoreResult};

/// One sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Session {
    pub id: String,
    pub member_id: String,
    pub user_agent: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub confirmed_at: i64,
    pub expires_at: i64,
    pub ended_at: Option<i64>,
}

/// Adds one.
pub fn insert(c: &mut Conn, new: &Session) -> StoreResult<()> {
    diesel::insert_into(sessions::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The session a cookie names with who it is, if it is live and its member may still sign in. No scope: this is how
/// one is found.
pub fn find_live(
    c: &mut Conn,
    id: &str,
    now: i64,
) -> StoreResult<Option<(Session, Member, Organisation)>> {
    let live = sessions::table
        .inner_join(members::table.inner_join(organisations::table))
        .filter(sessions::id.eq(id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(members::disabled_at.is_null());
    Ok(live
        .select((
            Session::as_select(),
            Member::as_select(),
            Organisation::as_select(),
        ))
        .first(c)
        .optional()?)
}

/// Notes that the session is used and lives until `expires_at`.
pub fn touch(c: &mut Conn, id: &str, now: i64, expires_at: i64) -> StoreResult<bool> {
    let live = sessions::table
        .find(id)
        .filter(sessions::ended_at.is_null());
    let seen = (
        sessions::last_seen_at.eq(now),
        sessions::expires_at.eq(expires_at),
    );
    Ok(diesel::update(live).set(seen).execute(c)? == 1)
}

/// Notes that the password was typed again.
pub fn confirm(c: &mut Conn, id: &str, now: i64) -> StoreResult<bool> {
    let live = sessions::table
        .find(id)
        .filter(sessions::ended_at.is_null());
    Ok(diesel::update(live)
        .set(sessions::confirmed_at.eq(now))
        .execute(c)?
        == 1)
}

/// Ends one of a member's own sessions.
pub fn end(c: &mut Conn, member: &str, id: &str, now: i64) -> StoreResult<bool> {
    let live = sessions::table
        .find(id)
        .filter(sessions::member_id.eq(member))
        .filter(sessions::ended_at.is_null());
    Ok(diesel::update(live)
        .set(sessions::ended_at.eq(now))
        .execute(c)?
        == 1)
}

/// Ends every session of a member but `except`; answers how many.
pub fn end_all_of_member(
    c: &mut Conn,
    member: &str,
    except: Option<&str>,
    now: i64,
) -> StoreResult<usize> {
    let live = sessions::table
        .filter(sessions::member_id.eq(member))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::id.ne(except.unwrap_or_default()));
    Ok(diesel::update(live)
        .set(sessions::ended_at.eq(now))
        .execute(c)?)
}

/// A member's own live sessions, newest first, 100 at most.
pub fn list_of_member(c: &mut Conn, member: &str, now: i64) -> StoreResult<Vec<Session>> {
    Ok(sessions::table
        .filter(sessions::member_id.eq(member))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id.desc())
        .limit(100)
        .select(Session::as_select())
        .load(c)?)
}

/// Forgets sessions that ran out before `before`. No scope: a job of the installation.
pub fn delete_expired(c: &mut Conn, before: i64) -> StoreResult<usize> {
    Ok(diesel::delete(sessions::table.filter(sessions::expires_at.lt(before))).execute(c)?)
}
