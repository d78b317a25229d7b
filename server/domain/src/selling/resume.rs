//! When a paused subscription renews again (B15: whatever was paused and resumed, no two periods overlap).

use jiff::Span;
use jiff::Timestamp;

use super::calendar::{OutOfRange, Period, Schedule};
use super::interval::days_between;

/// What becomes of the days of a paid period during which a subscription was paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PausedTime {
    /// They are lost, and the service stays until the paid period ends: the usual rule. Pausing stops renewals.
    Lapses,
    /// They are given back: the service stops at once, and the next period begins so many days later.
    Extends,
}

impl PausedTime {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::Lapses, Self::Extends];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lapses => "lapses",
            Self::Extends => "extends",
        }
    }

    /// The rule of a stored or sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }

    /// Whether a paused subscription is still in its term, so that its phone is served (`entitlement::Claim::in_term`).
    #[must_use]
    pub fn serves(self, last: &Period, now: Timestamp) -> bool {
        match self {
            Self::Lapses => now < last.end,
            Self::Extends => false,
        }
    }
}

/// The schedule of a subscription that was paused at `paused` and is resumed at `resumed`; `last` is the last period
/// that was billed.
///
/// Where paused time lapses: resuming before that period ends changes nothing; resuming later begins a new period on
/// the day of the resumption, which becomes the anchor. Where it extends: the anchor of the next period is as many days
/// after the resumption as the paid period had left when it was paused.
///
/// # Errors
/// The new anchor lies after the year 9999.
pub fn resume(
    schedule: &Schedule,
    last: &Period,
    paused: Timestamp,
    resumed: Timestamp,
    rule: PausedTime,
) -> Result<Schedule, OutOfRange> {
    let today = schedule.zone.date_of(resumed);
    let anchor = match rule {
        PausedTime::Lapses if resumed < last.end => return Ok(schedule.clone()),
        PausedTime::Lapses => today,
        PausedTime::Extends => {
            let left = days_between(schedule.zone.date_of(paused), last.end_date).max(0);
            today
                .checked_add(Span::new().try_days(left).map_err(|_| OutOfRange)?)
                .map_err(|_| OutOfRange)?
        }
    };
    let first = last.index.checked_add(1).ok_or(OutOfRange)?;
    let unmoved = rule == PausedTime::Extends && anchor <= last.end_date;
    if unmoved {
        // Paused and resumed within a day: no day was lost.
        return Ok(schedule.clone());
    }
    Ok(Schedule {
        anchor: anchor.max(last.end_date),
        first,
        ..schedule.clone()
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::{PausedTime, resume};
    use crate::selling::calendar::Schedule;
    use crate::selling::interval::Interval;
    use crate::selling::zone::Zone;

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
    fn resuming_before_the_end_changes_nothing() {
        let schedule = schedule();
        let last = schedule.period(1).unwrap();
        let same = resume(
            &schedule,
            &last,
            at("2026-03-02T09:00:00Z"),
            at("2026-03-30T21:59:59Z"),
            PausedTime::Lapses,
        )
        .unwrap();
        assert_eq!(same, schedule);
    }

    #[test]
    fn resuming_after_the_end_begins_anew_on_that_day() {
        let schedule = schedule();
        let last = schedule.period(1).unwrap();
        let paused = at("2026-03-02T09:00:00Z");
        let anew = resume(
            &schedule,
            &last,
            paused,
            at("2026-05-10T22:30:00Z"),
            PausedTime::Lapses,
        )
        .unwrap();
        assert_eq!((anew.anchor, anew.first), (date(2026, 5, 11), 2));
        let next = anew.next_after(&last).unwrap();
        assert_eq!((next.index, next.end_date), (2, date(2026, 6, 11)));
    }

    #[test]
    fn a_plan_may_give_paused_days_back() {
        let schedule = schedule();
        let last = schedule.period(1).unwrap();
        let resume = |paused, resumed| {
            resume(
                &schedule,
                &last,
                at(paused),
                at(resumed),
                PausedTime::Extends,
            )
            .unwrap()
        };
        // 29 days were left on 2 March; they are still there ten days and two months later.
        let anew = resume("2026-03-02T09:00:00Z", "2026-03-12T09:00:00Z");
        assert_eq!((anew.anchor, anew.first), (date(2026, 4, 10), 2));
        let anew = resume("2026-03-02T09:00:00Z", "2026-05-02T09:00:00Z");
        assert_eq!(anew.anchor, date(2026, 5, 31));
        assert_eq!(
            resume("2026-03-02T09:00:00Z", "2026-03-02T18:00:00Z"),
            schedule
        );
    }

    #[test]
    fn what_is_given_back_later_is_not_served_now() {
        let last = schedule().period(1).unwrap();
        let within = at("2026-03-02T09:00:00Z");
        assert!(PausedTime::Lapses.serves(&last, within));
        assert!(!PausedTime::Lapses.serves(&last, last.end));
        assert!(!PausedTime::Extends.serves(&last, within));
    }

    #[test]
    fn words_round_trip() {
        for rule in PausedTime::ALL {
            assert_eq!(PausedTime::parse(rule.as_str()), Some(rule));
        }
    }

    proptest! {
        #[test]
        fn b15_pausing_twice_within_a_term_never_overlaps_periods(
            hours in prop::collection::vec((0_i64..3_000, 0_i64..3_000), 1..6),
            zones in prop::collection::vec(prop::sample::select(vec!["Europe/Paris", "Pacific/Niue", "Pacific/Kiritimati"]), 6),
            extends in any::<bool>()
        ) {
            let rule = if extends { PausedTime::Extends } else { PausedTime::Lapses };
            let mut schedule = schedule();
            let mut billed = vec![schedule.period(0).unwrap()];
            let mut now = billed[0].start;
            for ((before, during), zone) in hours.into_iter().zip(zones) {
                now += jiff::Span::new().hours(before);
                billed.extend(schedule.due(billed.last(), now, 1_000).unwrap());
                let paused = now;
                now += jiff::Span::new().hours(during);
                schedule.zone = Zone::parse(zone).unwrap();
                schedule = resume(&schedule, billed.last().unwrap(), paused, now, rule).unwrap();
                billed.extend(schedule.due(billed.last(), now, 1_000).unwrap());
            }
            for pair in billed.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start && pair[0].index < pair[1].index);
                prop_assert!(pair[1].end > pair[1].start);
            }
        }
    }
}
