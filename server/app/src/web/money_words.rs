//! Amounts of money as a page shows them, and as somebody types them: by language, always with the currency's code.
//!
//! Nothing breaks within an amount: spaces are no-break ones, the minus sign is the true one, and the code stands behind.

use muster_domain::selling::money::{DecimalSign, Money};

use super::text::Texts;

/// Between a number and its currency.
const SPACE: char = '\u{a0}';
/// Between thousands in French (CLDR: narrow, no-break).
const NARROW_SPACE: char = '\u{202f}';

/// “1,500.00 EUR”, in the page's language.
#[must_use]
pub fn amount(t: &Texts, money: Money) -> String {
    in_language(t.language(), money)
}

/// “1,500.00 EUR” for `en`, “1 500,00 EUR” for `fr`: for letters and documents, which have a language of their own. Any
/// other tag is written as English is.
#[must_use]
pub fn in_language(language: &str, money: Money) -> String {
    format!(
        "{}{SPACE}{}",
        figures(language, money),
        money.currency().as_str()
    )
}

/// “1,500.00”, where the currency stands beside it once for many.
#[must_use]
pub fn figures(language: &str, money: Money) -> String {
    let plain = money.decimal();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", plain.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let between = match decimal_sign(language) {
        DecimalSign::Point => ',',
        DecimalSign::Comma => NARROW_SPACE,
    };
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(between);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(decimal_sign(language).as_char());
        out.push_str(fraction);
    }
    out
}

/// An amount as it stands in a field that is to be changed: the form that [`Money::parse`] reads back with this
/// language's [`decimal_sign`].
#[must_use]
pub fn typed(language: &str, money: Money) -> String {
    money
        .decimal()
        .replace('.', &decimal_sign(language).as_char().to_string())
}

/// The sign before decimals that somebody who reads this language types.
#[must_use]
pub fn decimal_sign(language: &str) -> DecimalSign {
    if language == "fr" {
        DecimalSign::Comma
    } else {
        DecimalSign::Point
    }
}

#[cfg(test)]
mod tests {
    use muster_domain::selling::currency::Currency;

    use super::*;
    use crate::web::text::Catalogue;

    fn of(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).unwrap())
    }

    #[test]
    fn amounts_are_written_as_each_language_writes_them() {
        for (money, english, french) in [
            (
                of(150_000, "EUR"),
                "1,500.00\u{a0}EUR",
                "1\u{202f}500,00\u{a0}EUR",
            ),
            (of(5, "EUR"), "0.05\u{a0}EUR", "0,05\u{a0}EUR"),
            (of(99_999, "EUR"), "999.99\u{a0}EUR", "999,99\u{a0}EUR"),
            (
                of(-123_456_789, "EUR"),
                "\u{2212}1,234,567.89\u{a0}EUR",
                "\u{2212}1\u{202f}234\u{202f}567,89\u{a0}EUR",
            ),
            (of(1_500, "JPY"), "1,500\u{a0}JPY", "1\u{202f}500\u{a0}JPY"),
            (
                of(1_500_000, "KWD"),
                "1,500.000\u{a0}KWD",
                "1\u{202f}500,000\u{a0}KWD",
            ),
        ] {
            assert_eq!(in_language("en", money), english);
            assert_eq!(in_language("fr", money), french);
        }
        assert_eq!(figures("en", of(-1, "EUR")), "\u{2212}0.01");
        assert_eq!(
            amount(&Catalogue::load().unwrap().texts(""), of(100, "EUR")),
            "1.00\u{a0}EUR"
        );
    }

    #[test]
    fn no_amount_ever_breaks_across_lines() {
        for language in ["en", "fr"] {
            let shown = in_language(language, of(-150_000_000, "EUR"));
            assert!(!shown.contains([' ', '-', '\u{2009}']), "{shown:?}");
        }
    }

    #[test]
    fn what_a_field_holds_is_read_back_as_the_same_amount() {
        for language in ["en", "fr"] {
            for money in [
                of(0, "EUR"),
                of(150_000, "EUR"),
                of(-1, "EUR"),
                of(1_500, "JPY"),
                of(i64::MAX, "KWD"),
            ] {
                let text = typed(language, money);
                assert_eq!(
                    Money::parse(&text, money.currency(), decimal_sign(language)).unwrap(),
                    money,
                    "{text}"
                );
            }
        }
    }
}
