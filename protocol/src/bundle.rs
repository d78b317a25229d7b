//! The bundle (§12, docs/DEVICE-API.md): everything that one check-in brings to a phone, or a file brings by any other way. It
//! is not signed; what it carries is.

use crate::base64;
use crate::digest::Digest;
use crate::field::{FieldError, Members};
use crate::json::{self, Builder, Value};
use crate::merkle;
use crate::reason::{Reason, Refusal};
use crate::target::TargetProof;

/// The largest bundle, in bytes.
pub const BUNDLE_MAX: usize = 512 * 1024;
/// The most commands in one bundle.
pub const COMMANDS_MAX: usize = 32;
/// The most keyrings in one bundle.
pub const KEYRINGS_MAX: usize = 8;
/// The most clearances beside one command: one a witness.
pub const CLEARANCES_MAX: usize = 16;

/// What a check-in brings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bundle {
    /// A newer checkpoint than the phone's.
    pub checkpoint: Option<CheckpointInBundle>,
    /// Commands, in any order: the phone sorts them.
    pub commands: Vec<CommandInBundle>,
    /// Keyring envelopes, ascending.
    pub keyrings: Vec<Vec<u8>>,
    /// A hint, to be clamped to 15 s – 24 h.
    pub next_check_in_seconds: Option<u64>,
    /// A policy envelope.
    pub policy: Option<Vec<u8>>,
}

/// A checkpoint and how it follows from the phone's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointInBundle {
    /// Proves the phone's own checkpoint to be a prefix; empty when it has none.
    pub consistency: Vec<Digest>,
    /// The signed note.
    pub note: String,
}

/// A command with what proves that it is for this phone and on the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandInBundle {
    /// Clearance envelopes.
    pub clearances: Vec<Vec<u8>>,
    /// The command's envelope.
    pub envelope: Vec<u8>,
    /// Its place in the newest checkpoint that the phone will hold; only for kinds that need it.
    pub log: Option<LogProof>,
    /// This phone's place among the targets.
    pub target: TargetProof,
}

/// An entry's place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The leaf's number, from 0.
    pub index: u64,
    /// The inclusion proof.
    pub hashes: Vec<Digest>,
}

impl Bundle {
    /// Decodes a bundle. Envelopes within it are opened one by one where they are judged, so that a bad one spoils no other.
    ///
    /// # Errors
    /// `too_large` for its size or a count above its limit, `bad_encoding` or `bad_field` for its form,
    /// `unsupported_version`. Such a bundle is no valid answer.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let value = json::parse_canonical(bytes, BUNDLE_MAX)?;
        let mut members = Members::of("bundle", value).map_err(FieldError::refusal)?;
        if members.int("v").map_err(FieldError::refusal)? != 1 {
            return Err(Refusal::not_authentic(Reason::UnsupportedVersion));
        }
        let bundle = Self::read(members).map_err(FieldError::refusal)?;
        if bundle.is_within_limits() {
            Ok(bundle)
        } else {
            Err(Refusal::not_authentic(Reason::TooLarge))
        }
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let commands: Vec<Value> = self.commands.iter().map(CommandInBundle::value).collect();
        Builder::new()
            .with("v", 1_u64)
            .maybe(
                "checkpoint",
                self.checkpoint.as_ref().map(CheckpointInBundle::value),
            )
            .with("commands", commands)
            .with("keyrings", envelopes(&self.keyrings))
            .maybe("next_check_in_seconds", self.next_check_in_seconds)
            .maybe(
                "policy",
                self.policy.as_ref().map(|policy| base64::encode(policy)),
            )
            .build()
            .encode()
    }

    /// Whether every count is within its limit (§4). A target proof above its own limit is judged with its command.
    #[must_use]
    pub fn is_within_limits(&self) -> bool {
        let checkpoint = self
            .checkpoint
            .as_ref()
            .is_none_or(|checkpoint| checkpoint.consistency.len() <= merkle::CONSISTENCY_MAX);
        let commands = self.commands.iter().all(|command| {
            let log = command.log.as_ref();
            command.clearances.len() <= CLEARANCES_MAX
                && log.is_none_or(|log| log.hashes.len() <= merkle::INCLUSION_MAX)
        });
        checkpoint
            && commands
            && self.commands.len() <= COMMANDS_MAX
            && self.keyrings.len() <= KEYRINGS_MAX
    }

    fn read(mut members: Members) -> Result<Self, FieldError> {
        let bundle = Self {
            checkpoint: members.optional("checkpoint", |members, name| {
                CheckpointInBundle::read(members.object(name)?)
            })?,
            commands: members
                .array("commands", usize::MAX)?
                .into_iter()
                .map(|item| CommandInBundle::read(Members::of("commands", item)?))
                .collect::<Result<Vec<_>, _>>()?,
            keyrings: members.list("keyrings", usize::MAX, envelope)?,
            next_check_in_seconds: members.optional("next_check_in_seconds", Members::int)?,
            policy: members.optional("policy", Members::bytes)?,
        };
        members.finish()?;
        Ok(bundle)
    }
}

impl CheckpointInBundle {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let checkpoint = Self {
            consistency: members.list("consistency", usize::MAX, Digest::parse)?,
            note: members.text("note")?,
        };
        members.finish()?;
        Ok(checkpoint)
    }

    fn value(&self) -> Value {
        Builder::new()
            .with("consistency", Value::texts(&self.consistency))
            .text("note", &self.note)
            .build()
    }
}

impl CommandInBundle {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let (index, hashes) = read_proof(members.object("target")?)?;
        let command = Self {
            clearances: members.list("clearances", usize::MAX, envelope)?,
            envelope: members.bytes("envelope")?,
            log: members.optional("log", |members, name| {
                let (index, hashes) = read_proof(members.object(name)?)?;
                Ok(LogProof { index, hashes })
            })?,
            target: TargetProof { index, hashes },
        };
        members.finish()?;
        Ok(command)
    }

    fn value(&self) -> Value {
        Builder::new()
            .with("clearances", envelopes(&self.clearances))
            .with("envelope", base64::encode(&self.envelope))
            .maybe(
                "log",
                self.log.as_ref().map(|log| proof(log.index, &log.hashes)),
            )
            .with("target", proof(self.target.index, &self.target.hashes))
            .build()
    }
}

fn read_proof(mut members: Members) -> Result<(u64, Vec<Digest>), FieldError> {
    let index = members.int("index")?;
    let hashes = members.list("hashes", usize::MAX, Digest::parse)?;
    members.finish()?;
    Ok((index, hashes))
}

fn proof(index: u64, hashes: &[Digest]) -> Value {
    Builder::new()
        .with("hashes", Value::texts(hashes))
        .with("index", index)
        .build()
}

fn envelope(text: &str) -> Result<Vec<u8>, FieldError> {
    base64::decode(text).ok_or(FieldError::Invalid("envelope"))
}

fn envelopes(items: &[Vec<u8>]) -> Vec<Value> {
    items
        .iter()
        .map(|bytes| Value::Text(base64::encode(bytes)))
        .collect()
}
