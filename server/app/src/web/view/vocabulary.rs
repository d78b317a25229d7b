//! The words of DESIGN §2 as pages use them: kinds, states and roles, each with its name, its shape and its tone.
//! They parse from the same text that the store and the API carry.

use crate::web::text::Key;

pub use super::kind::Kind;

/// Where a command, or one phone's share of it, stands (DESIGN §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// Written, not yet offered for approval.
    Draft,
    /// Signatures are missing.
    AwaitingApproval,
    /// Sealed, waiting for the phone.
    Queued,
    /// Handed to the phone.
    Delivered,
    /// The phone has a reason to wait.
    Deferred,
    /// In the phone's journal.
    Accepted,
    /// Done, with the phone's receipt.
    Done,
    /// The phone said no.
    Refused,
    /// The phone tried and could not.
    Failed,
    /// Cancelled before a phone accepted it.
    Cancelled,
    /// Its time ran out before a phone accepted it.
    Expired,
}

impl CommandState {
    /// Every state, in the order of a command's life.
    pub const ALL: [Self; 11] = [
        Self::Draft,
        Self::AwaitingApproval,
        Self::Queued,
        Self::Delivered,
        Self::Deferred,
        Self::Accepted,
        Self::Done,
        Self::Refused,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The state that this text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The text that names this state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::AwaitingApproval => "awaiting-approval",
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Its word.
    #[must_use]
    pub fn name(self) -> Key {
        match self {
            Self::Draft => Key("command-draft"),
            Self::AwaitingApproval => Key("command-awaiting-approval"),
            Self::Queued => Key("command-queued"),
            Self::Delivered => Key("command-delivered"),
            Self::Deferred => Key("command-deferred"),
            Self::Accepted => Key("command-accepted"),
            Self::Done => Key("command-done"),
            Self::Refused => Key("command-refused"),
            Self::Failed => Key("command-failed"),
            Self::Cancelled => Key("command-cancelled"),
            Self::Expired => Key("command-expired"),
        }
    }

    /// Shape and tone.
    #[must_use]
    pub fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Draft => ("dotted", "off"),
            Self::AwaitingApproval => ("half", "go"),
            Self::Queued => ("ring", "go"),
            Self::Delivered => ("target", "go"),
            Self::Deferred => ("clock", "go"),
            Self::Accepted => ("most", "go"),
            Self::Done => ("check", "on"),
            Self::Refused => ("refused", "danger"),
            Self::Failed => ("triangle", "danger"),
            Self::Cancelled => ("dash", "off"),
            Self::Expired => ("clock", "off"),
        }
    }

    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Refused | Self::Failed | Self::Cancelled | Self::Expired
        )
    }

    /// How many of the five cells (queued, delivered, accepted, acting, done) are behind it, and whether the next is under way.
    #[must_use]
    pub fn cells(self) -> (u8, bool) {
        match self {
            Self::Draft | Self::AwaitingApproval => (0, true),
            Self::Queued => (1, true),
            Self::Delivered | Self::Deferred => (2, true),
            Self::Accepted => (3, true),
            Self::Done => (5, false),
            Self::Refused | Self::Failed => (2, false),
            Self::Cancelled | Self::Expired => (0, false),
        }
    }
}

/// What a phone's state line says. A phone may carry several marks: locked and on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceMark {
    /// Enrolled and answering.
    Active,
    /// Registered, no phone behind it yet.
    NotEnrolled,
    /// Enrolled, and no contact for this many days.
    Silent(u64),
    /// Enrolled and never checked in.
    NeverAnswered,
    /// Closed by a lock or a fleet lock.
    Locked,
    /// Service is off.
    Suspended,
    /// Out of the fleet.
    Killed,
    /// Erased and out of the fleet.
    Wiped,
    /// Taken off the books.
    Retired,
    /// Under a legal hold.
    OnHold,
}

impl DeviceMark {
    /// Shape and tone.
    #[must_use]
    pub fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Active => ("dot", "on"),
            Self::NotEnrolled => ("dotted", "off"),
            Self::Silent(_) | Self::NeverAnswered => ("diamond", "warn"),
            Self::Locked => ("lock", "off"),
            Self::Suspended => ("bars", "off"),
            Self::Killed => ("cross", "off"),
            Self::Wiped => ("wiped", "off"),
            Self::Retired => ("dash", "off"),
            Self::OnHold => ("brackets", "hold"),
        }
    }

    /// Its word; `Silent` takes `$n` days.
    #[must_use]
    pub fn name(self) -> Key {
        match self {
            Self::Active => Key("device-active"),
            Self::NotEnrolled => Key("device-not-enrolled"),
            Self::Silent(_) => Key("device-silent"),
            Self::NeverAnswered => Key("device-never-answered"),
            Self::Locked => Key("device-locked"),
            Self::Suspended => Key("device-suspended"),
            Self::Killed => Key("device-killed"),
            Self::Wiped => Key("device-wiped"),
            Self::Retired => Key("device-retired"),
            Self::OnHold => Key("device-on-hold"),
        }
    }
}

/// What an organisation is in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganisationKind {
    /// Runs the platform.
    Operator,
    /// Sells and provisions.
    Reseller,
    /// Uses the phones.
    Customer,
}

impl OrganisationKind {
    /// Its word.
    #[must_use]
    pub fn name(self) -> Key {
        match self {
            Self::Operator => Key("organisation-operator"),
            Self::Reseller => Key("organisation-reseller"),
            Self::Customer => Key("organisation-customer"),
        }
    }
}

/// What a member may do, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, and who else may.
    Owner,
    /// Everything but ownership.
    Admin,
    /// Sales and provisioning.
    Agent,
    /// Reads.
    Support,
    /// Reads all beneath.
    Auditor,
}

impl Role {
    /// Every role, most rights first.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Agent,
        Self::Support,
        Self::Auditor,
    ];

    /// The role that this text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The text that names this role.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Support => "support",
            Self::Auditor => "auditor",
        }
    }

    /// Its word.
    #[must_use]
    pub fn name(self) -> Key {
        match self {
            Self::Owner => Key("role-owner"),
            Self::Admin => Key("role-admin"),
            Self::Agent => Key("role-agent"),
            Self::Support => Key("role-support"),
            Self::Auditor => Key("role-auditor"),
        }
    }

    /// What it may do, in a sentence.
    #[must_use]
    pub fn does(self) -> Key {
        match self {
            Self::Owner => Key("role-owner-does"),
            Self::Admin => Key("role-admin-does"),
            Self::Agent => Key("role-agent-does"),
            Self::Support => Key("role-support-does"),
            Self::Auditor => Key("role-auditor-does"),
        }
    }
}
