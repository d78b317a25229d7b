//! Keyrings: every version is kept, since a phone that was off walks the chain (PROTOCOL §5). No scopes: signed mail,
//! public to every phone of the fleet.

use diesel::prelude::*;

use crate::schema::{keyring_warnings, keyrings};
use crate::{Conn, StoreResult};

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = keyrings)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Keyring {
    pub fleet_id: String,
    pub version: i64,
    pub digest: String,
    pub envelope: String,
    pub issued_at: i64,
    pub expires_at: i64,
    pub stored_at: i64,
}

/// Adds a version. Conflict: `keyrings.fleet_id,version`.
pub fn insert(c: &mut Conn, new: &Keyring) -> StoreResult<()> {
    diesel::insert_into(keyrings::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The newest version of a fleet.
pub fn newest(c: &mut Conn, fleet: &str) -> StoreResult<Option<Keyring>> {
    let versions = keyrings::table
        .filter(keyrings::fleet_id.eq(fleet))
        .order(keyrings::version.desc());
    Ok(versions.select(Keyring::as_select()).first(c).optional()?)
}

/// One version of a fleet.
pub fn find(c: &mut Conn, fleet: &str, version: i64) -> StoreResult<Option<Keyring>> {
    Ok(keyrings::table
        .find((fleet, version))
        .select(Keyring::as_select())
        .first(c)
        .optional()?)
}

/// The versions from `from_version` on, ascending, at most `limit` (a check-in takes eight).
pub fn range(
    c: &mut Conn,
    fleet: &str,
    from_version: i64,
    limit: i64,
) -> StoreResult<Vec<Keyring>> {
    Ok(keyrings::table
        .filter(keyrings::fleet_id.eq(fleet))
        .filter(keyrings::version.ge(from_version))
        .order(keyrings::version)
        .limit(limit)
        .select(Keyring::as_select())
        .load(c)?)
}

/// Notes that people were told, so many days before the end of a keyring; `false` when they had been.
pub fn warn_once(
    c: &mut Conn,
    fleet: &str,
    version: i64,
    days: i64,
    now: i64,
) -> StoreResult<bool> {
    let warning = (
        keyring_warnings::fleet_id.eq(fleet),
        keyring_warnings::version.eq(version),
        keyring_warnings::days.eq(days),
        keyring_warnings::warned_at.eq(now),
    );
    let written = on_both!(c, c => {
        diesel::insert_into(keyring_warnings::table)
            .values(warning)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    Ok(written == 1)
}
