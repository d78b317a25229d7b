//! The log's notes and the witnesses' lines (§4, §14; C2SP signed-note) exactly at their edges.

use super::*;
use crate::checkpoint::{
    Advance, Checkpoint, LINES_MAX, Line, NOTE_MAX, SignedCheckpoint, TreeHead, is_key_name,
};
use crate::json::MAX_INT;

fn checkpoint(world: &World, size: u64) -> Checkpoint {
    Checkpoint {
        origin: world.keyring.log.origin.clone(),
        head: TreeHead {
            size,
            root: Digest::of(b"root"),
        },
    }
}

/// Signed by the log, and by these witnesses at these times.
fn signed(world: &World, times: &[(usize, u64)]) -> SignedCheckpoint {
    let mut note = SignedCheckpoint::by_log(checkpoint(world, 5), &world.log);
    for (witness, at) in times {
        let name = &world.keyring.witness.keys[*witness].name;
        note.cosign(name, &world.witnesses[*witness], UnixTime(*at));
    }
    note
}

fn unknown_line(name: &str, bytes: usize) -> Line {
    Line {
        name: name.into(),
        key_id: [9; 4],
        signature: vec![7; bytes],
    }
}

const INVALID: Refusal = Refusal::not_authentic(Reason::CheckpointInvalid);

#[test]
fn a_note_names_keys_as_c2sp_says() {
    let world = World::new();
    let note = signed(&world, &[(1, NOW)]);
    let key_id = |name: &str, kind: u8, key: &[u8; 32]| {
        let named = [name.as_bytes(), b"\n", &[kind], key].concat();
        Digest::of(&named).0[..4].to_vec()
    };
    let log = world.log.verifying_key();
    let origin = &world.keyring.log.origin;
    assert_eq!(note.lines[0].key_id.to_vec(), key_id(origin, 1, log.raw()));
    let witness = &world.keyring.witness.keys[1];
    assert_eq!(
        note.lines[1].key_id.to_vec(),
        key_id(&witness.name, 4, witness.key.raw())
    );
    // What a witness signs: its time, then the note's text.
    let (time, signature) = note.lines[1].signature.split_at(8);
    assert_eq!(time, NOW.to_be_bytes());
    let root = base64::encode(Digest::of(b"root").as_bytes());
    let text = format!("cosignature/v1\ntime {NOW}\n{origin}\n5\n{root}\n");
    assert!(witness.key.verify(text.as_bytes(), signature));
}

#[test]
fn a_note_is_4_kib_and_has_16_signature_lines() {
    let world = World::new();
    assert_eq!((NOTE_MAX, LINES_MAX), (4_096, 16));
    let decode = |note: &SignedCheckpoint| {
        SignedCheckpoint::decode(note.encode().as_bytes()).map(|note| note.lines.len())
    };
    let mut note = signed(&world, &[]);
    note.lines.resize(16, unknown_line("w", 1));
    assert_eq!(decode(&note), Ok(16));
    note.lines.resize(17, unknown_line("w", 1));
    assert_eq!(decode(&note), Err(refused(Reason::TooLarge)));

    let mut note = signed(&world, &[]);
    note.lines.push(unknown_line("w", 2_900));
    let short = 4_096 - note.encode().len();
    assert!(short < 128);
    note.lines[1].name = "w".repeat(1 + short);
    assert_eq!(note.encode().len(), 4_096);
    assert_eq!(decode(&note), Ok(2));
    note.lines[1].name.push('w');
    assert_eq!(decode(&note), Err(refused(Reason::TooLarge)));
}

#[test]
fn a_key_name_is_1_to_128_bytes_without_space_plus_and_control() {
    for name in ["w", "log.northwind.example/1", "é", &"w".repeat(128)] {
        assert!(is_key_name(name), "{name}");
    }
    for name in ["", "a b", "a+b", "a\u{7}b", "a\u{a0}b", &"w".repeat(129)] {
        assert!(!is_key_name(name), "{name}");
    }
}

#[test]
fn a_signature_line_has_a_name_a_key_and_a_signature() {
    let world = World::new();
    let note = signed(&world, &[]).encode();
    let with = |line: &str| SignedCheckpoint::decode(format!("{note}{line}\n").as_bytes());
    assert_eq!(
        with("\u{2014} w AAAAAAA=").unwrap().lines[1],
        Line {
            name: "w".into(),
            key_id: [0; 4],
            signature: vec![0],
        }
    );
    for line in [
        "\u{2014} w AAAAAA==",
        "\u{2014} w AAAA",
        "\u{2014} w",
        "\u{2014}  AAAAAAA=",
        "\u{2014} a+b AAAAAAA=",
        "\u{2014} w AAAAAAA",
        "- w AAAAAAA=",
        "",
    ] {
        assert_eq!(with(line), Err(INVALID), "{line}");
    }
}

#[test]
fn the_size_of_a_note_is_a_plain_integer() {
    let world = World::new();
    let decode = |size: &str| {
        let note = signed(&world, &[])
            .encode()
            .replace("\n5\n", &format!("\n{size}\n"));
        SignedCheckpoint::decode(note.as_bytes()).map(|note| note.checkpoint.head.size)
    };
    assert_eq!(decode("0"), Ok(0));
    assert_eq!(decode("9007199254740991"), Ok(MAX_INT));
    for size in [
        "9007199254740992",
        "00",
        "-1",
        "",
        "5 ",
        "0x5",
        "18446744073709551616",
    ] {
        assert_eq!(decode(size), Err(INVALID), "{size}");
    }
}

#[test]
fn a_notes_root_is_32_bytes() {
    let world = World::new();
    let note = signed(&world, &[]).encode();
    let root = base64::encode(Digest::of(b"root").as_bytes());
    for bent in [
        base64::encode(&[0; 31]),
        base64::encode(&[0; 33]),
        "!".repeat(44),
    ] {
        let note = note.replace(&root, &bent);
        assert_eq!(SignedCheckpoint::decode(note.as_bytes()), Err(INVALID));
    }
}

#[test]
fn whose_note_it_is_is_seen_without_a_keyring() {
    let world = World::new();
    let log = &world.keyring.log;
    let note = signed(&world, &[(0, NOW)]);
    assert!(note.is_by(log));
    let other_key = crate::keyring::Log {
        key: signer(99).verifying_key(),
        ..log.clone()
    };
    let other_name = crate::keyring::Log {
        origin: "log.lyre.example/1".into(),
        ..log.clone()
    };
    assert!(!note.is_by(&other_key));
    assert!(!note.is_by(&other_name));
    // Signed by the log, and yet of another origin.
    let mut foreign = SignedCheckpoint::by_log(
        Checkpoint {
            origin: other_name.origin.clone(),
            ..checkpoint(&world, 5)
        },
        &world.log,
    );
    assert!(foreign.is_by(&other_name));
    let text = foreign.checkpoint.text();
    foreign.lines = vec![Line {
        signature: world.log.sign(text.as_bytes()),
        ..note.lines[0].clone()
    }];
    assert!(!foreign.is_by(log) && !foreign.is_by(&other_name));
    assert_eq!(foreign.verify(&world.keyring), Err(INVALID));
    // No line of the log, a bad one, a good one and a bad one.
    let with = |lines: Vec<Line>| {
        SignedCheckpoint {
            lines,
            ..note.clone()
        }
        .is_by(log)
    };
    let good = note.lines[0].clone();
    let bad = Line {
        signature: vec![0; 64],
        ..good.clone()
    };
    assert!(!with(vec![note.lines[1].clone()]));
    assert!(!with(vec![bad.clone()]));
    assert!(!with(vec![good.clone(), bad]));
    assert!(with(vec![good.clone(), good.clone()]));
    let renamed = Line {
        name: "x".into(),
        ..good.clone()
    };
    let rekeyed = Line {
        key_id: [0; 4],
        ..good
    };
    assert!(!with(vec![renamed]));
    assert!(!with(vec![rekeyed]));
}

#[test]
fn a_line_is_known_by_name_and_key_together() {
    let world = World::new();
    let judged = |bend: &dyn Fn(&mut SignedCheckpoint)| {
        let mut note = signed(&world, &[(0, NOW), (1, NOW)]);
        bend(&mut note);
        note.verify(&world.keyring)
            .map(|verified| verified.witnesses.len())
    };
    let bad = |line: &Line| Line {
        signature: vec![0; 72],
        ..line.clone()
    };
    assert_eq!(judged(&|_| {}), Ok(2));
    // Bad lines of the log's name and another key, of its key and another name: unknown, ignored.
    assert_eq!(
        judged(&|note| note.lines.push(Line {
            key_id: [0; 4],
            ..bad(&note.lines[0])
        })),
        Ok(2)
    );
    assert_eq!(
        judged(&|note| note.lines.push(Line {
            name: "x".into(),
            ..bad(&note.lines[0])
        })),
        Ok(2)
    );
    assert_eq!(
        judged(&|note| note.lines.push(bad(&note.lines[0]))),
        Err(INVALID)
    );
    // The same for a witness.
    assert_eq!(
        judged(&|note| note.lines.push(Line {
            key_id: [0; 4],
            ..bad(&note.lines[1])
        })),
        Ok(2)
    );
    assert_eq!(
        judged(&|note| note.lines.push(Line {
            name: "x".into(),
            ..bad(&note.lines[1])
        })),
        Ok(2)
    );
    assert_eq!(
        judged(&|note| note.lines.push(bad(&note.lines[1]))),
        Err(INVALID)
    );
    // A cosignature too short to hold its time.
    let short = |note: &mut SignedCheckpoint| note.lines[1].signature.truncate(7);
    assert_eq!(judged(&short), Err(INVALID));
}

#[test]
fn a_witness_tells_a_time_within_the_integers_and_its_latest_counts() {
    let world = World::new();
    let judge = |times: &[(usize, u64)]| {
        signed(&world, times)
            .verify(&world.keyring)
            .map(|verified| verified.witnessed_at.unwrap().0)
    };
    assert_eq!(judge(&[(0, MAX_INT), (1, MAX_INT)]), Ok(MAX_INT));
    assert_eq!(judge(&[(0, MAX_INT + 1), (1, MAX_INT)]), Err(INVALID));
    assert_eq!(judge(&[(0, 9), (0, 5), (1, 7)]), Ok(7));
    assert_eq!(judge(&[(0, 5), (0, 9), (1, 7)]), Ok(7));
    assert_eq!(judge(&[(0, 9), (1, 7), (2, 8)]), Ok(8));
}

#[test]
fn cosigners_are_the_witnesses_whose_lines_hold() {
    let world = World::new();
    let name = |at: usize| world.keyring.witness.keys[at].name.clone();
    assert_eq!(
        signed(&world, &[]).cosigners(&world.keyring),
        Vec::<String>::new()
    );
    let note = signed(&world, &[(2, NOW), (0, NOW)]);
    assert_eq!(note.cosigners(&world.keyring), [name(0), name(2)]);
    let mut bent = note;
    bent.lines[0].signature[5] ^= 1;
    assert_eq!(bent.cosigners(&world.keyring), Vec::<String>::new());
}

#[test]
fn of_a_witnesss_answer_only_cosignatures_that_hold_are_added() {
    let world = World::new();
    let answer = |at: usize| {
        let note = signed(&world, &[(at, NOW)]);
        SignedCheckpoint::encode_line(&note.lines[1])
    };
    let mut note = signed(&world, &[]);
    assert_eq!(note.add_cosignatures(&answer(0), &world.keyring), 1);
    assert_eq!(note.lines.len(), 2);
    // The same witness again adds nothing; a stranger and a bad line add nothing; two at once add two.
    assert_eq!(note.add_cosignatures(&answer(0), &world.keyring), 1);
    let stranger = SignedCheckpoint::encode_line(&unknown_line("stranger", 72));
    let mut bad = signed(&world, &[(1, NOW)]).lines[1].clone();
    bad.signature[20] ^= 1;
    let bad = SignedCheckpoint::encode_line(&bad);
    assert_eq!(
        note.add_cosignatures(&format!("{stranger}{bad}x"), &world.keyring),
        1
    );
    assert_eq!(note.lines.len(), 2);
    let both = format!("{stranger}{}{}", answer(1), answer(2));
    assert_eq!(note.add_cosignatures(&both, &world.keyring), 3);
    assert_eq!(note.lines.len(), 4);
    note.verify(&world.keyring).unwrap();
}

#[test]
fn a_witnesss_later_word_takes_the_place_of_its_earlier_one() {
    let world = World::new();
    let answer = |at: u64| {
        let note = signed(&world, &[(0, at)]);
        SignedCheckpoint::encode_line(&note.lines[1])
    };
    let mut note = signed(&world, &[(0, NOW), (1, NOW)]);
    let first = note.lines.clone();
    assert_eq!(note.add_cosignatures(&answer(NOW - 1), &world.keyring), 2);
    assert_eq!(note.lines, first, "an earlier word");
    // Later in its lowest byte, and in a higher one with a lower one below.
    for at in [NOW + 1, ((NOW >> 8) + 1) << 8] {
        assert_eq!(note.add_cosignatures(&answer(at), &world.keyring), 2);
        assert_eq!(
            note.lines,
            signed(&world, &[(0, at), (1, NOW)]).lines,
            "{at}"
        );
    }
    // A later time that nobody signed changes nothing.
    let newest = note.lines.clone();
    let mut bent = signed(&world, &[(0, NOW + 9_999)]).lines[1].clone();
    bent.signature[20] ^= 1;
    let bent = SignedCheckpoint::encode_line(&bent);
    assert_eq!(note.add_cosignatures(&bent, &world.keyring), 2);
    assert_eq!(note.lines, newest);
    // A line of another key under the witness's name stands in nobody's way.
    let mut note = signed(&world, &[]);
    let namesake = Line {
        name: world.keyring.witness.keys[0].name.clone(),
        ..unknown_line("stranger", 72)
    };
    note.lines.push(namesake.clone());
    assert_eq!(note.add_cosignatures(&answer(NOW), &world.keyring), 1);
    assert_eq!(note.lines.len(), 3);
    // And one that comes after the witness's own is not taken for it.
    let mut note = signed(&world, &[]);
    let both = answer(NOW) + &SignedCheckpoint::encode_line(&namesake);
    assert_eq!(note.add_cosignatures(&both, &world.keyring), 1);
    assert_eq!(note.lines.len(), 2);
}

#[test]
fn a_full_note_takes_no_cosignature_and_one_with_room_takes_the_last() {
    let world = World::new();
    let line = &signed(&world, &[(0, NOW)]).lines[1];
    let answer = SignedCheckpoint::encode_line(line);
    let added = |lines: usize, answer: &str| {
        let mut note = signed(&world, &[]);
        note.lines.resize(lines, unknown_line("stranger", 72));
        (
            note.add_cosignatures(answer, &world.keyring),
            note.lines.len(),
        )
    };
    assert_eq!(added(15, &answer), (1, 16));
    assert_eq!(added(16, &answer), (0, 16));
    assert_eq!(added(17, &answer), (0, 17));
    // No more than 16 lines of an answer are read.
    let stranger = SignedCheckpoint::encode_line(&unknown_line("stranger", 72));
    assert_eq!(
        added(1, &format!("{}{answer}", stranger.repeat(15))),
        (1, 2)
    );
    assert_eq!(
        added(1, &format!("{}{answer}", stranger.repeat(16))),
        (0, 1)
    );
}

#[test]
fn a_log_of_another_origin_starts_anew() {
    let world = World::new();
    let verified = signed(&world, &[(0, NOW), (1, NOW)])
        .verify(&world.keyring)
        .unwrap();
    let held = |origin: &str| Checkpoint {
        origin: origin.into(),
        ..checkpoint(&world, 9)
    };
    assert_eq!(verified.advance(None, &[]), Ok(Advance::Newer));
    let other = held("log.northwind.example/0");
    assert_eq!(verified.advance(Some(&other), &[]), Ok(Advance::Newer));
    let same = held(&world.keyring.log.origin);
    let judged = verified.advance(Some(&same), &[]);
    assert_eq!(judged, Err(refused(Reason::CheckpointOld)));
}
