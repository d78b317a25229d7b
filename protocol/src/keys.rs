//! Public keys and the two kinds of signature (§2, §8). A value of these types was checked when it was made: on its curve,
//! canonically encoded, not of small order.

use ed25519_dalek::Signer as _;

use crate::curves::{Curves, Portable};
use crate::digest::Digest;
use crate::field::FieldError;
use crate::ids::{EnrolmentId, KeyId};

wire_names! {
    /// The algorithms. There is no other, and nothing is negotiated.
    pub enum Algorithm as "alg" {
        /// Root, approver files, online, log, witness and program keys.
        Ed25519 = "ed25519",
        /// Passkeys: ES256 within WebAuthn.
        WebauthnEs256 = "webauthn-es256",
        /// Device and TLS keys: ES256 on its own.
        P256 = "p256",
    }
}

/// An Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ed25519Key([u8; 32]);

impl Ed25519Key {
    /// Takes the 32 raw bytes.
    ///
    /// # Errors
    /// Not a point, not its canonical encoding (RFC 8032 §5.1.3), or a point of small order, whose signatures would hold
    /// for almost any message.
    pub fn from_raw(raw: &[u8]) -> Result<Self, FieldError> {
        let invalid = FieldError::Invalid("key");
        let raw: [u8; 32] = raw.try_into().map_err(|_| invalid)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&raw).map_err(|_| invalid)?;
        let canonical = key.to_edwards().compress().to_bytes() == raw;
        if canonical && !key.is_weak() {
            Ok(Self(raw))
        } else {
            Err(invalid)
        }
    }

    /// The 32 raw bytes.
    #[must_use]
    pub const fn raw(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` is this key's over `message`: S < L, R compared by its encoding, cofactorless equation (§8).
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_by(&Portable, message, signature)
    }

    /// [`Self::verify`] by another engine. That S < L is seen here, so that no engine decides it.
    #[must_use]
    pub fn verify_by(&self, curves: &dyn Curves, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = <&[u8; 64]>::try_from(signature) else {
            return false;
        };
        is_below_order(signature) && curves.ed25519(self, message, signature)
    }
}

/// A P-256 public key as an uncompressed point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct P256Key([u8; 65]);

impl P256Key {
    /// Takes the 65 bytes of an uncompressed point.
    ///
    /// # Errors
    /// Another length or form, or a point off the curve.
    pub fn from_raw(raw: &[u8]) -> Result<Self, FieldError> {
        let invalid = FieldError::Invalid("key");
        let raw: [u8; 65] = raw.try_into().map_err(|_| invalid)?;
        let uncompressed = raw.first() == Some(&4);
        let on_curve = p256::ecdsa::VerifyingKey::from_sec1_bytes(&raw).is_ok();
        if uncompressed && on_curve {
            Ok(Self(raw))
        } else {
            Err(invalid)
        }
    }

    /// The 65 raw bytes.
    #[must_use]
    pub const fn raw(&self) -> &[u8; 65] {
        &self.0
    }

    /// The enrolment id, when this is a device key (§13).
    #[must_use]
    pub fn enrolment_id(&self) -> EnrolmentId {
        EnrolmentId::of_device_key(&self.0)
    }

    /// Whether `der` is this key's ES256 signature over `message`: strict DER, 0 < r, s < n. Low S is not required (§8).
    #[must_use]
    pub fn verify(&self, message: &[u8], der: &[u8]) -> bool {
        self.verify_by(&Portable, message, der)
    }

    /// [`Self::verify`] by another engine. The signature's form is seen here, so that no engine decides it.
    #[must_use]
    pub fn verify_by(&self, curves: &dyn Curves, message: &[u8], der: &[u8]) -> bool {
        // Reading refuses r and s of 0 or from n on; writing it again refuses every other form of the same numbers.
        p256::ecdsa::Signature::from_der(der)
            .is_ok_and(|signature| signature.to_der().as_bytes() == der)
            && curves.es256(self, message, der)
    }
}

/// The order L of Ed25519's base point, little-endian (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Whether the second half of a signature is below L.
fn is_below_order(signature: &[u8; 64]) -> bool {
    let (_, scalar) = signature.split_at(32);
    scalar.iter().rev().lt(ORDER.iter().rev())
}

/// A public key with its one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublicKey {
    /// `ed25519`.
    Ed25519(Ed25519Key),
    /// `webauthn-es256`.
    WebauthnEs256(P256Key),
    /// `p256`.
    P256(P256Key),
}

impl PublicKey {
    /// Takes raw bytes of the algorithm: 32 or 65.
    ///
    /// # Errors
    /// Those of [`Ed25519Key::from_raw`] and [`P256Key::from_raw`].
    pub fn from_raw(algorithm: Algorithm, raw: &[u8]) -> Result<Self, FieldError> {
        match algorithm {
            Algorithm::Ed25519 => Ed25519Key::from_raw(raw).map(Self::Ed25519),
            Algorithm::WebauthnEs256 => P256Key::from_raw(raw).map(Self::WebauthnEs256),
            Algorithm::P256 => P256Key::from_raw(raw).map(Self::P256),
        }
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::WebauthnEs256(_) => Algorithm::WebauthnEs256,
            Self::P256(_) => Algorithm::P256,
        }
    }

    /// The raw bytes: 32 or 65.
    #[must_use]
    pub const fn raw(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => key.raw(),
            Self::WebauthnEs256(key) | Self::P256(key) => key.raw(),
        }
    }

    /// SHA-256 of `alg || 0x00 || raw key`.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId(Digest::of_parts(&[
            self.algorithm().as_str().as_bytes(),
            &[0],
            self.raw(),
        ]))
    }
}

/// A private Ed25519 key. Zeroed when dropped.
#[derive(Clone)]
pub struct Ed25519Signer(ed25519_dalek::SigningKey);

impl Ed25519Signer {
    /// From 32 random bytes, or the 32 bytes of a key file.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The 32 secret bytes, for a key file.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half, without its use.
    #[must_use]
    pub fn verifying_key(&self) -> Ed25519Key {
        // A key derived from a seed is a multiple of the base point by a clamped scalar: never of small order.
        Ed25519Key(self.0.verifying_key().to_bytes())
    }

    /// The public half as it stands in a keyring.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::Ed25519(self.verifying_key())
    }

    /// The name of the public half.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.public_key().key_id()
    }

    /// Signs: 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

/// A private P-256 key. Zeroed when dropped.
#[derive(Clone)]
pub struct P256Signer(p256::ecdsa::SigningKey);

impl P256Signer {
    /// From 32 random bytes, or the stored scalar. None when they are zero or not below the curve's order: draw again (the
    /// chance is about 2⁻³²).
    #[must_use]
    pub fn from_bytes(secret: [u8; 32]) -> Option<Self> {
        p256::ecdsa::SigningKey::from_slice(&secret).ok().map(Self)
    }

    /// The 32 secret bytes, for storage.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    /// The public half, without its use.
    #[must_use]
    pub fn verifying_key(&self) -> P256Key {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut raw = [0; 65];
        // An uncompressed point of this curve is 65 bytes long.
        for (to, from) in raw.iter_mut().zip(point.as_bytes()) {
            *to = *from;
        }
        P256Key(raw)
    }

    /// The public half as a device or TLS key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::P256(self.verifying_key())
    }

    /// The name of the public half as a device or TLS key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.public_key().key_id()
    }

    /// Signs with ES256, deterministically (RFC 6979): strict DER.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        signature.to_der().as_bytes().to_vec()
    }
}
