//! Time as the phone judges it (§10, §12 step 11), exactly at its edges.

use super::limits_commands::args;
use super::*;
use crate::time::{CLOCK_SLACK, EARLY_SLACK, HOUR, MINUTE, Reading, raised_floor};

#[test]
fn the_clock_is_believed_from_the_floor_on_for_three_years() {
    let ok = |clock: u64| {
        Reading {
            clock: UnixTime(clock),
            floor: UnixTime(NOW),
            cleared: None,
        }
        .clock_ok()
    };
    assert_eq!((MINUTE, HOUR, EARLY_SLACK), (60, 3_600, 600));
    assert_eq!(CLOCK_SLACK, 94_608_000);
    assert!(!ok(NOW - 1));
    assert!(ok(NOW));
    assert!(ok(NOW + CLOCK_SLACK - 1));
    assert!(!ok(NOW + CLOCK_SLACK));
}

#[test]
fn now_is_the_floor_or_what_is_later() {
    let now = |clock, floor, cleared: Option<u64>| {
        let cleared = cleared.map(UnixTime);
        Reading {
            clock: UnixTime(clock),
            floor: UnixTime(floor),
            cleared,
        }
        .now()
        .0
    };
    assert_eq!(now(5, 9, None), 9);
    assert_eq!(now(9, 5, None), 9);
    // With clearances the settable clock tells nothing.
    assert_eq!(now(99, 5, Some(7)), 7);
    assert_eq!(now(99, 9, Some(7)), 9);
}

#[test]
fn times_stop_at_their_ends() {
    assert_eq!(UnixTime(5).plus(2), UnixTime(7));
    assert_eq!(UnixTime(u64::MAX).plus(1), UnixTime(u64::MAX));
    assert_eq!(UnixTime(5).minus(2), UnixTime(3));
    assert_eq!(UnixTime(5).minus(6), UnixTime(0));
    assert_eq!(UnixTime(5).since(UnixTime(2)), 3);
    assert_eq!(UnixTime(2).since(UnixTime(5)), 0);
    assert_eq!(UnixTime(1_790_000_000).to_string(), "1790000000");
    assert_eq!(
        raised_floor(UnixTime(5), UnixTime(7), UnixTime(9)),
        UnixTime(7)
    );
    assert_eq!(
        raised_floor(UnixTime(5), UnixTime(11), UnixTime(9)),
        UnixTime(9)
    );
    assert_eq!(
        raised_floor(UnixTime(10), UnixTime(11), UnixTime(9)),
        UnixTime(10)
    );
}

#[test]
fn step_11_to_the_second() {
    let world = World::new();
    let end = NOW + 7 * DAY;
    let judge = |kind: Kind, start: Option<u64>, clock: u64, floor: u64, cleared: Option<u64>| {
        let command = Command {
            not_before: start.map(UnixTime),
            ..world.command(args(kind))
        };
        let cleared = cleared.map(UnixTime);
        let reading = Reading {
            clock: UnixTime(clock),
            floor: UnixTime(floor),
            cleared,
        };
        reading.check(&command).err()
    };
    let deferred = |reason| Some(Refusal::deferred(reason));
    let kill = Kind::Kill;
    assert_eq!(judge(kill, None, end - 1, NOW, None), None);
    assert_eq!(judge(kill, None, end, NOW, None), deferred(Reason::Expired));
    assert_eq!(
        judge(kill, None, end, end - 1, None),
        deferred(Reason::Expired)
    );
    let by_floor = judge(kill, None, end, end, None);
    assert_eq!(by_floor, Some(Refusal::terminal(Reason::Expired)));
    assert_eq!(
        judge(kill, Some(NOW + 9), NOW + 8, NOW, None),
        deferred(Reason::NotYet)
    );
    assert_eq!(judge(kill, Some(NOW + 9), NOW + 9, NOW, None), None);
    // Before its issue only a clock that can be believed stops it.
    let early = NOW - EARLY_SLACK;
    assert_eq!(judge(Kind::Lock, None, early, early, None), None);
    assert_eq!(
        judge(Kind::Lock, None, early - 1, early - 1, None),
        deferred(Reason::NotYet)
    );
    assert_eq!(judge(Kind::Lock, None, 0, early - 1, None), None);
    for kind in Kind::ALL {
        let judged = judge(*kind, None, NOW - 1, NOW, None);
        let needs_clock = matches!(
            kind,
            Kind::Kill | Kind::Wipe | Kind::Transfer | Kind::Release
        );
        let untrusted = if needs_clock {
            deferred(Reason::ClockUntrusted)
        } else {
            None
        };
        assert_eq!(judged, untrusted, "{kind}");
        assert_eq!(judge(*kind, None, NOW - 1, NOW, Some(NOW)), None, "{kind}");
    }
}
