//! What cannot be billed is set aside alone, with its reason, and is taken up again by somebody who may.

use diesel::RunQueryDsl as _;
use diesel::sql_types::Text;
use muster_domain::permission::Role;
use muster_store::selling::plans;
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::{Conn, StoreResult};
use muster_tests::api::text;
use muster_tests::trade::{self, Deal, id};
use muster_tests::{TestApp, on_both_databases};

use super::{go_to, renew, retail, spans};

on_both_databases![
    one_of_three_hundred_that_has_no_price_stands_alone,
    one_of_three_hundred_that_the_database_refuses_stands_alone,
    what_is_set_aside_is_taken_up_again_by_those_who_may,
];

async fn three_hundred(t: &TestApp, deal: &Deal) -> Vec<Subscription> {
    let rows: Vec<Subscription> = (1..=300)
        .map(|number| deal.subscription(number, "2026-10-31"))
        .collect();
    let new = rows.clone();
    t.write(move |c| new.iter().try_for_each(|row| subscriptions::insert(c, row)))
        .await;
    rows
}

async fn one_of_three_hundred_that_has_no_price_stands_alone(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let mut plan = deal.plan.clone();
    plan.id = id(9, 1);
    plan.name = "Given away".to_owned();
    let rows = three_hundred(t, &deal).await;
    let odd = Subscription {
        plan_id: plan.id.clone(),
        ..deal.subscription(400, "2026-10-31")
    };
    let new = odd.clone();
    t.write(move |c| {
        plans::insert(c, &plan)?;
        subscriptions::insert(c, &new)
    })
    .await;
    go_to(t, "2026-11-01T12:00:00Z");
    renew(t).await;
    stands_alone(t, &deal, &odd, rows.len()).await;
    let why = trade::subscription_now(t, &odd).await.parked_because;
    let expected = "The plan Given away has no price on 2026-10-31. Give it one that begins on that day or before.";
    assert_eq!(why.as_deref(), Some(expected));
}

async fn one_of_three_hundred_that_the_database_refuses_stands_alone(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let rows = three_hundred(t, &deal).await;
    let odd = rows[137].clone();
    poison(t, &deal, &odd).await;
    go_to(t, "2026-11-01T12:00:00Z");
    renew(t).await;
    // The planted period's invoice is one more.
    stands_alone(t, &deal, &odd, 300).await;
    assert_eq!(spans(t, &odd).await.len(), 1, "what was billed of it stays");
    let why = trade::subscription_now(t, &odd)
        .await
        .parked_because
        .unwrap();
    assert!(
        why.starts_with("The database refused this renewal"),
        "{why}"
    );
    assert!(
        !why.contains("UNIQUE") && !why.contains("subscription_periods"),
        "{why}"
    );
}

/// Only `odd` is set aside, once and told once; the others are billed, and no number is missing.
async fn stands_alone(t: &TestApp, deal: &Deal, odd: &Subscription, documents: usize) {
    renew(t).await;
    let issued = deal.documents(t).await;
    let numbers: Vec<i64> = issued.iter().map(|invoice| invoice.number).collect();
    assert_eq!(numbers, (1..).take(documents).collect::<Vec<i64>>());
    let seller = odd.seller_id.clone();
    assert_eq!(
        t.read(move |c| subscriptions::count_parked(c, &seller))
            .await,
        1
    );
    assert!(trade::subscription_now(t, odd).await.parked_at.is_some());
    let told = t.record().await;
    assert_eq!(
        told.iter().filter(|kind| *kind == "renewal.parked").count(),
        1
    );
}

/// Makes the database refuse the next renewal: a first period is there that the subscription does not know of.
async fn poison(t: &TestApp, deal: &Deal, row: &Subscription) {
    let (before, again) = (deal.subscription(9_000, "2026-09-01"), row.clone());
    trade::add(t, &before).await;
    renew(t).await;
    let (from, to) = (before.id.clone(), again.id.clone());
    t.write(move |c| plant(c, &from, &to)).await;
    // It has done its part, and is no longer due.
    t.write(move |c| {
        let gone = "UPDATE subscriptions SET next_start_at = NULL WHERE id = $1";
        Ok(diesel::sql_query(gone)
            .bind::<Text, _>(&before.id)
            .execute(c)?)
    })
    .await;
}

fn plant(c: &mut Conn, from: &str, to: &str) -> StoreResult<()> {
    let sql = "INSERT INTO subscription_periods (subscription_id, period_index, previous_end_at, start_at, end_at, start_date, \
        end_date, zone, plan_id, invoice_id) SELECT $1, period_index, previous_end_at, start_at, end_at, start_date, \
        end_date, zone, plan_id, invoice_id FROM subscription_periods WHERE subscription_id = $2";
    diesel::sql_query(sql)
        .bind::<Text, _>(to)
        .bind::<Text, _>(from)
        .execute(c)?;
    Ok(())
}

async fn what_is_set_aside_is_taken_up_again_by_those_who_may(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let world = t.world().await;
    let (first, second) = (
        deal.subscribe(t, 1, "2026-10-31").await,
        deal.subscribe(t, 2, "2026-10-31").await,
    );
    let price = deal.prices[0].clone();
    t.write(move |c| plans::end_price(c, &price.plan_id, &price.id, "2026-10-01"))
        .await;
    go_to(t, "2026-11-01T12:00:00Z");
    renew(t).await;
    let api = &world.northwind.api;
    let listed = api.get("/api/v1/subscriptions/parked").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let shown = &listed["items"][0];
    assert_eq!(
        (text(&shown["id"]), text(&shown["buyer"])),
        (second.id.clone(), "The Evening Press SAS".to_owned())
    );
    assert_eq!(
        (text(&shown["plan"]), text(&shown["due_at"])),
        ("Six months".to_owned(), "2026-10-30T23:00:00Z".to_owned())
    );
    assert_eq!(
        api.get("/api/v1/renewals/state").await.expect(200)["parked"],
        2
    );
    let one_page = api
        .get("/api/v1/subscriptions/parked?limit=1")
        .await
        .expect(200);
    let next = format!(
        "/api/v1/subscriptions/parked?limit=1&cursor={}",
        text(&one_page["next_cursor"])
    );
    assert_eq!(
        text(&api.get(&next).await.expect(200)["items"][0]["id"]),
        first.id
    );

    // The buyer does not see it, nor does anybody else; who may not set prices cannot take it up.
    let unpark = format!("/api/v1/subscriptions/{}/unpark", first.id);
    for other in [&world.press, &world.lyre, &world.operator] {
        let seen = other
            .api
            .get("/api/v1/subscriptions/parked")
            .await
            .expect(200);
        assert_eq!(seen["items"].as_array().unwrap().len(), 0, "{}", other.name);
        other
            .api
            .post_empty(&unpark)
            .await
            .expect_problem(404, "not-found");
    }
    let agent = world.api(&world.northwind, Role::Agent).await;
    assert_eq!(agent.get("/api/v1/subscriptions/parked").await.status, 200);
    assert_eq!(agent.post_empty(&unpark).await.status, 403);

    // Taken up with nothing mended it is set aside again; mended it is billed.
    api.post_empty(&unpark).await.expect(200);
    api.post_empty(&unpark).await; // billed or set aside by now
    renew(t).await;
    assert!(trade::subscription_now(t, &first).await.parked_at.is_some());
    let mut price = deal.prices[0].clone();
    (price.id, price.valid_from) = (id(9, 3), "2026-10-01".to_owned());
    t.write(move |c| plans::insert_price(c, &price)).await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    let page = owner.get("/subscriptions/parked").await;
    assert!(
        page.text.contains("has no price on 2026-10-31")
            && page.text.contains("The Evening Press SAS"),
        "{}",
        page.text
    );
    let done = owner
        .submit(&format!("/subscriptions/{}/unpark", first.id), &[])
        .await;
    assert_eq!(done.status, 200, "{}", done.text);
    renew(t).await;
    assert_eq!(spans(t, &first).await.len(), 1);
    let again = owner
        .submit(&format!("/subscriptions/{}/unpark", first.id), &[])
        .await;
    assert_eq!(again.status, 409, "{}", again.text);
    owner.get("/subscriptions/parked").await;
    owner.submit("/subscriptions/parked", &[]).await;
    renew(t).await;
    assert_eq!(spans(t, &second).await.len(), 1);
    assert_eq!(
        api.get("/api/v1/renewals/state").await.expect(200)["parked"],
        0
    );
    let told = t.record().await;
    assert!(told.contains(&"renewal.unparked".to_owned()));
    assert!(told.contains(&"renewal.all-unparked".to_owned()));
}
