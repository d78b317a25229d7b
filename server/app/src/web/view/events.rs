//! The record.

use askama::Template;

use super::{
    Filter, Frame, Pages, Place,
    record::{self, DayOfEvents},
};

/// `GET /events`.
#[derive(Clone, Debug, Template)]
#[template(path = "record/events.html")]
pub struct Events {
    /// The layout's context.
    pub frame: Frame,
    /// The filters.
    pub filters: Vec<Filter>,
    /// One page of events by day, newest first.
    pub days: Vec<DayOfEvents>,
    /// Where the list goes on.
    pub pages: Pages,
}

impl Events {
    /// A few days.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let t = &frame.t;
        Self {
            frame: frame.at(Place::Events),
            filters: vec![Filter {
                name: t.get("filter-about"),
                set: Some((t.get("about-trouble"), "/events".to_owned())),
                options: vec![
                    (
                        t.get("about-trouble"),
                        "/events?about=trouble".to_owned(),
                        true,
                    ),
                    (
                        t.get("about-phones"),
                        "/events?about=phones".to_owned(),
                        false,
                    ),
                    (
                        t.get("about-commands"),
                        "/events?about=commands".to_owned(),
                        false,
                    ),
                    (
                        t.get("about-people"),
                        "/events?about=people".to_owned(),
                        false,
                    ),
                ],
            }],
            days: record::by_day(record::sample(t, frame.now)),
            pages: Pages {
                previous: None,
                next: Some("/events?cursor=sample".to_owned()),
            },
        }
    }

    /// Nothing matches.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            days: Vec::new(),
            pages: Pages::default(),
            ..Self::sample(frame)
        }
    }
}
