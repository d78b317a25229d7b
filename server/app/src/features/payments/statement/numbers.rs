//! Numbers of a seller's documents, found again in what a payer wrote: without signs, inside a creditor reference, among words.

use muster_domain::selling::number::{Pattern, Place};
use muster_domain::selling::reference::{Reference, mentions};

/// The most words of one text that are looked at.
const MOST_WORDS: usize = 200;

/// The series and years in which a seller has issued.
pub struct Numbers(Vec<Series>);

struct Series {
    name: String,
    year: i64,
    next: i64,
    pattern: Pattern,
    /// What stands before and after the digits of the number, letters and digits only.
    head: String,
    tail: String,
}

/// Where a document stands: series, year, number.
pub type Position = (String, i64, i64);

impl Numbers {
    /// From the store's rows: series, year, next number.
    #[must_use]
    pub fn of(rows: Vec<(String, i64, i64)>) -> Self {
        let series = rows.into_iter().filter_map(|(name, year, next)| {
            let pattern = Pattern::parse(&name).ok()?;
            // Two numbers with the most digits there are, no two of them alike: what they share is what stands around.
            let one = plain(&text(&pattern, year, 111_111_111)?);
            let other = plain(&text(&pattern, year, 222_222_222)?);
            let head = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b);
            let head = one.get(..head.count())?.to_owned();
            let tail = one.get(head.len() + 9..)?.to_owned();
            Some(Series {
                name,
                year,
                next,
                pattern,
                head,
                tail,
            })
        });
        Self(series.collect())
    }

    /// The documents that a creditor reference may stand for.
    #[must_use]
    pub fn of_reference(&self, reference: &Reference) -> Vec<Position> {
        self.places(reference.as_str().get(4..).unwrap_or_default())
            .into_iter()
            .map(|(_, position)| position)
            .collect()
    }

    /// The documents whose reference or number stands in a payer's words, in the order found.
    #[must_use]
    pub fn in_text(&self, text: &str) -> Vec<Position> {
        let mut found: Vec<Position> = Vec::new();
        let mut add = |position: Position| {
            if !found.contains(&position) {
                found.push(position);
            }
        };
        for reference in Reference::find_in(text) {
            self.of_reference(&reference).into_iter().for_each(&mut add);
        }
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(MOST_WORDS)
            .map(str::to_ascii_uppercase)
            .collect();
        for start in 0..words.len() {
            let mut candidate = String::new();
            for word in &words[start..] {
                candidate.push_str(word);
                if candidate.len() > 30 {
                    break;
                }
                for (number, position) in self.places(&candidate) {
                    if mentions(text, &number) {
                        add(position);
                    }
                }
            }
        }
        found
    }

    /// The documents whose number is `body` without its signs.
    fn places(&self, body: &str) -> Vec<(String, Position)> {
        let place = |series: &Series| {
            let digits = body
                .strip_prefix(series.head.as_str())?
                .strip_suffix(series.tail.as_str())?;
            let number: i64 = digits.parse().ok()?;
            let text = text(&series.pattern, series.year, number)?;
            let issued = number >= 1 && number < series.next && plain(&text) == body;
            issued.then(|| (text, (series.name.clone(), series.year, number)))
        };
        self.0.iter().filter_map(place).collect()
    }
}

fn text(pattern: &Pattern, year: i64, number: i64) -> Option<String> {
    Some(pattern.format(Place {
        year: i16::try_from(year).ok()?,
        sequence: u32::try_from(number).ok()?,
    }))
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use muster_domain::selling::reference::Reference;

    use super::Numbers;

    #[test]
    fn numbers_are_found_in_references_and_words() {
        let series = |name: &str, year, next| (name.to_owned(), year, next);
        let numbers = Numbers::of(vec![
            series("INV-{year}-{number:5}", 2026, 43),
            series("{year}/{number}.A", 2025, 12),
            series("no pattern", 2026, 9),
        ]);
        let at = |year, number| {
            let name = if year == 2026 {
                "INV-{year}-{number:5}"
            } else {
                "{year}/{number}.A"
            };
            (name.to_owned(), year, number)
        };
        let reference = Reference::of_number("INV-2026-00042").unwrap();
        assert_eq!(numbers.of_reference(&reference), [at(2026, 42)]);
        let not_issued = Reference::of_number("INV-2026-00043").unwrap();
        assert_eq!(numbers.of_reference(&not_issued), []);
        for (text, found) in [
            ("Invoice INV-2026-00042, thank you", vec![at(2026, 42)]),
            (
                "inv 2026 00042 and 2025/7.a",
                vec![at(2026, 42), at(2025, 7)],
            ),
            ("INV2026000420", vec![]),
            ("INV-2026-42", vec![]),
            ("2025/12.A", vec![]),
            ("INV-2026-00042 INV-2026-00042", vec![at(2026, 42)]),
            ("", vec![]),
        ] {
            assert_eq!(numbers.in_text(text), found, "{text}");
        }
        assert_eq!(numbers.in_text(&format!("for {reference}")), [at(2026, 42)]);
    }
}
