//! Expiry: a command that no phone accepted in its time is over. Every command has an end, so none blocks another (RULES F3, F5).

use std::sync::Arc;

use muster_store::{Conn, StoreResult, commands};
use serde_json::json;

use super::{cancel, seal};
use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::features::record::write::{self, By, Entry, Weight};

/// Commands closed in one transaction.
const BATCH: i64 = 50;

/// Closes every command whose time has passed.
///
/// # Errors
/// The database does not answer.
pub async fn expire_due(app: Arc<App>) -> Done {
    loop {
        let app2 = app.clone();
        let closed = app
            .store
            .write(move |tx| expire_batch(tx, &app2))
            .await
            .map_err(|error| error.to_string())?;
        if closed < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

fn expire_batch(tx: &mut Conn, app: &App) -> StoreResult<usize> {
    let lapsed = commands::expire_due_for_job(tx, app.now_micros(), BATCH)?;
    for lapse in &lapsed {
        if lapse.targets.is_empty() {
            continue;
        }
        cancel::follow_targets(tx, &lapse.command)?;
        let entry = Entry {
            kind: "command.expired",
            weight: Weight::Trouble,
            place: seal::place(&lapse.command),
            device: None,
            command: Some(lapse.command.id.clone()),
            facts: json!({ "kind": lapse.command.kind, "count": lapse.targets.len(), "reason": lapse.command.reason }),
        };
        write::write(tx, app, &By::job("command-expiry"), &entry)?;
    }
    Ok(lapsed.len())
}
