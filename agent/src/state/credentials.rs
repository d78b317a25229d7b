//! The phone's two P-256 keys (PROTOCOL §13): the device key, which signs receipts and lives as long as the enrolment,
//! and the TLS key, which is renewed. Neither ever leaves the phone.

use std::fs;
use std::path::PathBuf;

use muster_protocol::base64;
use muster_protocol::keys::P256Signer;
use p256::ecdsa::SigningKey;
use p256::pkcs8::EncodePrivateKey;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::file::{destroy, write_durably};
use super::folder::FolderError;
use crate::net::NetError;
use crate::system::System;

const DEVICE_KEY: &str = "device.key";
const TLS: &str = "tls.json";

/// A P-256 key from the injected random source. Candidates outside the curve's order are thrown away (FIPS 186-5
/// A.2.2); one in 2³² is.
#[must_use]
pub fn new_key(system: &System) -> P256Signer {
    loop {
        if let Some(key) = P256Signer::from_bytes(system.random_bytes()) {
            return key;
        }
    }
}

/// A TLS key and the certificate issued for it.
#[derive(Clone)]
pub struct TlsIdentity {
    signer: P256Signer,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
}

impl TlsIdentity {
    /// A key with its certificate.
    #[must_use]
    pub fn new(signer: P256Signer, certificate: Vec<u8>) -> Self {
        Self {
            signer,
            certificate,
        }
    }

    /// The key.
    #[must_use]
    pub fn signer(&self) -> &P256Signer {
        &self.signer
    }

    /// The key as PKCS#8, for TLS.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, NetError> {
        let failed = || NetError::Unusable("the TLS key cannot be encoded".to_owned());
        let document = signing_key(&self.signer)
            .and_then(|key| key.to_pkcs8_der().ok())
            .ok_or_else(failed)?;
        Ok(Zeroizing::new(document.as_bytes().to_vec()))
    }
}

/// The same key as the type that certificate requests and TLS want.
#[must_use]
pub fn signing_key(signer: &P256Signer) -> Option<SigningKey> {
    SigningKey::from_slice(Zeroizing::new(signer.to_bytes()).as_slice()).ok()
}

/// The TLS identities: the one in use, and the one before until the new one has worked.
#[derive(Clone)]
pub struct TlsKeys {
    /// In use.
    pub current: TlsIdentity,
    /// The one before; dropped when `current` has worked, taken back when it does not.
    pub previous: Option<TlsIdentity>,
}

#[derive(Serialize, Deserialize)]
struct StoredIdentity {
    key: String,
    certificate: String,
}

#[derive(Serialize, Deserialize)]
struct StoredKeys {
    current: StoredIdentity,
    previous: Option<StoredIdentity>,
}

impl StoredIdentity {
    fn of(identity: &TlsIdentity) -> Self {
        Self {
            key: hex::encode(identity.signer.to_bytes()),
            certificate: base64::encode(&identity.certificate),
        }
    }

    fn open(mut self) -> Option<TlsIdentity> {
        let signer = from_hex(&self.key)?;
        self.key.zeroize();
        Some(TlsIdentity {
            signer,
            certificate: base64::decode(&self.certificate)?,
        })
    }
}

pub(super) fn from_hex(text: &str) -> Option<P256Signer> {
    let mut secret = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), secret.as_mut_slice()).ok()?;
    P256Signer::from_bytes(*secret)
}

/// Where the keys of one enrolment lie. Each enrolment has its own folder, so that the state file, which names the
/// enrolment, switches from the old keys to the new in one step.
#[derive(Clone, Debug)]
pub struct KeyFiles {
    folder: PathBuf,
}

impl KeyFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Makes the folder for them.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> Result<(), FolderError> {
        fs::create_dir_all(&self.folder).map_err(FolderError::file("make", &self.folder))
    }

    /// Stores a device key.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn store_device_key(&self, key: &P256Signer) -> Result<(), FolderError> {
        let text = Zeroizing::new(hex::encode(key.to_bytes()));
        self.write(DEVICE_KEY, text.as_bytes())
    }

    /// Reads the device key.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] when it is not there or not a key.
    pub fn device_key(&self) -> Result<P256Signer, FolderError> {
        let text = Zeroizing::new(self.read(DEVICE_KEY)?);
        from_hex(&text).ok_or(FolderError::Damaged("the device key cannot be read"))
    }

    /// Stores the TLS identities.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn store_tls(&self, keys: &TlsKeys) -> Result<(), FolderError> {
        let stored = StoredKeys {
            current: StoredIdentity::of(&keys.current),
            previous: keys.previous.as_ref().map(StoredIdentity::of),
        };
        let text = Zeroizing::new(serde_json::to_vec(&stored).expect("texts always encode"));
        self.write(TLS, &text)
    }

    /// Reads the TLS identities.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] when they are not there or not keys.
    pub fn tls(&self) -> Result<TlsKeys, FolderError> {
        let text = Zeroizing::new(self.read(TLS)?);
        let damaged = || FolderError::Damaged("the TLS key cannot be read");
        let stored: StoredKeys = serde_json::from_str(&text).map_err(|_| damaged())?;
        Ok(TlsKeys {
            current: stored.current.open().ok_or_else(damaged)?,
            previous: match stored.previous {
                Some(previous) => Some(previous.open().ok_or_else(damaged)?),
                None => None,
            },
        })
    }

    /// Destroys all keys; may run twice.
    ///
    /// # Errors
    /// When one may be left.
    pub fn destroy(&self) -> Result<(), FolderError> {
        for name in [DEVICE_KEY, TLS] {
            let path = self.folder.join(name);
            destroy(&path).map_err(FolderError::file("destroy", &path))?;
        }
        match fs::remove_dir(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(FolderError::file("remove", &self.folder)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.folder.join(name);
        write_durably(&path, bytes).map_err(FolderError::file("write", &path))
    }

    fn read(&self, name: &str) -> Result<String, FolderError> {
        fs::read_to_string(self.folder.join(name))
            .map_err(|_| FolderError::Damaged("a key is missing"))
    }
}
