//! Start subscriptions: one, or up to 500 alike. All of them or none, in one transaction.
//!
//! The first period is billed by the renewal job when it begins. Handsets are billed here, on a document of their own: they are
//! handed over now, whenever the service begins, and goods and services do not always go on one document (what is exported beside
//! what is not subject to VAT). As the document is written with the subscriptions, it is written once.

use std::sync::Arc;

use jiff::Span;
use jiff::civil::Date;
use muster_domain::scope::Books;
use muster_domain::selling::calendar::{OutOfRange, Schedule};
use muster_domain::selling::invoice::{Draft, Line};
use muster_domain::selling::life::{Act, Life};
use muster_domain::selling::money::Money;
use muster_domain::selling::price;
use muster_domain::text::Invalid;
use muster_store::selling::accounts;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::plans::Plan;
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::selling::waits;
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::acts::Mode;
use super::next::{self, Next};
use super::order::Order;
use super::scene::{Between, Scene};
use super::stop::{Step, refuse, settle};
use super::{move_to, stop};
use crate::app::App;
use crate::features::invoicing::issue::{self, Issuing};
use crate::features::record::write::{self as record, By, Entry, Weight};
use crate::features::selling::books;
use crate::features::selling::charge::{Item, line_text};
use crate::web::actor::{Allowed, Sell};
use crate::web::problem::{Answer, Problem};

/// How many days ahead something can be sold.
const AHEAD: i32 = 366;

/// What an order came to, or would.
#[derive(Debug, Clone)]
pub struct Started {
    /// The subscriptions, in the order of their phones.
    pub subscriptions: Vec<Subscription>,
    /// The document over the handsets, where some were sold.
    pub documents: Vec<Invoice>,
    /// What each of them is billed first, and when.
    pub next: Option<Next>,
}

enum End {
    Refused(Problem),
    Tried(Box<Started>),
}

/// Starts them, or says what that would come to.
///
/// # Errors
/// The account or plan is not the seller's, the plan cannot be sold to this buyer on that day, the date is past or far, or a phone
/// is not the buyer's or has a running subscription of this seller.
pub async fn start(
    app: &Arc<App>,
    allowed: &Allowed<Sell>,
    order: Order,
    mode: Mode,
) -> Answer<Started> {
    let (starting, by) = (app.clone(), By::actor(&allowed.actor));
    let books = books::sold(&allowed.actor);
    let ended = app.store.write_or_refuse(move |tx| -> StoreResult<_> {
        let started = settle(start_in(tx, &starting, &by, &books, &order))?;
        Ok(match started {
            Err(problem) => Err(End::Refused(problem)),
            Ok(started) if mode == Mode::Try => Err(End::Tried(Box::new(started))),
            Ok(started) => Ok(started),
        })
    });
    match ended.await? {
        Ok(started) => {
            app.due.renewals.notify_one();
            app.due.collection.notify_one();
            if !started.documents.is_empty() {
                app.due.letters.notify_one();
            }
            Ok(started)
        }
        Err(End::Tried(started)) => Ok(*started),
        Err(End::Refused(problem)) => Err(problem),
    }
}

fn start_in(tx: &mut Conn, app: &App, by: &By, books: &Books, order: &Order) -> Step<Started> {
    let Some(account) = accounts::find(tx, books, &order.account)? else {
        return Err(Problem::not_found("buyer").into());
    };
    let mut between = Between::load(tx, account)?;
    let plan = between.sellable(tx, &order.plan)?;
    let today = between.zone.date_of(app.now());
    let first_day = first_day(order.start, today)?;
    // The step of the price is that of all of them together.
    let count = i64::try_from(order.devices.len()).unwrap_or(i64::MAX);
    accounts::count_live(tx, &between.account.id, count)?;
    between.account.live_subscriptions += count;
    let priced = between.priced(tx, &plan, first_day)?;
    let begins = Begins::of(app, &between, &priced, (order, first_day, today))?;
    let (mut rows, mut phones) = (Vec::new(), Vec::new());
    for device in &order.devices {
        let serial = match device {
            Some(device) => Some(move_to::free(tx, &between, device)?),
            None => None,
        };
        let row = begins.row(app, &between, &plan, device.clone());
        insert(tx, &row, &begins)?;
        tell(
            tx,
            app,
            by,
            &between,
            (&plan, &row, first_day),
            serial.as_deref(),
        )?;
        phones.push(serial);
        rows.push(row);
    }
    let documents = if order.handset {
        vec![handsets(
            tx,
            app,
            &between,
            (&plan, &priced),
            (&rows, &phones),
        )?]
    } else {
        Vec::new()
    };
    let next = match rows.first() {
        Some(row) => {
            let scene = Scene::of(tx, app, row.clone())?;
            next::of(tx, &scene)?
        }
        None => None,
    };
    Ok(Started {
        subscriptions: rows,
        documents,
        next,
    })
}

fn first_day(asked: Option<Date>, today: Date) -> Step<Date> {
    let day = asked.unwrap_or(today);
    let last = today
        .checked_add(Span::new().days(AHEAD))
        .map_err(|_| OutOfRange)?;
    let message = if day < today {
        format!("This day is past. Start on {today} or later.")
    } else if day > last {
        format!("This day is too far ahead. Start on {last} at the latest.")
    } else {
        return Ok(day);
    };
    Err(Problem::from(Invalid::new("start_date", "start-day", message)).into())
}

/// When subscriptions of an order begin.
struct Begins {
    life: Life,
    schedule: Schedule,
    /// When the first period begins.
    billed_from: i64,
    /// When a trial begins that has not yet.
    trial_from: Option<i64>,
    today: Date,
}

impl Begins {
    fn of(
        app: &App,
        between: &Between,
        plan: &price::Plan,
        (order, day, today): (&Order, Date, Date),
    ) -> Step<Self> {
        let start = if day == today {
            app.now()
        } else {
            between.zone.start_of(day)?
        };
        let zone = between.zone.clone();
        let with_trial = order.trial && plan.trial_days > 0;
        if order.trial && !with_trial {
            return refuse(
                "plan-no-trial",
                "This plan has no trial. Start without one, or choose a plan that has.",
            );
        }
        let schedule = if with_trial {
            Schedule::after_trial(start, plan.trial_days, plan.interval, zone)?
        } else {
            Schedule::new(day, plan.interval, zone)
        };
        let act = if with_trial {
            Act::StartTrial
        } else {
            Act::Activate
        };
        let begun = day == today;
        let life = if begun {
            Life::Pending.after(act)?
        } else {
            Life::Pending
        };
        Ok(Self {
            life,
            billed_from: schedule.boundary(schedule.first)?.as_microsecond(),
            schedule,
            trial_from: (with_trial && !begun).then(|| start.as_microsecond()),
            today,
        })
    }

    fn row(
        &self,
        app: &App,
        between: &Between,
        plan: &Plan,
        device: Option<String>,
    ) -> Subscription {
        Subscription {
            id: app.new_id(),
            seller_id: between.seller.organisation_id.clone(),
            buyer_id: between.account.buyer_id.clone(),
            billing_account_id: between.account.id.clone(),
            plan_id: plan.id.clone(),
            device_id: device,
            life: self.life.as_str().to_owned(),
            anchor: self.schedule.anchor.to_string(),
            anchor_index: i64::from(self.schedule.first),
            next_index: i64::from(self.schedule.first),
            next_start_at: Some(self.billed_from),
            covered_until: None,
            cancel_at_end: 0,
            next_plan_id: None,
            reached: "current".to_owned(),
            reached_on: self.today.to_string(),
            parked_at: None,
            parked_because: None,
            ordered: "nothing".to_owned(),
            ordered_until: None,
            created_at: app.now_micros(),
            ended_at: None,
        }
    }
}

fn insert(tx: &mut Conn, row: &Subscription, begins: &Begins) -> Step<()> {
    match subscriptions::insert(tx, row) {
        Err(error) if error.is_conflict_of("subscriptions.device_id,seller_id") => {
            return Err(move_to::taken().into());
        }
        other => other?,
    }
    if let Some(at) = begins.trial_from {
        waits::insert_trial(tx, &row.id, at)?;
    }
    Ok(())
}

fn tell(
    tx: &mut Conn,
    app: &App,
    by: &By,
    between: &Between,
    (plan, row, day): (&Plan, &Subscription, Date),
    serial: Option<&str>,
) -> StoreResult<()> {
    let entry = Entry {
        kind: "subscription.started",
        weight: Weight::Ordinary,
        place: between.place(),
        device: row.device_id.clone().zip(serial.map(str::to_owned)),
        command: None,
        facts: json!({ "plan": plan.name, "buyer": between.buyer.name, "from": day.to_string() }),
    };
    record::write(tx, app, by, &entry)
}

/// The document over the handsets, one line for each: it says which phone it was.
fn handsets(
    tx: &mut Conn,
    app: &App,
    between: &Between,
    (plan, priced): (&Plan, &price::Plan),
    (rows, phones): (&[Subscription], &[Option<String>]),
) -> Step<Invoice> {
    let Some(price) = priced.handset else {
        let message = format!(
            "The plan {} has no price for a handset. Give it one, or sell without a handset.",
            plan.name
        );
        return refuse("plan-no-handset", message);
    };
    let today = between.zone.date_of(app.now());
    let treatment = between.trade(tx)?.treatment(plan, Item::Handset, today)?;
    let language = between.account.language.as_str();
    let line = |serial: &Option<String>| Line {
        product: Item::Handset.as_str().to_owned(),
        text: line_text(language, Item::Handset, &plan.name, serial.as_deref()),
        quantity: 1,
        unit_price: price,
        discount: Money::zero(price.currency()),
        treatment,
        period: None,
    };
    let draft = Draft::invoice(price.currency(), phones.iter().map(line).collect());
    let subscriptions: Vec<Option<String>> = rows.iter().map(|row| Some(row.id.clone())).collect();
    let issuing = Issuing {
        seller: &between.seller,
        account: &between.account,
        draft: &draft,
        subscriptions: &subscriptions,
        corrects: None,
        terms_days: between.account.terms_days,
    };
    issue::issue(tx, app, &issuing)?.map_err(|refusal| stop::refused(refusal).into())
}
