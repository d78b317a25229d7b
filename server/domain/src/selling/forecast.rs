//! What is to come, and how it stands: renewals and revenue by month, churn, and how old what is owed is.
//!
//! A forecast says what schedules and prices of today lead to. It guesses neither new buyers nor lost ones.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;

use super::calendar::{OutOfRange, Period, Schedule};
use super::collection::OpenInvoice;
use super::currency::Currency;
use super::interval::{Interval, days_between};
use super::money::{Money, MoneyError, Rounding};
use super::refusal::Refusal;
use super::tax_rates::Rate;

/// The most months of a forecast.
pub const MONTHS_MOST: u16 = 60;

/// A subscription that renews.
#[derive(Debug, Clone, Copy)]
pub struct Running<'a> {
    /// When.
    pub schedule: &'a Schedule,
    /// The last period that was billed.
    pub billed: Option<&'a Period>,
    /// The price of each period to come, net.
    pub price: Money,
    /// The civil date from which it does not renew, if it is about to end.
    pub ends: Option<Date>,
}

/// One month of a forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub first: Date,
    /// How many periods will be billed.
    pub renewals: u64,
    /// What for, net, by currency.
    pub revenue: BTreeMap<Currency, Money>,
}

/// Renewals and revenue of `months` months, that of `today` the first. What should have been billed before today counts
/// as today's: it is billed at the next run.
///
/// # Errors
/// More than [`MONTHS_MOST`] months are asked for, or an amount or a date is out of range.
pub fn renewals<'a>(
    subscriptions: impl IntoIterator<Item = Running<'a>>,
    today: Date,
    months: u16,
) -> Result<Vec<Month>, Refusal> {
    if months == 0 || months > MONTHS_MOST {
        return Err(Refusal::new(
            "forecast-months",
            format!("A forecast has 1 to {MONTHS_MOST} months. Choose a number between."),
        ));
    }
    let start = today.first_of_month();
    let mut forecast = Vec::with_capacity(usize::from(months));
    for month in 0..months {
        forecast.push(Month {
            first: start
                .checked_add(Span::new().months(month))
                .map_err(|_| OutOfRange)?,
            renewals: 0,
            revenue: BTreeMap::new(),
        });
    }
    for running in subscriptions {
        let mut next = running.schedule.next(running.billed)?;
        loop {
            let day = next.start_date.max(today);
            let ended = running.ends.is_some_and(|ends| next.start_date >= ends);
            let index = usize::try_from(months_between(start, day)).unwrap_or(usize::MAX);
            let Some(month) = forecast.get_mut(index).filter(|_| !ended) else {
                break;
            };
            month.renewals += 1;
            let currency = running.price.currency();
            let sum = month
                .revenue
                .entry(currency)
                .or_insert(Money::zero(currency));
            *sum = sum.plus(running.price)?;
            next = running.schedule.next_after(&next)?;
        }
    }
    Ok(forecast)
}

fn months_between(from: Date, to: Date) -> i32 {
    let count = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    count(to) - count(from)
}

/// What a price for a period comes to in a month, rounded half up: recurring revenue is compared by it. A month of days
/// is the mean one of the calendar, 30.436875 days.
///
/// # Errors
/// The amount is too large.
pub fn monthly(price: Money, interval: Interval) -> Result<Money, MoneyError> {
    match interval {
        Interval::Months(count) => price.mul_ratio(1, i64::from(count.get()), Rounding::HalfUp),
        Interval::Days(count) => price.mul_ratio(
            30_436_875,
            1_000_000 * i64::from(count.get()),
            Rounding::HalfUp,
        ),
    }
}

/// Which part of the subscriptions that ran at the start of a time ended in it, rounded half up; `None` if none ran.
/// Those that began in that time do not count, so that it is never more than all.
#[must_use]
pub fn churn(at_start: u64, ended: u64) -> Option<Rate> {
    let ended = u128::from(ended.min(at_start));
    let at_start = u128::from(at_start);
    let hundredths = (ended * 20_000 + at_start).checked_div(at_start * 2)?;
    Rate::new(u16::try_from(hundredths).ok()?).ok()
}

/// What is owed, by how long it has been due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ageing {
    /// Not due before today.
    pub current: Money,
    /// 1 to 30 days late.
    pub to_30: Money,
    /// 31 to 60 days late.
    pub to_60: Money,
    /// 61 to 90 days late.
    pub to_90: Money,
    /// More than 90 days late.
    pub older: Money,
}

impl Ageing {
    /// The ageing of the open invoices of one currency; those of others are left out.
    ///
    /// # Errors
    /// A sum is too large.
    pub fn of(
        invoices: &[OpenInvoice],
        currency: Currency,
        today: Date,
    ) -> Result<Self, MoneyError> {
        let zero = Money::zero(currency);
        let mut ageing = Self {
            current: zero,
            to_30: zero,
            to_60: zero,
            to_90: zero,
            older: zero,
        };
        for invoice in invoices {
            if invoice.open.currency() != currency {
                continue;
            }
            let bucket = match days_between(invoice.due, today) {
                ..=0 => &mut ageing.current,
                1..=30 => &mut ageing.to_30,
                31..=60 => &mut ageing.to_60,
                61..=90 => &mut ageing.to_90,
                91.. => &mut ageing.older,
            };
            *bucket = bucket.plus(invoice.open)?;
        }
        Ok(ageing)
    }

    /// Everything that is owed.
    ///
    /// # Errors
    /// The sum is too large.
    pub fn total(&self) -> Result<Money, MoneyError> {
        Money::sum(
            self.current.currency(),
            [self.current, self.to_30, self.to_60, self.to_90, self.older],
        )
    }
}

#[cfg(test)]
#[path = "tests/forecast.rs"]
mod tests;
