//! The agent's connection to one of its servers: which one, over which root, showing which certificate.

use muster_protocol::base64;
use muster_protocol::digest::{Digest, sha256};
use muster_protocol::time::DAY;

use crate::core::Core;
use crate::net::NetError;
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
    /// By which clock servers' certificates are judged on it, Unix seconds.
    judged_at: u64,
    client: Client,
}

/// How long a connection is kept, in seconds of either direction: one opened anew after it broke would judge the server by the
/// time at which the first was made, and refuse a certificate that the server has renewed since.
const KEPT: u64 = DAY;

/// What a connection is for. Waiting for a wake-up has its own, so that an errand never queues behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Check-in, receipts, renewal.
    Errand,
    /// The long poll.
    Wake,
}

/// A server to try, with the fingerprints of the roots it may stand under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Where it is.
    pub url: ServerUrl,
    /// Its roots: the one that the keyring names for it.
    pub authorities: Vec<Digest>,
}

impl Link {
    /// A connection that is open: the one kept, or a new one to the first server that can be reached, in the phone's order.
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
        let mut failure = no_server();
        let mut reached = None;
        for carrier in self.order(core) {
            match self
                .client_of(purpose, &carrier, core, identity, clock)
                .await
            {
                Ok(_) => {
                    reached = Some(carrier);
                    break;
                }
                Err(error) => failure = error,
            }
        }
        match reached {
            // Open already: this only hands it out.
            Some(carrier) => {
                self.client_of(purpose, &carrier, core, identity, clock)
                    .await
            }
            None => Err(failure),
        }
    }

    /// A connection to this very server that is open: the one kept, or a new one.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn client_of(
        &mut self,
        purpose: Purpose,
        carrier: &Carrier,
        core: &mut Core,
        identity: &TlsIdentity,
        clock: u64,
    ) -> Result<&mut Client, NetError> {
        let certificate = sha256(&identity.certificate);
        let slot = self.slot(purpose);
        let mut open = match slot.take() {
            Some(kept)
                if kept.certificate == certificate
                    && *kept.client.url() == carrier.url
                    && clock.abs_diff(kept.judged_at) < KEPT =>
            {
                kept
            }
            Some(_) | None => {
                let roots = anchors(core, &carrier.url, &carrier.authorities).await?;
                let tls = tls::pinned(&roots, certificate_time(core, clock), Some(identity))?;
                Open {
                    certificate,
                    judged_at: clock,
                    client: Client::new(carrier.url.clone(), tls),
                }
            }
        };
        open.client.open().await?;
        Ok(&mut slot.insert(open).client)
    }

    /// The servers in the order in which this phone tries them: the one it is connected to, then the one it turned to, then
    /// the keyring's order.
    #[must_use]
    pub fn order(&self, core: &Core) -> Vec<Carrier> {
        let mut carriers = carriers(core);
        let mut is_first = |url: &str| {
            if let Some(at) = carriers
                .iter()
                .position(|carrier| carrier.url.to_string() == url)
            {
                carriers.rotate_left(at);
            }
        };
        // Waiting follows the errands: the server that answers is the one that knows of news.
        match self.errands.as_ref().or(self.waiting.as_ref()) {
            Some(kept) => is_first(&kept.client.url().to_string()),
            None => is_first(core.state().carrier.as_deref().unwrap_or_default()),
        }
        carriers
    }

    /// The server that errands go to at present.
    #[must_use]
    pub fn connected_to(&self) -> Option<&ServerUrl> {
        self.errands.as_ref().map(|open| open.client.url())
    }

    /// Closes all connections: the certificate is another one, or they misbehave, or the phone moves.
    pub fn close(&mut self) {
        *self = Self::default();
    }

    fn slot(&mut self, purpose: Purpose) -> &mut Option<Open> {
        match purpose {
            Purpose::Errand => &mut self.errands,
            Purpose::Wake => &mut self.waiting,
        }
    }
}

/// What is said when there is nobody to ask.
#[must_use]
pub fn no_server() -> NetError {
    NetError::Unusable("the keyring names no server that this phone can reach".to_owned())
}

/// By which time servers' certificates are judged.
#[must_use]
pub fn certificate_time(core: &Core, clock: u64) -> CertificateTime {
    let reading = core.reading(clock);
    if reading.clock_ok() {
        CertificateTime::At(reading.now().0)
    } else {
        CertificateTime::Unknown
    }
}

/// The servers that may carry this phone's mail, in the keyring's order. The address that enrolled the phone comes last
/// when the keyring does not list it, under any of the keyring's roots.
#[must_use]
pub fn carriers(core: &Core) -> Vec<Carrier> {
    let listed = &core.keyring().keyring.servers;
    let mut carriers: Vec<Carrier> = listed
        .iter()
        .filter_map(|entry| {
            Some(Carrier {
                url: entry.url.parse().ok()?,
                authorities: vec![entry.ca],
            })
        })
        .collect();
    if let Ok(own) = core.state().server.parse::<ServerUrl>()
        && carriers.iter().all(|carrier| carrier.url != own)
    {
        carriers.push(Carrier {
            url: own,
            authorities: listed.iter().map(|entry| entry.ca).collect(),
        });
    }
    carriers
}

/// The roots with these fingerprints: remembered, or fetched from the server without trust in it and checked by hash.
///
/// # Errors
/// When it cannot be asked, or has none of them.
pub async fn anchors(
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

/// The certificates with these fingerprints among those that a server shows in its handshake, as any web server with static
/// files does, or hands out as its CA's.
///
/// # Errors
/// When it cannot be asked, or has none of them.
pub async fn fetch_anchors(
    server: &ServerUrl,
    authorities: &[Digest],
) -> Result<Vec<Vec<u8>>, NetError> {
    let wanted = |offered: &[Vec<u8>]| -> Vec<Vec<u8>> {
        authorities
            .iter()
            .filter_map(|authority| tls::find_root(offered, authority))
            .collect()
    };
    let mut stranger = Client::new(server.clone(), tls::unverified()?);
    let mut found = wanted(&stranger.shown_certificates().await?);
    if found.is_empty() {
        found = wanted(&est::ca_certificates(&mut stranger).await?);
    }
    if found.is_empty() {
        return Err(NetError::Unusable(format!(
            "{server} does not stand under a CA that the fleet's keyring names"
        )));
    }
    Ok(found)
}
