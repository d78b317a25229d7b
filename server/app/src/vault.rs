//! Private keys at rest: sealed under one key that lies in a file of its own.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use muster_pki::sealing::{self, KeyEncryptionKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::random::Random;

/// Seals and opens secrets under the installation's key.
pub struct Vault {
    secret: Zeroizing<[u8; 32]>,
    key: KeyEncryptionKey,
}

impl Vault {
    /// Reads the key file, or makes it when there is none.
    ///
    /// # Errors
    /// A sentence: the file cannot be read or made, others may read it, or it does not hold 32 bytes in hex.
    pub fn open(path: &Path, random: &dyn Random) -> Result<Self, String> {
        let shown = path.display();
        if !path.exists() {
            make(path, random)
                .map_err(|error| format!("The key file {shown} cannot be made: {error}."))?;
        }
        let mode = fs::metadata(path)
            .map_err(|error| format!("The key file {shown} cannot be read: {error}."))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(format!(
                "The key file {shown} can be read by others. Run: chmod 600 {shown}"
            ));
        }
        let text = Zeroizing::new(
            fs::read_to_string(path)
                .map_err(|error| format!("The key file {shown} cannot be read: {error}."))?,
        );
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut *secret)
            .map_err(|_| format!("The key file {shown} does not hold 64 hexadecimal characters. Restore it from your backup."))?;
        let key = KeyEncryptionKey::from_bytes(*secret);
        Ok(Self { secret, key })
    }

    /// Seals `plaintext` for `purpose`: it opens for that purpose only.
    #[must_use]
    pub fn seal(&self, purpose: &str, plaintext: &[u8], random: &dyn Random) -> Vec<u8> {
        sealing::seal(&self.key, purpose, plaintext, &mut |bytes| {
            random.fill(bytes);
        })
    }

    /// Opens what [`Self::seal`] sealed for `purpose`.
    ///
    /// # Errors
    /// A sentence: it was sealed under another key or for another purpose, or was changed.
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
        sealing::open(&self.key, purpose, sealed).map_err(|error| format!("{purpose}: {error}"))
    }

    /// The key-encryption key itself, for keys that seal themselves.
    #[must_use]
    pub fn key(&self) -> &KeyEncryptionKey {
        &self.key
    }

    /// 32 bytes for one use, which tell nothing of the key.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"muster-derive/v1\n");
        hash.update(purpose.as_bytes());
        hash.update(b"\n");
        hash.update(*self.secret);
        hash.finalize().into()
    }
}

fn make(path: &Path, random: &dyn Random) -> std::io::Result<()> {
    let secret = Zeroizing::new(random.bytes::<32>());
    write_secret(path, format!("{}\n", hex::encode(*secret)).as_bytes())
}

/// Writes a new file that only its owner can read, and has it on the disk before it returns.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn write_secret(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

/// Takes everybody else's rights on a folder away.
///
/// # Errors
/// The folder belongs to somebody else.
pub fn only_for_its_owner(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}
