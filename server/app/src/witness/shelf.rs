//! A witness's folder: one file a fleet, replaced by rename after it was synced, so that what was cosigned or counted is never
//! forgotten by a crash.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_protocol::checkpoint::{Checkpoint, SignedCheckpoint};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

use super::clear::Lately;
use super::follow::{Fleet, StoredFleet};

/// Everything a witness keeps of one fleet.
#[derive(Clone)]
pub struct Kept {
    /// What it learnt of the log.
    pub fleet: Fleet,
    /// The note it cosigned last.
    pub cosigned: Option<String>,
    /// What it cleared lately.
    pub lately: Lately,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKept {
    fleet: StoredFleet,
    cosigned: Option<String>,
    lately: Lately,
}

/// The folder and what is in it.
pub struct Shelf {
    folder: PathBuf,
    pins: Vec<Digest>,
    /// Held as long as the folder is: two processes on one folder would each forget what the other signed.
    _lock: File,
    kept: Mutex<HashMap<String, Kept>>,
}

impl Shelf {
    /// Opens the folder, making it where there is none, for fleets with these fingerprints.
    ///
    /// # Errors
    /// A sentence: it cannot be read or written, or a file in it is damaged. A witness that forgot must not sign.
    pub fn open(folder: &Path, pins: Vec<Digest>) -> Result<Self, String> {
        let cannot = |error: std::io::Error| {
            format!("The folder {} cannot be used: {error}.", folder.display())
        };
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let lock = File::create(folder.join("lock")).map_err(cannot)?;
        lock.try_lock().map_err(|_| {
            format!(
                "Another witness works on {}. Stop it first: two on one folder would each forget what the other signed.",
                folder.display()
            )
        })?;
        let mut kept = HashMap::new();
        for entry in std::fs::read_dir(folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let found = read(&path).ok_or_else(|| {
                format!(
                    "{} is damaged. A witness that forgot what it signed must not go on, and an older copy of this file is a witness that forgot: make a new witness with a new key, and have the root signers name it instead.",
                    path.display()
                )
            })?;
            kept.insert(found.fleet.descriptor.fleet.to_string(), found);
        }
        Ok(Self {
            folder: folder.to_owned(),
            pins,
            _lock: lock,
            kept: Mutex::new(kept),
        })
    }

    /// Everything, locked: what is judged is what is written.
    pub fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The descriptor, if its fingerprint is pinned here.
    #[must_use]
    pub fn pinned(&self, descriptor: &[u8]) -> Option<Descriptor> {
        self.pins
            .iter()
            .find_map(|pin| Descriptor::pinned(descriptor, pin).ok())
    }

    /// Whether the fleet is one that this witness still serves: pins can be taken away at a restart.
    #[must_use]
    pub fn serves(&self, kept: &Kept) -> bool {
        self.pins.contains(&kept.fleet.descriptor.fingerprint())
    }

    /// Writes one fleet's file, for good.
    ///
    /// # Errors
    /// It cannot be written; then nothing may be answered.
    pub fn write(&self, kept: &Kept) -> std::io::Result<()> {
        let stored = StoredKept {
            fleet: kept.fleet.stored(),
            cosigned: kept.cosigned.clone(),
            lately: kept.lately.clone(),
        };
        let text = serde_json::to_vec(&stored).map_err(std::io::Error::other)?;
        let name = format!("{}.json", kept.fleet.descriptor.fleet);
        let (path, fresh) = (self.folder.join(&name), self.folder.join(name + ".new"));
        let mut file = File::create(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        File::open(&self.folder)?.sync_all()
    }
}

impl Kept {
    /// A fleet of which nothing is known yet.
    #[must_use]
    pub fn new(descriptor: Descriptor) -> Self {
        Self {
            fleet: Fleet::new(descriptor),
            cosigned: None,
            lately: Lately::default(),
        }
    }

    /// The checkpoint it cosigned last.
    #[must_use]
    pub fn last(&self) -> Option<Checkpoint> {
        let note = SignedCheckpoint::decode(self.cosigned.as_ref()?.as_bytes()).ok()?;
        Some(note.checkpoint)
    }
}

fn read(path: &Path) -> Option<Kept> {
    let stored: StoredKept = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let kept = Kept {
        fleet: Fleet::from_stored(stored.fleet)?,
        cosigned: stored.cosigned,
        lately: stored.lately,
    };
    // A note that does not read would pass for none, and anything could be cosigned anew.
    (kept.cosigned.is_none() || kept.last().is_some()).then_some(kept)
}
