//! The ceiling: the rows of a run as finished SQL text, inserted by nobody but the database.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::Outcome;
use crate::place::Place;

/// The tables that a renewal writes to, in an order that references allow, and the column that names its invoice.
const TABLES: [(&str, &str); 6] = [
    ("invoices", "id"),
    ("invoice_lines", "invoice_id"),
    ("subscription_periods", "invoice_id"),
    ("receivables", "invoice_id"),
    ("transfers", "document_id"),
    ("letters", "invoice_id"),
];

/// What the job changes on a subscription.
const MOVED: [&str; 9] = [
    "plan_id",
    "life",
    "anchor",
    "anchor_index",
    "next_index",
    "next_start_at",
    "covered_until",
    "next_plan_id",
    "ended_at",
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Ends {
    #[diesel(sql_type = Text)]
    first: String,
    #[diesel(sql_type = Text)]
    last: String,
    #[diesel(sql_type = BigInt)]
    many: i64,
}

/// Inserts into `second` what the run wrote in `first`, `batch` renewals a transaction; answers how many rows and how long it took.
///
/// # Errors
/// A database refuses.
pub fn insert(first: &Place, second: &Place, batch: usize) -> Outcome<(usize, Duration)> {
    match (first.database(), second.database()) {
        (Some(first), Some(second)) => run(
            &mut first.connect()?,
            &mut second.connect()?,
            "quote_nullable",
            batch,
        ),
        _ => run(&mut first.sqlite()?, &mut second.sqlite()?, "quote", batch),
    }
}

/// What both kinds of connection can do.
trait Reads: SimpleConnection {
    fn lines(&mut self, sql: &str) -> QueryResult<Vec<String>>;
    fn ends(&mut self, sql: &str) -> QueryResult<Vec<Ends>>;
}

macro_rules! reads {
    ($($connection:ty),+) => {$(
        impl Reads for $connection {
            fn lines(&mut self, sql: &str) -> QueryResult<Vec<String>> {
                let found: Vec<Line> = diesel::sql_query(sql).load(self)?;
                Ok(found.into_iter().map(|found| found.line).collect())
            }

            fn ends(&mut self, sql: &str) -> QueryResult<Vec<Ends>> {
                diesel::sql_query(sql).load(self)
            }
        }
    )+};
}
reads!(diesel::SqliteConnection, diesel::PgConnection);

fn run<C: Reads>(
    from: &mut C,
    to: &mut C,
    quote: &str,
    batch: usize,
) -> Outcome<(usize, Duration)> {
    from.batch_execute(
        "CREATE INDEX bench_periods ON subscription_periods (invoice_id); CREATE INDEX bench_letters ON letters (invoice_id);",
    )?;
    let columns = columns(from, quote)?;
    let (mut rows, mut took, mut after) = (0, Duration::ZERO, String::new());
    loop {
        let next = format!(
            "SELECT COALESCE(MIN(id), '') AS first, COALESCE(MAX(id), '') AS last, COUNT(*) AS many FROM \
             (SELECT id FROM invoices WHERE id > '{after}' ORDER BY id LIMIT {batch}) AS next"
        );
        let Some(ends) = from.ends(&next)?.pop().filter(|ends| ends.many > 0) else {
            return Ok((rows, took));
        };
        let mut sql = "BEGIN;\n".to_owned();
        for ((table, key), (names, quoted)) in TABLES.iter().zip(&columns) {
            let lines = from.lines(&format!(
                "SELECT '(' || {quoted} || ')' AS line FROM {table} WHERE {key} BETWEEN '{}' AND '{}' ORDER BY {key}",
                ends.first, ends.last
            ))?;
            rows += lines.len();
            sql.push_str(&format!(
                "INSERT INTO {table} ({names}) VALUES {};\n",
                lines.join(",")
            ));
        }
        for line in from.lines(&moved(quote, &ends))? {
            sql.push_str(&line);
        }
        sql.push_str("COMMIT;");
        let started = Instant::now();
        to.batch_execute(&sql)?;
        took += started.elapsed();
        after = ends.last;
    }
}

/// Of each table: its columns, and SQL that makes their values text.
fn columns<C: Reads>(from: &mut C, quote: &str) -> Outcome<Vec<(String, String)>> {
    let of = |(table, _): &(&str, &str)| {
        let sql = if quote == "quote" {
            format!("SELECT name AS line FROM pragma_table_info('{table}')")
        } else {
            format!(
                "SELECT column_name::text AS line FROM information_schema.columns WHERE table_name = '{table}' \
                 ORDER BY ordinal_position"
            )
        };
        let names = from.lines(&sql)?;
        let quoted: Vec<String> = names
            .iter()
            .map(|name| format!("{quote}({name})"))
            .collect();
        Ok((names.join(", "), quoted.join(" || ',' || ")))
    };
    TABLES.iter().map(of).collect()
}

fn moved(quote: &str, ends: &Ends) -> String {
    let set: Vec<String> = MOVED
        .iter()
        .map(|name| format!("'{name} = ' || {quote}(s.{name})"))
        .collect();
    format!(
        "SELECT 'UPDATE subscriptions SET ' || {} || ' WHERE id = ' || {quote}(s.id) || ';' AS line \
         FROM subscription_periods p JOIN subscriptions s ON s.id = p.subscription_id WHERE p.invoice_id BETWEEN '{}' AND '{}'",
        set.join(" || ', ' || "),
        ends.first,
        ends.last
    )
}
