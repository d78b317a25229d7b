//! Two nodes over one database. The rows that everything begins with are written straight through the store; what happens to them
//! afterwards goes through the use cases and the jobs.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use muster::app::{App, Surroundings};
use muster::clock::FrozenClock;
use muster::config::{Config, MailTransport, PasswordCost};
use muster::random::SeededRandom;
use muster_store::{Conn, StoreOptions, StoreResult};

use super::blade::Blade;

/// A node: what it runs on, its clock, and where it dies.
pub struct Node {
    /// What it runs on.
    pub app: Arc<App>,
    /// Its clock.
    pub clock: Arc<FrozenClock>,
    /// Where it dies.
    pub blade: Blade,
}

/// Both nodes and what they are opened from.
pub struct World {
    /// The two nodes.
    pub nodes: [Node; 2],
    config: Config,
    pub(super) seed: u64,
    opened: u64,
}

impl World {
    /// Opens both nodes over a new database at `url`; their clocks differ by `apart` seconds.
    ///
    /// # Errors
    /// A sentence.
    pub fn open(
        folder: &Path,
        url: &str,
        seed: u64,
        (begin, apart): (Timestamp, i64),
    ) -> Result<Self, String> {
        let mut config = Config::in_dir(&folder.join("data"));
        url.clone_into(&mut config.database_url);
        config.mail.transport = MailTransport::Memory;
        config.password_cost = PasswordCost::CHEAP;
        let clocks = [0, apart].map(|apart| {
            let clock = FrozenClock::at(begin);
            clock.advance_seconds(apart);
            Arc::new(clock)
        });
        let [first, second] = clocks;
        let nodes = [
            node(&config, first, seed, 1)?,
            node(&config, second, seed, 2)?,
        ];
        Ok(Self {
            nodes,
            config,
            seed,
            opened: 2,
        })
    }

    /// Starts a node anew, as after a crash: whatever it held in memory is gone.
    ///
    /// # Errors
    /// A sentence.
    pub fn reopen(&mut self, place: usize) -> Result<(), String> {
        self.opened += 1;
        let clock = self.nodes[place].clock.clone();
        self.nodes[place] = node(&self.config, clock, self.seed, self.opened)?;
        Ok(())
    }

    /// Moves both clocks.
    pub fn advance(&self, seconds: i64) {
        for node in &self.nodes {
            node.clock.advance_seconds(seconds);
        }
    }

    /// The moments of both nodes, microseconds: the earlier, the later.
    #[must_use]
    pub fn now(&self) -> (i64, i64) {
        let [a, b] = [0, 1].map(|place: usize| self.nodes[place].app.now_micros());
        (a.min(b), a.max(b))
    }

    /// Looks into the database.
    ///
    /// # Errors
    /// A sentence: it does not answer.
    pub fn read<T>(&self, f: impl FnOnce(&mut Conn) -> StoreResult<T>) -> Result<T, String> {
        let store = &self.nodes[0].app.store;
        store
            .read_blocking(f)
            .map_err(|error| format!("the database cannot be read: {error}"))
    }

    /// Writes behind everybody's back.
    ///
    /// # Errors
    /// A sentence: it refuses.
    pub fn write<T>(&self, f: impl Fn(&mut Conn) -> StoreResult<T>) -> Result<T, String> {
        let store = &self.nodes[0].app.store;
        store
            .write_blocking(f)
            .map_err(|error| format!("the database cannot be written: {error}"))
    }
}

fn node(config: &Config, clock: Arc<FrozenClock>, seed: u64, opened: u64) -> Result<Node, String> {
    let blade = Blade::default();
    let surroundings = Surroundings {
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(seed.wrapping_mul(1_000_003) ^ opened)),
        portal_url: "http://localhost".to_owned(),
        device_url: "https://localhost".to_owned(),
    };
    let options = StoreOptions {
        throwaway: true,
        readers: 1,
        connections: 4,
        jitter_seed: seed ^ opened,
        faults: Some(blade.faults()),
        ..StoreOptions::default()
    };
    let app = App::open_with(config.clone(), surroundings, options)?;
    Ok(Node {
        app: Arc::new(app),
        clock,
        blade,
    })
}
