//! Ten years of selling in seconds, drawn from a seed: subscriptions of every shape, two nodes whose writes are cut off at either
//! end, the same job twice, a server that stands still for weeks, time zones that change. After every step what is new in the
//! database is held against a model that shares no rule and no query with the program; each month everything is.
//!
//! A seed replays to the last row: of two nodes side by side the seed says, transaction by transaction, whose turn it is.

mod acts;
mod arrivals;
mod blade;
mod calendar;
mod chance;
mod check;
mod collect;
mod effect;
mod full;
mod model;
mod papers;
mod people;
mod rows;
mod run;
mod seen;
mod shapes;
mod turns;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::chance::Chance;
use self::run::Run;
use self::world::World;

/// When it begins: 1 January 2027, so that three leap years lie within ten.
const BEGIN: &str = "2027-01-01T10:00:00Z";

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Decade {
    /// Everything follows from it.
    pub seed: u64,
    /// How many subscriptions arrive.
    pub subscriptions: u32,
    /// How many years go by.
    pub years: u32,
}

/// What happened in a run.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Moves of the clock.
    pub steps: usize,
    /// Periods billed by renewal.
    pub renewals: usize,
    /// Invoices and credit notes.
    pub documents: usize,
    /// Letters.
    pub letters: usize,
    /// Rows looked at after the steps.
    pub rows: usize,
    /// What people did.
    pub acts: usize,
    /// What they were refused.
    pub refused: usize,
    /// Nodes that died.
    pub crashes: usize,
    /// Of these, started from nothing.
    pub restarts: usize,
    /// Jobs run twice at one moment by one node.
    pub duplicates: usize,
    /// Jobs run by both at one moment.
    pub side_by_side: usize,
    /// Stages of dunning that were reached.
    pub stages: usize,
    /// Subscriptions that ended because nobody paid.
    pub expired: usize,
    /// Orders of one subscription or several.
    pub orders: usize,
    /// Runs of the program's own audit.
    pub audits: usize,
    /// Months after which everything was checked.
    pub months: usize,
    /// For each kind of step how often a crash was tried at every end of its writes, one after the other.
    pub turns: BTreeMap<&'static str, usize>,
    /// How long it took.
    pub took: Duration,
}

/// Where a run went wrong.
#[derive(Debug)]
pub struct Failure {
    /// What was run: the same again fails again.
    pub decade: Decade,
    /// At which step.
    pub step: usize,
    /// When it was then.
    pub at: String,
    /// What was found, and what was expected.
    pub said: String,
}

impl Decade {
    /// Runs it over a new database at `url`, with a folder for what lies beside it.
    ///
    /// # Errors
    /// Where it went wrong, and how.
    pub fn run(self, folder: &Path, url: &str) -> Result<Figures, Failure> {
        let began = Instant::now();
        let early = |said: String| Failure {
            decade: self,
            step: 0,
            at: BEGIN.to_owned(),
            said,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .map_err(|error| early(error.to_string()))?;
        let begin: Timestamp = BEGIN
            .parse()
            .map_err(|_| early("no beginning".to_owned()))?;
        let apart = Chance::new(self.seed, 7).between(-4, 4);
        let world = World::open(folder, url, self.seed, (begin, apart)).map_err(early)?;
        let mut run = Run::begin(world, &self).map_err(early)?;
        let went = runtime.block_on(async {
            while !run.is_over() {
                run.step().await?;
            }
            run.finish()
        });
        let micros = run.world.now().0;
        run.figures.took = began.elapsed();
        went.map(|()| run.figures.clone()).map_err(|said| Failure {
            decade: self,
            step: run.figures.steps,
            at: Timestamp::from_microsecond(micros)
                .map_or_else(|_| micros.to_string(), |at| at.to_string()),
            said,
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} steps, {} renewals, {} documents, {} letters, {} orders, {} acts ({} refused), {} stages ({} ended unpaid), {} crashes ({} restarts), {} twice, \
             {} side by side, {} rows looked at, {} months in full, {} audits, turns {:?}, {:.1} s",
            self.steps,
            self.renewals,
            self.documents,
            self.letters,
            self.orders,
            self.acts,
            self.refused,
            self.stages,
            self.expired,
            self.crashes,
            self.restarts,
            self.duplicates,
            self.side_by_side,
            self.rows,
            self.months,
            self.audits,
            self.turns,
            self.took.as_secs_f64()
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decade {
            seed,
            subscriptions,
            years,
        } = self.decade;
        write!(
            out,
            "seed {seed} ({subscriptions} subscriptions, {years} years) failed at step {}, {}: {}",
            self.step, self.at, self.said
        )
    }
}
