//! A passkey's assertion (`protocol/src/webauthn.rs`). The input: a byte of circumstances, the length of the authenticator data
//! (one byte), the data, the length of the client data (two bytes), the data, and a signature.
//!
//! Circumstances, by bit: 0 the keyring calls the passkey synced; 1 the passkey signs what the input holds, and the signature of
//! the input is left aside; 2 the passkey signs on the approver's own machine; 3 another passkey signs; 4 the signature is bent.

use std::sync::LazyLock;

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::keys::{P256Key, P256Signer};
use muster_protocol::reason::Reason;
use muster_protocol::webauthn::{self, Assertion, Passkey};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

use crate::{Verdict, fleet};

/// An origin on the approver's own machine.
pub const LOCAL_ORIGIN: &str = "http://approve.localhost:7443";
/// Its host.
pub const LOCAL_RP_ID: &str = "approve.localhost";

/// The digest that is approved.
#[must_use]
pub fn challenge() -> Digest {
    Digest::of(b"a command of the fleet")
}

/// The passkey that the keyring knows.
pub static SIGNER: LazyLock<P256Signer> = LazyLock::new(|| fleet::p256(b'p'));
/// Another one.
static OTHER: LazyLock<P256Signer> = LazyLock::new(|| fleet::p256(b'q'));

/// Verifies one assertion.
pub fn check(data: &[u8]) -> Verdict {
    let (circumstances, rest) = data.split_at(data.len().min(1));
    let circumstances = circumstances.first().copied().unwrap_or(0);
    let is = |bit: u8| circumstances & (1 << bit) != 0;
    let (auth, rest) = prefixed(rest, 1);
    let (client, sig) = prefixed(rest, 2);

    let mut passkey = fleet::passkey(is(0));
    if is(2) {
        passkey.origin = LOCAL_ORIGIN.to_owned();
        passkey.rp_id = LOCAL_RP_ID.to_owned();
    }
    let key = SIGNER.verifying_key();
    let by = if is(3) { &OTHER } else { &SIGNER };
    // Signing is the dear part, and comes last among the checks: a wrong prefix is refused whoever signs it.
    let begins = client.starts_with(prefix(&passkey, &challenge()).as_bytes());
    let mut sig = if is(1) && begins {
        by.sign(&[auth, Digest::of(client).as_bytes()].concat())
    } else {
        sig.to_vec()
    };
    if let (true, Some(last)) = (is(4), sig.last_mut()) {
        *last ^= 1;
    }
    let assertion = Assertion {
        auth,
        client,
        sig: &sig,
    };
    let judged = webauthn::verify(&assertion, &passkey, &key, &challenge());
    let expected = expected(&assertion, &passkey, &key, &challenge());
    assert_eq!(judged, expected, "the five checks of PROTOCOL §8, in order");
    if judged.is_ok() {
        begins_exactly(client, &passkey);
        refused_elsewhere(&assertion, &passkey, &key);
    }
    Verdict::of(&judged)
}

/// The five checks, written from the specification. For envelopes with assertions in them, too.
///
/// # Errors
/// The code of the first that fails.
pub fn expected(
    assertion: &Assertion<'_>,
    passkey: &Passkey,
    key: &P256Key,
    challenge: &Digest,
) -> Result<(), Reason> {
    let Assertion { auth, client, sig } = *assertion;
    let text = std::str::from_utf8(client).map_err(|_| Reason::WaLength)?;
    if auth.len() != 37 || text.is_empty() || text.len() > 1_024 {
        return Err(Reason::WaLength);
    }
    let tail = text
        .strip_prefix(&prefix(passkey, challenge))
        .ok_or(Reason::WaClientData)?;
    let more = tail.len() >= 2 && tail.starts_with(',') && tail.ends_with('}');
    let framed = tail.starts_with(",\"topOrigin\"");
    if tail != "}" && (!more || framed) {
        return Err(Reason::WaClientData);
    }
    if auth[..32] != Digest::of(passkey.rp_id.as_bytes()).0 {
        return Err(Reason::WaRpId);
    }
    // UP and UV set, AT and ED clear, BE as the keyring has it, BS only with BE; bits 1 and 5 are reserved.
    let fit: [u8; 2] = if passkey.synced {
        [0x0d, 0x1d]
    } else {
        [0x05, 0x05]
    };
    if !fit.contains(&(auth[32] & 0b1101_1101)) {
        return Err(Reason::WaFlags);
    }
    let signed = [auth, Digest::of(client).as_bytes()].concat();
    let strict = Signature::from_der(sig)
        .ok()
        .filter(|signature| signature.to_der().as_bytes() == sig);
    let key = VerifyingKey::from_sec1_bytes(key.raw()).expect("a key is a point on the curve");
    let holds = strict.is_some_and(|signature| key.verify(&signed, &signature).is_ok());
    if holds {
        Ok(())
    } else {
        Err(Reason::BadSignature)
    }
}

fn prefix(passkey: &Passkey, challenge: &Digest) -> String {
    [
        "{\"type\":\"webauthn.get\",\"challenge\":\"",
        &base64::encode_url(challenge.as_bytes()),
        "\",\"origin\":\"",
        &passkey.origin,
        "\",\"crossOrigin\":false",
    ]
    .concat()
}

/// What was approved stands where a browser writes it, once more read as JSON when the tail is JSON.
fn begins_exactly(client: &[u8], passkey: &Passkey) {
    let text = std::str::from_utf8(client).expect("accepted client data is UTF-8");
    assert!(text.starts_with(&prefix(passkey, &challenge())), "prefix");
    assert!(text.ends_with('}'), "end");
    let head = format!("{}}}", prefix(passkey, &challenge()));
    let read: serde_json::Value = serde_json::from_str(&head).expect("the prefix is JSON");
    assert_eq!(read["type"], "webauthn.get");
    assert_eq!(read["origin"], passkey.origin.as_str());
}

/// What holds for one document, key and page holds for no other.
fn refused_elsewhere(assertion: &Assertion<'_>, passkey: &Passkey, key: &P256Key) {
    let reason = |passkey: &Passkey, key: &P256Key, challenge: &Digest| {
        webauthn::verify(assertion, passkey, key, challenge)
    };
    let other_document = Digest::of(b"another command");
    let judged = reason(passkey, key, &other_document);
    assert_eq!(judged, Err(Reason::WaClientData), "another document");
    let other_key = OTHER.verifying_key();
    let judged = reason(passkey, &other_key, &challenge());
    assert_eq!(judged, Err(Reason::BadSignature), "another key");
    let elsewhere = Passkey {
        origin: format!("{}0", passkey.origin),
        ..passkey.clone()
    };
    let judged = reason(&elsewhere, key, &challenge());
    assert_eq!(judged, Err(Reason::WaClientData), "another origin");
    let other_rp = Passkey {
        rp_id: "northwind.example".to_owned(),
        ..passkey.clone()
    };
    let judged = reason(&other_rp, key, &challenge());
    assert_eq!(judged, Err(Reason::WaRpId), "another RP ID");
    let copied = Passkey {
        synced: !passkey.synced,
        ..passkey.clone()
    };
    let judged = reason(&copied, key, &challenge());
    assert_eq!(judged, Err(Reason::WaFlags), "synced unlike the keyring");
    let mut bent = assertion.sig.to_vec();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    let bent = Assertion {
        sig: &bent,
        ..*assertion
    };
    let judged = webauthn::verify(&bent, passkey, key, &challenge());
    assert_eq!(judged, Err(Reason::BadSignature), "a bent signature");
}

/// The bytes after a length of `width` bytes, and what follows them.
fn prefixed(data: &[u8], width: usize) -> (&[u8], &[u8]) {
    let (length, rest) = data.split_at(data.len().min(width));
    let length = length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at(rest.len().min(length))
}
