//! Moving phones to another fleet, the power cut, and documents of other versions: A110, A112, A113.

use std::sync::Arc;

use muster_agent::{Agent, AgentError, CRASH_POINTS, Options};
use muster_protocol::command::Args;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Keyring;
use muster_protocol::reason::Reason;

use muster_tests::phone::system;
use muster_tests::{Fleet, Hacked, TestApp, on_both_databases};

use super::a065_keyrings::{of_the_attacker, offer, refused};

on_both_databases![
    a110_transfer_by_one_person_or_with_the_descriptor_exchanged,
    a112_power_cut_at_every_step_of_a_wipe,
    a113_older_types_and_a_lowered_min_protocol,
];

async fn a110_transfer_by_one_person_or_with_the_descriptor_exchanged(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let to = world.lyre_fleet.fingerprint;
    let transfer = a.command(Args::Transfer { fingerprint: to });
    let by_one = a
        .signed(&transfer, &[&a.fleet.ada, &a.fleet.ada_second])
        .encode();
    assert_eq!(a.send_logged(by_one).await, Some(Reason::Threshold));
    let by_online = a.signed(&transfer, &[&a.server.online]).encode();
    assert_eq!(a.send_logged(by_online).await, Some(Reason::NotAuthorised));
    // Another fingerprint under the approvals of two: other bytes.
    let own = of_the_attacker(&world.lyre_fleet);
    let rogue = a.command(Args::Transfer {
        fingerprint: Digest::of(&own.descriptor),
    });
    let honest = a.signed(&transfer, &[&a.fleet.ada, &a.fleet.ben]);
    let mut moved = a.signed(&rogue, &[]);
    for signature in honest.signatures() {
        moved.add(signature.clone()).unwrap();
    }
    assert_eq!(
        a.send_logged(moved.encode()).await,
        Some(Reason::BadSignature)
    );
    a.phone.assert_unharmed();
    // The genuine one: the phone leaves, and pins what was signed for; a server that shows it another fleet gets nothing.
    assert_eq!(a.send_logged(honest.encode()).await, None);
    a.phone.assert_untouched();
    let code = world.northwind.api.code(&a.phone.device).await;
    let lured = Fleet {
        fingerprint: Digest::of(&own.descriptor),
        ..own
    };
    for elsewhere in [&lured, &world.fleet] {
        let joined = a.phone.enrol_again(t, elsewhere, &code).await;
        assert!(
            matches!(
                joined,
                Err(AgentError::Enrolment {
                    code: Reason::PinMismatch,
                    ..
                })
            ),
            "the phone joined another fleet than the one signed for: {joined:?}"
        );
    }
    a.phone.assert_untouched();
}

async fn a112_power_cut_at_every_step_of_a_wipe(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    for (point, number) in CRASH_POINTS.into_iter().zip(50..) {
        a.phone = world.phone(t, &format!("NW-0000{number}")).await;
        let wipe = a.command(Args::Wipe);
        let wipe = a.signed(&wipe, &[&a.fleet.ada, &a.fleet.ben]).encode();
        let item = a.logged(wipe);
        let bundle = a.bundle(vec![item]).encode();
        let options = Options {
            system: system(t, &a.phone.serial).0,
            crash: Some(Arc::new(move |passed| {
                if passed == point {
                    std::panic::resume_unwind(Box::new(point));
                }
            })),
        };
        let mut agent = Agent::open(a.phone.folder(), options).unwrap();
        // Nothing of the agent lives on but what it wrote down.
        let cut = tokio::spawn(async move { agent.apply(&bundle).await.map(drop) }).await;
        assert!(cut.is_err(), "{point} was not passed: {cut:?}");
        a.phone.reboot();
        for _ in 0..3 {
            a.phone.check_in().await;
        }
        assert!(a.phone.is_erased() && a.phone.service_is_gone(), "{point}");
        let status = a.phone.status();
        assert_eq!(status.lifecycle, "wiped", "{point}");
        assert_eq!(
            status.commands.len(),
            1,
            "{point}: one wipe, carried out once"
        );
        assert!(a.phone.check_in().await.over, "{point}");
    }
}

async fn a113_older_types_and_a_lowered_min_protocol(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let command = a.command(Args::Kill);
    let genuine = String::from_utf8(a.signed(&command, &[&a.fleet.ada]).encode()).unwrap();
    for version in ["v0", "v2", "v1beta"] {
        let bent = genuine.replace("command.v1+json", &format!("command.{version}+json"));
        assert_ne!(bent, genuine);
        let reason = a.send_envelope(bent.into_bytes()).await;
        assert_eq!(reason, Some(Reason::WrongType), "{version}");
    }
    a.phone.assert_unharmed();
    let lowered = Keyring {
        min_protocol: 0,
        ..a.fleet.next()
    };
    let sealed = a.fleet.seal(&lowered, &[0, 1]);
    refused(&mut a, sealed, Reason::KeyringInvalid).await;
    let same = a.fleet.seal(&a.fleet.next(), &[0, 1]);
    assert_eq!(
        offer(&mut a, vec![same]).await,
        [],
        "what is not lowered is taken"
    );
}
