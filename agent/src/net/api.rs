//! The unsigned JSON of docs/DEVICE-API.md: fleet documents, check-ins, receipts, waking.

use std::time::Duration;

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::ids::{DeviceId, SerialNumber};
use serde::{Deserialize, Serialize};

use super::NetError;
use super::client::{Client, Question};
use super::est::basic;
use crate::core::report::CheckIn;

const JSON: &str = "application/json";
/// A bundle is at most 512 KiB (PROTOCOL §4).
const BUNDLE_LIMIT: usize = 512 * 1024;
/// A descriptor and a chain of keyrings.
const FLEET_LIMIT: usize = 8 * 1024 * 1024;
const SMALL_LIMIT: usize = 16 * 1024;
/// Most receipts in one request.
pub const RECEIPTS_AT_ONCE: usize = 32;

/// What a phone needs to start from its pin: unsigned bytes that are worth what they hash to.
#[derive(Clone, Debug)]
pub struct FleetDocument {
    /// The fleet descriptor's bytes.
    pub descriptor: Vec<u8>,
    /// Keyring envelopes, ascending from version 1.
    pub keyrings: Vec<Vec<u8>>,
    /// The device record that an enrolment code belongs to; only when asked with a code.
    pub device: Option<DeviceId>,
}

#[derive(Deserialize)]
struct FleetAnswer {
    descriptor: String,
    keyrings: Vec<String>,
    device_id: Option<String>,
}

/// The fleet of that fingerprint. Needs no trust in the server: the descriptor must hash to the fingerprint.
///
/// # Errors
/// No valid answer.
pub async fn fleet_by_fingerprint(
    client: &mut Client,
    fingerprint: &Digest,
) -> Result<FleetDocument, NetError> {
    fleet(
        client,
        Question::get(format!("/v1/fleets/{fingerprint}"), FLEET_LIMIT),
    )
    .await
}

/// The fleet that an enrolment code leads to. The code is not spent by this.
///
/// # Errors
/// No valid answer.
pub async fn fleet_by_code(
    client: &mut Client,
    serial: &SerialNumber,
    code: &str,
) -> Result<FleetDocument, NetError> {
    let question = Question::get("/v1/fleet", FLEET_LIMIT)
        .header("authorization", basic(serial.as_str(), code));
    fleet(client, question).await
}

async fn fleet(client: &mut Client, question: Question) -> Result<FleetDocument, NetError> {
    let answer: FleetAnswer = read(&client.ask(&question).await?.body)?;
    let bytes = |text: &str| {
        base64::decode(text).ok_or_else(|| NetError::Malformed("it is not base64".to_owned()))
    };
    Ok(FleetDocument {
        descriptor: bytes(&answer.descriptor)?,
        keyrings: answer
            .keyrings
            .iter()
            .map(|text| bytes(text))
            .collect::<Result<_, _>>()?,
        device: answer.device_id.and_then(|id| DeviceId::parse(&id).ok()),
    })
}

/// Hands in the signed enrolment statement.
///
/// # Errors
/// No valid answer.
pub async fn send_statement(client: &mut Client, envelope: &[u8]) -> Result<(), NetError> {
    client
        .ask(&Question::post(
            "/v1/enrolment",
            JSON,
            envelope.to_vec(),
            SMALL_LIMIT,
        ))
        .await
        .map(drop)
}

/// One check-in; the bundle's bytes, unread.
///
/// # Errors
/// No valid answer.
pub async fn check_in(client: &mut Client, check_in: &CheckIn) -> Result<Vec<u8>, NetError> {
    let body =
        serde_json::to_vec(check_in).map_err(|error| NetError::Unusable(error.to_string()))?;
    Ok(client
        .ask(&Question::post("/v1/check-in", JSON, body, BUNDLE_LIMIT))
        .await?
        .body)
}

/// What the server did with one receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptResult {
    /// Written down now.
    Stored,
    /// Was written down before.
    Known,
    /// Will never be taken; sending it again is of no use.
    Rejected,
}

#[derive(Serialize)]
struct ReceiptsBody<'a> {
    v: u64,
    receipts: Vec<&'a str>,
}

#[derive(Deserialize)]
struct ReceiptsAnswer {
    results: Vec<ReceiptResult>,
}

/// Hands in receipts, base64 envelopes, at most [`RECEIPTS_AT_ONCE`]; one result each, in order.
///
/// # Errors
/// No valid answer; nothing may be taken as delivered.
pub async fn send_receipts(
    client: &mut Client,
    receipts: &[&str],
    time_limit: Duration,
) -> Result<Vec<ReceiptResult>, NetError> {
    let body = serde_json::to_vec(&ReceiptsBody {
        v: 1,
        receipts: receipts.to_vec(),
    })
    .map_err(|error| NetError::Unusable(error.to_string()))?;
    let mut question = Question::post("/v1/receipts", JSON, body, SMALL_LIMIT);
    question.time_limit = time_limit;
    let answer: ReceiptsAnswer = read(&client.ask(&question).await?.body)?;
    if answer.results.len() == receipts.len() {
        Ok(answer.results)
    } else {
        Err(NetError::Malformed("not one result per receipt".to_owned()))
    }
}

/// Waits until the server has something, at most `seconds`; whether it has.
///
/// # Errors
/// No valid answer.
pub async fn wake(client: &mut Client, seconds: u64) -> Result<bool, NetError> {
    let mut question = Question::get(format!("/v1/wake?timeout={seconds}"), SMALL_LIMIT);
    question.time_limit = Duration::from_secs(seconds + 20);
    Ok(client.ask(&question).await?.status == 200)
}

fn read<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, NetError> {
    serde_json::from_slice(body).map_err(|error| NetError::Malformed(error.to_string()))
}
