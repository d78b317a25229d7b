//! The subscriptions of somebody's books, sold or bought, with the names that a reader needs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::scope::{Books, Scope};
use muster_domain::selling::life::Life;
use muster_domain::selling::zone::Zone;
use muster_store::selling::accounts;
use muster_store::selling::plans;
use muster_store::selling::subscriptions::{self, Filter, Subscription};
use muster_store::{Conn, Page, StoreResult, devices, organisations};

use crate::app::App;
use crate::features::selling::books;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// Which subscriptions, and which page of them.
#[derive(Debug, Clone)]
pub struct Query {
    /// Whose.
    pub books: Books,
    /// Which.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest,
}

impl Query {
    /// Reads `side`, `life`, `billing_account_id`, `device_id`, `parked`, `cursor` and `limit`. Pages write shorter: `account`,
    /// `device`.
    ///
    /// # Errors
    /// A word that a filter does not know; the page cannot be one.
    pub fn read(allowed: &Allowed<ReadBooks>, query: &Fields) -> Answer<Self> {
        let life = query.some("life").map(str::to_owned);
        if life
            .as_deref()
            .is_some_and(|life| Life::parse(life).is_none())
        {
            return Err(Problem::invalid(
                "life",
                "life must be pending, trialing, active, paused, canceled or expired.",
            ));
        }
        let parked = match query.some("parked") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Problem::invalid("parked", "parked must be true or false.")),
        };
        let either = |one: &str, other: &str| {
            let found = query.some(one).or_else(|| query.some(other));
            found.map(str::to_owned)
        };
        Ok(Self {
            books: books::asked(&allowed.actor, query)?,
            filter: Filter {
                life,
                account_id: either("billing_account_id", "account"),
                parked,
                device_id: either("device_id", "device"),
            },
            page: PageRequest::read(query)?,
        })
    }
}

/// A subscription with names.
#[derive(Debug, Clone)]
pub struct Named {
    /// The subscription.
    pub row: Subscription,
    /// Its plan.
    pub plan: String,
    /// The other one of the trade: who buys where it was sold, who sells where it was bought.
    pub other: String,
    /// The serial number of its phone, where the reader may see that phone.
    pub serial_number: Option<String>,
    /// The day, in the account's zone, on which it renews or ends; `None` where nothing is to come.
    pub next_on: Option<Date>,
}

/// A page of them, newest first.
///
/// # Errors
/// The cursor is not one of this list's.
pub async fn list(app: &App, allowed: &Allowed<ReadBooks>, query: Query) -> Answer<Page<Named>> {
    let scope = allowed.scope().clone();
    let Query {
        books,
        filter,
        page,
    } = query;
    let found = app.store.read(move |c| {
        let found = subscriptions::list(c, &books, &filter, page.cursor.as_deref(), page.limit)?;
        let items = named(c, &books, &scope, found.items)?;
        Ok(Page {
            items,
            next: found.next,
        })
    });
    Ok(found.await?)
}

/// Names for some subscriptions of these books.
pub fn named(
    c: &mut Conn,
    books: &Books,
    scope: &Scope,
    rows: Vec<Subscription>,
) -> StoreResult<Vec<Named>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.plan_id.as_str()).collect();
    let plans: BTreeMap<String, String> = plans::many_for_job(c, &ids)?
        .into_iter()
        .map(|plan| (plan.id, plan.name))
        .collect();
    let ids: Vec<&str> = rows
        .iter()
        .map(|row| row.billing_account_id.as_str())
        .collect();
    let zones: BTreeMap<String, Zone> = accounts::many_for_job(c, &ids)?
        .into_iter()
        .filter_map(|account| Some((account.id, Zone::parse(&account.zone).ok()?)))
        .collect();
    let wanted: Vec<String> = rows
        .iter()
        .filter_map(|row| row.device_id.clone())
        .collect();
    let serials: BTreeMap<String, String> = devices::find_many(c, scope, &wanted)?
        .into_iter()
        .map(|device| (device.id, device.serial_number))
        .collect();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let other = |row: &Subscription| match books {
        Books::Seller(_) => row.buyer_id.clone(),
        Books::Buyer(_) => row.seller_id.clone(),
    };
    for row in &rows {
        if let Entry::Vacant(place) = names.entry(other(row)) {
            // Both ends of a trade know each other's name.
            let found = organisations::find(c, &Scope::Platform, place.key())?;
            place.insert(found.map_or_else(String::new, |found| found.name));
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| Named {
            plan: plans.get(&row.plan_id).cloned().unwrap_or_default(),
            other: names.get(&other(&row)).cloned().unwrap_or_default(),
            serial_number: row
                .device_id
                .as_ref()
                .and_then(|id| serials.get(id))
                .cloned(),
            next_on: next_on(&row, zones.get(&row.billing_account_id)),
            row,
        })
        .collect())
}

fn next_on(row: &Subscription, zone: Option<&Zone>) -> Option<Date> {
    let at = Timestamp::from_microsecond(row.next_start_at?).ok()?;
    Some(zone?.date_of(at))
}
