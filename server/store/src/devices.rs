//! Devices: what each phone is, and the narrow row of what it last said. Searching them is in [`crate::device_search`],
//! what a check-in writes in [`crate::check_ins`].

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::schema::{device_state, devices};
use crate::{Conn, StoreResult};

/// One phone.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = devices, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Device {
    pub id: String,
    pub organisation_id: String,
    pub reseller_id: String,
    pub fleet_id: String,
    pub serial_number: String,
    pub imei: Option<String>,
    pub model: String,
    pub lifecycle: String,
    pub epoch: i64,
    pub enrolment_id: Option<String>,
    pub created_at: i64,
}

/// What a phone last said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_state, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct DeviceState {
    pub device_id: String,
    pub reseller_id: String,
    pub organisation_id: String,
    pub last_check_in_at: Option<i64>,
    pub report: Option<String>,
    pub restrictions: String,
    pub locked: bool,
    pub suspended: bool,
    pub held: bool,
    pub keyring_version: i64,
    pub checkpoint_size: i64,
    pub checkpoint_root: Option<String>,
    pub nonce: Option<String>,
    pub policy_version: i64,
    pub compliance: Option<String>,
    pub freshness: Option<String>,
}

impl DeviceState {
    /// The state of a phone that never checked in.
    fn silent(device: &Device) -> Self {
        Self {
            device_id: device.id.clone(),
            reseller_id: device.reseller_id.clone(),
            organisation_id: device.organisation_id.clone(),
            last_check_in_at: None,
            report: None,
            restrictions: "[]".to_owned(),
            locked: false,
            suspended: false,
            held: false,
            keyring_version: 0,
            checkpoint_size: 0,
            checkpoint_root: None,
            nonce: None,
            policy_version: 0,
            compliance: None,
            freshness: None,
        }
    }
}

/// Adds one, with its state. Conflict: `devices.fleet_id,serial_number`.
pub fn insert(c: &mut Conn, new: &Device) -> StoreResult<()> {
    insert_many(c, std::slice::from_ref(new))
}

/// Adds many, with their states: all or none.
pub fn insert_many(c: &mut Conn, new: &[Device]) -> StoreResult<()> {
    insert_many!(c, devices, new);
    let silent: Vec<DeviceState> = new.iter().map(DeviceState::silent).collect();
    insert_many!(c, device_state, silent);
    Ok(())
}

/// One inside the scope.
pub fn find(c: &mut Conn, scope: &Scope, id: &str) -> StoreResult<Option<Device>> {
    let query = in_scope!(devices::table.into_boxed(), scope, devices);
    Ok(query
        .filter(devices::id.eq(id))
        .select(Device::as_select())
        .first(c)
        .optional()?)
}

/// Those of the ids that lie inside the scope, by id. Ids from elsewhere are simply not there.
pub fn find_many(c: &mut Conn, scope: &Scope, ids: &[String]) -> StoreResult<Vec<Device>> {
    let query = in_scope!(devices::table.into_boxed(), scope, devices);
    Ok(query
        .filter(devices::id.eq_any(ids))
        .order(devices::id)
        .select(Device::as_select())
        .load(c)?)
}

/// Serial numbers by id, for the renewal job, whose invoices name the phone. No scope: it bills for every seller.
pub fn serial_numbers_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<(String, String)>> {
    let query = devices::table.filter(devices::id.eq_any(ids.iter().copied()));
    Ok(query
        .select((devices::id, devices::serial_number))
        .load(c)?)
}

/// Those of the ids that are phones of this fleet.
pub fn of_fleet_for_job(c: &mut Conn, fleet: &str, ids: &[String]) -> StoreResult<Vec<String>> {
    Ok(devices::table
        .filter(devices::fleet_id.eq(fleet))
        .filter(devices::id.eq_any(ids))
        .select(devices::id)
        .load(c)?)
}

/// The devices of this exact serial number inside the scope; more than one only across fleets. 100 at most.
pub fn find_by_serial_number(
    c: &mut Conn,
    scope: &Scope,
    serial_number: &str,
) -> StoreResult<Vec<Device>> {
    let query = in_scope!(devices::table.into_boxed(), scope, devices);
    Ok(query
        .filter(devices::serial_number.eq(serial_number))
        .order(devices::id)
        .limit(100)
        .select(Device::as_select())
        .load(c)?)
}

/// What a phone last said, inside the scope.
pub fn state(c: &mut Conn, scope: &Scope, id: &str) -> StoreResult<Option<DeviceState>> {
    let query = in_scope!(device_state::table.into_boxed(), scope, device_state);
    Ok(query
        .filter(device_state::device_id.eq(id))
        .select(DeviceState::as_select())
        .first(c)
        .optional()?)
}

/// The models of the scope's devices, by name: what a form offers while somebody types.
pub fn models(c: &mut Conn, scope: &Scope, limit: i64) -> StoreResult<Vec<String>> {
    let query = devices::table
        .select(devices::model)
        .distinct()
        .into_boxed();
    let query = in_scope!(query, scope, devices);
    Ok(query.order(devices::model).limit(limit).load(c)?)
}

/// The newest status reports of the scope's enrolled devices, JSON as stored, in no order.
pub fn reports(c: &mut Conn, scope: &Scope, limit: i64) -> StoreResult<Vec<String>> {
    let query = device_state::table.inner_join(devices::table).into_boxed();
    let query = in_scope!(query, scope, devices);
    let reports: Vec<Option<String>> = query
        .filter(devices::lifecycle.eq("enrolled"))
        .filter(device_state::report.is_not_null())
        .limit(limit)
        .select(device_state::report)
        .load(c)?;
    Ok(reports.into_iter().flatten().collect())
}

/// Moves a device on to `to` if it is in one of `from`; `false` otherwise.
pub fn set_lifecycle(
    c: &mut Conn,
    scope: &Scope,
    id: &str,
    from: &[&str],
    to: &str,
) -> StoreResult<bool> {
    let statement = diesel::update(devices::table)
        .set(devices::lifecycle.eq(to))
        .into_boxed();
    let statement = in_scope!(statement, scope, devices);
    Ok(statement
        .filter(devices::id.eq(id))
        .filter(devices::lifecycle.eq_any(from))
        .execute(c)?
        == 1)
}

// For phones: the caller is the device itself, by its certificate or its enrolment code. There is no person and
// therefore no scope.

/// The devices a phone may mean by a device id or a serial number (which is unique within a fleet only). 10 at most.
pub fn find_for_phone(c: &mut Conn, id_or_serial_number: &str) -> StoreResult<Vec<Device>> {
    let by_id: Option<Device> = devices::table
        .find(id_or_serial_number)
        .select(Device::as_select())
        .first(c)
        .optional()?;
    match by_id {
        Some(device) => Ok(vec![device]),
        None => find_by_serial_number_for_phone(c, id_or_serial_number),
    }
}

/// Those with this serial number, in every fleet, ten at most: a serial number is unique within a fleet only.
pub fn find_by_serial_number_for_phone(
    c: &mut Conn,
    serial_number: &str,
) -> StoreResult<Vec<Device>> {
    Ok(devices::table
        .filter(devices::serial_number.eq(serial_number))
        .order(devices::id)
        .limit(10)
        .select(Device::as_select())
        .load(c)?)
}

/// What this phone last said, for the answer to its check-in.
pub fn state_for_phone(c: &mut Conn, id: &str) -> StoreResult<Option<DeviceState>> {
    Ok(device_state::table
        .find(id)
        .select(DeviceState::as_select())
        .first(c)
        .optional()?)
}

/// [`set_lifecycle`] because a phone proved it (its receipt).
pub fn set_lifecycle_for_phone(
    c: &mut Conn,
    id: &str,
    from: &[&str],
    to: &str,
) -> StoreResult<bool> {
    let device = devices::table
        .find(id)
        .filter(devices::lifecycle.eq_any(from));
    Ok(diesel::update(device)
        .set(devices::lifecycle.eq(to))
        .execute(c)?
        == 1)
}

/// Takes back what a phone last said to be in force on it: it has left the fleet, and nothing of the fleet binds it.
pub fn lift_everything_for_phone(c: &mut Conn, id: &str) -> StoreResult<()> {
    let lifted = (
        device_state::restrictions.eq("[]"),
        device_state::locked.eq(false),
        device_state::suspended.eq(false),
        device_state::held.eq(false),
    );
    diesel::update(device_state::table.find(id))
        .set(lifted)
        .execute(c)?;
    Ok(())
}

/// Whether a legal hold stands on a phone, by what it has signed that it did: its next check-in says it again.
pub fn set_held_for_phone(c: &mut Conn, id: &str, held: bool) -> StoreResult<()> {
    diesel::update(device_state::table.find(id))
        .set(device_state::held.eq(held))
        .execute(c)?;
    Ok(())
}

/// A phone enrols: its new enrolment id, the next epoch, and nothing left of what an earlier enrolment reported. Guarded
/// by the epoch the caller saw and by the lifecycle; `None` when either moved on, else the new epoch.
pub fn begin_enrolment(
    c: &mut Conn,
    id: &str,
    enrolment: &str,
    seen_epoch: i64,
) -> StoreResult<Option<i64>> {
    let waiting = devices::table
        .find(id)
        .filter(devices::epoch.eq(seen_epoch))
        .filter(devices::lifecycle.ne("retired"));
    let epoch: Option<i64> = diesel::update(waiting)
        .set((
            devices::enrolment_id.eq(enrolment),
            devices::epoch.eq(seen_epoch + 1),
            devices::lifecycle.eq("enrolled"),
        ))
        .returning(devices::epoch)
        .get_result(c)
        .optional()?;
    if epoch.is_some() {
        diesel::update(device_state::table.find(id))
            .set((
                device_state::restrictions.eq("[]"),
                device_state::locked.eq(false),
                device_state::suspended.eq(false),
                device_state::held.eq(false),
                device_state::keyring_version.eq(0),
                device_state::checkpoint_size.eq(0),
                device_state::checkpoint_root.eq(None::<String>),
                device_state::nonce.eq(None::<String>),
                device_state::policy_version.eq(0),
                device_state::compliance.eq(None::<String>),
                device_state::freshness.eq(None::<String>),
            ))
            .execute(c)?;
    }
    Ok(epoch)
}
