//! How often a subscription renews.

use std::fmt;
use std::num::NonZeroU16;

use jiff::Span;
use jiff::civil::Date;

use super::calendar::OutOfRange;
use crate::text::Invalid;

/// The most months of one period: ten years.
pub const MONTHS_MOST: u16 = 120;
/// The most days of one period: ten years.
pub const DAYS_MOST: u16 = 3_660;

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Interval {
    /// So many calendar months; a year is twelve.
    Months(NonZeroU16),
    /// So many days.
    Days(NonZeroU16),
}

impl Interval {
    /// A period of `count` months.
    ///
    /// # Errors
    /// The count is zero or above [`MONTHS_MOST`].
    pub fn months(count: u16) -> Result<Self, Invalid> {
        NonZeroU16::new(count)
            .filter(|count| count.get() <= MONTHS_MOST)
            .map(Self::Months)
            .ok_or_else(Self::invalid)
    }

    /// A period of `count` days.
    ///
    /// # Errors
    /// The count is zero or above [`DAYS_MOST`].
    pub fn days(count: u16) -> Result<Self, Invalid> {
        NonZeroU16::new(count)
            .filter(|count| count.get() <= DAYS_MOST)
            .map(Self::Days)
            .ok_or_else(Self::invalid)
    }

    /// The interval of a stored word: an ISO 8601 duration of months (`P6M`) or of days (`P30D`).
    ///
    /// # Errors
    /// The word has another form, or its count is out of bounds.
    pub fn parse(word: &str) -> Result<Self, Invalid> {
        let count = |text: &str| -> Result<u16, Invalid> {
            if text.bytes().all(|b| b.is_ascii_digit()) {
                text.parse().map_err(|_| Self::invalid())
            } else {
                Err(Self::invalid())
            }
        };
        let body = word.strip_prefix('P').ok_or_else(Self::invalid)?;
        if let Some(months) = body.strip_suffix('M') {
            Self::months(count(months)?)
        } else if let Some(days) = body.strip_suffix('D') {
            Self::days(count(days)?)
        } else {
            Err(Self::invalid())
        }
    }

    /// The date `times` intervals after `anchor`, always counted from it. Months that are too short end on their last
    /// day, and the next longer one has the anchor's day again (31 January, 28 February, 31 March).
    ///
    /// # Errors
    /// The date lies after the year 9999.
    pub fn after(self, anchor: Date, times: u32) -> Result<Date, OutOfRange> {
        let times = i64::from(times);
        let span = match self {
            Self::Months(count) => Span::new().try_months(times * i64::from(count.get())),
            Self::Days(count) => Span::new().try_days(times * i64::from(count.get())),
        };
        span.and_then(|span| anchor.checked_add(span))
            .map_err(|_| OutOfRange)
    }

    /// How many whole intervals fit between `anchor` and `date`, at most one too many or too few; never below zero.
    pub(super) fn guess(self, anchor: Date, date: Date) -> u32 {
        let count = match self {
            Self::Months(count) => {
                let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
                (months(date) - months(anchor)) / i64::from(count.get())
            }
            Self::Days(count) => days_between(anchor, date) / i64::from(count.get()),
        };
        u32::try_from(count.max(0)).unwrap_or(u32::MAX)
    }

    fn invalid() -> Invalid {
        Invalid::new(
            "interval",
            "interval",
            format!(
                "A period has 1 to {MONTHS_MOST} months or 1 to {DAYS_MOST} days. Choose another length."
            ),
        )
    }
}

/// The civil days from `from` to `to`; negative if `to` is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

impl fmt::Display for Interval {
    /// `P6M`, `P30D`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Months(count) => write!(f, "P{count}M"),
            Self::Days(count) => write!(f, "P{count}D"),
        }
    }
}

impl TryFrom<String> for Interval {
    type Error = Invalid;

    fn try_from(word: String) -> Result<Self, Invalid> {
        Self::parse(&word)
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Interval, days_between};

    #[test]
    fn words_round_trip_and_bounds_hold() {
        for interval in [
            Interval::months(6).unwrap(),
            Interval::days(30).unwrap(),
            Interval::months(120).unwrap(),
        ] {
            assert_eq!(Interval::parse(&interval.to_string()).unwrap(), interval);
        }
        for wrong in [
            "",
            "P0M",
            "P121M",
            "P3661D",
            "P6",
            "6M",
            "P-1M",
            "P+1M",
            "P99999999D",
            "PM",
        ] {
            assert!(Interval::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_are_civil() {
        assert_eq!(days_between(date(2026, 3, 1), date(2026, 4, 1)), 31);
        assert_eq!(days_between(date(2028, 3, 1), date(2028, 2, 28)), -2);
        assert_eq!(days_between(date(2026, 3, 1), date(2026, 3, 1)), 0);
    }
}
