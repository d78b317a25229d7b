//! Envelopes, approvals and grants exactly at their edges (§4, §5, §8, §12 steps 1 to 7).

use super::*;
use crate::authority::{self, Needed};
use crate::curves::Curves;
use crate::envelope::{AddError, ENVELOPE_MAX, PAYLOAD_MAX, SIGNATURES_MAX, envelope_digest};
use crate::ids::KeyId;
use crate::keys::{Ed25519Key, P256Key};
use crate::target::PROOF_MAX;
use crate::webauthn;

fn message(world: &World) -> Command {
    world.command(Args::Message {
        text: "Call us".into(),
    })
}

/// An envelope written by hand, with payload and entries as they are.
fn by_hand(payload: &str, entries: &[String]) -> Vec<u8> {
    let kind = DocumentType::Command;
    let entries = entries.join(",");
    format!(r#"{{"payload":"{payload}","payloadType":"{kind}","signatures":[{entries}]}}"#)
        .into_bytes()
}

fn decode(bytes: &[u8]) -> Result<Envelope, Reason> {
    Envelope::decode(bytes, DocumentType::Command).map_err(|refusal| refusal.reason)
}

fn entries(count: u8) -> Vec<String> {
    (0..count)
        .map(|number| {
            format!(
                r#"{{"keyid":"{}","sig":"AA=="}}"#,
                hex::encode([number; 32])
            )
        })
        .collect()
}

#[test]
fn client_data_is_1_024_bytes_long_at_most() {
    let world = World::new();
    let judge = |length: usize| {
        let mut envelope = world.envelope(&message(&world));
        let mut assertion = Assertion::honest(&envelope.digest());
        let tail = |fill: usize| format!(r#","crossOrigin":false,"x":"{}"}}"#, "x".repeat(fill));
        assertion.tail = tail(0);
        let Signature::WebAuthn { client, .. } = assertion.sign(&world.cleo) else {
            panic!("an assertion");
        };
        assertion.tail = tail(length - client.len());
        envelope.add(assertion.sign(&world.cleo)).unwrap();
        world
            .judge(&envelope)
            .map(|judged| judged.authorised.people.len())
    };
    assert_eq!(judge(1_024), Ok(1));
    assert_eq!(judge(1_025), Err(refused(Reason::WaLength)));
}

#[test]
fn client_data_is_not_empty_and_utf_8() {
    let world = World::new();
    for bent in [&b""[..], b"\xff"] {
        let mut envelope = world.envelope(&message(&world));
        let honest = Assertion::honest(&envelope.digest()).sign(&world.cleo);
        let Signature::WebAuthn {
            keyid, auth, sig, ..
        } = honest
        else {
            panic!("an assertion");
        };
        let client = bent.to_vec();
        envelope
            .add(Signature::WebAuthn {
                keyid,
                auth,
                client,
                sig,
            })
            .unwrap();
        assert_eq!(world.judge(&envelope), Err(refused(Reason::WaLength)));
    }
}

#[test]
fn a_backed_up_synced_passkey_still_approves() {
    let mut world = World::new();
    world.keyring.keys[5].passkey.as_mut().unwrap().synced = true;
    for (flags, judged) in [(0x0d, None), (0x1d, None), (0x05, Some(Reason::WaFlags))] {
        let mut envelope = world.envelope(&message(&world));
        let mut assertion = Assertion::honest(&envelope.digest());
        assertion.flags = flags;
        envelope.add(assertion.sign(&world.cleo)).unwrap();
        let reason = world.judge(&envelope).err().map(|refusal| refusal.reason);
        assert_eq!(reason, judged, "{flags:#x}");
    }
}

#[test]
fn of_the_grants_that_are_met_the_one_with_the_fewest_clearances_counts() {
    for (clearances, wanted) in [([2, 1], 1), ([1, 2], 1), ([0, 3], 0), ([2, 2], 2)] {
        let mut world = World::new();
        let second = world.keyring.grants[1].clone();
        world.keyring.grants.push(second);
        world.keyring.grants[1].clearances = clearances[0];
        world.keyring.grants[5].clearances = clearances[1];
        let envelope = world.signed(&world.command(Args::Wipe), &[&world.ada, &world.ben], &[]);
        let authorised = world.judge(&envelope).unwrap().authorised;
        assert_eq!(authorised.clearances_needed, wanted, "{clearances:?}");
    }
}

#[test]
fn of_equal_grants_the_first_names_the_people() {
    let mut world = World::new();
    let ada_alone = Grant {
        keys: vec![world.ada.key_id()],
        ..world.keyring.grants[0].clone()
    };
    world.keyring.grants.insert(0, ada_alone);
    let envelope = world.signed(&message(&world), &[&world.ada, &world.ben], &[]);
    let authorised = world.judge(&envelope).unwrap().authorised;
    assert_eq!(authorised.people, [person(10)].into());
    let mut keys = vec![world.ada.key_id(), world.ben.key_id()];
    keys.sort();
    assert_eq!(authorised.keys, keys);
}

#[test]
fn what_the_grant_that_came_furthest_lacks_is_named() {
    let mut world = World::new();
    // Ben alone: too few people by the first grant, too many targets by the second.
    let narrow = Grant {
        threshold: 1,
        max_targets: 1,
        ..world.keyring.grants[0].clone()
    };
    world.keyring.grants[0].threshold = 2;
    world.keyring.grants.push(narrow);
    let (tree, proof) = world.tree(1);
    let command = Command {
        targets: tree.targets(),
        ..world.command(Args::Kill)
    };
    let judge = |envelope: &Envelope| {
        judge::authenticate(&envelope.encode(), &proof, &world.pin(), &world.keyring)
    };
    let by_file = judge(&world.signed(&command, &[&world.ben], &[]));
    assert_eq!(by_file, Err(refused(Reason::TooManyTargets)));
    let by_portal = judge(&world.signed(&command, &[], &[&world.cleo]));
    assert_eq!(by_portal, Err(refused(Reason::NeedsIndependent)));
}

#[test]
fn as_many_targets_as_granted_are_allowed() {
    let world = World::new();
    let (tree, proof) = world.tree(24);
    assert_eq!(tree.count(), 25);
    let command = Command {
        targets: tree.targets(),
        ..world.command(Args::Kill)
    };
    let bytes = world.signed(&command, &[&world.ada], &[]).encode();
    judge::authenticate(&bytes, &proof, &world.pin(), &world.keyring).unwrap();
    let org = organisation(NORTHWIND);
    assert!(authority::needed(&world.keyring, Kind::Kill, &org, 25).is_some());
    assert!(authority::needed(&world.keyring, Kind::Kill, &org, 26).is_none());
}

#[test]
fn what_a_command_takes_is_said_by_the_easiest_grant() {
    let mut world = World::new();
    let org = organisation(NORTHWIND);
    let easy = Grant {
        keys: vec![world.ben.key_id(), world.ada.key_id()],
        clearances: 0,
        ..world.keyring.grants[1].clone()
    };
    world.keyring.grants.push(easy.clone());
    let needed = |world: &World, kind| authority::needed(&world.keyring, kind, &org, 1);
    let wanted = Needed {
        online: false,
        people: 2,
        independent: 1,
        clearances: 0,
        key_ids: easy.keys,
    };
    assert_eq!(needed(&world, Kind::Wipe), Some(wanted));
    // A suspend may be the online key's or a person's; without an online key it is a person's.
    let suspend = needed(&world, Kind::Suspend).unwrap();
    assert_eq!((suspend.online, suspend.people), (true, 1));
    world.keyring.online.clear();
    let suspend = needed(&world, Kind::Suspend).unwrap();
    assert_eq!((suspend.online, suspend.people), (false, 1));
    assert_eq!(needed(&world, Kind::Lock), None);
}

#[test]
fn every_grant_that_covers_a_command_is_a_way_of_its_own() {
    let mut world = World::new();
    let org = organisation(NORTHWIND);
    let first = world.keyring.grants[1].clone();
    let other = Grant {
        keys: vec![world.ben.key_id()],
        threshold: 3,
        independent: 3,
        clearances: 2,
        max_targets: 7,
        ..first.clone()
    };
    world.keyring.grants.push(other.clone());
    let ways = |count| authority::ways(&world.keyring, Kind::Wipe, &org, count);
    let told = |ways: Vec<Needed>| -> Vec<_> {
        let told = |way: Needed| (way.people, way.independent, way.clearances, way.key_ids);
        ways.into_iter().map(told).collect()
    };
    let (one, two) = ((2, 1, 1, first.keys), (3, 3, 2, other.keys));
    assert_eq!(told(ways(7)), [one.clone(), two], "in the keyring's order");
    assert_eq!(told(ways(8)), [one]);
    assert!(ways(26).is_empty());
    let elsewhere = organisation(LYRE);
    assert!(authority::ways(&world.keyring, Kind::Wipe, &elsewhere, 1).is_empty());
    let suspend = authority::ways(&world.keyring, Kind::Suspend, &org, 1);
    assert!(!suspend.is_empty() && suspend.iter().all(|way| way.online));
    assert!(
        authority::ways(&world.keyring, Kind::Lock, &org, 1).is_empty(),
        "nobody's but the online key's"
    );
}

#[test]
fn what_a_command_takes_of_one_key_is_said_by_the_grant_that_names_it() {
    let mut world = World::new();
    let org = organisation(NORTHWIND);
    let asked = |world: &World, key: KeyId, kind, count| {
        let entry = world.keyring.key(&key).unwrap();
        authority::needed_with(&world.keyring, entry, kind, &org, count)
    };
    let (ada, lyre, cleo) = (
        world.ada.key_id(),
        world.lyre.key_id(),
        world.cleo.entry.id(),
    );
    let wanted = Needed {
        online: false,
        people: 2,
        independent: 1,
        clearances: 1,
        key_ids: world.keyring.grants[1].keys.clone(),
    };
    assert_eq!(asked(&world, ada, Kind::Wipe, 25), Some(wanted.clone()));
    assert_eq!(asked(&world, ada, Kind::Wipe, 26), None);
    assert_eq!(asked(&world, lyre, Kind::Wipe, 1), None, "named elsewhere");
    // A portal passkey may be the second person of two, and adds nothing where everybody must be independent.
    assert_eq!(asked(&world, cleo, Kind::Wipe, 1), Some(wanted));
    assert_eq!(asked(&world, cleo, Kind::Kill, 1), None);
    let kill = asked(&world, ada, Kind::Kill, 1).unwrap();
    assert_eq!((kill.people, kill.independent, kill.online), (1, 1, false));
    // Of two grants that name it, the easier one.
    let easy = Grant {
        clearances: 0,
        ..world.keyring.grants[1].clone()
    };
    world.keyring.grants.push(easy);
    let wipe = asked(&world, ada, Kind::Wipe, 1).unwrap();
    assert_eq!(wipe.clearances, 0);
    assert!(asked(&world, ada, Kind::Suspend, 1).unwrap().online);
    world.keyring.online.clear();
    assert!(!asked(&world, ada, Kind::Suspend, 1).unwrap().online);
}

#[test]
fn passkeys_are_no_online_keys_nor_the_other_way() {
    let world = World::new();
    let mut envelope = world.envelope(&world.command(Args::Lock));
    let sig = world.online.sign(&envelope.signed_bytes());
    let keyid = world.online.key_id();
    let (auth, client) = (vec![0; 37], b"{}".to_vec());
    envelope
        .add(Signature::WebAuthn {
            keyid,
            auth,
            client,
            sig,
        })
        .unwrap();
    assert_eq!(world.judge(&envelope), Err(refused(Reason::BadSignature)));
}

#[test]
fn a_payload_is_8_kib_and_measured_before_it_is_decoded() {
    let envelope = |length| by_hand(&base64::encode(&vec![b' '; length]), &[]);
    assert_eq!(
        decode(&envelope(PAYLOAD_MAX)).unwrap().payload().len(),
        8_192
    );
    assert_eq!(decode(&envelope(PAYLOAD_MAX + 1)), Err(Reason::TooLarge));
    assert_eq!(decode(&envelope(PAYLOAD_MAX + 2)), Err(Reason::TooLarge));
    let no_base64 = |length: usize| by_hand(&"-".repeat(length), &[]);
    assert_eq!(decode(&no_base64(10_924)), Err(Reason::BadEncoding));
    assert_eq!(decode(&no_base64(10_925)), Err(Reason::TooLarge));
}

#[test]
fn a_keyrings_payload_is_bounded_by_its_envelope_alone() {
    for document_type in DocumentType::ALL {
        let is_keyring = *document_type == DocumentType::Keyring;
        let most = if is_keyring {
            ENVELOPE_MAX
        } else {
            PAYLOAD_MAX
        };
        assert_eq!(document_type.payload_max(), most);
    }
    assert_eq!((PAYLOAD_MAX, ENVELOPE_MAX), (8_192, 65_536));
    let envelope = |length: usize| {
        let payload = base64::encode(&vec![b' '; length]);
        let kind = DocumentType::Keyring;
        format!(r#"{{"payload":"{payload}","payloadType":"{kind}","signatures":[]}}"#)
    };
    let around = envelope(0).len();
    let longest = envelope((ENVELOPE_MAX - around) / 4 * 3);
    assert!(longest.len() > ENVELOPE_MAX - 4);
    Envelope::decode(longest.as_bytes(), DocumentType::Keyring).unwrap();
}

#[test]
fn sixteen_signatures_sorted_by_key() {
    assert_eq!(SIGNATURES_MAX, 16);
    assert_eq!(
        decode(&by_hand("", &entries(16)))
            .unwrap()
            .signatures()
            .len(),
        16
    );
    assert_eq!(decode(&by_hand("", &entries(17))), Err(Reason::TooLarge));
    assert_eq!(decode(&by_hand("", &entries(18))), Err(Reason::TooLarge));
    let mut turned = entries(2);
    turned.reverse();
    assert_eq!(decode(&by_hand("", &turned)), Err(Reason::BadEncoding));
    // The count is judged before what the entries say.
    let nonsense = vec!["7".to_owned(); 17];
    assert_eq!(decode(&by_hand("", &nonsense)), Err(Reason::TooLarge));
}

#[test]
fn an_entry_has_two_members_or_four() {
    let keyid = hex::encode([1; 32]);
    for (entry, is_sound) in [
        (r#"{"keyid":"ID","sig":"AA=="}"#, true),
        (
            r#"{"auth":"AA==","client":"AA==","keyid":"ID","sig":"AA=="}"#,
            true,
        ),
        (r#"{"auth":"AA==","keyid":"ID","sig":"AA=="}"#, false),
        (r#"{"client":"AA==","keyid":"ID","sig":"AA=="}"#, false),
        (r#"{"keyid":"ID"}"#, false),
        (r#"{"sig":"AA=="}"#, false),
        (r#"{"extra":"AA==","keyid":"ID","sig":"AA=="}"#, false),
    ] {
        let bytes = by_hand("", &[entry.replace("ID", &keyid)]);
        let decoded = decode(&bytes);
        if is_sound {
            assert_eq!(decoded.unwrap().encode(), bytes);
        } else {
            assert_eq!(decoded, Err(Reason::BadEncoding), "{entry}");
        }
    }
}

#[test]
fn an_envelope_says_what_it_holds() {
    let world = World::new();
    let command = message(&world);
    let mut envelope = world.signed(&command, &[&world.ben, &world.ada], &[]);
    assert_eq!(envelope.document_type(), DocumentType::Command);
    assert_eq!(envelope.payload(), command.encode());
    let ids: Vec<_> = envelope
        .signatures()
        .iter()
        .map(|entry| *entry.keyid())
        .collect();
    assert!(ids.len() == 2 && ids.is_sorted());
    let cd = envelope.digest();
    assert_eq!(cd, command.digest());
    let again = envelope.sign_plain(&world.ada);
    assert_eq!(again, Err(AddError::AlreadySigned));
    assert_eq!(
        again.unwrap_err().to_string(),
        "this key has signed already"
    );
    let judged = world.judge(&envelope).unwrap();
    assert_eq!(
        (judged.cd, judged.ed),
        (cd, envelope_digest(&envelope.encode()))
    );
    assert_eq!(judged.command, command);
}

#[test]
fn a_receipt_can_name_only_a_command() {
    let world = World::new();
    let command = message(&world);
    let envelope = world.envelope(&command);
    let digest = judge::digest_for_receipt(&envelope.encode());
    assert_eq!(digest, Some(command.digest()));
    assert_eq!(judge::digest_for_receipt(b"{}"), None);
    let keyring = Envelope::unsigned(DocumentType::Keyring, command.encode());
    assert_eq!(judge::digest_for_receipt(&keyring.encode()), None);
}

#[test]
fn an_oversized_proof_outranks_every_other_fault() {
    let world = World::new();
    let judge = |hashes: usize, bytes: &[u8]| {
        let proof = TargetProof {
            index: 0,
            hashes: vec![Digest::of(b""); hashes],
        };
        judge::authenticate(bytes, &proof, &world.pin(), &world.keyring)
    };
    assert_eq!(PROOF_MAX, 12);
    assert_eq!(judge(13, b"no envelope"), Err(refused(Reason::TooLarge)));
    assert_eq!(judge(12, b"no envelope"), Err(refused(Reason::BadEncoding)));
    let bytes = world.signed(&message(&world), &[&world.ada], &[]).encode();
    assert_eq!(judge(12, &bytes), Err(refused(Reason::BadProof)));
}

/// An engine that would take anything.
struct Credulous;

impl Curves for Credulous {
    fn ed25519(&self, _: &Ed25519Key, _: &[u8], _: &[u8; 64]) -> bool {
        true
    }

    fn es256(&self, _: &P256Key, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

#[test]
fn no_engine_decides_what_a_signature_looks_like() {
    // L − 1, L, and the same S on either side of its highest byte (RFC 8032 §5.1.7).
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order: Vec<u8> = hex::decode(order).unwrap();
    let key = signer(10).verifying_key();
    let with = |change: fn(&mut [u8])| {
        let mut scalar = order.clone();
        change(&mut scalar);
        key.verify_by(&Credulous, b"", &[[0; 32].as_slice(), &scalar].concat())
    };
    assert!(with(|s| s[0] -= 1));
    assert!(!with(|_| ()));
    assert!(!with(|s| s[0] += 1));
    assert!(with(|s| s[31] -= 1));
    assert!(!with(|s| s[31] += 1));
    assert!(!key.verify_by(&Credulous, b"", &[0; 63]));
    let phone = P256Signer::from_bytes([60; 32]).unwrap();
    let sig = phone.sign(b"x");
    let key = phone.verifying_key();
    assert!(key.verify_by(&Credulous, b"", &sig));
    assert!(!key.verify_by(&Credulous, b"", &[sig.as_slice(), &[0]].concat()));
    assert!(!key.verify_by(&Credulous, b"", &[]));
}

#[test]
fn an_assertion_alone_is_verified_and_its_counter_read() {
    let world = World::new();
    let challenge = Digest::of(b"what is approved");
    let Signature::WebAuthn {
        auth, client, sig, ..
    } = self::Assertion::honest(&challenge).sign(&world.cleo)
    else {
        unreachable!("a passkey signs so");
    };
    let passkey = world.cleo.entry.passkey.clone().unwrap();
    let key = world.cleo.key.verifying_key();
    let verify = |challenge: &Digest| {
        let assertion = webauthn::Assertion {
            auth: &auth,
            client: &client,
            sig: &sig,
        };
        webauthn::verify(&assertion, &passkey, &key, challenge)
    };
    assert_eq!(verify(&challenge), Ok(()));
    assert_eq!(
        verify(&Digest::of(b"something else")),
        Err(Reason::WaClientData)
    );
    assert_eq!(webauthn::counter(&auth), Some(7));
    assert_eq!(webauthn::counter(&auth[1..]), None);
}
