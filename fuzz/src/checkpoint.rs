//! Checkpoints (`protocol/src/checkpoint.rs`). The input: a line of letters, then a note. What the note says is signed by
//! whomever the letters name, and those lines follow the note's own: `l` the log, `0` `1` `2` the witnesses, `x` a stranger under
//! the log's name, `y` one under the first witness's name. `!` bends the signature that follows, `<` and `>` give it a time of
//! zero and one beyond every JSON number.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use muster_protocol::base64;
use muster_protocol::checkpoint::{
    Advance, Checkpoint, LINES_MAX, Line, NOTE_MAX, SignedCheckpoint, VerifiedCheckpoint,
};
use muster_protocol::digest::Digest;
use muster_protocol::json::MAX_INT;
use muster_protocol::keyring::Log;
use muster_protocol::keys::{Ed25519Key, Ed25519Signer};
use muster_protocol::reason::Reason;
use muster_protocol::time::UnixTime;

use crate::Verdict;
use crate::fleet::{Fleet, NOW};

static FLEET: LazyLock<Fleet> = LazyLock::new(Fleet::new);
static STRANGER: LazyLock<Ed25519Signer> = LazyLock::new(|| Ed25519Signer::from_seed([97; 32]));

/// Decodes a note, signs it, and verifies it.
pub fn check(data: &[u8]) -> Verdict {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (letters, note) = match end {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&[][..], data),
    };
    let decoded = SignedCheckpoint::decode(note);
    let Ok(own) = decoded else {
        return Verdict::Refused;
    };
    assert!(note.len() <= NOTE_MAX, "size");
    assert!((1..=LINES_MAX).contains(&own.lines.len()), "lines");
    assert!(own.checkpoint.head.size <= MAX_INT, "leaves");
    assert_eq!(own.encode().as_bytes(), note, "a note has one form");
    lines_survive(&own);

    let signed = sign(&own, letters);
    let judged = signed.verify(&FLEET.keyring);
    let expected = expected(&signed);
    match (&judged, &expected) {
        (Ok(verified), Some((witnesses, witnessed_at))) => {
            assert_eq!(verified.checkpoint, signed.checkpoint, "what was signed");
            assert_eq!(&verified.witnesses, witnesses, "who saw it, and when");
            assert_eq!(
                verified.witnessed_at,
                Some(*witnessed_at),
                "the second latest time"
            );
            refused_otherwise(&signed);
            advances(verified);
        }
        (Err(refusal), None) => assert_eq!(refusal.reason, Reason::CheckpointInvalid),
        _ => panic!("the code says {judged:?}, the specification {expected:?}"),
    }
    let is_by_log = signed.checkpoint.origin == FLEET.keyring.log.origin
        && log_lines(&signed).next().is_some()
        && log_lines(&signed).all(|line| log_line_holds(&signed.checkpoint, line));
    assert_eq!(signed.is_by(&FLEET.keyring.log), is_by_log, "is_by");
    gathers_only_cosignatures(&signed);
    Verdict::of(&judged)
}

/// Each line is written as it was read.
fn lines_survive(own: &SignedCheckpoint) {
    let written: String = own
        .lines
        .iter()
        .map(SignedCheckpoint::encode_line)
        .collect();
    let text = format!("{}\n{written}", own.checkpoint.text());
    assert_eq!(text, own.encode(), "text, a blank line, the lines");
}

fn sign(own: &SignedCheckpoint, letters: &[u8]) -> SignedCheckpoint {
    let mut signed = own.clone();
    let (mut well, mut at) = (true, UnixTime(NOW));
    for letter in letters.iter().take(32) {
        let before = signed.lines.len();
        match letter {
            b'l' => signed.lines.extend(by(&own.checkpoint, &FLEET.log)),
            b'x' => signed.lines.extend(by(&own.checkpoint, &STRANGER)),
            b'0'..=b'2' => {
                let number = usize::from(letter - b'0');
                let name = &FLEET.keyring.witness.keys[number].name;
                signed.cosign(name, &FLEET.witnesses[number], at);
            }
            b'y' => signed.cosign(&FLEET.keyring.witness.keys[0].name, &STRANGER, at),
            b'!' => well = false,
            b'<' => at = UnixTime(0),
            b'>' => at = UnixTime(MAX_INT + 1),
            _ => {}
        }
        if let Some(line) = signed.lines.get_mut(before) {
            if let (false, Some(last)) = (well, line.signature.last_mut()) {
                *last ^= 1;
            }
            well = true;
            at = UnixTime(NOW + u64::try_from(before).expect("few lines") * 7);
        }
    }
    signed
}

fn by(checkpoint: &Checkpoint, log: &Ed25519Signer) -> Vec<Line> {
    SignedCheckpoint::by_log(checkpoint.clone(), log).lines
}

/// The witnesses' times and the second latest of them; none when the note does not hold (PROTOCOL §14).
fn expected(signed: &SignedCheckpoint) -> Option<(BTreeMap<String, UnixTime>, UnixTime)> {
    if signed.checkpoint.origin != FLEET.keyring.log.origin {
        return None;
    }
    let mut by_log = false;
    for line in log_lines(signed) {
        if !log_line_holds(&signed.checkpoint, line) {
            return None;
        }
        by_log = true;
    }
    let mut times: BTreeMap<String, UnixTime> = BTreeMap::new();
    for witness in &FLEET.keyring.witness.keys {
        let id = key_id(&witness.name, 4, &witness.key);
        let known = |line: &&Line| line.name == witness.name && line.key_id == id;
        for line in signed.lines.iter().filter(known) {
            let at = cosigned_at(&signed.checkpoint, line, &witness.key)?;
            let latest = times.entry(witness.name.clone()).or_insert(at);
            *latest = at.max(*latest);
        }
    }
    let mut latest: Vec<UnixTime> = times.values().copied().collect();
    latest.sort_unstable();
    latest.pop()?;
    let second = latest.pop()?;
    by_log.then_some((times, second))
}

fn log_lines(signed: &SignedCheckpoint) -> impl Iterator<Item = &Line> {
    let log = &FLEET.keyring.log;
    let id = key_id(&log.origin, 1, &log.key);
    let known = move |line: &&Line| line.name == log.origin && line.key_id == id;
    signed.lines.iter().filter(known)
}

fn log_line_holds(checkpoint: &Checkpoint, line: &Line) -> bool {
    let log = &FLEET.keyring.log;
    log.key
        .verify(note_text(checkpoint).as_bytes(), &line.signature)
}

/// The time of a cosignature that holds (C2SP tlog-cosignature).
fn cosigned_at(checkpoint: &Checkpoint, line: &Line, key: &Ed25519Key) -> Option<UnixTime> {
    let time: [u8; 8] = line.signature.get(..8)?.try_into().ok()?;
    let time = u64::from_be_bytes(time);
    let text = format!("cosignature/v1\ntime {time}\n{}", note_text(checkpoint));
    let holds = time <= MAX_INT && key.verify(text.as_bytes(), &line.signature[8..]);
    holds.then_some(UnixTime(time))
}

/// Three lines (C2SP tlog-checkpoint).
fn note_text(checkpoint: &Checkpoint) -> String {
    [
        checkpoint.origin.as_str(),
        &checkpoint.head.size.to_string(),
        &base64::encode(checkpoint.head.root.as_bytes()),
        "",
    ]
    .join("\n")
}

/// C2SP signed-note.
fn key_id(name: &str, kind: u8, key: &Ed25519Key) -> [u8; 4] {
    let digest = Digest::of(&[name.as_bytes(), b"\n", &[kind], key.raw()].concat());
    [digest.0[0], digest.0[1], digest.0[2], digest.0[3]]
}

/// The signatures of an accepted note hold for nothing else.
fn refused_otherwise(signed: &SignedCheckpoint) {
    let judged = |bend: &dyn Fn(&mut SignedCheckpoint)| {
        let mut bent = signed.clone();
        bend(&mut bent);
        bent.verify(&FLEET.keyring).is_ok()
    };
    assert!(
        !judged(&|note| note.checkpoint.head.size ^= 1),
        "another size"
    );
    assert!(
        !judged(&|note| note.checkpoint.head.root.0[0] ^= 1),
        "another root"
    );
    assert!(
        !judged(&|note| note.checkpoint.origin.push('1')),
        "another log"
    );
    let log = key_id(&FLEET.keyring.log.origin, 1, &FLEET.keyring.log.key);
    assert!(
        !judged(&|note| note.lines.retain(|line| line.key_id != log)),
        "no log"
    );
    let alone = |note: &mut SignedCheckpoint| {
        let first = FLEET.keyring.witness.keys[0].name.clone();
        let name = |line: &Line| line.name == first || line.key_id == log;
        note.lines.retain(name);
    };
    assert!(!judged(&alone), "one witness");
    let other = Log {
        key: FLEET.witnesses[0].verifying_key(),
        ..FLEET.keyring.log.clone()
    };
    assert!(!signed.is_by(&other), "another key");
}

/// What an accepted checkpoint is to one held, without a proof (PROTOCOL §14).
fn advances(verified: &VerifiedCheckpoint) {
    let head = verified.checkpoint.head;
    for size in [0, 5, head.size, head.size.saturating_add(1)] {
        let held = FLEET.checkpoint(size);
        let judged = verified.advance(Some(&held), &[]);
        let expected = match head.size.cmp(&size) {
            std::cmp::Ordering::Less => Err(Reason::CheckpointOld),
            std::cmp::Ordering::Equal if head.root == held.head.root => Ok(Advance::Same),
            std::cmp::Ordering::Equal => Err(Reason::LogForked),
            std::cmp::Ordering::Greater => Err(Reason::LogInconsistent),
        };
        assert_eq!(
            judged.map_err(|refusal| refusal.reason),
            expected,
            "after {size}"
        );
    }
    assert_eq!(verified.advance(None, &[]), Ok(Advance::Newer), "the first");
}

/// From a witness's answer, only cosignatures that hold are kept.
fn gathers_only_cosignatures(signed: &SignedCheckpoint) {
    let mut gathered = SignedCheckpoint::by_log(signed.checkpoint.clone(), &FLEET.log);
    let answer: String = signed
        .lines
        .iter()
        .map(SignedCheckpoint::encode_line)
        .collect();
    let count = gathered.add_cosignatures(&answer, &FLEET.keyring);
    assert!(gathered.lines.len() <= LINES_MAX, "lines");
    assert_eq!(gathered.lines.len(), count + 1, "one line a witness");
    assert_eq!(gathered.cosigners(&FLEET.keyring).len(), count, "cosigners");
    for line in &gathered.lines[1..] {
        let keys = &FLEET.keyring.witness.keys;
        let witness = keys.iter().find(|witness| witness.name == line.name);
        let witness = witness.expect("a line of a known witness");
        let at = cosigned_at(&gathered.checkpoint, line, &witness.key);
        assert!(at.is_some(), "a cosignature that holds");
    }
}
