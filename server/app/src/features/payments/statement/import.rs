//! A file of statements is read in: all of it or nothing. What was read in before adds nothing.

use std::sync::Arc;

use muster_domain::selling::currency::Currency;
use muster_paper::statement::{Statement, read};
use muster_store::selling::statements::{self, Entry};
use muster_store::selling::{matching as store, sellers};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::lines::{self, Line};
use super::matching::{self, Found};
use super::numbers::Numbers;
use super::shown;
use crate::app::App;
use crate::features::payments::book::{self, Incoming, Source};
use crate::features::payments::books::{self, Recorder};
use crate::features::record::write::Weight;
use crate::web::actor::{Allowed, TakePayments};
use crate::web::problem::{Answer, Kind, Problem};

/// The most a file may carry, bytes: some ten thousand entries.
pub const MOST: usize = 8 * 1024 * 1024;

/// What became of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its row.
    pub statement: statements::Statement,
    /// Entries that were not known before.
    pub new: usize,
    /// Of these: booked at once.
    pub booked: usize,
    /// Of these: suggested, or nobody knows.
    pub waiting: usize,
    /// Entries that were known.
    pub known: usize,
}

/// A statement with the lines it has.
type Prepared = (Statement, Vec<Line>);

/// Reads a file in.
///
/// # Errors
/// The file is none, does not add up, or an entry cannot be read: a sentence that says where and why; nothing was imported.
pub async fn import(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    file: Vec<u8>,
) -> Answer<Vec<Imported>> {
    if file.len() > MOST {
        return Err(too_large());
    }
    let prepared = tokio::task::spawn_blocking(move || prepare(&file))
        .await
        .map_err(|_| {
            let detail = "The file could not be read. Send it again.";
            Problem::new(Kind::Internal, "internal", detail)
        })??;
    let (importing, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let imported = app
        .store
        .write_or_refuse(move |tx| {
            if sellers::find(tx, &seller)?.is_none() {
                let detail = "Nothing is sold here as yet. Enter your details as a seller first.";
                return Ok(Err(Problem::conflict("not-selling", detail)));
            }
            let mut imported = Vec::new();
            for (statement, lines) in &prepared {
                match import_one(tx, &importing, &who, &seller, statement, lines)? {
                    Ok(one) => imported.push(one),
                    Err(problem) => return Ok(Err(problem)),
                }
            }
            Ok(Ok(imported))
        })
        .await??;
    book::ring(app);
    Ok(imported)
}

/// A file beyond its limit.
#[must_use]
pub fn too_large() -> Problem {
    let detail = "This file is too large. At most 8 MiB fit; download a shorter span of time.";
    Problem::new(Kind::TooLarge, "too-large", detail)
}

fn prepare(file: &[u8]) -> Answer<Vec<Prepared>> {
    let decimals = |code: &str| Currency::parse(code).ok().map(Currency::decimals);
    let statements = read(file, &decimals).map_err(|error| {
        let mut detail = format!("{error}. Nothing was imported.");
        if let Some(first) = detail.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Problem::invalid("statement", detail)
    })?;
    statements
        .into_iter()
        .map(|statement| {
            let lines = lines::lines(&statement)?;
            Ok((statement, lines))
        })
        .collect()
}

fn import_one(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    statement: &Statement,
    lines: &[Line],
) -> StoreResult<Answer<Imported>> {
    let row = statement_row(tx, app, who, seller, statement, lines)?;
    let numbers = Numbers::of(sellers::series(tx, seller)?);
    let currencies = store::currencies(tx, seller)?;
    let mut imported = Imported {
        statement: row,
        new: 0,
        booked: 0,
        waiting: 0,
        known: 0,
    };
    for line in lines {
        let bookable = line.amount.is_positive()
            && currencies
                .iter()
                .any(|known| known == line.amount.currency().as_str());
        let found = if bookable {
            matching::find(tx, seller, &numbers, line)?
        } else {
            Found::Nobody
        };
        let (state, suggested) = match &found {
            Found::Certain(account, _) | Found::Likely(account) => ("suggested", Some(account)),
            Found::Nobody if bookable => ("open", None),
            Found::Nobody => ("ignored", None),
        };
        let entry = entry_row(app, &imported.statement, line, state, suggested);
        if !statements::insert_entry(tx, &entry)? {
            imported.known += 1;
            continue;
        }
        imported.new += 1;
        if let Found::Certain(account, named) = found {
            match book_line(tx, app, who, &imported.statement, &entry, &account, named)? {
                Ok(()) => imported.booked += 1,
                Err(problem) => return Ok(Err(problem)),
            }
        } else if bookable {
            imported.waiting += 1;
        }
    }
    if imported.new > 0 {
        let facts = json!({
            "statement": imported.statement.id, "iban": imported.statement.iban, "new": imported.new,
            "booked": imported.booked, "waiting": imported.waiting,
        });
        let kind = ("statement.imported", Weight::Ordinary);
        books::tell(tx, app, &who.by, seller, kind, None, facts)?;
    }
    Ok(Ok(imported))
}

/// The row of a statement: the one that is there, if the bank calls it so again.
fn statement_row(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    statement: &Statement,
    lines: &[Line],
) -> StoreResult<statements::Statement> {
    let iban = lines::account(statement);
    let key = shown(&statement.id, 100);
    if let Some(known) = store::statement_of_bank(tx, seller, &iban, &key)? {
        return Ok(known);
    }
    let row = statements::Statement {
        id: app.new_id(),
        seller_id: seller.to_owned(),
        iban,
        statement_key: key,
        from_date: statement.from.map(|day| day.to_string()),
        until_date: statement.to.map(|day| day.to_string()),
        entries: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        imported_by_name: who.name.clone(),
        created_at: app.now_micros(),
    };
    statements::insert(tx, &row)?;
    Ok(row)
}

fn entry_row(
    app: &App,
    statement: &statements::Statement,
    line: &Line,
    state: &str,
    suggested: Option<&String>,
) -> Entry {
    Entry {
        id: app.new_id(),
        statement_id: statement.id.clone(),
        seller_id: statement.seller_id.clone(),
        entry_key: line.key.clone(),
        booked_on: line.booked_on.to_string(),
        currency: line.amount.currency().as_str().to_owned(),
        amount: line.amount.minor(),
        payer: line.payer.clone(),
        reference: line.reference.clone(),
        state: state.to_owned(),
        suggested_account_id: suggested.cloned(),
        payment_id: None,
    }
}

/// An entry becomes a payment: both in one transaction, so that neither is ever there alone.
///
/// # Errors
/// The database's; inside, why it cannot be booked.
pub(super) fn book_line(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    statement: &statements::Statement,
    entry: &Entry,
    account: &str,
    named: Vec<String>,
) -> StoreResult<Answer<()>> {
    let account = match books::account(tx, &entry.seller_id, account)? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    let incoming = Incoming {
        account,
        source: Source::Statement,
        key: entry.entry_key.clone(),
        amount: books::money(entry.amount, &entry.currency)?,
        received_on: books::date(&entry.booked_on)?,
        note: entry.reference.clone(),
        bank: books::bank_name(&statement.iban),
        named,
    };
    let booked = match book::book(tx, app, who, &incoming)? {
        Ok(booked) => booked,
        Err(problem) => return Ok(Err(problem)),
    };
    let payment = Some(booked.payment.id.as_str());
    if statements::decide(tx, &entry.seller_id, &entry.id, "booked", payment)? {
        return Ok(Ok(()));
    }
    let detail = "Somebody decided about this entry a moment ago. Look at it again.";
    Ok(Err(Problem::conflict("entry-decided", detail)))
}
