//! What happens by itself: ceremonies whose time is over are forgotten.

use std::sync::Arc;

use muster_store::approval_ceremonies;

use crate::app::App;
use crate::features::operations::schedule::{Done, Job};

/// Hourly.
pub const FORGET: Job = Job {
    name: "approving.forget",
    when: "0 27 * * * *",
    bell: None,
    work: |app| Box::pin(forget(app)),
};

async fn forget(app: Arc<App>) -> Done {
    let now = app.now_micros();
    let forgotten = app
        .store
        .write(move |tx| approval_ceremonies::delete_expired(tx, now))
        .await;
    forgotten
        .map(|count| tracing::debug!(count, "forgot ceremonies that are over"))
        .map_err(|error| error.to_string())
}
