//! Meeting the server: whose descriptor, which keyring, under which CA root. Until all three hold, nothing secret is sent.

use muster_protocol::base64;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::ids::SerialNumber;
use muster_protocol::keyring::{HeldKeyring, Update, verify_chain, verify_update};
use muster_protocol::reason::{Reason, Refusal};
use muster_protocol::time::UnixTime;

use super::EnrolOptions;
use crate::agent::AgentError;
use crate::link::fetch_anchors;
use crate::net::NetError;
use crate::net::api::{FleetDocument, fleet_by_code, fleet_by_fingerprint};
use crate::net::client::Client;
use crate::net::tls::{CertificateTime, pinned, unverified};
use crate::net::url::ServerUrl;
use crate::state::State;

/// Asks for the descriptor and keyrings of the known fleet, or of the one that the code leads to.
pub(super) async fn meet(
    options: &EnrolOptions,
    known: Option<Digest>,
    serial: &SerialNumber,
) -> Result<FleetDocument, AgentError> {
    if let Some(fingerprint) = known {
        let mut stranger = Client::new(options.server.clone(), unverified()?);
        return match fleet_by_fingerprint(&mut stranger, &fingerprint).await {
            Err(NetError::Refused { status: 404, .. }) => Err(refused(
                Reason::PinMismatch,
                "this server knows no fleet with this fingerprint",
            )),
            outcome => Ok(outcome?),
        };
    }
    let tls = match options.ca_fingerprint {
        Some(authority) => {
            let roots = fetch_anchors(&options.server, &[authority]).await?;
            pinned(
                &roots,
                CertificateTime::At(options.system.clock.unix_seconds()),
                None,
            )?
        }
        None => unverified()?,
    };
    let mut client = Client::new(options.server.clone(), tls);
    fleet_by_code(&mut client, serial, &options.code)
        .await
        .map_err(explain_code)
}

/// The keyring to start from: the chain from the pinned root, or onwards from the one already held.
pub(super) fn first_keyring(
    earlier: Option<&State>,
    descriptor: &Descriptor,
    document: &FleetDocument,
    now: UnixTime,
) -> Result<HeldKeyring, AgentError> {
    let sentence = |refusal: Refusal| {
        refused(
            refusal.reason,
            "the fleet's keyrings do not hold; nothing was sent",
        )
    };
    let held = earlier
        .and_then(|state| base64::decode(&state.keyring))
        .and_then(|envelope| HeldKeyring::from_stored(envelope).ok());
    let Some(mut held) = held else {
        return verify_chain(descriptor, &document.keyrings, now).map_err(sentence);
    };
    for envelope in &document.keyrings {
        match verify_update(&held, envelope) {
            Ok(Update::Next(next)) => held = *next,
            // The server sends the chain from its beginning; what this phone has behind it needs no second look.
            Ok(Update::Same)
            | Err(Refusal {
                reason: Reason::KeyringRollback,
                ..
            }) => {}
            Err(refusal) => return Err(sentence(refusal)),
        }
    }
    Ok(held)
}

/// The CA roots under which the keyring's server, or an address it does not list, may stand.
pub(super) async fn roots(
    options: &EnrolOptions,
    keyring: &HeldKeyring,
) -> Result<Vec<Vec<u8>>, AgentError> {
    let servers = &keyring.keyring.servers;
    let is_this = |url: &str| {
        url.parse::<ServerUrl>()
            .is_ok_and(|url| url == options.server)
    };
    let mut authorities: Vec<Digest> = servers
        .iter()
        .filter(|entry| is_this(&entry.url))
        .map(|entry| entry.ca)
        .collect();
    if authorities.is_empty() {
        authorities = servers.iter().map(|entry| entry.ca).collect();
    }
    if let Some(given) = options.ca_fingerprint {
        authorities.retain(|authority| *authority == given);
        if authorities.is_empty() {
            return Err(AgentError::Impossible(
                "the fleet's keyring names another CA than --ca-fingerprint; check both".to_owned(),
            ));
        }
    }
    Ok(fetch_anchors(&options.server, &authorities).await?)
}

/// A document was refused, with what that means here.
pub(super) fn refused(code: Reason, sentence: &str) -> AgentError {
    AgentError::Enrolment {
        code,
        sentence: sentence.to_owned(),
    }
}

/// Why a server would not take the code: it does not say, so we name all it can be.
pub(super) fn explain_code(error: NetError) -> AgentError {
    match error {
        NetError::Refused { status: 401 | 403, .. } => AgentError::Impossible(
            "the server refused the enrolment code: it is wrong, used or expired, or belongs to another serial number; \
             ask for a new one"
                .to_owned(),
        ),
        other @ (NetError::Unreachable { .. }
        | NetError::Handshake { .. }
        | NetError::TimedOut(_)
        | NetError::TooLarge
        | NetError::Malformed(_)
        | NetError::Refused { .. }
        | NetError::CertificateMismatch(_)
        | NetError::Unusable(_)) => other.into(),
    }
}
