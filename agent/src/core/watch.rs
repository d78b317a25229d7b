//! What the phone does by itself under its policy (PROTOCOL §9): it says when it does not comply, may suspend the service after
//! a grace and lifts that itself, and may close with the owner's own lock after long silence. Nothing more: silence never
//! erases, kills or suspends (PROTOCOL §1.5). All durations are powered-on time.

use std::cmp::Ordering;

use muster_protocol::command::Kind;
use muster_protocol::policy::{Noncompliance as Consequence, Policy};
use muster_protocol::time::{DAY, HOUR};

use super::Core;
use super::act::Act;
use crate::phones::{Inventory, Lock};
use crate::state::{Fault, Noncompliance};

/// The agent's own version, which `min_agent` is compared with.
const AGENT: &str = env!("CARGO_PKG_VERSION");

/// The owner is told of the coming lock at least this much before, whatever the policy's days of lost contact are.
const WARNED_BEFORE: u64 = 3 * DAY;

impl Core {
    /// Looks at the phone with its policy in hand; what the phone must do about it. Asked again, it says the same: when an
    /// act failed, give the memory of it back with [`Core::unwatch`].
    #[must_use]
    pub fn watch(&mut self, inventory: &Inventory, clock: u64) -> Vec<Act> {
        if self.has_ended() {
            return Vec::new();
        }
        let mut acts = self.watch_compliance(inventory, clock);
        if self.is_to_close(clock) {
            self.state.closed_by_silence = true;
            acts.push(Act::Lock(Lock::Owner));
        }
        acts
    }

    /// Forgets what the last [`Core::watch`] remembered, as its acts could not be done.
    pub fn unwatch(&mut self, noncompliance: Option<Noncompliance>, closed_by_silence: bool) {
        self.state.noncompliance = noncompliance;
        self.state.closed_by_silence = closed_by_silence;
    }

    /// Unix seconds, by the present clock, when the service will be switched off for non-compliance; none when it will not.
    #[must_use]
    pub fn suspends_at(&self, clock: u64) -> Option<u64> {
        let policy = self.policy(clock)?;
        let noncompliance = self.state.noncompliance.as_ref()?;
        match policy.noncompliance {
            Consequence::Report => None,
            Consequence::Suspend => {
                let left = (policy.grace_hours * HOUR).saturating_sub(self.counted(noncompliance));
                Some(self.reading(clock).now().0.saturating_add(left))
            }
        }
    }

    /// Unix seconds, by the present clock, when the phone will close with the owner's lock if nobody answers; none when the
    /// policy does not ask for it, when it has done so, and while that is further off than the owner need know.
    #[must_use]
    pub fn closes_at(&self, clock: u64) -> Option<u64> {
        let days = self.policy(clock)?.owner_lock_days?;
        if self.state.closed_by_silence {
            return None;
        }
        let left = (days * DAY).saturating_sub(self.silence());
        if left > WARNED_BEFORE && !self.contact_lost(clock) {
            return None;
        }
        Some(self.reading(clock).now().0.saturating_add(left))
    }

    fn watch_compliance(&mut self, inventory: &Inventory, clock: u64) -> Vec<Act> {
        let now = self.reading(clock).now().0;
        let faults = self
            .policy(clock)
            .map(|policy| faults(policy, inventory))
            .unwrap_or_default();
        let before = self.state.noncompliance.take();
        let suspended = before.as_ref().is_some_and(|before| before.suspended);
        let mut is_to_suspend = false;
        if !faults.is_empty() {
            let (since, counted_from) = before.map_or((now, self.state.powered_on), |before| {
                (before.since, before.counted_from)
            });
            let mut noncompliance = Noncompliance {
                faults,
                since,
                counted_from,
                suspended: false,
            };
            is_to_suspend = self.policy(clock).is_some_and(|policy| {
                policy.noncompliance == Consequence::Suspend
                    && self.counted(&noncompliance) >= policy.grace_hours * HOUR
            });
            noncompliance.suspended = is_to_suspend;
            self.state.noncompliance = Some(noncompliance);
        }
        let by_command = self.state.restrictions_of(Kind::Suspend).next().is_some();
        match (suspended, is_to_suspend) {
            (false, true) => vec![Act::Service(false)],
            // A suspension that somebody ordered is lifted by whoever may.
            (true, false) if !by_command => vec![Act::Service(true)],
            (true, false) | (true, true) | (false, false) => Vec::new(),
        }
    }

    /// Once in a silence: the owner opens the phone and goes on.
    fn is_to_close(&self, clock: u64) -> bool {
        let days = self.policy(clock).and_then(|policy| policy.owner_lock_days);
        !self.state.closed_by_silence && days.is_some_and(|days| self.silence() >= days * DAY)
    }

    fn counted(&self, noncompliance: &Noncompliance) -> u64 {
        self.state
            .powered_on
            .saturating_sub(noncompliance.counted_from)
    }
}

/// What the phone does not meet. What it cannot tell it does not meet.
fn faults(policy: &Policy, inventory: &Inventory) -> Vec<Fault> {
    let is_older = |has: Option<&str>, least: Option<&String>| {
        least.is_some_and(|least| {
            has.is_none_or(|has| compare_versions(has, least) == Ordering::Less)
        })
    };
    let mut faults = Vec::new();
    if is_older(
        inventory.patch_level.as_deref(),
        policy.min_os_patch.as_ref(),
    ) {
        faults.push(Fault::OsPatch);
    }
    if policy.require_encryption && inventory.encrypted != Some(true) {
        faults.push(Fault::Encryption);
    }
    if is_older(Some(AGENT), policy.min_agent.as_ref()) {
        faults.push(Fault::Agent);
    }
    faults
}

/// Versions and patch levels by vendors' many namings: digits in a row compare as a number, everything between them as
/// text. 14.10 comes after 14.9, and 2026-11-05 after 2026-11-01.
fn compare_versions(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (parts(one).into_iter(), parts(other).into_iter());
    loop {
        let ordering = match (one.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => compare_parts(one, other),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

fn compare_parts(one: &str, other: &str) -> Ordering {
    let is_number = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    if is_number(one) && is_number(other) {
        let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
        one.len().cmp(&other.len()).then_with(|| one.cmp(other))
    } else {
        one.cmp(other)
    }
}

/// Runs of digits and what stands between them.
fn parts(text: &str) -> Vec<&str> {
    text.as_bytes()
        .chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit())
        .scan(0, |at, chunk| {
            let start = *at;
            *at += chunk.len();
            text.get(start..*at)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_people_read_them() {
        for (older, newer) in [
            ("14.9", "14.10"),
            ("2026-11-01", "2026-11-05"),
            ("0.1.0", "0.1.1"),
            ("1.0", "1.0.1"),
            ("9", "10"),
            ("A9", "A10"),
            ("", "1"),
        ] {
            assert_eq!(compare_versions(older, newer), Ordering::Less, "{older}");
            assert_eq!(compare_versions(newer, older), Ordering::Greater, "{newer}");
        }
        assert_eq!(compare_versions("1.05", "1.5"), Ordering::Equal);
        assert_eq!(compare_versions("2026-11-é", "2026-11-é"), Ordering::Equal);
    }
}
