//! Payments that people enter, and what becomes of them; RULES B17 and B19.

use jiff::civil::Date;
use muster_domain::permission::Role;
use muster_domain::selling::collection::{Collection, OpenInvoice};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::dunning::Plan;
use muster_domain::selling::money::Money;
use muster_domain::selling::posting;
use muster_store::selling::accounts;
use muster_store::selling::invoices::{self, Invoice};
use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::ground::{Ground, has_letter, today};

on_both_databases![
    named_invoices_are_settled_first_then_the_oldest_and_thanked_for_once,
    the_same_key_is_the_same_payment,
    what_does_not_fit_is_refused,
    a_second_payment_alike_is_flagged_until_somebody_looks,
    b17_the_older_of_two_is_paid_and_a_balance_is_zeroed_by_credit,
    b19_of_two_charges_of_eighty_on_a_credit_of_a_hundred_one_succeeds,
    a_top_up_of_a_prepaid_account_pays_what_is_open_then_is_credit,
    books_of_others_are_closed_and_roles_hold,
];

async fn named_invoices_are_settled_first_then_the_oldest_and_thanked_for_once(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let (first, second) = (g.bill(t, 6_000).await, g.bill(t, 3_000).await);
    let third = g.bill(t, 1_200).await;
    let mut body = g.payment(t, 4_000, "for the second");
    body["invoice_ids"] = json!([second.id]);
    let paid = g.api.post("/api/v1/payments", &body).await.expect(201);
    let settled: Vec<(String, i64)> = paid["settled"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (text(&part["invoice_id"]), part["amount"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        settled,
        [(second.id.clone(), 3_000), (first.id.clone(), 1_000)]
    );
    assert_eq!(g.deal.open_on(t, &first.id).await, 5_000);
    assert_eq!(g.deal.open_on(t, &second.id).await, 0);
    assert!(!has_letter(t, &format!("payment:{}", text(&paid["id"]))).await);
    // The rest, and more: the surplus is the buyer's, who is thanked now that nothing is owed.
    let rest = g.pay(t, 7_000, "the rest").await;
    assert_eq!(rest["to_credit"], 800, "{rest}");
    assert_eq!(g.deal.open_on(t, &third.id).await, 0);
    assert_eq!(g.credit(t).await, 800);
    assert!(has_letter(t, &format!("payment:{}", text(&rest["id"]))).await);
    // Money without a debt is credit and no reason for a letter.
    let more = g.pay(t, 500, "ahead").await;
    assert_eq!(more["to_credit"], 500);
    assert!(!has_letter(t, &format!("payment:{}", text(&more["id"]))).await);
    let bank = g.deal.balance(t, "bank:FR7630006000011234567890189").await;
    assert_eq!(bank, 11_500);
    assert_eq!(t.record().await[0], "payment.recorded");
    g.audited(t).await;
}

async fn the_same_key_is_the_same_payment(t: &mut TestApp) {
    let g = Ground::new(t).await;
    g.bill(t, 6_000).await;
    let mut body = g.payment(t, 6_000, "once");
    body["key"] = json!("receipt-7");
    let first = g.api.post("/api/v1/payments", &body).await.expect(201);
    let again = g.api.post("/api/v1/payments", &body).await.expect(201);
    assert_eq!(first, again);
    body["amount"] = json!(6_001);
    g.api
        .post("/api/v1/payments", &body)
        .await
        .expect_problem(409, "payment-key");
    let listed = g.api.get("/api/v1/payments").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    // Many at once are one as well.
    body["amount"] = json!(300);
    body["key"] = json!("receipt-8");
    let (a, b, c) = tokio::join!(
        g.api.post("/api/v1/payments", &body),
        g.api.post("/api/v1/payments", &body),
        g.api.post("/api/v1/payments", &body),
    );
    let ids: Vec<_> = [a, b, c]
        .map(|answer| text(&answer.expect(201)["id"]))
        .into();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(g.credit(t).await, 300);
    g.audited(t).await;
}

async fn what_does_not_fit_is_refused(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let right = g.payment(t, 100, "");
    for (member, value, code) in [
        ("amount", json!(0), "fields"),
        ("amount", json!(-5), "fields"),
        ("amount", json!(i64::MAX), "amount-large"),
        ("currency", json!("JPY"), "currency"),
        ("currency", json!("EU"), "fields"),
        ("received_on", json!("2027-01-01"), "fields"),
        ("received_on", json!("21.09.2026"), "fields"),
        ("note", json!("x".repeat(141)), "fields"),
        ("account_id", json!("nobody"), "fields"),
        ("invoice_ids", json!(["nothing"]), "fields"),
        ("key", json!("with space"), "fields"),
        ("surprise", json!(1), "member"),
    ] {
        let mut body = right.clone();
        body[member] = value;
        let answer = g.api.post("/api/v1/payments", &body).await;
        answer.expect_problem(422, code);
    }
    assert_eq!(g.credit(t).await, 0);
    let listed = g.api.get("/api/v1/payments").await.expect(200);
    assert_eq!(listed["items"], json!([]));
}

async fn a_second_payment_alike_is_flagged_until_somebody_looks(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let first = g.pay(t, 500, "subscription").await;
    assert_eq!(first["doubtful"], false);
    t.advance_days(3);
    let second = g.pay(t, 500, "subscription").await;
    assert_eq!(second["doubtful"], true);
    let other = g.pay(t, 500, "another").await;
    assert_eq!(other["doubtful"], false);
    // A month later it is next month's.
    t.advance_days(28);
    let next = g.pay(t, 500, "subscription").await;
    assert_eq!(next["doubtful"], false);
    let looked = |payment: &serde_json::Value| {
        format!("/api/v1/payments/{}/looked-at", text(&payment["id"]))
    };
    let seen = g.api.post_empty(&looked(&second)).await.expect(200);
    assert_eq!(seen["doubtful"], false);
    g.api
        .post_empty(&looked(&second))
        .await
        .expect_problem(409, "payment-noted");
    g.api
        .post_empty(&looked(&first))
        .await
        .expect_problem(409, "payment-clear");
}

/// What dunning derives from what is owed.
async fn stage(t: &TestApp, g: &Ground) -> Collection {
    let account = g.deal.account.id.clone();
    let owed = t
        .read(move |c| invoices::open_of_account(c, &account))
        .await;
    let open: Vec<OpenInvoice> = owed
        .iter()
        .map(|row| OpenInvoice {
            due: row.due_date.parse().unwrap(),
            open: Money::new(row.open, Currency::EUR),
        })
        .collect();
    let today: Date = today(t).parse().unwrap();
    Collection::of(&open, &Plan::default(), today)
}

async fn b17_the_older_of_two_is_paid_and_a_balance_is_zeroed_by_credit(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let older = g.bill(t, 6_000).await;
    t.advance_days(10);
    let newer = g.bill(t, 3_000).await;
    // Fourteen days of terms; a month after the older was due it is the one that counts.
    t.advance_days(14 + 5);
    assert_eq!(stage(t, &g).await, Collection::Suspended);
    g.pay(t, 6_000, "the older").await;
    assert_eq!(g.deal.open_on(t, &older.id).await, 0);
    assert_eq!(g.deal.open_on(t, &newer.id).await, 3_000);
    assert_eq!(stage(t, &g).await, Collection::PastDue);
    // The older is credited although it was paid: what was paid becomes credit, and used on the newer it owes nothing.
    g.credit_note(&older).await;
    assert_eq!(g.credit(t).await, 6_000);
    let body = json!({ "invoice_id": newer.id, "amount": 3_000, "currency": "EUR" });
    let used = g.api.post("/api/v1/credit-used", &body).await.expect(201);
    assert_eq!(used["open"], 0);
    assert_eq!(stage(t, &g).await, Collection::Current);
    assert_eq!(g.credit(t).await, 3_000);
    g.audited(t).await;
}

/// An account with a credit of 100 and two invoices of 80 open.
async fn a_hundred_and_two_of_eighty(t: &TestApp, g: &Ground) -> [Invoice; 2] {
    let paid = g.bill(t, 10_200).await;
    g.pay(t, 10_200, "paid").await;
    let open = [g.bill(t, 7_998).await, g.bill(t, 7_998).await];
    g.credit_note(&paid).await;
    assert_eq!(g.credit(t).await, 10_200);
    open
}

async fn b19_of_two_charges_of_eighty_on_a_credit_of_a_hundred_one_succeeds(t: &mut TestApp) {
    let g = Ground::new(t).await;
    // Two people use the credit at once.
    let open = a_hundred_and_two_of_eighty(t, &g).await;
    let body =
        |invoice: &Invoice| json!({ "invoice_id": invoice.id, "amount": 7_998, "currency": "EUR" });
    let (first, second) = (body(&open[0]), body(&open[1]));
    let (a, b) = tokio::join!(
        g.api.post("/api/v1/credit-used", &first),
        g.api.post("/api/v1/credit-used", &second),
    );
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422], "{} {}", a.text, b.text);
    let refused = if a.status == 422 { a } else { b };
    refused.expect_problem(422, "credit-short");
    assert_eq!(g.credit(t).await, 10_200 - 7_998);
    g.audited(t).await;

    // Two renewals of a prepaid account are issued at once: one is charged, one stays open.
    g.pay(t, 7_998 + 7_998, "both, and ahead").await;
    assert_eq!(g.credit(t).await, 10_200);
    g.terms(t, "prepaid", 0).await;
    let lines = [(6_665, "FR", 2_000)];
    let store = &t.app().store;
    let (a, b) = tokio::join!(
        store.write_or_refuse(g.issuing(t, &lines)),
        store.write_or_refuse(g.issuing(t, &lines)),
    );
    let (a, b) = (a.unwrap().unwrap(), b.unwrap().unwrap());
    let mut open = [
        g.deal.open_on(t, &a.id).await,
        g.deal.open_on(t, &b.id).await,
    ];
    open.sort_unstable();
    assert_eq!(open, [0, 7_998]);
    assert_eq!(g.credit(t).await, 10_200 - 7_998);
    g.audited(t).await;

    // The guarded row alone: many charges at once, and never below the limit.
    let account = g.deal.account.id.clone();
    let mut charges = Vec::new();
    for _ in 0..8 {
        let (store, account) = (store.clone(), account.clone());
        charges.push(tokio::spawn(async move {
            store
                .write(move |tx| accounts::charge(tx, &account, 1_000))
                .await
                .unwrap()
        }));
    }
    let mut succeeded = 0;
    for charge in charges {
        succeeded += i64::from(charge.await.unwrap());
    }
    assert_eq!(succeeded, 2);
    assert_eq!(g.credit(t).await, 10_200 - 7_998 - 2_000);
    // Charges without a document are what the audit is for.
    let account = g.deal.account.id.clone();
    t.write(move |tx| accounts::put_in(tx, &account, 2_000))
        .await;
    g.audited(t).await;
}

async fn a_top_up_of_a_prepaid_account_pays_what_is_open_then_is_credit(t: &mut TestApp) {
    let g = Ground::new(t).await;
    g.terms(t, "prepaid", 0).await;
    let open = g.bill(t, 6_000).await;
    assert_eq!(g.deal.open_on(t, &open.id).await, 6_000);
    let top_up = g.pay(t, 10_000, "top-up").await;
    assert_eq!(top_up["to_credit"], 4_000);
    let charged = g.bill(t, 3_000).await;
    assert_eq!(g.deal.open_on(t, &charged.id).await, 0);
    assert_eq!(g.credit(t).await, 1_000);
    // The ledger says the same as the domain's postings.
    let eur = |minor| Money::new(minor, Currency::EUR);
    let id = &g.deal.account.id;
    let posted = posting::payment(id, "main", eur(6_000), eur(4_000)).unwrap();
    assert_eq!(posted.len(), 2);
    let credit = format!("credit:{id}");
    assert_eq!(g.deal.balance(t, &credit).await, -1_000);
    assert_eq!(g.deal.balance(t, &format!("receivable:{id}")).await, 0);
    g.audited(t).await;
}

async fn books_of_others_are_closed_and_roles_hold(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let world = t.world().await;
    let invoice = g.bill(t, 6_000).await;
    let payment = g.pay(t, 1_000, "ours").await;
    let own = format!("/api/v1/payments/{}", text(&payment["id"]));
    let back = json!({ "on": today(t), "note": "not theirs" });
    let credit = format!("/api/v1/invoices/{}/credit-notes", invoice.id);
    for place in [&world.operator, &world.lyre, &world.press] {
        let api = &place.api;
        api.get(&own).await.expect_problem(404, "not-found");
        api.post(&format!("{own}/take-back"), &back)
            .await
            .expect_problem(404, "not-found");
        api.post(&credit, &json!({}))
            .await
            .expect_problem(404, "not-found");
        let body = g.payment(t, 100, "");
        api.post("/api/v1/payments", &body)
            .await
            .expect_problem(422, "fields");
        let debt =
            json!({ "invoice_id": invoice.id, "amount": 1, "currency": "EUR", "note": "no" });
        api.post("/api/v1/write-offs", &debt)
            .await
            .expect_problem(422, "fields");
        let listed = api.get("/api/v1/payments").await.expect(200);
        assert_eq!(listed["items"], json!([]), "{}", place.name);
    }
    let body = g.payment(t, 100, "");
    for role in [Role::Agent, Role::Support, Role::Auditor] {
        let api = world.api(&world.northwind, role).await;
        api.get(&own).await.expect(200);
        api.post("/api/v1/payments", &body)
            .await
            .expect_problem(403, "role");
    }
    let admin = world.api(&world.northwind, Role::Admin).await;
    let debt = json!({ "invoice_id": invoice.id, "amount": 1, "currency": "EUR", "note": "gone" });
    admin
        .post("/api/v1/write-offs", &debt)
        .await
        .expect_problem(403, "role");
    admin.post("/api/v1/payments", &body).await.expect(201);
}
