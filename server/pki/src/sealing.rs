//! Secrets at rest: XChaCha20-Poly1305 under one key-encryption key, which is given or derived from a passphrase.
//!
//! Used for CA keys and for every other key the server keeps. A sealed secret carries how its key-encryption key was
//! derived, so that the passphrase alone opens it on another machine. Its purpose is bound in: the log's key pasted
//! into the online key's place does not open.
//!
//! ```text
//! "MSTRSEAL" ‖ version 1 ‖ derivation (0 given, 1 Argon2id) ‖ memory KiB ‖ passes ‖ lanes (u32 each, big-endian)
//!   ‖ salt (16) ‖ key check (16) ‖ nonce (24) ‖ ciphertext and tag
//! ```
//! The header and the purpose are the associated data. The key check commits to the key, and tells a wrong passphrase
//! from a damaged file; it helps a guesser no more than the tag does.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::Randomness;

const MAGIC: &[u8; 8] = b"MSTRSEAL";
const VERSION: u8 = 1;
const DERIVED_BY: usize = 9;
const COST: usize = 10;
const SALT: usize = 22;
const CHECK: usize = 38;
const NONCE: usize = 54;
const HEADER: usize = 78;
const TAG: usize = 16;

/// The key that seals other keys. Erased from memory when dropped.
#[derive(Clone)]
pub struct KeyEncryptionKey {
    key: Zeroizing<[u8; 32]>,
    derivation: Derivation,
}

/// Where a key-encryption key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivation {
    /// 32 bytes from a credential file.
    Given,
    /// Argon2id over a passphrase.
    Passphrase {
        /// What the derivation costs.
        cost: Cost,
        /// Random, not secret.
        salt: [u8; 16],
    },
}

/// What an Argon2id derivation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, 8 per lane at least.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// RFC 9106 §4's second recommendation: 64 MiB, 3 passes, 4 lanes. A start pays it once.
    pub const DEFAULT: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 4,
    };
    /// The least Argon2 allows, for tests.
    pub const LEAST: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    /// A header must not be able to make us allocate the machine.
    fn is_sane(self) -> bool {
        self.memory_kib <= 1024 * 1024 && self.passes <= 16 && self.lanes <= 16
    }
}

/// Why a secret cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not the beginning of a sealed secret, or cut short.
    #[error("this is not a sealed key of Muster")]
    NotSealed,
    /// Written by a newer Muster.
    #[error("this key was sealed by a newer version of Muster (format {0}); use that version")]
    NewerVersion(u8),
    /// The passphrase or credential is another one.
    #[error(
        "the passphrase or credential does not fit this key; check which one it was sealed under"
    )]
    WrongKey,
    /// The key fits, and the content was changed or belongs to another purpose.
    #[error(
        "this sealed key is damaged, or was made for another purpose; restore it from a backup"
    )]
    Damaged,
    /// Argon2 refuses these parameters.
    #[error("the cost of the passphrase derivation is out of bounds")]
    Cost,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
}

impl KeyEncryptionKey {
    /// A key that is kept elsewhere, such as in a credential file.
    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self {
            key: Zeroizing::new(key),
            derivation: Derivation::Given,
        }
    }

    /// Derives a key from a passphrase with a new salt. Takes a good part of a second: do it once per start.
    ///
    /// # Errors
    /// An empty passphrase or a cost out of bounds.
    pub fn from_passphrase(
        passphrase: &str,
        cost: Cost,
        random: &mut Randomness<'_>,
    ) -> Result<Self, SealError> {
        let mut salt = [0u8; 16];
        random(&mut salt);
        Self::derive(passphrase, cost, salt)
    }

    /// The key that opens `sealed`, derived from the passphrase as its header says. It opens, and seals, everything
    /// else of the same installation, too.
    ///
    /// # Errors
    /// [`SealError::WrongKey`] when the passphrase is another one, or the secret was not sealed under a passphrase.
    pub fn for_sealed(passphrase: &str, sealed: &[u8]) -> Result<Self, SealError> {
        match derivation_of(sealed)? {
            Derivation::Given => Err(SealError::WrongKey),
            Derivation::Passphrase { cost, salt } => {
                let kek = Self::derive(passphrase, cost, salt)?;
                if kek.check() == sealed[CHECK..NONCE] {
                    Ok(kek)
                } else {
                    Err(SealError::WrongKey)
                }
            }
        }
    }

    /// How this key was made.
    pub fn derivation(&self) -> Derivation {
        self.derivation
    }

    fn derive(passphrase: &str, cost: Cost, salt: [u8; 16]) -> Result<Self, SealError> {
        if passphrase.is_empty() {
            return Err(SealError::EmptyPassphrase);
        }
        if !cost.is_sane() {
            return Err(SealError::Cost);
        }
        let params = argon2::Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
            .map_err(|_| SealError::Cost)?;
        let mut key = Zeroizing::new([0u8; 32]);
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, key.as_mut())
            .map_err(|_| SealError::Cost)?;
        Ok(Self {
            key,
            derivation: Derivation::Passphrase { cost, salt },
        })
    }

    fn check(&self) -> [u8; 16] {
        let digest = Sha256::new()
            .chain_update(b"muster-key-check/v1\n")
            .chain_update(*self.key)
            .finalize();
        let mut check = [0u8; 16];
        check.copy_from_slice(&digest[..16]);
        check
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new_from_slice(self.key.as_ref()).expect("the key has 32 bytes")
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyEncryptionKey")
            .field("derivation", &self.derivation)
            .finish_non_exhaustive()
    }
}

/// Seals `plaintext` for rest. `purpose` says what the secret is for, such as `ca/root`, and must be given to open it.
pub fn seal(
    kek: &KeyEncryptionKey,
    purpose: &str,
    plaintext: &[u8],
    random: &mut Randomness<'_>,
) -> Vec<u8> {
    let mut nonce = [0u8; 24];
    random(&mut nonce);
    let mut sealed = header(kek, &nonce);
    let associated = [&sealed, purpose.as_bytes()].concat();
    let ciphertext = kek
        .cipher()
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: plaintext,
                aad: &associated,
            },
        )
        .expect("a secret is far shorter than the cipher's 256 GiB");
    sealed.extend(ciphertext);
    sealed
}

/// Opens what [`seal`] made.
///
/// # Errors
/// See [`SealError`]; nothing of the content is given out unless all of it is genuine.
pub fn open(
    kek: &KeyEncryptionKey,
    purpose: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    derivation_of(sealed)?;
    let (header, ciphertext) = sealed.split_at(HEADER);
    if header[CHECK..NONCE] != kek.check() {
        return Err(SealError::WrongKey);
    }
    let nonce: [u8; 24] = header[NONCE..]
        .try_into()
        .map_err(|_| SealError::NotSealed)?;
    let associated = [header, purpose.as_bytes()].concat();
    kek.cipher()
        .decrypt(
            &XNonce::from(nonce),
            Payload {
                msg: ciphertext,
                aad: &associated,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| SealError::Damaged)
}

/// How the key-encryption key of a sealed secret was made: whether to ask for a passphrase.
///
/// # Errors
/// When this is no sealed secret, or one of a newer format.
pub fn derivation_of(sealed: &[u8]) -> Result<Derivation, SealError> {
    if sealed.len() < HEADER + TAG || !sealed.starts_with(MAGIC) {
        return Err(SealError::NotSealed);
    }
    if sealed[MAGIC.len()] != VERSION {
        return Err(SealError::NewerVersion(sealed[MAGIC.len()]));
    }
    let number = |position: usize| {
        let at = COST + 4 * position;
        u32::from_be_bytes([sealed[at], sealed[at + 1], sealed[at + 2], sealed[at + 3]])
    };
    match sealed[DERIVED_BY] {
        0 => Ok(Derivation::Given),
        1 => {
            let salt = sealed[SALT..CHECK]
                .try_into()
                .map_err(|_| SealError::NotSealed)?;
            let cost = Cost {
                memory_kib: number(0),
                passes: number(1),
                lanes: number(2),
            };
            Ok(Derivation::Passphrase { cost, salt })
        }
        _ => Err(SealError::NotSealed),
    }
}

fn header(kek: &KeyEncryptionKey, nonce: &[u8; 24]) -> Vec<u8> {
    let (derived_by, cost, salt) = match kek.derivation {
        Derivation::Given => (
            0,
            Cost {
                memory_kib: 0,
                passes: 0,
                lanes: 0,
            },
            [0u8; 16],
        ),
        Derivation::Passphrase { cost, salt } => (1, cost, salt),
    };
    let mut header = Vec::with_capacity(HEADER + 160);
    header.extend(MAGIC);
    header.extend([VERSION, derived_by]);
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        header.extend(number.to_be_bytes());
    }
    header.extend(salt);
    header.extend(kek.check());
    header.extend(nonce);
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::seeded;
    use proptest::prelude::*;

    #[test]
    fn a_passphrase_alone_opens_what_it_sealed() {
        let kek = KeyEncryptionKey::from_passphrase("correct horse", Cost::LEAST, &mut seeded(1))
            .unwrap();
        let sealed = seal(&kek, "ca/root", b"secret", &mut seeded(2));
        let again = KeyEncryptionKey::for_sealed("correct horse", &sealed).unwrap();
        assert_eq!(&open(&again, "ca/root", &sealed).unwrap()[..], b"secret");
        assert_eq!(
            KeyEncryptionKey::for_sealed("wrong", &sealed).unwrap_err(),
            SealError::WrongKey
        );
    }

    #[test]
    fn another_purpose_another_key_and_a_newer_format_are_told_apart() {
        let kek = KeyEncryptionKey::from_bytes([7; 32]);
        let mut sealed = seal(&kek, "log", b"secret", &mut seeded(1));
        assert_eq!(
            open(&kek, "online", &sealed).unwrap_err(),
            SealError::Damaged
        );
        let other = KeyEncryptionKey::from_bytes([8; 32]);
        assert_eq!(
            open(&other, "log", &sealed).unwrap_err(),
            SealError::WrongKey
        );
        sealed[8] = 2;
        assert_eq!(
            open(&kek, "log", &sealed).unwrap_err(),
            SealError::NewerVersion(2)
        );
        assert_eq!(
            open(&kek, "log", b"MSTRSEAL").unwrap_err(),
            SealError::NotSealed
        );
    }

    #[test]
    fn a_forged_header_cannot_demand_the_machine() {
        let kek = KeyEncryptionKey::from_passphrase("p", Cost::LEAST, &mut seeded(1)).unwrap();
        let mut sealed = seal(&kek, "log", b"secret", &mut seeded(1));
        sealed[COST..COST + 4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(
            KeyEncryptionKey::for_sealed("p", &sealed).unwrap_err(),
            SealError::Cost
        );
    }

    proptest! {
        #[test]
        fn no_changed_bit_goes_unseen(plaintext in proptest::collection::vec(any::<u8>(), 0..100), bit in any::<prop::sample::Index>()) {
            let kek = KeyEncryptionKey::from_bytes([7; 32]);
            let mut sealed = seal(&kek, "log", &plaintext, &mut seeded(3));
            prop_assert_eq!(&open(&kek, "log", &sealed).unwrap()[..], &plaintext[..]);
            let bit = bit.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(open(&kek, "log", &sealed).is_err());
        }
    }
}
