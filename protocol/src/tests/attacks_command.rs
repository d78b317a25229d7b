//! A001–A028, A063, A064, A069, A072, A083, A085, A086, A089, A091, A110: what twelve lines of signatures cannot buy.

use super::*;
use crate::authority;
use crate::judge::authenticate;
use crate::target;

fn kill(world: &World) -> Command {
    world.command(Args::Kill)
}

fn wipe(world: &World) -> Command {
    world.command(Args::Wipe)
}

fn reason(result: Result<AuthenticCommand, Refusal>) -> Reason {
    let refusal = result.expect_err("the attack went through");
    if refusal.reason != Reason::KeyringBehind {
        assert_eq!(refusal.class, Class::NotAuthentic);
    }
    refusal.reason
}

#[test]
fn a001_a002_a011_wipe_by_online_by_nobody_by_one_and_online() {
    let world = World::new();
    let command = wipe(&world);
    let judge = |files: &[&Ed25519Signer]| reason(world.judge(&world.signed(&command, files, &[])));
    assert_eq!(judge(&[&world.online]), Reason::NotAuthorised);
    assert_eq!(judge(&[]), Reason::NotAuthorised);
    assert_eq!(judge(&[&world.ada, &world.online]), Reason::Threshold);
}

#[test]
fn a003_own_key_under_a_known_keyid() {
    let world = World::new();
    let mut envelope = world.envelope(&wipe(&world));
    let sig = signer(99).sign(&envelope.signed_bytes());
    envelope
        .add(Signature::Plain {
            keyid: world.ada.key_id(),
            sig,
        })
        .unwrap();
    assert_eq!(reason(world.judge(&envelope)), Reason::BadSignature);
}

#[test]
fn a004_a005_signatures_under_another_payload() {
    let world = World::new();
    let command = wipe(&world);
    let approved = world.signed(&command, &[&world.ada, &world.ben], &[]);
    let moved = |command: &Command| {
        let mut envelope = world.envelope(command);
        for signature in approved.signatures() {
            envelope.add(signature.clone()).unwrap();
        }
        reason(world.judge(&envelope))
    };
    let changed = Command {
        reason: "left in a taxj".into(),
        ..command.clone()
    };
    assert_eq!(moved(&changed), Reason::BadSignature);
    assert_eq!(
        moved(&Command {
            args: Args::Lock,
            ..command
        }),
        Reason::BadSignature
    );
}

#[test]
fn a006_a007_a008_another_type_in_a_commands_slot() {
    let world = World::new();
    let payload = wipe(&world).encode();
    for document_type in DocumentType::ALL {
        if *document_type == DocumentType::Command {
            continue;
        }
        let mut envelope = Envelope::unsigned(*document_type, payload.clone());
        envelope.sign_plain(&world.ada).unwrap();
        assert_eq!(reason(world.judge(&envelope)), Reason::WrongType);
    }
}

#[test]
fn a009_one_signature_entered_twice() {
    let world = World::new();
    let text = String::from_utf8(world.signed(&wipe(&world), &[&world.ada], &[]).encode()).unwrap();
    let at = text.find("[{").unwrap();
    let entry = &text[at + 1..text.len() - 2];
    let doubled = text.replace(entry, &format!("{entry},{entry}"));
    assert_eq!(
        reason(world.judge_bytes(doubled.as_bytes())),
        Reason::BadEncoding
    );
}

#[test]
fn a010_two_keys_of_one_person() {
    let world = World::new();
    let envelope = world.signed(&wipe(&world), &[&world.ada, &world.ada_second], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::Threshold);
}

#[test]
fn a012_grants_are_not_added_together() {
    let mut world = World::new();
    let mut second = world.keyring.grants[1].clone();
    world.keyring.grants[1]
        .keys
        .retain(|key| *key != world.ben.key_id());
    second
        .keys
        .retain(|key| *key != world.ada.key_id() && *key != world.ada_second.key_id());
    world.keyring.grants.push(second);
    world.keyring.check().unwrap();
    let envelope = world.signed(&wipe(&world), &[&world.ada, &world.ben], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::Threshold);
}

#[test]
fn a013_a014_a015_deceived_portal_passkeys() {
    let world = World::new();
    let both = world.signed(&wipe(&world), &[], &[&world.cleo, &world.dora]);
    assert_eq!(reason(world.judge(&both)), Reason::NeedsIndependent);
    let lock = Args::LockFleet {
        until: UnixTime(NOW + DAY),
    };
    for command in [kill(&world), world.command(lock)] {
        let envelope = world.signed(&command, &[], &[&world.cleo]);
        assert_eq!(reason(world.judge(&envelope)), Reason::NeedsIndependent);
    }
}

#[test]
fn a016_an_approver_of_another_organisation() {
    let world = World::new();
    let envelope = world.signed(&kill(&world), &[&world.lyre], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::NotAuthorised);
}

#[test]
fn a017_more_targets_than_granted() {
    let world = World::new();
    let (tree, proof) = world.tree(25);
    let command = Command {
        targets: tree.targets(),
        ..kill(&world)
    };
    let bytes = world.signed(&command, &[&world.ada], &[]).encode();
    let judged = authenticate(&bytes, &proof, &world.pin(), &world.keyring);
    assert_eq!(reason(judged), Reason::TooManyTargets);
}

#[test]
fn a018_a019_another_organisation_another_fleet() {
    let world = World::new();
    let other = Command {
        organisation: organisation(LYRE),
        ..kill(&world)
    };
    let envelope = world.signed(&other, &[&world.lyre], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::WrongOrganisation);
    let fleet = FleetId::parse("0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e").unwrap();
    let other = Command {
        fleet,
        ..kill(&world)
    };
    let envelope = world.signed(&other, &[&world.ada], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::WrongFleet);
}

#[test]
fn a020_a021_a022_a023_an_approval_fits_no_other_phone() {
    let world = World::new();
    let other = Leaf { ..world.other(1) };
    let re_enrolled = Leaf {
        enrolment: other.enrolment,
        ..world.pin().leaf()
    };
    let relabelled = Leaf {
        serial: other.serial.clone(),
        ..world.pin().leaf()
    };
    for leaf in [other, re_enrolled, relabelled] {
        let tree = TargetTree::build(vec![leaf]).unwrap();
        let command = Command {
            targets: tree.targets(),
            ..kill(&world)
        };
        let bytes = world.signed(&command, &[&world.ada], &[]).encode();
        let proof = tree.proof(0).unwrap();
        let judged = authenticate(&bytes, &proof, &world.pin(), &world.keyring);
        assert_eq!(reason(judged), Reason::NotTarget);
    }
}

#[test]
fn a024_a025_a026_a027_bent_proofs() {
    let world = World::new();
    let (tree, proof) = world.tree(4);
    let (leaf, targets) = (world.pin().leaf(), tree.targets());
    let check = |proof: &TargetProof| target::verify(&leaf, proof, &targets).unwrap_err().reason;
    target::verify(&leaf, &proof, &targets).unwrap();

    let short = TargetProof {
        hashes: proof.hashes[1..].to_vec(),
        ..proof.clone()
    };
    assert_eq!(check(&short), Reason::BadProof);
    assert_eq!(
        check(&TargetProof {
            index: 5,
            ..proof.clone()
        }),
        Reason::BadProof
    );
    let long = TargetProof {
        hashes: vec![Digest::of(b""); 10_000],
        ..proof.clone()
    };
    assert_eq!(check(&long), Reason::TooLarge);
    let bytes = world.signed(&kill(&world), &[&world.ada], &[]).encode();
    let judged = authenticate(&bytes, &long, &world.pin(), &world.keyring);
    assert_eq!(reason(judged), Reason::TooLarge);

    // The first leaf of three and of four has a proof of two hashes: the same shape, another root.
    let tree_of =
        |size: u8| TargetTree::build((0..size).map(|n| world.other(n)).collect()).unwrap();
    let (three, four) = (tree_of(3), tree_of(4));
    let (first, proof) = (&three.leaves()[0], three.proof(0).unwrap());
    assert_eq!((first, proof.hashes.len()), (&four.leaves()[0], 2));
    target::verify(first, &proof, &three.targets()).unwrap();
    let judged = target::verify(first, &proof, &four.targets());
    assert_eq!(judged, Err(refused(Reason::NotTarget)));
}

#[test]
fn a028_one_leaf_more_changes_root_and_count() {
    let world = World::new();
    let (shown, sent) = (world.tree(1).0, world.tree(2).0);
    assert_ne!(shown.targets(), sent.targets());
}

#[test]
fn a063_a_synced_passkey_is_not_independent() {
    let mut world = World::new();
    let entry = world.keyring.keys.last_mut().unwrap();
    entry.display = Display::Independent;
    let passkey = entry.passkey.as_mut().unwrap();
    passkey.synced = true;
    world.keyring.check().unwrap();
    let mut envelope = world.envelope(&kill(&world));
    let mut assertion = Assertion::honest(&envelope.digest());
    assertion.flags = 0x0d;
    envelope.add(assertion.sign(&world.dora)).unwrap();
    assert_eq!(reason(world.judge(&envelope)), Reason::NeedsIndependent);
}

#[test]
fn a064_the_other_s_is_the_same_command() {
    let world = World::new();
    let command = world.command(Args::Message {
        text: "Call us".into(),
    });
    let mut envelope = world.envelope(&command);
    let honest = Assertion::honest(&envelope.digest()).sign(&world.cleo);
    let Signature::WebAuthn {
        keyid,
        auth,
        client,
        sig,
    } = honest.clone()
    else {
        panic!("an assertion");
    };
    let parsed = p256::ecdsa::Signature::from_der(&sig).unwrap();
    let (r, s) = parsed.split_scalars();
    let flipped = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    let sig = flipped.to_der().as_bytes().to_vec();
    envelope
        .add(Signature::WebAuthn {
            keyid,
            auth,
            client,
            sig,
        })
        .unwrap();
    let mut other = world.envelope(&command);
    other.add(honest).unwrap();
    let (one, two) = (
        world.judge(&envelope).unwrap(),
        world.judge(&other).unwrap(),
    );
    assert_eq!(one.cd, two.cd);
    assert_ne!(one.ed, two.ed);
}

#[test]
fn a069_no_keyring_lowers_the_floor() {
    let mut world = World::new();
    world.keyring.grants[1].threshold = 1;
    world.keyring.check().unwrap();
    let envelope = world.signed(&wipe(&world), &[&world.ada], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::Threshold);
}

#[test]
fn a072_a_removed_approver() {
    let mut world = World::new();
    let envelope = world.signed(&kill(&world), &[&world.ben], &[]);
    world.judge(&envelope).unwrap();
    world
        .keyring
        .keys
        .retain(|entry| entry.id() != world.ben.key_id());
    assert_eq!(reason(world.judge(&envelope)), Reason::NotAuthorised);
}

#[test]
fn a083_a089_until_2099() {
    let world = World::new();
    let until = UnixTime(4_070_908_800);
    let case = crate::ids::CaseNumber::parse("C-1").unwrap();
    for args in [
        Args::Suspend { until },
        Args::LockFleet { until },
        Args::Hold { case, until },
    ] {
        let envelope = world.signed(&world.command(args), &[&world.online], &[]);
        assert_eq!(reason(world.judge(&envelope)), Reason::BadField);
    }
}

#[test]
fn an_online_suspend_is_short_and_a_persons_is_long() {
    let world = World::new();
    let judge = |days: u64, life: u64, by: &Ed25519Signer| {
        let args = Args::Suspend {
            until: UnixTime(NOW + days * DAY),
        };
        let expires_at = UnixTime(NOW + life * DAY);
        let command = Command {
            expires_at,
            ..world.command(args)
        };
        world
            .judge(&world.signed(&command, &[by], &[]))
            .map(|judged| judged.authorised.online)
    };
    assert_eq!(judge(35, 7, &world.online), Ok(true));
    assert_eq!(
        judge(36, 7, &world.online),
        Err(refused(Reason::NotAuthorised))
    );
    assert_eq!(
        judge(35, 8, &world.online),
        Err(refused(Reason::NotAuthorised))
    );
    assert_eq!(judge(400, 90, &world.ada), Ok(false));
    assert_eq!(judge(401, 90, &world.ada), Err(refused(Reason::BadField)));
}

#[test]
fn a085_a086_no_words_for_the_server() {
    let world = World::new();
    let message = world.command(Args::Message {
        text: "Click here".into(),
    });
    let envelope = world.signed(&message, &[&world.online], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::NotAuthorised);
    let lock = String::from_utf8(world.command(Args::Lock).encode()).unwrap();
    let notice = lock.replace(r#""kind":"lock""#, r#""kind":"notice""#);
    for args in [
        r#"{"template":"your-prize"}"#,
        r#"{"template":"payment-due","text":"Click here"}"#,
        r#"{"number":1000001,"template":"payment-due"}"#,
        "{}",
    ] {
        let payload = notice.replace(r#""args":{}"#, &format!(r#""args":{args}"#));
        let mut envelope = Envelope::unsigned(DocumentType::Command, payload.into_bytes());
        envelope.sign_plain(&world.online).unwrap();
        assert_eq!(reason(world.judge(&envelope)), Reason::BadField);
    }
}

#[test]
fn a091_release_takes_an_independent_auditor() {
    let mut world = World::new();
    world.keyring.grants[3].keys.push(world.cleo.entry.id());
    let command = world.command(Args::Release {
        lifts: vec![Digest::of(b"hold")],
    });
    let by_portal = world.signed(&command, &[], &[&world.cleo]);
    assert_eq!(reason(world.judge(&by_portal)), Reason::NeedsIndependent);
    world
        .judge(&world.signed(&command, &[&world.auditor], &[]))
        .unwrap();
    // A grant that mixes hold with other kinds is no auditor grant.
    world.keyring.grants[3]
        .kinds
        .push(GrantKind::Command(Kind::Kill));
    let judged = world.judge(&world.signed(&command, &[&world.auditor], &[]));
    assert_eq!(reason(judged), Reason::NotAuthorised);
}

#[test]
fn a110_transfer_by_one_person() {
    let world = World::new();
    let command = world.command(Args::Transfer {
        fingerprint: Digest::of(b"fleet"),
    });
    let envelope = world.signed(&command, &[&world.ada], &[]);
    assert_eq!(reason(world.judge(&envelope)), Reason::Threshold);
}

#[test]
fn a_keyring_not_yet_held_defers() {
    let world = World::new();
    let command = Command {
        keyring: 8,
        ..kill(&world)
    };
    let refusal = world
        .judge(&world.signed(&command, &[&world.ada], &[]))
        .unwrap_err();
    assert_eq!(refusal, Refusal::deferred(Reason::KeyringBehind));
}

#[test]
fn needed_says_what_is_missing() {
    let world = World::new();
    let org = organisation(NORTHWIND);
    let wipe = authority::needed(&world.keyring, Kind::Wipe, &org, 3).unwrap();
    assert_eq!(
        (wipe.people, wipe.independent, wipe.clearances, wipe.online),
        (2, 1, 1, false)
    );
    assert!(authority::needed(&world.keyring, Kind::Wipe, &org, 26).is_none());
    assert!(authority::needed(&world.keyring, Kind::Wipe, &organisation(LYRE), 1).is_none());
    let lock = authority::needed(&world.keyring, Kind::Lock, &org, 4_000).unwrap();
    assert!(lock.online && lock.people == 0);
}

#[test]
fn an_approval_is_verified_before_it_is_stored() {
    let world = World::new();
    let envelope = world.signed(&kill(&world), &[&world.ada, &signer(77)], &[&world.cleo]);
    for signature in envelope.signatures() {
        let judged = authority::verify_approval(&world.keyring, envelope.payload(), signature);
        if *signature.keyid() == signer(77).key_id() {
            assert_eq!(judged, Err(refused(Reason::NotAuthorised)));
        } else {
            judged.unwrap();
        }
    }
}
