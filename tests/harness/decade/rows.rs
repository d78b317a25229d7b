//! What stands in the database, read by plain SQL: the checks share no query with the program.

use std::collections::{HashMap, HashSet};

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Nullable, Text};
use muster_store::{Conn, StoreResult};

type DocumentColumns =
    (i64, String, String, String, String, String, i64, i64, String, String, String, i64, i64, i64, Option<String>);
type Null = Nullable<Text>;
type NullInt = Nullable<BigInt>;

/// Every row of a statement, by the types of its columns.
macro_rules! load {
    ($c:expr, ($($column:ty),+ $(,)?), $statement:expr) => {{
        let statement: String = $statement;
        match $c {
            Conn::Sqlite(c) => sql::<($($column),+)>(&statement).load(c)?,
            Conn::Postgres(c) => sql::<($($column),+)>(&statement).load(c)?,
        }
    }};
}
pub(super) use load;

/// A document.
#[derive(Debug, Clone)]
pub struct Document {
    pub id: String,
    pub seller: String,
    pub account: String,
    pub kind: String,
    pub series: String,
    pub year: i64,
    pub number: i64,
    pub issued: String,
    pub due: String,
    pub currency: String,
    pub net: i64,
    pub vat: i64,
    pub total: i64,
    pub corrects: Option<String>,
}

/// A line of one.
#[derive(Debug, Clone)]
pub struct Line {
    pub position: i64,
    pub subscription: Option<String>,
    pub product: String,
    pub quantity: i64,
    pub unit_price: i64,
    pub net: i64,
    pub category: String,
    pub rate: i64,
    pub from: Option<String>,
    pub until: Option<String>,
}

/// A billed period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub subscription: String,
    pub index: i64,
    pub previous_end: Option<i64>,
    pub start: i64,
    pub end: i64,
    pub start_date: String,
    pub end_date: String,
    pub zone: String,
    pub plan: String,
    pub document: String,
}

/// A transfer of the ledger.
#[derive(Debug, Clone)]
pub struct Transfer {
    pub seller: String,
    pub debit: String,
    pub credit: String,
    pub currency: String,
    pub amount: i64,
}

/// What settled a part of an invoice.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub invoice: String,
    pub payment: Option<String>,
    pub note: Option<String>,
    pub amount: i64,
}

/// A letter to be written.
#[derive(Debug, Clone)]
pub struct Letter {
    pub key: String,
}

/// Money in, back, or given up.
#[derive(Debug, Clone)]
pub struct Payment {
    pub id: String,
    pub account: String,
    pub kind: String,
    pub key: String,
    pub amount: i64,
}

/// A subscription, as far as it matters to billing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub plan: String,
    pub life: String,
    pub next_start: Option<i64>,
    pub covered_until: Option<i64>,
    pub cancel_at_end: bool,
    pub next_plan: Option<String>,
    pub parked: Option<String>,
    pub ended: bool,
}

/// What is new since the last look.
#[derive(Debug, Default)]
pub struct Fresh {
    pub documents: Vec<Document>,
    pub lines: HashMap<String, Vec<Line>>,
    pub periods: Vec<Period>,
    pub transfers: HashMap<String, Vec<Transfer>>,
    pub settlements: Vec<Settlement>,
    pub letters: Vec<Letter>,
    pub payments: Vec<Payment>,
}

impl Fresh {
    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        let lines: usize = self.lines.values().map(Vec::len).sum();
        let transfers: usize = self.transfers.values().map(Vec::len).sum();
        let rest = [
            self.documents.len(),
            self.periods.len(),
            self.settlements.len(),
            self.letters.len(),
            self.payments.len(),
        ];
        lines + transfers + rest.iter().sum::<usize>()
    }
}

/// Remembers what was looked at. SQLite numbers its rows; PostgreSQL does not, and there everything is read and what is known
/// is left out: for small numbers.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    last: HashMap<&'static str, i64>,
    known: HashSet<String>,
}

impl Seen {
    /// What is new.
    ///
    /// # Errors
    /// The database's.
    pub fn look(&mut self, c: &mut Conn) -> StoreResult<Fresh> {
        let mut fresh = Fresh::default();
        let found: Vec<DocumentColumns> = load!(
            c,
            (BigInt, Text, Text, Text, Text, Text, BigInt, BigInt, Text, Text, Text, BigInt, BigInt, BigInt, Null),
            self.statement(
                c,
                "invoices",
                "id, seller_id, billing_account_id, kind, series, year, number, issue_date, due_date, currency, net, vat, \
                 total, corrects_id"
            )
        );
        for (row, id, seller, account, kind, series, year, number, issued, due, currency, net, vat, total, corrects) in found {
            if self.is_new("invoices", row, &id) {
                fresh.documents.push(Document {
                    id,
                    seller,
                    account,
                    kind,
                    series,
                    year,
                    number,
                    issued,
                    due,
                    currency,
                    net,
                    vat,
                    total,
                    corrects,
                });
            }
        }
        let found: Vec<(i64, String, i64, Option<String>, String, i64, i64, i64, String, i64, Option<String>, Option<String>)> = load!(
            c,
            (BigInt, Text, BigInt, Null, Text, BigInt, BigInt, BigInt, Text, BigInt, Null, Null),
            self.statement(
                c,
                "invoice_lines",
                "invoice_id, position, subscription_id, product, quantity, unit_price, net, vat_category, vat_rate, \
                 from_date, until_date"
            )
        );
        for (row, document, position, subscription, product, quantity, unit_price, net, category, rate, from, until) in found {
            if self.is_new("invoice_lines", row, &format!("{document}/{position}")) {
                fresh.lines.entry(document).or_default().push(Line {
                    position,
                    subscription,
                    product,
                    quantity,
                    unit_price,
                    net,
                    category,
                    rate,
                    from,
                    until,
                });
            }
        }
        let found: Vec<(i64, String, i64, Option<i64>, i64, i64, String, String, String, String, String)> = load!(
            c,
            (BigInt, Text, BigInt, NullInt, BigInt, BigInt, Text, Text, Text, Text, Text),
            self.statement(c, "subscription_periods", PERIOD)
        );
        for (row, subscription, index, previous, start, end, from, until, zone, plan, document) in found {
            if self.is_new("subscription_periods", row, &format!("{subscription}#{index}")) {
                let columns = (subscription, index, previous, start, end, from, until, zone, plan, document);
                fresh.periods.push(period(columns));
            }
        }
        fresh.periods.sort_by(|a, b| (&a.subscription, a.index).cmp(&(&b.subscription, b.index)));
        let found: Vec<(i64, String, String, String, String, String, i64, String)> = load!(
            c,
            (BigInt, Text, Text, Text, Text, Text, BigInt, Text),
            self.statement(c, "transfers", "id, seller_id, debit, credit, currency, amount, document_id")
        );
        for (row, id, seller, debit, credit, currency, amount, document) in found {
            if self.is_new("transfers", row, &id) {
                fresh.transfers.entry(document).or_default().push(Transfer {
                    seller,
                    debit,
                    credit,
                    currency,
                    amount,
                });
            }
        }
        let found: Vec<(i64, String, String, Option<String>, Option<String>, i64)> = load!(
            c,
            (BigInt, Text, Text, Null, Null, BigInt),
            self.statement(c, "allocations", "id, invoice_id, payment_id, credit_note_id, amount")
        );
        for (row, id, invoice, payment, note, amount) in found {
            if self.is_new("allocations", row, &id) {
                fresh.settlements.push(Settlement {
                    invoice,
                    payment,
                    note,
                    amount,
                });
            }
        }
        let found: Vec<(i64, String, String)> =
            load!(c, (BigInt, Text, Text), self.statement(c, "letters", "id, letter_key"));
        for (row, id, key) in found {
            if self.is_new("letters", row, &id) {
                fresh.letters.push(Letter { key });
            }
        }
        let found: Vec<(i64, String, String, String, String, i64)> = load!(
            c,
            (BigInt, Text, Text, Text, Text, BigInt),
            self.statement(c, "payments", "id, billing_account_id, kind, source_key, amount")
        );
        for (row, id, account, kind, key, amount) in found {
            if self.is_new("payments", row, &id) {
                fresh.payments.push(Payment {
                    id,
                    account,
                    kind,
                    key,
                    amount,
                });
            }
        }
        if matches!(c, Conn::Postgres(_)) {
            // Whoever commits first has the smaller number; within an act, which has notes and invoices, ids say what came first.
            let has_notes = fresh.documents.iter().any(|one| one.kind == "credit-note");
            fresh.documents.sort_by(|a, b| match has_notes {
                true => a.id.cmp(&b.id),
                false => (&a.seller, a.year, a.number).cmp(&(&b.seller, b.year, b.number)),
            });
        }
        Ok(fresh)
    }

    fn statement(&self, c: &Conn, table: &'static str, columns: &str) -> String {
        match c {
            Conn::Sqlite(_) => {
                let last = self.last.get(table).copied().unwrap_or(0);
                format!("SELECT rowid, {columns} FROM {table} WHERE rowid > {last} ORDER BY rowid")
            }
            Conn::Postgres(_) => format!("SELECT CAST(0 AS BIGINT), {columns} FROM {table}"),
        }
    }

    fn is_new(&mut self, table: &'static str, row: i64, key: &str) -> bool {
        if row > 0 {
            self.last.insert(table, row);
            true
        } else {
            self.known.insert(format!("{table}/{key}"))
        }
    }
}

/// The columns of [`period`].
pub(super) const PERIOD: &str = "subscription_id, period_index, previous_end_at, start_at, end_at, start_date, end_date, zone, plan_id, \
    invoice_id";

type PeriodColumns = (String, i64, Option<i64>, i64, i64, String, String, String, String, String);

/// A period of its columns.
pub(super) fn period(columns: PeriodColumns) -> Period {
    let (subscription, index, previous_end, start, end, start_date, end_date, zone, plan, document) = columns;
    Period {
        subscription,
        index,
        previous_end,
        start,
        end,
        start_date,
        end_date,
        zone,
        plan,
        document,
    }
}

/// These subscriptions, or all.
///
/// # Errors
/// The database's.
pub fn subscriptions(c: &mut Conn, ids: Option<&[String]>) -> StoreResult<Vec<Subscription>> {
    let found: Vec<(String, String, String, Option<i64>, Option<i64>, i64, Option<String>, Option<String>, Option<i64>)> = load!(
        c,
        (Text, Text, Text, NullInt, NullInt, BigInt, Null, Null, NullInt),
        format!(
            "SELECT id, plan_id, life, next_start_at, covered_until, cancel_at_end, next_plan_id, parked_because, ended_at \
             FROM subscriptions{}",
            among("id", ids)
        )
    );
    Ok(found
        .into_iter()
        .map(|(id, plan, life, next_start, covered_until, cancel, next_plan, parked, ended)| Subscription {
            id,
            plan,
            life,
            next_start,
            covered_until,
            cancel_at_end: cancel == 1,
            next_plan,
            parked,
            ended: ended.is_some(),
        })
        .collect())
}

/// What is open on these invoices, or on all.
///
/// # Errors
/// The database's.
pub fn open(c: &mut Conn, ids: Option<&[String]>) -> StoreResult<Vec<(String, i64)>> {
    let statement = format!("SELECT invoice_id, open FROM receivables{}", among("invoice_id", ids));
    Ok(load!(c, (Text, BigInt), statement))
}

/// Credit and live subscriptions of every account.
///
/// # Errors
/// The database's.
pub fn accounts(c: &mut Conn) -> StoreResult<Vec<(String, i64, i64)>> {
    let statement = "SELECT id, credit, live_subscriptions FROM billing_accounts".to_owned();
    Ok(load!(c, (Text, BigInt, BigInt), statement))
}

fn among(column: &str, ids: Option<&[String]>) -> String {
    ids.map_or_else(String::new, |ids| {
        let quoted: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        format!(" WHERE {column} IN ({})", quoted.join(", "))
    })
}
