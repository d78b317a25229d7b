//! One subscription with all that a reader asks: its three axes, what was billed, what comes next.

use muster_domain::scope::Books;
use muster_domain::selling::collection::Collection;
use muster_domain::selling::entitlement::{Claim, Entitlement, Side, entitlement};
use muster_domain::selling::life::Life;
use muster_domain::selling::resume::PausedTime;
use muster_store::selling::invoices::{self, Invoice};
use muster_store::selling::plans;
use muster_store::selling::subscriptions::{self, Period};
use muster_store::selling::waits;
use muster_store::{Conn, StoreError};

use super::list::{self, Named};
use super::next::{self, Next};
use super::scene::Scene;
use super::stop::{Step, settle};
use crate::app::App;
use crate::features::selling::books;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::problem::{Answer, Problem};

/// Periods that a page shows.
const PERIODS: i64 = 24;

/// All of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The subscription with names.
    pub named: Named,
    /// What is around it.
    pub scene: Scene,
    /// Whether the reader's organisation sells it, and not only bought it.
    pub sold: bool,
    /// The plan that it was chosen to go on with.
    pub next_plan: Option<String>,
    /// What this subscription entitles its phone to; `None` while it has no say.
    pub service: Option<Entitlement>,
    /// What is billed next.
    pub next: Option<Next>,
    /// When a trial begins that has not yet.
    pub trial_from: Option<i64>,
    /// The newest periods, each with the document that billed it.
    pub periods: Vec<(Period, Option<Invoice>)>,
    /// What the buyer's account owes, on how many documents.
    pub owed: (i64, usize),
}

/// One of the actor's books, whichever side it stands on.
///
/// # Errors
/// It is in neither.
pub async fn show(app: &App, allowed: &Allowed<ReadBooks>, id: &str) -> Answer<Shown> {
    let (sold, bought) = (books::sold(&allowed.actor), books::bought(&allowed.actor));
    let (scope, id) = (allowed.scope().clone(), id.to_owned());
    let now = app.now();
    let found = app.store.read(move |c| {
        settle((|| {
            for books in [&sold, &bought] {
                if let Some(row) = subscriptions::find(c, books, &id)? {
                    let named = list::named(c, books, &scope, vec![row])?.pop();
                    let named = named.ok_or(StoreError::Cursor)?;
                    let scene = Scene::at(c, now, named.row.clone())?;
                    return whole(c, named, scene, matches!(books, Books::Seller(_)));
                }
            }
            Err(Problem::not_found("subscription").into())
        })())
    });
    found.await?
}

fn whole(c: &mut Conn, named: Named, scene: Scene, sold: bool) -> Step<Shown> {
    let row = &named.row;
    let mut periods = Vec::new();
    for period in subscriptions::periods(c, &row.id, None, PERIODS)?.items {
        let books = Books::Seller(row.seller_id.clone());
        let invoice = invoices::find(c, &books, &period.invoice_id)?;
        periods.push((period, invoice));
    }
    let open = invoices::open_of_account(c, &row.billing_account_id)?;
    let next_plan = match &row.next_plan_id {
        Some(id) => plans::find(c, &row.seller_id, id)?.map(|plan| plan.name),
        None => None,
    };
    Ok(Shown {
        sold,
        next_plan,
        service: service(&scene)?,
        next: next::of(c, &scene)?,
        trial_from: waits::trial(c, &row.id)?,
        periods,
        owed: (open.iter().map(|owed| owed.open).sum(), open.len()),
        named,
        scene,
    })
}

/// What this subscription alone entitles to. The phone may have another, of the other side, that says less.
pub fn service(scene: &Scene) -> Step<Option<Entitlement>> {
    let row = &scene.subscription;
    let in_term = match scene.billed()? {
        Some(billed) => scene.paused_time()?.serves(&billed, scene.now),
        None => scene.paused_time()? == PausedTime::Lapses,
    };
    let side = if scene.between.buyer.kind == "reseller" {
        Side::Wholesale
    } else {
        Side::Retail
    };
    let read = || StoreError::Query(format!("subscription {} has an unknown state", row.id));
    Ok(entitlement(Claim {
        side,
        life: Life::parse(&row.life).ok_or_else(read)?,
        in_term,
        collection: Collection::parse(&row.reached).ok_or_else(read)?,
    }))
}
