//! Commands in the portal: the list, one command with its live progress, what waits for approval, and the form that sends one.

mod list;
mod send;
mod show;

pub use list::{approvals, list};
pub use send::{create, new_form};
pub(crate) use show::arguments;
pub use show::{cancel, progress, show, signed_cancel};
