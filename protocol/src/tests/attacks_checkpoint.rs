//! A041, A042, A094–A098: the log's notes.

use super::*;
use crate::checkpoint::{Advance, Checkpoint, LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use crate::merkle;
use crate::time::raised_floor;

fn leaves(count: u8) -> Vec<Digest> {
    (0..count)
        .map(|number| log_leaf_hash(LogKind::Command, &Digest::of(&[number])))
        .collect()
}

fn node(leaves: &[Digest]) -> impl Fn(u32, u64) -> Option<Digest> + use<> {
    let nodes = merkle::append(0, leaves, |_, _| None).unwrap();
    move |level, index| {
        nodes
            .iter()
            .find(|node| (node.level, node.index) == (level, index))
            .map(|node| node.hash)
    }
}

fn checkpoint(world: &World, leaves: &[Digest]) -> Checkpoint {
    let size = leaves.len() as u64;
    let root = merkle::root(size, node(leaves)).unwrap();
    Checkpoint {
        origin: world.keyring.log.origin.clone(),
        head: TreeHead { size, root },
    }
}

/// Signed by the log, and by witnesses at these times.
fn signed(world: &World, checkpoint: Checkpoint, times: &[(usize, u64)]) -> SignedCheckpoint {
    let mut note = SignedCheckpoint::by_log(checkpoint, &world.log);
    for (witness, at) in times {
        let name = &world.keyring.witness.keys[*witness].name;
        note.cosign(name, &world.witnesses[*witness], UnixTime(*at));
    }
    note
}

#[test]
fn a_note_round_trips_and_holds() {
    let world = World::new();
    let note = signed(
        &world,
        checkpoint(&world, &leaves(5)),
        &[(0, NOW), (2, NOW + 5)],
    );
    let text = note.encode();
    assert!(text.starts_with("log.northwind.example/1\n5\n"));
    let read = SignedCheckpoint::decode(text.as_bytes()).unwrap();
    assert_eq!(read, note);
    let verified = read.verify(&world.keyring).unwrap();
    assert_eq!(verified.witnessed_at, Some(UnixTime(NOW)));
    let (index, proof) = (3, merkle::inclusion_proof(3, 5, node(&leaves(5))).unwrap());
    let head = verified.checkpoint.head;
    head.includes(LogKind::Command, &Digest::of(&[3]), index, &proof)
        .unwrap();
    head.includes(LogKind::Receipt, &Digest::of(&[3]), index, &proof)
        .unwrap_err();
}

#[test]
fn a042_the_kth_largest_time_counts_and_never_passes_the_keyring() {
    let world = World::new();
    let times = [(0, NOW), (1, NOW + 60), (2, 4_070_908_800)];
    let note = signed(&world, checkpoint(&world, &leaves(5)), &times);
    let verified = note.verify(&world.keyring).unwrap();
    assert_eq!(verified.witnessed_at, Some(UnixTime(NOW + 60)));
    let rogue = raised_floor(
        UnixTime(NOW),
        UnixTime(4_070_908_800),
        world.keyring.expires_at,
    );
    assert_eq!(rogue, world.keyring.expires_at);
    assert_eq!(
        raised_floor(UnixTime(NOW), UnixTime(5), world.keyring.expires_at),
        UnixTime(NOW)
    );
}

#[test]
fn a094_a095_the_log_alone_and_one_witness_twice() {
    let world = World::new();
    for times in [&[][..], &[(0, NOW)], &[(0, NOW), (0, NOW + 1)]] {
        let note = signed(&world, checkpoint(&world, &leaves(5)), times);
        assert_eq!(
            note.verify(&world.keyring),
            Err(refused(Reason::CheckpointInvalid))
        );
    }
    let mut witnesses_alone = signed(&world, checkpoint(&world, &leaves(5)), &[(0, 1), (1, 1)]);
    witnesses_alone.lines.remove(0);
    assert!(witnesses_alone.verify(&world.keyring).is_err());
    let mut without = World::new();
    without.keyring.witness.threshold = 0;
    let note = signed(&without, checkpoint(&without, &leaves(5)), &[]);
    assert_eq!(note.verify(&without.keyring).unwrap().witnessed_at, None);
}

#[test]
fn a_known_key_with_a_bad_signature_fails_the_note_and_an_unknown_one_does_not() {
    let world = World::new();
    let mut note = signed(&world, checkpoint(&world, &leaves(5)), &[(0, 1), (1, 1)]);
    note.cosign("witness.example/stranger", &signer(97), UnixTime(NOW));
    note.verify(&world.keyring).unwrap();
    let mut bent = note.clone();
    *bent.lines[1].signature.last_mut().unwrap() ^= 1;
    assert_eq!(
        bent.verify(&world.keyring),
        Err(refused(Reason::CheckpointInvalid))
    );
}

#[test]
fn a096_a097_a098_smaller_forked_inconsistent() {
    let world = World::new();
    let (five, nine) = (leaves(5), leaves(9));
    let held = checkpoint(&world, &five);
    let advance = |new: Checkpoint, proof: &[Digest]| {
        let note = signed(&world, new, &[(0, NOW), (1, NOW)]);
        let verified = note.verify(&world.keyring).unwrap();
        verified
            .advance(Some(&held), proof)
            .map_err(|refusal| refusal.reason)
    };
    let proof = merkle::consistency_proof(5, 9, node(&nine)).unwrap();
    assert_eq!(
        advance(checkpoint(&world, &nine), &proof),
        Ok(Advance::Newer)
    );
    assert_eq!(advance(held.clone(), &[]), Ok(Advance::Same));
    assert_eq!(
        advance(checkpoint(&world, &leaves(4)), &[]),
        Err(Reason::CheckpointOld)
    );
    let mut other = five.clone();
    other[4] = Digest::of(b"another");
    assert_eq!(
        advance(checkpoint(&world, &other), &[]),
        Err(Reason::LogForked)
    );
    assert_eq!(
        advance(checkpoint(&world, &nine), &[]),
        Err(Reason::LogInconsistent)
    );
    let mut forked = nine.clone();
    forked[2] = Digest::of(b"another");
    let proof = merkle::consistency_proof(5, 9, node(&forked)).unwrap();
    assert_eq!(
        advance(checkpoint(&world, &forked), &proof),
        Err(Reason::LogInconsistent)
    );
}

#[test]
fn notes_of_other_forms_are_refused() {
    let world = World::new();
    let good = signed(&world, checkpoint(&world, &leaves(5)), &[(0, NOW)]).encode();
    for (from, to) in [
        ("\n5\n", "\n05\n"),
        ("\n5\n", "\n+5\n"),
        ("\n5\n", "\n5\n\n"),
        ("\n\n\u{2014}", "\nextension\n\n\u{2014}"),
        ("\u{2014}", "-"),
        ("\n\n", "\n"),
        ("log.northwind.example/1\n5", "log northwind\n5"),
    ] {
        let bent = good.replace(from, to);
        assert_ne!(bent, good);
        let judged = SignedCheckpoint::decode(bent.as_bytes());
        assert_eq!(judged, Err(refused(Reason::CheckpointInvalid)), "{to:?}");
    }
    let long = format!("{good}{}", "x".repeat(4_096));
    assert_eq!(
        SignedCheckpoint::decode(long.as_bytes()),
        Err(refused(Reason::TooLarge))
    );
    assert!(SignedCheckpoint::decode(good.trim_end().as_bytes()).is_err());
}
