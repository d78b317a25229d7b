//! Payments: money that comes in, goes back, is credited or given up; and the nightly audit of the books.

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
