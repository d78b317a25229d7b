//! The long run of `tests/harness/killed.rs`: how often, over how many subscriptions, on which database.
//!
//! ```sh
//! cargo build --release -p muster && cargo run --release -p muster-tests --example killed -- sqlite 60000 200 1
//! ```

use muster_tests::{Database, killed};

fn main() {
    let mut given = std::env::args().skip(1);
    let mut next = |usual: &str| given.next().unwrap_or_else(|| usual.to_owned());
    let database = match next("sqlite").as_str() {
        "postgres" => Database::postgres(),
        _ => Database::sqlite(),
    };
    let number = |text: String| text.parse::<u64>().unwrap_or(1);
    let (count, kills, seed) = (
        number(next("60000")),
        number(next("200")),
        number(next("1")),
    );
    let runtime = tokio::runtime::Runtime::new();
    let Ok(runtime) = runtime else {
        eprintln!("no runtime starts");
        std::process::exit(1);
    };
    let kills = u32::try_from(kills).unwrap_or(u32::MAX);
    let outcome = runtime.block_on(killed::live_through(database, count, kills, seed));
    println!(
        "seed {seed}: killed {} times, {} invoices, each once, numbers 1 to {}",
        outcome.kills, outcome.invoices, outcome.invoices
    );
}
