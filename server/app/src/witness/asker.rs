//! Who asks: the log's own key signs what a server asks a witness for, because nobody else has any business there. An insider who
//! read a sealed command must not be able to have it cleared behind the server's back, nor use up the witness's limits.

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Log;
use muster_protocol::keys::Ed25519Signer;

/// The header that carries the signature, base64.
pub const HEADER: &str = "muster-log-signature";

/// The signature of a request.
#[must_use]
pub fn sign(log: &Ed25519Signer, what: &str, body: &[u8]) -> String {
    base64::encode(&log.sign(&message(what, body)))
}

/// Whether the log's key signed the request.
#[must_use]
pub fn is_by(log: &Log, what: &str, body: &[u8], header: Option<&str>) -> bool {
    header
        .and_then(base64::decode)
        .is_some_and(|signature| log.key.verify(&message(what, body), &signature))
}

/// What is signed: it begins like no note, whose first line is the log's name.
fn message(what: &str, body: &[u8]) -> Vec<u8> {
    format!("muster-ask-witness/v1\n{what}\n{}\n", Digest::of(body)).into_bytes()
}
