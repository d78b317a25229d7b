//! How an organisation sells: its details on invoices, its numbers, its buyers and their terms.

pub mod api;
pub mod buyers;
mod of;
mod page;
pub mod party;
pub mod set_up;

pub use of::{may_sell, of};

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this room.
#[must_use]
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    let read = Access::Needs(Permission::ReadBooks);
    let change = Access::Needs(Permission::SetPrices);
    vec![
        route!(GET "/selling", read, page::show),
        route!(POST "/selling", change, page::put),
        route!(GET "/api/v1/selling", read, api::find),
        route!(PUT "/api/v1/selling", change, api::put),
        route!(GET "/buyers", read, buyers::page::list),
        route!(GET "/buyers/new", change, buyers::page::blank),
        route!(POST "/buyers/new", change, buyers::page::add),
        route!(GET "/buyers/{id}", read, buyers::page::show),
        route!(GET "/buyers/{id}/terms", change, buyers::page::terms),
        route!(POST "/buyers/{id}/terms", change, buyers::page::change),
        route!(GET "/api/v1/buyers", read, buyers::api::list),
        route!(POST "/api/v1/buyers", change, buyers::api::add),
        route!(GET "/api/v1/buyers/{id}", read, buyers::api::find),
        route!(PUT "/api/v1/buyers/{id}", change, buyers::api::change),
    ]
}

/// What it does by itself: nothing.
#[must_use]
pub fn jobs() -> Vec<Job> {
    Vec::new()
}
