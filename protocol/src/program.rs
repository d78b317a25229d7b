//! Program releases (§16): what a phone runs is signed by the vendor's own people and stands in the log that everybody sees.
//! The fleet's keys, the server's and a single program key count for nothing here: code is nobody's order.

use crate::checkpoint::{LogKind, SignedCheckpoint};
use crate::digest::Digest;
use crate::envelope::{DocumentType, Envelope, PAYLOAD_MAX, envelope_digest};
use crate::field::{FieldError, Members};
use crate::json::{self, Builder, MAX_INT};
use crate::keyring::{Keyring, KeyringError, Root};
use crate::merkle;
use crate::reason::{Reason, Refusal};
use crate::time::UnixTime;

/// The fewest people who release a program, whatever the vendor's threshold says.
pub const PEOPLE_MIN: u32 = 2;
/// The largest proof of a release's place in the log, as a file.
const PROOF_MAX: usize = 8 * 1024;

/// A release's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The processor it is for.
    pub arch: String,
    /// The ring in which the vendor offers it. The server may choose the ring, never what is in it.
    pub channel: String,
    /// From then on it is not installed any more.
    pub expires_at: UnixTime,
    /// The least version from which a phone may go over to this one.
    pub min_from: u64,
    /// What it is a release of.
    pub product: String,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Bytes in the file.
    pub size: u64,
    /// Rises with every release of the product.
    pub version: u64,
}

/// The file that is to be installed, as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFound {
    /// Its SHA-256.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// An entry's place in the log: the file `{"hashes":[…],"index":…}` that comes with a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The leaf's number, from 0.
    pub index: u64,
    /// The inclusion proof for the log's size in the phone's checkpoint.
    pub hashes: Vec<Digest>,
}

/// What a phone compares a release with: its own state, and what is installed on it.
#[derive(Debug, Clone, Copy)]
pub struct Phone<'a> {
    /// The held keyring: which log, and how many witnesses.
    pub keyring: &'a Keyring,
    /// The newest checkpoint that the phone accepted, with its signatures.
    pub checkpoint: Option<&'a SignedCheckpoint>,
    /// What is to be installed.
    pub product: &'a str,
    /// The phone's processor.
    pub arch: &'a str,
    /// The version held: accepted before. Never falls.
    pub held: Option<u64>,
    /// The version that runs, which counts as held; none once the release itself runs.
    pub running: Option<u64>,
    /// The time by which documents are judged (§10).
    pub now: UnixTime,
}

/// Why a release is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// The envelope.
    #[error("the release is no envelope of a program release: {0}")]
    Envelope(Refusal),
    /// The payload.
    #[error("the release is malformed: {0}")]
    Malformed(FieldError),
    /// The signatures.
    #[error(
        "fewer than {0} of the people who release this vendor's programs signed it, or one signature is not theirs"
    )]
    Signatures(u32),
    /// Another product, or another processor.
    #[error("the release is for {product} on {arch}, which is not what is to be installed here")]
    Other {
        /// The release's product.
        product: String,
        /// The release's processor.
        arch: String,
    },
    /// Not above the version that this phone has.
    #[error(
        "the release is version {offered}, and this phone has {held}; only a higher one is installed"
    )]
    Rollback {
        /// The release's version.
        offered: u64,
        /// The version held.
        held: u64,
    },
    /// A step between is missing.
    #[error(
        "the release takes at least version {needed}, and this phone runs {running}; install one between first"
    )]
    TooFar {
        /// The release's `min_from`.
        needed: u64,
        /// What runs.
        running: u64,
    },
    /// Expired.
    #[error("the release has expired; ask for a newer one")]
    Expired,
    /// The file.
    #[error("the file is not the one that was released: its size or SHA-256 is another")]
    File,
    /// The log.
    #[error(
        "the release is not in the log as this phone knows it; let the phone check in, and take the proof for the size of its checkpoint"
    )]
    NotLogged,
}

impl ProgramError {
    /// The stable code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Envelope(refusal) => refusal.reason,
            Self::Rollback { .. } => Reason::ProgramRollback,
            Self::Malformed(_)
            | Self::Signatures(_)
            | Self::Other { .. }
            | Self::TooFar { .. }
            | Self::Expired
            | Self::File
            | Self::NotLogged => Reason::ProgramInvalid,
        }
    }
}

impl Program {
    /// The payload's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .text("arch", &self.arch)
            .text("channel", &self.channel)
            .with("expires_at", self.expires_at.0)
            .with("min_from", self.min_from)
            .text("product", &self.product)
            .text("sha256", self.sha256)
            .with("size", self.size)
            .with("version", self.version)
            .build()
            .encode()
    }

    /// Reads a payload and checks every bound.
    ///
    /// # Errors
    /// The member that is wrong.
    pub fn decode(payload: &[u8]) -> Result<Self, FieldError> {
        let value = json::parse_canonical(payload, PAYLOAD_MAX)
            .map_err(|_| FieldError::Invalid("program"))?;
        let mut members = Members::of("program", value)?;
        members.int_within("v", 1, 1)?;
        let program = Self {
            arch: members.parsed("arch", label)?,
            channel: members.parsed("channel", label)?,
            expires_at: members.time("expires_at")?,
            min_from: members.int("min_from")?,
            product: members.parsed("product", label)?,
            sha256: members.digest("sha256")?,
            size: members.int_within("size", 1, MAX_INT)?,
            version: members.int_within("version", 1, MAX_INT)?,
        };
        members.finish()?;
        if program.min_from <= program.version {
            Ok(program)
        } else {
            Err(FieldError::Invalid("min_from"))
        }
    }

    /// Judges a release: signed by enough of the vendor's people, for what is to be installed, above what the phone has,
    /// unexpired unless it runs already, of this very file, and in the log that the held keyring's witnesses vouch for, so that no phone gets a
    /// program of its own.
    ///
    /// An expired keyring stops nothing here: the people are the vendor's, and a phone whose fleet signs no more keyrings
    /// needs its repairs too.
    ///
    /// # Errors
    /// The first that is wrong, in the order above.
    pub fn verify(
        envelope: &[u8],
        vendor: &Root,
        file: &FileFound,
        place: &Place,
        phone: &Phone<'_>,
    ) -> Result<Self, ProgramError> {
        let document =
            Envelope::decode(envelope, DocumentType::Program).map_err(ProgramError::Envelope)?;
        let program = Self::decode(document.payload()).map_err(ProgramError::Malformed)?;
        let people = vendor.threshold.max(PEOPLE_MIN);
        let vendor = Root {
            keys: vendor.keys.clone(),
            threshold: people,
        };
        if !vendor.has_signed(&document) {
            return Err(ProgramError::Signatures(people));
        }
        program.suits(phone)?;
        if program.sha256 != file.sha256 || program.size != file.size {
            return Err(ProgramError::File);
        }
        if place.holds(envelope, phone) {
            Ok(program)
        } else {
            Err(ProgramError::NotLogged)
        }
    }

    fn suits(&self, phone: &Phone<'_>) -> Result<(), ProgramError> {
        if self.product != phone.product || self.arch != phone.arch {
            return Err(ProgramError::Other {
                product: self.product.clone(),
                arch: self.arch.clone(),
            });
        }
        if let Some(held) = phone.held.max(phone.running)
            && self.version <= held
        {
            return Err(ProgramError::Rollback {
                offered: self.version,
                held,
            });
        }
        if let Some(running) = phone.running
            && running < self.min_from
        {
            return Err(ProgramError::TooFar {
                needed: self.min_from,
                running,
            });
        }
        // What runs already is not installed any more: it is noted however late, or an older one would pass afterwards.
        if phone.running.is_some() && phone.now >= self.expires_at {
            return Err(ProgramError::Expired);
        }
        Ok(())
    }
}

impl Place {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        let value =
            json::parse_canonical(bytes, PROOF_MAX).map_err(|_| FieldError::Invalid("proof"))?;
        let mut members = Members::of("proof", value)?;
        let place = Self {
            index: members.int("index")?,
            hashes: members.list("hashes", merkle::INCLUSION_MAX, Digest::parse)?,
        };
        members.finish()?;
        Ok(place)
    }

    /// The file's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("hashes", json::Value::texts(&self.hashes))
            .with("index", self.index)
            .build()
            .encode()
    }

    /// The checkpoint is judged again by the keyring of today, which may ask for other witnesses than the one under which the
    /// phone accepted it.
    fn holds(&self, envelope: &[u8], phone: &Phone<'_>) -> bool {
        phone
            .checkpoint
            .and_then(|note| note.verify(phone.keyring).ok())
            .is_some_and(|verified| {
                let entry = envelope_digest(envelope);
                let head = verified.checkpoint.head;
                let included = head.includes(LogKind::Program, &entry, self.index, &self.hashes);
                included.is_ok()
            })
    }
}

/// Reads a vendor's program keys: `{"keys":[{"alg","id","key","person"}],"threshold":k}`, canonical, at least two people.
///
/// # Errors
/// What is wrong with them.
pub fn vendor(text: &str) -> Result<Root, KeyringError> {
    let value =
        json::parse_canonical(text.as_bytes(), PAYLOAD_MAX).map_err(KeyringError::Encoding)?;
    let keys = Root::read(Members::of("vendor", value)?)?;
    keys.check()?;
    let enough = Root {
        threshold: keys.threshold.max(PEOPLE_MIN),
        ..keys.clone()
    };
    enough.check()?;
    Ok(keys)
}

/// The text that [`vendor`] reads.
#[must_use]
pub fn vendor_text(keys: &Root) -> String {
    String::from_utf8_lossy(&keys.value().encode()).into_owned()
}

/// A product, processor or ring: 1–64 of the serial alphabet.
fn label(text: &str) -> Result<String, FieldError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(FieldError::Invalid("text"))
    }
}
