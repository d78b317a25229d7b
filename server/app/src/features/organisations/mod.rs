//! Organisations: the operator, its resellers, their customers. A tree of three floors; what may stand beneath what is
//! decided in [`add`].

pub mod add;
pub mod api;
pub mod list;
mod page;

use muster_domain::permission::Permission;

use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this feature.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/organisations", Access::Needs(Permission::ReadOrganisations), page::list),
        route!(POST "/organisations", Access::Needs(Permission::ManageOrganisations), page::add),
        route!(GET "/api/v1/organisations", Access::Needs(Permission::ReadOrganisations), api::list),
        route!(POST "/api/v1/organisations", Access::Needs(Permission::ManageOrganisations), api::add),
        route!(GET "/api/v1/organisations/{id}", Access::Needs(Permission::ReadOrganisations), api::find),
    ]
}
