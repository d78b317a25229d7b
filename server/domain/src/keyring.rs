//! When people are told that a keyring ends.

/// Days before the end of a keyring at which its owners are told, the last one being the end itself.
pub const MARKS: [i64; 5] = [30, 14, 7, 1, 0];

const DAY: i64 = 86_400_000_000;

/// The marks that are behind, latest first; both times in microseconds. A keyring that was signed for less than a mark is never
/// told of that one: its makers know.
#[must_use]
pub fn marks_behind(issued_at: i64, expires_at: i64, now: i64) -> Vec<i64> {
    let mut behind: Vec<i64> = MARKS
        .into_iter()
        .filter(|days| {
            let mark = expires_at.saturating_sub(days * DAY);
            mark <= now && mark > issued_at
        })
        .collect();
    behind.reverse();
    behind
}

/// Whole days until a keyring ends, rounded up; 0 when it has ended.
#[must_use]
pub fn days_left(expires_at: i64, now: i64) -> i64 {
    let left = expires_at.saturating_sub(now);
    if left <= 0 { 0 } else { (left - 1) / DAY + 1 }
}

#[cfg(test)]
mod tests {
    use super::{DAY, days_left, marks_behind};

    #[test]
    fn marks_fall_due_one_after_another() {
        let end = 180 * DAY;
        assert_eq!(marks_behind(0, end, 149 * DAY), [] as [i64; 0]);
        assert_eq!(marks_behind(0, end, 150 * DAY), [30]);
        assert_eq!(marks_behind(0, end, 173 * DAY), [7, 14, 30]);
        assert_eq!(marks_behind(0, end, 200 * DAY), [0, 1, 7, 14, 30]);
        assert_eq!(
            marks_behind(0, 10 * DAY, 4 * DAY),
            [7],
            "a keyring of ten days never had thirty left"
        );
    }

    #[test]
    fn a_started_day_counts() {
        assert_eq!(days_left(DAY, 0), 1);
        assert_eq!(days_left(DAY + 1, 0), 2);
        assert_eq!(days_left(DAY, DAY), 0);
        assert_eq!(days_left(0, DAY), 0);
    }
}
