//! Subscriptions and what can be done to them: start, pause, resume, change, cancel, move to another phone.

use crate::features::operations::schedule::Job;
use crate::web::route::Route;

/// The routes of this room.
#[must_use]
pub fn routes() -> Vec<Route> {
    Vec::new()
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    Vec::new()
}
