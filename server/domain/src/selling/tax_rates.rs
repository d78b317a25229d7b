//! VAT rates by country and day, from 2022 on.
//!
//! Sources: the national VAT acts as the European Commission collects them ("Taxes in Europe" database), and for the
//! others the acts of the United Kingdom (VATA 1994), Switzerland (MWSTG, article 25) and Norway (the parliament's
//! yearly decision). A rate that is not here, or that changed since this was written, is given by hand
//! (`tax::RateChoice::Fixed`). Special territories (Canaries, Azores, Corsica …) have rates of their own and are not
//! told apart.

use std::fmt;

use jiff::civil::{Date, date};

use super::country::Country;
use super::refusal::Refusal;
use crate::text::Invalid;

/// The first day that the table knows.
pub const KNOWN_FROM: Date = date(2022, 1, 1);

/// A rate in hundredths of a percent: 1900 is 19 %, 2550 is 25.5 %.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "u16", into = "u16")]
pub struct Rate(u16);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A rate of so many hundredths of a percent.
    ///
    /// # Errors
    /// It is above 100 %.
    pub fn new(hundredths: u16) -> Result<Self, Invalid> {
        if hundredths <= 10_000 {
            Ok(Self(hundredths))
        } else {
            Err(Invalid::new(
                "rate",
                "rate",
                "A rate lies between 0 and 100 percent, with two decimals at most. Type it like 19 or 25.5.",
            ))
        }
    }

    /// The rate somebody typed, with a point or a comma, with or without the percent sign.
    ///
    /// # Errors
    /// It has another form, more than two decimals, or is above 100.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let text = typed.trim().trim_end_matches('%').trim_end();
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
        let plain = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        if !plain(whole, 3) || !plain(fraction, 2) {
            return Self::new(u16::MAX);
        }
        format!("{whole}{fraction:0<2}")
            .parse()
            .map_or_else(|_| Self::new(u16::MAX), Self::new)
    }

    /// The hundredths of a percent.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Rate {
    /// As XML writes it: `19`, `25.5`, `7.75`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match (rest / 10, rest % 10) {
            (0, 0) => write!(f, "{whole}"),
            (tenth, 0) => write!(f, "{whole}.{tenth}"),
            (tenth, hundredth) => write!(f, "{whole}.{tenth}{hundredth}"),
        }
    }
}

impl TryFrom<u16> for Rate {
    type Error = Invalid;

    fn try_from(hundredths: u16) -> Result<Self, Invalid> {
        Self::new(hundredths)
    }
}

impl From<Rate> for u16 {
    fn from(rate: Rate) -> Self {
        rate.0
    }
}

/// The rates of one country from one day until its next row; hundredths of a percent.
struct Row {
    country: &'static str,
    from: Date,
    standard: u16,
    reduced: &'static [u16],
}

const fn row(country: &'static str, from: Date, standard: u16, reduced: &'static [u16]) -> Row {
    Row {
        country,
        from,
        standard,
        reduced,
    }
}

/// By country, then by day.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("AT", KNOWN_FROM, 2000, &[1300, 1000]),
    row("BE", KNOWN_FROM, 2100, &[1200, 600]),
    row("BG", KNOWN_FROM, 2000, &[900]),
    row("CH", KNOWN_FROM, 770, &[370, 250]),
    row("CH", date(2024, 1, 1), 810, &[380, 260]),
    row("CY", KNOWN_FROM, 1900, &[900, 500]),
    row("CZ", KNOWN_FROM, 2100, &[1500, 1000]),
    row("CZ", date(2024, 1, 1), 2100, &[1200]),
    row("DE", KNOWN_FROM, 1900, &[700]),
    row("DK", KNOWN_FROM, 2500, &[]),
    row("EE", KNOWN_FROM, 2000, &[900]),
    row("EE", date(2024, 1, 1), 2200, &[900]),
    row("EE", date(2025, 7, 1), 2400, &[900]),
    row("ES", KNOWN_FROM, 2100, &[1000, 400]),
    row("FI", KNOWN_FROM, 2400, &[1400, 1000]),
    row("FI", date(2024, 9, 1), 2550, &[1400, 1000]),
    row("FI", date(2026, 1, 1), 2550, &[1350, 1000]),
    row("FR", KNOWN_FROM, 2000, &[1000, 550, 210]),
    row("GB", KNOWN_FROM, 2000, &[500]),
    row("GR", KNOWN_FROM, 2400, &[1300, 600]),
    row("HR", KNOWN_FROM, 2500, &[1300, 500]),
    row("HU", KNOWN_FROM, 2700, &[1800, 500]),
    row("IE", KNOWN_FROM, 2300, &[1350, 900]),
    row("IT", KNOWN_FROM, 2200, &[1000, 500, 400]),
    row("LT", KNOWN_FROM, 2100, &[900, 500]),
    row("LT", date(2026, 1, 1), 2100, &[1200, 500]),
    row("LU", KNOWN_FROM, 1700, &[1400, 800, 300]),
    row("LU", date(2023, 1, 1), 1600, &[1300, 700, 300]),
    row("LU", date(2024, 1, 1), 1700, &[1400, 800, 300]),
    row("LV", KNOWN_FROM, 2100, &[1200, 500]),
    row("MT", KNOWN_FROM, 1800, &[700, 500]),
    row("MT", date(2024, 1, 1), 1800, &[1200, 700, 500]),
    row("NL", KNOWN_FROM, 2100, &[900]),
    row("NO", KNOWN_FROM, 2500, &[1500, 1200]),
    row("PL", KNOWN_FROM, 2300, &[800, 500]),
    row("PT", KNOWN_FROM, 2300, &[1300, 600]),
    row("RO", KNOWN_FROM, 1900, &[900, 500]),
    row("RO", date(2025, 8, 1), 2100, &[1100]),
    row("SE", KNOWN_FROM, 2500, &[1200, 600]),
    row("SI", KNOWN_FROM, 2200, &[950, 500]),
    row("SK", KNOWN_FROM, 2000, &[1000]),
    row("SK", date(2025, 1, 1), 2300, &[1900, 500]),
];

fn row_of(country: Country, day: Date) -> Result<&'static Row, Refusal> {
    ROWS.iter()
        .rev()
        .find(|row| row.country == country.as_str() && row.from <= day)
        .ok_or_else(|| {
            Refusal::new(
                "rate-unknown",
                format!(
                    "The VAT rates of {country} on {day} are not known here. Give the rate by hand."
                ),
            )
        })
}

/// The standard rate of a country on the day of a supply.
///
/// # Errors
/// The table has no rates of that country, or none so early.
pub fn standard(country: Country, day: Date) -> Result<Rate, Refusal> {
    row_of(country, day).map(|row| Rate(row.standard))
}

/// The reduced rates of a country on the day of a supply, the highest first.
///
/// # Errors
/// The table has no rates of that country, or none so early.
pub fn reduced(country: Country, day: Date) -> Result<Vec<Rate>, Refusal> {
    row_of(country, day).map(|row| row.reduced.iter().copied().map(Rate).collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{KNOWN_FROM, ROWS, Rate, reduced, standard};
    use crate::selling::country::Country;

    fn of(country: &str, year: i16, month: i8, day: i8) -> u16 {
        standard(Country::parse(country).unwrap(), date(year, month, day))
            .unwrap()
            .hundredths()
    }

    #[test]
    fn rates_change_on_their_day() {
        assert_eq!((of("EE", 2025, 6, 30), of("EE", 2025, 7, 1)), (2200, 2400));
        assert_eq!((of("EE", 2023, 12, 31), of("EE", 2024, 1, 1)), (2000, 2200));
        assert_eq!((of("SK", 2024, 12, 31), of("SK", 2025, 1, 1)), (2000, 2300));
        assert_eq!((of("RO", 2025, 7, 31), of("RO", 2025, 8, 1)), (1900, 2100));
        assert_eq!((of("FI", 2024, 8, 31), of("FI", 2024, 9, 1)), (2400, 2550));
        assert_eq!((of("CH", 2023, 12, 31), of("CH", 2024, 1, 1)), (770, 810));
        assert_eq!(
            [
                of("LU", 2022, 12, 31),
                of("LU", 2023, 6, 1),
                of("LU", 2024, 1, 1)
            ],
            [1700, 1600, 1700]
        );
    }

    #[test]
    fn every_member_state_is_known_and_rows_are_in_order() {
        for country in Country::members() {
            assert!(standard(country, KNOWN_FROM).is_ok(), "{country}");
            let reduced = reduced(country, date(2026, 6, 1)).unwrap();
            let standard = standard(country, date(2026, 6, 1)).unwrap();
            assert!(reduced.iter().all(|rate| *rate < standard));
            assert!(reduced.windows(2).all(|pair| pair[0] > pair[1]));
            // Directive 2006/112/EC, article 97: at least 15 %.
            assert!(standard.hundredths() >= 1500);
        }
        for pair in ROWS.windows(2) {
            assert!((pair[0].country, pair[0].from) < (pair[1].country, pair[1].from));
        }
        assert!(ROWS.iter().all(|row| Country::parse(row.country).is_ok()));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let us = Country::parse("US").unwrap();
        let de = Country::parse("DE").unwrap();
        assert_eq!(
            standard(us, date(2026, 1, 1)).unwrap_err().code,
            "rate-unknown"
        );
        assert_eq!(
            standard(de, date(2021, 12, 31)).unwrap_err().message,
            "The VAT rates of DE on 2021-12-31 are not known here. Give the rate by hand."
        );
    }

    #[test]
    fn rates_are_read_and_written() {
        for (text, hundredths) in [
            ("19", 1900),
            ("25.5", 2550),
            ("7.75", 775),
            ("0", 0),
            ("100", 10_000),
        ] {
            assert_eq!(Rate::parse(text).unwrap().hundredths(), hundredths);
            assert_eq!(Rate::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Rate::parse(" 5,50 % ").unwrap().hundredths(), 550);
        for wrong in ["", "%", "100.01", "1000", "-1", "1.234", "1.", ".5", "x"] {
            assert_eq!(Rate::parse(wrong).unwrap_err().code, "rate", "{wrong}");
        }
    }
}
