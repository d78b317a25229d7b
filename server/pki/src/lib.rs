//! Certificates: the hierarchy, what each certificate must say, issuing, revocation lists, and the encodings of EST.
//!
//! The only crate that knows rcgen. It is a library of pure functions: no database, no files, no environment. Times
//! come in as arguments and randomness as a function that fills bytes, so that a seeded run repeats to the byte (CA
//! signatures are deterministic, RFC 6979). What a certificate says is never evidence for a command: a phone obeys
//! its fleet's keys (PROTOCOL §1), and these certificates only say who is on the line.
//!
//! Where to begin: [`authority::Hierarchy`] for the CA itself, [`request::Request`] for what a phone sends,
//! [`issue::issue`] for what it gets, [`identity::DeviceCertificate`] for who is calling, [`crl::build`] for what is
//! published.

pub mod authority;
pub mod certificate;
pub mod crl;
pub mod est;
pub mod identity;
pub mod issue;
pub mod issuer;
pub mod key;
pub mod lint;
pub mod profile;
pub mod request;
pub mod sealing;
pub mod serial;
pub mod validity;

#[cfg(test)]
mod fixtures;

/// Fills the slice with bytes nobody can guess. Injected, so that tests are repeatable.
pub type Randomness<'a> = dyn FnMut(&mut [u8]) + 'a;

/// Lower-case hex SHA-256, the form in which this product writes every fingerprint.
pub fn fingerprint(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}
