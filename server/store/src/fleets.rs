//! Fleets: a reseller's descriptor, log and online key, as the server carries them.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::schema::fleets;
use crate::{Conn, StoreResult};

/// One fleet. The keys are sealed under the installation's key-encryption key.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = fleets, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Fleet {
    pub id: String,
    pub organisation_id: String,
    pub fingerprint: Option<String>,
    pub descriptor: Option<String>,
    pub log_origin: String,
    pub log_key_sealed: Vec<u8>,
    pub online_key_sealed: Vec<u8>,
    pub created_at: i64,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the keys, sealed or not.
        out.debug_struct("Fleet")
            .field("id", &self.id)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// Adds one. Conflicts: `fleets.organisation_id`, `fleets.fingerprint`, `fleets.id`.
pub fn insert(c: &mut Conn, new: &Fleet) -> StoreResult<()> {
    diesel::insert_into(fleets::table).values(new).execute(c)?;
    Ok(())
}

/// One by its id. No scope: a fleet is public to those who know its id, and jobs walk all of them.
pub fn find(c: &mut Conn, id: &str) -> StoreResult<Option<Fleet>> {
    Ok(fleets::table
        .find(id)
        .select(Fleet::as_select())
        .first(c)
        .optional()?)
}

/// The fleet of a reseller. No scope: the caller has the organisation through one.
pub fn find_by_organisation(c: &mut Conn, organisation: &str) -> StoreResult<Option<Fleet>> {
    let own = fleets::table.filter(fleets::organisation_id.eq(organisation));
    Ok(own.select(Fleet::as_select()).first(c).optional()?)
}

/// The fleet that phones pin by this fingerprint. No scope: a phone asks before it is enrolled.
pub fn find_by_fingerprint(c: &mut Conn, fingerprint: &str) -> StoreResult<Option<Fleet>> {
    let named = fleets::table.filter(fleets::fingerprint.eq(fingerprint));
    Ok(named.select(Fleet::as_select()).first(c).optional()?)
}

/// The fleets of a scope; a customer sees its reseller's.
pub fn list(c: &mut Conn, scope: &Scope) -> StoreResult<Vec<Fleet>> {
    let mut query = fleets::table.into_boxed();
    if let Some(reseller) = scope.reseller() {
        query = query.filter(fleets::organisation_id.eq(reseller));
    }
    Ok(query.order(fleets::id).select(Fleet::as_select()).load(c)?)
}

/// Every fleet's id. No scope: for jobs.
pub fn ids_for_job(c: &mut Conn) -> StoreResult<Vec<String>> {
    Ok(fleets::table.order(fleets::id).select(fleets::id).load(c)?)
}

/// Stores the descriptor that came back from the offline machine; `false` when there is one already. Conflict:
/// `fleets.fingerprint`.
pub fn adopt(c: &mut Conn, id: &str, fingerprint: &str, descriptor: &str) -> StoreResult<bool> {
    let waiting = fleets::table.find(id).filter(fleets::fingerprint.is_null());
    let set = (
        fleets::fingerprint.eq(fingerprint),
        fleets::descriptor.eq(descriptor),
    );
    Ok(diesel::update(waiting).set(set).execute(c)? == 1)
}
