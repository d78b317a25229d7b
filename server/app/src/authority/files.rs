//! The CA's files: three certificates in PEM, three sealed keys, written whole or not at all.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use muster_pki::authority::{Authority as Place, Hierarchy, StoredAuthority, StoredHierarchy};
use muster_pki::certificate::{certificate_from_pem, certificate_pem};

use crate::app::Kek;
use crate::random::Random;
use crate::vault;

/// What the CAs call themselves.
const NAME: &str = "Muster";

/// Makes all three CAs, in a folder beside that is renamed when it is complete: there is no half a CA.
pub(super) fn make(
    folder: &Path,
    kek: &Kek,
    random: &dyn Random,
    now: Timestamp,
) -> Result<(), String> {
    let mut draw = |bytes: &mut [u8]| random.fill(bytes);
    let new = Hierarchy::create(NAME, now, &mut draw).map_err(|error| in_folder(folder, &error))?;
    let stored = new.seal(kek, &mut draw);
    let beside = folder.with_extension("new");
    let write = || -> std::io::Result<()> {
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        fs::create_dir_all(&beside)?;
        vault::only_for_its_owner(&beside)?;
        for (place, one) in [
            (Place::Root, &stored.root),
            (Place::Devices, &stored.devices),
            (Place::Servers, &stored.servers),
        ] {
            replace(
                &beside.join(certificate_file(place)),
                certificate_pem(&one.certificate).as_bytes(),
            )?;
            if let Some(key) = &one.sealed_key {
                vault::write_secret(&beside.join(key_file(place)), key)?;
            }
        }
        fs::rename(&beside, folder)?;
        sync_parent(folder)
    };
    write().map_err(|error| in_folder(folder, &error))
}

pub(super) fn read(folder: &Path) -> Result<StoredHierarchy, String> {
    let one = |place: Place| -> Result<StoredAuthority, String> {
        let path = folder.join(certificate_file(place));
        let shown = path.display();
        let pem = fs::read_to_string(&path).map_err(|error| {
            format!("{shown} cannot be read: {error}. Restore the folder ca from your backup.")
        })?;
        let certificate = certificate_from_pem(&pem)
            .map_err(|error| format!("{shown}: {error}. Restore it from your backup."))?;
        // A missing key is told by whoever needs it: the root's may be kept elsewhere.
        Ok(StoredAuthority {
            certificate,
            sealed_key: fs::read(folder.join(key_file(place))).ok(),
        })
    };
    Ok(StoredHierarchy {
        root: one(Place::Root)?,
        devices: one(Place::Devices)?,
        servers: one(Place::Servers)?,
    })
}

pub(super) fn certificate_file(place: Place) -> String {
    format!("{}.crt", place.as_str())
}

pub(super) fn key_file(place: Place) -> String {
    format!("{}.key", place.as_str())
}

pub(super) fn in_folder(folder: &Path, why: &impl Display) -> String {
    format!("The CA in {}: {why}.", folder.display())
}

/// Writes a file whole or not at all, readable by its owner only.
pub(super) fn replace(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    if beside.exists() {
        fs::remove_file(&beside)?;
    }
    vault::write_secret(&beside, contents)?;
    fs::rename(&beside, path)?;
    sync_parent(path)
}

/// A rename is on the disk when its folder is.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    fs::File::open(parent)?.sync_all()
}
