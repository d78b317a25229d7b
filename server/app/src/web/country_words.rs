//! Countries in words, for envelopes, invoices and lists: `locales/countries.txt`, one line a code of ISO 3166-1. The names are
//! those of Unicode CLDR, with a few shortened to what fits on an envelope.

/// Code, English, French.
const NAMES: &str = include_str!("../../../../locales/countries.txt");

/// The country of a code in the language of a tag: French for `fr`, English for any other. A code that nobody knows stands for
/// itself.
#[must_use]
pub fn name<'a>(code: &'a str, language: &str) -> &'a str {
    let row = NAMES
        .lines()
        .find(|row| row.split('|').next() == Some(code))
        .and_then(|row| row.split('|').nth(if language == "fr" { 2 } else { 1 }));
    row.unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use muster_domain::selling::country::Country;

    use super::{NAMES, name};

    #[test]
    fn every_country_there_is_has_a_name_in_both_languages() {
        assert_eq!(NAMES.lines().count(), 249);
        for row in NAMES.lines() {
            let parts: Vec<&str> = row.split('|').collect();
            assert!(Country::parse(parts[0]).is_ok(), "{row}");
            assert!(
                parts.len() == 3 && parts.iter().all(|part| !part.trim().is_empty()),
                "{row}"
            );
        }
        assert_eq!(name("DE", "en"), "Germany");
        assert_eq!(name("DE", "fr"), "Allemagne");
        assert_eq!(name("DE", "pt"), "Germany");
        assert_eq!(name("XX", "en"), "XX");
    }
}
