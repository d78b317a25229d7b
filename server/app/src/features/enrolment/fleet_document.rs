//! Fleet documents: the descriptor a phone pins and the chain of keyrings that leads from it. Nothing in them is believed
//! because it came from here; the phone checks all of it against its pin.

use std::sync::Arc;

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_store::fleets::{self, Fleet};
use muster_store::keyrings;
use serde_json::{Value, json};

use super::login::{Found, Login};
use crate::app::App;
use crate::web::problem::{Answer, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// More versions than a fleet ever signs: one a week for twenty years.
const VERSIONS: i64 = 1024;

/// `GET /v1/fleets/{fingerprint}`
///
/// # Errors
/// 404: no fleet here has this fingerprint.
pub async fn by_fingerprint(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    let fingerprint = Digest::parse(&request.tail)
        .map_err(|_| Problem::not_found("fleet"))?
        .to_hex();
    let fleet = app
        .store
        .read(move |c| fleets::find_by_fingerprint(c, &fingerprint))
        .await?;
    document(&app, fleet, None).await
}

/// `GET /v1/fleet`: the fleet an enrolment code leads to. The code is not spent by this.
///
/// # Errors
/// 401 for a code that cannot be used, 429 after too many refusals.
pub async fn by_code(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    let found = Login::of(&request)?.find(&app, None).await?;
    let (Found::Live(_, device) | Found::SpentOnThisKey(device)) = found;
    let id = device.fleet_id.clone();
    let fleet = app.store.read(move |c| fleets::find(c, &id)).await?;
    document(&app, fleet, Some(device.id)).await
}

async fn document(
    app: &App,
    fleet: Option<Fleet>,
    device: Option<String>,
) -> Answer<DeviceResponse> {
    let fleet = fleet.ok_or_else(|| Problem::not_found("fleet"))?;
    let descriptor = fleet
        .descriptor
        .ok_or_else(|| Problem::not_found("fleet"))?;
    let chain = app
        .store
        .read(move |c| keyrings::range(c, &fleet.id, 1, VERSIONS))
        .await?;
    let chain: Vec<Vec<u8>> = chain
        .into_iter()
        .map(|keyring| keyring.envelope.into_bytes())
        .collect();
    let mut document = of(descriptor.as_bytes(), &chain);
    if let Some(device) = device {
        document["device_id"] = device.into();
    }
    Ok(DeviceResponse::body(
        "application/json",
        document.to_string().into_bytes(),
    ))
}

/// The fleet document itself: what this route answers, and what `muster bundle publish` writes for any web server.
#[must_use]
pub fn of(descriptor: &[u8], chain: &[Vec<u8>]) -> Value {
    let keyrings: Vec<String> = chain
        .iter()
        .map(|envelope| base64::encode(envelope))
        .collect();
    json!({ "v": 1, "descriptor": base64::encode(descriptor), "keyrings": keyrings })
}
