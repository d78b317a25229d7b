//! The rules of Muster that need neither a database nor a clock: who may do what, what a device and a command can be,
//! and how what people and phones type becomes a value that cannot be wrong.
//!
//! What must not live here: I/O, time (it is an argument), randomness (it is an argument), HTTP, SQL. Rules that a phone
//! must agree on byte for byte live one crate below, in `muster-protocol`.

pub mod brake;
pub mod check_in;
pub mod command;
pub mod compliance;
pub mod device;
pub mod enrolment_code;
pub mod hold;
pub mod keyring;
pub mod people;
pub mod permission;
pub mod report;
pub mod scope;
pub mod selling;
pub mod text;
