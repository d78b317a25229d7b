//! A106–A108 and the form of program releases, by keys and bytes alone.

use super::*;
use crate::checkpoint::{Checkpoint, LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use crate::envelope::envelope_digest;
use crate::merkle;
use crate::program::{FileFound, Phone, Place, Program, ProgramError, vendor, vendor_text};

const FILE: &[u8] = b"the new program";

/// A vendor of three people, one of whom has two keys.
struct Vendor {
    people: [Ed25519Signer; 4],
    keys: Root,
}

fn of_vendor() -> Vendor {
    let people = [signer(70), signer(71), signer(72), signer(73)];
    let numbers = [70, 71, 72, 70];
    let keys = people.iter().zip(numbers).map(|(key, n)| whole(key, n));
    let keys = Root {
        keys: keys.collect(),
        threshold: 2,
    };
    Vendor { people, keys }
}

fn release() -> Program {
    Program {
        arch: "aarch64".into(),
        channel: "stable".into(),
        expires_at: UnixTime(NOW + 90 * DAY),
        min_from: 3,
        product: "hardline-os".into(),
        sha256: Digest::of(FILE),
        size: FILE.len() as u64,
        version: 7,
    }
}

fn seal(program: &Program, by: &[&Ed25519Signer]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(DocumentType::Program, program.encode());
    for signer in by {
        envelope.sign_plain(signer).unwrap();
    }
    envelope.encode()
}

/// A log of three entries with this release in the middle, cosigned by the witnesses with these numbers.
fn logged(world: &World, envelope: &[u8], witnesses: &[usize]) -> (SignedCheckpoint, Place) {
    let leaves = [
        log_leaf_hash(LogKind::Admin, &Digest::of(b"before")),
        log_leaf_hash(LogKind::Program, &envelope_digest(envelope)),
        log_leaf_hash(LogKind::Admin, &Digest::of(b"after")),
    ];
    let nodes = merkle::append(0, &leaves, |_, _| None).unwrap();
    let node = |level, index| {
        let found = nodes
            .iter()
            .find(|node| (node.level, node.index) == (level, index));
        found.map(|node| node.hash)
    };
    let head = TreeHead {
        size: 3,
        root: merkle::root(3, node).unwrap(),
    };
    let origin = world.keyring.log.origin.clone();
    let mut note = SignedCheckpoint::by_log(Checkpoint { origin, head }, &world.log);
    for witness in witnesses {
        let name = &world.keyring.witness.keys[*witness].name;
        note.cosign(name, &world.witnesses[*witness], UnixTime(NOW));
    }
    let hashes = merkle::inclusion_proof(1, 3, node).unwrap();
    (note, Place { index: 1, hashes })
}

fn phone<'a>(world: &'a World, note: &'a SignedCheckpoint) -> Phone<'a> {
    Phone {
        keyring: &world.keyring,
        checkpoint: Some(note),
        product: "hardline-os",
        arch: "aarch64",
        held: Some(5),
        running: Some(5),
        now: UnixTime(NOW),
    }
}

const FOUND: FileFound = FileFound {
    sha256: Digest([0; 32]),
    size: FILE.len() as u64,
};

fn found() -> FileFound {
    FileFound {
        sha256: Digest::of(FILE),
        ..FOUND
    }
}

/// Judges a release that is logged and witnessed as it must be.
fn judge(world: &World, envelope: &[u8]) -> Result<Program, ProgramError> {
    let (note, place) = logged(world, envelope, &[0, 1]);
    Program::verify(
        envelope,
        &of_vendor().keys,
        &found(),
        &place,
        &phone(world, &note),
    )
}

#[test]
fn a_release_of_two_people_in_the_log_is_taken() {
    let world = World::new();
    let Vendor { people, .. } = of_vendor();
    let [one, two, ..] = &people;
    assert_eq!(judge(&world, &seal(&release(), &[one, two])), Ok(release()));
    // Strangers beside them change nothing.
    let more = seal(&release(), &[one, two, &world.ada]);
    assert_eq!(judge(&world, &more), Ok(release()));
}

#[test]
fn a106_signed_by_others_or_by_too_few() {
    let world = World::new();
    let Vendor { people, keys } = of_vendor();
    let [one, two, _, ones_second] = &people;
    let short = Err(ProgramError::Signatures(2));
    let by: [&[&Ed25519Signer]; 7] = [
        &[],
        &[one],
        &[one, ones_second],
        &[&world.roots[0], &world.roots[1], &world.roots[2]],
        &[&world.ada, &world.ben],
        &[&world.online, &world.log],
        &[one, &world.roots[0], &world.ada],
    ];
    for by in by {
        assert_eq!(judge(&world, &seal(&release(), by)), short);
    }
    // One true signature moved from another release.
    let other = Program {
        version: 8,
        ..release()
    };
    let other = Envelope::decode(&seal(&other, &[two]), DocumentType::Program).unwrap();
    let mut moved = Envelope::unsigned(DocumentType::Program, release().encode());
    moved.sign_plain(one).unwrap();
    moved.add(other.signatures()[0].clone()).unwrap();
    assert_eq!(judge(&world, &moved.encode()), short);
    // A vendor whose own threshold is one gets two all the same.
    let lax = Root {
        threshold: 1,
        ..keys
    };
    let alone = seal(&release(), &[one]);
    let (note, place) = logged(&world, &alone, &[0, 1]);
    let judged = Program::verify(&alone, &lax, &found(), &place, &phone(&world, &note));
    assert_eq!(judged, short);
    // A keyring or a command by the same people is no release.
    let mut command = Envelope::unsigned(DocumentType::Command, release().encode());
    command.sign_plain(one).unwrap();
    command.sign_plain(two).unwrap();
    let refused = judge(&world, &command.encode()).unwrap_err();
    assert_eq!(refused.reason(), Reason::WrongType);
}

#[test]
fn a107_older_expired_too_far_or_for_another_phone() {
    let world = World::new();
    let Vendor { people, keys } = of_vendor();
    let [one, two, ..] = &people;
    let reason = |program: &Program, bend: &dyn Fn(&mut Phone<'_>)| {
        let envelope = seal(program, &[one, two]);
        let (note, place) = logged(&world, &envelope, &[0, 1]);
        let mut phone = phone(&world, &note);
        bend(&mut phone);
        Program::verify(&envelope, &keys, &found(), &place, &phone).map_err(|error| error.reason())
    };
    let rollback = Err(Reason::ProgramRollback);
    let invalid = Err(Reason::ProgramInvalid);
    assert_eq!(reason(&release(), &|phone| phone.held = Some(7)), rollback);
    assert_eq!(reason(&release(), &|phone| phone.held = Some(8)), rollback);
    assert_eq!(
        reason(&release(), &|phone| phone.running = Some(9)),
        rollback
    );
    let none_held = |phone: &mut Phone<'_>| (phone.held, phone.running) = (None, Some(7));
    assert_eq!(reason(&release(), &none_held), rollback);
    let one_before = |phone: &mut Phone<'_>| phone.now = UnixTime(release().expires_at.0 - 1);
    assert_eq!(reason(&release(), &one_before), Ok(release()));
    assert_eq!(
        reason(&release(), &|phone| phone.now = release().expires_at),
        invalid
    );
    // One that ran out between its installation and its check-in runs all the same.
    let runs = |phone: &mut Phone<'_>| {
        (phone.running, phone.now) = (None, release().expires_at.plus(DAY));
    };
    assert_eq!(reason(&release(), &runs), Ok(release()));
    let higher = |phone: &mut Phone<'_>| {
        runs(phone);
        phone.held = Some(7);
    };
    assert_eq!(reason(&release(), &higher), rollback);
    assert_eq!(
        reason(&release(), &|phone| (phone.held, phone.running) =
            (None, Some(2))),
        invalid
    );
    assert_eq!(
        reason(&release(), &|phone| phone.product = "muster-agent"),
        invalid
    );
    assert_eq!(reason(&release(), &|phone| phone.arch = "x86_64"), invalid);
    let other_file = Program {
        sha256: Digest::of(b"another program"),
        ..release()
    };
    assert_eq!(reason(&other_file, &|_| ()), invalid);
    let other_size = Program {
        size: 1,
        ..release()
    };
    assert_eq!(reason(&other_size, &|_| ()), invalid);
    assert_eq!(
        reason(&release(), &|phone| phone.running = None),
        Ok(release())
    );
}

#[test]
fn a108_not_in_the_log_or_in_one_that_too_few_witnessed() {
    let world = World::new();
    let Vendor { people, keys } = of_vendor();
    let [one, two, ..] = &people;
    let envelope = seal(&release(), &[one, two]);
    let judge = |note: Option<&SignedCheckpoint>, place: &Place| {
        let (whole, _) = logged(&world, &envelope, &[0, 1]);
        let phone = Phone {
            checkpoint: note,
            ..phone(&world, &whole)
        };
        Program::verify(&envelope, &keys, &found(), place, &phone)
    };
    let not_logged = Err(ProgramError::NotLogged);
    let (note, place) = logged(&world, &envelope, &[0, 1]);
    assert_eq!(judge(Some(&note), &place), Ok(release()));
    assert_eq!(judge(None, &place), not_logged);
    // A log made for this phone alone: the log key signed it, and too few witnesses.
    for few in [&[][..], &[0]] {
        let (own, place) = logged(&world, &envelope, few);
        assert_eq!(judge(Some(&own), &place), not_logged);
    }
    // The proof of the entry beside it, and of the same release with one signature more.
    let beside = Place {
        index: 0,
        ..place.clone()
    };
    assert_eq!(judge(Some(&note), &beside), not_logged);
    let (other, elsewhere) = logged(&world, &seal(&release(), &people.each_ref()[..3]), &[0, 1]);
    assert_eq!(judge(Some(&other), &elsewhere), not_logged);
    let bare = Place {
        index: 1,
        hashes: Vec::new(),
    };
    assert_eq!(judge(Some(&note), &bare), not_logged);
}

#[test]
fn a_release_has_one_form() {
    let text = String::from_utf8(release().encode()).unwrap();
    assert_eq!(Program::decode(text.as_bytes()), Ok(release()));
    let bent = [
        text.replace("\"v\":1,", "\"v\":2,"),
        text.replace("\"v\":1,", "\"v\":1, "),
        text.replace("\"version\":7", "\"version\":0"),
        text.replace("\"min_from\":3", "\"min_from\":8"),
        text.replace("\"min_from\":3", "\"mandatory\":true,\"min_from\":3"),
        text.replace("\"arch\":\"aarch64\",", ""),
        text.replace("aarch64", "arm; rm"),
        text.replace("stable", ""),
        text.replace(&format!("\"size\":{}", FILE.len()), "\"size\":0"),
        text.replace("\"version\":7", "\"version\":7.0"),
    ];
    for bent in bent {
        assert_ne!(bent, text);
        assert!(Program::decode(bent.as_bytes()).is_err(), "{bent}");
    }
}

#[test]
fn a_proof_and_a_vendors_keys_round_trip() {
    let place = Place {
        index: 4,
        hashes: vec![Digest::of(b"neighbour"); 3],
    };
    assert_eq!(Place::decode(&place.encode()), Ok(place.clone()));
    let long = Place {
        hashes: vec![Digest::of(b"neighbour"); merkle::INCLUSION_MAX + 1],
        ..place
    };
    assert!(Place::decode(&long.encode()).is_err());
    let Vendor { people, keys } = of_vendor();
    assert_eq!(vendor(&vendor_text(&keys)), Ok(keys.clone()));
    // Two keys of one person are one person, and one is too few to release anything.
    let alone = Root {
        keys: vec![whole(&people[0], 70), whole(&people[3], 70)],
        threshold: 1,
    };
    assert!(vendor(&vendor_text(&alone)).is_err());
    let unreachable = Root {
        threshold: 4,
        ..keys
    };
    assert!(vendor(&vendor_text(&unreachable)).is_err());
    assert!(vendor("").is_err());
}

/// A place as deep as a log can be is 48 hashes, more than three kilobytes.
#[test]
fn the_longest_proof_round_trips_and_one_hash_more_does_not() {
    let place = |hashes| Place {
        index: 7,
        hashes: vec![Digest([0xab; 32]); hashes],
    };
    assert_eq!(Place::decode(&place(48).encode()), Ok(place(48)));
    assert!(Place::decode(&place(49).encode()).is_err());
}

#[test]
fn the_oldest_version_that_a_release_may_follow_is_enough() {
    let world = World::new();
    let Vendor { people, .. } = of_vendor();
    let bytes = seal(&release(), &[&people[0], &people[1]]);
    let (note, place) = logged(&world, &bytes, &[0, 1]);
    let from = |running| {
        let phone = Phone {
            held: None,
            running: Some(running),
            ..phone(&world, &note)
        };
        Program::verify(&bytes, &of_vendor().keys, &found(), &place, &phone)
    };
    assert_eq!(from(3), Ok(release()));
    let too_far = ProgramError::TooFar {
        needed: 3,
        running: 2,
    };
    assert_eq!(from(2), Err(too_far));
}
