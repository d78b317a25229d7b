//! `lock-fleet`: a lock that the owner's credential does not open. Ends when lifted, or at its `until`.

use muster_protocol::command::Kind;
use muster_protocol::time::UnixTime;

use super::{Act, Change, Plan, until};
use crate::core::journal::Task;
use crate::phones::Lock;
use crate::state::{Restriction, State};

pub(super) fn plan(state: &State, task: &Task, end: UnixTime, now: UnixTime) -> Plan {
    let restriction = Restriction {
        command: task.digest,
        kind: Kind::LockFleet,
        online: false,
        until: until(state, end, now),
        reason: task.command.reason.clone(),
    };
    Plan::of(vec![Act::Lock(Lock::Fleet)], Change::Restrict(restriction))
}
