//! A phone that is a folder: for demonstrations, tests and the fleet simulator.
//!
//! `userdata/` is what a wipe erases, `service/` what a kill erases, `screen.txt` what the owner would see,
//! `phone.json` what the handset knows of itself, and `owner-credential` what the owner would type to open the owner's
//! own lock. Nothing but [`owner_unlock`] reads that last file, as no command may.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use muster_protocol::digest::sha256;
use muster_protocol::ids::SerialNumber;
use serde::{Deserialize, Serialize};

use super::{Inventory, Lock, LockState, Phone, PhoneError};
use crate::state::file::{sync_folder, write_durably};
use crate::system::Random;

const HANDSET: &str = "phone.json";
const USER_DATA: &str = "userdata";
const SERVICE: &str = "service";
const SCREEN: &str = "screen.txt";
const OWNER_CREDENTIAL: &str = "owner-credential";

/// Files that stand for an owner's own data. More than one, so that an erasure can be interrupted half-way.
const SAMPLE_USER_DATA: [(&str, &str); 4] = [
    (
        "contacts.vcf",
        "BEGIN:VCARD\nVERSION:4.0\nFN:Ada Example\nEND:VCARD\n",
    ),
    ("messages.txt", "See you at the station at nine.\n"),
    ("notes.txt", "Interview notes, second draft.\n"),
    ("photo.txt", "A photograph of a harbour would be here.\n"),
];
const SAMPLE_SERVICE_DATA: (&str, &str) = ("subscription.txt", "Service profile of the fleet.\n");

/// What the handset knows of itself, in `phone.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Handset {
    serial: String,
    model: String,
    locks: LockState,
    service_on: bool,
    owner_credential_sha256: String,
    inventory: Inventory,
}

/// A folder that plays a phone.
#[derive(Debug)]
pub struct SandboxPhone {
    folder: PathBuf,
}

impl SandboxPhone {
    /// Makes a handset in `folder`, or takes the one that is there. A handset keeps its serial for ever, as a real one
    /// does; data that an earlier wipe or kill took away are filled in again, as after a sale.
    ///
    /// # Errors
    /// When the folder holds a handset of another serial, or cannot be written.
    pub fn prepare(
        folder: &Path,
        serial: &SerialNumber,
        model: &str,
        random: &dyn Random,
    ) -> Result<Self, PhoneError> {
        let phone = Self {
            folder: folder.to_owned(),
        };
        if folder.join(HANDSET).exists() {
            let found = phone.handset()?.serial;
            if found != serial.to_string() {
                return Err(PhoneError::Malformed(format!(
                    "this folder holds the handset {found}, not {serial}; a handset keeps its serial number"
                )));
            }
        } else {
            let mut digits = [0; 3];
            random.fill(&mut digits);
            let credential: String = digits
                .iter()
                .map(|byte| format!("{:02}", byte % 100))
                .collect();
            phone.write(OWNER_CREDENTIAL, format!("{credential}\n").as_bytes())?;
            phone.store(&Handset {
                serial: serial.to_string(),
                model: model.to_owned(),
                locks: LockState::default(),
                service_on: true,
                owner_credential_sha256: sha256(credential.as_bytes()).to_string(),
                inventory: sample_inventory(model),
            })?;
        }
        phone.fill(USER_DATA, &SAMPLE_USER_DATA)?;
        phone.fill(SERVICE, &[SAMPLE_SERVICE_DATA])?;
        Ok(phone)
    }

    /// The serial of the handset in `folder`, if there is a handset.
    ///
    /// # Errors
    /// When `phone.json` cannot be read.
    pub fn serial_in(folder: &Path) -> Result<Option<String>, PhoneError> {
        if !folder.join(HANDSET).exists() {
            return Ok(None);
        }
        Ok(Some(
            Self {
                folder: folder.to_owned(),
            }
            .handset()?
            .serial,
        ))
    }

    /// Opens the handset in `folder`.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(folder: &Path) -> Result<Self, PhoneError> {
        let phone = Self {
            folder: folder.to_owned(),
        };
        phone.handset()?;
        Ok(phone)
    }

    fn handset(&self) -> Result<Handset, PhoneError> {
        let path = self.folder.join(HANDSET);
        let bytes =
            fs::read(&path).map_err(PhoneError::file(format!("cannot read {}", path.display())))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            PhoneError::Malformed(format!("{} is not a sandbox handset", path.display()))
        })
    }

    fn store(&self, handset: &Handset) -> Result<(), PhoneError> {
        let mut bytes = serde_json::to_vec_pretty(handset)
            .expect("texts, numbers and truth values always encode");
        bytes.push(b'\n');
        self.write(HANDSET, &bytes)
    }

    fn change(&self, change: impl FnOnce(&mut Handset)) -> Result<(), PhoneError> {
        let mut handset = self.handset()?;
        change(&mut handset);
        self.store(&handset)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PhoneError> {
        let path = self.folder.join(name);
        write_durably(&path, bytes)
            .map_err(PhoneError::file(format!("cannot write {}", path.display())))
    }

    fn fill(&self, folder: &str, files: &[(&str, &str)]) -> Result<(), PhoneError> {
        let folder = self.folder.join(folder);
        if folder.exists() {
            return Ok(());
        }
        fs::create_dir_all(&folder).map_err(PhoneError::file(format!(
            "cannot make {}",
            folder.display()
        )))?;
        for (name, text) in files {
            fs::write(folder.join(name), text)
                .map_err(PhoneError::file(format!("cannot write {name}")))?;
        }
        Ok(())
    }

    /// Deletes a folder of the phone, part by part. Gone already is as good as deleted.
    fn erase(&self, name: &str, step: &mut dyn FnMut()) -> Result<(), PhoneError> {
        let folder = self.folder.join(name);
        let failed = || PhoneError::file(format!("cannot erase {}", folder.display()));
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed()(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed())?.path();
            let is_folder = fs::symlink_metadata(&path).map_err(failed())?.is_dir();
            if is_folder {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            }
            .map_err(failed())?;
            step();
        }
        fs::remove_dir(&folder).map_err(failed())?;
        sync_folder(&self.folder).map_err(failed())
    }
}

impl Phone for SandboxPhone {
    fn inventory(&mut self) -> Inventory {
        self.handset()
            .map(|handset| handset.inventory)
            .unwrap_or_default()
    }

    fn lock_state(&mut self) -> Result<LockState, PhoneError> {
        Ok(self.handset()?.locks)
    }

    fn lock(&mut self, lock: Lock) -> Result<(), PhoneError> {
        self.change(|handset| match lock {
            Lock::Owner => handset.locks.owner = true,
            Lock::Fleet => handset.locks.fleet = true,
        })
    }

    fn unlock_fleet(&mut self) -> Result<(), PhoneError> {
        self.change(|handset| handset.locks.fleet = false)
    }

    fn service_on(&mut self) -> Result<bool, PhoneError> {
        Ok(self.handset()?.service_on)
    }

    fn set_service(&mut self, on: bool) -> Result<(), PhoneError> {
        self.change(|handset| handset.service_on = on)
    }

    fn erase_user_data(&mut self, step: &mut dyn FnMut()) -> Result<(), PhoneError> {
        self.erase(USER_DATA, step)
    }

    fn erase_service_data(&mut self) -> Result<(), PhoneError> {
        self.erase(SERVICE, &mut || {})
    }

    fn show(&mut self, lines: &[String]) -> Result<(), PhoneError> {
        let mut text = lines.join("\n");
        text.push('\n');
        self.write(SCREEN, text.as_bytes())
    }
}

/// What became of the owner's try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerUnlock {
    /// The owner's lock is open now.
    Opened,
    /// It was open already.
    NothingToOpen,
    /// The fleet's lock holds; the owner's credential does not open that one.
    FleetLockHolds,
}

/// Plays the owner, who types the credential kept in `owner-credential`.
///
/// # Errors
/// When the credential is not the handset's, or the folder is no handset.
pub fn owner_unlock(folder: &Path) -> Result<OwnerUnlock, PhoneError> {
    let phone = SandboxPhone::open(folder)?;
    let path = folder.join(OWNER_CREDENTIAL);
    let typed = fs::read_to_string(&path)
        .map_err(PhoneError::file(format!("cannot read {}", path.display())))?;
    let handset = phone.handset()?;
    if sha256(typed.trim().as_bytes()).to_string() != handset.owner_credential_sha256 {
        return Err(PhoneError::Malformed(
            "the owner's credential is wrong; the lock stays".to_owned(),
        ));
    }
    let before = handset.locks;
    phone.change(|handset| handset.locks.owner = false)?;
    Ok(match before {
        LockState { fleet: true, .. } => OwnerUnlock::FleetLockHolds,
        LockState { owner: true, .. } => OwnerUnlock::Opened,
        LockState { .. } => OwnerUnlock::NothingToOpen,
    })
}

fn sample_inventory(model: &str) -> Inventory {
    Inventory {
        os_name: Some("Sandbox OS".to_owned()),
        os_version: Some("14.3".to_owned()),
        patch_level: Some("2026-11-01".to_owned()),
        model: Some(model.to_owned()),
        battery_percent: Some(78),
        charging: Some(false),
        storage_total_bytes: Some(128_000_000_000),
        storage_free_bytes: Some(71_000_000_000),
        encrypted: Some(true),
        uptime_seconds: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemRandom;

    fn phone(folder: &Path) -> SandboxPhone {
        let serial = SerialNumber::parse("NW-000042").expect("a serial");
        SandboxPhone::prepare(folder, &serial, "Hardline X7", &SystemRandom).expect("a handset")
    }

    #[test]
    fn every_erasure_may_run_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut phone = phone(folder.path());
        let mut steps = 0;
        phone.erase_user_data(&mut || steps += 1).expect("erased");
        phone
            .erase_user_data(&mut || steps += 1)
            .expect("erased again");
        assert_eq!(steps, SAMPLE_USER_DATA.len());
        assert!(!folder.path().join(USER_DATA).exists());
        assert!(
            folder.path().join(SERVICE).exists(),
            "a wipe's first half leaves the service data to the second"
        );
        phone.erase_service_data().expect("erased");
        phone.erase_service_data().expect("erased again");
    }

    #[test]
    fn the_owner_opens_the_owners_lock_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut phone = phone(folder.path());
        assert_eq!(
            owner_unlock(folder.path()).expect("typed"),
            OwnerUnlock::NothingToOpen
        );
        phone.lock(Lock::Owner).expect("locked");
        assert_eq!(
            owner_unlock(folder.path()).expect("typed"),
            OwnerUnlock::Opened
        );
        phone.lock(Lock::Fleet).expect("locked");
        assert_eq!(
            owner_unlock(folder.path()).expect("typed"),
            OwnerUnlock::FleetLockHolds
        );
        assert_eq!(
            phone.lock_state().expect("locks"),
            LockState {
                owner: false,
                fleet: true
            }
        );
    }

    #[test]
    fn a_handset_keeps_its_serial() {
        let folder = tempfile::tempdir().expect("a folder");
        phone(folder.path());
        let other = SerialNumber::parse("NW-000043").expect("a serial");
        assert!(
            SandboxPhone::prepare(folder.path(), &other, "Hardline X7", &SystemRandom).is_err()
        );
    }
}
