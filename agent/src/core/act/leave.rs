//! `kill`, `wipe` and `transfer`: the phone leaves its fleet for good. The device key lives on until its last receipt has been
//! delivered; see the shell's `end`.

use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;

use super::{Act, Change, Plan};
use crate::phones::Lock;
use crate::state::{Ended, Moves, State};

pub(super) fn plan(state: &State, by: Kind, to: Option<Digest>) -> Plan {
    let mut acts = Vec::new();
    if by == Kind::Wipe {
        acts.push(Act::EraseUserData);
    }
    acts.push(Act::EraseServiceData);
    if state.restrictions_of(Kind::LockFleet).next().is_some() {
        // Nobody could open the fleet's lock from here on, so it becomes the owner's.
        acts.extend([Act::Lock(Lock::Owner), Act::UnlockFleet]);
    }
    Plan::of(acts, Change::Leave { by, to })
}

/// Nothing of the old fleet binds the phone from here on. Its pin goes with the keys, when the last receipt was delivered.
pub(super) fn remember(state: &mut State, by: Kind, to: Option<Digest>, clock: u64) {
    state.restrictions.clear();
    state.messages.clear();
    state.policy = None;
    state.nonce = None;
    state.noncompliance = None;
    let from = state.pin.as_ref().map(|pin| pin.fingerprint);
    state.ended = Some(Ended {
        by,
        at: clock,
        tries: 0,
        credentials_destroyed: false,
        moves: from.zip(to).map(|(from, to)| Moves { from, to }),
    });
}
