//! What the entries say together, taken in their order: which keyrings there were, whose the phones' keys are, which commands
//! were given, and whether a receipt is missing. Signatures that need a key from another entry are checked afterwards
//! ([`Check`]).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use muster_protocol::checkpoint::LogKind;
use muster_protocol::clearance::Clearance;
use muster_protocol::command::Command;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::enrolment::Statement;
use muster_protocol::envelope::Envelope;
use muster_protocol::ids::{EnrolmentId, FleetId};
use muster_protocol::keyring::{HeldKeyring, Keyring, Update, verify_chain, verify_update};
use muster_protocol::keys::P256Key;
use muster_protocol::policy::{HeldPolicy, Policy};
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_protocol::time::UnixTime;

use crate::bloom::Bloom;
use crate::check::{Check, InForce};
use crate::document::Document;
use crate::export::Entry;
use crate::finding::Finding;

/// Receipts that came before one they should follow, remembered of one phone.
const EARLY: usize = 1024;

/// Entries after a keyring's own in which the keyring before it still counts: acts under way as it changed, one batch of the
/// log's numbering. Later, a removed approver's signature is as dead as phones take it for.
const LATE: u64 = 512;

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
    /// The one before, and the number of the entry that ended it.
    previous: Option<(Arc<Keyring>, u64)>,
    keyrings: Vec<KeyringRef>,
    policy: Option<HeldPolicy>,
    phones: HashMap<EnrolmentId, Phone>,
    /// Digests of commands and of their envelopes.
    commands: Bloom,
    /// Whether the bytes of a command were withheld: then a digest that is not known proves nothing.
    commands_withheld: bool,
    /// Commands seen.
    pub command_count: u64,
    /// Receipts seen.
    pub receipt_count: u64,
    /// Clearances seen.
    pub clearance_count: u64,
}

impl Knowledge {
    /// Before the first entry. `descriptor` is the pinned one; none for the installation's own log, which has no phones.
    /// `entries` is how many are to come.
    #[must_use]
    pub fn new(fleet: FleetId, descriptor: Option<Descriptor>, entries: u64) -> Self {
        Self {
            fleet,
            descriptor,
            held: None,
            current: None,
            previous: None,
            keyrings: Vec::new(),
            policy: None,
            phones: HashMap::new(),
            // Of a real log's entries about one in eight is a command, and each is entered twice.
            commands: Bloom::for_members(entries / 4),
            commands_withheld: false,
            command_count: 0,
            receipt_count: 0,
            clearance_count: 0,
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
            Document::Withheld => match entry.kind {
                LogKind::Keyring => {
                    let reason = "its bytes are not in the export";
                    out.push(Finding::Keyring { index, reason });
                }
                LogKind::Command => self.commands_withheld = true,
                LogKind::Receipt
                | LogKind::Policy
                | LogKind::Enrolment
                | LogKind::Certificate
                | LogKind::Revocation
                | LogKind::Clearance
                | LogKind::Program
                | LogKind::Admin => {}
            },
            Document::Bad => out.push(Finding::BadDocument {
                index,
                kind: entry.kind.as_str(),
            }),
            Document::Keyring => self.keyring_entry(index, entry.bytes.unwrap_or_default(), out),
            Document::Policy => self.policy_entry(index, &entry.bytes.unwrap_or_default(), out),
            Document::Command(command) => {
                self.command(index, command, &entry.digest, checks, out);
            }
            Document::Statement(statement) => self.statement(index, &statement, checks, out),
            Document::Receipt(receipt) => self.receipt(index, receipt, checks, out),
            Document::Clearance(clearance) => {
                let envelope = entry.bytes.unwrap_or_default();
                self.clearance(index, &clearance, envelope, checks, out);
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
                self.previous = self.current.take().map(|previous| (previous, index));
                self.current = Some(Arc::new(next.keyring.clone()));
                self.held = Some(next);
            }
            Err(reason) => out.push(Finding::Keyring { index, reason }),
        }
    }

    /// The keyrings that entry `index` may have been made under.
    fn in_force(&self, index: u64) -> InForce {
        let previous = self
            .previous
            .as_ref()
            .filter(|(_, ended)| index.saturating_sub(*ended) <= LATE)
            .map(|(keyring, _)| keyring.clone());
        [self.current.clone(), previous]
    }

    fn policy_entry(&mut self, index: u64, envelope: &[u8], out: &mut Vec<Finding>) {
        let Some(descriptor) = &self.descriptor else {
            let kind = "policy";
            return out.push(Finding::BadDocument { index, kind });
        };
        let mut reason = "no keyring";
        for keyring in self.in_force(index).iter().flatten() {
            let held = self.policy.as_ref();
            match Policy::verify(envelope, keyring, &descriptor.organisation, held) {
                Ok(next) => {
                    self.policy = Some(next);
                    return;
                }
                Err(refusal) => reason = refusal.reason.as_str(),
            }
        }
        out.push(Finding::Policy { index, reason });
    }

    fn command(
        &mut self,
        index: u64,
        command: Box<(Command, Envelope)>,
        ed: &Digest,
        checks: &mut Vec<Check>,
        out: &mut Vec<Finding>,
    ) {
        self.command_count += 1;
        self.commands.insert(&command.1.digest());
        self.commands.insert(ed);
        if command.0.fleet != self.fleet {
            let kind = "command";
            return out.push(Finding::BadDocument { index, kind });
        }
        let keyrings = self.in_force(index);
        checks.push(Check::Command {
            index,
            command,
            keyrings,
        });
    }

    fn clearance(
        &mut self,
        index: u64,
        clearance: &Clearance,
        envelope: Vec<u8>,
        checks: &mut Vec<Check>,
        out: &mut Vec<Finding>,
    ) {
        self.clearance_count += 1;
        if !self.commands_withheld && !self.commands.may_contain(&clearance.ed) {
            let envelope = clearance.ed;
            out.push(Finding::UnloggedCleared { index, envelope });
        }
        let head = clearance.checkpoint;
        checks.push(Check::Head { index, head });
        let keyrings = self.in_force(index);
        checks.push(Check::Clearance {
            index,
            envelope,
            keyrings,
        });
    }

    fn statement(
        &mut self,
        index: u64,
        statement: &Statement,
        checks: &mut Vec<Check>,
        out: &mut Vec<Finding>,
    ) {
        let pinned = self.descriptor.as_ref().map(Descriptor::fingerprint);
        if statement.fleet != self.fleet || Some(statement.descriptor) != pinned {
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
        document: Box<(Receipt, Envelope)>,
        checks: &mut Vec<Check>,
        out: &mut Vec<Finding>,
    ) {
        self.receipt_count += 1;
        let receipt = document.0.clone();
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
            receipt: document,
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
        if receipt.state != ReceiptState::Refused
            && !self.commands_withheld
            && !self.commands.may_contain(&receipt.command)
        {
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
