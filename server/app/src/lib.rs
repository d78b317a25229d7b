//! Muster: fleets of hardened phones that obey their fleet's keys, not their server.
//!
//! The way in is [`server::Server`]; everything a use case needs stands in [`app::App`]; what the program does stands in
//! [`features`], one folder a feature; [`web`] is the edge, [`cli`] the command line.

pub mod app;
pub mod authority;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crash;
pub mod desk;
pub mod features;
pub mod ids;
pub mod mail;
pub mod offline;
pub mod passwords;
pub mod random;
pub mod server;
pub mod simulation;
pub mod vault;
pub mod web;
pub mod witness;
