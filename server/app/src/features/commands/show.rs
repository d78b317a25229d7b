//! Reading commands: one, a list, their targets and signatures, in the scope of whoever asks.

use std::sync::Arc;

use muster_domain::command::State;
use muster_domain::scope::Scope;
use muster_store::approvals::Approval;
use muster_store::commands::{Command, CommandFilter};
use muster_store::receipts::Receipt;
use muster_store::targets::{Target, TargetLeaf};
use muster_store::{Conn, Page, StoreResult, commands, fleets, keyrings, receipts, targets};

use super::seal;
use super::signed_cancel::{self, Unheard};
use crate::app::App;
use crate::web::actor::{Allowed, ReadCommands};
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// A command of a list: its row, how many targets stand in which state, and how many people signed it.
pub type Listed = (Command, Vec<(State, i64)>, i64);

/// Targets shown beside a command.
pub const FIRST_TARGETS: i64 = 100;

/// A command with everything a reader wants to know of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its row.
    pub command: Command,
    /// The signatures over it.
    pub approvals: Vec<Approval>,
    /// How many targets stand in which state.
    pub counts: Vec<(State, i64)>,
    /// The first targets.
    pub targets: Page<Target>,
    /// The receipts of those targets, as they came.
    pub receipts: Vec<Receipt>,
    /// Who may have it although it was cancelled here.
    pub unheard: Option<Unheard>,
}

/// One command.
///
/// # Errors
/// There is none in the scope.
pub async fn one(app: &Arc<App>, allowed: &Allowed<ReadCommands>, id: &str) -> Answer<Shown> {
    let (scope, id, now) = (allowed.scope().clone(), id.to_owned(), app.now_micros());
    let found = app.store.read(move |c| {
        let Some(command) = commands::find(c, &scope, &id)? else {
            return Ok(None);
        };
        read(c, &scope, command, now).map(Some)
    });
    found.await?.ok_or_else(|| Problem::not_found("command"))
}

fn read(c: &mut Conn, scope: &Scope, command: Command, now: i64) -> StoreResult<Shown> {
    let targets = targets::page(c, scope, &command.id, &[], None, FIRST_TARGETS)?;
    let devices: Vec<String> = targets
        .items
        .iter()
        .map(|target| target.device_id.clone())
        .collect();
    Ok(Shown {
        approvals: seal::signatures(c, &command.id)?,
        counts: counts(c, &command.id)?,
        receipts: receipts::list_by_command(c, scope, &command.id, &devices, 4 * FIRST_TARGETS)?,
        unheard: signed_cancel::unheard(c, &command, now)?,
        targets,
        command,
    })
}

/// How many targets of a command stand in which state.
///
/// # Errors
/// The database did not answer.
pub fn counts(c: &mut Conn, command: &str) -> StoreResult<Vec<(State, i64)>> {
    let known = targets::counts_of(c, command)?;
    Ok(known
        .into_iter()
        .filter_map(|(state, count)| Some((State::parse(&state)?, count)))
        .collect())
}

/// A page of commands, newest first, each with its counts.
///
/// # Errors
/// The cursor is not one of this list.
pub async fn list(
    app: &Arc<App>,
    allowed: &Allowed<ReadCommands>,
    filter: CommandFilter,
    page: PageRequest,
) -> Answer<Page<Listed>> {
    let scope = allowed.scope().clone();
    let found = app.store.read(move |c| {
        let page = commands::list(c, &scope, &filter, page.cursor.as_deref(), page.limit)?;
        with_counts(c, page)
    });
    Ok(found.await?)
}

/// A page of commands that wait for signatures, oldest first.
///
/// # Errors
/// The cursor is not one of this list.
pub async fn waiting(
    app: &Arc<App>,
    allowed: &Allowed<ReadCommands>,
    page: PageRequest,
) -> Answer<Page<Listed>> {
    let scope = allowed.scope().clone();
    let found = app.store.read(move |c| {
        let page = commands::awaiting_approval(c, &scope, page.cursor.as_deref(), page.limit)?;
        with_counts(c, page)
    });
    Ok(found.await?)
}

/// Each command with how its targets stand and how many people signed it; two queries for the whole page.
fn with_counts(c: &mut Conn, page: Page<Command>) -> StoreResult<Page<Listed>> {
    let ids: Vec<String> = page
        .items
        .iter()
        .map(|command| command.id.clone())
        .collect();
    let counts = targets::counts(c, &ids)?;
    let people = muster_store::approvals::count_people(c, &ids)?;
    Ok(page.map(|command| {
        let mine = counts.iter().filter(|(id, ..)| *id == command.id);
        let states = mine
            .filter_map(|(_, state, count)| Some((State::parse(state)?, *count)))
            .collect();
        let signed = people
            .iter()
            .find(|(id, _)| *id == command.id)
            .map_or(0, |(_, count)| *count);
        (command, states, signed)
    }))
}

/// A page of a command's targets with their receipts.
///
/// # Errors
/// There is no such command in the scope, or the cursor is not one of this list.
pub async fn targets_of(
    app: &Arc<App>,
    allowed: &Allowed<ReadCommands>,
    id: &str,
    states: Vec<String>,
    page: PageRequest,
) -> Answer<(Page<Target>, Vec<Receipt>)> {
    let (scope, id) = (allowed.scope().clone(), id.to_owned());
    let found = app.store.read(move |c| {
        if commands::find(c, &scope, &id)?.is_none() {
            return Ok(None);
        }
        let targets = targets::page(c, &scope, &id, &states, page.cursor.as_deref(), page.limit)?;
        let devices: Vec<String> = targets
            .items
            .iter()
            .map(|target| target.device_id.clone())
            .collect();
        let receipts =
            receipts::list_by_command(c, &scope, &id, &devices, page.limit.saturating_mul(4))?;
        Ok(Some((targets, receipts)))
    });
    found.await?.ok_or_else(|| Problem::not_found("command"))
}

/// What an approver's program fetches: all it needs to check everything by itself.
#[derive(Debug, Clone)]
pub struct ForApproval {
    /// The command's row.
    pub command: Command,
    /// The fleet's descriptor.
    pub descriptor: String,
    /// Every keyring from version 1 on.
    pub keyrings: Vec<String>,
    /// Every leaf of the target tree.
    pub leaves: Vec<TargetLeaf>,
    /// The signatures that stand.
    pub approvals: Vec<Approval>,
}

/// Everything that an approver's program checks for itself before it asks its owner to sign.
///
/// # Errors
/// There is no such command in the scope.
pub async fn for_approval(
    app: &Arc<App>,
    allowed: &Allowed<ReadCommands>,
    id: &str,
) -> Answer<ForApproval> {
    let (scope, id) = (allowed.scope().clone(), id.to_owned());
    let found = app.store.read(move |c| {
        let Some(command) = commands::find(c, &scope, &id)? else {
            return Ok(None);
        };
        let descriptor = fleets::find(c, &command.fleet_id)?
            .and_then(|fleet| fleet.descriptor)
            .unwrap_or_default();
        let chain = keyrings::range(c, &command.fleet_id, 1, 1024)?;
        Ok(Some(ForApproval {
            leaves: targets::leaves(c, &command.id)?,
            approvals: seal::signatures(c, &command.id)?,
            keyrings: chain.into_iter().map(|keyring| keyring.envelope).collect(),
            descriptor,
            command,
        }))
    });
    found.await?.ok_or_else(|| Problem::not_found("command"))
}
