//! Arithmetic, rounding, splitting, and the one form of an amount that is read.

use proptest::prelude::*;

use super::{DecimalSign, Money, MoneyError, Rounding};
use crate::selling::currency::Currency;

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
            "", "-", "1.500,00", "1,500.00", "1 500", "1'500", "1.2.3", "+1", "1e3", ".5", ",5",
            "5.", "5,", "--1", "٣",
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
    let parse = |text, code| Money::parse(text, Currency::parse(code).unwrap(), DecimalSign::Point);
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
