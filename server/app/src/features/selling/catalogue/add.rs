//! A plan is offered, with its first prices; and is offered no more.

use std::sync::Arc;

use muster_domain::text::Invalid;
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::plan::NewPlan;
use super::today;
use crate::app::App;
use crate::features::record::write::{self as record, By, Entry, Place, Weight};
use crate::features::selling::charge::Item;
use crate::features::selling::sellers::of;
use crate::web::actor::{Actor, Allowed, SetPrices};
use crate::web::problem::{Answer, Kind, Problem};

/// Offers the plan.
///
/// # Errors
/// The organisation does not sell yet, or has a plan of this name.
pub async fn add(app: &Arc<App>, allowed: &Allowed<SetPrices>, new: NewPlan) -> Answer<Plan> {
    let (adding, actor) = (app.clone(), allowed.actor.clone());
    let dunning = serde_json::to_value(&new.dunning)
        .map_err(|error| unwritable(&error))?
        .to_string();
    app.store
        .write_or_refuse(move |tx| {
            let seller = match of(tx, &actor.organisation)? {
                Ok(seller) => seller,
                Err(problem) => return Ok(Err(problem)),
            };
            let plan = Plan {
                id: adding.new_id(),
                seller_id: seller.organisation_id.clone(),
                name: new.name.clone(),
                interval_unit: new.unit.clone(),
                interval_count: i64::from(new.count),
                currency: new.currency.to_string(),
                trial_days: i64::from(new.trial_days),
                terms_days: i64::from(new.terms_days),
                rate: new.rate.clone(),
                cancellation: new.cancellation.as_str().to_owned(),
                paused_time: new.paused_time.as_str().to_owned(),
                dunning: dunning.clone(),
                created_at: adding.now_micros(),
                retired_at: None,
            };
            match plans::insert(tx, &plan) {
                Err(error) if error.is_conflict_of("plans.seller_id,name") => {
                    return Ok(Err(taken()));
                }
                other => other?,
            }
            let from = match new.valid_from {
                Some(date) => date,
                None => match today(&seller, adding.now()) {
                    Ok(today) => today,
                    Err(problem) => return Ok(Err(problem)),
                },
            };
            let first = [
                (Item::Recurring, Some(new.recurring)),
                (Item::Handset, new.handset),
            ];
            for (item, amount) in first {
                let Some(amount) = amount else { continue };
                plans::insert_price(
                    tx,
                    &Price {
                        id: adding.new_id(),
                        plan_id: plan.id.clone(),
                        item: item.as_str().to_owned(),
                        buyer_id: None,
                        from_quantity: 1,
                        amount: amount.minor(),
                        valid_from: from.to_string(),
                        valid_until: None,
                        created_at: adding.now_micros(),
                    },
                )?;
            }
            noted(tx, &adding, &actor, "plan.added", &plan.name)?;
            Ok(Ok(plan))
        })
        .await?
}

/// Offers a plan no more. What runs goes on and renews; nothing new begins with it.
///
/// # Errors
/// There is no such plan of the organisation's, or it is offered no more already.
pub async fn retire(app: &Arc<App>, allowed: &Allowed<SetPrices>, id: String) -> Answer<Plan> {
    let (retiring, actor) = (app.clone(), allowed.actor.clone());
    app.store
        .write_or_refuse(move |tx| {
            let seller = &actor.organisation.id;
            let now = retiring.now_micros();
            let Some(plan) = plans::find(tx, seller, &id)? else {
                return Ok(Err(Problem::not_found("plan")));
            };
            if !plans::retire(tx, seller, &id, now)? {
                let detail = "This plan is offered no more already. What runs under it goes on.";
                return Ok(Err(Problem::conflict("plan-retired", detail)));
            }
            noted(tx, &retiring, &actor, "plan.retired", &plan.name)?;
            Ok(Ok(Plan {
                retired_at: Some(now),
                ..plan
            }))
        })
        .await?
}

fn noted(
    tx: &mut Conn,
    app: &App,
    actor: &Actor,
    kind: &'static str,
    name: &str,
) -> StoreResult<()> {
    let entry = Entry {
        kind,
        weight: Weight::Ordinary,
        place: Place::of_actor(actor),
        device: None,
        command: None,
        facts: json!({ "plan": name }),
    };
    record::write(tx, app, &By::actor(actor), &entry)
}

fn taken() -> Problem {
    let message = "There is a plan of this name already, perhaps one that is offered no more. Choose another name.";
    Invalid::new("name", "plan-taken", message).into()
}

fn unwritable(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "a schedule could not be written as JSON");
    let detail = "Something is wrong on our side. Nothing was changed; it is on our log.";
    Problem::new(Kind::Internal, "internal", detail)
}
