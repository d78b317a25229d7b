//! Receipts as phones send them.

use std::sync::Arc;

use muster_protocol::base64;
use serde::{Deserialize, Serialize};

use super::receive::{self, Outcome};
use crate::app::App;
use crate::web::problem::{Answer, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// Receipts in one request.
const MOST: usize = 32;

#[derive(Deserialize)]
struct Sent {
    v: u64,
    receipts: Vec<String>,
}

#[derive(Serialize)]
struct Results {
    v: u64,
    results: Vec<&'static str>,
}

/// `POST /v1/receipts`
///
/// # Errors
/// The body is no list of receipts; the database does not answer.
pub async fn receipts(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    let phone = request.phone()?.clone();
    let sent: Sent = serde_json::from_slice(&request.body).map_err(|_| {
        Problem::invalid(
            "receipts",
            "Send {\"v\":1,\"receipts\":[base64, …]}. See docs/DEVICE-API.md.",
        )
    })?;
    if sent.v != 1 || sent.receipts.len() > MOST {
        return Err(Problem::invalid(
            "receipts",
            format!("Send version 1 and at most {MOST} receipts at once."),
        ));
    }
    let mut results = Vec::with_capacity(sent.receipts.len());
    for text in sent.receipts {
        let outcome = match base64::decode(&text) {
            Some(envelope) => receive::receive(&app, &phone, envelope).await?,
            None => Outcome::Rejected,
        };
        results.push(outcome.as_str());
    }
    let body = serde_json::to_vec(&Results { v: 1, results }).unwrap_or_default();
    Ok(DeviceResponse::body("application/json", body))
}
