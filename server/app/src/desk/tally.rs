//! How far the signatures of a command are, in the words of the pages.

use fluent_bundle::FluentValue;

use crate::offline::tally::Tally;
use crate::web::text::Texts;

/// The sentence of the inbox and of a command's page.
pub(super) fn words(tally: &Tally, t: &Texts) -> String {
    let signed = tally.people();
    if tally.is_enough() {
        return t.with("desk-progress-enough", &[("signed", signed.into())]);
    }
    let people = tally.needed.as_ref().map_or(0, |needed| needed.people);
    let mut words = if signed == 0 {
        t.get("desk-progress-none")
    } else {
        let numbers: [(&str, FluentValue<'_>); 2] =
            [("signed", signed.into()), ("needed", people.into())];
        t.with("desk-progress-some", &numbers)
    };
    let independent = tally.missing_independent();
    if independent > 0 {
        words.push(' ');
        words.push_str(&t.count("desk-progress-independent", independent.into()));
    }
    words
}
