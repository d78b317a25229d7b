//! From when until when a certificate holds.

use jiff::{SignedDuration, Timestamp};
use x509_parser::time::ASN1Time;

use crate::certificate::CaCertificate;

/// How far before "now" a certificate begins to hold: phones whose clocks are a little behind must accept it.
pub const BACKDATE: SignedDuration = SignedDuration::from_mins(5);

/// A period in whole seconds; both ends belong to it (RFC 5280 §4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    not_before: Timestamp,
    not_after: Timestamp,
}

/// Why a period cannot be a certificate's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    /// The end is not after the beginning.
    #[error("a certificate must end after it begins")]
    Empty,
    /// Before 1970 or past what a date can say.
    #[error("the certificate's dates are outside the years 1970 to 9999")]
    OutOfRange,
    /// The issuer's own certificate does not cover any of it.
    #[error("the issuing CA's certificate does not cover this period; renew the CA")]
    OutsideIssuer,
}

impl Validity {
    /// A period between two moments; fractions of a second are cut off.
    ///
    /// # Errors
    /// When it is empty, or outside the years a certificate can express.
    pub fn new(not_before: Timestamp, not_after: Timestamp) -> Result<Self, ValidityError> {
        let cut = |moment: Timestamp| match moment.as_second() {
            second @ 0.. => Timestamp::from_second(second).map_err(|_| ValidityError::OutOfRange),
            _ => Err(ValidityError::OutOfRange),
        };
        let validity = Self {
            not_before: cut(not_before)?,
            not_after: cut(not_after)?,
        };
        if validity.not_before < validity.not_after {
            Ok(validity)
        } else {
            Err(ValidityError::Empty)
        }
    }

    /// From now, less [`BACKDATE`], for `lifetime`.
    ///
    /// # Errors
    /// As [`Validity::new`].
    pub fn lasting(now: Timestamp, lifetime: SignedDuration) -> Result<Self, ValidityError> {
        let not_before = now
            .checked_sub(BACKDATE)
            .map_err(|_| ValidityError::OutOfRange)?;
        let not_after = now
            .checked_add(lifetime)
            .map_err(|_| ValidityError::OutOfRange)?;
        Self::new(not_before, not_after)
    }

    /// The part of this period that the issuer's own certificate covers: no certificate outlives its issuer.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn within(self, issuer: &CaCertificate) -> Result<Self, ValidityError> {
        let not_before = self.not_before.max(issuer.validity().not_before);
        let not_after = self.not_after.min(issuer.validity().not_after);
        Self::new(not_before, not_after).map_err(|_| ValidityError::OutsideIssuer)
    }

    /// The first second in which the certificate holds.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last second in which the certificate holds.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether the moment lies in the period.
    pub fn holds_at(&self, moment: Timestamp) -> bool {
        (self.not_before.as_second()..=self.not_after.as_second()).contains(&moment.as_second())
    }

    /// When two thirds of the period have passed: from then on a certificate is renewed (DESIGN §5).
    pub fn renewal_at(&self) -> Timestamp {
        let (start, end) = (self.not_before.as_second(), self.not_after.as_second());
        Timestamp::from_second(start + (end - start) / 3 * 2).unwrap_or(self.not_after)
    }

    pub(crate) fn from_asn1(
        parsed: &x509_parser::certificate::Validity,
    ) -> Result<Self, ValidityError> {
        let read = |time: &ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|_| ValidityError::OutOfRange)
        };
        Self::new(read(&parsed.not_before)?, read(&parsed.not_after)?)
    }

    /// Sets both ends; rcgen's own defaults run from 1975 to 4096.
    pub(crate) fn write_to(self, params: &mut rcgen::CertificateParams) {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + since_epoch(self.not_before);
        params.not_after = epoch + since_epoch(self.not_after);
    }
}

/// Seconds since 1970; zero for what lies before (no caller lets such a moment through).
pub(crate) fn since_epoch(moment: Timestamp) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(moment.as_second()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn empty_reversed_and_ancient_periods_are_refused() {
        assert_eq!(Validity::new(at(10), at(10)), Err(ValidityError::Empty));
        assert_eq!(Validity::new(at(10), at(9)), Err(ValidityError::Empty));
        assert_eq!(Validity::new(at(-1), at(9)), Err(ValidityError::OutOfRange));
    }

    #[test]
    fn both_ends_belong_and_renewal_starts_at_two_thirds() {
        let validity = Validity::new(at(300), at(600)).unwrap();
        assert!(validity.holds_at(at(300)) && validity.holds_at(at(600)));
        assert!(!validity.holds_at(at(299)) && !validity.holds_at(at(601)));
        assert_eq!(validity.renewal_at(), at(500));
    }
}
