//! Receipts, enrolment statements, policies, clearances, bundles, time, words and seals.

use super::*;
use crate::bundle::{Bundle, CheckpointInBundle, CommandInBundle, LogProof};
use crate::checkpoint::TreeHead;
use crate::clearance::{Clearance, Expected};
use crate::enrolment::{PinManner, Statement};
use crate::policy::{Noncompliance, Policy};
use crate::receipt::{KeyringRef, Receipt, ReceiptState};
use crate::time::{Reading, UnixTime};
use crate::{seal, words};

fn head() -> TreeHead {
    TreeHead {
        size: 20_852_163,
        root: Digest::of(b"root"),
    }
}

pub fn receipt(world: &World) -> Receipt {
    Receipt {
        at: UnixTime(NOW + 100),
        checkpoint: Some(head()),
        command: Digest::of(b"cd"),
        detail: None,
        enrolment: world.pin().enrolment,
        fleet: fleet(),
        keyring: KeyringRef {
            digest: world.keyring.digest(),
            version: 7,
        },
        reason: Some(Reason::NotTarget),
        seq: 12,
        state: ReceiptState::Refused,
    }
}

#[test]
fn a101_a102_only_that_phone_says_done() {
    let world = World::new();
    let receipt = Receipt {
        detail: Some("naïve\n".into()),
        ..receipt(&world)
    };
    let bytes = receipt.clone().sign(&world.device);
    let device = world.device.verifying_key();
    let verified = Receipt::verify(&bytes, &device).unwrap();
    assert_eq!(verified.detail.as_deref(), Some("na?ve?"));
    let stranger = P256Signer::from_bytes([61; 32]).unwrap();
    let forged = receipt.sign(&stranger);
    let bad = Err(refused(Reason::BadSignature));
    assert_eq!(Receipt::verify(&forged, &device), bad);
    assert_eq!(Receipt::verify(&forged, &stranger.verifying_key()), bad);
    assert_eq!(Receipt::verify(&bytes, &stranger.verifying_key()), bad);
}

#[test]
fn a_statement_is_signed_by_the_key_it_names() {
    let world = World::new();
    let tls = P256Signer::from_bytes([62; 32]).unwrap();
    let statement = Statement {
        at: UnixTime(NOW),
        checkpoint: None,
        descriptor: world.descriptor().fingerprint(),
        device_id: world.pin().device,
        device_key: world.device.verifying_key(),
        fleet: fleet(),
        keyring: KeyringRef {
            digest: world.keyring.digest(),
            version: 7,
        },
        organisation: organisation(NORTHWIND),
        pin: PinManner::Manual,
        previous: Some(world.other(1).enrolment),
        serial: world.pin().serial,
        tls_key: tls.verifying_key(),
    };
    let verified = Statement::verify(&statement.sign(&world.device)).unwrap();
    assert_eq!(verified, statement);
    assert_eq!(verified.enrolment(), world.pin().enrolment);
    let forged = statement.sign(&tls);
    assert_eq!(
        Statement::verify(&forged),
        Err(refused(Reason::BadSignature))
    );
}

pub fn policy() -> Policy {
    Policy {
        check_in_seconds: 900,
        contact_lost_days: 14,
        expires_at: UnixTime(NOW + 90 * DAY),
        fleet: fleet(),
        grace_hours: 72,
        issued_at: UnixTime(NOW),
        min_agent: Some("0.1.0".into()),
        min_os_patch: None,
        noncompliance: Noncompliance::Report,
        organisation: organisation(NORTHWIND),
        owner_lock_days: Some(30),
        require_encryption: true,
        stale_hours: 48,
        version: 3,
    }
}

#[test]
fn a078_a079_policies() {
    let world = World::new();
    let org = organisation(NORTHWIND);
    let seal = |policy: &Policy, by: &[&Ed25519Signer]| {
        let mut envelope = Envelope::unsigned(DocumentType::Policy, policy.encode());
        for signer in by {
            envelope.sign_plain(signer).unwrap();
        }
        envelope.encode()
    };
    let verify = |bytes: &[u8], held| Policy::verify(bytes, &world.keyring, &org, held);
    let held = verify(&seal(&policy(), &[&world.ada]), None).unwrap();
    assert_eq!(held.policy, policy());
    let invalid = Err(refused(Reason::PolicyInvalid));
    for by in [&[][..], &[&world.online], &[&world.ben], &[&world.roots[0]]] {
        assert_eq!(verify(&seal(&policy(), by), None), invalid);
    }
    let bounds: [fn(&mut Policy); 5] = [
        |policy| policy.check_in_seconds = 59,
        |policy| policy.contact_lost_days = 91,
        |policy| policy.grace_hours = 71,
        |policy| policy.owner_lock_days = Some(6),
        |policy| policy.stale_hours = 721,
    ];
    for bend in bounds {
        let mut bent = policy();
        bend(&mut bent);
        assert_eq!(verify(&seal(&bent, &[&world.ada]), None), invalid);
    }
    let fleet = FleetId::parse("0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e").unwrap();
    let foreign = Policy { fleet, ..policy() };
    assert_eq!(verify(&seal(&foreign, &[&world.ada]), None), invalid);
    let foreign = Policy {
        organisation: organisation(LYRE),
        ..policy()
    };
    assert_eq!(verify(&seal(&foreign, &[&world.ada]), None), invalid);
    let older = seal(
        &Policy {
            version: 2,
            ..policy()
        },
        &[&world.ada],
    );
    assert_eq!(
        verify(&older, Some(&held)),
        Err(refused(Reason::PolicyRollback))
    );
    let other = seal(
        &Policy {
            stale_hours: 24,
            ..policy()
        },
        &[&world.ada],
    );
    assert_eq!(verify(&other, Some(&held)), invalid);
    verify(&seal(&policy(), &[&world.ada]), Some(&held)).unwrap();
}

#[test]
fn a099_a100_clearances_are_for_one_phone_envelope_and_nonce() {
    let world = World::new();
    let (ed, nonce) = (Digest::of(b"ed"), Digest::of(b"nonce"));
    let enrolment = world.pin().enrolment;
    let clearance = Clearance {
        at: UnixTime(NOW + 50),
        checkpoint: head(),
        ed,
        enrolment,
        fleet: fleet(),
        keyring: 7,
        nonce,
    };
    let expected = Expected {
        ed: &ed,
        enrolment: &enrolment,
        nonce: &nonce,
    };
    let verify = |clearance: &Clearance, by: &Ed25519Signer| {
        Clearance::verify(&clearance.sign(by), &world.keyring, &expected)
    };
    let cleared = verify(&clearance, &world.witnesses[1]).unwrap();
    assert_eq!(cleared.witness, world.witnesses[1].key_id());
    assert_eq!(cleared.clearance, clearance);
    let none = Err(Refusal::deferred(Reason::NoClearance));
    for by in [&world.log, &world.online, &world.ada] {
        assert_eq!(verify(&clearance, by), none);
    }
    let other = Digest::of(b"other");
    let fleet = FleetId::parse("0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e").unwrap();
    for bent in [
        Clearance {
            ed: other,
            ..clearance.clone()
        },
        Clearance {
            nonce: other,
            ..clearance.clone()
        },
        Clearance {
            enrolment: world.other(1).enrolment,
            ..clearance.clone()
        },
        Clearance {
            fleet,
            ..clearance.clone()
        },
    ] {
        assert_eq!(verify(&bent, &world.witnesses[0]), none);
    }
    // A073: the witness knows a newer keyring.
    let newer = Clearance {
        keyring: 8,
        ..clearance
    };
    let behind = Err(Refusal::deferred(Reason::KeyringBehind));
    assert_eq!(verify(&newer, &world.witnesses[0]), behind);
}

pub fn bundle(world: &World) -> Bundle {
    let (_, target) = world.tree(5);
    Bundle {
        checkpoint: Some(CheckpointInBundle {
            consistency: vec![Digest::of(b"a")],
            note: "log.example/1\n5\nAAAA\n\n\u{2014} log.example/1 AAAA\n".into(),
        }),
        commands: vec![CommandInBundle {
            clearances: vec![b"clearance".to_vec()],
            envelope: b"envelope".to_vec(),
            log: Some(LogProof {
                index: 5,
                hashes: vec![Digest::of(b"b")],
            }),
            target,
        }],
        keyrings: vec![b"keyring".to_vec()],
        next_check_in_seconds: Some(900),
        policy: Some(b"policy".to_vec()),
    }
}

#[test]
fn bundles_round_trip_and_are_bounded() {
    let world = World::new();
    let full = bundle(&world);
    assert_eq!(Bundle::decode(&full.encode()), Ok(full.clone()));
    let empty = Bundle::default();
    assert_eq!(empty.encode(), br#"{"commands":[],"keyrings":[],"v":1}"#);
    assert_eq!(Bundle::decode(&empty.encode()), Ok(empty));
    let too_large = Err(refused(Reason::TooLarge));
    let bent: [fn(&mut Bundle); 4] = [
        |bundle| bundle.keyrings = vec![vec![]; 9],
        |bundle| bundle.commands = vec![bundle.commands[0].clone(); 33],
        |bundle| bundle.checkpoint.as_mut().unwrap().consistency = vec![Digest::of(b""); 64],
        |bundle| bundle.commands[0].envelope = vec![0; 400 * 1024],
    ];
    for bend in bent {
        let mut bundle = full.clone();
        bend(&mut bundle);
        assert_eq!(Bundle::decode(&bundle.encode()), too_large);
    }
}

#[test]
fn a036_a041_time_as_the_phone_judges_it() {
    let world = World::new();
    let check = |args: Args, clock: u64, floor: u64, cleared: Option<u64>| {
        let reading = Reading {
            clock: UnixTime(clock),
            floor: UnixTime(floor),
            cleared: cleared.map(UnixTime),
        };
        reading.check(&world.command(args)).err()
    };
    let (end, much_later) = (NOW + 7 * DAY, 4_070_908_800);
    let lifts = vec![Digest::of(b"lock")];
    assert_eq!(check(Args::Kill, NOW + 5, NOW, None), None);
    // Expired by the settable clock alone burns nothing; by the floor it is final.
    let (deferred, terminal) = (Refusal::deferred, Refusal::terminal);
    assert_eq!(
        check(Args::Kill, much_later, NOW, None),
        Some(deferred(Reason::Expired))
    );
    assert_eq!(
        check(Args::Kill, NOW, end, None),
        Some(terminal(Reason::Expired))
    );
    assert_eq!(
        check(Args::Kill, 0, NOW, None),
        Some(deferred(Reason::ClockUntrusted))
    );
    assert_eq!(check(Args::Kill, 0, NOW, Some(NOW + 9)), None);
    assert_eq!(check(Args::Lock, 0, NOW, None), None);
    assert_eq!(
        check(Args::Kill, NOW - 601, NOW - 700, None),
        Some(deferred(Reason::NotYet))
    );
    assert_eq!(check(Args::Kill, NOW - 600, NOW - 700, None), None);
    // A040: restoring kinds have no clock.
    for (clock, floor) in [(much_later, NOW), (0, NOW), (0, much_later)] {
        assert_eq!(
            check(
                Args::Unlock {
                    lifts: lifts.clone()
                },
                clock,
                floor,
                None
            ),
            None
        );
    }
    let start = Some(UnixTime(NOW + DAY));
    let later = Command {
        not_before: start,
        ..world.command(Args::Kill)
    };
    let reading = Reading {
        clock: UnixTime(NOW + 5),
        floor: UnixTime(NOW),
        cleared: None,
    };
    assert_eq!(reading.check(&later), Err(deferred(Reason::NotYet)));
}

#[test]
fn a088_holds_go_first() {
    let world = World::new();
    let case = crate::ids::CaseNumber::parse("C-1").unwrap();
    let hold = world.command(Args::Hold {
        case,
        until: UnixTime(NOW + DAY),
    });
    let (wipe, lock) = (world.command(Args::Wipe), world.command(Args::Lock));
    let resume = world.command(Args::Resume {
        lifts: vec![Digest::of(b"x")],
    });
    let mut commands = [wipe, lock, resume, hold];
    commands.sort_by_key(|command| command.execution_order(command.digest()));
    let kinds = commands.map(|command| command.kind());
    assert_eq!(kinds, [Kind::Hold, Kind::Resume, Kind::Lock, Kind::Wipe]);
}

#[test]
fn words_and_seals() {
    assert!(words::WORDS.is_sorted_by(|one, next| one < next));
    let digest = Digest::of(b"key");
    let spoken = words::words(digest.as_bytes());
    assert_eq!(spoken.len(), 32);
    let typed = spoken.join(" ").to_uppercase();
    assert_eq!(words::from_words(&typed), Some(digest.0.to_vec()));
    assert_eq!(
        words::from_words(&spoken.join("-")),
        Some(digest.0.to_vec())
    );
    assert_eq!(words::from_words("acorn wrong"), None);
    assert_eq!(
        words::enrolment_words(&World::new().pin().enrolment).len(),
        5
    );
    let mut bytes = [0; 32];
    bytes[..3].copy_from_slice(&[0x02, 0x3f, 0xa1]);
    let rays = seal::rays(&Digest(bytes));
    assert_eq!(rays[..7], [0, 0, 3, 15, 10, 0, 0]);
}

#[test]
fn a_key_signs_once_and_envelopes_hold_sixteen() {
    let world = World::new();
    let mut envelope = world.envelope(&world.command(Args::Lock));
    for seed in 100..116 {
        envelope.sign_plain(&signer(seed)).unwrap();
    }
    assert_eq!(
        envelope.sign_plain(&signer(100)),
        Err(crate::envelope::AddError::AlreadySigned)
    );
    assert_eq!(
        envelope.sign_plain(&signer(116)),
        Err(crate::envelope::AddError::Full)
    );
    assert_eq!(
        Envelope::decode(&envelope.encode(), DocumentType::Command),
        Ok(envelope)
    );
}
