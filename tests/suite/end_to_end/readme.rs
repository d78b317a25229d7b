//! A phone that is nothing but curl and openssl.

use std::process::Command;

use muster_tests::installation::wait_until;
use muster_tests::programs::{Running, free_address, program, run};
use serde_json::{Value, json};

use super::said;

/// What README says about curl and openssl is run as it stands there, against the demo that README starts.
#[test]
fn enrols_with_nothing_but_curl_and_openssl_as_readme_shows() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let tools: Vec<&str> = block(&readme, "### Three things to try")
        .lines()
        .filter(|line| !line.contains("target/release") && !line.starts_with("cargo"))
        .collect();
    let enrolment = block(&readme, "## Enrol with nothing but curl and openssl");
    assert!(
        enrolment.contains("simpleenroll") && enrolment.contains("/v1/check-in"),
        "{enrolment}"
    );

    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(program("muster"));
    demo.args([
        "demo",
        "--portal",
        &free_address(),
        "--device",
        &free_address(),
    ])
    .current_dir(folder.path());
    let mut demo = Running::start(demo.env("NO_COLOR", "1"));
    let credentials = folder.path().join("demo-data/credentials.json");
    wait_until("the demo is ready", || {
        assert!(!demo.has_ended(), "{}", demo.said());
        credentials.exists()
    });
    let script = format!(
        "{}\n{enrolment}\necho; api /devices/$DEVICE",
        tools.join("\n")
    );
    let output = run(Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path()));
    let printed = said(&output);
    assert!(output.status.success(), "{script}\n{printed}");
    let mut answers = printed
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let bundle = answers.next().expect("the answer to the check-in");
    assert_eq!(bundle["v"], 1, "{printed}");
    let device = answers.next().expect("the device");
    assert_eq!(
        (&device["lifecycle"], &device["epoch"], &device["contact"]),
        (&json!("enrolled"), &json!(1), &json!("fresh"))
    );
    demo.interrupt();
}

/// The first block of code after a heading.
fn block<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, after) = text
        .split_once(heading)
        .unwrap_or_else(|| unreachable!("README has no heading {heading:?}"));
    let (_, code) = after.split_once("```\n").expect("a block of code");
    code.split_once("```").expect("its end").0
}
