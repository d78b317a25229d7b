//! A life from its start to its end.

use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{act, add_plan, at, bill, days, live, monthly, periods, row, shop, shown, start};

on_both_databases![
    what_starts_today_is_billed_at_once_and_what_starts_later_then,
    a_day_that_is_past_or_far_is_refused,
    b07_a_trial_over_the_clock_change_begins_one_day_and_never_loops,
    a_trial_that_was_agreed_on_for_later_begins_by_itself,
    b09_a_cancellation_at_the_end_credits_no_day_in_los_angeles,
    a_cancellation_at_the_end_can_be_taken_back,
    b15_pausing_twice_within_a_term_never_overlaps_periods,
    b15_paused_days_are_given_back_where_the_plan_says_so,
    a_paused_one_can_end_with_what_was_paid_for,
    what_waits_to_be_billed_is_billed_first,
];

async fn what_starts_today_is_billed_at_once_and_what_starts_later_then(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let now = start(api, &deal, json!({})).await;
    assert_eq!(
        (&now["life"], &now["anchor"]),
        (&json!("active"), &json!("2026-09-21"))
    );
    let later = start(api, &deal, json!({ "start_date": "2026-10-05" })).await;
    assert_eq!(
        (&later["life"], &later["next_period_at"]),
        (&json!("pending"), &json!("2026-10-04T22:00:00Z"))
    );
    assert_eq!(live(t, &deal).await, 2);
    bill(t).await;
    assert_eq!(
        days(&periods(t, &now["id"]).await),
        [("2026-09-21", "2027-03-21")]
    );
    assert!(periods(t, &later["id"]).await.is_empty());
    let whole = shown(api, &now["id"]).await;
    assert_eq!(
        (
            &whole["service"],
            &whole["next"]["on"],
            &whole["next"]["net"],
            &whole["next"]["total"]
        ),
        (
            &json!("full"),
            &json!("2027-03-21"),
            &json!(150_000),
            &json!(180_000)
        )
    );
    assert_eq!(shown(api, &later["id"]).await["service"], Value::Null);
    at(t, "2026-10-04T22:00:00Z");
    bill(t).await;
    assert_eq!(
        days(&periods(t, &later["id"]).await),
        [("2026-10-05", "2027-04-05")]
    );
    assert_eq!(shown(api, &later["id"]).await["life"], "active");
    let told = t.record().await;
    assert_eq!(
        told.iter()
            .filter(|kind| *kind == "subscription.started")
            .count(),
        2
    );
}

async fn a_day_that_is_past_or_far_is_refused(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    for wrong in ["2026-09-20", "2027-09-23", "soon", "2026-02-30"] {
        let body = json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "start_date": wrong });
        let refused = world
            .northwind
            .api
            .post("/api/v1/subscriptions", &body)
            .await;
        refused.expect_problem(422, "fields");
        assert_eq!(
            refused.json()["errors"][0]["field"],
            "start_date",
            "{wrong}"
        );
    }
    assert_eq!(live(t, &deal).await, 0);
}

async fn b07_a_trial_over_the_clock_change_begins_one_day_and_never_loops(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| {
        deal.account.zone = "America/Los_Angeles".to_owned();
        deal.plan.interval_count = 1;
        deal.plan.trial_days = 30;
    })
    .await;
    // 1 March, 23:30 in Los Angeles; the clocks change on the 14th.
    at(t, "2027-03-02T07:30:00Z");
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({ "trial": true })).await;
    assert_eq!(
        (&new["life"], &new["anchor"], &new["next_period_at"]),
        (
            &json!("trialing"),
            &json!("2027-03-31"),
            &json!("2027-03-31T07:00:00Z")
        )
    );
    at(t, "2027-03-31T06:59:59Z");
    bill(t).await;
    assert!(deal.documents(t).await.is_empty());
    at(t, "2027-03-31T07:00:00Z");
    for _ in 0..3 {
        bill(t).await;
    }
    assert_eq!(deal.documents(t).await.len(), 1);
    assert_eq!(shown(api, &new["id"]).await["life"], "active");
    at(t, "2027-05-31T12:00:00Z");
    bill(t).await;
    assert_eq!(
        days(&periods(t, &new["id"]).await),
        [
            ("2027-03-31", "2027-04-30"),
            ("2027-04-30", "2027-05-31"),
            ("2027-05-31", "2027-06-30")
        ]
    );
}

async fn a_trial_that_was_agreed_on_for_later_begins_by_itself(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| deal.plan.trial_days = 14).await;
    let api = &world.northwind.api;
    let order = json!({ "trial": true, "start_date": "2026-10-01" });
    let new = start(api, &deal, order.clone()).await;
    let gone = start(api, &deal, order).await;
    assert_eq!(
        (&new["life"], &new["anchor"]),
        (&json!("pending"), &json!("2026-10-15"))
    );
    act(api, &gone["id"], "cancel", json!({ "when": "now" }))
        .await
        .expect(200);
    t.run_job("subscriptions.trials").await;
    assert_eq!(shown(api, &new["id"]).await["life"], "pending");
    at(t, "2026-09-30T22:00:00Z");
    t.run_job("subscriptions.trials").await;
    t.run_job("subscriptions.trials").await;
    assert_eq!(shown(api, &new["id"]).await["life"], "trialing");
    assert_eq!(shown(api, &gone["id"]).await["life"], "canceled");
    let told = t.record().await;
    assert_eq!(
        told.iter()
            .filter(|kind| *kind == "subscription.trial-began")
            .count(),
        1
    );
    let without =
        json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "trial": true });
    t.write({
        let plan = deal.plan.id.clone();
        move |c| {
            let mut plain = muster_store::selling::plans::many_for_job(c, &[&plan])?.remove(0);
            plain.id = "no-trial".to_owned();
            plain.name = "No trial".to_owned();
            plain.trial_days = 0;
            muster_store::selling::plans::insert(c, &plain)?;
            let mut price = muster_store::selling::plans::prices_of(c, &[&plan])?.remove(0);
            price.id = "no-trial-price".to_owned();
            price.item = "recurring".to_owned();
            price.plan_id = "no-trial".to_owned();
            muster_store::selling::plans::insert_price(c, &price)
        }
    })
    .await;
    let mut body = without;
    body["plan_id"] = json!("no-trial");
    api.post("/api/v1/subscriptions", &body)
        .await
        .expect_problem(409, "plan-no-trial");
}

async fn b09_a_cancellation_at_the_end_credits_no_day_in_los_angeles(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| {
        deal.account.zone = "America/Los_Angeles".to_owned();
        deal.plan.interval_count = 1;
        deal.plan.cancellation = "now-with-credit".to_owned();
    })
    .await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    // The evening before the last day: in UTC it is the last day already.
    at(t, "2026-10-20T05:00:00Z");
    let canceled = act(api, &new["id"], "cancel", json!({ "when": "period-end" }))
        .await
        .expect(200);
    assert_eq!(
        (&canceled["documents"], &canceled["next"]),
        (&json!([]), &Value::Null)
    );
    at(t, "2026-10-21T06:59:59Z");
    bill(t).await;
    assert_eq!(shown(api, &new["id"]).await["life"], "active");
    at(t, "2026-10-21T07:00:00Z");
    bill(t).await;
    assert_eq!(shown(api, &new["id"]).await["life"], "canceled");
    let kinds: Vec<String> = deal
        .documents(t)
        .await
        .into_iter()
        .map(|invoice| invoice.kind)
        .collect();
    assert_eq!(kinds, ["invoice"]);
    assert_eq!(
        days(&periods(t, &new["id"]).await),
        [("2026-09-21", "2026-10-21")]
    );
    assert_eq!(live(t, &deal).await, 0);
}

async fn a_cancellation_at_the_end_can_be_taken_back(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    act(api, &new["id"], "undo-cancel", json!({}))
        .await
        .expect_problem(409, "subscription-not-canceling");
    act(api, &new["id"], "cancel", json!({ "when": "period-end" }))
        .await
        .expect(200);
    act(api, &new["id"], "cancel", json!({ "when": "period-end" }))
        .await
        .expect_problem(409, "subscription-canceling");
    act(api, &new["id"], "pause", json!({}))
        .await
        .expect_problem(409, "subscription-canceling");
    let kept = act(api, &new["id"], "undo-cancel", json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&kept["cancel_at_period_end"], &kept["next"]["on"]),
        (&json!(false), &json!("2027-03-21"))
    );
    at(t, "2027-03-21T12:00:00Z");
    bill(t).await;
    assert_eq!(periods(t, &new["id"]).await.len(), 2);
    let told = t.record().await;
    assert!(
        told.contains(&"subscription.kept".to_owned())
            && told.contains(&"subscription.canceling".to_owned())
    );
}

async fn b15_pausing_twice_within_a_term_never_overlaps_periods(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| deal.plan.interval_count = 1).await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    // Twice within the term: nothing moves.
    for (paused, resumed) in [
        ("2026-09-24T10:00:00Z", "2026-09-27T10:00:00Z"),
        ("2026-10-02T10:00:00Z", "2026-10-09T10:00:00Z"),
    ] {
        at(t, paused);
        let shown = act(api, &new["id"], "pause", json!({})).await.expect(200);
        assert_eq!(
            (&shown["life"], &shown["next_period_at"]),
            (&json!("paused"), &Value::Null)
        );
        act(api, &new["id"], "pause", json!({}))
            .await
            .expect_problem(409, "subscription-act");
        bill(t).await;
        at(t, resumed);
        let shown = act(api, &new["id"], "resume", json!({})).await.expect(200);
        assert_eq!(shown["next"]["on"], "2026-10-21");
    }
    // And beyond it, twice: each time a new period begins on the day of the resumption.
    for (paused, resumed) in [
        ("2026-10-15T10:00:00Z", "2026-11-05T10:00:00Z"),
        ("2026-11-20T10:00:00Z", "2027-01-31T10:00:00Z"),
    ] {
        at(t, paused);
        act(api, &new["id"], "pause", json!({})).await.expect(200);
        at(t, resumed);
        bill(t).await;
        act(api, &new["id"], "resume", json!({})).await.expect(200);
        bill(t).await;
    }
    at(t, "2027-03-31T12:00:00Z");
    bill(t).await;
    assert_eq!(
        days(&periods(t, &new["id"]).await),
        [
            ("2026-09-21", "2026-10-21"),
            ("2026-11-05", "2026-12-05"),
            ("2027-01-31", "2027-02-28"),
            ("2027-02-28", "2027-03-31"),
            ("2027-03-31", "2027-04-30"),
        ]
    );
    assert_eq!(live(t, &deal).await, 1);
}

async fn b15_paused_days_are_given_back_where_the_plan_says_so(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| {
        deal.plan.interval_count = 1;
        deal.plan.paused_time = "extends".to_owned();
    })
    .await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    // 20 of 30 days are left on 1 October.
    at(t, "2026-10-01T10:00:00Z");
    act(api, &new["id"], "pause", json!({})).await.expect(200);
    assert_eq!(shown(api, &new["id"]).await["service"], "suspended");
    at(t, "2026-10-11T10:00:00Z");
    let resumed = act(api, &new["id"], "resume", json!({})).await.expect(200);
    assert_eq!(resumed["next"]["on"], "2026-10-31");
    // Paused again among the days that were given back: five are left, and stay.
    at(t, "2026-10-26T10:00:00Z");
    act(api, &new["id"], "pause", json!({})).await.expect(200);
    act(api, &new["id"], "cancel", json!({ "when": "period-end" }))
        .await
        .expect_problem(409, "subscription-paused-days");
    at(t, "2026-12-01T10:00:00Z");
    bill(t).await;
    let resumed = act(api, &new["id"], "resume", json!({})).await.expect(200);
    assert_eq!(resumed["next"]["on"], "2026-12-06");
    let other = monthly(&deal, 1, "Other", 20_000);
    add_plan(t, &other).await;
    let change = json!({ "plan_id": other.plan.id, "when": "now" });
    act(api, &new["id"], "change-plan", change)
        .await
        .expect_problem(409, "change-paused-days");
    at(t, "2026-12-06T12:00:00Z");
    bill(t).await;
    assert_eq!(
        days(&periods(t, &new["id"]).await),
        [("2026-09-21", "2026-10-21"), ("2026-12-06", "2027-01-06")]
    );
}

async fn a_paused_one_can_end_with_what_was_paid_for(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| deal.plan.interval_count = 1).await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    at(t, "2026-10-01T10:00:00Z");
    act(api, &new["id"], "pause", json!({})).await.expect(200);
    act(api, &new["id"], "cancel", json!({ "when": "period-end" }))
        .await
        .expect(200);
    let kept = act(api, &new["id"], "undo-cancel", json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&kept["life"], &kept["next_period_at"]),
        (&json!("paused"), &Value::Null)
    );
    act(api, &new["id"], "cancel", json!({ "when": "period-end" }))
        .await
        .expect(200);
    at(t, "2026-10-20T22:00:00Z");
    bill(t).await;
    assert_eq!(shown(api, &new["id"]).await["life"], "canceled");
    assert_eq!(deal.documents(t).await.len(), 1);
    act(api, &new["id"], "resume", json!({}))
        .await
        .expect_problem(409, "subscription-act");
}

async fn what_waits_to_be_billed_is_billed_first(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    at(t, "2027-03-21T12:00:00Z");
    for (word, body) in [
        ("pause", json!({})),
        ("cancel", json!({ "when": "period-end" })),
        ("cancel", json!({ "when": "now" })),
    ] {
        act(api, &new["id"], word, body)
            .await
            .expect_problem(409, "subscription-renewing");
    }
    let (id, now) = (row(t, &deal, &new["id"]).await.id, t.app().now_micros());
    t.write(move |c| muster_store::selling::renewals::park(c, &id, "The plan has no price.", now))
        .await;
    act(api, &new["id"], "pause", json!({}))
        .await
        .expect_problem(409, "subscription-parked");
    let ended = act(api, &new["id"], "cancel", json!({ "when": "now" }))
        .await
        .expect(200);
    assert_eq!(
        (&ended["life"], &ended["parked_because"]),
        (&json!("canceled"), &Value::Null)
    );
    assert_eq!(live(t, &deal).await, 0);
}
