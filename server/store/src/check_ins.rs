//! What check-ins write: the narrow state row, and a tick on the day they came.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use muster_domain::scope::Scope;

use crate::schema::{device_days, device_state};
use crate::{Conn, StoreResult};

/// What a judged and cleaned check-in leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckIn {
    /// The phone.
    pub device_id: String,
    /// Its reseller.
    pub reseller_id: String,
    /// Its owner.
    pub organisation_id: String,
    /// When it came, by our clock, microseconds since 1970.
    pub at: i64,
    /// The status report as cleaned JSON; `None` leaves the earlier one.
    pub report: Option<String>,
    /// Active restrictions, JSON array.
    pub restrictions: String,
    /// Whether the phone says it is locked.
    pub locked: bool,
    /// Whether it says it is suspended.
    pub suspended: bool,
    /// Whether it says a legal hold is on it.
    pub held: bool,
    /// The keyring version it holds.
    pub keyring_version: i64,
    /// The size of its newest checkpoint, 0 for none.
    pub checkpoint_size: i64,
    /// The root of that checkpoint.
    pub checkpoint_root: Option<String>,
    /// Its current nonce.
    pub nonce: Option<String>,
    /// The policy version it holds, 0 for none.
    pub policy_version: i64,
    /// Its judgement of itself, as cleaned JSON.
    pub compliance: Option<String>,
    /// How fresh its view of the record is.
    pub freshness: Option<String>,
}

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// Writes one down; `false` when there is no such device. No scope: the phone itself is speaking.
pub fn record_for_phone(c: &mut Conn, check_in: &CheckIn) -> StoreResult<bool> {
    let written = diesel::update(device_state::table.find(&check_in.device_id))
        .set((
            device_state::last_check_in_at.eq(check_in.at),
            check_in
                .report
                .as_ref()
                .map(|report| device_state::report.eq(report)),
            device_state::restrictions.eq(&check_in.restrictions),
            device_state::locked.eq(check_in.locked),
            device_state::suspended.eq(check_in.suspended),
            device_state::held.eq(check_in.held),
            device_state::keyring_version.eq(check_in.keyring_version),
            device_state::checkpoint_size.eq(check_in.checkpoint_size),
            device_state::checkpoint_root.eq(&check_in.checkpoint_root),
            device_state::nonce.eq(&check_in.nonce),
            device_state::policy_version.eq(check_in.policy_version),
            device_state::compliance.eq(&check_in.compliance),
            device_state::freshness.eq(&check_in.freshness),
        ))
        .execute(c)?;
    if written == 0 {
        return Ok(false);
    }
    let sixth = check_in.at.rem_euclid(DAY) / (DAY / 6);
    // The WHERE makes all but the first check-in of four hours free.
    diesel::sql_query(
        "INSERT INTO device_days (device_id, day, seen, reseller_id, organisation_id) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (device_id, day) DO UPDATE SET seen = device_days.seen | excluded.seen \
         WHERE device_days.seen <> (device_days.seen | excluded.seen)",
    )
    .bind::<Text, _>(&check_in.device_id)
    .bind::<BigInt, _>(check_in.at.div_euclid(DAY))
    .bind::<BigInt, _>(1_i64 << sixth)
    .bind::<Text, _>(&check_in.reseller_id)
    .bind::<Text, _>(&check_in.organisation_id)
    .execute(c)?;
    Ok(true)
}

/// Writes many down in one transaction, for [`Store::write_batch`](crate::Store::write_batch). They are taken in order
/// of device, so that two batches never wait for each other in a circle. No scope: the phones themselves are speaking.
pub fn record_many_for_phones(c: &mut Conn, check_ins: &[CheckIn]) -> StoreResult<()> {
    let mut in_order: Vec<&CheckIn> = check_ins.iter().collect();
    in_order.sort_by(|a, b| (&a.device_id, a.at).cmp(&(&b.device_id, b.at)));
    for check_in in in_order {
        record_for_phone(c, check_in)?;
    }
    Ok(())
}

/// How many devices of the scope checked in on each day from `from_day` on (days since 1970-01-01 UTC), ascending. Days
/// without any are left out.
pub fn devices_per_day(c: &mut Conn, scope: &Scope, from_day: i64) -> StoreResult<Vec<(i64, i64)>> {
    let day = device_days::day;
    Ok(match scope {
        Scope::Platform => device_days::table
            .filter(day.ge(from_day))
            .group_by(day)
            .order(day)
            .select((day, diesel::dsl::count_star()))
            .load(c)?,
        Scope::Reseller(reseller) => device_days::table
            .filter(device_days::reseller_id.eq(reseller))
            .filter(day.ge(from_day))
            .group_by(day)
            .order(day)
            .select((day, diesel::dsl::count_star()))
            .load(c)?,
        Scope::Customer { customer, .. } => device_days::table
            .filter(device_days::organisation_id.eq(customer))
            .filter(day.ge(from_day))
            .group_by(day)
            .order(day)
            .select((day, diesel::dsl::count_star()))
            .load(c)?,
    })
}

/// The days from `from_day` on that a device checked in on, ascending, with the sixths of the day it was seen in
/// (bit 0 is the first four hours, UTC).
pub fn days_of_device(
    c: &mut Conn,
    scope: &Scope,
    device: &str,
    from_day: i64,
) -> StoreResult<Vec<(i64, i64)>> {
    let query = in_scope!(device_days::table.into_boxed(), scope, device_days);
    Ok(query
        .filter(device_days::device_id.eq(device))
        .filter(device_days::day.ge(from_day))
        .order(device_days::day)
        .select((device_days::day, device_days::seen))
        .load(c)?)
}
