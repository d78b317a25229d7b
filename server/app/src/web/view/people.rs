//! The members of an organisation.

use askama::Template;
use jiff::Timestamp;

use super::{Choice, Frame, Input, Pages, Place, Role, parts};

/// `GET` and `POST /people`.
#[derive(Clone, Debug, Template)]
#[template(path = "people/people.html")]
pub struct People {
    /// The layout's context.
    pub frame: Frame,
    /// A member just added: name, one-time link for the password, and when it ends. Shown this once.
    pub added: Option<(String, String, Timestamp)>,
    /// One page of the members.
    pub members: Vec<Member>,
    /// Where the list goes on.
    pub pages: Pages,
    /// Whether the viewer may add one.
    pub may_add: bool,
    /// Name of the next one.
    pub name: Input,
    /// Address of the next one.
    pub email: Input,
    /// Role of the next one, as text.
    pub role: Input,
    /// Roles the viewer may give.
    pub roles: Vec<Role>,
    /// Organisation of the next one.
    pub organisation_id: Input,
    /// The organisations to choose from; the choice is not shown where there is only one.
    pub organisations: Vec<Choice>,
}

/// One member.
#[derive(Clone, Debug)]
pub struct Member {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// The name they sign in with.
    pub email: String,
    /// Their organisation.
    pub organisation: String,
    /// Their role.
    pub role: Role,
    /// When they were added.
    pub since: Timestamp,
    /// They did not set a password as yet.
    pub waiting: bool,
    /// They can no longer sign in.
    pub disabled: bool,
    /// Whether the viewer may give them a new link, or close their account.
    pub may_change: bool,
}

impl People {
    fn errors(&self) -> Vec<(&'static str, String)> {
        parts::errors(&[
            ("name", &self.name),
            ("email", &self.email),
            ("role", &self.role),
        ])
    }

    /// A member just added among three others.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let member = |name: &str, email: &str, role, waiting, disabled| Member {
            id: "0197c0de-5555-7000-8000-000000000001".to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            organisation: "Northwind Mobile".to_owned(),
            role,
            since: frame.now - jiff::SignedDuration::from_hours(24 * 40),
            waiting,
            disabled,
            may_change: !disabled && role != Role::Owner,
        };
        Self {
            frame: frame.at(Place::People),
            added: Some((
                "Teo Amari".to_owned(),
                "https://muster.example.org/password/3f7Qk2Zx8RtYpL5vWcN1bM".to_owned(),
                frame.now + jiff::SignedDuration::from_hours(24),
            )),
            members: vec![
                member(
                    "Dagny Krol",
                    "dagny@northwind.example.org",
                    Role::Owner,
                    false,
                    false,
                ),
                member(
                    "Marta Nilsson",
                    "marta@northwind.example.org",
                    Role::Admin,
                    false,
                    false,
                ),
                member(
                    "Teo Amari",
                    "teo@northwind.example.org",
                    Role::Agent,
                    true,
                    false,
                ),
                member(
                    "Olle Berg",
                    "olle@northwind.example.org",
                    Role::Support,
                    false,
                    true,
                ),
            ],
            pages: Pages {
                previous: None,
                next: Some("/people?cursor=sample".to_owned()),
            },
            may_add: true,
            name: Input::default(),
            email: Input::wrong("dagny@northwind.example.org", &frame.t("error-email-taken")),
            role: Input::filled("support"),
            roles: Role::ALL.to_vec(),
            organisation_id: Input::filled("3"),
            organisations: vec![
                Choice {
                    value: "3".to_owned(),
                    label: "Northwind Mobile".to_owned(),
                },
                Choice {
                    value: "4".to_owned(),
                    label: "Hollis & Vane".to_owned(),
                },
            ],
        }
    }

    /// One member alone, read by somebody who may not add.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        let mut page = Self {
            added: None,
            may_add: false,
            ..Self::sample(frame)
        };
        page.members.truncate(1);
        page.pages = Pages::default();
        page
    }
}
