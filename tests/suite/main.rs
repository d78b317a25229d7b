//! The suite: everything above the domain's rules, through the front door, on SQLite and on PostgreSQL. Its folders are the
//! features'; `hacked_server` is the list of attacks in PROTOCOL §18, by number.
#![expect(
    clippy::unwrap_used,
    reason = "a test that panics is a test that fails; the lint knows functions marked as tests only"
)]

mod agent_crash;
mod api;
mod approving;
mod audit;
mod check_in;
mod commands;
mod crash_points;
mod desk;
mod end_to_end;
mod enrolment;
mod hacked_server;
mod holds;
mod keyrings;
mod listing;
mod people;
mod portal;
mod selling;
mod store_trouble;
mod takeover;
mod tenancy;
mod trust;
mod witness;
