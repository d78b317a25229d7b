//! ISO 4217: the currencies one can be paid in, and how many decimals each has.

use std::fmt;

use crate::text::Invalid;

/// Active codes without decimals (ISO 4217, list one). A code that was ever in these lists stays: frozen documents name
/// it, and must be read in ten years.
const NO_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";

/// Active codes with two decimals. Funds codes that units of account share with a currency (BOV, CHE, CHW, COU, MXV,
/// USN) are in the list, because a bank's statement may name them. BGN left it when Bulgaria took the euro in 2026.
const TWO_DECIMALS: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY \
    COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS \
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR \
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

/// Active codes with three decimals.
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Active codes with four decimals.
const FOUR_DECIMALS: &str = "CLF UYW";

/// Each list with the number of decimals of its codes.
const LISTS: [(&str, u8); 4] = [
    (TWO_DECIMALS, 2),
    (NO_DECIMALS, 0),
    (THREE_DECIMALS, 3),
    (FOUR_DECIMALS, 4),
];

/// A currency of ISO 4217 that has a minor unit. Metals, test codes and "no currency" have none and are no currency
/// here.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// The euro.
    pub const EUR: Self = Self {
        code: *b"EUR",
        exponent: 2,
    };

    /// The currency of a code of three letters, in any case.
    ///
    /// # Errors
    /// The code is not an active one of ISO 4217, or has no minor unit.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let upper = typed.trim().to_ascii_uppercase();
        Self::all()
            .find(|currency| currency.as_str() == upper)
            .ok_or_else(|| {
                Invalid::new(
                    "currency",
                    "currency",
                    "This is no currency in use. Type its code of three letters, such as EUR.",
                )
            })
    }

    /// Every currency, those with two decimals first.
    pub fn all() -> impl Iterator<Item = Self> {
        LISTS.into_iter().flat_map(|(codes, exponent)| {
            codes.split_ascii_whitespace().filter_map(move |code| {
                let code: [u8; 3] = code.as_bytes().try_into().ok()?;
                Some(Self { code, exponent })
            })
        })
    }

    /// The code of three capital letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// How many decimals an amount has: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn decimals(self) -> u8 {
        self.exponent
    }

    /// How many minor units make one: 100 for EUR.
    #[must_use]
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(u32::from(self.exponent))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;

    fn try_from(code: String) -> Result<Self, Invalid> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Currency;

    #[test]
    fn decimals_are_those_of_iso_4217() {
        for (code, decimals) in [
            ("EUR", 2),
            ("JPY", 0),
            ("KWD", 3),
            ("ISK", 0),
            ("CLF", 4),
            ("HUF", 2),
        ] {
            assert_eq!(
                Currency::parse(code).unwrap().decimals(),
                decimals,
                "{code}"
            );
        }
        assert_eq!(Currency::parse("eur").unwrap(), Currency::EUR);
        assert_eq!(Currency::EUR.minor_per_major(), 100);
    }

    #[test]
    fn every_code_stands_once_and_is_three_letters() {
        let codes: Vec<String> = Currency::all().map(String::from).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        assert_eq!(codes.len(), 164);
        assert!(codes.iter().all(|code| {
            code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase())
        }));
    }

    #[test]
    fn what_nobody_pays_in_is_refused() {
        for wrong in ["", "EU", "EURO", "XAU", "XXX", "XTS", "DEM", "BGN", "ÉUR"] {
            assert_eq!(
                Currency::parse(wrong).unwrap_err().code,
                "currency",
                "{wrong}"
            );
        }
    }
}
