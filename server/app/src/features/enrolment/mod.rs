//! How a phone joins, stays and is put out: enrolment codes, EST (RFC 7030 with 8951 and 9908), the enrolment statement,
//! renewal, revocation, and the published list of revoked certificates.
//!
//! What a certificate says is the profiles' matter (`muster-pki`). Nothing here makes a phone obey: a certificate says who is
//! on the line and no more (PROTOCOL §13).

pub mod api;
pub mod crl;
pub mod enrol;
pub mod est;
pub mod fleet_document;
pub mod issue_code;
pub mod jobs;
mod login;
pub mod page;
pub mod renew;
pub mod revoke;
pub mod statement;

use muster_domain::permission::Permission;
use muster_pki::request::LONGEST_BODY;
use muster_protocol::envelope::ENVELOPE_MAX;

use crate::features::operations::schedule::Job;
use crate::web::route::{Access, DeviceRoute, Peer, Route};
use crate::{device_route, route};

/// The most a request without a body of its own may carry, bytes.
const NOTHING: usize = 1024;

/// Routes of this feature on the portal's listener.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(POST "/devices/{id}/enrolment-code", Access::Needs(Permission::IssueCodes), page::issue_code),
        route!(GET "/devices/{id}/code/waiting", Access::Needs(Permission::ReadFleet), page::waiting),
        route!(POST "/devices/{id}/revoke", Access::Needs(Permission::RevokeDevices), page::revoke),
        route!(POST "/api/v1/devices/{id}/enrolment-code", Access::Needs(Permission::IssueCodes), api::issue_code),
        route!(POST "/api/v1/devices/{id}/revoke", Access::Needs(Permission::RevokeDevices), api::revoke),
        route!(GET "/v1/crl", Access::Public, crl::portal),
    ]
}

/// Routes of this feature on the device listener.
#[must_use]
pub fn device_routes() -> Vec<DeviceRoute> {
    vec![
        device_route!(GET "/v1/fleets/{fingerprint}", Peer::Anybody, NOTHING, fleet_document::by_fingerprint),
        device_route!(GET "/v1/fleet", Peer::Anybody, NOTHING, fleet_document::by_code),
        device_route!(GET "/.well-known/est/cacerts", Peer::Anybody, NOTHING, est::cacerts),
        device_route!(GET "/.well-known/est/csrattrs", Peer::Anybody, NOTHING, est::csrattrs),
        device_route!(POST "/.well-known/est/simpleenroll", Peer::Anybody, LONGEST_BODY, est::simpleenroll),
        device_route!(POST "/.well-known/est/simplereenroll", Peer::MayBeExpired, LONGEST_BODY, est::simplereenroll),
        device_route!(POST "/v1/enrolment", Peer::Current, ENVELOPE_MAX, statement::take),
        device_route!(GET "/v1/crl", Peer::Anybody, NOTHING, crl::device),
    ]
}

/// Jobs of this feature.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: "crl",
            when: "0 0 * * * *",
            bell: Some(|due| &due.crl),
            work: |app| Box::pin(crl::publish(app)),
        },
        Job {
            name: "certificate-intents",
            when: "0 20 * * * *",
            bell: None,
            work: |app| Box::pin(jobs::abandon_intents(app)),
        },
        Job {
            name: "server-certificate",
            when: "0 40 * * * *",
            bell: None,
            work: |app| Box::pin(jobs::renew_server_certificate(app)),
        },
    ]
}
