//! How fresh what the servers say is (PROTOCOL §15): whether anybody answers, and whether what they show of the log was seen
//! lately by enough witnesses. Told to the owner and in the next report; it gives no order and takes nothing away.

use muster_protocol::checkpoint::SignedCheckpoint;
use muster_protocol::time::{HOUR, UnixTime};

use super::{Core, limits};

/// How fresh it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The k-th witness time of the held checkpoint is within the policy's hours.
    Fresh,
    /// Servers answer, but show nothing that witnesses saw lately.
    Stale,
    /// No valid answer for the policy's days.
    ContactLost,
    /// The log was shown with two faces.
    Forked,
    /// The keyring asks for no witness, so that nobody but the server vouches for what it shows.
    Unwitnessed,
}

impl Freshness {
    /// The word for it in check-ins and in `muster-agent status --json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::ContactLost => "contact_lost",
            Self::Forked => "forked",
            Self::Unwitnessed => "unwitnessed",
        }
    }
}

impl Core {
    /// How fresh this phone is. What weighs most is said: a fork, then silence, then age.
    #[must_use]
    pub fn freshness(&self, clock: u64) -> Freshness {
        if self.state().fork.is_some() {
            Freshness::Forked
        } else if self.contact_lost(clock) {
            Freshness::ContactLost
        } else if self.keyring().keyring.witness.threshold == 0 {
            Freshness::Unwitnessed
        } else if self.is_within_stale_hours(clock) {
            Freshness::Fresh
        } else {
            Freshness::Stale
        }
    }

    /// The k-th largest witness time of the held checkpoint, by the newest keyring: a note that a former log or former
    /// witnesses signed makes nobody fresh.
    #[must_use]
    pub fn witnessed_at(&self) -> Option<UnixTime> {
        let note = &self.state().checkpoint.as_ref()?.note;
        let signed = SignedCheckpoint::decode(note.as_bytes()).ok()?;
        signed.verify(&self.keyring().keyring).ok()?.witnessed_at
    }

    /// By powered-on time since the witness times were learnt, and by the clock where it can be believed: turning the clock
    /// back keeps no phone fresh, and a clock in 2099 makes none stale.
    fn is_within_stale_hours(&self, clock: u64) -> bool {
        let (Some(at), Some(held)) = (self.witnessed_at(), &self.state().checkpoint) else {
            return false;
        };
        let hours = self
            .policy(clock)
            .map_or(limits::STALE_HOURS, |policy| policy.stale_hours);
        let reading = self.reading(clock);
        let now = if reading.clock_ok() {
            reading.now()
        } else {
            reading.floor
        };
        let counted = self.state().powered_on.saturating_sub(held.learnt);
        now.since(at).max(counted) <= hours * HOUR
    }
}
