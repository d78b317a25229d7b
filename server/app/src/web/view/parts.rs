//! The small things pages are made of: state marks, notches, seals, icons; form inputs, filters and paging.

use std::fmt::Write as _;

use muster_protocol::{digest::Digest, seal};

use crate::web::{assets, text::Html};

/// A form field as it goes back to the reader: what was typed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// What was typed; kept, so that nobody types it twice.
    pub value: String,
    /// A sentence that says what to do about it.
    pub error: Option<String>,
}

impl Input {
    /// A field with this value and nothing wrong.
    #[must_use]
    pub fn filled(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            error: None,
        }
    }

    /// A field with this value, and what to do about it.
    #[must_use]
    pub fn wrong(value: &str, error: &str) -> Self {
        Self {
            value: value.to_owned(),
            error: Some(error.to_owned()),
        }
    }
}

/// The fields that are wrong, by id: a summary on top of the form links to each when there are two or more.
#[must_use]
pub fn errors(fields: &[(&'static str, &Input)]) -> Vec<(&'static str, String)> {
    let wrong: Vec<_> = fields
        .iter()
        .filter_map(|(id, input)| input.error.clone().map(|error| (*id, error)))
        .collect();
    if wrong.len() > 1 { wrong } else { Vec::new() }
}

/// One entry of a select or a list of radio buttons.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the reader sees.
    pub label: String,
}

/// One filter of a list: a link that changes the query.
#[derive(Clone, Debug)]
pub struct Filter {
    /// “State”.
    pub name: String,
    /// What it is set to, with the link that takes it away; `None` while it is unset.
    pub set: Option<(String, String)>,
    /// What it may be set to: words, link, and whether it is chosen now.
    pub options: Vec<(String, String, bool)>,
}

/// Where a list goes on: links by cursor; past an end there is none.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// Address of the previous page.
    pub previous: Option<String>,
    /// Address of the next page.
    pub next: Option<String>,
}

impl Pages {
    /// Whether the list has more than one page.
    #[must_use]
    pub fn any(&self) -> bool {
        self.previous.is_some() || self.next.is_some()
    }
}

/// An icon of the sprite, for the eye only.
#[must_use]
pub fn icon(name: &str) -> Html {
    Html::trusted(format!(
        "<svg class=\"i\" aria-hidden=\"true\"><use href=\"{}#i-{name}\"/></svg>",
        assets::address("icons.svg")
    ))
}

/// A state: a shape, then its words; colour comes third.
#[must_use]
pub fn state(shape: &str, tone: &str, words: &str) -> Html {
    let drawing = match shape {
        "dot" => "<circle class=\"s\" cx=\"6\" cy=\"6\" r=\"4\"/>",
        "dotted" => "<circle cx=\"6\" cy=\"6\" r=\"4.5\" stroke-dasharray=\"1.6 2.1\"/>",
        "ring" => "<circle cx=\"6\" cy=\"6\" r=\"4.5\"/>",
        "half" => {
            "<circle cx=\"6\" cy=\"6\" r=\"4.5\"/><path class=\"s\" d=\"M6 1.5a4.5 4.5 0 0 1 0 9z\"/>"
        }
        "target" => {
            "<circle cx=\"6\" cy=\"6\" r=\"4.5\"/><circle class=\"s\" cx=\"6\" cy=\"6\" r=\"1.6\"/>"
        }
        "most" => {
            "<circle cx=\"6\" cy=\"6\" r=\"4.5\"/><path class=\"s\" d=\"M6 1.5A4.5 4.5 0 1 1 1.5 6H6z\"/>"
        }
        "diamond" => "<path class=\"s\" d=\"M6 1 11 6 6 11 1 6z\"/>",
        "lock" => {
            "<path class=\"s\" d=\"M2 5.5h8v5.5H2z\"/><path d=\"M3.7 5.5V4a2.3 2.3 0 0 1 4.6 0v1.5\"/>"
        }
        "bars" => "<path d=\"M3.8 1.5v9M8.2 1.5v9\"/>",
        "cross" => "<path d=\"M2 2l8 8M10 2l-8 8\"/>",
        "wiped" => "<path d=\"M2 2h8v8H2zM2 10 10 2\"/>",
        "brackets" => "<path d=\"M4 1.5H1.5v9H4M8 1.5h2.5v9H8\"/>",
        "check" => "<path d=\"M1.5 6.5 4.7 9.7 10.5 2.8\"/>",
        "refused" => "<circle cx=\"6\" cy=\"6\" r=\"4.5\"/><path d=\"M3 9 9 3\"/>",
        "triangle" => "<path d=\"M6 1.5 11 10.5H1z\"/>",
        "clock" => "<circle cx=\"6\" cy=\"6\" r=\"4.5\"/><path d=\"M6 3.5V6l1.8 1.2\"/>",
        _ => "<path d=\"M2 6h8\"/>",
    };
    Html::trusted(format!(
        "<span class=\"st {tone}\"><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\">{drawing}</svg><span>{}</span></span>",
        Html::escape(words)
    ))
}

/// Four notches, so many of them filled: how far a command reaches.
#[must_use]
pub fn reach(notches: u8) -> Html {
    let mut out =
        format!("<svg class=\"reach n{notches}\" viewBox=\"0 0 20 12\" aria-hidden=\"true\">");
    for (i, (x, top)) in [(2, "9"), (7, "6.4"), (12, "3.8"), (17, "1.2")]
        .into_iter()
        .enumerate()
    {
        let class = if i < usize::from(notches) {
            " class=\"y\""
        } else {
            ""
        };
        let _ = write!(out, "<path{class} d=\"M{x} 12V{top}\"/>");
    }
    out.push_str("</svg>");
    Html::trusted(out)
}

/// The seal of a key, as the protocol draws it from the 64 digits of a fingerprint. What is no fingerprint has no rays.
#[must_use]
pub fn seal(fingerprint: &str, label: &str, small: bool) -> Html {
    let mut path = String::new();
    let lengths = fingerprint
        .parse::<Digest>()
        .map_or([0; seal::RAYS], |digest| seal::rays(&digest));
    for (i, length) in lengths.into_iter().enumerate() {
        if length > 0 {
            let (sin, cos) = (i as f64 * std::f64::consts::PI / 12.0).sin_cos();
            let end = 9.5 + f64::from(length) * 0.62;
            let _ = write!(
                path,
                "M{:.1} {:.1}L{:.1} {:.1}",
                20.0 + 9.5 * sin,
                20.0 - 9.5 * cos,
                20.0 + end * sin,
                20.0 - end * cos
            );
        }
    }
    let size = if small { " s" } else { "" };
    Html::trusted(format!(
        "<svg class=\"seal{size}\" viewBox=\"0 0 40 40\" role=\"img\" aria-label=\"{}\"><path d=\"{path}M16.3 20.3l2.6 2.6 5-5.4\"/></svg>",
        Html::escape(label)
    ))
}

/// An empty dotted ring: a signature that is still missing.
#[must_use]
pub fn open_seal(label: &str) -> Html {
    Html::trusted(format!(
        "<svg class=\"seal open\" viewBox=\"0 0 40 40\" role=\"img\" aria-label=\"{}\"><circle cx=\"20\" cy=\"20\" r=\"14\"/></svg>",
        Html::escape(label)
    ))
}

/// A fingerprint's beginning in groups of four, as pages show it beside a seal: “7c1e 04b9 d2a8 5f60”.
#[must_use]
pub fn short_fingerprint(fingerprint: &str) -> String {
    let digits: Vec<char> = fingerprint
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(20)
        .collect();
    digits
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}
