//! Subscriptions and what can be done to them: start, pause, resume, change, cancel, move to another phone.
//!
//! Each act is a file of its own. [`acts`] finds the subscription, lets the act judge and reckon, and keeps what it came to, all in
//! one transaction; or undoes it again, when it was only tried. What is billed when a period begins is the renewal job's.

pub mod acts;
pub mod bulk;
mod cancel;
mod change_plan;
mod credit;
pub mod list;
mod move_to;
pub mod next;
pub mod order;
mod pause;
mod resume;
mod scene;
mod settlement;
pub mod show;
pub mod start;
mod stop;
mod trials;
mod undo_cancel;

use crate::features::operations::schedule::Job;
use crate::web::route::Route;

/// The routes of this room.
#[must_use]
pub fn routes() -> Vec<Route> {
    Vec::new()
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![trials::BEGIN]
}
