//! Whether the list is whole: each attack of PROTOCOL §18 has a test of its own name that runs.

use std::process::Command;

/// A001 to A114.
const ATTACKS: std::ops::RangeInclusive<u32> = 1..=114;
const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// The names of this program's tests, as it would run them itself.
fn tests(which: &[&str]) -> Vec<String> {
    let program = std::env::current_exe().expect("this program has a path");
    let listed = Command::new(program)
        .args(["--list", "--format", "terse", "hacked_server::"])
        .args(which)
        .output()
        .expect("this program lists its tests");
    assert!(listed.status.success(), "{listed:?}");
    let text = String::from_utf8(listed.stdout).expect("names are text");
    text.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_number_has_a_test_on_both_databases() {
    let all = tests(&[]);
    assert!(!all.is_empty(), "no test was listed");
    for database in DATABASES {
        let missing: Vec<String> = ATTACKS
            .map(|number| format!("a{number:03}"))
            .filter(|attack| {
                !all.iter().any(|test| {
                    let mut parts = test.rsplit("::");
                    parts.next() == Some(database)
                        && parts.next().is_some_and(|name| {
                            name.strip_prefix(attack.as_str())
                                .is_some_and(|rest| rest.starts_with('_'))
                        })
                })
            })
            .collect();
        assert!(
            missing.is_empty(),
            "without a test on {database}: {missing:?}"
        );
    }
}

#[test]
fn none_is_skipped() {
    assert_eq!(tests(&["--ignored"]), Vec::<String>::new());
}
