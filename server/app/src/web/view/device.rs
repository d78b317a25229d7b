//! One device: how it is, what was asked of it, what happened to it.

use askama::Template;
use jiff::Timestamp;

use super::{
    DeviceMark, Frame, Kind, Place,
    commands::CommandRow,
    parts,
    record::{self, DayOfEvents},
};
use crate::web::{
    plot::{self, Contact},
    text::{Html, Key, Texts},
    time_words,
};

/// `GET /devices/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "fleet/device.html")]
pub struct Device {
    /// The layout's context.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its IMEI, if it is known.
    pub imei: Option<String>,
    /// Its model.
    pub model: String,
    /// The organisation that owns it.
    pub organisation: String,
    /// Its state, and others beside it.
    pub marks: Vec<DeviceMark>,
    /// Kinds that can be sent now, the one that matters most first: it gets the filled button.
    pub acts: Vec<Kind>,
    /// The four commands in order of reach, for those who may send; empty for the others.
    pub ladder: Vec<Step>,
    /// The legal holds that stand on it.
    pub holds: Vec<Hold>,
    /// Whether it reports a hold.
    pub held: bool,
    /// Whether the viewer may ask for a hold or a release now.
    pub may_hold: bool,
    /// Whether the viewer may make an enrolment code now.
    pub may_enrol: bool,
    /// Whether the viewer may revoke the certificate now.
    pub may_revoke: bool,
    /// What is checked, trouble first; empty before the first check-in.
    pub checks: Vec<Check>,
    /// When the phone last checked in.
    pub last_contact: Option<Timestamp>,
    /// Thirty days of contact.
    pub contact: Option<Contact>,
    /// The newest commands.
    pub commands: Vec<CommandRow>,
    /// How many there are in all.
    pub command_count: u64,
    /// The newest events, by day.
    pub timeline: Vec<DayOfEvents>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Its present enrolment, if there is one.
    pub enrolment: Option<Enrolment>,
    /// Its newest certificate, if there is one.
    pub certificate: Option<Certificate>,
    /// What it last reported: label and value, text as it came.
    pub inventory: Vec<(String, String)>,
}

/// A legal hold: who asked for it, when, why, and until when.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The command that set it.
    pub command_id: String,
    /// The case it belongs to.
    pub case: String,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub asked_by: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// A phone's enrolment.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The enrolment id, 64 hex digits.
    pub id: String,
    /// Its five words, for comparison with the phone's screen.
    pub words: String,
    /// Which enrolment of this phone it is.
    pub epoch: u64,
    /// When it enrolled.
    pub at: Timestamp,
    /// How it came by its pin: `image`, `manual` or `tofu`.
    pub pin: String,
}

impl Enrolment {
    fn pin_words(&self, t: &Texts) -> String {
        match self.pin.as_str() {
            "image" => t.get("pin-image"),
            "manual" => t.get("pin-manual"),
            _ => t.get("pin-tofu"),
        }
    }
}

/// A phone's certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Its serial number, hex.
    pub serial_number: String,
    /// When it ends.
    pub not_after: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
}

impl Certificate {
    fn mark(&self, frame: &Frame) -> Html {
        let t = &frame.t;
        if self.revoked {
            return parts::state("cross", "off", &t.get("certificate-revoked"));
        }
        if self.not_after <= frame.now {
            return parts::state("diamond", "warn", &t.get("certificate-ended"));
        }
        let left = time_words::span(
            t,
            (self.not_after.as_second() - frame.now.as_second()).unsigned_abs(),
        );
        parts::state("dot", "on", &t.put("certificate-valid", "left", &left))
    }

    /// The serial number in pairs, its middle left out; the whole stands in the title.
    fn short(&self) -> String {
        let pairs: Vec<&str> = self
            .serial_number
            .as_bytes()
            .chunks(2)
            .filter_map(|pair| std::str::from_utf8(pair).ok())
            .collect();
        match pairs.as_slice() {
            [a, b, c, .., y, z] if pairs.len() > 6 => format!("{a}:{b}:{c}:…:{y}:{z}"),
            all => all.join(":"),
        }
    }
}

/// A rung of the ladder: a command, and where the phone stands with it.
#[derive(Clone, Debug)]
pub struct Step {
    /// The command.
    pub kind: Kind,
    /// What stands in place of the button: “Locked now”, “Waits for the phone”.
    pub standing: Option<String>,
}

/// One thing that is checked about a phone.
#[derive(Clone, Debug)]
pub struct Check {
    /// Whether it is as it should be.
    pub good: bool,
    /// What was found.
    pub title: String,
    /// What is behind it.
    pub detail: String,
}

impl Check {
    /// It answered within a day, or not.
    #[must_use]
    pub fn contact(t: &Texts, now: Timestamp, last: Timestamp) -> Self {
        let silent = now.as_second() - last.as_second() > 86_400;
        let ago = time_words::relative(t, last, now);
        Self {
            good: !silent,
            title: t.word(if silent {
                Key("check-silent")
            } else {
                Key("check-answers")
            }),
            detail: t.put(
                if silent {
                    Key("check-silent-more").0
                } else {
                    Key("check-answers-more").0
                },
                "ago",
                &ago,
            ),
        }
    }

    /// Its system and patch level; current when no other phone of the fleet reports a newer one.
    #[must_use]
    pub fn system(t: &Texts, os: &str, patch_level: &str, current: bool) -> Self {
        Self {
            good: current,
            title: t.word(if current {
                Key("check-system")
            } else {
                Key("check-system-old")
            }),
            detail: t.with(
                "check-system-more",
                &[("os", os.into()), ("patch", patch_level.into())],
            ),
        }
    }

    /// Whether its storage is encrypted, and how it stands.
    #[must_use]
    pub fn storage(
        t: &Texts,
        encrypted: bool,
        free_gb: u64,
        total_gb: u64,
        battery_percent: u64,
    ) -> Self {
        Self {
            good: encrypted,
            title: t.word(if encrypted {
                Key("check-encrypted")
            } else {
                Key("check-not-encrypted")
            }),
            detail: t.with(
                "check-storage-more",
                &[
                    ("free", free_gb.into()),
                    ("total", total_gb.into()),
                    ("battery", battery_percent.into()),
                ],
            ),
        }
    }

    /// Whether its certificate renews itself in time: `due` is two thirds of its life.
    #[must_use]
    pub fn certificate(t: &Texts, now: Timestamp, due: Timestamp, not_after: Timestamp) -> Self {
        let late = now > due + jiff::SignedDuration::from_hours(48);
        let day = |at| time_words::date(t, time_words::utc_date(at));
        Self {
            good: !late,
            title: t.word(if late {
                Key("check-certificate-late")
            } else {
                Key("check-certificate")
            }),
            detail: t.with(
                "check-certificate-more",
                &[("due", day(due).into()), ("end", day(not_after).into())],
            ),
        }
    }

    /// Whether it meets its policy, by its own word: what it does not meet, since when, and whether it switched its own
    /// service off for it.
    #[must_use]
    pub fn policy(
        t: &Texts,
        version: u64,
        faults: &[String],
        since: Option<Timestamp>,
        suspended: bool,
    ) -> Self {
        if faults.is_empty() {
            return Self {
                good: true,
                title: t.get("check-policy"),
                detail: t.count("check-policy-more", version),
            };
        }
        let words: Vec<String> = faults
            .iter()
            .map(|fault| {
                let key = format!("fault-{}", fault.replace('_', "-"));
                if t.has(&key) {
                    t.get(&key)
                } else {
                    fault.clone()
                }
            })
            .collect();
        let faults = words.join(", ");
        Self {
            good: false,
            title: t.word(if suspended {
                Key("check-policy-suspended")
            } else {
                Key("check-policy-not")
            }),
            detail: match since {
                Some(at) => t.with(
                    "check-policy-not-more",
                    &[
                        ("faults", faults.into()),
                        (
                            "since",
                            time_words::date(t, time_words::utc_date(at)).into(),
                        ),
                    ],
                ),
                None => faults,
            },
        }
    }

    /// How fresh its view of the record is, by its own word: `fresh`, `stale`, `contact-lost`, `forked` or `unwitnessed`.
    #[must_use]
    pub fn freshness(t: &Texts, word: &str) -> Self {
        Self {
            good: matches!(word, "fresh" | "unwitnessed"),
            title: t.get(&format!("check-freshness-{word}")),
            detail: t.get(&format!("check-freshness-{word}-more")),
        }
    }

    /// Whether the phone's newest checkpoint is the server's.
    #[must_use]
    pub fn record(t: &Texts, phone_size: u64, server_size: u64) -> Self {
        let same = phone_size == server_size;
        Self {
            good: phone_size <= server_size,
            title: t.word(if same {
                Key("check-record")
            } else {
                Key("check-record-behind")
            }),
            detail: t.with(
                "check-record-more",
                &[("phone", phone_size.into()), ("server", server_size.into())],
            ),
        }
    }
}

impl Device {
    fn contact_drawing(&self) -> Html {
        self.contact
            .as_ref()
            .map(|contact| plot::contact(&self.frame.t, contact))
            .unwrap_or_default()
    }

    fn passing(&self) -> u64 {
        self.checks
            .iter()
            .filter(|check| check.good)
            .count()
            .try_into()
            .unwrap_or(u64::MAX)
    }

    fn first_contact_day(&self) -> Timestamp {
        let days = self
            .contact
            .as_ref()
            .map_or(0, |contact| contact.days.len().saturating_sub(1));
        self.frame.now - jiff::SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(0))
    }

    /// A locked phone with a month behind it.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let (t, now) = (&frame.t, frame.now);
        let days = |n: i64| now - jiff::SignedDuration::from_hours(24 * n);
        let mut seen = vec![0b11_1111_u8; 30];
        (seen[15], seen[16], seen[22], seen[29]) = (0b00_0011, 0b11_0000, 0b11_0111, 0b1111);
        Self {
            frame: frame.at(Place::Devices),
            id: "0197c0de-0000-7000-8000-00000000000b".to_owned(),
            serial_number: "HX6-22904-B1".to_owned(),
            imei: Some("00 179110 428304 2".to_owned()),
            model: "Hardline X6, 128 GB".to_owned(),
            organisation: "Hollis & Vane".to_owned(),
            marks: vec![DeviceMark::Locked],
            acts: vec![Kind::Unlock, Kind::Notice, Kind::Refresh],
            ladder: vec![
                Step {
                    kind: Kind::Lock,
                    standing: Some(t.get("ladder-locked")),
                },
                Step {
                    kind: Kind::Suspend,
                    standing: None,
                },
                Step {
                    kind: Kind::LockFleet,
                    standing: None,
                },
                Step {
                    kind: Kind::Kill,
                    standing: None,
                },
                Step {
                    kind: Kind::Wipe,
                    standing: None,
                },
            ],
            holds: vec![Hold {
                command_id: "0197c0de-2222-7000-8000-000000000009".to_owned(),
                case: "2026-114".to_owned(),
                reason: "Court order of 3 November".to_owned(),
                asked_by: "Ines Albrecht".to_owned(),
                at: days(12),
                until: days(-380),
            }],
            held: true,
            may_hold: true,
            may_enrol: true,
            may_revoke: true,
            checks: vec![
                Check::certificate(t, now, days(4), days(-3)),
                Check::policy(t, 3, &["os_patch".to_owned()], Some(days(2)), false),
                Check::contact(t, now, now - jiff::SignedDuration::from_mins(1)),
                Check::system(t, "Sandbox OS 14.3", "2026-11-01", true),
                Check::storage(t, true, 71, 128, 64),
                Check::record(t, 48_213, 48_213),
                Check::freshness(t, "unwitnessed"),
            ],
            last_contact: Some(now - jiff::SignedDuration::from_mins(1)),
            contact: Some(Contact {
                days: seen,
                sixths_of_today: 4,
                since: 0,
            }),
            commands: CommandRow::samples(frame),
            command_count: 4,
            timeline: record::by_day(record::sample(t, now)),
            registered_at: days(174),
            enrolment: Some(Enrolment {
                id: "13ab273b715b068cd58e9a863f37ae2f9b0f9ee1ca45f0bd1257df3e93d13802".to_owned(),
                words: "harbour lamp violet seven oak".to_owned(),
                epoch: 2,
                at: days(173),
                pin: "manual".to_owned(),
            }),
            certificate: Some(Certificate {
                serial_number: "4e910c52d07b41f3965d1e08c2f4a713".to_owned(),
                not_after: days(-27),
                revoked: false,
            }),
            inventory: vec![
                (t.get("fact-agent"), "0.1.0".to_owned()),
                (t.get("fact-system"), "Sandbox OS 14.3".to_owned()),
                (t.get("fact-patch"), "2026-11-01".to_owned()),
                (t.get("fact-battery"), "64 %".to_owned()),
                (t.get("fact-uptime"), time_words::span(t, 86_400 * 3)),
            ],
        }
    }

    /// A phone that nobody enrolled as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            marks: vec![DeviceMark::NotEnrolled],
            acts: Vec::new(),
            holds: Vec::new(),
            held: false,
            may_hold: false,
            ladder: Vec::new(),
            may_revoke: false,
            checks: Vec::new(),
            last_contact: None,
            contact: None,
            commands: Vec::new(),
            command_count: 0,
            timeline: Vec::new(),
            enrolment: None,
            certificate: None,
            inventory: Vec::new(),
            ..Self::sample(frame)
        }
    }
}
