//! Take back a cancellation at the end of the period: it goes on as if nobody had asked.

use muster_domain::selling::life::{Act, Life};
use muster_store::selling::subscriptions::Subscription;
use serde_json::json;

use super::acts::Acted;
use super::scene::Scene;
use super::stop::Step;

/// Takes it back.
pub fn act(scene: &Scene) -> Step<Acted> {
    let standing = scene.standing()?.after(Act::UndoCancel)?;
    scene.settled()?;
    let row = &scene.subscription;
    // A paused one waits for nothing once it is not to end.
    let next_start_at = row.next_start_at.filter(|_| standing.life != Life::Paused);
    Ok(Acted {
        subscription: Subscription {
            cancel_at_end: 0,
            next_start_at,
            ..row.clone()
        },
        documents: Vec::new(),
        event: ("subscription.kept", json!({ "plan": scene.plan.name })),
        ends: false,
    })
}
