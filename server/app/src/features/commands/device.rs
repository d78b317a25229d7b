//! Receipts as phones send them.

use std::sync::Arc;

use muster_protocol::base64;
use muster_store::rate_limits;
use serde::{Deserialize, Serialize};

use super::receive::{self, Outcome};
use crate::app::App;
use crate::web::device_listener::Phone;
use crate::web::problem::{Answer, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// Receipts in one request.
const MOST: usize = 32;
/// Requests with receipts that one phone may send in a window; an honest one sends a few after each check-in. Receipts are
/// kept and logged for good, so a phone that lies must not write without end.
const PER_DEVICE: i64 = 240;
/// The window, seconds.
const WINDOW: i64 = 3600;

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
/// The body is no list of receipts; the phone sends too many; the database does not answer.
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
    within_limit(&app, &phone).await?;
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

async fn within_limit(app: &App, phone: &Phone) -> Answer<()> {
    let (bucket, now) = (
        format!("receipts:device:{}", phone.device),
        app.now_micros(),
    );
    let window = now - now.rem_euclid(WINDOW * 1_000_000);
    let used = app
        .store
        .write(move |tx| rate_limits::hit(tx, &bucket, window))
        .await?;
    if used > PER_DEVICE {
        let left = (window + WINDOW * 1_000_000 - now) / 1_000_000;
        return Err(Problem::too_many(u32::try_from(left.max(1)).unwrap_or(1)));
    }
    Ok(())
}
