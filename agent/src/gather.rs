//! Asking every server of the keyring for keyrings, once a day and also while another one answers (PROTOCOL §5): a server that
//! was taken over keeps back the keyring that names its successor, and must not keep the phone with it. An entry may be
//! static files on any web server: the question is one plain GET.

use muster_protocol::digest::Digest;
use muster_protocol::time::HOUR;

use crate::agent::{Agent, AgentError};
use crate::core::Core;
use crate::link::{Carrier, anchors, carriers, certificate_time};
use crate::net::client::Client;
use crate::net::{NetError, api, tls};
use crate::state::Asked;
use crate::turn::Live;

/// Less than a day, so that a phone whose check-ins are a day apart asks at each of them.
const EVERY: u64 = 20 * HOUR;
/// A server that gave no answer is asked again sooner.
const AGAIN: u64 = HOUR;

impl Live {
    /// Asks the servers whose day has come, and takes what is newer. Before the check-in, so that what it brings is judged by
    /// the newest keyring there is. Failures end nothing.
    ///
    /// # Errors
    /// When what was learnt cannot be stored.
    pub(crate) async fn gather_keyrings(&mut self, agent: &mut Agent) -> Result<(), AgentError> {
        let clock = agent.clock();
        let Some(fingerprint) = self.core.state().pin.as_ref().map(|pin| pin.fingerprint) else {
            return Ok(());
        };
        let asked = carriers(&self.core);
        if asked.len() < 2 {
            // Nobody else to ask: the check-in itself brings that server's keyrings.
            return Ok(());
        }
        for carrier in asked {
            if self.core.is_out_of_steps() {
                // The next turn goes on from here, and comes at once.
                agent.report_soon = true;
                break;
            }
            let name = carrier.url.to_string();
            if !is_due(self.core.state().asked.get(&name), &self.core, clock) {
                continue;
            }
            let answer = chain_of(&mut self.core, &carrier, &fingerprint, clock).await;
            let answered = answer.is_ok();
            match answer {
                Ok(chain) => self.core.take_chain(&chain),
                Err(error) => {
                    tracing::debug!(server = name, %error, "a server was asked for keyrings in vain");
                }
            }
            let powered_on = self.core.state().powered_on;
            let mark = Asked {
                powered_on,
                clock,
                answered,
            };
            if !self.core.is_out_of_steps() {
                self.core.state_mut().asked.insert(name, mark);
            }
            // Stored before use (PROTOCOL §5).
            agent.folder.save(self.core.state())?;
        }
        self.follow_move(agent);
        Ok(())
    }

    /// After a keyring that changed servers, their keys or the log: connections to the old ones are closed, so that the next
    /// question goes to the first of the new ones.
    pub(crate) fn follow_move(&mut self, agent: &mut Agent) -> bool {
        let moved = self.core.has_moved();
        if moved {
            agent.link.close();
        }
        moved
    }
}

fn is_due(asked: Option<&Asked>, core: &Core, clock: u64) -> bool {
    asked.is_none_or(|asked| {
        let every = if asked.answered { EVERY } else { AGAIN };
        let counted = core.state().powered_on.saturating_sub(asked.powered_on);
        counted.max(clock.abs_diff(asked.clock)) >= every
    })
}

/// The keyrings that a server has of the fleet. They prove themselves; the phone shows no certificate for them.
async fn chain_of(
    core: &mut Core,
    carrier: &Carrier,
    fingerprint: &Digest,
    clock: u64,
) -> Result<Vec<Vec<u8>>, NetError> {
    let roots = anchors(core, &carrier.url, &carrier.authorities).await?;
    let tls = tls::pinned(&roots, certificate_time(core, clock), None)?;
    let mut client = Client::new(carrier.url.clone(), tls);
    let document = api::fleet_by_fingerprint(&mut client, fingerprint).await?;
    Ok(document.keyrings)
}
