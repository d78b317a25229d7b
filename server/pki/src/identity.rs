//! Who is calling: reads the certificate that a phone presents.
//!
//! Says what the certificate says. Whether it is revoked, of an older enrolment or expired too long ago is judged at
//! each request against the store (DESIGN §5), and nothing here ever counts for a command (PROTOCOL §13).

use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER;

use crate::certificate::{CaCertificate, CertificateError, extended_usage, parse_exactly};
use crate::fingerprint;
use crate::key::PublicKey;
use crate::profile::{DeviceSubject, Usage};
use crate::serial::Serial;
use crate::validity::Validity;

/// A device certificate, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCertificate {
    serial: Serial,
    subject: DeviceSubject,
    validity: Validity,
    issuer_name: Vec<u8>,
    issuer_key_id: Vec<u8>,
    public_key: PublicKey,
    fingerprint: String,
}

/// Why a certificate is not a phone's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not a certificate.
    #[error("the client certificate is not well-formed")]
    Malformed,
    /// A certificate for something else.
    #[error("the client certificate is not a device certificate of Muster")]
    NotADevice,
    /// Signed by somebody else.
    #[error("the client certificate was issued by another CA")]
    AnotherCa,
}

impl DeviceCertificate {
    /// Reads a certificate whose chain the TLS layer has verified.
    ///
    /// # Errors
    /// [`IdentityError::Malformed`] or [`IdentityError::NotADevice`].
    pub fn parse(der: &[u8]) -> Result<Self, IdentityError> {
        let certificate = parse_exactly(der).map_err(|_| IdentityError::Malformed)?;
        let foreign = IdentityError::NotADevice;
        if certificate.is_ca() || extended_usage(&certificate) != Ok(Some(Usage::ClientAuth)) {
            return Err(foreign);
        }
        let names = certificate
            .subject_alternative_name()
            .map_err(|_| IdentityError::Malformed)?;
        let names = names.ok_or(IdentityError::NotADevice)?;
        let uri = |name: &GeneralName<'_>| {
            if let GeneralName::URI(uri) = name {
                Some((*uri).to_owned())
            } else {
                None
            }
        };
        let uris: Vec<String> = names
            .value
            .general_names
            .iter()
            .map(uri)
            .collect::<Option<_>>()
            .ok_or(foreign)?;
        let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
        let subject = DeviceSubject::from_uris(&uris).ok_or(IdentityError::NotADevice)?;
        let authority = certificate
            .get_extension_unique(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER)
            .map_err(|_| IdentityError::Malformed)?
            .ok_or(IdentityError::NotADevice)?;
        let ParsedExtension::AuthorityKeyIdentifier(authority) = authority.parsed_extension()
        else {
            return Err(IdentityError::Malformed);
        };
        let issuer_key_id = authority
            .key_identifier
            .as_ref()
            .ok_or(IdentityError::NotADevice)?
            .0
            .to_vec();
        Ok(Self {
            serial: Serial::from_octets(certificate.raw_serial())
                .map_err(|_| IdentityError::NotADevice)?,
            subject,
            validity: Validity::from_asn1(certificate.validity())
                .map_err(|_| IdentityError::Malformed)?,
            issuer_name: certificate.issuer().as_raw().to_vec(),
            issuer_key_id,
            public_key: PublicKey::from_spki(certificate.public_key().raw)
                .map_err(|_| IdentityError::NotADevice)?,
            fingerprint: fingerprint(der),
        })
    }

    /// Reads a certificate and verifies that this CA signed it. Dates are left to the caller, because an expired
    /// certificate still reaches a few routes (RULES F4).
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn parse_issued_by(issuer: &CaCertificate, der: &[u8]) -> Result<Self, IdentityError> {
        let read = Self::parse(der)?;
        if !read.names_issuer(issuer) {
            return Err(IdentityError::AnotherCa);
        }
        issuer.verify_signed(der).map_err(|error| match error {
            CertificateError::Malformed => IdentityError::Malformed,
            CertificateError::NotACa
            | CertificateError::ForeignUsage
            | CertificateError::NotSignedBy
            | CertificateError::NotPem(_) => IdentityError::AnotherCa,
        })?;
        Ok(read)
    }

    /// Whether the certificate names this CA, by name and by key, as its issuer. The signature is another question.
    pub fn names_issuer(&self, issuer: &CaCertificate) -> bool {
        self.issuer_name == issuer.subject_der() && self.issuer_key_id == issuer.key_id()
    }

    /// Its serial number.
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Which phone, in which enrolment.
    pub fn subject(&self) -> &DeviceSubject {
        &self.subject
    }

    /// When it holds.
    pub fn validity(&self) -> &Validity {
        &self.validity
    }

    /// The issuer's distinguished name, DER.
    pub fn issuer_name(&self) -> &[u8] {
        &self.issuer_name
    }

    /// The issuer's key identifier.
    pub fn issuer_key_id(&self) -> &[u8] {
        &self.issuer_key_id
    }

    /// The phone's TLS key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Lower-case hex SHA-256 of the certificate.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo.
    pub fn key_fingerprint(&self) -> String {
        self.public_key.spki_fingerprint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Hierarchy;
    use crate::fixtures::{DEVICE, ENROLMENT, device_plan, hierarchy, now, seeded, server_plan};
    use crate::issue::issue;
    use crate::key::SecretKey;

    #[test]
    fn a_device_certificate_says_who_is_calling() {
        let hierarchy = hierarchy();
        let key = SecretKey::generate(&mut seeded(5)).unwrap();
        let issued = issue(hierarchy.devices(), &device_plan(), key.public()).unwrap();
        let read =
            DeviceCertificate::parse_issued_by(hierarchy.devices().certificate(), &issued.der)
                .unwrap();
        assert_eq!(
            (read.subject().device_id(), read.subject().enrolment_id()),
            (DEVICE, Some(ENROLMENT))
        );
        assert_eq!(
            (read.serial(), read.validity()),
            (issued.serial, &issued.validity)
        );
        assert_eq!(read.fingerprint(), issued.fingerprint);
        assert_eq!(read.key_fingerprint(), issued.key_fingerprint);
    }

    #[test]
    fn certificates_of_servers_and_cas_are_no_phones() {
        let hierarchy = hierarchy();
        let key = SecretKey::generate(&mut seeded(5)).unwrap();
        let server = issue(hierarchy.servers(), &server_plan(), key.public()).unwrap();
        assert_eq!(
            DeviceCertificate::parse(&server.der),
            Err(IdentityError::NotADevice)
        );
        for ca in hierarchy.certificates() {
            assert_eq!(DeviceCertificate::parse(ca), Err(IdentityError::NotADevice));
        }
        assert_eq!(DeviceCertificate::parse(b""), Err(IdentityError::Malformed));
    }

    #[test]
    fn a_twin_of_the_ca_and_a_changed_byte_are_another_ca() {
        let hierarchy = hierarchy();
        let key = SecretKey::generate(&mut seeded(5)).unwrap();
        let twin = Hierarchy::create("Northwind Mobile", now(), &mut seeded(44))
            .unwrap()
            .into_hierarchy()
            .unwrap();
        let ca = hierarchy.devices().certificate();
        let foreign = issue(twin.devices(), &device_plan(), key.public()).unwrap();
        assert_eq!(
            DeviceCertificate::parse_issued_by(ca, &foreign.der),
            Err(IdentityError::AnotherCa)
        );
        let der = issue(hierarchy.devices(), &device_plan(), key.public())
            .unwrap()
            .der;
        for position in 0..der.len() {
            let mut changed = der.clone();
            changed[position] ^= 0x01;
            assert!(
                DeviceCertificate::parse_issued_by(ca, &changed).is_err(),
                "byte {position}"
            );
        }
    }
}
