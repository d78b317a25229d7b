//! Codes of banks by ISO 9362: eight characters, or eleven with a branch.

use std::fmt;

use super::country::Country;
use crate::text::Invalid;

/// A BIC, in capital letters without spaces.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bic(String);

impl Bic {
    /// The BIC in what somebody typed; spaces and case do not matter.
    ///
    /// # Errors
    /// It is not four letters or digits, a country, two letters or digits and perhaps three more.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let text: String = typed
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let shaped = text.bytes().all(|b| b.is_ascii_alphanumeric())
            && matches!(text.len(), 8 | 11)
            && text
                .get(4..6)
                .is_some_and(|code| Country::parse(code).is_ok() || code == "XK");
        if shaped {
            Ok(Self(text))
        } else {
            Err(Invalid::new(
                "bic",
                "bic",
                "This is no BIC. It has 8 or 11 letters and digits, the fifth and sixth are the bank's country, such as NOLADE21XXX.",
            ))
        }
    }

    /// The BIC without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Bic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Bic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Bic {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Bic> for String {
    fn from(bic: Bic) -> Self {
        bic.0
    }
}

#[cfg(test)]
mod tests {
    use super::Bic;

    #[test]
    fn the_form_is_checked_and_spaces_do_not_matter() {
        for (typed, bic) in [
            ("nolade21xxx", "NOLADE21XXX"),
            ("AGRI FR PP", "AGRIFRPP"),
            ("4321XKPR", "4321XKPR"),
        ] {
            assert_eq!(Bic::parse(typed).unwrap().as_str(), bic);
        }
        for wrong in [
            "",
            "AGRI",
            "AGRIFRPP8",
            "AGRIFRPPXXXX",
            "AGRIZZPP",
            "AGRI-RPP",
            "ÄGRIFRPP",
            "AGRÉFRPP",
        ] {
            assert_eq!(Bic::parse(wrong).unwrap_err().code, "bic", "{wrong}");
        }
    }
}
