//! What a cancel at the portal cannot reach: phones and witnesses that may have the command already. Only a signed `cancel` tells
//! them (PROTOCOL §6, §14), and this offers it ready to be drafted.

use std::sync::Arc;

use muster_domain::command::State;
use muster_domain::permission::Permission;
use muster_protocol::command::Kind;
use muster_store::commands::{self, Command};
use muster_store::{Conn, StoreResult, targets};

use super::arguments::Arguments;
use super::draft::{self, Draft};
use super::phones::Phones;
use crate::app::App;
use crate::web::actor::{Allowed, DraftCommands};
use crate::web::problem::{Answer, Problem};

/// Phones that a cancelled command may still reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// Those that were handed it, or were given a clearance for it.
    pub devices: Vec<String>,
    /// The signed cancel of it that was drafted already, newest.
    pub drafted: Option<String>,
}

/// Whether a signed cancel is needed, and for which phones; `None` when the command was not cancelled, has run out at `now`
/// (microseconds), or left this server for nobody.
///
/// # Errors
/// The database did not answer.
pub fn unheard(c: &mut Conn, command: &Command, now: i64) -> StoreResult<Option<Unheard>> {
    if command.cancelled_at.is_none() || command.expires_at <= now {
        return Ok(None);
    }
    let devices = targets::may_have_cancelled(c, &command.id)?;
    if devices.is_empty() {
        return Ok(None);
    }
    let drafted = commands::newest_cancel_of(c, &command.fleet_id, &command.digest)?;
    Ok(Some(Unheard { devices, drafted }))
}

/// Drafts the signed cancel of a command that was cancelled here; answers its id.
///
/// # Errors
/// The role may not draft a cancel, there is no such command in the scope, it was not cancelled, or nobody needs to be told; otherwise as [`draft::draft`].
pub async fn draft(app: &Arc<App>, allowed: &Allowed<DraftCommands>, id: &str) -> Answer<String> {
    allowed.actor.must(Permission::to_draft(Kind::Cancel))?;
    let (scope, wanted, now) = (allowed.scope().clone(), id.to_owned(), app.now_micros());
    let found = app.store.read(move |c| {
        let Some(command) = commands::find(c, &scope, &wanted)? else {
            return Ok(None);
        };
        let unheard = unheard(c, &command, now)?;
        Ok(Some((command, unheard)))
    });
    let (command, unheard) = found.await?.ok_or_else(|| Problem::not_found("command"))?;
    let Some(unheard) = unheard else {
        let detail = if command.state == State::Cancelled.as_str() {
            "No phone was handed this command, so there is nobody to tell."
        } else {
            "Cancel the command first."
        };
        return Err(Problem::conflict("nothing-to-cancel", detail));
    };
    let wanted = Draft {
        kind: Kind::Cancel,
        phones: Phones::Named(unheard.devices),
        reason: command.reason,
        arguments: Arguments {
            commands: Some(vec![command.id]),
            ..Arguments::default()
        },
        expires_in: None,
    };
    draft::draft(app, allowed, wanted).await
}
