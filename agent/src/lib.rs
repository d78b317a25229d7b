//! The agent on each phone: it enrols itself, checks in over mutual TLS, and obeys its fleet's keys and nobody else.
//!
//! - [`core`]: what it decides, without input or output
//! - [`phones`]: what a phone can do
//! - [`state`]: what it remembers, and where
//! - [`programs`]: which releases of its programs it would let be installed
//! - [`net`]: how it reaches its servers, which are carriers and no more
//! - [`enrol`], [`Agent`]: becoming a fleet's phone, and being one
//!
//! The program `muster-agent` is a command line around this library; the server's demonstration runs its phones on it too.

mod agent;
pub mod core;
pub mod enrol;
mod errands;
mod gather;
mod link;
pub mod net;
pub mod phones;
pub mod programs;
mod renewal;
mod runner;
pub mod sentences;
pub mod state;
pub mod status;
pub mod system;
#[cfg(test)]
mod tests;
mod turn;

pub use agent::{Agent, AgentError, CRASH_POINTS, CrashHook, Options, Outcome};
