//! The features: one folder each, one line each in the three tables below. A feature meets another through its use cases
//! only.

use crate::features::operations::schedule::Job;
use crate::web::route::{DeviceRoute, Route};

pub mod approving;
pub mod commands;
pub mod demo;
pub mod enrolment;
pub mod fleet;
pub mod invoicing;
pub mod log;
pub mod operations;
pub mod organisations;
pub mod payments;
pub mod people;
pub mod record;
pub mod selling;
pub mod trust;

/// The route table of the portal and its API.
#[must_use]
pub fn portal_routes() -> Vec<Route> {
    [
        people::routes(),
        organisations::routes(),
        fleet::routes(),
        enrolment::routes(),
        commands::routes(),
        approving::routes(),
        trust::routes(),
        log::routes(),
        selling::routes(),
        invoicing::routes(),
        payments::routes(),
        record::routes(),
        operations::routes(),
    ]
    .concat()
}

/// The route table of the approvals host.
#[must_use]
pub fn approvals_routes() -> Vec<Route> {
    approving::approvals_routes()
}

/// The route table of the device listener.
#[must_use]
pub fn device_routes() -> Vec<DeviceRoute> {
    [
        enrolment::device_routes(),
        fleet::device_routes(),
        commands::device_routes(),
        trust::device_routes(),
    ]
    .concat()
}

/// The schedule of everything that happens by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    [
        trust::jobs(),
        log::jobs(),
        commands::jobs(),
        approving::jobs(),
        enrolment::jobs(),
        people::jobs(),
        selling::jobs(),
        invoicing::jobs(),
        payments::jobs(),
        operations::jobs(),
    ]
    .concat()
}
