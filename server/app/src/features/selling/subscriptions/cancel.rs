//! Cancel: at the end of what was paid for, or at once where the plan allows it, with the unused days credited where it says so.

use muster_domain::selling::life::{Act, Life};
use muster_domain::selling::price::Cancellation;
use muster_domain::selling::proration;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::resume::PausedTime;
use muster_store::Conn;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::selling::waits;
use serde_json::json;

use super::acts::Acted;
use super::credit;
use super::scene::Scene;
use super::stop::{Step, refuse};
use crate::app::App;

/// Lets it end with its period, or with its trial. Nothing is credited for that: what was paid for is served (B9).
pub fn at_period_end(scene: &Scene) -> Step<Acted> {
    let standing = scene.standing()?.after(Act::CancelAtPeriodEnd)?;
    scene.settled()?;
    let row = &scene.subscription;
    let next_start_at = if standing.life == Life::Paused {
        Some(end_of_paused(scene)?)
    } else {
        row.next_start_at
    };
    let on = next_start_at.map(|at| scene.date_of(at)).transpose()?;
    Ok(Acted {
        subscription: Subscription {
            cancel_at_end: 1,
            next_plan_id: None,
            next_start_at,
            ..row.clone()
        },
        documents: Vec::new(),
        event: (
            "subscription.canceling",
            json!({ "plan": scene.plan.name, "on": on.map_or_else(String::new, |on| on.to_string()) }),
        ),
        ends: false,
    })
}

/// A paused one is not billed, but it is to be looked at when what was paid for ends.
fn end_of_paused(scene: &Scene) -> Step<i64> {
    if scene.paused_time()? == PausedTime::Extends {
        return refuse(
            "subscription-paused-days",
            "This subscription is paused, and its plan gives the paused days back. Resume it first, or cancel it now.",
        );
    }
    match scene.subscription.covered_until {
        Some(until) if until > scene.now.as_microsecond() => Ok(until),
        Some(_) | None => refuse(
            "subscription-nothing-left",
            "Nothing that was paid for is left of this subscription. Cancel it now.",
        ),
    }
}

/// Ends it at once.
pub fn now(tx: &mut Conn, app: &App, scene: &Scene) -> Step<Acted> {
    let standing = scene.standing()?.after(Act::CancelNow)?;
    let row = &scene.subscription;
    if row.parked_at.is_none() {
        scene.settled()?;
    }
    let rule = Cancellation::parse(&scene.plan.cancellation).ok_or_else(|| {
        Refusal::new(
            "plan-cancellation",
            "The plan does not say what a cancellation does. Save it anew.",
        )
    })?;
    let left = scene.days_left()?;
    if rule == Cancellation::AtPeriodEnd && left > 0 {
        return refuse(
            "cancel-at-period-end",
            "This plan ends with its period only. Cancel it at the end of the period.",
        );
    }
    let documents = if rule == Cancellation::NowWithCredit && left > 0 {
        credit_unused(tx, app, scene, left)?
    } else {
        Vec::new()
    };
    waits::end_trial(tx, &row.id)?;
    waits::end_pause(tx, &row.id)?;
    let credited: i64 = documents.iter().map(|note| note.total).sum();
    let facts = json!({
        "plan": scene.plan.name,
        "credited": if credited == 0 { String::new() } else { credit::words(scene, credited)? },
    });
    Ok(Acted {
        subscription: Subscription {
            life: standing.life.as_str().to_owned(),
            cancel_at_end: 0,
            next_plan_id: None,
            next_start_at: None,
            parked_at: None,
            parked_because: None,
            ended_at: Some(scene.now.as_microsecond()),
            ..row.clone()
        },
        documents,
        event: ("subscription.canceled", facts),
        ends: true,
    })
}

/// Credits the days that are left, and lets the period end where they begin.
fn credit_unused(tx: &mut Conn, app: &App, scene: &Scene, left: i64) -> Step<Vec<Invoice>> {
    let (Some(billed), Some(row)) = (scene.billed()?, &scene.last) else {
        return Ok(Vec::new());
    };
    let charged = credit::charged(tx, scene, row)?;
    let unused = proration::part(&billed, charged, left)?;
    let today = scene.today();
    let start = billed.zone.start_of(billed.zone.date_of(scene.now))?;
    // One that is credited from its first day on keeps its length: a period of no length cannot be kept.
    subscriptions::cut_period(
        tx,
        &row.subscription_id,
        row.period_index,
        start.as_microsecond(),
        &billed.zone.date_of(scene.now).to_string(),
    )?;
    let text = credit::unused_text(scene, today);
    credit::give_back(tx, app, scene, unused, &text)
}
