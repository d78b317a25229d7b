//! The phone's decision about one command, steps 1–15 of PROTOCOL §12, in that order. Looks at the state and changes
//! nothing.

use std::collections::BTreeSet;

use muster_protocol::bundle::CommandInBundle;
use muster_protocol::checkpoint::LogKind;
use muster_protocol::clearance::{Clearance, Expected};
use muster_protocol::command::{Command, Direction, Kind};
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::judge::{AuthenticCommand, authenticate, digest_for_receipt};
use muster_protocol::reason::{Reason, Refusal};
use muster_protocol::time::UnixTime;

use super::{Core, limits};
use crate::state::{HeldCheckpoint, Origin, Progress, State, ends};

/// What the phone decides about a command it was sent.
#[derive(Debug)]
pub enum Verdict {
    /// Not from the fleet's keys, or not for this phone. The digest, if there is so much as a payload.
    NotAuthentic {
        /// Digest of what claims to be a command.
        command: Option<Digest>,
        /// Why.
        reason: Reason,
    },
    /// Known: the stored receipt goes out again, and nothing else happens.
    Known(Digest),
    /// Authentic, and refused for good.
    Refused(Box<AuthenticCommand>, Reason),
    /// Authentic, and not now.
    Deferred(Option<Box<AuthenticCommand>>, Digest, Reason),
    /// To be carried out.
    Accepted(Box<AuthenticCommand>),
}

impl Core {
    /// Decides about one command at `clock`, the settable clock in Unix seconds.
    #[must_use]
    pub fn decide(&self, item: &CommandInBundle, clock: u64) -> Verdict {
        let digest = || digest_for_receipt(&item.envelope);
        // Steps 1–7. A phone without a pin has left its fleet, and nothing is authentic to it.
        let Some(pin) = self.pin() else {
            return Verdict::NotAuthentic {
                command: digest(),
                reason: Reason::Ended,
            };
        };
        let command = match authenticate(&item.envelope, &item.target, &pin, &self.keyring.keyring)
        {
            Ok(command) => Box::new(command),
            Err(Refusal {
                reason: Reason::KeyringBehind,
                ..
            }) => match digest() {
                Some(digest) => return Verdict::Deferred(None, digest, Reason::KeyringBehind),
                None => {
                    return Verdict::NotAuthentic {
                        command: None,
                        reason: Reason::BadEncoding,
                    };
                }
            },
            Err(refusal) => {
                return Verdict::NotAuthentic {
                    command: digest(),
                    reason: refusal.reason,
                };
            }
        };
        // Step 8.
        if self.state.journal.contains_key(&command.cd.to_string()) {
            return Verdict::Known(command.cd);
        }
        match self.later_steps(&command, item, clock) {
            Ok(()) => Verdict::Accepted(command),
            Err(Refusal { reason, class }) => match class {
                muster_protocol::reason::Class::Deferred => {
                    let digest = command.cd;
                    Verdict::Deferred(Some(command), digest, reason)
                }
                muster_protocol::reason::Class::Final
                | muster_protocol::reason::Class::NotAuthentic
                    if has_room(
                        &self.state,
                        command.command.kind(),
                        command.authorised.online,
                    ) =>
                {
                    Verdict::Refused(command, reason)
                }
                // A refusal takes a place in the journal too, and one key can sign any number of commands.
                muster_protocol::reason::Class::Final
                | muster_protocol::reason::Class::NotAuthentic => {
                    let digest = command.cd;
                    Verdict::Deferred(Some(command), digest, Reason::Busy)
                }
            },
        }
    }

    fn later_steps(
        &self,
        judged: &AuthenticCommand,
        item: &CommandInBundle,
        clock: u64,
    ) -> Result<(), Refusal> {
        let state = &self.state;
        let command = &judged.command;
        let kind = command.kind();
        // Step 8, what the journal says of its id and of cancels.
        if state.journal.values().any(|entry| entry.id == command.id) {
            return Err(Refusal::terminal(Reason::IdReused));
        }
        if is_lifted(state, &judged.cd, kind) {
            return Err(Refusal::terminal(Reason::Cancelled));
        }
        // Step 9.
        if self.has_ended() || is_ending(state) {
            return Err(Refusal::terminal(Reason::Ended));
        }
        // Step 10: nothing below may stop a kind that gives back.
        match kind.direction() {
            Direction::Restoring if has_room(state, kind, judged.authorised.online) => {
                return Ok(());
            }
            Direction::Restoring => return Err(Refusal::deferred(Reason::Busy)),
            Direction::Restricting | Direction::Neutral => {}
        }
        // Step 11, by the clearances' time where the grant asks for clearances.
        let cleared = self.cleared(judged, item);
        let mut reading = self.reading(clock);
        if judged.authorised.clearances_needed > 0 {
            reading.cleared = cleared.as_ref().ok().copied();
        }
        if self.keyring.is_expired(reading.now()) {
            return Err(Refusal::deferred(Reason::KeyringExpired));
        }
        reading.check(command)?;
        // Step 12. Final on purpose: the release does not wake it (A090).
        if !state.holds.is_empty() && kind.stopped_by_hold() {
            return Err(Refusal::terminal(Reason::Held));
        }
        // Step 13.
        if kind.needs_log() {
            self.logged(judged, item)?;
        }
        // Step 14.
        if judged.authorised.clearances_needed > 0 {
            cleared?;
        }
        // Step 15.
        if !limits::allows(state, kind) {
            return Err(Refusal::deferred(Reason::RateLimited));
        }
        room(state, command, judged.authorised.online)
    }

    /// Step 13: the envelope is in the log that this phone's checkpoint vouches for.
    fn logged(&self, judged: &AuthenticCommand, item: &CommandInBundle) -> Result<(), Refusal> {
        if self.state.fork.is_some() {
            return Err(Refusal::deferred(Reason::LogForked));
        }
        let not_logged = Refusal::deferred(Reason::NotLogged);
        let (Some(checkpoint), Some(proof)) = (&self.state.checkpoint, &item.log) else {
            return Err(not_logged);
        };
        let included =
            checkpoint
                .head()
                .includes(LogKind::Command, &judged.ed, proof.index, &proof.hashes);
        included.map_err(|_| not_logged)
    }

    /// Step 14: the least time among the clearances of enough distinct witnesses (PROTOCOL §14).
    fn cleared(
        &self,
        judged: &AuthenticCommand,
        item: &CommandInBundle,
    ) -> Result<UnixTime, Refusal> {
        let no_clearance = Refusal::deferred(Reason::NoClearance);
        let nonce = self
            .state
            .nonce
            .as_ref()
            .and_then(|nonce| Digest::parse(&nonce.value).ok())
            .ok_or(no_clearance)?;
        let expected = Expected {
            ed: &judged.ed,
            enrolment: &self.state.enrolment,
            nonce: &nonce,
        };
        let checkpoint = self.state.checkpoint.as_ref().map(HeldCheckpoint::head);
        let mut witnesses = BTreeSet::new();
        let mut least: Option<UnixTime> = None;
        for envelope in &item.clearances {
            let cleared = match Clearance::verify(envelope, &self.keyring.keyring, &expected) {
                Ok(cleared) => cleared,
                Err(refusal) if refusal.reason == Reason::KeyringBehind => return Err(refusal),
                Err(_) => continue,
            };
            let clearance = cleared.clearance;
            // Consistent with ours because it is ours; the inclusion proof was verified against it in step 13.
            if checkpoint != Some(clearance.checkpoint) {
                continue;
            }
            if witnesses.insert(cleared.witness) {
                least = Some(least.map_or(clearance.at, |least| least.min(clearance.at)));
            }
        }
        match least {
            Some(least) if witnesses.len() >= judged.authorised.clearances_needed as usize => {
                Ok(least)
            }
            Some(_) | None => Err(no_clearance),
        }
    }
}

/// Whether a cancel named the command, or an unlock, resume or release that came before it did.
fn is_lifted(state: &State, command: &Digest, kind: Kind) -> bool {
    state
        .lifted
        .get(&command.to_string())
        .is_some_and(|lifted| {
            lifted.by.iter().any(|by| {
                [
                    (Kind::Cancel, None),
                    (Kind::Unlock, Some(Kind::LockFleet)),
                    (Kind::Resume, Some(Kind::Suspend)),
                    (Kind::Release, Some(Kind::Hold)),
                ]
                .iter()
                .any(|(lifting, only)| {
                    lifting.as_str() == by && only.is_none_or(|only| only == kind)
                })
            })
        })
}

fn is_ending(state: &State) -> bool {
    state
        .journal
        .values()
        .any(|entry| ends(entry.kind) && entry.progress == Progress::Accepted)
}

fn is_restoring(kind: Kind) -> bool {
    kind.direction() == Direction::Restoring
}

/// Whether the journal takes one more command of this kind (PROTOCOL §11). What the online key alone signs has its own share
/// of either part: restoring kinds that people sign are stopped by nothing that a server signed (PROTOCOL §1.3).
fn has_room(state: &State, kind: Kind, online: bool) -> bool {
    let restoring = is_restoring(kind);
    let taken = |restoring: bool, by_service: bool| {
        state
            .journal
            .values()
            .filter(|entry| {
                is_restoring(entry.kind) == restoring
                    && (entry.origin == Origin::Service) == by_service
            })
            .count()
    };
    match (restoring, online) {
        (true, true) => taken(true, true) < limits::JOURNAL_ONLINE_RESTORING,
        (true, false) => {
            let by_people = taken(true, false);
            let others = taken(false, true) + taken(false, false);
            by_people + others < limits::JOURNAL || by_people < limits::JOURNAL_RESTORING
        }
        (false, true) => {
            let by_service = taken(false, true);
            by_service < limits::JOURNAL_ONLINE
                && by_service + taken(false, false) < limits::JOURNAL
        }
        (false, false) => taken(false, true) + taken(false, false) < limits::JOURNAL,
    }
}

fn room(state: &State, command: &Command, online: bool) -> Result<(), Refusal> {
    let busy = Err(Refusal::deferred(Reason::Busy));
    if !has_room(state, command.kind(), online) {
        return busy;
    }
    let kind = command.kind();
    let active = match kind {
        Kind::LockFleet => state.restrictions_of(kind).count(),
        // A later suspension by the online key takes the place of the earlier one.
        Kind::Suspend => state
            .restrictions_of(kind)
            .filter(|active| !(online && active.online))
            .count(),
        Kind::Hold => state.holds.len(),
        Kind::Notice
        | Kind::Refresh
        | Kind::RotateKey
        | Kind::Lock
        | Kind::Resume
        | Kind::Message
        | Kind::Unlock
        | Kind::Cancel
        | Kind::Release
        | Kind::Kill
        | Kind::Transfer
        | Kind::Wipe => 0,
    };
    if active < limits::ACTIVE {
        Ok(())
    } else {
        busy
    }
}

/// The order in which the commands of a bundle are taken: holds, restoring, neutral, restricting; within a group by
/// `issued_at`, then digest. What cannot be read comes last, where it is refused.
#[must_use]
pub fn order(commands: &[CommandInBundle]) -> Vec<usize> {
    let rank = |item: &CommandInBundle| {
        let envelope = Envelope::decode(&item.envelope, DocumentType::Command).ok()?;
        let command = Command::decode(envelope.payload()).ok()?;
        Some(command.execution_order(envelope.digest()))
    };
    let last = (u8::MAX, UnixTime(0), Digest([0; 32]));
    let mut ranked: Vec<(_, usize)> = commands
        .iter()
        .map(|item| rank(item).unwrap_or(last))
        .zip(0..)
        .collect();
    ranked.sort();
    ranked.into_iter().map(|(_, index)| index).collect()
}
