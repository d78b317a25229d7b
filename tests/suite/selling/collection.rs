//! Collection: who does not pay is dunned step by step and suspended, who pays is released at once, and nobody is wiped.

use muster_domain::permission::Role;
use muster_domain::scope::Scope;
use muster_domain::selling::dunning;
use muster_domain::selling::zone::Zone;
use muster_store::commands::{self, Command, CommandFilter};
use muster_store::selling::invoices::{self, Allocation, Invoice, InvoiceLine, Receivable};
use muster_store::selling::letters::{self, Letter};
use muster_store::selling::subscriptions::{self, Subscription};
use muster_tests::api::text;
use muster_tests::trade::{self, Deal, Trade, id, subscription_now};
use muster_tests::{TestApp, TestPhone, on_both_databases};
use serde_json::json;

on_both_databases![
    b16_of_two_phones_only_the_unpaid_one_is_suspended_and_payment_resumes_it,
    b17_dunning_skips_no_stage_and_whoever_pays_is_released_at_once,
    b17_paying_the_older_of_two_invoices_counts_from_the_newer,
    b22_after_forty_days_of_standstill_no_reminder_comes_late,
    b22_notices_before_a_renewal_come_on_their_day_and_once,
    a_suspension_is_renewed_for_three_months_and_lifted_when_paid,
    either_side_suspends_and_both_paid_resume,
    a_phone_on_legal_hold_is_never_touched,
    what_cannot_be_ordered_is_told_once_and_holds_nobody_up,
    a_subscription_that_ended_suspends_until_a_new_one_begins,
    one_command_for_many_phones_of_one_owner,
    a_phone_that_had_not_heard_of_its_suspension_stays_in_service_when_paid,
];

/// So many days from the first of a test, as a civil date in Paris.
fn day(t: &TestApp, days: i64) -> String {
    let zone = Zone::parse("Europe/Paris").unwrap();
    let date = zone.date_of(t.app().now());
    date.checked_add(jiff::Span::new().days(days))
        .unwrap()
        .to_string()
}

/// An invoice of 1,800.00 EUR for a subscription, due on this date; answers its id.
pub async fn owes(t: &TestApp, deal: &Deal, of: &Subscription, number: u64, due: &str) -> Invoice {
    let invoice = Invoice {
        id: id(0x200, number),
        seller_id: deal.seller.organisation_id.clone(),
        buyer_id: deal.account.buyer_id.clone(),
        billing_account_id: deal.account.id.clone(),
        kind: "invoice".to_owned(),
        series: deal.seller.invoice_series.clone(),
        year: 2026,
        number: i64::try_from(number).unwrap(),
        issue_date: due.to_owned(),
        due_date: due.to_owned(),
        zone: deal.account.zone.clone(),
        language: deal.account.language.clone(),
        currency: "EUR".to_owned(),
        net: 150_000,
        vat: 30_000,
        total: 180_000,
        seller_party_id: deal.seller_party.id.clone(),
        buyer_party_id: deal.buyer_party.id.clone(),
        corrects_id: None,
        created_at: t.app().now_micros(),
    };
    let line = InvoiceLine {
        invoice_id: invoice.id.clone(),
        position: 1,
        subscription_id: Some(of.id.clone()),
        product: "recurring".to_owned(),
        description: "Subscription Six months".to_owned(),
        quantity: 1,
        unit_price: 150_000,
        net: 150_000,
        vat_category: "S".to_owned(),
        vat_rate: 2_000,
        from_date: None,
        until_date: None,
    };
    let owed = Receivable {
        invoice_id: invoice.id.clone(),
        seller_id: invoice.seller_id.clone(),
        billing_account_id: invoice.billing_account_id.clone(),
        currency: "EUR".to_owned(),
        due_date: due.to_owned(),
        open: invoice.total,
    };
    let made = invoice.clone();
    t.write(move |c| invoices::insert(c, &invoice, std::slice::from_ref(&line), Some(&owed)))
        .await;
    made
}

/// Somebody pays it.
pub async fn is_paid(t: &TestApp, invoice: &Invoice) {
    let settled = Allocation {
        id: t.app().new_id(),
        invoice_id: invoice.id.clone(),
        payment_id: None,
        credit_note_id: None,
        amount: invoice.total,
        created_at: t.app().now_micros(),
    };
    assert!(t.write(move |c| invoices::settle(c, &settled)).await);
}

/// A subscription of a phone, which began a while ago and renews in months.
async fn of_phone(t: &TestApp, deal: &Deal, number: u64, device: &str) -> Subscription {
    let mut new = deal.subscription(number, &day(t, 300));
    new.device_id = Some(device.to_owned());
    new.reached_on = day(t, 0);
    trade::add(t, &new).await;
    new
}

async fn phone_of_press(t: &mut TestApp, serial: &str) -> TestPhone {
    let world = t.world().await;
    let mut phone = world.phone_of(t, &world.press, &world.fleet, serial).await;
    phone.check_in().await;
    phone
}

/// What the job drafted so far, oldest first.
async fn orders(t: &TestApp) -> Vec<Command> {
    let page = t
        .read(|c| commands::list(c, &Scope::Platform, &CommandFilter::default(), None, 200))
        .await;
    let mut orders: Vec<Command> = page
        .items
        .into_iter()
        .filter(|command| command.drafted_by == "job:collection")
        .collect();
    orders.reverse();
    orders
}

async fn kinds(t: &TestApp) -> Vec<String> {
    orders(t)
        .await
        .into_iter()
        .map(|order| order.kind)
        .collect()
}

/// The letters of a deal, oldest first, as kind, last part of the key, and state.
async fn letters_of(t: &TestApp, deal: &Deal) -> Vec<(String, String, String)> {
    let account = deal.account.id.clone();
    let page = t
        .read(move |c| letters::of_account(c, &account, None, 200))
        .await;
    let mut told: Vec<_> = page
        .items
        .into_iter()
        .map(|letter: Letter| {
            let step = letter.letter_key.rsplit(':').next().unwrap().to_owned();
            // Whether it was written already is another job's matter.
            let state = letter.state.replace("written", "waiting");
            (letter.kind, step, state)
        })
        .collect();
    told.reverse();
    told
}

fn told(kind: &str, step: &str, state: &str) -> (String, String, String) {
    (kind.to_owned(), step.to_owned(), state.to_owned())
}

async fn b16_of_two_phones_only_the_unpaid_one_is_suspended_and_payment_resumes_it(
    t: &mut TestApp,
) {
    let deal = Trade::make(t).await.retail;
    let mut unpaid = phone_of_press(t, "NW-000001").await;
    let mut paid = phone_of_press(t, "NW-000002").await;
    let (first, second) = (
        of_phone(t, &deal, 1, &unpaid.device).await,
        of_phone(t, &deal, 2, &paid.device).await,
    );
    let due = day(t, -20);
    let owed = owes(t, &deal, &first, 1, &due).await;
    let settled = owes(t, &deal, &second, 2, &due).await;
    is_paid(t, &settled).await;
    t.run_job("collection").await;
    unpaid.check_in().await;
    paid.check_in().await;
    assert_eq!(unpaid.status().service_on, Some(false));
    assert_ne!(paid.status().service_on, Some(false), "B16");
    let now = subscription_now(t, &first).await;
    assert_eq!((&*now.reached, &*now.ordered), ("suspended", "suspended"));
    let until = t.app().now_micros() + 35 * 86_400_000_000;
    assert!(now.ordered_until.unwrap() > until - 5_000_000, "{now:?}");
    let other = subscription_now(t, &second).await;
    assert_eq!((&*other.reached, &*other.ordered), ("current", "nothing"));
    // Looked at again, nothing is told twice.
    t.run_job("collection").await;
    assert_eq!(kinds(t).await, ["suspend"]);
    is_paid(t, &owed).await;
    t.run_job("collection").await;
    unpaid.check_in().await;
    assert_eq!(unpaid.status().service_on, Some(true));
    assert_eq!(kinds(t).await, ["suspend", "resume"]);
    let now = subscription_now(t, &first).await;
    assert_eq!(
        (&*now.reached, &*now.ordered, now.ordered_until),
        ("current", "full", None)
    );
    unpaid.assert_unharmed();
    let record = t.record().await;
    assert_eq!(
        record
            .iter()
            .filter(|kind| *kind == "subscription.reached")
            .count(),
        2
    );
}

async fn b17_dunning_skips_no_stage_and_whoever_pays_is_released_at_once(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let phone = phone_of_press(t, "NW-000001").await;
    let sold = of_phone(t, &deal, 1, &phone.device).await;
    let owed = owes(t, &deal, &sold, 1, &day(t, 0)).await;
    let mut reached = Vec::new();
    for days in [0, 1, 8, 1, 3] {
        t.advance_days(days);
        t.run_job("collection").await;
        reached.push(subscription_now(t, &sold).await.reached);
    }
    assert_eq!(
        reached,
        ["current", "past-due", "past-due", "grace", "grace"]
    );
    // The server stands still past the day of the end: the suspension comes first, and has its days.
    t.advance_days(40);
    t.run_job("collection").await;
    assert_eq!(subscription_now(t, &sold).await.reached, "suspended");
    t.advance_days(15);
    t.run_job("collection").await;
    assert_eq!(subscription_now(t, &sold).await.reached, "suspended");
    t.advance_days(1);
    let live = deal.account_now(t).await.live_subscriptions;
    t.run_job("collection").await;
    let ended = subscription_now(t, &sold).await;
    assert_eq!((&*ended.reached, &*ended.life), ("terminated", "expired"));
    assert!(ended.ended_at.is_some() && ended.next_start_at.is_none());
    assert_eq!(deal.account_now(t).await.live_subscriptions, live - 1);
    phone.assert_untouched();
    let letters = letters_of(t, &deal).await;
    let count = |kind: &str| letters.iter().filter(|(of, ..)| of == kind).count();
    assert_eq!((count("suspended"), count("ended")), (1, 1));
    // Another, suspended, is released by its payment whatever the day.
    let second = of_phone(t, &deal, 2, &phone.device).await;
    let other = owes(t, &deal, &second, 2, &day(t, -20)).await;
    t.run_job("collection").await;
    assert_eq!(subscription_now(t, &second).await.reached, "suspended");
    is_paid(t, &other).await;
    t.run_job("collection").await;
    assert_eq!(subscription_now(t, &second).await.reached, "current");
    assert_eq!(
        deal.open_on(t, &owed.id).await,
        180_000,
        "nothing was forgiven"
    );
}

async fn b17_paying_the_older_of_two_invoices_counts_from_the_newer(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let sold = deal.subscribe(t, 1, &day(t, 90)).await;
    let older = owes(t, &deal, &sold, 1, &day(t, -20)).await;
    owes(t, &deal, &sold, 2, &day(t, -5)).await;
    t.run_job("collection").await;
    assert_eq!(subscription_now(t, &sold).await.reached, "suspended");
    is_paid(t, &older).await;
    t.run_job("collection").await;
    assert_eq!(subscription_now(t, &sold).await.reached, "past-due");
}

async fn b22_after_forty_days_of_standstill_no_reminder_comes_late(t: &mut TestApp) {
    let mut trade = Trade::of(t).await;
    let patient = dunning::Plan::new(&[30, 14, 7, 1], &[0, 3, 7, 10], 60, 90).unwrap();
    trade.retail.plan.dunning = serde_json::to_string(&patient).unwrap();
    trade.insert(t).await;
    let sold = trade.retail.subscribe(t, 1, &day(t, 200)).await;
    let business = trade.wholesale.subscribe(t, 2, &day(t, 200)).await;
    owes(t, &trade.retail, &sold, 1, &day(t, 0)).await;
    owes(t, &trade.wholesale, &business, 2, &day(t, 0)).await;
    t.run_job("collection").await;
    t.run_job("collection").await;
    let first = [told("reminder", "after-0", "waiting")];
    assert_eq!(letters_of(t, &trade.retail).await, first);
    t.advance_days(40);
    t.run_job("collection").await;
    t.run_job("collection").await;
    // Still true: the newest alone. The others are on the pile as skipped, for ever.
    let mut later = letters_of(t, &trade.retail).await;
    later.sort();
    assert_eq!(
        later,
        [
            told("past-due", "after-10", "waiting"),
            told("past-due", "after-3", "skipped"),
            told("past-due", "after-7", "skipped"),
            told("reminder", "after-0", "waiting"),
        ]
    );
    // No longer true, since service is suspended by now: none.
    let wholesale = letters_of(t, &trade.wholesale).await;
    let waiting: Vec<_> = wholesale
        .iter()
        .filter(|(_, _, state)| state == "waiting")
        .map(|(kind, ..)| kind.as_str())
        .collect();
    assert_eq!(waiting, ["reminder", "suspended"], "{wholesale:?}");
}

async fn b22_notices_before_a_renewal_come_on_their_day_and_once(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    deal.subscribe(t, 1, &day(t, 31)).await;
    t.run_job("collection").await;
    assert!(letters_of(t, &deal).await.is_empty(), "31 days before");
    t.advance_days(1);
    t.run_job("collection").await;
    t.run_job("collection").await;
    assert_eq!(
        letters_of(t, &deal).await,
        [told("renewal-notice", "before-30", "waiting")]
    );
    // Twenty-five days of standstill: 14 days before is over, 7 days before is what still says something.
    t.advance_days(25);
    t.run_job("collection").await;
    assert_eq!(
        letters_of(t, &deal).await[1..],
        [
            told("renewal-notice", "before-14", "skipped"),
            told("renewal-notice", "before-7", "waiting"),
        ]
    );
    t.advance_days(40);
    t.run_job("collection").await;
    let mut late = letters_of(t, &deal).await;
    late.retain(|(kind, ..)| kind == "renewal-notice");
    assert_eq!(
        late.last().unwrap(),
        &told("renewal-notice", "before-1", "skipped")
    );
    assert_eq!(late.len(), 4);
}

async fn a_suspension_is_renewed_for_three_months_and_lifted_when_paid(t: &mut TestApp) {
    let mut trade = Trade::of(t).await;
    let patient = dunning::Plan::new(&[], &[], 14, 365).unwrap();
    trade.retail.plan.dunning = serde_json::to_string(&patient).unwrap();
    trade.insert(t).await;
    let mut phone = phone_of_press(t, "NW-000001").await;
    let sold = of_phone(t, &trade.retail, 1, &phone.device).await;
    let owed = owes(t, &trade.retail, &sold, 1, &day(t, -20)).await;
    for _ in 0..46 {
        t.run_job("server-certificate").await;
        t.run_job("collection").await;
        phone.check_in().await;
        assert_eq!(
            phone.status().service_on,
            Some(false),
            "{:?}",
            t.app().now()
        );
        let until = subscription_now(t, &sold).await.ordered_until.unwrap();
        assert!(until - t.app().now_micros() >= 7 * 86_400_000_000);
        t.advance_days(2);
    }
    assert_eq!(kinds(t).await, ["suspend"; 4], "one each 28 to 30 days");
    is_paid(t, &owed).await;
    t.run_job("collection").await;
    phone.check_in().await;
    assert_eq!(phone.status().service_on, Some(true));
    assert!(phone.status().restrictions.is_empty());
    phone.assert_unharmed();
    t.advance_days(40);
    t.run_job("collection").await;
    assert_eq!(orders(t).await.len(), 5, "and nothing follows");
}

async fn either_side_suspends_and_both_paid_resume(t: &mut TestApp) {
    let trade = Trade::make(t).await;
    let mut phone = phone_of_press(t, "NW-000001").await;
    let wholesale = of_phone(t, &trade.wholesale, 1, &phone.device).await;
    let retail = of_phone(t, &trade.retail, 2, &phone.device).await;
    let due = day(t, -20);
    let one = owes(t, &trade.wholesale, &wholesale, 1, &due).await;
    t.run_job("collection").await;
    phone.check_in().await;
    assert_eq!(phone.status().service_on, Some(false), "the reseller owes");
    let other = owes(t, &trade.retail, &retail, 2, &due).await;
    t.run_job("collection").await;
    is_paid(t, &one).await;
    t.run_job("collection").await;
    phone.check_in().await;
    assert_eq!(phone.status().service_on, Some(false), "the customer owes");
    assert_eq!(kinds(t).await, ["suspend"]);
    is_paid(t, &other).await;
    t.run_job("collection").await;
    phone.check_in().await;
    assert_eq!(phone.status().service_on, Some(true), "both paid");
    // A subscription of somebody who has nothing to do with this phone says nothing of it.
    let mut foreign = trade.retail.subscription(3, &day(t, 90));
    foreign.seller_id = trade.wholesale.seller.organisation_id.clone();
    foreign.buyer_id = t.world().await.lyre.id;
    foreign.device_id = Some(phone.device.clone());
    foreign.reached = "suspended".to_owned();
    t.write(move |c| subscriptions::insert(c, &foreign)).await;
    t.run_job("collection").await;
    assert_eq!(kinds(t).await, ["suspend", "resume"]);
}

async fn a_phone_on_legal_hold_is_never_touched(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let mut phone = phone_of_press(t, "NW-000001").await;
    let auditor = world.api(&world.northwind, Role::Auditor).await;
    let case = json!({ "case": "2026-0114.A" });
    let hold = text(&auditor.command("hold", &[&phone.device], case).await["id"]);
    auditor
        .approve(&hold, &world.fleet.auditor)
        .await
        .expect(201);
    t.log_settles().await;
    phone.check_in().await;
    assert!(phone.status().held);
    let sold = of_phone(t, &deal, 1, &phone.device).await;
    owes(t, &deal, &sold, 1, &day(t, -20)).await;
    for _ in 0..3 {
        t.run_job("collection").await;
        t.advance_days(1);
    }
    phone.check_in().await;
    assert!(orders(t).await.is_empty());
    assert_ne!(phone.status().service_on, Some(false));
    assert_eq!(subscription_now(t, &sold).await.reached, "suspended");
    let release = auditor
        .command("release", &[&phone.device], serde_json::Value::Null)
        .await;
    auditor
        .approve(&text(&release["id"]), &world.fleet.auditor)
        .await
        .expect(201);
    t.log_settles().await;
    phone.check_in().await;
    assert!(!phone.status().held);
    t.run_job("collection").await;
    phone.check_in().await;
    assert_eq!(
        phone.status().service_on,
        Some(false),
        "once nobody holds it"
    );
}

async fn what_cannot_be_ordered_is_told_once_and_holds_nobody_up(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let mut phone = phone_of_press(t, "NW-000001").await;
    let absent = text(&world.press.api.register("NW-000002", &world.press.id).await["id"]);
    for (number, device) in [(1, &absent), (2, &phone.device)] {
        let sold = of_phone(t, &deal, number, device).await;
        owes(t, &deal, &sold, number, &day(t, -20)).await;
    }
    for _ in 0..4 {
        t.run_job("collection").await;
        t.advance(std::time::Duration::from_secs(7 * 3600));
    }
    phone.check_in().await;
    assert_eq!(phone.status().service_on, Some(false));
    assert_eq!(kinds(t).await, ["suspend"]);
    let told: Vec<_> = t
        .events()
        .await
        .into_iter()
        .filter(|event| event.kind == "service.not-ordered")
        .collect();
    assert_eq!(told.len(), 1, "once");
    assert_eq!(told[0].device_id.as_deref(), Some(absent.as_str()));
    assert!(told[0].facts.contains("cannot-obey"), "{}", told[0].facts);
    // It enrols, and is told.
    let code = world.press.api.code(&absent).await;
    let mut late = TestPhone::enrol(t, &world.fleet, "NW-000002", &code).await;
    late.check_in().await;
    t.advance(std::time::Duration::from_secs(7 * 3600));
    t.run_job("collection").await;
    late.check_in().await;
    assert_eq!(late.status().service_on, Some(false));
}

async fn a_subscription_that_ended_suspends_until_a_new_one_begins(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let mut phone = phone_of_press(t, "NW-000001").await;
    let mut old = deal.subscription(1, &day(t, -200));
    old.device_id = Some(phone.device.clone());
    old.life = "canceled".to_owned();
    old.next_start_at = None;
    old.ended_at = Some(t.app().now_micros());
    let over = old.clone();
    t.write(move |c| subscriptions::insert(c, &over)).await;
    t.run_job("collection").await;
    phone.check_in().await;
    assert_eq!(phone.status().service_on, Some(false));
    of_phone(t, &deal, 2, &phone.device).await;
    t.run_job("collection").await;
    phone.check_in().await;
    assert_eq!(phone.status().service_on, Some(true));
    // The old one has no say any more, and is not looked at again.
    t.run_job("collection").await;
    assert_eq!(kinds(t).await, ["suspend", "resume"]);
    let old = subscription_now(t, &old).await;
    assert!(
        old.ordered == "full" && old.ordered_until.is_some(),
        "{old:?}"
    );
}

async fn one_command_for_many_phones_of_one_owner(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let mut phones = Vec::new();
    for number in 1..=3_u64 {
        let phone = phone_of_press(t, &format!("NW-00000{number}")).await;
        let sold = of_phone(t, &deal, number, &phone.device).await;
        let owed = owes(t, &deal, &sold, number, &day(t, -20)).await;
        phones.push((phone, owed));
    }
    t.run_job("collection").await;
    let sent = orders(t).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].target_count, 3);
    let world = t.world().await;
    assert_eq!(sent[0].organisation_id, world.press.id, "its owner sees it");
    for (phone, owed) in &mut phones {
        phone.check_in().await;
        assert_eq!(phone.status().service_on, Some(false));
        is_paid(t, owed).await;
    }
    t.run_job("collection").await;
    for (phone, _) in &mut phones {
        phone.check_in().await;
        assert_eq!(phone.status().service_on, Some(true));
    }
    assert_eq!(orders(t).await.len(), 2);
}

async fn a_phone_that_had_not_heard_of_its_suspension_stays_in_service_when_paid(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let mut phone = phone_of_press(t, "NW-000001").await;
    let sold = of_phone(t, &deal, 1, &phone.device).await;
    let owed = owes(t, &deal, &sold, 1, &day(t, -20)).await;
    t.run_job("collection").await;
    is_paid(t, &owed).await;
    t.run_job("collection").await;
    assert_eq!(kinds(t).await, ["suspend", "resume"]);
    // Both come at once; what is lifted is dead when it comes.
    phone.check_in().await;
    phone.check_in().await;
    assert_ne!(phone.status().service_on, Some(false));
    assert!(phone.status().restrictions.is_empty());
}
