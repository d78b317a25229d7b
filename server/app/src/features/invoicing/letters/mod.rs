//! Letters to buyers become mails, in the account's language and the seller's name; and the page on which a seller reads what
//! left and what waits.
//!
//! Who puts a letter on the pile is the room that has something to say. Nothing here decides whether a letter is due; but one that
//! is no longer true when its turn comes is not written.

pub mod attachments;
mod page;
mod words;
mod write;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this room.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/mail", Access::Needs(Permission::ReadBooks), page::list),
        route!(GET "/mail/{id}", Access::Needs(Permission::ReadBooks), page::show),
        route!(GET "/mail/{id}/html", Access::Needs(Permission::ReadBooks), page::html),
    ]
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![Job {
        name: "letters",
        when: "20 * * * * *",
        bell: Some(|due| &due.letters),
        work: |app| Box::pin(write::write_waiting(app)),
    }]
}
