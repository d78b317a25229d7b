//! What stands in the database, read by plain SQL: the checks share no query with the program.

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Queryable, RunQueryDsl};
use muster_store::{Conn, StoreResult};

type Null = Nullable<Text>;
type NullInt = Nullable<BigInt>;

/// Every row of a statement, by the types of its columns.
macro_rules! load {
    ($c:expr, $columns:ty, $statement:expr) => {{
        let statement: String = $statement;
        match $c {
            Conn::Sqlite(c) => sql::<$columns>(&statement).load(c)?,
            Conn::Postgres(c) => sql::<$columns>(&statement).load(c)?,
        }
    }};
}
pub(super) use load;

/// A document.
#[derive(Debug, Clone, Queryable)]
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
#[derive(Debug, Clone, Queryable)]
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
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
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
#[derive(Debug, Clone, Queryable)]
pub struct Transfer {
    pub seller: String,
    pub debit: String,
    pub credit: String,
    pub currency: String,
    pub amount: i64,
}

/// What settled a part of an invoice.
#[derive(Debug, Clone, Queryable)]
pub struct Settlement {
    pub invoice: String,
    pub payment: Option<String>,
    pub note: Option<String>,
    pub amount: i64,
}

/// A letter to be written.
#[derive(Debug, Clone, Queryable)]
pub struct Letter {
    pub key: String,
}

/// Money in, back, or given up.
#[derive(Debug, Clone, Queryable)]
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

/// The types of the columns of a [`Period`].
pub(super) type PeriodTypes = (
    Text,
    BigInt,
    NullInt,
    BigInt,
    BigInt,
    Text,
    Text,
    Text,
    Text,
    Text,
);

/// The columns of a [`Period`].
pub(super) const PERIOD: &str = "subscription_id, period_index, previous_end_at, start_at, end_at, start_date, end_date, zone, plan_id, \
    invoice_id";

type SubscriptionColumns = (
    String,
    String,
    String,
    Option<i64>,
    Option<i64>,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
);

/// These subscriptions, or all.
///
/// # Errors
/// The database's.
pub fn subscriptions(c: &mut Conn, ids: Option<&[String]>) -> StoreResult<Vec<Subscription>> {
    let found: Vec<SubscriptionColumns> = load!(
        c,
        (
            Text, Text, Text, NullInt, NullInt, BigInt, Null, Null, NullInt
        ),
        format!(
            "SELECT id, plan_id, life, next_start_at, covered_until, cancel_at_end, next_plan_id, parked_because, ended_at \
             FROM subscriptions{}",
            among("id", ids)
        )
    );
    Ok(found
        .into_iter()
        .map(
            |(id, plan, life, next_start, covered_until, cancel, next_plan, parked, ended)| {
                Subscription {
                    id,
                    plan,
                    life,
                    next_start,
                    covered_until,
                    cancel_at_end: cancel == 1,
                    next_plan,
                    parked,
                    ended: ended.is_some(),
                }
            },
        )
        .collect())
}

/// What is open on these invoices, or on all.
///
/// # Errors
/// The database's.
pub fn open(c: &mut Conn, ids: Option<&[String]>) -> StoreResult<Vec<(String, i64)>> {
    let statement = format!(
        "SELECT invoice_id, open FROM receivables{}",
        among("invoice_id", ids)
    );
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
