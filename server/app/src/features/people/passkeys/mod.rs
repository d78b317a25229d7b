//! Passkeys: signing in to the portal, and proving once more who one is, by a key that lies in a phone, a computer or a
//! password manager. A ceremony has two halves: the server asks ([`ceremony`]), the browser answers, and whoever answers is
//! judged by webauthn-rs ([`assertion`]).
//!
//! A passkey opens the portal and nothing else. Phones do not know it; what approvers sign with stands in keyrings.

pub mod add;
mod assertion;
mod ceremony;
pub mod confirm;
pub mod list;
pub mod page;
mod party;
pub mod remove;
pub mod sign_in;

pub use assertion::Given;
pub use ceremony::Begun;
pub use party::origin;

/// The most passkeys a member has.
pub const MOST: usize = 10;
/// The longest label, characters.
pub const LABEL_MOST: usize = 60;
