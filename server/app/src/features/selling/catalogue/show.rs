//! Plans, found, with what they cost today.

use jiff::civil::Date;
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::{catalogue, sellers};
use muster_store::{Conn, Page, StoreResult};

use super::today;
use crate::app::App;
use crate::features::selling::charge::{self, Asked};
use crate::features::selling::sellers::may_sell;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// A plan with what it costs everybody today, in minor units: nothing while no price has begun.
#[derive(Debug, Clone)]
pub struct Priced {
    /// The plan.
    pub plan: Plan,
    /// A period.
    pub recurring: Option<i64>,
    /// The handset, once.
    pub handset: Option<i64>,
}

/// A price and the name of the buyer that it is for alone.
pub type Named = (Price, Option<String>);

/// Which plans, and which page of them.
#[derive(Debug, Clone)]
pub struct Query {
    /// Also those that are offered no more.
    pub retired: bool,
    /// Which page.
    pub page: PageRequest,
}

impl Query {
    /// Reads `retired`, `cursor` and `limit`.
    ///
    /// # Errors
    /// `retired` is neither yes nor no; the page cannot be one.
    pub fn read(query: &Fields) -> Answer<Self> {
        let retired = match query.some("retired") {
            None | Some("no") => false,
            Some("yes") => true,
            Some(_) => return Err(Problem::invalid("retired", "retired must be yes or no.")),
        };
        Ok(Self {
            retired,
            page: PageRequest::read(query)?,
        })
    }
}

/// A page of the organisation's plans, oldest first.
///
/// # Errors
/// The organisation is a customer; the cursor is not one of this list's.
pub async fn list(app: &App, allowed: &Allowed<ReadBooks>, query: Query) -> Answer<Page<Priced>> {
    may_sell(&allowed.actor.organisation)?;
    let (home, now) = (allowed.actor.organisation.id.clone(), app.now());
    let Query { retired, page } = query;
    let found = app.store.read(move |c| {
        let page = plans::list(c, &home, retired, page.cursor.as_deref(), page.limit)?;
        let on = day(c, &home, now)?;
        let ids: Vec<&str> = page.items.iter().map(|plan| plan.id.as_str()).collect();
        let prices = catalogue::for_everybody(c, &ids)?;
        Ok(page.map(|plan| priced(plan, &prices, on)))
    });
    Ok(found.await?)
}

/// One of them.
///
/// # Errors
/// There is no such plan of the organisation's.
pub async fn find(app: &App, allowed: &Allowed<ReadBooks>, id: String) -> Answer<Priced> {
    let (home, now) = (allowed.actor.organisation.id.clone(), app.now());
    let found = app.store.read(move |c| {
        let Some(plan) = plans::find(c, &home, &id)? else {
            return Ok(None);
        };
        let on = day(c, &home, now)?;
        let prices = catalogue::for_everybody(c, &[&plan.id])?;
        Ok(Some(priced(plan, &prices, on)))
    });
    found.await?.ok_or_else(|| Problem::not_found("plan"))
}

/// A page of its prices, newest first, with the seller's day.
///
/// # Errors
/// There is no such plan of the organisation's; the cursor is not one of this list's.
pub async fn prices(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    id: String,
    page: PageRequest,
) -> Answer<(Page<Named>, Date)> {
    let (home, now) = (allowed.actor.organisation.id.clone(), app.now());
    let found = app.store.read(move |c| {
        if plans::find(c, &home, &id)?.is_none() {
            return Ok(None);
        }
        let found = catalogue::page(c, &id, page.cursor.as_deref(), page.limit)?;
        Ok(Some((found, day(c, &home, now)?)))
    });
    found.await?.ok_or_else(|| Problem::not_found("plan"))
}

/// The seller's day; that of universal time while it has not said where it is.
fn day(c: &mut Conn, home: &str, now: jiff::Timestamp) -> StoreResult<Date> {
    let seller = sellers::find(c, home)?;
    let known = seller.and_then(|seller| today(&seller, now).ok());
    Ok(known.unwrap_or_else(|| crate::web::time_words::utc_date(now)))
}

fn priced(plan: Plan, prices: &[Price], on: Date) -> Priced {
    let everybody = Asked {
        buyer: "",
        live: 1,
        on,
    };
    // A plan whose first price is still to come costs nothing that could be said.
    let costs = charge::plan(&plan, prices, &everybody).ok();
    Priced {
        recurring: costs.as_ref().map(|costs| costs.recurring.minor()),
        handset: costs.and_then(|costs| Some(costs.handset?.minor())),
        plan,
    }
}
