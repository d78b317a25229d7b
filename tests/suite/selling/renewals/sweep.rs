//! The sweep: backlogs, repeated runs, leases, two nodes, a long stop, what ends and what changes at a boundary.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster::app::{App, Surroundings};
use muster::features;
use muster::features::operations::schedule;
use muster::features::selling::renewals::sweep;
use muster::random::SeededRandom;
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::{Store, job_leases};
use muster_tests::trade::{self, Deal, id};
use muster_tests::{TestApp, Trade, on_both_databases};

use super::{all_fits, days, go_to, renew, retail, spans};

on_both_databases![
    b10_three_missed_periods_are_three_invoices_in_order,
    b11_many_runs_and_a_long_backlog_bill_each_period_once,
    b12_what_is_due_and_not_billed_rings_the_alarm,
    b13_a_tick_that_finds_the_lease_taken_is_not_lost,
    b14_two_nodes_number_from_one_to_n,
    b22_after_forty_days_everything_due_is_billed_once,
    what_is_to_end_ends_at_its_boundary_unbilled,
    the_next_plan_begins_at_the_boundary,
    numbers_begin_anew_with_the_sellers_year,
];

/// So many active subscriptions, due on `anchor`.
async fn many(t: &TestApp, deal: &Deal, count: u64, anchor: &str) -> Vec<Subscription> {
    let rows: Vec<Subscription> = (1..=count)
        .map(|number| deal.subscription(number, anchor))
        .collect();
    let new = rows.clone();
    t.write(move |c| new.iter().try_for_each(|row| subscriptions::insert(c, row)))
        .await;
    rows
}

async fn b10_three_missed_periods_are_three_invoices_in_order(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2026-10-31").await;
    let other = deal.subscribe(t, 2, "2026-11-15").await;
    go_to(t, "2027-01-03T12:00:00Z");
    renew(t).await;
    let billed = days(&[
        ("2026-10-31", "2026-11-30"),
        ("2026-11-30", "2026-12-31"),
        ("2026-12-31", "2027-01-31"),
    ]);
    assert_eq!(spans(t, &row).await, billed);
    assert_eq!(spans(t, &other).await.len(), 2);
    let issued = all_fits(t, &deal, &[&row, &other]).await;
    let mut order = Vec::new();
    for invoice in &issued {
        order.push(
            trade::lines(t, &invoice.id)
                .await
                .remove(0)
                .from_date
                .unwrap(),
        );
    }
    let mut sweeps = order.clone();
    sweeps.sort();
    assert_eq!(order, sweeps, "the older period has the lower number");
    renew(t).await;
    assert_eq!(deal.documents(t).await.len(), 5, "nothing more is due");
}

async fn b11_many_runs_and_a_long_backlog_bill_each_period_once(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    // More than two batches, of which each is due twice.
    let rows = many(t, &deal, 1_100, "2026-10-31").await;
    go_to(t, "2026-12-01T12:00:00Z");
    let app = t.app();
    let ran = tokio::join!(
        sweep::bill_all(app.clone()),
        sweep::bill_all(app.clone()),
        sweep::bill_all(app.clone()),
    );
    // One that found others in its way for too long leaves the rest to the next tick.
    assert!(ran.0.is_ok() || ran.1.is_ok() || ran.2.is_ok(), "{ran:?}");
    for _ in 0..3 {
        renew(t).await;
    }
    let issued = deal.documents(t).await;
    assert_eq!(issued.len(), 2_200);
    let numbers: BTreeSet<i64> = issued.iter().map(|invoice| invoice.number).collect();
    assert_eq!(numbers, (1..=2_200).collect());
    for row in [&rows[0], &rows[499], &rows[500], &rows[1_099]] {
        assert_eq!(spans(t, row).await.len(), 2);
    }
    let job = t.read(|c| job_leases::find(c, sweep::JOB)).await.unwrap();
    assert_eq!(
        (job.last_error, job.holder),
        (None, None),
        "the job is well"
    );
    assert_eq!(deal.balance(t, "vat:FR:20").await, -2_200 * 30_000);
}

async fn b12_what_is_due_and_not_billed_rings_the_alarm(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let world = t.world().await;
    let state = async || {
        world
            .northwind
            .api
            .get("/api/v1/renewals/state")
            .await
            .expect(200)
    };
    let rung = async |t: &TestApp, kind: &str| {
        t.run_job("renewals-watch").await;
        let record = t.record().await;
        record.iter().filter(|found| *found == kind).count()
    };
    hold(t, 90 * 86_400).await;
    deal.subscribe(t, 1, "2026-10-31").await;
    go_to(t, "2026-10-30T23:50:00Z");
    assert_eq!(rung(t, "renewal.behind").await, 0, "an hour is not over");
    assert!(state().await["behind_since"].is_null());
    go_to(t, "2026-10-31T00:10:00Z");
    assert_eq!(rung(t, "renewal.behind").await, 1);
    assert_eq!(rung(t, "renewal.behind").await, 1, "once while it lasts");
    assert_eq!(state().await["behind_since"], "2026-10-30T23:00:00Z");
    let mut owner = world
        .browser(&world.northwind, muster_domain::permission::Role::Owner)
        .await;
    let shown = owner.get("/subscriptions/parked").await;
    assert!(shown.text.contains("Renewals are behind"), "{}", shown.text);
    t.advance_days(1);
    assert_eq!(rung(t, "renewal.behind").await, 2, "and again each day");
    release(t).await;
    renew(t).await;
    assert_eq!(rung(t, "renewal.caught-up").await, 1);
    assert_eq!(rung(t, "renewal.caught-up").await, 1);
    assert!(state().await["behind_since"].is_null());
    assert_eq!(deal.documents(t).await.len(), 1);
}

async fn b13_a_tick_that_finds_the_lease_taken_is_not_lost(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    go_to(t, "2026-11-01T00:00:00Z");
    // Another node has the job, and falls silent.
    hold(t, 30).await;
    deal.subscribe(t, 1, "2026-10-31").await;
    t.clock.advance_seconds(29);
    let job = features::jobs()
        .into_iter()
        .find(|job| job.name == sweep::JOB)
        .unwrap();
    for _ in 0..3 {
        assert_eq!(schedule::run(t.app(), job).await, Ok(false), "it is taken");
    }
    assert_eq!(deal.documents(t).await, []);
    // Its lease has run out: the next tick does what the others left.
    t.clock.advance_seconds(1);
    renew(t).await;
    assert_eq!(deal.documents(t).await.len(), 1);
}

async fn b14_two_nodes_number_from_one_to_n(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let rows = many(t, &deal, 700, "2026-10-31").await;
    go_to(t, "2026-12-01T12:00:00Z");
    let first = t.app().clone();
    let second = Arc::new(
        App::open(
            t.config().clone(),
            Surroundings {
                clock: t.clock.clone(),
                random: Arc::new(SeededRandom::new(77)),
                portal_url: first.portal_url.clone(),
                device_url: first.device_url.clone(),
            },
        )
        .unwrap(),
    );
    // The work itself, side by side, as if the lease had failed.
    let (here, there) = tokio::join!(
        tokio::spawn(sweep::bill_all(first)),
        tokio::spawn(sweep::bill_all(second)),
    );
    assert!(
        here.unwrap().is_ok() || there.unwrap().is_ok(),
        "one of them comes to the end"
    );
    renew(t).await;
    let issued = deal.documents(t).await;
    assert_eq!(issued.len(), 1_400);
    let numbers: BTreeSet<i64> = issued.iter().map(|invoice| invoice.number).collect();
    assert_eq!(numbers, (1..=1_400).collect());
    for row in rows.iter().step_by(99) {
        assert_eq!(spans(t, row).await.len(), 2);
    }
    assert_eq!(deal.balance(t, "revenue:recurring").await, -1_400 * 150_000);
}

async fn b22_after_forty_days_everything_due_is_billed_once(t: &mut TestApp) {
    let mut trade = Trade::of(t).await;
    trade.retail.plan.interval_unit = "days".to_owned();
    trade.retail.plan.interval_count = 30;
    trade.insert(t).await;
    // Thirty days at the reseller, six months at the operator.
    let short = trade.retail.subscribe(t, 1, "2026-09-21").await;
    let late = trade.retail.subscribe(t, 2, "2026-10-30").await;
    let ahead = trade.retail.subscribe(t, 3, "2026-11-20").await;
    let long = trade.wholesale.subscribe(t, 4, "2026-09-25").await;
    renew(t).await;
    assert_eq!(spans(t, &short).await.len(), 1);
    t.stop().await;
    t.advance_days(40);
    t.restart().await;
    renew(t).await;
    for (row, billed) in [(&short, 2), (&late, 1), (&ahead, 0), (&long, 1)] {
        assert_eq!(spans(t, row).await.len(), billed);
    }
    renew(t).await;
    let issued = all_fits(t, &trade.retail, &[&short, &late, &ahead]).await;
    assert_eq!(issued.len(), 3);
    // What is billed late is issued late, and has its whole time to be paid.
    assert_eq!(issued[1].issue_date, "2026-10-31");
    assert_eq!(issued[1].due_date, "2026-11-14");
    all_fits(t, &trade.wholesale, &[&long]).await;
}

async fn what_is_to_end_ends_at_its_boundary_unbilled(t: &mut TestApp) {
    let deal = retail(t, "America/Los_Angeles", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2026-10-01").await;
    go_to(t, "2026-10-02T00:00:00Z");
    renew(t).await;
    assert_eq!(deal.account_now(t).await.live_subscriptions, 1);
    let billed = trade::subscription_now(t, &row).await;
    let wish = Subscription {
        cancel_at_end: 1,
        ..billed.clone()
    };
    assert!(
        t.write(move |c| subscriptions::update(c, wish.next_index, &wish))
            .await
    );
    // The boundary is the start of the day there, eight hours after that of UTC.
    go_to(t, "2026-11-01T06:59:59Z");
    renew(t).await;
    assert_eq!(trade::subscription_now(t, &row).await.life, "active");
    go_to(t, "2026-11-03T00:00:00Z");
    renew(t).await;
    renew(t).await;
    let ended = trade::subscription_now(t, &row).await;
    assert_eq!(
        (ended.life.as_str(), ended.next_start_at),
        ("canceled", None)
    );
    assert_eq!(
        ended.ended_at, billed.covered_until,
        "when its period did, not when the job came"
    );
    assert_eq!(deal.account_now(t).await.live_subscriptions, 0);
    assert_eq!(deal.documents(t).await.len(), 1);
    let told = t.record().await;
    assert_eq!(
        told.iter()
            .filter(|kind| *kind == "renewal.canceled")
            .count(),
        1
    );
}

async fn the_next_plan_begins_at_the_boundary(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2026-10-31").await;
    let other = Plan {
        id: id(9, 1),
        name: "A quarter".to_owned(),
        interval_count: 3,
        ..deal.plan.clone()
    };
    let price = Price {
        id: id(9, 2),
        plan_id: other.id.clone(),
        amount: 70_000,
        ..deal.prices[0].clone()
    };
    let quarter = other.id.clone();
    t.write(move |c| {
        plans::insert(c, &other)?;
        plans::insert_price(c, &price)
    })
    .await;
    go_to(t, "2026-11-01T12:00:00Z");
    renew(t).await;
    let billed = trade::subscription_now(t, &row).await;
    let wish = Subscription {
        next_plan_id: Some(quarter.clone()),
        ..billed
    };
    assert!(
        t.write(move |c| subscriptions::update(c, wish.next_index, &wish))
            .await
    );
    go_to(t, "2027-06-01T12:00:00Z");
    renew(t).await;
    let expected = days(&[
        ("2026-10-31", "2026-11-30"),
        ("2026-11-30", "2027-02-28"),
        ("2027-02-28", "2027-05-30"),
        ("2027-05-30", "2027-08-30"),
    ]);
    assert_eq!(
        spans(t, &row).await,
        expected,
        "counted from the boundary at which it began"
    );
    let now = trade::subscription_now(t, &row).await;
    assert_eq!((now.plan_id, now.next_plan_id), (quarter, None));
    let nets: Vec<i64> = deal.documents(t).await.iter().map(|one| one.net).collect();
    assert_eq!(nets, [150_000, 70_000, 70_000, 70_000]);
}

async fn numbers_begin_anew_with_the_sellers_year(t: &mut TestApp) {
    let deal = retail(t, "Pacific/Auckland", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2026-12-31").await;
    let next = deal.subscribe(t, 2, "2027-01-01").await;
    // The new year has come in Auckland, where the buyer is, and not in Paris, where the seller is.
    go_to(t, "2026-12-31T22:30:00Z");
    renew(t).await;
    let third = deal.subscribe(t, 3, "2027-01-01").await;
    go_to(t, "2026-12-31T23:30:00Z");
    renew(t).await;
    let issued = all_fits(t, &deal, &[&row, &next, &third]).await;
    let places: Vec<(i64, i64)> = issued.iter().map(|one| (one.year, one.number)).collect();
    assert_eq!(places, [(2026, 1), (2026, 2), (2027, 1)]);
}

/// Another node takes the job, for so long.
async fn hold(t: &TestApp, seconds: i64) {
    let (store, now) = (t.app().store.clone(), t.app().now_micros());
    for _ in 0..200 {
        if claim(&store, now, seconds).await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    unreachable!("the job was held by this node for four seconds");
}

async fn claim(store: &Store, now: i64, seconds: i64) -> bool {
    let until = now + seconds * 1_000_000;
    let claimed = store
        .write(move |c| job_leases::claim(c, sweep::JOB, "another node", until, now))
        .await;
    claimed.unwrap().is_some()
}

async fn release(t: &TestApp) {
    let now = t.app().now_micros();
    t.write(move |c| {
        let held = job_leases::find(c, sweep::JOB)?;
        let fence = held.map_or(0, |held| held.fence);
        job_leases::finish(c, sweep::JOB, fence, None, now)
    })
    .await;
}
