//! The attacks of PROTOCOL §18 that this issue covers, each against the real agent, with everything that a hacked server has:
//! its place, its database, its online and log keys, and what else the attack says. A test is named by the attack's number;
//! it ends with the phone's own code, the owner's data untouched, and the owner's passcode working.
//!
//! Attacks that a pure function decides before a phone exists (A051–A064, A094, A095, A113) are tests of the protocol crate.

mod a001_signatures;
mod a018_targets;
mod a028_approvers_program;
mod a029_replays;
mod a036_time;
mod a043_encoding;
mod a065_keyrings;
mod a078_policy_and_silence;
mod a083_limits;
mod a093_log;
mod a101_receipts_and_state;
