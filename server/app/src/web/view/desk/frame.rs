//! What every page of the desk stands in: whose desk it is, and which fleets it believes in.

use crate::web::text::Html;
use crate::web::view::Frame;

/// The desk's own context, beside the frame that gives words and marks.
#[derive(Clone, Debug)]
pub struct DeskFrame {
    /// What every address of the desk begins with; the start secret's cookie goes there and nowhere else.
    pub base: String,
    /// Whose desk it is.
    pub owner: String,
    /// The portal that it asks, as it was given on the command line.
    pub server: String,
    /// The fleets that it is pinned to.
    pub fleets: Vec<FleetMark>,
    /// Which page is current.
    pub here: Here,
}

/// A fleet by its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetMark {
    /// SHA-256 of its descriptor, hex.
    pub fingerprint: String,
    /// The fingerprint's first five words.
    pub words: String,
}

/// An entry of the desk's navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after its page")]
pub enum Here {
    Inbox,
    Keys,
    Nowhere,
}

impl DeskFrame {
    /// An address of the desk.
    #[must_use]
    pub fn to(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// The desk around a page for whoever is not let in: it tells nothing.
    #[must_use]
    pub fn shut() -> Self {
        Self {
            base: String::new(),
            owner: String::new(),
            server: String::new(),
            fleets: Vec::new(),
            here: Here::Nowhere,
        }
    }

    /// Whether the reader was let in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.base.is_empty()
    }

    /// The seal of a fleet, as tall as a line.
    #[must_use]
    pub fn seal(&self, frame: &Frame, fleet: &FleetMark) -> Html {
        frame.small_seal(&fleet.fingerprint, &frame.t("desk-fleet"))
    }

    /// `aria-current` of a navigation entry.
    #[must_use]
    pub fn current(&self, place: &str) -> Html {
        let is_here = match self.here {
            Here::Inbox => place == "inbox",
            Here::Keys => place == "keys",
            Here::Nowhere => false,
        };
        Html::trusted(if is_here {
            " aria-current=\"page\"".to_owned()
        } else {
            String::new()
        })
    }

    /// Dagny's desk.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            base: "/d/5d0c".to_owned(),
            owner: "Dagny Krol".to_owned(),
            server: "https://portal.northwind.example".to_owned(),
            fleets: vec![FleetMark {
                fingerprint: "4e0d1f9a7c3b5e8824d6f1a09b7c3e5514e0d1f9a7c3b5e8824d6f1a09b7c3e5"
                    .to_owned(),
                words: "compass bamboo cargo orchid kayak".to_owned(),
            }],
            here: Here::Inbox,
        }
    }

    /// The same at another entry of the navigation.
    #[must_use]
    pub fn at(here: Here) -> Self {
        Self {
            here,
            ..Self::sample()
        }
    }
}
