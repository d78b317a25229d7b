//! Subscriptions: what people and programs do to them, and what it comes to.

mod books;
mod life;
mod pages;
mod phones;
mod plans;
mod settling;

use muster::app::App;
use muster::features::invoicing::issue::{self, Issuing};
use muster::features::selling::charge::{self, Asked, Item};
use muster_domain::scope::Books;
use muster_domain::selling::invoice::{Draft, Line};
use muster_domain::selling::money::Money;
use muster_store::selling::subscriptions::{Period, Subscription};
use muster_store::selling::{
    accounts, parties, plans as plan_rows, renewals, sellers, subscriptions,
};
use muster_store::{Conn, StoreResult};
use muster_tests::trade::{Deal, Trade, id};
use muster_tests::world::World;
use muster_tests::{Api, TestApp};
use serde_json::{Value, json};

/// Northwind sells to The Evening Press: its API, and the deal after `change`.
pub async fn shop(t: &mut TestApp, change: impl FnOnce(&mut Deal)) -> (World, Deal) {
    let world = t.world().await;
    let mut trade = Trade::of(t).await;
    change(&mut trade.retail);
    trade.insert(t).await;
    (world, trade.retail)
}

/// A plan by the month at this price, with ids of its own.
pub fn monthly(deal: &Deal, number: u64, name: &str, amount: i64) -> Deal {
    let mut other = deal.clone();
    other.plan.id = id(0x40, number);
    other.plan.name = name.to_owned();
    other.plan.interval_unit = "months".to_owned();
    other.plan.interval_count = 1;
    other.prices.truncate(1);
    other.prices[0].id = id(0x41, number);
    other.prices[0].plan_id.clone_from(&other.plan.id);
    other.prices[0].amount = amount;
    other
}

/// Writes the plan of a deal whose ends are there already.
pub async fn add_plan(t: &TestApp, deal: &Deal) {
    let deal = deal.clone();
    t.write(move |c| {
        plan_rows::insert(c, &deal.plan)?;
        for price in &deal.prices {
            plan_rows::insert_price(c, price)?;
        }
        Ok(())
    })
    .await;
}

/// Starts one; answers it.
pub async fn start(api: &Api, deal: &Deal, more: Value) -> Value {
    let mut body = json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let started = api.post("/api/v1/subscriptions", &body).await.expect(201);
    started["items"][0].clone()
}

/// One act on one.
pub async fn act(api: &Api, id: &Value, word: &str, body: Value) -> muster_tests::Answered {
    let path = format!("/api/v1/subscriptions/{}/{word}", id.as_str().unwrap());
    api.post(&path, &body).await
}

/// Moves the time to this instant.
pub fn at(t: &TestApp, instant: &str) {
    let instant: jiff::Timestamp = instant.parse().unwrap();
    let ahead = instant.as_second() - t.app().now().as_second();
    assert!(ahead >= 0, "time does not go back to {instant}");
    t.clock.advance_seconds(ahead);
}

/// One as the API shows it.
pub async fn shown(api: &Api, id: &Value) -> Value {
    let path = format!("/api/v1/subscriptions/{}", id.as_str().unwrap());
    api.get(&path).await.expect(200)
}

/// Bills whatever is due, one period after the other, by the calendar and the prices alone: what a renewal comes to, without the
/// batches of the job.
pub async fn bill(t: &TestApp) {
    loop {
        let app = t.app().clone();
        let billed = t.write(move |tx| {
            let due = renewals::due(tx, app.now_micros(), 1_000)?;
            for row in &due {
                renew(tx, &app, row)?;
            }
            Ok(due.len())
        });
        if billed.await == 0 {
            return;
        }
    }
}

fn renew(tx: &mut Conn, app: &App, row: &Subscription) -> StoreResult<()> {
    let now = app.now_micros();
    if row.cancel_at_end == 1 {
        let ended = Subscription {
            life: "canceled".to_owned(),
            next_start_at: None,
            cancel_at_end: 0,
            ended_at: Some(now),
            ..row.clone()
        };
        assert!(subscriptions::update(tx, row.next_index, &ended)?);
        accounts::count_live(tx, &row.billing_account_id, -1)?;
        return Ok(());
    }
    let plan_id = row.next_plan_id.as_ref().unwrap_or(&row.plan_id);
    let plan = plan_rows::many_for_job(tx, &[plan_id])?.remove(0);
    let account = accounts::many_for_job(tx, &[&row.billing_account_id])?.remove(0);
    let seller = sellers::find(tx, &row.seller_id)?.unwrap();
    let parties = (
        parties::find(tx, &seller.party_id)?.unwrap(),
        parties::find(tx, &account.party_id)?.unwrap(),
    );
    let zone = charge::zone(&account).unwrap();
    let last = subscriptions::last_period(tx, &row.id)?;
    let mut schedule = charge::schedule(row, charge::interval(&plan).unwrap(), zone).unwrap();
    if let (Some(_), Some(last)) = (&row.next_plan_id, &last) {
        schedule.anchor = charge::date(&last.end_date).unwrap();
        schedule.first = u32::try_from(last.period_index).unwrap() + 1;
    }
    let before = last.as_ref().map(|last| charge::period(last).unwrap());
    let period = schedule.next(before.as_ref()).unwrap();
    let prices = plan_rows::prices_of(tx, &[&plan.id])?;
    let asked = Asked {
        buyer: &account.buyer_id,
        live: account.live_subscriptions,
        on: period.start_date,
    };
    let priced = charge::plan(&plan, &prices, &asked).unwrap();
    let trade = charge::Trade::of((&seller, &parties.0), (&account, &parties.1)).unwrap();
    let line = Line {
        product: Item::Recurring.as_str().to_owned(),
        text: charge::line_text("en", Item::Recurring, &plan.name, None),
        quantity: 1,
        unit_price: priced.recurring,
        discount: Money::zero(priced.recurring.currency()),
        treatment: trade
            .treatment(&plan, Item::Recurring, period.start_date)
            .unwrap(),
        period: Some((period.start_date, period.end_date.yesterday().unwrap())),
    };
    let draft = Draft::invoice(priced.recurring.currency(), vec![line]);
    let issuing = Issuing {
        seller: &seller,
        account: &account,
        draft: &draft,
        subscriptions: &[Some(row.id.clone())],
        corrects: None,
        terms_days: account.terms_days,
    };
    let invoice = issue::issue(tx, app, &issuing)?.unwrap();
    let named = (row.id.as_str(), plan.id.as_str(), invoice.id.as_str());
    let previous = last.map(|last| last.end_at);
    subscriptions::insert_period(tx, &charge::period_row(&period, previous, named))?;
    let renewed = Subscription {
        plan_id: plan.id.clone(),
        next_plan_id: None,
        life: "active".to_owned(),
        anchor: schedule.anchor.to_string(),
        anchor_index: i64::from(schedule.first),
        next_index: i64::from(period.index) + 1,
        next_start_at: Some(period.end.as_microsecond()),
        covered_until: Some(period.end.as_microsecond()),
        ..row.clone()
    };
    assert!(subscriptions::update(tx, row.next_index, &renewed)?);
    Ok(())
}

/// The periods of one, oldest first, after a look that none overlaps the next.
pub async fn periods(t: &TestApp, id: &Value) -> Vec<Period> {
    let periods = muster_tests::trade::periods(t, id.as_str().unwrap()).await;
    for pair in periods.windows(2) {
        assert!(
            pair[0].end_at <= pair[1].start_at && pair[0].period_index < pair[1].period_index,
            "{periods:#?}"
        );
    }
    for period in &periods {
        assert!(period.start_at < period.end_at, "{period:?}");
    }
    periods
}

/// The days of periods: first, and the first after.
pub fn days(periods: &[Period]) -> Vec<(&str, &str)> {
    periods
        .iter()
        .map(|period| (period.start_date.as_str(), period.end_date.as_str()))
        .collect()
}

/// How many of the account's subscriptions count as live.
pub async fn live(t: &TestApp, deal: &Deal) -> i64 {
    deal.account_now(t).await.live_subscriptions
}

/// The row of one.
pub async fn row(t: &TestApp, deal: &Deal, id: &Value) -> Subscription {
    let books = Books::Seller(deal.seller.organisation_id.clone());
    let id = id.as_str().unwrap().to_owned();
    t.read(move |c| subscriptions::find(c, &books, &id))
        .await
        .unwrap()
}
