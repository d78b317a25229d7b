//! Service: a phone's subscriptions together say whether it is to have any (RULES B16). Here is decided what is to be ordered; the
//! orders themselves are drafted next door.
//!
//! What a phone was last told is read from the commands that this job drafted, not from marks. The marks on the subscriptions
//! say where a decision waits, and are for people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_domain::scope::Scope;
use muster_domain::selling::collection::Collection;
use muster_domain::selling::entitlement::{Claim, Entitlement, Order, Side, combined, order};
use muster_domain::selling::life::Life;
use muster_protocol::command::{Args, Command as Signed, Kind};
use muster_protocol::time::DAY;
use muster_store::devices::Device;
use muster_store::selling::plans;
use muster_store::selling::service::{self as store, Waiting};
use muster_store::selling::subscriptions::Subscription;
use muster_store::{Conn, StoreResult};

use super::orders::{self, DRAFTER, Task};
use crate::app::App;
use crate::features::commands::holds;
use crate::features::operations::schedule::Done;

/// Subscriptions that are looked at, and phones that are ordered the same, at once.
const BATCH: i64 = 500;
/// How long a suspension holds, microseconds: what the server's own key may (PROTOCOL §6).
pub const HOLDS: i64 = micros(35 * DAY);
/// When so much of it is left it is renewed.
const RENEWED: i64 = micros(7 * DAY);
/// How many of its last suspensions a resume names.
const NEWEST: usize = 16;

const fn micros(seconds: u64) -> i64 {
    seconds.cast_signed() * 1_000_000
}

/// Orders whatever waits to be ordered.
pub async fn order_all(app: &Arc<App>) -> Done {
    for which in [Waiting::ToSuspend, Waiting::Suspended] {
        let (mut after, now): (Option<String>, i64) = (None, app.now_micros());
        loop {
            let from = after.clone();
            let page = app
                .store
                .read(move |c| store::waiting_for_job(c, which, now, from.as_deref(), BATCH))
                .await
                .map_err(|error| error.to_string())?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(last.clone());
            let phones: BTreeSet<String> = page.into_iter().map(|(_, device)| device).collect();
            order_these(app, phones.into_iter().collect()).await?;
        }
    }
    Ok(())
}

async fn order_these(app: &Arc<App>, phones: Vec<String>) -> Done {
    let looking = app.clone();
    let verdicts = app
        .store
        .read(move |c| judge(c, &looking, &phones))
        .await
        .map_err(|error| error.to_string())?;
    let settled: Vec<String> = verdicts
        .iter()
        .filter(|verdict| verdict.order.is_none() && !verdict.marks.is_empty())
        .map(|verdict| verdict.device.id.clone())
        .collect();
    if !settled.is_empty() {
        let marking = app.clone();
        app.store
            .write(move |tx| {
                for verdict in judge(tx, &marking, &settled)? {
                    if verdict.order.is_none() {
                        mark(tx, &verdict.marks)?;
                    }
                }
                Ok(())
            })
            .await
            .map_err(|error| error.to_string())?;
    }
    for task in tasks(&verdicts) {
        orders::send(app, task).await?;
    }
    Ok(())
}

/// What is to become of one phone.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The phone.
    pub device: Device,
    /// What to order; nothing where it is told already, or nobody may.
    pub order: Option<Order>,
    /// Why, for its owner and for the record.
    pub reason: &'static str,
    /// The digests of the suspends that a resume has to lift.
    pub lifts: Vec<String>,
    /// What then stands on its subscriptions.
    pub marks: Vec<Mark>,
}

/// What is written down for a subscription.
#[derive(Debug, Clone)]
pub struct Mark {
    subscription: String,
    ordered: &'static str,
    until: Option<i64>,
}

/// Writes marks down.
pub fn mark(tx: &mut Conn, marks: &[Mark]) -> StoreResult<()> {
    let mut alike: BTreeMap<(&str, Option<i64>), Vec<String>> = BTreeMap::new();
    for mark in marks {
        let of = alike.entry((mark.ordered, mark.until)).or_default();
        of.push(mark.subscription.clone());
    }
    for ((ordered, until), ids) in alike {
        store::set_ordered(tx, &ids, ordered, until)?;
    }
    Ok(())
}

/// Decides about phones, from what the database holds at this moment.
pub fn judge(c: &mut Conn, app: &App, phones: &[String]) -> StoreResult<Vec<Verdict>> {
    let ids: Vec<&str> = phones.iter().map(String::as_str).collect();
    let all = store::of_devices_for_job(c, &ids)?;
    let plan_ids: BTreeSet<&str> = all
        .iter()
        .filter(|one| one.life == Life::Paused.as_str())
        .map(|one| one.plan_id.as_str())
        .collect();
    let plan_ids: Vec<&str> = plan_ids.into_iter().collect();
    let lapses: BTreeSet<String> = plans::many_for_job(c, &plan_ids)?
        .into_iter()
        .filter(|plan| plan.paused_time == "lapses")
        .map(|plan| plan.id)
        .collect();
    let now = app.now_micros();
    let mut verdicts = Vec::with_capacity(phones.len());
    for device in store::devices_for_job(c, &ids)? {
        let speaking: Vec<(&Subscription, Claim)> = all
            .iter()
            .filter(|one| one.device_id.as_deref() == Some(device.id.as_str()))
            .filter_map(|one| {
                let in_term = lapses.contains(&one.plan_id)
                    && one.covered_until.is_some_and(|until| until > now);
                Some((one, claim(one, &device, in_term)?))
            })
            .collect();
        let told = told(c, &device, now)?;
        let scope = Scope::Reseller(device.reseller_id.clone());
        let on_hold = !holds::standing(c, &scope, &device.id, now)?.is_empty();
        verdicts.push(decide(device, &speaking, told, on_hold, now));
    }
    Ok(verdicts)
}

/// What a subscription says about a phone; nothing if phone and subscription are not of the same trade: the phone's reseller sells
/// it retail or buys it wholesale.
fn claim(of: &Subscription, device: &Device, in_term: bool) -> Option<Claim> {
    let side = if of.seller_id == device.reseller_id {
        Side::Retail
    } else if of.buyer_id == device.reseller_id {
        Side::Wholesale
    } else {
        return None;
    };
    Some(Claim {
        side,
        life: Life::parse(&of.life)?,
        in_term,
        collection: Collection::parse(&of.reached)?,
    })
}

/// What a phone was told last, for its subscriptions' sake.
#[derive(Debug, Clone, Default)]
struct Told {
    /// Until when a suspension holds, if one does.
    suspended_until: Option<i64>,
    /// The digests of all suspensions that may be in force.
    suspends: Vec<String>,
}

fn told(c: &mut Conn, device: &Device, now: i64) -> StoreResult<Told> {
    let mut told = Told::default();
    for (command, target) in store::orders_for_job(c, &device.id, DRAFTER, now - HOLDS)? {
        if command.kind == Kind::Resume.as_str() {
            told.suspended_until = None;
            continue;
        }
        let Ok(Signed {
            args: Args::Suspend { until },
            ..
        }) = Signed::decode(command.payload.as_bytes())
        else {
            tracing::error!(command = command.id, "a suspension does not read");
            continue;
        };
        told.suspends.push(command.digest);
        // What waited in vain reached nobody, nor did what was addressed to an enrolment that ended before it was fetched.
        let waits = matches!(target.state.as_str(), "queued" | "delivered" | "deferred");
        let is_void = target.state == "expired"
            || (waits && command.expires_at <= now)
            || (target.state == "cancelled"
                && device.enrolment_id.as_ref() != Some(&target.enrolment_id));
        let until = i64::try_from(until.0)
            .unwrap_or(0)
            .saturating_mul(1_000_000);
        if !is_void && until > now {
            told.suspended_until = Some(until);
        }
    }
    // However often it changed, only the newest can be in force: earlier ones were replaced or lifted.
    let old = told.suspends.len().saturating_sub(NEWEST);
    told.suspends.drain(..old);
    Ok(told)
}

fn decide(
    device: Device,
    speaking: &[(&Subscription, Claim)],
    told: Told,
    on_hold: bool,
    now: i64,
) -> Verdict {
    let claims: Vec<Claim> = speaking.iter().map(|(_, claim)| *claim).collect();
    let wanted = combined(&claims);
    let ordered = match told.suspended_until {
        Some(_) => Entitlement::Suspended,
        None => Entitlement::Full,
    };
    let running_out = told
        .suspended_until
        .is_some_and(|until| until - now < RENEWED);
    let order = match order(wanted, ordered, on_hold) {
        None if wanted == Some(Entitlement::Suspended) && running_out && !on_hold => {
            Some(Order::Suspend)
        }
        other => other,
    };
    let is = match order {
        // Signed times are whole seconds.
        Some(Order::Suspend) => Some((Entitlement::Suspended, now - now % 1_000_000 + HOLDS)),
        Some(Order::Resume) => Some((Entitlement::Full, now)),
        // A phone on hold, or of nobody, stays as it is and is looked at again.
        None if on_hold => None,
        None => wanted.map(|is| (is, told.suspended_until.unwrap_or(now))),
    };
    let marks = match is {
        Some((is, until)) => marks(speaking, is, until),
        None => Vec::new(),
    };
    Verdict {
        reason: reason(order, &claims),
        lifts: told.suspends,
        device,
        order,
        marks,
    }
}

fn reason(order: Option<Order>, claims: &[Claim]) -> &'static str {
    let is_unpaid = claims
        .iter()
        .any(|claim| !claim.life.has_ended() && claim.collection >= Collection::Suspended);
    match order {
        Some(Order::Resume) => "The subscription is in order again.",
        Some(Order::Suspend) | None if is_unpaid => "Payment for the subscription is overdue.",
        Some(Order::Suspend) | None => "The subscription has ended or rests.",
    }
}

/// The marks that change. One that has ended and has no say beside its successor carries the moment at which that was found.
fn marks(speaking: &[(&Subscription, Claim)], is: Entitlement, until: i64) -> Vec<Mark> {
    let of = |(one, claim): &(&Subscription, Claim)| {
        let (ordered, until) = match is {
            Entitlement::Suspended if claim.life == Life::Pending => return None,
            Entitlement::Suspended => ("suspended", Some(until)),
            Entitlement::Full if one.ordered == "suspended" => {
                ("full", one.ended_at.is_some().then_some(until))
            }
            Entitlement::Full if one.ended_at.is_some() && one.ordered_until.is_none() => {
                let same = if one.ordered == "full" {
                    "full"
                } else {
                    "nothing"
                };
                (same, Some(until))
            }
            Entitlement::Full => return None,
        };
        let changes = one.ordered != ordered || one.ordered_until != until;
        changes.then(|| Mark {
            subscription: one.id.clone(),
            ordered,
            until,
        })
    };
    speaking.iter().filter_map(of).collect()
}

/// Orders for many phones of one owner in one fleet travel together.
fn tasks(verdicts: &[Verdict]) -> Vec<Task> {
    let mut tasks: BTreeMap<(bool, &str, &str, &str), Vec<&Verdict>> = BTreeMap::new();
    for verdict in verdicts {
        let Some(order) = verdict.order else {
            continue;
        };
        let device = &verdict.device;
        let alike = (
            order == Order::Suspend,
            device.fleet_id.as_str(),
            device.organisation_id.as_str(),
            verdict.reason,
        );
        tasks.entry(alike).or_default().push(verdict);
    }
    tasks
        .into_values()
        .flat_map(|alike| orders::parts(&alike))
        .collect()
}
