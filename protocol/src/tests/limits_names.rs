//! Names, digests and keys (§2, §4), exactly at their edges: one form for one value.

use super::*;
use crate::digest::sha256;
use crate::field::FieldError;
use crate::ids::{CaseNumber, EnrolmentId, KeyId};
use crate::keys::{Algorithm, Ed25519Key, P256Key};

#[test]
fn a_digest_is_64_lower_case_hex_digits() {
    let digest = Digest::of(b"abc");
    let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(digest.to_hex(), hex);
    assert_eq!(digest.to_string(), hex);
    assert_eq!(format!("{digest:?}"), format!("Digest({hex})"));
    assert_eq!(Digest::parse(hex), Ok(digest));
    assert_eq!(hex.parse(), Ok(digest));
    assert_eq!(sha256(b"abc"), digest);
    assert_eq!(Digest::of_parts(&[b"a", b"", b"bc"]), digest);
    for bent in [
        hex.to_uppercase(),
        hex[1..].to_owned(),
        format!("{hex}0"),
        format!("{hex}00"),
        hex.replace('b', "g"),
        hex.replace('b', "`"),
        String::new(),
    ] {
        assert_eq!(Digest::parse(&bent), Err(FieldError::Invalid("digest")));
    }
    assert_eq!(EnrolmentId::parse(hex).unwrap().digest(), &digest);
    assert_eq!(hex.parse::<KeyId>().unwrap().to_string(), hex);
}

#[test]
fn names_have_exactly_their_form() {
    let fleets = |text: &str| (FleetId::parse(text).is_ok(), Person::parse(text).is_ok());
    assert_eq!(fleets(FLEET), (true, true));
    for text in [
        &FLEET[1..],
        &format!("{FLEET}0"),
        &FLEET.to_uppercase(),
        &FLEET.replace('f', "g"),
    ] {
        assert_eq!(fleets(text), (false, false), "{text}");
    }
    assert_eq!(FLEET.parse::<FleetId>().unwrap().as_str(), FLEET);
    let uuid = NORTHWIND;
    assert_eq!(OrganisationId::parse(uuid).unwrap().to_string(), uuid);
    for at in 0..uuid.len() {
        for character in ["-", "0", "a", "g", "A", "`", "/", ":"] {
            let mut bent = uuid.to_owned();
            bent.replace_range(at..=at, character);
            let is_uuid = if uuid.as_bytes()[at] == b'-' {
                character == "-"
            } else {
                matches!(character, "0" | "a")
            };
            assert_eq!(OrganisationId::parse(&bent).is_ok(), is_uuid, "{bent}");
            assert_eq!(DeviceId::parse(&bent).is_ok(), is_uuid, "{bent}");
            assert_eq!(CommandId::parse(&bent).is_ok(), is_uuid, "{bent}");
        }
    }
    for bent in [&uuid[1..], &uuid[..35], &format!("{uuid}0"), ""] {
        assert!(OrganisationId::parse(bent).is_err(), "{bent}");
    }
}

#[test]
fn serials_and_cases_are_1_to_64_of_their_alphabet() {
    let both = |text: &str| {
        (
            SerialNumber::parse(text).is_ok(),
            CaseNumber::parse(text).is_ok(),
        )
    };
    for text in ["A", "z", "0", ".", "_", "-", "NW-000042", &"x".repeat(64)] {
        assert_eq!(both(text), (true, true), "{text}");
    }
    for text in ["", "a b", "a/b", "a+b", "é", "a\n", &"x".repeat(65)] {
        assert_eq!(both(text), (false, false), "{text}");
    }
}

#[test]
fn base64_has_one_text_for_one_value() {
    for (bytes, text) in [
        (&b""[..], ""),
        (b"a", "YQ=="),
        (b"ab", "YWI="),
        (b"\xfb\xff", "+/8="),
    ] {
        assert_eq!(base64::encode(bytes), text);
        assert_eq!(base64::decode(text).as_deref(), Some(bytes));
    }
    for text in ["YQ", "YQ=", "YR==", "YWJ=", "-_8=", "YQ==\n", "Y"] {
        assert_eq!(base64::decode(text), None, "{text}");
    }
    assert_eq!(base64::encode_url(b"\xfb\xff"), "-_8");
}

#[test]
fn a_key_has_one_length_one_form_and_one_name() {
    let world = World::new();
    let (file, point) = (world.ada.verifying_key(), world.device.verifying_key());
    assert_eq!(Ed25519Key::from_raw(file.raw()), Ok(file));
    assert_eq!(P256Key::from_raw(point.raw()), Ok(point));
    for length in [0, 31, 33, 64] {
        assert!(Ed25519Key::from_raw(&vec![1; length]).is_err());
    }
    for length in [0, 33, 64, 66] {
        assert!(P256Key::from_raw(&vec![4; length]).is_err());
    }
    // The compact and the hybrid form of the same point.
    for first in [0, 2, 3, 5, 6, 7] {
        let mut raw = *point.raw();
        raw[0] = first;
        assert!(P256Key::from_raw(&raw).is_err(), "{first}");
    }
    for (algorithm, raw) in [
        (Algorithm::Ed25519, file.raw().as_slice()),
        (Algorithm::WebauthnEs256, point.raw()),
        (Algorithm::P256, point.raw()),
    ] {
        let key = PublicKey::from_raw(algorithm, raw).unwrap();
        assert_eq!((key.algorithm(), key.raw()), (algorithm, raw));
        let named = [algorithm.as_str().as_bytes(), &[0], raw].concat();
        assert_eq!(key.key_id(), KeyId(Digest::of(&named)));
    }
    assert_eq!(world.ada.public_key(), PublicKey::Ed25519(file));
    assert_eq!(world.device.public_key(), PublicKey::P256(point));
    assert_eq!(world.device.key_id(), PublicKey::P256(point).key_id());
    assert_eq!(point.enrolment_id(), EnrolmentId(Digest::of(point.raw())));
}

#[test]
fn a_secret_key_comes_back_from_its_bytes() {
    assert_eq!(signer(7).seed(), [7; 32]);
    let stored = P256Signer::from_bytes([7; 32]).unwrap();
    assert_eq!(stored.to_bytes(), [7; 32]);
    assert!(P256Signer::from_bytes([0; 32]).is_none());
    assert!(P256Signer::from_bytes([0xff; 32]).is_none());
}

#[test]
fn a_signature_holds_for_its_key_and_its_message_alone() {
    let world = World::new();
    let (file, point) = (world.ada.verifying_key(), world.device.verifying_key());
    let (by_file, by_point) = (world.ada.sign(b"message"), world.device.sign(b"message"));
    assert_eq!(by_file.len(), 64);
    assert!(file.verify(b"message", &by_file));
    assert!(point.verify(b"message", &by_point));
    assert!(!file.verify(b"massage", &by_file));
    assert!(!point.verify(b"massage", &by_point));
    assert!(!world.ben.verifying_key().verify(b"message", &by_file));
    assert!(!world.cleo.key.verifying_key().verify(b"message", &by_point));
    assert!(!file.verify(b"message", &by_file[..63]));
    assert!(!point.verify(b"message", &by_point[..by_point.len() - 1]));
}
