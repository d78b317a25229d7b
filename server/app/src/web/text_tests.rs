//! The catalogue and its users agree.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{Catalogue, ENGLISH, Html, Part};

/// Keys whose end is data: an event's kind, a phone's reason code. Their users ask `Texts::has` first.
const FAMILIES: &[&str] = &["event-", "refusal-"];

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

fn used() -> BTreeSet<String> {
    let here = Path::new(file!()).file_name().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = [root.join("src"), PathBuf::from("/work/none")].into_iter().find(|p| p.join("web").exists());
    let mut paths = Vec::new();
    files(&source.unwrap_or_else(|| root.join("src")), ".rs", &mut paths);
    files(&root.join("../../templates"), ".html", &mut paths);
    let mut keys = BTreeSet::new();
    for path in paths {
        if path.file_name() == Some(here) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for opening in [".t(", ".get(", ".count(", ".with(", ".put(", ".rich(", "Key("] {
            for (at, _) in text.match_indices(opening) {
                let rest = text[at + opening.len()..].trim_start();
                let Some(literal) = rest.strip_prefix('"') else { continue };
                let key = literal.split('"').next().unwrap();
                // Header names, JSON members and the like share the method names; a key has a dash and no capitals.
                let looks_like_a_key = key.contains('-')
                    && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if looks_like_a_key && ![".get(", ".with(", ".put("].contains(&opening)
                    || looks_like_a_key && path.to_string_lossy().contains("view")
                    || looks_like_a_key && text[..at].ends_with("texts")
                    || looks_like_a_key && path.extension().is_some_and(|e| e == "html")
                    || looks_like_a_key && text[..at].ends_with(['t'])
                {
                    keys.insert(key.to_owned());
                }
            }
        }
    }
    keys
}

fn present() -> BTreeSet<String> {
    ENGLISH
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
    let left_over: Vec<_> =
        present.difference(&used).filter(|key| !FAMILIES.iter().any(|family| key.starts_with(family))).collect();
    assert!(missing.is_empty(), "used and not in locales/en: {missing:#?}");
    assert!(left_over.is_empty(), "in locales/en and never used: {left_over:#?}");
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
    assert_eq!(Html::escape("a<b>&\"'").as_str(), "a&lt;b&gt;&amp;&quot;&#39;");
}
