//! Cancelling: what no phone accepted yet is taken back. The record keeps it; nothing is deleted (RULES F2).

use std::sync::Arc;

use muster_domain::command::{State, of_targets};
use muster_domain::permission::Permission;
use muster_store::{Conn, StoreResult, commands, targets};
use serde_json::json;

use super::seal;
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, DraftCommands};
use crate::web::problem::{Answer, Problem};

/// Takes a command back; answers for how many phones it came in time.
///
/// # Errors
/// There is no such command in the scope, or every phone has accepted it or ended with it.
pub async fn cancel(app: &Arc<App>, allowed: &Allowed<DraftCommands>, id: &str) -> Answer<usize> {
    let (scope, by, name) = (
        allowed.scope().clone(),
        By::actor(&allowed.actor),
        allowed.actor.name.clone(),
    );
    let (app2, wanted, actor) = (app.clone(), id.to_owned(), allowed.actor.clone());
    let cancelled = app.store.write_or_refuse(move |tx| {
        let Some(row) = commands::find(tx, &scope, &wanted)? else {
            return Ok(Err(Problem::not_found("command")));
        };
        // A kind that this version does not know is nobody's to take back.
        let right = row
            .kind
            .parse()
            .map_or(Permission::SendCommands, Permission::to_draft);
        if let Err(problem) = actor.must(right) {
            return Ok(Err(problem));
        }
        let Some(count) = commands::cancel(tx, &scope, &wanted, &name, app2.now_micros())? else {
            let detail = format!(
                "This command can no longer be taken back: it is {}.",
                row.state
            );
            return Ok(Err(Problem::conflict("ended", detail)));
        };
        if count == 0 {
            let detail = "Every phone has accepted this command already; it cannot be taken back.";
            return Ok(Err(Problem::conflict("accepted", detail)));
        }
        follow_targets(tx, &row)?;
        let entry = Entry {
            kind: "command.cancelled",
            weight: Weight::Ordinary,
            place: seal::place(&row),
            device: None,
            command: Some(row.id.clone()),
            facts: json!({ "kind": row.kind, "count": count, "reason": row.reason }),
        };
        write::write(tx, &app2, &by, &entry)?;
        Ok(Ok(count))
    });
    cancelled.await?
}

/// Sets the state of a command that follows from its targets'.
///
/// # Errors
/// The database refused.
pub fn follow_targets(tx: &mut Conn, row: &commands::Command) -> StoreResult<State> {
    let counts: Vec<(State, i64)> = targets::counts_of(tx, &row.id)?
        .into_iter()
        .filter_map(|(state, count)| Some((State::parse(&state)?, count)))
        .collect();
    let held = State::parse(&row.state).unwrap_or(State::Draft);
    let Some(next) = of_targets(&counts) else {
        return Ok(held);
    };
    if next != held {
        commands::set_state(tx, &row.id, &[held.as_str()], next.as_str())?;
    }
    Ok(next)
}
