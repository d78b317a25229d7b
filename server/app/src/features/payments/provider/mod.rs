//! Payment providers announce what they collected: over one address, with a signature over every call.

pub mod secrets;
pub mod signature;
pub mod webhook;
