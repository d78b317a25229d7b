//! Commands exactly at their edges: the table of §6 and the payload of §7.

use super::*;
use crate::command::{Direction, Floor};
use crate::field::FieldError;
use crate::ids::CaseNumber;
use crate::json::MAX_INT;

const R: Direction = Direction::Restricting;
const G: Direction = Direction::Restoring;
const N: Direction = Direction::Neutral;

type Row = (Kind, Direction, (u32, u32), bool, bool, Option<u64>);

/// The table of §6: direction, people and independent of them, whether `online` may, whether the log must include it, the
/// longest life in days.
const TABLE: [Row; 15] = [
    (Kind::Notice, N, (1, 0), true, false, Some(7)),
    (Kind::Refresh, N, (1, 0), true, false, Some(7)),
    (Kind::RotateKey, N, (1, 0), true, false, Some(7)),
    (Kind::Lock, N, (1, 0), true, false, Some(7)),
    (Kind::Suspend, R, (1, 0), true, false, Some(90)),
    (Kind::Resume, G, (1, 0), true, false, None),
    (Kind::Message, N, (1, 0), false, false, Some(90)),
    (Kind::Unlock, G, (1, 0), false, false, None),
    (Kind::Cancel, G, (1, 0), false, false, None),
    (Kind::LockFleet, R, (1, 1), false, true, Some(90)),
    (Kind::Hold, N, (1, 0), false, false, Some(90)),
    (Kind::Release, R, (1, 1), false, true, Some(30)),
    (Kind::Kill, R, (1, 1), false, true, Some(90)),
    (Kind::Transfer, R, (2, 1), false, true, Some(30)),
    (Kind::Wipe, R, (2, 1), false, true, Some(90)),
];

pub fn args(kind: Kind) -> Args {
    let lifts = vec![Digest::of(b"lifted")];
    let until = UnixTime(NOW + DAY);
    match kind {
        Kind::Notice => Args::Notice {
            template: crate::command::NoticeTemplate::PaymentDue,
            date: None,
            number: None,
        },
        Kind::Refresh => Args::Refresh,
        Kind::RotateKey => Args::RotateKey,
        Kind::Lock => Args::Lock,
        Kind::Suspend => Args::Suspend { until },
        Kind::Resume => Args::Resume { lifts },
        Kind::Message => Args::Message {
            text: "Call us".into(),
        },
        Kind::Unlock => Args::Unlock { lifts },
        Kind::Cancel => Args::Cancel { lifts },
        Kind::LockFleet => Args::LockFleet { until },
        Kind::Hold => Args::Hold {
            case: CaseNumber::parse("C-1").unwrap(),
            until,
        },
        Kind::Release => Args::Release { lifts },
        Kind::Kill => Args::Kill,
        Kind::Transfer => Args::Transfer {
            fingerprint: Digest::of(b"fleet"),
        },
        Kind::Wipe => Args::Wipe,
    }
}

#[test]
fn the_table_of_paragraph_6() {
    assert_eq!(TABLE.map(|row| row.0), *Kind::ALL);
    for (kind, direction, (people, independent), online, needs_log, days) in TABLE {
        let auditor = matches!(kind, Kind::Hold | Kind::Release);
        let floor = Floor {
            people,
            independent,
            online,
            auditor,
        };
        assert_eq!(kind.floor(), floor, "{kind}");
        assert_eq!(kind.direction(), direction, "{kind}");
        assert_eq!(kind.needs_log(), needs_log, "{kind}");
        assert_eq!(kind.longest_life(), days.map(|days| days * DAY), "{kind}");
        let stopped = matches!(kind, Kind::Kill | Kind::Wipe | Kind::Transfer);
        assert_eq!(kind.stopped_by_hold(), stopped, "{kind}");
        let limit = match kind {
            Kind::Notice | Kind::Lock => Some(6),
            Kind::Refresh => Some(24),
            Kind::RotateKey => Some(1),
            Kind::Suspend
            | Kind::Resume
            | Kind::Message
            | Kind::Unlock
            | Kind::Cancel
            | Kind::LockFleet
            | Kind::Hold
            | Kind::Release
            | Kind::Kill
            | Kind::Transfer
            | Kind::Wipe => None,
        };
        assert_eq!(kind.daily_limit(), limit, "{kind}");
    }
}

#[test]
fn every_kind_travels_and_only_undoing_kinds_lift() {
    let world = World::new();
    for kind in Kind::ALL {
        let command = world.command(args(*kind));
        assert_eq!(command.kind(), *kind);
        assert_eq!(Command::decode(&command.encode()), Ok(command.clone()));
        let undoes = matches!(
            kind,
            Kind::Resume | Kind::Unlock | Kind::Cancel | Kind::Release
        );
        let lifted: &[Digest] = if undoes {
            &[Digest::of(b"lifted")]
        } else {
            &[]
        };
        assert_eq!(command.args.lifts(), lifted, "{kind}");
        assert_eq!(command.online_suffices(), kind.floor().online, "{kind}");
    }
}

fn check(command: &Command) -> Result<(), FieldError> {
    command.check()
}

fn invalid(name: &'static str) -> Result<(), FieldError> {
    Err(FieldError::Invalid(name))
}

#[test]
fn a_command_ends_after_it_starts_and_within_its_longest_life() {
    let world = World::new();
    let judge = |kind: Kind, start: Option<u64>, life: u64| {
        check(&Command {
            not_before: start.map(|start| UnixTime(NOW + start - 1)),
            expires_at: UnixTime(NOW + life),
            ..world.command(args(kind))
        })
    };
    for (kind, _, _, _, _, days) in TABLE {
        let Some(life) = days.map(|days| days * DAY) else {
            continue;
        };
        assert_eq!(judge(kind, None, life), Ok(()), "{kind}");
        assert_eq!(judge(kind, None, life + 1), invalid("expires_at"), "{kind}");
        assert_eq!(judge(kind, None, 1), Ok(()), "{kind}");
        assert_eq!(judge(kind, None, 0), invalid("expires_at"), "{kind}");
    }
    assert_eq!(judge(Kind::Lock, Some(0), 9), invalid("not_before"));
    assert_eq!(judge(Kind::Lock, Some(1), 9), Ok(()));
    assert_eq!(judge(Kind::Lock, Some(9), 9), Ok(()));
    assert_eq!(judge(Kind::Lock, Some(10), 9), invalid("expires_at"));
}

#[test]
fn numbers_of_a_command_stay_within_the_integers() {
    let world = World::new();
    let bent = |kind: Kind, bend: &dyn Fn(&mut Command)| {
        let mut command = world.command(args(kind));
        bend(&mut command);
        check(&command)
    };
    let end = |at| bent(Kind::Unlock, &|command| command.expires_at = UnixTime(at));
    assert_eq!(end(MAX_INT), Ok(()));
    assert_eq!(end(MAX_INT + 1), invalid("expires_at"));
    let late = |issued: u64| {
        bent(Kind::Lock, &|command| {
            (command.issued_at, command.expires_at) = (UnixTime(issued), UnixTime(issued + 1));
        })
    };
    assert_eq!(late(MAX_INT - 1), Ok(()));
    assert_eq!(late(MAX_INT), invalid("expires_at"));
    let keyring = |version| bent(Kind::Lock, &|command| command.keyring = version);
    assert_eq!(keyring(MAX_INT), Ok(()));
    assert_eq!(keyring(MAX_INT + 1), invalid("keyring"));
    let count = |count| bent(Kind::Lock, &|command| command.targets.count = count);
    for (targets, judged) in [(0, "targets"), (1, ""), (4_096, ""), (4_097, "targets")] {
        let judged = if judged.is_empty() {
            Ok(())
        } else {
            invalid(judged)
        };
        assert_eq!(count(targets), judged, "{targets}");
    }
    let number = |number| {
        bent(Kind::Notice, &|command| {
            let template = crate::command::NoticeTemplate::PaymentDue;
            command.args = Args::Notice {
                template,
                date: None,
                number: Some(number),
            };
        })
    };
    assert_eq!(number(1_000_000), Ok(()));
    assert_eq!(number(1_000_001), invalid("number"));
    let date = |date| {
        bent(Kind::Notice, &|command| {
            let template = crate::command::NoticeTemplate::PaymentDue;
            command.args = Args::Notice {
                template,
                date: Some(UnixTime(date)),
                number: None,
            };
        })
    };
    assert_eq!(date(MAX_INT), Ok(()));
    assert_eq!(date(MAX_INT + 1), invalid("date"));
}

#[test]
fn a_restriction_ends_after_it_began_and_not_too_late() {
    let case = || CaseNumber::parse("C-1").unwrap();
    let issued = UnixTime(NOW);
    let kinds: [(u64, &dyn Fn(UnixTime) -> Args); 3] = [
        (400, &|until| Args::Suspend { until }),
        (180, &|until| Args::LockFleet { until }),
        (400, &|until| Args::Hold {
            case: case(),
            until,
        }),
    ];
    for (days, args) in kinds {
        let judge = |seconds: u64| args(UnixTime(NOW + seconds)).check(issued);
        assert_eq!(judge(0), invalid("until"));
        assert_eq!(judge(1), Ok(()));
        assert_eq!(judge(days * DAY), Ok(()));
        assert_eq!(judge(days * DAY + 1), invalid("until"));
        let late = UnixTime(MAX_INT - 1);
        assert_eq!(args(UnixTime(MAX_INT)).check(late), Ok(()));
        assert_eq!(args(UnixTime(MAX_INT + 1)).check(late), invalid("until"));
    }
}

#[test]
fn one_to_64_commands_are_lifted_at_once() {
    let issued = UnixTime(NOW);
    for (count, judged) in [
        (0, invalid("lifts")),
        (1, Ok(())),
        (64, Ok(())),
        (65, invalid("lifts")),
    ] {
        let lifts = vec![Digest::of(b"x"); count];
        assert_eq!(Args::Unlock { lifts }.check(issued), judged, "{count}");
    }
}

#[test]
fn an_online_suspend_counts_from_its_issue() {
    let world = World::new();
    let suffices = |until: u64, life: u64| {
        Command {
            expires_at: UnixTime(NOW + life),
            ..world.command(Args::Suspend {
                until: UnixTime(NOW + until),
            })
        }
        .online_suffices()
    };
    assert!(suffices(35 * DAY, 7 * DAY));
    assert!(!suffices(35 * DAY + 1, 7 * DAY));
    assert!(!suffices(35 * DAY, 7 * DAY + 1));
    assert!(suffices(1, 1));
}

#[test]
fn within_a_group_older_commands_go_first_and_then_the_lesser_digest() {
    let world = World::new();
    let lock = world.command(Args::Lock);
    let later = Command {
        issued_at: UnixTime(NOW + 1),
        ..lock.clone()
    };
    let (low, high) = (Digest([0; 32]), Digest([9; 32]));
    assert!(lock.execution_order(high) < later.execution_order(low));
    assert!(lock.execution_order(low) < lock.execution_order(high));
    assert_eq!(lock.execution_order(low), (2, UnixTime(NOW), low));
    // A release restricts: it goes last, never before the hold that it would end.
    assert_eq!(world.command(args(Kind::Hold)).execution_order(low).0, 0);
    assert_eq!(world.command(args(Kind::Resume)).execution_order(low).0, 1);
    assert_eq!(world.command(args(Kind::Release)).execution_order(low).0, 3);
}

#[test]
fn members_of_a_payload_are_those_of_paragraph_7() {
    let world = World::new();
    let text = String::from_utf8(world.command(Args::Lock).encode()).unwrap();
    let judge = |from: &str, to: &str| {
        let bent = text.replace(from, to);
        assert_ne!(bent, text);
        Command::decode(bent.as_bytes())
            .map_err(|refusal| refusal.reason)
            .map(|_| ())
    };
    assert_eq!(
        judge(r#""count":1,"#, r#""count":1,"depth":0,"#),
        Err(Reason::BadField)
    );
    assert_eq!(
        judge(r#""args":{}"#, r#""args":{"force":true}"#),
        Err(Reason::BadField)
    );
    assert_eq!(
        judge(r#""count":1,"#, r#""count":4097,"#),
        Err(Reason::BadField)
    );
    assert_eq!(
        judge(r#""count":1,"#, r#""count":0,"#),
        Err(Reason::BadField)
    );
    // The version outranks the kind, and an unknown member both.
    let first = r#""kind":"format","later":1,"#;
    assert_eq!(judge(r#""kind":"lock","#, first), Err(Reason::BadEncoding));
    let long = text.replace("taxi", &"x".repeat(8_192));
    let judged = Command::decode(long.as_bytes()).map(|_| ());
    assert_eq!(judged, Err(refused(Reason::TooLarge)));
}
