//! Targets: one row per phone that a command names, each with its own state (RULES F15). The pending ones stand in the
//! hot index that check-ins look at; a million others cost them nothing (RULES F8).

use diesel::dsl::{AsSelect, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use muster_domain::scope::Scope;

use crate::connection::MultiBackend;
use crate::schema::{command_targets, commands};
use crate::{Conn, Page, StoreError, StoreResult};

/// One phone of a command.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = command_targets, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Target {
    pub command_id: String,
    pub position: i64,
    pub device_id: String,
    pub enrolment_id: String,
    pub serial_number: String,
    pub state: String,
    pub code: Option<String>,
    pub late: bool,
    pub delivered_at: Option<i64>,
    pub accepted_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// A command in the queue of one phone: what a bundle is made of.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = commands)]
pub struct Pending {
    /// The command's id.
    #[diesel(column_name = id)]
    pub command_id: String,
    /// Its kind.
    pub kind: String,
    /// cd, as receipts name it.
    pub digest: String,
    /// The sealed envelope; never `None` in a queue.
    pub envelope: Option<String>,
    /// ed, as the log names it.
    pub envelope_digest: Option<String>,
    /// Least keyring version the phone must hold.
    pub keyring_version: i64,
    /// Size of the target tree.
    pub target_count: i64,
    /// When it was issued: the order among its like.
    pub issued_at: i64,
    /// When it runs out.
    pub expires_at: i64,
    /// Until when it is kept back, if it is.
    pub cool_off_until: Option<i64>,
    /// The phone's own target.
    #[diesel(embed)]
    pub target: PendingTarget,
}

/// The phone's place in a pending command.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = command_targets)]
pub struct PendingTarget {
    /// Leaf in the sorted tree.
    pub position: i64,
    /// `queued`, `delivered`, `deferred` or `accepted`.
    pub state: String,
}

/// The leaf of a target: device, enrolment, serial number, in the order of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = command_targets)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct TargetLeaf {
    pub device_id: String,
    pub enrolment_id: String,
    pub serial_number: String,
}

/// The words of the hot index, which bound values would not match.
pub(crate) const PENDING: &str =
    "command_targets.state IN ('queued', 'delivered', 'deferred', 'accepted')";

/// A page of a command's targets behind position `cursor`, by position; only those in `states`, when any are named.
pub fn page(
    c: &mut Conn,
    scope: &Scope,
    command: &str,
    states: &[String],
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Target>> {
    let query = command_targets::table
        .inner_join(commands::table)
        .into_boxed();
    let mut query =
        in_scope!(query, scope, commands).filter(command_targets::command_id.eq(command));
    if !states.is_empty() {
        query = query.filter(command_targets::state.eq_any(states));
    }
    if let Some(cursor) = cursor {
        let after: i64 = cursor.parse().map_err(|_| StoreError::Cursor)?;
        query = query.filter(command_targets::position.gt(after));
    }
    let rows = query
        .order(command_targets::position)
        .limit(limit + 1)
        .select(Target::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Target| {
        row.position.to_string()
    }))
}

/// How many targets of each command stand in which state: (command, state, how many). The caller found the commands
/// inside its scope.
pub fn counts(c: &mut Conn, commands: &[String]) -> StoreResult<Vec<(String, String, i64)>> {
    Ok(command_targets::table
        .filter(command_targets::command_id.eq_any(commands))
        .group_by((command_targets::command_id, command_targets::state))
        .order((command_targets::command_id, command_targets::state))
        .select((
            command_targets::command_id,
            command_targets::state,
            diesel::dsl::count_star(),
        ))
        .load(c)?)
}

/// How many targets of one command stand in which state. The caller found the command inside its scope.
pub fn counts_of(c: &mut Conn, command: &str) -> StoreResult<Vec<(String, i64)>> {
    Ok(command_targets::table
        .filter(command_targets::command_id.eq(command))
        .group_by(command_targets::state)
        .order(command_targets::state)
        .select((command_targets::state, diesel::dsl::count_star()))
        .load(c)?)
}

/// Every leaf of a command in the order of its tree, for the root and for proofs (PROTOCOL §7); 4,096 at most. The
/// caller found the command inside its scope, or is a job.
pub fn leaves(c: &mut Conn, command: &str) -> StoreResult<Vec<TargetLeaf>> {
    Ok(command_targets::table
        .filter(command_targets::command_id.eq(command))
        .order(command_targets::position)
        .select(TargetLeaf::as_select())
        .load(c)?)
}

/// The phones of a cancelled command that may have it all the same: it was handed to them, or a witness cleared it for them. Only
/// those whose enrolment still lives.
pub fn may_have_cancelled(c: &mut Conn, command: &str) -> StoreResult<Vec<String>> {
    Ok(command_targets::table
        .filter(command_targets::command_id.eq(command))
        .filter(command_targets::state.eq("cancelled"))
        .filter(sql::<Bool>(
            "(command_targets.delivered_at IS NOT NULL OR EXISTS (SELECT 1 FROM clearances k
                WHERE k.command_id = command_targets.command_id AND k.enrolment_id = command_targets.enrolment_id))
             AND EXISTS (SELECT 1 FROM devices d WHERE d.id = command_targets.device_id
                AND d.enrolment_id = command_targets.enrolment_id AND d.lifecycle = 'enrolled')",
        ))
        .order(command_targets::position)
        .select(command_targets::device_id)
        .load(c)?)
}

// For phones: the caller is the device itself. There is no person and therefore no scope.

/// The queue of an enrolment, oldest first: the hottest read there is, along its own index. A bundle takes 32.
pub fn pending_for_enrolment(
    c: &mut Conn,
    enrolment: &str,
    limit: i64,
) -> StoreResult<Vec<Pending>> {
    Ok(pending_query(enrolment, limit).load(c)?)
}

/// The statement of [`pending_for_enrolment`], so that a test can ask the database how it would go about it.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn pending_query<'a>(enrolment: &'a str, limit: i64) -> _ {
    let pending: diesel::expression::SqlLiteral<Bool> = sql::<Bool>(PENDING);
    let columns: AsSelect<Pending, MultiBackend> = Pending::as_select();
    command_targets::table
        .inner_join(commands::table)
        .filter(command_targets::enrolment_id.eq(enrolment))
        .filter(pending)
        .order(command_targets::command_id.asc())
        .limit(limit)
        .select(columns)
}

/// Whether there is anything that the phone has not fetched yet: what a wake waits for.
pub fn anything_queued_for_enrolment(c: &mut Conn, enrolment: &str) -> StoreResult<bool> {
    let queued = command_targets::table
        .filter(command_targets::enrolment_id.eq(enrolment))
        .filter(sql::<Bool>(PENDING))
        .filter(command_targets::state.eq("queued"));
    Ok(queued
        .select(command_targets::position)
        .first::<i64>(c)
        .optional()?
        .is_some())
}

/// Notes that a bundle with these commands went to the phone; answers the commands for which that is news.
pub fn mark_delivered(
    c: &mut Conn,
    enrolment: &str,
    commands: &[String],
    now: i64,
) -> StoreResult<Vec<String>> {
    let queued = command_targets::table
        .filter(command_targets::enrolment_id.eq(enrolment))
        .filter(sql::<Bool>(PENDING))
        .filter(command_targets::state.eq("queued"))
        .filter(command_targets::command_id.eq_any(commands));
    Ok(diesel::update(queued)
        .set((
            command_targets::state.eq("delivered"),
            command_targets::delivered_at.eq(now),
        ))
        .returning(command_targets::command_id)
        .get_results(c)?)
}

/// The target of a command that names this enrolment.
pub fn find_for_enrolment(
    c: &mut Conn,
    command: &str,
    enrolment: &str,
) -> StoreResult<Option<Target>> {
    Ok(command_targets::table
        .filter(command_targets::command_id.eq(command))
        .filter(command_targets::enrolment_id.eq(enrolment))
        .select(Target::as_select())
        .first(c)
        .optional()?)
}

/// What a receipt says of a target.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The state it leads to.
    pub to: &'a str,
    /// The phone's reason code.
    pub code: Option<&'a str>,
    /// It came after the target was cancelled or expired.
    pub late: bool,
    /// Whether the phone has by now accepted, at our clock.
    pub accepted: bool,
    /// Whether nothing more is expected of the phone.
    pub ended: bool,
}

/// Takes a receipt's step, guarded by the state it was decided from: states go one way, and of two receipts at once one
/// takes effect (RULES F7). `false` when the target has moved on.
pub fn apply_receipt(
    c: &mut Conn,
    command: &str,
    position: i64,
    from: &str,
    answer: Answer<'_>,
    now: i64,
) -> StoreResult<bool> {
    let target = command_targets::table
        .find((command, position))
        .filter(command_targets::state.eq(from));
    // A target that is open again after it was cancelled, expired or refused has not ended after all.
    let ended: Option<i64> = answer.ended.then_some(now);
    Ok(diesel::update(target)
        .set((
            command_targets::state.eq(answer.to),
            command_targets::code.eq(answer.code),
            answer.late.then_some(command_targets::late.eq(true)),
            answer
                .accepted
                .then_some(command_targets::accepted_at.eq(now)),
            command_targets::ended_at.eq(ended),
        ))
        .execute(c)?
        == 1)
}

/// Empties the queue of an enrolment that is over: what no phone accepted can never be carried out. Answers the
/// commands this touched.
pub fn close_of_enrolment(
    c: &mut Conn,
    enrolment: &str,
    to: &str,
    now: i64,
) -> StoreResult<Vec<String>> {
    let open = command_targets::table
        .filter(command_targets::enrolment_id.eq(enrolment))
        .filter(command_targets::state.eq_any([
            "draft",
            "awaiting-approval",
            "queued",
            "delivered",
            "deferred",
        ]));
    Ok(diesel::update(open)
        .set((
            command_targets::state.eq(to),
            command_targets::ended_at.eq(now),
        ))
        .returning(command_targets::command_id)
        .get_results(c)?)
}

/// The targets of a command in one of these states, by position.
pub(crate) fn in_states(c: &mut Conn, command: &str, states: &[&str]) -> StoreResult<Vec<Target>> {
    Ok(command_targets::table
        .filter(command_targets::command_id.eq(command))
        .filter(command_targets::state.eq_any(states))
        .order(command_targets::position)
        .select(Target::as_select())
        .load(c)?)
}

/// Moves every target in one of `from`; answers how many.
pub(crate) fn move_all(c: &mut Conn, command: &str, from: &[&str], to: &str) -> StoreResult<usize> {
    let some = command_targets::table
        .filter(command_targets::command_id.eq(command))
        .filter(command_targets::state.eq_any(from));
    Ok(diesel::update(some)
        .set(command_targets::state.eq(to))
        .execute(c)?)
}

/// [`move_all`] to a state that is an end.
pub(crate) fn close(
    c: &mut Conn,
    command: &str,
    from: &[&str],
    to: &str,
    now: i64,
) -> StoreResult<usize> {
    let some = command_targets::table
        .filter(command_targets::command_id.eq(command))
        .filter(command_targets::state.eq_any(from));
    Ok(diesel::update(some)
        .set((
            command_targets::state.eq(to),
            command_targets::ended_at.eq(now),
        ))
        .execute(c)?)
}
