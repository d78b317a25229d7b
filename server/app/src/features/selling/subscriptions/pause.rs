//! Pause: nothing more is billed until somebody resumes it. What was paid for stays, served or given back, as the plan says.

use muster_domain::selling::life::Act;
use muster_domain::selling::resume::PausedTime;
use muster_store::Conn;
use muster_store::selling::subscriptions::Subscription;
use muster_store::selling::waits;
use serde_json::json;

use super::acts::Acted;
use super::scene::Scene;
use super::stop::Step;

/// Pauses it.
pub fn act(tx: &mut Conn, scene: &Scene) -> Step<Acted> {
    let standing = scene.standing()?.after(Act::Pause)?;
    scene.settled()?;
    let row = &scene.subscription;
    waits::insert_pause(tx, &row.id, scene.now.as_microsecond())?;
    let served = match (scene.paused_time()?, scene.served()?) {
        (PausedTime::Lapses, Some(served)) => served.end_date.to_string(),
        (PausedTime::Lapses, None) | (PausedTime::Extends, _) => String::new(),
    };
    Ok(Acted {
        subscription: Subscription {
            life: standing.life.as_str().to_owned(),
            next_start_at: None,
            ..row.clone()
        },
        documents: Vec::new(),
        event: (
            "subscription.paused",
            json!({ "plan": scene.plan.name, "until": served }),
        ),
        ends: false,
    })
}
