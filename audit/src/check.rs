//! What needs a key or a tree that other entries named: judged afterwards, on many threads.

use std::sync::Arc;

use muster_protocol::authority;
use muster_protocol::checkpoint::TreeHead;
use muster_protocol::clearance::Clearance;
use muster_protocol::command::Command;
use muster_protocol::envelope::Envelope;
use muster_protocol::ids::EnrolmentId;
use muster_protocol::keyring::Keyring;
use muster_protocol::keys::P256Key;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::Receipt;

use crate::fast::Fast;
use crate::finding::Finding;
use crate::tree::Tree;

/// The keyring in force at an entry, and the one before where the entry stands so shortly after its end that both may have
/// been meant.
pub type InForce = [Option<Arc<Keyring>>; 2];

/// A signature or a checkpoint that is judged by what other entries said.
pub enum Check {
    /// Whether a phone's key signed the receipt.
    Receipt {
        /// Its number.
        index: u64,
        /// The receipt and the envelope it was read from.
        receipt: Box<(Receipt, Envelope)>,
        /// The key of the statement.
        key: Box<P256Key>,
        /// Whose.
        enrolment: EnrolmentId,
    },
    /// Whether the keyring of its time authorises the command.
    Command {
        /// Its number.
        index: u64,
        /// The command.
        command: Box<(Command, Envelope)>,
        /// By which keyrings.
        keyrings: InForce,
    },
    /// Whether a witness of its time signed the clearance.
    Clearance {
        /// Its number.
        index: u64,
        /// Its bytes.
        envelope: Vec<u8>,
        /// By which keyrings.
        keyrings: InForce,
    },
    /// Whether this log ever had the checkpoint.
    Head {
        /// The number of the entry that names it.
        index: u64,
        /// The checkpoint.
        head: TreeHead,
    },
}

impl Check {
    /// What is wrong, if anything is.
    #[must_use]
    pub fn judge(&self, tree: &Tree) -> Option<Finding> {
        match self {
            Self::Receipt {
                index,
                receipt,
                key,
                enrolment,
            } => {
                let (receipt, envelope) = &**receipt;
                (!receipt.is_by(&Fast, envelope, key)).then_some(Finding::ForeignReceipt {
                    index: *index,
                    enrolment: *enrolment,
                })
            }
            Self::Command {
                index,
                command,
                keyrings,
            } => {
                let (command, envelope) = &**command;
                let mut reason = Reason::NotAuthorised;
                for keyring in keyrings.iter().flatten() {
                    match authority::authorise_by(&Fast, keyring, command, envelope) {
                        Ok(_) => return None,
                        Err(refusal) => reason = refusal.reason,
                    }
                }
                Some(Finding::NotAuthorised {
                    index: *index,
                    reason: reason.as_str(),
                })
            }
            Self::Clearance {
                index,
                envelope,
                keyrings,
            } => {
                let holds = |keyring: &Arc<Keyring>| {
                    Clearance::by_witness(envelope, keyring)
                        .is_some_and(|cleared| cleared.clearance.keyring <= keyring.version)
                };
                let is_by_one = keyrings.iter().flatten().any(holds);
                (!is_by_one).then_some(Finding::ForeignClearance { index: *index })
            }
            Self::Head { index, head } => {
                (tree.root_at(head.size) != Some(head.root)).then_some(Finding::OtherLog {
                    index: *index,
                    size: head.size,
                })
            }
        }
    }
}
