//! `transfer` and enrolling again (PROTOCOL §13), with a server at the other end.

use muster_protocol::command::Args;
use muster_protocol::digest::Digest;
use muster_protocol::enrolment::PinManner;
use muster_protocol::ids::{CaseNumber, FleetId};
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{Receipt, ReceiptState};
use muster_protocol::time::{DAY, UnixTime};
use std::sync::{Arc, Mutex};

use super::server::{Authority, Reply, TestServer, csr_of, fleet_document, pkcs7};
use super::{TestPhone, fleet_of, open};
use crate::AgentError;
use crate::core::tests::fleet::{ALICE, AUDITOR, BOB, Fleet, NOW, device_key, leaf};
use crate::enrol::{EnrolOptions, Enrolled, Trust, enrol};
use crate::phones::PhoneKind;
use crate::state::folder::Folder;
use crate::status::Status;

const CODE: &str = "ABCDE-FGHJK-MNPQR-STVWX";

/// The same people's other fleet.
fn other_fleet(servers: &[&TestServer]) -> Fleet {
    let mut fleet = fleet_of(Fleet::new(), servers);
    fleet.keyring.fleet = FleetId::parse(&"1e".repeat(16)).expect("an id");
    fleet
}

/// A server that enrols whoever comes to this fleet.
fn enrols(server: &TestServer, fleet: &Fleet, authority: Authority) {
    serves(server, fleet.descriptor().fingerprint(), fleet, authority);
}

/// The same, but answering for `fingerprint` with that fleet's documents.
fn serves(server: &TestServer, fingerprint: Digest, fleet: &Fleet, authority: Authority) {
    let path = format!("GET /v1/fleets/{fingerprint}");
    let document = fleet_document(&fleet.descriptor().encode(), &[fleet.keyring_envelope()]);
    server.answer(move |asked| match asked.line.as_str() {
        line if line == path => Some(Reply::Answer(200, document.clone())),
        "POST /.well-known/est/simpleenroll" => {
            let life = [NOW - DAY, NOW + 30 * DAY];
            let issued = authority.certify(&csr_of(asked), leaf().device.as_str(), life);
            Some(Reply::Answer(200, pkcs7(&issued)))
        }
        _ => None,
    });
}

async fn enrol_at(
    phone: &TestPhone,
    server: &TestServer,
    trust: Trust,
) -> Result<Enrolled, AgentError> {
    enrol(&EnrolOptions {
        server: server.url.parse().expect("an address"),
        code: CODE.to_owned(),
        state_dir: phone.folder.path().to_owned(),
        serial: None,
        trust,
        ca_fingerprint: None,
        phone: PhoneKind::Sandbox,
        model: "Hardline X7".to_owned(),
        system: phone.system.clone(),
    })
    .await
}

fn is_pin_mismatch<T>(outcome: &Result<T, AgentError>) -> bool {
    matches!(
        outcome,
        Err(AgentError::Enrolment {
            code: Reason::PinMismatch,
            ..
        })
    )
}

fn code_was_sent(server: &TestServer) -> bool {
    let seen = server.take_seen();
    seen.iter()
        .any(|line| line.contains("simpleenroll") || line == "GET /v1/fleet")
}

#[tokio::test]
async fn a110_a_transferred_phone_joins_the_fleet_that_was_signed_for_and_no_other() {
    let (from, to) = (Authority::new("Devices"), Authority::new("Other devices"));
    let server = TestServer::start(&from).await;
    let next = TestServer::start(&to).await;
    let mut fleet = fleet_of(Fleet::new(), &[&server]);
    let new_fleet = other_fleet(&[&next]);
    let mut phone = TestPhone::new(&fleet, &from);
    let fingerprint = new_fleet.descriptor().fingerprint();
    let transfer = fleet.order(Args::Transfer { fingerprint }, &[ALICE, BOB]);
    let bundle = fleet.bundle(&[&transfer]).encode();
    let told: Arc<Mutex<Vec<Receipt>>> = Arc::default();
    let heard = told.clone();
    server.answer(move |asked| match asked.line.as_str() {
        "POST /v1/check-in" => Some(Reply::Answer(200, bundle.clone())),
        "POST /v1/receipts" => {
            let sent: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
            for envelope in sent["receipts"].as_array().expect("a list") {
                let bytes = muster_protocol::base64::decode(envelope.as_str().expect("a text"));
                let receipt =
                    Receipt::verify(&bytes.expect("base64"), &device_key().verifying_key());
                heard.lock().expect("whole").push(receipt.expect("ours"));
            }
            None
        }
        _ => None,
    });
    let outcome = phone.check_in().await;
    assert!(outcome.ended && outcome.over, "{outcome:?}");
    let states: Vec<_> = told
        .lock()
        .expect("whole")
        .iter()
        .map(|r| r.state)
        .collect();
    assert_eq!(
        states,
        [ReceiptState::Accepted, ReceiptState::Done],
        "told before the key was destroyed"
    );
    assert!(!phone.folder.path().join("service").exists());
    assert!(phone.folder.path().join("userdata/notes.txt").exists());
    let status = Status::read(phone.folder.path()).expect("a status");
    assert_eq!(status.lifecycle, "transferred");
    let moves = status.moves.expect("both fingerprints");
    assert_eq!(moves.from, fleet.descriptor().fingerprint().to_string());
    assert_eq!(moves.to, fingerprint.to_string());
    let screen = std::fs::read_to_string(phone.folder.path().join("screen.txt")).expect("a screen");
    assert!(
        screen.contains(&moves.from) && screen.contains(&moves.to),
        "{screen}"
    );
    let keys = Folder::new(phone.folder.path()).keys(&leaf().enrolment);
    assert!(keys.device_key().is_err(), "the device key is gone");

    // Back to the old fleet, to a third, to a stranger's descriptor under the right fingerprint: nothing happens.
    let before = phone.state();
    let back = Trust::Fingerprint(fleet.descriptor().fingerprint());
    assert!(is_pin_mismatch(&enrol_at(&phone, &server, back).await));
    let mut third = other_fleet(&[&next]);
    third.keyring.fleet = FleetId::parse(&"2f".repeat(16)).expect("an id");
    serves(&next, fingerprint, &third, Authority::new("Other devices"));
    for trust in [Trust::Pinned, Trust::FirstUse] {
        let exchanged = enrol_at(&phone, &next, trust).await;
        assert!(is_pin_mismatch(&exchanged), "{exchanged:?}");
        assert!(!code_was_sent(&next), "the code was sent to a stranger");
    }
    assert_eq!(phone.state().ended, before.ended);

    // The fleet that was signed for, without a fingerprint typed in.
    enrols(&next, &new_fleet, to);
    let enrolled = enrol_at(&phone, &next, Trust::Pinned)
        .await
        .expect("enrols");
    assert_eq!(enrolled.fingerprint, fingerprint);
    assert_eq!(enrolled.manner, PinManner::Manual);
    let state = phone.state();
    let pin = state.pin.as_ref().expect("a pin");
    assert_eq!(pin.fleet, new_fleet.keyring.fleet);
    assert!(state.ended.is_none() && state.journal.is_empty() && state.policy.is_none());
    assert!(state.floor >= before.floor, "time does not fall");
    assert_ne!(state.enrolment, leaf().enrolment);
    phone.agent = open(phone.folder.path(), &phone.system);
    phone.check_in().await;
    phone.assert_unharmed();
}

#[tokio::test]
async fn a_phone_whose_last_receipt_is_undelivered_is_not_enrolled_elsewhere_yet() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let mut fleet = fleet_of(Fleet::new(), &[&server]);
    let mut phone = TestPhone::new(&fleet, &authority);
    let new_fleet = other_fleet(&[&server]);
    let fingerprint = new_fleet.descriptor().fingerprint();
    let transfer = fleet.order(Args::Transfer { fingerprint }, &[ALICE, BOB]);
    let bundle = fleet.bundle(&[&transfer]).encode();
    server.answer(|_| Some(Reply::Answer(500, Vec::new())));
    let outcome = phone.agent.apply(&bundle).await.expect("a bundle");
    assert!(outcome.ended && !outcome.over, "{outcome:?}");
    enrols(&server, &new_fleet, Authority::new("Devices"));
    let early = enrol_at(&phone, &server, Trust::Pinned).await;
    assert!(matches!(early, Err(AgentError::Impossible(_))), "{early:?}");
    assert!(phone.check_in().await.over, "the receipt is out");
}

#[tokio::test]
async fn a092_enrolling_again_keeps_pin_lock_hold_and_non_compliance() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let mut fleet = fleet_of(Fleet::new(), &[&server]);
    let phone = &mut TestPhone::new(&fleet, &authority);
    let until = UnixTime(NOW + 30 * DAY);
    let case = CaseNumber::parse("2026-114").expect("a case");
    let lock = fleet.order(Args::LockFleet { until }, &[ALICE]);
    let hold = fleet.order(Args::Hold { case, until }, &[AUDITOR]);
    let mut bundle = fleet.bundle(&[&lock, &hold]);
    bundle.policy = Some(fleet.policy(ALICE, |policy| policy.min_agent = Some("99".to_owned())));
    phone.agent.apply(&bundle.encode()).await.expect("a bundle");
    let before = phone.state();
    assert_eq!((before.restrictions.len(), before.holds.len()), (1, 1));
    assert!(before.noncompliance.is_some());

    let strange = other_fleet(&[&server]);
    enrols(&server, &strange, Authority::new("Devices"));
    let elsewhere = Trust::Fingerprint(strange.descriptor().fingerprint());
    assert!(is_pin_mismatch(&enrol_at(phone, &server, elsewhere).await));
    for trust in [Trust::FirstUse, Trust::Pinned] {
        let refused = enrol_at(phone, &server, trust).await;
        assert!(is_pin_mismatch(&refused), "{refused:?}");
    }
    assert!(!code_was_sent(&server));

    enrols(&server, &fleet, authority);
    enrol_at(phone, &server, Trust::Pinned)
        .await
        .expect("enrols");
    let after = phone.state();
    assert_ne!(after.enrolment, before.enrolment);
    assert_eq!(after.pin, before.pin);
    assert_eq!(after.restrictions, before.restrictions);
    assert_eq!(after.holds, before.holds);
    assert_eq!(after.checkpoint, before.checkpoint);
    assert_eq!(after.policy, before.policy);
    assert_eq!(after.noncompliance, before.noncompliance);
    assert!(after.journal.is_empty());
    let screen = std::fs::read_to_string(phone.folder.path().join("screen.txt")).expect("a screen");
    assert!(screen.contains("Locked by the fleet"), "{screen}");
}

#[tokio::test]
async fn a_phone_that_knows_no_fleet_asks_for_a_fingerprint() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&server]);
    let phone = TestPhone::new(&fleet, &authority);
    std::fs::remove_dir_all(phone.folder.path().join("agent")).expect("erased by its owner");
    let refused = enrol_at(&phone, &server, Trust::Pinned).await;
    assert!(
        matches!(refused, Err(AgentError::Impossible(_))),
        "{refused:?}"
    );
    assert!(!code_was_sent(&server));
}
