//! The calendar, end to end: B1 to B8, through the job.

use jiff::Timestamp;
use muster_domain::selling::calendar::Schedule;
use muster_domain::selling::interval::Interval;
use muster_domain::selling::zone::Zone;
use muster_store::selling::accounts::{self, Terms};
use muster_store::selling::subscriptions::Subscription;
use muster_tests::trade::{self, Deal};
use muster_tests::{TestApp, on_both_databases};

use super::{all_fits, days, go_to, renew, retail, spans};

on_both_databases![
    b01_months_are_counted_from_the_anchor,
    b02_billing_from_the_31st_never_stops,
    b03_thirtieth_of_january_in_a_leap_year,
    b04_six_months_from_the_31st_of_august,
    b05_yearly_from_a_leap_day,
    b06_one_invoice_in_paris_whenever_the_job_runs,
    b07_a_trial_over_the_clock_change_ends_on_its_day,
    b08_a_changed_zone_leaves_no_hole_and_no_overlap,
];

async fn b01_months_are_counted_from_the_anchor(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2027-01-31").await;
    let expected = days(&[
        ("2027-01-31", "2027-02-28"),
        ("2027-02-28", "2027-03-31"),
        ("2027-03-31", "2027-04-30"),
        ("2027-04-30", "2027-05-31"),
    ]);
    go_to(t, "2027-01-30T22:59:59Z");
    renew(t).await;
    assert_eq!(spans(t, &row).await, [], "the day before nothing is due");
    for (billed, starts) in ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
        .into_iter()
        .enumerate()
    {
        let zone = Zone::parse("Europe/Paris").unwrap();
        let start = zone.start_of(starts.parse().unwrap()).unwrap();
        go_to(t, &start.to_string());
        renew(t).await;
        renew(t).await;
        assert_eq!(spans(t, &row).await, expected[..=billed], "on {starts}");
    }
    let issued = all_fits(t, &deal, &[&row]).await;
    let dates: Vec<&str> = issued.iter().map(|one| one.issue_date.as_str()).collect();
    assert_eq!(
        dates,
        ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    );
    assert_eq!(issued[0].due_date, "2027-02-14", "fourteen days to pay");
}

async fn b02_billing_from_the_31st_never_stops(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2026-10-31").await;
    go_to(t, "2028-11-05T12:00:00Z");
    renew(t).await;
    let billed = spans(t, &row).await;
    assert_eq!(billed.len(), 25);
    assert!(billed.contains(&("2027-03-31".to_owned(), "2027-04-30".to_owned())));
    assert_eq!(
        billed[24],
        ("2028-10-31".to_owned(), "2028-11-30".to_owned())
    );
    all_fits(t, &deal, &[&row]).await;
}

async fn b03_thirtieth_of_january_in_a_leap_year(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2028-01-30").await;
    go_to(t, "2028-02-28T12:00:00Z");
    renew(t).await;
    assert_eq!(spans(t, &row).await, days(&[("2028-01-30", "2028-02-29")]));
    go_to(t, "2028-02-29T12:00:00Z");
    renew(t).await;
    let billed = days(&[("2028-01-30", "2028-02-29"), ("2028-02-29", "2028-03-30")]);
    assert_eq!(spans(t, &row).await, billed);
    all_fits(t, &deal, &[&row]).await;
}

async fn b04_six_months_from_the_31st_of_august(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 6)).await;
    let row = deal.subscribe(t, 1, "2027-08-31").await;
    go_to(t, "2028-03-01T00:00:00Z");
    renew(t).await;
    let billed = days(&[("2027-08-31", "2028-02-29"), ("2028-02-29", "2028-08-31")]);
    assert_eq!(spans(t, &row).await, billed);
    all_fits(t, &deal, &[&row]).await;
}

async fn b05_yearly_from_a_leap_day(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 12)).await;
    let row = deal.subscribe(t, 1, "2028-02-29").await;
    go_to(t, "2031-03-01T00:00:00Z");
    renew(t).await;
    let billed = days(&[
        ("2028-02-29", "2029-02-28"),
        ("2029-02-28", "2030-02-28"),
        ("2030-02-28", "2031-02-28"),
        ("2031-02-28", "2032-02-29"),
    ]);
    assert_eq!(spans(t, &row).await, billed);
    all_fits(t, &deal, &[&row]).await;
}

async fn b06_one_invoice_in_paris_whenever_the_job_runs(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2026-10-01").await;
    // In Paris the first of October begins at 22:00 UTC on the last of September.
    for (instant, billed) in [
        ("2026-09-30T20:00:00Z", 0),
        ("2026-09-30T23:00:00Z", 1),
        ("2026-10-01T20:00:00Z", 1),
        ("2026-10-01T23:00:00Z", 1),
    ] {
        go_to(t, instant);
        renew(t).await;
        assert_eq!(spans(t, &row).await.len(), billed, "at {instant}");
    }
    let issued = all_fits(t, &deal, &[&row]).await;
    assert_eq!(issued[0].issue_date, "2026-10-01", "the seller's day");
}

async fn b07_a_trial_over_the_clock_change_ends_on_its_day(t: &mut TestApp) {
    let deal = retail(t, "America/Los_Angeles", ("months", 1)).await;
    let zone = Zone::parse("America/Los_Angeles").unwrap();
    // 1 March, 23:30 there; the clocks go forward on the 14th.
    let start: Timestamp = "2027-03-02T07:30:00Z".parse().unwrap();
    let schedule = Schedule::after_trial(start, 30, Interval::months(1).unwrap(), zone).unwrap();
    let row = Subscription {
        life: "trialing".to_owned(),
        ..deal.subscription(1, &schedule.anchor.to_string())
    };
    trade::add(t, &row).await;
    go_to(t, "2027-03-31T06:59:59Z");
    renew(t).await;
    assert_eq!(trade::subscription_now(t, &row).await.life, "trialing");
    assert_eq!(spans(t, &row).await, []);
    for instant in [
        "2027-03-31T07:00:00Z",
        "2027-03-31T08:00:00Z",
        "2027-04-01T07:00:00Z",
    ] {
        go_to(t, instant);
        renew(t).await;
        assert_eq!(spans(t, &row).await, days(&[("2027-03-31", "2027-04-30")]));
    }
    assert_eq!(trade::subscription_now(t, &row).await.life, "active");
    assert!(t.record().await.contains(&"renewal.began".to_owned()));
    all_fits(t, &deal, &[&row]).await;
}

async fn b08_a_changed_zone_leaves_no_hole_and_no_overlap(t: &mut TestApp) {
    let deal = retail(t, "Europe/Paris", ("months", 1)).await;
    let row = deal.subscribe(t, 1, "2026-10-31").await;
    go_to(t, "2026-11-15T12:00:00Z");
    renew(t).await;
    for (zone, until) in [
        ("America/Los_Angeles", "2026-12-15T12:00:00Z"),
        ("Pacific/Auckland", "2027-01-15T12:00:00Z"),
        ("Europe/Paris", "2027-02-15T12:00:00Z"),
    ] {
        move_to(t, &deal, zone).await;
        go_to(t, until);
        renew(t).await;
    }
    let billed = spans(t, &row).await;
    let expected = days(&[
        ("2026-10-31", "2026-11-30"),
        ("2026-11-30", "2026-12-31"),
        ("2026-12-31", "2027-01-31"),
        ("2027-01-31", "2027-02-28"),
    ]);
    assert_eq!(billed, expected, "dates run on as if nothing had moved");
    let issued = all_fits(t, &deal, &[&row]).await;
    let zones: Vec<&str> = issued.iter().map(|one| one.zone.as_str()).collect();
    let frozen = [
        "Europe/Paris",
        "America/Los_Angeles",
        "Pacific/Auckland",
        "Europe/Paris",
    ];
    assert_eq!(
        zones, frozen,
        "each invoice keeps the zone it was billed in"
    );
}

async fn move_to(t: &TestApp, deal: &Deal, zone: &str) {
    let account = deal.account_now(t).await;
    let terms = Terms {
        party_id: account.party_id,
        business: account.business,
        zone: zone.to_owned(),
        language: account.language,
        terms_days: account.terms_days,
        payment: account.payment,
        credit_limit: account.credit_limit,
    };
    let (seller, id) = (account.seller_id, account.id);
    assert!(
        t.write(move |c| accounts::change(c, &seller, &id, &terms))
            .await
    );
}
