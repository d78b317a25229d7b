//! What a device can be, and the numbers it is known by.

use crate::text::Invalid;

/// The life of a device record, one way only but for re-enrolment (an enrolled phone may enrol anew).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Known by its serial number, not yet enrolled.
    Registered,
    /// Holds a certificate and checks in.
    Enrolled,
    /// Left the fleet; its owner's data stayed.
    Killed,
    /// Erased, and left the fleet.
    Wiped,
    /// Put aside by its organisation.
    Retired,
}

impl Lifecycle {
    /// Every stage, in the order of a life.
    pub const ALL: [Self; 5] = [
        Self::Registered,
        Self::Enrolled,
        Self::Killed,
        Self::Wiped,
        Self::Retired,
    ];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Enrolled => "enrolled",
            Self::Killed => "killed",
            Self::Wiped => "wiped",
            Self::Retired => "retired",
        }
    }

    /// The stage of a stored or sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// How lately a phone was heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contact {
    /// Within [`STALE_HOURS`].
    Fresh,
    /// Not within [`STALE_HOURS`], but within [`LOST_DAYS`].
    Stale,
    /// Not within [`LOST_DAYS`].
    Lost,
    /// Never yet.
    Never,
}

/// Hours without contact after which a phone is shown as stale (PROTOCOL §9 `stale_hours`, the mild built-in value).
pub const STALE_HOURS: i64 = 24;
/// Days without contact after which contact is shown as lost (PROTOCOL §9 `contact_lost_days`).
pub const LOST_DAYS: i64 = 14;

impl Contact {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Fresh, Self::Stale, Self::Lost, Self::Never];

    /// The contact of a phone last heard of at `last` when it is `now`; both microseconds since 1970.
    #[must_use]
    pub fn at(last: Option<i64>, now: i64) -> Self {
        match last {
            None => Self::Never,
            Some(last) if last > now.saturating_sub(STALE_HOURS * 3_600_000_000) => Self::Fresh,
            Some(last) if last > now.saturating_sub(LOST_DAYS * 86_400_000_000) => Self::Stale,
            Some(_) => Self::Lost,
        }
    }

    /// The word that is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Lost => "lost",
            Self::Never => "never",
        }
    }

    /// The state of a sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|contact| contact.as_str() == word)
    }
}

/// An IMEI of 15 digits whose last one fits the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imei(String);

impl Imei {
    /// The IMEI in what somebody typed or scanned; spaces, dashes and slashes do not matter.
    ///
    /// # Errors
    /// There are not 15 digits, or the check digit (Luhn, 3GPP TS 23.003 annex B) does not fit.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let digits: String = typed
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '/'))
            .collect();
        if digits.len() != 15 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Invalid::new(
                "imei",
                "imei-length",
                "An IMEI has 15 digits. Scan it again.",
            ));
        }
        let sum: u32 = digits
            .bytes()
            .enumerate()
            .map(|(index, byte)| {
                let digit = u32::from(byte - b'0');
                if index.is_multiple_of(2) {
                    digit
                } else if digit > 4 {
                    digit * 2 - 9
                } else {
                    digit * 2
                }
            })
            .sum();
        if sum.is_multiple_of(10) {
            Ok(Self(digits))
        } else {
            Err(Invalid::new(
                "imei",
                "imei-check",
                "The last digit does not fit the others. Scan it again.",
            ))
        }
    }

    /// The 15 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A serial number as somebody typed it to confirm an act, compared without spaces, dashes or case.
#[must_use]
pub fn same_serial(typed: &str, serial: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_uppercase)
            .collect()
    };
    !serial.is_empty() && plain(typed) == plain(serial)
}

#[cfg(test)]
mod tests {
    use super::{Contact, Imei, Lifecycle, same_serial};

    #[test]
    fn words_round_trip() {
        for stage in Lifecycle::ALL {
            assert_eq!(Lifecycle::parse(stage.as_str()), Some(stage));
        }
        for contact in Contact::ALL {
            assert_eq!(Contact::parse(contact.as_str()), Some(contact));
        }
    }

    #[test]
    fn contact_ages() {
        let now = 2_000_000_000_000_000;
        let hour = 3_600_000_000;
        assert_eq!(Contact::at(None, now), Contact::Never);
        assert_eq!(Contact::at(Some(now), now), Contact::Fresh);
        assert_eq!(Contact::at(Some(now - 24 * hour), now), Contact::Stale);
        assert_eq!(Contact::at(Some(now - 14 * 24 * hour), now), Contact::Lost);
    }

    #[test]
    fn an_imei_is_checked_and_a_serial_is_read_not_typed() {
        assert_eq!(
            Imei::parse("49-015420-323751 8").unwrap().as_str(),
            "490154203237518"
        );
        assert_eq!(
            Imei::parse("490154203237517").unwrap_err().code,
            "imei-check"
        );
        assert_eq!(
            Imei::parse("49015420323751").unwrap_err().code,
            "imei-length"
        );
        assert!(same_serial("hx7 30418k2", "HX7-30418-K2"));
        assert!(!same_serial("", "") && !same_serial("HX7-30418-K3", "HX7-30418-K2"));
    }
}
