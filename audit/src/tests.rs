//! A whole history, and every way to falsify it that leaves the signed checkpoint alone.

#[path = "../examples/million/sample.rs"]
mod sample;

use std::path::PathBuf;

use muster_protocol::base64;
use muster_protocol::checkpoint::LogKind;
use muster_protocol::digest::Digest;

use crate::export::{self, Entry};
use crate::finding::{Finding, Run};
use crate::verify::{How, Report, find, verify};

const WHOLE: How = How {
    threads: 2,
    partial: false,
};

struct Export {
    folder: tempfile::TempDir,
    pin: Digest,
}

impl Export {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A level further down, so that looking around finds no neighbour's.
        let own = folder.path().join("fleet");
        std::fs::create_dir(&own).unwrap();
        let pin = sample::write(&own, 400, 5).unwrap();
        Self { folder, pin }
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join(export::ENTRIES)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("fleet")
    }

    fn with(&self, change: impl FnOnce(&mut Vec<String>)) -> Report {
        let mut lines = self.lines();
        change(&mut lines);
        std::fs::write(self.path().join(export::ENTRIES), lines.join("\n") + "\n").unwrap();
        verify(&self.path(), &self.pin, WHOLE).unwrap()
    }
}

#[test]
fn an_honest_history_holds() {
    let export = Export::new();
    let report = verify(&export.path(), &export.pin, WHOLE).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.lines, report.phones, report.keyring), (400, 5, 1));
    assert!(report.receipts > 70 && report.commands > 30);
    assert_eq!(
        find(export.folder.path(), &export.pin).unwrap(),
        export.path()
    );
    assert!(verify(&export.path(), &Digest::of(b"another"), WHOLE).is_err());
}

#[test]
fn a_changed_entry_is_named() {
    // Entries 197 to 199 are events, whose loss shows nowhere but in the tree.
    // The digest is adapted to the new bytes, so that only the tree can tell.
    let report = Export::new().with(|lines| {
        let forged = b"{\"kind\":\"nothing.happened\"}";
        lines[197] = export::line(197, "admin", &Digest::of(forged).to_hex(), Some(forged));
    });
    assert_eq!(report.findings, [Finding::Changed { index: 197 }]);
    let report = Export::new().with(|lines| {
        let line: export::Line<'_> = serde_json::from_str(&lines[198]).unwrap();
        lines[198] = export::line(198, &line.kind, &line.digest, Some(b"other bytes"));
    });
    assert_eq!(report.findings, [Finding::Changed { index: 198 }]);
}

#[test]
fn a_removed_entry_is_named() {
    let report = Export::new().with(|lines| drop(lines.remove(199)));
    assert_eq!(report.findings, [Finding::Removed { index: 199 }]);
    let report = Export::new().with(|lines| drop(lines.pop()));
    assert_eq!(report.findings, [Finding::Removed { index: 399 }]);
}

#[test]
fn a_moved_entry_is_named() {
    let report = Export::new().with(|lines| lines.swap(208, 209));
    assert_eq!(
        report.findings,
        [Finding::Moved {
            index: 208,
            line: 210
        }]
    );
}

#[test]
fn an_inserted_entry_is_named() {
    let report = Export::new().with(|lines| {
        let line = export::line(150, "admin", &Digest::of(b"x").to_hex(), Some(b"x"));
        lines.insert(150, line);
    });
    assert_eq!(
        report.findings,
        [Finding::Inserted {
            line: 151,
            before: 150
        }]
    );
    let report = Export::new().with(|lines| lines.push("rubbish".to_owned()));
    assert_eq!(
        report.findings,
        [Finding::Inserted {
            line: 401,
            before: 400
        }]
    );
}

#[test]
fn a103_a_withheld_receipt_is_a_gap() {
    // A server that left a receipt out of its log from the first: the tree is whole and the phone's numbers are not.
    let export = Export::new();
    let lines = export.lines();
    let receipt = lines
        .iter()
        .position(|line| line.contains("\"kind\":\"receipt\""))
        .unwrap();
    let report = export.with(|lines| drop(lines.remove(receipt)));
    assert!(
        report
            .findings
            .iter()
            .any(|finding| matches!(finding, Finding::Gap { from: 1, to: 1, .. }))
    );
}

#[test]
fn a101_a_receipt_of_a_phone_that_never_spoke_is_foreign() {
    let export = Export::new();
    let lines = export.lines();
    let receipts: Vec<Entry> = lines
        .iter()
        .filter(|line| line.contains("\"kind\":\"receipt\""))
        .map(|line| Entry::read(line.as_bytes()).unwrap())
        .collect();
    let statement = lines
        .iter()
        .position(|line| line.contains("\"kind\":\"enrolment\""))
        .unwrap();
    let report = export.with(|lines| drop(lines.remove(statement)));
    let foreign = |finding: &&Finding| matches!(finding, Finding::ForeignReceipt { .. });
    let found = report.findings.iter().filter(foreign).count();
    assert!(found > 0 && found < receipts.len());
}

#[test]
fn a_checkpoint_by_another_key_is_none() {
    let export = Export::new();
    let path = export.path().join(export::CHECKPOINT);
    let note = std::fs::read_to_string(&path).unwrap();
    let (text, line) = note.trim_end().rsplit_once(' ').unwrap();
    let mut blob = base64::decode(line).unwrap();
    *blob.last_mut().unwrap() ^= 1;
    std::fs::write(&path, format!("{text} {}\n", base64::encode(&blob))).unwrap();
    let report = verify(&export.path(), &export.pin, WHOLE).unwrap();
    assert_eq!(report.findings, [Finding::CheckpointUnsigned]);
}

#[test]
fn hashes_of_another_tree_are_told() {
    let export = Export::new();
    let path = export.path().join(export::HASHES);
    let mut hashes = std::fs::read(&path).unwrap();
    hashes[300 * 32] ^= 1;
    std::fs::write(&path, hashes).unwrap();
    let report = verify(&export.path(), &export.pin, WHOLE).unwrap();
    assert!(report.findings.contains(&Finding::HashesDiffer));
}

#[test]
fn an_entry_without_its_bytes_is_named_and_the_whole_does_not_hold_without_it() {
    let without = |lines: &mut Vec<String>| {
        for at in [197, 198] {
            let line: export::Line<'_> = serde_json::from_str(&lines[at]).unwrap();
            lines[at] = export::line(line.index, &line.kind, &line.digest, None);
        }
    };
    let export = Export::new();
    let report = export.with(without);
    let run = Run {
        kind: LogKind::Admin,
        first: 197,
        last: 198,
    };
    assert_eq!(report.findings, [Finding::Withheld(run)]);
    assert_eq!(
        report.findings[0].to_string(),
        "entries 197 to 198 (admin): in the log, but the export lacks what they say"
    );
    // A reader of a part is told which, and that is no finding.
    let partial = How {
        partial: true,
        ..WHOLE
    };
    let report = verify(&export.path(), &export.pin, partial).unwrap();
    assert!(report.holds());
    assert_eq!((report.withheld, report.withheld_runs), (2, vec![run]));
}

#[test]
fn an_exports_description_writes_nothing_on_the_terminal_and_fills_no_memory() {
    let export = Export::new();
    let path = export.path().join(export::ABOUT);
    let about = std::fs::read_to_string(&path).unwrap();
    let hostile = about.replace("log.example.org/sample", "log\\u001b[2J");
    assert_ne!(about, hostile);
    std::fs::write(&path, hostile).unwrap();
    assert!(verify(&export.path(), &export.pin, WHOLE).is_err());
    std::fs::write(&path, about + &" ".repeat(64 * 1024 * 1024)).unwrap();
    let before = verify(&export.path(), &export.pin, WHOLE);
    assert!(before.unwrap().holds(), "what follows is not read");
}
