//! What runs on machines that are none of the server's: the ceremony that makes a fleet's keys, and the approver's program. They
//! believe nothing the server says; they check it against keys and pins of their own.
//!
//! Nothing here touches [`crate::app::App`].

pub mod ceremony;
pub mod client;
pub mod difference;
pub mod draft;
pub mod folder;
pub mod grants;
pub mod inspection;
pub mod key_file;
pub mod memory;
pub mod policies;
pub mod public_part;
pub mod registration;
pub mod signing;
pub mod tally;
pub mod typed;
