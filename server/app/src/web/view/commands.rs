//! The list of commands.

use askama::Template;
use jiff::Timestamp;

use super::{CommandState, Filter, Frame, Kind, Pages, Place};

/// `GET /commands`.
#[derive(Clone, Debug, Template)]
#[template(path = "commands/list.html")]
pub struct Commands {
    /// The layout's context.
    pub frame: Frame,
    /// The filters.
    pub filters: Vec<Filter>,
    /// One page of commands, newest first.
    pub rows: Vec<CommandRow>,
    /// Where the list goes on.
    pub pages: Pages,
}

/// One command in a list.
#[derive(Clone, Debug)]
pub struct CommandRow {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// Where it stands.
    pub state: CommandState,
    /// The phone's reason code, when it gave one.
    pub code: Option<String>,
    /// The first phone's serial number.
    pub serial_number: String,
    /// How many phones it is for.
    pub phones: u64,
    /// How many of them are done.
    pub done: u64,
    /// Whose phones they are.
    pub organisation: String,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub at: Timestamp,
}

impl CommandRow {
    /// One command of each fate.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let row = |n: u8, kind, state, code: Option<&str>, phones, hours| Self {
            id: format!("0197c0de-2222-7000-8000-0000000000{n:02}"),
            kind,
            state,
            code: code.map(str::to_owned),
            serial_number: "HX6-22904-B1".to_owned(),
            phones,
            done: if state == CommandState::Done {
                phones
            } else {
                phones / 2
            },
            organisation: "Hollis & Vane".to_owned(),
            asked_by: if n.is_multiple_of(2) {
                "Teo Amari"
            } else {
                "Dagny Krol"
            }
            .to_owned(),
            at: frame.now - jiff::SignedDuration::from_hours(hours),
        };
        vec![
            row(1, Kind::Wipe, CommandState::AwaitingApproval, None, 1, 1),
            row(2, Kind::Lock, CommandState::Done, None, 1, 2),
            row(3, Kind::Suspend, CommandState::Delivered, None, 24, 6),
            row(
                4,
                Kind::Kill,
                CommandState::Refused,
                Some("threshold"),
                1,
                26,
            ),
            row(5, Kind::Message, CommandState::Cancelled, None, 3, 150),
            row(6, Kind::LockFleet, CommandState::Failed, None, 1, 500),
            row(7, Kind::Unlock, CommandState::Expired, None, 1, 9000),
        ]
    }
}

impl Commands {
    fn narrowed(&self) -> bool {
        self.filters.iter().any(|filter| filter.set.is_some())
    }

    /// A page with one command of each fate.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let t = &frame.t;
        let filter = |name: &str, options: Vec<(String, String, bool)>| Filter {
            name: name.to_owned(),
            set: None,
            options,
        };
        Self {
            frame: frame.at(Place::Commands),
            filters: vec![
                filter(
                    &t.get("filter-state"),
                    CommandState::ALL
                        .iter()
                        .map(|s| {
                            (
                                t.word(s.name()),
                                format!("/commands?state={}", s.as_str()),
                                false,
                            )
                        })
                        .collect(),
                ),
                filter(
                    &t.get("filter-kind"),
                    Kind::ALL
                        .iter()
                        .map(|k| {
                            (
                                t.word(k.name()),
                                format!("/commands?kind={}", k.as_str()),
                                false,
                            )
                        })
                        .collect(),
                ),
            ],
            rows: CommandRow::samples(frame),
            pages: Pages {
                previous: Some("/commands".to_owned()),
                next: None,
            },
        }
    }

    /// Before the first command.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            rows: Vec::new(),
            filters: Vec::new(),
            pages: Pages::default(),
            ..Self::sample(frame)
        }
    }
}
