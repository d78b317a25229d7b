//! Lines of the record: an event's kind and facts, told in the reader's language.

use jiff::Timestamp;

use super::vocabulary::Kind;
use crate::web::{
    text::{Html, Part, Texts},
    time_words::utc_date,
};

/// How a timeline draws an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// An open dot.
    Ordinary,
    /// A filled dot.
    Major,
    /// An amber diamond.
    Trouble,
}

impl Weight {
    /// The weight that the store's text names; an unknown one is ordinary.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "major" => Self::Major,
            "trouble" => Self::Trouble,
            _ => Self::Ordinary,
        }
    }

    /// The class of its dot.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Ordinary => "",
            Self::Major => "major",
            Self::Trouble => "bad",
        }
    }
}

/// An event as the store has it.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// Its kind, dots as dashes: `device-enrolled`, … The sentence is `event-<kind>` in `record.ftl`, a second line, if it has one,
    /// `event-<kind>-more`. Both may use `$actor`, `$phone`, and each fact by its name.
    pub kind: &'a str,
    /// How it is drawn.
    pub weight: Weight,
    /// Who did it, by the name they had then.
    pub actor: &'a str,
    /// The phone it is about: id and serial number.
    pub device: Option<(&'a str, &'a str)>,
    /// The command it is about: its id.
    pub command: Option<&'a str>,
    /// Facts by name. `kind` is a command's kind and `code` a phone's reason; both are put into words.
    pub facts: &'a [(&'a str, &'a str)],
    /// When.
    pub at: Timestamp,
}

/// A line of a timeline or of the record.
#[derive(Clone, Debug)]
pub struct EventLine {
    /// An icon of the sprite.
    pub icon: &'static str,
    /// The class of its tone: `good`, `warn`, `danger`, `wipe`, `hold` or none.
    pub tone: &'static str,
    /// How a timeline draws it.
    pub weight: Weight,
    /// What happened.
    pub sentence: Html,
    /// A second line.
    pub more: Option<Html>,
    /// When.
    pub at: Timestamp,
}

impl EventLine {
    /// Puts an event into words. A kind that has none in the catalogue is told by its name, never left out.
    #[must_use]
    pub fn tell(t: &Texts, told: &Told<'_>) -> Self {
        let kind = told
            .facts
            .iter()
            .find(|(name, _)| *name == "kind")
            .and_then(|(_, text)| Kind::parse(text));
        let phone = match told.device {
            Some((id, serial)) => Html::link(
                &format!("/devices/{id}"),
                &Html::escape(serial),
                "mono nowrap plain",
            ),
            None => Html::escape(&t.get("record-a-phone")),
        };
        let kind_words = match (kind, told.command) {
            (Some(kind), Some(id)) => Html::link(
                &format!("/commands/{id}"),
                &Html::escape(&t.word(kind.name())),
                "plain strong",
            ),
            (Some(kind), None) => Html::escape(&t.word(kind.name())),
            (None, Some(id)) => Html::link(
                &format!("/commands/{id}"),
                &Html::escape(&t.get("record-a-command")),
                "plain strong",
            ),
            (None, None) => Html::escape(&t.get("record-a-command")),
        };
        let because = told
            .facts
            .iter()
            .find(|(name, _)| *name == "code")
            .map(|(_, code)| {
                let key = format!("refusal-{}", code.replace('_', "-"));
                if t.has(&key) {
                    t.get(&key)
                } else {
                    (*code).to_owned()
                }
            });
        let mut parts = vec![
            ("actor", Part::Text(told.actor)),
            ("phone", Part::Markup(&phone)),
            ("command", Part::Markup(&kind_words)),
        ];
        if let Some(because) = &because {
            parts.push(("because", Part::Text(because)));
        }
        for (name, value) in told.facts {
            parts.push((name, value.parse().map_or(Part::Text(value), Part::Number)));
        }
        let say = |key: &str| {
            let said = t.has(key).then(|| t.rich(key, &parts))?;
            // A sentence whose facts are not all there says less than the plain one.
            (!said.as_str().contains("{$")).then_some(said)
        };
        let sentence = say(&format!("event-{}", told.kind)).unwrap_or_else(|| {
            t.rich(
                "record-other",
                &[
                    ("kind", Part::Text(told.kind)),
                    ("actor", Part::Text(told.actor)),
                ],
            )
        });
        let (icon, tone) = icon_and_tone(told, kind);
        Self {
            icon,
            tone,
            weight: told.weight,
            sentence,
            more: say(&format!("event-{}-more", told.kind)),
            at: told.at,
        }
    }
}

fn icon_and_tone(told: &Told<'_>, kind: Option<Kind>) -> (&'static str, &'static str) {
    if let Some(kind) = kind {
        let tone = match (told.weight, kind.tone()) {
            (Weight::Trouble, _) => "danger",
            (Weight::Ordinary | Weight::Major, "wipe") => "wipe",
            (Weight::Ordinary | Weight::Major, _) => "",
        };
        return (kind.icon(), tone);
    }
    let icon = match told.kind.split('-').next().unwrap_or_default() {
        "device" | "code" | "enrolment" => "phone",
        "certificate" | "crl" => "cert",
        "command" | "receipt" => "send",
        "member" | "session" => "people",
        "token" | "keyring" | "passkey" => "key",
        "organisation" => "box",
        "hold" => "hold",
        _ => "list",
    };
    let tone = match told.weight {
        Weight::Trouble => "warn",
        Weight::Major => "good",
        Weight::Ordinary => "",
    };
    (icon, tone)
}

/// The events of one day, newest first.
#[derive(Clone, Debug)]
pub struct DayOfEvents {
    /// A moment of that day, for its head.
    pub at: Timestamp,
    /// What happened on it.
    pub events: Vec<EventLine>,
}

/// Cuts a list, newest first, into days.
#[must_use]
pub fn by_day(events: Vec<EventLine>) -> Vec<DayOfEvents> {
    let mut days: Vec<DayOfEvents> = Vec::new();
    for event in events {
        match days.last_mut() {
            Some(day) if utc_date(day.at) == utc_date(event.at) => day.events.push(event),
            Some(_) | None => days.push(DayOfEvents {
                at: event.at,
                events: vec![event],
            }),
        }
    }
    days
}

/// A few events of every tone, for samples.
#[must_use]
pub fn sample(t: &Texts, now: Timestamp) -> Vec<EventLine> {
    let phone = Some(("0197c0de-0000-7000-8000-00000000000a", "HX7-30418-K2"));
    let other = Some(("0197c0de-0000-7000-8000-00000000000b", "HX6-22904-B1"));
    let command = Some("0197c0de-2222-7000-8000-000000000002");
    let told = |kind, weight, actor, device, command, facts, minutes: i64| {
        let at = now - jiff::SignedDuration::from_mins(minutes);
        EventLine::tell(
            t,
            &Told {
                kind,
                weight,
                actor,
                device,
                command,
                facts,
                at,
            },
        )
    };
    let wipe: &[(&str, &str)] = &[
        ("kind", "wipe"),
        ("signatures", "1"),
        ("needed", "2"),
        ("count", "1"),
    ];
    vec![
        told(
            "command-approved",
            Weight::Major,
            "Marta Nilsson",
            None,
            command,
            wipe,
            8,
        ),
        told(
            "device-enrolled",
            Weight::Major,
            "Teo Amari",
            phone,
            None,
            &[("epoch", "1"), ("words", "harbour lamp violet seven oak")],
            25,
        ),
        told(
            "command-done",
            Weight::Major,
            "HX6-22904-B1",
            other,
            command,
            &[("kind", "lock")],
            106,
        ),
        told(
            "command-refused",
            Weight::Trouble,
            "HX6-22904-B1",
            other,
            command,
            &[("kind", "kill"), ("code", "threshold")],
            181,
        ),
        told(
            "member-signed-in",
            Weight::Ordinary,
            "Dagny Krol",
            None,
            None,
            &[],
            274,
        ),
        told(
            "device-renewed",
            Weight::Ordinary,
            "HX6-22904-B1",
            other,
            None,
            &[],
            60 * 26,
        ),
        told(
            "device-silent",
            Weight::Trouble,
            "Muster",
            other,
            None,
            &[],
            60 * 40,
        ),
        told(
            "organisation-added",
            Weight::Ordinary,
            "Dagny Krol",
            None,
            None,
            &[("name", "Hollis & Vane")],
            60 * 90,
        ),
    ]
}
