//! Signing. Whoever issues writes down the [`Plan`] first, so that a crash leaves no certificate the store does not
//! know; every certificate goes through [`lint`] before it leaves.

use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
};

use crate::certificate::CaCertificate;
use crate::fingerprint;
use crate::issuer::Issuer;
use crate::key::{PublicKey, SecretKey};
use crate::lint::{self, Finding};
use crate::profile::{AlternativeName, Constraint, Profile, Usage};
use crate::serial::Serial;
use crate::validity::Validity;

/// Everything that a certificate will say, but for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its serial number.
    pub serial: Serial,
    /// When it holds.
    pub validity: Validity,
    /// What it is.
    pub profile: Profile,
}

/// A certificate that was signed and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
    /// When it holds.
    pub validity: Validity,
    /// Lower-case hex SHA-256 of the certificate.
    pub fingerprint: String,
    /// Lower-case hex SHA-256 of the key's SubjectPublicKeyInfo.
    pub key_fingerprint: String,
}

/// Why no certificate came out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The library could not encode or sign.
    #[error("the certificate could not be signed: {0}")]
    Signing(String),
    /// The certificate is not what was planned, or this issuer must not sign it. It was thrown away.
    #[error("the certificate was thrown away before it left: {0}")]
    Lint(#[from] Finding),
}

/// Signs a certificate for a key: of a [`crate::request::Request`], or one of this server's own.
///
/// # Errors
/// See [`IssueError`]; nothing that fails the lint is given out.
pub fn issue(issuer: &Issuer, plan: &Plan, key: &PublicKey) -> Result<Issued, IssueError> {
    let certificate = params(plan)?
        .signed_by(key, issuer.inner())
        .map_err(signing)?;
    checked(certificate.der(), plan, key, issuer.certificate())
}

/// Signs a root with its own key.
pub(crate) fn self_sign(key: &SecretKey, plan: &Plan) -> Result<Issued, IssueError> {
    let certificate = params(plan)?.self_signed(key).map_err(signing)?;
    let root = CaCertificate::parse(certificate.der()).map_err(|_| Finding::Malformed)?;
    checked(certificate.der(), plan, key.public(), &root)
}

fn checked(
    der: &[u8],
    plan: &Plan,
    key: &PublicKey,
    issuer: &CaCertificate,
) -> Result<Issued, IssueError> {
    lint::lint(der, plan, key, issuer)?;
    Ok(Issued {
        der: der.to_vec(),
        serial: plan.serial,
        validity: plan.validity,
        fingerprint: fingerprint(der),
        key_fingerprint: key.spki_fingerprint(),
    })
}

fn params(plan: &Plan) -> Result<CertificateParams, IssueError> {
    let profile = &plan.profile;
    let mut params = CertificateParams::default();
    params.serial_number = Some(plan.serial.octets().to_vec().into());
    plan.validity.write_to(&mut params);
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, profile.common_name());
    params.subject_alt_names = profile
        .alternative_names()
        .iter()
        .map(san)
        .collect::<Result<_, _>>()?;
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = profile.usage().map(purpose).into_iter().collect();
    (params.is_ca, params.key_usages) = match profile.constraint() {
        Constraint::EndEntity => (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::DigitalSignature]),
        Constraint::Ca { path_length } => (
            IsCa::Ca(BasicConstraints::Constrained(path_length)),
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        ),
    };
    let point = |url: &str| CrlDistributionPoint {
        uris: vec![url.to_owned()],
    };
    params.crl_distribution_points = profile.crl_url().map(point).into_iter().collect();
    Ok(params)
}

fn san(name: &AlternativeName) -> Result<SanType, IssueError> {
    Ok(match name {
        AlternativeName::Uri(uri) => SanType::URI(uri.as_str().try_into().map_err(signing)?),
        AlternativeName::Dns(name) => SanType::DnsName(name.as_str().try_into().map_err(signing)?),
        AlternativeName::Ip(address) => SanType::IpAddress(*address),
    })
}

fn purpose(usage: Usage) -> ExtendedKeyUsagePurpose {
    match usage {
        Usage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        Usage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn signing(error: rcgen::Error) -> IssueError {
    IssueError::Signing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{
        ENROLMENT, device_plan, hierarchy, now, request_der, seeded, server_plan,
    };
    use crate::identity::DeviceCertificate;
    use crate::request::Request;
    use jiff::SignedDuration;

    #[test]
    fn a_request_that_wants_to_be_a_ca_gets_a_phones_certificate() {
        let hierarchy = hierarchy();
        let key = SecretKey::generate(&mut seeded(5)).unwrap();
        let der = request_der(
            &key,
            &[
                &format!("urn:muster:enrolment:{ENROLMENT}"),
                "https://example.org",
            ],
        );
        let request = Request::from_der(&der).unwrap();
        let issued = issue(hierarchy.devices(), &device_plan(), request.public_key()).unwrap();
        let read = DeviceCertificate::parse(&issued.der).unwrap();
        assert_eq!(read.subject().enrolment_id(), Some(ENROLMENT));
        assert_eq!(read.key_fingerprint(), key.public().spki_fingerprint());
        assert!(
            issued.der.len() < 900,
            "{} bytes in every handshake",
            issued.der.len()
        );
    }

    #[test]
    fn an_issuer_signs_for_its_own_usage_only() {
        let hierarchy = hierarchy();
        let key = SecretKey::generate(&mut seeded(5)).unwrap();
        assert!(issue(hierarchy.servers(), &server_plan(), key.public()).is_ok());
        let refused = issue(hierarchy.devices(), &server_plan(), key.public());
        assert_eq!(refused, Err(IssueError::Lint(Finding::IssuerUsage)));
        let refused = issue(hierarchy.servers(), &device_plan(), key.public());
        assert_eq!(refused, Err(IssueError::Lint(Finding::IssuerUsage)));
    }

    #[test]
    fn no_certificate_outlives_its_issuer() {
        let hierarchy = hierarchy();
        let key = SecretKey::generate(&mut seeded(5)).unwrap();
        let mut plan = device_plan();
        plan.validity =
            Validity::lasting(now(), SignedDuration::from_hours(24 * 365 * 11)).unwrap();
        let refused = issue(hierarchy.devices(), &plan, key.public());
        assert_eq!(refused, Err(IssueError::Lint(Finding::OutsideIssuer)));
        plan.validity = plan
            .validity
            .within(hierarchy.devices().certificate())
            .unwrap();
        assert!(issue(hierarchy.devices(), &plan, key.public()).is_ok());
    }
}
