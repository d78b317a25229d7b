//! A CA's certificate as others need it, and PEM.

use der::asn1::{Any, BitString, ObjectIdentifier};
use der::{Decode, Encode, Sequence};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER;
use x509_parser::prelude::FromDer;

use crate::fingerprint;
use crate::key::PublicKey;
use crate::profile::Usage;
use crate::validity::Validity;

/// A CA certificate, read once and kept with what is asked of it again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaCertificate {
    der: Vec<u8>,
    subject: Vec<u8>,
    common_name: String,
    key_id: Vec<u8>,
    public_key: PublicKey,
    validity: Validity,
    usage: Option<Usage>,
}

/// Why a certificate or a PEM file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not one DER certificate, or followed by something.
    #[error("this is not a well-formed X.509 certificate")]
    Malformed,
    /// Not a CA's certificate.
    #[error("this is not the certificate of a CA")]
    NotACa,
    /// An extended key usage that this CA never writes.
    #[error("this certificate is for uses that are not Muster's")]
    ForeignUsage,
    /// The signature does not fit the issuer.
    #[error("this certificate was not signed by that CA")]
    NotSignedBy,
    /// Not a PEM text of the wanted kind.
    #[error("this is not PEM with the label {0}")]
    NotPem(&'static str),
}

impl CaCertificate {
    /// Reads a CA's certificate. It has to be one of our kind: cA, a subject key identifier, an accepted key.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = parse_exactly(der)?;
        if !certificate.is_ca() {
            return Err(CertificateError::NotACa);
        }
        let key_id = subject_key_id(&certificate)
            .ok_or(CertificateError::NotACa)?
            .to_vec();
        let common_name = certificate
            .subject()
            .iter_common_name()
            .next()
            .and_then(|name| name.as_str().ok());
        Ok(Self {
            subject: certificate.subject().as_raw().to_vec(),
            common_name: common_name.unwrap_or_default().to_owned(),
            key_id,
            public_key: PublicKey::from_spki(certificate.public_key().raw)
                .map_err(|_| CertificateError::NotACa)?,
            validity: Validity::from_asn1(certificate.validity())
                .map_err(|_| CertificateError::Malformed)?,
            usage: extended_usage(&certificate)?,
            der: der.to_vec(),
        })
    }

    /// The certificate itself.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM.
    pub fn pem(&self) -> String {
        certificate_pem(&self.der)
    }

    /// Lower-case hex SHA-256 of the certificate.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.der)
    }

    /// The subject's distinguished name, DER: the issuer name of everything this CA signs.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// The subject's common name, for people.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The subject key identifier: the authority key identifier of everything this CA signs.
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }

    /// The CA's public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// How long the CA's certificate holds.
    pub fn validity(&self) -> &Validity {
        &self.validity
    }

    /// What this CA's certificates may be used for; `None` is everything.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Checks that `child` names this CA as its issuer and carries its signature. Says nothing about dates or use.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] or [`CertificateError::NotSignedBy`].
    pub fn verify_signed(&self, child: &[u8]) -> Result<(), CertificateError> {
        let child = parse_exactly(child)?;
        let own = parse_exactly(&self.der)?;
        if child.issuer().as_raw() != self.subject {
            return Err(CertificateError::NotSignedBy);
        }
        child
            .verify_signature(Some(own.public_key()))
            .map_err(|_| CertificateError::NotSignedBy)
    }
}

/// A certificate as PEM, 64 columns, closed by a line feed.
pub fn certificate_pem(der: &[u8]) -> String {
    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, der)
        .expect("a certificate is far shorter than memory")
}

/// Reads one PEM certificate.
///
/// # Errors
/// [`CertificateError::NotPem`].
pub fn certificate_from_pem(pem: &str) -> Result<Vec<u8>, CertificateError> {
    match der::pem::decode_vec(pem.trim().as_bytes()) {
        Ok(("CERTIFICATE", der)) => Ok(der),
        Ok(_) | Err(_) => Err(CertificateError::NotPem("CERTIFICATE")),
    }
}

/// Reads a certificate that has nothing behind it.
pub(crate) fn parse_exactly(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    if !is_strictly_signed(der) {
        return Err(CertificateError::Malformed);
    }
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) | Err(_) => Err(CertificateError::Malformed),
    }
}

/// What X.509 wraps around everything it signs: certificates, requests and revocation lists.
#[derive(Sequence)]
struct Signed {
    content: Any,
    algorithm: SignatureAlgorithm,
    signature: BitString,
}

#[derive(Sequence)]
struct SignatureAlgorithm {
    oid: ObjectIdentifier,
}

/// Whether the part that no signature covers is exactly as it must be.
///
/// x509-parser lets a wrong tag before the algorithm and any count of unused bits pass there. Then one signature would
/// have several encodings, and one certificate several fingerprints. ECDSA and Ed25519 have no parameters (RFC 5758
/// §3.2, RFC 8410 §3).
pub(crate) fn is_strictly_signed(der: &[u8]) -> bool {
    let Ok(signed) = Signed::from_der(der) else {
        return false;
    };
    signed.signature.unused_bits() == 0 && signed.to_der().is_ok_and(|again| again == der)
}

/// The bytes of the subject key identifier.
pub(crate) fn subject_key_id<'a>(certificate: &'a X509Certificate<'a>) -> Option<&'a [u8]> {
    let extension = certificate
        .get_extension_unique(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER)
        .ok()??;
    if let ParsedExtension::SubjectKeyIdentifier(id) = extension.parsed_extension() {
        Some(id.0)
    } else {
        None
    }
}

/// The extended key usage, which has to be exactly one of ours if it is there at all.
pub(crate) fn extended_usage(
    certificate: &X509Certificate<'_>,
) -> Result<Option<Usage>, CertificateError> {
    let extension = certificate
        .extended_key_usage()
        .map_err(|_| CertificateError::Malformed)?;
    let Some(usage) = extension.map(|extension| extension.value) else {
        return Ok(None);
    };
    let others = usage.any
        || usage.code_signing
        || usage.email_protection
        || usage.time_stamping
        || usage.ocsp_signing
        || !usage.other.is_empty();
    match (usage.client_auth, usage.server_auth, others) {
        (true, false, false) => Ok(Some(Usage::ClientAuth)),
        (false, true, false) => Ok(Some(Usage::ServerAuth)),
        _ => Err(CertificateError::ForeignUsage),
    }
}
