//! What a turn does over the network: the check-in, the statement, the receipts, and the last of them before the keys are
//! destroyed.

use std::time::Duration;

use muster_protocol::base64;
use muster_protocol::bundle::Bundle;
use muster_protocol::command::Kind;

use crate::agent::{Agent, AgentError};
use crate::core::report::{CheckIn, Look, Report};
use crate::link::{Carrier, Purpose, no_server};
use crate::net::NetError;
use crate::net::api::{self, RECEIPTS_AT_ONCE};
use crate::net::client::ORDINARY;
use crate::state::State;
use crate::state::credentials::{KeyFiles, TlsIdentity};
use crate::state::folder::FolderError;
use crate::turn::Live;

/// How often a phone that has left its fleet offers its last receipts before it destroys the key all the same.
const LAST_TRIES: u32 = 100;
/// A server that knows of the end answers 403, as the certificate is revoked then; such an answer weighs as much as
/// this many tries.
const FORBIDDEN_WEIGHT: u32 = 20;

impl Live {
    /// The check-in itself, with the first server that gives a valid answer, in the phone's order.
    pub(crate) async fn exchange(&mut self, agent: &mut Agent) -> Result<Bundle, AgentError> {
        let check_in = self.check_in_document(agent);
        let mut failure: Option<NetError> = None;
        let carriers = agent.link.order(&self.core);
        for carrier in &carriers {
            match self.exchange_with(agent, carrier, &check_in).await {
                Ok(bundle) => return Ok(bundle),
                Err(AgentError::Net(error)) => {
                    tracing::debug!(server = %carrier.url, %error, "no valid answer");
                    failure = Some(weightier(failure, error));
                }
                Err(error) => return Err(error),
            }
        }
        if carriers.len() > 1 {
            // The next try begins with the first again, and not with the last that failed.
            agent.link.close();
        }
        Err(failure.unwrap_or_else(no_server).into())
    }

    fn check_in_document(&mut self, agent: &Agent) -> CheckIn {
        let locks = self.phone.lock_state().unwrap_or_default();
        let mut inventory = self.inventory.clone();
        // A phone that does not tell has been on for at least as long as its agent.
        inventory
            .uptime_seconds
            .get_or_insert(agent.system.clock.powered_on().as_secs());
        let look = Look {
            inventory,
            locks,
            service_on: self.phone.service_on().ok(),
        };
        let clock = agent.clock();
        CheckIn::new(&self.core, Report::new(look, clock), clock)
    }

    /// The check-in with one server. With two certificates in hand the newer is tried first, and the older taken back only
    /// when this server answers it: a stranger in the server's place must not talk the phone out of its newer one.
    async fn exchange_with(
        &mut self,
        agent: &mut Agent,
        carrier: &Carrier,
        check_in: &CheckIn,
    ) -> Result<Bundle, AgentError> {
        let current = self.tls.current.clone();
        let error = match self.ask_check_in(agent, carrier, &current, check_in).await {
            Ok(bundle) => {
                if self.tls.previous.take().is_some() {
                    self.keys(agent).store_tls(&self.tls)?;
                }
                return Ok(bundle);
            }
            Err(error) => error,
        };
        if let AgentError::Net(NetError::Refused { status: 403, .. } | NetError::Handshake { .. }) =
            &error
            && let Some(previous) = self.tls.previous.clone()
            && let Ok(bundle) = self.ask_check_in(agent, carrier, &previous, check_in).await
        {
            self.tls.current = previous;
            self.tls.previous = None;
            self.keys(agent).store_tls(&self.tls)?;
            return Ok(bundle);
        }
        Err(error)
    }

    async fn ask_check_in(
        &mut self,
        agent: &mut Agent,
        carrier: &Carrier,
        identity: &TlsIdentity,
        check_in: &CheckIn,
    ) -> Result<Bundle, AgentError> {
        let clock = agent.clock();
        agent
            .link
            .client_of(Purpose::Errand, carrier, &mut self.core, identity, clock)
            .await?;
        self.hand_in_statement(agent, carrier, identity).await?;
        let client = agent
            .link
            .client_of(Purpose::Errand, carrier, &mut self.core, identity, clock)
            .await?;
        let bytes = api::check_in(client, check_in).await?;
        let bundle = Bundle::decode(&bytes).map_err(|refusal| {
            NetError::Malformed(format!("the bundle was refused: {}", refusal.reason))
        })?;
        Ok(bundle)
    }

    pub(crate) fn take_previous_back(&mut self, agent: &mut Agent) -> Result<(), AgentError> {
        if let Some(previous) = self.tls.previous.take() {
            self.tls.current = previous;
            self.keys(agent).store_tls(&self.tls)?;
            agent.link.close();
        }
        Ok(())
    }

    pub(crate) fn keys(&self, agent: &Agent) -> KeyFiles {
        agent.folder.keys(&self.core.state().enrolment)
    }

    /// Hands in the enrolment statement to any server, if none has taken it yet.
    pub(crate) async fn hand_in_anywhere(&mut self, agent: &mut Agent) -> Result<(), AgentError> {
        let identity = self.tls.current.clone();
        let mut failure: Option<NetError> = None;
        for carrier in agent.link.order(&self.core) {
            match self.hand_in_statement(agent, &carrier, &identity).await {
                Ok(()) => return Ok(()),
                Err(AgentError::Net(error)) => failure = Some(weightier(failure, error)),
                Err(error) => return Err(error),
            }
        }
        Err(failure.unwrap_or_else(no_server).into())
    }

    async fn hand_in_statement(
        &mut self,
        agent: &mut Agent,
        carrier: &Carrier,
        identity: &TlsIdentity,
    ) -> Result<(), AgentError> {
        let Some(statement) = self
            .core
            .state()
            .statement
            .as_deref()
            .and_then(base64::decode)
        else {
            return Ok(());
        };
        let clock = agent.clock();
        let client = agent
            .link
            .client_of(Purpose::Errand, carrier, &mut self.core, identity, clock)
            .await?;
        api::send_statement(client, &statement).await?;
        self.core.state_mut().statement = None;
        agent.folder.save(self.core.state())?;
        Ok(())
    }

    /// Sends the queued receipts, oldest first; each leaves the queue when the server says what it did with it.
    pub(crate) async fn deliver(
        &mut self,
        agent: &mut Agent,
        time_limit: Duration,
    ) -> Result<(), AgentError> {
        while !self.core.state().receipts.is_empty() {
            let batch: Vec<String> = self
                .core
                .state()
                .receipts
                .iter()
                .take(RECEIPTS_AT_ONCE)
                .cloned()
                .collect();
            let clock = agent.clock();
            let sending = async {
                let client = agent
                    .link
                    .client(Purpose::Errand, &mut self.core, &self.tls.current, clock)
                    .await?;
                let texts: Vec<&str> = batch.iter().map(String::as_str).collect();
                api::send_receipts(client, &texts, time_limit).await
            };
            let results = tokio::time::timeout(time_limit, sending)
                .await
                .unwrap_or_else(|_| Err(NetError::TimedOut("the server".to_owned())))?;
            for (receipt, result) in batch.iter().zip(results) {
                if result == api::ReceiptResult::Rejected {
                    tracing::warn!("the server rejected a receipt");
                }
                self.core
                    .state_mut()
                    .receipts
                    .retain(|queued| queued != receipt);
            }
            agent.folder.save(self.core.state())?;
        }
        Ok(())
    }

    /// The phone has left its fleet: its last receipts go out, then the keys that signed them are destroyed.
    pub(crate) async fn end(&mut self, agent: &mut Agent) -> Result<(), AgentError> {
        let wiped = self
            .core
            .state()
            .ended
            .as_ref()
            .is_some_and(|ended| ended.by == Kind::Wipe);
        if let Err(error) = self.deliver(agent, ORDINARY).await {
            let weight = match &error {
                AgentError::Net(NetError::Refused { status: 403, .. }) => FORBIDDEN_WEIGHT,
                AgentError::Net(_)
                | AgentError::Folder(_)
                | AgentError::Phone(_)
                | AgentError::Bundle(_)
                | AgentError::Enrolment { .. }
                | AgentError::Program { .. }
                | AgentError::Impossible(_) => 1,
            };
            let mut tries = LAST_TRIES;
            if let Some(ended) = &mut self.core.state_mut().ended {
                ended.tries = ended.tries.saturating_add(weight);
                tries = ended.tries;
            }
            agent.folder.save(self.core.state())?;
            tracing::warn!(%error, tries, "the last receipts could not be delivered yet");
            if tries < LAST_TRIES {
                return Ok(());
            }
        }
        if wiped {
            agent.crash_point("wipe.receipt-sent");
        }
        agent.link.close();
        Ok(agent.destroy_credentials(self.core.state_mut())?)
    }
}

impl Agent {
    /// Destroys the keys of a phone that has left its fleet, then notes that they are gone. May run twice: the power may fail
    /// between the two.
    pub(crate) fn destroy_credentials(&self, state: &mut State) -> Result<(), FolderError> {
        self.folder.keys(&state.enrolment).destroy()?;
        if state
            .ended
            .as_ref()
            .is_some_and(|ended| ended.by == Kind::Wipe)
        {
            self.crash_point("wipe.keys-destroyed");
        }
        state.pin = None;
        state.anchors.clear();
        if let Some(ended) = &mut state.ended {
            ended.credentials_destroyed = true;
        }
        self.folder.save(state)
    }
}

/// Of two failures the one that says more: a server that refused was at least reached, and may have said when to come back.
fn weightier(one: Option<NetError>, other: NetError) -> NetError {
    match one {
        Some(refused @ NetError::Refused { .. }) => refused,
        Some(_) | None => other,
    }
}
