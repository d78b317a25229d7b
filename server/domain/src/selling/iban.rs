//! Account numbers by ISO 13616: length by country, and check digits by ISO 7064 mod 97,10.

use std::fmt;

use super::country::Country;
use crate::text::Invalid;

/// Countries of the SEPA area with the length of their IBANs (SWIFT's registry).
const LENGTHS: &str = "\
    AD24 AL28 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GI23 GR27 HR21 HU28 IE22 IS26 IT27 LI21 \
    LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PL28 PT25 RO24 RS22 SE24 SI19 SK24 SM27 VA22";

/// An IBAN, in capital letters without spaces.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

impl Iban {
    /// The IBAN in what somebody typed; spaces and case do not matter.
    ///
    /// # Errors
    /// It has another form or another length than its country's, or check digits that do not fit.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let text: String = typed
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let invalid = |code, message: &str| Err(Invalid::new("iban", code, message));
        let head = text.as_bytes().get(..4);
        let shaped = text.bytes().all(|b| b.is_ascii_alphanumeric())
            && (15..=34).contains(&text.len())
            && head.is_some_and(|head| head[2..].iter().all(u8::is_ascii_digit))
            && text
                .get(..2)
                .is_some_and(|code| Country::parse(code).is_ok());
        if !shaped {
            return invalid(
                "iban",
                "This is no IBAN. It begins with a country and two digits, such as DE75 5121 0800 1245 1261 99.",
            );
        }
        let length = LENGTHS
            .split_ascii_whitespace()
            .find(|entry| text.starts_with(&entry[..2]))
            .and_then(|entry| entry[2..].parse::<usize>().ok());
        if length.is_some_and(|length| length != text.len()) {
            return invalid(
                "iban-length",
                "This IBAN is too long or too short for its country. Compare it with the bank's document.",
            );
        }
        if remainder(&text[4..], &text[..4]) != 1 {
            return invalid(
                "iban-check",
                "The check digits of this IBAN do not fit. Compare it with the bank's document.",
            );
        }
        Ok(Self(text))
    }

    /// The IBAN without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is left of letters and digits read as one number (A is 10, Z is 35) after division by 97: ISO 7064.
pub(super) fn remainder(body: &str, head: &str) -> u32 {
    body.chars()
        .chain(head.chars())
        .filter_map(|c| c.to_digit(36))
        .fold(0, |rest, value| {
            let shift = if value > 9 { 100 } else { 10 };
            (rest * shift + value) % 97
        })
}

/// Groups of four, as paper shows them.
pub(super) fn grouped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index.is_multiple_of(4) {
            f.write_str(" ")?;
        }
        write!(f, "{character}")?;
    }
    Ok(())
}

impl fmt::Display for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        grouped(&self.0, f)
    }
}

impl fmt::Debug for Iban {
    /// Country and last four only: an account number is personal data, and logs are read by many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.len().saturating_sub(4);
        write!(f, "Iban({}…{})", &self.0[..2], &self.0[end..])
    }
}

impl TryFrom<String> for Iban {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Iban> for String {
    fn from(iban: Iban) -> Self {
        iban.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Iban;

    /// Examples of SWIFT's registry.
    const GOOD: [&str; 8] = [
        "DE75 5121 0800 1245 1261 99",
        "FR14 2004 1010 0505 0001 3M02 606",
        "GB33 BUKB 2020 1555 5555 55",
        "CH56 0483 5012 3456 7800 9",
        "NO83 3000 1234 567",
        "MT31 MALT 0110 0000 0000 0000 0000 123",
        "BE71 0961 2345 6769",
        "BR15 0000 0000 0000 1093 2840 814P 2",
    ];

    #[test]
    fn good_ones_are_taken_and_grouped() {
        for text in GOOD {
            let iban = Iban::parse(text).unwrap();
            assert_eq!(iban.to_string(), text);
            assert_eq!(Iban::parse(&text.to_lowercase()).unwrap(), iban);
        }
        let iban = Iban::parse(GOOD[0]).unwrap();
        assert_eq!(format!("{iban:?}"), "Iban(DE…6199)");
    }

    #[test]
    fn wrong_ones_are_refused() {
        let code = |text| Iban::parse(text).unwrap_err().code;
        assert_eq!(code(""), "iban");
        assert_eq!(code("DE"), "iban");
        assert_eq!(code("XX75 5121 0800 1245 1261 99"), "iban");
        assert_eq!(code("DEXX 5121 0800 1245 1261 99"), "iban");
        assert_eq!(code("DE75 5121 0800 1245 1261 9É"), "iban");
        assert_eq!(code("DE75 5121 0800 1245 1261 9"), "iban-length");
        assert_eq!(code("DE75 5121 0800 1245 1261 98"), "iban-check");
        assert_eq!(code("DE57 5121 0800 1245 1261 99"), "iban-check");
    }

    proptest! {
        #[test]
        fn two_neighbours_swapped_are_noticed(index in 4_usize..21) {
            let mut bytes = Iban::parse(GOOD[0]).unwrap().as_str().as_bytes().to_vec();
            bytes.swap(index, index.saturating_sub(1).max(4));
            let text = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(Iban::parse(&text).is_ok(), text == "DE75512108001245126199");
        }

        #[test]
        fn nonsense_never_breaks(text in ".{0,40}") {
            let _ = Iban::parse(&text);
        }
    }
}
