//! What a phone brings along when it is enrolled: nothing, an enrolment to be kept, or a transfer to another fleet.

use std::collections::BTreeMap;

use muster_protocol::digest::Digest;
use muster_protocol::enrolment::PinManner;
use muster_protocol::reason::Reason;

use super::Trust;
use super::meeting::refused;
use crate::agent::AgentError;
use crate::core::BUILD_FLOOR;
use crate::state::folder::{Folder, FolderError};
use crate::state::{HeldProgram, Progress, State, ends};

/// What the phone brings along.
pub(super) struct Earlier {
    /// An enrolment that is whole and has not ended: all of it is kept.
    pub(super) state: Option<State>,
    /// The fleet that the phone must join, and how it came to know it. None: the one that the server shows.
    pub(super) pin: Option<(Digest, PinManner)>,
    /// The least time it can be.
    pub(super) floor: u64,
    /// The programs that it has run. What was installed stays installed when the fleet changes.
    pub(super) programs: BTreeMap<String, HeldProgram>,
}

pub(super) fn earlier_state(folder: &Folder, trust: Trust) -> Result<Earlier, AgentError> {
    let given = match trust {
        Trust::Fingerprint(fingerprint) => Some((fingerprint, PinManner::Manual)),
        Trust::FirstUse | Trust::Pinned => None,
    };
    let fresh = |pin: Option<(Digest, PinManner)>, floor, programs| {
        if pin.is_none() && trust == Trust::Pinned {
            return Err(AgentError::Impossible(
                "this phone knows no fleet yet; add --fleet-fingerprint from the fleet's card"
                    .to_owned(),
            ));
        }
        Ok(Earlier {
            state: None,
            pin,
            floor,
            programs,
        })
    };
    let none = BTreeMap::new;
    let state = match folder.load() {
        Ok(state) => state,
        Err(FolderError::NotEnrolled(_)) => return fresh(given, BUILD_FLOOR, none()),
        Err(FolderError::Damaged(what)) if given.is_none() => {
            return Err(refused(
                Reason::StateDamaged,
                &format!(
                    "{what}; enrol it again with --fleet-fingerprint, as anything else would forget its pin"
                ),
            ));
        }
        Err(FolderError::Damaged(_)) => return fresh(given, BUILD_FLOOR, none()),
        Err(error) => return Err(error.into()),
    };
    if let Some(ended) = &state.ended {
        let Some(moves) = &ended.moves else {
            return fresh(given, state.floor, state.programs);
        };
        if !ended.credentials_destroyed {
            return Err(AgentError::Impossible(
                "this phone is leaving its fleet and its last receipt is not delivered yet; start muster-agent run first"
                    .to_owned(),
            ));
        }
        if given.is_some_and(|(given, _)| given != moves.to) {
            return Err(refused(
                Reason::PinMismatch,
                "this phone was transferred to another fleet than that; only that one may enrol it",
            ));
        }
        return fresh(
            Some((moves.to, PinManner::Manual)),
            state.floor,
            state.programs,
        );
    }
    if state
        .journal
        .values()
        .any(|entry| ends(entry.kind) && entry.progress == Progress::Accepted)
    {
        return Err(AgentError::Impossible(
            "this phone was ordered to leave its fleet and has not finished; start muster-agent run first".to_owned(),
        ));
    }
    let pin = state.pin.as_ref().map(|pin| (pin.fingerprint, pin.manner));
    if let (Some((pinned, _)), Some((given, _))) = (pin, given)
        && pinned != given
    {
        return Err(refused(
            Reason::PinMismatch,
            "this phone is pinned to another fleet; only a kill, a transfer, or erasing it by its owner, removes that pin",
        ));
    }
    let floor = state.floor;
    let programs = state.programs.clone();
    Ok(Earlier {
        state: Some(state),
        pin: pin.or(given),
        floor,
        programs,
    })
}

/// What outlives a re-enrolment (PROTOCOL §13): so it neither frees a thief from a lock nor an owner from a hold (A092).
/// The journal does not: commands for the old enrolment id are not for this phone any more.
pub(super) fn keep(state: &mut State, earlier: State) {
    state.policy = earlier.policy;
    state.checkpoint = earlier.checkpoint;
    state.fork = earlier.fork;
    state.evidence = earlier.evidence;
    state.floor = earlier.floor;
    state.powered_on = earlier.powered_on;
    state.last_answer = earlier.powered_on;
    state.noncompliance = earlier.noncompliance;
    state.restrictions = earlier.restrictions;
    state.holds = earlier.holds;
    state.messages = earlier.messages;
    state.anchors.extend(earlier.anchors);
}

#[cfg(test)]
mod tests {
    use muster_protocol::command::Args;
    use muster_protocol::ids::CaseNumber;
    use muster_protocol::time::{DAY, UnixTime};

    use super::*;
    use crate::core::tests::fleet::{ALICE, AUDITOR, Driven, Fleet, NOW};

    #[test]
    fn a092_re_enrolment_sheds_neither_lock_nor_hold() {
        let mut fleet = Fleet::new();
        let mut phone = Driven::new(&fleet);
        let until = UnixTime(NOW + 30 * DAY);
        let case = CaseNumber::parse("2026-114").expect("a case");
        let lock = fleet.order(Args::LockFleet { until }, &[ALICE]);
        let hold = fleet.order(Args::Hold { case, until }, &[AUDITOR]);
        phone.one(&fleet, &lock, NOW);
        phone.one(&fleet, &hold, NOW);
        let earlier = phone.core.state().clone();
        let mut next = fleet.state();
        keep(&mut next, earlier.clone());
        assert_eq!(next.restrictions, earlier.restrictions);
        assert_eq!(next.holds, earlier.holds);
        assert_eq!(next.checkpoint, earlier.checkpoint);
        assert!(
            next.journal.is_empty(),
            "commands for the old enrolment id are not this phone's any more"
        );
    }
}
