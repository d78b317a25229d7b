//! Commands (§6, §7): what may be ordered, what it takes, and the payload that is signed. To add a kind: a variant in
//! [`kind`], its arguments in [`args`], and the compiler names every other place.

pub mod args;
pub mod kind;

pub use args::{Args, NoticeTemplate};
pub use kind::{Direction, Floor, Kind};

use crate::digest::Digest;
use crate::envelope::{self, PAYLOAD_MAX};
use crate::field::{FieldError, Members};
use crate::ids::{CommandId, FleetId, OrganisationId};
use crate::json::{self, Builder, MAX_INT};
use crate::reason::{Reason, Refusal};
use crate::target::{TARGETS_MAX, Targets};
use crate::text;
use crate::time::{DAY, UnixTime};

const MEMBERS: [&str; 12] = [
    "args",
    "expires_at",
    "fleet",
    "id",
    "issued_at",
    "keyring",
    "kind",
    "not_before",
    "organisation",
    "reason",
    "targets",
    "v",
];

/// A command's payload. [`Command::decode`] gives only well-formed ones; whoever drafts one calls [`Command::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Chosen by whoever drafts.
    pub id: CommandId,
    /// The fleet whose phones may obey.
    pub fleet: FleetId,
    /// The organisation that commands them.
    pub organisation: OrganisationId,
    /// The least keyring version the phone must hold.
    pub keyring: u64,
    /// Kind and arguments.
    pub args: Args,
    /// Shown to approvers and owner: 1–200 scalar values.
    pub reason: String,
    /// When it was drafted.
    pub issued_at: UnixTime,
    /// Not to be carried out before.
    pub not_before: Option<UnixTime>,
    /// Not to be carried out at or after. Restoring kinds carry it and no phone asks for it.
    pub expires_at: UnixTime,
    /// The phones it is for.
    pub targets: Targets,
}

impl Command {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.args.kind()
    }

    /// The payload's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .text("id", &self.id)
            .text("fleet", &self.fleet)
            .text("organisation", &self.organisation)
            .with("keyring", self.keyring)
            .text("kind", self.kind())
            .with("args", self.args.value())
            .text("reason", &self.reason)
            .with("issued_at", self.issued_at.0)
            .maybe("not_before", self.not_before.map(|time| time.0))
            .with("expires_at", self.expires_at.0)
            .with(
                "targets",
                Builder::new()
                    .with("count", self.targets.count)
                    .text("root", self.targets.root)
                    .build(),
            )
            .build()
            .encode()
    }

    /// `cd`: the command's identity.
    #[must_use]
    pub fn digest(&self) -> Digest {
        envelope::command_digest(&self.encode())
    }

    /// Decodes a payload (§12 step 3).
    ///
    /// # Errors
    /// `too_large`, `bad_encoding`, `unsupported_version`, `unknown_kind`, `bad_field`, in this order.
    pub fn decode(payload: &[u8]) -> Result<Self, Refusal> {
        let value = json::parse_canonical(payload, PAYLOAD_MAX)?;
        let mut members = Members::of("command", value).map_err(FieldError::refusal)?;
        members.only(&MEMBERS).map_err(FieldError::refusal)?;
        if members.int("v").map_err(FieldError::refusal)? != 1 {
            return Err(Refusal::not_authentic(Reason::UnsupportedVersion));
        }
        let kind = members.text("kind").map_err(FieldError::refusal)?;
        let kind: Kind = kind
            .parse()
            .map_err(|_| Refusal::not_authentic(Reason::UnknownKind))?;
        Self::read(kind, members).map_err(|_| Refusal::not_authentic(Reason::BadField))
    }

    fn read(kind: Kind, mut members: Members) -> Result<Self, FieldError> {
        let args = Args::read(kind, members.object("args")?)?;
        let mut targets = members.object("targets")?;
        let most = u32::try_from(TARGETS_MAX).unwrap_or(u32::MAX);
        let command = Self {
            id: members.parsed("id", CommandId::parse)?,
            fleet: members.parsed("fleet", FleetId::parse)?,
            organisation: members.parsed("organisation", OrganisationId::parse)?,
            keyring: members.int("keyring")?,
            args,
            reason: members.text("reason")?,
            issued_at: members.time("issued_at")?,
            not_before: members.optional("not_before", Members::time)?,
            expires_at: members.time("expires_at")?,
            targets: Targets {
                count: targets.count("count", 1, most)?,
                root: targets.digest("root")?,
            },
        };
        targets.finish()?;
        members.finish()?;
        command.check()?;
        Ok(command)
    }

    /// The bounds of §6 and §7 that hold whoever signs.
    ///
    /// # Errors
    /// The first member that is out of bounds.
    pub fn check(&self) -> Result<(), FieldError> {
        text::check(&self.reason, text::REASON_MAX).map_err(|_| FieldError::Invalid("reason"))?;
        self.args.check(self.issued_at)?;
        let start = self.not_before.unwrap_or(self.issued_at);
        if start < self.issued_at {
            return Err(FieldError::Invalid("not_before"));
        }
        let last = match self.kind().longest_life() {
            Some(life) => self.issued_at.plus(life),
            None => UnixTime(MAX_INT),
        };
        if self.expires_at <= start || self.expires_at > last || self.expires_at.0 > MAX_INT {
            return Err(FieldError::Invalid("expires_at"));
        }
        if self.keyring > MAX_INT {
            return Err(FieldError::Invalid("keyring"));
        }
        let count = usize::try_from(self.targets.count).unwrap_or(usize::MAX);
        if count == 0 || count > TARGETS_MAX {
            return Err(FieldError::Invalid("targets"));
        }
        Ok(())
    }

    /// Whether the server's `online` key alone may give this command: its kind allows it, and a `suspend` lives at most 7
    /// days and ends at most 35 days after it was issued (§6).
    #[must_use]
    pub fn online_suffices(&self) -> bool {
        let terms = match &self.args {
            Args::Suspend { until } => {
                *until <= self.issued_at.plus(35 * DAY)
                    && self.expires_at <= self.issued_at.plus(7 * DAY)
            }
            Args::Notice { .. }
            | Args::Refresh
            | Args::RotateKey
            | Args::Lock
            | Args::Resume { .. }
            | Args::Message { .. }
            | Args::Unlock { .. }
            | Args::Cancel { .. }
            | Args::LockFleet { .. }
            | Args::Hold { .. }
            | Args::Release { .. }
            | Args::Kill
            | Args::Transfer { .. }
            | Args::Wipe => true,
        };
        self.kind().floor().online && terms
    }

    /// The order in which a phone takes the commands of a bundle (§12): holds, restoring, neutral, restricting; within a
    /// group by `issued_at`, then by digest. Sort by this.
    #[must_use]
    pub fn execution_order(&self, cd: Digest) -> (u8, UnixTime, Digest) {
        let group = match (self.kind(), self.kind().direction()) {
            (Kind::Hold, _) => 0,
            (_, Direction::Restoring) => 1,
            (_, Direction::Neutral) => 2,
            (_, Direction::Restricting) => 3,
        };
        (group, self.issued_at, cd)
    }
}
