//! The server that the options of a command name.

pub use crate::offline::client::{Api, plain};

use super::ServerOptions;

impl Api {
    /// A caller of the server that these options name.
    ///
    /// # Errors
    /// The address is none, or TLS cannot be set up.
    pub(super) fn new(options: &ServerOptions) -> Result<Self, String> {
        Self::at(&options.server, &options.token)
    }
}
