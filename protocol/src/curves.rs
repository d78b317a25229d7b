//! The two equations of §8, apart from the rules around them. Whoever verifies millions of signatures brings a faster engine;
//! what a signature must look like is judged here in [`crate::keys`] before any engine is asked, so that none can be laxer.

use ed25519_dalek::Verifier as _;

use crate::keys::{Ed25519Key, P256Key};

/// An engine for both curves. It is handed keys that were checked when they were made, and signatures in their one form.
pub trait Curves: Sync {
    /// The cofactorless equation of RFC 8032 with R compared by its encoding. `signature` is R and S, and S < L.
    fn ed25519(&self, key: &Ed25519Key, message: &[u8], signature: &[u8; 64]) -> bool;

    /// ECDSA over SHA-256 of `message`. `der` is strict, with 0 < r, s < n; s may be high or low.
    fn es256(&self, key: &P256Key, message: &[u8], der: &[u8]) -> bool;
}

/// The engine of phones and servers: Rust alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portable;

impl Curves for Portable {
    fn ed25519(&self, key: &Ed25519Key, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        ed25519_dalek::VerifyingKey::from_bytes(key.raw())
            .is_ok_and(|key| key.verify(message, &signature).is_ok())
    }

    fn es256(&self, key: &P256Key, message: &[u8], der: &[u8]) -> bool {
        let Ok(signature) = p256::ecdsa::Signature::from_der(der) else {
            return false;
        };
        p256::ecdsa::VerifyingKey::from_sec1_bytes(key.raw())
            .is_ok_and(|key| key.verify(message, &signature).is_ok())
    }
}
