//! Paging through the record.

use muster_store::Page;
use muster_store::events::{self, Event, EventFilter};

use crate::app::App;
use crate::web::actor::{Allowed, ReadRecord};
use crate::web::fields::Fields;
use crate::web::paging::PageRequest;
use crate::web::problem::{Answer, Problem};

/// What a reader may ask about, with the beginnings of the kinds that belong to it.
pub const ABOUT: [(&str, &[&str]); 4] = [
    (
        "phones",
        &["device.", "code.", "enrolment.", "certificate.", "report."],
    ),
    ("commands", &["command.", "receipt."]),
    (
        "people",
        &["member.", "session.", "passkey.", "token.", "organisation."],
    ),
    ("keys", &["fleet.", "keyring.", "log."]),
];

/// Which entries, and which page of them.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Which.
    pub filter: EventFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Query {
    /// Reads `kind` (the beginning of a kind, such as `command.`), `about`, `weight`, `device_id`, `command_id`,
    /// `organisation_id`, `q`, `cursor` and `limit`. Pages write the ids shorter: `device`, `command`, `organisation`.
    ///
    /// # Errors
    /// `about` or `weight` is not one of its words; the page cannot be one.
    pub fn read(query: &Fields) -> Answer<Self> {
        let text = |name: &str| query.some(name).map(|value| value.trim().to_owned());
        let mut kinds: Vec<String> = Vec::new();
        if let Some(about) = query.some("about") {
            let (_, of_it) = ABOUT
                .iter()
                .find(|(word, _)| *word == about)
                .ok_or_else(|| {
                    Problem::invalid("about", "about must be phones, commands, people or keys.")
                })?;
            kinds.extend(of_it.iter().map(|&kind| kind.to_owned()));
        }
        let weight = text("weight");
        if weight
            .as_deref()
            .is_some_and(|weight| !["ordinary", "major", "trouble"].contains(&weight))
        {
            return Err(Problem::invalid(
                "weight",
                "weight must be ordinary, major or trouble.",
            ));
        }
        let filter = EventFilter {
            kind: text("kind"),
            kinds,
            device_id: text("device_id").or(text("device")),
            command_id: text("command_id").or(text("command")),
            weight,
            organisation_id: text("organisation_id").or(text("organisation")),
            q: text("q"),
        };
        Ok(Self {
            filter,
            page: PageRequest::read(query)?,
        })
    }
}

/// A page of entries, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(app: &App, allowed: &Allowed<ReadRecord>, query: Query) -> Answer<Page<Event>> {
    let scope = allowed.scope().clone();
    let Query { filter, page } = query;
    Ok(app
        .store
        .read(move |c| events::list(c, &scope, &filter, page.cursor.as_deref(), page.limit))
        .await?)
}
