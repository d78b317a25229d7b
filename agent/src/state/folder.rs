//! The agent's own folder, `agent/` inside the state folder: the state file, the keys, and the lock that keeps two
//! programs from acting at once.
//!
//! Between two turns no program holds anything in memory that is not here, so that `muster-agent apply` works while
//! `muster-agent run` waits.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use muster_protocol::digest::sha256;
use muster_protocol::ids::EnrolmentId;

use super::State;
use super::credentials::KeyFiles;
use super::file::write_durably;
use super::guard;
use super::joining::Joining;

const AGENT: &str = "agent";
const STATE: &str = "state";
const KEYS: &str = "keys";
const JOINING: &str = "joining";
const LOCK: &str = "lock";
const HEADER: &str = "muster-agent-state/v1 ";
const LOCK_TRIES: u32 = 1200;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// What can be wrong with the folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file could not be read or written.
    #[error("cannot {act} {path}: {source}")]
    File {
        /// What was tried.
        act: &'static str,
        /// On which file.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Nothing is enrolled here.
    #[error("no phone is enrolled in {0}; start with muster-agent enrol")]
    NotEnrolled(String),
    /// PROTOCOL §11: the state is cut, changed or another handset's. The phone asks for re-enrolment and never starts
    /// afresh under its old enrolment id.
    #[error(
        "state_damaged: {0}; this phone must be enrolled again with a new code and its fleet's fingerprint"
    )]
    Damaged(&'static str),
    /// Others could write the agent's memory.
    #[error("{0}; until then this phone does nothing")]
    Open(String),
    /// Another program has been working in the folder for a minute.
    #[error("another muster-agent is busy in {0}; try again in a moment")]
    Busy(String),
}

impl FolderError {
    /// Whether trying again cannot help.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::NotEnrolled(_) | Self::Damaged(_) => true,
            Self::File { .. } | Self::Open(_) | Self::Busy(_) => false,
        }
    }

    pub(crate) fn file(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { act, path, source }
    }
}

/// The state folder of one phone.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

/// Held while a program acts; the operating system lets go of it when the program dies.
#[derive(Debug)]
pub struct FolderLock(
    #[expect(dead_code, reason = "closing the file is what releases the lock")] File,
);

impl Folder {
    /// Names the folder; touches nothing.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The folder itself, where a sandbox phone has its files.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The keys of one enrolment.
    #[must_use]
    pub fn keys(&self, enrolment: &EnrolmentId) -> KeyFiles {
        KeyFiles::new(self.root.join(AGENT).join(KEYS).join(enrolment.to_string()))
    }

    /// The keys of an enrolment that is under way.
    #[must_use]
    pub fn joining(&self) -> Joining {
        Joining::new(self.root.join(AGENT).join(JOINING))
    }

    /// Destroys the keys of every enrolment but this one.
    ///
    /// # Errors
    /// When one may be left.
    pub fn destroy_other_keys(&self, kept: &EnrolmentId) -> Result<(), FolderError> {
        let folder = self.root.join(AGENT).join(KEYS);
        let entries = fs::read_dir(&folder).map_err(FolderError::file("read", &folder))?;
        for entry in entries {
            let path = entry.map_err(FolderError::file("read", &folder))?.path();
            if !path.ends_with(kept.to_string()) {
                KeyFiles::new(path).destroy()?;
            }
        }
        Ok(())
    }

    /// Makes the folder if it is not there, for the agent alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> Result<(), FolderError> {
        let folder = self.root.join(AGENT);
        fs::create_dir_all(&folder).map_err(FolderError::file("make", &folder))?;
        guard::close(&folder).map_err(FolderError::file("close", &folder))
    }

    /// Refuses to work where others may write, and takes from them what they may read.
    fn guard(&self) -> Result<(), FolderError> {
        let folder = self.root.join(AGENT);
        guard::not_for_everybody(&self.root).map_err(FolderError::Open)?;
        guard::only_ours(&folder).map_err(FolderError::Open)?;
        guard::close(&folder).map_err(FolderError::file("close", &folder))
    }

    /// Takes the lock, waiting up to a minute for another program to finish its turn.
    ///
    /// # Errors
    /// [`FolderError::Busy`], [`FolderError::Open`], or when there is no such folder.
    pub async fn lock(&self) -> Result<FolderLock, FolderError> {
        let path = self.root.join(AGENT).join(LOCK);
        if !self.root.join(AGENT).is_dir() {
            return Err(FolderError::NotEnrolled(self.root.display().to_string()));
        }
        self.guard()?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(FolderError::file("open", &path))?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(FolderLock(file)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
                Err(TryLockError::Error(error)) => {
                    return Err(FolderError::file("lock", &path)(error));
                }
            }
        }
        Err(FolderError::Busy(self.root.display().to_string()))
    }

    /// Reads the state.
    ///
    /// # Errors
    /// [`FolderError::NotEnrolled`] when there is none and no key either; [`FolderError::Damaged`] when it is not whole.
    pub fn load(&self) -> Result<State, FolderError> {
        let path = self.root.join(AGENT).join(STATE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let had_keys = fs::read_dir(self.root.join(AGENT).join(KEYS))
                    .is_ok_and(|mut keys| keys.next().is_some());
                return Err(if had_keys {
                    FolderError::Damaged("the state file is missing")
                } else {
                    FolderError::NotEnrolled(self.root.display().to_string())
                });
            }
            Err(error) => return Err(FolderError::file("read", &path)(error)),
        };
        decode(&bytes)
    }

    /// Writes the state, so that it survives a power cut from here on.
    ///
    /// # Errors
    /// When it could not be written; the old state stands.
    pub fn save(&self, state: &State) -> Result<(), FolderError> {
        let path = self.root.join(AGENT).join(STATE);
        write_durably(&path, &encode(state)).map_err(FolderError::file("write", &path))
    }
}

fn encode(state: &State) -> Vec<u8> {
    let body =
        serde_json::to_vec(state).expect("texts, numbers and maps with text keys always encode");
    let mut bytes = format!("{HEADER}{}\n", sha256(&body)).into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}

fn decode(bytes: &[u8]) -> Result<State, FolderError> {
    let cut = || FolderError::Damaged("the state file was cut or changed");
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(cut)?;
    let (head, body) = bytes.split_at(end);
    let body = body.get(1..).ok_or_else(cut)?;
    let sum = std::str::from_utf8(head)
        .ok()
        .and_then(|head| head.strip_prefix(HEADER))
        .ok_or_else(cut)?;
    if sum != sha256(body).to_string() {
        return Err(cut());
    }
    serde_json::from_slice(body)
        .map_err(|_| FolderError::Damaged("the state file is of another version"))
}
