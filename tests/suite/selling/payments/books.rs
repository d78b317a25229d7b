//! The nightly audit finds whatever was changed behind the books' back, says whose it is, and repairs nothing.

use diesel::connection::SimpleConnection;
use muster_store::{Conn, StoreResult};
use muster_tests::api::text;
use muster_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::ground::{Ground, today};

on_both_databases![
    the_audit_finds_each_planted_fault,
    a_difference_is_told_once_and_its_end_too,
    every_seller_sees_its_own_audit,
];

fn run(c: &mut Conn, sql: &str) -> StoreResult<()> {
    match c {
        Conn::Sqlite(c) => c.batch_execute(sql)?,
        Conn::Postgres(c) => c.batch_execute(sql)?,
    }
    Ok(())
}

async fn tamper(t: &TestApp, sql: &str) {
    let sql = sql.to_owned();
    t.write(move |tx| run(tx, &sql)).await;
}

/// What the audit says of these checks: check, subject, expected, found.
async fn found(t: &TestApp, g: &Ground) -> Vec<(String, String, i64, i64)> {
    t.run_job("books-audit").await;
    let audit = g.api.get("/api/v1/books/audit").await.expect(200);
    let differences = audit["differences"].as_array().unwrap().iter();
    differences
        .map(|one| {
            let amount = |name: &str| one[name].as_i64().unwrap();
            (
                text(&one["check"]),
                text(&one["subject"]),
                amount("expected"),
                amount("found"),
            )
        })
        .collect()
}

async fn the_audit_finds_each_planted_fault(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let settled = g.bill(t, 6_000).await;
    let open = g.bill(t, 3_000).await;
    let paid = text(&g.pay(t, 6_000, "paid").await["id"]);
    let credited = g.bill(t, 1_200).await;
    let note = text(&g.credit_note(&credited).await["id"]);
    g.pay(t, 5_000, "over").await;
    let refund = json!({ "account_id": g.deal.account.id, "amount": 500, "currency": "EUR", "note": "asked for" });
    let refund = text(&g.api.post("/api/v1/refunds", &refund).await.expect(201)["id"]);
    g.audited(t).await;
    let account = g.deal.account.id.clone();

    // Each is planted, found under its name with both figures, and taken away again.
    for (plant, mend, check, subject, expected, seen) in [
        (
            format!(
                "UPDATE receivables SET open = 7 WHERE invoice_id = '{}'",
                settled.id
            ),
            format!(
                "UPDATE receivables SET open = 0 WHERE invoice_id = '{}'",
                settled.id
            ),
            "settled",
            &settled.id,
            0,
            7,
        ),
        (
            format!(
                "UPDATE receivables SET open = 7 WHERE invoice_id = '{}'",
                settled.id
            ),
            format!(
                "UPDATE receivables SET open = 0 WHERE invoice_id = '{}'",
                settled.id
            ),
            "owed",
            &account,
            0,
            7,
        ),
        (
            format!("UPDATE billing_accounts SET credit = credit + 1 WHERE id = '{account}'"),
            format!("UPDATE billing_accounts SET credit = credit - 1 WHERE id = '{account}'"),
            "credit",
            &account,
            1_500,
            1_501,
        ),
        (
            format!(
                "UPDATE invoices SET total = total + 1, net = net + 1 WHERE id = '{}'",
                open.id
            ),
            format!(
                "UPDATE invoices SET total = total - 1, net = net - 1 WHERE id = '{}'",
                open.id
            ),
            "documents",
            &open.id,
            3_001,
            3_000,
        ),
        (
            format!("UPDATE invoices SET total = total + 1, net = net + 1 WHERE id = '{note}'"),
            format!("UPDATE invoices SET total = total - 1, net = net - 1 WHERE id = '{note}'"),
            "documents",
            &note,
            -1_201,
            -1_200,
        ),
        (
            format!("UPDATE payments SET amount = amount - 1 WHERE id = '{paid}'"),
            format!("UPDATE payments SET amount = amount + 1 WHERE id = '{paid}'"),
            "payments",
            &paid,
            5_999,
            6_000,
        ),
        (
            format!("UPDATE transfers SET amount = 5998 WHERE document_id = '{paid}'"),
            format!("UPDATE transfers SET amount = 6000 WHERE document_id = '{paid}'"),
            "payments",
            &paid,
            6_000,
            5_998,
        ),
        (
            format!("UPDATE transfers SET amount = 5998 WHERE document_id = '{paid}'"),
            format!("UPDATE transfers SET amount = 6000 WHERE document_id = '{paid}'"),
            "owed",
            &account,
            2,
            0,
        ),
        (
            format!("UPDATE allocations SET amount = 5000 WHERE payment_id = '{paid}'"),
            format!("UPDATE allocations SET amount = 6000 WHERE payment_id = '{paid}'"),
            "allocated",
            &paid,
            5_000,
            6_000,
        ),
        (
            format!(
                "INSERT INTO payment_turns VALUES ('{refund}', 'paid-back', '{}', '', 'x', 'x', 1)",
                today(t)
            ),
            format!("DELETE FROM payment_turns WHERE payment_id = '{refund}'"),
            "refunds",
            &"refunds".to_owned(),
            0,
            500,
        ),
        (
            format!("UPDATE invoices SET number = 9 WHERE id = '{}'", open.id),
            format!("UPDATE invoices SET number = 2 WHERE id = '{}'", open.id),
            "numbers",
            &"INV-{year}-{number:5} 2026".to_owned(),
            3,
            9,
        ),
        (
            "UPDATE invoice_series SET next_number = 5 WHERE series LIKE 'INV%'".to_owned(),
            "UPDATE invoice_series SET next_number = 4 WHERE series LIKE 'INV%'".to_owned(),
            "numbers",
            &"INV-{year}-{number:5} 2026".to_owned(),
            4,
            3,
        ),
        (
            format!("UPDATE billing_accounts SET live_subscriptions = 3 WHERE id = '{account}'"),
            format!("UPDATE billing_accounts SET live_subscriptions = 0 WHERE id = '{account}'"),
            "live",
            &account,
            0,
            3,
        ),
    ] {
        tamper(t, &plant).await;
        let differences = found(t, &g).await;
        let wanted = (check.to_owned(), subject.clone(), expected, seen);
        assert!(
            differences.contains(&wanted),
            "{plant}\nwanted {wanted:?}\nfound {differences:?}"
        );
        // Nothing was repaired.
        assert_eq!(found(t, &g).await, differences, "{plant}");
        tamper(t, &mend).await;
        g.audited(t).await;
    }

    // A transfer that belongs to nothing, and one that is gone.
    let stray = format!(
        "INSERT INTO transfers VALUES ('stray', '{}', 'credit:{account}', 'receivable:{account}', 'EUR', 11, 'nothing', 1)",
        g.deal.seller.organisation_id
    );
    tamper(t, &stray).await;
    let differences = found(t, &g).await;
    let checks: Vec<&str> = differences
        .iter()
        .map(|(check, ..)| check.as_str())
        .collect();
    assert_eq!(checks, ["owed", "credit"], "{differences:?}");
    tamper(t, "DELETE FROM transfers WHERE id = 'stray'").await;
    g.audited(t).await;
    tamper(
        t,
        &format!(
            "DELETE FROM transfers WHERE document_id = '{}' AND credit LIKE 'vat:%'",
            open.id
        ),
    )
    .await;
    let differences = found(t, &g).await;
    let wanted = ("documents".to_owned(), open.id.clone(), 3_000, 2_500);
    assert!(differences.contains(&wanted), "{differences:?}");
}

async fn a_difference_is_told_once_and_its_end_too(t: &mut TestApp) {
    let g = Ground::new(t).await;
    g.pay(t, 1_000, "ahead").await;
    let account = g.deal.account.id.clone();
    let alarms = async |t: &TestApp| {
        let events = t.events().await.into_iter();
        events
            .filter(|event| event.kind.starts_with("books."))
            .collect::<Vec<_>>()
    };
    g.audited(t).await;
    assert!(alarms(t).await.is_empty());
    tamper(
        t,
        &format!("UPDATE billing_accounts SET credit = 999 WHERE id = '{account}'"),
    )
    .await;
    for _ in 0..3 {
        t.run_job("books-audit").await;
    }
    let told = alarms(t).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].kind.as_str(), told[0].weight.as_str()),
        ("books.differ", "trouble")
    );
    for part in [account.as_str(), "10.00 EUR", "9.99 EUR", "credit"] {
        assert!(told[0].facts.contains(part), "{part}: {}", told[0].facts);
    }
    tamper(
        t,
        &format!("UPDATE billing_accounts SET credit = 1000 WHERE id = '{account}'"),
    )
    .await;
    g.audited(t).await;
    let told = alarms(t).await;
    assert_eq!((told.len(), told[0].kind.as_str()), (2, "books.agree"));
}

async fn every_seller_sees_its_own_audit(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let world = t.world().await;
    let before = g.api.get("/api/v1/books/audit").await.expect(200);
    assert_eq!(
        (&before["checked_at"], &before["agrees"]),
        (&json!(null), &json!(false))
    );
    tamper(
        t,
        &format!(
            "UPDATE billing_accounts SET live_subscriptions = 1 WHERE id = '{}'",
            g.deal.account.id
        ),
    )
    .await;
    t.run_job("books-audit").await;
    let own = g.api.get("/api/v1/books/audit").await.expect(200);
    assert_eq!(own["differences"][0]["check"], "live", "{own}");
    let operators = world.operator.api.get("/api/v1/books/audit").await;
    assert_eq!(operators.expect(200)["agrees"], true);
    let presss = world.press.api.get("/api/v1/books/audit").await;
    assert_eq!(presss.expect(200)["differences"], json!([]));
}
