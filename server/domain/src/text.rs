//! Text that people and phones hand in, bounded and cleaned once, at the edge.

use muster_protocol::text as protocol_text;

/// Why a value was not taken. The sentence says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The field as forms and the API name it.
    pub field: &'static str,
    /// What is wrong and what to do, in English; pages look `code` up in their catalogue.
    pub message: String,
    /// Stable word for the fault.
    pub code: &'static str,
}

impl Invalid {
    /// A fault of `field`, named by a stable `code` and told by `message`.
    pub fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            code,
            message: message.into(),
        }
    }
}

/// A line of text a person typed: trimmed, 1 to `most` characters, none of the invisible ones PROTOCOL §4 forbids.
///
/// # Errors
/// The field is empty, too long, or holds a character that cannot be seen.
pub fn line(field: &'static str, typed: &str, most: usize) -> Result<String, Invalid> {
    let text = typed.trim();
    if text.is_empty() {
        return Err(Invalid::new(
            field,
            "empty",
            "This is empty. Type at least one character.",
        ));
    }
    if text.chars().count() > most {
        return Err(Invalid::new(
            field,
            "too-long",
            format!("This is too long. At most {most} characters fit."),
        ));
    }
    if protocol_text::check(text, most).is_err() {
        return Err(Invalid::new(
            field,
            "invisible",
            "This holds a character that cannot be seen, such as a line break or a direction mark. Type it again.",
        ));
    }
    Ok(text.to_owned())
}

/// What a phone reported, made fit to store and show: at most 64 characters, invisible ones replaced by U+FFFD.
/// The flag tells whether anything had to be changed.
#[must_use]
pub fn reported(text: &str) -> (String, bool) {
    let mut changed = false;
    let mut clean = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == 64 {
            changed = true;
            break;
        }
        let mut buffer = [0_u8; 4];
        if protocol_text::check(character.encode_utf8(&mut buffer), 1).is_ok() {
            clean.push(character);
        } else {
            changed = true;
            clean.push('\u{FFFD}');
        }
    }
    (clean, changed)
}

#[cfg(test)]
mod tests {
    use super::{line, reported};

    #[test]
    fn a_line_is_trimmed_bounded_and_visible() {
        assert_eq!(line("name", "  Dagny Krol ", 64).unwrap(), "Dagny Krol");
        assert_eq!(line("name", "   ", 64).unwrap_err().code, "empty");
        assert_eq!(line("name", "abc", 2).unwrap_err().code, "too-long");
        assert_eq!(
            line("name", "a\u{202e}b", 64).unwrap_err().code,
            "invisible"
        );
    }

    #[test]
    fn f12_reported_text_is_bounded_and_cleaned_but_never_lost() {
        assert_eq!(reported("Hardline X7"), ("Hardline X7".to_owned(), false));
        let (clean, changed) = reported("\u{1b}[31mred\nline");
        assert!(changed && clean == "\u{fffd}[31mred\u{fffd}line");
        let (clean, changed) = reported(&"x".repeat(100));
        assert!(changed && clean.len() == 64);
    }
}
