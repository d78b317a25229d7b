//! The offline verifier: an exported log is judged with nothing but a pin (PROTOCOL §14, §15). It streams, so that its memory is
//! that of the phones and not of the log, and it names the entry that was changed, removed, moved or inserted.
//!
//! - [`export`]: the files of an export, written by `muster audit export`
//! - [`frontier`]: a tree that grows by appending, a few hashes large
//! - [`tree`]: the export's leaf hashes as a tree: its root at any size
//! - [`place`]: is every entry the one that the tree has at its place
//! - [`document`]: what an entry's own bytes tell
//! - [`check`]: signatures and checkpoints, judged by what other entries said; [`fast`] does the arithmetic
//! - [`knowledge`]: what the entries say together: keyrings, phones, commands, receipts
//! - [`verify`]: all of it, in one pass over blocks
//! - [`finding`]: what can be wrong, in words
//!
//! What must not live here: a network, a clock, a database, or any key but the ones that the pin leads to.

pub mod block;
pub mod bloom;
pub mod check;
pub mod document;
pub mod export;
pub mod fast;
pub mod finding;
pub mod frontier;
pub mod knowledge;
pub mod place;
pub mod tree;
pub mod verify;

// The sample history of the examples names this crate as others do.
#[cfg(test)]
extern crate self as muster_audit;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod tests;
