//! What follows when nobody pays, and when somebody does: letters, suspension, resumption, the end.
//!
//! Everything is recomputed from what is owed, dates and each plan's schedule; remembered is only which stage a subscription
//! reached, which letters there were, and what its phone was told. So the job may run at any time, twice, and after weeks in
//! which it did not. Lapsed never means wiped.

mod notices;
mod orders;
mod reminders;
mod rows;
mod service;
mod stages;

use std::sync::Arc;

use crate::app::App;
use crate::features::operations::schedule::{Done, Job};
use crate::web::route::Route;

/// The routes of this room: none. What it does shows on subscriptions, phones and the record.
#[must_use]
pub fn routes() -> Vec<Route> {
    Vec::new()
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![Job {
        name: NAME,
        when: "0 7 * * * *",
        bell: Some(|due| &due.collection),
        work: |app| Box::pin(run(app)),
    }]
}

/// The job's name, on the record and in commands that it drafts.
const NAME: &str = "collection";

/// Rows that are read, and decided on, at once.
const BATCH: i64 = 200;

/// Stages first and phones next, so that whoever paid is released before letters are thought of. What fails in one part keeps
/// no other from its work.
async fn run(app: Arc<App>) -> Done {
    let parts = [
        stages::bring_up(&app).await,
        service::order_all(&app).await,
        reminders::after_due(&app).await,
        notices::before_renewal(&app).await,
    ];
    parts.into_iter().find(Result::is_err).unwrap_or(Ok(()))
}
