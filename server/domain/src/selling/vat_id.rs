//! VAT ids: the form, and the check digit where its algorithm is public. That one exists is for VIES to say.

use std::fmt;

use super::country::Country;
use super::vat_id_checks as check;
use crate::text::Invalid;

/// A VAT id with its country's prefix, in capital letters without spaces.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VatId {
    text: String,
    country: Country,
}

impl VatId {
    /// The VAT id in what somebody typed; spaces, dots, dashes and case do not matter.
    ///
    /// # Errors
    /// The prefix is not one of the European Union, the United Kingdom, Switzerland or Norway; or what follows has
    /// another form than that country's, or a check digit that does not fit.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let text: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/'))
            .flat_map(char::to_uppercase)
            .collect();
        let unknown = || {
            Invalid::new(
                "vat_id",
                "vat-id-country",
                "This VAT id begins with no country. Type it with its prefix, such as DE123456788.",
            )
        };
        let (Some(prefix), Some(rest)) = (text.get(..2), text.get(2..)) else {
            return Err(unknown());
        };
        let country = Country::parse(if prefix == "EL" { "GR" } else { prefix })
            .ok()
            .filter(|country| country.as_str() == prefix || prefix == "EL")
            .ok_or_else(unknown)?;
        let fits = fits(prefix, rest).ok_or_else(unknown)?;
        if !fits {
            let message = format!(
                "This is no VAT id of {country}: its form or its check digit is wrong. Compare it with the document that it stands on."
            );
            return Err(Invalid::new("vat_id", "vat-id", message));
        }
        Ok(Self { text, country })
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The country that gave it (Greece, whose prefix is EL, as GR).
    #[must_use]
    pub fn country(&self) -> Country {
        self.country
    }
}

/// Whether what follows a prefix is an id of that country; `None` of countries whose ids are not known here.
fn fits(prefix: &str, rest: &str) -> Option<bool> {
    Some(match prefix {
        "AT" => check::at(rest),
        "BE" => check::be(rest),
        "CH" => check::ch(rest),
        "DE" => check::de(rest),
        "DK" => check::dk(rest),
        "ES" => check::es(rest),
        "FI" => check::fi(rest),
        "FR" => check::fr(rest),
        "GB" => check::gb(rest),
        "IE" => check::ie(rest),
        "IT" => check::it(rest),
        "LU" => check::lu(rest),
        "NL" => check::nl(rest),
        "NO" => check::no(rest),
        "PL" => check::pl(rest),
        "PT" => check::pt(rest),
        "SE" => check::se(rest),
        "BG" => check::pattern(rest, &["999999999", "9999999999"]),
        "CY" => check::pattern(rest, &["99999999A"]),
        "CZ" => check::pattern(rest, &["99999999", "999999999", "9999999999"]),
        "EE" | "EL" => check::pattern(rest, &["999999999"]),
        "HR" | "LV" => check::pattern(rest, &["99999999999"]),
        "HU" | "MT" | "SI" => check::pattern(rest, &["99999999"]),
        "LT" => check::pattern(rest, &["999999999", "999999999999"]),
        "RO" => (2..=10).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()),
        "SK" => check::pattern(rest, &["9999999999"]),
        _ => return None,
    })
}

impl fmt::Display for VatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for VatId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<VatId> for String {
    fn from(id: VatId) -> Self {
        id.text
    }
}

#[cfg(test)]
#[path = "tests/vat_id.rs"]
mod tests;
