//! A small fleet of its own: root, approvers, auditor, online key, log, and one sandbox phone enrolled in it without a
//! server.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use muster_protocol::base64;
use muster_protocol::bundle::{Bundle, CheckpointInBundle, CommandInBundle, LogProof};
use muster_protocol::checkpoint::{Checkpoint, LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use muster_protocol::command::{Args, Command};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::{Digest, sha256};
use muster_protocol::enrolment::PinManner;
use muster_protocol::envelope::{DocumentType, Envelope, envelope_digest};
use muster_protocol::ids::{CommandId, DeviceId, FleetId, OrganisationId, Person, SerialNumber};
use muster_protocol::keyring::{
    Display, Grant, GrantKind, KeyEntry, Keyring, Log, Organisations, Root, ServerEntry, WholeKey,
    Witness, Witnesses,
};
use muster_protocol::keys::{Ed25519Signer, P256Signer};
use muster_protocol::merkle::node_hash;
use muster_protocol::policy::{Noncompliance, Policy};
use muster_protocol::receipt::Receipt;
use muster_protocol::target::{Leaf, TargetTree};
use muster_protocol::time::{DAY, UnixTime};

use crate::core::Core;
use crate::core::act::{Act, Plan};
use crate::core::decide::order;
use crate::core::journal::{Outcome, Written};
use crate::phones::{PhoneKind, SandboxPhone};
use crate::state::credentials::{TlsIdentity, TlsKeys};
use crate::state::folder::Folder;
use crate::state::{Pinned, State};
use crate::system::{Clock, Random, System};

/// When the tests play.
pub const NOW: u64 = 1_790_000_000;

/// A clock that is set by hand.
pub struct SetClock(pub AtomicU64);

impl Clock for SetClock {
    fn unix_seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn powered_on(&self) -> Duration {
        Duration::ZERO
    }
}

/// Counts up: no randomness at all.
pub struct Counting(pub AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = number.to_le_bytes()[at % 8].wrapping_add(1);
        }
    }
}

pub fn system() -> System {
    System {
        clock: Arc::new(SetClock(AtomicU64::new(NOW))),
        random: Arc::new(Counting(AtomicU64::new(7))),
    }
}

pub fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed([seed; 32])
}

fn person(seed: u8) -> Person {
    Person::parse(&format!("{seed:02x}").repeat(16)).expect("32 hex digits")
}

pub const ROOT: u8 = 1;
pub const ONLINE: u8 = 2;
pub const LOG: u8 = 3;
pub const ALICE: u8 = 4;
pub const BOB: u8 = 5;
pub const AUDITOR: u8 = 6;
pub const WITNESSES: [u8; 2] = [7, 8];

/// The fleet's side: what people and the server hold.
pub struct Fleet {
    pub keyring: Keyring,
    /// Seed of the log's key.
    pub log: u8,
    leaf: Leaf,
    numbered: u64,
}

/// What a command is made of.
pub struct Draft {
    pub args: Args,
    pub signers: Vec<u8>,
    pub issued_at: u64,
    pub not_before: Option<u64>,
    pub expires_at: u64,
    pub id: Option<CommandId>,
    pub logged: bool,
}

impl Draft {
    pub fn new(args: Args, signers: &[u8]) -> Self {
        let life = args.kind().longest_life().unwrap_or(90 * DAY).min(7 * DAY);
        Self {
            args,
            signers: signers.to_vec(),
            issued_at: NOW - 60,
            not_before: None,
            expires_at: NOW - 60 + life,
            id: None,
            logged: true,
        }
    }
}

pub fn device_key() -> P256Signer {
    P256Signer::from_bytes([9; 32]).expect("a key")
}

pub fn leaf() -> Leaf {
    Leaf {
        device: DeviceId::parse("0197c0de-0000-7000-8000-00000000000a").expect("an id"),
        enrolment: device_key().verifying_key().enrolment_id(),
        serial: SerialNumber::parse("NW-000042").expect("a serial"),
    }
}

fn organisation() -> OrganisationId {
    OrganisationId::parse("0197c0de-0000-7000-8000-000000000001").expect("an id")
}

impl Fleet {
    pub fn new() -> Self {
        let approver = |seed: u8| KeyEntry {
            key: signer(seed).public_key(),
            person: person(seed),
            display: Display::Independent,
            passkey: None,
        };
        let whole = |seed: u8| WholeKey {
            key: signer(seed).verifying_key(),
            person: person(seed),
        };
        let grant = |kinds: &[&str], keys: &[u8], threshold, independent| Grant {
            kinds: kinds
                .iter()
                .map(|kind| GrantKind::parse(kind).expect("a kind"))
                .collect(),
            organisations: Organisations::Listed(vec![organisation()]),
            keys: keys.iter().map(|seed| signer(*seed).key_id()).collect(),
            threshold,
            independent,
            clearances: 0,
            max_targets: 25,
        };
        let keyring = Keyring {
            fleet: FleetId::parse(&"0f".repeat(16)).expect("an id"),
            version: 7,
            issued_at: UnixTime(NOW - 10 * DAY),
            expires_at: UnixTime(NOW + 180 * DAY),
            min_protocol: 1,
            root: Root {
                keys: vec![whole(ROOT)],
                threshold: 1,
            },
            online: vec![whole(ONLINE)],
            keys: vec![approver(ALICE), approver(BOB), approver(AUDITOR)],
            grants: vec![
                grant(
                    &[
                        "message",
                        "unlock",
                        "resume",
                        "cancel",
                        "lock-fleet",
                        "kill",
                        "policy",
                    ],
                    &[ALICE, BOB],
                    1,
                    1,
                ),
                grant(&["wipe", "transfer"], &[ALICE, BOB], 2, 1),
                grant(&["hold", "release"], &[AUDITOR], 1, 1),
            ],
            log: Log {
                origin: "log.example.org/1".to_owned(),
                key: signer(LOG).verifying_key(),
            },
            witness: Witnesses {
                keys: Vec::new(),
                threshold: 0,
            },
            servers: vec![ServerEntry {
                url: "https://127.0.0.1:1".to_owned(),
                ca: Digest([1; 32]),
            }],
            portals: Vec::new(),
        };
        Self {
            keyring,
            log: LOG,
            leaf: leaf(),
            numbered: 0,
        }
    }

    /// The same fleet with two witnesses, both needed for checkpoints.
    pub fn witnessed() -> Self {
        let mut fleet = Self::new();
        let witness = |seed: u8| Witness {
            name: format!("witness.example.org/{seed}"),
            key: signer(seed).verifying_key(),
        };
        fleet.keyring.witness = Witnesses {
            keys: WITNESSES.map(witness).to_vec(),
            threshold: 2,
        };
        fleet
    }

    /// The next keyring, signed by the root, after `change`.
    pub fn rotate(&mut self, change: impl FnOnce(&mut Keyring)) -> Vec<u8> {
        self.keyring.version += 1;
        change(&mut self.keyring);
        self.keyring_envelope()
    }

    /// A policy that this person signed.
    pub fn policy(&self, by: u8, change: impl FnOnce(&mut Policy)) -> Vec<u8> {
        let mut policy = Policy {
            check_in_seconds: 3600,
            contact_lost_days: 14,
            expires_at: UnixTime(NOW + 170 * DAY),
            fleet: self.keyring.fleet.clone(),
            grace_hours: 72,
            issued_at: UnixTime(NOW - DAY),
            min_agent: None,
            min_os_patch: None,
            noncompliance: Noncompliance::Suspend,
            organisation: organisation(),
            owner_lock_days: None,
            require_encryption: true,
            stale_hours: 24,
            version: 1,
        };
        change(&mut policy);
        let mut envelope = Envelope::unsigned(DocumentType::Policy, policy.encode());
        envelope
            .sign_plain(&signer(by))
            .expect("the first signature");
        envelope.encode()
    }

    /// The descriptor that its phones pin.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            fleet: self.keyring.fleet.clone(),
            organisation: organisation(),
            keyring_version: 1,
            root: self.keyring.root.clone(),
        }
    }

    /// The keyring, signed by the root.
    pub fn keyring_envelope(&self) -> Vec<u8> {
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, self.keyring.encode());
        envelope
            .sign_plain(&signer(ROOT))
            .expect("the first signature");
        envelope.encode()
    }

    /// A phone of this fleet, fresh from its enrolment.
    pub fn state(&self) -> State {
        State {
            phone: PhoneKind::Sandbox,
            serial: self.leaf.serial.clone(),
            device: self.leaf.device.clone(),
            enrolment: self.leaf.enrolment,
            server: self.keyring.servers[0].url.clone(),
            pin: Some(Pinned {
                fingerprint: self.descriptor().fingerprint(),
                manner: PinManner::Manual,
                fleet: self.keyring.fleet.clone(),
                organisation: organisation(),
                descriptor: base64::encode(&self.descriptor().encode()),
            }),
            keyring: base64::encode(&self.keyring_envelope()),
            policy: None,
            anchors: BTreeMap::new(),
            checkpoint: None,
            fork: None,
            evidence: BTreeMap::new(),
            floor: self.keyring.issued_at.0,
            powered_on: 0,
            last_answer: 0,
            last_answer_clock: 0,
            asked: BTreeMap::new(),
            carrier: None,
            last_clock: NOW,
            noncompliance: None,
            closed_by_silence: false,
            journal: BTreeMap::new(),
            lifted: BTreeMap::new(),
            restrictions: Vec::new(),
            holds: Vec::new(),
            statement: None,
            receipts: Vec::new(),
            sequence: 1,
            nonce: None,
            recent: BTreeMap::new(),
            deferred: BTreeMap::new(),
            messages: Vec::new(),
            programs: BTreeMap::new(),
            ended: None,
        }
    }

    pub fn core(&self) -> Core {
        Core::open(self.state(), device_key()).expect("a state")
    }

    /// The phone on disk, in `folder`, with its keys; the certificate is not one, so that no server can be reached.
    pub fn install(&self, folder: &Path) {
        let serial = &self.leaf.serial;
        SandboxPhone::prepare(folder, serial, "Hardline X7", system().random.as_ref())
            .expect("a handset");
        let files = Folder::new(folder);
        files.create().expect("a folder");
        let keys = files.keys(&self.leaf.enrolment);
        keys.create().expect("a folder");
        keys.store_device_key(&device_key()).expect("stored");
        let tls = P256Signer::from_bytes([10; 32]).expect("a key");
        keys.store_tls(&TlsKeys {
            current: TlsIdentity::new(tls, vec![0]),
            previous: None,
        })
        .expect("stored");
        files.save(&self.state()).expect("stored");
    }

    /// A command for this phone, alone.
    pub fn command(&mut self, draft: &Draft) -> Sealed {
        self.numbered += 1;
        let tree = TargetTree::build(vec![self.leaf.clone()]).expect("one leaf");
        let id = format!("0197c0de-1111-7000-8000-{:012}", self.numbered);
        let command = Command {
            id: draft
                .id
                .clone()
                .unwrap_or_else(|| CommandId::parse(&id).expect("an id")),
            fleet: self.keyring.fleet.clone(),
            organisation: organisation(),
            keyring: 7,
            args: draft.args.clone(),
            reason: "left in a taxi".to_owned(),
            issued_at: UnixTime(draft.issued_at),
            not_before: draft.not_before.map(UnixTime),
            expires_at: UnixTime(draft.expires_at),
            targets: tree.targets(),
        };
        let mut envelope = Envelope::unsigned(DocumentType::Command, command.encode());
        for seed in &draft.signers {
            envelope
                .sign_plain(&signer(*seed))
                .expect("each signs once");
        }
        Sealed {
            digest: envelope.digest(),
            bytes: envelope.encode(),
            logged: draft.logged,
        }
    }

    /// The command that these people sign, with ordinary times.
    pub fn order(&mut self, args: Args, signers: &[u8]) -> Sealed {
        self.command(&Draft::new(args, signers))
    }

    /// A bundle of these commands, with a log that holds two other entries before them.
    pub fn bundle(&self, commands: &[&Sealed]) -> Bundle {
        self.bundle_signed(commands, &[])
    }

    /// The same with witness lines: seed and time.
    pub fn bundle_signed(&self, commands: &[&Sealed], witnesses: &[(u8, u64)]) -> Bundle {
        // A log of 2ⁿ leaves, one of them after the other, is enough of a log for one or two commands.
        let logged: Vec<Digest> = commands.iter().map(|sealed| leaf_of(sealed)).collect();
        let filler = log_leaf_hash(LogKind::Admin, &sha256(b"filler"));
        let mut leaves = logged.clone();
        leaves.resize(logged.len().next_power_of_two().max(2), filler);
        let root = root_of(&leaves);
        let head = TreeHead {
            size: u64::try_from(leaves.len()).expect("few"),
            root,
        };
        let mut note = SignedCheckpoint::by_log(
            Checkpoint {
                origin: self.keyring.log.origin.clone(),
                head,
            },
            &signer(self.log),
        );
        for (seed, at) in witnesses {
            note.cosign(
                &format!("witness.example.org/{seed}"),
                &signer(*seed),
                UnixTime(*at),
            );
        }
        Bundle {
            checkpoint: Some(CheckpointInBundle {
                consistency: Vec::new(),
                note: note.encode(),
            }),
            commands: commands
                .iter()
                .enumerate()
                .map(|(index, sealed)| CommandInBundle {
                    clearances: Vec::new(),
                    envelope: sealed.bytes.clone(),
                    log: sealed.logged.then(|| LogProof {
                        index: u64::try_from(index).expect("few"),
                        hashes: path_of(&leaves, index),
                    }),
                    target: TargetTree::build(vec![self.leaf.clone()])
                        .expect("one leaf")
                        .proof(0)
                        .expect("one leaf"),
                })
                .collect(),
            ..Bundle::default()
        }
    }
}

fn leaf_of(sealed: &Sealed) -> Digest {
    log_leaf_hash(LogKind::Command, &envelope_digest(&sealed.bytes))
}

fn levels(leaves: &[Digest]) -> Vec<Vec<Digest>> {
    let mut levels = vec![leaves.to_vec()];
    while levels.last().is_some_and(|level| level.len() > 1) {
        let above = levels
            .last()
            .expect("one")
            .chunks(2)
            .map(|pair| node_hash(&pair[0], &pair[1]))
            .collect();
        levels.push(above);
    }
    levels
}

fn root_of(leaves: &[Digest]) -> Digest {
    levels(leaves).last().expect("one")[0]
}

fn path_of(leaves: &[Digest], index: usize) -> Vec<Digest> {
    let levels = levels(leaves);
    levels[..levels.len() - 1]
        .iter()
        .enumerate()
        .map(|(level, nodes)| nodes[(index >> level) ^ 1])
        .collect()
}

/// A sealed command.
pub struct Sealed {
    pub digest: Digest,
    pub bytes: Vec<u8>,
    pub logged: bool,
}

/// A core driven like the shell drives it, with a phone on which every act succeeds; the acts are kept.
pub struct Driven {
    pub core: Core,
    pub acts: Vec<Act>,
}

impl Driven {
    pub fn new(fleet: &Fleet) -> Self {
        Self {
            core: fleet.core(),
            acts: Vec::new(),
        }
    }

    pub fn take(&mut self, bundle: &Bundle, clock: u64) -> Vec<Written> {
        self.take_with_documents(bundle, clock).1
    }

    pub fn take_with_documents(
        &mut self,
        bundle: &Bundle,
        clock: u64,
    ) -> (Vec<muster_protocol::reason::Reason>, Vec<Written>) {
        let documents = self.core.take_documents(bundle);
        let mut all = Vec::new();
        for index in order(&bundle.commands) {
            let verdict = self.core.decide(&bundle.commands[index], clock);
            let (written, task) = self.core.write_down(verdict, clock);
            all.push(written);
            let Some(task) = task else { continue };
            let Plan { acts, change } = self.core.plan(&task);
            self.acts.extend(acts);
            self.core.apply(change, clock);
            self.core.finish(&task.digest, &Outcome::Done, clock);
        }
        (documents, all)
    }

    /// Takes one command; what was written down.
    pub fn one(&mut self, fleet: &Fleet, sealed: &Sealed, clock: u64) -> Written {
        // Each of these bundles is a log of its own, so the phone is made to forget the one before.
        self.core.state_mut().checkpoint = None;
        self.take(&fleet.bundle(&[sealed]), clock).remove(0)
    }

    /// The receipts written so far, verified.
    pub fn receipts(&self) -> Vec<Receipt> {
        let verify = |envelope: &String| {
            let bytes = base64::decode(envelope).expect("base64");
            Receipt::verify(&bytes, &device_key().verifying_key()).expect("a receipt of this phone")
        };
        self.core.state().receipts.iter().map(verify).collect()
    }
}
