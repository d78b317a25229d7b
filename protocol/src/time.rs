//! Time as the phone judges it (§10), from values handed in: no function here reads a clock.

use std::fmt;

use crate::command::{Command, Direction, Kind};
use crate::reason::{Reason, Refusal};

/// One minute, in seconds.
pub const MINUTE: u64 = 60;
/// One hour, in seconds.
pub const HOUR: u64 = 3_600;
/// One day, in seconds.
pub const DAY: u64 = 86_400;
/// A clock this far past the floor is not believed (§10): three years.
pub const CLOCK_SLACK: u64 = 3 * 365 * DAY;
/// How much earlier than `issued_at` a phone's clock may be (§10): ten minutes.
pub const EARLY_SLACK: u64 = 10 * MINUTE;

/// Seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// This many seconds later; stops at the greatest number.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// This many seconds earlier; stops at zero.
    #[must_use]
    pub const fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Seconds from `earlier` to this; zero when it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The stored floor after `candidate` was learnt from an accepted document: it never falls, and a document cannot carry it
/// past the held keyring's expiry, so that a rogue witness cannot run it to 2099.
#[must_use]
pub fn raised_floor(
    floor: UnixTime,
    candidate: UnixTime,
    keyring_expires_at: UnixTime,
) -> UnixTime {
    floor.max(candidate.min(keyring_expires_at))
}

/// What a phone knows of the time when it judges one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The settable device clock.
    pub clock: UnixTime,
    /// The stored floor.
    pub floor: UnixTime,
    /// The least `at` among the clearances that the command's grant asks for; none when it asks for none.
    pub cleared: Option<UnixTime>,
}

impl Reading {
    /// The time by which documents are judged.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.floor.max(self.cleared.unwrap_or(self.clock))
    }

    /// Whether the device clock can be believed at all.
    #[must_use]
    pub fn clock_ok(&self) -> bool {
        self.floor <= self.clock && self.clock < self.floor.plus(CLOCK_SLACK)
    }

    /// Step 11's time checks. Restoring kinds always pass.
    ///
    /// # Errors
    /// `expired` (final by the floor, deferred by anything less), `not_yet`, `clock_untrusted`.
    pub fn check(&self, command: &Command) -> Result<(), Refusal> {
        let kind = command.kind();
        match kind.direction() {
            Direction::Restoring => return Ok(()),
            Direction::Restricting | Direction::Neutral => {}
        }
        let now = self.now();
        if now >= command.expires_at {
            return Err(if self.floor >= command.expires_at {
                Refusal::terminal(Reason::Expired)
            } else {
                Refusal::deferred(Reason::Expired)
            });
        }
        let early = now < command.issued_at.minus(EARLY_SLACK) && self.clock_ok();
        let before_start = command.not_before.is_some_and(|start| now < start);
        if early || before_start {
            return Err(Refusal::deferred(Reason::NotYet));
        }
        let needs_clock = matches!(
            kind,
            Kind::Kill | Kind::Wipe | Kind::Transfer | Kind::Release
        );
        if needs_clock && !self.clock_ok() && self.cleared.is_none() {
            return Err(Refusal::deferred(Reason::ClockUntrusted));
        }
        Ok(())
    }
}
