//! The words of DESIGN §2 as pages use them: kinds, states and roles, each with its name, its shape and its tone.
//! They parse from the same text that the store and the API carry.

use crate::web::text::Key;

/// A kind of command, as far as a person may send or see it (PROTOCOL §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the agent's own sentences.
    Notice,
    /// Free text, signed by a person.
    Message,
    /// Ask for a full status.
    Refresh,
    /// Renew the TLS key.
    RotateKey,
    /// Close the screen; the owner opens it.
    Lock,
    /// Close the phone until it is lifted.
    LockFleet,
    /// Lift a fleet lock.
    Unlock,
    /// Service off.
    Suspend,
    /// Service on.
    Resume,
    /// Make other commands dead.
    Cancel,
    /// Out of the fleet for good.
    Kill,
    /// Erased, then out of the fleet.
    Wipe,
}

/// What the words and marks of a kind are.
struct KindWords {
    text: &'static str,
    name: Key,
    does: Key,
    undo: Key,
    agree: Key,
    sign: Key,
    /// Notches, 0 to 4: how far it reaches.
    reach: u8,
    icon: &'static str,
}

impl Kind {
    /// Every kind, mildest first.
    pub const ALL: [Self; 12] = [
        Self::Notice,
        Self::Message,
        Self::Refresh,
        Self::RotateKey,
        Self::Lock,
        Self::Unlock,
        Self::Suspend,
        Self::Resume,
        Self::Cancel,
        Self::LockFleet,
        Self::Kill,
        Self::Wipe,
    ];

    fn words(self) -> KindWords {
        match self {
            Self::Notice => KindWords {
                text: "notice",
                name: Key("kind-notice"),
                does: Key("kind-notice-does"),
                undo: Key("kind-notice-undo"),
                agree: Key("agree-online"),
                sign: Key("kind-notice-sign"),
                reach: 0,
                icon: "note",
            },
            Self::Message => KindWords {
                text: "message",
                name: Key("kind-message"),
                does: Key("kind-message-does"),
                undo: Key("kind-message-undo"),
                agree: Key("agree-one"),
                sign: Key("kind-message-sign"),
                reach: 0,
                icon: "note",
            },
            Self::Refresh => KindWords {
                text: "refresh",
                name: Key("kind-refresh"),
                does: Key("kind-refresh-does"),
                undo: Key("kind-refresh-undo"),
                agree: Key("agree-online"),
                sign: Key("kind-refresh-sign"),
                reach: 0,
                icon: "cycle",
            },
            Self::RotateKey => KindWords {
                text: "rotate-key",
                name: Key("kind-rotate-key"),
                does: Key("kind-rotate-key-does"),
                undo: Key("kind-rotate-key-undo"),
                agree: Key("agree-online"),
                sign: Key("kind-rotate-key-sign"),
                reach: 0,
                icon: "key",
            },
            Self::Lock => KindWords {
                text: "lock",
                name: Key("kind-lock"),
                does: Key("kind-lock-does"),
                undo: Key("kind-lock-undo"),
                agree: Key("agree-online"),
                sign: Key("kind-lock-sign"),
                reach: 1,
                icon: "lock",
            },
            Self::LockFleet => KindWords {
                text: "lock-fleet",
                name: Key("kind-lock-fleet"),
                does: Key("kind-lock-fleet-does"),
                undo: Key("kind-lock-fleet-undo"),
                agree: Key("agree-independent"),
                sign: Key("kind-lock-fleet-sign"),
                reach: 3,
                icon: "lock",
            },
            Self::Unlock => KindWords {
                text: "unlock",
                name: Key("kind-unlock"),
                does: Key("kind-unlock-does"),
                undo: Key("kind-unlock-undo"),
                agree: Key("agree-one"),
                sign: Key("kind-unlock-sign"),
                reach: 0,
                icon: "unlock",
            },
            Self::Suspend => KindWords {
                text: "suspend",
                name: Key("kind-suspend"),
                does: Key("kind-suspend-does"),
                undo: Key("kind-suspend-undo"),
                agree: Key("agree-online-or-one"),
                sign: Key("kind-suspend-sign"),
                reach: 2,
                icon: "pause",
            },
            Self::Resume => KindWords {
                text: "resume",
                name: Key("kind-resume"),
                does: Key("kind-resume-does"),
                undo: Key("kind-resume-undo"),
                agree: Key("agree-online-or-one"),
                sign: Key("kind-resume-sign"),
                reach: 0,
                icon: "play",
            },
            Self::Cancel => KindWords {
                text: "cancel",
                name: Key("kind-cancel"),
                does: Key("kind-cancel-does"),
                undo: Key("kind-cancel-undo"),
                agree: Key("agree-one"),
                sign: Key("kind-cancel-sign"),
                reach: 0,
                icon: "x",
            },
            Self::Kill => KindWords {
                text: "kill",
                name: Key("kind-kill"),
                does: Key("kind-kill-does"),
                undo: Key("kind-kill-undo"),
                agree: Key("agree-independent"),
                sign: Key("kind-kill-sign"),
                reach: 3,
                icon: "power",
            },
            Self::Wipe => KindWords {
                text: "wipe",
                name: Key("kind-wipe"),
                does: Key("kind-wipe-does"),
                undo: Key("kind-wipe-undo"),
                agree: Key("agree-two"),
                sign: Key("kind-wipe-sign"),
                reach: 4,
                icon: "wipe",
            },
        }
    }

    /// The kind that this text names, as the store, the API and a form write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The text that names this kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.words().text
    }

    /// “Lock”, “Fleet lock”, “Wipe”.
    #[must_use]
    pub fn name(self) -> Key {
        self.words().name
    }

    /// What it does on a phone, in a sentence.
    #[must_use]
    pub fn does(self) -> Key {
        self.words().does
    }

    /// How it is undone.
    #[must_use]
    pub fn undo(self) -> Key {
        self.words().undo
    }

    /// Who has to agree.
    #[must_use]
    pub fn agree(self) -> Key {
        self.words().agree
    }

    /// What an approver signs; takes `$phones` (markup) and `$n`.
    #[must_use]
    pub fn sign(self) -> Key {
        self.words().sign
    }

    /// How far it reaches, 0 to 4 notches (PORTAL §6).
    #[must_use]
    pub fn reach(self) -> u8 {
        self.words().reach
    }

    /// Its icon in the sprite.
    #[must_use]
    pub fn icon(self) -> &'static str {
        self.words().icon
    }

    /// Whether the serial number is typed in before it goes, and again on many phones the count.
    #[must_use]
    pub fn asks_for_serial(self) -> bool {
        matches!(self, Self::LockFleet | Self::Kill | Self::Wipe)
    }

    /// The class that carries its danger: of a band, a line or a button.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Wipe => "wipe",
            Self::Kill | Self::LockFleet => "danger",
            Self::Suspend => "warn",
            Self::Notice
            | Self::Message
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Unlock
            | Self::Resume
            | Self::Cancel => "",
        }
    }

    /// The class of the button that asks for it.
    #[must_use]
    pub fn button(self) -> &'static str {
        match self {
            Self::Wipe => "ask-wipe",
            Self::Kill | Self::LockFleet => "kill",
            Self::Suspend
            | Self::Notice
            | Self::Message
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Unlock
            | Self::Resume
            | Self::Cancel => "",
        }
    }
}

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
        matches!(self, Self::Done | Self::Refused | Self::Failed | Self::Cancelled | Self::Expired)
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
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Agent, Self::Support, Self::Auditor];

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

/// One of the agent's own sentences, as a notice names it (PROTOCOL §6): the text the command carries, and its words
/// for the sender. The list is the protocol's.
#[derive(Clone, Debug)]
pub struct NoticeTemplate {
    /// As it stands in the command's arguments.
    pub value: String,
    /// What the phone will show.
    pub sentence: String,
}
