//! Countries of ISO 3166-1, and which of them share the VAT territory of the European Union.

use std::fmt;

use crate::text::Invalid;

/// Every officially assigned code of two letters (ISO 3166-1).
const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA \
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA \
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS \
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS \
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW \
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The member states since 2021. Territories with a code of their own (Åland, Réunion …) lie outside the VAT territory
/// (directive 2006/112/EC, article 6); Monaco counts as France and is not told apart here.
const MEMBERS: &str =
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

/// A country by its code of two letters.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The country of a code of two letters, in any case.
    ///
    /// # Errors
    /// ISO 3166-1 has no such code.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let upper = typed.trim().to_ascii_uppercase();
        let known = CODES.split_ascii_whitespace().any(|code| code == upper);
        match upper.as_bytes() {
            [first, second] if known => Ok(Self([*first, *second])),
            _ => Err(Invalid::new(
                "country",
                "country",
                "This is no country. Type its code of two letters, such as DE (Greece is GR).",
            )),
        }
    }

    /// The member states of the European Union.
    pub fn members() -> impl Iterator<Item = Self> {
        MEMBERS
            .split_ascii_whitespace()
            .filter_map(|code| Self::parse(code).ok())
    }

    /// The code of two capital letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether it is a member state of the European Union.
    #[must_use]
    pub fn is_member(self) -> bool {
        MEMBERS
            .split_ascii_whitespace()
            .any(|code| code == self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Country {
    type Error = Invalid;

    fn try_from(code: String) -> Result<Self, Invalid> {
        Self::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Country};

    #[test]
    fn codes_are_known_and_members_counted() {
        assert_eq!(CODES.split_ascii_whitespace().count(), 249);
        assert_eq!(Country::members().count(), 27);
        assert!(Country::parse("gr").unwrap().is_member());
        assert!(!Country::parse("GB").unwrap().is_member());
        for wrong in ["", "EL", "UK", "EU", "XX", "D", "DEU", "É"] {
            assert!(Country::parse(wrong).is_err(), "{wrong}");
        }
    }
}
