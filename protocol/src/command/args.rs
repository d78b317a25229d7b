//! The arguments of each kind: exactly these members. No kind carries paths, scripts, URLs, configuration or free parameters.

use crate::command::Kind;
use crate::digest::Digest;
use crate::field::{FieldError, Members};
use crate::ids::CaseNumber;
use crate::json::{Builder, MAX_INT, Value};
use crate::text;
use crate::time::{DAY, UnixTime};

/// The most commands that one resume, unlock, cancel or release names.
pub const LIFTS_MAX: usize = 64;
/// The greatest `number` of a notice.
pub const NUMBER_MAX: u64 = 1_000_000;

wire_names! {
    /// The agent's own sentences. A hacked server can choose among them and no more.
    pub enum NoticeTemplate as "template" {
        /// A payment is due; `date` the day, `number` days left.
        PaymentDue = "payment-due",
        /// The service ends; `date` the day, `number` days left.
        ServiceEnding = "service-ending",
        /// An update of the system is available; `date` until when to install it.
        UpdateAvailable = "update-available",
        /// Please contact your reseller.
        ContactReseller = "contact-reseller",
        /// Please restart the phone; `date` by when.
        RestartNeeded = "restart-needed",
        /// Please return the phone; `date` by when.
        ReturnPhone = "return-phone",
    }
}

/// A kind with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Args {
    /// See [`Kind::Notice`].
    Notice {
        /// The sentence.
        template: NoticeTemplate,
        /// A date that it names.
        date: Option<UnixTime>,
        /// A number that it names, at most [`NUMBER_MAX`].
        number: Option<u64>,
    },
    /// See [`Kind::Refresh`].
    Refresh,
    /// See [`Kind::RotateKey`].
    RotateKey,
    /// See [`Kind::Lock`].
    Lock,
    /// See [`Kind::Suspend`].
    Suspend {
        /// At most 400 days after `issued_at`.
        until: UnixTime,
    },
    /// See [`Kind::Resume`].
    Resume {
        /// The suspends' command digests.
        lifts: Vec<Digest>,
    },
    /// See [`Kind::Message`].
    Message {
        /// 1–500 scalar values of human text.
        text: String,
    },
    /// See [`Kind::Unlock`].
    Unlock {
        /// The fleet locks' command digests.
        lifts: Vec<Digest>,
    },
    /// See [`Kind::Cancel`].
    Cancel {
        /// The digests of the commands to cancel.
        lifts: Vec<Digest>,
    },
    /// See [`Kind::LockFleet`].
    LockFleet {
        /// At most 180 days after `issued_at`.
        until: UnixTime,
    },
    /// See [`Kind::Hold`].
    Hold {
        /// The case it belongs to.
        case: CaseNumber,
        /// At most 400 days after `issued_at`.
        until: UnixTime,
    },
    /// See [`Kind::Release`].
    Release {
        /// The holds' command digests.
        lifts: Vec<Digest>,
    },
    /// See [`Kind::Kill`].
    Kill,
    /// See [`Kind::Transfer`].
    Transfer {
        /// The fingerprint of the new fleet's descriptor.
        fingerprint: Digest,
    },
    /// See [`Kind::Wipe`].
    Wipe,
}

impl Args {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Notice { .. } => Kind::Notice,
            Self::Refresh => Kind::Refresh,
            Self::RotateKey => Kind::RotateKey,
            Self::Lock => Kind::Lock,
            Self::Suspend { .. } => Kind::Suspend,
            Self::Resume { .. } => Kind::Resume,
            Self::Message { .. } => Kind::Message,
            Self::Unlock { .. } => Kind::Unlock,
            Self::Cancel { .. } => Kind::Cancel,
            Self::LockFleet { .. } => Kind::LockFleet,
            Self::Hold { .. } => Kind::Hold,
            Self::Release { .. } => Kind::Release,
            Self::Kill => Kind::Kill,
            Self::Transfer { .. } => Kind::Transfer,
            Self::Wipe => Kind::Wipe,
        }
    }

    /// The commands that it names, for kinds that undo.
    #[must_use]
    pub fn lifts(&self) -> &[Digest] {
        match self {
            Self::Resume { lifts }
            | Self::Unlock { lifts }
            | Self::Cancel { lifts }
            | Self::Release { lifts } => lifts,
            Self::Notice { .. }
            | Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Suspend { .. }
            | Self::Message { .. }
            | Self::LockFleet { .. }
            | Self::Hold { .. }
            | Self::Kill
            | Self::Transfer { .. }
            | Self::Wipe => &[],
        }
    }

    /// Reads the `args` object of a kind.
    ///
    /// # Errors
    /// A member missing, malformed or unknown. Bounds that depend on `issued_at` are checked by [`Args::check`].
    pub fn read(kind: Kind, mut members: Members) -> Result<Self, FieldError> {
        let args = match kind {
            Kind::Notice => Self::Notice {
                template: members.parsed("template", str::parse)?,
                date: members.optional("date", Members::time)?,
                number: members.optional("number", Members::int)?,
            },
            Kind::Refresh => Self::Refresh,
            Kind::RotateKey => Self::RotateKey,
            Kind::Lock => Self::Lock,
            Kind::Suspend => Self::Suspend {
                until: members.time("until")?,
            },
            Kind::Resume => Self::Resume {
                lifts: read_lifts(&mut members)?,
            },
            Kind::Message => Self::Message {
                text: members.text("text")?,
            },
            Kind::Unlock => Self::Unlock {
                lifts: read_lifts(&mut members)?,
            },
            Kind::Cancel => Self::Cancel {
                lifts: read_lifts(&mut members)?,
            },
            Kind::LockFleet => Self::LockFleet {
                until: members.time("until")?,
            },
            Kind::Hold => Self::Hold {
                case: members.parsed("case", CaseNumber::parse)?,
                until: members.time("until")?,
            },
            Kind::Release => Self::Release {
                lifts: read_lifts(&mut members)?,
            },
            Kind::Kill => Self::Kill,
            Kind::Transfer => Self::Transfer {
                fingerprint: members.digest("fingerprint")?,
            },
            Kind::Wipe => Self::Wipe,
        };
        members.finish()?;
        Ok(args)
    }

    /// The bounds of §6 and §7.
    ///
    /// # Errors
    /// The first member that is out of bounds.
    pub fn check(&self, issued_at: UnixTime) -> Result<(), FieldError> {
        let until_within = |until: &UnixTime, days: u64| {
            let last = issued_at.plus(days.saturating_mul(DAY));
            if *until > issued_at && *until <= last && until.0 <= MAX_INT {
                Ok(())
            } else {
                Err(FieldError::Invalid("until"))
            }
        };
        match self {
            Self::Notice { date, number, .. } => {
                if number.is_some_and(|number| number > NUMBER_MAX) {
                    return Err(FieldError::Invalid("number"));
                }
                if date.is_some_and(|date| date.0 > MAX_INT) {
                    return Err(FieldError::Invalid("date"));
                }
                Ok(())
            }
            Self::Message { text } => text::check(text, text::MESSAGE_MAX),
            Self::Suspend { until } | Self::Hold { until, .. } => until_within(until, 400),
            Self::LockFleet { until } => until_within(until, 180),
            Self::Resume { lifts }
            | Self::Unlock { lifts }
            | Self::Cancel { lifts }
            | Self::Release { lifts } => {
                if (1..=LIFTS_MAX).contains(&lifts.len()) {
                    Ok(())
                } else {
                    Err(FieldError::Invalid("lifts"))
                }
            }
            Self::Refresh
            | Self::RotateKey
            | Self::Lock
            | Self::Kill
            | Self::Transfer { .. }
            | Self::Wipe => Ok(()),
        }
    }

    /// The `args` object.
    #[must_use]
    pub fn value(&self) -> Value {
        let args = Builder::new();
        match self {
            Self::Notice {
                template,
                date,
                number,
            } => args
                .text("template", template)
                .maybe("date", date.map(|date| date.0))
                .maybe("number", *number),
            Self::Suspend { until } | Self::LockFleet { until } => args.with("until", until.0),
            Self::Resume { lifts }
            | Self::Unlock { lifts }
            | Self::Cancel { lifts }
            | Self::Release { lifts } => args.with("lifts", Value::texts(lifts)),
            Self::Message { text } => args.text("text", text),
            Self::Hold { case, until } => args.text("case", case).with("until", until.0),
            Self::Transfer { fingerprint } => args.text("fingerprint", fingerprint),
            Self::Refresh | Self::RotateKey | Self::Lock | Self::Kill | Self::Wipe => args,
        }
        .build()
    }
}

fn read_lifts(members: &mut Members) -> Result<Vec<Digest>, FieldError> {
    members.list("lifts", LIFTS_MAX, Digest::parse)
}
