//! The files of an exported log, one folder a log:
//!
//! | file | what it holds |
//! |---|---|
//! | `log.json` | which log it is: [`About`] |
//! | `descriptor.json` | the fleet's descriptor; not for the installation's own log |
//! | `checkpoint` | the signed note under which everything stands |
//! | `hashes` | the hash of every leaf, 32 bytes each, as the log's public tiles have them |
//! | `entries.ndjson` | every entry, one line each: [`Line`] |
//!
//! Hashes and entries are two sources on purpose: the signed root vouches for the hashes, and so each entry can be judged by
//! itself, and the bad one be named.

use std::borrow::Cow;

use muster_protocol::checkpoint::{LogKind, log_leaf_hash};
use muster_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

/// Which log it is.
pub const ABOUT: &str = "log.json";
/// The fleet's descriptor.
pub const DESCRIPTOR: &str = "descriptor.json";
/// The signed note.
pub const CHECKPOINT: &str = "checkpoint";
/// The leaves' hashes.
pub const HASHES: &str = "hashes";
/// The entries.
pub const ENTRIES: &str = "entries.ndjson";
/// The longest line: an envelope of 64 KiB in base64, and its members.
pub const LINE_MAX: usize = 128 * 1024;

/// Which log an export is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// 1.
    pub v: u8,
    /// The log's id: the fleet's, or of the installation's own log its own.
    pub fleet: String,
    /// The log's name on notes.
    pub origin: String,
    /// The log's key, base64 of 32 bytes. Believed only where the pin is this key's id.
    pub log_key: String,
    /// The fleet's fingerprint, where it is a fleet's.
    pub fingerprint: Option<String>,
}

/// One entry as it stands in a file and comes from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'a> {
    /// The entry's bytes, base64; absent where the reader may not see them or they were erased.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Cow<'a, str>>,
    /// SHA-256 of the entry's bytes, hex.
    #[serde(borrow)]
    pub digest: Cow<'a, str>,
    /// Its number in the log, from 0.
    pub index: u64,
    /// What it is.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
}

/// A line that was read: well formed, and its bytes are those of its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number it gives itself.
    pub index: u64,
    /// What it is.
    pub kind: LogKind,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its bytes, where the export has them.
    pub bytes: Option<Vec<u8>>,
    /// The hash of its leaf.
    pub leaf: Digest,
}

/// Why a line is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLine {
    /// It does not read.
    Malformed,
    /// Its bytes do not have its digest.
    OtherBytes {
        /// The number it gives itself.
        index: u64,
        /// The leaf that its digest stands for.
        leaf: Digest,
    },
}

impl Entry {
    /// Reads a line without its line end.
    ///
    /// # Errors
    /// [`BadLine`].
    pub fn read(line: &[u8]) -> Result<Self, BadLine> {
        let line: Line<'_> = serde_json::from_slice(line).map_err(|_| BadLine::Malformed)?;
        let kind: LogKind = line.kind.parse().map_err(|_| BadLine::Malformed)?;
        let digest = Digest::parse(&line.digest).map_err(|_| BadLine::Malformed)?;
        let leaf = log_leaf_hash(kind, &digest);
        let bytes = match line.bytes {
            Some(text) => Some(muster_protocol::base64::decode(&text).ok_or(BadLine::Malformed)?),
            None => None,
        };
        if bytes
            .as_ref()
            .is_some_and(|bytes| Digest::of(bytes) != digest)
        {
            return Err(BadLine::OtherBytes {
                index: line.index,
                leaf,
            });
        }
        Ok(Self {
            index: line.index,
            kind,
            digest,
            bytes,
            leaf,
        })
    }
}

/// Writes an entry's line, without its line end.
#[must_use]
pub fn line(index: u64, kind: &str, digest: &str, bytes: Option<&[u8]>) -> String {
    let line = Line {
        bytes: bytes.map(|bytes| muster_protocol::base64::encode(bytes).into()),
        digest: digest.into(),
        index,
        kind: kind.into(),
    };
    // A struct of texts and one number always serialises.
    serde_json::to_string(&line).unwrap_or_default()
}
