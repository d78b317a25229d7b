//! Keyrings from every server, moving to a new carrier after a take-over, and which server is asked when.

use muster_protocol::bundle::Bundle;
use muster_protocol::command::Args;
use muster_protocol::ids::Person;
use muster_protocol::keyring::{Log, WholeKey};
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::time::{DAY, HOUR};

use super::server::{Authority, Greeting, Reply, TestServer, fleet_document};
use super::{TestPhone, fleet_of};
use crate::core::tests::fleet::{Fleet, NOW, ONLINE, WITNESSES, signer};
use crate::net::NetError;
use crate::{AgentError, status::Status};

/// The server's new online and log keys.
const NEW_ONLINE: u8 = 40;
const NEW_LOG: u8 = 41;

/// From now on this server offers these keyrings, and nothing else is different.
fn offer(server: &TestServer, fleet: &Fleet, chain: &[Vec<u8>]) {
    let path = format!("GET /v1/fleets/{}", fleet.descriptor().fingerprint());
    let document = fleet_document(&fleet.descriptor().encode(), chain);
    server.answer(move |asked| (asked.line == path).then(|| Reply::Answer(200, document.clone())));
}

fn bring(server: &TestServer, bundle: &Bundle) {
    let bytes = bundle.encode();
    server.answer(move |asked| {
        (asked.line == "POST /v1/check-in").then(|| Reply::Answer(200, bytes.clone()))
    });
}

fn asked_for_keyrings(server: &TestServer) -> usize {
    let seen = server.take_seen();
    seen.iter()
        .filter(|line| line.starts_with("GET /v1/fleets/"))
        .count()
}

#[tokio::test]
async fn a_phone_off_through_five_rotations_leaves_a_server_that_was_taken_over() {
    let authority = Authority::new("Devices");
    let taken_over = TestServer::start(&authority).await;
    let files = TestServer::start_with(
        &Authority::new("A web host"),
        Greeting {
            shows_root: true,
            ..Greeting::default()
        },
    )
    .await;
    let successor = TestServer::start(&Authority::new("New devices")).await;
    let mut fleet = fleet_of(Fleet::new(), &[&taken_over, &files]);
    let mut phone = TestPhone::new(&fleet, &authority);
    let first = fleet.keyring_envelope();
    offer(&taken_over, &fleet, std::slice::from_ref(&first));
    offer(&files, &fleet, std::slice::from_ref(&first));
    phone.check_in().await;
    assert_eq!(taken_over.check_ins(), 1);
    let lock = fleet_order(&mut fleet);
    let lock = fleet.bundle(&[&lock]);

    // Five rotations while the phone is off; the fifth names the successor, with new keys and a new log.
    let mut chain = vec![first];
    for _ in 0..4 {
        chain.push(fleet.rotate(|_| {}));
    }
    let entries = [&successor, &files].map(TestServer::entry);
    chain.push(fleet.rotate(|keyring| {
        keyring.servers = entries.to_vec();
        keyring.online = vec![WholeKey {
            key: signer(NEW_ONLINE).verifying_key(),
            person: Person::parse(&"28".repeat(16)).expect("32 digits"),
        }];
        keyring.log = Log {
            origin: "log.example.org/2".to_owned(),
            key: signer(NEW_LOG).verifying_key(),
        };
    }));
    fleet.log = NEW_LOG;
    offer(&files, &fleet, &chain);
    // The server that was taken over keeps answering, with what it has.
    bring(&taken_over, &lock);
    phone.hands.pass(30 * DAY);
    let old = fleet_order(&mut fleet);
    let new = fleet.command(&crate::core::tests::fleet::Draft {
        issued_at: NOW + 30 * DAY,
        expires_at: NOW + 31 * DAY,
        ..crate::core::tests::fleet::Draft::new(Args::Refresh, &[NEW_ONLINE])
    });
    bring(&successor, &fleet.bundle(&[&old, &new]));
    let outcome = phone.check_in().await;

    let state = phone.state();
    assert_eq!(outcome.documents, []);
    assert_eq!(
        outcome.reason(&old.digest),
        Some(Reason::NotAuthorised),
        "the old online key is dead"
    );
    let done = outcome
        .commands
        .iter()
        .find(|written| written.command == Some(new.digest));
    assert_eq!(
        done.and_then(|written| written.state),
        Some(ReceiptState::Done)
    );
    assert_eq!(taken_over.check_ins(), 0, "it got no check-in any more");
    assert_eq!(successor.check_ins(), 1);
    assert_eq!(state.server, successor.url, "nor will it be asked again");
    let held = state.checkpoint.as_ref().expect("a checkpoint");
    assert_eq!(held.origin, "log.example.org/2", "the tree starts again");
    let status = Status::read(phone.folder.path()).expect("a status");
    assert_eq!(status.keyring.map(|keyring| keyring.version), Some(12));
    phone.assert_unharmed();
}

fn fleet_order(fleet: &mut Fleet) -> crate::core::tests::fleet::Sealed {
    fleet.order(Args::Lock, &[ONLINE])
}

#[tokio::test]
async fn every_server_is_asked_once_a_day_and_a_silent_one_after_an_hour() {
    let authority = Authority::new("Devices");
    let one = TestServer::start(&authority).await;
    let other = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&one, &other]);
    let mut phone = TestPhone::new(&fleet, &authority);
    offer(&one, &fleet, &[fleet.keyring_envelope()]);
    // The other one answers 404 at first.
    for (hours, asked) in [
        (0, (1, 1)),
        (0, (0, 0)),
        (1, (0, 1)),
        (23, (1, 1)),
        (1, (0, 1)),
    ] {
        phone.hands.pass(hours * HOUR);
        phone.check_in().await;
        let counted = (asked_for_keyrings(&one), asked_for_keyrings(&other));
        assert_eq!(counted, asked, "{hours} hours later");
    }
    offer(&other, &fleet, &[fleet.keyring_envelope()]);
    for (hours, asked) in [(1, 1), (1, 0), (12, 0), (12, 1)] {
        phone.hands.pass(hours * HOUR);
        phone.check_in().await;
        assert_eq!(asked_for_keyrings(&other), asked, "{hours} hours later");
    }
    assert_eq!(other.check_ins(), 0, "the first one answers");
}

#[tokio::test]
async fn eight_steps_are_taken_in_a_turn_and_the_rest_at_once() {
    let authority = Authority::new("Devices");
    let one = TestServer::start(&authority).await;
    let other = TestServer::start(&authority).await;
    let mut fleet = fleet_of(Fleet::new(), &[&one, &other]);
    let mut phone = TestPhone::new(&fleet, &authority);
    let mut chain = vec![fleet.keyring_envelope()];
    for _ in 0..10 {
        chain.push(fleet.rotate(|_| {}));
    }
    // A step is missing on the one server.
    let mut broken = chain.clone();
    broken.remove(1);
    offer(&one, &fleet, &broken);
    offer(&other, &fleet, &chain);
    let version = |phone: &TestPhone| {
        let status = Status::read(phone.folder.path()).expect("a status");
        status.keyring.map(|keyring| keyring.version)
    };
    let outcome = phone.check_in().await;
    assert_eq!(version(&phone), Some(15));
    assert_eq!(
        outcome.next_check_in.map(|next| next.as_secs()),
        Some(0),
        "there is more"
    );
    phone.agent.report_soon = false;
    phone.check_in().await;
    assert_eq!(version(&phone), Some(17));
    assert!(phone.state().evidence.contains_key("keyring_gap"));
}

#[tokio::test]
async fn servers_are_tried_in_order_until_one_gives_a_valid_answer() {
    let authority = Authority::new("Devices");
    let broken = TestServer::start(&authority).await;
    let impostor = TestServer::start(&Authority::new("Strangers")).await;
    let good = TestServer::start(&authority).await;
    let mut fleet = fleet_of(Fleet::new(), &[&broken, &impostor, &good]);
    // The impostor stands where the keyring names a server under the fleet's own root.
    fleet.keyring.servers[1].ca = good.entry().ca;
    let mut phone = TestPhone::new(&fleet, &authority);
    for reply in [(500, &b""[..]), (200, b"nonsense"), (403, b"")] {
        broken.answer(move |_| Some(Reply::Answer(reply.0, reply.1.to_vec())));
        phone.agent.link.close();
        phone.check_in().await;
        assert_eq!(good.check_ins(), 1);
        assert_eq!(impostor.check_ins(), 0);
    }
    good.answer(|_| Some(Reply::Answer(410, Vec::new())));
    let refused = phone.agent.check_in_once().await;
    assert!(
        matches!(
            refused,
            Err(AgentError::Net(NetError::Refused {
                status: 403 | 410,
                ..
            }))
        ),
        "{refused:?}"
    );
    phone.assert_unharmed();
}

#[tokio::test]
async fn a_server_that_shows_nothing_fresh_is_left_for_the_next() {
    let authority = Authority::new("Devices");
    let one = TestServer::start(&authority).await;
    let other = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::witnessed(), &[&one, &other]);
    let mut phone = TestPhone::new(&fleet, &authority);
    let [first, second] = WITNESSES;
    let seen_at = |at: u64| fleet.bundle_signed(&[], &[(first, at), (second, at)]);
    bring(&one, &seen_at(NOW - 200 * HOUR));
    bring(&other, &seen_at(NOW));
    phone.check_in().await;
    let freshness = |phone: &TestPhone| {
        let status = Status::read(phone.folder.path()).expect("a status");
        status.freshness
    };
    assert_eq!(freshness(&phone), Some("stale"));
    assert_eq!((one.check_ins(), other.check_ins()), (1, 0));
    phone.check_in().await;
    assert_eq!(freshness(&phone), Some("fresh"));
    assert_eq!((one.check_ins(), other.check_ins()), (0, 1));
    phone.check_in().await;
    assert_eq!(
        (one.check_ins(), other.check_ins()),
        (0, 1),
        "it stays where it is fresh"
    );
}

#[tokio::test]
async fn a_stranger_in_a_servers_place_does_not_talk_the_phone_out_of_its_new_certificate() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&server]);
    let mut phone = TestPhone::new(&fleet, &authority);
    let mut keys = phone.tls();
    let current = keys.current.certificate.clone();
    keys.previous = Some(keys.current.clone());
    let state = phone.state();
    let files = crate::state::folder::Folder::new(phone.folder.path()).keys(&state.enrolment);
    files.store_tls(&keys).expect("stored");
    server.answer(|_| Some(Reply::Answer(403, Vec::new())));
    assert!(phone.agent.check_in_once().await.is_err());
    let kept = phone.tls();
    assert_eq!(kept.current.certificate, current);
    assert!(kept.previous.is_some(), "both are kept until one works");
}
