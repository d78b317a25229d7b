//! Calls of a payment provider, and those of somebody who is none.

use muster::features::payments::provider::signature::sign;
use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::{Answered, Api, TestApp, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

use super::ground::{Ground, today};

on_both_databases![
    a_signed_call_books_once_and_answers_alike,
    what_is_not_signed_right_is_refused,
    what_is_signed_and_does_not_fit_is_refused_in_words,
    two_secrets_hold_side_by_side_and_an_ended_one_no_more,
];

async fn secret(api: &Api) -> (String, String) {
    let made = api.post_empty("/api/v1/provider-secrets").await.expect(201);
    (text(&made["id"]), text(&made["secret"]))
}

/// A call as it is sent: to whom, what, and its headers.
struct Call {
    seller: String,
    body: String,
    headers: Vec<(&'static str, String)>,
}

impl Call {
    fn signed(t: &TestApp, g: &Ground, secret: &str, body: &Value) -> Self {
        let (time, body) = (t.app().now().as_second().to_string(), body.to_string());
        let signature = sign(secret, &time, body.as_bytes());
        Self {
            seller: g.deal.seller.organisation_id.clone(),
            body,
            headers: vec![("muster-timestamp", time), ("muster-signature", signature)],
        }
    }

    async fn send(&self, t: &TestApp) -> Answered {
        let anybody = t.anybody();
        let path = format!("/webhooks/payments/{}", self.seller);
        let mut request = anybody.request(Method::POST, &path).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        anybody.send(request).await
    }
}

fn announced(t: &TestApp, g: &Ground, id: &str, amount: i64) -> Value {
    json!({ "id": id, "account_id": g.deal.account.id, "amount": amount, "currency": "EUR", "received_on": today(t) })
}

async fn a_signed_call_books_once_and_answers_alike(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let (first, second) = (g.bill(t, 6_000).await, g.bill(t, 3_000).await);
    let (_, secret) = secret(&g.api).await;
    let mut body = announced(t, &g, "pay_1", 4_000);
    body["reference"] = json!(super::bank::number(&second));
    let call = Call::signed(t, &g, &secret, &body);
    let answer = call.send(t).await;
    let booked = answer.expect(200);
    assert_eq!(
        (&booked["settled"], &booked["to_credit"]),
        (&json!(4_000), &json!(0))
    );
    assert_eq!(g.deal.open_on(t, &second.id).await, 0);
    assert_eq!(g.deal.open_on(t, &first.id).await, 5_000);
    // The same call, and the same payment signed anew, get the same answer and book nothing.
    assert_eq!(call.send(t).await.text, answer.text);
    t.advance_days(2);
    let anew = Call::signed(t, &g, &secret, &body);
    assert_eq!(anew.send(t).await.text, answer.text);
    let (a, b) = (
        Call::signed(t, &g, &secret, &announced(t, &g, "pay_2", 9_000)),
        Call::signed(t, &g, &secret, &announced(t, &g, "pay_2", 9_000)),
    );
    let (a, b) = tokio::join!(a.send(t), b.send(t));
    assert_eq!((a.status, &a.text), (200, &b.text), "{}", b.text);
    assert_eq!(g.credit(t).await, 4_000);
    let listed = g.api.get("/api/v1/payments").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(listed["items"][0]["source"], "provider");
    let changed = Call::signed(t, &g, &secret, &announced(t, &g, "pay_2", 9_001));
    changed.send(t).await.expect_problem(409, "payment-key");
    g.audited(t).await;
}

async fn what_is_not_signed_right_is_refused(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let world = t.world().await;
    let (_, ours) = secret(&g.api).await;
    let (_, operators) = secret(&world.operator.api).await;
    let body = announced(t, &g, "pay_1", 4_000);
    let right = || Call::signed(t, &g, &ours, &body);

    let mut other_body = right();
    other_body.body = announced(t, &g, "pay_1", 40_000).to_string();
    let mut other_time = right();
    other_time.headers[0].1 = (t.app().now().as_second() + 1).to_string();
    let mut cut = right();
    cut.headers[1].1.truncate(20);
    let mut empty = right();
    empty.headers[1].1 = "v1=".to_owned();
    let mut to_another = right();
    to_another.seller = world.operator.id.clone();
    let mut to_nobody = right();
    to_nobody.seller = "0197c0de-ffff-7000-8000-00000000dead".to_owned();
    let by_another = Call::signed(t, &g, &operators, &body);
    let by_nobody = Call::signed(t, &g, "", &body);
    let mut refusals = Vec::new();
    for call in [
        other_body, other_time, cut, empty, to_another, to_nobody, by_another, by_nobody,
    ] {
        let answer = call.send(t).await;
        answer.expect_problem(401, "signature");
        refusals.push(answer.text);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "nothing tells one from another");

    let mut unsigned = right();
    unsigned.headers.pop();
    unsigned
        .send(t)
        .await
        .expect_problem(422, "signature-missing");
    let mut no_time = right();
    no_time.headers[0].1 = "yesterday".to_owned();
    no_time.send(t).await.expect_problem(422, "timestamp");

    // Five minutes are well, more are not; neither is the future.
    let late = Call::signed(t, &g, &ours, &body);
    t.clock.advance_seconds(301);
    late.send(t).await.expect_problem(401, "timestamp-old");
    let early = Call::signed(t, &g, &ours, &body);
    t.clock.advance_seconds(-301);
    early.send(t).await.expect_problem(401, "timestamp-old");
    assert_eq!(g.credit(t).await, 0);
    t.clock.advance_seconds(300);
    early.send(t).await.expect(200);
    assert_eq!(g.credit(t).await, 4_000);
}

async fn what_is_signed_and_does_not_fit_is_refused_in_words(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let (_, secret) = secret(&g.api).await;
    let right = announced(t, &g, "pay_1", 4_000);
    for (member, value, code, says) in [
        // Another seller's account is nobody's here.
        (
            "account_id",
            json!(muster_tests::trade::id(1, 3)),
            "fields",
            "no such buyer",
        ),
        ("account_id", json!("nobody"), "fields", "no such buyer"),
        ("amount", json!(0), "fields", "more than nothing"),
        ("amount", json!("4000"), "member", "does not fit"),
        ("currency", json!("USD"), "currency", "kept in EUR"),
        ("received_on", json!("today"), "fields", "no date"),
        ("id", json!(""), "id", "visible"),
        ("fee", json!(3), "member", "fee"),
    ] {
        let mut body = right.clone();
        body[member] = value;
        let answer = Call::signed(t, &g, &secret, &body).send(t).await;
        answer.expect_problem(422, code);
        assert!(answer.text.contains(says), "{says}: {}", answer.text);
    }
    let mut large = Call::signed(t, &g, &secret, &json!({ "id": "x".repeat(70_000) }));
    large.send(t).await.expect_problem(413, "too-large");
    large.body = "{".to_owned();
    large.headers[1].1 = sign(&secret, &large.headers[0].1, b"{");
    large.send(t).await.expect_problem(422, "member");
    assert_eq!(g.credit(t).await, 0);
}

async fn two_secrets_hold_side_by_side_and_an_ended_one_no_more(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let world = t.world().await;
    let (first_id, first) = secret(&g.api).await;
    let (_, second) = secret(&g.api).await;
    assert!(first.starts_with("msp_") && first.len() > 40 && first != second);
    g.api
        .post_empty("/api/v1/provider-secrets")
        .await
        .expect_problem(409, "secrets-many");
    for (number, secret) in [&first, &second].into_iter().enumerate() {
        let body = announced(t, &g, &format!("pay_{number}"), 100);
        Call::signed(t, &g, secret, &body).send(t).await.expect(200);
    }
    let listed = g.api.get("/api/v1/provider-secrets").await;
    assert_eq!(listed.expect(200)["items"].as_array().unwrap().len(), 2);
    assert!(!listed.text.contains(&first) && !listed.text.contains("sealed"));
    // Nor does the database hold it in the clear.
    let seller = g.deal.seller.organisation_id.clone();
    let rows = t
        .read(move |c| muster_store::selling::webhook_secrets::live(c, &seller))
        .await;
    assert!(rows.iter().all(|row| !row.sealed.contains(&first[4..])));
    let end = format!("/api/v1/provider-secrets/{first_id}/end");
    world
        .lyre
        .api
        .post_empty(&end)
        .await
        .expect_problem(404, "not-found");
    world
        .api(&world.northwind, Role::Agent)
        .await
        .post_empty(&end)
        .await
        .expect_problem(403, "role");
    assert_eq!(g.api.post_empty(&end).await.status, 204);
    let body = announced(t, &g, "pay_9", 100);
    Call::signed(t, &g, &first, &body)
        .send(t)
        .await
        .expect_problem(401, "signature");
    Call::signed(t, &g, &second, &body)
        .send(t)
        .await
        .expect(200);
    world
        .press
        .api
        .post_empty("/api/v1/provider-secrets")
        .await
        .expect_problem(409, "not-selling");
}
