//! The last look at a certificate before it leaves: another parser reads it and compares every field with the plan.
//!
//! The rules are RFC 5280's and the profiles' (DESIGN §5). Written against the encoding and not against the code that
//! made it, so that a fault of the library, or of ours in using it, stays in the house.

use std::net::IpAddr;

use x509_parser::certificate::{TbsCertificate, X509Certificate};
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension, X509Extension};
use x509_parser::oid_registry::OID_SIG_ECDSA_WITH_SHA256;
use x509_parser::time::ASN1Time;

use crate::certificate::{CaCertificate, extended_usage, parse_exactly};
use crate::issue::Plan;
use crate::key::PublicKey;
use crate::profile::{AlternativeName, Constraint};
use crate::serial::Serial;
use crate::validity::Validity;

/// 1 January 2050: from then on dates are GeneralizedTime (RFC 5280 §4.1.2.5).
const YEAR_2050: i64 = 2_524_608_000;
/// keyUsage bits as the parser counts them.
const DIGITAL_SIGNATURE: u16 = 1;
const KEY_CERT_SIGN_AND_CRL_SIGN: u16 = 1 << 5 | 1 << 6;

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Not one well-formed DER certificate.
    #[error("it is not well-formed")]
    Malformed,
    /// Not X.509 version 3.
    #[error("it is not version 3")]
    Version,
    /// The serial number is another one than was written down.
    #[error("its serial number is not the planned one")]
    Serial,
    /// Not ecdsa-with-SHA256, or inner and outer algorithm differ.
    #[error("its signature algorithm is not ecdsa-with-SHA256")]
    SignatureAlgorithm,
    /// The issuer's name is not, byte for byte, the subject of the issuer's certificate.
    #[error("its issuer is not the CA's name")]
    Issuer,
    /// The subject is not exactly the planned common name.
    #[error("its subject is not the planned one")]
    Subject,
    /// The dates are not the planned ones.
    #[error("its dates are not the planned ones")]
    Validity,
    /// A date before 2050 that is not UTCTime, or one after that is not GeneralizedTime.
    #[error("its dates are encoded wrongly")]
    TimeEncoding,
    /// It holds when its issuer's certificate does not.
    #[error("it would hold when its issuer's certificate does not")]
    OutsideIssuer,
    /// The issuer's own extended key usage, or its place, does not allow this kind of certificate.
    #[error("this CA must not issue certificates of this kind")]
    IssuerUsage,
    /// The key is another one.
    #[error("its key is not the requested one")]
    PublicKey,
    /// issuerUniqueID or subjectUniqueID.
    #[error("it has a unique identifier, which RFC 5280 forbids")]
    UniqueIdentifier,
    /// An extension does not say what the profile wants.
    #[error("its extension {0} is not what the profile says")]
    Extension(&'static str),
    /// An extension that the profile does not have.
    #[error("it has an extension that does not belong there: {0}")]
    ForeignExtension(String),
    /// An extension that stands there twice.
    #[error("its extension {0} stands there twice")]
    RepeatedExtension(&'static str),
    /// An extension of the profile is not there.
    #[error("its extension {0} is missing")]
    MissingExtension(&'static str),
    /// The signature is not the issuer's.
    #[error("its signature does not verify")]
    Signature,
}

/// Compares a certificate with its plan, the key it was made for and its issuer.
///
/// # Errors
/// The first thing that is wrong.
pub fn lint(
    der: &[u8],
    plan: &Plan,
    key: &PublicKey,
    issuer: &CaCertificate,
) -> Result<(), Finding> {
    let certificate = parse_exactly(der).map_err(|_| Finding::Malformed)?;
    let tbs = &certificate.tbs_certificate;
    ensure(tbs.version.0 == 2, Finding::Version)?;
    ensure(
        Serial::from_octets(certificate.raw_serial()) == Ok(plan.serial),
        Finding::Serial,
    )?;
    ensure(tbs.issuer.as_raw() == issuer.subject_der(), Finding::Issuer)?;
    ensure(
        is_common_name(tbs, plan.profile.common_name()),
        Finding::Subject,
    )?;
    ensure(tbs.subject_pki.raw == key.spki(), Finding::PublicKey)?;
    ensure(
        tbs.issuer_uid.is_none() && tbs.subject_uid.is_none(),
        Finding::UniqueIdentifier,
    )?;
    lint_validity(tbs, &plan.validity, issuer)?;
    lint_extensions(&certificate, plan, key, issuer)?;
    lint_place(&certificate, plan, issuer)?;
    lint_signature(&certificate, issuer)
}

fn ensure(holds: bool, finding: Finding) -> Result<(), Finding> {
    if holds { Ok(()) } else { Err(finding) }
}

fn is_common_name(tbs: &TbsCertificate<'_>, wanted: &str) -> bool {
    let mut attributes = tbs.subject.iter_attributes();
    let common_name = tbs
        .subject
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok());
    attributes.next().is_some() && attributes.next().is_none() && common_name == Some(wanted)
}

fn lint_validity(
    tbs: &TbsCertificate<'_>,
    planned: &Validity,
    issuer: &CaCertificate,
) -> Result<(), Finding> {
    let read = Validity::from_asn1(&tbs.validity).map_err(|_| Finding::Validity)?;
    ensure(read == *planned, Finding::Validity)?;
    let well_encoded =
        |time: &ASN1Time| time.is_generalizedtime() == (time.timestamp() >= YEAR_2050);
    ensure(
        well_encoded(&tbs.validity.not_before) && well_encoded(&tbs.validity.not_after),
        Finding::TimeEncoding,
    )?;
    let covers = |moment| issuer.validity().holds_at(moment);
    ensure(
        covers(read.not_before()) && covers(read.not_after()),
        Finding::OutsideIssuer,
    )
}

fn lint_extensions(
    certificate: &X509Certificate<'_>,
    plan: &Plan,
    key: &PublicKey,
    issuer: &CaCertificate,
) -> Result<(), Finding> {
    let mut seen = Vec::new();
    for extension in certificate.extensions() {
        let name = lint_extension(extension, certificate, plan, key, issuer)?;
        ensure(!seen.contains(&name), Finding::RepeatedExtension(name))?;
        seen.push(name);
    }
    let profile = &plan.profile;
    let wanted = [
        (AKI, true),
        (SKI, true),
        (KU, true),
        (BC, true),
        (EKU, profile.usage().is_some()),
        (SAN, !profile.alternative_names().is_empty()),
        (CRLDP, profile.crl_url().is_some()),
    ];
    let missing = wanted
        .into_iter()
        .find(|(name, wanted)| *wanted && !seen.contains(name));
    missing.map_or(Ok(()), |(name, _)| Err(Finding::MissingExtension(name)))
}

const AKI: &str = "authorityKeyIdentifier";
const SKI: &str = "subjectKeyIdentifier";
const KU: &str = "keyUsage";
const BC: &str = "basicConstraints";
const EKU: &str = "extKeyUsage";
const SAN: &str = "subjectAltName";
const CRLDP: &str = "cRLDistributionPoints";

/// Judges one extension by itself and says which it was.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser knows many extensions; all that are not named are foreign"
)]
fn lint_extension(
    extension: &X509Extension<'_>,
    certificate: &X509Certificate<'_>,
    plan: &Plan,
    key: &PublicKey,
    issuer: &CaCertificate,
) -> Result<&'static str, Finding> {
    let profile = &plan.profile;
    let (name, critical, holds) = match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            let by_key_alone =
                id.authority_cert_issuer.is_none() && id.authority_cert_serial.is_none();
            let same = id
                .key_identifier
                .as_ref()
                .is_some_and(|id| id.0 == issuer.key_id());
            (AKI, false, by_key_alone && same)
        }
        ParsedExtension::SubjectKeyIdentifier(id) => (SKI, false, id.0 == key.key_id()),
        ParsedExtension::KeyUsage(usage) => {
            let wanted = match profile.constraint() {
                Constraint::EndEntity => DIGITAL_SIGNATURE,
                Constraint::Ca { .. } => KEY_CERT_SIGN_AND_CRL_SIGN,
            };
            (KU, true, usage.flags == wanted)
        }
        ParsedExtension::BasicConstraints(read) => {
            let (ca, path_length) = match profile.constraint() {
                Constraint::EndEntity => (false, None),
                Constraint::Ca { path_length } => (true, Some(u32::from(path_length))),
            };
            (
                BC,
                true,
                read.ca == ca && read.path_len_constraint == path_length,
            )
        }
        ParsedExtension::ExtendedKeyUsage(_) => {
            let usage = extended_usage(certificate).ok().flatten();
            (EKU, false, usage.is_some() && usage == profile.usage())
        }
        ParsedExtension::SubjectAlternativeName(names) => {
            let read: Option<Vec<_>> = names.general_names.iter().map(alternative_name).collect();
            (
                SAN,
                false,
                read.is_some_and(|read| !read.is_empty() && read == profile.alternative_names()),
            )
        }
        ParsedExtension::CRLDistributionPoints(points) => {
            let holds = match (points.points.as_slice(), profile.crl_url()) {
                ([point], Some(wanted)) => {
                    let url = [GeneralName::URI(wanted)];
                    let named = matches!(&point.distribution_point, Some(DistributionPointName::FullName(names)) if names[..] == url);
                    named && point.reasons.is_none() && point.crl_issuer.is_none()
                }
                (_, _) => false,
            };
            (CRLDP, false, holds)
        }
        _ => return Err(Finding::ForeignExtension(extension.oid.to_id_string())),
    };
    ensure(
        holds && extension.critical == critical,
        Finding::Extension(name),
    )?;
    Ok(name)
}

fn alternative_name(name: &GeneralName<'_>) -> Option<AlternativeName> {
    if let GeneralName::URI(uri) = name {
        return Some(AlternativeName::Uri((*uri).to_owned()));
    }
    if let GeneralName::DNSName(name) = name {
        return Some(AlternativeName::Dns((*name).to_owned()));
    }
    let GeneralName::IPAddress(octets) = name else {
        return None;
    };
    if let Ok(v4) = <[u8; 4]>::try_from(*octets) {
        return Some(AlternativeName::Ip(IpAddr::from(v4)));
    }
    <[u8; 16]>::try_from(*octets)
        .ok()
        .map(|v6| AlternativeName::Ip(IpAddr::from(v6)))
}

/// A CA signs what it is there for: the root CAs, an intermediate end entities of its own usage.
fn lint_place(
    certificate: &X509Certificate<'_>,
    plan: &Plan,
    issuer: &CaCertificate,
) -> Result<(), Finding> {
    let self_signed = certificate.issuer().as_raw() == certificate.subject().as_raw();
    let allowed = match (plan.profile.constraint(), issuer.usage()) {
        (Constraint::Ca { path_length }, None) => self_signed == (path_length == 1),
        (Constraint::EndEntity, Some(usage)) => plan.profile.usage() == Some(usage),
        (Constraint::Ca { .. }, Some(_)) | (Constraint::EndEntity, None) => false,
    };
    ensure(allowed, Finding::IssuerUsage)
}

fn lint_signature(
    certificate: &X509Certificate<'_>,
    issuer: &CaCertificate,
) -> Result<(), Finding> {
    let outer = &certificate.signature_algorithm;
    let right = outer.algorithm == OID_SIG_ECDSA_WITH_SHA256 && outer.parameters.is_none();
    ensure(
        right && *outer == certificate.tbs_certificate.signature,
        Finding::SignatureAlgorithm,
    )?;
    let issuer = parse_exactly(issuer.der()).map_err(|_| Finding::Malformed)?;
    certificate
        .verify_signature(Some(issuer.public_key()))
        .map_err(|_| Finding::Signature)
}

#[cfg(test)]
mod tests;
