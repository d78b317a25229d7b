//! Invoicing: documents are issued, corrected, shown, printed and mailed.

pub mod documents;
pub mod issue;
pub mod letters;

use crate::features::operations::schedule::Job;
use crate::web::route::Route;

/// The routes of this feature.
#[must_use]
pub fn routes() -> Vec<Route> {
    [documents::routes(), letters::routes()].concat()
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    [documents::jobs(), letters::jobs()].concat()
}
