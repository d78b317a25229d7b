//! Certification requests (RFC 2986), written value by value, so that each part of one can be wrong.

use muster_fuzz::csr::{ECDSA_SHA256, ED25519, SIGNER, signed, tlv};
use muster_protocol::base64;
use muster_protocol::keys::{Ed25519Signer, P256Signer};

use crate::{Seed, accepted, refused};

const ENROLMENT: &str =
    "urn:muster:enrolment:13ab273b715b068cd58e9a863f37ae2f9b0f9ee1ca45f0bd1257df3e93d13802";
const DEVICE: &str = "urn:uuid:0197c0de-0000-7000-8000-00000000000a";

/// id-ecPublicKey with prime256v1, secp384r1 and rsaEncryption, as AlgorithmIdentifiers.
const P256: &str = "301306072a8648ce3d020106082a8648ce3d030107";
const P384: &str = "301006072a8648ce3d020106052b81040022";
const RSA: &str = "300d06092a864886f70d0101010500";
/// subjectAltName, basicConstraints, extendedKeyUsage and extensionRequest, as object identifiers.
const ALT_NAME: &str = "0603551d11";
const CONSTRAINTS: &str = "0603551d13";
const EXTENSION_REQUEST: &str = "06092a864886f70d01090e";
const CHALLENGE: &str = "06092a864886f70d010907";

pub fn seeds() -> Vec<Seed> {
    let own = spki(&SIGNER);
    let names = |uris: &[&str]| info(0, &own, &[extensions(&[alt_names(uris)])]);
    let plain = info(0, &own, &[]);
    let enrolling = names(&[ENROLMENT]);
    let here = |info: &[u8]| [b"+", info].concat();
    let body = |der: &[u8]| [b"=", der].concat();
    let request = signed(&enrolling, &SIGNER);
    let text = base64::encode(&request);
    let lines: String = text
        .as_bytes()
        .chunks(64)
        .map(|line| format!(" {}\r\n", ascii(line)))
        .collect();
    let ca = tlv(
        0x30,
        &[hex(CONSTRAINTS), hex("0101ff04053003"), hex("0101ff")].concat(),
    );
    let dns = alt_name(&[tlv(0x82, b"phones.northwind.example")]);
    let many: Vec<String> = (0..20)
        .map(|number| format!("https://example.org/{number}"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let upper = ENROLMENT
        .to_uppercase()
        .replace("URN:MUSTER:ENROLMENT", "urn:muster:enrolment");
    let other_key = P256Signer::from_bytes([0x31; 32]).expect("a scalar below the order");
    let mut off_curve = own.clone();
    *off_curve.last_mut().expect("a key") ^= 1;
    let p384 = subject_key(P384, &[&[4], [7; 96].as_slice()].concat());
    let rsa = subject_key(RSA, &hex("3006020101020103"));
    let mut bent = request.clone();
    *bent.last_mut().expect("a signature") ^= 1;
    let mut unused_bits = request.clone();
    let bit_string = unused_bits
        .windows(12)
        .position(|window| window == ECDSA_SHA256)
        .expect("an algorithm")
        + 14;
    unused_bits[bit_string] = 1;
    vec![
        accepted("enrolling", here(&enrolling)),
        accepted("enrolling-as-sent", body(&request)),
        accepted("base64", body(text.as_bytes())),
        accepted("base64-lines", body(lines.as_bytes())),
        accepted(
            "base64-without-padding",
            body(text.trim_end_matches('=').as_bytes()),
        ),
        accepted("plain", here(&plain)),
        accepted("renewing", here(&names(&[DEVICE, ENROLMENT]))),
        accepted("other-uri", here(&names(&["https://example.org"]))),
        accepted("many-names", here(&names(&many))),
        accepted("host-name", here(&info(0, &own, &[extensions(&[dns])]))),
        accepted(
            "wants-to-be-a-ca",
            here(&info(
                0,
                &own,
                &[extensions(&[ca, alt_names(&[ENROLMENT])])],
            )),
        ),
        accepted(
            "challenge-password",
            here(&info(
                0,
                &own,
                &[attribute(CHALLENGE, &tlv(0x0c, b"secret"))],
            )),
        ),
        accepted("ed25519", body(&ed25519_request())),
        refused("enrolment-in-upper-case", here(&names(&[&upper]))),
        refused(
            "enrolment-in-other-case",
            here(&names(&["URN:Muster:enrolment:1"])),
        ),
        refused(
            "enrolment-of-nothing",
            here(&names(&["urn:muster:enrolment:"])),
        ),
        refused(
            "enrolment-too-long",
            here(&names(&[&format!("{ENROLMENT}0")])),
        ),
        refused("enrolment-twice", here(&names(&[ENROLMENT, ENROLMENT]))),
        refused(
            "enrolment-in-two-extensions",
            here(&info(
                0,
                &own,
                &[extensions(&[
                    alt_names(&[ENROLMENT]),
                    alt_names(&[ENROLMENT]),
                ])],
            )),
        ),
        refused(
            "enrolment-in-two-attributes",
            here(&info(
                0,
                &own,
                &[
                    extensions(&[alt_names(&[ENROLMENT])]),
                    extensions(&[alt_names(&[ENROLMENT])]),
                ],
            )),
        ),
        refused(
            "names-that-are-none",
            here(&info(
                0,
                &own,
                &[extensions(&[alt_name(&[vec![0x86, 9, 1]])])],
            )),
        ),
        refused("version-1", here(&info(1, &own, &[]))),
        refused("signed-by-another", [b"-".as_slice(), &enrolling].concat()),
        refused("another-key", here(&info(0, &spki(&other_key), &[]))),
        refused("off-the-curve", here(&info(0, &off_curve, &[]))),
        refused("p-384", here(&info(0, &p384, &[]))),
        refused("rsa", here(&info(0, &rsa, &[]))),
        refused(
            "compressed-point",
            here(&info(0, &subject_key(P256, &[2; 33]), &[])),
        ),
        refused("bent-signature", body(&bent)),
        refused("unused-bits", body(&unused_bits)),
        refused("a-byte-behind", body(&[request.as_slice(), &[0]].concat())),
        refused("cut", body(&request[..request.len() - 1])),
        refused(
            "no-attributes",
            here(&tlv(
                0x30,
                &[hex("020100"), subject(), own.clone()].concat(),
            )),
        ),
        refused("endless-length", body(&hex("3080020100"))),
        refused("length-of-the-world", body(&hex("3084ffffffff"))),
        refused("not-base64", body(b"\xff\xfe")),
        refused("base64-of-nothing", body(b"\r\n")),
        refused("empty", Vec::new()),
    ]
}

/// CertificationRequestInfo.
fn info(version: u8, spki: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let version = tlv(0x02, &[version]);
    let attributes = tlv(0xa0, &attributes.concat());
    tlv(
        0x30,
        &[version, subject(), spki.to_vec(), attributes].concat(),
    )
}

/// The common name NW-000042.
fn subject() -> Vec<u8> {
    let name = tlv(0x30, &[hex("0603550403"), tlv(0x0c, b"NW-000042")].concat());
    tlv(0x30, &tlv(0x31, &name))
}

fn spki(key: &P256Signer) -> Vec<u8> {
    subject_key(P256, key.verifying_key().raw())
}

fn subject_key(algorithm: &str, key: &[u8]) -> Vec<u8> {
    let bits = tlv(0x03, &[&[0], key].concat());
    tlv(0x30, &[hex(algorithm), bits].concat())
}

fn extensions(extensions: &[Vec<u8>]) -> Vec<u8> {
    attribute(EXTENSION_REQUEST, &tlv(0x30, &extensions.concat()))
}

fn attribute(oid: &str, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[hex(oid), tlv(0x31, value)].concat())
}

fn alt_names(uris: &[&str]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = uris.iter().map(|uri| tlv(0x86, uri.as_bytes())).collect();
    alt_name(&names)
}

fn alt_name(names: &[Vec<u8>]) -> Vec<u8> {
    let value = tlv(0x04, &tlv(0x30, &names.concat()));
    tlv(0x30, &[hex(ALT_NAME), value].concat())
}

fn ed25519_request() -> Vec<u8> {
    let key = Ed25519Signer::from_seed([0x33; 32]);
    let bits = tlv(0x03, &[&[0], key.verifying_key().raw().as_slice()].concat());
    let spki = tlv(0x30, &[ED25519.to_vec(), bits].concat());
    let info = info(0, &spki, &[extensions(&[alt_names(&[ENROLMENT])])]);
    let signature = tlv(0x03, &[&[0], key.sign(&info).as_slice()].concat());
    tlv(0x30, &[info, ED25519.to_vec(), signature].concat())
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits");
    (0..text.len()).step_by(2).map(digit).collect()
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("base64 is ASCII")
}
