//! A witness's key file: one key, for cosignatures and clearances alike, and the name it has on notes.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use muster_protocol::base64;
use muster_protocol::checkpoint::is_key_name;
use muster_protocol::keys::Ed25519Signer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::random::Random;
use crate::vault;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u8,
    r#use: String,
    name: String,
    secret: String,
}

/// A witness's key and name.
pub struct WitnessKey {
    /// Its name on notes.
    pub name: String,
    /// The key.
    pub signer: Ed25519Signer,
}

impl WitnessKey {
    /// Makes a key and writes its file, readable by its owner only.
    ///
    /// # Errors
    /// A sentence: the name cannot stand on a note, there is a file already, or it cannot be written.
    pub fn create(path: &Path, name: &str, random: &dyn Random) -> Result<Self, String> {
        if !is_key_name(name) {
            return Err(format!(
                "{name:?} cannot stand on a note: a name is 1 to 128 characters without spaces and plus signs, such as witness.example.org/w1."
            ));
        }
        let seed = Zeroizing::new(random.bytes::<32>());
        let stored = Stored {
            v: 1,
            r#use: "witness".to_owned(),
            name: name.to_owned(),
            secret: hex::encode(*seed),
        };
        let text = Zeroizing::new(
            serde_json::to_string_pretty(&stored).map_err(|error| error.to_string())?,
        );
        vault::write_secret(path, text.as_bytes())
            .map_err(|error| format!("{} cannot be written: {error}.", path.display()))?;
        Ok(Self {
            name: name.to_owned(),
            signer: Ed25519Signer::from_seed(*seed),
        })
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// A sentence: it cannot be read, others may read it, or it is no witness's key.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let cannot = |error: std::io::Error| format!("{shown} cannot be read: {error}.");
        let mode = std::fs::metadata(path)
            .map_err(cannot)?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(format!(
                "{shown} can be read by others. Run: chmod 600 {shown}"
            ));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(cannot)?);
        let wrong = || format!("{shown} is no witness's key file of this version.");
        let stored: Stored = serde_json::from_str(&text).map_err(|_| wrong())?;
        let secret = Zeroizing::new(stored.secret);
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(secret.as_bytes(), &mut *seed).map_err(|_| wrong())?;
        if stored.v != 1 || stored.r#use != "witness" || !is_key_name(&stored.name) {
            return Err(wrong());
        }
        Ok(Self {
            name: stored.name,
            signer: Ed25519Signer::from_seed(*seed),
        })
    }

    /// The public half, base64: what the keyring names beside the name.
    #[must_use]
    pub fn public(&self) -> String {
        base64::encode(self.signer.verifying_key().raw())
    }
}
