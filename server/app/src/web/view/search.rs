//! Search: the palette's form as a page.

use askama::Template;

use super::{Frame, Place, commands::CommandRow, devices::DeviceRow};

/// `GET /search?q=`.
#[derive(Clone, Debug, Template)]
#[template(path = "fleet/search.html")]
pub struct Search {
    /// The layout's context.
    pub frame: Frame,
    /// What was searched for; empty as the page first opens.
    pub q: String,
    /// Phones whose serial number, IMEI, model or owner match.
    pub devices: Vec<DeviceRow>,
    /// Commands whose reason or phone match.
    pub commands: Vec<CommandRow>,
}

impl Search {
    /// Some of each.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let mut devices = DeviceRow::samples(frame.now);
        devices.truncate(3);
        let mut commands = CommandRow::samples(frame);
        commands.truncate(2);
        Self {
            frame: frame.at(Place::Nowhere),
            q: "HX6".to_owned(),
            devices,
            commands,
        }
    }

    /// Nothing found.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            q: "nobody’s phone".to_owned(),
            devices: Vec::new(),
            commands: Vec::new(),
            ..Self::sample(frame)
        }
    }
}
