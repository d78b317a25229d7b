//! Resume: it renews again, from the day that the rules of pausing give (RULES B15: whatever was paused and resumed, no two
//! periods overlap).

use muster_domain::selling::life::Act;
use muster_domain::selling::resume;
use muster_store::Conn;
use muster_store::selling::subscriptions::Subscription;
use muster_store::selling::waits;
use serde_json::json;

use super::acts::Acted;
use super::scene::Scene;
use super::stop::Step;
use crate::features::selling::charge;

/// Resumes it.
pub fn act(tx: &mut Conn, scene: &Scene) -> Step<Acted> {
    let standing = scene.standing()?.after(Act::Resume)?;
    let row = &scene.subscription;
    let paused = scene.paused_at.map(charge::instant).transpose()?;
    let paused = paused.unwrap_or(scene.now);
    waits::end_pause(tx, &row.id)?;
    let schedule = scene.schedule()?;
    let schedule = match scene.served()? {
        Some(served) => {
            resume::resume(&schedule, &served, paused, scene.now, scene.paused_time()?)?
        }
        None => schedule,
    };
    let billed = scene.billed()?;
    let next = schedule.next(billed.as_ref())?;
    // A plan that was chosen meanwhile holds from the new anchor on: its periods are counted from there, not from where the last ended.
    let begins_anew = billed.is_some_and(|billed| next.start > billed.end);
    let (plan_id, next_plan_id) = match &row.next_plan_id {
        Some(chosen) if begins_anew => (chosen.clone(), None),
        kept => (row.plan_id.clone(), kept.clone()),
    };
    Ok(Acted {
        subscription: Subscription {
            life: standing.life.as_str().to_owned(),
            plan_id,
            next_plan_id,
            anchor: schedule.anchor.to_string(),
            anchor_index: i64::from(schedule.first),
            next_index: i64::from(next.index),
            next_start_at: Some(next.start.as_microsecond()),
            ..row.clone()
        },
        documents: Vec::new(),
        event: (
            "subscription.resumed",
            json!({ "plan": scene.plan.name, "from": next.start_date.to_string() }),
        ),
        ends: false,
    })
}
