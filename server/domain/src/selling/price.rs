//! Plans, and price lists that give one buyer other prices. Prices are net of VAT.

use jiff::Span;
use jiff::civil::Date;

use super::calendar::OutOfRange;
use super::dunning;
use super::interval::Interval;
use super::money::Money;
use super::resume::PausedTime;
use crate::text::Invalid;

/// The most days of a trial.
pub const TRIAL_MOST: u16 = 365;
/// The most days a buyer has to pay.
pub const TERMS_MOST: u16 = 180;
/// The most steps of one price.
pub const TIERS_MOST: usize = 20;

/// What a cancellation does under a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cancellation {
    /// The buyer may only cancel at the end of the period.
    AtPeriodEnd,
    /// The buyer may also cancel at once, and what was not used is lost.
    NowWithoutCredit,
    /// The buyer may also cancel at once, and is credited the unused days.
    NowWithCredit,
}

impl Cancellation {
    /// Every rule.
    pub const ALL: [Self; 3] = [
        Self::AtPeriodEnd,
        Self::NowWithoutCredit,
        Self::NowWithCredit,
    ];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtPeriodEnd => "at-period-end",
            Self::NowWithoutCredit => "now-without-credit",
            Self::NowWithCredit => "now-with-credit",
        }
    }

    /// The rule of a stored or sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word)
    }
}

/// What is sold: a price for each period, and perhaps one for the handset.
///
/// A plan that is changed is changed for the periods that are billed from then on: what was billed is frozen in its
/// invoice, and nothing here is asked about it again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// The length of a period.
    pub interval: Interval,
    /// The price of a period; its currency is the plan's.
    pub recurring: Money,
    /// The price of the handset, once, with the first invoice.
    pub handset: Option<Money>,
    /// Days of trial; 0 for none.
    pub trial_days: u16,
    /// Days from the issue of an invoice to its due date.
    pub terms_days: u16,
    /// Letters, suspension and end; the days of grace lie between the two.
    pub dunning: dunning::Plan,
    /// What a cancellation does.
    pub cancellation: Cancellation,
    /// What becomes of paused time.
    pub paused_time: PausedTime,
}

impl Plan {
    /// The plan, if it makes sense.
    ///
    /// # Errors
    /// A price is negative or of another currency, or a number of days is too large.
    pub fn checked(self) -> Result<Self, Invalid> {
        if self.recurring.is_negative() {
            let message = "A price cannot be less than nothing. Type 0 for what is free.";
            return Err(Invalid::new("recurring", "price-negative", message));
        }
        if let Some(handset) = self.handset {
            if handset.is_negative() {
                let message =
                    "A price cannot be less than nothing. Leave it empty if no handset is sold.";
                return Err(Invalid::new("handset", "price-negative", message));
            }
            if handset.currency() != self.recurring.currency() {
                let message = format!(
                    "Handset and period have one currency. Give both prices in {}.",
                    self.recurring.currency()
                );
                return Err(Invalid::new("handset", "price-currency", message));
            }
        }
        if self.trial_days > TRIAL_MOST {
            let message = format!("A trial has at most {TRIAL_MOST} days. Use fewer.");
            return Err(Invalid::new("trial_days", "trial-long", message));
        }
        if self.terms_days > TERMS_MOST {
            let message = format!("A buyer has at most {TERMS_MOST} days to pay. Use fewer.");
            return Err(Invalid::new("terms_days", "terms-long", message));
        }
        Ok(self)
    }

    /// The due date of an invoice issued on a civil date of the buyer's: the last day to pay it without being late.
    ///
    /// # Errors
    /// The date lies after the year 9999.
    pub fn due_date(&self, issued: Date) -> Result<Date, OutOfRange> {
        issued
            .checked_add(Span::new().days(self.terms_days))
            .map_err(|_| OutOfRange)
    }
}

/// One step of a price: from so many units on, each of them costs this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tier {
    /// The least number of units.
    pub from: u32,
    /// The price of each unit.
    pub price: Money,
}

/// The prices of one plan for one buyer during some time.
///
/// Steps are by *volume*: the whole quantity is charged at the price of the step that it reaches, and not each part of
/// it at its own (graduated). So one number stands on the invoice, and the buyer can check it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// The plan's id.
    pub plan: String,
    /// The first day.
    pub valid_from: Date,
    /// The first day on which it no longer holds; `None` until further notice.
    pub valid_until: Option<Date>,
    /// The steps, by rising quantity; the first from one unit.
    pub tiers: Vec<Tier>,
}

impl Entry {
    fn holds_on(&self, date: Date) -> bool {
        self.valid_from <= date && self.valid_until.is_none_or(|until| date < until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before = |until: Option<Date>, from: Date| until.is_some_and(|until| until <= from);
        self.plan == other.plan
            && !before(self.valid_until, other.valid_from)
            && !before(other.valid_until, self.valid_from)
    }
}

/// The prices that one buyer was promised.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<Entry>", into = "Vec<Entry>")]
pub struct PriceList(Vec<Entry>);

impl PriceList {
    /// A list of entries.
    ///
    /// # Errors
    /// An entry ends before it begins, its steps do not rise from one unit, its prices are negative or of several
    /// currencies, or two entries of one plan hold on the same day.
    pub fn new(entries: Vec<Entry>) -> Result<Self, Invalid> {
        for (index, entry) in entries.iter().enumerate() {
            if entry
                .valid_until
                .is_some_and(|until| until <= entry.valid_from)
            {
                let message = "This price ends before it begins. Choose a later end.";
                return Err(Invalid::new("valid_until", "price-dates", message));
            }
            let rising = entry.tiers.windows(2).all(|pair| {
                pair[0].from < pair[1].from && pair[0].price.currency() == pair[1].price.currency()
            });
            let starts_at_one = entry.tiers.first().is_some_and(|tier| tier.from == 1);
            if !rising || !starts_at_one || entry.tiers.len() > TIERS_MOST {
                let message = format!(
                    "Steps of a price begin with one unit and rise, in one currency, at most {TIERS_MOST} of them. Put them in order."
                );
                return Err(Invalid::new("tiers", "price-tiers", message));
            }
            if entry.tiers.iter().any(|tier| tier.price.is_negative()) {
                let message = "A price cannot be less than nothing. Type 0 for what is free.";
                return Err(Invalid::new("tiers", "price-negative", message));
            }
            if entries[..index].iter().any(|other| other.overlaps(entry)) {
                let message =
                    "Two prices of one plan hold on the same day. End the earlier one first.";
                return Err(Invalid::new("valid_from", "price-overlap", message));
            }
        }
        Ok(Self(entries))
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}

impl TryFrom<Vec<Entry>> for PriceList {
    type Error = Invalid;

    fn try_from(entries: Vec<Entry>) -> Result<Self, Invalid> {
        Self::new(entries)
    }
}

impl From<PriceList> for Vec<Entry> {
    fn from(list: PriceList) -> Self {
        list.0
    }
}

/// The price of one unit of a plan for a period that starts on `date`, when the buyer has `quantity` of them: that of
/// the buyer's list if it names the plan on that day in the plan's currency, and the plan's own otherwise.
#[must_use]
pub fn price_for(
    list: Option<&PriceList>,
    (id, plan): (&str, &Plan),
    quantity: u32,
    date: Date,
) -> Money {
    list.and_then(|list| {
        list.0
            .iter()
            .find(|entry| entry.plan == id && entry.holds_on(date))
    })
    .and_then(|entry| {
        entry
            .tiers
            .iter()
            .rev()
            .find(|tier| tier.from <= quantity.max(1))
    })
    .map(|tier| tier.price)
    .filter(|price| price.currency() == plan.recurring.currency())
    .unwrap_or(plan.recurring)
}

#[cfg(test)]
#[path = "tests/price.rs"]
mod tests;
