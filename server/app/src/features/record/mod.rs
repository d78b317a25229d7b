//! The record: what happened, to whom, by whom. [`write`] appends inside the act's own transaction; [`sentence`] tells an
//! entry in the reader's language; [`list`] pages through what a reader may see. Nothing here changes or deletes.

pub mod api;
pub mod list;
mod page;
pub mod sentence;
pub mod write;

use muster_domain::permission::Permission;

use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this feature.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/events", Access::Needs(Permission::ReadRecord), page::list),
        route!(GET "/api/v1/events", Access::Needs(Permission::ReadRecord), api::list),
    ]
}
