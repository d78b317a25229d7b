//! A051, A052, A065–A068, A070, A071, A075, A077, A113: what root signers and carriers cannot do to a keyring.

use super::*;
use crate::keyring::{KeyringError, Update, verify_chain, verify_update};
use crate::keys::{Algorithm, Ed25519Key, P256Key};

fn judge(world: &World, keyring: &Keyring, by: &[&Ed25519Signer]) -> Result<Update, Reason> {
    verify_update(&world.held(), &world.seal(keyring, by)).map_err(|refusal| refusal.reason)
}

#[test]
fn the_next_keyring_and_the_same_again() {
    let world = World::new();
    let by = [&world.roots[0], &world.roots[2]];
    let Ok(Update::Next(next)) = judge(&world, &world.next(), &by) else {
        panic!("the next keyring is accepted");
    };
    assert_eq!(next.keyring, world.next());
    assert_eq!(next.digest, world.next().digest());
    assert_eq!(judge(&world, &world.keyring, &by), Ok(Update::Same));
}

#[test]
fn a051_small_order_points_are_no_keys() {
    let mut low_order = vec![[0; 32], [0; 32], [0xff; 32]];
    low_order[1][0] = 1;
    // p − 1, p and p + 1, of which the last two are non-canonical forms of 0 and 1.
    for first in [0xec, 0xed, 0xee] {
        let mut point = [0xff; 32];
        point[0] = first;
        point[31] = 0x7f;
        low_order.push(point);
        point[31] = 0xff;
        low_order.push(point);
    }
    let order_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    low_order.push(Digest::parse(order_8).unwrap().0);
    for point in low_order {
        assert!(Ed25519Key::from_raw(&point).is_err(), "{point:02x?}");
    }
    let world = World::new();
    let text = String::from_utf8(world.next().encode()).unwrap();
    let good = base64::encode(world.online.verifying_key().raw());
    let weak = text.replace(&good, &base64::encode(&[0; 32]));
    let mut envelope = Envelope::unsigned(DocumentType::Keyring, weak.into_bytes());
    envelope.sign_plain(&world.roots[0]).unwrap();
    envelope.sign_plain(&world.roots[1]).unwrap();
    let judged = verify_update(&world.held(), &envelope.encode());
    assert_eq!(judged, Err(refused(Reason::KeyringInvalid)));
}

#[test]
fn a052_points_off_the_curve_are_no_keys() {
    let world = World::new();
    let mut raw = *world.cleo.key.verifying_key().raw();
    raw[64] ^= 1;
    assert!(P256Key::from_raw(&raw).is_err());
    assert!(PublicKey::from_raw(Algorithm::WebauthnEs256, &[4; 97]).is_err());
    let mut compressed = raw[..33].to_vec();
    compressed[0] = 2;
    assert!(P256Key::from_raw(&compressed).is_err());
    let text = String::from_utf8(world.next().encode()).unwrap();
    let good = base64::encode(world.cleo.key.verifying_key().raw());
    let bent = text.replace(&good, &base64::encode(&raw));
    assert!(bent != text && Keyring::decode(bent.as_bytes()).is_err());
}

#[test]
fn a065_a066_lower_and_skipped_versions() {
    let world = World::new();
    let by = [&world.roots[0], &world.roots[1]];
    let at = |version| Keyring {
        version,
        ..world.next()
    };
    assert_eq!(judge(&world, &at(6), &by), Err(Reason::KeyringRollback));
    assert_eq!(judge(&world, &at(9), &by), Err(Reason::KeyringGap));
    assert_eq!(judge(&world, &at(7), &by), Err(Reason::KeyringInvalid));
}

#[test]
fn a067_both_roots_sign() {
    let world = World::new();
    let (new_one, new_two) = (signer(91), signer(92));
    let root = Root {
        keys: vec![whole(&new_one, 91), whole(&new_two, 92)],
        threshold: 2,
    };
    let next = Keyring {
        root,
        ..world.next()
    };
    let (old_one, old_two) = (&world.roots[0], &world.roots[1]);
    assert_eq!(
        judge(&world, &next, &[&new_one, &new_two]),
        Err(Reason::KeyringInvalid)
    );
    assert_eq!(
        judge(&world, &next, &[old_one, old_two]),
        Err(Reason::KeyringInvalid)
    );
    assert_eq!(
        judge(&world, &next, &[old_one, &new_one, &new_two]),
        Err(Reason::KeyringInvalid)
    );
    assert!(judge(&world, &next, &[old_one, old_two, &new_one, &new_two]).is_ok());
}

#[test]
fn a068_root_counts_people() {
    let mut world = World::new();
    world.keyring.root.keys[1].person = person(1);
    let by = [&world.roots[0], &world.roots[1]];
    assert_eq!(
        judge(&world, &world.next(), &by),
        Err(Reason::KeyringInvalid)
    );
    let by = [&world.roots[0], &world.roots[2]];
    assert!(judge(&world, &world.next(), &by).is_ok());
}

#[test]
fn a_bad_root_signature_fails_the_keyring() {
    let world = World::new();
    let bytes = world.seal(&world.next(), &[&world.roots[0], &world.roots[1]]);
    let mut envelope = Envelope::decode(&bytes, DocumentType::Keyring).unwrap();
    envelope
        .add(Signature::Plain {
            keyid: world.roots[2].key_id(),
            sig: vec![0; 64],
        })
        .unwrap();
    let judged = verify_update(&world.held(), &envelope.encode());
    assert_eq!(judged, Err(refused(Reason::KeyringInvalid)));
}

#[test]
fn a070_independence_is_real() {
    let world = World::new();
    let with = |origin: &str, rp_id: &str| {
        let mut keyring = world.next();
        let entry = keyring.keys.last_mut().unwrap();
        entry.display = Display::Independent;
        let passkey = Passkey {
            origin: origin.into(),
            rp_id: rp_id.into(),
            synced: false,
        };
        entry.passkey = Some(passkey);
        keyring.portals.push("portal.localhost".into());
        keyring.check()
    };
    for host in [
        "portal.northwind.example",
        "phones.northwind.example",
        "northwind.example",
        "a.portal.northwind.example",
        "portal.localhost",
    ] {
        let judged = with(&format!("https://{host}"), host);
        assert!(
            matches!(judged, Err(KeyringError::NotIndependent(_))),
            "{host}"
        );
    }
    with("http://approve.localhost:7443", "approve.localhost").unwrap();
    with(
        "https://approve.northwind.example",
        "approve.northwind.example",
    )
    .unwrap();
    for (origin, rp_id) in [
        ("https://approve.example", "example"),
        ("http://approve.example", "approve.example"),
        ("https://approve.example/", "approve.example"),
        ("https://Approve.example", "Approve.example"),
        ("https://approve.example:0443", "approve.example"),
    ] {
        assert!(
            matches!(with(origin, rp_id), Err(KeyringError::Passkey(_))),
            "{origin}"
        );
    }
}

#[test]
fn a071_a_key_has_one_use() {
    let world = World::new();
    let twice = |bend: &dyn Fn(&mut Keyring)| {
        let mut keyring = world.next();
        bend(&mut keyring);
        assert!(matches!(keyring.check(), Err(KeyringError::KeyTwice(_))));
        let by = [&world.roots[0], &world.roots[1]];
        assert_eq!(judge(&world, &keyring, &by), Err(Reason::KeyringInvalid));
    };
    twice(&|keyring| keyring.keys.push(file_key(&world.online, 70)));
    twice(&|keyring| keyring.keys.push(file_key(&world.roots[0], 70)));
    twice(&|keyring| keyring.log.key = world.witnesses[0].verifying_key());
    twice(&|keyring| keyring.online.push(whole(&world.online, 71)));
}

#[test]
fn thresholds_can_be_reached() {
    let world = World::new();
    let breaks = |bend: &dyn Fn(&mut Keyring)| {
        let mut keyring = world.next();
        bend(&mut keyring);
        keyring.check().unwrap_err();
    };
    breaks(&|keyring| keyring.root.threshold = 4);
    breaks(&|keyring| keyring.root.threshold = 0);
    breaks(&|keyring| keyring.witness.threshold = 4);
    breaks(&|keyring| keyring.grants[0].threshold = 0);
    breaks(&|keyring| keyring.grants[0].threshold = 5);
    breaks(&|keyring| keyring.grants[0].independent = 3);
    breaks(&|keyring| keyring.grants[1].clearances = 4);
    breaks(&|keyring| keyring.grants[0].keys.push(signer(98).key_id()));
    breaks(&|keyring| keyring.expires_at = keyring.issued_at.plus(400 * DAY + 1));
    breaks(&|keyring| keyring.expires_at = keyring.issued_at);
    breaks(&|keyring| keyring.servers.clear());
    breaks(&|keyring| keyring.servers[0].url = "http://phones.northwind.example".into());
    breaks(&|keyring| keyring.witness.keys[1].name = "witness.example/w0".into());
}

#[test]
fn a075_another_descriptor_is_not_the_pinned_one() {
    let world = World::new();
    let descriptor = world.descriptor();
    let pin = descriptor.fingerprint();
    let bytes = descriptor.encode();
    assert_eq!(Descriptor::pinned(&bytes, &pin), Ok(descriptor.clone()));
    let rogue = Descriptor {
        organisation: organisation(LYRE),
        ..descriptor.clone()
    };
    assert_eq!(
        Descriptor::pinned(&rogue.encode(), &pin),
        Err(refused(Reason::PinMismatch))
    );
    let (one, two) = (signer(91), signer(92));
    let root = Root {
        keys: vec![whole(&one, 1), whole(&two, 2)],
        threshold: 2,
    };
    let chain = vec![world.seal(
        &Keyring {
            root,
            ..world.keyring.clone()
        },
        &[&one, &two],
    )];
    let judged = verify_chain(&descriptor, &chain, UnixTime(NOW));
    assert_eq!(judged, Err(refused(Reason::KeyringInvalid)));
}

#[test]
fn a077_the_chain_ends_where_the_descriptor_says_or_later() {
    let world = World::new();
    let by = [&world.roots[0], &world.roots[1]];
    let old = Keyring {
        version: 6,
        issued_at: UnixTime(1),
        expires_at: UnixTime(2),
        ..world.keyring.clone()
    };
    let (six, seven) = (world.seal(&old, &by), world.seal(&world.keyring, &by));
    let (descriptor, now) = (world.descriptor(), UnixTime(NOW));
    let judged = verify_chain(&descriptor, std::slice::from_ref(&six), now);
    assert_eq!(judged, Err(refused(Reason::KeyringRollback)));
    // An expired intermediate is allowed; an expired end is not.
    let held = verify_chain(&descriptor, &[six.clone(), seven.clone()], now).unwrap();
    assert_eq!(held.keyring.version, 7);
    let late = UnixTime(NOW + 181 * DAY);
    let judged = verify_chain(&descriptor, &[six, seven], late);
    assert_eq!(judged, Err(Refusal::deferred(Reason::KeyringExpired)));
    assert_eq!(
        verify_chain(&descriptor, &[], now),
        Err(refused(Reason::KeyringInvalid))
    );
}

#[test]
fn a113_min_protocol_only_rises_and_time_goes_on() {
    let mut world = World::new();
    world.keyring.min_protocol = 2;
    let by = [&world.roots[0], &world.roots[1]];
    let lower = Keyring {
        min_protocol: 1,
        ..world.next()
    };
    assert_eq!(judge(&world, &lower, &by), Err(Reason::KeyringInvalid));
    let fleet = FleetId::parse("0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e").unwrap();
    let foreign = Keyring {
        fleet,
        min_protocol: 2,
        ..world.next()
    };
    assert_eq!(judge(&world, &foreign, &by), Err(Reason::KeyringInvalid));
    let earlier = Keyring {
        issued_at: UnixTime(NOW - 2 * DAY),
        ..world.next()
    };
    assert_eq!(judge(&world, &earlier, &by), Err(Reason::KeyringInvalid));
}
