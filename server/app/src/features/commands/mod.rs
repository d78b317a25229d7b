//! Signed commands: drafted by people, approved by approvers' keys, carried to phones, and answered by signed receipts
//! (PROTOCOL §6–§8, §12, §15). The server carries the mail; what a phone does with it is the phone's own decision.

pub mod api;
pub mod approve;
pub mod arguments;
pub mod cancel;
pub mod counters;
pub mod deliver;
pub mod device;
pub mod draft;
pub mod expire;
pub mod holds;
pub mod page;
pub mod phones;
pub mod receive;
pub mod rejudge;
pub mod seal;
pub mod shapes;
pub mod show;
pub mod signed_cancel;
pub mod trees;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::web::route::{Access, DeviceRoute, Peer, Route};
use crate::{device_route, route};

/// Routes of this feature on the portal's listener.
#[must_use]
pub fn routes() -> Vec<Route> {
    let (read, send) = (
        Access::Needs(Permission::ReadCommands),
        Access::Needs(Permission::DraftCommands),
    );
    vec![
        route!(GET "/commands", read, page::list),
        route!(GET "/commands/new", send, page::new_form),
        route!(POST "/commands/new", send, page::create),
        route!(GET "/commands/{id}", read, page::show),
        route!(GET "/commands/{id}/progress", read, page::progress),
        route!(POST "/commands/{id}/cancel", send, page::cancel),
        route!(POST "/commands/{id}/signed-cancel", send, page::signed_cancel),
        route!(GET "/approvals", read, page::approvals),
        route!(GET "/api/v1/commands", read, api::list),
        route!(POST "/api/v1/commands", send, api::create),
        route!(GET "/api/v1/commands/{id}", read, api::show),
        route!(GET "/api/v1/commands/{id}/targets", read, api::targets),
        route!(GET "/api/v1/commands/{id}/envelope", read, api::envelope),
        route!(POST "/api/v1/commands/{id}/approvals", Access::Needs(Permission::DeliverApprovals), api::approve),
        route!(POST "/api/v1/commands/{id}/cancel", send, api::cancel),
    ]
}

/// Routes of this feature on the device listener.
#[must_use]
pub fn device_routes() -> Vec<DeviceRoute> {
    vec![device_route!(POST "/v1/receipts", Peer::MayBeExpired, 3 * 1024 * 1024, device::receipts)]
}

/// Jobs of this feature.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: "command-expiry",
            when: "*/20 * * * * *",
            bell: None,
            work: |app| Box::pin(expire::expire_due(app)),
        },
        Job {
            name: "command-cool-off",
            when: "10/20 * * * * *",
            bell: None,
            work: |app| Box::pin(expire::wake_cooled(app)),
        },
    ]
}
