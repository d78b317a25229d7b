//! Keys that are none, and passkeys that a hacked portal put to other uses: A051–A064.

use muster_protocol::base64;
use muster_protocol::command::{Args, Command};
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{Envelope, Signature};
use muster_protocol::keyring::Display;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_tests::fleet::{ORIGIN, RP_ID, auth_data};
use muster_tests::{Hacked, TestApp, on_both_databases};

use super::a065_keyrings::{offer, refused};

on_both_databases![
    a051_keyring_with_a_small_order_key,
    a052_passkey_off_the_curve_or_of_another,
    a053_a_sign_in_page_that_uses_a_commands_digest,
    a054_rp_id_of_the_parent_domain,
    a055_a_registration_instead_of_an_assertion,
    a056_the_right_challenge_in_the_tail,
    a057_origins_that_look_alike,
    a058_cross_origin_true_absent_or_a_top_origin,
    a059_without_user_verification_or_presence,
    a060_authenticator_data_with_extensions,
    a061_backup_flag_that_the_keyring_does_not_say,
    a062_der_in_other_forms,
    a063_synced_passkey_counted_as_independent,
    a064_the_other_s_is_the_same_command,
];

const PRESENT_AND_VERIFIED: u8 = 0x05;

fn message(a: &mut Hacked) -> Command {
    a.command(Args::Message {
        text: "come by".to_owned(),
    })
}

/// What the browser writes down for an honest approval on the approving page.
fn client(envelope: &Envelope) -> String {
    let challenge = base64::encode_url(envelope.digest().as_bytes());
    format!(
        r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#
    )
}

/// A message that one passkey may send, with an assertion made of these bytes; answers the phone's reason.
async fn tapped(
    a: &mut Hacked,
    bend: impl FnOnce(String, &Envelope) -> (Vec<u8>, String),
) -> Option<Reason> {
    let command = message(a);
    let mut envelope = a.signed(&command, &[]);
    let (auth, client) = bend(client(&envelope), &envelope);
    let tap = a.fleet.cleo.answer(auth, client.into_bytes());
    envelope.add(tap).unwrap();
    let reason = a.send_envelope(envelope.encode()).await;
    a.phone.assert_unharmed();
    reason
}

/// The same with honest authenticator data and a bent text of the browser's.
async fn said(a: &mut Hacked, bend: impl FnOnce(String) -> String) -> Option<Reason> {
    let auth = auth_data(RP_ID, PRESENT_AND_VERIFIED);
    tapped(a, |client, _| (auth, bend(client))).await
}

/// The next keyring's payload with something replaced, signed by the roots as it is.
async fn bent_keyring(a: &mut Hacked, replace: &[(String, String)]) {
    let mut text = String::from_utf8(a.fleet.next().encode()).unwrap();
    for (genuine, bent) in replace {
        assert!(text.contains(genuine), "{genuine}");
        text = text.replace(genuine, bent);
    }
    let payload = text.into_bytes();
    let mut envelope =
        Envelope::unsigned(muster_protocol::envelope::DocumentType::Keyring, payload);
    for root in &a.fleet.roots[..2] {
        envelope.sign_plain(root).unwrap();
    }
    refused(a, envelope.encode(), Reason::KeyringInvalid).await;
}

fn key_id(alg: &str, raw: &[u8]) -> String {
    Digest::of(&[alg.as_bytes(), &[0], raw].concat()).to_string()
}

async fn a051_keyring_with_a_small_order_key(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let stranger = a.fleet.stranger.clone();
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut not_canonical = [0xff; 32];
    (not_canonical[0], not_canonical[31]) = (0xee, 0x7f);
    for small in [[0; 32], identity, not_canonical] {
        let replace = [
            (
                base64::encode(stranger.verifying_key().raw()),
                base64::encode(&small),
            ),
            (stranger.key_id().to_string(), key_id("ed25519", &small)),
        ];
        bent_keyring(&mut a, &replace).await;
    }
}

async fn a052_passkey_off_the_curve_or_of_another(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let entry = a.fleet.cleo.entry();
    let raw = entry.key.raw().to_vec();
    let mut off = raw.clone();
    off[64] ^= 1;
    let mut compressed = raw.clone();
    compressed[0] = 2;
    let short = raw[..49].to_vec();
    for bent in [off, compressed, short] {
        let replace = [
            (base64::encode(&raw), base64::encode(&bent)),
            (entry.id().to_string(), key_id("webauthn-es256", &bent)),
        ];
        bent_keyring(&mut a, &replace).await;
    }
    let other = [("webauthn-es256".to_owned(), "webauthn-es384".to_owned())];
    bent_keyring(&mut a, &other).await;
}

async fn a053_a_sign_in_page_that_uses_a_commands_digest(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    assert_eq!(
        said(&mut a, |client| client).await,
        None,
        "an honest tap counts"
    );
    // The sign-in page asks under its own origin; whoever taps there sees a sign-in.
    let reason = said(&mut a, |client| {
        client.replace(ORIGIN, "https://portal.example.org")
    });
    assert_eq!(reason.await, Some(Reason::WaClientData));
}

async fn a054_rp_id_of_the_parent_domain(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let parent = auth_data("example.org", PRESENT_AND_VERIFIED);
    let reason = tapped(&mut a, |client, _| (parent, client)).await;
    assert_eq!(reason, Some(Reason::WaRpId));
}

async fn a055_a_registration_instead_of_an_assertion(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let reason = said(&mut a, |client| {
        client.replace("webauthn.get", "webauthn.create")
    });
    assert_eq!(reason.await, Some(Reason::WaClientData));
}

async fn a056_the_right_challenge_in_the_tail(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let other = base64::encode_url(Digest::of(b"sign in").as_bytes());
    let auth = auth_data(RP_ID, PRESENT_AND_VERIFIED);
    let reason = tapped(&mut a, |client, envelope| {
        let right = base64::encode_url(envelope.digest().as_bytes());
        let bent = client.replace(&right, &other);
        let tail = format!(r#","challenge":"{right}"}}"#);
        (auth, bent.strip_suffix('}').unwrap().to_owned() + &tail)
    });
    assert_eq!(reason.await, Some(Reason::WaClientData));
}

async fn a057_origins_that_look_alike(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for like in [
        "https://approve.example.org.evil.example",
        "https://approve.example.org:444",
        "https://Approve.example.org",
        "http://approve.example.org",
        "https://approve.example.org/",
        "https://example.org",
    ] {
        let reason = said(&mut a, |client| client.replace(ORIGIN, like)).await;
        assert_eq!(reason, Some(Reason::WaClientData), "{like}");
    }
}

async fn a058_cross_origin_true_absent_or_a_top_origin(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let honest = r#","crossOrigin":false}"#;
    for (bent, code) in [
        (r#","crossOrigin":true}"#, Some(Reason::WaClientData)),
        ("}", Some(Reason::WaClientData)),
        (
            r#","crossOrigin":false,"topOrigin":"https://evil.example"}"#,
            Some(Reason::WaClientData),
        ),
        (
            r#","crossOrigin":true,"topOrigin":"https://evil.example"}"#,
            Some(Reason::WaClientData),
        ),
        // What Chromium adds now and then loses no honest approval.
        (
            r#","crossOrigin":false,"other_keys_can_be_added_here":"x"}"#,
            None,
        ),
    ] {
        let reason = said(&mut a, |client| client.replace(honest, bent)).await;
        assert_eq!(reason, code, "{bent}");
    }
}

async fn flags(a: &mut Hacked, flags: u8) -> Option<Reason> {
    tapped(a, |client, _| (auth_data(RP_ID, flags), client)).await
}

async fn a059_without_user_verification_or_presence(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    for missing in [0x00, 0x01, 0x04] {
        assert_eq!(
            flags(&mut a, missing).await,
            Some(Reason::WaFlags),
            "{missing:02x}"
        );
    }
}

async fn a060_authenticator_data_with_extensions(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let longer = |extra: &[u8]| {
        let mut auth = auth_data(RP_ID, 0x85);
        auth.extend(extra);
        auth
    };
    let mut short = auth_data(RP_ID, PRESENT_AND_VERIFIED);
    short.pop();
    for auth in [longer(&[0xa0]), longer(&[0; 18]), short, Vec::new()] {
        let length = auth.len();
        let reason = tapped(&mut a, |client, _| (auth, client)).await;
        assert_eq!(reason, Some(Reason::WaLength), "{length} bytes");
    }
    // The flags say so and the bytes do not: as wrong.
    for attested in [0x85, 0x45] {
        assert_eq!(flags(&mut a, attested).await, Some(Reason::WaFlags));
    }
}

async fn a061_backup_flag_that_the_keyring_does_not_say(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    // Cleo's key stands as bound to one authenticator; synced, backed up, and backed up without being able to.
    for backed_up in [0x0d, 0x1d, 0x15] {
        assert_eq!(
            flags(&mut a, backed_up).await,
            Some(Reason::WaFlags),
            "{backed_up:02x}"
        );
    }
    // And Dora's as synced, without the flag.
    let command = message(&mut a);
    let mut envelope = a.signed(&command, &[]);
    let auth = auth_data(RP_ID, PRESENT_AND_VERIFIED);
    let tap = a.fleet.dora.answer(auth, client(&envelope).into_bytes());
    envelope.add(tap).unwrap();
    assert_eq!(
        a.send_envelope(envelope.encode()).await,
        Some(Reason::WaFlags)
    );
    a.phone.assert_unharmed();
}

/// The two integers of a DER signature, 32 bytes each.
fn numbers(der: &[u8]) -> [[u8; 32]; 2] {
    let mut rest = &der[2..];
    [(); 2].map(|()| {
        let length = usize::from(rest[1]);
        let digits = &rest[2..2 + length];
        rest = &rest[2 + length..];
        let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
        let mut number = [0; 32];
        number[32 - digits.len()..].copy_from_slice(digits);
        number
    })
}

/// A DER signature of two integers as they are.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let mut inner = Vec::new();
    for number in [r, s] {
        inner.extend([2, u8::try_from(number.len()).unwrap()]);
        inner.extend(number);
    }
    [
        &[0x30, u8::try_from(inner.len()).unwrap()],
        inner.as_slice(),
    ]
    .concat()
}

/// As DER wants it: no leading zero but before a high bit.
fn integer(number: &[u8; 32]) -> Vec<u8> {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(31);
    let mut digits = number[first..].to_vec();
    if digits[0] >= 0x80 {
        digits.insert(0, 0);
    }
    digits
}

/// n − s on the curve P-256.
fn other_s(s: &[u8; 32]) -> [u8; 32] {
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let order = order.unwrap();
    let (mut rest, mut borrow) = ([0; 32], 0);
    for at in (0..32).rev() {
        let wanted = i16::from(order[at]) - i16::from(s[at]) - borrow;
        borrow = i16::from(wanted < 0);
        rest[at] = u8::try_from(wanted + 256 * borrow).unwrap();
    }
    rest
}

/// Another form of a signature's bytes.
type Bend<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

/// The honest tap with its signature's bytes exchanged.
fn with_sig(tap: &Signature, exchange: impl FnOnce(&[u8]) -> Vec<u8>) -> Signature {
    let Signature::WebAuthn {
        keyid,
        auth,
        client,
        sig,
    } = tap.clone()
    else {
        unreachable!("a passkey's signature")
    };
    Signature::WebAuthn {
        keyid,
        auth,
        client,
        sig: exchange(&sig),
    }
}

async fn a062_der_in_other_forms(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = message(&mut a);
    let envelope = a.signed(&command, &[]);
    let tap = a.fleet.cleo.approve(&envelope);
    let zero = |number: Vec<u8>| [vec![0], number].concat();
    let bent: [(&str, Bend<'_>); 5] = [
        ("a leading zero", &|sig| {
            let [r, s] = numbers(sig);
            der(&zero(integer(&r)), &integer(&s))
        }),
        ("a trailing byte", &|sig| [sig, &[0]].concat()),
        ("r = 0", &|sig| der(&[0], &integer(&numbers(sig)[1]))),
        ("s = 0", &|sig| der(&integer(&numbers(sig)[0]), &[0])),
        ("64 bytes and no DER", &|sig| numbers(sig).concat()),
    ];
    for (what, bend) in bent {
        let mut sent = envelope.clone();
        sent.add(with_sig(&tap, bend)).unwrap();
        let reason = a.send_envelope(sent.encode()).await;
        assert_eq!(reason, Some(Reason::BadSignature), "{what}");
        a.phone.assert_unharmed();
    }
    let mut honest = envelope;
    honest.add(tap).unwrap();
    assert_eq!(a.send_envelope(honest.encode()).await, None);
}

async fn a063_synced_passkey_counted_as_independent(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let mut next = a.fleet.next();
    for entry in &mut next.keys {
        if entry.passkey.is_some() {
            entry.display = Display::Independent;
        }
    }
    let sealed = a.fleet.seal(&next, &[0, 1]);
    assert_eq!(offer(&mut a, vec![sealed]).await, []);
    let kill = a.command(Args::Kill);
    let mut synced = a.signed(&kill, &[]);
    let tap = a.fleet.dora.approve(&synced);
    synced.add(tap).unwrap();
    assert_eq!(
        a.send_logged(synced.encode()).await,
        Some(Reason::NeedsIndependent)
    );
    a.phone.assert_unharmed();
    // The one that never leaves its authenticator counts, on a screen of its own.
    let mut bound = a.signed(&kill, &[]);
    let tap = a.fleet.cleo.approve(&bound);
    bound.add(tap).unwrap();
    assert_eq!(a.send_logged(bound.encode()).await, None);
    assert_eq!(a.phone.status().lifecycle, "killed");
}

async fn a064_the_other_s_is_the_same_command(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = message(&mut a);
    let envelope = a.signed(&command, &[]);
    let tap = a.fleet.cleo.approve(&envelope);
    let mut first = envelope.clone();
    first.add(tap.clone()).unwrap();
    assert_eq!(a.send_envelope(first.encode()).await, None);
    let (journal, screen) = (a.phone.status().commands.len(), a.phone.screen());
    let mut second = envelope;
    let other = with_sig(&tap, |sig| {
        let [r, s] = numbers(sig);
        der(&integer(&r), &integer(&other_s(&s)))
    });
    second.add(other).unwrap();
    assert_ne!(first.encode(), second.encode());
    let item = Hacked::item(second.encode());
    let outcome = a.send(vec![item]).await;
    assert_eq!(
        outcome.commands[0].state,
        Some(ReceiptState::Done),
        "the stored receipt"
    );
    assert_eq!(
        a.phone.status().commands.len(),
        journal,
        "it was carried out twice"
    );
    assert_eq!(a.phone.screen(), screen);
    a.phone.assert_unharmed();
}
