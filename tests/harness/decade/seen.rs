//! What is new in the database since it was last looked at.

use std::collections::{HashMap, HashSet};

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Nullable, Text};
use muster_store::{Conn, StoreResult};

use super::rows::{
    Document, Letter, Line, PERIOD, Payment, Period, PeriodTypes, Settlement, Transfer, load,
};

type Null = Nullable<Text>;
type DocumentTypes = (
    Text,
    Text,
    Text,
    Text,
    Text,
    BigInt,
    BigInt,
    Text,
    Text,
    Text,
    BigInt,
    BigInt,
    BigInt,
    Null,
);
type LineTypes = (
    BigInt,
    Null,
    Text,
    BigInt,
    BigInt,
    BigInt,
    Text,
    BigInt,
    Null,
    Null,
);

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
        let found: Vec<(i64, Document)> = load!(
            c,
            (BigInt, DocumentTypes),
            self.statement(
                c,
                "invoices",
                "id, seller_id, billing_account_id, kind, series, year, number, issue_date, due_date, currency, net, vat, \
                 total, corrects_id"
            )
        );
        for (row, document) in found {
            if self.is_new("invoices", row, &document.id) {
                fresh.documents.push(document);
            }
        }
        let found: Vec<(i64, String, Line)> = load!(
            c,
            (BigInt, Text, LineTypes),
            self.statement(
                c,
                "invoice_lines",
                "invoice_id, position, subscription_id, product, quantity, unit_price, net, vat_category, vat_rate, \
                 from_date, until_date"
            )
        );
        for (row, document, line) in found {
            if self.is_new(
                "invoice_lines",
                row,
                &format!("{document}/{}", line.position),
            ) {
                fresh.lines.entry(document).or_default().push(line);
            }
        }
        let found: Vec<(i64, Period)> = load!(
            c,
            (BigInt, PeriodTypes),
            self.statement(c, "subscription_periods", PERIOD)
        );
        for (row, period) in found {
            let key = format!("{}#{}", period.subscription, period.index);
            if self.is_new("subscription_periods", row, &key) {
                fresh.periods.push(period);
            }
        }
        fresh
            .periods
            .sort_by(|a, b| (&a.subscription, a.index).cmp(&(&b.subscription, b.index)));
        let found: Vec<(i64, String, String, Transfer)> = load!(
            c,
            (BigInt, Text, Text, (Text, Text, Text, Text, BigInt)),
            self.statement(
                c,
                "transfers",
                "id, document_id, seller_id, debit, credit, currency, amount"
            )
        );
        for (row, id, document, transfer) in found {
            if self.is_new("transfers", row, &id) {
                fresh.transfers.entry(document).or_default().push(transfer);
            }
        }
        let found: Vec<(i64, String, Settlement)> = load!(
            c,
            (BigInt, Text, (Text, Null, Null, BigInt)),
            self.statement(
                c,
                "allocations",
                "id, invoice_id, payment_id, credit_note_id, amount"
            )
        );
        for (row, id, settlement) in found {
            if self.is_new("allocations", row, &id) {
                fresh.settlements.push(settlement);
            }
        }
        let found: Vec<(i64, String, String)> = load!(
            c,
            (BigInt, Text, Text),
            self.statement(c, "letters", "id, letter_key")
        );
        for (row, id, key) in found {
            if self.is_new("letters", row, &id) {
                fresh.letters.push(Letter { key });
            }
        }
        let found: Vec<(i64, Payment)> = load!(
            c,
            (BigInt, (Text, Text, Text, Text, BigInt)),
            self.statement(
                c,
                "payments",
                "id, billing_account_id, kind, source_key, amount"
            )
        );
        for (row, payment) in found {
            if self.is_new("payments", row, &payment.id) {
                fresh.payments.push(payment);
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
