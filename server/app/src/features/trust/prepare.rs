//! The first half of making a fleet: the server makes its two keys and tells their public halves. The second half happens on
//! an offline machine (`muster keyring create`), and comes back through [`super::adopt`].

use std::sync::Arc;

use muster_protocol::keys::Ed25519Signer;
use muster_protocol::{base64, ids};
use muster_store::{Conn, StoreResult, fleets, organisations};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::keys;
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::actor::{Allowed, ManageTrust};
use crate::web::problem::{Answer, Problem};

/// What the offline machine needs to know of the server to write a descriptor and the first keyring. None of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerFacts {
    /// The organisation that the phones will be pinned to.
    pub organisation: String,
    /// Its name, for people.
    pub organisation_name: String,
    /// The fleet's id: 32 hex characters.
    pub fleet: String,
    /// The server's online key, base64 of 32 bytes.
    pub online_key: String,
    /// The log's key, base64 of 32 bytes.
    pub log_key: String,
    /// The log's name.
    pub log_origin: String,
    /// The device listener's address.
    pub server_url: String,
    /// SHA-256 of the CA's root certificate.
    pub server_ca: String,
    /// The portal's host: no independent passkey may live there.
    pub portal_host: String,
    /// The approvals host, where there is one: the server draws its pages too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals_host: Option<String>,
    /// The fleet fingerprint, once the descriptor came back.
    pub fingerprint: Option<String>,
}

impl ServerFacts {
    /// Every host whose pages the server draws: no key that signs there is independent.
    #[must_use]
    pub fn portals(&self) -> Vec<String> {
        let mut hosts = vec![self.portal_host.clone()];
        hosts.extend(self.approvals_host.clone());
        hosts
    }
}

/// The facts of an organisation's fleet; the keys are made at the first call.
///
/// # Errors
/// There is no such reseller in the actor's scope.
pub async fn prepare(
    app: &Arc<App>,
    allowed: &Allowed<ManageTrust>,
    organisation: &str,
) -> Answer<ServerFacts> {
    let (by, scope, wanted, app2) = (
        By::actor(&allowed.actor),
        allowed.scope().clone(),
        organisation.to_owned(),
        app.clone(),
    );
    app.store
        .write_or_refuse(move |tx| {
            let Some(found) = organisations::find(tx, &scope, &wanted)? else {
                return Ok(Err(Problem::not_found("organisation")));
            };
            if found.kind != "reseller" {
                let detail = "A fleet belongs to a reseller: its approvers command the phones of all its customers.";
                return Ok(Err(Problem::invalid("not-a-reseller", detail)));
            }
            if let Some(fleet) = fleets::find_by_organisation(tx, &found.id)? {
                return Ok(facts(&app2, &fleet, &found.name));
            }
            let fleet = prepare_in(tx, &app2, &found, &by)?;
            Ok(facts(&app2, &fleet, &found.name))
        })
        .await?
}

/// Makes the keys and the row, on the record, inside the caller's transaction.
///
/// # Errors
/// The database refused.
pub fn prepare_in(
    tx: &mut Conn,
    app: &App,
    organisation: &organisations::Organisation,
    by: &By,
) -> StoreResult<fleets::Fleet> {
    let id = hex::encode(app.random.bytes::<16>());
    let seal = |purpose| {
        let seed = Zeroizing::new(app.random.bytes::<32>());
        app.vault.seal(purpose, &*seed, &*app.random)
    };
    let fleet = fleets::Fleet {
        log_origin: format!("{}/log/{id}", host(&app.device_url)),
        id,
        organisation_id: organisation.id.clone(),
        fingerprint: None,
        descriptor: None,
        log_key_sealed: seal(keys::LOG),
        online_key_sealed: seal(keys::ONLINE),
        created_at: app.now_micros(),
        next_online_key_sealed: None,
        next_log_key_sealed: None,
        next_log_origin: None,
    };
    fleets::insert(tx, &fleet)?;
    let entry = Entry {
        kind: "fleet.prepared",
        weight: Weight::Ordinary,
        place: Place {
            organisation: organisation.id.clone(),
            reseller: Some(organisation.id.clone()),
            fleet: Some(fleet.id.clone()),
        },
        device: None,
        command: None,
        facts: json!({ "fleet": fleet.id, "name": organisation.name }),
    };
    write::write(tx, app, by, &entry)?;
    Ok(fleet)
}

/// The facts of a fleet's row.
///
/// # Errors
/// Its keys were sealed under another installation's key.
pub fn facts(app: &App, fleet: &fleets::Fleet, name: &str) -> Answer<ServerFacts> {
    let keys = app.fleet_keys.of(app, fleet).map_err(|error| {
        tracing::error!(fleet = %fleet.id, error, "the keys of a fleet cannot be opened");
        Problem::conflict("keys-sealed", "The fleet's server keys cannot be opened with this installation's key file. Restore the right one.")
    })?;
    Ok(of(app, fleet, name, &keys, &fleet.log_origin))
}

/// The facts with these keys of the server.
pub(super) fn of(
    app: &App,
    fleet: &fleets::Fleet,
    name: &str,
    keys: &keys::ServerKeys,
    log_origin: &str,
) -> ServerFacts {
    let public = |signer: &Ed25519Signer| base64::encode(signer.verifying_key().raw());
    ServerFacts {
        organisation: fleet.organisation_id.clone(),
        organisation_name: name.to_owned(),
        fleet: fleet.id.clone(),
        online_key: public(&keys.online),
        log_key: public(&keys.log),
        log_origin: log_origin.to_owned(),
        server_url: app.device_url.clone(),
        server_ca: app.authority.ca_fingerprint(),
        portal_host: host(&app.portal_url),
        approvals_host: app
            .approvals
            .as_ref()
            .map(|approvals| approvals.host.clone()),
        fingerprint: fleet.fingerprint.clone(),
    }
}

/// The host of an address, without scheme, port and path.
#[must_use]
pub fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host)
        .to_ascii_lowercase()
}

/// The fleet id as the protocol types it.
///
/// # Errors
/// The row holds something else: a fault of ours.
pub fn fleet_id(fleet: &fleets::Fleet) -> Answer<ids::FleetId> {
    ids::FleetId::parse(&fleet.id).map_err(|_| {
        Problem::conflict(
            "fleet-id",
            "The fleet's id is damaged. Restore the database from a backup.",
        )
    })
}
