//! What the fuzz targets assert. One module a target: how its input is laid out, what it hands to the code under test, and
//! what must hold whatever comes back. A property that does not hold is a panic, which the fuzzer reports.
//!
//! Most inputs would die at the first signature: nobody guesses one. So the modules sign what the fuzzer wrote, with the keys
//! of the one fixed fleet in [`fleet`], and know by that who really signed. What the code under test says of it is compared
//! with rules written here a second time, from the specification and not from the code.
//!
//! What must not live here: randomness, time, files. The same bytes lead to the same verdict. Seeds are written by
//! `examples/seeds`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod assertion;
pub mod check_in;
pub mod checkpoint;
pub mod csr;
pub mod envelope;
pub mod fleet;
pub mod keyring;
pub mod proof;

/// What the code under test said: for the program that writes the seeds, which knows what it should say to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Decoded, or verified.
    Accepted,
    /// Refused.
    Refused,
}

impl Verdict {
    /// The verdict of a result.
    pub fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() {
            Self::Accepted
        } else {
            Self::Refused
        }
    }
}

/// The bytes after a number of fixed width, big-endian; zeros stand in for what is missing, so that no input is too short.
pub fn number(data: &[u8]) -> (u64, &[u8]) {
    let (head, rest) = data.split_at(data.len().min(8));
    let mut bytes = [0; 8];
    bytes[..head.len()].copy_from_slice(head);
    (u64::from_be_bytes(bytes), rest)
}
