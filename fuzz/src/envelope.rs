//! Envelopes and what stands in them (`protocol/src/envelope.rs`, `json.rs`, `command/`, `judge.rs`, `authority.rs`). The input: a
//! letter for the slot (`c` command, `k` keyring, `p` policy, `l` clearance, `r` receipt, `e` enrolment, `g` program, `b` a whole
//! bundle), the letters of those who sign, a space, and the payload. Without signers, what follows the space is the envelope
//! itself, as a phone would receive it. Capital letters sign badly; `v` is the phone's device key, `0` `1` `2` are witnesses.

use std::sync::LazyLock;

use muster_protocol::base64;
use muster_protocol::bundle::Bundle;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, ENVELOPE_MAX, Envelope, PAYLOAD_MAX, Signature};
use muster_protocol::json;
use muster_protocol::reason::{Class, Reason};
use serde_json::Value;

use crate::Verdict;
use crate::fleet::Fleet;

mod authorised;
mod documents;

pub(crate) static FLEET: LazyLock<Fleet> = LazyLock::new(Fleet::new);

/// Decodes an envelope, and judges the document in it as whoever receives it does.
pub fn check(data: &[u8]) -> Verdict {
    let space = data.iter().position(|byte| *byte == b' ').unwrap_or(0);
    let (head, body) = data.split_at(space);
    let body = body.get(1..).unwrap_or_default();
    let (slot, signers) = head.split_first().unwrap_or((&b'c', &[]));
    let slot = match slot {
        b'b' => return bundle(body),
        b'k' => DocumentType::Keyring,
        b'p' => DocumentType::Policy,
        b'l' => DocumentType::Clearance,
        b'r' => DocumentType::Receipt,
        b'e' => DocumentType::Enrolment,
        b'g' => DocumentType::Program,
        _ => DocumentType::Command,
    };
    let bytes = if signers.is_empty() {
        body.to_vec()
    } else {
        seal(slot, signers, body)
    };
    one_form_of_json(&bytes);
    one_form_of_json(body);
    let decoded = Envelope::decode(&bytes, slot);
    match decoded {
        Ok(envelope) => {
            form(&envelope, &bytes, slot);
            documents::judge(&envelope, &bytes)
        }
        Err(refusal) => {
            let reasons = [Reason::TooLarge, Reason::BadEncoding, Reason::WrongType];
            assert!(reasons.contains(&refusal.reason), "steps 1 and 2");
            assert_eq!(refusal.class, Class::NotAuthentic);
            Verdict::Refused
        }
    }
}

fn seal(slot: DocumentType, letters: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(slot, payload.to_vec());
    let message = envelope.signed_bytes();
    // Signing is the dear part, and what is no JSON is refused whoever signs it.
    let letters = match json::parse_canonical(payload, PAYLOAD_MAX) {
        Ok(_) => letters,
        Err(_) => &[],
    };
    for letter in letters.iter().take(20) {
        let plain = |keyid, sig| Signature::Plain { keyid, sig };
        let signature = match letter {
            b'v' => plain(FLEET.device.key_id(), FLEET.device.sign(&message)),
            b'V' => plain(FLEET.device.key_id(), FLEET.device.sign(b"another")),
            b'0'..=b'2' => {
                let witness = &FLEET.witnesses[usize::from(letter - b'0')];
                plain(witness.key_id(), witness.sign(&message))
            }
            letter => match FLEET.signer(*letter) {
                Some(signer) => signer.sign(&message, letter.is_ascii_lowercase()),
                None => continue,
            },
        };
        // Whoever signs twice signs once.
        let _ = envelope.add(signature);
    }
    envelope.encode()
}

/// What holds for the form of every envelope (PROTOCOL §4).
fn form(envelope: &Envelope, bytes: &[u8], slot: DocumentType) {
    assert_eq!(envelope.encode(), bytes, "an envelope has one form");
    assert!(bytes.len() <= ENVELOPE_MAX, "size");
    assert_eq!(envelope.document_type(), slot, "the type is the slot's");
    let most = if slot == DocumentType::Keyring {
        ENVELOPE_MAX
    } else {
        PAYLOAD_MAX
    };
    assert!(envelope.payload().len() <= most, "payload");
    assert!(envelope.signatures().len() <= 16, "signatures");
    for pair in envelope.signatures().windows(2) {
        assert!(pair[0].keyid() < pair[1].keyid(), "sorted, none twice");
    }
    let (name, length) = (slot.as_str(), envelope.payload().len());
    let mut signed = format!("DSSEv1 {} {name} {length} ", name.len()).into_bytes();
    signed.extend_from_slice(envelope.payload());
    assert_eq!(envelope.signed_bytes(), signed, "DSSE 1.0");
    assert_eq!(envelope.digest(), Digest::of(&signed), "cd");
    for other in DocumentType::ALL.iter().filter(|other| **other != slot) {
        let judged = Envelope::decode(bytes, *other).map_err(|refusal| refusal.reason);
        let refused = [Err(Reason::WrongType), Err(Reason::TooLarge)];
        assert!(refused.contains(&judged), "in another slot");
    }
    let read: Value = serde_json::from_slice(bytes).expect("canonical JSON is JSON");
    assert_eq!(read["payloadType"], name);
    assert_eq!(read["payload"], base64::encode(envelope.payload()));

    for (before, after) in [
        (&b""[..], &b" "[..]),
        (b"", b"\n"),
        (b" ", b""),
        (b"\xef\xbb\xbf", b""),
    ] {
        let around = [before, bytes, after].concat();
        assert!(Envelope::decode(&around, slot).is_err(), "bytes around it");
    }
    let mut bent = bytes.to_vec();
    let somewhere = Digest::of(bytes).0;
    let place = usize::from(u16::from_be_bytes([somewhere[0], somewhere[1]])) % bent.len();
    bent[place] ^= 1;
    let judged = Envelope::decode(&bent, slot);
    assert!(judged.as_ref() != Ok(envelope), "two forms of one envelope");
}

/// What the one form of JSON accepts is JSON to everybody, is written as it was read, and keeps the profile of PROTOCOL §4.
fn one_form_of_json(bytes: &[u8]) {
    let Ok(value) = json::parse_canonical(bytes, ENVELOPE_MAX) else {
        return;
    };
    assert_eq!(value.encode(), bytes, "one form");
    let read: Value = serde_json::from_slice(bytes).expect("canonical JSON is JSON");
    assert!(means(&value, &read), "both readers read the same");
    assert!((1..=6).contains(&depth(&read)) && read.is_object(), "depth");
}

fn means(own: &json::Value, read: &Value) -> bool {
    match (own, read) {
        (json::Value::Bool(one), Value::Bool(other)) => one == other,
        (json::Value::Int(one), Value::Number(other)) => {
            *one <= json::MAX_INT && other.as_u64() == Some(*one)
        }
        (json::Value::Text(one), Value::String(other)) => one == other,
        (json::Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| means(one, other))
        }
        (json::Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| means(value, other)))
        }
        _ => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn bundle(bytes: &[u8]) -> Verdict {
    let decoded = Bundle::decode(bytes);
    if let Ok(bundle) = &decoded {
        assert_eq!(bundle.encode(), bytes, "a bundle has one form");
        assert!(bundle.is_within_limits(), "limits");
        assert!(bundle.commands.len() <= 32 && bundle.keyrings.len() <= 8);
    }
    Verdict::of(&decoded)
}
