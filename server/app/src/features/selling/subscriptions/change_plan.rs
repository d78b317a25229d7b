//! Another plan: from the next period on, or from today, with what is left of the paid period settled to the day.
//!
//! Within an hour of a renewal the change is the renewal itself (RULES B18): one that was not billed yet is billed at the new plan,
//! one that was is credited whole and billed anew.

use muster_domain::selling::calendar::{Period, Schedule};
use muster_domain::selling::life::{Act, Life};
use muster_domain::selling::proration::{self, Change, Offer};
use muster_domain::selling::upgrade::{self, How, Renewal};
use muster_store::Conn;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::plans::Plan;
use muster_store::selling::subscriptions::Subscription;
use serde_json::json;

use super::acts::{Acted, When};
use super::scene::Scene;
use super::settlement::{self, New};
use super::stop::{Step, refuse};
use crate::app::App;
use crate::features::selling::charge;

/// Changes it.
pub fn act(tx: &mut Conn, app: &App, scene: &Scene, plan: &str, when: When) -> Step<Acted> {
    let row = &scene.subscription;
    if plan == row.plan_id {
        return stay(scene);
    }
    let new = scene.between.sellable(tx, plan)?;
    let standing = scene.standing()?;
    match standing.life {
        // Nothing was billed: it simply is the other plan that will be.
        Life::Pending | Life::Trialing => {
            standing.after(Act::ChangePlanNow)?;
            scene.settled()?;
            let on = scene.date_of(row.next_start_at.unwrap_or(scene.now.as_microsecond()))?;
            scene.between.priced(tx, &new, on)?;
            Ok(acted(
                scene,
                Subscription {
                    plan_id: new.id.clone(),
                    next_plan_id: None,
                    ..row.clone()
                },
                (Vec::new(), &new, true),
            ))
        }
        Life::Paused => {
            standing.after(Act::ChangePlanNow)?;
            scene.between.priced(tx, &new, scene.today())?;
            Ok(with_the_next(scene, &new))
        }
        Life::Active | Life::Canceled | Life::Expired if when == When::PeriodEnd => {
            standing.after(Act::ChangePlanAtPeriodEnd)?;
            scene.settled()?;
            next_price(tx, scene, &new)?;
            Ok(with_the_next(scene, &new))
        }
        Life::Active | Life::Canceled | Life::Expired => {
            standing.after(Act::ChangePlanNow)?;
            at_once(tx, app, scene, &new)
        }
    }
}

/// Choosing the plan that it has takes back the wish for another.
fn stay(scene: &Scene) -> Step<Acted> {
    let row = &scene.subscription;
    if row.next_plan_id.is_none() {
        return refuse(
            "plan-same",
            "This subscription has that plan already. Choose another.",
        );
    }
    scene.settled()?;
    let kept = Subscription {
        next_plan_id: None,
        ..row.clone()
    };
    Ok(acted(scene, kept, (Vec::new(), &scene.plan, false)))
}

/// The next period is billed at the new plan.
fn with_the_next(scene: &Scene, new: &Plan) -> Acted {
    let wished = Subscription {
        next_plan_id: Some(new.id.clone()),
        ..scene.subscription.clone()
    };
    acted(scene, wished, (Vec::new(), new, false))
}

/// A plan without a price on that day would only set the subscription aside when it renews.
fn next_price(tx: &mut Conn, scene: &Scene, new: &Plan) -> Step<()> {
    let start = scene.subscription.next_start_at;
    let on = scene.date_of(start.unwrap_or(scene.now.as_microsecond()))?;
    scene.between.priced(tx, new, on)?;
    Ok(())
}

fn at_once(tx: &mut Conn, app: &App, scene: &Scene, new: &Plan) -> Step<Acted> {
    let Some(billed) = scene.billed()? else {
        // Its first period is being billed at this moment, or could not be.
        scene.settled()?;
        return Ok(with_the_next(scene, new));
    };
    let next_start = scene
        .subscription
        .next_start_at
        .map(charge::instant)
        .transpose()?;
    let next_start = next_start.unwrap_or(billed.end);
    let nearest = upgrade::nearest(scene.now, billed.start, next_start);
    let how = if scene.is_due() || nearest == next_start {
        upgrade::how(scene.now, next_start, Renewal::Unbilled)
    } else {
        upgrade::how(scene.now, billed.start, Renewal::Finalised)
    };
    match how {
        // No renewal of ours is ever a draft: it is written with its number or not at all.
        How::RenewAtNewPlan | How::ReplaceDraft => {
            if scene.subscription.parked_at.is_some() {
                scene.settled()?;
            }
            next_price(tx, scene, new)?;
            Ok(with_the_next(scene, new))
        }
        How::CreditAndBillAnew => {
            scene.settled()?;
            settle(tx, app, scene, new, (&billed, How::CreditAndBillAnew))
        }
        How::Prorate => {
            scene.settled()?;
            settle(tx, app, scene, new, (&billed, How::Prorate))
        }
    }
}

/// Settles the rest of the period, or the whole of it.
fn settle(
    tx: &mut Conn,
    app: &App,
    scene: &Scene,
    new: &Plan,
    (billed, how): (&Period, How),
) -> Step<Acted> {
    if scene
        .served()?
        .is_some_and(|served| served.end > billed.end)
    {
        return refuse(
            "change-paused-days",
            "Days of a pause are being given back until the next renewal. Change the plan at the end of the period instead.",
        );
    }
    let Some(row) = scene.last.clone() else {
        return Ok(with_the_next(scene, new));
    };
    let at = if how == How::CreditAndBillAnew {
        billed.start
    } else {
        scene.now
    };
    let priced = scene.between.priced(tx, new, billed.zone.date_of(at))?;
    let offer = Offer {
        price: priced.recurring,
        interval: priced.interval,
    };
    let charged = super::credit::charged(tx, scene, &row)?;
    let schedule = scene.schedule()?;
    let change = proration::change(&schedule, (billed, charged), offer, at)?;
    let change = of_the_whole(&schedule, billed, offer, change)?;
    let change = from_the_start(&schedule, billed, offer, change);
    let new_row = New {
        plan: new,
        change: &change,
        replaces: change.period.index == billed.index,
        whole: how == How::CreditAndBillAnew,
    };
    let documents = settlement::settle(tx, app, scene, &row, &new_row)?;
    let next = Subscription {
        plan_id: new.id.clone(),
        next_plan_id: None,
        anchor: change.schedule.anchor.to_string(),
        anchor_index: i64::from(change.schedule.first),
        next_index: i64::from(change.period.index) + 1,
        next_start_at: Some(change.period.end.as_microsecond()),
        covered_until: Some(change.period.end.as_microsecond()),
        ..scene.subscription.clone()
    };
    Ok(acted(scene, next, (documents, new, true)))
}

/// The price is for a whole period. Where the running one is itself the rest of one (a plan was changed in it before), the new
/// charge is a part of the whole, not of the rest.
fn of_the_whole(
    schedule: &Schedule,
    billed: &Period,
    offer: Offer,
    change: Change,
) -> Step<Change> {
    if schedule.interval != offer.interval {
        return Ok(change);
    }
    let whole = schedule
        .period(billed.index)
        .ok()
        .filter(|whole| whole.end_date == billed.end_date && whole.start_date < billed.start_date);
    let Some(whole) = whole else {
        return Ok(change);
    };
    Ok(Change {
        charge: proration::part(&whole, offer.price, change.period.days())?,
        ..change
    })
}

/// A change on the first day of a period leaves nothing of the old one: the new one takes its place, and its index.
fn from_the_start(schedule: &Schedule, billed: &Period, offer: Offer, change: Change) -> Change {
    if change.cut > billed.start {
        return change;
    }
    let schedule = if schedule.interval == offer.interval {
        schedule.clone()
    } else {
        Schedule {
            first: billed.index,
            ..change.schedule
        }
    };
    Change {
        period: Period {
            index: billed.index,
            ..change.period
        },
        schedule,
        ..change
    }
}

fn acted(
    scene: &Scene,
    subscription: Subscription,
    (documents, new, at_once): (Vec<Invoice>, &Plan, bool),
) -> Acted {
    let kind = if at_once {
        "subscription.plan-changed"
    } else {
        "subscription.plan-chosen"
    };
    Acted {
        subscription,
        documents,
        event: (kind, json!({ "from": scene.plan.name, "plan": new.name })),
        ends: false,
    }
}
