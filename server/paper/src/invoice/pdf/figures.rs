//! Figures and dates as people write them in each language.

use jiff::civil::Date;

use crate::amount::{parts, rate};
use crate::invoice::{Currency, Language, Unit};

/// U+202F, which French typography puts between thousands and before % and signs.
const NARROW: char = '\u{202f}';

/// A true minus, as wide as a figure.
const MINUS: &str = "−";

/// An amount without its currency: `1,500.00`, `1 500,00`.
pub(super) fn number(minor: i64, currency: &Currency, language: Language) -> String {
    let (whole, fraction) = parts(minor, currency.decimals);
    let (thousands, point) = match language {
        Language::En => (',', '.'),
        Language::Fr => (NARROW, ','),
    };
    let sign = if minor < 0 { MINUS } else { "" };
    let whole = grouped(&whole, thousands);
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// An amount with its currency: `€1,500.00`, `CHF 1,500.00`, `1 500,00 €`.
pub(super) fn money(minor: i64, currency: &Currency, language: Language) -> String {
    let number = number(minor, currency, language);
    let code = currency.code.as_str();
    match (language, code) {
        (Language::En, "EUR") if minor < 0 => {
            format!("{MINUS}€{}", number.trim_start_matches(MINUS))
        }
        (Language::En, "EUR") => format!("€{number}"),
        (Language::En, _) => format!("{code}\u{a0}{number}"),
        (Language::Fr, "EUR") => format!("{number}\u{a0}€"),
        (Language::Fr, _) => format!("{number}\u{a0}{code}"),
    }
}

/// A count with its unit: `6 months`; pieces are a bare number.
pub(super) fn quantity(count: i64, unit: Unit, language: Language) -> String {
    let (thousands, plural) = match language {
        Language::En => (',', count.unsigned_abs() != 1),
        Language::Fr => (NARROW, count.unsigned_abs() > 1),
    };
    let sign = if count < 0 { MINUS } else { "" };
    let number = grouped(&count.unsigned_abs().to_string(), thousands);
    let name = match (unit, language, plural) {
        (Unit::Piece, Language::En | Language::Fr, _) => "",
        (Unit::Day, Language::En, false) => "day",
        (Unit::Day, Language::En, true) => "days",
        (Unit::Day, Language::Fr, false) => "jour",
        (Unit::Day, Language::Fr, true) => "jours",
        (Unit::Month, Language::En, false) => "month",
        (Unit::Month, Language::En, true) => "months",
        (Unit::Month, Language::Fr, _) => "mois",
        (Unit::Year, Language::En, false) => "year",
        (Unit::Year, Language::En, true) => "years",
        (Unit::Year, Language::Fr, false) => "an",
        (Unit::Year, Language::Fr, true) => "ans",
    };
    let gap = if name.is_empty() { "" } else { "\u{a0}" };
    format!("{sign}{number}{gap}{name}")
}

/// A rate of hundredths of a percent: `20%`, `5,5 %`.
pub(super) fn percent(hundredths: u32, language: Language) -> String {
    let rate = rate(hundredths);
    match language {
        Language::En => format!("{rate}%"),
        Language::Fr => format!("{}{NARROW}%", rate.replace('.', ",")),
    }
}

/// A day in words: `23 November 2026`, `1er janvier 2027`.
pub(super) fn date(date: Date, language: Language) -> String {
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const FR: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let month = usize::from(date.month().unsigned_abs()) - 1;
    let (name, ordinal) = match language {
        Language::En => (EN[month], ""),
        Language::Fr => (FR[month], if date.day() == 1 { "er" } else { "" }),
    };
    format!("{}{ordinal}\u{a0}{name}\u{a0}{}", date.day(), date.year())
}

/// First and last day: `1 November 2026 – 30 April 2027`, `du 1er novembre 2026 au 30 avril 2027`.
pub(super) fn period((first, last): (Date, Date), language: Language) -> String {
    let (from, to) = (date(first, language), date(last, language));
    match language {
        Language::En => format!("{from} – {to}"),
        Language::Fr => format!("du {from} au {to}"),
    }
}

/// Groups of four, as IBANs and creditor references are printed.
pub(super) fn fours(text: &str) -> String {
    let characters: Vec<char> = text.chars().filter(|character| *character != ' ').collect();
    let groups: Vec<String> = characters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("\u{a0}")
}

fn grouped(digits: &str, separator: char) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euro() -> Currency {
        Currency {
            code: "EUR".to_owned(),
            decimals: 2,
        }
    }

    #[test]
    fn amounts_follow_the_typography_of_their_language() {
        assert_eq!(money(150_000, &euro(), Language::En), "€1,500.00");
        assert_eq!(money(-150_000, &euro(), Language::En), "−€1,500.00");
        assert_eq!(
            money(123_456_789, &euro(), Language::Fr),
            "1\u{202f}234\u{202f}567,89\u{a0}€"
        );
        let yen = Currency {
            code: "JPY".to_owned(),
            decimals: 0,
        };
        assert_eq!(money(150_000, &yen, Language::En), "JPY\u{a0}150,000");
        assert_eq!(number(-1, &euro(), Language::Fr), "−0,01");
    }

    #[test]
    fn rates_counts_and_days_are_words_of_their_language() {
        assert_eq!(percent(550, Language::Fr), "5,5\u{202f}%");
        assert_eq!(percent(2_000, Language::En), "20%");
        assert_eq!(quantity(1, Unit::Month, Language::En), "1\u{a0}month");
        assert_eq!(quantity(-6, Unit::Month, Language::Fr), "−6\u{a0}mois");
        assert_eq!(quantity(1_200, Unit::Piece, Language::En), "1,200");
        let first = jiff::civil::date(2027, 1, 1);
        assert_eq!(date(first, Language::Fr), "1er\u{a0}janvier\u{a0}2027");
        assert_eq!(date(first, Language::En), "1\u{a0}January\u{a0}2027");
    }

    #[test]
    fn an_iban_is_printed_in_fours() {
        assert_eq!(
            fours("FR7630006000011234567890189"),
            "FR76\u{a0}3000\u{a0}6000\u{a0}0112\u{a0}3456\u{a0}7890\u{a0}189"
        );
    }
}
