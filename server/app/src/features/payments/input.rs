//! What people and programs hand in here, read into what cannot be wrong: days, notes, amounts, keys.

use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_domain::text::{self, Invalid};

use crate::app::App;

/// The most characters of a note; as much as a bank carries (SEPA: 140).
pub const NOTE_MOST: usize = 140;

/// A note, which may be empty.
///
/// # Errors
/// It is too long, or holds what cannot be seen.
pub fn note(typed: &str) -> Result<String, Invalid> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    text::line("note", typed, NOTE_MOST)
}

/// A reason, which must not be empty.
///
/// # Errors
/// It is empty, too long, or holds what cannot be seen.
pub fn reason(typed: &str) -> Result<String, Invalid> {
    text::line("note", typed, NOTE_MOST)
}

/// A day like 2026-11-23.
///
/// # Errors
/// It is none, or lies outside of what anybody books.
pub fn day(field: &'static str, typed: &str) -> Result<Date, Invalid> {
    let wrong = || Invalid::new(field, "date", "This is no date. Write it like 2026-11-23.");
    let shaped = typed.len() == 10;
    let day: Date = typed.parse().ok().filter(|_| shaped).ok_or_else(wrong)?;
    if (2000..=2999).contains(&day.year()) {
        Ok(day)
    } else {
        Err(wrong())
    }
}

/// An amount in minor units, above zero.
///
/// # Errors
/// The currency is none, or the amount is not above zero.
pub fn amount(minor: i64, currency: &str) -> Result<Money, Invalid> {
    let currency = Currency::parse(currency)?;
    above_zero(Money::new(minor, currency))
}

/// The same amount, if there is any.
///
/// # Errors
/// It is not above zero.
pub fn above_zero(amount: Money) -> Result<Money, Invalid> {
    if amount.is_positive() {
        Ok(amount)
    } else {
        let message = "An amount must be more than nothing. Type it without a minus.";
        Err(Invalid::new("amount", "amount-nothing", message))
    }
}

/// What makes an act known again: what was sent, or something new.
///
/// # Errors
/// It is longer than 100 characters, or not plain.
pub fn key(app: &App, sent: Option<&str>) -> Result<String, Invalid> {
    match sent {
        None | Some("") => Ok(app.new_id()),
        Some(key) if key.len() <= 100 && key.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(key.to_owned())
        }
        Some(_) => Err(Invalid::new(
            "key",
            "key",
            "A key is 1 to 100 visible ASCII characters.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{amount, day, note, reason};

    #[test]
    fn what_is_handed_in_fits_or_is_refused() {
        assert!(day("on", "2026-11-23").is_ok() && note("").is_ok());
        for wrong in [
            "",
            "23.11.2026",
            "2026-02-30",
            "1899-01-01",
            "2026-11-23T00:00",
        ] {
            assert_eq!(day("on", wrong).unwrap_err().code, "date", "{wrong}");
        }
        assert!(reason(" ").is_err() && note(&"x".repeat(141)).is_err());
        assert!(amount(1, "EUR").is_ok());
        assert_eq!(amount(0, "EUR").unwrap_err().code, "amount-nothing");
        assert_eq!(amount(-5, "EUR").unwrap_err().code, "amount-nothing");
        assert_eq!(amount(5, "XXX").unwrap_err().code, "currency");
    }
}
