//! The newest keyring that an approver's program has seen of a fleet: an older one later is a sign of a hacked server.

use std::fs;
use std::io::ErrorKind;
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
/// A sentence: it is older, or another, or cannot be remembered; or what was remembered cannot be told.
pub fn remember_at(path: &Path, held: &HeldKeyring) -> Result<(), String> {
    if let Some((version, digest)) = known(path)? {
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

/// Only a file that is not there means that nothing was seen: one that is damaged would otherwise forget for whoever damaged it.
fn known(path: &Path) -> Result<Option<(u64, Digest)>, String> {
    let shown = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(format!(
                "{shown} remembers the newest keyring you have seen, and cannot be read: {error}. Do not sign before it can be; an older keyring would not be told."
            ));
        }
    };
    let read = || {
        let (version, digest) = str::from_utf8(&bytes).ok()?.trim().split_once(' ')?;
        Some((version.parse::<u64>().ok()?, Digest::parse(digest).ok()?))
    };
    read().map(Some).ok_or_else(|| {
        format!(
            "{shown} remembers the newest keyring you have seen, and does not read. Do not sign: ask your root signers which keyring is the newest. If the server shows that one, delete the file and look again."
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::remember_at;
    use crate::offline::signing::tests::Ceremony;

    #[test]
    fn what_was_seen_is_forgotten_by_no_accident() {
        let held = Ceremony::usual().held;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ada.key.seen");
        remember_at(&path, &held).unwrap();
        remember_at(&path, &held).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let version = held.keyring.version;
        for garbled in [
            "",
            "\n",
            "7",
            "x y",
            "-1 00",
            &good[..good.len() - 4],
            "\u{fffd}",
        ] {
            fs::write(&path, garbled).unwrap();
            let refused = remember_at(&path, &held).unwrap_err();
            assert!(
                refused.contains("delete the file"),
                "{garbled:?}: {refused}"
            );
            assert_eq!(
                fs::read_to_string(&path).unwrap(),
                garbled,
                "nothing is written over it"
            );
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(remember_at(&path, &held).is_err());
        fs::remove_file(&path).unwrap();
        // There, and not to be read: a folder in its place.
        fs::create_dir(&path).unwrap();
        let refused = remember_at(&path, &held).unwrap_err();
        assert!(refused.contains("cannot be read"), "{refused}");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, format!("{} {}\n", version + 1, held.digest)).unwrap();
        assert!(remember_at(&path, &held).unwrap_err().contains("seen"));
    }
}
