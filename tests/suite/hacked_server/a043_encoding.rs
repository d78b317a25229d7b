//! What is not the one form: A043–A050.

use muster_protocol::base64;
use muster_protocol::command::{Args, Command};
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::reason::Reason;
use muster_tests::hacked::{reason, sign};
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![
    a043_duplicate_member,
    a044_numbers_in_other_forms,
    a045_unknown_member_null_white_space_escape,
    a046_reason_with_bidi_override_or_terminal_escape,
    a047_lone_surrogate_overlong_bom,
    a048_base64_in_other_forms,
    a049_deep_nesting_and_a_huge_envelope,
    a050_signature_with_s_plus_l,
];

/// A wipe's payload, changed as text and then honestly signed by both approvers: what is tested is the reading alone.
async fn refused(a: &mut Hacked, change: impl FnOnce(String) -> Vec<u8>, code: Reason) {
    let payload = String::from_utf8(a.command(Args::Wipe).encode()).unwrap();
    let changed = change(payload.clone());
    assert_ne!(payload.as_bytes(), changed);
    let envelope = sign(changed, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(envelope).await, Some(code));
    a.phone.assert_unharmed();
}

async fn a043_duplicate_member(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    refused(
        &mut a,
        |text| {
            text.replace("\"kind\":\"wipe\"", "\"kind\":\"lock\",\"kind\":\"wipe\"")
                .into()
        },
        Reason::BadEncoding,
    )
    .await;
    refused(
        &mut a,
        |text| {
            text.replace("\"kind\":\"wipe\"", "\"kind\":\"wipe\",\"kind\":\"wipe\"")
                .into()
        },
        Reason::BadEncoding,
    )
    .await;
}

async fn a044_numbers_in_other_forms(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for form in ["1.0", "1e0", "01", "+1", "-1", "9007199254740992", "1E3"] {
        let member = format!("\"keyring\":{form}");
        refused(
            &mut a,
            |text| text.replace("\"keyring\":1", &member).into(),
            Reason::BadEncoding,
        )
        .await;
    }
}

async fn a045_unknown_member_null_white_space_escape(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    refused(
        &mut a,
        |text| {
            text.replace("\"kind\":\"wipe\"", "\"kind\": \"wipe\"")
                .into()
        },
        Reason::BadEncoding,
    )
    .await;
    refused(
        &mut a,
        |text| format!("{text}\n").into(),
        Reason::BadEncoding,
    )
    .await;
    refused(
        &mut a,
        |text| text.replace("\"wipe\"", "\"\\u0077ipe\"").into(),
        Reason::BadEncoding,
    )
    .await;
    refused(
        &mut a,
        |text| text.replace("\"args\":{}", "\"args\":null").into(),
        Reason::BadEncoding,
    )
    .await;
    // Canonical, and of a member that nobody knows.
    let payload = String::from_utf8(a.command(Args::Wipe).encode()).unwrap();
    let unknown = payload.replace("\"v\":1}", "\"v\":1,\"volume\":1}");
    assert_ne!(payload, unknown);
    let envelope = sign(unknown.into_bytes(), &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(envelope).await, Some(Reason::BadEncoding));
    a.phone.assert_unharmed();
}

async fn a046_reason_with_bidi_override_or_terminal_escape(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for text in [
        "left\u{202e}right",
        "clear\u{9b}2J",
        "soft\u{ad}hyphen",
        "zero\u{200b}width",
        "tag\u{e0041}",
        "",
    ] {
        let command = Command {
            reason: text.to_owned(),
            ..a.command(Args::Wipe)
        };
        let sealed = a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]).encode();
        assert_eq!(
            a.send_logged(sealed).await,
            Some(Reason::BadField),
            "{text:?}"
        );
    }
    let long = Command {
        reason: "x".repeat(201),
        ..a.command(Args::Wipe)
    };
    let long = a.signed(&long, &[&a.fleet.ada, &a.fleet.ben]).encode();
    assert_eq!(a.send_logged(long).await, Some(Reason::BadField));
    a.phone.assert_unharmed();
}

async fn a047_lone_surrogate_overlong_bom(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    refused(
        &mut a,
        |text| text.replace("taxi", "\\ud800").into(),
        Reason::BadEncoding,
    )
    .await;
    refused(
        &mut a,
        |text| [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
        Reason::BadEncoding,
    )
    .await;
    let overlong = |text: String| {
        let at = text.find("taxi").unwrap();
        [
            &text.as_bytes()[..at],
            b"\xc0\xaf".as_slice(),
            &text.as_bytes()[at..],
        ]
        .concat()
    };
    refused(&mut a, overlong, Reason::BadEncoding).await;
}

async fn a048_base64_in_other_forms(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // A payload whose length makes padding, so that there is some to leave out.
    let command = (0..3)
        .map(|more| Command {
            reason: format!("left in a taxi{}", "!".repeat(more)),
            ..a.command(Args::Wipe)
        })
        .find(|command| base64::encode(&command.encode()).ends_with("=="))
        .unwrap();
    let envelope = a.signed(&command, &[&a.fleet.ada, &a.fleet.ben]);
    let (text, padded) = (
        String::from_utf8(envelope.encode()).unwrap(),
        base64::encode(envelope.payload()),
    );
    let bare = padded.trim_end_matches('=');
    let last = bare.chars().last().unwrap();
    // The same bytes with other bits where none are read.
    let loose = format!(
        "{}{}==",
        &bare[..bare.len() - 1],
        char::from_u32(u32::from(last) + 1).unwrap()
    );
    let signature = base64::encode(&a.fleet.ada.sign(&envelope.signed_bytes()));
    let forms = [
        text.replace(&padded, bare),
        text.replace(&padded, &loose),
        text.replace(&padded, &format!("{padded}\n")),
        text.replace(
            &signature,
            &signature
                .replace('+', "-")
                .replace('/', "_")
                .replace('=', ""),
        ),
    ];
    for form in forms {
        assert_ne!(form, text);
        assert_eq!(
            a.send_logged(form.into_bytes()).await,
            Some(Reason::BadEncoding)
        );
    }
    a.phone.assert_unharmed();
}

async fn a049_deep_nesting_and_a_huge_envelope(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // As deep as an envelope can carry, and too deep for any document.
    let deep = format!("{}{}", "[".repeat(4_000), "]".repeat(4_000));
    let envelope = Envelope::unsigned(DocumentType::Command, deep.into_bytes()).encode();
    assert_eq!(a.send_envelope(envelope).await, Some(Reason::TooLarge));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let envelope = Envelope::unsigned(DocumentType::Command, deep.into_bytes()).encode();
    assert_eq!(a.send_envelope(envelope).await, Some(Reason::TooLarge));
    let large = vec![b'x'; 65 * 1024];
    assert_eq!(a.send_envelope(large).await, Some(Reason::TooLarge));
    // What is larger than a bundle is no bundle.
    let huge = vec![b' '; 64 * 1024 * 1024];
    let error = a.phone.agent.apply(&huge).await.unwrap_err();
    assert!(error.to_string().contains("too_large"), "{error}");
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = a.phone.agent.apply(nested.as_bytes()).await.unwrap_err();
    assert!(error.to_string().contains("too_large"), "{error}");
    a.phone.assert_unharmed();
}

async fn a050_signature_with_s_plus_l(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Kill);
    let envelope = a.signed(&command, &[&a.fleet.ada]);
    let genuine = a.fleet.ada.sign(&envelope.signed_bytes());
    // The order of the group, little-endian (RFC 8032 §5.1): S + L verifies where S is not compared with it.
    let order = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleable = genuine.clone();
    let mut carry = 0_u16;
    for (byte, add) in malleable[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + add + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    let text = String::from_utf8(envelope.encode()).unwrap();
    let changed = text.replace(&base64::encode(&genuine), &base64::encode(&malleable));
    assert_ne!(text, changed);
    assert_eq!(
        a.send_logged(changed.into_bytes()).await,
        Some(Reason::BadSignature)
    );
    a.phone.assert_unharmed();
    assert_eq!(
        reason(&{
            let item = a.logged(envelope.encode());
            a.send(vec![item]).await
        }),
        None,
        "the genuine one is taken"
    );
}
