//! Parts of a period, to the day and to the cent. What is credited and what was used always add up to what was charged.

use jiff::Timestamp;

use super::calendar::{OutOfRange, Period, Schedule};
use super::interval::Interval;
use super::money::{Money, MoneyError, Rounding};
use super::refusal::Refusal;

/// A charge of a period, parted at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// For the days before the day of the moment.
    pub used: Money,
    /// For that day and those after it.
    pub unused: Money,
    /// How many days that is.
    pub days_left: i64,
    /// How many days the period has.
    pub days: i64,
}

/// What of `charged` for `period` falls on the days left at `at`, rounded half up; the rest is what was used, so that
/// the two are the whole. The day of the moment counts as unused: it goes to whoever comes after.
///
/// # Errors
/// The amount is too large.
pub fn unused(period: &Period, charged: Money, at: Timestamp) -> Result<Parts, MoneyError> {
    let (days_left, days) = (period.days_left(at), period.days());
    let unused = charged.mul_ratio(days_left, days, Rounding::HalfUp)?;
    Ok(Parts {
        used: charged.minus(unused)?,
        unused,
        days_left,
        days,
    })
}

/// The price of a part of `period` when the whole costs `price`.
///
/// # Errors
/// The amount is too large.
pub fn part(period: &Period, price: Money, days: i64) -> Result<Money, MoneyError> {
    price.mul_ratio(days, period.days(), Rounding::HalfUp)
}

/// A charge parted over consecutive stretches of days, one share for each, to the cent.
///
/// # Errors
/// There is no day at all.
pub fn stretches(charged: Money, days: &[u64]) -> Result<Vec<Money>, MoneyError> {
    charged.split(days)
}

/// What a change of plan in the middle of a period comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// For the unused days, at what was charged for them.
    pub credit: Money,
    /// For the new plan.
    pub charge: Money,
    /// Where the old period is cut short: the start of the day of the change. The store keeps it beside that period.
    pub cut: Timestamp,
    /// The period that the charge is for; it begins at the cut.
    pub period: Period,
    /// The schedule from now on.
    pub schedule: Schedule,
}

/// A new plan's price and interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// For one period, at the buyer's price of the day.
    pub price: Money,
    /// The length of a period.
    pub interval: Interval,
}

/// The change to `offer` at a moment inside `period`, for which `charged` was billed. With the same interval the rest of
/// the period goes on at the new price and the boundaries stay. With another a whole new period begins on that day,
/// which becomes the anchor; what is left of the old one is credited either way.
///
/// # Errors
/// The moment is not inside the period, the new price is of another currency, or the result is out of range.
pub fn change(
    schedule: &Schedule,
    (period, charged): (&Period, Money),
    offer: Offer,
    at: Timestamp,
) -> Result<Change, Refusal> {
    if !period.contains(at) {
        return Err(Refusal::new(
            "change-outside",
            "The change lies outside the period that was billed. Change the plan from the next renewal instead.",
        ));
    }
    if charged.currency() != offer.price.currency() {
        return Err(MoneyError::Currencies(charged.currency(), offer.price.currency()).into());
    }
    let parts = unused(period, charged, at)?;
    let cut = cut(period, at)?;
    let next_index = period.index.checked_add(1).ok_or(OutOfRange)?;
    let (charge, rest, schedule) = if schedule.interval == offer.interval {
        // The rest has an index of its own, so that it is billed once like any other period; the boundaries after it
        // move on by one with it, and their dates stay.
        let rest = Period {
            index: next_index,
            start: cut.end,
            start_date: cut.end_date,
            ..period.clone()
        };
        let schedule = Schedule {
            first: schedule.first.checked_add(1).ok_or(OutOfRange)?,
            ..schedule.clone()
        };
        (part(period, offer.price, parts.days_left)?, rest, schedule)
    } else {
        let schedule = Schedule {
            anchor: cut.end_date,
            first: next_index,
            interval: offer.interval,
            zone: schedule.zone.clone(),
        };
        (offer.price, schedule.next_after(&cut)?, schedule)
    };
    Ok(Change {
        credit: parts.unused,
        charge,
        cut: cut.end,
        period: rest,
        schedule,
    })
}

/// The period as far as it was used: up to the start of the day of `at`. It may be empty.
fn cut(period: &Period, at: Timestamp) -> Result<Period, OutOfRange> {
    let today = period.zone.date_of(at).max(period.start_date);
    let end = if today == period.start_date {
        period.start
    } else {
        period.zone.start_of(today)?
    };
    Ok(Period {
        end,
        end_date: today,
        ..period.clone()
    })
}

#[cfg(test)]
#[path = "tests/proration.rs"]
mod tests;
