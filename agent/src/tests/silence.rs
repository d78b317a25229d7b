//! Answers that are none: a phone warns, waits and tries again, and nothing else follows (PROTOCOL §1.5).

use std::sync::{Arc, Mutex};

use muster_protocol::bundle::Bundle;
use muster_protocol::time::{DAY, UnixTime};

use super::server::{Authority, Greeting, Reply, TestServer};
use super::{TestPhone, fleet_of};
use crate::AgentError;
use crate::core::tests::fleet::{ALICE, Fleet, NOW};
use crate::net::NetError;
use crate::phones::{OwnerUnlock, owner_unlock};

#[tokio::test]
async fn a080_a_silent_year_ends_with_the_owners_own_lock_and_the_owner_opens_it() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&server]);
    let mut phone = TestPhone::new(&fleet, &authority);
    let policy = fleet.policy(ALICE, |policy| {
        policy.owner_lock_days = Some(30);
        policy.require_encryption = false;
        policy.expires_at = UnixTime(NOW + 400 * DAY);
    });
    let bundle = Bundle {
        policy: Some(policy),
        ..Bundle::default()
    };
    phone.agent.apply(&bundle.encode()).await.expect("a bundle");
    phone.check_in().await;
    server.answer(|_| Some(Reply::Answer(500, Vec::new())));
    let mut opened = 0;
    for _ in 0..73 {
        phone.hands.pass(5 * DAY);
        assert!(phone.agent.check_in_once().await.is_err());
        if owner_unlock(phone.folder.path()).expect("typed") == OwnerUnlock::Opened {
            opened += 1;
        }
        phone.assert_unharmed();
    }
    assert_eq!(opened, 1, "closed once in all that time");
    // The next report says so, and then it is over.
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    server.answer(move |asked| {
        if asked.line == "POST /v1/check-in" {
            let body: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
            heard.lock().expect("whole").push(body);
        }
        None
    });
    phone.check_in().await;
    phone.check_in().await;
    let said = said.lock().expect("whole");
    assert_eq!(said[0]["freshness"], "contact_lost");
    assert_eq!(said[1]["freshness"], "unwitnessed");
    assert_eq!(said[1]["policy"]["version"], 1);
    assert_eq!(
        said[1]["compliance"],
        serde_json::json!({ "compliant": true, "faults": [], "suspended": false })
    );
}

#[tokio::test]
async fn a081_refusals_and_certificates_that_are_refused_lead_to_nothing() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&server]);
    let mut phone = TestPhone::new(&fleet, &authority);
    phone.check_in().await;
    for status in [301, 400, 401, 403, 404, 410, 429, 500, 503] {
        server.answer(move |_| Some(Reply::Answer(status, b"{\"detail\":\"gone\"}".to_vec())));
        let refused = phone.agent.check_in_once().await;
        assert!(
            matches!(refused, Err(AgentError::Net(NetError::Refused { status: told, .. })) if told == status),
            "{refused:?}"
        );
        phone.hands.pass(20 * DAY);
        phone.assert_unharmed();
    }
    for nonsense in [&b""[..], b"{}", b"{\"v\":2}", b"<html>", &[0xff; 100]] {
        let nonsense = nonsense.to_vec();
        server.answer(move |_| Some(Reply::Answer(200, nonsense.clone())));
        assert!(phone.agent.check_in_once().await.is_err());
        phone.assert_unharmed();
    }
    let screen = std::fs::read_to_string(phone.folder.path().join("screen.txt")).expect("a screen");
    assert!(
        screen.contains("No contact with the service since"),
        "{screen}"
    );
    assert_eq!(phone.state().last_answer_clock, NOW);

    // A listener that does not take the phone's certificate, and one whose own has expired.
    let others = Authority::new("Others");
    for greeting in [
        Greeting {
            phones: Some(others.der()),
            ..Greeting::default()
        },
        Greeting {
            life: [NOW - 60 * DAY, NOW - 30 * DAY],
            ..Greeting::default()
        },
    ] {
        let server = TestServer::start_with(&authority, greeting).await;
        let fleet = fleet_of(Fleet::new(), &[&server]);
        let mut phone = TestPhone::new(&fleet, &authority);
        let refused = phone.agent.check_in_once().await;
        assert!(
            matches!(refused, Err(AgentError::Net(NetError::Handshake { .. }))),
            "{refused:?}"
        );
        phone.assert_unharmed();
        assert_eq!(server.check_ins(), 0);
    }
}

#[tokio::test]
async fn a082_a_next_check_in_in_a_hundred_years_is_tomorrow() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&server]);
    let mut phone = TestPhone::new(&fleet, &authority);
    for (hint, clamped) in [(100 * 365 * DAY, DAY), (0, 15), (900, 900)] {
        let bundle = Bundle {
            next_check_in_seconds: Some(hint),
            ..Bundle::default()
        };
        let bytes = bundle.encode();
        server.answer(move |asked| {
            (asked.line == "POST /v1/check-in").then(|| Reply::Answer(200, bytes.clone()))
        });
        let next = phone.check_in().await.next_check_in.expect("a hint");
        assert_eq!(next.as_secs(), clamped);
    }
    phone.assert_unharmed();
}

#[tokio::test]
async fn a114_redirected_old_endless_and_compressed_answers_are_none() {
    let authority = Authority::new("Devices");
    let elsewhere = TestServer::start(&authority).await;
    let server = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&server]);
    let mut phone = TestPhone::new(&fleet, &authority);

    for status in [301, 302, 307, 308] {
        let head = format!("location: {}/v1/check-in\r\n", elsewhere.url);
        server.answer(move |_| Some(Reply::Headed(status, head.clone(), Vec::new())));
        assert!(phone.agent.check_in_once().await.is_err());
    }
    assert_eq!(elsewhere.take_seen(), [""; 0], "a redirect was followed");

    server.answer(|_| Some(Reply::Endless));
    let endless = phone.agent.check_in_once().await;
    assert!(
        matches!(endless, Err(AgentError::Net(NetError::TooLarge))),
        "{endless:?}"
    );

    server.answer(|_| {
        let head = "content-encoding: gzip\r\n".to_owned();
        Some(Reply::Headed(200, head, Bundle::default().encode()))
    });
    let compressed = phone.agent.check_in_once().await;
    assert!(
        matches!(compressed, Err(AgentError::Net(NetError::Malformed(_)))),
        "{compressed:?}"
    );
    phone.assert_unharmed();

    let greeting = Greeting {
        tls12: true,
        ..Greeting::default()
    };
    let old = TestServer::start_with(&authority, greeting).await;
    let fleet = fleet_of(Fleet::new(), &[&old]);
    let mut phone = TestPhone::new(&fleet, &authority);
    let refused = phone.agent.check_in_once().await;
    assert!(
        matches!(refused, Err(AgentError::Net(NetError::Handshake { .. }))),
        "{refused:?}"
    );
    assert_eq!(old.take_seen(), [""; 0]);
    phone.assert_unharmed();
}
