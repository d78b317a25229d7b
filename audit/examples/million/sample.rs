//! A history of any length with everything in it that a fleet's log has, signed by keys of its own.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use muster_audit::export::{self, About};
use muster_audit::frontier::Frontier;
use muster_protocol::base64;
use muster_protocol::checkpoint::{Checkpoint, LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use muster_protocol::command::{Args, Command};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::enrolment::{PinManner, Statement};
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{CommandId, DeviceId, FleetId, OrganisationId, Person, SerialNumber};
use muster_protocol::keyring::{Keyring, Log, Root, ServerEntry, WholeKey, Witnesses};
use muster_protocol::keys::{Ed25519Signer, P256Signer};
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_protocol::target::{Leaf, TargetTree};
use muster_protocol::time::UnixTime;

/// When the history begins.
const BEGIN: u64 = 1_790_000_000;

/// Writes an export of `entries` entries of `phones` phones to `folder`; answers the pin.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, entries: u64, phones: u64) -> std::io::Result<Digest> {
    std::fs::create_dir_all(folder)?;
    let mut writer = Writer::new(folder)?;
    let fleet = Fleet::new();
    writer.entry(LogKind::Keyring, &fleet.keyring_envelope)?;
    for number in 0..phones {
        writer.entry(LogKind::Enrolment, &fleet.statement(number))?;
    }
    let mut waiting: VecDeque<(u64, Digest)> = VecDeque::new();
    let mut sequences = vec![0_u64; usize::try_from(phones).unwrap_or(0)];
    let mut turn = 0_u64;
    // Of ten entries one is a command, two are receipts, the others events and certificates: what a day in the field is like.
    while writer.frontier.size() < entries {
        match (turn % 10, waiting.front().copied()) {
            (0, _) => {
                let phone = turn / 10 % phones;
                let (envelope, cd) = fleet.command(turn, phone);
                writer.entry(LogKind::Command, &envelope)?;
                waiting.push_back((phone, cd));
            }
            (4 | 7, Some((phone, cd))) => {
                let sequence = &mut sequences[usize::try_from(phone).unwrap_or(0)];
                *sequence += 1;
                let done = turn % 10 == 7;
                let state = if done {
                    ReceiptState::Done
                } else {
                    ReceiptState::Accepted
                };
                let head = writer.heads.front().copied();
                let receipt = fleet.receipt(phone, *sequence, cd, state, head);
                writer.entry(LogKind::Receipt, &receipt)?;
                if done {
                    waiting.pop_front();
                }
            }
            _ => {
                let event = format!(
                    "{{\"actor\":\"member:0197c0de\",\"at\":{},\"facts\":\"{{}}\",\"id\":\"{turn}\",\"kind\":\"device.renewed\"}}",
                    BEGIN + turn
                );
                writer.entry(LogKind::Admin, event.as_bytes())?;
            }
        }
        turn += 1;
    }
    writer.finish(folder, &fleet)?;
    Ok(fleet.descriptor.fingerprint())
}

struct Writer {
    entries: BufWriter<File>,
    hashes: BufWriter<File>,
    frontier: Frontier,
    /// Some tree heads of the last entries, the oldest first.
    heads: VecDeque<TreeHead>,
}

impl Writer {
    fn new(folder: &Path) -> std::io::Result<Self> {
        Ok(Self {
            entries: BufWriter::new(File::create(folder.join(export::ENTRIES))?),
            hashes: BufWriter::new(File::create(folder.join(export::HASHES))?),
            frontier: Frontier::default(),
            heads: VecDeque::new(),
        })
    }

    fn entry(&mut self, kind: LogKind, bytes: &[u8]) -> std::io::Result<()> {
        let digest = Digest::of(bytes);
        let line = export::line(
            self.frontier.size(),
            kind.as_str(),
            &digest.to_hex(),
            Some(bytes),
        );
        self.entries.write_all(line.as_bytes())?;
        self.entries.write_all(b"\n")?;
        let leaf = log_leaf_hash(kind, &digest);
        self.hashes.write_all(leaf.as_bytes())?;
        self.frontier.push(leaf);
        if self.frontier.size().is_multiple_of(50) {
            self.heads.push_back(self.head());
            if self.heads.len() > 4 {
                self.heads.pop_front();
            }
        }
        Ok(())
    }

    fn head(&self) -> TreeHead {
        TreeHead {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    fn finish(mut self, folder: &Path, fleet: &Fleet) -> std::io::Result<()> {
        let head = self.head();
        self.entries.flush()?;
        self.hashes.flush()?;
        let origin = fleet.keyring.log.origin.clone();
        let note = SignedCheckpoint::by_log(
            Checkpoint {
                origin: origin.clone(),
                head,
            },
            &fleet.log,
        );
        std::fs::write(folder.join(export::CHECKPOINT), note.encode())?;
        std::fs::write(folder.join(export::DESCRIPTOR), fleet.descriptor.encode())?;
        let about = About {
            v: 1,
            fleet: fleet.descriptor.fleet.to_string(),
            origin,
            log_key: base64::encode(fleet.log.verifying_key().raw()),
            fingerprint: Some(fleet.descriptor.fingerprint().to_hex()),
        };
        std::fs::write(
            folder.join(export::ABOUT),
            serde_json::to_string(&about).unwrap_or_default(),
        )
    }
}

struct Fleet {
    online: Ed25519Signer,
    log: Ed25519Signer,
    descriptor: Descriptor,
    keyring: Keyring,
    keyring_envelope: Vec<u8>,
}

impl Fleet {
    fn new() -> Self {
        let signer = |byte: u8| Ed25519Signer::from_seed([byte; 32]);
        let person = |byte: u8| Person::parse(&format!("{byte:02x}").repeat(16)).expect("hex");
        let (root_key, online, log) = (signer(1), signer(2), signer(3));
        let whole = |key: &Ed25519Signer, byte| WholeKey {
            key: key.verifying_key(),
            person: person(byte),
        };
        let root = Root {
            keys: vec![whole(&root_key, 1)],
            threshold: 1,
        };
        let fleet = FleetId::parse(&"0f".repeat(16)).expect("hex");
        let organisation =
            OrganisationId::parse("0197c0de-0000-7000-8000-000000000001").expect("a UUID");
        let descriptor = Descriptor {
            fleet: fleet.clone(),
            organisation,
            keyring_version: 1,
            root: root.clone(),
        };
        let keyring = Keyring {
            fleet,
            version: 1,
            issued_at: UnixTime(BEGIN),
            expires_at: UnixTime(BEGIN + 180 * 86_400),
            min_protocol: 1,
            root,
            online: vec![whole(&online, 2)],
            keys: Vec::new(),
            grants: Vec::new(),
            log: Log {
                origin: "log.example.org/sample".to_owned(),
                key: log.verifying_key(),
            },
            witness: Witnesses {
                keys: Vec::new(),
                threshold: 0,
            },
            servers: vec![ServerEntry {
                url: "https://muster.example.org".to_owned(),
                ca: Digest::of(b"ca"),
            }],
            portals: Vec::new(),
        };
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, keyring.encode());
        envelope.sign_plain(&root_key).expect("the first signature");
        Self {
            online,
            log,
            descriptor,
            keyring_envelope: envelope.encode(),
            keyring,
        }
    }

    fn device_key(number: u64) -> P256Signer {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        P256Signer::from_bytes(seed).expect("below the order")
    }

    fn leaf(number: u64) -> Leaf {
        Leaf {
            device: DeviceId::parse(&format!("0197c0de-0000-7000-8000-{number:012x}"))
                .expect("a UUID"),
            enrolment: Self::device_key(number).verifying_key().enrolment_id(),
            serial: SerialNumber::parse(&format!("NW-{number:06}")).expect("a serial number"),
        }
    }

    fn keyring_ref(&self) -> KeyringRef {
        KeyringRef {
            digest: self.keyring.digest(),
            version: 1,
        }
    }

    fn statement(&self, number: u64) -> Vec<u8> {
        let (key, leaf) = (Self::device_key(number), Self::leaf(number));
        Statement {
            at: UnixTime(BEGIN),
            checkpoint: None,
            descriptor: self.descriptor.fingerprint(),
            device_id: leaf.device,
            device_key: key.verifying_key(),
            fleet: self.descriptor.fleet.clone(),
            keyring: self.keyring_ref(),
            organisation: self.descriptor.organisation.clone(),
            pin: PinManner::Image,
            previous: None,
            serial: leaf.serial,
            tls_key: Self::device_key(number + 1_000_000_000).verifying_key(),
        }
        .sign(&key)
    }

    fn command(&self, turn: u64, phone: u64) -> (Vec<u8>, Digest) {
        let tree = TargetTree::build(vec![Self::leaf(phone)]).expect("one leaf");
        let command = Command {
            id: CommandId::parse(&format!("0197c0de-1111-7000-8000-{turn:012x}")).expect("a UUID"),
            fleet: self.descriptor.fleet.clone(),
            organisation: self.descriptor.organisation.clone(),
            keyring: 1,
            args: Args::Lock,
            reason: "left in a taxi".to_owned(),
            issued_at: UnixTime(BEGIN + turn),
            not_before: None,
            expires_at: UnixTime(BEGIN + turn + 86_400),
            targets: tree.targets(),
        };
        let mut envelope = Envelope::unsigned(DocumentType::Command, command.encode());
        envelope
            .sign_plain(&self.online)
            .expect("the first signature");
        (envelope.encode(), envelope.digest())
    }

    fn receipt(
        &self,
        phone: u64,
        seq: u64,
        command: Digest,
        state: ReceiptState,
        checkpoint: Option<TreeHead>,
    ) -> Vec<u8> {
        let key = Self::device_key(phone);
        Receipt {
            at: UnixTime(BEGIN),
            checkpoint,
            command,
            detail: None,
            enrolment: key.verifying_key().enrolment_id(),
            fleet: self.descriptor.fleet.clone(),
            keyring: self.keyring_ref(),
            reason: None,
            seq,
            state,
        }
        .sign(&key)
    }
}
