//! B14's harder half: the process is killed at random moments while it renews. The long run is `tests/examples/killed.rs`.

use muster_tests::{Database, killed};

/// Few enough for every run of the suite; the figures of the long one stand in docs/TESTING.md.
const SUBSCRIPTIONS: u64 = 1_500;
const KILLS: u32 = 8;

fn live(database: Database, seed: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime starts");
    let outcome = runtime.block_on(killed::live_through(database, SUBSCRIPTIONS, KILLS, seed));
    assert!(outcome.invoices > 4_000, "{outcome:?}");
}

#[test]
fn a_process_killed_while_it_renews_leaves_exactly_the_right_invoices_sqlite() {
    live(Database::sqlite(), 1);
}

#[test]
fn a_process_killed_while_it_renews_leaves_exactly_the_right_invoices_postgres() {
    live(Database::postgres(), 2);
}
