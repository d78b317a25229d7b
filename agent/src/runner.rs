//! The agent's life: check in, wait for a wake-up or the next time, back off when nobody answers.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::agent::{Agent, AgentError, Outcome};
use crate::core::Core;
use crate::link::Purpose;
use crate::net::{NetError, api};
use crate::turn::{LATEST, SOONEST};

/// Between check-ins when neither server nor policy says otherwise.
const ORDINARILY: Duration = Duration::from_secs(900);
/// First and longest pause after failures; the pause before each retry is drawn between one second and the bound, which
/// doubles each time, so that a restarted server meets a ramp and not a stampede (RULES F10).
const BACKOFF_FIRST: u64 = 4;
const BACKOFF_LONGEST: u64 = 900;
/// What one long poll asks for; the server answers at the latest then.
const POLL_SECONDS: u64 = 50;
/// A long poll that comes back at once is not asked again sooner than this.
const POLL_PAUSE: Duration = Duration::from_secs(2);

/// Powered-on time is stored at least this often (PROTOCOL §10), however long a server says to stay away: a phone that is
/// switched off each night must not count each day from its beginning.
const STEP: Duration = Duration::from_secs(3600);

/// How many wake-ups in a row are followed at once.
const WAKES_AT_ONCE: u32 = 20;

/// A wake-up is a hint like any other: on average it brings a phone no sooner than [`SOONEST`] (PROTOCOL §9), or a server that
/// always says "come" would empty the battery and wear the storage out.
struct WakeAllowance {
    left: u32,
    counted: Instant,
}

impl WakeAllowance {
    fn new(now: Instant) -> Self {
        Self {
            left: WAKES_AT_ONCE,
            counted: now,
        }
    }

    /// When a wake-up that came `now` may be followed: at once while there is some left.
    fn take(&mut self, now: Instant) -> Instant {
        let step = Duration::from_secs(SOONEST);
        while self.left < WAKES_AT_ONCE && self.counted + step <= now {
            self.left += 1;
            self.counted += step;
        }
        if self.left == WAKES_AT_ONCE {
            self.counted = now;
        }
        if self.left == 0 {
            self.counted += step;
            return self.counted;
        }
        self.left -= 1;
        now
    }
}

impl Agent {
    /// Runs until `shutdown` is ready, or until the phone has left its fleet and nothing is left to do.
    ///
    /// # Errors
    /// Only what waiting cannot mend: the state is damaged, or nothing is enrolled any more.
    pub async fn run(&mut self, shutdown: impl Future<Output = ()>) -> Result<(), AgentError> {
        let mut shutdown = pin!(shutdown);
        let mut failures: u32 = 0;
        let mut wakes = WakeAllowance::new(Instant::now());
        loop {
            let turn = tokio::select! {
                () = &mut shutdown => return Ok(()),
                turn = self.check_in_once() => turn,
            };
            let pause = match turn {
                Ok(Outcome { over: true, .. }) => return Ok(()),
                Ok(outcome) if outcome.ended => {
                    failures = failures.saturating_add(1);
                    self.backoff(failures, None)
                }
                Ok(outcome) => {
                    failures = 0;
                    let pause = self.spread(outcome.next_check_in.unwrap_or(ORDINARILY));
                    tracing::info!(
                        commands = outcome.commands.len(),
                        seconds = pause.as_secs(),
                        "checked in"
                    );
                    pause
                }
                Err(AgentError::Folder(error)) if error.is_final() => return Err(error.into()),
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let pause = self.backoff(failures, retry_after(&error));
                    tracing::warn!(%error, seconds = pause.as_secs(), "no valid answer; trying again later");
                    pause
                }
            };
            if failures > 0 {
                tokio::select! {
                    () = &mut shutdown => return Ok(()),
                    () = tokio::time::sleep(pause) => {}
                }
                continue;
            }
            if std::mem::take(&mut self.report_soon) {
                tracing::debug!("checking in again at once");
                continue;
            }
            let until = Instant::now() + pause;
            loop {
                let step = until.min(Instant::now() + STEP);
                tokio::select! {
                    () = &mut shutdown => return Ok(()),
                    () = tokio::time::sleep_until(step) => {}
                    () = async {
                        self.woken().await;
                        tokio::time::sleep_until(wakes.take(Instant::now())).await;
                    } => break,
                }
                if step == until {
                    break;
                }
                if let Err(error) = self.redraw().await {
                    tracing::warn!(%error, "the hours could not be counted");
                }
            }
        }
    }

    /// Ready when the server says that it has something. Failures end nothing: the ordinary check-in comes anyway.
    async fn woken(&mut self) {
        let mut failures = 0;
        loop {
            match self.poll().await {
                Ok(true) => return,
                Ok(false) => {
                    failures = 0;
                    tokio::time::sleep(POLL_PAUSE).await;
                }
                Err(error) => {
                    failures += 1;
                    tracing::debug!(%error, "the long poll failed");
                    tokio::time::sleep(self.backoff(failures, retry_after(&error))).await;
                }
            }
        }
    }

    /// One long poll. Reads what it needs, and lets go of the folder before it waits.
    async fn poll(&mut self) -> Result<bool, AgentError> {
        let lock = self.folder.lock().await?;
        let state = self.folder.load()?;
        let keys = self.folder.keys(&state.enrolment);
        let mut core = Core::open(state, keys.device_key()?)?;
        let identity = keys.tls()?.current;
        drop(lock);
        let clock = self.clock();
        let client = self
            .link
            .client(Purpose::Wake, &mut core, &identity, clock)
            .await?;
        Ok(api::wake(client, POLL_SECONDS).await?)
    }

    fn backoff(&self, failures: u32, retry_after: Option<u64>) -> Duration {
        let bound = BACKOFF_FIRST
            .saturating_mul(1 << failures.min(16))
            .min(BACKOFF_LONGEST);
        let drawn = Duration::from_millis(1000 + self.draw(bound * 1000));
        match retry_after {
            // Never sooner than asked, and not all at that very second.
            Some(seconds) => Duration::from_secs(seconds.clamp(SOONEST, LATEST)) + drawn,
            None => drawn,
        }
    }

    /// Up to a tenth later than asked, so that phones enrolled together drift apart; never later than a day, so that a server
    /// cannot hold off the day's question to the others.
    fn spread(&self, asked: Duration) -> Duration {
        let tenth = u64::try_from(asked.as_millis() / 10).unwrap_or(u64::MAX);
        let drawn = Duration::from_millis(self.draw(tenth));
        if asked + drawn <= Duration::from_secs(LATEST) {
            asked + drawn
        } else {
            asked.saturating_sub(drawn)
        }
    }

    /// A number below `bound`, or zero.
    fn draw(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.system.random_bytes())
            .checked_rem(bound)
            .unwrap_or(0)
    }
}

fn retry_after(error: &AgentError) -> Option<u64> {
    match error {
        AgentError::Net(NetError::Refused { retry_after, .. }) => *retry_after,
        AgentError::Net(_)
        | AgentError::Folder(_)
        | AgentError::Phone(_)
        | AgentError::Bundle(_)
        | AgentError::Enrolment { .. }
        | AgentError::Program { .. }
        | AgentError::Impossible(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{BACKOFF_LONGEST, LATEST, SOONEST, WAKES_AT_ONCE, WakeAllowance};
    use crate::core::tests::fleet::{Fleet, system};
    use crate::{Agent, Options};

    #[test]
    fn a082_no_server_sends_a_phone_away_for_longer_than_a_day() {
        let folder = tempfile::tempdir().expect("a folder");
        Fleet::new().install(folder.path());
        let options = Options {
            system: system(),
            crash: None,
        };
        let agent = Agent::open(folder.path(), options).expect("an agent");
        let day = Duration::from_secs(LATEST);
        let longest = Duration::from_secs(BACKOFF_LONGEST + 1);
        for failures in [1, 5, 50, u32::MAX] {
            assert!(agent.backoff(failures, None) <= longest);
            assert!(agent.backoff(failures, Some(u64::MAX)) <= day + longest);
        }
        for seconds in [0, 15, 900, LATEST - 1, LATEST] {
            for _ in 0..20 {
                let asked = Duration::from_secs(seconds);
                let pause = agent.spread(asked);
                assert!(pause <= day && pause >= asked.mul_f32(0.9), "{pause:?}");
            }
        }
    }

    #[test]
    fn a_server_that_always_says_come_is_followed_four_times_a_minute() {
        let start = Instant::now();
        let mut wakes = WakeAllowance::new(start);
        for _ in 0..WAKES_AT_ONCE {
            assert_eq!(wakes.take(start), start, "honest ones come at once");
        }
        let mut now = start;
        for number in 1..=4 {
            now = wakes.take(now);
            assert_eq!(now, start + Duration::from_secs(number * SOONEST));
        }
        let later = now + Duration::from_secs(3600);
        assert_eq!(wakes.take(later), later);
    }
}
