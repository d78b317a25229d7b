//! The two keys of an enrolment that is under way. They are stored before the code is sent, because the answer may be lost
//! when the code is spent already: whoever asks again with the same code and the same key gets the same certificate.

use std::fs;
use std::path::PathBuf;

use muster_protocol::digest::{Digest, sha256};
use muster_protocol::keys::P256Signer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::credentials::{from_hex, new_key};
use super::file::{destroy, write_durably};
use super::folder::FolderError;
use crate::system::System;

/// Where they lie.
#[derive(Clone, Debug)]
pub struct Joining {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Which code it was, without telling it.
    code: String,
    device: String,
    tls: String,
}

impl Joining {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The device key and the TLS key for an enrolment with this code: new ones, or those of the last try.
    ///
    /// # Errors
    /// When they cannot be stored.
    pub fn keys(
        &self,
        code: &str,
        system: &System,
    ) -> Result<(P256Signer, P256Signer), FolderError> {
        let code = digest_of(code).to_string();
        if let Some(keys) = self.read(&code) {
            return Ok(keys);
        }
        let (device, tls) = (new_key(system), new_key(system));
        let text = |key: &P256Signer| hex::encode(key.to_bytes());
        let stored = Stored {
            code,
            device: text(&device),
            tls: text(&tls),
        };
        let bytes = Zeroizing::new(serde_json::to_vec(&stored).expect("texts always encode"));
        write_durably(&self.path, &bytes).map_err(FolderError::file("write", &self.path))?;
        Ok((device, tls))
    }

    /// The enrolment is about to be stored: its keys lie where they belong. Call this before the state is saved, so that a
    /// later try with the same code can never begin the same enrolment again.
    ///
    /// # Errors
    /// When they may be left here.
    pub fn finish(&self) -> Result<(), FolderError> {
        destroy(&self.path).map_err(FolderError::file("destroy", &self.path))
    }

    /// Whatever does not read is as good as nothing: new keys are made.
    fn read(&self, code: &str) -> Option<(P256Signer, P256Signer)> {
        let bytes = Zeroizing::new(fs::read(&self.path).ok()?);
        let stored: Stored = serde_json::from_slice(&bytes).ok()?;
        let (device, tls) = (Zeroizing::new(stored.device), Zeroizing::new(stored.tls));
        if stored.code != code {
            return None;
        }
        Some((from_hex(&device)?, from_hex(&tls)?))
    }
}

/// Groups and letter case do not matter in a code.
fn digest_of(code: &str) -> Digest {
    let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    sha256(bare.to_ascii_uppercase().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::Joining;
    use crate::system::System;

    #[test]
    fn the_same_code_finds_the_same_keys_and_another_finds_new_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let joining = Joining::new(folder.path().join("joining"));
        let id = |code: &str| {
            let (device, tls) = joining.keys(code, &System::real()).expect("keys");
            (device.key_id(), tls.key_id())
        };
        let first = id("4H2K9-ZQT7C-00000-00000");
        assert_eq!(id("4h2k9 zqt7c0000000000"), first);
        assert_ne!(id("5H2K9-ZQT7C-00000-00000"), first);
        assert_ne!(
            id("4H2K9-ZQT7C-00000-00000"),
            first,
            "only the last try is remembered"
        );
        joining.finish().expect("destroyed");
        joining.finish().expect("destroyed already");
        assert!(!folder.path().join("joining").exists());
    }
}
