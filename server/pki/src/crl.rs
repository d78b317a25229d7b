//! Certificate revocation lists (RFC 5280 §5), for others: this server itself asks its store at each request.

use jiff::Timestamp;
use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope,
    KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::certificate::{CaCertificate, is_strictly_signed, parse_exactly};
use crate::issuer::Issuer;
use crate::profile::CrlUrl;
use crate::serial::Serial;
use crate::validity::since_epoch;

/// The head of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// CRLNumber: greater with each list.
    pub number: u64,
    /// When it was made.
    pub this_update: Timestamp,
    /// By when there will be a newer one.
    pub next_update: Timestamp,
    /// For one shard of several: the address its certificates name. `None` is the full list.
    pub shard: Option<CrlUrl>,
}

/// One revoked certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: Serial,
    /// When it was revoked; whole seconds are kept.
    pub at: Timestamp,
    /// Why; left out of the list when unspecified (RFC 5280 §5.3.1).
    pub reason: Option<Reason>,
}

/// The reasons this product revokes for, with their codes of RFC 5280 §5.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// 1: the key is in wrong hands.
    KeyCompromise,
    /// 3: the phone moved to another fleet.
    AffiliationChanged,
    /// 4: a newer certificate took its place.
    Superseded,
    /// 5: the phone left the fleet: killed, wiped or retired.
    CessationOfOperation,
    /// 9: a person took its rights away.
    PrivilegeWithdrawn,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The code, as stored and as encoded.
    pub fn code(self) -> u8 {
        match self {
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// The reason of a code; 0 and codes this product does not use are no reason.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    fn encoded(self) -> RevocationReason {
        match self {
            Self::KeyCompromise => RevocationReason::KeyCompromise,
            Self::AffiliationChanged => RevocationReason::AffiliationChanged,
            Self::Superseded => RevocationReason::Superseded,
            Self::CessationOfOperation => RevocationReason::CessationOfOperation,
            Self::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        }
    }
}

/// A list that was read and whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// CRLNumber.
    pub number: u64,
    /// When it was made.
    pub this_update: Timestamp,
    /// By when there will be a newer one.
    pub next_update: Timestamp,
    /// Whether it is one shard of several.
    pub sharded: bool,
    /// The revoked certificates.
    pub revoked: Vec<Revoked>,
}

/// Why a list cannot be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// nextUpdate is not after thisUpdate.
    #[error("a CRL must be due after it was made")]
    Dates,
    /// The library could not encode or sign.
    #[error("the CRL could not be signed: {0}")]
    Signing(String),
    /// Not a list of our kind.
    #[error("this is not a well-formed CRL of Muster")]
    Malformed,
    /// Signed by somebody else.
    #[error("this CRL was not signed by that CA")]
    NotSignedBy,
}

/// Signs a list. Takes the entries in any order and keeps it.
///
/// # Errors
/// See [`CrlError`].
pub fn build(
    issuer: &Issuer,
    head: &Head,
    revoked: impl IntoIterator<Item = Revoked>,
) -> Result<Vec<u8>, CrlError> {
    if head.next_update.as_second() <= head.this_update.as_second() {
        return Err(CrlError::Dates);
    }
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let entry = |revoked: Revoked| RevokedCertParams {
        serial_number: SerialNumber::from_slice(revoked.serial.octets()),
        revocation_time: epoch + since_epoch(revoked.at),
        reason_code: revoked.reason.map(Reason::encoded),
        invalidity_date: None,
    };
    let shard = |url: &CrlUrl| CrlIssuingDistributionPoint {
        distribution_point: CrlDistributionPoint {
            uris: vec![url.as_str().to_owned()],
        },
        scope: Some(CrlScope::UserCertsOnly),
    };
    CertificateRevocationListParams {
        this_update: epoch + since_epoch(head.this_update),
        next_update: epoch + since_epoch(head.next_update),
        crl_number: head.number.into(),
        issuing_distribution_point: head.shard.as_ref().map(shard),
        revoked_certs: revoked.into_iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::PreSpecified(issuer.certificate().key_id().to_vec()),
    }
    .signed_by(issuer.inner())
    .map(|crl| crl.der().to_vec())
    .map_err(|error| CrlError::Signing(error.to_string()))
}

/// Reads a list and verifies its signature: for tests, and for a program that checks what was published.
///
/// # Errors
/// See [`CrlError`].
pub fn parse(der: &[u8], issuer: &CaCertificate) -> Result<Crl, CrlError> {
    if !is_strictly_signed(der) {
        return Err(CrlError::Malformed);
    }
    let Ok(([], crl)) = CertificateRevocationList::from_der(der) else {
        return Err(CrlError::Malformed);
    };
    let ca = parse_exactly(issuer.der()).map_err(|_| CrlError::NotSignedBy)?;
    if crl.issuer().as_raw() != issuer.subject_der() || !names_key(&crl, issuer.key_id()) {
        return Err(CrlError::NotSignedBy);
    }
    crl.verify_signature(ca.public_key())
        .map_err(|_| CrlError::NotSignedBy)?;
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| CrlError::Malformed);
    let mut revoked = Vec::new();
    for entry in crl.iter_revoked_certificates() {
        revoked.push(Revoked {
            serial: Serial::from_octets(entry.raw_serial()).map_err(|_| CrlError::Malformed)?,
            at: time(entry.revocation_date.timestamp())?,
            reason: entry
                .reason_code()
                .and_then(|(_, reason)| Reason::from_code(reason.0)),
        });
    }
    Ok(Crl {
        number: crl
            .crl_number()
            .and_then(|number| u64::try_from(number).ok())
            .ok_or(CrlError::Malformed)?,
        this_update: time(crl.last_update().timestamp())?,
        next_update: time(crl.next_update().ok_or(CrlError::Malformed)?.timestamp())?,
        sharded: has(&crl, |extension| {
            matches!(extension, ParsedExtension::IssuingDistributionPoint(_))
        }),
        revoked,
    })
}

fn names_key(crl: &CertificateRevocationList<'_>, key_id: &[u8]) -> bool {
    has(crl, |extension| {
        let ParsedExtension::AuthorityKeyIdentifier(id) = extension else {
            return false;
        };
        id.key_identifier.as_ref().is_some_and(|id| id.0 == key_id)
    })
}

fn has(crl: &CertificateRevocationList<'_>, wanted: impl Fn(&ParsedExtension<'_>) -> bool) -> bool {
    crl.extensions()
        .iter()
        .any(|extension| wanted(extension.parsed_extension()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{hierarchy, now, seeded};
    use jiff::SignedDuration;

    fn head(number: u64) -> Head {
        let next_update = now().checked_add(SignedDuration::from_hours(24)).unwrap();
        Head {
            number,
            this_update: now(),
            next_update,
            shard: None,
        }
    }

    fn entries(count: usize) -> Vec<Revoked> {
        let mut random = seeded(11);
        let reasons = [
            None,
            Some(Reason::CessationOfOperation),
            Some(Reason::Superseded),
        ];
        (0..count)
            .map(|i| Revoked {
                serial: Serial::draw(&mut random),
                at: now(),
                reason: reasons[i % 3],
            })
            .collect()
    }

    #[test]
    fn a_list_survives_its_encoding() {
        let hierarchy = hierarchy();
        let ca = hierarchy.devices().certificate();
        for count in [0, 1, 500] {
            let der = build(hierarchy.devices(), &head(7), entries(count)).unwrap();
            let read = parse(&der, ca).unwrap();
            assert_eq!(
                (read.number, read.this_update, read.next_update),
                (7, now(), head(7).next_update)
            );
            assert_eq!(read.revoked, entries(count));
            assert_eq!(
                parse(&der, hierarchy.servers().certificate()),
                Err(CrlError::NotSignedBy)
            );
        }
    }

    #[test]
    fn an_unspecified_reason_is_left_out() {
        let hierarchy = hierarchy();
        let one = |reason| {
            build(
                hierarchy.devices(),
                &head(1),
                [Revoked {
                    reason,
                    ..entries(1)[0]
                }],
            )
            .unwrap()
        };
        let without = one(None);
        // SEQUENCE { OID id-ce-cRLReasons …
        let reasons = hex::decode("0603551d15").unwrap();
        assert!(!without.windows(5).any(|window| window == reasons));
        assert!(
            one(Some(Reason::KeyCompromise))
                .windows(5)
                .any(|window| window == reasons)
        );
    }

    #[test]
    fn a_shard_says_so() {
        let hierarchy = hierarchy();
        let shard = CrlUrl::parse("http://devices.example.org/v1/crl/3").ok();
        let der = build(hierarchy.devices(), &Head { shard, ..head(1) }, entries(3)).unwrap();
        assert!(
            parse(&der, hierarchy.devices().certificate())
                .unwrap()
                .sharded
        );
    }

    #[test]
    fn a_list_that_is_due_before_it_is_made_is_refused() {
        let hierarchy = hierarchy();
        let head = Head {
            next_update: now(),
            ..head(1)
        };
        assert_eq!(build(hierarchy.devices(), &head, []), Err(CrlError::Dates));
    }

    #[test]
    fn a_hundred_thousand_entries_are_signed() {
        let hierarchy = hierarchy();
        let der = build(hierarchy.devices(), &head(1), entries(100_000)).unwrap();
        assert!(der.len() > 3_500_000);
    }

    #[test]
    fn reasons_survive_their_codes() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Reason::from_code(0), None);
    }
}
