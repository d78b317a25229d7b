//! How the agent reaches its server: HTTP/1.1 over TLS 1.3, certificates over EST, and the unsigned JSON of the device
//! API. A server is a carrier: nothing in here decides what the phone does.

pub mod api;
pub mod certificate;
pub mod client;
pub mod est;
pub mod tls;
pub mod url;

/// Why there was no valid answer. To the phone all of them mean the same: warn, back off, try again (PROTOCOL §1.5).
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// No connection came about.
    #[error("cannot reach {host}: {how}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What went wrong.
        how: String,
    },
    /// The TLS handshake failed: a stranger's certificate, an old TLS version, or our own certificate refused.
    #[error("no secure connection to {host}: {how}")]
    Handshake {
        /// Host and port.
        host: String,
        /// What went wrong.
        how: String,
    },
    /// It took too long.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// The answer was larger than that kind of answer can be.
    #[error("the answer was too large")]
    TooLarge,
    /// The answer cannot be understood.
    #[error("the answer makes no sense: {0}")]
    Malformed(String),
    /// The server refused; nothing follows from it but patience.
    #[error("the server answered {status}{}", .detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    Refused {
        /// HTTP status.
        status: u16,
        /// Seconds the server asks us to stay away, not yet clamped.
        retry_after: Option<u64>,
        /// The problem document's sentence, cleaned for a terminal.
        detail: Option<String>,
    },
    /// The certificate that was issued is not for this phone's key, or lacks one of its two names.
    #[error("certificate_mismatch: {0}")]
    CertificateMismatch(&'static str),
    /// A file or an address given to us is wrong.
    #[error("{0}")]
    Unusable(String),
}
