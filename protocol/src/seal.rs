//! The geometry of a key's seal: 24 rays from a fingerprint, so that the portal and the phone's screen draw the same mark.

use crate::digest::Digest;

/// Rays of a seal, one every 15 degrees, clockwise from the top.
pub const RAYS: usize = 24;

/// The length of each ray: 3–15, or 0 for no ray. The first 24 hex digits of the fingerprint, one a ray; under 3 is no ray.
#[must_use]
pub fn rays(fingerprint: &Digest) -> [u8; RAYS] {
    let mut lengths = [0; RAYS];
    let digits = fingerprint
        .as_bytes()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f]);
    for (length, digit) in lengths.iter_mut().zip(digits) {
        *length = if digit < 3 { 0 } else { digit };
    }
    lengths
}
