//! A witness and a small fleet: what it cosigns, what it clears, and each reason for which it does not.

use muster_protocol::base64;
use muster_protocol::checkpoint::{Checkpoint, LogKind, SignedCheckpoint, log_leaf_hash};
use muster_protocol::clearance::{Clearance, Expected};
use muster_protocol::command::{Args, Command, Kind};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{
    CaseNumber, CommandId, DeviceId, EnrolmentId, FleetId, OrganisationId, Person, SerialNumber,
};
use muster_protocol::keyring::{
    Display, Grant, GrantKind, KeyEntry, Keyring, Log, Organisations, Root, ServerEntry, WholeKey,
    Witness, Witnesses,
};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::merkle;
use muster_protocol::target::{Leaf, TargetTree};
use muster_protocol::time::UnixTime;

use super::clear::{Lately, Limits, clear};
use super::cosign::{AddCheckpoint, Refused};
use super::follow::{self, Fleet};
use super::key::WitnessKey;
use super::shapes::{Asked, FedEntry, FedLeaf, Feed};

const NOW: UnixTime = UnixTime(1_790_000_100);

fn signer(byte: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed([byte; 32])
}

fn person(byte: u8) -> Person {
    Person::parse(&format!("{byte:02x}").repeat(16)).unwrap()
}

/// A fleet's keys and its log, entry by entry.
struct Sample {
    descriptor: Descriptor,
    keyring: Keyring,
    entries: Vec<FedEntry>,
    hashes: Vec<Digest>,
}

impl Sample {
    fn new() -> Self {
        let whole = |byte| WholeKey {
            key: signer(byte).verifying_key(),
            person: person(byte),
        };
        let root = Root {
            keys: vec![whole(1)],
            threshold: 1,
        };
        let fleet = FleetId::parse(&"0f".repeat(16)).unwrap();
        let organisation = OrganisationId::parse("0197c0de-0000-7000-8000-000000000001").unwrap();
        let approver = |byte| KeyEntry {
            key: signer(byte).public_key(),
            person: person(byte),
            display: Display::Independent,
            passkey: None,
        };
        let grant = |kinds: &[Kind], bytes: &[u8], clearances| {
            let mut kinds: Vec<GrantKind> = kinds.iter().copied().map(GrantKind::Command).collect();
            kinds.sort_unstable();
            let mut keys: Vec<_> = bytes.iter().map(|byte| signer(*byte).key_id()).collect();
            keys.sort_unstable();
            Grant {
                kinds,
                organisations: Organisations::Every,
                keys,
                threshold: 1,
                independent: 1,
                clearances,
                max_targets: 100,
            }
        };
        let mut keys = vec![approver(4), approver(5)];
        keys.sort_by_key(KeyEntry::id);
        let keyring = Keyring {
            fleet: fleet.clone(),
            version: 1,
            issued_at: UnixTime(1_790_000_000),
            expires_at: UnixTime(1_790_000_000 + 90 * 86_400),
            min_protocol: 1,
            root: root.clone(),
            online: vec![whole(2)],
            keys,
            grants: vec![
                grant(&[Kind::Kill, Kind::Cancel], &[4], 1),
                grant(&[Kind::Hold, Kind::Release], &[5], 0),
            ],
            log: Log {
                origin: "log.example.org/sample".to_owned(),
                key: signer(3).verifying_key(),
            },
            witness: Witnesses {
                keys: vec![Witness {
                    name: "witness.example.org/w1".to_owned(),
                    key: signer(9).verifying_key(),
                }],
                threshold: 1,
            },
            servers: vec![ServerEntry {
                url: "https://muster.example.org".to_owned(),
                ca: Digest::of(b"ca"),
            }],
            portals: Vec::new(),
        };
        keyring.check().unwrap();
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, keyring.encode());
        envelope.sign_plain(&signer(1)).unwrap();
        let mut sample = Self {
            descriptor: Descriptor {
                fleet,
                organisation,
                keyring_version: 1,
                root,
            },
            keyring,
            entries: Vec::new(),
            hashes: Vec::new(),
        };
        sample.log(LogKind::Keyring, &envelope.encode(), &[]);
        sample
    }

    fn log(&mut self, kind: LogKind, bytes: &[u8], leaves: &[Leaf]) {
        let digest = Digest::of(bytes);
        self.hashes.push(log_leaf_hash(kind, &digest));
        self.entries.push(FedEntry {
            kind: kind.to_string(),
            digest: digest.to_hex(),
            bytes: Some(base64::encode(bytes)),
            leaves: leaves.iter().map(fed).collect(),
        });
    }

    /// A command by one signer, in the log.
    fn command(&mut self, number: u8, args: Args, phones: &[Leaf], by: u8) -> (Vec<u8>, Digest) {
        let tree = TargetTree::build(phones.to_vec()).unwrap();
        let command = Command {
            id: CommandId::parse(&format!("0197c0de-1111-7000-8000-0000000000{number:02x}"))
                .unwrap(),
            fleet: self.descriptor.fleet.clone(),
            organisation: self.descriptor.organisation.clone(),
            keyring: 1,
            args,
            reason: "stolen".to_owned(),
            issued_at: UnixTime(1_790_000_000),
            not_before: None,
            expires_at: UnixTime(1_790_000_000 + 7 * 86_400),
            targets: tree.targets(),
        };
        let mut envelope = Envelope::unsigned(DocumentType::Command, command.encode());
        envelope.sign_plain(&signer(by)).unwrap();
        let leaves: &[Leaf] = if follow::needs_leaves(command.kind()) {
            phones
        } else {
            &[]
        };
        self.log(LogKind::Command, &envelope.encode(), leaves);
        (envelope.encode(), envelope.digest())
    }

    fn note(&self, size: usize) -> SignedCheckpoint {
        let mut frontier = muster_audit::frontier::Frontier::default();
        self.hashes[..size]
            .iter()
            .for_each(|hash| frontier.push(*hash));
        let head = muster_protocol::checkpoint::TreeHead {
            size: frontier.size(),
            root: frontier.root(),
        };
        let origin = self.keyring.log.origin.clone();
        SignedCheckpoint::by_log(Checkpoint { origin, head }, &signer(3))
    }

    fn feed(&self, from: usize) -> Feed {
        let copy = |entry: &FedEntry| FedEntry {
            kind: entry.kind.clone(),
            digest: entry.digest.clone(),
            bytes: entry.bytes.clone(),
            leaves: entry.leaves.clone(),
        };
        Feed {
            v: 1,
            descriptor: base64::encode(&self.descriptor.encode()),
            keyrings: self.keyrings(),
            note: self.note(self.entries.len()).encode(),
            from: from as u64,
            entries: self.entries[from..].iter().map(copy).collect(),
            consistency: Vec::new(),
        }
    }

    /// The first keyring, as a server brings it.
    fn keyrings(&self) -> Vec<String> {
        self.entries[0].bytes.clone().into_iter().collect()
    }

    fn fresh(&self) -> Fleet {
        Fleet::new(self.descriptor.clone()).taught(&self.keyrings())
    }

    fn followed(&self) -> Fleet {
        self.fresh().taking(&self.feed(0), NOW).unwrap()
    }

    fn proof(&self, old: u64, new: u64) -> Vec<Digest> {
        merkle::consistency_proof(old, new, |level, index| {
            let width = 1_usize << level;
            let from = usize::try_from(index).unwrap() * width;
            let mut tree = muster_audit::frontier::Frontier::default();
            self.hashes
                .get(from..from + width)?
                .iter()
                .for_each(|hash| tree.push(*hash));
            Some(tree.root())
        })
        .unwrap()
    }

    fn asks(&self, envelope: &[u8], phones: &[Leaf], phone: &Leaf) -> Asked {
        let tree = TargetTree::build(phones.to_vec()).unwrap();
        let proof = tree.proof(tree.position(phone).unwrap()).unwrap();
        Asked {
            v: 1,
            fleet: self.descriptor.fleet.to_string(),
            envelope: base64::encode(envelope),
            phone: fed(phone),
            index: proof.index,
            hashes: proof.hashes.iter().map(ToString::to_string).collect(),
            nonce: Digest::of(b"nonce").to_hex(),
            size: self.entries.len() as u64,
        }
    }
}

fn phone(number: u32) -> Leaf {
    Leaf {
        device: DeviceId::parse(&format!("0197c0de-0000-7000-8000-{number:012x}")).unwrap(),
        enrolment: EnrolmentId::parse(&Digest::of(&number.to_be_bytes()).to_hex()).unwrap(),
        serial: SerialNumber::parse(&format!("NW-{number:06}")).unwrap(),
    }
}

fn fed(leaf: &Leaf) -> FedLeaf {
    FedLeaf {
        device: leaf.device.to_string(),
        enrolment: leaf.enrolment.to_string(),
        serial: leaf.serial.to_string(),
    }
}

fn code(fleet: &Fleet, asked: &Asked, now: UnixTime) -> String {
    let mut lately = Lately::default();
    match clear(fleet, &mut lately, &Limits::USUAL, asked, &signer(9), now) {
        Ok(_) => "cleared".to_owned(),
        Err(declined) => declined.code,
    }
}

fn hold() -> Args {
    Args::Hold {
        case: CaseNumber::parse("C-7").unwrap(),
        until: UnixTime(1_790_000_000 + 30 * 86_400),
    }
}

#[test]
fn what_is_in_the_log_and_nothing_speaks_against_is_cleared() {
    let mut sample = Sample::new();
    let all = [phone(1)];
    let (envelope, _) = sample.command(1, Args::Kill, &all, 4);
    let fleet = sample.followed();
    let asked = sample.asks(&envelope, &all, &all[0]);
    let mut lately = Lately::default();
    let given = clear(&fleet, &mut lately, &Limits::USUAL, &asked, &signer(9), NOW).unwrap();
    let expected = Expected {
        ed: &Digest::of(&envelope),
        enrolment: &all[0].enrolment,
        nonce: &Digest::of(b"nonce"),
    };
    let cleared = Clearance::verify(&given, &sample.keyring, &expected).unwrap();
    assert_eq!(cleared.clearance.checkpoint, fleet.head());
    assert_eq!(cleared.clearance.keyring, 1);
    // Nobody whom the keyring does not name, nobody who did not see the entry.
    let stranger = clear(&fleet, &mut lately, &Limits::USUAL, &asked, &signer(8), NOW);
    assert_eq!(stranger.unwrap_err().code, "not-a-witness");
    let mut other = Sample::new();
    other.log(LogKind::Admin, b"something else", &[]);
    assert_eq!(code(&other.followed(), &asked, NOW), "not_logged");
}

#[test]
fn a_cancel_a_hold_and_its_release_are_known() {
    let mut sample = Sample::new();
    let all = [phone(1), phone(2)];
    let (envelope, cd) = sample.command(1, Args::Kill, &all, 4);
    let (_, held) = sample.command(2, hold(), &all[..1], 5);
    let fleet = sample.followed();
    assert_eq!(
        code(&fleet, &sample.asks(&envelope, &all, &all[0]), NOW),
        "held"
    );
    assert_eq!(
        code(&fleet, &sample.asks(&envelope, &all, &all[1]), NOW),
        "cleared"
    );
    // By the online key a release counts for nothing; by an auditor it does.
    let release = |cd| Args::Release { lifts: vec![cd] };
    sample.command(3, release(held), &all[..1], 2);
    assert_eq!(
        code(
            &sample.followed(),
            &sample.asks(&envelope, &all, &all[0]),
            NOW
        ),
        "held"
    );
    sample.command(4, release(held), &all[..1], 5);
    assert_eq!(
        code(
            &sample.followed(),
            &sample.asks(&envelope, &all, &all[0]),
            NOW
        ),
        "cleared"
    );
    sample.command(5, Args::Cancel { lifts: vec![cd] }, &all, 4);
    assert_eq!(
        code(
            &sample.followed(),
            &sample.asks(&envelope, &all, &all[1]),
            NOW
        ),
        "cancelled"
    );
}

#[test]
fn a_hold_whose_phones_nobody_told_covers_every_phone() {
    let mut sample = Sample::new();
    let all = [phone(1)];
    let (envelope, _) = sample.command(1, Args::Kill, &all, 4);
    sample.command(2, hold(), &[phone(7)], 5);
    sample.entries.last_mut().unwrap().leaves.clear();
    assert_eq!(
        code(
            &sample.followed(),
            &sample.asks(&envelope, &all, &all[0]),
            NOW
        ),
        "held"
    );
    // Other phones than the command's own are no phones either.
    sample.entries.last_mut().unwrap().leaves = vec![fed(&phone(8))];
    assert_eq!(
        code(
            &sample.followed(),
            &sample.asks(&envelope, &all, &all[0]),
            NOW
        ),
        "held"
    );
}

#[test]
fn a_command_without_its_bytes_makes_it_blind() {
    let mut sample = Sample::new();
    let all = [phone(1)];
    let (envelope, _) = sample.command(1, Args::Kill, &all, 4);
    sample.command(2, Args::Lock, &all, 2);
    sample.entries.last_mut().unwrap().bytes = None;
    assert_eq!(
        code(
            &sample.followed(),
            &sample.asks(&envelope, &all, &all[0]),
            NOW
        ),
        "blind"
    );
}

#[test]
fn ten_phones_in_twenty_minutes_and_many_phones_wait() {
    let mut sample = Sample::new();
    let all: Vec<Leaf> = (0..26).map(phone).collect();
    let (many, _) = sample.command(1, Args::Kill, &all, 4);
    let (few, _) = sample.command(2, Args::Kill, &all[..20], 4);
    let fleet = sample.followed();
    let asked = sample.asks(&many, &all, &all[0]);
    assert_eq!(code(&fleet, &asked, NOW), "cool-off");
    assert_eq!(code(&fleet, &asked, NOW.plus(600)), "cleared");
    let mut lately = Lately::default();
    for one in &all[..10] {
        let asked = sample.asks(&few, &all[..20], one);
        // The same phone again takes no second place.
        for _ in 0..2 {
            clear(&fleet, &mut lately, &Limits::USUAL, &asked, &signer(9), NOW).unwrap();
        }
    }
    let asked = sample.asks(&few, &all[..20], &all[10]);
    let declined = clear(
        &fleet,
        &mut lately,
        &Limits::USUAL,
        &asked,
        &signer(9),
        NOW.plus(60),
    );
    let declined = declined.unwrap_err();
    assert_eq!(
        (declined.code.as_str(), declined.wait_seconds),
        ("rate_limited", 1140)
    );
    clear(
        &fleet,
        &mut lately,
        &Limits::USUAL,
        &asked,
        &signer(9),
        NOW.plus(1200),
    )
    .unwrap();
}

#[test]
fn entries_that_do_not_lead_to_the_note_teach_nothing() {
    let mut sample = Sample::new();
    sample.command(1, Args::Kill, &[phone(1)], 4);
    let fresh = sample.fresh();
    let mut feed = sample.feed(0);
    feed.entries.pop();
    assert!(matches!(
        fresh.taking(&feed, NOW),
        Err(follow::Refused::Unproven(_))
    ));
    let mut feed = sample.feed(0);
    feed.from = 1;
    assert_eq!(
        fresh.taking(&feed, NOW).err(),
        Some(follow::Refused::Elsewhere)
    );
    let fleet = sample.followed();
    let again = Fleet::from_stored(fleet.stored()).unwrap();
    assert_eq!(again.head(), fleet.head());
}

#[test]
fn only_what_follows_is_cosigned() {
    let mut sample = Sample::new();
    for n in 0..5 {
        sample.log(LogKind::Admin, &[n], &[]);
    }
    let log = &sample.keyring.log;
    let ask = |old: u64, proof: &[Digest], note: &SignedCheckpoint| {
        let body = AddCheckpoint::encode(old, proof, &note.encode());
        AddCheckpoint::parse(body.as_bytes()).unwrap()
    };
    let proof = |old, new| sample.proof(old, new);
    let (three, six) = (sample.note(3), sample.note(6));
    let first = ask(0, &[], &three);
    assert_eq!(first.judge(log, None), Ok(()));
    let last = &three.checkpoint;
    assert_eq!(ask(3, &proof(3, 6), &six).judge(log, Some(last)), Ok(()));
    assert_eq!(
        ask(3, &proof(2, 6), &six).judge(log, Some(last)),
        Err(Refused::Inconsistent)
    );
    assert_eq!(
        ask(2, &proof(2, 6), &six).judge(log, Some(last)),
        Err(Refused::OtherSize(3))
    );
    assert_eq!(
        ask(7, &[], &six).judge(log, Some(last)),
        Err(Refused::Backwards)
    );
    let mut other = Sample::new();
    other.log(LogKind::Admin, b"x", &[]);
    other.log(LogKind::Admin, b"y", &[]);
    assert_eq!(
        ask(3, &[], &other.note(3)).judge(log, Some(last)),
        Err(Refused::Forked)
    );
    let unsigned = SignedCheckpoint::by_log(three.checkpoint.clone(), &signer(8));
    assert_eq!(
        ask(0, &[], &unsigned).judge(log, None),
        Err(Refused::Unsigned)
    );

    // The line is what a note takes, and what phones count.
    let key = WitnessKey {
        name: "witness.example.org/w1".to_owned(),
        signer: signer(9),
    };
    let mut note = three.clone();
    assert!(note.verify(&sample.keyring).is_err());
    assert_eq!(
        note.add_cosignatures("\u{2014} somebody/else AAAAAAAA\n", &sample.keyring),
        0
    );
    assert_eq!(
        note.add_cosignatures(&first.cosignature(&key, NOW), &sample.keyring),
        1
    );
    assert_eq!(
        note.add_cosignatures(&first.cosignature(&key, NOW.plus(1)), &sample.keyring),
        1
    );
    // The later word counts, and an earlier one that is repeated does not.
    for at in [NOW, NOW.plus(1)] {
        note.add_cosignatures(&first.cosignature(&key, at), &sample.keyring);
        assert_eq!(
            note.verify(&sample.keyring).unwrap().witnessed_at,
            Some(NOW.plus(1))
        );
    }
    for malformed in ["", "old 3\n", "old 03\n\n", "new 3\n\n", "old 3\nzz\n\n"] {
        let body = format!("{malformed}{}", three.encode());
        assert_eq!(AddCheckpoint::parse(body.as_bytes()), None, "{malformed}");
    }
}

/// The log in two pages of one note, as a server brings what does not fit into one request.
#[test]
fn a_page_that_ends_before_the_note_is_believed_by_its_proof_alone() {
    let mut sample = Sample::new();
    for n in 0..6 {
        sample.log(LogKind::Admin, &[n], &[]);
    }
    let (envelope, _) = sample.command(1, Args::Kill, &[phone(1)], 4);
    let mut first = sample.feed(0);
    first.entries.truncate(3);
    assert_eq!(
        sample.fresh().taking(&first, NOW).err(),
        Some(follow::Refused::Unproven(
            "the entries do not lead to the note's root"
        ))
    );
    let proof = sample.proof(3, 8);
    first.consistency = proof.iter().map(ToString::to_string).collect();
    let fleet = sample.fresh().taking(&first, NOW).unwrap();
    assert_eq!(fleet.followed().size, 3);
    // Under half a note nothing is cleared; the tree of a note that nobody signed for it is none.
    let asked = sample.asks(&envelope, &[phone(1)], &phone(1));
    assert_eq!(code(&fleet, &asked, NOW), "elsewhere");
    let mut second = sample.feed(3);
    second.entries[1].digest = Digest::of(b"another").to_hex();
    second.entries[1].bytes = None;
    assert!(fleet.taking(&second, NOW).is_err());
    let fleet = fleet.taking(&sample.feed(3), NOW).unwrap();
    assert_eq!(fleet.head(), sample.note(8).checkpoint.head);
    assert_eq!(code(&fleet, &asked, NOW), "cleared");
}

#[test]
fn entries_under_a_note_of_another_key_are_not_even_read() {
    let sample = Sample::new();
    let mut feed = sample.feed(0);
    let note = sample.note(1).checkpoint;
    feed.note = SignedCheckpoint::by_log(note, &signer(8)).encode();
    feed.entries[0].kind = "rubbish".to_owned();
    assert_eq!(
        sample.fresh().taking(&feed, NOW).err(),
        Some(follow::Refused::Unsigned)
    );
    // Without the first keyring there is nobody whose note could count.
    let unknown = Fleet::new(sample.descriptor.clone());
    assert_eq!(
        unknown.taking(&sample.feed(0), NOW).err(),
        Some(follow::Refused::Unsigned)
    );
}

impl Sample {
    /// The next keyring, sealed by the root; it is not in the log.
    fn next_keyring(&self, change: impl FnOnce(&mut Keyring)) -> (Keyring, Vec<u8>) {
        let mut next = self.keyring.clone();
        next.version += 1;
        change(&mut next);
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, next.encode());
        envelope.sign_plain(&signer(1)).unwrap();
        (next, envelope.encode())
    }
}

#[test]
fn a_keyring_that_the_log_lacks_stops_clearances_and_removes_who_it_removes() {
    let mut sample = Sample::new();
    let all = [phone(1)];
    let (envelope, _) = sample.command(1, Args::Kill, &all, 4);
    let fleet = sample.followed();
    let asked = sample.asks(&envelope, &all, &all[0]);
    assert_eq!(code(&fleet, &asked, NOW), "cleared");
    // The approver's key was stolen, the root removed it, and the server keeps that keyring out of its log.
    let (next, sealed) = sample.next_keyring(|next| {
        next.grants.remove(0);
        next.keys
            .retain(|entry| entry.key == signer(5).public_key());
    });
    let taught = fleet.taught(&[base64::encode(&sealed)]);
    assert_eq!(taught.followed().keyring, 2);
    assert_eq!(code(&taught, &asked, NOW), "keyring-unlogged");
    // Kept over a restart, and rubbish teaches nothing.
    let again = Fleet::from_stored(taught.stored()).unwrap();
    assert_eq!(code(&again, &asked, NOW), "keyring-unlogged");
    let forged = Envelope::unsigned(DocumentType::Keyring, next.encode()).encode();
    assert_eq!(
        fleet.taught(&[base64::encode(&forged)]).followed().keyring,
        1
    );
    // Once it is logged, the removed approver's signature is dead.
    let mut later = Sample::new();
    later.command(1, Args::Kill, &all, 4);
    later.log(LogKind::Keyring, &sealed, &[]);
    let followed = taught.taking(&later.feed(2), NOW).unwrap();
    let asked = later.asks(&envelope, &all, &all[0]);
    assert_ne!(code(&followed, &asked, NOW), "cleared");
    assert_ne!(code(&followed, &asked, NOW), "keyring-unlogged");
}

#[test]
fn a_keyring_with_another_log_begins_a_new_tree_and_forgets_no_cancel() {
    let mut sample = Sample::new();
    let all = [phone(1)];
    let (envelope, cd) = sample.command(1, Args::Kill, &all, 4);
    sample.command(2, Args::Cancel { lifts: vec![cd] }, &all, 4);
    let fleet = sample.followed();
    let (next, sealed) = sample.next_keyring(|next| {
        next.log = Log {
            origin: "other.example.org/log".to_owned(),
            key: signer(11).verifying_key(),
        };
    });
    // The restored server lost the cancel; its tree is another one.
    let mut restored = Sample::new();
    restored.command(1, Args::Kill, &all, 4);
    restored.log(LogKind::Keyring, &sealed, &[]);
    restored.keyring = next;
    let mut feed = restored.feed(0);
    let note = restored.note(3).checkpoint;
    feed.note = SignedCheckpoint::by_log(note, &signer(11)).encode();
    let taught = fleet.taught(&[base64::encode(&sealed)]);
    assert_eq!((taught.followed().size, taught.followed().keyring), (0, 2));
    let followed = taught.taking(&feed, NOW).unwrap();
    let asked = restored.asks(&envelope, &all, &all[0]);
    assert_eq!(code(&followed, &asked, NOW), "cancelled");
}

#[test]
fn a_log_full_of_cancels_fills_no_memory_and_clears_nothing() {
    let mut sample = Sample::new();
    let all = [phone(1)];
    let (envelope, _) = sample.command(1, Args::Kill, &all, 4);
    let mut fleet = sample.followed();
    for number in 0..100_001_u32 {
        let cd = Digest::of(&number.to_be_bytes()).to_hex();
        fleet.cancelled.insert(cd, NOW.0);
    }
    sample.log(LogKind::Admin, b"one more", &[]);
    let fleet = fleet.taking(&sample.feed(2), NOW).unwrap();
    assert!(fleet.cancelled.is_empty() && fleet.seen.is_empty());
    let asked = sample.asks(&envelope, &all, &all[0]);
    assert_eq!(code(&fleet, &asked, NOW), "blind");
}

#[test]
fn a_folder_serves_one_witness_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = super::shelf::Shelf::open(folder.path(), Vec::new()).unwrap();
    let second = super::shelf::Shelf::open(folder.path(), Vec::new());
    assert!(second.err().unwrap().contains("Another witness"));
    drop(first);
    assert!(super::shelf::Shelf::open(folder.path(), Vec::new()).is_ok());
}

#[test]
fn only_the_logs_key_asks() {
    let sample = Sample::new();
    let log = &sample.keyring.log;
    let signature = super::asker::sign(&signer(3), "clearances", b"body");
    let is_by =
        |what, body: &[u8], header: Option<&str>| super::asker::is_by(log, what, body, header);
    assert!(is_by("clearances", b"body", Some(&signature)));
    assert!(!is_by("entries", b"body", Some(&signature)));
    assert!(!is_by("clearances", b"Body", Some(&signature)));
    assert!(!is_by("clearances", b"body", None));
    let other = super::asker::sign(&signer(8), "clearances", b"body");
    assert!(!is_by("clearances", b"body", Some(&other)));
}
