//! Stages: each subscription is brought to the one that its own open invoices say, one after the other, down at once and up
//! without skipping any (RULES B16, B17).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use muster_domain::selling::collection::{Collection, OpenInvoice, Reached};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::life::{Act, Life};
use muster_domain::selling::money::Money;
use muster_store::organisations::Organisation;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::collection::{self as store, Owed};
use muster_store::selling::subscriptions::Subscription;
use muster_store::selling::{invoices, letters, service};
use muster_store::{Conn, StoreResult, organisations};
use serde_json::json;

use super::rows::{self, Around};
use super::{BATCH, NAME};
use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::features::record::write::{self, By, Entry, Place, Weight};

/// Brings every subscription that is behind, and every one that falls behind, to its stage.
pub async fn bring_up(app: &Arc<App>) -> Done {
    let mut after: Option<String> = None;
    loop {
        let from = after.clone();
        let page = app
            .store
            .read(move |c| store::behind_for_job(c, from.as_deref(), BATCH))
            .await
            .map_err(|error| error.to_string())?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id.clone());
        bring(app, page.into_iter().map(|one| one.id).collect()).await?;
    }
    for seller in rows::sellers(app).await? {
        bring_up_newly_late(app, &seller).await?;
    }
    Ok(())
}

async fn bring_up_newly_late(app: &Arc<App>, seller: &str) -> Done {
    let until = rows::latest_day(app.now());
    let mut after: Option<(String, String)> = None;
    loop {
        let (seller, until, from) = (seller.to_owned(), until.clone(), after.clone());
        let (last, late) = app
            .store
            .read(move |c| {
                let from = from.as_ref().map(|(due, id)| (due.as_str(), id.as_str()));
                let owed = invoices::owed_for_job(c, &seller, &until, from, BATCH)?;
                let ids: Vec<&str> = owed.iter().map(|one| one.invoice_id.as_str()).collect();
                let late: BTreeSet<String> = store::on_invoices_for_job(c, &ids)?
                    .into_iter()
                    .map(|(_, subscription)| subscription)
                    .collect();
                let last = owed
                    .last()
                    .map(|one| (one.due_date.clone(), one.invoice_id.clone()));
                Ok((last, late))
            })
            .await
            .map_err(|error| error.to_string())?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
        bring(app, late.into_iter().collect()).await?;
    }
}

/// Finds who of these moves, and moves them in one transaction that decides anew: a payment that comes between counts.
async fn bring(app: &Arc<App>, ids: Vec<String>) -> Done {
    let (seen, looking) = (app.clone(), ids);
    let moving: Vec<String> = app
        .store
        .read(move |c| {
            Ok(moves(c, &seen, &looking)?
                .into_iter()
                .map(|one| one.of.id)
                .collect())
        })
        .await
        .map_err(|error| error.to_string())?;
    if moving.is_empty() {
        return Ok(());
    }
    let writing = app.clone();
    app.store
        .write(move |tx| {
            for one in moves(tx, &writing, &moving)? {
                take(tx, &writing, &one)?;
            }
            Ok(())
        })
        .await
        .map_err(|error| error.to_string())?;
    app.due.letters.notify_one();
    Ok(())
}

/// A subscription on its way to another stage.
struct Move {
    of: Subscription,
    account: Account,
    to: Reached,
}

fn moves(c: &mut Conn, app: &App, ids: &[String]) -> StoreResult<Vec<Move>> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let all = store::many_for_job(c, &ids)?;
    let around = Around::of(c, &all, &[])?;
    let owed = store::owed_by_for_job(c, &ids)?;
    let mut moves = Vec::new();
    for one in all.into_iter().filter(|one| one.ended_at.is_none()) {
        let Some((zone, plan)) = around.rules(&one) else {
            continue;
        };
        let today = zone.date_of(app.now());
        let open = open_of(&owed, &one.id);
        let Some(reached) = reached(&one) else {
            tracing::error!(subscription = one.id, "its stage does not read");
            continue;
        };
        let to = reached.next(Collection::of(&open, &plan, today), &plan, today);
        let can_end = to.stage != Collection::Terminated || ended(&one).is_some();
        if to != reached
            && can_end
            && let Some(account) = around.accounts.get(&one.billing_account_id)
        {
            moves.push(Move {
                account: account.clone(),
                of: one,
                to,
            });
        }
    }
    Ok(moves)
}

fn open_of(owed: &[Owed], subscription: &str) -> Vec<OpenInvoice> {
    owed.iter()
        .filter(|one| one.subscription_id == subscription)
        .filter_map(|one| {
            Some(OpenInvoice {
                due: rows::day(&one.due_date)?,
                open: Money::new(one.open, Currency::parse(&one.currency).ok()?),
            })
        })
        .collect()
}

fn reached(of: &Subscription) -> Option<Reached> {
    Some(Reached {
        stage: Collection::parse(&of.reached)?,
        since: rows::day(&of.reached_on)?,
    })
}

/// What its life becomes at the end of dunning; `None` of one that has not begun, which owes nothing that could end it.
fn ended(of: &Subscription) -> Option<Life> {
    Life::parse(&of.life)?.after(Act::Expire).ok()
}

fn take(tx: &mut Conn, app: &App, one: &Move) -> StoreResult<()> {
    let day = one.to.since;
    if !store::reach(tx, &one.of, one.to.stage.as_str(), &day.to_string())? {
        return Ok(());
    }
    let entry = entry(tx, one)?;
    write::write(tx, app, &By::job(NAME), &entry)?;
    match one.to.stage {
        Collection::Suspended => {
            let key = format!("suspended:{}:{day}", one.of.id);
            tell(tx, app, one, "suspended", key)?;
        }
        Collection::Terminated => end(tx, app, one, day)?,
        Collection::Current | Collection::PastDue | Collection::Grace => {}
    }
    Ok(())
}

fn end(tx: &mut Conn, app: &App, one: &Move, day: Date) -> StoreResult<()> {
    let Some(life) = ended(&one.of) else {
        return Ok(());
    };
    if store::expire(tx, &one.of.id, life.as_str(), app.now_micros())? {
        accounts::count_live(tx, &one.of.billing_account_id, -1)?;
        tell(tx, app, one, "ended", format!("ended:{}:{day}", one.of.id))?;
    }
    Ok(())
}

fn tell(tx: &mut Conn, app: &App, one: &Move, kind: &str, key: String) -> StoreResult<()> {
    let mut letter = rows::letter(app, &one.account, kind, key);
    letter.subscription_id = Some(one.of.id.clone());
    letters::insert(tx, &letter).map(|_| ())
}

fn entry(c: &mut Conn, one: &Move) -> StoreResult<Entry> {
    let device = match &one.of.device_id {
        Some(id) => service::devices_for_job(c, &[id.as_str()])?.pop(),
        None => None,
    };
    Ok(Entry {
        kind: "subscription.reached",
        weight: match one.to.stage {
            Collection::Suspended | Collection::Terminated => Weight::Major,
            Collection::Current if one.of.reached == Collection::Suspended.as_str() => {
                Weight::Major
            }
            Collection::Current | Collection::PastDue | Collection::Grace => Weight::Ordinary,
        },
        place: place(c, &one.of)?,
        device: device.map(|device| (device.id, device.serial_number)),
        command: None,
        facts: json!({ "stage": one.to.stage.as_str(), "subscription": one.of.id }),
    })
}

/// Where the seller sees it and the buyer too: with the buyer, under the reseller who is one of the two.
fn place(c: &mut Conn, of: &Subscription) -> StoreResult<Place> {
    let scope = muster_domain::scope::Scope::Platform;
    let buyer: Option<Organisation> = organisations::find(c, &scope, &of.buyer_id)?;
    Ok(Place {
        organisation: of.buyer_id.clone(),
        reseller: buyer.and_then(|row| row.reseller_id),
        fleet: None,
    })
}
