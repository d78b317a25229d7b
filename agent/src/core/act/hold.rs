//! `hold`: while one is in force, kill, wipe and transfer are refused for good (step 12).

use muster_protocol::ids::CaseNumber;
use muster_protocol::time::UnixTime;

use super::{Change, Plan, until};
use crate::core::journal::Task;
use crate::state::{Hold, State};

pub(super) fn plan(
    state: &State,
    task: &Task,
    case: &CaseNumber,
    end: UnixTime,
    now: UnixTime,
) -> Plan {
    let hold = Hold {
        command: task.digest,
        case: case.to_string(),
        until: until(state, end, now),
    };
    Plan::of(Vec::new(), Change::Hold(hold))
}
