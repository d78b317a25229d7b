//! Approvals: one approver key's signature over a command. The caller found the command inside its scope.

use diesel::prelude::*;

use crate::schema::command_approvals;
use crate::{Conn, StoreResult};

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = command_approvals)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Approval {
    pub command_id: String,
    pub key_id: String,
    pub person: String,
    pub signature: String,
    pub created_at: i64,
}

/// Adds one; `false` when this key has signed already (signature bytes are never an identity, PROTOCOL §4).
pub fn insert(c: &mut Conn, new: &Approval) -> StoreResult<bool> {
    let added = on_both!(c, c => {
        diesel::insert_into(command_approvals::table).values(new).on_conflict_do_nothing().execute(c)
    })?;
    Ok(added == 1)
}

/// All of a command, by key id: the order they stand in in the envelope.
pub fn list(c: &mut Conn, command: &str) -> StoreResult<Vec<Approval>> {
    Ok(command_approvals::table
        .filter(command_approvals::command_id.eq(command))
        .order(command_approvals::key_id)
        .select(Approval::as_select())
        .load(c)?)
}

/// How many distinct people signed each of these commands: (command, people).
pub fn count_people(c: &mut Conn, commands: &[String]) -> StoreResult<Vec<(String, i64)>> {
    Ok(command_approvals::table
        .filter(command_approvals::command_id.eq_any(commands))
        .group_by(command_approvals::command_id)
        .order(command_approvals::command_id)
        .select((
            command_approvals::command_id,
            diesel::dsl::count(command_approvals::person).aggregate_distinct(),
        ))
        .load(c)?)
}
