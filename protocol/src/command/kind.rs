//! The fifteen kinds of command and what each takes at least (the table of §6). No keyring can lower a floor.

use crate::time::DAY;

wire_names! {
    /// What a command orders.
    pub enum Kind as "kind" {
        /// Shows one of the agent's own sentences.
        Notice = "notice",
        /// Sends a full status.
        Refresh = "refresh",
        /// Renews the TLS key.
        RotateKey = "rotate-key",
        /// Locks the screen; the owner's own credential opens it.
        Lock = "lock",
        /// Fleet service off.
        Suspend = "suspend",
        /// Lifts the named suspends.
        Resume = "resume",
        /// Shows text, marked with who signed it.
        Message = "message",
        /// Lifts the named fleet locks; never opens the owner's own lock.
        Unlock = "unlock",
        /// The named commands are dead unless accepted.
        Cancel = "cancel",
        /// Locks until lifted.
        LockFleet = "lock-fleet",
        /// Legal hold: kill, wipe and transfer are refused.
        Hold = "hold",
        /// Ends the named holds.
        Release = "release",
        /// Destroys credentials and fleet service data.
        Kill = "kill",
        /// Leaves for another fleet.
        Transfer = "transfer",
        /// Crypto-erases user data, then kills.
        Wipe = "wipe",
    }
}

/// Whether a kind takes away, gives back or neither (§1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Takes something away: passes every check.
    Restricting,
    /// Gives back: no clock, expired keyring, missing log or dead witness may stop it.
    Restoring,
    /// Neither.
    Neutral,
}

/// The least that a kind takes, built into the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Floor {
    /// Distinct people among the signers.
    pub people: u32,
    /// Distinct people with an independent key among them.
    pub independent: u32,
    /// Whether the server's `online` key may do it alone instead (a suspend has further terms, see
    /// [`super::Command::online_suffices`]).
    pub online: bool,
    /// Whether only an auditor grant counts: one that covers hold and release and nothing else.
    pub auditor: bool,
}

impl Kind {
    /// The floor of §6.
    #[must_use]
    pub const fn floor(self) -> Floor {
        let (people, independent, online, auditor) = match self {
            Self::Notice
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Suspend
            | Self::Resume => (1, 0, true, false),
            Self::Message | Self::Unlock | Self::Cancel => (1, 0, false, false),
            Self::Hold => (1, 0, false, true),
            Self::Release => (1, 1, false, true),
            Self::LockFleet | Self::Kill => (1, 1, false, false),
            Self::Transfer | Self::Wipe => (2, 1, false, false),
        };
        Floor {
            people,
            independent,
            online,
            auditor,
        }
    }

    /// The direction.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Notice
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Message
            | Self::Hold => Direction::Neutral,
            Self::Resume | Self::Unlock | Self::Cancel => Direction::Restoring,
            Self::Suspend
            | Self::LockFleet
            | Self::Release
            | Self::Kill
            | Self::Transfer
            | Self::Wipe => Direction::Restricting,
        }
    }

    /// The longest time from `issued_at` to `expires_at`, in seconds; none for kinds that never expire. An online suspend has
    /// a shorter one.
    #[must_use]
    pub const fn longest_life(self) -> Option<u64> {
        match self {
            Self::Notice | Self::Refresh | Self::RotateKey | Self::Lock => Some(7 * DAY),
            Self::Suspend
            | Self::Message
            | Self::LockFleet
            | Self::Hold
            | Self::Kill
            | Self::Wipe => Some(90 * DAY),
            Self::Release | Self::Transfer => Some(30 * DAY),
            Self::Resume | Self::Unlock | Self::Cancel => None,
        }
    }

    /// Whether a phone wants proof that the log includes it (● in §6).
    #[must_use]
    pub const fn needs_log(self) -> bool {
        match self {
            Self::LockFleet | Self::Release | Self::Kill | Self::Transfer | Self::Wipe => true,
            Self::Notice
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Suspend
            | Self::Resume
            | Self::Message
            | Self::Unlock
            | Self::Cancel
            | Self::Hold => false,
        }
    }

    /// Whether an active hold stops it (step 12).
    #[must_use]
    pub const fn stopped_by_hold(self) -> bool {
        matches!(self, Self::Kill | Self::Wipe | Self::Transfer)
    }

    /// How many a phone carries out in a day, where the table gives a number.
    #[must_use]
    pub const fn daily_limit(self) -> Option<u32> {
        match self {
            Self::Notice | Self::Lock => Some(6),
            Self::Refresh => Some(24),
            Self::RotateKey => Some(1),
            Self::Suspend
            | Self::Resume
            | Self::Message
            | Self::Unlock
            | Self::Cancel
            | Self::LockFleet
            | Self::Hold
            | Self::Release
            | Self::Kill
            | Self::Transfer
            | Self::Wipe => None,
        }
    }
}
