//! The organisations below one's own: the operator's resellers, a reseller's customers.

use askama::Template;
use jiff::Timestamp;

use super::{Frame, Input, OrganisationKind, Pages, Place};

/// `GET` and refused `POST /organisations`.
#[derive(Clone, Debug, Template)]
#[template(path = "organisations/list.html")]
pub struct Organisations {
    /// The layout's context.
    pub frame: Frame,
    /// What is listed and created: resellers or customers.
    pub kind: OrganisationKind,
    /// One page of them, by name.
    pub rows: Vec<Organisation>,
    /// Where the list goes on.
    pub pages: Pages,
    /// Name of the next one.
    pub name: Input,
    /// Whether the viewer may create one.
    pub may_create: bool,
}

/// One organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many phones it has, with those of its customers.
    pub phones: u64,
    /// How many members it has.
    pub members: u64,
    /// When it was created.
    pub since: Timestamp,
    /// Fingerprint of its fleet, for a reseller that has one.
    pub fleet_fingerprint: Option<String>,
}

impl Organisations {
    fn resellers(&self) -> bool {
        self.kind == OrganisationKind::Reseller
    }

    /// A reseller's customers.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let row = |name: &str, phones, members| Organisation {
            id: "0197c0de-0000-7000-8000-000000000004".to_owned(),
            name: name.to_owned(),
            phones,
            members,
            since: frame.now - jiff::SignedDuration::from_hours(24 * 90),
            fleet_fingerprint: None,
        };
        Self {
            frame: frame.at(Place::Organisations),
            kind: OrganisationKind::Customer,
            rows: vec![
                row("Brightwater Council", 61, 0),
                row("Hollis & Vane", 148, 2),
                row("Tern Harbour Press", 12, 1),
            ],
            pages: Pages::default(),
            name: Input::wrong("Hollis & Vane", &frame.t("error-name-taken")),
            may_create: true,
        }
    }

    /// The operator's resellers.
    #[must_use]
    pub fn operator(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.kind = OrganisationKind::Reseller;
        page.name = Input::default();
        page.rows.truncate(2);
        page.rows[0].name = "Lyre Telecom".to_owned();
        page.rows[1].name = "Northwind Mobile".to_owned();
        page.rows[1].fleet_fingerprint =
            Some("c05e7719a4f20b38d45be012977fa6c3c05e7719a4f20b38d45be012977fa6c3".to_owned());
        page
    }

    /// None as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            rows: Vec::new(),
            name: Input::default(),
            ..Self::sample(frame)
        }
    }
}
