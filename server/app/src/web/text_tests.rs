//! The catalogue and its users agree.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{Catalogue, ENGLISH, FRENCH, Html, Part};

/// Keys whose end is data: an event's kind, a phone's reason code. Their users ask `Texts::has` first.
const FAMILIES: &[&str] = &[
    "argument-",
    "check-freshness-",
    "event-",
    "fault-",
    "refusal-",
];

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// Every literal key that a template, or code that holds a `t`, asks for.
fn used() -> BTreeSet<String> {
    let source = Path::new(file!()).parent().unwrap().parent().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = if root.join("src/web").exists() {
        root.join("src")
    } else {
        source.to_owned()
    };
    let mut paths = Vec::new();
    files(&source, ".rs", &mut paths);
    for ending in [".html", ".txt"] {
        files(&source.join("../../../templates"), ending, &mut paths);
    }
    let mut keys = BTreeSet::new();
    for path in paths {
        if path.ends_with("text_tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for opening in [
            ".t(", ".get(", ".count(", ".with(", ".put(", ".rich(", "Key(",
        ] {
            for (at, _) in text.match_indices(opening) {
                let receiver = text[..at]
                    .trim_end()
                    .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap_or("");
                if opening != "Key(" && !["t", "texts", "frame", "self"].contains(&receiver) {
                    continue;
                }
                let Some(literal) = text[at + opening.len()..].trim_start().strip_prefix('"')
                else {
                    continue;
                };
                let key = literal.split('"').next().unwrap();
                // `self.get("limit")` of a query or a header is somebody else's; a key of one word is a word we know.
                if receiver != "self" || opening == ".t(" {
                    keys.insert(key.to_owned());
                }
            }
        }
    }
    keys
}

fn present() -> BTreeSet<String> {
    keys(ENGLISH)
}

fn keys(catalogue: &[(&str, &str)]) -> BTreeSet<String> {
    catalogue
        .iter()
        .flat_map(|(_, source)| source.lines())
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned()))
        .collect()
}

#[test]
fn every_key_is_there_and_none_is_left_over() {
    let (used, present) = (used(), present());
    let missing: Vec<_> = used.difference(&present).collect();
    let left_over: Vec<_> = present
        .difference(&used)
        .filter(|key| !FAMILIES.iter().any(|family| key.starts_with(family)))
        .collect();
    assert!(
        missing.is_empty(),
        "used and not in locales/en: {missing:#?}"
    );
    assert!(
        left_over.is_empty(),
        "in locales/en and never used: {left_over:#?}"
    );
}

#[test]
fn letters_can_be_written_in_every_language_of_an_account() {
    let letters: BTreeSet<String> = present()
        .into_iter()
        .filter(|key| key.starts_with("letter-"))
        .collect();
    assert!(letters.len() > 40, "{}", letters.len());
    assert_eq!(letters, keys(FRENCH));
    // Each says the same with the same values.
    let values = |catalogue: &[(&str, &str)], key: &str| -> BTreeSet<String> {
        let (_, source) = catalogue
            .iter()
            .find(|(file, _)| *file == "letters")
            .unwrap();
        let from = source.find(&format!("\n{key} =")).unwrap() + 1;
        let rest = &source[from..];
        let entry = rest
            .match_indices('\n')
            .find(|(at, _)| {
                rest[at + 1..].starts_with(|c: char| c.is_ascii_lowercase() || c == '\n')
            })
            .map_or(rest, |(at, _)| &rest[..at]);
        entry
            .split("{ $")
            .skip(1)
            .map(|part| part.split([' ', '}']).next().unwrap().to_owned())
            .collect()
    };
    for key in &letters {
        assert_eq!(values(ENGLISH, key), values(FRENCH, key), "{key}");
    }
}

#[test]
fn numbers_are_grouped_and_sentences_follow_them() {
    let texts = Catalogue::load().unwrap().texts("");
    assert_eq!(texts.number(0), "0");
    assert_eq!(texts.number(999), "999");
    assert_eq!(texts.number(1_234_567), "1,234,567");
    assert_eq!(texts.count("phones", 1), "1 phone");
    assert_eq!(texts.count("phones", 48_213), "48,213 phones");
}

#[test]
fn what_is_put_into_a_sentence_is_escaped() {
    let texts = Catalogue::load().unwrap().texts("");
    let hostile = "<script>alert(1)</script>";
    let said = texts.rich("event-member-signed-in", &[("actor", Part::Text(hostile))]);
    assert!(!said.as_str().contains("<script"), "{said}");
    assert_eq!(
        Html::escape("a<b>&\"'").as_str(),
        "a&lt;b&gt;&amp;&quot;&#39;"
    );
}
