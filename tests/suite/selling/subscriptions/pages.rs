//! The pages, as somebody with a browser goes through them: what an act comes to is said before it is done.

use muster_domain::permission::Role;
use muster_tests::trade::Trade;
use muster_tests::{TestApp, on_both_databases, page};
use serde_json::json;

use super::phones::device;
use super::{act, add_plan, at, bill, live, monthly, shop, shown, start};

on_both_databases![
    a_subscription_is_sold_and_ended_with_a_browser,
    a_plan_is_changed_after_a_look_at_the_cost,
    many_are_paused_after_typing_their_number,
    each_side_has_its_page_and_only_the_seller_has_buttons,
];

async fn a_subscription_is_sold_and_ended_with_a_browser(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| {
        deal.plan.cancellation = "now-with-credit".to_owned();
    })
    .await;
    device(&world.northwind.api, "NW-1", &world.press.id).await;
    let mut browser = world.browser(&world.northwind, Role::Agent).await;
    let empty = browser.get("/subscriptions").await;
    assert!(empty.text.contains("No subscription yet"), "{}", empty.text);
    let form = browser.get("/subscriptions/new").await;
    assert!(form.text.contains("The Evening Press, EUR") && form.text.contains("Six months, EUR"));
    let mut fields = vec![
        ("account", deal.account.id.as_str()),
        ("plan", deal.plan.id.as_str()),
        ("serials", "NW-1"),
        ("handset", "yes"),
    ];
    let mut wrong = fields.clone();
    wrong.push(("start_date", "2020-01-01"));
    let refused = browser.submit_once("/subscriptions/new", &wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("This day is past") && refused.text.contains("2020-01-01"));
    let tried = browser.submit_once("/subscriptions/new", &fields).await;
    assert_eq!(tried.status, 200, "{}", tried.text);
    for said in [
        "1,000.00\u{a0}EUR",
        "200.00\u{a0}EUR",
        "1,200.00\u{a0}EUR",
        "1,800.00\u{a0}EUR",
    ] {
        assert!(tried.text.contains(said), "{said}: {}", tried.text);
    }
    assert_eq!(live(t, &deal).await, 0);
    fields.push(("go", "yes"));
    let sold = browser.submit_once("/subscriptions/new", &fields).await;
    assert_eq!(sold.status, 303, "{}", sold.text);
    assert_eq!(live(t, &deal).await, 1);
    bill(t).await;
    let to = sold.header("location").to_owned();
    let shown = browser.get(&to).await;
    for said in [
        "NW-1",
        "Active",
        "21 March 2027",
        "INV-2026-00002",
        "It entitles the phone to full service",
    ] {
        assert!(shown.text.contains(said), "{said}: {}", shown.text);
    }
    assert!(
        browser
            .get("/subscriptions")
            .await
            .text
            .contains("Renews on 21 March 2027")
    );
    let cancel = format!("{to}/act?act=cancel&when=now");
    assert!(
        page::links(&shown.text).contains(&cancel),
        "{:?}",
        page::links(&shown.text)
    );
    let asked = browser.get(&cancel).await;
    assert!(
        asked.text.contains("Credit note") && asked.text.contains("1,500.00\u{a0}EUR"),
        "{}",
        asked.text
    );
    assert_eq!(deal.documents(t).await.len(), 2, "looking changes nothing");
    let done = browser
        .submit_once(&format!("{to}/act"), &[("act", "cancel"), ("when", "now")])
        .await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, to.as_str()),
        "{}",
        done.text
    );
    assert_eq!(deal.documents(t).await.len(), 3);
    let again = browser
        .submit_once(&format!("{to}/act"), &[("act", "cancel"), ("when", "now")])
        .await;
    assert_eq!(again.status, 409);
    assert!(again.text.contains("It has ended"), "{}", again.text);
}

async fn a_plan_is_changed_after_a_look_at_the_cost(t: &mut TestApp) {
    let (world, deal) = shop(t, |deal| {
        deal.plan.interval_count = 1;
        deal.prices[0].amount = 9_000;
    })
    .await;
    let dear = monthly(&deal, 1, "Dear", 15_000);
    add_plan(t, &dear).await;
    let sold = start(&world.northwind.api, &deal, json!({})).await;
    bill(t).await;
    at(t, "2026-10-06T10:00:00Z");
    let path = format!("/subscriptions/{}/act", sold["id"].as_str().unwrap());
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    let sends = format!("method=\"post\" action=\"{path}\"");
    let choose = browser.get(&format!("{path}?act=change-plan")).await;
    assert!(
        choose.text.contains("Dear, EUR") && !choose.text.contains(&sends),
        "{}",
        choose.text
    );
    let asked = browser
        .get(&format!(
            "{path}?act=change-plan&plan={}&when=now",
            dear.plan.id
        ))
        .await;
    // 15 of 30 days: 75.00 less 45.00.
    assert!(
        asked.text.contains("30.00\u{a0}EUR") && asked.text.contains("36.00\u{a0}EUR"),
        "{}",
        asked.text
    );
    let fields = [
        ("act", "change-plan"),
        ("plan", dear.plan.id.as_str()),
        ("when", "now"),
    ];
    assert_eq!(browser.submit_once(&path, &fields).await.status, 303);
    assert_eq!(
        shown(&world.northwind.api, &sold["id"]).await["plan_id"],
        dear.plan.id
    );
    let open = browser.submit_once(&path, &[("act", "change-plan")]).await;
    assert_eq!(open.status, 422, "{}", open.text);
    // A phone that is not there is told in the form.
    let none = browser.get(&format!("{path}?act=move&serial=NW-9")).await;
    assert!(
        none.status == 200 && none.text.contains("NW-9"),
        "{}",
        none.text
    );
    device(&world.northwind.api, "NW-1", &world.press.id).await;
    let there = browser.get(&format!("{path}?act=move&serial=NW-1")).await;
    assert!(there.text.contains(&sends), "{}", there.text);
    let moved = browser
        .submit_once(&path, &[("act", "move"), ("serial", "NW-1")])
        .await;
    assert_eq!(moved.status, 303, "{}", moved.text);
    assert_eq!(browser.get(&format!("{path}?act=wipe")).await.status, 422);
}

async fn many_are_paused_after_typing_their_number(t: &mut TestApp) {
    let (world, deal) = shop(t, |_| {}).await;
    let api = &world.northwind.api;
    let body =
        json!({ "billing_account_id": deal.account.id, "plan_id": deal.plan.id, "count": 11 });
    let started = api.post("/api/v1/subscriptions", &body).await.expect(201);
    bill(t).await;
    let ids: Vec<&str> = started["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    act(api, &json!(ids[0]), "pause", json!({}))
        .await
        .expect(200);
    let mut browser = world.browser(&world.northwind, Role::Agent).await;
    let query: String = ids.iter().map(|id| format!("&id={id}")).collect();
    let asked = browser
        .get(&format!("/subscriptions/bulk?act=pause{query}"))
        .await;
    assert!(
        asked.text.contains("Done to 10 subscriptions"),
        "{}",
        asked.text
    );
    assert!(
        asked.text.contains("Left out") && asked.text.contains("It is paused"),
        "{}",
        asked.text
    );
    let mut fields = vec![("act", "pause")];
    fields.extend(ids.iter().map(|id| ("id", *id)));
    let refused = browser.submit_once("/subscriptions/bulk", &fields).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused.text.contains("Type that number"),
        "{}",
        refused.text
    );
    fields.push(("count", "11"));
    assert_eq!(
        browser
            .submit_once("/subscriptions/bulk", &fields)
            .await
            .status,
        303
    );
    let paused = api
        .get("/api/v1/subscriptions?life=paused")
        .await
        .expect(200);
    assert_eq!(paused["items"].as_array().unwrap().len(), 11);
}

async fn each_side_has_its_page_and_only_the_seller_has_buttons(t: &mut TestApp) {
    let world = t.world().await;
    let trade = Trade::make(t).await;
    let sold = start(&world.northwind.api, &trade.retail, json!({})).await;
    bill(t).await;
    let path = format!("/subscriptions/{}", sold["id"].as_str().unwrap());
    let has_acts = |text: &str| text.contains("/act?act=");
    for (place, role, sees, acts) in [
        (&world.northwind, Role::Agent, true, true),
        (&world.northwind, Role::Auditor, true, false),
        (&world.press, Role::Owner, true, false),
        (&world.operator, Role::Owner, false, false),
        (&world.bakery, Role::Owner, false, false),
    ] {
        let mut browser = world.browser(place, role).await;
        let shown = browser.get(&path).await;
        assert_eq!(shown.status, if sees { 200 } else { 404 }, "{}", place.name);
        assert_eq!(has_acts(&shown.text), acts, "{}", place.name);
        let list = browser.get("/subscriptions").await;
        assert_eq!(list.status, 200, "{}", list.text);
        assert_eq!(list.text.contains(&path), sees, "{}", place.name);
        if role != Role::Auditor {
            let tried = browser.get(&format!("{path}/act?act=pause")).await;
            assert_eq!(
                tried.status,
                if acts { 200 } else { 404 },
                "{}: {}",
                place.name,
                tried.text
            );
        }
    }
    let mut press = world.browser(&world.press, Role::Owner).await;
    assert!(press.get(&path).await.text.contains("Northwind Mobile"));
}
