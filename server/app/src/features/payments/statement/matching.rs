//! Whose money a line is: by structured reference for certain, by words or amount as a suggestion.

use muster_store::selling::invoices::{self, Invoice};
use muster_store::selling::{matching, sellers};
use muster_store::{Conn, StoreResult};

use super::lines::Line;
use super::numbers::{Numbers, Position};

/// How many open invoices of one amount are looked at for the payer's name.
const MOST_ALIKE: i64 = 50;

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A structured reference says so: this account, these invoices.
    Certain(String, Vec<String>),
    /// Its words or its amount do: this account.
    Likely(String),
    /// Nothing does.
    Nobody,
}

/// Looks for whose a line is. `numbers` are the seller's.
///
/// # Errors
/// The database's.
pub fn find(tx: &mut Conn, seller: &str, numbers: &Numbers, line: &Line) -> StoreResult<Found> {
    let currency = line.amount.currency();
    let named: Vec<Position> = line
        .structured
        .iter()
        .flat_map(|reference| numbers.of_reference(reference))
        .collect();
    let named = open_in(tx, seller, currency.as_str(), &named)?;
    if let Some(found) = of_one_account(&named) {
        return Ok(match found {
            (account, Some(_)) if line.is_reversal => Found::Likely(account),
            (account, Some(ids)) => Found::Certain(account, ids),
            (account, None) => Found::Likely(account),
        });
    }
    let mentioned = numbers.in_text(&line.text);
    let mentioned = open_in(tx, seller, currency.as_str(), &mentioned)?;
    if let Some((account, _)) = of_one_account(&mentioned) {
        return Ok(Found::Likely(account));
    }
    let alike = matching::open_with_amount(
        tx,
        seller,
        currency.as_str(),
        line.amount.minor(),
        MOST_ALIKE,
    )?;
    let payer = plain(&line.payer);
    let mut theirs = alike
        .into_iter()
        .filter(|(_, _, name)| !payer.is_empty() && plain(name) == payer);
    Ok(match (theirs.next(), theirs.next()) {
        (Some((_, account, _)), None) => Found::Likely(account),
        (Some(_) | None, _) => Found::Nobody,
    })
}

/// The account of the first, and the invoices if all are of that account.
fn of_one_account(named: &[Invoice]) -> Option<(String, Option<Vec<String>>)> {
    let first = named.first()?;
    let account = first.billing_account_id.clone();
    let same = named.iter().all(|one| one.billing_account_id == account);
    let ids = named.iter().map(|one| one.id.clone()).collect();
    Some((account, same.then_some(ids)))
}

/// The invoices at these places, of accounts in this currency.
fn open_in(
    tx: &mut Conn,
    seller: &str,
    currency: &str,
    places: &[Position],
) -> StoreResult<Vec<Invoice>> {
    let mut found = Vec::new();
    for (series, year, number) in places {
        let invoice = invoices::find_by_number(tx, seller, series, *year, *number)?;
        found.extend(invoice.filter(|one| one.kind == "invoice" && one.currency == currency));
    }
    Ok(found)
}

/// The seller's invoices that a text names.
///
/// # Errors
/// The database's.
pub fn invoices_named(tx: &mut Conn, seller: &str, text: &str) -> StoreResult<Vec<Invoice>> {
    let numbers = Numbers::of(sellers::series(tx, seller)?);
    let mut found = Vec::new();
    for (series, year, number) in numbers.in_text(text) {
        let invoice = invoices::find_by_number(tx, seller, &series, year, number)?;
        found.extend(invoice.filter(|one| one.kind == "invoice"));
    }
    Ok(found)
}

/// Letters and digits, capital: how names are compared.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}
