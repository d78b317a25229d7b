//! What is typed on the forms of selling, read into types that cannot be wrong. A form and the API hand in the same fields; they
//! differ in how an amount is written.

use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::{DecimalSign, Money};
use muster_domain::text::Invalid;

use crate::web::problem::Problem;

/// The languages that letters and documents are written in.
pub const LANGUAGES: [&str; 2] = ["en", "fr"];

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amounts {
    /// In whole units with this sign before the decimals, as people type them.
    Typed(DecimalSign),
    /// In minor units, as the API has them.
    Minor,
}

impl Amounts {
    /// The amount that `text` is, for the field of this name.
    ///
    /// # Errors
    /// It is none of this currency, or less than nothing.
    pub fn read(
        self,
        field: &'static str,
        text: &str,
        currency: Currency,
    ) -> Result<Money, Invalid> {
        let amount = match self {
            Self::Typed(sign) => {
                Money::parse(text, currency, sign).map_err(|fault| at(field, fault))?
            }
            Self::Minor => {
                let minor = text.parse().map_err(|_| {
                    let message = "An amount is a whole number of minor units, such as 150000.";
                    Invalid::new(field, "amount", message)
                })?;
                Money::new(minor, currency)
            }
        };
        if amount.is_negative() {
            let message = "This amount is less than nothing. Type 0 or more.";
            return Err(Invalid::new(field, "amount-negative", message));
        }
        Ok(amount)
    }
}

/// The faults of a form, gathered so that all are told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Invalid>);

impl Faults {
    /// The value, or nothing and one fault more.
    pub fn take<T>(&mut self, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }

    /// The same for a field that the form calls by this name.
    pub fn take_at<T>(&mut self, field: &'static str, read: Result<T, Invalid>) -> Option<T> {
        self.take(read.map_err(|fault| at(field, fault)))
    }

    /// Adds those of a part that was read for itself.
    pub fn add(&mut self, faults: Self) {
        self.0.extend(faults.0);
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problem they are.
    #[must_use]
    pub fn problem(self) -> Problem {
        Problem::fields(self.0)
    }
}

/// A fault of the field that a form calls by this name.
#[must_use]
pub fn at(field: &'static str, fault: Invalid) -> Invalid {
    Invalid { field, ..fault }
}

/// A whole number from 0 to `most`.
///
/// # Errors
/// It is no number, or a larger one.
pub fn whole(field: &'static str, text: &str, most: u16) -> Result<u16, Invalid> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number| digits && *number <= most)
        .ok_or_else(|| {
            let message = format!("This is a whole number from 0 to {most}. Type its digits.");
            Invalid::new(field, "whole-number", message)
        })
}

/// One of some words.
///
/// # Errors
/// It is none of them.
pub fn word(field: &'static str, text: &str, words: &[&str]) -> Result<String, Invalid> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let message = format!("Choose one of these: {}.", words.join(", "));
    Err(Invalid::new(field, "choice", message))
}

/// A date as a field of a form has it: `2026-11-23`.
///
/// # Errors
/// It is none, or lies outside the years that are reckoned with.
pub fn date(field: &'static str, text: &str) -> Result<Date, Invalid> {
    let shaped = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    text.parse()
        .ok()
        .filter(|date: &Date| shaped && (2000..=2999).contains(&date.year()))
        .ok_or_else(|| {
            let message = "This is no date. Type year, month and day, such as 2026-11-23.";
            Invalid::new(field, "date", message)
        })
}

/// Yes or no: a box that was ticked, or `true`.
#[must_use]
pub fn yes(text: &str) -> bool {
    matches!(text, "true" | "yes" | "1" | "on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_each_side_writes_them() {
        let page = Amounts::Typed(DecimalSign::Point);
        let read = |how: Amounts, text: &str| how.read("amount", text, Currency::EUR);
        assert_eq!(read(page, "1500.00").unwrap().minor(), 150_000);
        assert_eq!(read(Amounts::Minor, "1500").unwrap().minor(), 1_500);
        for (how, text, code) in [
            (page, "-1", "amount-negative"),
            (Amounts::Minor, "-1", "amount-negative"),
            (Amounts::Minor, "1.5", "amount"),
            (page, "1,500.00", "amount"),
            (page, "1.505", "amount-decimals"),
        ] {
            let fault = read(how, text).unwrap_err();
            assert_eq!((fault.code, fault.field), (code, "amount"), "{text}");
        }
    }

    #[test]
    fn numbers_dates_and_choices_are_read_strictly() {
        assert_eq!(whole("terms_days", " 30 ", 180).unwrap(), 30);
        for wrong in ["", "-1", "+1", "181", "1.0", "x", "99999999"] {
            assert!(whole("terms_days", wrong, 180).is_err(), "{wrong}");
        }
        assert_eq!(date("from", "2026-11-23").unwrap().day(), 23);
        for wrong in [
            "",
            "2026-02-30",
            "23.11.2026",
            "20261123",
            "9999-12-31",
            "2026-11-23T00:00",
        ] {
            assert!(date("from", wrong).is_err(), "{wrong}");
        }
        assert!(word("language", "en", &LANGUAGES).is_ok());
        assert!(word("language", "de", &LANGUAGES).is_err());
        assert!(yes("on") && yes("true") && !yes("") && !yes("false"));
    }
}
