//! The phones of an organisation: registering them, finding them, what they report, and how they are woken.
//!
//! What a phone reports is hostile input and is cleaned in [`check_in`] before anything else sees it; how a phone joins is in
//! [`crate::features::enrolment`].

pub mod api;
pub mod check_in;
pub mod list;
pub mod marks;
pub mod page;
pub mod register;
pub mod shape;
pub mod show;
pub mod wake;

use muster_domain::permission::Permission;

use crate::web::route::{Access, DeviceRoute, Peer, Route};
use crate::{device_route, route};

/// The most a check-in may carry, bytes (docs/DEVICE-API.md).
const CHECK_IN: usize = 32 * 1024;

/// Routes of this feature on the portal's listener.
#[must_use]
pub fn routes() -> Vec<Route> {
    let (read, manage) = (
        Access::Needs(Permission::ReadFleet),
        Access::Needs(Permission::ManageDevices),
    );
    vec![
        route!(GET "/", read, page::overview::show),
        route!(GET "/search", read, page::search::show),
        route!(GET "/devices", read, page::devices::show),
        route!(GET "/devices/new", manage, page::add::form),
        route!(POST "/devices/new", manage, page::add::add),
        route!(GET "/devices/{id}", read, page::device::show),
        route!(GET "/api/v1/devices", read, api::list),
        route!(POST "/api/v1/devices", manage, api::register),
        route!(GET "/api/v1/devices/{id}", read, api::show),
    ]
}

/// Routes of this feature on the device listener.
#[must_use]
pub fn device_routes() -> Vec<DeviceRoute> {
    vec![
        device_route!(POST "/v1/check-in", Peer::MayBeExpired, CHECK_IN, check_in::check_in),
        device_route!(GET "/v1/wake", Peer::Current, 1024, wake::wake),
    ]
}
