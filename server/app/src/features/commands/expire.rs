//! What happens to commands by the clock: one that no phone accepted in its time is over, so that none blocks another (RULES
//! F3, F5); one whose cool-off ended wakes its phones.

use std::sync::Arc;

use muster_store::{Conn, StoreResult, commands, targets};
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

/// How far back the end of a cool-off is looked for: phones are woken at two ticks or three, and once is enough.
const LOOK_BACK: i64 = 60 * 1_000_000;

/// Wakes the phones of commands that nobody stopped while they were kept back.
///
/// # Errors
/// The database does not answer.
pub async fn wake_cooled(app: Arc<App>) -> Done {
    let now = app.now_micros();
    let leaves = app.store.read(move |c| {
        let mut leaves = Vec::new();
        for id in commands::cooled_for_job(c, now - LOOK_BACK, now)? {
            leaves.extend(targets::leaves(c, &id)?);
        }
        Ok(leaves)
    });
    for leaf in leaves.await.map_err(|error| error.to_string())? {
        app.wakeups.wake(&leaf.device_id);
    }
    Ok(())
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
