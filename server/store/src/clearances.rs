//! Clearances: what witnesses answered for one phone, one envelope and one nonce (PROTOCOL §14). No scopes: signed mail for
//! the phone that asked.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::schema::{clearances, command_targets, commands, device_state};
use crate::targets::PENDING;
use crate::{Conn, StoreResult};

/// One clearance.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = clearances)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Clearance {
    pub digest: String,
    pub fleet_id: String,
    pub command_id: String,
    pub enrolment_id: String,
    pub nonce: String,
    pub witness: String,
    pub checkpoint_size: i64,
    pub envelope: String,
    pub created_at: i64,
}

/// A phone that waits for something to be cleared.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Asking {
    /// The command.
    pub command_id: String,
    /// The phone's leaf among the targets.
    pub position: i64,
    /// The phone.
    pub device_id: String,
    /// Its enrolment.
    pub enrolment_id: String,
    /// Its serial number.
    pub serial_number: String,
    /// What its clearances must name.
    pub nonce: Option<String>,
    /// The checkpoint it holds: it will not go back to a smaller one.
    pub checkpoint_size: i64,
}

/// Adds one; `false` when it is known.
pub fn insert(c: &mut Conn, new: &Clearance) -> StoreResult<bool> {
    let added = on_both!(c, c => {
        diesel::insert_into(clearances::table).values(new).on_conflict_do_nothing().execute(c)
    })?;
    Ok(added == 1)
}

/// What was cleared for this phone, this command and this nonce, under a log of at least `size` entries; the newest first.
pub fn list(
    c: &mut Conn,
    enrolment: &str,
    command: &str,
    nonce: &str,
    size: i64,
) -> StoreResult<Vec<Clearance>> {
    Ok(clearances::table
        .filter(clearances::enrolment_id.eq(enrolment))
        .filter(clearances::command_id.eq(command))
        .filter(clearances::nonce.eq(nonce))
        .filter(clearances::checkpoint_size.ge(size))
        .order((clearances::checkpoint_size.desc(), clearances::witness))
        .limit(64)
        .select(Clearance::as_select())
        .load(c)?)
}

/// Phones of a fleet that told a nonce and have a pending command of these kinds, oldest command first.
pub fn asking_for_job(
    c: &mut Conn,
    fleet: &str,
    kinds: &[&str],
    limit: i64,
) -> StoreResult<Vec<Asking>> {
    Ok(command_targets::table
        .inner_join(commands::table)
        .inner_join(device_state::table.on(device_state::device_id.eq(command_targets::device_id)))
        .filter(commands::fleet_id.eq(fleet))
        .filter(commands::kind.eq_any(kinds))
        .filter(sql::<Bool>(PENDING))
        .filter(command_targets::state.ne("accepted"))
        .filter(device_state::nonce.is_not_null())
        .order((command_targets::command_id, command_targets::position))
        .limit(limit)
        .select((
            command_targets::command_id,
            command_targets::position,
            command_targets::device_id,
            command_targets::enrolment_id,
            command_targets::serial_number,
            device_state::nonce,
            device_state::checkpoint_size,
        ))
        .load(c)?)
}
