//! Enrolment codes: single-use secrets that a person can type.

use std::fmt;

use crate::text::Invalid;

/// Crockford's base 32: no I, L, O or U, so that nothing is misread or spells a word.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 20 characters carry 100 bits.
const LENGTH: usize = 20;

/// How long a code can be used, in hours.
pub const LIFE_HOURS: i64 = 24;

/// A code of 20 Crockford characters. It is shown once and stored only as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode(String);

impl EnrolmentCode {
    /// A new code from 20 random bytes (five bits of each are used).
    #[must_use]
    pub fn from_random(random: [u8; LENGTH]) -> Self {
        Self(
            random
                .iter()
                .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
                .collect(),
        )
    }

    /// The code in what somebody typed: case, spaces and dashes do not matter, `O` is read as 0, `I` and `L` as 1.
    ///
    /// # Errors
    /// There are not exactly 20 characters of the alphabet.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let wrong = || {
            Invalid::new(
                "code",
                "code",
                "An enrolment code has 20 letters and digits, in four groups of five.",
            )
        };
        let mut code = String::with_capacity(LENGTH);
        for character in typed.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let upper = match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if code.len() == LENGTH || !upper.is_ascii() || !ALPHABET.contains(&(upper as u8)) {
                return Err(wrong());
            }
            code.push(upper);
        }
        if code.len() == LENGTH {
            Ok(Self(code))
        } else {
            Err(wrong())
        }
    }

    /// The 20 characters without dashes: what is hashed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnrolmentCode {
    /// Four groups of five, parted by dashes: `4H2K9-ZQT7C-…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, character) in self.0.chars().enumerate() {
            if index > 0 && index.is_multiple_of(5) {
                f.write_str("-")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::EnrolmentCode;

    #[test]
    fn a_code_survives_being_read_aloud() {
        let code = EnrolmentCode::from_random(std::array::from_fn(|i| i as u8 * 7));
        let shown = code.to_string();
        assert_eq!(shown.len(), 23);
        assert_eq!(EnrolmentCode::parse(&shown).unwrap(), code);
        assert_eq!(
            EnrolmentCode::parse(&shown.to_lowercase().replace('-', " ")).unwrap(),
            code
        );
        assert_eq!(
            EnrolmentCode::parse(&shown.replace('0', "o").replace('1', "l")).unwrap(),
            code
        );
        assert_eq!(format!("{code:?}"), "EnrolmentCode(…)");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for wrong in [
            "",
            "4H2K9",
            "4H2K9-ZQT7C-4H2K9-ZQT7U",
            "4H2K9-ZQT7C-4H2K9-ZQT7C-1",
            "ééééé-ZQT7C-4H2K9-ZQT7C",
        ] {
            assert!(EnrolmentCode::parse(wrong).is_err(), "{wrong}");
        }
    }
}
