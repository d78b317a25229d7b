//! Assertions of a passkey.

use muster_fuzz::assertion::{LOCAL_ORIGIN, LOCAL_RP_ID, SIGNER, challenge};
use muster_fuzz::fleet::{ORIGIN, RP_ID, auth_data, client_data};
use muster_protocol::base64;
use muster_protocol::digest::Digest;

use crate::{Seed, accepted, refused};

const HERE: u8 = 0;
const SYNCED: u8 = 1;
const SIGNED_HERE: u8 = 2;
const LOCAL: u8 = 4;
const STRANGER: u8 = 8;
const BENT: u8 = 16;

pub fn seeds() -> Vec<Seed> {
    let honest = client_data(&challenge(), ORIGIN);
    let auth = auth_data(RP_ID, 0x05);
    let by_flags = |flags| input(SIGNED_HERE, &auth_data(RP_ID, flags), &honest, &[]);
    let by_client = |client: &[u8]| input(SIGNED_HERE, &auth, client, &[]);
    let by_sig = |bend: &dyn Fn(&mut Vec<u8>)| {
        let mut sig = genuine(&auth, &honest);
        bend(&mut sig);
        input(HERE, &auth, &honest, &sig)
    };
    let tail = |tail: &str| by_client(with_tail(&honest, tail).as_bytes());
    let local = client_data(&challenge(), LOCAL_ORIGIN);
    let local_auth = auth_data(LOCAL_RP_ID, 0x05);
    let synced = |flags| input(SYNCED | SIGNED_HERE, &auth_data(RP_ID, flags), &honest, &[]);
    let parent = auth_data("northwind.example", 0x05);
    let extended = [auth.as_slice(), &[0xa0]].concat();
    let head = std::str::from_utf8(&honest).expect("client data is UTF-8");
    let swapped = |from: &str, to: &str| by_client(head.replacen(from, to, 1).as_bytes());
    let elsewhere = client_data(&Digest::of(b"another"), ORIGIN);
    let hidden = with_tail(
        &elsewhere,
        &format!(
            r#","challenge":"{}"}}"#,
            base64::encode_url(challenge().as_bytes())
        ),
    );
    vec![
        accepted("genuine", by_sig(&|_| {})),
        accepted("signed-here", by_client(&honest)),
        accepted(
            "tail",
            tail(r#","other_keys_can_be_added_here":"do not compare"}"#),
        ),
        accepted("tail-empty", tail(",}")),
        accepted(
            "tail-top-origin-later",
            tail(r#","x":1,"topOrigin":"https://evil.example"}"#),
        ),
        accepted(
            "tail-long",
            tail(&format!(",\"x\":\"{}\"}}", "x".repeat(800))),
        ),
        accepted("reserved-flags", by_flags(0x27)),
        accepted("synced", synced(0x0d)),
        accepted("synced-backed-up", synced(0x1d)),
        accepted(
            "local",
            input(LOCAL | SIGNED_HERE, &local_auth, &local, &[]),
        ),
        refused("empty", Vec::new()),
        refused("synced-unlike-keyring", by_flags(0x0d)),
        refused("not-synced-unlike-keyring", synced(0x05)),
        refused("backed-up-alone", by_flags(0x15)),
        refused("nobody-present", by_flags(0x04)),
        refused("nobody-verified", by_flags(0x01)),
        refused("attested", by_flags(0x45)),
        refused("extensions", by_flags(0x85)),
        refused("parent-rp-id", input(SIGNED_HERE, &parent, &honest, &[])),
        refused("auth-too-long", input(SIGNED_HERE, &extended, &honest, &[])),
        refused(
            "auth-too-short",
            input(SIGNED_HERE, &auth[..36], &honest, &[]),
        ),
        refused("client-empty", by_client(b"")),
        refused(
            "client-too-long",
            tail(&format!(",\"x\":\"{}\"}}", "x".repeat(1_024))),
        ),
        refused(
            "client-not-utf-8",
            by_client(&[honest.as_slice(), &[0xff]].concat()),
        ),
        refused("registration", swapped("webauthn.get", "webauthn.create")),
        refused("other-challenge", by_client(&elsewhere)),
        refused("challenge-in-tail", by_client(hidden.as_bytes())),
        refused(
            "origin-suffix",
            swapped(ORIGIN, &format!("{ORIGIN}.evil.example")),
        ),
        refused("origin-port", swapped(ORIGIN, &format!("{ORIGIN}:8443"))),
        refused("origin-case", swapped("approve", "Approve")),
        refused("cross-origin", swapped("false", "true")),
        refused("no-cross-origin", swapped(r#","crossOrigin":false"#, "")),
        refused(
            "top-origin",
            tail(r#","topOrigin":"https://evil.example"}"#),
        ),
        refused("no-end", tail("")),
        refused("other-end", tail("]")),
        refused("comma-alone", tail(",")),
        refused("white-space", swapped("{", "{ ")),
        refused(
            "stranger",
            input(SIGNED_HERE | STRANGER, &auth, &honest, &[]),
        ),
        refused("bent", input(SIGNED_HERE | BENT, &auth, &honest, &[])),
        refused("no-signature", by_sig(&Vec::clear)),
        refused("signature-and-more", by_sig(&|sig| sig.push(0))),
        refused(
            "r-zero",
            by_sig(&|sig| *sig = vec![0x30, 6, 2, 1, 0, 2, 1, 1]),
        ),
        refused(
            "leading-zero",
            by_sig(&|sig| {
                sig[1] += 1;
                sig[3] += 1;
                sig.insert(4, 0);
            }),
        ),
    ]
}

fn genuine(auth: &[u8], client: &[u8]) -> Vec<u8> {
    SIGNER.sign(&[auth, Digest::of(client).as_bytes()].concat())
}

fn input(circumstances: u8, auth: &[u8], client: &[u8], sig: &[u8]) -> Vec<u8> {
    let mut bytes = vec![
        circumstances,
        u8::try_from(auth.len()).expect("a short length"),
    ];
    bytes.extend(auth);
    let length = u16::try_from(client.len()).expect("a short length");
    bytes.extend(length.to_be_bytes());
    bytes.extend(client);
    bytes.extend(sig);
    bytes
}

/// The client data with another end than `}`.
fn with_tail(client: &[u8], tail: &str) -> String {
    let text = std::str::from_utf8(client).expect("client data is UTF-8");
    let open = text.strip_suffix('}').expect("client data is an object");
    format!("{open}{tail}")
}
