//! Keys: the P-256 keys this server signs with, and the public keys it certifies.

use std::fmt;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rcgen::PublicKeyData;
use x509_parser::der_parser::ber::Tag;
use x509_parser::der_parser::oid::Oid;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_DSA, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use crate::sealing::{self, KeyEncryptionKey, SealError};
use crate::{Randomness, fingerprint};

/// A P-256 private key of this server: a CA's or a TLS listener's. Erased from memory when dropped.
///
/// Signatures are deterministic (RFC 6979): no signature can leak the key through bad randomness.
pub struct SecretKey {
    signing: SigningKey,
    public: PublicKey,
}

/// A public key this CA certifies: P-256, or Ed25519 where both ends allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    raw: Vec<u8>,
}

/// The two kinds of key that are certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256.
    P256,
    /// Ed25519 (RFC 8410).
    Ed25519,
}

/// Why a key is refused. Each sentence tells the person at the other end which key to make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Any RSA key, whatever its length.
    #[error("the key is RSA; make a P-256 key instead")]
    Rsa,
    /// An elliptic curve other than P-256.
    #[error("the key is on the curve {0}; make a P-256 key instead")]
    Curve(String),
    /// Another algorithm altogether.
    #[error("the key's algorithm ({0}) is not accepted; make a P-256 key instead")]
    Algorithm(String),
    /// Not an encoding of a key, a compressed point, or a point off the curve.
    #[error("the public key is not a well-formed, uncompressed P-256 or Ed25519 key")]
    Malformed,
    /// An Ed25519 point of small order: everybody can sign for it.
    #[error("the Ed25519 key is a weak point that anybody can sign for; make a new key")]
    Weak,
    /// A private key that is not PKCS#8 for P-256.
    #[error("the private key is not a P-256 key in PKCS#8")]
    NotPkcs8,
    /// The generator gave nothing usable 64 times in a row.
    #[error("the random generator is broken; no key was made")]
    Randomness,
}

impl SecretKey {
    /// Makes a key out of injected randomness.
    ///
    /// # Errors
    /// [`KeyError::Randomness`] when the generator is broken: a fair one fails once in 2^32 draws.
    pub fn generate(random: &mut Randomness<'_>) -> Result<Self, KeyError> {
        let mut candidate = Zeroizing::new([0u8; 32]);
        for _ in 0..64 {
            random(candidate.as_mut());
            if let Ok(signing) = SigningKey::from_slice(candidate.as_ref()) {
                return Ok(Self::from_signing(signing));
            }
        }
        Err(KeyError::Randomness)
    }

    /// Reads an unencrypted PKCS#8 key.
    ///
    /// # Errors
    /// [`KeyError::NotPkcs8`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_der(der)
            .map(Self::from_signing)
            .map_err(|_| KeyError::NotPkcs8)
    }

    /// The key in PKCS#8 DER (version 1, which every reader knows), for rustls and for export.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let document = self
            .signing
            .to_pkcs8_der()
            .expect("a P-256 key has a PKCS#8 form");
        Zeroizing::new(document.as_bytes().to_vec())
    }

    /// The key sealed for rest; `purpose` binds it to its use (see [`crate::sealing`]).
    pub fn seal(
        &self,
        kek: &KeyEncryptionKey,
        purpose: &str,
        random: &mut Randomness<'_>,
    ) -> Vec<u8> {
        sealing::seal(kek, purpose, &self.to_pkcs8(), random)
    }

    /// Opens what [`SecretKey::seal`] made.
    ///
    /// # Errors
    /// A wrong key-encryption key, another purpose, damage, or content that is no key.
    pub fn open(kek: &KeyEncryptionKey, purpose: &str, sealed: &[u8]) -> Result<Self, SealError> {
        let pkcs8 = sealing::open(kek, purpose, sealed)?;
        Self::from_pkcs8(&pkcs8).map_err(|_| SealError::Damaged)
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn from_signing(signing: SigningKey) -> Self {
        let raw = signing
            .verifying_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec();
        Self {
            signing,
            public: PublicKey {
                algorithm: KeyAlgorithm::P256,
                raw,
            },
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SecretKey(public key {})",
            self.public.spki_fingerprint()
        )
    }
}

impl PublicKeyData for SecretKey {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        PublicKeyData::algorithm(&self.public)
    }
}

impl rcgen::SigningKey for SecretKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: Signature = self
            .signing
            .try_sign(message)
            .map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo and applies the key policy.
    ///
    /// # Errors
    /// Every key that is not a well-formed P-256 or Ed25519 key.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, spki) = SubjectPublicKeyInfo::from_der(der).map_err(|_| KeyError::Malformed)?;
        if !rest.is_empty() {
            return Err(KeyError::Malformed);
        }
        let key = Self::from_parsed(&spki)?;
        // One key, one encoding: what is certified is what was asked for, byte by byte.
        if key.spki() == der {
            Ok(key)
        } else {
            Err(KeyError::Malformed)
        }
    }

    fn from_parsed(spki: &SubjectPublicKeyInfo<'_>) -> Result<Self, KeyError> {
        let raw: &[u8] = &spki.subject_public_key.data;
        let algorithm = &spki.algorithm.algorithm;
        if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
            // Explicit parameters are no name of a curve, and as_oid does not look at the tag.
            let parameters = spki
                .algorithm
                .parameters
                .as_ref()
                .ok_or(KeyError::Malformed)?;
            if parameters.tag() != Tag::Oid {
                return Err(KeyError::Malformed);
            }
            let curve = parameters.as_oid().map_err(|_| KeyError::Malformed)?;
            if curve != OID_EC_P256 {
                return Err(KeyError::Curve(curve_name(&curve)));
            }
            if raw.len() != 65 || p256::PublicKey::from_sec1_bytes(raw).is_err() {
                return Err(KeyError::Malformed);
            }
            return Ok(Self {
                algorithm: KeyAlgorithm::P256,
                raw: raw.to_vec(),
            });
        }
        if *algorithm == OID_SIG_ED25519 {
            let bytes: &[u8; 32] = raw.try_into().map_err(|_| KeyError::Malformed)?;
            let point =
                ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Malformed)?;
            if point.is_weak() {
                return Err(KeyError::Weak);
            }
            return Ok(Self {
                algorithm: KeyAlgorithm::Ed25519,
                raw: raw.to_vec(),
            });
        }
        if *algorithm == OID_PKCS1_RSAENCRYPTION {
            return Err(KeyError::Rsa);
        }
        if *algorithm == OID_KEY_TYPE_DSA {
            return Err(KeyError::Algorithm("DSA".to_owned()));
        }
        Err(KeyError::Algorithm(short(algorithm)))
    }

    /// Which kind of key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The key's own bytes: 65 for P-256 (uncompressed point), 32 for Ed25519.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The SubjectPublicKeyInfo, DER.
    pub fn spki(&self) -> Vec<u8> {
        self.subject_public_key_info()
    }

    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo.
    pub fn spki_fingerprint(&self) -> String {
        fingerprint(&self.spki())
    }

    /// The subject key identifier: the leftmost 160 bits of SHA-256 over the SubjectPublicKeyInfo (RFC 7093 §2).
    pub fn key_id(&self) -> Vec<u8> {
        use sha2::{Digest, Sha256};
        Sha256::digest(self.spki())[..20].to_vec()
    }
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.raw
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match self.algorithm {
            KeyAlgorithm::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyAlgorithm::Ed25519 => &rcgen::PKCS_ED25519,
        }
    }
}

fn curve_name(curve: &Oid<'_>) -> String {
    if *curve == OID_NIST_EC_P384 {
        "P-384".to_owned()
    } else if *curve == OID_NIST_EC_P521 {
        "P-521".to_owned()
    } else {
        short(curve)
    }
}

/// An object identifier as it may stand in a message: a stranger chose it.
fn short(oid: &Oid<'_>) -> String {
    let text = oid.to_id_string();
    if text.len() <= 40 {
        text
    } else {
        "unknown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::seeded;

    #[test]
    fn a_key_survives_its_pkcs8_form() {
        let key = SecretKey::generate(&mut seeded(1)).unwrap();
        assert_eq!(
            SecretKey::from_pkcs8(&key.to_pkcs8()).unwrap().public(),
            key.public()
        );
        assert_eq!(
            PublicKey::from_spki(&key.public().spki()).unwrap(),
            *key.public()
        );
    }

    #[test]
    fn a_broken_generator_is_an_error_and_no_endless_loop() {
        assert_eq!(
            SecretKey::generate(&mut |out: &mut [u8]| out.fill(0)).unwrap_err(),
            KeyError::Randomness
        );
    }

    #[test]
    fn weak_ed25519_points_and_points_off_the_curve_are_refused() {
        let mut ed25519 = hex::decode("302a300506032b6570032100").unwrap();
        ed25519.extend([1u8]);
        ed25519.extend([0u8; 31]);
        assert_eq!(PublicKey::from_spki(&ed25519).unwrap_err(), KeyError::Weak);

        let mut p256 = SecretKey::generate(&mut seeded(2)).unwrap().public().spki();
        *p256.last_mut().unwrap() ^= 1;
        assert_eq!(
            PublicKey::from_spki(&p256).unwrap_err(),
            KeyError::Malformed
        );
    }

    #[test]
    fn explicit_curve_parameters_are_refused_without_echoing_them() {
        // SEQUENCE { SEQUENCE { id-ecPublicKey, SEQUENCE {} }, BIT STRING {} }
        let spki = hex::decode("3010300b06072a8648ce3d02013000030100").unwrap();
        assert_eq!(
            PublicKey::from_spki(&spki).unwrap_err(),
            KeyError::Malformed
        );
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let key = SecretKey::generate(&mut seeded(3)).unwrap();
        assert!(!format!("{key:?}").contains(&hex::encode(key.signing.to_bytes())));
    }
}
