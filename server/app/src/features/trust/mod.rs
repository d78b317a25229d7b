//! What phones trust, as the server carries it: fleets, keyrings, and the log. The server makes two keys for a fleet (online
//! and log), stores what offline machines signed, and numbers the log. It can forge none of it; see PROTOCOL §2.

pub mod adopt;
pub mod api;
pub mod former_ca;
pub mod keys;
pub mod policies;
pub mod prepare;
pub mod proofs;
pub mod renew_keys;
pub mod sequencer;
pub mod warn;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, DeviceRoute, Route};

/// Routes of this feature on the portal's listener.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/api/v1/organisations/{id}/fleet", Access::Needs(Permission::ReadFleet), api::show),
        route!(POST "/api/v1/organisations/{id}/fleet", Access::Needs(Permission::ManageTrust), api::prepare),
        route!(POST "/api/v1/organisations/{id}/fleet/adopt", Access::Needs(Permission::ManageTrust), api::adopt),
        route!(POST "/api/v1/organisations/{id}/fleet/keyrings", Access::Needs(Permission::ManageTrust), api::publish),
        route!(POST "/api/v1/organisations/{id}/fleet/keys", Access::Needs(Permission::ManageTrust), api::renew_keys),
        route!(POST "/api/v1/organisations/{id}/fleet/policies", Access::Needs(Permission::ManageTrust), api::publish_policy),
    ]
}

/// Phones fetch keyrings in their bundles and fleet documents when they enrol: no route of its own.
#[must_use]
pub fn device_routes() -> Vec<DeviceRoute> {
    Vec::new()
}

/// Jobs of this feature.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: "log-sequencer",
            when: "*/5 * * * * *",
            bell: Some(|due| &due.sequencer),
            work: |app| Box::pin(sequencer::number_all(app)),
        },
        Job {
            name: "keyring-warnings",
            when: "0 7 * * * *",
            bell: None,
            work: |app| Box::pin(warn::warn_all(app)),
        },
    ]
}
