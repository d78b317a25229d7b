//! Programs of the server's own: A106–A108. The vendor's keys are in nobody's hands here but the vendor's.

use muster_agent::AgentError;
use muster_agent::programs::{Offer, Vendor};
use muster_protocol::checkpoint::LogKind;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope, envelope_digest};
use muster_protocol::keyring::{Root, WholeKey};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::program::{FileFound, Place, Program};
use muster_protocol::reason::Reason;
use muster_protocol::time::DAY;
use muster_tests::fleet::{person, signer};
use muster_tests::programs::{program, run};
use muster_tests::{Hacked, TestApp, TestPhone, on_both_databases};

use super::a035_witnesses::Witnessed;

on_both_databases![
    a106_signed_by_fleet_root_approvers_or_one_program_key,
    a107_older_or_expired_program,
    a108_good_program_that_is_not_in_the_log,
    own_release_for_another_product_or_of_another_file,
    own_version_forgotten_by_enrolling_again,
    own_version_forgotten_by_a_late_check_in,
];

const FILE: &[u8] = b"the next system";
const PRODUCT: &str = "hardline-os";
const ARCH: &str = "aarch64";
/// What the phone runs when a test begins.
const RUNS: u64 = 5;

/// The vendor's three people, one of whom has two keys; two must sign.
fn people() -> [Ed25519Signer; 4] {
    [1, 2, 3, 4].map(|seed| signer(200, seed))
}

fn vendor() -> Vendor {
    let keys = people()
        .iter()
        .zip([101, 102, 103, 101])
        .map(|(key, number)| WholeKey {
            key: key.verifying_key(),
            person: person(number),
        })
        .collect();
    Vendor::of(Root { keys, threshold: 2 })
}

fn release(a: &Hacked, version: u64) -> Program {
    Program {
        arch: ARCH.to_owned(),
        channel: "stable".to_owned(),
        expires_at: a.now.plus(90 * DAY),
        min_from: 1,
        product: PRODUCT.to_owned(),
        sha256: Digest::of(FILE),
        size: FILE.len() as u64,
        version,
    }
}

fn seal(program: &Program, by: &[&Ed25519Signer]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(DocumentType::Program, program.encode());
    for signer in by {
        envelope.sign_plain(signer).unwrap();
    }
    envelope.encode()
}

fn by_two(program: &Program) -> Vec<u8> {
    let [one, two, ..] = people();
    seal(program, &[&one, &two])
}

/// Puts a release into the log and shows the phone the log's newest checkpoint; answers where it stands.
async fn logged(a: &mut Hacked, release: &[u8]) -> Place {
    let index = a.log_as(LogKind::Program, &envelope_digest(release));
    assert_eq!(a.send(Vec::new()).await.documents, []);
    Place {
        index,
        hashes: a.inclusion(index),
    }
}

async fn check(phone: &mut TestPhone, release: &[u8], place: &Place) -> Result<Program, Reason> {
    check_file(phone, release, place, FILE).await
}

async fn check_file(
    phone: &mut TestPhone,
    release: &[u8],
    place: &Place,
    file: &[u8],
) -> Result<Program, Reason> {
    let proof = place.encode();
    let offer = offer(release, &proof, file);
    let checked = phone.agent.check_program(&vendor(), &offer, RUNS).await;
    code(checked)
}

fn offer<'a>(release: &'a [u8], proof: &'a [u8], file: &[u8]) -> Offer<'a> {
    Offer {
        release,
        proof,
        file: FileFound {
            sha256: Digest::of(file),
            size: file.len() as u64,
        },
        product: PRODUCT,
        arch: ARCH,
    }
}

fn code(outcome: Result<Program, AgentError>) -> Result<Program, Reason> {
    outcome.map_err(|error| {
        let AgentError::Program { code, sentence } = error else {
            unreachable!("refused for another reason: {error}");
        };
        assert!(sentence.len() > 20, "{code} is not explained");
        code
    })
}

/// Refused when it is checked and when it is to be noted; the phone holds what it held.
async fn refused(a: &mut Hacked, release: &[u8], place: &Place, reason: Reason) {
    let before = a.phone.state().programs;
    assert_eq!(check(&mut a.phone, release, place).await, Err(reason));
    let proof = place.encode();
    let noted = a
        .phone
        .agent
        .accept_program(&vendor(), &offer(release, &proof, FILE))
        .await;
    assert_eq!(code(noted), Err(reason));
    assert_eq!(
        a.phone.state().programs,
        before,
        "a refused program is held"
    );
    a.phone.assert_unharmed();
}

/// Checked, and noted as running.
async fn taken(a: &mut Hacked, release: &[u8], place: &Place) {
    let checked = check(&mut a.phone, release, place).await.unwrap();
    let proof = place.encode();
    // Twice, as after a power cut in between.
    for _ in 0..2 {
        let noted = a
            .phone
            .agent
            .accept_program(&vendor(), &offer(release, &proof, FILE))
            .await;
        assert_eq!(code(noted), Ok(checked.clone()));
    }
    assert_eq!(a.phone.state().programs[PRODUCT].version, checked.version);
    a.phone.assert_unharmed();
}

async fn a106_signed_by_fleet_root_approvers_or_one_program_key(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let [one, two, _, ones_second] = people();
    let seventh = release(&a, 7);
    let server = a.server.clone();
    let fleet = a.fleet.clone();
    let by: [Vec<&Ed25519Signer>; 7] = [
        Vec::new(),
        fleet.roots.iter().collect(),
        vec![&fleet.ada, &fleet.ben, &fleet.erin],
        vec![&server.online, &server.log],
        vec![&one],
        vec![&one, &ones_second],
        vec![&two, &fleet.roots[0], &fleet.ada, &server.online],
    ];
    for by in by {
        let sealed = seal(&seventh, &by);
        let place = logged(&mut a, &sealed).await;
        refused(&mut a, &sealed, &place, Reason::ProgramInvalid).await;
    }
    // An agent into which no keys were built takes nothing at all.
    let good = by_two(&seventh);
    let place = logged(&mut a, &good).await;
    let proof = place.encode();
    for keys in [None, Some(""), Some("{\"keys\":[],\"threshold\":2}")] {
        let vendor = Vendor::built_in(keys);
        let offer = offer(&good, &proof, FILE);
        let checked = a.phone.agent.check_program(&vendor, &offer, RUNS).await;
        assert_eq!(code(checked), Err(Reason::ProgramInvalid));
    }
    // As the updater asks: the program of this build has none either.
    let file = |name: &str, bytes: &[u8]| {
        let path = t.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut asked = std::process::Command::new(program("muster-agent"));
    asked
        .args(["program", "check"])
        .args([file("release.json", &good), file("system.img", FILE)])
        .arg("--proof")
        .arg(file("proof.json", &proof))
        .args([
            "--product",
            PRODUCT,
            "--arch",
            ARCH,
            "--running",
            "5",
            "--state",
        ])
        .arg(a.phone.folder());
    let said = run(&mut asked);
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    let sentence = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        sentence.contains("program_invalid: no program keys"),
        "{sentence}"
    );
    taken(&mut a, &good, &place).await;
}

async fn a107_older_or_expired_program(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let older = by_two(&release(&a, RUNS - 1));
    let same = by_two(&release(&a, RUNS));
    for old in [&older, &same] {
        let place = logged(&mut a, old).await;
        // Before any release was noted, what runs counts.
        let checked = check(&mut a.phone, old, &place).await;
        assert_eq!(checked, Err(Reason::ProgramRollback));
    }
    let seventh = by_two(&release(&a, 7));
    let place = logged(&mut a, &seventh).await;
    taken(&mut a, &seventh, &place).await;
    a.phone.reboot();
    for version in [6, 7] {
        let other = Program {
            channel: "early".to_owned(),
            ..release(&a, version)
        };
        let other = by_two(&other);
        let place = logged(&mut a, &other).await;
        refused(&mut a, &other, &place, Reason::ProgramRollback).await;
    }
    let eighth = by_two(&release(&a, 8));
    let place = logged(&mut a, &eighth).await;
    t.advance_days(90);
    let late = check(&mut a.phone, &eighth, &place).await;
    assert_eq!(late, Err(Reason::ProgramInvalid));
    assert_eq!(a.phone.state().programs[PRODUCT].version, 7);
    // A step between is missing.
    a.now = t.now();
    let far = Program {
        min_from: RUNS + 1,
        ..release(&a, 9)
    };
    let far = by_two(&far);
    let place = logged(&mut a, &far).await;
    let checked = check(&mut a.phone, &far, &place).await;
    assert_eq!(checked, Err(Reason::ProgramInvalid));
    a.phone.assert_unharmed();
}

async fn a108_good_program_that_is_not_in_the_log(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let a = &mut w.a;
    let special = by_two(&release(a, 7));
    let nowhere = Place {
        index: 0,
        hashes: Vec::new(),
    };
    refused(a, &special, &nowhere, Reason::ProgramInvalid).await;
    // A log made for this phone: the log key signs it, and one rogue witness.
    let index = a.log_as(LogKind::Program, &envelope_digest(&special));
    a.grow_log();
    let place = Place {
        index,
        hashes: a.inclusion(index),
    };
    let mut own = a.note();
    own.cosign("witness.example.org/1", &w.witnesses[0], a.now);
    let outcome = w.send(&own, Vec::new()).await;
    assert_eq!(outcome.documents, [Reason::CheckpointInvalid]);
    refused(&mut w.a, &special, &place, Reason::ProgramInvalid).await;
    // Both witnesses saw a log in which it stands as something else.
    w.a.rewrite_log(0);
    let receipt = w.a.log_as(LogKind::Receipt, &envelope_digest(&special));
    let note = w.cosigned([w.a.now; 2]);
    assert_eq!(w.send(&note, Vec::new()).await.documents, []);
    let as_receipt = Place {
        index: receipt,
        hashes: w.a.inclusion(receipt),
    };
    refused(&mut w.a, &special, &as_receipt, Reason::ProgramInvalid).await;
    let beside = Place {
        index: 0,
        hashes: w.a.inclusion(0),
    };
    refused(&mut w.a, &special, &beside, Reason::ProgramInvalid).await;
    // In the log that both saw, it is taken.
    let index = w.a.log_as(LogKind::Program, &envelope_digest(&special));
    let note = w.cosigned([w.a.now; 2]);
    assert_eq!(w.send(&note, Vec::new()).await.documents, []);
    let place = Place {
        index,
        hashes: w.a.inclusion(index),
    };
    taken(&mut w.a, &special, &place).await;
}

async fn own_release_for_another_product_or_of_another_file(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let honest = release(&a, 7);
    let others = [
        Program {
            product: "factory-test".to_owned(),
            ..honest.clone()
        },
        Program {
            arch: "x86_64".to_owned(),
            ..honest.clone()
        },
        Program {
            size: honest.size + 1,
            ..honest.clone()
        },
    ];
    for other in others {
        let other = by_two(&other);
        let place = logged(&mut a, &other).await;
        refused(&mut a, &other, &place, Reason::ProgramInvalid).await;
    }
    let honest = by_two(&honest);
    let place = logged(&mut a, &honest).await;
    let swapped = check_file(&mut a.phone, &honest, &place, b"the next sistem").await;
    assert_eq!(swapped, Err(Reason::ProgramInvalid));
    taken(&mut a, &honest, &place).await;
}

async fn own_version_forgotten_by_enrolling_again(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let seventh = by_two(&release(&a, 7));
    let place = logged(&mut a, &seventh).await;
    taken(&mut a, &seventh, &place).await;
    let sixth = by_two(&release(&a, 6));
    let code = world.northwind.api.code(&a.phone.device).await;
    a.phone.enrol_again(t, &world.fleet, &code).await.unwrap();
    let place = logged(&mut a, &sixth).await;
    refused(&mut a, &sixth, &place, Reason::ProgramRollback).await;
}

/// The server keeps the new program from its check-in until the release has expired. It runs, so it counts: once that was refused,
/// and an older one passed when the phone had gone back.
async fn own_version_forgotten_by_a_late_check_in(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let eighth = by_two(&release(&a, 8));
    let place = logged(&mut a, &eighth).await;
    check(&mut a.phone, &eighth, &place).await.unwrap();
    t.advance_days(91);
    a.now = t.now();
    let proof = place.encode();
    // And once more after a power cut in between.
    for _ in 0..2 {
        let noted = a
            .phone
            .agent
            .accept_program(&vendor(), &offer(&eighth, &proof, FILE))
            .await;
        assert_eq!(code(noted).unwrap().version, 8);
    }
    assert_eq!(a.phone.state().programs[PRODUCT].version, 8);
    a.phone.reboot();
    for older in [6, 7, 8] {
        let other = Program {
            channel: "early".to_owned(),
            ..release(&a, older)
        };
        let other = by_two(&other);
        let place = logged(&mut a, &other).await;
        refused(&mut a, &other, &place, Reason::ProgramRollback).await;
    }
    let ninth = by_two(&release(&a, 9));
    let place = logged(&mut a, &ninth).await;
    taken(&mut a, &ninth, &place).await;
}
