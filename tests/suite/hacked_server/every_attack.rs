//! Whether the list is whole: each attack of PROTOCOL §18 has a test of its own name that runs.

use crate::listing::{DATABASES, has, listed};

/// A001 to A114.
const ATTACKS: std::ops::RangeInclusive<u32> = 1..=114;

#[test]
fn each_number_has_a_test_on_both_databases() {
    let all = listed("hacked_server::", &[]);
    assert!(!all.is_empty(), "no test was listed");
    for database in DATABASES {
        let missing: Vec<String> = ATTACKS
            .map(|number| format!("a{number:03}"))
            .filter(|attack| !has(&all, attack, database))
            .collect();
        assert!(
            missing.is_empty(),
            "without a test on {database}: {missing:?}"
        );
    }
}

#[test]
fn none_is_skipped() {
    assert_eq!(
        listed("hacked_server::", &["--ignored"]),
        Vec::<String>::new()
    );
}
