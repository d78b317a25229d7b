//! Go on with another phone, or with a first one: the term stays as it is, and what follows for the phones is the collection job's.

use muster_domain::selling::life::Act;
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::{Conn, devices};
use serde_json::json;

use super::acts::Acted;
use super::scene::{Between, Scene};
use super::stop::{Step, refuse};
use crate::web::problem::Problem;

/// The phone has a running subscription of this side.
pub fn taken() -> Problem {
    Problem::conflict(
        "device-subscribed",
        "This phone has a running subscription of this seller already. Cancel that one first, or choose another phone.",
    )
}

/// Moves it.
pub fn act(tx: &mut Conn, scene: &Scene, device: &str) -> Step<Acted> {
    scene.standing()?.after(Act::Transfer)?;
    let row = &scene.subscription;
    if row.device_id.as_deref() == Some(device) {
        return refuse(
            "device-same",
            "This subscription is on that phone already. Choose another.",
        );
    }
    let serial = free(tx, &scene.between, device)?;
    let from = scene
        .device
        .as_ref()
        .map_or("", |(_, serial)| serial.as_str());
    Ok(Acted {
        subscription: Subscription {
            device_id: Some(device.to_owned()),
            // The new phone was told nothing as yet for this subscription's sake.
            ordered: "nothing".to_owned(),
            ordered_until: None,
            ..row.clone()
        },
        documents: Vec::new(),
        event: (
            "subscription.moved",
            json!({ "plan": scene.plan.name, "from": from, "to": serial }),
        ),
        ends: false,
    })
}

/// A phone that the buyer can be sold a subscription for: in its part of the tree, in the fleet still, and without a running one of
/// this side. Answers its serial number.
pub fn free(tx: &mut Conn, between: &Between, device: &str) -> Step<String> {
    let Some(found) = devices::find(tx, &between.beneath_buyer(), device)? else {
        return Err(Problem::not_found("device of this buyer").into());
    };
    if !matches!(found.lifecycle.as_str(), "registered" | "enrolled") {
        let message = format!(
            "The phone {} has left its fleet. Choose another.",
            found.serial_number
        );
        return refuse("device-left", message);
    }
    let running = subscriptions::live_of_device_for_job(tx, device)?;
    if running
        .iter()
        .any(|other| other.seller_id == between.seller.organisation_id)
    {
        return Err(taken().into());
    }
    Ok(found.serial_number)
}
