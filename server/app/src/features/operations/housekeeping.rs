//! Forgets what has served: old windows of rate limits and answers kept for repeated requests. Nothing of the record.

use std::sync::Arc;

use muster_store::{idempotency, rate_limits};

use super::schedule::Done;
use crate::app::App;

/// A day, microseconds.
const DAY: i64 = 86_400 * 1_000_000;

/// Forgets all that is older than a day.
///
/// # Errors
/// The database does not answer.
pub async fn purge(app: Arc<App>) -> Done {
    let before = app.now_micros() - DAY;
    let purged = app.store.write(move |tx| {
        Ok((
            idempotency::purge(tx, before)?,
            rate_limits::purge(tx, before)?,
        ))
    });
    let (answers, windows) = purged.await.map_err(|error| error.to_string())?;
    tracing::debug!(answers, windows, "forgot what has served");
    Ok(())
}
