//! What the entries say together, taken in their order: which keyrings there were, whose the phones' keys are, which commands
//! were given, and whether a receipt is missing. What needs nothing but an entry's own bytes is read beforehand, on many threads
//! ([`Document::read`]); signatures that need a key from another entry are checked afterwards ([`Check`]).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use muster_protocol::authority;
use muster_protocol::checkpoint::{LogKind, TreeHead};
use muster_protocol::command::Command;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::enrolment::Statement;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{EnrolmentId, FleetId};
use muster_protocol::keyring::{HeldKeyring, Keyring, Update, verify_chain, verify_update};
use muster_protocol::keys::P256Key;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_protocol::time::UnixTime;

use crate::bloom::Bloom;
use crate::export::Entry;
use crate::finding::Finding;
use crate::tree::Tree;

/// Receipts that came before one they should follow, remembered of one phone.
const EARLY: usize = 1024;

/// An entry's meaning, as far as its own bytes tell.
pub enum Document {
    /// A sealed command.
    Command(Box<(Command, Envelope)>),
    /// A receipt; its signature is not checked yet.
    Receipt(Box<Receipt>),
    /// An enrolment statement, verified by the key it names.
    Statement(Box<Statement>),
    /// A keyring's envelope.
    Keyring,
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
            LogKind::Receipt => Envelope::decode(bytes, DocumentType::Receipt)
                .and_then(|document| Receipt::decode(document.payload()))
                .ok()
                .map(|receipt| Self::Receipt(Box::new(receipt))),
            LogKind::Enrolment => Statement::verify(bytes)
                .ok()
                .map(|statement| Self::Statement(Box::new(statement))),
            LogKind::Keyring => Some(Self::Keyring),
            LogKind::Policy
            | LogKind::Certificate
            | LogKind::Revocation
            | LogKind::Clearance
            | LogKind::Program
            | LogKind::Admin => Some(Self::Opaque),
        };
        read.unwrap_or(Self::Bad)
    }
}

fn command(bytes: &[u8]) -> Option<(Command, Envelope)> {
    let envelope = Envelope::decode(bytes, DocumentType::Command).ok()?;
    let command = Command::decode(envelope.payload()).ok()?;
    Some((command, envelope))
}

/// A signature or a checkpoint that is judged by what other entries said.
pub enum Check {
    /// Whether a phone's key signed the receipt.
    Receipt {
        /// Its number.
        index: u64,
        /// Its bytes.
        envelope: Vec<u8>,
        /// The key of the statement.
        key: Box<P256Key>,
        /// Whose.
        enrolment: EnrolmentId,
    },
    /// Whether the keyring of its time, or the one before, authorises the command.
    Command {
        /// Its number.
        index: u64,
        /// The command.
        command: Box<(Command, Envelope)>,
        /// The newest keyring then, and the one before: a command may be sealed as the keyring changes.
        keyrings: [Option<Arc<Keyring>>; 2],
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
                envelope,
                key,
                enrolment,
            } => Receipt::verify(envelope, key)
                .err()
                .map(|_| Finding::ForeignReceipt {
                    index: *index,
                    enrolment: *enrolment,
                }),
            Self::Command {
                index,
                command,
                keyrings,
            } => {
                let (command, envelope) = &**command;
                let mut reason = Reason::NotAuthorised;
                for keyring in keyrings.iter().flatten() {
                    match authority::authorise(keyring, command, envelope) {
                        Ok(_) => return None,
                        Err(refusal) => reason = refusal.reason,
                    }
                }
                Some(Finding::NotAuthorised {
                    index: *index,
                    reason: reason.as_str(),
                })
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

/// One phone, by its enrolment.
struct Phone {
    key: P256Key,
    /// Every receipt up to this number is here.
    through: u64,
    early: BTreeSet<u64>,
}

/// What was learnt so far.
pub struct Knowledge {
    fleet: FleetId,
    descriptor: Option<Descriptor>,
    held: Option<HeldKeyring>,
    current: Option<Arc<Keyring>>,
    previous: Option<Arc<Keyring>>,
    keyrings: Vec<KeyringRef>,
    phones: HashMap<EnrolmentId, Phone>,
    commands: Bloom,
    /// Commands seen.
    pub command_count: u64,
    /// Receipts seen.
    pub receipt_count: u64,
    /// Entries whose bytes the export lacks.
    pub withheld: u64,
}

impl Knowledge {
    /// Before the first entry. `descriptor` is the pinned one; none for the installation's own log, which has no phones.
    #[must_use]
    pub fn new(fleet: FleetId, descriptor: Option<Descriptor>) -> Self {
        Self {
            fleet,
            descriptor,
            held: None,
            current: None,
            previous: None,
            keyrings: Vec::new(),
            phones: HashMap::new(),
            commands: Bloom::default(),
            command_count: 0,
            receipt_count: 0,
            withheld: 0,
        }
    }

    /// The newest keyring.
    #[must_use]
    pub fn keyring(&self) -> Option<&Keyring> {
        self.current.as_deref()
    }

    /// How many phones there are.
    #[must_use]
    pub fn phones(&self) -> usize {
        self.phones.len()
    }

    /// Takes entry `index`, which stands where the tree has it.
    pub fn take(
        &mut self,
        index: u64,
        entry: Entry,
        document: Document,
        checks: &mut Vec<Check>,
        out: &mut Vec<Finding>,
    ) {
        match document {
            Document::Opaque => {}
            Document::Withheld => {
                self.withheld += 1;
                if entry.kind == LogKind::Keyring {
                    let reason = "its bytes are not in the export";
                    out.push(Finding::Keyring { index, reason });
                }
            }
            Document::Bad => out.push(Finding::BadDocument {
                index,
                kind: entry.kind.as_str(),
            }),
            Document::Keyring => self.keyring_entry(index, entry.bytes.unwrap_or_default(), out),
            Document::Command(command) => {
                self.command_count += 1;
                self.commands.insert(&command.1.digest());
                let keyrings = [self.current.clone(), self.previous.clone()];
                if command.0.fleet == self.fleet {
                    checks.push(Check::Command {
                        index,
                        command,
                        keyrings,
                    });
                } else {
                    out.push(Finding::BadDocument {
                        index,
                        kind: "command",
                    });
                }
            }
            Document::Statement(statement) => self.statement(index, &statement, checks, out),
            Document::Receipt(receipt) => {
                self.receipt(
                    index,
                    &receipt,
                    entry.bytes.unwrap_or_default(),
                    checks,
                    out,
                );
            }
        }
    }

    /// After the last entry: which receipts never came.
    pub fn finish(self, out: &mut Vec<Finding>) {
        let mut gaps = Vec::new();
        for (enrolment, phone) in self.phones {
            let mut next = phone.through + 1;
            for seq in phone.early {
                if seq > next {
                    gaps.push(Finding::Gap {
                        enrolment,
                        from: next,
                        to: seq - 1,
                    });
                }
                next = seq + 1;
            }
        }
        gaps.sort_by_key(ToString::to_string);
        out.extend(gaps);
    }

    fn keyring_entry(&mut self, index: u64, envelope: Vec<u8>, out: &mut Vec<Finding>) {
        let next = match (&self.held, &self.descriptor) {
            (Some(held), _) => match verify_update(held, &envelope) {
                Ok(Update::Next(next)) => Ok(*next),
                Ok(Update::Same) => return,
                Err(refusal) => Err(refusal.reason.as_str()),
            },
            // Whether it has expired meanwhile is not asked: this is history.
            (None, Some(descriptor)) => {
                verify_chain(&first_of(descriptor), &[envelope], UnixTime(0))
                    .map_err(|refusal| refusal.reason.as_str())
            }
            (None, None) => Err("this log belongs to no fleet"),
        };
        match next {
            Ok(next) => {
                self.keyrings.push(KeyringRef {
                    digest: next.digest,
                    version: next.keyring.version,
                });
                self.previous = self.current.take();
                self.current = Some(Arc::new(next.keyring.clone()));
                self.held = Some(next);
            }
            Err(reason) => out.push(Finding::Keyring { index, reason }),
        }
    }

    fn statement(
        &mut self,
        index: u64,
        statement: &Statement,
        checks: &mut Vec<Check>,
        out: &mut Vec<Finding>,
    ) {
        if statement.fleet != self.fleet {
            let kind = "enrolment";
            return out.push(Finding::BadDocument { index, kind });
        }
        self.knows(index, statement.keyring, out);
        if let Some(head) = statement.checkpoint {
            checks.push(Check::Head { index, head });
        }
        self.phones
            .entry(statement.enrolment())
            .or_insert_with(|| Phone {
                key: statement.device_key,
                through: 0,
                early: BTreeSet::new(),
            });
    }

    fn receipt(
        &mut self,
        index: u64,
        receipt: &Receipt,
        envelope: Vec<u8>,
        checks: &mut Vec<Check>,
        out: &mut Vec<Finding>,
    ) {
        self.receipt_count += 1;
        let enrolment = receipt.enrolment;
        let Some(phone) = self.phones.get_mut(&enrolment) else {
            return out.push(Finding::ForeignReceipt { index, enrolment });
        };
        if receipt.fleet != self.fleet {
            let kind = "receipt";
            return out.push(Finding::BadDocument { index, kind });
        }
        checks.push(Check::Receipt {
            index,
            envelope,
            key: Box::new(phone.key),
            enrolment,
        });
        let seq = receipt.seq;
        if seq <= phone.through || !phone.early.insert(seq) {
            out.push(Finding::SequenceTwice {
                index,
                enrolment,
                seq,
            });
        }
        while phone.early.remove(&(phone.through + 1)) {
            phone.through += 1;
        }
        if phone.early.len() > EARLY
            && let Some(first) = phone.early.first().copied()
        {
            // Whoever leaves out so many is named once for each hole, and the rest goes on from there.
            out.push(Finding::Gap {
                enrolment,
                from: phone.through + 1,
                to: first - 1,
            });
            phone.through = first - 1;
            while phone.early.remove(&(phone.through + 1)) {
                phone.through += 1;
            }
        }
        if receipt.state != ReceiptState::Refused && !self.commands.may_contain(&receipt.command) {
            let command = receipt.command;
            out.push(Finding::UnloggedCommand { index, command });
        }
        self.knows(index, receipt.keyring, out);
        if let Some(head) = receipt.checkpoint {
            checks.push(Check::Head { index, head });
        }
    }

    fn knows(&self, index: u64, keyring: KeyringRef, out: &mut Vec<Finding>) {
        if !self.keyrings.contains(&keyring) {
            let version = keyring.version;
            out.push(Finding::UnknownKeyring { index, version });
        }
    }
}

/// The chain is walked entry by entry; that its end reaches the descriptor's least version is a phone's question.
fn first_of(descriptor: &Descriptor) -> Descriptor {
    Descriptor {
        keyring_version: 1,
        ..descriptor.clone()
    }
}
