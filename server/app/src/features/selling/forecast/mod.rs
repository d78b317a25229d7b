//! What is to come: renewals, revenue, churn, what is owed by age.

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
