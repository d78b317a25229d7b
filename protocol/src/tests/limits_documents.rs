//! Documents exactly at their edges: receipts (§15), statements (§13), descriptors (§3), bundles (§4), and what people
//! compare.

use super::documents::{bundle, policy, receipt};
use super::*;
use crate::bundle::{Bundle, CLEARANCES_MAX, COMMANDS_MAX, KEYRINGS_MAX, LogProof};
use crate::enrolment::{PinManner, Statement};
use crate::field::FieldError;
use crate::json::MAX_INT;
use crate::keyring::KeyringError;
use crate::merkle::{CONSISTENCY_MAX, INCLUSION_MAX};
use crate::policy::Policy;
use crate::receipt::{DETAIL_MAX, KeyringRef, Receipt};
use crate::{seal, words};

#[test]
fn a_detail_is_cut_and_cleaned_before_it_is_signed() {
    let world = World::new();
    assert_eq!(DETAIL_MAX, 200);
    let signed = |detail: &str| {
        let receipt = Receipt {
            detail: Some(detail.to_owned()),
            ..receipt(&world)
        };
        let bytes = receipt.sign(&world.device);
        Receipt::verify(&bytes, &world.device.verifying_key())
            .unwrap()
            .detail
    };
    assert_eq!(signed(" ~").as_deref(), Some(" ~"));
    assert_eq!(signed("a\u{1f}b\u{7f}c").as_deref(), Some("a?b?c"));
    assert_eq!(signed(&"x".repeat(201)), Some("x".repeat(200)));
    assert_eq!(signed(""), None);
}

#[test]
fn a_detail_is_1_to_200_printable_ascii() {
    let world = World::new();
    let decode = |detail: &str| {
        let receipt = Receipt {
            detail: Some(detail.to_owned()),
            ..receipt(&world)
        };
        Receipt::decode(&receipt.encode()).map(|read| read == receipt)
    };
    assert_eq!(decode(" "), Ok(true));
    assert_eq!(decode(&"~".repeat(200)), Ok(true));
    for detail in ["", "a\u{1f}", "\u{7f}", "é", &"x".repeat(201)] {
        assert_eq!(decode(detail), Err(refused(Reason::BadField)), "{detail}");
    }
}

#[test]
fn a_receipt_has_one_signature_and_it_is_the_devices() {
    let world = World::new();
    let device = world.device.verifying_key();
    let payload = receipt(&world).encode();
    let envelope = |entries: &[(crate::ids::KeyId, Vec<u8>)]| {
        let mut envelope = Envelope::unsigned(DocumentType::Receipt, payload.clone());
        for (keyid, sig) in entries {
            let (keyid, sig) = (*keyid, sig.clone());
            envelope.add(Signature::Plain { keyid, sig }).unwrap();
        }
        Receipt::verify(&envelope.encode(), &device).is_ok()
    };
    let message = Envelope::unsigned(DocumentType::Receipt, payload.clone()).signed_bytes();
    let sig = world.device.sign(&message);
    let own = (world.device.key_id(), sig.clone());
    assert!(envelope(std::slice::from_ref(&own)));
    assert!(!envelope(&[]));
    assert!(!envelope(&[
        own.clone(),
        (world.ada.key_id(), world.ada.sign(&message))
    ]));
    assert!(!envelope(&[(world.ada.key_id(), sig)]));
    assert!(!envelope(&[(own.0, world.device.sign(b"another"))]));
    // The device's good signature on a receipt that names another enrolment.
    let foreign = Receipt {
        enrolment: world.other(1).enrolment,
        ..receipt(&world)
    };
    let judged = Receipt::verify(&foreign.sign(&world.device), &device);
    assert_eq!(judged, Err(refused(Reason::BadSignature)));
}

#[test]
fn a_document_of_another_version_says_so() {
    let world = World::new();
    let second = |payload: Vec<u8>| {
        let text = String::from_utf8(payload).unwrap();
        let bent = text
            .replace(r#""v":1}"#, r#""v":2}"#)
            .replace(r#""v":1,"#, r#""v":2,"#);
        assert_ne!(bent, text);
        bent.into_bytes()
    };
    let unsupported = refused(Reason::UnsupportedVersion);
    assert_eq!(
        Receipt::decode(&second(receipt(&world).encode())),
        Err(unsupported)
    );
    assert_eq!(
        Bundle::decode(&second(bundle(&world).encode())),
        Err(unsupported)
    );
    let statement = second(statement(&world).encode());
    let envelope = Envelope::by_device(DocumentType::Enrolment, statement, &world.device);
    assert_eq!(Statement::verify(&envelope.encode()), Err(unsupported));
    let invalid = FieldError::Invalid("v");
    assert_eq!(Policy::decode(&second(policy().encode())), Err(invalid));
    let field = Err(KeyringError::Field(invalid));
    assert_eq!(Keyring::decode(&second(world.keyring.encode())), field);
    let field = Err(KeyringError::Field(invalid));
    assert_eq!(
        Descriptor::decode(&second(world.descriptor().encode())),
        field
    );
}

fn statement(world: &World) -> Statement {
    Statement {
        at: UnixTime(NOW),
        checkpoint: receipt(world).checkpoint,
        descriptor: world.descriptor().fingerprint(),
        device_id: world.pin().device,
        device_key: world.device.verifying_key(),
        fleet: fleet(),
        keyring: KeyringRef {
            digest: world.keyring.digest(),
            version: 7,
        },
        organisation: organisation(NORTHWIND),
        pin: PinManner::Image,
        previous: None,
        serial: world.pin().serial,
        tls_key: P256Signer::from_bytes([62; 32]).unwrap().verifying_key(),
    }
}

#[test]
fn a_statement_names_two_keys_and_the_hash_of_the_first() {
    let world = World::new();
    let good = statement(&world);
    assert_eq!(
        Statement::verify(&good.sign(&world.device)),
        Ok(good.clone())
    );
    let one_key = Statement {
        tls_key: good.device_key,
        ..good.clone()
    };
    let bad_field = Err(refused(Reason::BadField));
    assert_eq!(Statement::verify(&one_key.sign(&world.device)), bad_field);
    let text = String::from_utf8(good.encode()).unwrap();
    let other = world.other(1).enrolment.to_string();
    let bent = text.replace(&good.enrolment().to_string(), &other);
    let envelope = Envelope::by_device(DocumentType::Enrolment, bent.into_bytes(), &world.device);
    assert_eq!(Statement::verify(&envelope.encode()), bad_field);
}

#[test]
fn a_descriptor_keeps_its_rules_whoever_hashed_it() {
    let world = World::new();
    let judge = |bend: &dyn Fn(&mut Descriptor)| {
        let mut descriptor = world.descriptor();
        bend(&mut descriptor);
        let decoded = Descriptor::decode(&descriptor.encode());
        assert_eq!(decoded.is_ok(), descriptor.check().is_ok());
        let pinned = Descriptor::pinned(&descriptor.encode(), &descriptor.fingerprint());
        assert_eq!(pinned.is_ok(), decoded.is_ok());
        descriptor.check()
    };
    let version = |to| judge(&|descriptor| descriptor.keyring_version = to);
    let invalid = Err(KeyringError::Field(FieldError::Invalid("keyring_version")));
    assert_eq!(version(1), Ok(()));
    assert_eq!(version(MAX_INT), Ok(()));
    assert_eq!(version(0), invalid);
    assert_eq!(version(MAX_INT + 1), invalid);
    let unreachable = Err(KeyringError::Unreachable("root"));
    assert_eq!(
        judge(&|descriptor| descriptor.root.threshold = 4),
        unreachable
    );
    let twice = judge(&|descriptor| descriptor.root.keys[1] = descriptor.root.keys[0].clone());
    assert_eq!(twice, Err(KeyringError::KeyTwice(world.roots[0].key_id())));
}

#[test]
fn a_bundle_holds_as_much_as_paragraph_4_says() {
    let world = World::new();
    let hash = Digest::of(b"");
    assert_eq!((COMMANDS_MAX, KEYRINGS_MAX, CLEARANCES_MAX), (32, 8, 16));
    assert_eq!((INCLUSION_MAX, CONSISTENCY_MAX), (48, 63));
    let log = |hashes: usize| LogProof {
        index: 5,
        hashes: vec![hash; hashes],
    };
    type Fill<'a> = &'a dyn Fn(&mut Bundle, usize);
    let lists: [(usize, Fill); 5] = [
        (32, &|bundle, to| {
            bundle.commands = vec![bundle.commands[0].clone(); to];
        }),
        (8, &|bundle, to| bundle.keyrings = vec![vec![]; to]),
        (16, &|bundle, to| {
            bundle.commands[0].clearances = vec![vec![]; to];
        }),
        (48, &|bundle, to| bundle.commands[0].log = Some(log(to))),
        (63, &|bundle, to| {
            bundle.checkpoint.as_mut().unwrap().consistency = vec![hash; to];
        }),
    ];
    for (most, fill) in lists {
        let filled = |to: usize| {
            let mut bundle = bundle(&world);
            fill(&mut bundle, to);
            bundle
        };
        let fits = filled(most);
        assert!(fits.is_within_limits());
        assert_eq!(Bundle::decode(&fits.encode()), Ok(fits));
        let more = filled(most + 1);
        assert!(!more.is_within_limits());
        assert_eq!(
            Bundle::decode(&more.encode()),
            Err(refused(Reason::TooLarge))
        );
    }
    let bare = Bundle {
        checkpoint: None,
        ..bundle(&world)
    };
    assert!(bare.is_within_limits());
}

#[test]
fn what_a_bundle_holds_is_exactly_what_is_listed() {
    let world = World::new();
    let text = String::from_utf8(bundle(&world).encode()).unwrap();
    for (from, to, reason) in [
        (r#""v":1"#, r#""v":1,"w":1"#, Reason::BadEncoding),
        (r#""note":""#, r#""mote":1,"note":""#, Reason::BadEncoding),
        (r#""index":"#, r#""indes":1,"index":"#, Reason::BadEncoding),
        (r#""keyrings":["#, r#""keyrings":["!","#, Reason::BadField),
        (r#""keyrings":["#, r#""keyrings":[1,"#, Reason::BadField),
        (
            r#""next_check_in_seconds":900"#,
            r#""next_check_in_seconds":"900""#,
            Reason::BadField,
        ),
    ] {
        let bent = text.replace(from, to);
        assert_ne!(bent, text);
        assert_eq!(
            Bundle::decode(bent.as_bytes()),
            Err(refused(reason)),
            "{to}"
        );
    }
}

#[test]
fn words_are_one_a_byte_in_the_one_order() {
    assert_eq!(words::words(&[0, 1, 255]), ["acorn", "actor", "zebra"]);
    assert_eq!(
        words::from_words("Acorn-actor  ZEBRA\n"),
        Some(vec![0, 1, 255])
    );
    assert_eq!(words::from_words(""), Some(vec![]));
    assert_eq!(words::from_words("acorn,actor"), None);
    let enrolment = world_enrolment();
    let spoken = words::enrolment_words(&enrolment);
    let first = &enrolment.digest().as_bytes()[..5];
    assert_eq!(words::from_words(&spoken.join(" ")).as_deref(), Some(first));
}

fn world_enrolment() -> crate::ids::EnrolmentId {
    World::new().pin().enrolment
}

#[test]
fn a_seal_has_a_ray_for_each_of_the_first_24_digits_from_3_on() {
    let mut bytes = [0xff; 32];
    bytes[..4].copy_from_slice(&[0x12, 0x34, 0x20, 0x3f]);
    let rays = seal::rays(&Digest(bytes));
    assert_eq!(rays[..9], [0, 0, 3, 4, 0, 0, 3, 15, 15]);
    assert_eq!(rays.len(), 24);
}

#[test]
fn a_refusal_is_written_as_its_code_and_knows_its_class() {
    let code = Reason::KeyringBehind;
    assert_eq!(Refusal::deferred(code).to_string(), "keyring_behind");
    assert_eq!(Refusal::deferred(code).class, Class::Deferred);
    assert_eq!(Refusal::terminal(code).class, Class::Final);
    assert_eq!(Refusal::not_authentic(code).class, Class::NotAuthentic);
    for reason in Reason::ALL {
        assert_eq!(Refusal::terminal(*reason).reason, *reason);
        assert_eq!(reason.as_str().parse(), Ok(*reason));
    }
    assert_eq!(
        "later".parse::<Reason>(),
        Err(FieldError::Invalid("reason"))
    );
}
