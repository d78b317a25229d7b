//! The pages: what is true of each of them stands here, in `sound`; the files beside are what people do with them.

mod failures;
mod forms;
mod links;
mod lists;
mod live;
mod markup;

use std::collections::BTreeMap;

use muster_tests::{Answered, page};

/// What a browser may load and run: our own files, nothing inline.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A policy but for the approvals host of this test, to which forms may lead on.
pub fn without_approvals(policy: &str) -> String {
    let other = page::between(policy, "form-action 'self'", ";").unwrap_or_default();
    let port = other.strip_prefix(" http://approvals.localhost:");
    let is_it = port.is_some_and(|port| port.parse::<u16>().is_ok());
    if is_it {
        policy.replace(other, "")
    } else {
        policy.to_owned()
    }
}

/// What is true of every page.
#[track_caller]
pub fn sound(answer: &Answered, path: &str) {
    let html = &answer.text;
    assert!(
        answer.header("content-type").starts_with("text/html"),
        "{path}"
    );
    let policy = answer.header("content-security-policy");
    // A mail is shown in a sandboxed frame.
    let policy = match policy.strip_suffix("; frame-src 'self'") {
        Some(rest) if path.starts_with("/mail/") => rest,
        Some(_) | None => policy,
    };
    assert_eq!(without_approvals(policy), POLICY, "{path}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{path}");
    }
    assert!(
        html.starts_with("<!DOCTYPE html>") && html.contains("<html lang=\"en\""),
        "{path}"
    );
    let nothing_inline = !html.contains(" style=\"")
        && !html.contains("<style")
        && !html.contains("javascript:")
        && !html.contains("data:image");
    assert!(nothing_inline, "{path} holds inline code");
    for script in page::tags(html, "script") {
        assert!(
            page::attribute(script, "src").is_some_and(|src| src.starts_with("/assets/")),
            "{path}: <{script}>"
        );
    }
    for handler in [
        " onclick=",
        " onload=",
        " onerror=",
        " onsubmit=",
        " onchange=",
        " oninput=",
    ] {
        assert!(!html.contains(handler), "{path} holds{handler}");
    }
    for (what, name) in [("heading", "h1"), ("main part", "main"), ("title", "title")] {
        assert_eq!(
            page::tags(html, name).count(),
            1,
            "{path} has not one {what}"
        );
    }
    let title = page::between(html, "<title>", "</title>").unwrap();
    assert!(
        title.len() > " · Muster".len() && !title.starts_with(' '),
        "{path}: {title}"
    );
    // Every name that marks refer to exists, once.
    let mut ids = BTreeMap::new();
    for part in html.split(" id=\"").skip(1) {
        *ids.entry(part.split('"').next().unwrap()).or_insert(0) += 1;
    }
    for (id, count) in &ids {
        assert_eq!(*count, 1, "{path} has {count} of id {id}");
    }
    for reference in [
        "aria-labelledby",
        "aria-describedby",
        "for",
        "popovertarget",
    ] {
        for part in html.split(&format!(" {reference}=\"")).skip(1) {
            for id in part.split('"').next().unwrap().split(' ') {
                assert!(
                    ids.contains_key(id),
                    "{path}: {reference} names {id}, which is not there"
                );
            }
        }
    }
    // Every field has a name that is read aloud, and every text came from the catalogue whole.
    for field in page::tags(html, "input") {
        let kind = page::attribute(field, "type").unwrap_or_default();
        let labelled = page::attribute(field, "aria-label").is_some()
            || page::attribute(field, "aria-hidden").is_some()
            || page::attribute(field, "id")
                .is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
        assert!(
            labelled || ["hidden", "radio", "checkbox"].contains(&kind.as_str()),
            "{path}: <{field}> has no label"
        );
    }
    for sign in ["{$", "{ $", "\u{2068}", "{{", "}}", "Some(", "None)"] {
        assert!(
            !html.contains(sign),
            "{path} shows {sign}: a text did not come out whole"
        );
    }
    let posts = page::tags(html, "form")
        .filter(|tag| page::attribute(tag, "method").as_deref() == Some("post"))
        .count();
    assert_eq!(
        html.matches("name=\"csrf\"").count(),
        posts,
        "{path}: a form without its secret"
    );
}
