//! Both sides of the books, and nobody beside them.

use muster_domain::permission::Role;
use muster_tests::browser::lists;
use muster_tests::trade::Trade;
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{act, start};

on_both_databases![
    both_sides_see_it_and_only_the_seller_acts,
    rights_hold,
    the_list_is_filtered_and_paged,
];

async fn both_sides_see_it_and_only_the_seller_acts(t: &mut TestApp) {
    let world = t.world().await;
    let trade = Trade::make(t).await;
    let retail = start(&world.northwind.api, &trade.retail, json!({})).await;
    let wholesale = start(&world.operator.api, &trade.wholesale, json!({})).await;
    let path = |sold: &Value| format!("/api/v1/subscriptions/{}", sold["id"].as_str().unwrap());
    for (api, sees_retail, sees_wholesale) in [
        (&world.northwind.api, true, true),
        (&world.press.api, true, false),
        (&world.operator.api, false, true),
        (&world.chambers.api, false, false),
        (&world.lyre.api, false, false),
        (&world.bakery.api, false, false),
    ] {
        for (sold, sees) in [(&retail, sees_retail), (&wholesale, sees_wholesale)] {
            let answer = api.get(&path(sold)).await;
            assert_eq!(
                answer.status,
                if sees { 200 } else { 404 },
                "{}",
                answer.text
            );
        }
    }
    // A buyer sees, and does nothing; whoever is outside is told the same as of an id that nobody has.
    for (api, sold) in [
        (&world.press.api, &retail),
        (&world.northwind.api, &wholesale),
        (&world.operator.api, &retail),
        (&world.lyre.api, &retail),
    ] {
        for (word, body) in [
            ("pause", json!({})),
            ("resume", json!({})),
            ("cancel", json!({ "when": "now" })),
            ("undo-cancel", json!({})),
            (
                "change-plan",
                json!({ "plan_id": trade.retail.plan.id, "when": "now" }),
            ),
            ("move", json!({ "device_id": "x" })),
        ] {
            act(api, &sold["id"], word, body)
                .await
                .expect_problem(404, "not-found");
        }
        let bulk = json!({ "act": "pause", "ids": [sold["id"]] });
        let done = api
            .post("/api/v1/subscriptions/bulk", &bulk)
            .await
            .expect(200);
        assert_eq!(done["items"][0]["code"], "not-found");
    }
    // Another's account or plan is not there either.
    let order =
        |account: &str, plan: &str| json!({ "billing_account_id": account, "plan_id": plan });
    let (own, other) = (&trade.retail, &trade.wholesale);
    for body in [
        order(&other.account.id, &other.plan.id),
        order(&own.account.id, &other.plan.id),
        order(&other.account.id, &own.plan.id),
    ] {
        world
            .northwind
            .api
            .post("/api/v1/subscriptions", &body)
            .await
            .expect_problem(404, "not-found");
    }
    let side = async |api: &muster_tests::Api, side: &str| {
        api.get(&format!("/api/v1/subscriptions{side}"))
            .await
            .expect(200)
    };
    let (retail, wholesale) = (
        retail["id"].as_str().unwrap(),
        wholesale["id"].as_str().unwrap(),
    );
    let sold = side(&world.northwind.api, "").await;
    assert!(lists(&sold, retail) && !lists(&sold, wholesale));
    let bought = side(&world.northwind.api, "?side=bought").await;
    assert!(lists(&bought, wholesale) && !lists(&bought, retail));
    assert!(lists(&side(&world.press.api, "").await, retail));
    assert_eq!(side(&world.chambers.api, "").await["items"], json!([]));
    assert_eq!(
        side(&world.operator.api, "?side=bought").await["items"],
        json!([])
    );
}

async fn rights_hold(t: &mut TestApp) {
    let world = t.world().await;
    let trade = Trade::make(t).await;
    let sold = start(&world.northwind.api, &trade.retail, json!({})).await;
    for role in Role::ALL {
        let api = world.api(&world.northwind, role).await;
        let seen = api
            .get(&format!(
                "/api/v1/subscriptions/{}",
                sold["id"].as_str().unwrap()
            ))
            .await;
        seen.expect(200);
        let tried = act(
            &api,
            &sold["id"],
            "cancel",
            json!({ "when": "now", "dry_run": true }),
        )
        .await;
        if matches!(role, Role::Owner | Role::Admin | Role::Agent) {
            assert_ne!(tried.status, 403, "{role}: {}", tried.text);
        } else {
            tried.expect_problem(403, "role");
        }
    }
}

async fn the_list_is_filtered_and_paged(t: &mut TestApp) {
    let world = t.world().await;
    let trade = Trade::make(t).await;
    let api = &world.northwind.api;
    let body = json!({ "billing_account_id": trade.retail.account.id, "plan_id": trade.retail.plan.id, "count": 5, "start_date": "2026-10-01" });
    api.post("/api/v1/subscriptions", &body).await.expect(201);
    let active = start(api, &trade.retail, json!({})).await;
    let (mut seen, mut path) = (0, "/api/v1/subscriptions?limit=2".to_owned());
    loop {
        let page = api.get(&path).await.expect(200);
        seen += page["items"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/subscriptions?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, 6);
    let only = async |query: &str| {
        api.get(&format!("/api/v1/subscriptions?{query}"))
            .await
            .expect(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (
            only("life=pending").await,
            only("life=active").await,
            only("parked=true").await
        ),
        (5, 1, 0)
    );
    let account = format!("billing_account_id={}", trade.retail.account.id);
    assert_eq!(
        (only(&account).await, only("billing_account_id=x").await),
        (6, 0)
    );
    for (query, code) in [
        ("life=dead", "life"),
        ("side=left", "side"),
        ("parked=yes", "parked"),
        ("limit=0", "limit"),
    ] {
        api.get(&format!("/api/v1/subscriptions?{query}"))
            .await
            .expect_problem(422, code);
    }
    assert_eq!(active["life"], "active");
}
