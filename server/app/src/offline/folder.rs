//! A fleet's folder on somebody's own machine: `descriptor.json`, `keyring-1.json` and so on, `policy-1.json` and so on,
//! `passkey-….json`, the registrations of passkeys, and `names.json`, which says who is called what and leaves this machine only
//! with its folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use muster_protocol::descriptor::Descriptor;
use muster_protocol::ids::{KeyId, Person};
use muster_protocol::keyring::{HeldKeyring, verify_chain};
use muster_protocol::time::UnixTime;

use super::registration::Registration;

/// A fleet's folder.
pub struct Folder {
    dir: PathBuf,
}

/// What people are called, and the registrations of their passkeys. The names are this folder's word; what binds are keys.
#[derive(Debug, Clone, Default)]
pub struct Names {
    people: BTreeMap<String, String>,
    registrations: Vec<Registration>,
}

impl Names {
    /// The name of a person, or the beginning of their number.
    #[must_use]
    pub fn of(&self, person: &Person) -> String {
        let number = person.to_string();
        self.people
            .get(&number)
            .cloned()
            .unwrap_or_else(|| format!("person {}", &number[..8]))
    }

    /// A person with one of their keys.
    #[must_use]
    pub fn key(&self, person: &Person, id: &KeyId) -> String {
        format!("{} (key {})", self.of(person), short(id))
    }

    /// Adds somebody. Whoever has a name keeps it: a key that comes in later renames nobody.
    pub fn add(&mut self, person: &Person, name: &str) {
        self.people
            .entry(person.to_string())
            .or_insert_with(|| name.to_owned());
    }

    /// Another person of this name, if there is one: one human being must not count twice (PROTOCOL §17).
    #[must_use]
    pub fn namesake(&self, person: &Person, name: &str) -> Option<&str> {
        let number = person.to_string();
        self.people
            .iter()
            .find(|(other, theirs)| **other != number && theirs.trim() == name.trim())
            .map(|(other, _)| other.as_str())
    }

    /// The registration of a passkey, with a trial that holds.
    #[must_use]
    pub fn registration(&self, id: &KeyId) -> Option<&Registration> {
        self.registrations
            .iter()
            .find(|made| made.claim.key_id() == *id)
    }
}

/// The first digits of a key's id: enough to tell the keys of one fleet apart.
#[must_use]
pub fn short(id: &KeyId) -> String {
    id.to_string()[..8].to_owned()
}

impl Folder {
    /// The folder at `dir`.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// A file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The descriptor.
    ///
    /// # Errors
    /// A sentence: there is none, or it does not read.
    pub fn descriptor(&self) -> Result<Descriptor, String> {
        let path = self.path("descriptor.json");
        Descriptor::decode(&read(&path)?)
            .map_err(|error| format!("{} is no descriptor: {error}.", path.display()))
    }

    /// Every keyring's envelope, from version 1 on.
    ///
    /// # Errors
    /// A file is there and cannot be read.
    pub fn chain(&self) -> Result<Vec<Vec<u8>>, String> {
        let mut chain = Vec::new();
        for version in 1_u64.. {
            let path = self.path(&format!("keyring-{version}.json"));
            if !path.exists() {
                break;
            }
            chain.push(read(&path)?);
        }
        Ok(chain)
    }

    /// The newest keyring, verified from the descriptor on; `None` before the first one is signed. That it has expired is no
    /// hindrance here: signing the next one is how that ends.
    ///
    /// # Errors
    /// A sentence: the chain does not follow from the descriptor.
    pub fn held(&self, descriptor: &Descriptor) -> Result<Option<HeldKeyring>, String> {
        let chain = self.chain()?;
        if chain.is_empty() {
            return Ok(None);
        }
        // At its birth no keyring has expired.
        verify_chain(descriptor, &chain, UnixTime(0))
            .map(Some)
            .map_err(|refusal| {
                format!(
                    "The keyrings in {} do not follow from the descriptor: {}.",
                    self.dir.display(),
                    refusal.reason.as_str()
                )
            })
    }

    /// The newest keyring, which has to be there.
    ///
    /// # Errors
    /// As [`Self::held`]; there is none.
    pub fn newest(&self) -> Result<(Descriptor, HeldKeyring), String> {
        let descriptor = self.descriptor()?;
        let held = self.held(&descriptor)?.ok_or_else(|| {
            format!(
                "{} holds no signed keyring yet. Root signers sign the draft: muster root sign.",
                self.dir.display()
            )
        })?;
        Ok((descriptor, held))
    }

    /// The newest policy's version and envelope, unjudged.
    ///
    /// # Errors
    /// A sentence: the file or the folder cannot be read.
    pub fn policy(&self) -> Result<Option<(u64, Vec<u8>)>, String> {
        let entries = fs::read_dir(&self.dir)
            .map_err(|error| format!("{} cannot be read: {error}.", self.dir.display()))?;
        let version = |name: &str| -> Option<u64> {
            name.strip_prefix("policy-")?
                .strip_suffix(".json")?
                .parse()
                .ok()
        };
        let newest = entries
            .flatten()
            .filter_map(|entry| version(entry.file_name().to_str()?))
            .max();
        newest
            .map(|version| {
                Ok((
                    version,
                    read(&self.path(&format!("policy-{version}.json")))?,
                ))
            })
            .transpose()
    }

    /// Who is called what.
    #[must_use]
    pub fn names(&self) -> Names {
        // Names help people; without them everybody is a number, and nothing else changes.
        Names {
            people: fs::read(self.path("names.json"))
                .ok()
                .and_then(|text| serde_json::from_slice(&text).ok())
                .unwrap_or_default(),
            registrations: self.registrations(),
        }
    }

    /// The registrations in this folder. One whose trial does not hold is as good as none, and is missed where it is looked for.
    fn registrations(&self) -> Vec<Registration> {
        let Ok(entries) = fs::read_dir(&self.dir) else {
            return Vec::new();
        };
        let is_one = |name: &str| name.starts_with("passkey-") && name.ends_with(".json");
        entries
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(is_one))
            .filter_map(|entry| Registration::read(&entry.path()).ok())
            .collect()
    }

    /// Keeps a registration, for whoever signs next.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_registration(&self, made: &Registration) -> Result<(), String> {
        let id = made.claim.key_id();
        made.write(&self.path(&format!("passkey-{}.json", short(&id))))
    }

    /// Keeps who is called what.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_names(&self, names: &Names) -> Result<(), String> {
        let text =
            serde_json::to_string_pretty(&names.people).map_err(|error| error.to_string())?;
        write(&self.path("names.json"), text.as_bytes())
    }
}

/// Reads a file.
///
/// # Errors
/// A sentence.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
}

/// Writes a file whole or not at all, and has it on the disk before it returns.
///
/// # Errors
/// A sentence.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), String> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    let written = fs::File::create(&fresh).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    });
    written.map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}
