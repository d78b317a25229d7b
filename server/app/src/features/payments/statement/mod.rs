//! Bank statements (CAMT.053): what came in is booked where its structured reference says so, suggested where its words do, and
//! otherwise waits for a person.

pub mod decide;
pub mod import;
pub mod lines;
mod matching;
mod numbers;

pub use matching::invoices_named;

/// Text of a stranger made fit to keep and show: at most `most` characters, what cannot be seen replaced by a space, and no two
/// spaces in a row.
#[must_use]
pub fn shown(text: &str, most: usize) -> String {
    let visible: String = text
        .chars()
        .map(|c| {
            let alone = c.to_string();
            if c.is_whitespace() || muster_protocol::text::check(&alone, 4).is_err() {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(most).collect();
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_strangers_write_is_cleaned_and_cut() {
        assert_eq!(shown("  RF18\u{0}\n5390 \u{202e}x ", 20), "RF18 5390 x");
        assert_eq!(shown(&"é".repeat(50), 7).chars().count(), 7);
        assert_eq!(shown("", 5), "");
    }
}
