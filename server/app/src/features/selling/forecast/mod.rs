//! What is to come: renewals, revenue, churn, what is owed by age. Reckoned every hour by a job, from every subscription and
//! everything owed; a request only shows it, and says of when it is.

pub mod api;
pub mod figures;
mod job;
mod page;
mod reckon;
mod show;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this room.
#[must_use]
pub fn routes() -> Vec<Route> {
    let readers = Access::Needs(Permission::ReadBooks);
    vec![
        route!(GET "/forecast", readers, page::page),
        route!(GET "/forecast.csv", readers, api::csv),
        route!(GET "/api/v1/forecast", readers, api::find),
        route!(GET "/api/v1/forecast.csv", readers, api::api_csv),
    ]
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![Job {
        name: "forecast",
        when: "0 23 * * * *",
        bell: None,
        work: |app| Box::pin(job::reckon_all(app)),
    }]
}
