//! Subscriptions that were set aside because they could not be billed: who sees them, and how they are taken up again.

use std::sync::Arc;

use muster_domain::scope::{Books, Scope};
use muster_store::selling::renewals;
use muster_store::selling::subscriptions::{self, Filter, Subscription};
use muster_store::selling::{accounts, parties, plans};
use muster_store::{Conn, Page, StoreResult, devices, job_leases};
use serde_json::json;

use super::{sweep, watch};
use crate::app::App;
use crate::features::record::write::{self as record, By, Entry, Place, Weight};
use crate::features::selling::books;
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// One that was set aside, with what people know it by.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Its row.
    pub row: Subscription,
    /// Its buyer's name on invoices.
    pub buyer: String,
    /// Its plan's name.
    pub plan: String,
    /// The serial number of its phone, if it is on one.
    pub serial_number: Option<String>,
}

/// How the sweep does, as a seller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Since when something is due that was not billed within the hour, by whomever it is sold.
    pub behind_since: Option<i64>,
    /// When the sweep last came to its end.
    pub swept_at: Option<i64>,
    /// How many of the seller's own subscriptions are set aside.
    pub parked: i64,
}

/// How the sweep does.
///
/// # Errors
/// The database does not answer.
pub async fn state(app: &App, allowed: &Allowed<ReadBooks>) -> Answer<State> {
    let (seller, now) = (allowed.actor.organisation.id.clone(), app.now_micros());
    let state = app.store.read(move |c| {
        let job = job_leases::find(c, sweep::JOB)?;
        Ok(State {
            behind_since: watch::behind_since(c, now)?,
            swept_at: job.and_then(|job| job.last_finished_at),
            parked: subscriptions::count_parked(c, &seller)?,
        })
    });
    Ok(state.await?)
}

/// A page of what the actor's organisation sells and could not bill, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    page: PageRequest,
) -> Answer<Page<Parked>> {
    let books = books::sold(&allowed.actor);
    let listed = app.store.read(move |c| {
        let filter = Filter {
            parked: true,
            ..Filter::default()
        };
        let rows = subscriptions::list(c, &books, &filter, page.cursor.as_deref(), page.limit)?;
        let items = rows.items.into_iter().map(|row| describe(c, &books, row));
        Ok(Page {
            items: items.collect::<StoreResult<Vec<Parked>>>()?,
            next: rows.next,
        })
    });
    Ok(listed.await?)
}

/// Takes one up again: the next sweep tries to bill it.
///
/// # Errors
/// It is not there, not the actor's, or not set aside.
pub async fn unpark(app: &Arc<App>, allowed: &Allowed<SetPrices>, id: String) -> Answer<()> {
    let (unparking, by) = (app.clone(), By::actor(&allowed.actor));
    let (books, place) = (books::sold(&allowed.actor), Place::of_actor(&allowed.actor));
    let done = app.store.write_or_refuse(move |tx| {
        let Some(row) = subscriptions::find(tx, &books, &id)? else {
            return Ok(Err(Problem::not_found("subscription")));
        };
        if !renewals::unpark(tx, &row.seller_id, &row.id)? {
            return Ok(Err(Problem::conflict(
                "not-parked",
                "This subscription is not set aside. There is nothing to take up.",
            )));
        }
        let known = describe(tx, &books, row)?;
        let facts =
            json!({ "subscription": known.row.id, "plan": known.plan, "buyer": known.buyer });
        let entry = Entry {
            device: known.row.device_id.clone().zip(known.serial_number),
            ..entry("renewal.unparked", place.clone(), facts)
        };
        record::write(tx, &unparking, &by, &entry)?;
        Ok(Ok(()))
    });
    done.await??;
    app.due.renewals.notify_one();
    Ok(())
}

/// Takes every one of the actor's organisation up again; answers how many.
///
/// # Errors
/// The database does not answer.
pub async fn unpark_all(app: &Arc<App>, allowed: &Allowed<SetPrices>) -> Answer<usize> {
    let (unparking, by) = (app.clone(), By::actor(&allowed.actor));
    let place = Place::of_actor(&allowed.actor);
    let done = app.store.write(move |tx| {
        let count = renewals::unpark_all(tx, &place.organisation)?;
        if count > 0 {
            let entry = entry(
                "renewal.all-unparked",
                place.clone(),
                json!({ "count": count }),
            );
            record::write(tx, &unparking, &by, &entry)?;
        }
        Ok(count)
    });
    let count = done.await?;
    app.due.renewals.notify_one();
    Ok(count)
}

fn describe(c: &mut Conn, books: &Books, row: Subscription) -> StoreResult<Parked> {
    let account = accounts::find(c, books, &row.billing_account_id)?;
    let party = match account {
        Some(account) => parties::find(c, &account.party_id)?,
        None => None,
    };
    let plan = plans::find(c, &row.seller_id, &row.plan_id)?;
    // Whoever sells a subscription may know which phone it is on.
    let device = match &row.device_id {
        Some(device) => devices::find(c, &Scope::Platform, device)?,
        None => None,
    };
    Ok(Parked {
        buyer: party.map(|party| party.legal_name).unwrap_or_default(),
        plan: plan.map(|plan| plan.name).unwrap_or_default(),
        serial_number: device.map(|device| device.serial_number),
        row,
    })
}

fn entry(kind: &'static str, place: Place, facts: serde_json::Value) -> Entry {
    Entry {
        kind,
        weight: Weight::Ordinary,
        place,
        device: None,
        command: None,
        facts,
    }
}
