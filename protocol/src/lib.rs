//! The wire and trust protocol of Muster, version 1, as one crate that phone, server, `muster approve` and the offline verifier
//! share: the document types, their one encoding, and every rule that can be judged from bytes and held state alone.
//!
//! What must not live here: input and output, a clock, randomness, storage, logging. Times and random bytes are arguments.
//! Nothing here panics on any input, and every input is bounded before it is decoded.
//!
//! Where to look:
//! - bytes: [`json`] (the one form), [`envelope`] (signed bytes), [`digest`], [`keys`], [`curves`], [`webauthn`]
//! - trust: [`descriptor`] (what a phone pins), [`keyring`] (who may approve what), [`authority`] (are these signatures enough)
//! - orders: [`command`], [`target`] (which phones), [`judge`] (the phone's steps 1–7), [`time`] (step 11)
//! - record: [`merkle`], [`checkpoint`], [`receipt`], [`enrolment`], [`policy`], [`clearance`]
//! - carriage: [`bundle`]
//! - code: [`program`] (what a phone may be made to run)
//! - for people: [`words`], [`seal`], [`reason`]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::unreachable
    )
)]

#[macro_use]
mod wire_name;

pub mod authority;
pub mod base64;
pub mod bundle;
pub mod checkpoint;
pub mod clearance;
pub mod command;
pub mod curves;
pub mod descriptor;
pub mod digest;
pub mod enrolment;
pub mod envelope;
pub mod field;
pub mod ids;
pub mod json;
pub mod judge;
pub mod keyring;
pub mod keys;
pub mod merkle;
pub mod policy;
pub mod program;
pub mod reason;
pub mod receipt;
pub mod seal;
pub mod target;
pub mod text;
pub mod time;
pub mod webauthn;
pub mod words;

#[cfg(test)]
mod tests;
