//! From one keyring to the next, and what a keyring's bytes may say (§5), exactly at the edges.

use super::*;
use crate::keyring::{CHAIN_MAX, KeyringError, Update, verify_chain, verify_update};

#[test]
fn a_keyring_has_expired_at_its_last_second() {
    let held = World::new().held();
    let end = held.keyring.expires_at;
    assert!(!held.is_expired(end.minus(1)));
    assert!(held.is_expired(end));
    assert!(held.is_expired(end.plus(1)));
}

#[test]
fn the_next_keyring_may_be_of_the_same_second() {
    let world = World::new();
    let same = Keyring {
        issued_at: world.keyring.issued_at,
        ..world.next()
    };
    let bytes = world.seal(&same, &[&world.roots[0], &world.roots[1]]);
    let held = HeldKeyring::from_stored(bytes.clone()).unwrap();
    assert_eq!(
        verify_update(&world.held(), &bytes),
        Ok(Update::Next(Box::new(held)))
    );
    let before = Keyring {
        issued_at: world.keyring.issued_at.minus(1),
        ..same
    };
    let bytes = world.seal(&before, &[&world.roots[0], &world.roots[1]]);
    let judged = verify_update(&world.held(), &bytes);
    assert_eq!(judged, Err(refused(Reason::KeyringInvalid)));
}

#[test]
fn passkeys_sign_no_keyring() {
    let world = World::new();
    let bytes = world.seal(&world.next(), &[&world.roots[0], &world.roots[1]]);
    let mut envelope = Envelope::decode(&bytes, DocumentType::Keyring).unwrap();
    envelope
        .add(Signature::WebAuthn {
            keyid: world.roots[2].key_id(),
            auth: vec![0; 37],
            client: b"{}".to_vec(),
            sig: world.roots[2].sign(&envelope.signed_bytes()),
        })
        .unwrap();
    let judged = verify_update(&world.held(), &envelope.encode());
    assert_eq!(judged, Err(refused(Reason::KeyringInvalid)));
}

#[test]
fn a_chain_has_at_most_512_links() {
    let world = World::new();
    let judge = |links: usize| {
        let chain = vec![b"no keyring".to_vec(); links];
        verify_chain(&world.descriptor(), &chain, UnixTime(NOW)).map(|held| held.digest)
    };
    assert_eq!(judge(CHAIN_MAX), Err(refused(Reason::BadEncoding)));
    assert_eq!(judge(CHAIN_MAX + 1), Err(refused(Reason::TooLarge)));
}

#[test]
fn a_chain_starts_in_the_pinned_fleet_and_with_the_pinned_root() {
    let world = World::new();
    let by = [&world.roots[0], &world.roots[1]];
    let fleet = FleetId::parse("0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e").unwrap();
    let foreign = world.seal(
        &Keyring {
            fleet,
            ..world.keyring.clone()
        },
        &by,
    );
    let judged = verify_chain(&world.descriptor(), &[foreign], UnixTime(NOW));
    assert_eq!(judged, Err(refused(Reason::KeyringInvalid)));
    let one = world.seal(&world.keyring, &by[..1]);
    let judged = verify_chain(&world.descriptor(), &[one], UnixTime(NOW));
    assert_eq!(judged, Err(refused(Reason::KeyringInvalid)));
    // The same link twice is no step.
    let link = world.seal(&world.keyring, &by);
    let held = verify_chain(&world.descriptor(), &[link.clone(), link], UnixTime(NOW)).unwrap();
    assert_eq!(held, world.held());
}

#[test]
fn an_organisation_list_is_a_star_alone_or_names() {
    let world = World::new();
    let text = String::from_utf8(world.keyring.encode()).unwrap();
    let star = r#""organisations":["*"]"#;
    assert!(text.contains(star));
    for (list, is_sound) in [
        (format!(r#"["{NORTHWIND}","{LYRE}"]"#), true),
        (format!(r#"["*","{LYRE}"]"#), false),
        (r#"["*","*"]"#.to_owned(), false),
        (r#"["Lyre"]"#.to_owned(), false),
    ] {
        let bent = text.replace(star, &format!(r#""organisations":{list}"#));
        assert_eq!(Keyring::decode(bent.as_bytes()).is_ok(), is_sound, "{list}");
    }
}

#[test]
fn a_key_has_the_algorithm_and_the_name_that_it_says() {
    let world = World::new();
    let text = String::from_utf8(world.keyring.encode()).unwrap();
    let (ada, ben) = (
        world.ada.key_id().to_string(),
        world.ben.key_id().to_string(),
    );
    let cleo = world.cleo.entry.id().to_string();
    for (from, to) in [
        (format!(r#""id":"{ada}""#), format!(r#""id":"{ben}""#)),
        (
            format!(r#""alg":"webauthn-es256","display":"portal","id":"{cleo}""#),
            format!(r#""alg":"p256","display":"portal","id":"{cleo}""#),
        ),
        (
            format!(r#""alg":"ed25519","display":"independent","id":"{ada}""#),
            format!(r#""alg":"webauthn-es256","display":"independent","id":"{ada}""#),
        ),
    ] {
        let bent = text.replacen(&from, &to, 1);
        assert_ne!(bent, text, "{from}");
        Keyring::decode(bent.as_bytes()).unwrap_err();
    }
}

#[test]
fn what_people_at_the_ceremony_are_told_names_the_rule() {
    assert_eq!(
        KeyringError::Unreachable("root").to_string(),
        "the threshold of root cannot be reached, or is zero"
    );
    assert_eq!(
        Refusal::from(KeyringError::Life),
        refused(Reason::KeyringInvalid)
    );
}
