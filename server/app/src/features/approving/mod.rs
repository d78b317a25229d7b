//! Passkeys that approve commands: how a member registers one, how it signs, and what the keyrings let it sign.
//!
//! Both happen on the approvals host, a second host of the same listener on which no session lives (see
//! [`crate::config::ApprovalsHost`]). The portal, where somebody is signed in, hands over with a capability in the address: one
//! member, one purpose, three minutes, used once. What the server draws there it could draw falsely, so a keyring calls such a
//! passkey `portal`, and no phone takes it for more (PROTOCOL §2, §5).

pub mod ceremony;
mod forget;
pub mod mine;
mod page;
pub use page::portal::section;
pub mod register;
pub mod sign;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The most passkeys for approving that a member keeps.
pub const MOST: usize = 10;

/// Routes of this feature on the portal.
#[must_use]
pub fn routes() -> Vec<Route> {
    use page::portal;
    let approve = Access::Needs(Permission::DeliverApprovals);
    vec![
        route!(GET "/account/approving", approve, portal::new_form),
        route!(POST "/account/approving", approve, portal::hand_over_registration),
        route!(GET "/account/approving/{id}/registration", approve, portal::registration),
        route!(POST "/account/approving/{id}/remove", approve, portal::remove),
        route!(POST "/commands/{id}/passkey", approve, portal::hand_over_approval),
    ]
}

/// Routes of the approvals host. The token in the address stands for the member.
#[must_use]
pub fn approvals_routes() -> Vec<Route> {
    use page::host;
    vec![
        route!(GET "/register/{token}", Access::Public, host::register_form),
        route!(POST "/register/{token}", Access::Public, host::register),
        route!(GET "/register/{token}/trial", Access::Public, host::trial_form),
        route!(POST "/register/{token}/trial", Access::Public, host::trial),
        route!(GET "/approve/{token}", Access::Public, host::approve_form),
        route!(POST "/approve/{token}", Access::Public, host::approve),
    ]
}

/// Jobs of this feature.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![forget::FORGET]
}
