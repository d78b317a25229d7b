//! Selling: plans, buyers, subscriptions, their renewals, and what follows when nobody pays.

pub mod books;
pub mod catalogue;
pub mod charge;
pub mod collection;
pub mod forecast;
pub mod renewals;
pub mod sellers;
pub mod subscriptions;

use crate::features::operations::schedule::Job;
use crate::web::route::Route;

/// The routes of this feature.
#[must_use]
pub fn routes() -> Vec<Route> {
    [
        catalogue::routes(),
        sellers::routes(),
        // Before the subscriptions' own: `parked` is no id.
        renewals::routes(),
        subscriptions::routes(),
        collection::routes(),
        forecast::routes(),
    ]
    .concat()
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    [
        catalogue::jobs(),
        sellers::jobs(),
        subscriptions::jobs(),
        renewals::jobs(),
        collection::jobs(),
        forecast::jobs(),
    ]
    .concat()
}
