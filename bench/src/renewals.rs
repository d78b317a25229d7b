//! How fast subscriptions renew, beside raw SQL inserts of the very same rows as the ceiling, in one run.
//!
//! ```sh
//! cargo run --release -p muster-bench --bin renewals -- --subscriptions 1000000
//! cargo run --release -p muster-bench --bin renewals -- --subscriptions 1000000 --postgres postgres://muster@127.0.0.1/postgres
//! ```
//!
//! Two databases hold the same subscriptions, each due once. In the first the live job renews them. In the second the rows that
//! the job wrote are inserted as finished SQL text, in transactions of as many renewals; making the text is not counted.
//! The databases wait for the disk as in production (SQLite: synchronous = FULL; PostgreSQL: as its server is set up).

mod ceiling;
mod memory;
mod place;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use muster::features::operations::schedule;
use muster::features::selling;
use muster::simulation::sample;
use muster_store::selling::summary;

use place::At;

/// What goes wrong ends the run.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many, and where.
#[derive(Parser)]
struct Options {
    /// How many subscriptions renew
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    subscriptions: u32,
    /// A PostgreSQL server on which two databases are made; SQLite in a folder that is gone afterwards when left out
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Renewals in one transaction of the ceiling
    #[arg(long, value_name = "N", default_value_t = 500)]
    batch: usize,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = Options::parse();
    let at = At::choose(options.postgres.as_deref())?;
    println!("{}, {} subscriptions", at.name(), options.subscriptions);

    let first = at.first()?;
    first
        .with_app(async |app| sample::add(app, options.subscriptions, 1).await)
        .await?;
    let second = first.copy()?;

    let renewed = first
        .with_app(async |app| renew(app, options.subscriptions).await)
        .await?;
    tell("the renewal job", options.subscriptions, renewed);
    println!("  memory: {}", memory::words()?);

    let (rows, raw) = ceiling::insert(&first, &second, options.batch)?;
    tell("raw inserts of its rows", options.subscriptions, raw);
    println!(
        "  {rows} rows, {:.2} a renewal, and one update",
        rows as f64 / f64::from(options.subscriptions)
    );
    println!(
        "ratio to the ceiling: {:.2}",
        raw.as_secs_f64() / renewed.as_secs_f64()
    );
    Ok(())
}

/// Lets the live job renew everything, and looks that it did.
async fn renew(app: &Arc<muster::app::App>, expected: u32) -> Result<Duration, String> {
    let job = selling::jobs()
        .into_iter()
        .find(|job| job.name == "renewals");
    let job = job.ok_or("there is no job renewals")?;
    let started = Instant::now();
    schedule::run(app, job).await?;
    let took = started.elapsed();
    let read = app.store.read(|c| summary::between(c, 0, i64::MAX)).await;
    let figures = read.map_err(|error| error.to_string())?;
    if figures.periods != i64::from(expected) || figures.parked != 0 {
        return Err(format!(
            "{} periods were billed and {} subscriptions parked, of {expected}",
            figures.periods, figures.parked
        ));
    }
    Ok(took)
}

fn tell(what: &str, count: u32, took: Duration) {
    println!(
        "{what}: {:.1} s, {:.0} renewals a second",
        took.as_secs_f64(),
        f64::from(count) / took.as_secs_f64()
    );
}
