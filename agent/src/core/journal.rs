//! The journal and the receipts that go with it (PROTOCOL §11, §15): each command once, its outcome signed by the device
//! key, kept until nothing can bring the command back.

use muster_protocol::base64;
use muster_protocol::command::Command;
use muster_protocol::digest::Digest;
use muster_protocol::judge::AuthenticCommand;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{Receipt, ReceiptState};
use muster_protocol::time::{DAY, UnixTime};

use super::decide::Verdict;
use super::{Core, limits};
use crate::state::{Entry, HeldCheckpoint, Origin, Progress, State};

/// A command that was accepted, with what its act needs.
#[derive(Clone, Debug)]
pub struct Task {
    /// Digest of the command.
    pub digest: Digest,
    /// What was ordered.
    pub command: Command,
    /// Who ordered it.
    pub origin: Origin,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and a second look confirmed it.
    Done,
    /// Not done, and why; the receipt takes 200 ASCII characters of it.
    Failed(String),
}

/// What was written down about one command of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Digest of the command, if it had so much as a payload.
    pub command: Option<Digest>,
    /// What the receipt says; none when no receipt was written.
    pub state: Option<ReceiptState>,
    /// The reason code, for refusals.
    pub reason: Option<Reason>,
}

impl Core {
    /// Writes a verdict down. An accepted command comes back as a task: store the state, then do it.
    pub fn write_down(&mut self, verdict: Verdict, clock: u64) -> (Written, Option<Task>) {
        match verdict {
            Verdict::NotAuthentic { command, reason } => {
                let receipt = command.filter(|_| self.may_tell_unauthentic());
                if let Some(command) = receipt {
                    self.queue(command, ReceiptState::Refused, Some(reason), None, clock);
                }
                (
                    Written {
                        command,
                        state: receipt.map(|_| ReceiptState::Refused),
                        reason: Some(reason),
                    },
                    None,
                )
            }
            Verdict::Known(command) => (self.send_again(command), None),
            Verdict::Deferred(judged, command, reason) => {
                (self.defer(command, judged.is_some(), reason, clock), None)
            }
            Verdict::Refused(judged, reason) => {
                let receipt =
                    self.queue(judged.cd, ReceiptState::Refused, Some(reason), None, clock);
                self.enter(&judged, Progress::Refused, receipt, None);
                let written = Written {
                    command: Some(judged.cd),
                    state: Some(ReceiptState::Refused),
                    reason: Some(reason),
                };
                (written, None)
            }
            Verdict::Accepted(judged) => {
                let receipt = self.queue(judged.cd, ReceiptState::Accepted, None, None, clock);
                self.enter(
                    &judged,
                    Progress::Accepted,
                    receipt,
                    Some(judged.command.encode()),
                );
                limits::note(&mut self.state, judged.command.kind());
                if judged.authorised.clearances_needed > 0 {
                    // Spent by the command it clears.
                    self.state.nonce = None;
                }
                let task = Task {
                    digest: judged.cd,
                    command: judged.command.clone(),
                    origin: origin(&judged),
                };
                let written = Written {
                    command: Some(judged.cd),
                    state: Some(ReceiptState::Accepted),
                    reason: None,
                };
                (written, Some(task))
            }
        }
    }

    /// The accepted command with this digest, to go on with after a restart.
    #[must_use]
    pub fn task(&self, digest: &Digest) -> Option<Task> {
        let entry = self.state.journal.get(&digest.to_string())?;
        let payload = base64::decode(entry.payload.as_deref()?)?;
        Some(Task {
            digest: *digest,
            command: Command::decode(&payload).ok()?,
            origin: entry.origin.clone(),
        })
    }

    /// Writes down how a task ended, with its receipt. Once only: a second call finds the task ended and does nothing.
    pub fn finish(&mut self, digest: &Digest, outcome: &Outcome, clock: u64) {
        let name = digest.to_string();
        if self
            .state
            .journal
            .get(&name)
            .is_none_or(|entry| entry.progress != Progress::Accepted)
        {
            return;
        }
        let (progress, receipt) = match outcome {
            Outcome::Done => (
                Progress::Done,
                self.queue(*digest, ReceiptState::Done, None, None, clock),
            ),
            Outcome::Failed(why) => {
                let detail = Some(why.clone());
                (
                    Progress::Failed,
                    self.queue(*digest, ReceiptState::Failed, None, detail, clock),
                )
            }
        };
        if let Some(entry) = self.state.journal.get_mut(&name) {
            entry.progress = progress;
            entry.receipt = receipt;
            entry.payload = None;
        }
    }

    /// What the newest receipt for a command says.
    #[must_use]
    pub fn told(&self, command: &Digest) -> Option<ReceiptState> {
        let entry = self.state.journal.get(&command.to_string())?;
        Some(match entry.progress {
            Progress::Accepted => ReceiptState::Accepted,
            Progress::Refused => ReceiptState::Refused,
            Progress::Done => ReceiptState::Done,
            Progress::Failed => ReceiptState::Failed,
        })
    }

    fn may_tell_unauthentic(&mut self) -> bool {
        self.state.receipts.len() < limits::RECEIPTS_WAITING
            && limits::take_not_authentic(&mut self.state)
    }

    fn send_again(&mut self, command: Digest) -> Written {
        let entry = self.state.journal.get(&command.to_string());
        let receipt = entry.map(|entry| entry.receipt.clone());
        let state = self.told(&command);
        if let Some(receipt) = receipt
            && !self.state.receipts.contains(&receipt)
        {
            self.state.receipts.push(receipt);
        }
        Written {
            command: Some(command),
            state,
            reason: None,
        }
    }

    /// Deferred commands come again with each check-in; the server hears of one when its code is new.
    fn defer(&mut self, command: Digest, authentic: bool, reason: Reason, clock: u64) -> Written {
        let written = Written {
            command: Some(command),
            state: Some(ReceiptState::Deferred),
            reason: Some(reason),
        };
        let name = command.to_string();
        if self
            .state
            .deferred
            .get(&name)
            .is_some_and(|told| told == reason.as_str())
        {
            return written;
        }
        // `keyring_behind` is told before any signature was looked at: anybody can write such a command.
        let may_tell = if authentic {
            self.state.receipts.len() < limits::RECEIPTS_WAITING
        } else {
            self.may_tell_unauthentic()
        };
        if !may_tell {
            return Written {
                state: None,
                ..written
            };
        }
        if self.state.deferred.len() >= limits::DEFERRED {
            self.state.deferred.clear();
        }
        self.state.deferred.insert(name, reason.as_str().to_owned());
        self.queue(command, ReceiptState::Deferred, Some(reason), None, clock);
        written
    }

    fn enter(
        &mut self,
        judged: &AuthenticCommand,
        progress: Progress,
        receipt: String,
        payload: Option<Vec<u8>>,
    ) {
        let name = judged.cd.to_string();
        self.state.deferred.remove(&name);
        self.state.journal.insert(
            name,
            Entry {
                id: judged.command.id.clone(),
                kind: judged.command.kind(),
                progress,
                receipt,
                payload: payload.map(|bytes| base64::encode(&bytes)),
                origin: origin(judged),
                expires_at: judged.command.expires_at.0,
            },
        );
    }

    /// Signs a receipt and puts it at the end of the queue; gives it back in base64.
    fn queue(
        &mut self,
        command: Digest,
        state: ReceiptState,
        reason: Option<Reason>,
        detail: Option<String>,
        clock: u64,
    ) -> String {
        let receipt = Receipt {
            at: UnixTime(clock.max(self.state.floor)),
            checkpoint: self.state.checkpoint.as_ref().map(HeldCheckpoint::head),
            command,
            detail,
            enrolment: self.state.enrolment,
            fleet: self.keyring.keyring.fleet.clone(),
            keyring: self.keyring_reference(),
            reason,
            seq: self.state.sequence,
            state,
        };
        self.state.sequence += 1;
        let envelope = base64::encode(&receipt.sign(&self.device_key));
        self.state.receipts.push(envelope.clone());
        envelope
    }
}

fn origin(judged: &AuthenticCommand) -> Origin {
    if judged.authorised.online {
        Origin::Service
    } else {
        Origin::People(
            judged
                .authorised
                .people
                .iter()
                .map(|person| person.as_str().chars().take(8).collect())
                .collect(),
        )
    }
}

/// Drops what can no longer matter: entries seven days, lifted digests 97 days after the floor passed their time.
/// The floor and not the clock, so that no false clock opens a door to a replay.
pub(super) fn forget(state: &mut State) {
    let floor = state.floor;
    state.journal.retain(|_, entry| {
        entry.progress == Progress::Accepted || floor <= entry.expires_at.saturating_add(7 * DAY)
    });
    state
        .lifted
        .retain(|_, lifted| floor <= lifted.issued_at.saturating_add(97 * DAY));
}
