//! The way through time: arrivals, sweeps, crashes, acts, and a look after each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use muster::app::App;
use muster::features::operations::schedule::{self, Job};
use muster::features::{payments, selling};

use super::chance::Chance;
use super::effect::Paid;
use super::model::Model;
use super::seen::Seen;
use super::turns::side_by_side;
use super::world::World;
use super::{Decade, Figures, arrivals, check, full};

/// Longer than a lease holds, seconds.
const AFTER_A_LEASE: i64 = 150;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A run under way.
pub struct Run {
    /// The nodes.
    pub world: World,
    /// What should be there.
    pub model: Model,
    /// What the seed draws.
    pub chance: Chance,
    /// What happened.
    pub figures: Figures,
    pub(super) seen: Seen,
    pub(super) arrivals: arrivals::Arrivals,
    /// Payments that may be taken back, with their accounts.
    pub(super) paid: Vec<(usize, Paid)>,
    pub(super) last_payment: Option<Paid>,
    pub(super) boundaries: BTreeMap<&'static str, u32>,
    renewals: Job,
    pub(super) collection: Job,
    audit: Job,
    end: i64,
    checked: i64,
    stretch: Stretch,
    daily: bool,
}

/// How time goes for a while.
#[derive(Debug, Clone, Copy)]
enum Stretch {
    /// From one renewal to the next, to the second.
    Sharp,
    /// Some hours at a time.
    Daily,
    /// Some days at a time.
    Slow,
    /// The server stands still for weeks.
    Stopped,
}

impl Run {
    /// Everything stands at its beginning.
    ///
    /// # Errors
    /// A sentence.
    pub fn begin(world: World, decade: &Decade) -> Result<Self, String> {
        let mut chance = Chance::new(decade.seed, 1);
        let buyers = usize::try_from(decade.subscriptions / 45)
            .unwrap_or(0)
            .max(7);
        let model = world.people(buyers)?;
        let (now, _) = world.now();
        let years = i64::from(decade.years);
        let arrivals = arrivals::Arrivals::draw(decade, now, &mut chance);
        let jobs = [selling::jobs(), payments::jobs()].concat();
        let job = |name: &str| {
            let found = jobs.iter().find(|job| job.name == name);
            found
                .copied()
                .ok_or_else(|| format!("there is no job {name}"))
        };
        Ok(Self {
            renewals: job("renewals")?,
            collection: job("collection")?,
            audit: job("books-audit")?,
            world,
            model,
            chance,
            figures: Figures::default(),
            seen: Seen::default(),
            arrivals,
            paid: Vec::new(),
            last_payment: None,
            boundaries: BTreeMap::new(),
            end: now + (years * 365 + years / 4) * DAY * 1_000_000,
            checked: now,
            stretch: Stretch::Daily,
            daily: false,
        })
    }

    /// Whether the years are over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.world.now().0 >= self.end
    }

    /// One step: time moves, what is due is billed, somebody does something, and everything new is looked at.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub async fn step(&mut self) -> Result<(), String> {
        self.figures.steps += 1;
        self.move_on();
        self.arrive().await?;
        self.sweep().await?;
        self.act().await?;
        if self.chance.one_in(4) {
            self.pay_by_habit().await?;
        }
        check::settle_live(&mut self.model);
        // Each day for a while, else now and then.
        if self.chance.one_in(if self.daily { 1 } else { 12 }) {
            self.collect().await?;
        }
        let (now, _) = self.world.now();
        if month(now) != month(self.checked) {
            self.checked = now;
            full::all(&self.world, &self.model)?;
            self.figures.months += 1;
            if self.chance.one_in(6) {
                self.audit_the_books().await?;
            }
        }
        Ok(())
    }

    /// The program's own audit finds nothing, either.
    async fn audit_the_books(&mut self) -> Result<(), String> {
        self.world.write(muster_store::job_leases::release_all)?;
        let ended = self.run_job(0, self.audit).await;
        check::same(|| "the audit".to_owned(), &ended, &Ended::Done)?;
        for found in self.world.read(full::audited)? {
            check::same(|| "what the audit found".to_owned(), &found.as_str(), &"[]")?;
        }
        self.figures.audits += 1;
        Ok(())
    }

    /// What is looked at when all is over.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn finish(&mut self) -> Result<(), String> {
        full::all(&self.world, &self.model)
    }

    fn move_on(&mut self) {
        if self.chance.one_in(12) {
            self.daily = self.chance.one_in(8);
            self.stretch = match self.chance.below(20) {
                0..4 => Stretch::Sharp,
                4..10 => Stretch::Daily,
                10..18 => Stretch::Slow,
                _ => Stretch::Stopped,
            };
        }
        let (now, _) = self.world.now();
        let seconds = match self.stretch {
            Stretch::Sharp => {
                let next = self
                    .model
                    .due
                    .first()
                    .map_or(now + DAY * 1_000_000, |(start, _)| *start);
                // A second before it, or on it, or after it.
                ((next - now) / 1_000_000 + self.chance.between(-1, 2)).clamp(1, 20 * DAY)
            }
            Stretch::Daily => self.chance.between(4 * HOUR, 30 * HOUR),
            Stretch::Slow => self.chance.between(2 * DAY, 7 * DAY),
            Stretch::Stopped => {
                self.stretch = Stretch::Daily;
                self.chance.between(20 * DAY, 45 * DAY)
            }
        };
        self.world.advance(seconds);
    }

    /// The renewal job runs, in one of the ways in which it may, until it came to its end.
    async fn sweep(&mut self) -> Result<(), String> {
        for attempt in 0..20 {
            let swept_at = self.world.now().0;
            let node = self.chance.place(2);
            let way = self.chance.below(20);
            // The first attempt may die, and sometimes the second and the third.
            let crash = attempt < 3 && self.chance.one_in(6);
            let kind = if way < 16 { "sweep" } else { "two sweeps" };
            if crash {
                self.arm(kind, node);
            }
            let done = match way {
                0..14 => self.run_job(node, self.renewals).await,
                14..16 => {
                    self.figures.duplicates += 1;
                    let first = self.run_job(node, self.renewals).await;
                    first.max(self.run_job(node, self.renewals).await)
                }
                _ => {
                    self.figures.side_by_side += 1;
                    self.run_on_both(way.is_multiple_of(2)).await
                }
            };
            let died = crash && self.recover(kind, node).await?;
            let mut found = self.look(true)?;
            let complete = !died && done == Ended::Done;
            if complete {
                check::nothing_is_due(&self.world, &mut self.model, swept_at, &mut found)?;
            }
            found.explained()?;
            if complete || died {
                found.compare(&self.world, &self.model)?;
            }
            if complete {
                return Ok(());
            }
            if let (Ended::Failed(error), false) = (&done, died) {
                return Err(format!("the job failed by itself: {error}"));
            }
            if self.chance.one_in(2) {
                // Whoever died holds the job until its lease runs out.
                self.world
                    .advance(self.chance.between(AFTER_A_LEASE, 2 * AFTER_A_LEASE));
            } else {
                self.world.write(muster_store::job_leases::release_all)?;
            }
        }
        Err("twenty sweeps did not come to an end".to_owned())
    }

    /// One node runs a job through its lease.
    pub(super) async fn run_job(&self, node: usize, job: Job) -> Ended {
        work(self.world.nodes[node].app.clone(), job, true).await
    }

    /// Both nodes at one moment: through the lease, or as if one had lost it in its middle; the seed says whose turn it is.
    async fn run_on_both(&mut self, leased: bool) -> Ended {
        let [first, second] = [0, 1].map(|node: usize| self.world.nodes[node].app.clone());
        let job = self.renewals;
        let (one, other) = (work(first, job, leased), work(second, job, leased));
        let turns = Chance::new(self.chance.below(u64::MAX), 3);
        let (one, other) = side_by_side(one, other, turns).await;
        one.max(other)
    }

    /// Lets a node die in what it does next: at each end of its writes in turn, or at any.
    pub(super) fn arm(&mut self, kind: &'static str, node: usize) {
        let next = self.boundaries.entry(kind).or_default();
        let ends = if self.chance.one_in(2) {
            *next += 1;
            *next - 1
        } else {
            u32::try_from(self.chance.below(16)).unwrap_or(0)
        };
        self.world.nodes[node].blade.arm(ends);
    }

    /// Starts a node again if it died; answers whether it had.
    pub(super) async fn recover(
        &mut self,
        kind: &'static str,
        node: usize,
    ) -> Result<bool, String> {
        let (died, passed) = self.world.nodes[node].blade.lift();
        if !died {
            // It came to its end before: this kind of step has no more ends, and the turn begins anew.
            if let Some(next) = self.boundaries.get_mut(kind)
                && *next > passed
            {
                *next = 0;
                *self.figures.turns.entry(kind).or_default() += 1;
            }
            return Ok(false);
        }
        self.figures.crashes += 1;
        if self.chance.one_in(24) {
            self.figures.restarts += 1;
            self.world.reopen(node)?;
        }
        Ok(true)
    }

    /// Takes in what is new after an act.
    pub(super) fn look_after_act(&mut self) -> Result<check::Found, String> {
        self.look(false)
    }

    fn look(&mut self, swept: bool) -> Result<check::Found, String> {
        let seen = &mut self.seen;
        let fresh = self.world.read(|c| seen.look(c))?;
        let found = check::renewals(&self.world, &mut self.model, fresh, swept)?;
        self.figures.renewals += found.renewals;
        self.figures.documents += found.documents;
        self.figures.letters += found.letters;
        self.figures.rows += found.rows;
        Ok(found)
    }
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ended {
    /// Another holds it.
    Held,
    /// It came to its end.
    Done,
    /// It failed.
    Failed(String),
}

async fn work(app: Arc<App>, job: Job, leased: bool) -> Ended {
    if leased {
        return match schedule::run(&app, job).await {
            Ok(true) => Ended::Done,
            Ok(false) => Ended::Held,
            Err(error) => Ended::Failed(error),
        };
    }
    match (job.work)(app).await {
        Ok(()) => Ended::Done,
        Err(error) => Ended::Failed(error),
    }
}

fn month(micros: i64) -> (i16, i8) {
    let at = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    let date = at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    (date.year(), date.month())
}
