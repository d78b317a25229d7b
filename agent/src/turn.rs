//! One turn of the agent: the folder locked, the state read, things done in the order that survives a power cut, the
//! state stored, the screen drawn. The core decides; this carries out.

use std::time::Duration;

use muster_protocol::bundle::Bundle;
use muster_protocol::command::Kind;
use muster_protocol::time::MINUTE;

use crate::agent::{Agent, AgentError, Outcome};
use crate::core::Core;
use crate::core::act::{Act, Plan};
use crate::core::decide::order;
use crate::core::freshness::Freshness;
use crate::core::journal::{Outcome as TaskOutcome, Task};
use crate::core::screen;
use crate::link::carriers;
use crate::net::client::ORDINARY;
use crate::phones::{Inventory, Lock, Phone, PhoneError, PhoneKind, SandboxPhone};
use crate::state::credentials::TlsKeys;
use crate::state::ends;
use crate::state::folder::{FolderError, FolderLock};

/// A hint or a Retry-After is believed between these bounds (PROTOCOL §9).
pub const SOONEST: u64 = 15;
/// See [`SOONEST`].
pub const LATEST: u64 = 24 * 60 * MINUTE;
/// How long the receipt that announces a wipe may hold the wipe up.
const ANNOUNCING: Duration = Duration::from_secs(15);

/// A turn in progress.
pub struct Turn {
    _lock: FolderLock,
    /// None once the phone has left its fleet and its keys are destroyed.
    live: Option<Live>,
}

pub(crate) struct Live {
    pub(crate) core: Core,
    pub(crate) phone: Box<dyn Phone>,
    pub(crate) tls: TlsKeys,
    /// What the phone told of itself at the start of the turn.
    pub(crate) inventory: Inventory,
}

impl Agent {
    /// Locks the folder, reads the state, counts the time that passed and goes on with what was interrupted.
    pub(crate) async fn begin(&mut self) -> Result<Turn, AgentError> {
        let lock = self.folder.lock().await?;
        let state = self.folder.load()?;
        if state
            .ended
            .as_ref()
            .is_some_and(|ended| ended.credentials_destroyed)
        {
            return Ok(Turn {
                _lock: lock,
                live: None,
            });
        }
        if state.phone == PhoneKind::Sandbox
            && SandboxPhone::serial_in(self.folder.root())?
                .is_some_and(|serial| serial != state.serial.as_str())
        {
            return Err(FolderError::Damaged("the state belongs to another handset").into());
        }
        let keys = self.folder.keys(&state.enrolment);
        let keys = keys
            .device_key()
            .and_then(|device_key| Ok((device_key, keys.tls()?)));
        let (device_key, tls) = match keys {
            Ok(keys) => keys,
            Err(FolderError::Damaged(_)) if state.ended.is_some() => {
                // The power failed while a phone that had left its fleet destroyed its keys: that is what is left to do.
                let mut state = state;
                self.destroy_credentials(&mut state)?;
                return Ok(Turn {
                    _lock: lock,
                    live: None,
                });
            }
            Err(error) => return Err(error.into()),
        };
        let mut phone = state.phone.open(self.folder.root())?;
        let core = Core::open(state, device_key)?;
        let mut turn = Turn {
            _lock: lock,
            live: Some(Live {
                inventory: phone.inventory(),
                core,
                phone,
                tls,
            }),
        };
        turn.resume(self).await?;
        Ok(turn)
    }

    fn passed(&mut self) -> u64 {
        let now = self.system.clock.powered_on();
        let whole = now.saturating_sub(self.counted).as_secs();
        self.counted += Duration::from_secs(whole);
        whole
    }
}

impl Turn {
    /// The phone's mind; none once it has left its fleet and its keys are destroyed.
    pub(crate) fn core(&mut self) -> Option<&mut Core> {
        self.live.as_mut().map(|live| &mut live.core)
    }

    async fn resume(&mut self, agent: &mut Agent) -> Result<(), AgentError> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        // Before anything else starts: what was accepted and not finished, a wipe or kill first (PROTOCOL §11).
        for digest in live.core.state().unfinished() {
            let Some(task) = live.core.task(&digest) else {
                let lost =
                    TaskOutcome::Failed("the journal entry could not be read again".to_owned());
                live.core.finish(&digest, &lost, agent.clock());
                continue;
            };
            tracing::info!(command = %digest, kind = %task.command.kind(), "going on with an interrupted command");
            live.carry_out(agent, task).await?;
        }
        let before = live.core.state().restrictions.clone();
        let passed = agent.passed();
        for act in live.core.pass_time(passed) {
            if let Err(why) = live.act(agent, act).await {
                // Tried again next time; a phone that fails here must still hear from its fleet.
                tracing::error!(?act, why, "a restriction is over and could not be ended");
                live.core.state_mut().restrictions.clone_from(&before);
                break;
            }
        }
        live.watch(agent).await;
        Ok(())
    }

    pub(crate) async fn check_in(&mut self, agent: &mut Agent) -> Result<Outcome, AgentError> {
        let Some(live) = &mut self.live else {
            return Ok(over());
        };
        if live.core.has_ended() {
            live.end(agent).await?;
            return live.outcome(agent);
        }
        live.core.refresh_nonce(agent.system.random_bytes());
        live.gather_keyrings(agent).await?;
        agent.folder.save(live.core.state())?;
        let bundle = live.exchange(agent).await?;
        live.core.answered(agent.clock());
        let mut outcome = live.take(agent, &bundle).await?;
        if !live.core.has_ended() {
            live.renew_if_due(agent).await;
            live.deliver(agent, ORDINARY).await?;
            live.choose_server(agent);
        }
        let policy = live
            .core
            .policy(agent.clock())
            .map(|policy| policy.check_in_seconds);
        outcome.next_check_in = bundle
            .next_check_in_seconds
            .or(policy)
            .map(|seconds| Duration::from_secs(seconds.clamp(SOONEST, LATEST)));
        live.finish_outcome(outcome, agent)
    }

    pub(crate) async fn apply(
        &mut self,
        agent: &mut Agent,
        bytes: &[u8],
    ) -> Result<Outcome, AgentError> {
        let Some(live) = &mut self.live else {
            return Ok(over());
        };
        let bundle = Bundle::decode(bytes).map_err(|refusal| AgentError::Bundle(refusal.reason))?;
        let outcome = live.take(agent, &bundle).await?;
        live.finish_outcome(outcome, agent)
    }

    pub(crate) async fn send_receipts(&mut self, agent: &mut Agent) -> Result<Outcome, AgentError> {
        let Some(live) = &mut self.live else {
            return Ok(over());
        };
        if live.core.has_ended() {
            live.end(agent).await?;
        } else {
            live.hand_in_anywhere(agent).await?;
            live.deliver(agent, ORDINARY).await?;
        }
        live.outcome(agent)
    }

    /// Stores the state and draws the screen, whatever the turn came to.
    pub(crate) fn close(
        &mut self,
        agent: &mut Agent,
        outcome: Result<Outcome, AgentError>,
    ) -> Result<Outcome, AgentError> {
        let drawn = match &mut self.live {
            Some(live) => {
                live.core.state_mut().last_clock = agent.clock();
                agent.folder.save(live.core.state())?;
                let locks = live.phone.lock_state().unwrap_or_default();
                live.phone.show(&live.core.screen(locks, agent.clock()))
            }
            None => {
                let state = agent.folder.load()?;
                let mut phone = state.phone.open(agent.folder.root())?;
                let locks = phone.lock_state().unwrap_or_default();
                phone.show(&screen::head(&state, locks))
            }
        };
        if let Err(error) = drawn {
            tracing::warn!(%error, "the screen could not be drawn");
        }
        outcome
    }
}

fn over() -> Outcome {
    Outcome {
        ended: true,
        over: true,
        ..Outcome::default()
    }
}

impl Live {
    /// Takes the documents of a bundle, then its commands, one at a time.
    async fn take(&mut self, agent: &mut Agent, bundle: &Bundle) -> Result<Outcome, AgentError> {
        let documents = self.core.take_documents(bundle);
        // Stored before use (PROTOCOL §5).
        agent.folder.save(self.core.state())?;
        let mut outcome = Outcome {
            documents,
            ..Outcome::default()
        };
        for index in order(&bundle.commands) {
            let Some(item) = bundle.commands.get(index) else {
                continue;
            };
            let verdict = self.core.decide(item, agent.clock());
            let (mut written, task) = self.core.write_down(verdict, agent.clock());
            agent.folder.save(self.core.state())?;
            tracing::info!(command = ?written.command, reason = ?written.reason, "command judged");
            if let Some(task) = task {
                let digest = task.digest;
                self.carry_out(agent, task).await?;
                written.state = self.core.told(&digest);
            }
            outcome.commands.push(written);
        }
        // The policy may be a new one.
        self.watch(agent).await;
        Ok(outcome)
    }

    /// Does what the phone is to do by itself under its policy. What fails is tried again in the next turn.
    async fn watch(&mut self, agent: &mut Agent) {
        let state = self.core.state();
        let before = (state.noncompliance.clone(), state.closed_by_silence);
        for act in self.core.watch(&self.inventory, agent.clock()) {
            if let Err(why) = self.act(agent, act).await {
                tracing::error!(?act, why, "the policy could not be followed yet");
                let (noncompliance, closed_by_silence) = before;
                self.core.unwatch(noncompliance, closed_by_silence);
                break;
            }
        }
    }

    /// Which server the next check-in goes to: the first of a new keyring's, at once; the next one, when this one answers and
    /// shows nothing fresh (PROTOCOL §15).
    fn choose_server(&mut self, agent: &mut Agent) {
        if self.core.is_out_of_steps() {
            agent.report_soon = true;
        }
        let answered = agent.link.connected_to().cloned();
        if self.follow_move(agent) {
            agent.report_soon = true;
        } else if self.core.freshness(agent.clock()) == Freshness::Stale {
            let carriers = carriers(&self.core);
            let at = carriers
                .iter()
                .position(|carrier| Some(&carrier.url) == answered.as_ref());
            if let Some(next) = at.and_then(|at| carriers.get((at + 1) % carriers.len()))
                && carriers.len() > 1
            {
                self.core.state_mut().carrier = Some(next.url.to_string());
                agent.link.close();
            }
        }
    }

    /// Carries out an accepted command. The journal already says `accepted`; it says how it ended before anybody else
    /// hears of it.
    async fn carry_out(&mut self, agent: &mut Agent, task: Task) -> Result<(), AgentError> {
        let kind = task.command.kind();
        let crash_point = |agent: &Agent, name| {
            if kind == Kind::Wipe {
                agent.crash_point(name);
            }
        };
        crash_point(agent, "wipe.journalled");
        if ends(kind) {
            // `wipe` sends `accepted` before (PROTOCOL §15). It stays queued if no server takes it now.
            if let Err(error) = self.deliver(agent, ANNOUNCING).await {
                tracing::warn!(%error, "the acceptance could not be announced");
            }
            crash_point(agent, "wipe.accepted-sent");
        }
        let clock = agent.clock();
        let Plan { acts, change } = self.core.plan(&task);
        let (outcome, change) = match self.act_all(agent, &acts).await {
            Ok(()) => (TaskOutcome::Done, Some(change)),
            Err(why) => (TaskOutcome::Failed(why), None),
        };
        crash_point(agent, "wipe.erased");
        if let Some(change) = change {
            self.core.apply(change, clock);
        }
        self.core.finish(&task.digest, &outcome, clock);
        agent.folder.save(self.core.state())?;
        tracing::info!(command = %task.digest, %kind, ?outcome, "command carried out");
        crash_point(agent, "wipe.journalled-done");
        if self.core.has_ended() {
            self.end(agent).await?;
        }
        Ok(())
    }

    async fn act_all(&mut self, agent: &mut Agent, acts: &[Act]) -> Result<(), String> {
        for act in acts {
            self.act(agent, *act).await?;
        }
        Ok(())
    }

    /// One act, and a second look where the phone allows one.
    async fn act(&mut self, agent: &mut Agent, act: Act) -> Result<(), String> {
        let phone = &mut self.phone;
        let done = match act {
            Act::Lock(lock) => lock_and_look(phone.as_mut(), lock),
            Act::UnlockFleet => phone.unlock_fleet().and_then(|()| {
                look(
                    !phone.lock_state()?.fleet,
                    "the fleet's lock is still closed",
                )
            }),
            Act::Service(on) => phone
                .set_service(on)
                .and_then(|()| look(phone.service_on()? == on, "the service did not switch")),
            Act::EraseUserData => {
                let mut parts = 0;
                phone.erase_user_data(&mut || {
                    parts += 1;
                    // In the middle: something is gone and something is left.
                    if parts == 1 {
                        agent.crash_point("wipe.erasing");
                    }
                })
            }
            Act::EraseServiceData => phone.erase_service_data(),
            Act::RenewKey => return self.renew(agent).await.map_err(|error| error.to_string()),
            Act::Report => {
                agent.report_soon = true;
                Ok(())
            }
        };
        // The server shows what phones report: it hears of a lock that closed or opened now, not in a quarter of an hour.
        if matches!(act, Act::Lock(_) | Act::UnlockFleet | Act::Service(_)) && done.is_ok() {
            agent.report_soon = true;
        }
        done.map_err(|error| error.to_string())
    }

    fn outcome(&self, agent: &Agent) -> Result<Outcome, AgentError> {
        self.finish_outcome(Outcome::default(), agent)
    }

    fn finish_outcome(&self, mut outcome: Outcome, agent: &Agent) -> Result<Outcome, AgentError> {
        let state = self.core.state();
        outcome.receipts_waiting = state.receipts.len();
        outcome.ended = self.core.has_ended();
        outcome.over = state
            .ended
            .as_ref()
            .is_some_and(|ended| ended.credentials_destroyed);
        if agent.report_soon {
            outcome.next_check_in = Some(Duration::ZERO);
        }
        Ok(outcome)
    }
}

fn lock_and_look(phone: &mut dyn Phone, lock: Lock) -> Result<(), PhoneError> {
    phone.lock(lock)?;
    let locks = phone.lock_state()?;
    match lock {
        Lock::Owner => look(locks.owner, "the screen is not locked"),
        Lock::Fleet => look(locks.fleet, "the fleet's lock is not closed"),
    }
}

fn look(as_ordered: bool, otherwise: &'static str) -> Result<(), PhoneError> {
    if as_ordered {
        Ok(())
    } else {
        Err(PhoneError::NotVerified(otherwise))
    }
}
