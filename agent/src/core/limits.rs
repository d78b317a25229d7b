//! How much of each thing a phone takes (PROTOCOL §6, §11, §12), whoever asks. Windows count powered-on time: turning the
//! clock opens none.

use muster_protocol::command::Kind;
use muster_protocol::time::{DAY, HOUR};

use crate::state::State;

/// Entries of the journal for kinds that are not restoring.
pub const JOURNAL: usize = 4096;
/// Entries of the journal that only restoring kinds may take.
pub const JOURNAL_RESTORING: usize = 256;
/// Of [`JOURNAL`], what commands signed by the online key alone may take. A server that was taken over must not fill the
/// journal, so that after its recovery a hold or a wipe by people finds no room.
pub const JOURNAL_ONLINE: usize = 2048;
/// Entries for restoring kinds signed by the online key alone: a share of their own, for the same reason.
pub const JOURNAL_ONLINE_RESTORING: usize = 256;
/// Receipts that wait for a server before one that only says "not yet" or "not authentic" goes untold: a server that
/// accepts none must not fill the phone.
pub const RECEIPTS_WAITING: usize = 512;
/// Active restrictions per kind, and holds.
pub const ACTIVE: usize = 32;
/// Receipts for unauthentic input in an hour.
pub const NOT_AUTHENTIC_AN_HOUR: usize = 20;
/// Days without contact before the owner is told, while no policy says otherwise.
pub const CONTACT_LOST_DAYS: u64 = 14;
/// Hours after which a checkpoint's witness times make no phone fresh, while no policy says otherwise.
pub const STALE_HOURS: u64 = 168;
/// Notices and messages kept on screen.
pub const MESSAGES: usize = 20;
/// Deferred commands whose last code is remembered.
pub const DEFERRED: usize = 256;

const NOT_AUTHENTIC: &str = "not-authentic";

/// Whether one more of this kind is within the day's limit.
#[must_use]
pub fn allows(state: &State, kind: Kind) -> bool {
    kind.daily_limit()
        .is_none_or(|most| within(state, kind.as_str(), DAY) < most as usize)
}

/// Notes that one was accepted.
pub fn note(state: &mut State, kind: Kind) {
    if kind.daily_limit().is_some() {
        note_named(state, kind.as_str(), DAY);
    }
}

/// Whether one more receipt for unauthentic input may be written in this hour; notes it if so.
#[must_use]
pub fn take_not_authentic(state: &mut State) -> bool {
    let free = within(state, NOT_AUTHENTIC, HOUR) < NOT_AUTHENTIC_AN_HOUR;
    if free {
        note_named(state, NOT_AUTHENTIC, HOUR);
    }
    free
}

fn within(state: &State, name: &str, window: u64) -> usize {
    let now = state.powered_on;
    state.recent.get(name).map_or(0, |marks| {
        marks
            .iter()
            .filter(|mark| now.saturating_sub(**mark) < window)
            .count()
    })
}

fn note_named(state: &mut State, name: &str, window: u64) {
    let now = state.powered_on;
    let marks = state.recent.entry(name.to_owned()).or_default();
    marks.retain(|mark| now.saturating_sub(*mark) < window);
    marks.push(now);
}
