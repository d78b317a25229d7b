//! Whose desk it is: the pins, the owner's key files, and the passkeys that were made here. The folder holds public parts only;
//! secrets stay in key files and authenticators.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_protocol::digest::Digest;
use muster_protocol::ids::{KeyId, Person};
use muster_protocol::keyring::HeldKeyring;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::offline::folder;
use crate::offline::key_file::{KeyFile, Use};
use crate::offline::memory;
use crate::offline::registration::Registration;
use crate::random::Random;
use crate::vault;

const OWNER: &str = "desk.json";
const PASSKEY: &str = "passkey-";

/// What the folder says of its owner.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u8,
    /// What the owner is called; stays on this machine.
    name: String,
    /// 32 hex characters; stands in the keyring instead of a name.
    person: String,
    /// The fleets' fingerprints.
    fleets: Vec<String>,
}

/// A key file of the owner.
pub(super) struct OwnFile {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its name without the folder.
    pub(super) label: String,
    /// What it holds.
    pub(super) key: KeyFile,
}

/// The owner's pins and keys.
pub(super) struct Profile {
    /// What the owner is called.
    pub(super) owner: String,
    /// Who the owner is in the keyring.
    pub(super) person: Person,
    /// The owner's key files.
    pub(super) files: Vec<OwnFile>,
    dir: PathBuf,
    pins: Vec<Digest>,
    passkeys: Mutex<Vec<Registration>>,
    /// Pages are drawn side by side; what was seen is written one after the other.
    memory: Mutex<()>,
}

/// The desk's folder, when none is given: beside the first key file, or among the owner's settings.
///
/// # Errors
/// A sentence: there is neither.
pub fn usual_dir(keys: &[PathBuf], home: Option<String>) -> Result<PathBuf, String> {
    if let Some(key) = keys.first() {
        let mut name = key.as_os_str().to_owned();
        name.push(".desk");
        return Ok(PathBuf::from(name));
    }
    let home =
        home.ok_or("Where shall the desk keep its passkeys' public parts? Say so with --dir.")?;
    Ok(Path::new(&home).join(".config/muster/desk"))
}

impl Profile {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// A sentence: a file cannot be used, the keys are of different people, or no fleet is pinned.
    pub(super) fn open(settings: &Settings, random: &dyn Random) -> Result<Self, String> {
        let dir = settings.dir.clone();
        fs::create_dir_all(&dir)
            .and_then(|()| vault::only_for_its_owner(&dir))
            .map_err(|error| {
                format!(
                    "The desk's folder {} cannot be used: {error}.",
                    dir.display()
                )
            })?;
        let files: Vec<OwnFile> = settings
            .keys
            .iter()
            .map(|path| own_file(path))
            .collect::<Result<_, _>>()?;
        let stored = stored(&dir.join(OWNER))?;
        let person = match one_person(&files, stored.as_ref(), &dir)? {
            Some(person) => person,
            None => drawn(random)?,
        };
        let owner = files
            .first()
            .map(|file| file.key.name.clone())
            .or_else(|| stored.as_ref().map(|stored| stored.name.clone()))
            .or_else(|| settings.name.clone())
            .ok_or("Whose desk is it? Give your key file with --key, or your name with --name.")?;
        let profile = Self {
            pins: pins(settings.fleet, stored.as_ref(), &files)?,
            passkeys: Mutex::new(passkeys(&dir, &person)?),
            memory: Mutex::default(),
            owner,
            person,
            files,
            dir,
        };
        profile.keep()?;
        Ok(profile)
    }

    /// The fleets that the owner believes in.
    pub(super) fn pins(&self) -> &[Digest] {
        &self.pins
    }

    /// The passkeys that were made here, oldest first.
    pub(super) fn passkeys(&self) -> Vec<Registration> {
        self.lock().clone()
    }

    /// Where the registration of a passkey lies.
    pub(super) fn path_of(&self, id: &KeyId) -> PathBuf {
        self.dir
            .join(format!("{PASSKEY}{}.json", folder::short(id)))
    }

    /// Keeps a new passkey.
    ///
    /// # Errors
    /// A sentence: it cannot be written, or is kept already.
    pub(super) fn add(&self, registration: Registration) -> Result<(), String> {
        let path = self.path_of(&registration.claim.key_id());
        let mut passkeys = self.lock();
        if path.exists() {
            return Err("This passkey was registered here already.".to_owned());
        }
        registration.write(&path)?;
        passkeys.push(registration);
        Ok(())
    }

    /// Refuses a keyring older than the newest one that this desk, or `muster approve` with one of its key files, has seen.
    ///
    /// # Errors
    /// A sentence: it is older, or another, or cannot be remembered.
    pub(super) fn remember(&self, pin: &Digest, held: &HeldKeyring) -> Result<(), String> {
        let _one_at_a_time = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        for file in &self.files {
            if file.key.fleet == Some(*pin) {
                memory::remember(&file.path, held)?;
            }
        }
        memory::remember_at(&self.dir.join(format!("keyring-{pin}.seen")), held)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Registration>> {
        self.passkeys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self) -> Result<(), String> {
        let stored = Stored {
            v: 1,
            name: self.owner.clone(),
            person: self.person.to_string(),
            fleets: self.pins.iter().map(Digest::to_hex).collect(),
        };
        let text = serde_json::to_string_pretty(&stored).map_err(|error| error.to_string())?;
        folder::write(&self.dir.join(OWNER), text.as_bytes())
    }
}

fn own_file(path: &Path) -> Result<OwnFile, String> {
    let key = KeyFile::read(path)?;
    if key.r#use != Use::Approver {
        return Err(format!(
            "{} is a root key. Root keys sign keyrings and nothing else.",
            path.display()
        ));
    }
    key.pinned()?;
    let label = path.file_name().unwrap_or(path.as_os_str());
    Ok(OwnFile {
        label: label.to_string_lossy().into_owned(),
        path: path.to_owned(),
        key,
    })
}

fn stored(path: &Path) -> Result<Option<Stored>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let stored: Option<Stored> = serde_json::from_slice(&folder::read(path)?).ok();
    stored
        .filter(|stored| stored.v == 1)
        .map(Some)
        .ok_or_else(|| {
            format!(
                "{} is no desk of this version of Muster. Give another folder with --dir.",
                path.display()
            )
        })
}

/// A person with two names in the keyring would count twice (PROTOCOL §17), so a desk is one person's.
fn one_person(
    files: &[OwnFile],
    stored: Option<&Stored>,
    dir: &Path,
) -> Result<Option<Person>, String> {
    let known = stored
        .map(|stored| Person::parse(&stored.person))
        .transpose()
        .map_err(|_| format!("{} does not read.", dir.join(OWNER).display()))?;
    let mut people = files.iter().map(|file| &file.key.person);
    let Some(first) = people.next() else {
        return Ok(known);
    };
    if people.any(|other| other != first) {
        return Err(
            "These key files are of different people. A desk is one person's: open one for each."
                .to_owned(),
        );
    }
    if known.is_some_and(|known| known != *first) {
        return Err(format!(
            "The folder {} is another person's desk. Give one of your own with --dir.",
            dir.display()
        ));
    }
    Ok(Some(first.clone()))
}

fn drawn(random: &dyn Random) -> Result<Person, String> {
    Person::parse(&hex::encode(random.bytes::<16>())).map_err(|error| error.to_string())
}

/// A folder is pinned once and for all, as a key file is: what was printed on a card does not change.
fn pins(
    given: Option<Digest>,
    stored: Option<&Stored>,
    files: &[OwnFile],
) -> Result<Vec<Digest>, String> {
    let mut pins = Vec::new();
    for text in stored.map_or(&[][..], |stored| &stored.fleets) {
        let pin = Digest::parse(text)
            .map_err(|_| "The desk's folder names a fleet that is none.".to_owned())?;
        pins.push(pin);
    }
    match given {
        Some(fleet) if pins.is_empty() => pins.push(fleet),
        Some(fleet) if !pins.contains(&fleet) => {
            return Err(
                "This desk is pinned to another fleet already. For another fleet, give another folder with --dir."
                    .to_owned(),
            );
        }
        Some(_) | None => {}
    }
    for fleet in files.iter().filter_map(|file| file.key.fleet) {
        if !pins.contains(&fleet) {
            pins.push(fleet);
        }
    }
    if pins.is_empty() {
        return Err(
            "Which fleet? Give your key file with --key, or the words of the fleet's card with --fleet."
                .to_owned(),
        );
    }
    Ok(pins)
}

fn passkeys(dir: &Path, person: &Person) -> Result<Vec<Registration>, String> {
    let entries =
        fs::read_dir(dir).map_err(|error| format!("{} cannot be read: {error}.", dir.display()))?;
    let is_one = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(PASSKEY) && name.ends_with(".json"))
    };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if !is_one(&path) {
            continue;
        }
        let registration = Registration::read(&path)?;
        if registration.claim.person != *person {
            return Err(format!(
                "{} is another person's passkey. Take it out of this folder.",
                path.display()
            ));
        }
        found.push(registration);
    }
    found.sort_by_key(|one| (one.claim.made_at.0, one.claim.key_id()));
    Ok(found)
}
