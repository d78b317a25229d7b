//! Legal holds on one phone: which stand, by what it was told and answered.

use std::collections::BTreeSet;

/// A hold or a release that a phone has carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// A hold: its digest, and until when, Unix seconds.
    Hold {
        /// The command's digest.
        digest: String,
        /// When it ends by itself.
        until: u64,
    },
    /// A release of these digests.
    Release {
        /// What it lifted.
        lifts: Vec<String>,
    },
}

/// The digests of the holds that stand at `now`. The phone has the last word (it says `held`); this says which and whose.
#[must_use]
pub fn standing(done: &[Done], now: u64) -> BTreeSet<String> {
    let lifted: BTreeSet<&String> = done
        .iter()
        .flat_map(|done| match done {
            Done::Release { lifts } => lifts.as_slice(),
            Done::Hold { .. } => &[],
        })
        .collect();
    done.iter()
        .filter_map(|done| match done {
            Done::Hold { digest, until } if *until > now && !lifted.contains(digest) => {
                Some(digest.clone())
            }
            Done::Hold { .. } | Done::Release { .. } => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Done, standing};

    #[test]
    fn a_hold_stands_until_it_is_released_or_over() {
        let hold = |digest: &str, until| Done::Hold {
            digest: digest.to_owned(),
            until,
        };
        let mut done = vec![hold("a", 100), hold("b", 50), hold("c", 100)];
        assert_eq!(
            standing(&done, 60).into_iter().collect::<Vec<_>>(),
            ["a", "c"]
        );
        done.push(Done::Release {
            lifts: vec!["a".to_owned()],
        });
        assert_eq!(standing(&done, 60).into_iter().collect::<Vec<_>>(), ["c"]);
        assert!(standing(&done, 100).is_empty());
    }
}
