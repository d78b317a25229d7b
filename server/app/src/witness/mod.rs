//! A witness (PROTOCOL §14): its own process, key, store and limits, none of them a server's. It follows the logs of the fleets
//! it pins, cosigns checkpoints that only ever grew (C2SP tlog-witness), and clears a command for one phone when it sees it in
//! the log and knows no reason against it.
//!
//! - [`key`]: its key file
//! - [`follow`]: what it learnt of one fleet's log, entry by entry
//! - [`clear`]: whether it clears
//! - [`cosign`]: C2SP tlog-witness
//! - [`shelf`]: its folder
//! - [`gate`], [`asker`]: whom it hears
//! - [`listener`]: the addresses it answers at
//!
//! It believes nothing a server says that the fleet's keys did not sign and the log's tree does not hold. Nothing here touches
//! [`crate::app::App`] or a database.

pub mod asker;
pub mod clear;
pub mod cosign;
pub mod follow;
pub mod gate;
pub mod key;
pub mod listener;
pub mod shapes;
pub mod shelf;

#[cfg(test)]
mod tests;
