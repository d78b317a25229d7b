//! Enrolment codes: single use, even under a race; only hashes are here.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::devices::Device;
use crate::schema::{devices, enrolment_codes};
use crate::{Conn, StoreResult};

/// One code.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrolment_codes, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct EnrolmentCode {
    pub id: String,
    pub device_id: String,
    pub code_hash: String,
    pub created_by: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    pub used_for_key: Option<String>,
    pub withdrawn_at: Option<i64>,
}

/// Adds a code and withdraws the device's earlier unused ones. The caller found the device inside its scope.
pub fn insert(c: &mut Conn, new: &EnrolmentCode) -> StoreResult<()> {
    withdraw_of_device(c, &new.device_id, new.created_at)?;
    diesel::insert_into(enrolment_codes::table)
        .values(new)
        .execute(c)?;
    Ok(())
}

/// How many codes somebody has made since then, whatever became of them.
pub fn count_made_by(c: &mut Conn, created_by: &str, since: i64) -> StoreResult<i64> {
    Ok(enrolment_codes::table
        .filter(enrolment_codes::created_by.eq(created_by))
        .filter(enrolment_codes::created_at.ge(since))
        .count()
        .get_result(c)?)
}

/// Withdraws the unused codes of a device; answers how many. The caller found the device inside its scope.
pub fn withdraw_of_device(c: &mut Conn, device: &str, now: i64) -> StoreResult<usize> {
    let unused = enrolment_codes::table
        .filter(enrolment_codes::device_id.eq(device))
        .filter(enrolment_codes::used_at.is_null())
        .filter(enrolment_codes::withdrawn_at.is_null());
    Ok(diesel::update(unused)
        .set(enrolment_codes::withdrawn_at.eq(now))
        .execute(c)?)
}

/// The newest code of a device inside the scope, used or not: what the page that waits for the phone looks at.
pub fn newest_of_device(
    c: &mut Conn,
    scope: &Scope,
    device: &str,
) -> StoreResult<Option<EnrolmentCode>> {
    let query = enrolment_codes::table
        .inner_join(devices::table)
        .into_boxed();
    let query = in_scope!(query, scope, devices);
    Ok(query
        .filter(enrolment_codes::device_id.eq(device))
        .order(enrolment_codes::id.desc())
        .select(EnrolmentCode::as_select())
        .first(c)
        .optional()?)
}

// For phones: the code stands for the device. There is no person and therefore no scope.

/// The code that can still be spent, and its device.
pub fn find_live_by_hash(
    c: &mut Conn,
    hash: &str,
    now: i64,
) -> StoreResult<Option<(EnrolmentCode, Device)>> {
    let live = enrolment_codes::table
        .inner_join(devices::table)
        .filter(enrolment_codes::code_hash.eq(hash))
        .filter(enrolment_codes::used_at.is_null())
        .filter(enrolment_codes::withdrawn_at.is_null())
        .filter(enrolment_codes::expires_at.gt(now));
    Ok(live
        .select((EnrolmentCode::as_select(), Device::as_select()))
        .first(c)
        .optional()?)
}

/// Spends a code on a key: of two that try, one gets `true`.
pub fn spend(c: &mut Conn, id: &str, key: &str, now: i64) -> StoreResult<bool> {
    let live = enrolment_codes::table
        .find(id)
        .filter(enrolment_codes::used_at.is_null())
        .filter(enrolment_codes::withdrawn_at.is_null())
        .filter(enrolment_codes::expires_at.gt(now));
    let spent = (
        enrolment_codes::used_at.eq(now),
        enrolment_codes::used_for_key.eq(key),
    );
    Ok(diesel::update(live).set(spent).execute(c)? == 1)
}

/// The code if it was spent on this very key and has not run out: the phone asks again because it did not hear the
/// answer.
pub fn find_spent_for_key(
    c: &mut Conn,
    hash: &str,
    key: &str,
    now: i64,
) -> StoreResult<Option<(EnrolmentCode, Device)>> {
    let spent = enrolment_codes::table
        .inner_join(devices::table)
        .filter(enrolment_codes::code_hash.eq(hash))
        .filter(enrolment_codes::used_for_key.eq(key))
        .filter(enrolment_codes::expires_at.gt(now));
    Ok(spent
        .select((EnrolmentCode::as_select(), Device::as_select()))
        .first(c)
        .optional()?)
}
