//! The agent's connection to one of its servers: which one, over which root, showing which certificate.

use muster_protocol::base64;
use muster_protocol::digest::{Digest, sha256};
use muster_protocol::time::DAY;

use crate::core::Core;
use crate::net::NetError;
use crate::net::api::fleet_by_fingerprint;
use crate::net::client::Client;
use crate::net::est;
use crate::net::tls::{self, CertificateTime};
use crate::net::url::ServerUrl;
use crate::state::credentials::TlsIdentity;

/// Connections kept between turns; opened anew when the server or the certificate changes.
#[derive(Default)]
pub struct Link {
    errands: Option<Open>,
    waiting: Option<Open>,
}

struct Open {
    certificate: Digest,
    client: Client,
}

/// What a connection is for. Waiting for a wake-up has its own, so that an errand never queues behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Check-in, receipts, renewal.
    Errand,
    /// The long poll.
    Wake,
}

impl Link {
    /// A connection that is open: the one kept, or a new one to the first server that can be reached, in the keyring's
    /// order.
    ///
    /// # Errors
    /// The last server's failure, when none can be reached.
    pub async fn client(
        &mut self,
        purpose: Purpose,
        core: &mut Core,
        identity: &TlsIdentity,
        clock: u64,
    ) -> Result<&mut Client, NetError> {
        let certificate = sha256(&identity.certificate);
        let servers = servers(core);
        let slot = match purpose {
            Purpose::Errand => &mut self.errands,
            Purpose::Wake => &mut self.waiting,
        };
        if let Some(kept) = slot.take()
            && kept.certificate == certificate
            && servers
                .iter()
                .any(|(server, _)| server == kept.client.url())
        {
            let mut kept = kept;
            if kept.client.open().await.is_ok() {
                return Ok(&mut slot.insert(kept).client);
            }
        }
        let mut failure =
            NetError::Unusable("the keyring names no server that this phone can reach".to_owned());
        for (server, authorities) in servers {
            match connect(core, server, &authorities, identity, clock).await {
                Ok(client) => {
                    return Ok(&mut slot
                        .insert(Open {
                            certificate,
                            client,
                        })
                        .client);
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Closes all connections: the certificate is another one, or they misbehave.
    pub fn close(&mut self) {
        *self = Self::default();
    }
}

async fn connect(
    core: &mut Core,
    server: ServerUrl,
    authorities: &[Digest],
    identity: &TlsIdentity,
    clock: u64,
) -> Result<Client, NetError> {
    let roots = anchors(core, &server, authorities).await?;
    let time = certificate_time(core, clock);
    let mut client = Client::new(server, tls::pinned(&roots, time, Some(identity))?);
    client.open().await?;
    Ok(client)
}

/// Asks every server of the keyring for keyrings, once a powered-on day and also while another one answers (PROTOCOL §5): a
/// server that was taken over keeps back the keyring that names its successor, and must not keep the phone with it. A phone
/// whose keyring names one server has nobody else to ask.
pub async fn ask_around(core: &mut Core, clock: u64) {
    let state = core.state_mut();
    let Some(fingerprint) = state.pin.as_ref().map(|pin| pin.fingerprint) else {
        return;
    };
    if state.powered_on.saturating_sub(state.asked_around) < DAY {
        return;
    }
    state.asked_around = state.powered_on;
    let servers = servers(core);
    if servers.len() < 2 {
        return;
    }
    for (server, authorities) in servers {
        match chain_of(core, &server, &authorities, &fingerprint, clock).await {
            Ok(chain) => core.take_chain(&chain),
            Err(error) => {
                tracing::debug!(%server, %error, "a server was asked for keyrings in vain");
            }
        }
    }
}

/// The keyrings that a server has of the fleet. They prove themselves; the phone shows no certificate for them.
async fn chain_of(
    core: &mut Core,
    server: &ServerUrl,
    authorities: &[Digest],
    fingerprint: &Digest,
    clock: u64,
) -> Result<Vec<Vec<u8>>, NetError> {
    let roots = anchors(core, server, authorities).await?;
    let time = certificate_time(core, clock);
    let mut client = Client::new(server.clone(), tls::pinned(&roots, time, None)?);
    Ok(fleet_by_fingerprint(&mut client, fingerprint)
        .await?
        .keyrings)
}

fn certificate_time(core: &Core, clock: u64) -> CertificateTime {
    let reading = core.reading(clock);
    if reading.clock_ok() {
        CertificateTime::At(reading.now().0)
    } else {
        CertificateTime::Unknown
    }
}

/// The servers to try, each with the fingerprints of the roots it may stand under. The address that enrolled the phone
/// comes last when the keyring does not list it, under any of the keyring's roots.
fn servers(core: &Core) -> Vec<(ServerUrl, Vec<Digest>)> {
    let listed = &core.keyring().keyring.servers;
    let mut servers: Vec<(ServerUrl, Vec<Digest>)> = listed
        .iter()
        .filter_map(|entry| Some((entry.url.parse().ok()?, vec![entry.ca])))
        .collect();
    if let Ok(own) = core.state().server.parse::<ServerUrl>()
        && servers.iter().all(|(server, _)| *server != own)
    {
        servers.push((own, listed.iter().map(|entry| entry.ca).collect()));
    }
    servers
}

/// The roots with these fingerprints: remembered, or fetched from the server without trust in it and checked by hash.
async fn anchors(
    core: &mut Core,
    server: &ServerUrl,
    authorities: &[Digest],
) -> Result<Vec<Vec<u8>>, NetError> {
    let known: Vec<Vec<u8>> = authorities
        .iter()
        .filter_map(|authority| base64::decode(core.state().anchors.get(&authority.to_string())?))
        .collect();
    if !known.is_empty() {
        return Ok(known);
    }
    let found = fetch_anchors(server, authorities).await?;
    for root in &found {
        core.state_mut()
            .anchors
            .insert(sha256(root).to_string(), base64::encode(root));
    }
    Ok(found)
}

/// Asks a server for its CA certificates and keeps those whose fingerprints are wanted.
///
/// # Errors
/// When it cannot be asked, or has none of them.
pub async fn fetch_anchors(
    server: &ServerUrl,
    authorities: &[Digest],
) -> Result<Vec<Vec<u8>>, NetError> {
    let mut stranger = Client::new(server.clone(), tls::unverified()?);
    let offered = est::ca_certificates(&mut stranger).await?;
    let found: Vec<Vec<u8>> = authorities
        .iter()
        .filter_map(|authority| tls::find_root(&offered, authority))
        .collect();
    if found.is_empty() {
        return Err(NetError::Unusable(format!(
            "{server} does not stand under a CA that the fleet's keyring names"
        )));
    }
    Ok(found)
}
