//! Renewal by a server that is not honest about it: the certificate must be this phone's, or the old one stays.

use muster_protocol::keys::P256Signer;
use muster_protocol::time::DAY;

use super::server::{Authority, Reply, TestServer, csr_of, pkcs7};
use super::{TestPhone, fleet_of};
use crate::core::tests::fleet::{Fleet, NOW, leaf};
use crate::net::certificate::{Subject, request};

const OTHER_DEVICE: &str = "0197c0de-0000-7000-8000-00000000000b";

/// What the server puts in the place of the certificate that was asked for.
#[derive(Clone, Copy, Debug)]
enum Instead {
    AnotherKey,
    AnotherDevice,
    AnotherEnrolment,
    Rubbish,
}

#[tokio::test]
async fn a104_a_renewal_with_another_key_or_device_leaves_the_old_certificate() {
    let life = [NOW - 60 * DAY, NOW + 30 * DAY];
    for instead in [
        Instead::AnotherKey,
        Instead::AnotherDevice,
        Instead::AnotherEnrolment,
        Instead::Rubbish,
    ] {
        let authority = Authority::new("Devices");
        let server = TestServer::start(&authority).await;
        let fleet = fleet_of(Fleet::new(), &[&server]);
        // Two thirds of its life are over: it is due.
        let mut phone = TestPhone::with_life(&fleet, &authority, life);
        let before = phone.tls().current.certificate;
        let leaf = leaf();
        server.answer(move |asked| {
            if asked.line != "POST /.well-known/est/simplereenroll" {
                return None;
            }
            let stranger = P256Signer::from_bytes([77; 32]).expect("a key");
            let asked_for = csr_of(asked);
            let device: &str = leaf.device.as_str();
            let other = stranger.verifying_key().enrolment_id();
            let as_new = |id| request(&stranger, id, &Subject::New(&leaf.serial)).expect("one");
            let issued = match instead {
                Instead::AnotherKey => authority.certify(&as_new(&leaf.enrolment), device, life),
                Instead::AnotherDevice => authority.certify(&asked_for, OTHER_DEVICE, life),
                Instead::AnotherEnrolment => authority.certify(&as_new(&other), device, life),
                Instead::Rubbish => vec![0x30, 0x00],
            };
            Some(Reply::Answer(200, pkcs7(&issued)))
        });
        phone.check_in().await;
        let seen = server.take_seen();
        assert!(
            seen.contains(&"POST /.well-known/est/simplereenroll".to_owned()),
            "it was not due"
        );
        let after = phone.tls();
        assert_eq!(after.current.certificate, before, "{instead:?}");
        assert!(after.previous.is_none(), "{instead:?}");
        phone.check_in().await;
        phone.assert_unharmed();
    }
}

#[tokio::test]
async fn an_honest_renewal_changes_the_key_and_forgets_the_old_one_once_the_new_one_worked() {
    let authority = Authority::new("Devices");
    let server = TestServer::start(&authority).await;
    let fleet = fleet_of(Fleet::new(), &[&server]);
    let mut phone = TestPhone::with_life(&fleet, &authority, [NOW - 60 * DAY, NOW + 30 * DAY]);
    let before = phone.tls().current;
    let leaf = leaf();
    server.answer(move |asked| {
        if asked.line != "POST /.well-known/est/simplereenroll" {
            return None;
        }
        let life = [NOW - DAY, NOW + 30 * DAY];
        let issued = authority.certify(&csr_of(asked), leaf.device.as_str(), life);
        Some(Reply::Answer(200, pkcs7(&issued)))
    });
    phone.check_in().await;
    let after = phone.tls();
    assert_ne!(
        after.current.signer().verifying_key(),
        before.signer().verifying_key()
    );
    assert!(after.previous.is_none(), "the new one has worked");
    phone.check_in().await;
}
