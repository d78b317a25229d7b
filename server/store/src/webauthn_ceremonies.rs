//! Passkey ceremonies that wait for the browser's answer. They lie here, and not in a node's memory or in the browser, so
//! that any node may end one and nobody ends one twice.

use diesel::prelude::*;

use crate::schema::webauthn_ceremonies;
use crate::{Conn, StoreResult};

/// One ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = webauthn_ceremonies, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Ceremony {
    pub id: String,
    pub purpose: String,
    pub session_id: Option<String>,
    pub state: String,
    pub expires_at: i64,
}

/// Adds one. Of a session there is one at a time for each purpose: a newer one voids the one before.
pub fn begin(c: &mut Conn, new: &Ceremony) -> StoreResult<()> {
    if let Some(session) = &new.session_id {
        let earlier = webauthn_ceremonies::table
            .filter(webauthn_ceremonies::session_id.eq(session))
            .filter(webauthn_ceremonies::purpose.eq(&new.purpose));
        diesel::delete(earlier).execute(c)?;
    }
    diesel::insert_into(webauthn_ceremonies::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// Uses it up: of two answers one gets its state and the other `None`. So do another purpose and another session, and
/// they leave it where it is.
pub fn spend(
    c: &mut Conn,
    id: &str,
    purpose: &str,
    session: Option<&str>,
    now: i64,
) -> StoreResult<Option<String>> {
    let live = webauthn_ceremonies::table
        .find(id)
        .filter(webauthn_ceremonies::purpose.eq(purpose))
        .filter(webauthn_ceremonies::expires_at.gt(now));
    let state = match session {
        Some(session) => diesel::delete(live.filter(webauthn_ceremonies::session_id.eq(session)))
            .returning(webauthn_ceremonies::state)
            .get_result(c),
        None => diesel::delete(live.filter(webauthn_ceremonies::session_id.is_null()))
            .returning(webauthn_ceremonies::state)
            .get_result(c),
    };
    Ok(state.optional()?)
}

/// Forgets those that ended by `now`. No scope: a job of the installation.
pub fn delete_expired(c: &mut Conn, now: i64) -> StoreResult<usize> {
    let over = webauthn_ceremonies::table.filter(webauthn_ceremonies::expires_at.le(now));
    Ok(diesel::delete(over).execute(c)?)
}
