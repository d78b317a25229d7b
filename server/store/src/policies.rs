//! Policies: every version is kept. No scopes: signed mail, public to every phone of the fleet.

use diesel::prelude::*;

use crate::schema::policies;
use crate::{Conn, StoreResult};

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = policies)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Policy {
    pub fleet_id: String,
    pub version: i64,
    pub digest: String,
    pub envelope: String,
    pub issued_at: i64,
    pub expires_at: i64,
    pub stored_at: i64,
}

/// Adds a version. Conflict: `policies.fleet_id,version`.
pub fn insert(c: &mut Conn, new: &Policy) -> StoreResult<()> {
    diesel::insert_into(policies::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// The newest version of a fleet.
pub fn newest(c: &mut Conn, fleet: &str) -> StoreResult<Option<Policy>> {
    let versions = policies::table
        .filter(policies::fleet_id.eq(fleet))
        .order(policies::version.desc());
    Ok(versions.select(Policy::as_select()).first(c).optional()?)
}

/// Every version of a fleet, ascending: for whoever audits the log.
pub fn list(c: &mut Conn, fleet: &str) -> StoreResult<Vec<Policy>> {
    Ok(policies::table
        .filter(policies::fleet_id.eq(fleet))
        .order(policies::version)
        .limit(1024)
        .select(Policy::as_select())
        .load(c)?)
}
