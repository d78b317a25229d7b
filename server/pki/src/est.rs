//! The encodings of EST (RFC 7030 with RFC 8951 and RFC 9908): certs-only PKCS#7, tolerant base64, csrattrs.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use der::asn1::{Any, ObjectIdentifier, SetOfVec};
use der::{Decode, Encode, Sequence};

/// id-data (RFC 5652 §4).
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// id-signedData (RFC 5652 §5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// What a client is asked to send (RFC 8951 §3.2 form): a P-256 key, signed with ecdsa-with-SHA256.
///
/// `SEQUENCE { SEQUENCE { id-ecPublicKey, SET { prime256v1 } }, ecdsa-with-SHA256 }`
pub const CSR_ATTRIBUTES: [u8; 35] = [
    0x30, 0x21, // CsrAttrs
    0x30, 0x15, // Attribute
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, // id-ecPublicKey
    0x31, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, // prime256v1
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, // ecdsa-with-SHA256
];

/// Padding may be missing: some clients leave it out.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstError {
    /// Not base64.
    #[error("the body is not base64")]
    NotBase64,
    /// Not a certs-only PKCS#7.
    #[error("the body is not a certs-only PKCS#7 message")]
    NotCertsOnly,
    /// A certificate that is no DER value.
    #[error("a certificate is not well-formed DER")]
    Certificate,
}

#[derive(Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: SignedData,
}

/// RFC 5652 §5.1. The certificates are a SET OF; read and written in the given order, as every implementation does.
#[derive(Sequence)]
struct SignedData {
    version: u8,
    digest_algorithms: SetOfVec<Any>,
    encapsulated: EncapsulatedContent,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    certificates: Option<Vec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    crls: Option<Vec<Any>>,
    signer_infos: SetOfVec<Any>,
}

#[derive(Sequence)]
struct EncapsulatedContent {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<Any>,
}

/// Packs certificates into a PKCS#7 message without content and without signers (RFC 7030 §4.1.3), DER.
///
/// # Errors
/// [`EstError::Certificate`].
pub fn certs_only(certificates: &[&[u8]]) -> Result<Vec<u8>, EstError> {
    let certificates = certificates
        .iter()
        .map(|der| Any::from_der(der))
        .collect::<Result<Vec<_>, _>>();
    ContentInfo {
        content_type: SIGNED_DATA,
        content: SignedData {
            version: 1,
            digest_algorithms: SetOfVec::new(),
            encapsulated: EncapsulatedContent {
                content_type: DATA,
                content: None,
            },
            certificates: Some(certificates.map_err(|_| EstError::Certificate)?),
            crls: None,
            signer_infos: SetOfVec::new(),
        },
    }
    .to_der()
    .map_err(|_| EstError::Certificate)
}

/// Unpacks what [`certs_only`] packs.
///
/// # Errors
/// [`EstError::NotCertsOnly`], also for a message that has content or signers.
pub fn certificates(pkcs7: &[u8]) -> Result<Vec<Vec<u8>>, EstError> {
    let message = ContentInfo::from_der(pkcs7).map_err(|_| EstError::NotCertsOnly)?;
    let data = message.content;
    let bare = data.encapsulated.content.is_none()
        && data.signer_infos.is_empty()
        && data.digest_algorithms.is_empty();
    if message.content_type != SIGNED_DATA || data.encapsulated.content_type != DATA || !bare {
        return Err(EstError::NotCertsOnly);
    }
    let certificates = data.certificates.unwrap_or_default();
    certificates
        .iter()
        .map(|any| any.to_der().map_err(|_| EstError::NotCertsOnly))
        .collect()
}

/// Base64 in lines of 64 columns, each closed by a line feed: what most clients read.
pub fn encode_lines(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = String::with_capacity(text.len() + text.len() / 64 + 1);
    for (position, character) in text.chars().enumerate() {
        if position > 0 && position % 64 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines.push('\n');
    lines
}

/// Base64 without a break: some clients read `cacerts` only like this.
pub fn encode_one_line(der: &[u8]) -> String {
    STANDARD.encode(der)
}

/// Reads base64 with any CR, LF, space and tab in it (RFC 8951 §3.1), padded or not.
///
/// # Errors
/// [`EstError::NotBase64`].
pub fn decode_base64(body: &[u8]) -> Result<Vec<u8>, EstError> {
    let bare: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n' | b' ' | b'\t'))
        .collect();
    TOLERANT.decode(bare).map_err(|_| EstError::NotBase64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::hierarchy;
    use proptest::prelude::*;

    #[test]
    fn certificates_survive_their_pkcs7_in_order() {
        let hierarchy = hierarchy();
        let packed = certs_only(&hierarchy.certificates()).unwrap();
        assert_eq!(certificates(&packed).unwrap(), hierarchy.certificates());
        assert_eq!(
            certificates(&certs_only(&[]).unwrap()).unwrap(),
            Vec::<Vec<u8>>::new()
        );
        assert_eq!(
            certificates(&packed[..packed.len() - 1]),
            Err(EstError::NotCertsOnly)
        );
        assert_eq!(certs_only(&[b"no DER"]), Err(EstError::Certificate));
    }

    #[test]
    fn the_empty_message_is_minimal_der() {
        let expected =
            "302506092a864886f70d010702a01830160201013100300b06092a864886f70d010701a0003100";
        assert_eq!(hex::encode(certs_only(&[]).unwrap()), expected);
    }

    #[test]
    fn csr_attributes_are_well_formed() {
        let attributes = Vec::<Any>::from_der(&CSR_ATTRIBUTES).unwrap();
        assert_eq!(attributes.len(), 2);
    }

    proptest! {
        #[test]
        fn base64_survives_every_line_length(bytes in proptest::collection::vec(any::<u8>(), 0..300), columns in 1usize..90, crlf: bool) {
            prop_assert_eq!(decode_base64(encode_lines(&bytes).as_bytes()), Ok(bytes.clone()));
            let one_line = encode_one_line(&bytes);
            let end: &[u8] = if crlf { b"\r\n" } else { b" \t\n" };
            let broken: Vec<u8> = one_line.as_bytes().chunks(columns).flat_map(|line| [line, end].concat()).collect();
            prop_assert_eq!(decode_base64(&broken), Ok(bytes));
        }
    }
}
