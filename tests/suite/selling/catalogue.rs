//! Plans and what they cost.

use jiff::civil::Date;
use muster::features::selling::charge::{self, Asked};
use muster_domain::permission::Role;
use muster_store::selling::invoices::{Invoice, InvoiceLine};
use muster_store::selling::plans;
use muster_store::selling::renewals::{self, Batch};
use muster_store::selling::subscriptions::Period;
use muster_tests::api::text;
use muster_tests::page;
use muster_tests::sellers::{offers, sells, six_months, takes_on};
use muster_tests::trade::{self, Trade};
use muster_tests::world::World;
use muster_tests::{Answered, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_plan_is_added_on_the_page_and_says_what_it_costs,
    what_does_not_fit_is_refused_at_its_field,
    a_new_price_begins_on_its_day_and_ends_the_one_before,
    prices_never_overlap,
    a_price_to_come_can_be_taken_back,
    a_price_change_never_touches_a_billed_period,
    one_buyers_price_and_steps_by_quantity_are_what_it_pays,
    a_retired_plan_is_offered_no_more_and_stays,
    plans_are_the_sellers_alone,
];

/// `days` after the day on which tests begin, in Paris.
fn day(days: i64) -> String {
    let begin: Date = "2026-09-21".parse().unwrap();
    let span = jiff::Span::new().days(days);
    begin.checked_add(span).unwrap().to_string()
}

async fn set(world: &World, plan: &str, body: Value) -> Answered {
    world
        .northwind
        .api
        .post(&format!("/api/v1/plans/{plan}/prices"), &body)
        .await
}

fn price(amount: i64, from: &str) -> Value {
    json!({ "item": "recurring", "steps": [{ "from_quantity": 1, "amount": amount }], "valid_from": from })
}

/// Amount, first day, last day and state of every price of an item, by its first day.
async fn standing(
    world: &World,
    plan: &str,
    item: &str,
) -> Vec<(i64, String, Option<String>, String)> {
    let path = format!("/api/v1/plans/{plan}/prices?limit=200");
    let page = world.northwind.api.get(&path).await.expect(200);
    let mut prices: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|price| price["item"] == item)
        .map(|price| {
            (
                price["amount"].as_i64().unwrap(),
                text(&price["valid_from"]),
                price["valid_until"].as_str().map(str::to_owned),
                text(&price["state"]),
            )
        })
        .collect();
    prices.sort_by(|a, b| a.1.cmp(&b.1));
    prices
}

fn entry(
    amount: i64,
    from: i64,
    until: Option<i64>,
    state: &str,
) -> (i64, String, Option<String>, String) {
    (amount, day(from), until.map(day), state.to_owned())
}

async fn a_plan_is_added_on_the_page_and_says_what_it_costs(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let blank = browser.get("/plans/new").await;
    assert!(
        blank.text.contains("Standard rate, now 20 %") && blank.text.contains("5.5 %"),
        "{}",
        blank.text
    );
    assert_eq!(
        page::input(&blank.text, "before").as_deref(),
        Some("30, 14, 7, 1")
    );
    let fields = [
        ("name", "Six months"),
        ("interval_count", "6"),
        ("interval_unit", "months"),
        ("currency", "EUR"),
        ("recurring", "1500.00"),
        ("handset", "1000"),
        ("rate", "5.5"),
        ("trial_days", "14"),
        ("terms_days", "30"),
        ("cancellation", "now-with-credit"),
        ("paused_time", "extends"),
        ("before", "14, 3"),
        ("after", ""),
        ("suspend", "10"),
        ("end", "40"),
    ];
    let added = browser.submit("/plans/new", &fields).await;
    assert_eq!(added.status, 200, "{}", added.text);
    assert!(
        added.text.contains("1,500.00\u{a0}EUR") && added.text.contains("every 6 months"),
        "{}",
        added.text
    );
    let listed = world.northwind.api.get("/api/v1/plans").await.expect(200);
    let mut plan = listed["items"][0].clone();
    assert_eq!(
        browser
            .get(&format!("/plans/{}", text(&plan["id"])))
            .await
            .status,
        200
    );
    for member in ["id", "created_at"] {
        plan.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(
        plan,
        json!({
            "name": "Six months", "interval_unit": "months", "interval_count": 6, "currency": "EUR", "trial_days": 14,
            "terms_days": 30, "rate": "5.5", "cancellation": "now-with-credit", "paused_time": "extends",
            "dunning": { "before": [14, 3], "after": [], "suspend": 10, "end": 40 },
            "recurring": 150_000, "handset": 100_000, "retired_at": null,
        })
    );
    let refused = browser.submit_once("/plans/new", &fields).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("name-error") && refused.text.contains("value=\"14, 3\""),
        "{}",
        refused.text
    );
    assert!(t.record().await.contains(&"plan.added".to_owned()));
}

async fn what_does_not_fit_is_refused_at_its_field(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let api = &world.northwind.api;
    for (member, value, field) in [
        ("name", json!(" "), "name"),
        ("interval_count", json!(0), "interval_count"),
        ("interval_count", json!(121), "interval_count"),
        ("interval_unit", json!("weeks"), "interval_unit"),
        ("recurring", json!(-1), "recurring"),
        ("handset", json!(-1), "handset"),
        ("currency", json!("XAU"), "currency"),
        ("trial_days", json!(366), "trial_days"),
        ("terms_days", json!(181), "terms_days"),
        ("rate", json!("101"), "rate"),
        ("cancellation", json!("never"), "cancellation"),
        ("paused_time", json!("kept"), "paused_time"),
        ("valid_from", json!("2026-02-30"), "valid_from"),
        (
            "dunning",
            json!({ "before": [7, 7], "after": [1], "suspend": 9, "end": 20 }),
            "before",
        ),
        (
            "dunning",
            json!({ "before": [7], "after": [9], "suspend": 9, "end": 20 }),
            "suspend",
        ),
        (
            "dunning",
            json!({ "before": [7], "after": [1], "suspend": 9, "end": 9 }),
            "end",
        ),
    ] {
        let mut body = six_months();
        body[member] = value;
        let refused = api.post("/api/v1/plans", &body).await;
        let told = refused.expect(422);
        assert_eq!(told["errors"][0]["field"], field, "{told}");
    }
    assert_eq!(
        api.get("/api/v1/plans").await.expect(200)["items"],
        json!([])
    );
    // The same request again is the same plan; the same name is not.
    let send = || {
        let request = api
            .request(reqwest::Method::POST, "/api/v1/plans")
            .json(&six_months());
        api.send(request.header("idempotency-key", "one"))
    };
    let (first, again) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(first, again);
    let taken = api.post("/api/v1/plans", &six_months()).await.expect(422);
    assert_eq!(taken["errors"][0]["code"], "plan-taken");
}

async fn a_new_price_begins_on_its_day_and_ends_the_one_before(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let plan = offers(&world.northwind).await;
    set(&world, &plan, price(160_000, &day(30)))
        .await
        .expect(201);
    assert_eq!(
        standing(&world, &plan, "recurring").await,
        [
            entry(150_000, 0, Some(30), "today"),
            entry(160_000, 30, None, "to-come")
        ]
    );
    let costs = async || {
        let shown = world
            .northwind
            .api
            .get(&format!("/api/v1/plans/{plan}"))
            .await;
        shown.expect(200)["recurring"].as_i64().unwrap()
    };
    assert_eq!(costs().await, 150_000);
    // The page says what holds and what is to come, in this order.
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    let shown = browser.get(&format!("/plans/{plan}")).await.text;
    let at = |words: &str| {
        shown
            .find(words)
            .unwrap_or_else(|| unreachable!("{words}: {shown}"))
    };
    assert!(at("1,500.00\u{a0}EUR") < at("1,600.00\u{a0}EUR") && at(">Today<") < at(">To come<"));
    // A day before it is still the old one in Paris, then the new one, although in UTC it is yesterday.
    t.advance(std::time::Duration::from_secs(29 * 86_400 + 7 * 3_600));
    assert_eq!(costs().await, 150_000);
    t.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(costs().await, 160_000);
    assert_eq!(
        standing(&world, &plan, "recurring").await,
        [
            entry(150_000, 0, Some(30), "past"),
            entry(160_000, 30, None, "today")
        ]
    );
    // The handset has prices of its own.
    assert_eq!(
        standing(&world, &plan, "handset").await,
        [entry(100_000, 0, None, "today")]
    );
}

async fn prices_never_overlap(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    takes_on(&world.northwind, &world.press).await;
    let plan = offers(&world.northwind).await;
    set(&world, &plan, price(160_000, &day(60)))
        .await
        .expect(201);
    let refused = async |body: Value, code: &str| {
        let told = set(&world, &plan, body).await.expect(422);
        assert_eq!(told["errors"][0]["code"], code, "{told}");
    };
    // Two that begin on one day.
    refused(price(170_000, &day(60)), "price-overlap").await;
    refused(price(170_000, &day(0)), "price-overlap").await;
    // Everybody's price has no end but the next one's beginning: no renewal shall be without one.
    let mut ends = price(170_000, &day(90));
    ends["valid_until"] = json!(day(100));
    refused(ends, "price-gap").await;
    // One that is set between two ends the first and gives way to the second.
    set(&world, &plan, price(155_000, &day(30)))
        .await
        .expect(201);
    let before = [
        entry(150_000, 0, Some(30), "today"),
        entry(155_000, 30, Some(60), "to-come"),
        entry(160_000, 60, None, "to-come"),
    ];
    assert_eq!(standing(&world, &plan, "recurring").await, before);
    // One buyer's may end; nothing begins within it, and it does not reach into the next.
    let own = |amount: i64, from: i64, until: Option<i64>| {
        let mut body = price(amount, &day(from));
        body["buyer_id"] = json!(world.press.id);
        body["valid_until"] = json!(until.map(day));
        body
    };
    set(&world, &plan, own(120_000, 10, Some(40)))
        .await
        .expect(201);
    refused(own(110_000, 20, None), "price-overlap").await;
    refused(own(110_000, 5, Some(11)), "price-overlap").await;
    refused(own(110_000, 50, Some(50)), "price-dates").await;
    set(&world, &plan, own(110_000, 40, None)).await.expect(201);
    set(&world, &plan, own(130_000, 0, Some(10)))
        .await
        .expect(201);
    // Steps begin with one and rise.
    for steps in [
        json!([]),
        json!([{ "from_quantity": 2, "amount": 1 }]),
        json!([{ "from_quantity": 1, "amount": 1 }, { "from_quantity": 1, "amount": 2 }]),
        json!([{ "from_quantity": 5, "amount": 1 }, { "from_quantity": 1, "amount": 2 }]),
    ] {
        let body = json!({ "item": "recurring", "steps": steps, "valid_from": day(200) });
        refused(body, "price-tiers").await;
    }
    // A buyer that is none, and one that buys in no such currency.
    for buyer in [&world.chambers.id, &world.lyre.id] {
        let mut body = price(1, &day(300));
        body["buyer_id"] = json!(buyer);
        refused(body, "price-buyer").await;
    }
    let all = standing(&world, &plan, "recurring").await;
    assert_eq!(all.len(), before.len() + 3, "{all:?}");
    // On the page it is told at the field.
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    browser.get(&format!("/plans/{plan}")).await;
    let from = day(60);
    let fields = [
        ("item", "recurring"),
        ("buyer_id", ""),
        ("amount", "1700"),
        ("valid_from", from.as_str()),
    ];
    let told = browser
        .submit_once(&format!("/plans/{plan}/prices"), &fields)
        .await;
    assert_eq!(told.status, 422);
    assert!(
        told.text.contains("valid_from-error") && told.text.contains("value=\"1700\""),
        "{}",
        told.text
    );
}

async fn a_price_to_come_can_be_taken_back(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let plan = offers(&world.northwind).await;
    for (amount, from) in [(160_000, 30), (170_000, 60)] {
        set(&world, &plan, price(amount, &day(from)))
            .await
            .expect(201);
    }
    let take_back = async |item: &str, from: i64| {
        let body = json!({ "item": item, "valid_from": day(from) });
        let path = format!("/api/v1/plans/{plan}/prices/take-back");
        world.northwind.api.post(&path, &body).await
    };
    take_back("recurring", 0)
        .await
        .expect_problem(409, "price-begun");
    take_back("recurring", 29)
        .await
        .expect_problem(409, "price-none");
    take_back("handset", 30)
        .await
        .expect_problem(409, "price-none");
    take_back("recurring", 30).await.expect(204);
    // What was before it holds on, until the next one begins.
    assert_eq!(
        standing(&world, &plan, "recurring").await,
        [
            entry(150_000, 0, Some(60), "today"),
            entry(170_000, 60, None, "to-come")
        ]
    );
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    browser.get(&format!("/plans/{plan}")).await;
    let from = day(60);
    let fields = [("item", "recurring"), ("valid_from", from.as_str())];
    let taken = browser
        .submit(&format!("/plans/{plan}/prices/take-back"), &fields)
        .await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    assert_eq!(
        standing(&world, &plan, "recurring").await,
        [entry(150_000, 0, None, "today")]
    );
    // The only price of a plan stays, also where it is still to come.
    let mut later = six_months();
    later["name"] = json!("Later");
    later["valid_from"] = json!(day(10));
    let later = world
        .northwind
        .api
        .post("/api/v1/plans", &later)
        .await
        .expect(201);
    assert_eq!(later["recurring"], Value::Null);
    let path = format!("/api/v1/plans/{}/prices/take-back", text(&later["id"]));
    let body = json!({ "item": "recurring", "valid_from": day(10) });
    world
        .northwind
        .api
        .post(&path, &body)
        .await
        .expect_problem(409, "price-only");
}

/// Writes a billed period of a subscription with its invoice, as the renewal job does.
async fn billed(t: &TestApp, trade: &Trade, from: &str, until: &str) -> String {
    let deal = &trade.retail;
    let row = deal.subscribe(t, 1, from).await;
    let micros = |date: &str| {
        let date: Date = date.parse().unwrap();
        let zone = muster_domain::selling::zone::Zone::parse("Europe/Paris").unwrap();
        zone.start_of(date).unwrap().as_microsecond()
    };
    let id = trade::id(0x200, 1);
    let invoice = Invoice {
        id: id.clone(),
        seller_id: deal.seller.organisation_id.clone(),
        buyer_id: deal.account.buyer_id.clone(),
        billing_account_id: deal.account.id.clone(),
        kind: "invoice".to_owned(),
        series: deal.seller.invoice_series.clone(),
        year: 2026,
        number: 1,
        issue_date: from.to_owned(),
        due_date: until.to_owned(),
        zone: "Europe/Paris".to_owned(),
        language: "en".to_owned(),
        currency: "EUR".to_owned(),
        net: 150_000,
        vat: 30_000,
        total: 180_000,
        seller_party_id: deal.seller_party.id.clone(),
        buyer_party_id: deal.buyer_party.id.clone(),
        corrects_id: None,
        created_at: micros(from),
    };
    let line = InvoiceLine {
        invoice_id: id.clone(),
        position: 1,
        subscription_id: Some(row.id.clone()),
        product: "recurring".to_owned(),
        description: "Subscription".to_owned(),
        quantity: 1,
        unit_price: 150_000,
        net: 150_000,
        vat_category: "S".to_owned(),
        vat_rate: 2_000,
        from_date: Some(from.to_owned()),
        until_date: Some(until.to_owned()),
    };
    let period = Period {
        subscription_id: row.id.clone(),
        period_index: 0,
        previous_end_at: None,
        start_at: micros(from),
        end_at: micros(until),
        start_date: from.to_owned(),
        end_date: until.to_owned(),
        zone: "Europe/Paris".to_owned(),
        plan_id: deal.plan.id.clone(),
        invoice_id: id.clone(),
    };
    let mut now = row.clone();
    now.next_index = 1;
    now.next_start_at = Some(micros(until));
    now.covered_until = Some(micros(until));
    let moved = renewals::Moved { seen_index: 0, now };
    let batch = Batch {
        subscriptions: vec![moved],
        periods: vec![period],
        invoices: vec![invoice],
        lines: vec![line],
        ..Batch::default()
    };
    t.write(move |c| renewals::write(c, &batch)).await;
    id
}

async fn a_price_change_never_touches_a_billed_period(t: &mut TestApp) {
    let world = t.world().await;
    let trade = Trade::make(t).await;
    let plan = trade.retail.plan.id.clone();
    let invoice = billed(t, &trade, &day(-30), &day(150)).await;
    let before = (
        trade::lines(t, &invoice).await,
        trade::periods(t, &trade::id(0x100, 1)).await,
    );
    // Back into what was billed: refused, for everybody and for this buyer, and the earliest day that is free is named.
    for buyer in [Value::Null, json!(world.press.id)] {
        let mut body = price(200_000, &day(-1));
        body["buyer_id"] = buyer;
        let told = set(&world, &plan, body).await.expect(422);
        assert_eq!(told["errors"][0]["code"], "price-billed", "{told}");
        assert!(text(&told["detail"]).contains(&day(0)), "{told}");
    }
    assert_eq!(standing(&world, &plan, "recurring").await.len(), 1);
    // From today on it is taken, and what was billed keeps what it cost.
    set(&world, &plan, price(200_000, &day(0)))
        .await
        .expect(201);
    let after = (
        trade::lines(t, &invoice).await,
        trade::periods(t, &trade::id(0x100, 1)).await,
    );
    assert_eq!(before, after);
    let totals: Vec<i64> = trade
        .retail
        .documents(t)
        .await
        .iter()
        .map(|document| document.total)
        .collect();
    assert_eq!(totals, [180_000]);
    // A plan of which nothing was billed may have begun to cost something long ago.
    let mut body = six_months();
    body["name"] = json!("Older");
    body["valid_from"] = json!(day(-400));
    let older = world
        .northwind
        .api
        .post("/api/v1/plans", &body)
        .await
        .expect(201);
    set(&world, &text(&older["id"]), price(140_000, &day(-200)))
        .await
        .expect(201);
}

async fn one_buyers_price_and_steps_by_quantity_are_what_it_pays(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    takes_on(&world.northwind, &world.press).await;
    let plan = offers(&world.northwind).await;
    let steps = json!([{ "from_quantity": 1, "amount": 150_000 }, { "from_quantity": 50, "amount": 120_000 }]);
    let everybody = json!({ "item": "recurring", "steps": steps, "valid_from": day(1) });
    assert_eq!(
        set(&world, &plan, everybody).await.expect(201)["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // The same on the page, for one buyer, until a day.
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    let form = browser.get(&format!("/plans/{plan}")).await;
    assert!(form.text.contains("The Evening Press") && !form.text.contains("Quay Chambers"));
    let (from, until) = (day(5), day(10));
    let fields = [
        ("item", "recurring"),
        ("buyer_id", world.press.id.as_str()),
        ("amount", "1400"),
        ("step_from_1", "10"),
        ("step_amount_1", "1000.50"),
        ("valid_from", from.as_str()),
        ("valid_until", until.as_str()),
    ];
    let path = format!("/plans/{plan}/prices");
    let set_on_page = browser.submit(&path, &fields).await;
    assert_eq!(set_on_page.status, 200, "{}", set_on_page.text);
    assert!(
        set_on_page.text.contains("1,000.50\u{a0}EUR"),
        "{}",
        set_on_page.text
    );
    let (seller, id) = (world.northwind.id.clone(), plan.clone());
    let (row, prices) = t
        .read(move |c| Ok((plans::find(c, &seller, &id)?, plans::prices_of(c, &[&id])?)))
        .await;
    let row = row.unwrap();
    let pays = |buyer: &str, live: i64, on: i64| {
        let asked = Asked {
            buyer,
            live,
            on: day(on).parse().unwrap(),
        };
        charge::plan(&row, &prices, &asked)
            .unwrap()
            .recurring
            .minor()
    };
    let (press, chambers) = (world.press.id.as_str(), world.chambers.id.as_str());
    assert_eq!(
        [pays(press, 1, 0), pays(press, 1, 4), pays(press, 50, 4)],
        [150_000, 150_000, 120_000]
    );
    assert_eq!(
        [
            pays(press, 1, 5),
            pays(press, 9, 9),
            pays(press, 10, 9),
            pays(press, 50, 9)
        ],
        [140_000, 140_000, 100_050, 100_050]
    );
    assert_eq!(
        [
            pays(press, 10, 10),
            pays(chambers, 10, 9),
            pays(chambers, 50, 9)
        ],
        [150_000, 150_000, 120_000]
    );
    assert!(t.record().await.contains(&"price.set-for-one".to_owned()));
}

async fn a_retired_plan_is_offered_no_more_and_stays(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let plan = offers(&world.northwind).await;
    let api = &world.northwind.api;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    browser.get(&format!("/plans/{plan}")).await;
    let retired = browser.submit(&format!("/plans/{plan}/retire"), &[]).await;
    assert!(retired.text.contains("Offered no more"), "{}", retired.text);
    api.post_empty(&format!("/api/v1/plans/{plan}/retire"))
        .await
        .expect_problem(409, "plan-retired");
    assert_eq!(
        api.get("/api/v1/plans").await.expect(200)["items"],
        json!([])
    );
    let all = api.get("/api/v1/plans?retired=yes").await.expect(200);
    assert!(!all["items"][0]["retired_at"].is_null());
    api.get("/api/v1/plans?retired=perhaps")
        .await
        .expect_problem(422, "retired");
    // What runs under it may still get another price.
    set(&world, &plan, price(160_000, &day(30)))
        .await
        .expect(201);
}

async fn plans_are_the_sellers_alone(t: &mut TestApp) {
    let world = t.world().await;
    for place in [&world.operator, &world.northwind, &world.lyre] {
        sells(place).await;
    }
    let plan = offers(&world.northwind).await;
    for other in [&world.operator, &world.lyre, &world.press] {
        let at = |path: &str| format!("/api/v1/plans/{plan}{path}");
        for path in ["", "/prices"] {
            other
                .api
                .get(&at(path))
                .await
                .expect_problem(404, "not-found");
        }
        let answers = [
            other.api.post_empty(&at("/retire")).await,
            other.api.post(&at("/prices"), &price(1, &day(1))).await,
            other
                .api
                .post(
                    &at("/prices/take-back"),
                    &json!({ "item": "recurring", "valid_from": day(1) }),
                )
                .await,
        ];
        for answer in answers {
            answer.expect_problem(404, "not-found");
        }
    }
    assert_eq!(
        standing(&world, &plan, "recurring").await,
        [entry(150_000, 0, None, "today")]
    );
    for role in [Role::Agent, Role::Support, Role::Auditor] {
        let api = world.api(&world.northwind, role).await;
        api.get(&format!("/api/v1/plans/{plan}")).await.expect(200);
        api.post(&format!("/api/v1/plans/{plan}/prices"), &price(1, &day(1)))
            .await
            .expect_problem(403, "role");
        api.post("/api/v1/plans", &six_months())
            .await
            .expect_problem(403, "role");
    }
}
