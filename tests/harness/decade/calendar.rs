//! When periods begin and end, reckoned the naive way: boundary k is the start of the local day `anchor + k intervals`, asked of
//! jiff itself. Nothing here is shared with the program but the rules of time zones.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every {
    /// Months, or else days.
    pub months: bool,
    /// How many.
    pub count: i64,
}

/// The moment and the day at which something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Microseconds.
    pub at: i64,
    /// The civil date.
    pub date: Date,
}

/// A zone by its name.
///
/// # Panics
/// There is no such zone.
#[must_use]
pub fn zone(name: &str) -> TimeZone {
    let found = ZONES.get(name);
    found.expect("the tables name zones that there are")
}

/// The civil date of a moment.
///
/// # Panics
/// It lies outside the calendar.
#[must_use]
pub fn date_of(name: &str, micros: i64) -> Date {
    let at = Timestamp::from_microsecond(micros).expect("a moment of this century");
    at.to_zoned_datetime(zone(name)).date()
}

/// The first moment of a day.
///
/// # Panics
/// It lies outside the calendar.
#[must_use]
pub fn start_of(name: &str, date: Date) -> i64 {
    let day = date
        .to_zoned_datetime(zone(name))
        .expect("a day of this century");
    let start = day.start_of_day().expect("every day has a start");
    start.timestamp().as_microsecond()
}

/// So many days later.
///
/// # Panics
/// It lies outside the calendar.
#[must_use]
pub fn plus_days(date: Date, days: i64) -> Date {
    date.checked_add(Span::new().days(days))
        .expect("a day of this century")
}

/// The days from one date to another.
///
/// # Panics
/// They lie outside the calendar.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    let span = from
        .until((jiff::Unit::Day, to))
        .expect("two days of this century");
    i64::from(span.get_days())
}

impl Every {
    /// The day `times` intervals after the anchor.
    ///
    /// # Panics
    /// It lies outside the calendar.
    #[must_use]
    pub fn boundary(self, anchor: Date, times: i64) -> Date {
        let span = if self.months {
            Span::new().months(self.count * times)
        } else {
            Span::new().days(self.count * times)
        };
        anchor.checked_add(span).expect("a day of this century")
    }

    /// The end of a period that begins at `start`: the first boundary after the `times`-th that is later by date and by moment.
    /// Answers which one it is, too.
    #[must_use]
    pub fn end(self, (anchor, times): (Date, i64), start: Edge, zone: &str) -> (Edge, i64) {
        let mut times = times + 1;
        loop {
            let date = self.boundary(anchor, times);
            let at = start_of(zone, date);
            if at > start.at && date > start.date {
                return (Edge { at, date }, times);
            }
            times += 1;
        }
    }
}
