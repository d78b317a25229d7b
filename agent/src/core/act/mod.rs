//! Step 16: what each kind of command does. A plan is made from the state and says what the phone must do and what
//! changes in memory once it did; making it and carrying it out may happen twice, with the same end.
//!
//! To add a kind: a variant in the protocol crate, a file here, and the compiler names the places that are missing.

mod hold;
mod leave;
mod lift;
mod lock_fleet;
mod message;
mod notice;
mod suspend;

use muster_protocol::command::{Args, Kind};
use muster_protocol::digest::Digest;
use muster_protocol::time::UnixTime;

use super::journal::Task;
use super::{Core, limits};
use crate::phones::Lock;
use crate::state::{Hold, Lifted, Restriction, Shown, State, Until};

/// One thing for the phone, or for the agent on the phone, to do. Each may be done twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Close the screen with that lock.
    Lock(Lock),
    /// Open the fleet's lock.
    UnlockFleet,
    /// Switch the fleet's service on or off.
    Service(bool),
    /// Make the owner's data unreadable.
    EraseUserData,
    /// Destroy the fleet's service data.
    EraseServiceData,
    /// Renew the TLS key.
    RenewKey,
    /// Check in again right away, with a full report.
    Report,
}

/// What changes in memory once the acts are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// A text for the owner's screen.
    Show(Shown),
    /// A fleet lock or suspension comes into force.
    Restrict(Restriction),
    /// A hold comes into force.
    Hold(Hold),
    /// The named commands are lifted.
    Lift {
        /// The kind that lifts: unlock, resume, cancel or release.
        by: Kind,
        /// What it names.
        commands: Vec<Digest>,
        /// When it was issued.
        issued_at: u64,
    },
    /// The phone has left its fleet.
    Leave {
        /// kill, wipe or transfer.
        by: Kind,
        /// Where a transfer takes it.
        to: Option<Digest>,
    },
}

/// How a command is carried out: these acts in this order, then this change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What the phone does.
    pub acts: Vec<Act>,
    /// What is remembered once it did.
    pub change: Change,
}

impl Plan {
    fn of(acts: Vec<Act>, change: Change) -> Self {
        Self { acts, change }
    }
}

impl Core {
    /// How this command is carried out.
    #[must_use]
    pub fn plan(&self, task: &Task) -> Plan {
        let state = &self.state;
        let command = &task.command;
        // A duration is counted from the latest moment that is proved: the settable clock would shorten it when it is set
        // forward, and a floor before the command would stretch it (PROTOCOL §6, §10).
        let from = UnixTime(state.floor).max(command.issued_at);
        match &command.args {
            Args::Notice {
                template,
                date,
                number,
            } => notice::plan(task, *template, *date, *number),
            Args::Message { text } => message::plan(task, text),
            Args::Refresh => Plan::of(vec![Act::Report], Change::Nothing),
            Args::RotateKey => Plan::of(vec![Act::RenewKey], Change::Nothing),
            // The owner's credential opens it, so there is nothing to remember and nothing to lift.
            Args::Lock => Plan::of(vec![Act::Lock(Lock::Owner)], Change::Nothing),
            Args::LockFleet { until } => lock_fleet::plan(state, task, *until, from),
            Args::Suspend { until } => suspend::plan(state, task, *until, from),
            Args::Unlock { lifts }
            | Args::Resume { lifts }
            | Args::Cancel { lifts }
            | Args::Release { lifts } => lift::plan(state, command, lifts),
            Args::Hold { case, until } => hold::plan(state, task, case, *until, from),
            Args::Kill | Args::Wipe => leave::plan(state, command.kind(), None),
            Args::Transfer { fingerprint } => {
                leave::plan(state, command.kind(), Some(*fingerprint))
            }
        }
    }

    /// Remembers what the acts of a plan brought about. Doing it twice is doing it once.
    pub fn apply(&mut self, change: Change, clock: u64) {
        let state = &mut self.state;
        match change {
            Change::Nothing => {}
            Change::Show(shown) => {
                if state
                    .messages
                    .iter()
                    .all(|known| known.command != shown.command)
                {
                    let surplus = (state.messages.len() + 1).saturating_sub(limits::MESSAGES);
                    state.messages.drain(..surplus);
                    state.messages.push(shown);
                }
            }
            Change::Restrict(restriction) => suspend::put_in_force(state, restriction),
            Change::Hold(hold) => {
                state.holds.retain(|known| known.command != hold.command);
                state.holds.push(hold);
            }
            Change::Lift {
                by,
                commands,
                issued_at,
            } => lift::remember(state, by, &commands, issued_at),
            Change::Leave { by, to } => leave::remember(state, by, to, clock),
        }
    }
}

/// Ends what is over by powered-on time or by the floor, and gives what the phone must do about it.
pub(super) fn end_what_is_over(state: &mut State) -> Vec<Act> {
    let over = |until: &Until| state.floor >= until.time || state.powered_on >= until.powered_on;
    let (ended, active): (Vec<Restriction>, Vec<Restriction>) = state
        .restrictions
        .iter()
        .cloned()
        .partition(|restriction| over(&restriction.until));
    let holds = state
        .holds
        .iter()
        .filter(|hold| !over(&hold.until))
        .cloned()
        .collect();
    let gone = |kind: Kind| {
        ended.iter().any(|restriction| restriction.kind == kind)
            && !active.iter().any(|restriction| restriction.kind == kind)
    };
    let mut acts = Vec::new();
    if gone(Kind::LockFleet) {
        // "…or until `until`, then the owner's lock" (PROTOCOL §6).
        acts.extend([Act::Lock(Lock::Owner), Act::UnlockFleet]);
    }
    if gone(Kind::Suspend) && !state.suspends_itself() {
        acts.push(Act::Service(true));
    }
    state.restrictions = active;
    state.holds = holds;
    acts
}

/// When something that is to last until `until` ends, counted from `from`.
fn until(state: &State, until: UnixTime, from: UnixTime) -> Until {
    Until {
        time: until.0,
        powered_on: state.powered_on.saturating_add(until.since(from)),
    }
}

fn remember_lifted(state: &mut State, by: Kind, command: &Digest, issued_at: u64) {
    let lifted = state
        .lifted
        .entry(command.to_string())
        .or_insert_with(|| Lifted {
            by: Vec::new(),
            issued_at,
        });
    lifted.issued_at = lifted.issued_at.max(issued_at);
    if lifted.by.iter().all(|known| known != by.as_str()) {
        lifted.by.push(by.as_str().to_owned());
    }
}
