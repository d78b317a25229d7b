//! An entry's meaning, as far as its own bytes tell: read beforehand, on many threads.

use muster_protocol::checkpoint::LogKind;
use muster_protocol::clearance::Clearance;
use muster_protocol::command::Command;
use muster_protocol::enrolment::Statement;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::receipt::Receipt;

use crate::export::Entry;

/// What an entry is.
pub enum Document {
    /// A sealed command.
    Command(Box<(Command, Envelope)>),
    /// A receipt; its signature is not checked yet.
    Receipt(Box<(Receipt, Envelope)>),
    /// An enrolment statement, verified by the key it names.
    Statement(Box<Statement>),
    /// A witness's clearance; its signature is not checked yet.
    Clearance(Box<Clearance>),
    /// A keyring's envelope.
    Keyring,
    /// A policy's envelope.
    Policy,
    /// Its digest is all that is judged.
    Opaque,
    /// Its bytes are not here.
    Withheld,
    /// Its bytes are no document of its kind.
    Bad,
}

impl Document {
    /// Reads the bytes of an entry.
    #[must_use]
    pub fn read(entry: &Entry) -> Self {
        let Some(bytes) = &entry.bytes else {
            return Self::Withheld;
        };
        let read = match entry.kind {
            LogKind::Command => command(bytes).map(|found| Self::Command(Box::new(found))),
            LogKind::Receipt => receipt(bytes).map(|found| Self::Receipt(Box::new(found))),
            LogKind::Enrolment => Statement::verify(bytes)
                .ok()
                .map(|statement| Self::Statement(Box::new(statement))),
            LogKind::Clearance => clearance(bytes).map(|found| Self::Clearance(Box::new(found))),
            LogKind::Keyring => Some(Self::Keyring),
            LogKind::Policy => Some(Self::Policy),
            LogKind::Certificate | LogKind::Revocation | LogKind::Program | LogKind::Admin => {
                Some(Self::Opaque)
            }
        };
        read.unwrap_or(Self::Bad)
    }
}

fn command(bytes: &[u8]) -> Option<(Command, Envelope)> {
    let envelope = Envelope::decode(bytes, DocumentType::Command).ok()?;
    let command = Command::decode(envelope.payload()).ok()?;
    Some((command, envelope))
}

fn receipt(bytes: &[u8]) -> Option<(Receipt, Envelope)> {
    let envelope = Envelope::decode(bytes, DocumentType::Receipt).ok()?;
    let receipt = Receipt::decode(envelope.payload()).ok()?;
    Some((receipt, envelope))
}

fn clearance(bytes: &[u8]) -> Option<Clearance> {
    let envelope = Envelope::decode(bytes, DocumentType::Clearance).ok()?;
    Clearance::decode(envelope.payload()).ok()
}
