//! Whether the list is whole: each rule of billing, B1 to B22, has a test of its own name that runs on both databases.

use crate::listing::{DATABASES, has, listed};

/// B1 to B22.
const RULES: std::ops::RangeInclusive<u32> = 1..=22;

#[test]
fn each_number_has_a_test_on_both_databases() {
    let all = listed("selling::", &[]);
    for database in DATABASES {
        let missing: Vec<String> = RULES
            .map(|number| format!("b{number:02}"))
            .filter(|rule| !has(&all, rule, database))
            .collect();
        assert!(
            missing.is_empty(),
            "without a test on {database}: {missing:?}"
        );
    }
}

#[test]
fn none_is_skipped() {
    assert_eq!(listed("selling::", &["--ignored"]), Vec::<String>::new());
}
