//! What pages show: plain data, one struct per page, each rendered by a template of the same name.
//!
//! A handler fills a view and renders it; nothing here asks the database or decides a right. Words come from the
//! catalogue through [`Frame`], and reported text is escaped by the templates. Every view has a `sample()`, so that a
//! test renders every page, empty ones and hostile ones too.

pub mod account;
pub mod add_device;
pub mod approvals;
pub mod approving;
pub mod code;
pub mod command;
pub mod commands;
pub mod confirm;
pub mod desk;
pub mod device;
pub mod devices;
pub mod events;
pub mod frame;
pub mod kind;
pub mod letters;
pub mod organisations;
pub mod overview;
pub mod parts;
pub mod passkeys;
pub mod password;
pub mod payments;
pub mod people;
pub mod problem;
pub mod progress;
pub mod record;
pub mod renewals;
pub mod search;
pub mod send;
pub mod set_up;
pub mod sign_in;
pub mod subscriptions;
pub mod tokens;
pub mod viewer;
pub mod vocabulary;

pub use frame::{Frame, May, Place, Theme, Toast, Viewer};
pub use parts::{Choice, Filter, Input, Pages};
pub use vocabulary::{CommandState, DeviceMark, Kind, OrganisationKind, Role};

#[cfg(test)]
mod tests;

pub mod gallery;
