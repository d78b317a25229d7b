//! Forecasts against what the calendar bills, and the edges of buckets.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::{Ageing, Running, churn, monthly, renewals};
use crate::selling::calendar::Schedule;
use crate::selling::collection::OpenInvoice;
use crate::selling::currency::Currency;
use crate::selling::interval::Interval;
use crate::selling::money::Money;
use crate::selling::tax_rates::Rate;
use crate::selling::zone::Zone;

const TODAY: Date = date(2026, 3, 10);

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn schedule(anchor: Date, interval: Interval) -> Schedule {
    Schedule::new(anchor, interval, Zone::parse("Europe/Paris").unwrap())
}

fn months(count: u16) -> Interval {
    Interval::months(count).unwrap()
}

fn running(schedule: &Schedule, price: Money) -> Running<'_> {
    Running {
        schedule,
        billed: None,
        price,
        ends: None,
    }
}

fn counts(subscriptions: Vec<Running<'_>>, months: u16) -> Vec<(u64, i64)> {
    renewals(subscriptions, TODAY, months)
        .unwrap()
        .into_iter()
        .map(|month| {
            let sum = month.revenue.get(&Currency::EUR).copied();
            (month.renewals, sum.map_or(0, Money::minor))
        })
        .collect()
}

#[test]
fn renewals_stand_in_the_month_of_their_boundary() {
    let half_year = schedule(date(2025, 12, 31), months(6));
    let billed = half_year.period(0).unwrap();
    let half = Running {
        billed: Some(&billed),
        ..running(&half_year, eur(150_000))
    };
    let month = schedule(date(2026, 3, 31), months(1));
    assert_eq!(
        counts(vec![half, running(&month, eur(100))], 5),
        [(1, 100), (1, 100), (1, 100), (2, 150_100), (1, 100)]
    );
}

#[test]
fn what_was_missed_is_billed_today_and_what_ends_is_not_billed() {
    let month = schedule(date(2026, 1, 5), months(1));
    assert_eq!(
        counts(vec![running(&month, eur(100))], 2),
        [(3, 300), (1, 100)]
    );
    let ending = Running {
        ends: Some(date(2026, 4, 5)),
        ..running(&month, eur(100))
    };
    assert_eq!(counts(vec![ending], 3), [(3, 300), (0, 0), (0, 0)]);
}

#[test]
fn currencies_are_kept_apart_and_lengths_bounded() {
    let month = schedule(date(2026, 3, 31), months(1));
    let francs = Currency::parse("CHF").unwrap();
    let forecast = renewals(
        [
            running(&month, eur(100)),
            running(&month, Money::new(7, francs)),
        ],
        TODAY,
        1,
    )
    .unwrap();
    assert_eq!(forecast[0].first, date(2026, 3, 1));
    assert_eq!(
        forecast[0].revenue,
        BTreeMap::from([(Currency::EUR, eur(100)), (francs, Money::new(7, francs))])
    );
    for wrong in [0, 61] {
        assert_eq!(
            renewals([], TODAY, wrong).unwrap_err().code,
            "forecast-months"
        );
    }
}

#[test]
fn prices_are_compared_by_the_month() {
    assert_eq!(monthly(eur(150_000), months(6)).unwrap(), eur(25_000));
    assert_eq!(monthly(eur(100), months(12)).unwrap(), eur(8));
    let days = Interval::days(30).unwrap();
    assert_eq!(monthly(eur(30_000), days).unwrap(), eur(30_437));
}

#[test]
fn churn_is_a_part_of_those_who_were_there() {
    let hundredths = |at_start, ended| churn(at_start, ended).map(Rate::hundredths);
    assert_eq!(hundredths(200, 3), Some(150));
    assert_eq!(hundredths(3, 1), Some(3_333));
    assert_eq!(hundredths(3, 2), Some(6_667));
    assert_eq!(hundredths(3, 9), Some(10_000));
    assert_eq!(hundredths(u64::MAX, u64::MAX), Some(10_000));
    assert_eq!(hundredths(0, 0), None);
}

#[test]
fn buckets_have_their_edges() {
    let open = |late: i32, minor| OpenInvoice {
        due: TODAY.checked_sub(jiff::Span::new().days(late)).unwrap(),
        open: eur(minor),
    };
    let mut invoices: Vec<OpenInvoice> = [
        (-5, 1),
        (0, 2),
        (1, 4),
        (30, 8),
        (31, 16),
        (60, 32),
        (61, 64),
        (90, 128),
        (91, 256),
        (900, 512),
    ]
    .into_iter()
    .map(|(late, minor)| open(late, minor))
    .collect();
    invoices.push(OpenInvoice {
        due: TODAY,
        open: Money::new(9_999, Currency::parse("CHF").unwrap()),
    });
    let ageing = Ageing::of(&invoices, Currency::EUR, TODAY).unwrap();
    assert_eq!(
        [
            ageing.current,
            ageing.to_30,
            ageing.to_60,
            ageing.to_90,
            ageing.older
        ],
        [eur(3), eur(12), eur(48), eur(192), eur(768)]
    );
    assert_eq!(ageing.total().unwrap(), eur(1_023));
}

proptest! {
    #[test]
    fn a_forecast_is_what_the_calendar_bills(day in 1_i8..=28, month in 1_i8..=12, length in 1_u16..=12, billed in 0_u32..4, ahead in 1_u16..24) {
        let schedule = schedule(date(2025, month, day), months(length));
        let last = schedule.period(billed).unwrap();
        let forecast = renewals([Running { billed: Some(&last), ..running(&schedule, eur(100)) }], TODAY, ahead).unwrap();
        let horizon = date(2026, 3, 1).checked_add(jiff::Span::new().months(ahead)).unwrap();
        let until = schedule.zone.start_of(horizon).unwrap() - jiff::Span::new().seconds(1);
        let due = schedule.due(Some(&last), until, 1_000).unwrap();
        prop_assert_eq!(forecast.iter().map(|month| month.renewals).sum::<u64>(), due.len() as u64);
    }
}
