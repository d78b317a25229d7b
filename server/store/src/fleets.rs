//! Fleets: a reseller's descriptor, log and online key, as the server carries them.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::schema::{fleets, organisations};
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
    pub next_online_key_sealed: Option<Vec<u8>>,
    pub next_log_key_sealed: Option<Vec<u8>>,
    pub next_log_origin: Option<String>,
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

/// The logs of a scope: its fleets', and on the platform the installation's own, which stands here as the operator's row and
/// has no phones (docs/adr/0006).
pub fn logs(c: &mut Conn, scope: &Scope) -> StoreResult<Vec<Fleet>> {
    let mut query = fleets::table.into_boxed();
    if let Some(reseller) = scope.reseller() {
        query = query.filter(fleets::organisation_id.eq(reseller));
    }
    Ok(query.order(fleets::id).select(Fleet::as_select()).load(c)?)
}

/// The fleets of a scope; a customer sees its reseller's.
pub fn list(c: &mut Conn, scope: &Scope) -> StoreResult<Vec<Fleet>> {
    let mut query = fleets::table.filter(of_phones()).into_boxed();
    if let Some(reseller) = scope.reseller() {
        query = query.filter(fleets::organisation_id.eq(reseller));
    }
    Ok(query.order(fleets::id).select(Fleet::as_select()).load(c)?)
}

/// Every fleet's id. No scope: for jobs.
pub fn ids_for_job(c: &mut Conn) -> StoreResult<Vec<String>> {
    Ok(fleets::table
        .filter(of_phones())
        .order(fleets::id)
        .select(fleets::id)
        .load(c)?)
}

/// Not the installation's own log.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_phones() -> _ {
    let operator = organisations::table
        .filter(organisations::kind.eq("operator"))
        .select(organisations::id);
    fleets::organisation_id.ne_all(operator)
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

/// Keeps fresh keys for the next keyring; `false` when there are some already.
pub fn set_next_keys(
    c: &mut Conn,
    id: &str,
    online_sealed: &[u8],
    log_sealed: &[u8],
    log_origin: &str,
) -> StoreResult<bool> {
    let without = fleets::table
        .find(id)
        .filter(fleets::next_log_origin.is_null());
    let set = (
        fleets::next_online_key_sealed.eq(online_sealed),
        fleets::next_log_key_sealed.eq(log_sealed),
        fleets::next_log_origin.eq(log_origin),
    );
    Ok(diesel::update(without).set(set).execute(c)? == 1)
}

/// Puts keys in place: what a stored keyring names from now on. The next keys are spent by it.
pub fn replace_keys(
    c: &mut Conn,
    id: &str,
    online_sealed: &[u8],
    log_sealed: &[u8],
    log_origin: &str,
) -> StoreResult<()> {
    let set = (
        fleets::online_key_sealed.eq(online_sealed),
        fleets::log_key_sealed.eq(log_sealed),
        fleets::log_origin.eq(log_origin),
        fleets::next_online_key_sealed.eq(None::<Vec<u8>>),
        fleets::next_log_key_sealed.eq(None::<Vec<u8>>),
        fleets::next_log_origin.eq(None::<String>),
    );
    diesel::update(fleets::table.find(id)).set(set).execute(c)?;
    Ok(())
}
