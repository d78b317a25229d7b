//! Keyrings that change: whose word counts, and until when. Entries are taken one by one, without a tree around them.

use muster_protocol::checkpoint::{LogKind, TreeHead};
use muster_protocol::clearance::Clearance;
use muster_protocol::command::{Args, Command};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{
    CommandId, DeviceId, EnrolmentId, FleetId, OrganisationId, Person, SerialNumber,
};
use muster_protocol::keyring::{Keyring, Log, Root, ServerEntry, WholeKey, Witness, Witnesses};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::merkle;
use muster_protocol::target::{Leaf, TargetTree};
use muster_protocol::time::UnixTime;

use crate::check::Check;
use crate::document::Document;
use crate::export::{self, Entry};
use crate::finding::Finding;
use crate::knowledge::Knowledge;
use crate::tree::Tree;

const BEGIN: u64 = 1_790_000_000;

fn signer(byte: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed([byte; 32])
}

fn whole(byte: u8) -> WholeKey {
    WholeKey {
        key: signer(byte).verifying_key(),
        person: Person::parse(&format!("{byte:02x}").repeat(16)).unwrap(),
    }
}

fn witness(byte: u8) -> Witness {
    Witness {
        name: format!("witness.example.org/w{byte}"),
        key: signer(byte).verifying_key(),
    }
}

/// A history under way: root 1, online 2, log 3, witness 9.
struct History {
    knowledge: Knowledge,
    keyring: Keyring,
    next: u64,
    found: Vec<Finding>,
    _folder: tempfile::TempDir,
    tree: Tree,
}

impl History {
    fn new() -> Self {
        let root = Root {
            keys: vec![whole(1)],
            threshold: 1,
        };
        let fleet = FleetId::parse(&"0f".repeat(16)).unwrap();
        let keyring = Keyring {
            fleet: fleet.clone(),
            version: 1,
            issued_at: UnixTime(BEGIN),
            expires_at: UnixTime(BEGIN + 90 * 86_400),
            min_protocol: 1,
            root: root.clone(),
            online: vec![whole(2)],
            keys: Vec::new(),
            grants: Vec::new(),
            log: Log {
                origin: "log.example.org/sample".to_owned(),
                key: signer(3).verifying_key(),
            },
            witness: Witnesses {
                keys: vec![witness(9)],
                threshold: 1,
            },
            servers: vec![ServerEntry {
                url: "https://muster.example.org".to_owned(),
                ca: Digest::of(b"ca"),
            }],
            portals: Vec::new(),
        };
        let descriptor = Descriptor {
            fleet: fleet.clone(),
            organisation: OrganisationId::parse("0197c0de-0000-7000-8000-000000000001").unwrap(),
            keyring_version: 1,
            root,
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(export::HASHES);
        std::fs::write(&path, b"").unwrap();
        let mut history = Self {
            knowledge: Knowledge::new(fleet, Some(descriptor), 1000),
            keyring,
            next: 0,
            found: Vec::new(),
            tree: Tree::open(&path).unwrap(),
            _folder: folder,
        };
        history.keyring(|_| {});
        history
    }

    /// Takes an entry and everything that follows from it.
    fn entry(&mut self, kind: LogKind, bytes: Option<&[u8]>) -> u64 {
        let index = self.next;
        self.next += 1;
        let digest = Digest::of(bytes.unwrap_or(b"withheld"));
        let line = export::line(index, kind.as_str(), &digest.to_hex(), bytes);
        let entry = Entry::read(line.as_bytes()).unwrap();
        let document = Document::read(&entry);
        let mut checks = Vec::new();
        self.knowledge
            .take(index, entry, document, &mut checks, &mut self.found);
        let judged = checks
            .iter()
            .filter_map(|check: &Check| check.judge(&self.tree));
        self.found.extend(judged);
        index
    }

    fn admin(&mut self, count: u64) {
        for _ in 0..count {
            self.entry(LogKind::Admin, Some(b"{}"));
        }
    }

    /// The next keyring, or the first.
    fn keyring(&mut self, change: impl FnOnce(&mut Keyring)) {
        if self.next > 0 {
            self.keyring.version += 1;
        }
        change(&mut self.keyring);
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, self.keyring.encode());
        envelope.sign_plain(&signer(1)).unwrap();
        self.entry(LogKind::Keyring, Some(&envelope.encode()));
    }

    /// A lock by this online key; answers its number and its envelope's digest.
    fn lock(&mut self, by: u8) -> (u64, Digest) {
        let leaf = Leaf {
            device: DeviceId::parse("0197c0de-0000-7000-8000-00000000000a").unwrap(),
            enrolment: EnrolmentId::parse(&Digest::of(b"key").to_hex()).unwrap(),
            serial: SerialNumber::parse("NW-000042").unwrap(),
        };
        let command = Command {
            id: CommandId::parse(&format!("0197c0de-1111-7000-8000-{:012x}", self.next)).unwrap(),
            fleet: self.keyring.fleet.clone(),
            organisation: OrganisationId::parse("0197c0de-0000-7000-8000-000000000001").unwrap(),
            keyring: 1,
            args: Args::Lock,
            reason: "left in a taxi".to_owned(),
            issued_at: UnixTime(BEGIN),
            not_before: None,
            expires_at: UnixTime(BEGIN + 86_400),
            targets: TargetTree::build(vec![leaf]).unwrap().targets(),
        };
        let mut envelope = Envelope::unsigned(DocumentType::Command, command.encode());
        envelope.sign_plain(&signer(by)).unwrap();
        let bytes = envelope.encode();
        (
            self.entry(LogKind::Command, Some(&bytes)),
            Digest::of(&bytes),
        )
    }

    fn clearance(&mut self, ed: Digest, by: u8) -> u64 {
        let clearance = Clearance {
            at: UnixTime(BEGIN),
            checkpoint: TreeHead {
                size: 0,
                root: merkle::empty_root(),
            },
            ed,
            enrolment: EnrolmentId::parse(&Digest::of(b"key").to_hex()).unwrap(),
            fleet: self.keyring.fleet.clone(),
            keyring: self.keyring.version,
            nonce: Digest::of(b"nonce"),
        };
        let bytes = clearance.sign(&signer(by));
        self.entry(LogKind::Clearance, Some(&bytes))
    }
}

#[test]
fn a_key_that_a_keyring_removed_counts_for_one_batch_and_no_longer() {
    let mut history = History::new();
    history.lock(2);
    history.keyring(|next| next.online = vec![whole(12)]);
    history.lock(2);
    history.lock(12);
    assert_eq!(history.found, [], "sealed as the keyring changed");
    history.admin(512);
    let (index, _) = history.lock(2);
    history.lock(12);
    assert_eq!(
        history.found,
        [Finding::NotAuthorised {
            index,
            reason: "not_authorised"
        }]
    );
}

#[test]
fn a_clearance_by_a_revoked_witness_is_named() {
    let mut history = History::new();
    let (_, ed) = history.lock(2);
    history.clearance(ed, 9);
    assert_eq!(history.found, []);
    let stranger = history.clearance(ed, 8);
    history.keyring(|next| next.witness.keys = vec![witness(10)]);
    history.clearance(ed, 10);
    history.admin(512);
    let revoked = history.clearance(ed, 9);
    let named = |index| Finding::ForeignClearance { index };
    assert_eq!(history.found, [named(stranger), named(revoked)]);
}

#[test]
fn a_clearance_of_a_command_that_the_log_lacks_is_named() {
    let mut history = History::new();
    let envelope = Digest::of(b"never logged");
    let index = history.clearance(envelope, 9);
    assert_eq!(
        history.found,
        [Finding::UnloggedCleared { index, envelope }]
    );
    // Where commands are withheld from the reader, what is not known proves nothing.
    history.entry(LogKind::Command, None);
    history.clearance(envelope, 9);
    assert_eq!(history.found.len(), 1);
}

#[test]
fn a_policy_that_nobody_may_sign_is_named() {
    let mut history = History::new();
    let mut envelope = Envelope::unsigned(DocumentType::Policy, b"{}".to_vec());
    envelope.sign_plain(&signer(2)).unwrap();
    let index = history.entry(LogKind::Policy, Some(&envelope.encode()));
    assert_eq!(
        history.found,
        [Finding::Policy {
            index,
            reason: "policy_invalid"
        }]
    );
}
