//! A forecast in figures, as it is kept between two reckonings: what is to come, what recurs, who left, what is owed. Amounts are
//! minor units, net of VAT but for what is owed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use muster_domain::selling::forecast::{self, Ageing};
use muster_domain::selling::tax_rates::Rate;
use serde::{Deserialize, Serialize};

/// How many months it looks ahead, this one the first.
pub const MONTHS: u16 = 12;
/// The days of which the churn is told.
pub const CHURN_DAYS: i64 = 30;

/// The forecast of one seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The seller's day on which it was reckoned.
    pub today: Date,
    /// By currency (ISO 4217).
    pub currencies: BTreeMap<String, InCurrency>,
    /// Subscriptions left out because their plan has no price on the day they renew.
    pub unpriced: u64,
    /// How many subscriptions there were [`CHURN_DAYS`] before.
    pub there_before: u64,
    /// How many of those have ended since.
    pub ended_since: u64,
}

/// What is to come and owed in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InCurrency {
    /// [`MONTHS`] of them.
    pub months: Vec<Month>,
    /// What the subscriptions that run come to in a month.
    pub recurring: i64,
    /// How many run.
    pub running: u64,
    /// What is owed, by how long it has been due.
    pub owed: Owed,
    /// What buyers owe by the ledger.
    pub ledger: i64,
}

/// What will be billed in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// Its first day.
    pub first: Date,
    /// How many periods.
    pub renewals: u64,
    /// What for.
    pub revenue: i64,
}

/// What is owed, by how many days too late it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Not due yet.
    pub current: i64,
    /// 1 to 30.
    pub to_30: i64,
    /// 31 to 60.
    pub to_60: i64,
    /// 61 to 90.
    pub to_90: i64,
    /// More.
    pub older: i64,
}

impl From<Ageing> for Owed {
    fn from(ageing: Ageing) -> Self {
        Self {
            current: ageing.current.minor(),
            to_30: ageing.to_30.minor(),
            to_60: ageing.to_60.minor(),
            to_90: ageing.to_90.minor(),
            older: ageing.older.minor(),
        }
    }
}

impl Owed {
    /// What is late.
    #[must_use]
    pub fn past_due(&self) -> i64 {
        [self.to_30, self.to_60, self.to_90, self.older]
            .iter()
            .fold(0, |sum: i64, part| sum.saturating_add(*part))
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.current.saturating_add(self.past_due())
    }
}

impl InCurrency {
    /// How much more is owed by the invoices than by the ledger. Anything but nothing is a fault in the books.
    #[must_use]
    pub fn difference(&self) -> i64 {
        self.owed.total().saturating_sub(self.ledger)
    }
}

impl Figures {
    /// Which part of the subscriptions of [`CHURN_DAYS`] before has ended since.
    #[must_use]
    pub fn churn(&self) -> Option<Rate> {
        forecast::churn(self.there_before, self.ended_since)
    }

    /// Whether what is owed comes to what the ledger says, in every currency.
    #[must_use]
    pub fn is_reconciled(&self) -> bool {
        self.currencies.values().all(|of| of.difference() == 0)
    }
}
