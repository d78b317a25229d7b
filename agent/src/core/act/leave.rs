//! `kill` and `wipe`: the phone leaves its fleet for good. The device key lives on until its last receipt has been
//! delivered; see the shell's `ending`.

use muster_protocol::command::Kind;

use super::{Act, Change, Plan};
use crate::phones::Lock;
use crate::state::{Ended, State};

pub(super) fn plan(state: &State, kind: Kind) -> Plan {
    let mut acts = Vec::new();
    if kind == Kind::Wipe {
        acts.push(Act::EraseUserData);
    }
    acts.push(Act::EraseServiceData);
    if state.restrictions_of(Kind::LockFleet).next().is_some() {
        // Nobody could open the fleet's lock from here on, so it becomes the owner's.
        acts.extend([Act::Lock(Lock::Owner), Act::UnlockFleet]);
    }
    Plan::Do(acts, Change::Leave(kind))
}

pub(super) fn remember(state: &mut State, ended: Ended) {
    state.restrictions.clear();
    state.messages.clear();
    state.policy = None;
    state.nonce = None;
    state.ended = Some(ended);
}
