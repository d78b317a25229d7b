//! Service of phones, by their subscriptions: which phones a decision waits for, what they were last ordered, and what could not
//! be ordered. No books and no scope: the wholesale and the retail side of a phone belong to different sellers.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::subscriptions::Subscription;
use crate::commands::Command;
use crate::devices::Device;
use crate::schema::selling::{service_troubles, subscriptions};
use crate::schema::{command_targets, commands, devices};
use crate::targets::Target;
use crate::{Conn, StoreResult};

/// The words of the partial indexes, which bound values would not match.
pub(crate) const TO_SUSPEND: &str = "subscriptions.device_id IS NOT NULL AND ordered <> 'suspended'
    AND (life = 'paused' OR reached IN ('suspended', 'terminated') OR (ended_at IS NOT NULL AND ordered_until IS NULL))";
pub(crate) const SUSPENDED: &str = "subscriptions.device_id IS NOT NULL AND ordered = 'suspended'";
/// Phones that could not be ordered anything a short while ago.
const NOT_NOW: &str = "SELECT t.device_id FROM service_troubles t WHERE t.device_id = subscriptions.device_id AND t.retry_at > ";

/// Which phones a walk looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Those that may have to be suspended.
    ToSuspend,
    /// Those that are suspended: to be renewed, or resumed.
    Suspended,
}

/// A page of phones that a decision waits for, each with the subscription that says so, by the subscription's id.
pub fn waiting_for_job(
    c: &mut Conn,
    which: Waiting,
    now: i64,
    after: Option<&str>,
    limit: i64,
) -> StoreResult<Vec<(String, String)>> {
    let which = match which {
        Waiting::ToSuspend => TO_SUSPEND,
        Waiting::Suspended => SUSPENDED,
    };
    let mut query = subscriptions::table
        .filter(sql::<Bool>(which))
        // A number of ours, so that it may stand in the text.
        .filter(sql::<Bool>(&format!("NOT EXISTS ({NOT_NOW}{now})")))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(subscriptions::id.gt(after));
    }
    Ok(query
        .order(subscriptions::id)
        .limit(limit)
        .select((
            subscriptions::id,
            subscriptions::device_id.assume_not_null(),
        ))
        .load(c)?)
}

/// Every subscription of some phones, also those that have ended.
pub fn of_devices_for_job(c: &mut Conn, devices: &[&str]) -> StoreResult<Vec<Subscription>> {
    let query =
        subscriptions::table.filter(subscriptions::device_id.eq_any(devices.iter().copied()));
    Ok(query
        .order(subscriptions::id)
        .select(Subscription::as_select())
        .load(c)?)
}

/// Phones by id.
pub fn devices_for_job(c: &mut Conn, ids: &[&str]) -> StoreResult<Vec<Device>> {
    let query = devices::table.filter(devices::id.eq_any(ids.iter().copied()));
    Ok(query
        .order(devices::id)
        .select(Device::as_select())
        .load(c)?)
}

/// What this drafter sent a phone to suspend and resume it since `since`, oldest first.
pub fn orders_for_job(
    c: &mut Conn,
    device: &str,
    drafted_by: &str,
    since: i64,
) -> StoreResult<Vec<(Command, Target)>> {
    let query = command_targets::table
        .inner_join(commands::table)
        .filter(command_targets::device_id.eq(device))
        .filter(commands::drafted_by.eq(drafted_by))
        .filter(commands::kind.eq_any(["suspend", "resume"]))
        .filter(commands::issued_at.ge(since));
    Ok(query
        .order(commands::id)
        .select((Command::as_select(), Target::as_select()))
        .load(c)?)
}

/// Writes down for these subscriptions what their phone was told.
pub fn set_ordered(
    c: &mut Conn,
    ids: &[String],
    ordered: &str,
    until: Option<i64>,
) -> StoreResult<()> {
    let told = subscriptions::table.filter(subscriptions::id.eq_any(ids));
    let what = (
        subscriptions::ordered.eq(ordered),
        subscriptions::ordered_until.eq(until),
    );
    diesel::update(told).set(what).execute(c)?;
    Ok(())
}

/// Notes that a phone cannot be ordered anything because of `because`, and when to try again; whether that is news.
pub fn note_trouble(
    c: &mut Conn,
    device: &str,
    because: &str,
    now: i64,
    retry_at: i64,
) -> StoreResult<bool> {
    let known: Option<String> = service_troubles::table
        .find(device)
        .select(service_troubles::because)
        .first(c)
        .optional()?;
    let row = (
        service_troubles::device_id.eq(device),
        service_troubles::because.eq(because),
        service_troubles::noted_at.eq(now),
        service_troubles::retry_at.eq(retry_at),
    );
    let again = (
        service_troubles::because.eq(because),
        service_troubles::retry_at.eq(retry_at),
    );
    on_both!(c, c => diesel::insert_into(service_troubles::table)
        .values(row)
        .on_conflict(service_troubles::device_id)
        .do_update()
        .set(again)
        .execute(c))?;
    Ok(known.as_deref() != Some(because))
}

/// The trouble with these phones is over.
pub fn clear_troubles(c: &mut Conn, ids: &[String]) -> StoreResult<()> {
    let over = service_troubles::table.filter(service_troubles::device_id.eq_any(ids));
    diesel::delete(over).execute(c)?;
    Ok(())
}
