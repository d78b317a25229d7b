//! Ids that sort by the moment they were made, also within one millisecond: the order of the record and of the log is the order
//! of ids.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::random::Random;

/// Numbers a millisecond can hold: the 12 bits of `rand_a`.
const A_MILLISECOND: u64 = 4_096;

/// Makes UUIDv7 with a counter in `rand_a` (RFC 9562 §6.2, method 1). When a millisecond is full, or the clock goes back, ids run
/// ahead of it.
#[derive(Debug, Default)]
pub struct Ids(Mutex<u64>);

impl Ids {
    /// The next id, lower case.
    #[must_use]
    pub fn next(&self, now: Timestamp, random: &dyn Random) -> String {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last
            .saturating_add(1)
            .max(millis.saturating_mul(A_MILLISECOND));
        let (millis, count) = (*last / A_MILLISECOND, *last % A_MILLISECOND);
        drop(last);
        let mut bytes = random.bytes::<10>();
        // The builder puts version and variant over what is theirs; the counter is what is left of the first two bytes.
        let [high, low] = u16::try_from(count).unwrap_or(0).to_be_bytes();
        (bytes[0], bytes[1]) = (high, low);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes)
            .into_uuid()
            .to_string()
    }
}

/// What every id made at `at` or later is above: the boundary of a walk through rows by the time they were made.
#[must_use]
pub fn first_of(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10])
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Ids, first_of};
    use crate::random::SeededRandom;

    #[test]
    fn ids_sort_in_the_order_they_were_made_also_when_the_clock_stands_or_goes_back() {
        let (ids, random) = (Ids::default(), SeededRandom::new(1));
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut made: Vec<String> = (0..10_000)
            .map(|_| ids.next(at(1_790_000_000), &random))
            .collect();
        made.push(ids.next(at(1_789_999_999), &random));
        made.push(ids.next(at(1_790_000_100), &random));
        assert!(made.is_sorted(), "every id is above the one before");
        assert!(made.iter().all(|id| id.len() == 36 && &id[14..15] == "7"));
        assert!(made[0] > first_of(at(1_790_000_000)) && made[0] < first_of(at(1_790_000_001)));
        made.dedup();
        assert_eq!(made.len(), 10_002);
    }
}
