//! Certification requests (`server/pki/src/request.rs`). The input: `=` and the body of a request as a phone sends it, or `+` and
//! the part of one that is signed: it is signed here with one fixed key, so that the fuzzer gets behind the signature. `-`
//! signs it with another.

use std::sync::LazyLock;

use muster_pki::est;
use muster_pki::key::KeyAlgorithm;
use muster_pki::request::{LONGEST_BODY, LONGEST_DER, Request};
use muster_protocol::digest::Digest;
use muster_protocol::keys::{Ed25519Key, P256Key, P256Signer};

use crate::{Verdict, fleet};

/// ecdsa-with-SHA256, as an AlgorithmIdentifier.
pub const ECDSA_SHA256: [u8; 12] = [
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
];
/// Ed25519, as an AlgorithmIdentifier.
pub const ED25519: [u8; 7] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

const ENROLMENT_URI: &str = "urn:muster:enrolment:";

/// The key whose requests are signed here.
pub static SIGNER: LazyLock<P256Signer> = LazyLock::new(|| fleet::p256(b'v'));
/// Another one.
static OTHER: LazyLock<P256Signer> = LazyLock::new(|| fleet::p256(b'w'));

/// Reads a request.
pub fn check(data: &[u8]) -> Verdict {
    let (mode, rest) = data.split_at(data.len().min(1));
    let body = match mode {
        b"+" if is_one_value(rest) => signed(rest, &SIGNER),
        b"-" if is_one_value(rest) => signed(rest, &OTHER),
        _ => rest.to_vec(),
    };
    let read = Request::from_body(&body);
    if let Ok(request) = &read {
        assert!(body.len() <= LONGEST_BODY, "size");
        let der = match body.as_slice() {
            [0x30, length, ..] if *length >= 0x80 => body.clone(),
            text => est::decode_base64(text).expect("it was read as base64"),
        };
        assert!(der.len() <= LONGEST_DER, "size");
        proves_its_key(request, &der);
        every_encoding_reads_the_same(request, &der);
        refused_when_bent(&der);
    }
    Verdict::of(&read)
}

/// Whether it could be the first part of a request. Signing is the dear part, and what is no DER is refused whoever signs it.
fn is_one_value(info: &[u8]) -> bool {
    match info {
        [0x30, 0x82, high, low, content @ ..] => {
            usize::from(u16::from_be_bytes([*high, *low])) == content.len()
        }
        [0x30, 0x81, length, content @ ..] => usize::from(*length) == content.len(),
        [0x30, length, content @ ..] => usize::from(*length) == content.len(),
        _ => false,
    }
}

/// A request around what is to be signed.
#[must_use]
pub fn signed(info: &[u8], key: &P256Signer) -> Vec<u8> {
    let signature = [&[0], key.sign(info).as_slice()].concat();
    tlv(
        0x30,
        &[info, &ECDSA_SHA256, &tlv(0x03, &signature)].concat(),
    )
}

/// One DER value.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let bytes = length.to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut value = vec![tag];
    if length < 0x80 {
        value.push(bytes[7]);
    } else {
        value.push(0x80 | u8::try_from(significant.len()).expect("eight at most"));
        value.extend(significant);
    }
    value.extend(content);
    value
}

/// The key is P-256 or Ed25519, stands where RFC 2986 §4 has it, and signed what stands before the signature; the enrolment is
/// one that the sender named.
fn proves_its_key(request: &Request, der: &[u8]) {
    let (whole, rest) = value(der);
    assert!(rest.is_empty(), "nothing behind it");
    let (_, after_info) = value(whole);
    let info = &whole[..whole.len() - after_info.len()];
    let (_, after_algorithm) = value(after_info);
    let algorithm = &after_info[..after_info.len() - after_algorithm.len()];
    let (bits, rest) = value(after_algorithm);
    assert!(rest.is_empty() && bits.first() == Some(&0), "whole octets");

    let (inside, _) = value(info);
    let (_, after_version) = value(inside);
    let (_, after_subject) = value(after_version);
    let (_, after_key) = value(after_subject);
    let spki = &after_subject[..after_subject.len() - after_key.len()];
    let key = request.public_key();
    assert_eq!(key.spki(), spki, "the key in the request");
    match key.algorithm() {
        KeyAlgorithm::P256 => {
            assert_eq!(algorithm, ECDSA_SHA256, "algorithm");
            let point = P256Key::from_raw(key.raw()).expect("a point on P-256");
            assert!(point.verify(info, &bits[1..]), "signed by the key in it");
        }
        KeyAlgorithm::Ed25519 => {
            assert_eq!(algorithm, ED25519, "algorithm");
            let point = Ed25519Key::from_raw(key.raw()).expect("a point that is not weak");
            assert!(point.verify(info, &bits[1..]), "signed by the key in it");
        }
    }
    if let Some(id) = request.enrolment_id() {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(
            id.len() == 64 && id.bytes().all(hex),
            "64 lower-case hex digits"
        );
        let uri = format!("{ENROLMENT_URI}{id}");
        let named = info
            .windows(uri.len())
            .any(|window| window == uri.as_bytes());
        assert!(named, "the sender named it");
    }
}

fn every_encoding_reads_the_same(request: &Request, der: &[u8]) {
    assert_eq!(Request::from_der(der).as_ref(), Ok(request), "DER");
    for body in [est::encode_one_line(der), est::encode_lines(der)] {
        if body.len() <= LONGEST_BODY {
            let read = Request::from_body(body.as_bytes());
            assert_eq!(read.as_ref(), Ok(request), "base64");
        }
    }
}

/// Whatever is changed in a signed request, it is refused.
fn refused_when_bent(der: &[u8]) {
    let longer = [der, &[0]].concat();
    assert!(Request::from_der(&longer).is_err(), "a byte behind it");
    let shorter = &der[..der.len() - 1];
    assert!(Request::from_der(shorter).is_err(), "a byte less");
    let digest = Digest::of(der).0;
    for pair in digest.chunks_exact(4).take(2) {
        let place = usize::from(u16::from_be_bytes([pair[0], pair[1]])) % der.len();
        let mut bent = der.to_vec();
        bent[place] ^= 1 << (pair[2] & 7);
        assert!(
            Request::from_der(&bent).is_err(),
            "bit {} of byte {place}",
            pair[2] & 7
        );
    }
}

/// The content of the first DER value, and what follows it. Only for what was accepted, and so is well-formed.
fn value(der: &[u8]) -> (&[u8], &[u8]) {
    let [_, first, rest @ ..] = der else {
        panic!("a DER value has a tag and a length");
    };
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at(usize::from(first & 0x7f));
        let length = bytes
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        (length, rest)
    };
    rest.split_at(length)
}
