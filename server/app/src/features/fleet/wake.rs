//! `GET /v1/wake`: held until there is something to fetch. It only wakes; commands travel by check-in, one path.

use std::sync::Arc;
use std::time::Duration;

use muster_protocol::digest::Digest;
use muster_store::certificates;

use crate::app::App;
use crate::features::commands::deliver;
use crate::web::device_listener::Phone;
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// Seconds a phone waits unless it says otherwise.
const USUAL: u64 = 50;

/// Answers as soon as the phone would fetch something by checking in; 204 when the time has passed.
///
/// # Errors
/// The phone was revoked while it waited (403), or the timeout is out of bounds.
pub async fn wake(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    let phone = request.phone()?.clone();
    let seconds = seconds(&request.query)?;
    let parked = app.wakeups.park(&phone.device);
    let bell = parked.bell();
    let rung = bell.notified();
    tokio::pin!(rung);
    // Listening from here on: what happens between the look and the wait is heard.
    rung.as_mut().enable();
    if deliver::has_work(&app, &phone).await? {
        return Ok(something());
    }
    if tokio::time::timeout(Duration::from_secs(seconds), rung)
        .await
        .is_err()
    {
        return Ok(DeviceResponse::empty());
    }
    still_current(&app, &phone).await?;
    // Rung for nothing when the server closes: the phone is sent home and comes again.
    Ok(if deliver::has_work(&app, &phone).await? {
        something()
    } else {
        DeviceResponse::empty()
    })
}

fn something() -> DeviceResponse {
    DeviceResponse::body("application/json", b"{\"v\":1}".to_vec())
}

fn seconds(query: &str) -> Answer<u64> {
    let query = Fields::parse(query.as_bytes());
    let Some(text) = query.some("timeout") else {
        return Ok(USUAL);
    };
    let asked = text
        .parse()
        .ok()
        .filter(|seconds| (1..=120).contains(seconds));
    asked
        .ok_or_else(|| Problem::invalid("timeout", "timeout is a number of seconds from 1 to 120."))
}

/// A phone that was revoked or enrolled anew while it waited is told at once.
async fn still_current(app: &App, phone: &Phone) -> Answer<()> {
    let fingerprint = Digest::of(&phone.certificate_der).to_hex();
    let known = app
        .store
        .read(move |c| certificates::find_by_fingerprint(c, &fingerprint))
        .await?;
    let current = known.is_some_and(|known| {
        known.certificate.state == "issued"
            && known.device.enrolment_id.as_deref() == Some(phone.enrolment.as_str())
    });
    if current {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Forbidden,
        "certificate-revoked",
        "This certificate was revoked. Enrol the phone again with a new code.",
    ))
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn the_wait_is_bounded() {
        assert_eq!(seconds("").unwrap(), 50);
        assert_eq!(seconds("timeout=120").unwrap(), 120);
        for wrong in ["timeout=0", "timeout=121", "timeout=-1", "timeout=x"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
