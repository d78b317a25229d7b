//! From a statement as the bank wrote it to lines that can be booked: batches taken apart, each line with a key by which it is known
//! again in whatever statement it comes (RULES B20).

use std::collections::BTreeMap;

use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_domain::selling::reference::Reference;
use muster_paper::statement::{Detail, Direction, Entry, Statement, Status};
use sha2::{Digest, Sha256};

use super::shown;
use crate::features::payments::books::{MOST, bank_name};
use crate::features::payments::input::NOTE_MOST;
use crate::web::problem::{Answer, Problem};

/// What banks write where they have no reference.
const NO_REFERENCE: [&str; 4] = ["NONREF", "NOTPROVIDED", "NONE", "0"];

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Known again by this.
    pub key: String,
    /// The bank's day.
    pub booked_on: Date,
    /// How much; below zero where it went out.
    pub amount: Money,
    /// Who paid, or was paid.
    pub payer: String,
    /// What they wrote, as people see it: the structured reference if there is one.
    pub reference: String,
    /// Creditor references whose check digits fit.
    pub structured: Vec<Reference>,
    /// Everything they wrote.
    pub text: String,
    /// It takes something back that a bank did before, so that it says nothing of what the payer meant.
    pub is_reversal: bool,
}

/// The name of the account that a statement is about.
#[must_use]
pub fn account(statement: &Statement) -> String {
    let named = statement.iban.as_ref().or(statement.other_account.as_ref());
    named.map_or_else(|| "main".to_owned(), |name| bank_name(name))
}

/// The lines of a statement, in the bank's order. What is only announced is left out: it comes again when it is booked.
///
/// # Errors
/// An entry says no day or no currency we know, or is beyond any amount.
pub fn lines(statement: &Statement) -> Answer<Vec<Line>> {
    let account = account(statement);
    let mut lines = Vec::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for (index, entry) in statement.entries.iter().enumerate() {
        if entry.status != Status::Booked {
            continue;
        }
        for part in parts(entry) {
            let place = || {
                format!(
                    "Entry {} of statement {}",
                    index + 1,
                    shown(&statement.id, 40)
                )
            };
            lines.push(line(
                entry,
                &part,
                &account,
                &mut seen,
                last_day(statement),
                &place,
            )?);
        }
    }
    Ok(lines)
}

/// The day for entries that say none: the last one of the statement. It must be the bank's own, because the key is made of it.
fn last_day(statement: &Statement) -> Option<Date> {
    let balance = statement.closing.as_ref().or(statement.opening.as_ref());
    statement.to.or(balance.and_then(|balance| balance.date))
}

/// A transaction of an entry, or the entry as a whole.
struct PartOf<'a> {
    minor: i64,
    details: Vec<&'a Detail>,
}

/// A batch is taken apart where its transactions say what each came to, and come to the whole together.
fn parts(entry: &Entry) -> Vec<PartOf<'_>> {
    let apart: Option<Vec<PartOf<'_>>> = entry
        .details
        .iter()
        .map(|detail| {
            let (minor, currency) = detail.amount.as_ref()?;
            let same = *currency == entry.currency
                && detail.direction.is_none_or(|way| way == entry.direction);
            same.then(|| PartOf {
                minor: *minor,
                details: vec![detail],
            })
        })
        .collect();
    let whole = || {
        vec![PartOf {
            minor: entry.minor,
            details: entry.details.iter().collect(),
        }]
    };
    match apart {
        Some(parts) if parts.len() > 1 => {
            let sum = parts
                .iter()
                .try_fold(0_i64, |sum, part| sum.checked_add(part.minor));
            if sum == Some(entry.minor) {
                parts
            } else {
                whole()
            }
        }
        Some(_) | None => whole(),
    }
}

fn line(
    entry: &Entry,
    part: &PartOf<'_>,
    account: &str,
    seen: &mut BTreeMap<String, u32>,
    until: Option<Date>,
    place: &dyn Fn() -> String,
) -> Answer<Line> {
    let refused = |what: &str| {
        let detail = format!("{} {what}. Nothing was imported.", place());
        Problem::invalid("statement-entry", detail)
    };
    let booked_on = entry
        .booked
        .or(entry.value)
        .or(until)
        .ok_or_else(|| refused("says no day on which it was booked; ask the bank"))?;
    let currency = Currency::parse(&entry.currency)
        .map_err(|_| refused("is in a currency that nobody knows; ask the bank"))?;
    if part.minor > MOST {
        return Err(refused(
            "is larger than any payment can be; enter it by hand in parts",
        ));
    }
    let came = entry.direction == Direction::Credit;
    let all = |of: &dyn Fn(&Detail) -> Vec<String>| -> Vec<String> {
        part.details.iter().flat_map(|detail| of(detail)).collect()
    };
    let payer = all(&|detail| {
        let name = if came {
            &detail.debtor
        } else {
            &detail.creditor
        };
        name.clone().into_iter().collect()
    });
    let written = all(&|detail| detail.references.clone());
    let mut texts = all(&|detail| detail.texts.clone());
    texts.extend(all(&|detail| {
        detail.end_to_end.clone().into_iter().collect()
    }));
    if part.details.is_empty() {
        texts.extend(entry.information.clone());
    }
    let structured: Vec<Reference> = written
        .iter()
        .filter_map(|text| Reference::parse(text).ok())
        .collect();
    let text = shown(&[written, texts].concat().join(" "), 1_000);
    let reference = match structured.first() {
        Some(first) => first.to_string(),
        None => shown(&text, NOTE_MOST),
    };
    let payer = shown(&payer.first().cloned().unwrap_or_default(), NOTE_MOST);
    let signed = if came { part.minor } else { -part.minor };
    let known_by = reference_of(entry, part);
    let said = [&payer, &text].map(String::as_str).join("\n");
    let about = [
        account,
        &booked_on.to_string(),
        currency.as_str(),
        &signed.to_string(),
        known_by.as_deref().unwrap_or(&said),
    ]
    .join("\n");
    // Two lines that say the same are two payments: the second of a day is the second in every statement of that day.
    let nth = seen.entry(about.clone()).or_default();
    *nth += 1;
    let key = hex::encode(Sha256::digest(format!("{about}\n{nth}").as_bytes()));
    let returned = part
        .details
        .iter()
        .any(|detail| detail.return_reason.is_some());
    Ok(Line {
        key,
        booked_on,
        amount: Money::new(signed, currency),
        payer,
        reference,
        structured,
        text,
        is_reversal: entry.reversal || returned,
    })
}

/// The bank's own reference of a line: of the transaction, or of an entry that is one.
fn reference_of(entry: &Entry, part: &PartOf<'_>) -> Option<String> {
    let own = match part.details.as_slice() {
        [one] => one.bank_reference.clone(),
        _ => None,
    };
    let of_entry = || {
        let alone = entry.details.len() <= 1 || part.details.len() > 1;
        entry.bank_reference.clone().filter(|_| alone)
    };
    own.or_else(of_entry)
        .map(|text| text.trim().to_ascii_uppercase())
        .filter(|text| !text.is_empty() && !NO_REFERENCE.contains(&text.as_str()))
}

#[cfg(test)]
mod tests {
    use muster_domain::selling::currency::Currency;
    use muster_paper::statement::read;

    use super::{Line, lines};
    use crate::web::problem::Answer;

    fn of(file: &str) -> Vec<Answer<Vec<Line>>> {
        let path = format!("{}/../paper/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
        let decimals = |code: &str| Currency::parse(code).ok().map(Currency::decimals);
        let statements = read(&std::fs::read(path).unwrap(), &decimals).unwrap();
        statements.iter().map(lines).collect()
    }

    #[test]
    fn lines_are_known_again_and_no_two_are_alike() {
        for file in ["camt.053.001.02.xml", "camt.053.001.08.xml"] {
            let (first, again) = (of(file).remove(0).unwrap(), of(file).remove(0).unwrap());
            assert!(!first.is_empty(), "{file}");
            assert_eq!(first, again, "{file}");
            let mut keys: Vec<&str> = first.iter().map(|line| line.key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), first.len(), "{file}");
        }
    }

    #[test]
    fn an_entry_of_no_day_cannot_be_known_again_and_is_refused() {
        let refused = of("camt.053.001.08.xml").remove(1).unwrap_err();
        assert!(
            refused
                .detail
                .starts_with("Entry 1 of statement MARSH-JPY-3 says no day")
        );
    }
}
