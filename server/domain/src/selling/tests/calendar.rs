//! The calendar's cases, named after RULES B1–B11, and its properties over zones and anchors.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::{Period, Schedule};
use crate::selling::interval::Interval;
use crate::selling::zone::Zone;

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn monthly(anchor: Date, months: u16, name: &str) -> Schedule {
    Schedule::new(anchor, Interval::months(months).unwrap(), zone(name))
}

fn daily(anchor: Date, days: u16, name: &str) -> Schedule {
    Schedule::new(anchor, Interval::days(days).unwrap(), zone(name))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn dates(schedule: &Schedule, count: u32) -> Vec<String> {
    (0..count)
        .map(|k| schedule.date(k).unwrap().to_string())
        .collect()
}

#[test]
fn b1_months_are_counted_from_the_anchor() {
    assert_eq!(
        dates(&monthly(date(2026, 1, 31), 1, "UTC"), 5),
        [
            "2026-01-31",
            "2026-02-28",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31"
        ]
    );
    assert_eq!(
        monthly(date(2028, 1, 31), 1, "UTC").date(1).unwrap(),
        date(2028, 2, 29)
    );
}

#[test]
fn b2_an_anchor_on_the_31st_bills_the_month_of_30_days() {
    let schedule = monthly(date(2026, 1, 31), 1, "Europe/Berlin");
    let period = schedule.period(2).unwrap();
    assert_eq!(
        (period.start_date, period.end_date),
        (date(2026, 3, 31), date(2026, 4, 30))
    );
    let all = schedule
        .due(None, at("2030-01-01T00:00:00Z"), 1_000)
        .unwrap();
    assert_eq!(all.len(), 48);
}

#[test]
fn b3_the_30th_bills_from_the_leap_day() {
    let schedule = monthly(date(2024, 1, 30), 1, "Europe/Paris");
    let billed = schedule.period(0).unwrap();
    let due = schedule
        .due(Some(&billed), at("2024-02-29T06:00:00Z"), 9)
        .unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(
        (due[0].start_date, due[0].end_date),
        (date(2024, 2, 29), date(2024, 3, 30))
    );
}

#[test]
fn b4_half_years_from_the_end_of_august() {
    assert_eq!(
        dates(&monthly(date(2027, 8, 31), 6, "UTC"), 3),
        ["2027-08-31", "2028-02-29", "2028-08-31"]
    );
}

#[test]
fn b5_years_from_the_leap_day() {
    assert_eq!(
        dates(&monthly(date(2028, 2, 29), 12, "UTC"), 5),
        [
            "2028-02-29",
            "2029-02-28",
            "2030-02-28",
            "2031-02-28",
            "2032-02-29"
        ]
    );
}

#[test]
fn b6_two_runs_around_midnight_in_paris_bill_once() {
    let schedule = monthly(date(2026, 6, 1), 1, "Europe/Paris");
    let first = schedule.period(0).unwrap();
    let early = schedule
        .due(Some(&first), at("2026-06-30T20:00:00Z"), 9)
        .unwrap();
    assert!(early.is_empty());
    let late = schedule
        .due(Some(&first), at("2026-06-30T23:00:00Z"), 9)
        .unwrap();
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].start, at("2026-06-30T22:00:00Z"));
    let midnight = schedule.due(Some(&first), late[0].start, 9).unwrap();
    assert_eq!(midnight, late);
    assert!(
        schedule
            .due(Some(&late[0]), at("2026-07-01T20:00:00Z"), 9)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn b7_a_trial_over_the_clock_change_ends_on_its_civil_date() {
    let schedule = Schedule::after_trial(
        at("2026-03-02T07:30:00Z"),
        30,
        Interval::months(1).unwrap(),
        zone("America/Los_Angeles"),
    )
    .unwrap();
    assert_eq!(schedule.anchor, date(2026, 3, 31));
    assert_eq!(schedule.boundary(0).unwrap(), at("2026-03-31T07:00:00Z"));
    assert_eq!(schedule.date(1).unwrap(), date(2026, 4, 30));
    assert_eq!(schedule.date(2).unwrap(), date(2026, 5, 31));
}

#[test]
fn b8_a_change_of_zone_leaves_no_hole_and_no_overlap() {
    let paris = monthly(date(2026, 1, 15), 1, "Europe/Paris");
    for name in ["Pacific/Kiritimati", "Pacific/Niue", "Asia/Tokyo", "UTC"] {
        let billed = paris.period(3).unwrap();
        let moved = Schedule {
            zone: zone(name),
            ..paris.clone()
        };
        let next = moved.next_after(&billed).unwrap();
        assert_eq!(next.start, billed.end, "{name}");
        assert_eq!(next.end, moved.boundary(5).unwrap());
        assert_eq!((next.index, next.zone.name()), (4, name));
        assert_eq!(billed.zone.name(), "Europe/Paris");
        assert_eq!(next.start_date, date(2026, 5, 15));
    }
}

#[test]
fn b8_a_boundary_that_the_new_zone_already_passed_is_passed_over() {
    let niue = daily(date(2026, 1, 1), 1, "Pacific/Niue");
    let billed = niue.period(4).unwrap();
    let moved = Schedule {
        zone: zone("Pacific/Kiritimati"),
        ..niue
    };
    // The sixth of January in Niue ends 25 hours after the sixth in Kiritimati did.
    let next = moved.next_after(&billed).unwrap();
    assert_eq!(next.start, billed.end);
    assert!(next.end > next.start);
    assert_eq!(next.end, moved.boundary(next.index + 1).unwrap());
    assert_eq!(next.index, 6);
}

#[test]
fn b9_cancelling_at_the_end_leaves_no_day_over_west_of_greenwich() {
    let period = monthly(date(2026, 1, 1), 1, "America/Los_Angeles")
        .period(0)
        .unwrap();
    assert_eq!(period.days(), 31);
    assert_eq!(period.days_left(period.end), 0);
    assert_eq!(period.days_left(at("2026-02-01T07:59:59Z")), 1);
    assert_eq!(period.days_left(period.start), 31);
    assert_eq!(period.days_left(at("2025-12-01T00:00:00Z")), 31);
}

#[test]
fn b10_three_missed_periods_are_three_in_order() {
    let schedule = monthly(date(2026, 1, 31), 1, "Europe/Paris");
    let billed = schedule.period(1).unwrap();
    let due = schedule
        .due(Some(&billed), at("2026-05-31T12:00:00Z"), 100)
        .unwrap();
    let indexes: Vec<u32> = due.iter().map(|period| period.index).collect();
    assert_eq!(indexes, [2, 3, 4]);
    assert_eq!(due[0].start, billed.end);
    // B11: a run that may take only some goes on where it stopped.
    let some = schedule
        .due(Some(&billed), at("2026-05-31T12:00:00Z"), 2)
        .unwrap();
    assert_eq!(some, due[..2]);
}

#[test]
fn a_new_anchor_counts_on_and_never_reaches_back() {
    let old = monthly(date(2026, 1, 10), 1, "Europe/Paris");
    let billed = old.period(2).unwrap();
    let resumed = Schedule {
        anchor: date(2026, 6, 20),
        first: 3,
        ..old
    };
    let next = resumed.next_after(&billed).unwrap();
    assert_eq!((next.index, next.start_date), (3, date(2026, 6, 20)));
    assert_eq!(next.end_date, date(2026, 7, 20));
    assert_eq!(resumed.date(2), Err(super::OutOfRange));
    // Anchored at the very end of the last period there is no hole, whatever the zone.
    let changed = Schedule {
        anchor: billed.end_date,
        first: 3,
        interval: Interval::months(12).unwrap(),
        zone: zone("Pacific/Niue"),
    };
    let next = changed.next_after(&billed).unwrap();
    assert_eq!((next.start, next.index), (billed.end, 3));
}

#[test]
fn a_day_that_a_zone_skipped_makes_no_empty_period() {
    let schedule = daily(date(2011, 12, 28), 1, "Pacific/Apia");
    let due = schedule.due(None, at("2011-12-31T12:00:00Z"), 100).unwrap();
    assert!(due.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert!(due.iter().all(|period| period.end > period.start));
}

#[test]
fn what_lies_before_or_beyond_is_refused() {
    let schedule = monthly(date(2026, 1, 31), 120, "UTC");
    assert_eq!(schedule.boundary(u32::MAX), Err(super::OutOfRange));
    assert_eq!(schedule.period(798), Err(super::OutOfRange));
    assert_eq!(schedule.index_at(at("2026-01-30T23:59:59Z")), Ok(None));
    assert_eq!(schedule.index_at(at("2026-01-31T00:00:00Z")), Ok(Some(0)));
}

#[test]
fn in_every_zone_there_is_a_year_of_months_and_days_touches() {
    for name in Zone::names() {
        for schedule in [
            monthly(date(2026, 1, 31), 1, &name),
            daily(date(2026, 3, 1), 7, &name),
        ] {
            let mut last = schedule.period(0).unwrap();
            for index in 1..=13 {
                let next = schedule.next_after(&last).unwrap();
                assert_eq!(next.start, last.end, "{name}");
                assert!(next.end > next.start && next.index == index, "{name}");
                assert_eq!(next, schedule.period(index).unwrap(), "{name}");
                last = next;
            }
        }
    }
}

fn any_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(Zone::names()).prop_map(|name| Zone::parse(&name).unwrap())
}

fn any_date() -> impl Strategy<Value = Date> {
    (1970_i16..2200, 1_i8..=12, 1_i8..=31).prop_filter_map("a date", |(year, month, day)| {
        Date::new(year, month, day).ok()
    })
}

fn any_interval() -> impl Strategy<Value = Interval> {
    prop_oneof![
        (1_u16..=24).prop_map(|n| Interval::months(n).unwrap()),
        (2_u16..=400).prop_map(|n| Interval::days(n).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn boundaries_rise_and_periods_touch(anchor in any_date(), interval in any_interval(), zone in any_zone(), k in 0_u32..400) {
        let schedule = Schedule::new(anchor, interval, zone);
        let this = schedule.period(k).unwrap();
        let next = schedule.period(k + 1).unwrap();
        prop_assert!(this.start < this.end && this.start_date < this.end_date);
        prop_assert_eq!(this.end, next.start);
        prop_assert_eq!(this.end_date, next.start_date);
        prop_assert_eq!(&schedule.next_after(&this).unwrap(), &next);
        if matches!(interval, Interval::Months(_)) {
            let day = this.start_date.day();
            prop_assert!(day == anchor.day() || (day < anchor.day() && day == this.start_date.days_in_month()));
        }
    }

    #[test]
    fn a_day_starts_at_its_first_instant(zone in any_zone(), date in any_date()) {
        let start = zone.start_of(date).unwrap();
        let before = start - jiff::Span::new().microseconds(1);
        prop_assert!(zone.date_of(start) >= date);
        prop_assert!(zone.date_of(before) < date);
    }

    #[test]
    fn the_index_of_an_instant_is_found_without_searching(
        anchor in any_date(), interval in any_interval(), zone in any_zone(), k in 0_u32..400, part in 0_i64..1_000
    ) {
        let schedule = Schedule::new(anchor, interval, zone);
        let period = schedule.period(k).unwrap();
        let length = period.end.as_microsecond() - period.start.as_microsecond();
        let inside = Timestamp::from_microsecond(period.start.as_microsecond() + length / 1_000 * part).unwrap();
        prop_assert_eq!(schedule.index_at(inside), Ok(Some(k)));
        prop_assert_eq!(schedule.index_at(period.end), Ok(Some(k + 1)));
        prop_assert!(period.contains(inside) && !period.contains(period.end));
    }

    #[test]
    fn a_life_through_any_zones_has_no_hole_and_no_overlap(
        anchor in any_date(),
        interval in prop_oneof![any_interval(), Just(Interval::days(1).unwrap())],
        zones in prop::collection::vec(any_zone(), 1..20)
    ) {
        let mut last: Option<Period> = None;
        for zone in zones {
            let schedule = Schedule::new(anchor, interval, zone);
            let next = schedule.next(last.as_ref()).unwrap();
            prop_assert!(next.end > next.start && next.end_date > next.start_date);
            if let Some(last) = last {
                prop_assert_eq!(next.start, last.end);
                prop_assert_eq!(next.start_date, last.end_date);
                prop_assert!(next.index > last.index);
            }
            last = Some(next);
        }
    }

    #[test]
    fn the_days_of_a_split_period_add_up(anchor in any_date(), interval in any_interval(), zone in any_zone(), k in 0_u32..100, part in 0_i64..1_000) {
        let period = Schedule::new(anchor, interval, zone).period(k).unwrap();
        let length = period.end.as_microsecond() - period.start.as_microsecond();
        let inside = Timestamp::from_microsecond(period.start.as_microsecond() + length / 1_000 * part).unwrap();
        let left = period.days_left(inside);
        prop_assert!(left >= 1 && left <= period.days());
    }
}
