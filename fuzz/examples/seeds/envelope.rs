//! Documents of every type, sealed and bare, with who signs them.

use muster_fuzz::fleet::{Fleet, NOW, fleet_id, leaf, organisation};
use muster_protocol::bundle::{Bundle, CheckpointInBundle, CommandInBundle, LogProof};
use muster_protocol::checkpoint::SignedCheckpoint;
use muster_protocol::clearance::Clearance;
use muster_protocol::command::{Args, Command, Kind, NoticeTemplate};
use muster_protocol::digest::Digest;
use muster_protocol::enrolment::{PinManner, Statement};
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{CaseNumber, CommandId};
use muster_protocol::policy::{Noncompliance, Policy};
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_protocol::target::{TargetProof, Targets};
use muster_protocol::time::{DAY, UnixTime};

use crate::{Seed, accepted, refused};

pub fn seeds() -> Vec<Seed> {
    let fleet = Fleet::new();
    let lifts = || vec![Digest::of(b"one"), Digest::of(b"two")];
    let until = UnixTime(NOW + 30 * DAY);
    let hold = Args::Hold {
        case: CaseNumber::parse("2026-114").expect("a case number"),
        until,
    };
    let notice = Args::Notice {
        template: NoticeTemplate::ALL[0],
        date: Some(UnixTime(NOW)),
        number: Some(3),
    };
    let message = Args::Message {
        text: "Please call us \u{2013} \u{1f4de}".to_owned(),
    };
    let kill = command(&fleet, Args::Kill);
    let wipe = command(&fleet, Args::Wipe);
    let lock = payload(&command(&fleet, Args::Lock));
    let bent = |from: &str, to: &str| {
        assert!(lock.contains(from), "the near miss is one");
        sealed("co", &lock.replacen(from, to, 1))
    };
    let bare = bare(&fleet, &wipe, b"ac");
    let bare_bent = |from: &str, to: &str| {
        let other = bare.replacen(from, to, 1);
        assert_ne!(other, bare, "the near miss is one");
        sealed("c", &other)
    };
    let policy = text(policy().encode());
    let receipt = receipt(&fleet);
    let statement = text(statement(&fleet).encode());
    let clearance = text(clearance(&fleet).encode());
    vec![
        accepted("lock", sealed("co", &lock)),
        accepted("notice", sealed("co", &payload(&command(&fleet, notice)))),
        accepted(
            "refresh",
            sealed("co", &payload(&command(&fleet, Args::Refresh))),
        ),
        accepted(
            "rotate-key",
            sealed("co", &payload(&command(&fleet, Args::RotateKey))),
        ),
        accepted(
            "suspend-online",
            sealed("co", &payload(&command(&fleet, Args::Suspend { until }))),
        ),
        accepted(
            "suspend-by-a-person",
            sealed(
                "cp",
                &payload(&command(
                    &fleet,
                    Args::Suspend {
                        until: UnixTime(NOW + 400 * DAY),
                    },
                )),
            ),
        ),
        accepted(
            "resume",
            sealed(
                "cop",
                &payload(&command(&fleet, Args::Resume { lifts: lifts() })),
            ),
        ),
        accepted(
            "message-by-a-passkey",
            sealed("cp", &payload(&command(&fleet, message))),
        ),
        accepted(
            "unlock",
            sealed(
                "cq",
                &payload(&command(&fleet, Args::Unlock { lifts: lifts() })),
            ),
        ),
        accepted(
            "cancel",
            sealed(
                "cb",
                &payload(&command(&fleet, Args::Cancel { lifts: lifts() })),
            ),
        ),
        accepted(
            "lock-fleet",
            sealed("ca", &payload(&command(&fleet, Args::LockFleet { until }))),
        ),
        accepted("hold", sealed("cd", &payload(&command(&fleet, hold)))),
        accepted(
            "release",
            sealed(
                "cd",
                &payload(&command(&fleet, Args::Release { lifts: lifts() })),
            ),
        ),
        accepted("kill", sealed("cc", &payload(&kill))),
        accepted(
            "transfer",
            sealed(
                "cap",
                &payload(&command(
                    &fleet,
                    Args::Transfer {
                        fingerprint: Digest::of(b"fleet"),
                    },
                )),
            ),
        ),
        accepted("wipe", sealed("capx", &payload(&wipe))),
        accepted("wipe-as-received", sealed("c", &bare)),
        accepted(
            "not-before",
            sealed(
                "co",
                &payload(&Command {
                    not_before: Some(UnixTime(NOW + DAY)),
                    ..command(&fleet, Args::Lock)
                }),
            ),
        ),
        refused("wipe-by-the-server", sealed("co", &payload(&wipe))),
        refused("wipe-by-nobody", sealed("cx", &payload(&wipe))),
        refused("wipe-by-one-person-twice", sealed("cab", &payload(&wipe))),
        refused("wipe-by-two-passkeys", sealed("cpq", &payload(&wipe))),
        refused(
            "wipe-with-a-bent-signature",
            sealed("cacP", &payload(&wipe)),
        ),
        refused("kill-by-a-passkey", sealed("cp", &payload(&kill))),
        refused(
            "another-phone",
            bent(&leaf(0).hash().to_hex(), &leaf(1).hash().to_hex()),
        ),
        refused("another-keyring", bent("\"keyring\":7", "\"keyring\":8")),
        refused("another-version", bent("\"v\":1", "\"v\":2")),
        refused("unknown-kind", bent("\"lock\"", "\"burn\"")),
        refused("unknown-member", bent("\"v\":1", "\"v\":1,\"z\":1")),
        refused("member-twice", bent("\"v\":1", "\"v\":1,\"v\":1")),
        refused("white-space", bent("{\"args\"", "{ \"args\"")),
        refused("escape", bent("left", "\\u006ceft")),
        refused("hidden-text", bent("left", "\u{202e}left")),
        refused("number-form", bent("\"keyring\":7", "\"keyring\":07")),
        refused(
            "bare-signature-twice",
            bare_bent("\"signatures\":[", "\"signatures\":[{},"),
        ),
        refused("bare-other-type", bare_bent("command.v1", "keyring.v1")),
        refused("bare-url-alphabet", bare_bent("==", "--")),
        refused("bare-cut", sealed("c", &bare[..bare.len() - 1])),
        accepted("keyring", sealed("krs", &text(fleet.keyring.encode()))),
        accepted("policy", sealed("pa", &policy)),
        refused("policy-by-another", sealed("pc", &policy)),
        refused("policy-with-a-passkey", sealed("pap", &policy)),
        accepted("clearance", sealed("l1", &clearance)),
        refused("clearance-by-two", sealed("l12", &clearance)),
        accepted("receipt", sealed("rv", &text(receipt.encode()))),
        refused("receipt-by-another", sealed("rx", &text(receipt.encode()))),
        accepted("enrolment", sealed("ev", &statement)),
        refused("enrolment-bent", sealed("eV", &statement)),
        accepted("program", sealed("gx", r#"{"v":1}"#)),
        accepted("bundle", sealed("b", &text(bundle(&fleet, &bare).encode()))),
        accepted(
            "bundle-empty",
            sealed("b", &text(Bundle::default().encode())),
        ),
        refused("bundle-list", sealed("b", "[]")),
        refused(
            "too-deep",
            sealed("c", &format!("{{\"a\":{}", "[".repeat(6))),
        ),
        refused("empty", ""),
    ]
}

fn sealed(head: &str, body: &str) -> String {
    format!("{head} {body}")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn payload(command: &Command) -> String {
    text(command.encode())
}

fn command(fleet: &Fleet, args: Args) -> Command {
    let days = if args.kind() == Kind::Suspend { 7 } else { 5 };
    let command = Command {
        id: CommandId::parse("0197c0de-1111-7000-8000-000000000001").expect("a UUID"),
        fleet: fleet_id(),
        organisation: organisation(),
        keyring: fleet.keyring.version,
        args,
        reason: "left in a taxi".to_owned(),
        issued_at: UnixTime(NOW),
        not_before: None,
        expires_at: UnixTime(NOW + days * DAY),
        targets: Targets {
            count: 1,
            root: leaf(0).hash(),
        },
    };
    command.check().expect("a sound command");
    command
}

fn bare(fleet: &Fleet, command: &Command, letters: &[u8]) -> String {
    let mut envelope = Envelope::unsigned(DocumentType::Command, command.encode());
    let message = envelope.signed_bytes();
    for letter in letters {
        let signer = fleet.signer(*letter).expect("a letter of the fleet");
        envelope
            .add(signer.sign(&message, true))
            .expect("room for two");
    }
    text(envelope.encode())
}

fn policy() -> Policy {
    Policy {
        check_in_seconds: 900,
        contact_lost_days: 14,
        expires_at: UnixTime(NOW + 90 * DAY),
        fleet: fleet_id(),
        grace_hours: 72,
        issued_at: UnixTime(NOW),
        min_agent: Some("0.1.0".to_owned()),
        min_os_patch: None,
        noncompliance: Noncompliance::Suspend,
        organisation: organisation(),
        owner_lock_days: Some(30),
        require_encryption: true,
        stale_hours: 48,
        version: 3,
    }
}

fn keyring_ref(fleet: &Fleet) -> KeyringRef {
    KeyringRef {
        digest: fleet.keyring.digest(),
        version: fleet.keyring.version,
    }
}

fn receipt(fleet: &Fleet) -> Receipt {
    Receipt {
        at: UnixTime(NOW + 100),
        checkpoint: Some(fleet.checkpoint(9).head),
        command: Digest::of(b"cd"),
        detail: Some("no such profile".to_owned()),
        enrolment: fleet.device.verifying_key().enrolment_id(),
        fleet: fleet_id(),
        keyring: keyring_ref(fleet),
        reason: Some(Reason::NotTarget),
        seq: 12,
        state: ReceiptState::Refused,
    }
}

fn statement(fleet: &Fleet) -> Statement {
    Statement {
        at: UnixTime(NOW),
        checkpoint: None,
        descriptor: fleet.descriptor().fingerprint(),
        device_id: leaf(0).device,
        device_key: fleet.device.verifying_key(),
        fleet: fleet_id(),
        keyring: keyring_ref(fleet),
        organisation: organisation(),
        pin: PinManner::Manual,
        previous: Some(leaf(1).enrolment),
        serial: leaf(0).serial,
        tls_key: muster_fuzz::fleet::p256(62).verifying_key(),
    }
}

fn clearance(fleet: &Fleet) -> Clearance {
    Clearance {
        at: UnixTime(NOW + 50),
        checkpoint: fleet.checkpoint(9).head,
        ed: Digest::of(b"ed"),
        enrolment: leaf(0).enrolment,
        fleet: fleet_id(),
        keyring: fleet.keyring.version,
        nonce: Digest::of(b"nonce"),
    }
}

fn bundle(fleet: &Fleet, command: &str) -> Bundle {
    let hashes = vec![Digest::of(b"neighbour")];
    Bundle {
        checkpoint: Some(CheckpointInBundle {
            consistency: hashes.clone(),
            note: SignedCheckpoint::by_log(fleet.checkpoint(9), &fleet.log).encode(),
        }),
        commands: vec![CommandInBundle {
            clearances: vec![b"{}".to_vec()],
            envelope: command.as_bytes().to_vec(),
            log: Some(LogProof {
                index: 1,
                hashes: hashes.clone(),
            }),
            target: TargetProof { index: 0, hashes },
        }],
        keyrings: vec![b"{}".to_vec()],
        next_check_in_seconds: Some(900),
        policy: Some(b"{}".to_vec()),
    }
}
