//! What happens by itself: sessions that are over are forgotten.

use std::sync::Arc;

use muster_store::sessions;

use crate::app::App;
use crate::features::operations::schedule::{Done, Job};

/// How long a session that ran out is kept, microseconds: a week, for whoever looks into something.
const KEPT: i64 = 7 * 24 * 3600 * 1_000_000;

/// Hourly.
pub const FORGET: Job = Job {
    name: "people.forget",
    when: "0 17 * * * *",
    bell: None,
    work: |app| Box::pin(forget(app)),
};

async fn forget(app: Arc<App>) -> Done {
    let before = app.now_micros() - KEPT;
    let forgotten = app
        .store
        .write(move |tx| sessions::delete_expired(tx, before))
        .await;
    forgotten
        .map(|count| tracing::debug!(count, "forgot sessions that are over"))
        .map_err(|error| error.to_string())
}
