//! A check-in that a phone sends (`server/domain/src/check_in.rs`). The input is its body. Nothing in it is signed, so what must
//! hold is that the server keeps no more of it than it has room for, and nothing that a page could not show.

use muster_domain::check_in::{CheckIn, RESTRICTIONS};
use muster_domain::report::Report;
use muster_protocol::text;
use serde_json::Value;

use crate::Verdict;
use crate::fleet::NOW;

const DAY: u64 = 86_400;
const MOST: u64 = (1 << 53) - 1;

/// Reads the body and checks what was kept of it.
pub fn check(body: &[u8]) -> Verdict {
    let read = CheckIn::read(body, NOW);
    let verdict = Verdict::of(&read);
    let sent = serde_json::from_slice::<Value>(body).ok();
    match read {
        Ok(said) => {
            let sent = sent.expect("what was read is JSON");
            assert_eq!(sent.get("v").and_then(Value::as_u64), Some(1), "version");
            kept(&said);
            said_so(&said, &sent);
        }
        Err(_) => {
            let version = sent.as_ref().and_then(|sent| sent.get("v"));
            let first = version.and_then(Value::as_u64) == Some(1);
            assert!(!first, "an object of version 1 is always read");
        }
    }
    verdict
}

/// Everything that is kept has an end.
fn kept(said: &CheckIn) {
    if let Some(report) = &said.report {
        report_is_bounded(report);
        let stored = serde_json::to_string(report).expect("a report is stored as JSON");
        let again: Report = serde_json::from_str(&stored).expect("what was stored is read");
        assert_eq!(again, *report, "a report survives its storage");
        let value = serde_json::to_value(report).expect("a report is JSON");
        let (again, _) = Report::read(&value, NOW);
        assert_eq!(again, *report, "what was cleaned once is clean");
    }
    assert!(said.restrictions.len() <= RESTRICTIONS, "restrictions");
    for restriction in &said.restrictions {
        let known = ["lock", "lock-fleet", "suspend"];
        assert!(known.contains(&restriction.kind.as_str()), "kind");
        assert!(is_digest(&restriction.command), "command");
    }
    if let Some(compliance) = &said.compliance {
        assert!(compliance.faults.len() <= 8, "faults");
        let word = |text: &String| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            (1..=32).contains(&text.len()) && text.bytes().all(plain)
        };
        assert!(compliance.faults.iter().all(word), "a fault is a word");
        assert!(compliance.since.is_none_or(|since| since <= NOW), "since");
    }
    let whole = said.checkpoint_size.is_some() == said.checkpoint_root.is_some();
    assert!(whole, "size and root come together");
    // Fourteen members of a report and eight beside it, each named once.
    assert!(said.cleaning.mended.len() <= 22, "mended members");
}

fn report_is_bounded(report: &Report) {
    let texts = [
        &report.agent_version,
        &report.os_name,
        &report.os_version,
        &report.patch_level,
        &report.model,
    ];
    for shown in texts.into_iter().flatten() {
        assert!(text::check(shown, 64).is_ok(), "text is bounded and seen");
    }
    assert!(report.battery_percent.is_none_or(|percent| percent <= 100));
    let numbers = [
        report.storage_total_bytes,
        report.storage_free_bytes,
        report.uptime_seconds,
    ];
    assert!(numbers.into_iter().flatten().all(|number| number <= MOST));
    assert!(report.at.is_none_or(|at| at <= NOW + DAY), "at");
}

/// What is kept is what the phone said, or nothing: no value comes from elsewhere.
fn said_so(said: &CheckIn, sent: &Value) {
    let number = |object: &str, name: &str| {
        let member = sent.get(object).and_then(|object| object.get(name));
        member.and_then(Value::as_u64)
    };
    assert_eq!(
        said.keyring_version,
        number("keyring", "version").unwrap_or(0)
    );
    assert_eq!(
        said.policy_version,
        number("policy", "version").unwrap_or(0)
    );
    if said.checkpoint_size.is_some() {
        assert_eq!(said.checkpoint_size, number("checkpoint", "size"));
    }
    assert_eq!(said.held, sent.get("held") == Some(&Value::Bool(true)));
    assert_eq!(said.report.is_some(), sent.get("report").is_some());
    if let Some(nonce) = said.nonce {
        let told = sent.get("nonce").and_then(Value::as_str);
        assert_eq!(told, Some(nonce.to_hex().as_str()), "nonce");
    }
    let locks = said.restrictions.iter().any(|one| one.kind != "suspend");
    let reported = said.report.as_ref().and_then(|report| report.locked);
    assert_eq!(said.locked(), locks || reported == Some(true), "locked");
    let suspends = said.restrictions.iter().any(|one| one.kind == "suspend");
    assert_eq!(said.suspended(), suspends, "suspended");
}

fn is_digest(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(lower)
}
