//! `suspend`: the fleet's service off until lifted, or until its `until`. Of those that the online key signs alone, the
//! latest replaces the one before, so that renewing a suspension does not pile them up.

use muster_protocol::command::Kind;
use muster_protocol::time::UnixTime;

use super::{Act, Change, Plan, until};
use crate::core::journal::Task;
use crate::state::{Origin, Restriction, State};

pub(super) fn plan(state: &State, task: &Task, end: UnixTime, now: UnixTime) -> Plan {
    let restriction = Restriction {
        command: task.digest,
        kind: Kind::Suspend,
        online: task.origin == Origin::Service,
        until: until(state, end, now),
        reason: task.command.reason.clone(),
    };
    Plan::of(vec![Act::Service(false)], Change::Restrict(restriction))
}

/// Puts a fleet lock or suspension in force.
pub(super) fn put_in_force(state: &mut State, restriction: Restriction) {
    state.restrictions.retain(|known| {
        let replaced = restriction.kind == Kind::Suspend
            && known.kind == Kind::Suspend
            && restriction.online
            && known.online;
        known.command != restriction.command && !replaced
    });
    state.restrictions.push(restriction);
}
