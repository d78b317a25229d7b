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

/// The kinds that the brakes are for: those that cannot be undone.
pub const DESTRUCTIVE: [Kind; 3] = [Kind::Kill, Kind::Transfer, Kind::Wipe];

/// Whether what a command does cannot be undone.
#[must_use]
pub fn is_destructive(kind: Kind) -> bool {
    DESTRUCTIVE.contains(&kind)
}

/// How long a sealed command is kept back so that somebody can still stop it, seconds.
#[must_use]
pub fn cool_off(kind: Kind, phones: i64) -> Option<i64> {
    (is_destructive(kind) && phones > AT_ONCE).then_some(COOL_OFF_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::{COOL_OFF_SECONDS, Kind, cool_off};

    #[test]
    fn only_what_destroys_many_phones_waits() {
        assert_eq!(cool_off(Kind::Wipe, 1), None);
        assert_eq!(cool_off(Kind::Kill, 25), None);
        assert_eq!(cool_off(Kind::Kill, 26), Some(COOL_OFF_SECONDS));
        assert_eq!(cool_off(Kind::Lock, 4_096), None);
        assert_eq!(cool_off(Kind::Unlock, 4_096), None);
    }
}
