//! Years of selling from a few seeds, in small; `cargo run --release -p muster-tests --example decade` runs the many in full.

use muster_tests::Database;
use muster_tests::decade::Decade;

fn run(database: &Database, decade: Decade) {
    let folder = tempfile::tempdir().unwrap();
    let figures = match decade.run(folder.path(), &database.url(folder.path())) {
        Ok(figures) => figures,
        Err(failure) => unreachable!("{failure}"),
    };
    // Something has happened, or the run would prove nothing.
    assert!(
        figures.renewals > decade.subscriptions as usize,
        "{figures}"
    );
    assert!(
        figures.crashes > 10 && figures.side_by_side > 10 && figures.acts > 10,
        "{figures}"
    );
}

#[test]
fn sqlite() {
    for seed in [1, 2] {
        let decade = Decade {
            seed,
            subscriptions: 60,
            years: 10,
        };
        run(&Database::sqlite(), decade);
    }
}

#[test]
fn postgres() {
    let decade = Decade {
        seed: 3,
        subscriptions: 30,
        years: 3,
    };
    run(&Database::postgres(), decade);
}
