//! Subscriptions and what can be done to them: start, pause, resume, change, cancel, move to another phone.
//!
//! Each act is a file of its own. [`acts`] finds the subscription, lets the act judge and reckon, and keeps what it came to, all in
//! one transaction; or undoes it again, when it was only tried. What is billed when a period begins is the renewal job's.

pub mod acts;
pub mod api;
pub mod bulk;
mod cancel;
mod change_plan;
mod credit;
pub mod list;
mod move_to;
pub mod next;
pub mod order;
mod page;
mod pause;
mod resume;
mod scene;
mod settlement;
pub mod show;
pub mod start;
mod stop;
mod trials;
mod undo_cancel;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this room.
#[must_use]
pub fn routes() -> Vec<Route> {
    let (read, sell) = (
        Access::Needs(Permission::ReadBooks),
        Access::Needs(Permission::Sell),
    );
    vec![
        route!(GET "/subscriptions", read, page::list::show),
        route!(GET "/subscriptions/new", sell, page::new::form),
        route!(POST "/subscriptions/new", sell, page::new::go),
        route!(GET "/subscriptions/bulk", sell, page::bulk::form),
        route!(POST "/subscriptions/bulk", sell, page::bulk::go),
        route!(GET "/subscriptions/{id}", read, page::show::show),
        route!(GET "/subscriptions/{id}/act", sell, page::act::form),
        route!(POST "/subscriptions/{id}/act", sell, page::act::go),
        route!(GET "/api/v1/subscriptions", read, api::list),
        route!(POST "/api/v1/subscriptions", sell, api::create),
        route!(POST "/api/v1/subscriptions/bulk", sell, api::bulk_act),
        route!(GET "/api/v1/subscriptions/{id}", read, api::find),
        route!(POST "/api/v1/subscriptions/{id}/pause", sell, api::pause),
        route!(POST "/api/v1/subscriptions/{id}/resume", sell, api::resume),
        route!(POST "/api/v1/subscriptions/{id}/cancel", sell, api::cancel),
        route!(POST "/api/v1/subscriptions/{id}/undo-cancel", sell, api::undo_cancel),
        route!(POST "/api/v1/subscriptions/{id}/change-plan", sell, api::change_plan),
        route!(POST "/api/v1/subscriptions/{id}/move", sell, api::move_to),
    ]
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![trials::BEGIN]
}
