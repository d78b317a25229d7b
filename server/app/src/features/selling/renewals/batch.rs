//! A batch of renewals in one transaction: what is still due is read, reckoned, and written whole. What cannot be billed is set
//! aside in the same transaction, so that it holds nobody back.

use std::collections::{BTreeMap, HashMap};

use muster_domain::scope::Scope;
use muster_domain::selling::calendar;
use muster_domain::selling::invoice::Draft;
use muster_domain::selling::refusal::Refusal;
use muster_store::selling::renewals::{self, Batch, Moved};
use muster_store::selling::sellers;
use muster_store::selling::subscriptions::{Period, Subscription};
use muster_store::{Conn, StoreResult, organisations};
use serde_json::json;

use super::rows::Rows;
use super::step::Step;
use super::sweep::JOB;
use crate::app::App;
use crate::features::invoicing::issue::{self, Issuing, Reckoned};
use crate::features::record::write::{self as record, By, Entry, Place, Weight};
use crate::features::selling::charge;

/// What a batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Periods that were billed.
    pub billed: usize,
    /// Subscriptions that ended as was agreed.
    pub ended: usize,
    /// Those that nothing was billed for.
    pub waiting: usize,
    /// Those that were set aside.
    pub parked: usize,
}

impl Outcome {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            billed: self.billed + other.billed,
            ended: self.ended + other.ended,
            waiting: self.waiting + other.waiting,
            parked: self.parked + other.parked,
        }
    }
}

/// A period that can be billed.
struct Bill<'a> {
    was: &'a Subscription,
    now: Subscription,
    period: calendar::Period,
    draft: Draft,
    about: [Option<String>; 1],
    reckoned: Reckoned,
}

/// Bills those of `ids` that are due, in the order in which their periods began: in this order they get their numbers.
///
/// # Errors
/// The database's. Nothing is written then.
pub fn bill(tx: &mut Conn, app: &App, ids: &[String]) -> StoreResult<Outcome> {
    let due = renewals::due_among(tx, app.now_micros(), ids)?;
    let mut rows = Rows::load(tx, &due)?;
    let mut batch = Batch::default();
    let mut bills = Vec::with_capacity(due.len());
    let (mut ended, mut aside) = (Vec::new(), Vec::new());
    for (row, last) in &due {
        match decide(app, &mut rows, row, last.as_ref()) {
            Ok(Decided::Bill(bill)) => bills.push(*bill),
            Ok(Decided::Move(now, over)) => {
                if over {
                    *batch
                        .live
                        .entry(row.billing_account_id.clone())
                        .or_default() -= 1;
                    ended.push(row);
                }
                batch.subscriptions.push(moved(row, *now));
            }
            Err(refusal) => aside.push((row, refusal)),
        }
    }
    let outcome = Outcome {
        billed: bills.len(),
        ended: ended.len(),
        waiting: batch.subscriptions.len() - ended.len(),
        parked: aside.len(),
    };
    let begun: Vec<&Subscription> = bills
        .iter()
        .filter(|bill| bill.was.life != bill.now.life)
        .map(|bill| bill.was)
        .collect();
    enter(tx, app, &rows, &bills, &mut batch)?;
    renewals::write(tx, &batch)?;
    for row in begun {
        tell(tx, app, &rows, row, "renewal.began", Weight::Ordinary)?;
    }
    for row in ended {
        tell(tx, app, &rows, row, "renewal.canceled", Weight::Major)?;
    }
    for (row, refusal) in aside {
        set_aside(tx, app, &rows, row, &refusal.message)?;
    }
    Ok(outcome)
}

/// Sets one aside that the database itself refused, though its rows can be reckoned with.
///
/// # Errors
/// The database's.
pub fn park(tx: &mut Conn, app: &App, id: &str, because: &str) -> StoreResult<()> {
    let due = renewals::due_among(tx, app.now_micros(), &[id.to_owned()])?;
    let rows = Rows::load(tx, &due)?;
    for (row, _) in &due {
        set_aside(tx, app, &rows, row, because)?;
    }
    Ok(())
}

enum Decided<'a> {
    Bill(Box<Bill<'a>>),
    /// It moves without a bill; the flag tells whether it ends.
    Move(Box<Subscription>, bool),
}

fn decide<'a>(
    app: &App,
    rows: &mut Rows,
    row: &'a Subscription,
    last: Option<&Period>,
) -> Result<Decided<'a>, Refusal> {
    let (period, now) = match rows.step((row, last), app.now())? {
        Step::Bill { period, now } => (period, now),
        Step::End { now } => return Ok(Decided::Move(Box::new(now), true)),
        Step::Wait { now } => return Ok(Decided::Move(Box::new(now), false)),
    };
    let draft = rows.draft(&now, &period)?;
    let about = [Some(row.id.clone())];
    let reckoned = issue::reckon(&issuing(rows, row, &draft, &about)?, app, 0)?;
    Ok(Decided::Bill(Box::new(Bill {
        was: row,
        now,
        period,
        draft,
        about,
        reckoned,
    })))
}

fn issuing<'a>(
    rows: &'a Rows,
    row: &Subscription,
    draft: &'a Draft,
    about: &'a [Option<String>],
) -> Result<Issuing<'a>, Refusal> {
    let account = rows.account(row)?;
    Ok(Issuing {
        seller: rows.seller(row)?,
        account,
        draft,
        subscriptions: about,
        corrects: None,
        terms_days: account.terms_days,
    })
}

/// Takes the numbers, and enters the rows of every bill into the batch.
fn enter(
    tx: &mut Conn,
    app: &App,
    rows: &Rows,
    bills: &[Bill<'_>],
    batch: &mut Batch,
) -> StoreResult<()> {
    let mut ready = Vec::with_capacity(bills.len());
    for bill in bills {
        // Reckoned with the same rows a moment ago.
        if let Ok(it) = issuing(rows, bill.was, &bill.draft, &bill.about) {
            ready.push((bill, it));
        }
    }
    let mut counts: BTreeMap<(String, String, i64), i64> = BTreeMap::new();
    let key = |bill: &Bill<'_>, it: &Issuing<'_>| {
        let (series, year) = issue::place(it, bill.reckoned.issued);
        (it.seller.organisation_id.clone(), series.to_owned(), year)
    };
    for (bill, it) in &ready {
        *counts.entry(key(bill, it)).or_default() += 1;
    }
    let mut next = BTreeMap::new();
    for (place, count) in counts {
        let (seller, series, year) = &place;
        let first = sellers::take_numbers(tx, seller, series, *year, count)?;
        next.insert(place, first);
    }
    let mut credits: HashMap<&str, i64> = HashMap::new();
    for (bill, it) in &ready {
        let number = next.entry(key(bill, it)).or_default();
        let written = bill.reckoned.rows(app, it, *number);
        *number += 1;
        let credit = credits.entry(&it.account.id).or_insert(it.account.credit);
        add(app, bill, it, written, credit, batch);
    }
    Ok(())
}

/// Enters one bill, settled from the account's credit as far as `credit` reaches.
fn add(
    app: &App,
    bill: &Bill<'_>,
    it: &Issuing<'_>,
    written: issue::Rows,
    credit: &mut i64,
    batch: &mut Batch,
) {
    let invoice = written.invoice;
    let names = (
        bill.was.id.as_str(),
        bill.now.plan_id.as_str(),
        invoice.id.as_str(),
    );
    batch.periods.push(charge::period_row(
        &bill.period,
        bill.was.covered_until,
        names,
    ));
    batch.lines.extend(written.lines);
    batch.transfers.extend(written.transfers);
    batch.letters.push(written.letter);
    if let Some(mut owed) = written.owed {
        let drawn = issue::from_credit(it.account, *credit, owed.open);
        if drawn > 0 {
            let (transfer, allocation) = issue::settlement(app, &invoice, drawn);
            batch.transfers.push(transfer);
            batch.allocations.push(allocation);
            *batch.drawn.entry(it.account.id.clone()).or_default() += drawn;
            *credit -= drawn;
            owed.open -= drawn;
        }
        batch.receivables.push(owed);
    }
    batch.invoices.push(invoice);
    batch.subscriptions.push(moved(bill.was, bill.now.clone()));
}

fn moved(row: &Subscription, now: Subscription) -> Moved {
    Moved {
        seen_index: row.next_index,
        now,
    }
}

fn set_aside(
    tx: &mut Conn,
    app: &App,
    rows: &Rows,
    row: &Subscription,
    because: &str,
) -> StoreResult<()> {
    if !renewals::park(tx, &row.id, because, app.now_micros())? {
        return Ok(());
    }
    tracing::warn!(
        subscription = row.id,
        because,
        "a renewal was set aside; somebody should look at it"
    );
    let mut entry = entry(
        tx,
        rows,
        row,
        &row.seller_id,
        "renewal.parked",
        Weight::Trouble,
    )?;
    entry.facts["because"] = json!(because);
    record::write(tx, app, &By::job(JOB), &entry)
}

/// Tells the buyer's side, and whoever is above it.
fn tell(
    tx: &mut Conn,
    app: &App,
    rows: &Rows,
    row: &Subscription,
    kind: &'static str,
    weight: Weight,
) -> StoreResult<()> {
    let entry = entry(tx, rows, row, &row.buyer_id, kind, weight)?;
    record::write(tx, app, &By::job(JOB), &entry)
}

fn entry(
    tx: &mut Conn,
    rows: &Rows,
    row: &Subscription,
    organisation: &str,
    kind: &'static str,
    weight: Weight,
) -> StoreResult<Entry> {
    let found = organisations::find(tx, &Scope::Platform, organisation)?;
    let serial_number = rows.serial_number(row).map(str::to_owned);
    Ok(Entry {
        kind,
        weight,
        place: Place {
            organisation: organisation.to_owned(),
            reseller: found.and_then(|found| found.reseller_id),
            fleet: None,
        },
        device: row.device_id.clone().zip(serial_number),
        command: None,
        facts: json!({
            "subscription": row.id, "plan": rows.plan_name(row), "buyer": rows.buyer_name(row),
        }),
    })
}
