//! Commands: signed documents and where they stand. Their targets are in [`crate::targets`], the signatures over them in
//! [`crate::approvals`].
//!
//! Every step is guarded by the states it may be taken from and answers whether it was taken; which step may follow
//! which is decided in `muster-domain`.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use muster_domain::scope::Scope;

use crate::schema::{command_targets, commands};
use crate::targets::{self, Target};
use crate::{Conn, Page, StoreResult};

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = commands, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Command {
    pub id: String,
    pub reseller_id: String,
    pub organisation_id: String,
    pub fleet_id: String,
    pub kind: String,
    pub reason: String,
    pub arguments: String,
    pub payload: String,
    pub digest: String,
    pub keyring_version: i64,
    pub approvals_needed: i64,
    pub independent_needed: i64,
    pub target_count: i64,
    pub target_root: String,
    pub envelope: Option<String>,
    pub envelope_digest: Option<String>,
    pub sealed_at: Option<i64>,
    pub state: String,
    pub drafted_by: String,
    pub drafted_by_name: String,
    pub issued_at: i64,
    pub expires_at: i64,
    pub cancelled_at: Option<i64>,
    pub cancelled_by_name: Option<String>,
    pub created_at: i64,
    pub lapsed_at: Option<i64>,
    pub cool_off_until: Option<i64>,
}

/// Which commands a list shows.
#[derive(Debug, Clone, Default)]
pub struct CommandFilter {
    /// In any of these states; empty for all.
    pub states: Vec<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// That name this device.
    pub device_id: Option<String>,
    /// For devices of this organisation.
    pub organisation_id: Option<String>,
}

/// What the expiry job closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapsed {
    /// The command, as it stood before.
    pub command: Command,
    /// The targets that expired now, as they stood before.
    pub targets: Vec<Target>,
}

/// States a target can be cancelled or expire from: any before `accepted` (DESIGN §6).
const BEFORE_ACCEPTED: [&str; 5] = [
    "draft",
    "awaiting-approval",
    "queued",
    "delivered",
    "deferred",
];

/// The words of the partial index over open commands, which bound values would not match.
const OPEN: &str = "commands.state IN ('draft', 'awaiting-approval', 'queued', 'delivered')";

/// Adds a command with its targets, which the caller built for it. Conflicts: `commands.id`, `commands.digest`,
/// `command_targets.command_id,device_id`.
pub fn insert(c: &mut Conn, new: &Command, new_targets: &[Target]) -> StoreResult<()> {
    diesel::insert_into(commands::table)
        .values(new)
        .execute(c)?;
    insert_many!(c, command_targets, new_targets);
    Ok(())
}

/// One inside the scope.
pub fn find(c: &mut Conn, scope: &Scope, id: &str) -> StoreResult<Option<Command>> {
    let query = in_scope!(commands::table.into_boxed(), scope, commands);
    Ok(query
        .filter(commands::id.eq(id))
        .select(Command::as_select())
        .first(c)
        .optional()?)
}

/// The commands of the scope with these digests (what `lifts` names), by id.
pub fn find_by_digests(
    c: &mut Conn,
    scope: &Scope,
    digests: &[String],
) -> StoreResult<Vec<Command>> {
    let query = in_scope!(commands::table.into_boxed(), scope, commands);
    Ok(query
        .filter(commands::digest.eq_any(digests))
        .order(commands::id)
        .select(Command::as_select())
        .load(c)?)
}

/// A page, newest first.
pub fn list(
    c: &mut Conn,
    scope: &Scope,
    filter: &CommandFilter,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Command>> {
    let mut query = in_scope!(commands::table.into_boxed(), scope, commands);
    if !filter.states.is_empty() {
        query = query.filter(commands::state.eq_any(&filter.states));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(commands::kind.eq(kind));
    }
    if let Some(organisation) = &filter.organisation_id {
        query = query.filter(commands::organisation_id.eq(organisation));
    }
    if let Some(device) = &filter.device_id {
        let of_device = command_targets::table.filter(command_targets::device_id.eq(device));
        query = query.filter(commands::id.eq_any(of_device.select(command_targets::command_id)));
    }
    if let Some(before) = cursor {
        query = query.filter(commands::id.lt(before));
    }
    let rows = query
        .order(commands::id.desc())
        .limit(limit + 1)
        .select(Command::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Command| row.id.clone()))
}

/// A page of what a device was told, newest first, each with the device's own target.
pub fn of_device(
    c: &mut Conn,
    scope: &Scope,
    device: &str,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<(Command, Target)>> {
    let query = commands::table
        .inner_join(command_targets::table)
        .into_boxed();
    let mut query = in_scope!(query, scope, commands).filter(command_targets::device_id.eq(device));
    if let Some(before) = cursor {
        query = query.filter(command_targets::command_id.lt(before));
    }
    let rows = query
        .order(command_targets::command_id.desc())
        .limit(limit + 1)
        .select((Command::as_select(), Target::as_select()))
        .load(c)?;
    Ok(Page::cut(
        rows,
        limit,
        |(command, _): &(Command, Target)| command.id.clone(),
    ))
}

/// A page of those that wait for signatures, oldest first.
pub fn awaiting_approval(
    c: &mut Conn,
    scope: &Scope,
    cursor: Option<&str>,
    limit: i64,
) -> StoreResult<Page<Command>> {
    let query = in_scope!(commands::table.into_boxed(), scope, commands);
    let mut query = query
        .filter(sql::<Bool>(OPEN))
        .filter(commands::state.eq("awaiting-approval"));
    if let Some(after) = cursor {
        query = query.filter(commands::id.gt(after));
    }
    let rows = query
        .order(commands::id)
        .limit(limit + 1)
        .select(Command::as_select())
        .load(c)?;
    Ok(Page::cut(rows, limit, |row: &Command| row.id.clone()))
}

/// How many wait for signatures.
pub fn count_awaiting_approval(c: &mut Conn, scope: &Scope) -> StoreResult<i64> {
    let query = in_scope!(commands::table.into_boxed(), scope, commands);
    let query = query
        .filter(sql::<Bool>(OPEN))
        .filter(commands::state.eq("awaiting-approval"));
    Ok(query.count().get_result(c)?)
}

/// Commands sealed before `before` that no phone has finished yet, oldest first: what somebody should look at.
pub fn overdue(c: &mut Conn, scope: &Scope, before: i64, limit: i64) -> StoreResult<Vec<Command>> {
    let query = in_scope!(commands::table.into_boxed(), scope, commands);
    Ok(query
        .filter(sql::<Bool>(OPEN))
        .filter(commands::state.eq_any(["queued", "delivered"]))
        .filter(commands::sealed_at.lt(before))
        .order(commands::id)
        .limit(limit)
        .select(Command::as_select())
        .load(c)?)
}

/// How many commands of these kinds the scope drafted since `since` and how many devices they name: the brake on
/// destructive acts.
pub fn drafted_since(
    c: &mut Conn,
    scope: &Scope,
    kinds: &[&str],
    since: i64,
) -> StoreResult<(i64, i64)> {
    let query = in_scope!(commands::table.into_boxed(), scope, commands);
    let counts: Vec<i64> = query
        .filter(commands::created_at.ge(since))
        .filter(commands::kind.eq_any(kinds))
        .filter(commands::state.ne_all(["draft", "cancelled", "expired"]))
        .select(commands::target_count)
        .load(c)?;
    Ok((
        i64::try_from(counts.len()).unwrap_or(i64::MAX),
        counts.iter().sum(),
    ))
}

/// The newest signed cancel that names this command digest and may still come to phones; the caller found the command in its
/// scope.
pub fn newest_cancel_of(c: &mut Conn, fleet: &str, digest: &str) -> StoreResult<Option<String>> {
    Ok(commands::table
        .filter(commands::fleet_id.eq(fleet))
        .filter(commands::kind.eq("cancel"))
        .filter(commands::arguments.like(format!("%{digest}%")))
        .filter(commands::state.ne_all(["failed", "refused", "cancelled", "expired"]))
        .order((commands::created_at.desc(), commands::id.desc()))
        .select(commands::id)
        .first(c)
        .optional()?)
}

/// Takes a command back, with every target no phone accepted yet; answers how many targets that were, and `None` when
/// there is no such command in the scope or it was cancelled before. The caller sets the state that follows.
pub fn cancel(
    c: &mut Conn,
    scope: &Scope,
    id: &str,
    by_name: &str,
    now: i64,
) -> StoreResult<Option<usize>> {
    let statement = diesel::update(commands::table)
        .set((
            commands::cancelled_at.eq(now),
            commands::cancelled_by_name.eq(by_name),
        ))
        .into_boxed();
    let cancelled = in_scope!(statement, scope, commands)
        .filter(commands::id.eq(id))
        .filter(commands::cancelled_at.is_null())
        .filter(sql::<Bool>(
            "state NOT IN ('done', 'failed', 'refused', 'cancelled', 'expired')",
        ))
        .execute(c)?;
    if cancelled == 0 {
        return Ok(None);
    }
    Ok(Some(targets::close(
        c,
        id,
        &BEFORE_ACCEPTED,
        "cancelled",
        now,
    )?))
}

// For jobs and phones, and for steps of an act whose command was already found in its scope: no scope here.

/// One by its id, for a job or a phone.
pub fn find_for_job(c: &mut Conn, id: &str) -> StoreResult<Option<Command>> {
    Ok(commands::table
        .find(id)
        .select(Command::as_select())
        .first(c)
        .optional()?)
}

/// The sealed command with this envelope digest: what a numbered leaf of the log stands for.
pub fn find_by_envelope_for_job(
    c: &mut Conn,
    envelope_digest: &str,
) -> StoreResult<Option<Command>> {
    let sealed = commands::table.filter(commands::envelope_digest.eq(envelope_digest));
    Ok(sealed.select(Command::as_select()).first(c).optional()?)
}

/// The command a receipt names by its digest.
pub fn find_for_receipt(c: &mut Conn, digest: &str) -> StoreResult<Option<Command>> {
    Ok(commands::table
        .filter(commands::digest.eq(digest))
        .select(Command::as_select())
        .first(c)
        .optional()?)
}

/// Sets the state that follows from the targets, if it is one of `from` now; `false` otherwise.
pub fn set_state(c: &mut Conn, id: &str, from: &[&str], to: &str) -> StoreResult<bool> {
    let command = commands::table
        .find(id)
        .filter(commands::state.eq_any(from));
    Ok(diesel::update(command)
        .set(commands::state.eq(to))
        .execute(c)?
        == 1)
}

/// A complete draft asks for signatures.
pub fn request_approval(c: &mut Conn, id: &str) -> StoreResult<bool> {
    let moved = set_state(c, id, &["draft"], "awaiting-approval")?;
    if moved {
        targets::move_all(c, id, &["draft"], "awaiting-approval")?;
    }
    Ok(moved)
}

/// The threshold is met: envelope and digest are fixed, once, and the phones' queues get it, to be kept back until
/// `cool_off_until`. `false` when somebody was faster, or it was cancelled or expired.
pub fn seal(
    c: &mut Conn,
    id: &str,
    envelope: &str,
    envelope_digest: &str,
    cool_off_until: Option<i64>,
    now: i64,
) -> StoreResult<bool> {
    let open = commands::table
        .find(id)
        .filter(commands::state.eq_any(["draft", "awaiting-approval"]));
    let sealed = diesel::update(open)
        .set((
            commands::envelope.eq(envelope),
            commands::envelope_digest.eq(envelope_digest),
            commands::sealed_at.eq(now),
            commands::cool_off_until.eq(cool_off_until),
            commands::state.eq("queued"),
        ))
        .execute(c)?
        == 1;
    if sealed {
        targets::move_all(c, id, &["draft", "awaiting-approval"], "queued")?;
    }
    Ok(sealed)
}

/// A new keyring no longer counts its signatures (PROTOCOL §12): it is taken out of the queues and waits for new ones.
/// Only while no phone has fetched it.
pub fn reopen(c: &mut Conn, id: &str) -> StoreResult<bool> {
    let queued = commands::table
        .find(id)
        .filter(commands::state.eq("queued"));
    let reopened = diesel::update(queued)
        .set((
            commands::envelope.eq(None::<String>),
            commands::envelope_digest.eq(None::<String>),
            commands::sealed_at.eq(None::<i64>),
            commands::cool_off_until.eq(None::<i64>),
            commands::state.eq("awaiting-approval"),
        ))
        .execute(c)?
        == 1;
    if reopened {
        targets::move_all(c, id, &["queued"], "awaiting-approval")?;
    }
    Ok(reopened)
}

/// Commands whose cool-off ended after `since` and by `now`, and that still wait for their phones, by id.
pub fn cooled_for_job(c: &mut Conn, since: i64, now: i64) -> StoreResult<Vec<String>> {
    Ok(commands::table
        .filter(sql::<Bool>("cool_off_until IS NOT NULL"))
        .filter(commands::cool_off_until.gt(since))
        .filter(commands::cool_off_until.le(now))
        .filter(commands::state.eq("queued"))
        .order(commands::id)
        .select(commands::id)
        .load(c)?)
}

/// The holds and releases that a device has carried out, oldest first: whoever reads them finds the holds that stand.
pub fn holds_of_device(c: &mut Conn, scope: &Scope, device: &str) -> StoreResult<Vec<Command>> {
    let query = commands::table
        .inner_join(command_targets::table)
        .into_boxed();
    Ok(in_scope!(query, scope, commands)
        .filter(command_targets::device_id.eq(device))
        .filter(command_targets::state.eq("done"))
        .filter(commands::kind.eq_any(["hold", "release"]))
        .order(commands::id)
        .select(Command::as_select())
        .load(c)?)
}

/// Commands of a fleet that are sealed and not yet fetched, oldest first: what a new keyring is held against.
pub fn queued_of_fleet_for_job(c: &mut Conn, fleet: &str, limit: i64) -> StoreResult<Vec<Command>> {
    Ok(commands::table
        .filter(sql::<Bool>(OPEN))
        .filter(commands::state.eq("queued"))
        .filter(commands::fleet_id.eq(fleet))
        .order(commands::id)
        .limit(limit)
        .select(Command::as_select())
        .load(c)?)
}

/// Closes at most `limit` commands whose time has passed: targets that no phone accepted expire, and the command is
/// not looked at again. The caller sets the states that follow and writes the record.
pub fn expire_due_for_job(c: &mut Conn, now: i64, limit: i64) -> StoreResult<Vec<Lapsed>> {
    let due: Vec<Command> = commands::table
        .filter(commands::lapsed_at.is_null())
        .filter(commands::expires_at.le(now))
        .order((commands::expires_at, commands::id))
        .limit(limit)
        .select(Command::as_select())
        .load(c)?;
    let mut lapsed = Vec::with_capacity(due.len());
    for command in due {
        let open = targets::in_states(c, &command.id, &BEFORE_ACCEPTED)?;
        targets::close(c, &command.id, &BEFORE_ACCEPTED, "expired", now)?;
        diesel::update(commands::table.find(&command.id))
            .set(commands::lapsed_at.eq(now))
            .execute(c)?;
        lapsed.push(Lapsed {
            command,
            targets: open,
        });
    }
    Ok(lapsed)
}
