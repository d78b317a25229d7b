//! A certification request (PKCS#10, RFC 2986): proof that somebody holds a key, and nothing more.
//!
//! Subject and extensions of a request are never copied into a certificate. One thing is read from it: the URI
//! `urn:muster:enrolment:<id>`, because a phone chooses its enrolment id itself (PROTOCOL §13).

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use crate::certificate::is_strictly_signed;
use crate::est;
use crate::key::{KeyError, PublicKey};
use crate::profile::{claims_enrolment, enrolment_id_in};

/// The longest request that is read, in bytes of DER. A P-256 request has about 300.
pub const LONGEST_DER: usize = 8 * 1024;
/// The longest request body that is read: base64 of the above, with room for line breaks.
pub const LONGEST_BODY: usize = 16 * 1024;

/// A well-formed request whose signature was verified with the key in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    public_key: PublicKey,
    enrolment_id: Option<String>,
}

/// Why a request is refused. The sentences are fit for the answer to whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Over [`LONGEST_DER`] or [`LONGEST_BODY`].
    #[error("the certification request is too long; at most {LONGEST_DER} bytes of DER are read")]
    TooLong,
    /// Not base64.
    #[error("the body is not base64; send the DER of a PKCS#10 request in base64")]
    NotBase64,
    /// Not PKCS#10.
    #[error("the body is not a well-formed PKCS#10 certification request")]
    Malformed,
    /// A key type that is not certified.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The signature is wrong: nobody has shown that they hold the key.
    #[error("the request is not signed by the key in it")]
    NotSigned,
    /// A `urn:muster:enrolment:` that is not followed by 64 lower-case hex digits, or several of them.
    #[error(
        "the request names its enrolment wrongly; one URI urn:muster:enrolment: with 64 lower-case hex digits"
    )]
    Enrolment,
}

impl Request {
    /// Reads the body of an EST request: base64 with any line breaks, spaces and tabs (RFC 8951), or bare DER, which
    /// some clients send.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn from_body(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > LONGEST_BODY {
            return Err(RequestError::TooLong);
        }
        // The length octets of a request (0x81 or 0x82) are no base64, so the two cannot be confused.
        if body.first() == Some(&0x30) && body.get(1).is_some_and(|byte| *byte >= 0x80) {
            return Self::from_der(body);
        }
        Self::from_der(&est::decode_base64(body).map_err(|_| RequestError::NotBase64)?)
    }

    /// Reads DER.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > LONGEST_DER {
            return Err(RequestError::TooLong);
        }
        let Ok(([], request)) = X509CertificationRequest::from_der(der) else {
            return Err(RequestError::Malformed);
        };
        let info = &request.certification_request_info;
        if info.version.0 != 0 {
            return Err(RequestError::Malformed);
        }
        // The key first: whoever sends RSA shall read that, and not a word about signatures.
        let public_key = PublicKey::from_spki(info.subject_pki.raw)?;
        if !is_strictly_signed(der) {
            return Err(RequestError::Malformed);
        }
        request
            .verify_signature()
            .map_err(|_| RequestError::NotSigned)?;
        Ok(Self {
            public_key,
            enrolment_id: enrolment_id(&request)?,
        })
    }

    /// The key that the sender has shown to hold.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The enrolment id the phone chose; none from a plain EST client.
    pub fn enrolment_id(&self) -> Option<&str> {
        self.enrolment_id.as_deref()
    }
}

fn enrolment_id(request: &X509CertificationRequest<'_>) -> Result<Option<String>, RequestError> {
    let mut found = None;
    for attribute in request.certification_request_info.iter_attributes() {
        let ParsedCriAttribute::ExtensionRequest(requested) = attribute.parsed_attribute() else {
            continue;
        };
        for extension in &requested.extensions {
            if extension.parsed_extension().error().is_some() {
                return Err(RequestError::Malformed);
            }
            let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension()
            else {
                continue;
            };
            for name in &names.general_names {
                let GeneralName::URI(uri) = name else {
                    continue;
                };
                if !claims_enrolment(uri) {
                    continue;
                }
                let id = enrolment_id_in(uri).ok_or(RequestError::Enrolment)?;
                if found.replace(id.to_owned()).is_some() {
                    return Err(RequestError::Enrolment);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ENROLMENT, request_der, seeded};
    use crate::key::SecretKey;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    fn key() -> SecretKey {
        SecretKey::generate(&mut seeded(5)).unwrap()
    }

    fn uri(id: &str) -> String {
        format!("urn:muster:enrolment:{id}")
    }

    #[test]
    fn der_and_base64_with_any_breaks_are_read() {
        let der = request_der(&key(), &[&uri(ENROLMENT)]);
        let read = Request::from_der(&der).unwrap();
        assert_eq!(read.enrolment_id(), Some(ENROLMENT));
        assert_eq!(read.public_key(), key().public());

        let one_line = STANDARD.encode(&der);
        let broken: String = one_line
            .as_bytes()
            .chunks(76)
            .map(|l| format!(" {}\t\r\n", str::from_utf8(l).unwrap()))
            .collect();
        for body in [
            one_line.as_bytes(),
            broken.as_bytes(),
            one_line.trim_end_matches('=').as_bytes(),
            &der,
        ] {
            assert_eq!(Request::from_body(body).unwrap(), read);
        }
    }

    #[test]
    fn a_plain_est_client_has_no_enrolment_id() {
        assert_eq!(
            Request::from_der(&request_der(&key(), &[]))
                .unwrap()
                .enrolment_id(),
            None
        );
        assert_eq!(
            Request::from_der(&request_der(&key(), &["https://example.org"]))
                .unwrap()
                .enrolment_id(),
            None
        );
    }

    #[test]
    fn a_badly_named_enrolment_is_an_error_and_not_ignored() {
        let upper = uri(&"AB".repeat(32));
        let once = uri(ENROLMENT);
        let twice: [&str; 2] = [&once, &once];
        for uris in [
            &[upper.as_str()][..],
            &["urn:muster:enrolment:"],
            &["URN:Muster:enrolment:1"],
            &twice,
        ] {
            assert_eq!(
                Request::from_der(&request_der(&key(), uris)),
                Err(RequestError::Enrolment),
                "{uris:?}"
            );
        }
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let der = request_der(&key(), &[&uri(ENROLMENT)]);
        for position in 0..der.len() {
            let mut changed = der.clone();
            changed[position] ^= 0x01;
            assert!(Request::from_der(&changed).is_err(), "byte {position}");
        }
    }

    #[test]
    fn foreign_keys_are_refused_by_name() {
        let rsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        assert_eq!(
            Request::from_der(&request_der(&rsa, &[])),
            Err(RequestError::Key(KeyError::Rsa))
        );
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let refused = Request::from_der(&request_der(&p384, &[])).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the key is on the curve P-384; make a P-256 key instead"
        );
        let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        assert!(Request::from_der(&request_der(&ed25519, &[])).is_ok());
    }

    #[test]
    fn oversized_and_empty_bodies_are_refused() {
        assert_eq!(
            Request::from_body(&vec![b'A'; LONGEST_BODY + 1]),
            Err(RequestError::TooLong)
        );
        assert_eq!(
            Request::from_der(&vec![0; LONGEST_DER + 1]),
            Err(RequestError::TooLong)
        );
        assert_eq!(Request::from_body(b""), Err(RequestError::Malformed));
        assert_eq!(
            Request::from_body(b"\xff\xfe"),
            Err(RequestError::NotBase64)
        );
        let trailing = [request_der(&key(), &[]), vec![0]].concat();
        assert_eq!(Request::from_der(&trailing), Err(RequestError::Malformed));
    }
}
