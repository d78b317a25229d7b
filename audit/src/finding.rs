//! What can be wrong with a history, each in a sentence that names the entry.

use std::fmt;

use muster_protocol::checkpoint::LogKind;
use muster_protocol::digest::Digest;
use muster_protocol::ids::EnrolmentId;

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The line of `entries.ndjson` does not read.
    Malformed {
        /// From 1.
        line: u64,
    },
    /// The entry is another than the one the tree has at this place.
    Changed {
        /// The entry's number.
        index: u64,
    },
    /// The tree has an entry at this place that the export lacks.
    Removed {
        /// The entry's number.
        index: u64,
    },
    /// The entry stands at another place than the tree has it.
    Moved {
        /// Where the tree has it.
        index: u64,
        /// The line it stands in, from 1.
        line: u64,
    },
    /// The export has an entry that the tree lacks.
    Inserted {
        /// The line it stands in, from 1.
        line: u64,
        /// The number of the tree's entry before which it was put.
        before: u64,
    },
    /// The log has entries whose bytes the export lacks: withheld from this reader, erased, or removed from the database.
    Withheld(Run),
    /// The entry gives itself another number than its place.
    Misnumbered {
        /// Its place.
        index: u64,
        /// What it says.
        says: u64,
    },
    /// The hashes are not those of the tree whose root was signed.
    HashesDiffer,
    /// The checkpoint does not read, or its signature is not the log's.
    CheckpointUnsigned,
    /// Fewer witnesses cosigned the checkpoint than the keyring asks for.
    Unwitnessed,
    /// A keyring does not follow from the one before, or from the pin.
    Keyring {
        /// The entry's number.
        index: u64,
        /// The phone's code for it.
        reason: &'static str,
    },
    /// An entry's bytes are no document of its kind, or of another fleet.
    BadDocument {
        /// The entry's number.
        index: u64,
        /// What it should be.
        kind: &'static str,
    },
    /// A policy that phones would refuse.
    Policy {
        /// The entry's number.
        index: u64,
        /// The phone's code for it.
        reason: &'static str,
    },
    /// A clearance by nobody whom the keyring of its time names as a witness.
    ForeignClearance {
        /// The entry's number.
        index: u64,
    },
    /// A clearance of a command that the log lacks.
    UnloggedCleared {
        /// The clearance's number.
        index: u64,
        /// The digest of the command's envelope.
        envelope: Digest,
    },
    /// Nobody's keyring authorises this command: a phone would refuse it.
    NotAuthorised {
        /// The entry's number.
        index: u64,
        /// The phone's code for it.
        reason: &'static str,
    },
    /// A receipt of a phone whose enrolment statement the log lacks, or signed by another key (A101, A102).
    ForeignReceipt {
        /// The entry's number.
        index: u64,
        /// Whose it claims to be.
        enrolment: EnrolmentId,
    },
    /// A receipt for a command that the log lacks and that the phone did not refuse.
    UnloggedCommand {
        /// The receipt's number.
        index: u64,
        /// The command's digest.
        command: Digest,
    },
    /// A phone judged by a keyring that the log lacks.
    UnknownKeyring {
        /// The receipt's or statement's number.
        index: u64,
        /// Its version.
        version: u64,
    },
    /// A phone holds a checkpoint that this log never had: it was shown another one.
    OtherLog {
        /// The receipt's or statement's number.
        index: u64,
        /// The size of that checkpoint.
        size: u64,
    },
    /// A receipt is missing (A103).
    Gap {
        /// Whose.
        enrolment: EnrolmentId,
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// Two receipts of one phone carry one number.
    SequenceTwice {
        /// The second one's number in the log.
        index: u64,
        /// Whose.
        enrolment: EnrolmentId,
        /// The sequence number.
        seq: u64,
    },
}

/// Entries of one kind that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// What they are.
    pub kind: LogKind,
    /// The number of the first.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
}

impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, first, last } = self;
        if first == last {
            write!(out, "entry {first} ({kind})")
        } else {
            write!(out, "entries {first} to {last} ({kind})")
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { line } => write!(out, "line {line} of the entries does not read"),
            Self::Changed { index } => write!(out, "entry {index} was changed"),
            Self::Removed { index } => write!(out, "entry {index} was removed"),
            Self::Moved { index, line } => write!(
                out,
                "entry {index} was moved: it stands in line {line} instead of {}",
                index + 1
            ),
            Self::Inserted { line, before } => write!(
                out,
                "an entry was inserted before entry {before}, in line {line}: the log has no such entry there"
            ),
            Self::Withheld(run) => write!(
                out,
                "{run}: in the log, but the export lacks what they say"
            ),
            Self::Misnumbered { index, says } => {
                write!(out, "entry {index} calls itself {says}")
            }
            Self::HashesDiffer => out.write_str(
                "the leaves' hashes do not lead to the root of the signed checkpoint: export again, and keep this one as evidence",
            ),
            Self::CheckpointUnsigned => out.write_str(
                "the checkpoint does not read, or the log key that the pin leads to did not sign it",
            ),
            Self::Unwitnessed => {
                out.write_str("fewer witnesses cosigned the checkpoint than the keyring asks for")
            }
            Self::Keyring { index, reason } => write!(
                out,
                "entry {index}, a keyring, does not follow from the pin: {reason}"
            ),
            Self::BadDocument { index, kind } => {
                write!(out, "entry {index} is no {kind} of this fleet")
            }
            Self::NotAuthorised { index, reason } => write!(
                out,
                "entry {index}, a command, is authorised by nobody: {reason}"
            ),
            Self::Policy { index, reason } => {
                write!(out, "entry {index} is a policy that phones refuse: {reason}")
            }
            Self::ForeignClearance { index } => write!(
                out,
                "entry {index}, a clearance, is signed by no witness of the keyring in force"
            ),
            Self::UnloggedCleared { index, envelope } => write!(
                out,
                "entry {index}, a clearance, is for a command that the log lacks ({envelope})"
            ),
            Self::ForeignReceipt { index, enrolment } => write!(
                out,
                "entry {index}, a receipt, is not signed by the phone it names ({enrolment})"
            ),
            Self::UnloggedCommand { index, command } => write!(
                out,
                "entry {index}, a receipt, is for a command that the log lacks ({command})"
            ),
            Self::UnknownKeyring { index, version } => write!(
                out,
                "entry {index}: the phone holds a keyring {version} that the log lacks"
            ),
            Self::OtherLog { index, size } => write!(
                out,
                "entry {index}: the phone holds a checkpoint of size {size} that this log never had"
            ),
            Self::Gap {
                enrolment,
                from,
                to,
            } => write!(
                out,
                "receipts {from} to {to} of enrolment {enrolment} are missing"
            ),
            Self::SequenceTwice {
                index,
                enrolment,
                seq,
            } => write!(
                out,
                "entry {index} is a second receipt {seq} of enrolment {enrolment}"
            ),
        }
    }
}
