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
mod tests {
    use proptest::prelude::*;

    use super::{Currency, DecimalSign, Money, MoneyError, Rounding};

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    #[test]
    fn sums_are_checked_and_currencies_kept_apart() {
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(eur(150_000).plus(eur(1)).unwrap(), eur(150_001));
        assert_eq!(eur(i64::MAX).plus(eur(1)), Err(MoneyError::Overflow));
        assert_eq!(eur(i64::MIN).opposite(), Err(MoneyError::Overflow));
        assert_eq!(eur(i64::MAX).times(2), Err(MoneyError::Overflow));
        assert_eq!(
            eur(1).minus(Money::new(1, yen)),
            Err(MoneyError::Currencies(Currency::EUR, yen))
        );
        assert_eq!(Money::sum(Currency::EUR, [eur(1), eur(2)]).unwrap(), eur(3));
    }

    #[test]
    fn ratios_round_halves_away_from_zero() {
        let half = |minor, rounding| eur(minor).mul_ratio(1, 2, rounding).unwrap().minor();
        assert_eq!(half(3, Rounding::HalfUp), 2);
        assert_eq!(half(-3, Rounding::HalfUp), -2);
        assert_eq!(half(3, Rounding::Down), 1);
        assert_eq!(half(-3, Rounding::Down), -1);
        assert_eq!(eur(-3).mul_ratio(1, -2, Rounding::HalfUp).unwrap(), eur(2));
        assert_eq!(
            eur(1).mul_ratio(1, 0, Rounding::Down),
            Err(MoneyError::NoShare)
        );
        assert_eq!(
            eur(i64::MAX)
                .mul_ratio(i64::MAX, i64::MAX, Rounding::HalfUp)
                .unwrap(),
            eur(i64::MAX)
        );
    }

    #[test]
    fn one_decimal_form_is_read_and_the_other_refused() {
        let parse = |text, sign| Money::parse(text, Currency::EUR, sign);
        assert_eq!(
            parse(" 1500.00 ", DecimalSign::Point).unwrap(),
            eur(150_000)
        );
        assert_eq!(parse("1500,5", DecimalSign::Comma).unwrap(), eur(150_050));
        assert_eq!(parse("-0.05", DecimalSign::Point).unwrap(), eur(-5));
        assert_eq!(parse("7", DecimalSign::Comma).unwrap(), eur(700));
        for sign in [DecimalSign::Point, DecimalSign::Comma] {
            for wrong in [
                "", "-", "1.500,00", "1,500.00", "1 500", "1'500", "1.2.3", "+1", "1e3", ".5",
                ",5", "5.", "5,", "--1", "٣",
            ] {
                assert!(parse(wrong, sign).is_err(), "{wrong}");
            }
        }
        assert!(parse("1.5", DecimalSign::Comma).is_err());
        assert!(parse("1,5", DecimalSign::Point).is_err());
        assert_eq!(
            parse("1.500,00", DecimalSign::Comma).unwrap_err().message,
            "This is not an amount. Write it like 1500,00, without spaces, points or commas between thousands."
        );
    }

    #[test]
    fn decimals_are_the_currencys() {
        let parse =
            |text, code| Money::parse(text, Currency::parse(code).unwrap(), DecimalSign::Point);
        assert_eq!(parse("1.234", "KWD").unwrap().minor(), 1_234);
        assert_eq!(parse("1.234", "EUR").unwrap_err().code, "amount-decimals");
        assert_eq!(
            parse("1.5", "JPY").unwrap_err().message,
            "JPY has no decimals. Write it like 1500, without spaces, points or commas between thousands."
        );
        assert_eq!(
            parse("99999999999999999999", "JPY").unwrap_err().code,
            "amount-large"
        );
        assert_eq!(parse("1500", "JPY").unwrap().decimal(), "1500");
        assert_eq!(eur(-5).to_string(), "-0.05 EUR");
        assert_eq!(eur(i64::MIN).decimal(), "-92233720368547758.08");
    }

    fn any_currency() -> impl Strategy<Value = Currency> {
        prop::sample::select(Currency::all().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn a_split_loses_nothing_and_favours_nobody_by_more_than_a_unit(
            minor in any::<i64>(), weights in prop::collection::vec(any::<u64>(), 1..12)
        ) {
            let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
            prop_assume!(total > 0);
            let shares = eur(minor).split(&weights).unwrap();
            prop_assert_eq!(shares.iter().map(|s| i128::from(s.minor())).sum::<i128>(), i128::from(minor));
            for (share, weight) in shares.iter().zip(&weights) {
                let exact = i128::from(minor) * i128::from(*weight) / total;
                prop_assert!((i128::from(share.minor()) - exact).abs() <= 1);
            }
        }

        #[test]
        fn what_is_written_is_read_again(minor in -i64::MAX..=i64::MAX, currency in any_currency()) {
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::parse(&money.decimal(), currency, DecimalSign::Point).unwrap(), money);
        }

        #[test]
        fn nonsense_is_refused_and_never_breaks(text in ".{0,40}") {
            let _ = Money::parse(&text, Currency::EUR, DecimalSign::Comma);
        }
    }
}
