//! Certificate requests, and what the agent reads from certificates: its own key, its two names, its life.
//! Nothing of this enters a decision about a command (PROTOCOL §13).

use std::str::FromStr;

use der::asn1::{Ia5String, ObjectIdentifier};
use der::{AnyRef, Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};
use muster_protocol::ids::{DeviceId, EnrolmentId, SerialNumber};
use muster_protocol::keys::P256Signer;
use p256::ecdsa::DerSignature;
use x509_cert::Certificate;
use x509_cert::builder::Builder;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::request::RequestBuilder;

use super::NetError;
use crate::state::credentials::signing_key;

const ENROLMENT_URI: &str = "urn:muster:enrolment:";
const DEVICE_URI: &str = "urn:uuid:";
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// Who a certificate request is for.
pub enum Subject<'a> {
    /// The first certificate of an enrolment: the CA knows the device by the enrolment code.
    New(&'a SerialNumber),
    /// A renewal: subject and names as in the certificate before (RFC 7030 §4.2.2).
    Renewal(&'a CertificateFacts),
}

/// A PKCS#10 request in DER, signed by the new TLS key, that names the enrolment (PROTOCOL §13).
///
/// # Errors
/// When a name cannot be encoded.
pub fn request(
    key: &P256Signer,
    enrolment: &EnrolmentId,
    subject: &Subject<'_>,
) -> Result<Vec<u8>, NetError> {
    let failed = |what: &dyn std::fmt::Display| {
        NetError::Unusable(format!("cannot make a certificate request: {what}"))
    };
    let uri = |text: String| {
        Ia5String::new(&text)
            .map(GeneralName::UniformResourceIdentifier)
            .map_err(|error| failed(&error))
    };
    let mut names = Vec::new();
    let name = match subject {
        Subject::New(serial) => {
            Name::from_str(&format!("CN={serial}")).map_err(|error| failed(&error))?
        }
        Subject::Renewal(facts) => {
            names.push(uri(format!("{DEVICE_URI}{}", facts.device))?);
            Name::from_der(&facts.subject).map_err(|error| failed(&error))?
        }
    };
    names.push(uri(format!("{ENROLMENT_URI}{enrolment}"))?);
    let key = signing_key(key).ok_or_else(|| failed(&"the key is not one"))?;
    let mut builder = RequestBuilder::new(name).map_err(|error| failed(&error))?;
    builder
        .add_extension(&SubjectAltName(names))
        .map_err(|error| failed(&error))?;
    let request = builder
        .build::<_, DerSignature>(&key)
        .map_err(|error| failed(&error))?;
    request.to_der().map_err(|error| failed(&error))
}

/// What the agent needs to know of its own certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The device record it names.
    pub device: DeviceId,
    /// Subject, DER, as it must stand in a renewal.
    pub subject: Vec<u8>,
    /// Start of its life, Unix seconds.
    pub not_before: u64,
    /// End of its life, Unix seconds.
    pub not_after: u64,
}

impl CertificateFacts {
    /// Reads a certificate and checks that it carries `key` and names this enrolment and one device; with `device`,
    /// that very one.
    ///
    /// # Errors
    /// [`NetError::CertificateMismatch`] (A104) when it does not.
    pub fn check(
        der: &[u8],
        key: &P256Signer,
        enrolment: &EnrolmentId,
        device: Option<&DeviceId>,
    ) -> Result<Self, NetError> {
        let mismatch = NetError::CertificateMismatch;
        let certificate =
            Certificate::from_der(der).map_err(|_| mismatch("that is not a certificate"))?;
        let tbs = certificate.tbs_certificate();
        let own = key.verifying_key();
        if tbs.subject_public_key_info().subject_public_key.as_bytes() != Some(own.raw().as_slice())
        {
            return Err(mismatch("the certificate is for another key"));
        }
        let names = match tbs.get_extension::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0,
            Ok(None) | Err(_) => return Err(mismatch("the certificate has no alternative names")),
        };
        let uris: Vec<&str> = names
            .iter()
            .filter_map(|name| match name {
                GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
                GeneralName::OtherName(_)
                | GeneralName::Rfc822Name(_)
                | GeneralName::DnsName(_)
                | GeneralName::DirectoryName(_)
                | GeneralName::EdiPartyName(_)
                | GeneralName::IpAddress(_)
                | GeneralName::RegisteredId(_) => None,
            })
            .collect();
        if !uris.contains(&format!("{ENROLMENT_URI}{enrolment}").as_str()) {
            return Err(mismatch("the certificate does not name this enrolment"));
        }
        let mut devices = uris
            .iter()
            .filter_map(|uri| DeviceId::parse(uri.strip_prefix(DEVICE_URI)?).ok());
        let (Some(named), None) = (devices.next(), devices.next()) else {
            return Err(mismatch("the certificate does not name one device"));
        };
        if device.is_some_and(|device| *device != named) {
            return Err(mismatch("the certificate names another device"));
        }
        let validity = tbs.validity();
        Ok(Self {
            device: named,
            subject: tbs
                .subject()
                .to_der()
                .map_err(|_| mismatch("its subject cannot be read"))?,
            not_before: validity.not_before.to_unix_duration().as_secs(),
            not_after: validity.not_after.to_unix_duration().as_secs(),
        })
    }

    /// When renewal is due: after two thirds of the life (DESIGN §5).
    #[must_use]
    pub fn renew_from(&self) -> u64 {
        self.not_before + self.not_after.saturating_sub(self.not_before) / 3 * 2
    }
}

/// The certificate and the first second of its life.
///
/// # Errors
/// When it cannot be read.
pub fn not_before(der: &[u8]) -> Result<u64, NetError> {
    let certificate = Certificate::from_der(der)
        .map_err(|_| NetError::Malformed("a certificate cannot be read".to_owned()))?;
    Ok(certificate
        .tbs_certificate()
        .validity()
        .not_before
        .to_unix_duration()
        .as_secs())
}

/// The certificates inside a certs-only PKCS#7 (RFC 7030 §4.1.3), DER each, in the order found. Signers, digests and
/// revocation lists in it are passed over: what a certificate is worth is checked against a fingerprint or a key.
///
/// # Errors
/// When the bytes are not such a message.
pub fn from_pkcs7(bytes: &[u8]) -> Result<Vec<Vec<u8>>, NetError> {
    read_pkcs7(bytes)
        .map_err(|_| NetError::Malformed("it is not a certs-only PKCS#7 message".to_owned()))
}

fn read_pkcs7(bytes: &[u8]) -> der::Result<Vec<Vec<u8>>> {
    let content = AnyRef::from_der(bytes)?;
    content.tag().assert_eq(Tag::Sequence)?;
    let mut content = SliceReader::new(content.value())?;
    if ObjectIdentifier::decode(&mut content)? != SIGNED_DATA {
        return Err(der::ErrorKind::OidUnknown { oid: SIGNED_DATA }.into());
    }
    let explicit = AnyRef::decode(&mut content)?;
    explicit.tag().assert_eq(context(0))?;
    let signed = AnyRef::from_der(explicit.value())?;
    let mut signed = SliceReader::new(signed.value())?;
    let mut certificates = Vec::new();
    while !signed.is_finished() {
        let part = AnyRef::decode(&mut signed)?;
        if part.tag() == context(0) {
            let mut set = SliceReader::new(part.value())?;
            while !set.is_finished() {
                certificates.push(AnyRef::decode(&mut set)?.to_der()?);
            }
        }
    }
    Ok(certificates)
}

fn context(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_no_pkcs7() {
        assert!(from_pkcs7(b"").is_err());
        assert!(from_pkcs7(&[0x30, 0x03, 0x02, 0x01, 0x01]).is_err());
        assert!(from_pkcs7(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_err());
    }

    #[test]
    fn a_request_names_the_enrolment_and_proves_the_key() {
        let key = P256Signer::from_bytes([7; 32]).expect("a key");
        let enrolment = EnrolmentId::parse(&"ab".repeat(32)).expect("an id");
        let serial = SerialNumber::parse("NW-000042").expect("a serial");
        let der = request(&key, &enrolment, &Subject::New(&serial)).expect("a request");
        let text = String::from_utf8_lossy(&der).into_owned();
        assert!(text.contains(&format!("urn:muster:enrolment:{enrolment}")));
        assert!(text.contains("NW-000042"));
    }
}
