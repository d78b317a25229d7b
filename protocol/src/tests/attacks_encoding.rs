//! A043–A050, A113: one form, and nothing beside it.

use super::*;
use crate::json::{self, JsonError};

fn judge_payload(world: &World, payload: &[u8]) -> Reason {
    let mut envelope = Envelope::unsigned(DocumentType::Command, payload.to_vec());
    envelope.sign_plain(&world.online).unwrap();
    world
        .judge(&envelope)
        .expect_err("the attack went through")
        .reason
}

fn lock(world: &World) -> String {
    String::from_utf8(world.command(Args::Lock).encode()).unwrap()
}

#[test]
fn a043_a044_a045_other_forms_of_the_same_payload() {
    let world = World::new();
    let lock = lock(&world);
    world
        .judge(&world.signed(&world.command(Args::Lock), &[&world.online], &[]))
        .unwrap();
    for (from, to) in [
        (r#""kind":"lock""#, r#""kind":"lock","kind":"lock""#),
        (r#""kind":"lock""#, r#""kind":"lock","kind":"wipe""#),
        (r#""v":1"#, r#""v":1.0"#),
        (r#""v":1"#, r#""v":1e0"#),
        (r#""v":1"#, r#""v":01"#),
        (r#""v":1"#, r#""v":-1"#),
        (r#""keyring":7"#, r#""keyring":9007199254740992"#),
        (r#""v":1"#, r#""v":1,"w":1"#),
        (r#""keyring":7"#, r#""keyring":null"#),
        (r#""v":1"#, r#""v": 1"#),
        (r#""kind":"lock""#, r#""kind":"\u006cock""#),
        (r#"left in a taxi"#, r#"left in a\/taxi"#),
        (r#"left in a taxi"#, r#"left in \u00e9 taxi"#),
        (r#"left in a taxi"#, r#"left in \ud800 taxi"#),
        (r#"left in a taxi"#, r#"left in \ud83d\ude00 taxi"#),
    ] {
        let payload = lock.replace(from, to);
        assert_ne!(payload, lock);
        assert_eq!(
            judge_payload(&world, payload.as_bytes()),
            Reason::BadEncoding,
            "{to}"
        );
    }
    for payload in [
        format!("{lock}\n"),
        format!("\u{feff}{lock}"),
        format!("[{lock}]"),
    ] {
        assert_eq!(
            judge_payload(&world, payload.as_bytes()),
            Reason::BadEncoding
        );
    }
}

#[test]
fn a046_text_that_deceives_the_eye() {
    let world = World::new();
    for reason in [
        "left \u{202e}ixat",
        "left\u{1b}[2J",
        "zero\u{200b}width",
        "line\nbreak",
        "tag\u{e0041}",
        "",
        &"x".repeat(201),
    ] {
        let command = Command {
            reason: reason.into(),
            ..world.command(Args::Lock)
        };
        assert_eq!(
            judge_payload(&world, &command.encode()),
            Reason::BadField,
            "{reason:?}"
        );
    }
    let plain = Command {
        reason: "Verlegt: 忘れ物 😀".into(),
        ..world.command(Args::Lock)
    };
    world
        .judge(&world.signed(&plain, &[&world.online], &[]))
        .unwrap();
}

#[test]
fn a047_bytes_that_are_no_utf_8() {
    let world = World::new();
    let lock = lock(&world).into_bytes();
    let at = lock.windows(4).position(|bytes| bytes == b"taxi").unwrap();
    for bad in [&b"\xed\xa0\x80"[..], b"\xc0\xaf", b"\xff"] {
        let payload = [&lock[..at], bad, &lock[at + 4..]].concat();
        assert_eq!(judge_payload(&world, &payload), Reason::BadEncoding);
    }
}

#[test]
fn a048_other_forms_of_base64() {
    let world = World::new();
    // 0xfb 0xff gives a slash and a plus; one byte more or less gives padding.
    for payload in [vec![0xfb, 0xef, 0xff], vec![1], vec![1, 2]] {
        let envelope = Envelope::unsigned(DocumentType::Command, payload.clone());
        let text = String::from_utf8(envelope.encode()).unwrap();
        let good = base64::encode(&payload);
        let bent = [
            good.replace('+', "-").replace('/', "_"),
            good.trim_end_matches('=').to_owned(),
            good.replace("AQ==", "AR==").replace("AQI=", "AQJ="),
        ];
        for bad in bent.iter().filter(|bad| **bad != good) {
            let judged = world.judge_bytes(text.replace(&good, bad).as_bytes());
            assert_eq!(judged, Err(refused(Reason::BadEncoding)), "{bad}");
        }
    }
}

#[test]
fn a049_too_deep_and_too_large() {
    let world = World::new();
    let deep = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
    assert_eq!(world.judge_bytes(&deep), Err(refused(Reason::TooLarge)));
    assert_eq!(
        world.judge_bytes(&vec![b' '; 64 * 1024 + 1]),
        Err(refused(Reason::TooLarge))
    );
    let envelope = Envelope::unsigned(DocumentType::Command, vec![b' '; 8 * 1024 + 1]);
    assert_eq!(world.judge(&envelope), Err(refused(Reason::TooLarge)));
    let six = br#"{"a":{"a":{"a":{"a":{"a":{}}}}}}"#;
    let seven = br#"{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}"#;
    json::parse_canonical(six, 100).unwrap();
    assert_eq!(json::parse_canonical(seven, 100), Err(JsonError::TooLarge));
}

#[test]
fn a050_s_plus_l() {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let world = World::new();
    let mut envelope = world.envelope(&world.command(Args::Kill));
    let mut sig = world.ada.sign(&envelope.signed_bytes());
    let mut carry = 0_u16;
    for (byte, l) in sig[32..].iter_mut().zip(L) {
        carry += u16::from(*byte) + u16::from(l);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    envelope
        .add(Signature::Plain {
            keyid: world.ada.key_id(),
            sig,
        })
        .unwrap();
    assert_eq!(world.judge(&envelope), Err(refused(Reason::BadSignature)));
}

#[test]
fn a113_another_version() {
    let mut world = World::new();
    let lock = lock(&world);
    let payload = lock.replace(r#""v":1"#, r#""v":2"#);
    assert_eq!(
        judge_payload(&world, payload.as_bytes()),
        Reason::UnsupportedVersion
    );
    let payload = lock.replace(r#""kind":"lock""#, r#""kind":"format""#);
    assert_eq!(
        judge_payload(&world, payload.as_bytes()),
        Reason::UnknownKind
    );
    let text = String::from_utf8(world.envelope(&world.command(Args::Lock)).encode()).unwrap();
    let judged = world.judge_bytes(text.replace("command.v1", "command.v0").as_bytes());
    assert_eq!(judged, Err(refused(Reason::WrongType)));
    world.keyring.min_protocol = 2;
    assert_eq!(
        judge_payload(&world, lock.as_bytes()),
        Reason::UnsupportedVersion
    );
}

#[test]
fn a_missing_member_and_a_wrong_life_are_bad_fields() {
    let world = World::new();
    let lock = lock(&world);
    let payload = lock.replace(r#""keyring":7,"#, "");
    assert_eq!(judge_payload(&world, payload.as_bytes()), Reason::BadField);
    for (issued, start, end) in [
        (5, None, 5),
        (5, Some(4), 9),
        (5, Some(9), 9),
        (0, None, 604_801),
    ] {
        let command = Command {
            issued_at: UnixTime(issued),
            not_before: start.map(UnixTime),
            expires_at: UnixTime(end),
            ..world.command(Args::Lock)
        };
        assert_eq!(judge_payload(&world, &command.encode()), Reason::BadField);
    }
}
