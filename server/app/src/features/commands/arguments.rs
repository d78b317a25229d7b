//! What a command needs beside its kind and targets: read from a form or the API into the protocol's own type.

use muster_domain::text::Invalid;
use muster_protocol::command::{Args, Kind, NoticeTemplate};
use muster_protocol::digest::Digest;
use muster_protocol::ids::CaseNumber;
use muster_protocol::time::{DAY, UnixTime};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::problem::{Answer, Problem};

/// The kinds this server offers, in the order in which they reach further.
pub const OFFERED: [Kind; 15] = [
    Kind::Notice,
    Kind::Message,
    Kind::Refresh,
    Kind::RotateKey,
    Kind::Lock,
    Kind::Suspend,
    Kind::Resume,
    Kind::LockFleet,
    Kind::Unlock,
    Kind::Cancel,
    Kind::Hold,
    Kind::Release,
    Kind::Kill,
    Kind::Transfer,
    Kind::Wipe,
];

/// How long the server's own key may suspend (PROTOCOL §6).
const ONLINE_SUSPEND: u64 = 35 * DAY;
/// How long a fleet lock may last (PROTOCOL §6).
const LOCK_FLEET: u64 = 180 * DAY;
/// How long a legal hold may last (PROTOCOL §6).
const HOLD: u64 = 400 * DAY;

/// The arguments of every kind; each kind takes its own and refuses the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Arguments {
    /// notice: which of the agent's own sentences.
    pub template: Option<String>,
    /// notice: a date the sentence names, RFC 3339.
    #[schema(value_type = Option<String>)]
    pub date: Option<jiff::Timestamp>,
    /// notice: a number the sentence names.
    pub number: Option<u64>,
    /// message: the text, 1 to 500 characters.
    pub text: Option<String>,
    /// suspend, lock-fleet, hold: when it ends by itself, RFC 3339. Without it, the longest that may be.
    #[schema(value_type = Option<String>)]
    pub until: Option<jiff::Timestamp>,
    /// resume, unlock, release: the digests of what is lifted. Without it, everything that stands on the phones.
    pub lifts: Option<Vec<String>>,
    /// hold: the case it belongs to, 1 to 64 of A–Z a–z 0–9 . _ -
    pub case: Option<String>,
    /// transfer: the fingerprint of the fleet that takes the phones over, 64 hexadecimal characters.
    pub fingerprint: Option<String>,
    /// cancel: the ids of the commands that are taken back.
    pub commands: Option<Vec<String>>,
}

/// What the server looks up for a command that names others.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Digests of what is in force on the targets, of the kind that this command lifts.
    pub in_force: Vec<Digest>,
    /// Digests of the commands that a cancel names.
    pub named: Vec<Digest>,
}

/// The kind of a word, among those offered.
///
/// # Errors
/// It is none of them; the sentence lists them.
pub fn kind(word: &str) -> Answer<Kind> {
    OFFERED
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| {
            let known: Vec<&str> = OFFERED.iter().map(|kind| kind.as_str()).collect();
            Problem::invalid(
                "kind",
                format!(
                    "There is no command {word:?}. Use one of {}.",
                    known.join(", ")
                ),
            )
        })
}

/// What a command of this kind lifts, as phones report it.
#[must_use]
pub fn lifted_kind(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::Unlock => Some(Kind::LockFleet),
        Kind::Resume => Some(Kind::Suspend),
        Kind::Release => Some(Kind::Hold),
        Kind::Notice
        | Kind::Refresh
        | Kind::RotateKey
        | Kind::Lock
        | Kind::Suspend
        | Kind::Message
        | Kind::Cancel
        | Kind::LockFleet
        | Kind::Hold
        | Kind::Kill
        | Kind::Transfer
        | Kind::Wipe => None,
    }
}

impl Arguments {
    /// The protocol's arguments for a command of `kind` issued at `now`.
    ///
    /// # Errors
    /// One is missing, does not fit, or belongs to another kind.
    pub fn resolve(&self, kind: Kind, now: UnixTime, found: &Found) -> Answer<Args> {
        self.refuse_strangers(kind)?;
        let args = match kind {
            Kind::Notice => Args::Notice {
                template: self.template()?,
                date: self.date.map(seconds).transpose()?,
                number: self.number,
            },
            Kind::Message => Args::Message {
                text: self
                    .text
                    .clone()
                    .filter(|text| !text.trim().is_empty())
                    .ok_or_else(|| {
                        Problem::invalid(
                            "text",
                            "A message needs its text. Type what the phone shall show.",
                        )
                    })?,
            },
            Kind::Refresh => Args::Refresh,
            Kind::RotateKey => Args::RotateKey,
            Kind::Lock => Args::Lock,
            Kind::Kill => Args::Kill,
            Kind::Wipe => Args::Wipe,
            Kind::Suspend => Args::Suspend {
                until: self.until(now, ONLINE_SUSPEND)?,
            },
            Kind::LockFleet => Args::LockFleet {
                until: self.until(now, LOCK_FLEET)?,
            },
            Kind::Resume => Args::Resume {
                lifts: self.lifts(&found.in_force, "suspended")?,
            },
            Kind::Unlock => Args::Unlock {
                lifts: self.lifts(&found.in_force, "locked by the fleet")?,
            },
            Kind::Cancel => {
                if found.named.is_empty() {
                    return Err(Problem::invalid(
                        "commands",
                        "A cancel needs the commands it takes back, by their ids.",
                    ));
                }
                Args::Cancel {
                    lifts: found.named.clone(),
                }
            }
            Kind::Hold => Args::Hold {
                case: self.case()?,
                until: self.until(now, HOLD)?,
            },
            Kind::Release => Args::Release {
                lifts: self.lifts(&found.in_force, "under legal hold")?,
            },
            Kind::Transfer => Args::Transfer {
                fingerprint: self.fingerprint()?,
            },
        };
        args.check(now).map_err(|error| {
            Problem::invalid(
                "arguments",
                format!("The arguments do not fit: {error}. See the limits of {kind}."),
            )
        })?;
        Ok(args)
    }

    fn refuse_strangers(&self, kind: Kind) -> Answer<()> {
        let takes: &[&str] = match kind {
            Kind::Notice => &["template", "date", "number"],
            Kind::Message => &["text"],
            Kind::Suspend | Kind::LockFleet => &["until"],
            Kind::Hold => &["case", "until"],
            Kind::Resume | Kind::Unlock | Kind::Release => &["lifts"],
            Kind::Cancel => &["commands"],
            Kind::Transfer => &["fingerprint"],
            Kind::Refresh | Kind::RotateKey | Kind::Lock | Kind::Kill | Kind::Wipe => &[],
        };
        let given = [
            ("template", self.template.is_some()),
            ("date", self.date.is_some()),
            ("number", self.number.is_some()),
            ("text", self.text.is_some()),
            ("until", self.until.is_some()),
            ("lifts", self.lifts.is_some()),
            ("commands", self.commands.is_some()),
            ("case", self.case.is_some()),
            ("fingerprint", self.fingerprint.is_some()),
        ];
        match given
            .iter()
            .find(|(name, is_given)| *is_given && !takes.contains(name))
        {
            Some((name, _)) => Err(Problem::invalid(
                "arguments",
                format!("{kind} takes no argument {name}. Leave it out."),
            )),
            None => Ok(()),
        }
    }

    fn template(&self) -> Answer<NoticeTemplate> {
        let known: Vec<&str> = NoticeTemplate::ALL
            .iter()
            .map(|template| template.as_str())
            .collect();
        let refused = || {
            Problem::invalid(
                "template",
                format!(
                    "A notice is one of the agent's own sentences: {}.",
                    known.join(", ")
                ),
            )
        };
        self.template
            .as_deref()
            .ok_or_else(refused)?
            .parse()
            .map_err(|_| refused())
    }

    fn case(&self) -> Answer<CaseNumber> {
        let typed = self.case.as_deref().unwrap_or_default().trim();
        CaseNumber::parse(typed).map_err(|_| {
            let detail =
                "A hold needs its case: 1 to 64 letters, digits, dots, dashes or underscores.";
            Problem::fields(vec![Invalid::new("case", "case", detail)])
        })
    }

    fn fingerprint(&self) -> Answer<Digest> {
        let typed = self.fingerprint.as_deref().unwrap_or_default();
        let plain: String = typed.split_whitespace().collect();
        Digest::parse(&plain.to_ascii_lowercase()).map_err(|_| {
            let detail = "A transfer needs the fingerprint on the card of the fleet that takes the phone over: 64 hexadecimal characters.";
            Problem::fields(vec![Invalid::new("fingerprint", "fingerprint", detail)])
        })
    }

    fn until(&self, now: UnixTime, longest: u64) -> Answer<UnixTime> {
        self.until.map_or_else(|| Ok(now.plus(longest)), seconds)
    }

    fn lifts(&self, in_force: &[Digest], what: &str) -> Answer<Vec<Digest>> {
        let Some(named) = &self.lifts else {
            if in_force.is_empty() {
                let detail = format!(
                    "None of these phones reports that it is {what}. There is nothing to lift."
                );
                return Err(Problem::conflict("nothing-to-lift", detail));
            }
            return Ok(in_force.to_vec());
        };
        let digests: Result<Vec<Digest>, _> =
            named.iter().map(|text| Digest::parse(text)).collect();
        digests.map_err(|_| {
            Problem::invalid(
                "lifts",
                "lifts names command digests: 64 hexadecimal characters each.",
            )
        })
    }
}

fn seconds(time: jiff::Timestamp) -> Answer<UnixTime> {
    let refused = |_| Problem::invalid("time", "A time before 1970 does not fit.");
    u64::try_from(time.as_second())
        .map(UnixTime)
        .map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::{Args, Arguments, Found, Kind, UnixTime, kind};

    const NOW: UnixTime = UnixTime(1_790_000_000);

    #[test]
    fn each_kind_takes_its_own_arguments_only() {
        let text = Arguments {
            text: Some("Call the shop".into()),
            ..Arguments::default()
        };
        assert!(matches!(
            text.resolve(Kind::Message, NOW, &Found::default()),
            Ok(Args::Message { .. })
        ));
        assert_eq!(
            text.resolve(Kind::Lock, NOW, &Found::default())
                .unwrap_err()
                .code,
            "arguments"
        );
        assert_eq!(
            Arguments::default()
                .resolve(Kind::Message, NOW, &Found::default())
                .unwrap_err()
                .code,
            "text"
        );
    }

    #[test]
    fn an_unlock_names_what_it_lifts() {
        let nothing = Arguments::default().resolve(Kind::Unlock, NOW, &Found::default());
        assert_eq!(nothing.unwrap_err().code, "nothing-to-lift");
        let lock = muster_protocol::digest::Digest::of(b"a lock");
        let found = Found {
            in_force: vec![lock],
            ..Found::default()
        };
        assert_eq!(
            Arguments::default()
                .resolve(Kind::Unlock, NOW, &found)
                .unwrap()
                .lifts(),
            [lock]
        );
    }

    #[test]
    fn a_hold_has_a_case_and_an_end_and_a_release_names_holds() {
        let case = |case: &str| Arguments {
            case: Some(case.to_owned()),
            ..Arguments::default()
        };
        let held = case("2026-0114.A")
            .resolve(Kind::Hold, NOW, &Found::default())
            .unwrap();
        let Args::Hold { until, .. } = held else {
            panic!("{held:?}")
        };
        assert_eq!(until, NOW.plus(super::HOLD));
        for wrong in ["", "two words", "<b>"] {
            assert!(
                case(wrong)
                    .resolve(Kind::Hold, NOW, &Found::default())
                    .is_err(),
                "{wrong}"
            );
        }
        let late = Arguments {
            until: jiff::Timestamp::from_second(1_790_000_000 + 401 * 86_400).ok(),
            ..case("1")
        };
        assert!(
            late.resolve(Kind::Hold, NOW, &Found::default()).is_err(),
            "A089"
        );
        let nothing = Arguments::default().resolve(Kind::Release, NOW, &Found::default());
        assert_eq!(nothing.unwrap_err().code, "nothing-to-lift");
    }

    #[test]
    fn a_transfer_names_the_other_fleet_as_its_card_prints_it() {
        let to = |text: &str| {
            let typed = Arguments {
                fingerprint: Some(text.to_owned()),
                ..Arguments::default()
            };
            typed.resolve(Kind::Transfer, NOW, &Found::default())
        };
        assert!(to(&"AB12 ".repeat(16)).is_ok());
        assert!(to("ab12").is_err() && to("").is_err());
    }

    #[test]
    fn unknown_kinds_are_told_the_known_ones() {
        assert!(kind("explode").unwrap_err().detail.contains("lock-fleet"));
        assert_eq!(kind("wipe").unwrap(), Kind::Wipe);
    }
}
