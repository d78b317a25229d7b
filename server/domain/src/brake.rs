//! Brakes of the server's own, beside those of keyring, phone and witness: so many destructive commands in a window, and a while
//! in which one for many phones can still be stopped.

use muster_protocol::command::Kind;

/// Destructive commands that an organisation may draft within [`WINDOW_SECONDS`].
pub const AT_MOST: i64 = 10;
/// The window, seconds.
pub const WINDOW_SECONDS: i64 = 20 * 60;
/// Phones up to which a destructive command goes out at once.
pub const AT_ONCE: i64 = 25;
/// How long one for more phones is kept back after it is sealed, seconds.
pub const COOL_OFF_SECONDS: i64 = 10 * 60;

/// Enrolment codes that somebody may make within [`CODES_WINDOW_SECONDS`] before the password is asked for again: each lets
/// another phone take a record's place.
pub const CODES_AT_ONCE: i64 = 25;
/// The window of [`CODES_AT_ONCE`], seconds.
pub const CODES_WINDOW_SECONDS: i64 = 60 * 60;

/// The kinds that the brakes are for: those that cannot be undone.
pub const DESTRUCTIVE: [Kind; 3] = [Kind::Kill, Kind::Transfer, Kind::Wipe];

/// Whether what a command does cannot be undone.
#[must_use]
pub fn is_destructive(kind: Kind) -> bool {
    DESTRUCTIVE.contains(&kind)
}

/// Whether the password is asked for before a command of this kind is drafted for so many phones: always for what takes people
/// and cannot be taken back, and for switching off the service of many.
#[must_use]
pub fn asks_for_the_password(kind: Kind, phones: usize) -> bool {
    let many = i64::try_from(phones).unwrap_or(i64::MAX) > AT_ONCE;
    match kind {
        Kind::LockFleet | Kind::Release | Kind::Kill | Kind::Transfer | Kind::Wipe => true,
        Kind::Suspend => many,
        Kind::Notice
        | Kind::Refresh
        | Kind::RotateKey
        | Kind::Lock
        | Kind::Resume
        | Kind::Message
        | Kind::Unlock
        | Kind::Cancel
        | Kind::Hold => false,
    }
}

/// How long a sealed command is kept back so that somebody can still stop it, seconds.
#[must_use]
pub fn cool_off(kind: Kind, phones: i64) -> Option<i64> {
    (is_destructive(kind) && phones > AT_ONCE).then_some(COOL_OFF_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::{COOL_OFF_SECONDS, Kind, asks_for_the_password, cool_off};

    #[test]
    fn the_password_is_asked_for_where_much_hangs_on_it() {
        assert!(asks_for_the_password(Kind::Wipe, 1));
        assert!(!asks_for_the_password(Kind::Suspend, 25));
        assert!(asks_for_the_password(Kind::Suspend, 26));
        assert!(!asks_for_the_password(Kind::Resume, 4_096));
        assert!(!asks_for_the_password(Kind::Unlock, 1));
    }

    #[test]
    fn only_what_destroys_many_phones_waits() {
        assert_eq!(cool_off(Kind::Wipe, 1), None);
        assert_eq!(cool_off(Kind::Kill, 25), None);
        assert_eq!(cool_off(Kind::Kill, 26), Some(COOL_OFF_SECONDS));
        assert_eq!(cool_off(Kind::Lock, 4_096), None);
        assert_eq!(cool_off(Kind::Unlock, 4_096), None);
    }
}
