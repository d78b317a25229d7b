//! The list of devices.

use askama::Template;
use jiff::Timestamp;

use super::{DeviceMark, Filter, Frame, Kind, Pages, Place};
use crate::web::{plot, text::Html};

/// `GET /devices`.
#[derive(Clone, Debug, Template)]
#[template(path = "fleet/devices.html")]
pub struct Devices {
    /// The layout's context.
    pub frame: Frame,
    /// What was searched for.
    pub q: String,
    /// Other parts of the query that a new search keeps: name and value.
    pub kept: Vec<(String, String)>,
    /// Phones in the reader's scope.
    pub total: u64,
    /// Phones that match search and filters.
    pub matching: u64,
    /// Ready-made views: words, link, how many, whether it is the current one.
    pub views: Vec<(String, String, u64, bool)>,
    /// The filters.
    pub filters: Vec<Filter>,
    /// The columns serial, state, organisation, contact, system, in this order; `None` for one that cannot be sorted by.
    pub columns: [Option<Column>; 5],
    /// One page of phones.
    pub rows: Vec<DeviceRow>,
    /// Where the list goes on.
    pub pages: Pages,
    /// What can be done with several phones at once; empty for those who only read.
    pub bulk: Vec<Kind>,
}

/// A sortable column's head.
#[derive(Clone, Debug)]
pub struct Column {
    /// The link that sorts by it, or turns the order round.
    pub link: String,
    /// `ascending` or `descending` while the list is sorted by it.
    pub sorted: Option<&'static str>,
}

/// One phone in a list.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    /// Its id.
    pub id: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its model, as entered or reported.
    pub model: String,
    /// The organisation that owns it.
    pub organisation: String,
    /// Its state, and others beside it.
    pub marks: Vec<DeviceMark>,
    /// When it last checked in.
    pub last_contact: Option<Timestamp>,
    /// On which of the last fourteen days it did, oldest first.
    pub days: Vec<bool>,
    /// System and patch level, as reported; may be empty.
    pub system: String,
}

impl DeviceRow {
    pub(super) fn ticks(&self, frame: &Frame) -> Html {
        plot::fortnight(&frame.t, &self.days)
    }

    /// One phone of each state.
    #[must_use]
    pub fn samples(now: Timestamp) -> Vec<Self> {
        let row = |n: usize,
                   serial: &str,
                   model: &str,
                   organisation: &str,
                   marks: &[DeviceMark],
                   minutes: Option<i64>| Self {
            id: format!("0197c0de-0000-7000-8000-0000000000{n:02}"),
            serial_number: serial.to_owned(),
            model: model.to_owned(),
            organisation: organisation.to_owned(),
            marks: marks.to_vec(),
            last_contact: minutes.map(|minutes| now - jiff::SignedDuration::from_mins(minutes)),
            days: (0..14)
                .map(|day| minutes.is_some_and(|m| i64::from(13 - day) * 1440 + 700 > m))
                .collect(),
            system: if minutes.is_some() {
                "14.3 · 2026-11".to_owned()
            } else {
                String::new()
            },
        };
        vec![
            row(
                1,
                "HX6-21006-T5",
                "Hardline X6",
                "Brightwater Council",
                &[DeviceMark::Suspended],
                Some(11),
            ),
            row(
                2,
                "LT4-00917-V2",
                "Ledger T4",
                "Brightwater Council",
                &[DeviceMark::Active],
                Some(5),
            ),
            row(
                3,
                "LT4-00921-W9",
                "Ledger T4",
                "Brightwater Council",
                &[DeviceMark::Killed],
                Some(4400),
            ),
            row(
                4,
                "HX6-22904-B1",
                "Hardline X6",
                "Hollis & Vane",
                &[DeviceMark::Locked],
                Some(1),
            ),
            row(
                5,
                "HX6-22911-C7",
                "Hardline X6",
                "Hollis & Vane",
                &[DeviceMark::Silent(9)],
                Some(12_960),
            ),
            row(
                6,
                "HX7-31078-E6",
                "Hardline X7",
                "Hollis & Vane",
                &[DeviceMark::NotEnrolled],
                None,
            ),
            row(
                7,
                "HX7-30110-A4",
                "Hardline X7",
                "Oakmere Legal",
                &[DeviceMark::Active, DeviceMark::OnHold],
                Some(3),
            ),
            row(
                8,
                "HX7-30418-K2",
                "Hardline X7",
                "Tern Harbour Press",
                &[DeviceMark::Wiped],
                Some(140),
            ),
            row(
                9,
                "HX7-30444-M8",
                "Hardline X7",
                "Tern Harbour Press",
                &[DeviceMark::NeverAnswered],
                None,
            ),
            row(
                10,
                "HX5-11902-R3",
                "Hardline X5",
                "Tern Harbour Press",
                &[DeviceMark::Retired],
                Some(900_000),
            ),
        ]
    }
}

impl Devices {
    /// Whether search or filters narrow the list.
    fn narrowed(&self) -> bool {
        !self.q.is_empty() || self.filters.iter().any(|filter| filter.set.is_some())
    }

    fn counted(&self) -> String {
        if self.narrowed() {
            let counts = [("n", self.matching.into()), ("total", self.total.into())];
            self.frame.t.with("devices-matching", &counts)
        } else {
            self.frame.count("devices-count", self.total)
        }
    }

    /// The heads of the table; the fourteen days cannot be sorted by.
    fn heads(&self) -> [(String, Option<&Column>); 6] {
        let t = &self.frame.t;
        let [serial, state, organisation, contact, system] = &self.columns;
        [
            (t.get("column-serial"), serial.as_ref()),
            (t.get("state"), state.as_ref()),
            (t.get("fact-organisation"), organisation.as_ref()),
            (t.get("last-contact"), contact.as_ref()),
            (t.get("column-days"), None),
            (t.get("column-system"), system.as_ref()),
        ]
    }

    /// A page with one phone of each state.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let t = &frame.t;
        let column = |name: &str| {
            Some(Column {
                link: format!("/devices?sort={name}"),
                sorted: None,
            })
        };
        let option =
            |words: &str, query: &str| (words.to_owned(), format!("/devices?{query}"), false);
        let mut columns = ["serial", "state", "organisation", "contact", "system"].map(column);
        columns[0] = Some(Column {
            link: "/devices?sort=serial".to_owned(),
            sorted: Some("ascending"),
        });
        Self {
            frame: frame.at(Place::Devices),
            q: String::new(),
            kept: vec![("organisation".to_owned(), "4".to_owned())],
            total: 412,
            matching: 148,
            views: vec![
                (t.get("view-all"), "/devices".to_owned(), 412, true),
                (
                    t.get("view-silent"),
                    "/devices?contact=silent".to_owned(),
                    6,
                    false,
                ),
                (
                    t.get("view-locked"),
                    "/devices?state=locked".to_owned(),
                    4,
                    false,
                ),
                (
                    t.get("view-waiting"),
                    "/devices?state=registered".to_owned(),
                    14,
                    false,
                ),
            ],
            filters: vec![
                Filter {
                    name: t.get("filter-organisation"),
                    set: Some(("Hollis & Vane".to_owned(), "/devices".to_owned())),
                    options: vec![
                        option("Hollis & Vane", "organisation=4"),
                        option("Oakmere Legal", "organisation=5"),
                    ],
                },
                Filter {
                    name: t.get("filter-state"),
                    set: None,
                    options: vec![
                        option(&t.get("device-active"), "state=enrolled"),
                        option(&t.get("device-locked"), "state=locked"),
                    ],
                },
                Filter {
                    name: t.get("filter-contact"),
                    set: None,
                    options: vec![
                        option(&t.get("contact-fresh"), "contact=fresh"),
                        option(&t.get("contact-silent"), "contact=silent"),
                        option(&t.get("contact-never"), "contact=never"),
                    ],
                },
            ],
            columns,
            rows: DeviceRow::samples(frame.now),
            pages: Pages {
                previous: None,
                next: Some("/devices?cursor=sample".to_owned()),
            },
            bulk: vec![Kind::Lock, Kind::Suspend, Kind::Notice],
        }
    }

    /// Before the first phone.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            rows: Vec::new(),
            total: 0,
            matching: 0,
            views: Vec::new(),
            filters: Vec::new(),
            pages: Pages::default(),
            ..Self::sample(frame)
        }
    }

    /// A search that finds nothing.
    #[must_use]
    pub fn nothing_found(frame: &Frame) -> Self {
        Self {
            rows: Vec::new(),
            q: "HX9".to_owned(),
            matching: 0,
            pages: Pages::default(),
            ..Self::sample(frame)
        }
    }
}
