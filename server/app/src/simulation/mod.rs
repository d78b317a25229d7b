//! `muster simulate`: a copy of the data is taken through time by the jobs that run live, and what they do is told.
//!
//! Nothing leaves the copy: mail is kept in memory, and the copy lies in a folder that is gone at the end. Nobody pays in it, so
//! that it shows the most that will be dunned and suspended.

mod report;
pub mod sample;

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use muster_domain::selling::zone::Zone;
use muster_store::StoreOptions;
use muster_store::selling::summary::{self, Summary};

use crate::app::{self, App, Surroundings};
use crate::clock::FrozenClock;
use crate::config::{Config, MailTransport};
use crate::features::operations::schedule::{self, Job};
use crate::features::{invoicing, operations, payments, selling};
use crate::random::SystemRandom;

pub use report::Month;

/// From when to when, and in which steps.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last.
    pub to: Timestamp,
    /// How far the clock moves at once.
    pub step: SignedDuration,
}

/// A copy and the clock that it goes by.
pub struct Simulation {
    app: Arc<App>,
    clock: Arc<FrozenClock>,
    jobs: Vec<Job>,
    _folder: tempfile::TempDir,
}

impl Simulation {
    /// Copies what `config` names.
    ///
    /// # Errors
    /// A sentence: the data cannot be read, or there is no room for the copy.
    pub fn of(config: &Config, from: Timestamp) -> Result<Self, String> {
        let trouble = |error: std::io::Error| format!("There is no place for the copy: {error}.");
        let folder = tempfile::Builder::new()
            .prefix("muster-simulation-")
            .tempdir()
            .map_err(trouble)?;
        let file = folder.path().join("muster.db");
        app::open_store(config)?
            .copy_to(&file)
            .map_err(|error| format!("The data cannot be copied: {error}."))?;
        Self::open(config, folder, &file, from)
    }

    fn open(
        config: &Config,
        folder: tempfile::TempDir,
        file: &Path,
        from: Timestamp,
    ) -> Result<Self, String> {
        let clock = Arc::new(FrozenClock::at(from));
        let portal_url = config
            .portal
            .url
            .clone()
            .unwrap_or_else(|| format!("http://{}", config.portal.listen));
        let mut copy = config.clone();
        copy.data_dir = folder.path().to_owned();
        copy.database_url = format!("sqlite:{}", file.display());
        copy.mail.transport = MailTransport::Memory;
        copy.witnesses = Vec::new();
        copy.portal.approvals_url = None;
        let surroundings = Surroundings {
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            portal_url,
            device_url: format!("https://{}", config.device.listen),
        };
        let options = StoreOptions {
            throwaway: true,
            ..StoreOptions::default()
        };
        let app = Arc::new(App::open_with(copy, surroundings, options)?);
        Ok(Self {
            app,
            clock,
            jobs: jobs(),
            _folder: folder,
        })
    }

    /// The copy itself.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Goes through time; `tell` hears of every month (UTC) when it is over.
    ///
    /// # Errors
    /// A sentence: a job failed.
    pub async fn run(&self, span: Span, mut tell: impl FnMut(&Month)) -> Result<(), String> {
        let mut begun = span.from;
        let mut known = self.summary(span.from, span.from).await?.periods;
        while self.app.now() < span.to {
            let (before, now) = (self.app.now(), self.move_on(span));
            if month_of(before) == month_of(now) && now < span.to {
                self.tick(before, now).await?;
                continue;
            }
            self.tick(before, now).await?;
            let figures = self.summary(begun, now).await?;
            let billed = figures.periods - known;
            known = figures.periods;
            tell(&Month {
                from: begun,
                to: now,
                billed,
                figures,
            });
            begun = now;
        }
        Ok(())
    }

    fn move_on(&self, span: Span) -> Timestamp {
        let left = span.to.duration_since(self.app.now());
        self.clock
            .advance_seconds(span.step.min(left).as_secs().max(1));
        self.app.now()
    }

    async fn tick(&self, before: Timestamp, now: Timestamp) -> Result<(), String> {
        for job in &self.jobs {
            if is_daily(job) && day_of(before) == day_of(now) {
                continue;
            }
            schedule::run(&self.app, *job)
                .await
                .map_err(|error| format!("At {now}, {} failed: {error}", job.name))?;
        }
        Ok(())
    }

    async fn summary(&self, from: Timestamp, to: Timestamp) -> Result<Summary, String> {
        // What the tick at `to` did belongs to the stretch that it ends.
        let (from, to) = (from.as_microsecond() + 1, to.as_microsecond() + 1);
        let read = self
            .app
            .store
            .read(move |c| summary::between(c, from, to))
            .await;
        read.map_err(|error| format!("The copy cannot be read: {error}."))
    }
}

/// What trade does by itself, and the mail that follows.
fn jobs() -> Vec<Job> {
    let mail = operations::jobs()
        .into_iter()
        .filter(|job| job.name == "mail");
    [selling::jobs(), invoicing::jobs(), payments::jobs()]
        .concat()
        .into_iter()
        .chain(mail)
        .collect()
}

/// Whether a line of the schedule names an hour.
fn is_daily(job: &Job) -> bool {
    let hour = job.when.split_whitespace().nth(2);
    hour.is_some_and(|hour| hour.parse::<u8>().is_ok())
}

fn day_of(at: Timestamp) -> jiff::civil::Date {
    Zone::utc().date_of(at)
}

fn month_of(at: Timestamp) -> jiff::civil::Date {
    day_of(at).first_of_month()
}

#[cfg(test)]
mod tests {
    use super::{is_daily, jobs};

    #[test]
    fn jobs_with_an_hour_run_once_a_day() {
        let jobs = jobs();
        assert!(jobs.iter().any(|job| job.name == "mail"));
        for job in jobs {
            let fields: Vec<&str> = job.when.split_whitespace().collect();
            assert_eq!(fields.len(), 6, "{}", job.name);
            assert_eq!(
                is_daily(&job),
                !fields[2].contains(['*', '/', ',', '-']),
                "{}",
                job.name
            );
        }
    }
}
