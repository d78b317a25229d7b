//! The forecast: what is to come is what schedules and prices lead to, and what is owed is what the ledger says.

use diesel::RunQueryDsl;
use jiff::civil::{Date, date};
use muster_domain::permission::Role;
use muster_store::selling::invoices::{self, Allocation};
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::subscriptions::Subscription;
use muster_store::selling::{accounts, ledger};
use muster_tests::kinds;
use muster_tests::trade::{Deal, Trade, add, id};
use muster_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    twelve_months_are_what_schedules_and_prices_lead_to,
    who_left_is_counted_among_who_was_there,
    what_is_owed_by_age_is_reconciled_with_the_ledger,
    the_ledger_is_added_up_bit_by_bit_and_comes_to_the_same,
    the_page_shows_and_draws_it_and_says_of_when_it_is,
];

async fn forecast(t: &mut TestApp) -> Value {
    let world = t.world().await;
    t.run_job("forecast").await;
    world
        .northwind
        .api
        .get("/api/v1/forecast")
        .await
        .expect(200)
}

/// A plan by the day or month beside the deal's own.
async fn plan(
    t: &TestApp,
    deal: &Deal,
    number: u64,
    (unit, count): (&str, i64),
    price: Option<i64>,
) -> Plan {
    let plan = Plan {
        id: id(0x400, number),
        name: format!("Plan {number}"),
        interval_unit: unit.to_owned(),
        interval_count: count,
        ..deal.plan.clone()
    };
    let price = price.map(|amount| Price {
        id: id(0x401, number),
        plan_id: plan.id.clone(),
        amount,
        ..deal.prices[0].clone()
    });
    let new = plan.clone();
    t.write(move |c| {
        plans::insert(c, &new)?;
        match &price {
            Some(price) => plans::insert_price(c, price),
            None => Ok(()),
        }
    })
    .await;
    plan
}

/// Months of a subscription reckoned by hand: every start on a calendar day from `next` on, months after months.
fn by_hand(sum: &mut [(u64, i64); 12], next: Date, every: i32, price: i64) {
    for step in 0..12 {
        let month = i32::from(next.year()) * 12 + i32::from(next.month()) + step * every;
        let place = usize::try_from(month - (2026 * 12 + 9)).unwrap();
        if let Some(found) = sum.get_mut(place) {
            found.0 += 1;
            found.1 += price;
        }
    }
}

async fn twelve_months_are_what_schedules_and_prices_lead_to(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let monthly = plan(t, &deal, 1, ("months", 1), Some(4_900)).await;
    let thirty = plan(t, &deal, 2, ("days", 30), Some(3_000)).await;
    let priceless = plan(t, &deal, 3, ("months", 1), None).await;
    let mut expected = [(0_u64, 0_i64); 12];
    let half_year = |n, anchor| deal.subscription(n, anchor);
    let mut rows: Vec<Subscription> = Vec::new();
    for n in 0..3 {
        rows.push(half_year(n, "2026-10-05"));
        by_hand(&mut expected, date(2026, 10, 5), 6, 150_000);
    }
    // Each month's last day, also where the month is short.
    rows.push(Subscription {
        plan_id: monthly.id.clone(),
        ..half_year(3, "2026-10-31")
    });
    by_hand(&mut expected, date(2026, 10, 31), 1, 4_900);
    // From its next boundary on it is the monthly plan.
    rows.push(Subscription {
        next_plan_id: Some(monthly.id.clone()),
        ..half_year(4, "2026-12-01")
    });
    by_hand(&mut expected, date(2026, 12, 1), 1, 4_900);
    // It ends, so nothing more is billed; until then it runs.
    rows.push(Subscription {
        cancel_at_end: 1,
        ..half_year(5, "2026-11-01")
    });
    // On trial: it is billed, and does not recur yet.
    rows.push(Subscription {
        life: "trialing".to_owned(),
        plan_id: monthly.id.clone(),
        ..half_year(6, "2026-10-10")
    });
    by_hand(&mut expected, date(2026, 10, 10), 1, 4_900);
    // Due before today: billed at the next run.
    rows.push(Subscription {
        plan_id: monthly.id.clone(),
        ..half_year(7, "2026-09-20")
    });
    by_hand(&mut expected, date(2026, 9, 20), 1, 4_900);
    // Every thirty days, counted on the calendar.
    rows.push(Subscription {
        plan_id: thirty.id.clone(),
        ..half_year(8, "2026-09-25")
    });
    let mut day = date(2026, 9, 25);
    while day < date(2027, 9, 1) {
        let months = i32::from(day.year() - 2026) * 12 + i32::from(day.month()) - 9;
        let found = &mut expected[usize::try_from(months).unwrap()];
        *found = (found.0 + 1, found.1 + 3_000);
        day = day.checked_add(jiff::Span::new().days(30)).unwrap();
    }
    rows.push(Subscription {
        plan_id: priceless.id.clone(),
        ..half_year(9, "2026-10-01")
    });
    // Paused: nothing more is billed until somebody resumes it.
    rows.push(Subscription {
        life: "paused".to_owned(),
        next_start_at: None,
        ..half_year(10, "2026-10-01")
    });
    for row in &rows {
        add(t, row).await;
    }
    let shown = forecast(t).await;
    assert_eq!(shown["today"], "2026-09-21");
    assert_eq!(shown["unpriced"], 1);
    let euro = &shown["currencies"][0];
    let months: Vec<(u64, i64)> = euro["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|month| {
            let number = |name: &str| month[name].as_i64().unwrap();
            (
                u64::try_from(number("renewals")).unwrap(),
                number("revenue"),
            )
        })
        .collect();
    assert_eq!(months, expected);
    assert_eq!(euro["months"][0]["month"], "2026-09");
    assert_eq!(euro["months"][11]["month"], "2027-08");
    // Five of six months at 1,500, two monthly ones, and 30.436875 days at 30 for thirty.
    assert_eq!(euro["running"], 8);
    assert_eq!(euro["recurring"], 5 * 25_000 + 2 * 4_900 + 3_044);
    let csv = t
        .world()
        .await
        .northwind
        .api
        .get("/api/v1/forecast.csv")
        .await;
    assert_eq!(csv.text.lines().count(), 13);
    let (count, revenue) = expected[1];
    let october = format!("2026-10,EUR,{count},{}.{:02}", revenue / 100, revenue % 100);
    assert!(csv.text.contains(&october), "{}", csv.text);
}

async fn who_left_is_counted_among_who_was_there(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let now = t.app().now_micros();
    let day = 86_400_000_000;
    let ended = |n, created: i64, ended: Option<i64>| Subscription {
        created_at: now - created * day,
        ended_at: ended.map(|days| now - days * day),
        ..deal.subscription(n, "2026-10-05")
    };
    for row in [
        ended(1, 400, None),
        ended(2, 400, None),
        ended(3, 31, Some(10)),
        // Gone before the thirty days began; come and gone within them; come within them.
        ended(4, 400, Some(31)),
        ended(5, 20, Some(10)),
        ended(6, 20, None),
    ] {
        add(t, &row).await;
    }
    let shown = forecast(t).await;
    assert_eq!(
        (
            &shown["there_before"],
            &shown["ended_since"],
            &shown["churn"]
        ),
        (&json!(3), &json!(1), &json!(3_333))
    );
}

async fn what_is_owed_by_age_is_reconciled_with_the_ledger(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let bill = |name: &str| {
        kinds::all()
            .into_iter()
            .find(|kind| kind.name == name)
            .unwrap()
    };
    // Due 30 days after each: 100, 60, 5 days and not yet. 58.80 each but for the last.
    for (number, wait) in (0..).zip([40, 55, 35]) {
        kinds::issue_one(t, &deal, bill("15-consumer"), number).await;
        t.advance_days(wait);
    }
    let last = kinds::issue_one(t, &deal, bill("14-partly-prepaid"), 9).await;
    let shown = forecast(t).await;
    let euro = &shown["currencies"][0];
    let ages: Vec<i64> = ["current", "to_30", "to_60", "to_90", "older"]
        .iter()
        .map(|age| euro[age].as_i64().unwrap())
        .collect();
    assert_eq!(ages, [161_680, 5_880, 5_880, 0, 5_880]);
    assert_eq!(euro["past_due"], 3 * 5_880);
    assert_eq!(
        (&euro["owed"], &euro["ledger"], &euro["difference"]),
        (&json!(179_320), &json!(179_320), &json!(0))
    );
    assert_eq!(shown["reconciled"], true);
    // A part is paid, with its transfer: still the same.
    let paid = Allocation {
        id: t.app().new_id(),
        invoice_id: last.id.clone(),
        payment_id: None,
        credit_note_id: None,
        amount: 100_000,
        created_at: t.app().now_micros() + 1,
    };
    let transfer = ledger::Transfer {
        id: t.app().new_id(),
        seller_id: last.seller_id.clone(),
        debit: "bank:DE".to_owned(),
        credit: format!("receivable:{}", last.billing_account_id),
        currency: "EUR".to_owned(),
        amount: 100_000,
        document_id: last.id.clone(),
        at: t.app().now_micros(),
    };
    t.write(move |c| {
        assert!(invoices::settle(c, &paid)?);
        ledger::insert(c, std::slice::from_ref(&transfer))
    })
    .await;
    let shown = forecast(t).await;
    assert_eq!(shown["currencies"][0]["owed"], 79_320);
    assert_eq!(shown["reconciled"], true);
    // Somebody changes what is owed by hand: the page names the difference.
    t.write(|c| {
        let sql = "UPDATE receivables SET open = open - 1 WHERE open = 61680";
        Ok(diesel::sql_query(sql).execute(c)?)
    })
    .await;
    let shown = forecast(t).await;
    assert_eq!(shown["reconciled"], false);
    assert_eq!(shown["currencies"][0]["difference"], -1);
    let browser = world.browser(&world.northwind, Role::Owner).await;
    let page = browser.get_once("/forecast").await;
    assert!(
        page.text
            .contains("The books are \u{2212}0.01\u{a0}EUR apart")
    );
}

async fn the_ledger_is_added_up_bit_by_bit_and_comes_to_the_same(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let consumer = kinds::all()
        .into_iter()
        .find(|kind| kind.name == "15-consumer")
        .unwrap();
    for number in 0..5 {
        kinds::issue_one(t, &deal, consumer.clone(), number).await;
        let balance = deal
            .balance(t, &format!("receivable:{}", deal.account.id))
            .await;
        for _ in 0..2 {
            let shown = forecast(t).await;
            assert_eq!(shown["currencies"][0]["ledger"], balance);
            assert_eq!(shown["currencies"][0]["difference"], 0);
        }
        t.advance(std::time::Duration::from_secs(40 * 60));
    }
    // What is behind the mark is not read again: the mark alone holds it.
    t.advance_days(1);
    forecast(t).await;
    t.write(|c| Ok(diesel::sql_query("UPDATE ledger_marks SET balance = balance + 3").execute(c)?))
        .await;
    let shown = forecast(t).await;
    assert_eq!(shown["currencies"][0]["difference"], -3);
}

async fn the_page_shows_and_draws_it_and_says_of_when_it_is(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let browser = world.browser(&world.northwind, Role::Support).await;
    let before = browser.get_once("/forecast").await;
    assert_eq!(before.status, 200);
    assert!(before.text.contains("Here will stand what renews"));
    let nothing = world
        .northwind
        .api
        .get("/api/v1/forecast")
        .await
        .expect(200);
    assert_eq!(nothing["taken_at"], Value::Null);
    deal.subscribe(t, 1, "2026-10-05").await;
    t.run_job("forecast").await;
    // A buyer that signed meanwhile waits for the next reckoning: no request reckons.
    deal.subscribe(t, 2, "2026-10-05").await;
    t.advance(std::time::Duration::from_secs(30 * 60));
    let shown = browser.get_once("/forecast").await;
    for said in [
        "30 minutes ago",
        "250.00\u{a0}EUR",
        "1 subscription runs",
        "1,500.00",
        "October 2026",
        "<svg class=\"plot bars",
        "role=\"img\"",
        "The journal says the same",
        "subscriptions that there were",
    ] {
        assert!(shown.text.contains(said), "{said} is missing");
    }
    // Others see their own, or none.
    let operator = world.operator.api.get("/api/v1/forecast").await.expect(200);
    assert_eq!(operator["currencies"], json!([]));
    for place in [&world.press, &world.lyre] {
        let other = place.api.get("/api/v1/forecast").await.expect(200);
        assert_eq!(other["taken_at"], Value::Null, "{}", place.name);
    }
    // A limit that the credit may not pass has nothing to do with what is owed.
    let account = deal.account.id.clone();
    t.write(move |c| accounts::put_in(c, &account, 5_000)).await;
    t.run_job("forecast").await;
    let shown = world
        .northwind
        .api
        .get("/api/v1/forecast")
        .await
        .expect(200);
    assert_eq!(shown["currencies"][0]["owed"], 0);
    assert_eq!(shown["currencies"][0]["running"], 2);
}
