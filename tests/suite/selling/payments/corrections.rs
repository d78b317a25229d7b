//! Refunds, write-offs, credit notes, and payments that are taken back; the accounting half of RULES B21.

use muster_store::selling::invoices;
use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases, trade};
use serde_json::{Value, json};

use super::ground::{Ground, today};

on_both_databases![
    credit_is_set_aside_and_then_paid_back,
    a_debt_is_given_up_as_far_as_it_is_open,
    b21_a_credit_note_over_nineteen_percent_mirrors_its_invoice,
    parts_of_an_invoice_are_credited_and_never_more_than_it,
    a_returned_payment_opens_what_it_had_settled,
    a_returned_payment_is_taken_from_credit_and_from_what_credit_settled,
    refunds_and_write_offs_are_taken_back_too,
];

fn refund(g: &Ground, amount: i64) -> Value {
    json!({ "account_id": g.deal.account.id, "amount": amount, "currency": "EUR", "note": "asked for" })
}

async fn credit_is_set_aside_and_then_paid_back(t: &mut TestApp) {
    let g = Ground::new(t).await;
    g.pay(t, 5_000, "ahead").await;
    // A limit is no money.
    g.terms(t, "invoice", 100_000).await;
    g.api
        .post("/api/v1/refunds", &refund(&g, 5_001))
        .await
        .expect_problem(422, "credit-short");
    let made = g
        .api
        .post("/api/v1/refunds", &refund(&g, 3_000))
        .await
        .expect(201);
    assert_eq!(made["kind"], "refund");
    assert_eq!(g.credit(t).await, 2_000);
    assert_eq!(g.deal.balance(t, "refunds").await, -3_000);
    g.audited(t).await;
    let path = format!("/api/v1/payments/{}/paid-back", text(&made["id"]));
    let left = g
        .api
        .post(&path, &json!({ "on": today(t) }))
        .await
        .expect(200);
    assert_eq!(left["paid_back_on"], today(t));
    assert_eq!(g.deal.balance(t, "refunds").await, 0);
    let bank = g.deal.balance(t, "bank:FR7630006000011234567890189").await;
    assert_eq!(bank, 2_000);
    g.api
        .post(&path, &json!({ "on": today(t) }))
        .await
        .expect_problem(409, "payment-noted");
    let payment = g.pay(t, 100, "no refund").await;
    let path = format!("/api/v1/payments/{}/paid-back", text(&payment["id"]));
    g.api
        .post(&path, &json!({ "on": today(t) }))
        .await
        .expect_problem(409, "payment-kind");
    g.audited(t).await;
}

async fn a_debt_is_given_up_as_far_as_it_is_open(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let invoice = g.bill(t, 6_000).await;
    g.pay(t, 4_500, "most of it").await;
    let debt = |amount: i64, key: &str| json!({ "invoice_id": invoice.id, "amount": amount, "currency": "EUR", "note": "bankrupt", "key": key });
    g.api
        .post("/api/v1/write-offs", &debt(1_501, "w1"))
        .await
        .expect_problem(422, "write-off-more");
    let given_up = g
        .api
        .post("/api/v1/write-offs", &debt(1_500, "w1"))
        .await
        .expect(201);
    let again = g
        .api
        .post("/api/v1/write-offs", &debt(1_500, "w1"))
        .await
        .expect(201);
    assert_eq!(given_up, again);
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 0);
    assert_eq!(g.deal.balance(t, "write-offs").await, 1_500);
    assert_eq!(t.record().await[0], "payment.written-off");
    g.audited(t).await;
}

async fn b21_a_credit_note_over_nineteen_percent_mirrors_its_invoice(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let invoice = g.bill_at(t, &[(761_250, "DE", 1_900)]).await;
    // 19 % of 7,612.50 is 1,446.375: half up.
    assert_eq!((invoice.net, invoice.vat), (761_250, 144_638));
    g.pay(t, 905_888, "paid").await;
    let note = g.credit_note(&invoice).await;
    assert_eq!(
        (&note["net"], &note["vat"], &note["total"]),
        (&json!(761_250), &json!(144_638), &json!(905_888))
    );
    assert_eq!(note["corrects_id"], invoice.id);
    assert!(text(&note["number"]).starts_with("CN-2026-"), "{note}");
    for account in ["revenue:recurring", "vat:DE:19"] {
        assert_eq!(g.deal.balance(t, account).await, 0, "{account}");
    }
    assert_eq!(g.credit(t).await, 905_888);
    let id = text(&note["id"]);
    let lines = trade::lines(t, &id).await;
    assert!(lines.iter().all(|line| line.quantity > 0 && line.net > 0));
    let written = t.read(move |c| invoices::corrections(c, &invoice.id)).await;
    assert_eq!(
        (written.len(), written[0].kind.as_str()),
        (1, "credit-note")
    );
    g.audited(t).await;
}

async fn parts_of_an_invoice_are_credited_and_never_more_than_it(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let invoice = g
        .bill_at(t, &[(10_000, "FR", 2_000), (5_000, "FR", 550)])
        .await;
    assert_eq!(invoice.total, 12_000 + 5_275);
    let path = format!("/api/v1/invoices/{}/credit-notes", invoice.id);
    let part = |position: i64, net: i64| json!({ "parts": [{ "position": position, "net": net, "currency": "EUR" }] });
    let first = g.api.post(&path, &part(1, 4_000)).await.expect(201);
    assert_eq!(first["total"], 4_800);
    assert_eq!(g.deal.open_on(t, &invoice.id).await, invoice.total - 4_800);
    for (body, code) in [
        (part(1, 6_001), "credit-more"),
        (part(2, 5_001), "credit-more"),
        (part(3, 1), "credit-line"),
        (part(0, 1), "credit-line"),
        (json!({}), "credit-again"),
    ] {
        g.api.post(&path, &body).await.expect_problem(422, code);
    }
    // What is left of it, of which a part was paid.
    g.pay(t, 10_000, "some").await;
    let rest = json!({ "parts": [
        { "position": 1, "net": 6_000, "currency": "EUR", "text": "All that is left" },
        { "position": 2, "net": 5_000, "currency": "EUR" },
    ] });
    g.api.post(&path, &rest).await.expect(201);
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 0);
    assert_eq!(g.credit(t).await, 10_000);
    let note = format!("/api/v1/invoices/{}/credit-notes", text(&first["id"]));
    g.api
        .post(&note, &json!({}))
        .await
        .expect_problem(422, "credit-of-credit");
    g.audited(t).await;
}

async fn a_returned_payment_opens_what_it_had_settled(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let (first, second) = (g.bill(t, 6_000).await, g.bill(t, 3_000).await);
    let paid = g.pay(t, 8_000, "direct debit").await;
    assert_eq!(g.deal.open_on(t, &second.id).await, 1_000);
    let back = g.take_back(t, &paid).await;
    assert_eq!(back["returned_on"], today(t));
    assert_eq!(g.deal.open_on(t, &first.id).await, 6_000);
    assert_eq!(g.deal.open_on(t, &second.id).await, 3_000);
    let bank = g.deal.balance(t, "bank:FR7630006000011234567890189").await;
    assert_eq!(bank, 0);
    let path = format!("/api/v1/payments/{}/take-back", text(&paid["id"]));
    let again = json!({ "on": today(t), "note": "again" });
    g.api
        .post(&path, &again)
        .await
        .expect_problem(409, "payment-returned");
    g.audited(t).await;
    // It is paid again, and nothing of the first time is in the way.
    g.pay(t, 9_000, "transfer").await;
    assert_eq!(g.deal.open_on(t, &second.id).await, 0);
    assert_eq!(g.credit(t).await, 0);
    g.audited(t).await;
}

async fn a_returned_payment_is_taken_from_credit_and_from_what_credit_settled(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let paid = g.pay(t, 9_000, "ahead").await;
    // The credit settles two invoices as they are issued, and 1,800 of it is left.
    let (older, newer) = (g.bill(t, 4_200).await, g.bill(t, 3_000).await);
    assert_eq!(g.credit(t).await, 1_800);
    g.take_back(t, &paid).await;
    assert_eq!(g.credit(t).await, 0);
    assert_eq!(g.deal.open_on(t, &older.id).await, 4_200);
    assert_eq!(g.deal.open_on(t, &newer.id).await, 3_000);
    g.audited(t).await;

    // What was paid out cannot be taken from anywhere, unless the account may stand below zero.
    g.pay(t, 7_200, "both").await;
    let lost = g.pay(t, 2_000, "ahead again").await;
    g.api
        .post("/api/v1/refunds", &refund(&g, 1_500))
        .await
        .expect(201);
    let path = format!("/api/v1/payments/{}/take-back", text(&lost["id"]));
    let body = json!({ "on": today(t), "note": "no cover" });
    let refused = g.api.post(&path, &body).await;
    refused.expect_problem(409, "payment-paid-out");
    assert!(refused.text.contains("15.00 EUR"), "{}", refused.text);
    assert_eq!(g.credit(t).await, 500, "a refusal undoes everything");
    g.audited(t).await;
    g.terms(t, "invoice", 1_500).await;
    g.api.post(&path, &body).await.expect(200);
    assert_eq!(g.credit(t).await, -1_500);
    g.audited(t).await;
}

async fn refunds_and_write_offs_are_taken_back_too(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let invoice = g.bill(t, 6_000).await;
    let debt =
        json!({ "invoice_id": invoice.id, "amount": 6_000, "currency": "EUR", "note": "gone" });
    let given_up = g.api.post("/api/v1/write-offs", &debt).await.expect(201);
    g.take_back(t, &given_up).await;
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 6_000);
    assert_eq!(g.deal.balance(t, "write-offs").await, 0);
    g.pay(t, 8_000, "after all").await;
    let made = g
        .api
        .post("/api/v1/refunds", &refund(&g, 2_000))
        .await
        .expect(201);
    let path = format!("/api/v1/payments/{}/paid-back", text(&made["id"]));
    let on = json!({ "on": today(t) });
    g.api.post(&path, &on).await.expect(200);
    g.take_back(t, &made).await;
    assert_eq!(g.credit(t).await, 2_000);
    assert_eq!(g.deal.balance(t, "refunds").await, 0);
    g.audited(t).await;
}
