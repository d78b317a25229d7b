//! The same harness with honest keys: every kind of command is carried out for those who may give it. What the other files
//! see refused is refused for what was wrong with it.

use muster_agent::phones::OwnerUnlock;
use muster_protocol::command::{Args, Command, Kind, NoticeTemplate};
use muster_protocol::ids::CaseNumber;
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::ReceiptState;
use muster_protocol::time::DAY;
use muster_tests::{Hacked, TestApp, on_both_databases};

on_both_databases![honest_keys_carry_out_every_kind];

/// Who gives commands of this kind: the server alone where it may, people else.
fn who(a: &Hacked, kind: Kind) -> Vec<Ed25519Signer> {
    let fleet = &a.fleet;
    match kind {
        Kind::Notice
        | Kind::Refresh
        | Kind::RotateKey
        | Kind::Lock
        | Kind::Suspend
        | Kind::Resume => vec![a.server.online.clone()],
        Kind::Message | Kind::Unlock | Kind::Cancel | Kind::LockFleet | Kind::Kill => {
            vec![fleet.ada.clone()]
        }
        Kind::Hold | Kind::Release => vec![fleet.auditor.clone()],
        Kind::Transfer | Kind::Wipe => vec![fleet.ada.clone(), fleet.ben.clone()],
    }
}

fn seal(a: &Hacked, command: &Command) -> Vec<u8> {
    let by = who(a, command.kind());
    let by: Vec<&Ed25519Signer> = by.iter().collect();
    a.signed(command, &by).encode()
}

/// Gives a command that is to be done.
async fn done(a: &mut Hacked, command: &Command) {
    let envelope = seal(a, command);
    let item = a.logged(envelope);
    let outcome = a.send(vec![item]).await;
    assert_eq!(outcome.documents, [], "{}", command.kind());
    let written = &outcome.commands[0];
    assert_eq!(
        (written.state, written.reason),
        (Some(ReceiptState::Done), None),
        "{}",
        command.kind()
    );
}

/// What a command of this kind says, and the command before it that it takes back.
async fn prepare(a: &mut Hacked, t: &mut TestApp, kind: Kind) -> (Args, Option<Command>) {
    let soon = a.now.plus(30 * DAY);
    let before = match kind {
        Kind::Resume => Some(a.command(Args::Suspend { until: soon })),
        Kind::Unlock => Some(a.command(Args::LockFleet { until: soon })),
        Kind::Release => {
            let case = CaseNumber::parse("2026-114").unwrap();
            Some(a.command(Args::Hold { case, until: soon }))
        }
        Kind::Cancel => Some(a.command(Args::Wipe)),
        Kind::Notice
        | Kind::Refresh
        | Kind::RotateKey
        | Kind::Lock
        | Kind::Suspend
        | Kind::Message
        | Kind::LockFleet
        | Kind::Hold
        | Kind::Kill
        | Kind::Transfer
        | Kind::Wipe => None,
    };
    // What is cancelled has not been delivered; everything else is in force when it is taken back.
    if let Some(command) = before.as_ref().filter(|_| kind != Kind::Cancel) {
        done(a, command).await;
    }
    let lifts = before.iter().map(Command::digest).collect();
    let args = match kind {
        Kind::Notice => Args::Notice {
            template: NoticeTemplate::PaymentDue,
            date: Some(soon),
            number: Some(30),
        },
        Kind::Refresh => Args::Refresh,
        Kind::RotateKey => Args::RotateKey,
        Kind::Lock => Args::Lock,
        Kind::Suspend => Args::Suspend { until: soon },
        Kind::Resume => Args::Resume { lifts },
        Kind::Message => Args::Message {
            text: "come by on Friday".to_owned(),
        },
        Kind::Unlock => Args::Unlock { lifts },
        Kind::Cancel => Args::Cancel { lifts },
        Kind::LockFleet => Args::LockFleet { until: soon },
        Kind::Hold => Args::Hold {
            case: CaseNumber::parse("2026-115").unwrap(),
            until: soon,
        },
        Kind::Release => Args::Release { lifts },
        Kind::Kill => Args::Kill,
        Kind::Transfer => Args::Transfer {
            fingerprint: t.world().await.lyre_fleet.fingerprint,
        },
        Kind::Wipe => Args::Wipe,
    };
    (args, before)
}

async fn honest_keys_carry_out_every_kind(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    assert_eq!(Kind::ALL.len(), 15);
    for (kind, number) in Kind::ALL.iter().copied().zip(100..) {
        a.phone = world.phone(t, &format!("NW-000{number}")).await;
        let certificate = a.phone.identity().certificate;
        let (args, before) = prepare(&mut a, t, kind).await;
        let command = a.command(args);
        assert_eq!(command.kind(), kind);
        done(&mut a, &command).await;
        let status = a.phone.status();
        let phone = &a.phone;
        if kind != Kind::Wipe {
            phone.assert_untouched();
        }
        match kind {
            Kind::Notice => assert!(phone.screen().contains("payment"), "{}", phone.screen()),
            // Its whole effect is that the next check-in comes at once.
            Kind::Refresh => phone.assert_unharmed(),
            Kind::RotateKey => assert_ne!(phone.identity().certificate, certificate),
            Kind::Lock => assert_eq!(phone.owner_types_passcode(), OwnerUnlock::Opened),
            Kind::Suspend => assert_eq!(status.service_on, Some(false)),
            Kind::Resume => assert_eq!(status.service_on, Some(true)),
            Kind::Message => assert!(phone.screen().contains("come by on Friday")),
            Kind::LockFleet => {
                assert_eq!(phone.owner_types_passcode(), OwnerUnlock::FleetLockHolds);
            }
            Kind::Unlock => {
                assert!(status.restrictions.is_empty());
                phone.assert_unharmed();
            }
            Kind::Cancel => {
                let envelope = seal(&a, &before.unwrap());
                assert_eq!(a.send_logged(envelope).await, Some(Reason::Cancelled));
                a.phone.assert_unharmed();
            }
            Kind::Hold => {
                assert!(status.held);
                super::a091_holds::still_held(&mut a).await;
                a.phone.assert_unharmed();
            }
            Kind::Release => assert!(!status.held),
            Kind::Kill => {
                assert_eq!(status.lifecycle, "killed");
                assert!(phone.service_is_gone());
            }
            Kind::Transfer => {
                assert_eq!(status.lifecycle, "transferred");
                assert!(phone.service_is_gone());
                let moves = phone.state().ended.unwrap().moves.unwrap();
                assert_eq!(moves.to, world.lyre_fleet.fingerprint);
            }
            Kind::Wipe => {
                assert_eq!(status.lifecycle, "wiped");
                assert!(phone.is_erased() && phone.service_is_gone());
            }
        }
    }
}
