//! What an end or a handset comes to.

use muster_tests::trade::lines;
use muster_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::{act, at, bill, days, live, periods, shop, start};

on_both_databases![
    an_end_at_once_is_as_the_plan_says,
    unused_days_are_credited_to_the_cent,
    what_was_credited_by_an_end_on_the_first_day_is_the_whole,
    handsets_are_billed_once_when_they_are_sold,
    a_dry_run_takes_no_number,
];

async fn an_end_at_once_is_as_the_plan_says(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    at(t, "2026-10-01T10:00:00Z");
    act(api, &new["id"], "cancel", json!({ "when": "now" }))
        .await
        .expect_problem(409, "cancel-at-period-end");
    act(api, &new["id"], "cancel", json!({ "when": "soon" }))
        .await
        .expect_problem(422, "when");
    // Nothing was billed of one that has not begun: it may end at once under any plan.
    let later = start(api, &deal, json!({ "start_date": "2026-12-01" })).await;
    let ended = act(api, &later["id"], "cancel", json!({ "when": "now" }))
        .await
        .expect(200);
    assert_eq!(
        (&ended["life"], &ended["documents"]),
        (&json!("canceled"), &json!([]))
    );
    assert_eq!(live(t, &deal).await, 1);
    at(t, "2026-12-02T10:00:00Z");
    bill(t).await;
    assert!(periods(t, &later["id"]).await.is_empty());
    act(api, &later["id"], "cancel", json!({ "when": "now" }))
        .await
        .expect_problem(409, "subscription-act");
}

async fn unused_days_are_credited_to_the_cent(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| {
        deal.plan.interval_count = 1;
        deal.plan.cancellation = "now-with-credit".to_owned();
        deal.prices[0].amount = 10_001;
    })
    .await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    at(t, "2026-10-05T10:00:00Z");
    let ended = act(api, &new["id"], "cancel", json!({ "when": "now" }))
        .await
        .expect(200);
    // 16 of 30 days: 53.3386…, so 53.34; VAT 10.668, so 10.67.
    let note = &ended["documents"][0];
    assert_eq!(
        (&note["kind"], &note["net"], &note["vat"], &note["total"]),
        (
            &json!("credit-note"),
            &json!(5_334),
            &json!(1_067),
            &json!(6_401)
        )
    );
    assert_eq!(
        days(&periods(t, &new["id"]).await),
        [("2026-09-21", "2026-10-05")]
    );
    let documents = deal.documents(t).await;
    assert_eq!(deal.open_on(t, &documents[0].id).await, 12_001 - 6_401);
    assert_eq!(live(t, &deal).await, 0);
    let told = t.events().await;
    let event = told
        .iter()
        .find(|event| event.kind == "subscription.canceled")
        .unwrap();
    assert!(
        event.facts.contains("53.34") || event.facts.contains("64.01"),
        "{}",
        event.facts
    );
}

async fn what_was_credited_by_an_end_on_the_first_day_is_the_whole(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| {
        deal.plan.cancellation = "now-with-credit".to_owned();
    })
    .await;
    let api = &world.northwind.api;
    let new = start(api, &deal, json!({})).await;
    bill(t).await;
    let ended = act(api, &new["id"], "cancel", json!({ "when": "now" }))
        .await
        .expect(200);
    assert_eq!(ended["documents"][0]["net"], 150_000);
    let receivable = format!("receivable:{}", deal.account.id);
    assert_eq!(deal.balance(t, &receivable).await, 0);
    assert_eq!(deal.balance(t, "revenue:recurring").await, 0);
}

async fn handsets_are_billed_once_when_they_are_sold(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let one = crate::selling::subscriptions::phones::device(api, "NW-1", &world.press.id).await;
    let two = crate::selling::subscriptions::phones::device(api, "NW-2", &world.press.id).await;
    let body = json!({
        "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "device_ids": [one, two], "handset": true,
        "start_date": "2026-10-01",
    });
    let request = || {
        let post = api.request(reqwest::Method::POST, "/api/v1/subscriptions");
        post.header("Idempotency-Key", "two-phones").json(&body)
    };
    let started = api.send(request()).await.expect(201);
    assert_eq!(
        api.send(request()).await.expect(201),
        started,
        "the same key is the same order"
    );
    assert_eq!(
        (
            &started["documents"][0]["net"],
            &started["documents"][0]["total"]
        ),
        (&json!(200_000), &json!(240_000))
    );
    bill(t).await;
    let documents = deal.documents(t).await;
    assert_eq!(documents.len(), 1, "the service is billed when it begins");
    let written = lines(t, &documents[0].id).await;
    assert!(
        written
            .iter()
            .all(|line| line.product == "handset" && line.from_date.is_none())
    );
    assert!(written[0].description.contains("NW-1") && written[1].description.contains("NW-2"));
    at(t, "2026-10-01T12:00:00Z");
    bill(t).await;
    assert_eq!(deal.documents(t).await.len(), 3);
    assert_eq!(live(t, &deal).await, 2);
}

async fn a_dry_run_takes_no_number(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let mut body = json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "handset": true, "count": 3, "dry_run": true });
    let tried = api.post("/api/v1/subscriptions", &body).await.expect(200);
    assert_eq!(
        (&tried["documents"][0]["net"], &tried["next"]["net"]),
        (&json!(300_000), &json!(150_000))
    );
    assert!(deal.documents(t).await.is_empty());
    assert_eq!(live(t, &deal).await, 0);
    assert_eq!(
        api.get("/api/v1/subscriptions").await.expect(200)["items"],
        json!([])
    );
    body["dry_run"] = json!(false);
    let done = api.post("/api/v1/subscriptions", &body).await.expect(201);
    assert_eq!(
        done["documents"][0]["number"],
        tried["documents"][0]["number"]
    );
    assert_eq!(done["items"].as_array().unwrap().len(), 3);
}
