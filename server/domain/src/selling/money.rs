//! Amounts of money: whole minor units and a currency. Arithmetic is checked, rounding is named, and nothing is lost.

use std::fmt;

use super::currency::Currency;
use crate::text::Invalid;

/// How a fraction of a minor unit is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves away from zero: −0.5 becomes −1, so that a credit note mirrors its invoice to the cent.
    HalfUp,
    /// Towards zero.
    Down,
}

/// Which sign parts whole units from decimals in what somebody types. The other one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalSign {
    /// `1500.00`
    Point,
    /// `1500,00`
    Comma,
}

impl DecimalSign {
    /// The sign itself.
    #[must_use]
    pub fn as_char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// Why two amounts could not be reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result has no room in 64 bits.
    #[error("This amount is too large to be reckoned with. Split it into smaller ones.")]
    Overflow,
    /// Two currencies met.
    #[error("{0} and {1} cannot be added up. Keep amounts of one currency together.")]
    Currencies(Currency, Currency),
    /// A division by nothing, or among nobody.
    #[error("This amount was to be divided by nothing. Name at least one share greater than zero.")]
    NoShare,
}

impl MoneyError {
    /// Stable word for the fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Overflow => "money-overflow",
            Self::Currencies(..) => "money-currency",
            Self::NoShare => "money-share",
        }
    }
}

/// An amount: minor units (cents) of a currency. It may be negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` cents, yen, fils … of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// The currencies differ, or there is no room.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        self.with(self.minor.checked_add(other.minor))
    }

    /// The difference.
    ///
    /// # Errors
    /// The currencies differ, or there is no room.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        self.with(self.minor.checked_sub(other.minor))
    }

    /// The opposite.
    ///
    /// # Errors
    /// There is no room: the least number has no opposite.
    pub fn opposite(self) -> Result<Self, MoneyError> {
        self.with(self.minor.checked_neg())
    }

    /// The amount `count` times.
    ///
    /// # Errors
    /// There is no room.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        self.with(self.minor.checked_mul(count))
    }

    /// The amount times `numerator / denominator`, a fraction of a minor unit settled by `rounding`. The product is
    /// reckoned in 128 bits, so only the result can be too large.
    ///
    /// # Errors
    /// The denominator is zero, or there is no room.
    pub fn mul_ratio(
        self,
        numerator: i64,
        denominator: i64,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        if denominator == 0 {
            return Err(MoneyError::NoShare);
        }
        let product = i128::from(self.minor) * i128::from(numerator);
        let denominator = i128::from(denominator);
        let whole = product / denominator;
        let rest = product % denominator;
        let away = if (product < 0) == (denominator < 0) {
            1
        } else {
            -1
        };
        let result = match rounding {
            Rounding::HalfUp if rest.abs() * 2 >= denominator.abs() => whole + away,
            Rounding::HalfUp | Rounding::Down => whole,
        };
        self.with(i64::try_from(result).ok())
    }

    /// The amount shared out by `weights`, so that the shares add up to it exactly. What is left after rounding towards
    /// zero goes, a minor unit each, to the largest remainders; of equal ones to the earlier.
    ///
    /// # Errors
    /// The weights are all zero, or there are none.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if total == 0 {
            return Err(MoneyError::NoShare);
        }
        let mut shares = Vec::with_capacity(weights.len());
        let mut remainders = Vec::with_capacity(weights.len());
        let mut left = i128::from(self.minor);
        for (index, weight) in weights.iter().enumerate() {
            // |minor| < 2^63 and weight < 2^64, so that the product fits 127 bits.
            let product = i128::from(self.minor) * i128::from(*weight);
            shares.push(product / total);
            left -= product / total;
            remainders.push(((product % total).abs(), index));
        }
        remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, index) in remainders {
            if left == 0 {
                break;
            }
            shares[index] += left.signum();
            left -= left.signum();
        }
        shares
            .into_iter()
            .map(|share| self.with(i64::try_from(share).ok()))
            .collect()
    }

    /// The sum of many; nothing in `currency` if there are none.
    ///
    /// # Errors
    /// One of them is of another currency, or there is no room.
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::plus)
    }

    /// The smaller of two.
    ///
    /// # Errors
    /// The currencies differ.
    pub fn min(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Ok(if other.minor < self.minor {
            other
        } else {
            self
        })
    }

    /// The amount somebody typed: digits, and after `sign` at most as many decimals as the currency has. Signs between
    /// thousands are refused, because `1.500` is one and a half to one reader and fifteen hundred to another.
    ///
    /// # Errors
    /// The text has another form, more decimals than the currency, or is too large.
    pub fn parse(typed: &str, currency: Currency, sign: DecimalSign) -> Result<Self, Invalid> {
        let decimals = usize::from(currency.decimals());
        let example = Self::new(1_500 * currency.minor_per_major(), currency)
            .decimal()
            .replace('.', &sign.as_char().to_string());
        let invalid = |code, what: &str| {
            Invalid::new(
                "amount",
                code,
                format!(
                    "{what} Write it like {example}, without spaces, points or commas between thousands."
                ),
            )
        };
        let text = typed.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once(sign.as_char()) {
            Some((_, "")) => return Err(invalid("amount", "This is not an amount.")),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(invalid("amount", "This is not an amount."));
        }
        if fraction.len() > decimals {
            let what = match decimals {
                0 => format!("{currency} has no decimals."),
                _ => format!("{currency} has {decimals} decimals, and this amount has more."),
            };
            return Err(invalid("amount-decimals", &what));
        }
        format!("{whole}{fraction:0<decimals$}")
            .parse::<i64>()
            .map(|minor| Self::new(if negative { -minor } else { minor }, currency))
            .map_err(|_| invalid("amount-large", "This amount is too large."))
    }

    /// The amount as XML and CSV write it: `1500.00`, `-0.05`, `1500` where the currency has no decimals.
    #[must_use]
    pub fn decimal(self) -> String {
        let decimals = usize::from(self.currency.decimals());
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = self.minor.unsigned_abs();
        if decimals == 0 {
            return format!("{sign}{digits}");
        }
        let unit = self.currency.minor_per_major().unsigned_abs();
        format!("{sign}{}.{:0decimals$}", digits / unit, digits % unit)
    }

    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Currencies(self.currency, other.currency))
        }
    }

    fn with(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        minor
            .map(|minor| Self::new(minor, self.currency))
            .ok_or(MoneyError::Overflow)
    }
}

impl fmt::Display for Money {
    /// `1500.00 EUR`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[path = "tests/money.rs"]
mod tests;
