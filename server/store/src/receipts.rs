//! Receipts: what phones signed about commands (PROTOCOL §15). Kept for good.

use diesel::prelude::*;
use muster_domain::scope::Scope;

use crate::schema::{devices, receipts};
use crate::{Conn, StoreResult};

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Receipt {
    pub id: String,
    pub device_id: String,
    pub enrolment_id: String,
    pub sequence: i64,
    pub command_digest: String,
    pub command_id: Option<String>,
    pub state: String,
    pub code: Option<String>,
    pub detail: Option<String>,
    pub envelope: String,
    pub phone_at: i64,
    pub received_at: i64,
}

/// The receipts for a command from the scope's devices, as they came; only those of `devices`, when any are named.
pub fn list_by_command(
    c: &mut Conn,
    scope: &Scope,
    command: &str,
    of_devices: &[String],
    limit: i64,
) -> StoreResult<Vec<Receipt>> {
    let query = receipts::table.inner_join(devices::table).into_boxed();
    let mut query = in_scope!(query, scope, devices).filter(receipts::command_id.eq(command));
    if !of_devices.is_empty() {
        query = query.filter(receipts::device_id.eq_any(of_devices));
    }
    Ok(query
        .order((receipts::received_at, receipts::sequence))
        .limit(limit)
        .select(Receipt::as_select())
        .load(c)?)
}

/// What a device of the scope sent, newest first.
pub fn list_of_device(
    c: &mut Conn,
    scope: &Scope,
    device: &str,
    limit: i64,
) -> StoreResult<Vec<Receipt>> {
    let query = receipts::table.inner_join(devices::table).into_boxed();
    Ok(in_scope!(query, scope, devices)
        .filter(receipts::device_id.eq(device))
        .order((receipts::received_at.desc(), receipts::sequence.desc()))
        .limit(limit)
        .select(Receipt::as_select())
        .load(c)?)
}

/// Adds one; `false` when it is known: a phone sends until it is heard. No scope: the phone signed it.
pub fn insert_for_phone(c: &mut Conn, new: &Receipt) -> StoreResult<bool> {
    let added = on_both!(c, c => {
        diesel::insert_into(receipts::table).values(new).on_conflict_do_nothing().execute(c)
    })?;
    Ok(added == 1)
}

/// Whether a receipt with this SHA-256 is here. No scope: the phone signed it.
pub fn is_known_for_phone(c: &mut Conn, id: &str) -> StoreResult<bool> {
    Ok(receipts::table
        .find(id)
        .select(receipts::id)
        .first::<String>(c)
        .optional()?
        .is_some())
}

/// The highest sequence number an enrolment sent: the next one that is not one more shows a suppressed receipt.
pub fn max_sequence_for_phone(c: &mut Conn, enrolment: &str) -> StoreResult<Option<i64>> {
    let sent = receipts::table
        .filter(receipts::enrolment_id.eq(enrolment))
        .order(receipts::sequence.desc());
    Ok(sent.select(receipts::sequence).first(c).optional()?)
}
