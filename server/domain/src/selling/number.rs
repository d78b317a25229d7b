//! Numbers of documents: a series' pattern, a year and a place in it. That there is no gap is the store's to see to
//! (one counter for each series and year, taken when a document is finalised); here is only the form.

use std::fmt;

use crate::text::Invalid;

/// The most characters of a number; a creditor reference has room for 21 without the signs between.
pub const NUMBER_MOST: usize = 30;

/// The pattern of a series: `NM-{year}-{number:5}` makes NM-2026-00042.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    before: String,
    year_digits: u8,
    between: String,
    number_digits: u8,
    after: String,
}

/// A place in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The year of issue.
    pub year: i16,
    /// From 1, without gaps.
    pub sequence: u32,
}

impl Pattern {
    /// A pattern of capital letters, digits, `-`, `/` and `.` around `{year}` or `{yy}`, then `{number}` or
    /// `{number:5}` for at least so many digits. The year must be there, because numbering begins anew with it, and a
    /// sign that is no digit must part it from the number, so that no two places look alike.
    ///
    /// # Errors
    /// The pattern has another form, or makes numbers longer than [`NUMBER_MOST`].
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "pattern",
                "number-pattern",
                "A series needs the year, a sign, and the number, in this order. Write it like NM-{year}-{number:5}, with capital letters, digits, and - / . only.",
            )
        };
        let text = typed.trim();
        let (before, rest) = text.split_once('{').ok_or_else(invalid)?;
        let (year, rest) = rest.split_once('}').ok_or_else(invalid)?;
        let (between, rest) = rest.split_once('{').ok_or_else(invalid)?;
        let (number, after) = rest.split_once('}').ok_or_else(invalid)?;
        let year_digits = match year {
            "year" => 4,
            "yy" => 2,
            _ => return Err(invalid()),
        };
        let number_digits = match number.strip_prefix("number") {
            Some("") => 1,
            Some(digits) => digits
                .strip_prefix(':')
                .filter(|digits| digits.len() == 1)
                .and_then(|digits| digits.parse().ok())
                .filter(|digits| (1..=9).contains(digits))
                .ok_or_else(invalid)?,
            None => return Err(invalid()),
        };
        let plain = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-/.".contains(&b))
        };
        let ends_in_digit = |text: &str| text.bytes().last().is_some_and(|b| b.is_ascii_digit());
        let starts_with_digit = after.bytes().next().is_some_and(|b| b.is_ascii_digit());
        let longest = before.len() + usize::from(year_digits) + between.len() + 10 + after.len();
        if ![before, between, after].into_iter().all(plain)
            || between.is_empty()
            || ends_in_digit(between)
            || ends_in_digit(before)
            || starts_with_digit
            || longest > NUMBER_MOST
        {
            return Err(invalid());
        }
        Ok(Self {
            before: before.to_owned(),
            year_digits,
            between: between.to_owned(),
            number_digits,
            after: after.to_owned(),
        })
    }

    /// The number of a place.
    #[must_use]
    pub fn format(&self, place: Place) -> String {
        let year = match self.year_digits {
            2 => format!("{:02}", place.year.rem_euclid(100)),
            _ => format!("{:04}", place.year),
        };
        let digits = usize::from(self.number_digits);
        format!(
            "{}{year}{}{:0digits$}{}",
            self.before, self.between, place.sequence, self.after
        )
    }

    /// Whether some number of this series could also be one of `other`. Both count from 1 without end, so that sooner or later
    /// two documents would be called the same.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        // Two forms agree for all sequences of a length or for none, but for those that stand spelled out in the other form.
        let spelled = |form: &Self| -> Vec<u32> {
            [&form.before, &form.between, &form.after]
                .into_iter()
                .flat_map(|text| text.split(|c: char| !c.is_ascii_digit()))
                .filter_map(|digits| digits.parse().ok())
                .filter(|sequence| *sequence > 0)
                .collect()
        };
        let lengths = (0..10).map(|exponent| 10_u32.pow(exponent));
        let sequences: Vec<u32> = lengths.chain(spelled(self)).chain(spelled(other)).collect();
        let reads = |one: &Self, two: &Self| {
            (2000..2100).any(|year| {
                sequences.iter().any(|sequence| {
                    two.place(&one.format(Place {
                        year,
                        sequence: *sequence,
                    }))
                    .is_some()
                })
            })
        };
        reads(self, other) || reads(other, self)
    }

    /// The place of a number of this series; years of two digits are of this century. Only the one way of writing a
    /// number is taken.
    #[must_use]
    pub fn place(&self, number: &str) -> Option<Place> {
        let rest = number
            .strip_prefix(self.before.as_str())?
            .strip_suffix(self.after.as_str())?;
        let year = rest.get(..usize::from(self.year_digits))?;
        let sequence = rest
            .get(usize::from(self.year_digits)..)?
            .strip_prefix(self.between.as_str())?;
        let parsed: i16 = year.parse().ok()?;
        let place = Place {
            year: if self.year_digits == 2 {
                2000 + parsed
            } else {
                parsed
            },
            sequence: sequence.parse().ok().filter(|sequence| *sequence > 0)?,
        };
        (self.format(place) == number).then_some(place)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = if self.year_digits == 2 { "yy" } else { "year" };
        write!(f, "{}{{{year}}}{}", self.before, self.between)?;
        match self.number_digits {
            1 => write!(f, "{{number}}{}", self.after),
            digits => write!(f, "{{number:{digits}}}{}", self.after),
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NUMBER_MOST, Pattern, Place};

    fn place(year: i16, sequence: u32) -> Place {
        Place { year, sequence }
    }

    #[test]
    fn numbers_are_written_and_read() {
        let pattern = Pattern::parse("NM-{year}-{number:5}").unwrap();
        assert_eq!(pattern.format(place(2026, 42)), "NM-2026-00042");
        assert_eq!(pattern.format(place(2026, 123_456)), "NM-2026-123456");
        assert_eq!(pattern.place("NM-2026-00042"), Some(place(2026, 42)));
        for wrong in [
            "",
            "NM-2026-42",
            "NM-2026-00000",
            "NM-2026-",
            "LT-2026-00042",
            "NM-2026-000042",
            "NM-2026-+0042",
            "NM-26-00042",
            "nm-2026-00042",
            "NM-2026-00042 ",
        ] {
            assert_eq!(pattern.place(wrong), None, "{wrong}");
        }
        let short = Pattern::parse("{yy}/{number}.A").unwrap();
        assert_eq!(short.format(place(2026, 7)), "26/7.A");
        assert_eq!(short.place("26/7.A"), Some(place(2026, 7)));
    }

    #[test]
    fn patterns_that_could_repeat_or_confuse_are_refused() {
        for wrong in [
            "",
            "NM-{number}",
            "NM-{year}",
            "{number}-{year}",
            "{year}{number}",
            "{year}-1{number}",
            "1{year}-{number}",
            "{year}-{number}0",
            "nm-{year}-{number}",
            "{year}-{number:0}",
            "{year}-{number:10}",
            "{year}-{number:x}",
            "{month}-{number}",
            "{year}-{number}{number}",
            "ABCDEFGHIJKLMNOPQ-{year}-{number}",
            "É-{year}-{number}",
        ] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn series_meet_where_a_number_could_be_of_both() {
        let meet = |one: &str, two: &str| {
            let (one, two) = (Pattern::parse(one).unwrap(), Pattern::parse(two).unwrap());
            assert_eq!(one.meets(&two), two.meets(&one));
            one.meets(&two)
        };
        for (one, two) in [
            ("NM-{year}-{number:5}", "NM-{year}-{number:5}"),
            // NM-2026-10000 is the ten thousandth of both.
            ("NM-{year}-{number:5}", "NM-{year}-{number:4}"),
            ("{year}-{number}-7", "{year}-7-{number}"),
            ("{year}-123-{number}", "{year}-{number}-7"),
            ("{yy}26-{number}", "{year}-{number}"),
        ] {
            assert!(meet(one, two), "{one} {two}");
        }
        for (one, two) in [
            ("NM-{year}-{number:5}", "NMC-{year}-{number:5}"),
            ("{year}-{number}", "{yy}-{number}"),
            ("R{year}.{number}", "R{year}-{number}"),
            ("{year}-{number}", "{year}-{number}/C"),
        ] {
            assert!(!meet(one, two), "{one} {two}");
        }
    }

    proptest! {
        #[test]
        fn no_two_places_share_a_number(
            pattern in prop::sample::select(vec!["NM-{year}-{number:5}", "{yy}/{number}", "R{year}.{number:3}/X", "{year}A{number:9}"]),
            year in 2000_i16..2100, sequence in 1..=u32::MAX
        ) {
            let parsed = Pattern::parse(pattern).unwrap();
            prop_assert_eq!(parsed.to_string(), pattern);
            let number = parsed.format(place(year, sequence));
            prop_assert!(number.len() <= NUMBER_MOST);
            prop_assert_eq!(parsed.place(&number), Some(place(year, sequence)));
        }
    }
}
