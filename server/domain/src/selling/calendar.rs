//! The calendar of renewals (RULES B1–B11): periods counted from an anchor date in the account's time zone.
//!
//! Boundary k is the start of the local day `anchor + k intervals`, always counted from the anchor and never from the
//! boundary before: 31 January and one month is 28 February, and two months is 31 March. Periods are half-open, from
//! one boundary to the next.

use jiff::Timestamp;
use jiff::civil::Date;

use super::interval::{Interval, days_between};
use super::zone::Zone;

/// A date that the calendar does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This date lies outside the calendar. Choose one between the years 1 and 9999.")]
pub struct OutOfRange;

/// When a subscription renews.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Schedule {
    /// The civil date that periods are counted from.
    pub anchor: Date,
    /// The index of the period that begins at the anchor: 0 at first, higher where a resumption or a change of interval
    /// gave the subscription a new anchor. Indexes of one subscription only rise.
    pub first: u32,
    /// The length of a period.
    pub interval: Interval,
    /// Where the billing account's days begin.
    pub zone: Zone,
}

/// One period, as it is stored when it is billed: nothing that changes later moves it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Period {
    /// Its number in the subscription; (subscription, index) is unique.
    pub index: u32,
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// Its first civil date.
    pub start_date: Date,
    /// The first civil date after it.
    pub end_date: Date,
    /// The zone its dates are in.
    pub zone: Zone,
}

impl Period {
    /// How many civil days it has.
    #[must_use]
    pub fn days(&self) -> i64 {
        days_between(self.start_date, self.end_date)
    }

    /// How many of its days are left at `instant`, the day of the instant among them (B9): none from its end on, all
    /// before its start. Days are those of the zone that it was billed in.
    #[must_use]
    pub fn days_left(&self, instant: Timestamp) -> i64 {
        if instant >= self.end {
            return 0;
        }
        days_between(self.zone.date_of(instant), self.end_date).clamp(0, self.days())
    }

    /// Whether the instant lies in it.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }
}

impl Schedule {
    /// A schedule whose period 0 begins at `anchor`.
    #[must_use]
    pub fn new(anchor: Date, interval: Interval, zone: Zone) -> Self {
        Self {
            anchor,
            first: 0,
            interval,
            zone,
        }
    }

    /// A schedule that begins with a trial: the date on which the trial of `days` that starts at `start` ends is the
    /// anchor (B7).
    ///
    /// # Errors
    /// The trial ends after the year 9999.
    pub fn after_trial(
        start: Timestamp,
        days: u16,
        interval: Interval,
        zone: Zone,
    ) -> Result<Self, OutOfRange> {
        let anchor = zone
            .date_of(start)
            .checked_add(jiff::Span::new().days(days))
            .map_err(|_| OutOfRange)?;
        Ok(Self::new(anchor, interval, zone))
    }

    /// The civil date of boundary `index`, the start of that period.
    ///
    /// # Errors
    /// The index lies before the anchor's, or the date after the year 9999.
    pub fn date(&self, index: u32) -> Result<Date, OutOfRange> {
        let times = index.checked_sub(self.first).ok_or(OutOfRange)?;
        self.interval.after(self.anchor, times)
    }

    /// The instant of boundary `index`.
    ///
    /// # Errors
    /// As [`Schedule::date`].
    pub fn boundary(&self, index: u32) -> Result<Timestamp, OutOfRange> {
        self.zone.start_of(self.date(index)?)
    }

    /// The period from boundary `index` to the next.
    ///
    /// # Errors
    /// As [`Schedule::date`].
    pub fn period(&self, index: u32) -> Result<Period, OutOfRange> {
        let start_date = self.date(index)?;
        self.period_from(index, self.zone.start_of(start_date)?, start_date)
    }

    /// The period after one that was billed, perhaps in another zone or on another schedule (B8). It begins where that
    /// one ended, so that there is no hole and no overlap, and ends at this schedule's next boundary. A boundary that
    /// is not later than its start is passed over, index and all: an empty period is never billed.
    ///
    /// Where this schedule was anchored anew after the last period's end, the subscription was paused between them, and
    /// the period begins at the anchor, but never before the last one ended.
    ///
    /// # Errors
    /// As [`Schedule::date`].
    pub fn next_after(&self, last: &Period) -> Result<Period, OutOfRange> {
        let index = last.index.checked_add(1).ok_or(OutOfRange)?.max(self.first);
        let paused = index == self.first && self.anchor > last.end_date;
        if paused {
            let start = self.boundary(index)?.max(last.end);
            self.period_from(index, start, self.anchor)
        } else {
            self.period_from(index, last.end, last.end_date)
        }
    }

    /// The period to bill first, or after `billed`.
    ///
    /// # Errors
    /// As [`Schedule::date`].
    pub fn next(&self, billed: Option<&Period>) -> Result<Period, OutOfRange> {
        match billed {
            Some(last) => self.next_after(last),
            None => self.period(self.first),
        }
    }

    /// Every period that has begun by `until` and was not billed, in order (B10), at most `most` of them.
    ///
    /// # Errors
    /// As [`Schedule::date`].
    pub fn due(
        &self,
        billed: Option<&Period>,
        until: Timestamp,
        most: usize,
    ) -> Result<Vec<Period>, OutOfRange> {
        let mut due: Vec<Period> = Vec::new();
        while due.len() < most {
            let next = self.next(due.last().or(billed))?;
            if next.start > until {
                break;
            }
            due.push(next);
        }
        Ok(due)
    }

    /// The index of the period that holds `instant`; `None` before the anchor. Reckoned, not searched.
    ///
    /// # Errors
    /// As [`Schedule::date`].
    pub fn index_at(&self, instant: Timestamp) -> Result<Option<u32>, OutOfRange> {
        if instant < self.boundary(self.first)? {
            return Ok(None);
        }
        let date = self.zone.date_of(instant);
        let guess = self.interval.guess(self.anchor, date);
        let mut index = self.first.checked_add(guess).ok_or(OutOfRange)?;
        // The guess is one too high where the anchor's day has not come in this month, or where a zone repeats a date.
        if self.boundary(index)? > instant {
            index -= 1;
        }
        // And one too low where a zone skipped a day, so that two boundaries are one instant.
        if self.boundary(index.saturating_add(1))? <= instant {
            index += 1;
        }
        Ok(Some(index))
    }

    /// A period that begins at `start` and ends at the first boundary after `index` that is later.
    fn period_from(
        &self,
        index: u32,
        start: Timestamp,
        start_date: Date,
    ) -> Result<Period, OutOfRange> {
        let mut index = index;
        loop {
            let next = index.checked_add(1).ok_or(OutOfRange)?;
            let end_date = self.date(next)?;
            let end = self.zone.start_of(end_date)?;
            // At most three rounds: zones lie at most 26 hours apart, and a period has at least a day.
            if end > start && end_date > start_date {
                return Ok(Period {
                    index,
                    start,
                    end,
                    start_date,
                    end_date,
                    zone: self.zone.clone(),
                });
            }
            index = next;
        }
    }
}

#[cfg(test)]
#[path = "tests/calendar.rs"]
mod tests;
