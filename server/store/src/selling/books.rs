//! The audit of a seller's books: what should be equal and is not. Every sum is made in the database, and only differences come
//! out of it, at most [`MOST`] of each kind.

use diesel::RunQueryDsl;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::schema::selling::books_audits;
use crate::{Conn, StoreResult};

/// The most differences of one kind that are told.
pub const MOST: usize = 50;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// What the ledger says an account owes, with what is open on its invoices.
    Owed,
    /// An invoice less what settled it, with what is open on it.
    Settled,
    /// What the ledger says an account has to its credit, with its cached balance.
    Credit,
    /// An invoice or credit note, with its transfers.
    Documents,
    /// A payment, refund or write-off, with its transfers.
    Payments,
    /// What a payment settled, with its transfers.
    Allocated,
    /// Refunds that did not leave the bank as yet, with their account of the ledger.
    Refunds,
    /// The numbers of a series and year, with 1 to n.
    Numbers,
    /// An account's subscriptions that have not ended, with their count.
    Live,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 9] = [
        Self::Owed,
        Self::Settled,
        Self::Credit,
        Self::Documents,
        Self::Payments,
        Self::Allocated,
        Self::Refunds,
        Self::Numbers,
        Self::Live,
    ];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::Settled => "settled",
            Self::Credit => "credit",
            Self::Documents => "documents",
            Self::Payments => "payments",
            Self::Allocated => "allocated",
            Self::Refunds => "refunds",
            Self::Numbers => "numbers",
            Self::Live => "live",
        }
    }

    fn query(self) -> &'static str {
        match self {
            Self::Owed => OWED,
            Self::Settled => SETTLED,
            Self::Credit => CREDIT,
            Self::Documents => DOCUMENTS,
            Self::Payments => PAYMENTS,
            Self::Allocated => ALLOCATED,
            Self::Refunds => REFUNDS,
            Self::Numbers => NUMBERS,
            Self::Live => LIVE,
        }
    }
}

/// Two figures that should be equal.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Difference {
    /// Whose: a billing account, an invoice, a payment, or a series with its year.
    #[diesel(sql_type = Text)]
    pub subject: String,
    /// ISO 4217; empty where things are counted.
    #[diesel(sql_type = Text)]
    pub currency: String,
    /// What one side says.
    #[diesel(sql_type = BigInt)]
    pub expected: i64,
    /// What the other says.
    #[diesel(sql_type = BigInt)]
    pub found: i64,
}

/// The differences of one kind in a seller's books.
pub fn differences(c: &mut Conn, seller: &str, check: Check) -> StoreResult<Vec<Difference>> {
    let query = format!(
        "WITH who(seller) AS (SELECT CAST($1 AS TEXT)), told(subject, currency, expected, found) AS ({}) \
         SELECT subject, currency, CAST(expected AS BIGINT) AS expected, CAST(found AS BIGINT) AS found \
         FROM told WHERE expected <> found ORDER BY subject, currency LIMIT {MOST}",
        check.query()
    );
    let rows = on_both!(c, c => diesel::sql_query(query).bind::<Text, _>(seller).load(c))?;
    Ok(rows)
}

/// Every transfer twice, once for each of its accounts, as debits less credits: by the name of the account.
const OWED: &str = "
    SELECT account, currency, SUM(booked), SUM(open) FROM (
        SELECT SUBSTR(t.debit, 12) AS account, t.currency AS currency, t.amount AS booked, 0 AS open
            FROM who JOIN transfers t ON t.seller_id = who.seller WHERE t.debit LIKE 'receivable:%'
        UNION ALL SELECT SUBSTR(t.credit, 12), t.currency, -t.amount, 0
            FROM who JOIN transfers t ON t.seller_id = who.seller WHERE t.credit LIKE 'receivable:%'
        UNION ALL SELECT r.billing_account_id, r.currency, 0, r.open
            FROM who JOIN receivables r ON r.seller_id = who.seller
    ) both_sides GROUP BY account, currency";

const SETTLED: &str = "
    SELECT i.id, i.currency,
        i.total - COALESCE((SELECT SUM(a.amount) FROM allocations a WHERE a.invoice_id = i.id), 0)
            + COALESCE((SELECT SUM(o.amount) FROM allocations a JOIN reopenings o ON o.allocation_id = a.id
                WHERE a.invoice_id = i.id), 0),
        COALESCE((SELECT r.open FROM receivables r WHERE r.invoice_id = i.id), 0)
    FROM who JOIN invoices i ON i.seller_id = who.seller WHERE i.kind = 'invoice'";

const CREDIT: &str = "
    SELECT account, currency, SUM(booked), SUM(held) FROM (
        SELECT SUBSTR(t.credit, 8) AS account, t.currency AS currency, t.amount AS booked, 0 AS held
            FROM who JOIN transfers t ON t.seller_id = who.seller WHERE t.credit LIKE 'credit:%'
        UNION ALL SELECT SUBSTR(t.debit, 8), t.currency, -t.amount, 0
            FROM who JOIN transfers t ON t.seller_id = who.seller WHERE t.debit LIKE 'credit:%'
        UNION ALL SELECT b.id, b.currency, 0, b.credit
            FROM who JOIN billing_accounts b ON b.seller_id = who.seller
    ) both_sides GROUP BY account, currency";

/// What a document earned and taxed: against the account of whoever owes it, in either direction.
const DOCUMENTS: &str = "
    SELECT i.id, i.currency, CASE i.kind WHEN 'invoice' THEN i.total ELSE -i.total END,
        COALESCE((SELECT SUM(CASE
                WHEN t.debit = 'receivable:' || i.billing_account_id AND (t.credit LIKE 'revenue:%' OR t.credit LIKE 'vat:%')
                    THEN t.amount
                WHEN t.credit = 'receivable:' || i.billing_account_id AND (t.debit LIKE 'revenue:%' OR t.debit LIKE 'vat:%')
                    THEN -t.amount
                ELSE 0 END)
            FROM transfers t WHERE t.document_id = i.id AND t.seller_id = i.seller_id AND t.currency = i.currency), 0)
    FROM who JOIN invoices i ON i.seller_id = who.seller";

/// What a payment moved at a bank, a refund out of the credit, a write-off into what is lost. One that was returned moved nothing.
const PAYMENTS: &str = "
    SELECT p.id, p.currency,
        CASE WHEN EXISTS (SELECT 1 FROM payment_turns n WHERE n.payment_id = p.id AND n.turn = 'returned') THEN 0
            ELSE p.amount END,
        COALESCE((SELECT SUM(CASE
                WHEN p.kind = 'payment' AND t.debit LIKE 'bank:%' THEN t.amount
                WHEN p.kind = 'payment' AND t.credit LIKE 'bank:%' THEN -t.amount
                WHEN p.kind = 'refund' AND t.debit = 'credit:' || p.billing_account_id THEN t.amount
                WHEN p.kind = 'refund' AND t.credit = 'credit:' || p.billing_account_id THEN -t.amount
                WHEN p.kind = 'write-off' AND t.debit = 'write-offs' THEN t.amount
                WHEN p.kind = 'write-off' AND t.credit = 'write-offs' THEN -t.amount
                ELSE 0 END)
            FROM transfers t WHERE t.document_id = p.id AND t.seller_id = p.seller_id AND t.currency = p.currency), 0)
    FROM who JOIN payments p ON p.seller_id = who.seller";

const ALLOCATED: &str = "
    SELECT p.id, p.currency,
        COALESCE((SELECT SUM(a.amount) FROM allocations a WHERE a.payment_id = p.id), 0)
            - COALESCE((SELECT SUM(o.amount) FROM reopenings o WHERE o.payment_id = p.id), 0),
        COALESCE((SELECT SUM(CASE
                WHEN t.credit = 'receivable:' || p.billing_account_id THEN t.amount
                WHEN t.debit = 'receivable:' || p.billing_account_id THEN -t.amount
                ELSE 0 END)
            FROM transfers t WHERE t.document_id = p.id AND t.seller_id = p.seller_id AND t.currency = p.currency), 0)
    FROM who JOIN payments p ON p.seller_id = who.seller";

const REFUNDS: &str = "
    SELECT 'refunds', currency, SUM(waiting), SUM(booked) FROM (
        SELECT p.currency AS currency, p.amount AS waiting, 0 AS booked
            FROM who JOIN payments p ON p.seller_id = who.seller
            WHERE p.kind = 'refund' AND NOT EXISTS (SELECT 1 FROM payment_turns n
                WHERE n.payment_id = p.id AND n.turn IN ('returned', 'paid-back'))
        UNION ALL SELECT t.currency, 0, t.amount
            FROM who JOIN transfers t ON t.seller_id = who.seller AND t.credit = 'refunds'
        UNION ALL SELECT t.currency, 0, -t.amount
            FROM who JOIN transfers t ON t.seller_id = who.seller AND t.debit = 'refunds'
    ) both_sides GROUP BY currency";

/// Where the count fits and the highest number does not, a number was left out and one beyond the counter taken.
const NUMBERS: &str = "
    SELECT subject, '', MAX(expected),
        CASE WHEN MAX(counted) <> MAX(expected) THEN MAX(counted) ELSE MAX(highest) END
    FROM (
        SELECT s.series || ' ' || CAST(s.year AS TEXT) AS subject, s.next_number - 1 AS expected, 0 AS counted, 0 AS highest
            FROM who JOIN invoice_series s ON s.seller_id = who.seller
        UNION ALL SELECT i.series || ' ' || CAST(i.year AS TEXT), 0, COUNT(*), MAX(i.number)
            FROM who JOIN invoices i ON i.seller_id = who.seller GROUP BY i.series, i.year
    ) both_sides GROUP BY subject";

const LIVE: &str = "
    SELECT b.id, '', (SELECT COUNT(*) FROM subscriptions s
            WHERE s.billing_account_id = b.id AND s.ended_at IS NULL),
        b.live_subscriptions
    FROM who JOIN billing_accounts b ON b.seller_id = who.seller";

/// The last result of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = books_audits, primary_key(seller_id), treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "the columns are explained in the migration")]
pub struct Audit {
    pub seller_id: String,
    pub checked_at: i64,
    pub differences: String,
}

/// Keeps the result of an audit in place of the one before.
pub fn put(c: &mut Conn, audit: &Audit) -> StoreResult<()> {
    on_both!(c, c => diesel::insert_into(books_audits::table)
        .values(audit)
        .on_conflict(books_audits::seller_id)
        .do_update()
        .set(audit)
        .execute(c))?;
    Ok(())
}

/// The last result; `None` before the first audit.
pub fn last(c: &mut Conn, seller: &str) -> StoreResult<Option<Audit>> {
    let query = books_audits::table.find(seller);
    Ok(query.select(Audit::as_select()).first(c).optional()?)
}
