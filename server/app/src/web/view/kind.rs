//! The kinds of command: what each is called, what it does, how it is undone and who has to agree.

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
    /// Kill, wipe and transfer are refused while it stands.
    Hold,
    /// Ends holds.
    Release,
    /// Out of the fleet for good.
    Kill,
    /// Out of this fleet and into another.
    Transfer,
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
    pub const ALL: [Self; 15] = [
        Self::Notice,
        Self::Message,
        Self::Refresh,
        Self::RotateKey,
        Self::Lock,
        Self::Unlock,
        Self::Suspend,
        Self::Resume,
        Self::Cancel,
        Self::Hold,
        Self::Release,
        Self::LockFleet,
        Self::Kill,
        Self::Transfer,
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
            Self::Hold => KindWords {
                text: "hold",
                name: Key("kind-hold"),
                does: Key("kind-hold-does"),
                undo: Key("kind-hold-undo"),
                agree: Key("agree-auditor"),
                sign: Key("kind-hold-sign"),
                reach: 0,
                icon: "hold",
            },
            Self::Release => KindWords {
                text: "release",
                name: Key("kind-release"),
                does: Key("kind-release-does"),
                undo: Key("kind-release-undo"),
                agree: Key("agree-auditor-independent"),
                sign: Key("kind-release-sign"),
                reach: 2,
                icon: "hold",
            },
            Self::Transfer => KindWords {
                text: "transfer",
                name: Key("kind-transfer"),
                does: Key("kind-transfer-does"),
                undo: Key("kind-transfer-undo"),
                agree: Key("agree-two"),
                sign: Key("kind-transfer-sign"),
                reach: 3,
                icon: "export",
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
        matches!(
            self,
            Self::LockFleet | Self::Kill | Self::Transfer | Self::Wipe
        )
    }

    /// Whether a phone refuses it while a legal hold stands.
    #[must_use]
    pub fn is_stopped_by_hold(self) -> bool {
        matches!(self, Self::Kill | Self::Transfer | Self::Wipe)
    }

    /// For how many days at most, where somebody says for how many.
    #[must_use]
    pub fn most_days(self) -> Option<u64> {
        match self {
            Self::Suspend => Some(35),
            Self::LockFleet => Some(180),
            Self::Hold => Some(400),
            Self::Notice
            | Self::Message
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Unlock
            | Self::Resume
            | Self::Cancel
            | Self::Release
            | Self::Kill
            | Self::Transfer
            | Self::Wipe => None,
        }
    }

    /// The class that carries its danger: of a band, a line or a button.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Wipe => "wipe",
            Self::Kill | Self::Transfer | Self::LockFleet => "danger",
            Self::Suspend | Self::Release => "warn",
            Self::Notice
            | Self::Message
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Unlock
            | Self::Resume
            | Self::Hold
            | Self::Cancel => "",
        }
    }

    /// The class of the button that asks for it.
    #[must_use]
    pub fn button(self) -> &'static str {
        match self {
            Self::Wipe => "ask-wipe",
            Self::Kill | Self::Transfer | Self::LockFleet => "kill",
            Self::Suspend
            | Self::Hold
            | Self::Release
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
