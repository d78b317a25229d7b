//! A person's key in a file: an approver's or a root signer's, with the fleet it is pinned to.

use std::path::Path;

use muster_protocol::digest::Digest;
use muster_protocol::ids::Person;
use muster_protocol::keys::Ed25519Signer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault;

/// What a key is for. A key has one use (PROTOCOL §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Approves commands and policies.
    Approver,
    /// Signs keyrings.
    Root,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u8,
    r#use: Use,
    /// What its owner is called; stays on this machine.
    name: String,
    /// 32 hex characters; stands in the keyring instead of a name.
    person: String,
    /// The fleet's fingerprint: which descriptor this key's owner believes. Absent until the owner pinned it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fleet: Option<String>,
    /// 64 hex characters.
    secret: String,
}

/// A key and its owner's pin.
pub struct KeyFile {
    /// What the key is for.
    pub r#use: Use,
    /// What its owner is called.
    pub name: String,
    /// Who its owner is in the keyring.
    pub person: Person,
    /// The fleet its owner believes in; `None` for a key made before its fleet, until [`KeyFile::pin`].
    pub fleet: Option<Digest>,
    /// The key.
    pub signer: Ed25519Signer,
}

impl KeyFile {
    /// The fleet this key is pinned to.
    ///
    /// # Errors
    /// A sentence that says how to pin it: a key that believes in no fleet believes any.
    pub fn pinned(&self) -> Result<&Digest, String> {
        self.fleet.as_ref().ok_or_else(|| {
            "This key is pinned to no fleet yet. Read the fingerprint from the fleet's card and run muster approver pin."
                .to_owned()
        })
    }

    /// Pins the key in the file at `path` to a fleet, once and for all.
    ///
    /// # Errors
    /// A sentence: it does not read or cannot be written, or it is pinned to another fleet.
    pub fn pin(path: &Path, fleet: Digest) -> Result<(), String> {
        let mut key = Self::read(path)?;
        match key.fleet {
            Some(known) if known == fleet => return Ok(()),
            Some(known) => {
                return Err(format!(
                    "This key is pinned to the fleet {known} already. For another fleet, make another key."
                ));
            }
            None => key.fleet = Some(fleet),
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let fresh = std::path::PathBuf::from(name);
        key.write(&fresh)?;
        std::fs::rename(&fresh, path).map_err(|error| {
            format!(
                "The key file {} cannot be replaced: {error}.",
                path.display()
            )
        })
    }

    /// Writes a new file that only its owner can read.
    ///
    /// # Errors
    /// A sentence: there is a file already, or it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let stored = Stored {
            v: 1,
            r#use: self.r#use,
            name: self.name.clone(),
            person: self.person.to_string(),
            fleet: self.fleet.map(|fleet| fleet.to_hex()),
            secret: hex::encode(*Zeroizing::new(self.signer.seed())),
        };
        let text = Zeroizing::new(
            serde_json::to_string_pretty(&stored).map_err(|error| error.to_string())?,
        );
        vault::write_secret(path, text.as_bytes()).map_err(|error| {
            format!(
                "The key file {} cannot be written: {error}.",
                path.display()
            )
        })
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// A sentence: it cannot be read, others may read it, or it is no key file of this version.
    pub fn read(path: &Path) -> Result<Self, String> {
        use std::os::unix::fs::PermissionsExt;
        let shown = path.display();
        let cannot =
            |error: std::io::Error| format!("The key file {shown} cannot be read: {error}.");
        if std::fs::metadata(path)
            .map_err(cannot)?
            .permissions()
            .mode()
            & 0o077
            != 0
        {
            return Err(format!(
                "The key file {shown} can be read by others. Run: chmod 600 {shown}"
            ));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(cannot)?);
        let wrong = || format!("{shown} is no key file of this version of Muster.");
        let stored: Stored = serde_json::from_str(&text).map_err(|_| wrong())?;
        let secret = Zeroizing::new(stored.secret);
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(secret.as_bytes(), &mut *seed).map_err(|_| wrong())?;
        if stored.v != 1 {
            return Err(wrong());
        }
        Ok(Self {
            r#use: stored.r#use,
            name: stored.name,
            person: Person::parse(&stored.person).map_err(|_| wrong())?,
            fleet: stored
                .fleet
                .map(|fleet| Digest::parse(&fleet))
                .transpose()
                .map_err(|_| wrong())?,
            signer: Ed25519Signer::from_seed(*seed),
        })
    }
}
