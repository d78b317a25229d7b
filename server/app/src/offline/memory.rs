//! The newest keyring that an approver's program has seen of a fleet: an older one later is a sign of a hacked server.

use std::fs;
use std::path::{Path, PathBuf};

use muster_protocol::digest::Digest;
use muster_protocol::keyring::HeldKeyring;

use super::folder;

/// Where it is remembered beside a key file.
#[must_use]
pub fn seen_file(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".seen");
    PathBuf::from(name)
}

/// The same beside the key file at `key`, as [`remember_at`] does it.
///
/// # Errors
/// As [`remember_at`].
pub fn remember(key: &Path, held: &HeldKeyring) -> Result<(), String> {
    remember_at(&seen_file(key), held)
}

/// Refuses a keyring older than the newest one seen, or another one of the same version; remembers a newer one in this file.
///
/// # Errors
/// A sentence: it is older, or another, or cannot be remembered.
pub fn remember_at(path: &Path, held: &HeldKeyring) -> Result<(), String> {
    let known = fs::read_to_string(path).ok().and_then(|text| {
        let (version, digest) = text.trim().split_once(' ')?;
        Some((version.parse::<u64>().ok()?, Digest::parse(digest).ok()?))
    });
    if let Some((version, digest)) = known {
        if held.keyring.version < version {
            return Err(format!(
                "The server shows keyring {}, and you have seen {version} already. It may be hacked: do not sign, tell your root signers.",
                held.keyring.version
            ));
        }
        if held.keyring.version == version {
            if held.digest == digest {
                return Ok(());
            }
            return Err("The server shows another keyring of the version you have seen. Do not sign, tell your root signers.".to_owned());
        }
    }
    folder::write(
        path,
        format!("{} {}\n", held.keyring.version, held.digest).as_bytes(),
    )
}
