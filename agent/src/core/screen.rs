//! What the owner sees, as lines of text: locks, service, holds, contact, who enrolled the phone and what was sent to it.

use muster_protocol::command::Kind;
use muster_protocol::enrolment::PinManner;
use muster_protocol::words::{ENROLMENT_WORDS, words};

use super::Core;
use super::freshness::Freshness;
use crate::phones::LockState;
use crate::sentences;
use crate::state::State;

impl Core {
    /// The lines of the owner's screen.
    #[must_use]
    pub fn screen(&self, locks: LockState, clock: u64) -> Vec<String> {
        let state = &self.state;
        let mut lines = head(state, locks);
        if state.ended.is_some() {
            return lines;
        }
        let suspensions: Vec<_> = state.restrictions_of(Kind::Suspend).collect();
        for suspension in &suspensions {
            // The online key writes no text on a phone (PROTOCOL §2): a hacked server would ask for a call or a payment.
            let reason = (!suspension.online).then_some(suspension.reason.as_str());
            lines.push(sentences::service_off(suspension.until.time, reason));
        }
        if state.suspends_itself() {
            lines.push(sentences::SERVICE_OFF_BY_POLICY.to_owned());
        } else if suspensions.is_empty() {
            lines.push(sentences::SERVICE_ON.to_owned());
        }
        if let Some(noncompliance) = &state.noncompliance {
            let until = self.suspends_at(clock).filter(|_| !noncompliance.suspended);
            lines.push(sentences::noncompliant(&noncompliance.faults, until));
        }
        for hold in &state.holds {
            lines.push(sentences::held(&hold.case, hold.until.time));
        }
        if state.fork.is_some() {
            lines.push(sentences::FORKED.to_owned());
        }
        let closes = self.closes_at(clock);
        if self.contact_lost(clock) || state.closed_by_silence || closes.is_some() {
            lines.push(sentences::contact_lost(state.last_answer_clock));
        }
        lines.extend(closes.map(sentences::closes));
        if self.freshness(clock) == Freshness::Stale {
            lines.push(sentences::stale(self.witnessed_at().map(|time| time.0)));
        }
        if let Some(pin) = &state.pin {
            let manner = match pin.manner {
                PinManner::Image => "built into this phone",
                PinManner::Manual => "checked when it was enrolled",
                PinManner::Tofu => "taken from the server, unchecked",
            };
            lines.push(format!(
                "Fleet: {} ({manner})",
                five_words(pin.fingerprint.as_bytes())
            ));
        }
        lines.push(format!(
            "This enrolment: {}",
            five_words(state.enrolment.digest().as_bytes())
        ));
        lines.push(format!("Record of orders: {}", self.log_line(clock)));
        for message in &state.messages {
            lines.push(format!(
                "[{}] {}",
                sentences::origin(&message.origin),
                message.text
            ));
        }
        lines
    }

    fn log_line(&self, clock: u64) -> String {
        let freshness = sentences::freshness(self.freshness(clock));
        match &self.state.checkpoint {
            None => format!("none yet ({freshness})"),
            Some(checkpoint) => {
                let root: String = checkpoint.root.to_string().chars().take(16).collect();
                format!("{} entries, {root}… ({freshness})", checkpoint.size)
            }
        }
    }
}

/// What the screen shows in any case: whose phone, which locks, and whether it has left its fleet. All there is to show
/// once its keys are destroyed.
#[must_use]
pub fn head(state: &State, locks: LockState) -> Vec<String> {
    let mut lines = vec![format!("{} · Muster", state.serial)];
    for lock in state.restrictions_of(Kind::LockFleet) {
        lines.push(sentences::locked_by_fleet(lock.until.time, &lock.reason));
    }
    if locks.owner {
        lines.push(sentences::LOCKED.to_owned());
    } else if state.restrictions_of(Kind::LockFleet).next().is_none() {
        lines.push(sentences::UNLOCKED.to_owned());
    }
    if let Some(ended) = &state.ended {
        match &ended.moves {
            Some(moves) => lines
                .extend(sentences::transferred([&moves.from, &moves.to].map(
                    |fleet| format!("{} ({fleet})", five_words(fleet.as_bytes())),
                ))),
            None if ended.by == Kind::Wipe => lines.push(sentences::WIPED.to_owned()),
            None => lines.push(sentences::KILLED.to_owned()),
        }
    }
    lines
}

/// The first five words of a digest, for comparing at the counter.
#[must_use]
pub fn five_words(digest: &[u8]) -> String {
    words(digest)
        .into_iter()
        .take(ENROLMENT_WORDS)
        .collect::<Vec<_>>()
        .join(" ")
}
