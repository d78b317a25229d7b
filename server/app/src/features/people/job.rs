//! What happens by itself: sessions and passkey ceremonies that are over are forgotten.

use std::sync::Arc;

use muster_store::{sessions, webauthn_ceremonies};

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
    let now = app.now_micros();
    let forgotten = app
        .store
        .write(move |tx| {
            // Ceremonies first: they name sessions.
            let ceremonies = webauthn_ceremonies::delete_expired(tx, now)?;
            Ok((ceremonies, sessions::delete_expired(tx, now - KEPT)?))
        })
        .await;
    forgotten
        .map(|(ceremonies, sessions)| tracing::debug!(ceremonies, sessions, "forgot what is over"))
        .map_err(|error| error.to_string())
}
