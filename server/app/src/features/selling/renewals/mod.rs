//! Renewals: the sweep over what is due and not yet billed.
//!
//! The clock only rings. What is billed is what the index says is due, each period once, in order, however long nobody looked.
//! `step` says what becomes of one subscription at its boundary, `rows` what it costs, `batch` writes some hundreds of them in one
//! transaction, `sweep` repeats that until nothing is due and sets aside what cannot be billed, `watch` tells people when the
//! sweep falls behind, `parked` is what people see of it.

pub mod api;
pub mod batch;
pub mod page;
pub mod parked;
pub mod rows;
pub mod step;
pub mod sweep;
pub mod watch;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this room.
#[must_use]
pub fn routes() -> Vec<Route> {
    let (read, change) = (
        Access::Needs(Permission::ReadBooks),
        Access::Needs(Permission::SetPrices),
    );
    vec![
        route!(GET "/subscriptions/parked", read, page::list),
        route!(POST "/subscriptions/parked", change, page::unpark_all),
        route!(POST "/subscriptions/{id}/unpark", change, page::unpark),
        route!(GET "/api/v1/renewals/state", read, api::state),
        route!(GET "/api/v1/subscriptions/parked", read, api::list),
        route!(POST "/api/v1/subscriptions/parked/unpark", change, api::unpark_all),
        route!(POST "/api/v1/subscriptions/{id}/unpark", change, api::unpark),
    ]
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: sweep::JOB,
            when: "20 * * * * *",
            bell: Some(|due| &due.renewals),
            work: |app| Box::pin(sweep::bill_all(app)),
        },
        Job {
            name: watch::JOB,
            when: "40 */5 * * * *",
            bell: None,
            work: |app| Box::pin(watch::look(app)),
        },
    ]
}
