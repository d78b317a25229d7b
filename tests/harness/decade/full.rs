//! Each month: everything anew. The checks after each step believe what they saw; these believe nothing, and read all of it.

use std::collections::{BTreeMap, HashMap};

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Nullable, Text};
use muster_store::{Conn, StoreResult};

use super::check::{same, subscription};
use super::model::Model;
use super::rows::{self, PeriodTypes, load};
use super::world::World;

/// Reads and reckons everything.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn all(world: &World, model: &Model) -> Result<(), String> {
    ledger(world, model)?;
    numbers(world, model)?;
    receivables(world, model)?;
    periods(world, model)?;
    let subscriptions = world.read(|c| rows::subscriptions(c, None))?;
    same(
        || "subscriptions".to_owned(),
        &subscriptions.len(),
        &model.subscriptions.len(),
    )?;
    for row in &subscriptions {
        subscription(model, row)?;
    }
    let letters = world.read(|c| {
        count(
            c,
            "SELECT COUNT(DISTINCT letter_key), COUNT(*) FROM letters",
        )
    })?;
    let expected = i64::try_from(model.letters.len()).unwrap_or(-1);
    same(|| "letters".to_owned(), &letters, &(expected, expected))
}

/// What the program's own audit found in each seller's books.
///
/// # Errors
/// The database's.
pub fn audited(c: &mut Conn) -> StoreResult<Vec<String>> {
    let found: Vec<String> = load!(c, Text, "SELECT differences FROM books_audits".to_owned());
    Ok(found)
}

fn count(c: &mut Conn, statement: &str) -> StoreResult<(i64, i64)> {
    let found: Vec<(i64, i64)> = load!(c, (BigInt, BigInt), statement.to_owned());
    Ok(found.first().copied().unwrap_or_default())
}

/// Every balance, from every transfer; they sum to nothing, and each is what the steps added up to.
fn ledger(world: &World, model: &Model) -> Result<(), String> {
    let transfers: Vec<(String, String, String, String, i64)> = world.read(|c| {
        Ok(load!(
            c,
            (Text, Text, Text, Text, BigInt),
            "SELECT seller_id, debit, credit, currency, amount FROM transfers".to_owned()
        ))
    })?;
    let mut balances: HashMap<(&str, &str, &str), i64> = HashMap::new();
    for (seller, debit, credit, currency, amount) in &transfers {
        *balances.entry((seller, debit, currency)).or_default() += amount;
        *balances.entry((seller, credit, currency)).or_default() -= amount;
    }
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for ((seller, account, currency), balance) in &balances {
        *sums.entry((seller, currency)).or_default() += balance;
        let place = model
            .seller_places
            .get(*seller)
            .copied()
            .unwrap_or(usize::MAX);
        let key = (place, (*account).to_owned(), (*currency).to_owned());
        let expected = model.balances.get(&key).copied().unwrap_or(0);
        same(|| format!("the balance of {account}"), balance, &expected)?;
    }
    for (whose, sum) in sums {
        same(|| format!("the ledger of {whose:?}"), &sum, &0)?;
    }
    let count = i64::try_from(transfers.len()).unwrap_or(-1);
    same(|| "transfers".to_owned(), &count, &model.transfers)?;
    for account in &model.accounts {
        let seller = &model.sellers[account.seller];
        let credit = format!("credit:{}", account.id);
        let held = balances
            .get(&(&*seller.id, &*credit, seller.currency))
            .copied()
            .unwrap_or(0);
        same(
            || format!("credit of {}", account.id),
            &-held,
            &account.credit,
        )?;
    }
    Ok(())
}

/// Every series counts from 1 to its last, without a gap, and its counter stands after it.
fn numbers(world: &World, model: &Model) -> Result<(), String> {
    let found: Vec<(String, String, i64, i64, i64, i64, i64)> = world.read(|c| {
        Ok(load!(
            c,
            (Text, Text, BigInt, BigInt, BigInt, BigInt, BigInt),
            "SELECT i.seller_id, i.series, i.year, COUNT(DISTINCT i.number), MIN(i.number), MAX(i.number), MAX(s.next_number) \
             FROM invoices i JOIN invoice_series s ON s.seller_id = i.seller_id AND s.series = i.series AND s.year = i.year \
             GROUP BY i.seller_id, i.series, i.year"
                .to_owned()
        ))
    })?;
    same(|| "series".to_owned(), &found.len(), &model.numbers.len())?;
    for (seller, series, year, count, least, most, next) in found {
        let place = model
            .seller_places
            .get(&seller)
            .copied()
            .unwrap_or(usize::MAX);
        let last = model
            .numbers
            .get(&(place, series.clone(), year))
            .copied()
            .unwrap_or(0);
        same(
            || format!("numbers of {series} in {year}"),
            &(count, least, most, next),
            &(last, 1, last, last + 1),
        )?;
    }
    Ok(())
}

/// What is open is the total less what settled it, never below nothing; and all of it is what the receivables in the ledger hold.
fn receivables(world: &World, model: &Model) -> Result<(), String> {
    let found: Vec<(String, String, i64, i64, Option<i64>)> = world.read(|c| {
        Ok(load!(
            c,
            (Text, Text, BigInt, BigInt, Nullable<BigInt>),
            "SELECT i.id, i.billing_account_id, i.total, r.open, \
             (SELECT CAST(SUM(a.amount) AS BIGINT) FROM allocations a WHERE a.invoice_id = i.id) \
             FROM invoices i JOIN receivables r ON r.invoice_id = i.id"
                .to_owned()
        ))
    })?;
    let mut owed: HashMap<&str, i64> = HashMap::new();
    for (id, account, total, open, settled) in &found {
        let reopened = model
            .documents
            .get(id)
            .map_or(0, |document| document.reopened);
        same(
            || format!("what is open on {id}"),
            open,
            &(total - settled.unwrap_or(0) + reopened),
        )?;
        same(
            || format!("what is open on {id}"),
            &Some(*open),
            &model.documents.get(id).map(|document| document.open),
        )?;
        *owed.entry(account).or_default() += open;
    }
    let owing = model
        .documents
        .values()
        .filter(|document| document.owes)
        .count();
    same(|| "receivables".to_owned(), &found.len(), &owing)?;
    for account in &model.accounts {
        let seller = &model.sellers[account.seller];
        let key = (
            account.seller,
            format!("receivable:{}", account.id),
            seller.currency.to_owned(),
        );
        let held = model.balances.get(&key).copied().unwrap_or(0);
        same(
            || format!("what {} owes", account.id),
            &owed.get(&*account.id).copied().unwrap_or(0),
            &held,
        )?;
    }
    Ok(())
}

/// Every period is the one that the naive calendar gave, each begins where the one before ended or later, and no two overlap.
fn periods(world: &World, model: &Model) -> Result<(), String> {
    let mut found: Vec<rows::Period> = world.read(|c| {
        Ok(load!(
            c,
            PeriodTypes,
            format!("SELECT {} FROM subscription_periods", rows::PERIOD)
        ))
    })?;
    let order = |a: &rows::Period, b: &rows::Period| {
        (&a.subscription, a.index).cmp(&(&b.subscription, b.index))
    };
    found.sort_unstable_by(order);
    let mut expected: Vec<&rows::Period> = model.periods.iter().collect();
    expected.sort_unstable_by(|a, b| order(a, b));
    same(|| "periods".to_owned(), &found.len(), &expected.len())?;
    for (found, expected) in found.iter().zip(expected) {
        same(
            || format!("period {} of {}", found.index, found.subscription),
            found,
            expected,
        )?;
    }
    for pair in found.windows(2) {
        let [one, next] = pair else { continue };
        if one.subscription == next.subscription
            && (next.start < one.end || next.previous_end != Some(one.end))
        {
            return Err(format!("{next:?} overlaps {one:?}, or does not follow it"));
        }
    }
    Ok(())
}
