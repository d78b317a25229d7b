//! The schedule: every job in one table, ticked by tokio-cron-scheduler, held by a lease in the database so that of many
//! nodes one does the work.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use muster_store::job_leases;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_cron_scheduler::{Job as CronJob, JobScheduler};

use crate::app::{App, Due};

/// What a job answers: nothing, or a sentence for the operator.
pub type Done = Result<(), String>;
/// The work of a job. It may be run at any time, twice, and after a crash in its middle.
pub type Work = fn(Arc<App>) -> Pin<Box<dyn Future<Output = Done> + Send>>;

/// One line of the schedule.
#[derive(Clone, Copy)]
pub struct Job {
    /// Its name, in leases and logs.
    pub name: &'static str,
    /// When it ticks: six fields of cron, UTC.
    pub when: &'static str,
    /// A bell that makes it run at once.
    pub bell: Option<fn(&Due) -> &Notify>,
    /// The work.
    pub work: Work,
}

/// How long a node that fell silent keeps a job from the others, microseconds.
const LEASE: i64 = 30 * 1_000_000;
/// How often a node that works says so.
const RENEWAL: Duration = Duration::from_secs(10);

/// The running schedule.
pub struct Schedule {
    scheduler: JobScheduler,
    bells: JoinSet<()>,
    closing: watch::Sender<bool>,
}

/// Starts every job of `jobs`.
///
/// # Errors
/// A line of the table does not parse: a fault of the program.
pub async fn start(app: &Arc<App>, jobs: &[Job]) -> Result<Schedule, String> {
    let trouble = |error: tokio_cron_scheduler::JobSchedulerError| {
        format!("the schedule cannot start: {error}")
    };
    let scheduler = JobScheduler::new().await.map_err(trouble)?;
    let (closing, closed) = watch::channel(false);
    let mut bells = JoinSet::new();
    for job in jobs {
        let job = *job;
        // One place where a job runs, rung by the clock and by whoever has work for it: never two at a time here.
        let ring = Arc::new(Notify::new());
        if job.bell.is_some() {
            // A bell rung in a node that died is lost: what it was rung for does not wait for the next tick.
            ring.notify_one();
        }
        let rung = ring.clone();
        let tick = CronJob::new(job.when, move |_, _| rung.notify_one()).map_err(trouble)?;
        scheduler.add(tick).await.map_err(trouble)?;
        bells.spawn(attend(app.clone(), job, ring, closed.clone()));
    }
    scheduler.start().await.map_err(trouble)?;
    Ok(Schedule {
        scheduler,
        bells,
        closing,
    })
}

impl Schedule {
    /// Stops the ticks and waits for the job that is running, ten seconds at most.
    pub async fn stop(mut self) {
        self.closing.send_replace(true);
        drop(self.scheduler.shutdown().await);
        let all = async { while self.bells.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(10), all)
            .await
            .is_err()
        {
            tracing::warn!("a job did not end in time; its lease runs out by itself");
        }
    }
}

async fn attend(app: Arc<App>, job: Job, ring: Arc<Notify>, mut closed: watch::Receiver<bool>) {
    loop {
        let bell = async {
            match job.bell {
                Some(bell) => bell(&app.due).notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ring.notified() => {}
            () = bell => {}
            _ = closed.changed() => return,
        }
        if let Err(error) = run(&app, job).await {
            tracing::error!(
                job = job.name,
                error,
                "a job failed; it is tried again at its next tick"
            );
        }
    }
}

/// Runs a job now; answers whether it did, or left it to another that holds it. Also the way in for tests, which move the clock
/// instead of waiting.
///
/// # Errors
/// What the job answers; a lease that cannot be had because the database does not answer.
pub async fn run(app: &Arc<App>, job: Job) -> Result<bool, String> {
    let now = app.now_micros();
    let holder = app.node.clone();
    let claimed = app
        .store
        .write(move |tx| job_leases::claim(tx, job.name, &holder, now + LEASE, now))
        .await;
    let Some(fence) = claimed.map_err(|error| error.to_string())? else {
        tracing::debug!(job = job.name, "another holds this job");
        return Ok(false);
    };
    let outcome = work_and_renew(app, job, fence).await;
    let (error, now) = (outcome.clone().err(), app.now_micros());
    let finished = app
        .store
        .write(move |tx| job_leases::finish(tx, job.name, fence, error.as_deref(), now))
        .await;
    if let Err(error) = finished {
        tracing::warn!(job = job.name, %error, "the end of a job could not be written; its lease runs out by itself");
    }
    outcome.map(|()| true)
}

/// Does the work, and keeps the lease while it lasts. Work whose lease was lost goes on: every step of it may run twice.
async fn work_and_renew(app: &Arc<App>, job: Job, fence: i64) -> Done {
    let mut work = (job.work)(app.clone());
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            () = tokio::time::sleep(RENEWAL) => {
                let until = app.now_micros() + LEASE;
                let renewed = app.store.write(move |tx| job_leases::renew(tx, job.name, fence, until)).await;
                if !matches!(renewed, Ok(true)) {
                    tracing::warn!(job = job.name, "the lease of a running job could not be renewed");
                }
            }
        }
    }
}

/// Gives back what this installation held before it stopped, where it is the only node there can be: a server that was killed
/// does not wait for itself.
///
/// # Errors
/// The database does not answer.
pub async fn take_over(app: &App) -> Done {
    if !app.store.is_embedded() {
        return Ok(());
    }
    app.store
        .write(job_leases::release_all)
        .await
        .map(|_| ())
        .map_err(|error| error.to_string())
}
