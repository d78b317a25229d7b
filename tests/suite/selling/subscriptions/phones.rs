//! Subscriptions on phones, and many at once.

use muster_tests::api::text;
use muster_tests::trade::{Trade, id};
use muster_tests::{Api, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{act, at, bill, days, live, periods, shop, shown, start};

on_both_databases![
    a_swap_keeps_the_term,
    one_that_was_sold_without_a_phone_is_put_on_one,
    a_phone_has_one_running_subscription_of_each_side,
    two_starts_side_by_side_leave_one,
    a_phone_has_to_be_the_buyers,
    many_at_once_ask_for_their_number,
];

/// Registers a phone; answers its id.
pub async fn device(api: &Api, serial: &str, organisation: &str) -> String {
    text(&api.register(serial, organisation).await["id"])
}

async fn a_swap_keeps_the_term(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let (old, new) = (
        device(api, "NW-1", &world.press.id).await,
        device(api, "NW-2", &world.press.id).await,
    );
    let sold = start(api, &deal, json!({ "device_ids": [old] })).await;
    bill(t).await;
    let before = shown(api, &sold["id"]).await;
    at(t, "2026-11-01T10:00:00Z");
    act(api, &sold["id"], "move", json!({ "device_id": old }))
        .await
        .expect_problem(409, "device-same");
    act(api, &sold["id"], "move", json!({ "device_id": new }))
        .await
        .expect(200);
    let after = shown(api, &sold["id"]).await;
    for member in [
        "anchor",
        "covered_until",
        "next_period_at",
        "plan_id",
        "life",
        "periods",
    ] {
        assert_eq!(before[member], after[member], "{member}");
    }
    assert_eq!(after["device_id"], new);
    assert_eq!(deal.documents(t).await.len(), 1);
    // The old phone is free for another.
    start(api, &deal, json!({ "device_ids": [old] })).await;
    let listed = api
        .get(&format!("/api/v1/subscriptions?device_id={new}"))
        .await
        .expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let told = t.events().await;
    let event = told
        .iter()
        .find(|event| event.kind == "subscription.moved")
        .unwrap();
    assert!(
        event.facts.contains("NW-1") && event.facts.contains("NW-2"),
        "{}",
        event.facts
    );
}

async fn one_that_was_sold_without_a_phone_is_put_on_one(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let sold = start(api, &deal, json!({})).await;
    assert_eq!(sold["device_id"], Value::Null);
    let phone = device(api, "NW-1", &world.press.id).await;
    let moved = act(api, &sold["id"], "move", json!({ "device_id": phone }))
        .await
        .expect(200);
    assert_eq!(moved["device_id"], phone);
}

async fn a_phone_has_one_running_subscription_of_each_side(t: &mut TestApp) {
    let world = t.world().await;
    let trade = Trade::make(t).await;
    let phone = device(&world.northwind.api, "NW-1", &world.press.id).await;
    let on = json!({ "device_ids": [phone] });
    let retail = start(&world.northwind.api, &trade.retail, on.clone()).await;
    // The operator's to the reseller is the other side.
    start(&world.operator.api, &trade.wholesale, on.clone()).await;
    let body = json!({ "billing_account_id": trade.retail.account.id, "plan_id": trade.retail.plan.id, "device_ids": [phone] });
    world
        .northwind
        .api
        .post("/api/v1/subscriptions", &body)
        .await
        .expect_problem(409, "device-subscribed");
    let other = start(&world.northwind.api, &trade.retail, json!({})).await;
    act(
        &world.northwind.api,
        &other["id"],
        "move",
        json!({ "device_id": phone }),
    )
    .await
    .expect_problem(409, "device-subscribed");
    t.write({
        let id = text(&retail["id"]);
        let seller = trade.retail.seller.organisation_id.clone();
        move |c| {
            let books = muster_domain::scope::Books::Seller(seller.clone());
            let mut row = muster_store::selling::subscriptions::find(c, &books, &id)?.unwrap();
            (row.life, row.ended_at) = ("expired".to_owned(), Some(1));
            muster_store::selling::subscriptions::update(c, row.next_index, &row)
        }
    })
    .await;
    start(&world.northwind.api, &trade.retail, on).await;
}

async fn two_starts_side_by_side_leave_one(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    for round in 0..3 {
        let phone = device(api, &format!("NW-{round}"), &world.press.id).await;
        let body = json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "device_ids": [phone] });
        let (one, other) = tokio::join!(
            api.post("/api/v1/subscriptions", &body),
            api.post("/api/v1/subscriptions", &body)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{} {}", one.text, other.text);
        assert_eq!(live(t, &deal).await, round + 1);
    }
}

async fn a_phone_has_to_be_the_buyers(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let elsewhere = [
        device(api, "NW-1", &world.chambers.id).await,
        device(api, "NW-2", &world.northwind.id).await,
        device(&world.lyre.api, "LT-1", &world.bakery.id).await,
        id(9, 9),
    ];
    for phone in elsewhere {
        let body = json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "device_ids": [phone] });
        api.post("/api/v1/subscriptions", &body)
            .await
            .expect_problem(404, "not-found");
    }
    let gone = device(api, "NW-3", &world.press.id).await;
    let (scope, id) = (muster_domain::scope::Scope::Platform, gone.clone());
    t.write(move |c| {
        muster_store::devices::set_lifecycle(c, &scope, &id, &["registered"], "retired")
    })
    .await;
    let body = json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "device_ids": [gone] });
    api.post("/api/v1/subscriptions", &body)
        .await
        .expect_problem(409, "device-left");
    // All or none: a good phone beside a bad one starts nothing.
    let good = device(api, "NW-4", &world.press.id).await;
    let body = json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "device_ids": [good, gone] });
    api.post("/api/v1/subscriptions", &body)
        .await
        .expect_problem(409, "device-left");
    assert_eq!(live(t, &deal).await, 0);
}

async fn many_at_once_ask_for_their_number(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let body =
        json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "count": 12 });
    let started = api.post("/api/v1/subscriptions", &body).await.expect(201);
    bill(t).await;
    let ids: Vec<&str> = started["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    let many = async |mut body: Value| {
        body["ids"] = json!(ids);
        api.post("/api/v1/subscriptions/bulk", &body).await
    };
    many(json!({ "act": "pause" }))
        .await
        .expect_problem(422, "count");
    many(json!({ "act": "pause", "count": 11 }))
        .await
        .expect_problem(422, "count");
    many(json!({ "act": "wipe", "count": 12 }))
        .await
        .expect_problem(422, "act");
    let tried = many(json!({ "act": "pause", "dry_run": true }))
        .await
        .expect(200);
    assert!(
        tried["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["done"]["life"] == "paused")
    );
    assert_eq!(shown(api, &json!(ids[0])).await["life"], "active");
    act(
        api,
        &json!(ids[3]),
        "cancel",
        json!({ "when": "period-end" }),
    )
    .await
    .expect(200);
    let done = many(json!({ "act": "pause", "count": 12 }))
        .await
        .expect(200);
    for (place, one) in done["items"].as_array().unwrap().iter().enumerate() {
        assert_eq!(one["id"], ids[place]);
        if place == 3 {
            assert_eq!(
                (&one["done"], &one["code"]),
                (&Value::Null, &json!("subscription-canceling"))
            );
        } else {
            assert_eq!(
                (&one["done"]["life"], &one["code"]),
                (&json!("paused"), &Value::Null)
            );
        }
    }
    let resumed = many(json!({ "act": "resume", "count": 12 }))
        .await
        .expect(200);
    assert_eq!(resumed["items"][0]["done"]["life"], "active");
    let ended = many(json!({ "act": "cancel", "when": "period-end", "count": 12 }))
        .await
        .expect(200);
    assert_eq!(ended["items"][0]["done"]["cancel_at_period_end"], true);
    assert_eq!(days(&periods(t, &json!(ids[0])).await).len(), 1);
    many(json!({ "act": "cancel", "count": 12 }))
        .await
        .expect_problem(422, "when");
}
