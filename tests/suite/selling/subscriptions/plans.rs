//! Another plan, and what it comes to: to the day and to the cent, held against a computation of this file's own.

use muster_tests::trade::{Deal, lines};
use muster_tests::world::World;
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{act, add_plan, at, bill, days, monthly, periods, row, shop, shown, start};

on_both_databases![
    a_dearer_plan_is_settled_to_the_day_on_one_invoice,
    a_second_change_in_one_term_is_a_part_of_the_whole_again,
    a_cheaper_plan_credits_what_is_left_and_bills_the_rest,
    a_plan_of_another_length_begins_a_period_of_its_own,
    a_plan_may_be_chosen_for_the_next_period,
    b18_an_upgrade_within_an_hour_of_a_renewal_is_one_charge,
    a_trial_simply_goes_on_with_the_other_plan,
    a_plan_chosen_in_a_pause_begins_with_the_resumption,
    plans_that_cannot_be_sold_are_refused,
];

/// A part of an amount, rounded half up: `amount * part / whole`.
fn part(amount: i64, part: i64, whole: i64) -> i64 {
    (2 * amount * part + whole).div_euclid(2 * whole)
}

/// With 20 % of VAT on top, rounded half up.
fn with_vat(net: i64) -> i64 {
    net + (net * 20 + 50).div_euclid(100)
}

/// A subscription of 100.00 a month from 21 September to 21 October (30 days), billed; a dearer and a cheaper plan beside it.
async fn sold(t: &mut TestApp) -> (World, Deal, Deal, Deal, Value) {
    let (world, deal) = shop(t, |deal| {
        deal.plan.interval_count = 1;
        deal.prices[0].amount = 9_999;
    })
    .await;
    let (dear, cheap) = (
        monthly(&deal, 1, "Dear", 15_555),
        monthly(&deal, 2, "Cheap", 4_321),
    );
    add_plan(t, &dear).await;
    add_plan(t, &cheap).await;
    let new = start(&world.northwind.api, &deal, json!({})).await;
    bill(t).await;
    (world, deal, dear, cheap, new["id"].clone())
}

async fn change(world: &World, id: &Value, to: &Deal, when: &str) -> Value {
    let body = json!({ "plan_id": to.plan.id, "when": when });
    act(&world.northwind.api, id, "change-plan", body)
        .await
        .expect(200)
}

async fn a_dearer_plan_is_settled_to_the_day_on_one_invoice(t: &mut TestApp) {
    let (world, deal, dear, _, id) = sold(t).await;
    // 4 October, 00:30 in Paris: 17 of 30 days are left, that day among them.
    at(t, "2026-10-03T22:30:00Z");
    let body = json!({ "plan_id": dear.plan.id, "when": "now", "dry_run": true });
    let before = row(t, &deal, &id).await;
    let tried = act(&world.northwind.api, &id, "change-plan", body)
        .await
        .expect(200);
    assert_eq!(row(t, &deal, &id).await, before);
    assert_eq!(deal.documents(t).await.len(), 1);
    let done = change(&world, &id, &dear, "now").await;
    let (charge, credit) = (part(15_555, 17, 30), part(9_999, 17, 30));
    assert_eq!(done["documents"][0]["net"], charge - credit);
    assert_eq!(done["documents"][0]["total"], with_vat(charge - credit));
    for member in ["number", "net", "vat", "total", "kind"] {
        assert_eq!(
            tried["documents"][0][member], done["documents"][0][member],
            "{member}"
        );
    }
    let documents = deal.documents(t).await;
    assert_eq!(documents.len(), 2);
    let written = lines(t, &documents[1].id).await;
    assert_eq!(
        written
            .iter()
            .map(|line| (line.quantity, line.unit_price, line.net))
            .collect::<Vec<_>>(),
        [(1, charge, charge), (-1, credit, -credit)]
    );
    assert_eq!(
        (
            written[0].from_date.as_deref(),
            written[0].until_date.as_deref()
        ),
        (Some("2026-10-04"), Some("2026-10-21"))
    );
    assert_eq!(
        days(&periods(t, &id).await),
        [("2026-09-21", "2026-10-04"), ("2026-10-04", "2026-10-21")]
    );
    at(t, "2026-12-01T12:00:00Z");
    bill(t).await;
    let all = periods(t, &id).await;
    assert_eq!(
        days(&all)[2..],
        [("2026-10-21", "2026-11-21"), ("2026-11-21", "2026-12-21")]
    );
    assert!(all[1..].iter().all(|period| period.plan_id == dear.plan.id));
    let owed = deal
        .balance(t, &format!("receivable:{}", deal.account.id))
        .await;
    assert_eq!(
        owed,
        with_vat(9_999) + with_vat(charge - credit) + 2 * with_vat(15_555)
    );
}

async fn a_second_change_in_one_term_is_a_part_of_the_whole_again(t: &mut TestApp) {
    let (world, deal, dear, cheap, id) = sold(t).await;
    at(t, "2026-10-03T22:30:00Z");
    change(&world, &id, &dear, "now").await;
    let (charge, credit) = (part(15_555, 17, 30), part(9_999, 17, 30));
    // 9 October: 12 days are left of 30, and of the 17 that the dear plan was charged for.
    at(t, "2026-10-09T10:00:00Z");
    let done = change(&world, &id, &cheap, "now").await;
    let (back, anew) = (part(charge, 12, 17), part(4_321, 12, 30));
    let kinds: Vec<&str> = done["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| document["kind"].as_str().unwrap())
        .collect();
    // The netted invoice holds less than is to be given back: the rest is credited where it was paid, on the first.
    assert!(charge - credit < back);
    assert_eq!(kinds, ["credit-note", "credit-note", "invoice"]);
    let net = |place: usize| done["documents"][place]["net"].as_i64().unwrap();
    assert_eq!(
        (net(0), net(1), net(2)),
        (charge - credit, back - (charge - credit), anew)
    );
    let documents = deal.documents(t).await;
    assert_eq!(documents[2].corrects_id.as_ref(), Some(&documents[1].id));
    assert_eq!(documents[3].corrects_id.as_ref(), Some(&documents[0].id));
    assert_eq!(
        days(&periods(t, &id).await),
        [
            ("2026-09-21", "2026-10-04"),
            ("2026-10-04", "2026-10-09"),
            ("2026-10-09", "2026-10-21")
        ]
    );
}

async fn a_cheaper_plan_credits_what_is_left_and_bills_the_rest(t: &mut TestApp) {
    let (world, deal, _, cheap, id) = sold(t).await;
    at(t, "2026-10-03T22:30:00Z");
    let done = change(&world, &id, &cheap, "now").await;
    let (charge, credit) = (part(4_321, 17, 30), part(9_999, 17, 30));
    assert_eq!(
        (&done["documents"][0]["kind"], &done["documents"][0]["net"]),
        (&json!("credit-note"), &json!(credit))
    );
    assert_eq!(
        (&done["documents"][1]["kind"], &done["documents"][1]["net"]),
        (&json!("invoice"), &json!(charge))
    );
    let documents = deal.documents(t).await;
    let open = deal.open_on(t, &documents[0].id).await;
    assert_eq!(open, with_vat(9_999) - with_vat(credit));
    let owed = deal
        .balance(t, &format!("receivable:{}", deal.account.id))
        .await;
    assert_eq!(owed, with_vat(9_999) - with_vat(credit) + with_vat(charge));
}

async fn a_plan_of_another_length_begins_a_period_of_its_own(t: &mut TestApp) {
    let (world, deal, _, _, id) = sold(t).await;
    let mut half_year = monthly(&deal, 3, "Half a year", 150_000);
    half_year.plan.interval_count = 6;
    add_plan(t, &half_year).await;
    at(t, "2026-10-03T22:30:00Z");
    let done = change(&world, &id, &half_year, "now").await;
    assert_eq!(done["documents"][0]["net"], 150_000 - part(9_999, 17, 30));
    assert_eq!(
        days(&periods(t, &id).await),
        [("2026-09-21", "2026-10-04"), ("2026-10-04", "2027-04-04")]
    );
    at(t, "2027-04-04T12:00:00Z");
    bill(t).await;
    assert_eq!(
        days(&periods(t, &id).await)[2..],
        [("2027-04-04", "2027-10-04")]
    );
}

async fn a_plan_may_be_chosen_for_the_next_period(t: &mut TestApp) {
    let (world, deal, dear, _, id) = sold(t).await;
    at(t, "2026-10-01T10:00:00Z");
    let chosen = change(&world, &id, &dear, "period-end").await;
    assert_eq!(
        (&chosen["documents"], &chosen["next"]["net"]),
        (&json!([]), &json!(15_555))
    );
    let back = change(&world, &id, &deal, "period-end").await;
    assert_eq!(
        (&back["next_plan_id"], &back["next"]["net"]),
        (&Value::Null, &json!(9_999))
    );
    change(&world, &id, &dear, "period-end").await;
    at(t, "2026-10-21T12:00:00Z");
    bill(t).await;
    let all = periods(t, &id).await;
    assert_eq!(
        (all[0].plan_id.as_str(), all[1].plan_id.as_str()),
        (deal.plan.id.as_str(), dear.plan.id.as_str())
    );
    assert_eq!(deal.documents(t).await[1].net, 15_555);
}

async fn b18_an_upgrade_within_an_hour_of_a_renewal_is_one_charge(t: &mut TestApp) {
    let (world, deal, dear, cheap, id) = sold(t).await;
    // The boundary is 20 October, 22:00 UTC. Half an hour before it: the renewal itself is at the new plan.
    at(t, "2026-10-20T21:30:00Z");
    let before = change(&world, &id, &dear, "now").await;
    assert_eq!(
        (&before["documents"], &before["next"]["net"]),
        (&json!([]), &json!(15_555))
    );
    at(t, "2026-10-20T22:00:00Z");
    bill(t).await;
    let documents = deal.documents(t).await;
    assert_eq!((documents.len(), documents[1].net), (2, 15_555));
    // Half an hour after it: that renewal is credited whole and its period billed anew.
    at(t, "2026-10-20T22:30:00Z");
    let after = change(&world, &id, &cheap, "now").await;
    assert_eq!(
        (
            &after["documents"][0]["kind"],
            &after["documents"][0]["net"],
            &after["documents"][1]["net"]
        ),
        (&json!("credit-note"), &json!(15_555), &json!(4_321))
    );
    let again = change(&world, &id, &dear, "now").await;
    assert_eq!(
        (&again["documents"][0]["net"], &again["documents"][1]["net"]),
        (&json!(4_321), &json!(15_555))
    );
    let all = periods(t, &id).await;
    assert_eq!(
        days(&all),
        [("2026-09-21", "2026-10-21"), ("2026-10-21", "2026-11-21")]
    );
    assert_eq!(all[1].plan_id, dear.plan.id);
    let owed = deal
        .balance(t, &format!("receivable:{}", deal.account.id))
        .await;
    assert_eq!(
        owed,
        with_vat(9_999) + with_vat(15_555),
        "one charge for the period"
    );
    at(t, "2026-11-21T12:00:00Z");
    bill(t).await;
    assert_eq!(
        days(&periods(t, &id).await)[2..],
        [("2026-11-21", "2026-12-21")]
    );
}

async fn a_trial_simply_goes_on_with_the_other_plan(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| deal.plan.trial_days = 10).await;
    let dear = monthly(&deal, 1, "Dear", 15_555);
    add_plan(t, &dear).await;
    let new = start(&world.northwind.api, &deal, json!({ "trial": true })).await;
    let changed = change(&world, &new["id"], &dear, "period-end").await;
    assert_eq!(
        (&changed["plan_id"], &changed["documents"]),
        (&json!(dear.plan.id), &json!([]))
    );
    at(t, "2026-10-01T12:00:00Z");
    bill(t).await;
    assert_eq!(
        days(&periods(t, &new["id"]).await),
        [("2026-10-01", "2026-11-01")]
    );
    assert_eq!(deal.documents(t).await[0].net, 15_555);
}

async fn a_plan_chosen_in_a_pause_begins_with_the_resumption(t: &mut TestApp) {
    let (world, deal, _, _, id) = sold(t).await;
    let mut half_year = monthly(&deal, 3, "Half a year", 150_000);
    half_year.plan.interval_count = 6;
    add_plan(t, &half_year).await;
    at(t, "2026-10-01T10:00:00Z");
    act(&world.northwind.api, &id, "pause", json!({}))
        .await
        .expect(200);
    change(&world, &id, &half_year, "now").await;
    at(t, "2027-01-15T10:00:00Z");
    let resumed = act(&world.northwind.api, &id, "resume", json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&resumed["next"]["on"], &resumed["next"]["net"]),
        (&json!("2027-01-15"), &json!(150_000))
    );
    bill(t).await;
    assert_eq!(
        days(&periods(t, &id).await),
        [("2026-09-21", "2026-10-21"), ("2027-01-15", "2027-07-15")]
    );
}

async fn plans_that_cannot_be_sold_are_refused(t: &mut TestApp) {
    let (world, deal, dear, _, id) = sold(t).await;
    let api = &world.northwind.api;
    let to = |plan: &str| json!({ "plan_id": plan, "when": "now" });
    act(api, &id, "change-plan", to(&deal.plan.id))
        .await
        .expect_problem(409, "plan-same");
    act(api, &id, "change-plan", to("no such plan"))
        .await
        .expect_problem(404, "not-found");
    let (seller, plan, now) = (
        deal.seller.organisation_id.clone(),
        dear.plan.id.clone(),
        t.app().now_micros(),
    );
    t.write(move |c| muster_store::selling::plans::retire(c, &seller, &plan, now))
        .await;
    act(api, &id, "change-plan", to(&dear.plan.id))
        .await
        .expect_problem(409, "plan-retired");
    let mut unpriced = monthly(&deal, 7, "Unpriced", 1);
    unpriced.prices.clear();
    add_plan(t, &unpriced).await;
    act(api, &id, "change-plan", to(&unpriced.plan.id))
        .await
        .expect_problem(409, "plan-price");
    let mut dollars = monthly(&deal, 8, "Dollars", 1);
    dollars.plan.currency = "USD".to_owned();
    add_plan(t, &dollars).await;
    act(api, &id, "change-plan", to(&dollars.plan.id))
        .await
        .expect_problem(409, "plan-currency");
    assert_eq!(shown(api, &id).await["plan_id"], deal.plan.id);
}
