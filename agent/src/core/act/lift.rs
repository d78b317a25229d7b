//! `unlock`, `resume`, `cancel` and `release`: each ends the commands it names and no other, so that a replayed or late
//! one does nothing to a newer lock (A030). What is named and has not come yet is dead when it comes.

use muster_protocol::command::{Command, Kind};
use muster_protocol::digest::Digest;

use super::{Act, Change, Plan, remember_lifted};
use crate::state::State;

pub(super) fn plan(state: &State, command: &Command, lifts: &[Digest]) -> Plan {
    let by = command.kind();
    let mut acts = Vec::new();
    if let Some(kind) = lifted_restriction(by) {
        let named = state
            .restrictions_of(kind)
            .filter(|active| lifts.contains(&active.command))
            .count();
        let left = state.restrictions_of(kind).count() - named;
        if named > 0 && left == 0 {
            if kind == Kind::LockFleet {
                acts.push(Act::UnlockFleet);
            } else if !state.suspends_itself() {
                acts.push(Act::Service(true));
            }
        }
    }
    Plan::of(
        acts,
        Change::Lift {
            by,
            commands: lifts.to_vec(),
            issued_at: command.issued_at.0,
        },
    )
}

pub(super) fn remember(state: &mut State, by: Kind, commands: &[Digest], issued_at: u64) {
    for command in commands {
        remember_lifted(state, by, command, issued_at);
    }
    if let Some(kind) = lifted_restriction(by) {
        state
            .restrictions
            .retain(|active| active.kind != kind || !commands.contains(&active.command));
    }
    if by == Kind::Release {
        state.holds.retain(|hold| !commands.contains(&hold.command));
    }
}

/// The kind of restriction that a kind lifts.
fn lifted_restriction(by: Kind) -> Option<Kind> {
    match by {
        Kind::Unlock => Some(Kind::LockFleet),
        Kind::Resume => Some(Kind::Suspend),
        Kind::Notice
        | Kind::Refresh
        | Kind::RotateKey
        | Kind::Lock
        | Kind::Suspend
        | Kind::Message
        | Kind::Cancel
        | Kind::LockFleet
        | Kind::Hold
        | Kind::Release
        | Kind::Kill
        | Kind::Transfer
        | Kind::Wipe => None,
    }
}
