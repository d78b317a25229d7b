//! Fleets over the API: what `muster keyring facts`, `create` and `publish` talk to.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use muster_protocol::base64;
use muster_store::{fleets, keyrings, organisations};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{adopt, policies, prepare, renew_keys};
use crate::app::App;
use crate::web::actor::{Allowed, ManageTrust, ReadFleet};
use crate::web::json::Json;
use crate::web::problem::{Answer, Problem};

/// This feature's part of the description.
#[derive(OpenApi)]
#[openapi(paths(show, prepare, renew_keys, adopt, publish, publish_policy))]
pub struct Api;

/// A fleet as the server carries it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FleetShown {
    /// The fleet's id.
    pub id: String,
    /// The organisation that phones are pinned to.
    pub organisation: String,
    /// SHA-256 of the descriptor; null until it came back from the offline machine.
    pub fingerprint: Option<String>,
    /// The descriptor, base64.
    pub descriptor: Option<String>,
    /// Every keyring from version 1 on, base64 envelopes.
    pub keyrings: Vec<String>,
    /// The newest policy, base64 envelope; null while there is none.
    pub policy: Option<String>,
}

/// The descriptor and first keyring, as `muster keyring create` wrote them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// The descriptor, base64.
    pub descriptor: String,
    /// The keyring's envelope, base64.
    pub keyring: String,
}

/// A keyring signed by the fleet's root keys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextKeyring {
    /// The envelope, base64.
    pub keyring: String,
}

/// A policy signed by an approver with a grant for policies.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextPolicy {
    /// The envelope, base64.
    pub policy: String,
}

/// What was stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stored {
    /// The fleet's fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The keyring's or policy's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// The fleet of a reseller: descriptor and keyrings, for approvers' programs to check against their own pin.
#[utoipa::path(get, path = "/api/v1/organisations/{id}/fleet", responses((status = 200, body = FleetShown)))]
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    path: Path<String>,
) -> Answer<HttpResponse> {
    let (scope, id) = (allowed.scope().clone(), path.into_inner());
    let found = app.store.read(move |c| {
        let Some(organisation) = organisations::find(c, &scope, &id)? else {
            return Ok(None);
        };
        // A customer's phones obey its reseller's fleet.
        let owner = organisation.reseller_id.unwrap_or(organisation.id);
        let Some(fleet) = fleets::find_by_organisation(c, &owner)? else {
            return Ok(None);
        };
        let chain = keyrings::range(c, &fleet.id, 1, 1024)?;
        let policy = muster_store::policies::newest(c, &fleet.id)?;
        Ok(Some((fleet, chain, policy)))
    });
    let (fleet, chain, policy) = found.await?.ok_or_else(|| Problem::not_found("fleet"))?;
    Ok(HttpResponse::Ok().json(FleetShown {
        id: fleet.id,
        organisation: fleet.organisation_id,
        fingerprint: fleet.fingerprint,
        descriptor: fleet.descriptor.map(|text| base64::encode(text.as_bytes())),
        keyrings: chain
            .iter()
            .map(|keyring| base64::encode(keyring.envelope.as_bytes()))
            .collect(),
        policy: policy.map(|policy| base64::encode(policy.envelope.as_bytes())),
    }))
}

/// Makes the server's two keys for a reseller's fleet, once, and tells the facts that the offline machine needs.
#[utoipa::path(post, path = "/api/v1/organisations/{id}/fleet", responses((status = 200, body = prepare::ServerFacts)))]
pub async fn prepare(
    app: Data<App>,
    allowed: Allowed<ManageTrust>,
    path: Path<String>,
) -> Answer<HttpResponse> {
    Ok(HttpResponse::Ok().json(prepare::prepare(&app, &allowed, &path).await?))
}

/// Makes fresh keys of the server for the next keyring, once until it names them, and tells the facts with them.
#[utoipa::path(post, path = "/api/v1/organisations/{id}/fleet/keys", responses((status = 200, body = prepare::ServerFacts)))]
pub async fn renew_keys(
    app: Data<App>,
    allowed: Allowed<ManageTrust>,
    path: Path<String>,
) -> Answer<HttpResponse> {
    Ok(HttpResponse::Ok().json(renew_keys::renew_keys(&app, &allowed, &path).await?))
}

/// Takes the next policy.
#[utoipa::path(post, path = "/api/v1/organisations/{id}/fleet/policies", request_body = NextPolicy, responses((status = 201, body = Stored)))]
pub async fn publish_policy(
    app: Data<App>,
    allowed: Allowed<ManageTrust>,
    path: Path<String>,
    body: Json<NextPolicy>,
) -> Answer<HttpResponse> {
    let envelope = bytes("policy", &body.value.policy)?;
    let version = policies::publish(&app, &allowed, &path, envelope).await?;
    Ok(HttpResponse::Created().json(Stored {
        fingerprint: None,
        version: Some(version),
    }))
}

/// Takes the descriptor and first keyring.
#[utoipa::path(post, path = "/api/v1/organisations/{id}/fleet/adopt", request_body = Adoption, responses((status = 201, body = Stored)))]
pub async fn adopt(
    app: Data<App>,
    allowed: Allowed<ManageTrust>,
    path: Path<String>,
    body: Json<Adoption>,
) -> Answer<HttpResponse> {
    let (descriptor, keyring) = (
        bytes("descriptor", &body.value.descriptor)?,
        bytes("keyring", &body.value.keyring)?,
    );
    let fingerprint = adopt::adopt(&app, &allowed, &path, descriptor, keyring).await?;
    Ok(HttpResponse::Created().json(Stored {
        fingerprint: Some(fingerprint),
        version: None,
    }))
}

/// Takes the next keyring.
#[utoipa::path(post, path = "/api/v1/organisations/{id}/fleet/keyrings", request_body = NextKeyring, responses((status = 201, body = Stored)))]
pub async fn publish(
    app: Data<App>,
    allowed: Allowed<ManageTrust>,
    path: Path<String>,
    body: Json<NextKeyring>,
) -> Answer<HttpResponse> {
    let version = adopt::publish(
        &app,
        &allowed,
        &path,
        bytes("keyring", &body.value.keyring)?,
    )
    .await?;
    Ok(HttpResponse::Created().json(Stored {
        fingerprint: None,
        version: Some(version),
    }))
}

fn bytes(name: &'static str, text: &str) -> Answer<Vec<u8>> {
    base64::decode(text)
        .ok_or_else(|| Problem::invalid("base64", format!("{name} is not base64 with padding.")))
}
