//! The names of this program's own tests: what the lists of attacks and rules are held against.

use std::process::Command;

/// The name of a test ends with the database that it runs on.
pub const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// The tests beneath `module`, as this program would run them itself.
pub fn listed(module: &str, which: &[&str]) -> Vec<String> {
    let program = std::env::current_exe().expect("this program has a path");
    let listed = Command::new(program)
        .args(["--list", "--format", "terse", module])
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

/// Whether one of the tests bears this number and runs on this database.
pub fn has(tests: &[String], number: &str, database: &str) -> bool {
    tests.iter().any(|test| {
        let mut parts = test.rsplit("::");
        parts.next() == Some(database)
            && parts.next().is_some_and(|name| {
                name.strip_prefix(number)
                    .is_some_and(|rest| rest.starts_with('_'))
            })
    })
}
