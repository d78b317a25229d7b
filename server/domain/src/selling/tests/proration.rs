//! Parts of periods: exact to the cent, whatever the day.

use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

use super::{Offer, change, part, stretches, unused};
use crate::selling::calendar::{Period, Schedule};
use crate::selling::currency::Currency;
use crate::selling::interval::Interval;
use crate::selling::money::Money;
use crate::selling::zone::Zone;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn schedule() -> Schedule {
    Schedule::new(
        date(2026, 1, 31),
        Interval::months(1).unwrap(),
        Zone::parse("Europe/Paris").unwrap(),
    )
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn unused_days_are_credited_at_what_was_charged() {
    // 28 February to 31 March: 31 days, 10 of them left on 21 March.
    let period = schedule().period(1).unwrap();
    let parts = unused(&period, eur(10_000), at("2026-03-21T10:00:00Z")).unwrap();
    assert_eq!((parts.days_left, parts.days), (10, 31));
    assert_eq!((parts.unused, parts.used), (eur(3_226), eur(6_774)));
    let end = unused(&period, eur(10_000), period.end).unwrap();
    assert_eq!((end.unused, end.used), (eur(0), eur(10_000)));
    let start = unused(&period, eur(10_000), period.start).unwrap();
    assert_eq!((start.unused, start.used), (eur(10_000), eur(0)));
}

#[test]
fn a_change_within_the_interval_keeps_the_boundaries() {
    let schedule = schedule();
    let period = schedule.period(1).unwrap();
    let offer = Offer {
        price: eur(20_000),
        interval: schedule.interval,
    };
    let changed = change(
        &schedule,
        (&period, eur(10_000)),
        offer,
        at("2026-03-21T10:00:00Z"),
    )
    .unwrap();
    assert_eq!((changed.credit, changed.charge), (eur(3_226), eur(6_452)));
    assert_eq!(changed.cut, at("2026-03-20T23:00:00Z"));
    assert_eq!(
        (changed.period.index, changed.period.start),
        (2, changed.cut)
    );
    assert_eq!(changed.period.end, period.end);
    assert_eq!(
        (changed.period.start_date, changed.period.days()),
        (date(2026, 3, 21), 10)
    );
    let next = changed.schedule.next_after(&changed.period).unwrap();
    assert_eq!(next.index, 3);
    assert_eq!(next.start, period.end);
    assert_eq!(next.end_date, date(2026, 4, 30));
}

#[test]
fn a_change_of_interval_begins_a_whole_period_that_day() {
    let schedule = schedule();
    let period = schedule.period(1).unwrap();
    let offer = Offer {
        price: eur(100_000),
        interval: Interval::months(12).unwrap(),
    };
    let changed = change(
        &schedule,
        (&period, eur(10_000)),
        offer,
        at("2026-03-21T10:00:00Z"),
    )
    .unwrap();
    assert_eq!((changed.credit, changed.charge), (eur(3_226), eur(100_000)));
    assert_eq!(changed.period.start, changed.cut);
    assert_eq!(
        (changed.period.index, changed.period.end_date),
        (2, date(2027, 3, 21))
    );
    assert_eq!(changed.schedule.anchor, date(2026, 3, 21));
    let next = changed.schedule.next_after(&changed.period).unwrap();
    assert_eq!(next.start, changed.period.end);
}

#[test]
fn changes_outside_or_in_another_currency_are_refused() {
    let schedule = schedule();
    let period = schedule.period(1).unwrap();
    let offer = |currency| Offer {
        price: Money::new(1, currency),
        interval: schedule.interval,
    };
    let yen = Currency::parse("JPY").unwrap();
    let refused = |offer, at| {
        change(&schedule, (&period, eur(1)), offer, at)
            .unwrap_err()
            .code
    };
    assert_eq!(refused(offer(Currency::EUR), period.end), "change-outside");
    assert_eq!(refused(offer(yen), period.start), "money-currency");
}

#[test]
fn stretches_are_exact() {
    let shares = stretches(eur(10_000), &[10, 10, 11]).unwrap();
    assert_eq!(shares, [eur(3_226), eur(3_226), eur(3_548)]);
}

proptest! {
    #[test]
    fn the_parts_of_a_split_period_are_the_whole(minor in 0_i64..10_000_000_000, k in 0_u32..60, hour in 0_i64..800) {
        let period: Period = schedule().period(k).unwrap();
        let at = period.start + jiff::Span::new().hours(hour);
        let parts = unused(&period, eur(minor), at).unwrap();
        prop_assert_eq!(parts.used.plus(parts.unused).unwrap(), eur(minor));
        prop_assert!(!parts.used.is_negative() && !parts.unused.is_negative());
        prop_assert_eq!(part(&period, eur(minor), parts.days_left).unwrap(), parts.unused);
    }

    #[test]
    fn changing_to_the_same_price_costs_nothing(minor in 0_i64..10_000_000_000, k in 0_u32..60, hour in 0_i64..600) {
        let schedule = schedule();
        let period = schedule.period(k).unwrap();
        let offer = Offer { price: eur(minor), interval: schedule.interval };
        let changed = change(&schedule, (&period, eur(minor)), offer, period.start + jiff::Span::new().hours(hour)).unwrap();
        prop_assert_eq!(changed.credit, changed.charge);
        let next = changed.schedule.next_after(&changed.period).unwrap();
        prop_assert_eq!(next.start, period.end);
        prop_assert_eq!(next.end, schedule.period(k + 1).unwrap().end);
    }
}
