//! What a server sends to a witness and what it answers, beside C2SP's own formats. Unsigned JSON; what it carries proves itself.

use muster_protocol::digest::Digest;
use muster_protocol::field::FieldError;
use muster_protocol::ids::{DeviceId, EnrolmentId, SerialNumber};
use muster_protocol::target::{Leaf, TargetProof};
use serde::{Deserialize, Serialize};

/// The most a request may carry, bytes. The largest single entry is a hold of 4,096 phones with their names.
pub const MOST: usize = 1024 * 1024;
/// Keyrings of one request: each may be 64 KiB, and 88 KiB in base64.
pub const KEYRINGS: usize = 4;

/// The next entries of a log, a page of them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// 1.
    pub v: u8,
    /// The fleet's descriptor, base64.
    pub descriptor: String,
    /// Keyrings that the witness may lack, in order, base64: who signs the note follows from them. At most [`KEYRINGS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyrings: Vec<String>,
    /// A note of the log's key, at least as large as `from` and these entries.
    pub note: String,
    /// The first entry's number: the size the witness has.
    pub from: u64,
    /// The entries.
    pub entries: Vec<FedEntry>,
    /// That the tree with these entries is the beginning of the note's (RFC 9162 §2.1.4), hex; empty when it is the note's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consistency: Vec<String>,
}

/// Keyrings for a witness, from whoever has them: their signatures are all they need.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taught {
    /// 1.
    pub v: u8,
    /// The fleet's descriptor, base64.
    pub descriptor: String,
    /// Keyrings in order, base64. At most [`KEYRINGS`].
    pub keyrings: Vec<String>,
}

/// One entry. Only a witness's own matters come with their bytes: commands and keyrings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FedEntry {
    /// What it is.
    pub kind: String,
    /// SHA-256 of its bytes, hex.
    pub digest: String,
    /// Its bytes, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// The phones of a hold or release: a command names only their tree's root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<FedLeaf>,
}

/// A phone as a command names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FedLeaf {
    /// Its device id.
    pub device: String,
    /// Its enrolment id.
    pub enrolment: String,
    /// Its serial number.
    pub serial: String,
}

impl FedLeaf {
    /// The leaf as the protocol types it.
    ///
    /// # Errors
    /// A member is not of its form.
    pub fn read(&self) -> Result<Leaf, FieldError> {
        Ok(Leaf {
            device: DeviceId::parse(&self.device)?,
            enrolment: EnrolmentId::parse(&self.enrolment)?,
            serial: SerialNumber::parse(&self.serial)?,
        })
    }
}

/// How far a witness has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// Entries it knows of this log.
    pub size: u64,
    /// The newest keyring it knows, in the log or not; 0 for none.
    pub keyring: u64,
}

/// A phone asks, by its server, for a clearance.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// 1.
    pub v: u8,
    /// The fleet.
    pub fleet: String,
    /// The sealed envelope, base64.
    pub envelope: String,
    /// The phone.
    pub phone: FedLeaf,
    /// The phone's place among the targets.
    pub index: u64,
    /// The proof of it, hex.
    pub hashes: Vec<String>,
    /// The phone's nonce, hex.
    pub nonce: String,
    /// The size of the log for which it is asked.
    pub size: u64,
}

impl Asked {
    /// The proof as the protocol types it.
    ///
    /// # Errors
    /// A hash is none.
    pub fn proof(&self) -> Result<TargetProof, FieldError> {
        let hashes: Result<Vec<Digest>, FieldError> =
            self.hashes.iter().map(|hash| Digest::parse(hash)).collect();
        Ok(TargetProof {
            index: self.index,
            hashes: hashes?,
        })
    }
}

/// A clearance.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClearedAnswer {
    /// Its envelope, base64.
    pub clearance: String,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// A stable word.
    pub code: String,
    /// What it means and what to do.
    pub detail: String,
    /// Seconds after which asking again makes sense; 0 when it does not.
    pub wait_seconds: u64,
}
