//! A053–A062: passkeys. Each attack turns one knob of an honest assertion.

use super::*;

fn judged(bend: impl FnOnce(&mut Assertion)) -> Option<Reason> {
    let world = World::new();
    let mut envelope = world.envelope(&world.command(Args::Message {
        text: "Call us".into(),
    }));
    let mut assertion = Assertion::honest(&envelope.digest());
    bend(&mut assertion);
    envelope.add(assertion.sign(&world.cleo)).unwrap();
    world.judge(&envelope).err().map(|refusal| refusal.reason)
}

fn resigned(bend: impl FnOnce(&mut Vec<u8>)) -> Option<Reason> {
    let world = World::new();
    let mut envelope = world.envelope(&world.command(Args::Message {
        text: "Call us".into(),
    }));
    let Signature::WebAuthn {
        keyid,
        auth,
        client,
        mut sig,
    } = Assertion::honest(&envelope.digest()).sign(&world.cleo)
    else {
        panic!("an assertion");
    };
    bend(&mut sig);
    envelope
        .add(Signature::WebAuthn {
            keyid,
            auth,
            client,
            sig,
        })
        .unwrap();
    world.judge(&envelope).err().map(|refusal| refusal.reason)
}

#[test]
fn honest_assertions_hold_with_and_without_a_tail() {
    assert_eq!(judged(|_| {}), None);
    let tail = r#","crossOrigin":false,"other_keys_can_be_added_here":"do not compare"}"#;
    assert_eq!(judged(|assertion| assertion.tail = tail.into()), None);
}

#[test]
fn a053_the_challenge_signed_on_another_page() {
    let portal = "https://portal.northwind.example";
    assert_eq!(
        judged(|a| a.origin = portal.into()),
        Some(Reason::WaClientData)
    );
}

#[test]
fn a054_the_parents_rp_id() {
    assert_eq!(
        judged(|a| a.rp_id = "northwind.example".into()),
        Some(Reason::WaRpId)
    );
}

#[test]
fn a055_a_registration() {
    assert_eq!(
        judged(|a| a.kind = "webauthn.create"),
        Some(Reason::WaClientData)
    );
}

#[test]
fn a056_the_challenge_in_the_tail() {
    assert_eq!(
        judged(|a| {
            let real = std::mem::replace(&mut a.challenge, base64::encode_url(&[7; 32]));
            a.tail = format!(r#","crossOrigin":false,"challenge":"{real}"}}"#);
        }),
        Some(Reason::WaClientData)
    );
}

#[test]
fn a057_origins_that_look_alike() {
    for origin in [
        "https://approve.northwind.example.evil.example",
        "https://approve.northwind.example:8443",
        "https://Approve.northwind.example",
        "http://approve.northwind.example",
    ] {
        assert_eq!(
            judged(|a| a.origin = origin.into()),
            Some(Reason::WaClientData)
        );
    }
}

#[test]
fn a058_cross_origin_frames() {
    for tail in [
        r#","crossOrigin":true}"#,
        "}",
        r#","crossOrigin":false,"topOrigin":"https://evil.example"}"#,
        r#","crossOrigin":false"#,
        r#","crossOrigin":false]"#,
        r#","crossOrigin":false,"#,
    ] {
        assert_eq!(
            judged(|a| a.tail = tail.into()),
            Some(Reason::WaClientData),
            "{tail}"
        );
    }
}

#[test]
fn a059_a061_flags() {
    // No user present, none verified, backup eligible unlike the keyring, backed up without eligibility, AT, ED.
    for flags in [0x04, 0x01, 0x0d, 0x1d, 0x15, 0x45, 0x85] {
        assert_eq!(
            judged(|a| a.flags = flags),
            Some(Reason::WaFlags),
            "{flags:#x}"
        );
    }
    // Reserved bits are ignored.
    assert_eq!(judged(|a| a.flags = 0x27), None);
}

#[test]
fn a060_lengths() {
    assert_eq!(
        judged(|a| a.extra_auth = vec![0xa0]),
        Some(Reason::WaLength)
    );
    let long = format!(r#","crossOrigin":false,"x":"{}"}}"#, "x".repeat(1_024));
    assert_eq!(judged(|a| a.tail = long), Some(Reason::WaLength));
}

#[test]
fn a062_der_in_other_forms() {
    assert_eq!(resigned(|sig| sig.push(0)), Some(Reason::BadSignature));
    assert_eq!(resigned(Vec::clear), Some(Reason::BadSignature));
    let zero_r = |sig: &mut Vec<u8>| *sig = vec![0x30, 6, 2, 1, 0, 2, 1, 1];
    assert_eq!(resigned(zero_r), Some(Reason::BadSignature));
    let leading_zeros = |sig: &mut Vec<u8>| {
        let mut padded = vec![0x30, sig[1] + 1, 2, sig[3] + 1, 0];
        padded.extend(&sig[4..]);
        *sig = padded;
    };
    assert_eq!(resigned(leading_zeros), Some(Reason::BadSignature));
}

#[test]
fn a_file_key_cannot_sign_as_a_passkey_nor_the_other_way() {
    let world = World::new();
    let mut envelope = world.envelope(&world.command(Args::Kill));
    let message = envelope.signed_bytes();
    let sig = world.cleo.key.sign(&message);
    envelope
        .add(Signature::Plain {
            keyid: world.cleo.entry.id(),
            sig,
        })
        .unwrap();
    assert_eq!(world.judge(&envelope), Err(refused(Reason::BadSignature)));
    let mut envelope = world.envelope(&world.command(Args::Kill));
    let sig = world.ada.sign(&message);
    let (auth, client) = (vec![0; 37], b"{}".to_vec());
    envelope
        .add(Signature::WebAuthn {
            keyid: world.ada.key_id(),
            auth,
            client,
            sig,
        })
        .unwrap();
    assert_eq!(world.judge(&envelope), Err(refused(Reason::BadSignature)));
}
