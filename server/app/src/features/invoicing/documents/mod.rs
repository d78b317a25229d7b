//! Invoices and credit notes as people and programs read them: pages, PDF, CII, UBL, the journal for the accountant.
//!
//! A document is made anew at each request, from [`frozen`] rows alone. Nothing here writes.

pub mod api;
pub mod download;
pub mod frozen;
mod journal;
mod list;
mod page;
pub mod paper;
pub mod print;
mod show;
mod words;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

pub use print::{Attachment, attachment};

/// Who reads documents.
const READERS: Access = Access::Needs(Permission::ReadBooks);

/// The routes of this room. Files stand before the page, whose address would take theirs.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/invoices", READERS, page::list),
        route!(GET "/invoices/journal.csv", READERS, download::journal),
        route!(GET "/invoices/{id}.pdf", READERS, download::pdf),
        route!(GET "/invoices/{id}.cii.xml", READERS, download::cii),
        route!(GET "/invoices/{id}.ubl.xml", READERS, download::ubl),
        route!(GET "/invoices/{id}", READERS, page::show),
        route!(GET "/api/v1/invoices", READERS, api::list),
        route!(GET "/api/v1/invoices/journal.csv", READERS, download::api_journal),
        route!(GET "/api/v1/invoices/{id}.pdf", READERS, download::api_pdf),
        route!(GET "/api/v1/invoices/{id}.cii.xml", READERS, download::api_cii),
        route!(GET "/api/v1/invoices/{id}.ubl.xml", READERS, download::api_ubl),
        route!(GET "/api/v1/invoices/{id}", READERS, api::find),
    ]
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    Vec::new()
}
