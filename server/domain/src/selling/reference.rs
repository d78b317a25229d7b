//! Creditor references (ISO 11649) made of invoice numbers, and finding what a payment is for in its free text.

use std::fmt;

use super::iban::{grouped, remainder};
use crate::text::Invalid;

/// The most letters and digits after `RF` and the check digits.
const BODY_MOST: usize = 21;

/// A creditor reference: `RF`, two check digits, and up to 21 letters and digits. Without spaces.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

impl Reference {
    /// The reference of an invoice number: its letters and digits, with check digits.
    ///
    /// # Errors
    /// The number has no letter or digit, or more than 21.
    pub fn of_number(number: &str) -> Result<Self, Invalid> {
        let body = plain(number);
        if body.is_empty() || body.len() > BODY_MOST {
            let message = format!(
                "A payment reference has room for {BODY_MOST} letters and digits. Use a shorter number."
            );
            return Err(Invalid::new("reference", "reference-length", message));
        }
        let check = 98 - remainder(&body, "RF00");
        Ok(Self(format!("RF{check:02}{body}")))
    }

    /// The reference in what somebody typed; spaces and case do not matter.
    ///
    /// # Errors
    /// It has another form, or check digits that do not fit.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let text: String = typed
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let shaped = text.bytes().all(|b| b.is_ascii_alphanumeric())
            && (5..=BODY_MOST + 4).contains(&text.len())
            && text.starts_with("RF")
            && text.as_bytes()[2..4].iter().all(u8::is_ascii_digit);
        // Check digits are 02 to 98: 00 and 01 would fit too, but nobody makes them.
        if shaped && text[2..4] > *"01" && remainder(&text[4..], &text[..4]) == 1 {
            Ok(Self(text))
        } else {
            Err(Invalid::new(
                "reference",
                "reference",
                "This is no payment reference, or its check digits do not fit. It begins with RF and two digits; compare it with the invoice.",
            ))
        }
    }

    /// The reference without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every reference in a payment's free text, however it is spaced, in order. Each is only a suggestion: one text in
    /// a hundred that begins with RF and two digits checks by chance.
    #[must_use]
    pub fn find_in(text: &str) -> Vec<Self> {
        let characters: Vec<char> = text.chars().collect();
        let mut found: Vec<Self> = Vec::new();
        for start in 0..characters.len() {
            let inside_a_word = start > 0 && characters[start - 1].is_alphanumeric();
            if inside_a_word || !characters[start].eq_ignore_ascii_case(&'R') {
                continue;
            }
            let mut body = String::new();
            for (index, character) in characters.iter().enumerate().skip(start) {
                if !character.is_ascii_alphanumeric() {
                    continue;
                }
                body.push(character.to_ascii_uppercase());
                if body.len() > BODY_MOST + 4 || !"RF".starts_with(&body[..body.len().min(2)]) {
                    break;
                }
                // A reference ends where a word does.
                let ends = characters
                    .get(index + 1)
                    .is_none_or(|next| !next.is_alphanumeric());
                if let (true, Ok(reference)) = (ends, Self::parse(&body))
                    && !found.contains(&reference)
                {
                    found.push(reference);
                }
            }
        }
        found
    }
}

/// Whether a payment's free text names an invoice number, however it is spaced or hyphenated. The number must stand by
/// itself: NM-2026-1 is not found in NM-2026-12.
#[must_use]
pub fn mentions(text: &str, number: &str) -> bool {
    let wanted: Vec<char> = plain(number).chars().collect();
    if wanted.is_empty() {
        return false;
    }
    let characters: Vec<char> = text.chars().map(|c| c.to_ascii_uppercase()).collect();
    (0..characters.len()).any(|start| {
        if characters[start] != wanted[0] || (start > 0 && characters[start - 1].is_alphanumeric())
        {
            return false;
        }
        let mut left = wanted.iter();
        let mut next = left.next();
        for (index, character) in characters.iter().enumerate().skip(start) {
            if !character.is_alphanumeric() {
                continue;
            }
            if Some(character) != next {
                return false;
            }
            next = left.next();
            if next.is_none() {
                return characters
                    .get(index + 1)
                    .is_none_or(|after| !after.is_alphanumeric());
            }
        }
        false
    })
}

/// Letters and digits only, capital.
fn plain(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

impl fmt::Display for Reference {
    /// In groups of four, as paper shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        grouped(&self.0, f)
    }
}

impl TryFrom<String> for Reference {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Reference, mentions};

    #[test]
    fn references_are_made_checked_and_grouped() {
        // The example that ISO 11649 is explained with everywhere.
        assert_eq!(
            Reference::parse("RF18 5390 0754 7034").unwrap().as_str(),
            "RF18539007547034"
        );
        assert_eq!(
            Reference::of_number("539007547034").unwrap().to_string(),
            "RF18 5390 0754 7034"
        );
        for wrong in [
            "",
            "RF",
            "RF18",
            "RF19539007547034",
            "XX18539007547034",
            "RF1853900754703É",
        ] {
            assert_eq!(
                Reference::parse(wrong).unwrap_err().code,
                "reference",
                "{wrong}"
            );
        }
        assert_eq!(
            Reference::of_number("NM-2026-0000000000000042")
                .unwrap_err()
                .code,
            "reference-length"
        );
        assert!(Reference::of_number("--").is_err());
    }

    #[test]
    fn references_are_found_in_what_banks_hand_on() {
        let one = Reference::of_number("NM-2026-00042").unwrap();
        let two = Reference::of_number("NM-2026-00043").unwrap();
        for text in [
            format!("Payment {one} thank you"),
            format!("SVWZ+{}", one.as_str()),
            format!("{one}"),
            one.as_str().to_lowercase(),
            format!("/RFS/{}/", one.as_str()),
            format!("invoice\n{}\n", one.to_string().replace(' ', "\n")),
        ] {
            assert_eq!(
                Reference::find_in(&text).as_slice(),
                std::slice::from_ref(&one),
                "{text}"
            );
        }
        assert_eq!(
            Reference::find_in(&format!("{one}, {two} und {one}")),
            [one.clone(), two]
        );
        assert!(Reference::find_in("nothing here, RF19 5390").is_empty());
        assert!(Reference::find_in(&format!("X{}", one.as_str())).is_empty());
    }

    #[test]
    fn numbers_are_found_but_not_inside_others() {
        for text in [
            "NM-2026-1",
            "Rechnung nm 2026 1, danke",
            "inv.NM/2026/1",
            "nm20261",
            "(NM-2026-1)",
        ] {
            assert!(mentions(text, "NM-2026-1"), "{text}");
        }
        for text in [
            "",
            "NM-2026-12",
            "XNM-2026-1",
            "NM-2026-",
            "NM-2026-1A",
            "2026-1",
        ] {
            assert!(!mentions(text, "NM-2026-1"), "{text}");
        }
        assert!(!mentions("anything", "--"));
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_and_found(number in "[A-Z]{1,3}-20[0-9]{2}-[0-9]{1,9}") {
            let reference = Reference::of_number(&number).unwrap();
            prop_assert_eq!(&Reference::parse(&reference.to_string()).unwrap(), &reference);
            let text = format!("pay: {reference}. For {number}!");
            prop_assert!(Reference::find_in(&text).contains(&reference));
            prop_assert!(mentions(&text, &number));
        }

        #[test]
        fn a_wrong_digit_is_noticed(number in "[0-9]{1,21}", place in 0_usize..21, other in 1_u8..10) {
            let reference = Reference::of_number(&number).unwrap();
            let mut bytes = reference.as_str().as_bytes().to_vec();
            let place = 4 + place % number.len();
            bytes[place] = b'0' + (bytes[place] - b'0' + other) % 10;
            prop_assert!(Reference::parse(&String::from_utf8(bytes).unwrap()).is_err());
        }

        #[test]
        fn nonsense_never_breaks(text in ".{0,60}") {
            let _ = Reference::find_in(&text);
            let _ = Reference::parse(&text);
            let _ = mentions(&text, "NM-2026-1");
        }
    }
}
