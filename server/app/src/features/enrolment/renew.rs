//! Renewal: a phone with a certificate gets the next one, for a new key. Nothing else changes: device and enrolment are the
//! certificate's own, whatever the request says (PROTOCOL §13).
//!
//! The old certificate holds until the new one is first used ([`supersede_older`]): an answer that was lost costs nothing.

use std::sync::Arc;

use muster_pki::identity::DeviceCertificate;
use muster_pki::issue::Issued;
use muster_pki::request::Request;
use muster_store::{Conn, StoreResult, certificates, enrolments, log, rate_limits};
use serde_json::json;

use super::{enrol, revoke};
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::device_listener::Phone;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::route::DeviceRequest;

/// Certificates one phone may ask for in a window: a phone that asks without end is broken.
const PER_DEVICE: i64 = 12;
/// The window, seconds.
const WINDOW: i64 = 3600;

/// Issues the next certificate; answers its DER. The same request again gets the same certificate.
///
/// # Errors
/// 422 for a request that does not fit, 429 when the phone asks too often, 403 when it was revoked meanwhile.
pub async fn renew(app: &Arc<App>, request: &DeviceRequest) -> Answer<Vec<u8>> {
    let phone = request.phone()?.clone();
    let asked = Request::from_body(&request.body).map_err(|error| {
        Problem::invalid(
            "certificate-request",
            format!("The certification request is refused: {error}."),
        )
    })?;
    let present = DeviceCertificate::parse(&phone.certificate_der)
        .map_err(|error| enrol::fault(error.to_string()))?;
    let enrolment = present.subject().enrolment_id();
    if asked.enrolment_id().is_some() && asked.enrolment_id() != enrolment {
        let detail = "The request names another enrolment than the certificate does. A renewal changes the key and nothing else.";
        return Err(Problem::invalid("certificate-request", detail));
    }
    if let Some(der) = answered_before(app, &phone, &asked).await? {
        return Ok(der);
    }
    within_limit(app, &phone).await?;
    let plan = enrol::plan(app, &phone.device, enrolment)?;
    enrol::intend(
        app,
        &plan,
        &phone.device,
        &phone.enrolment,
        asked.public_key(),
    )
    .await?;
    app.crash_point("renewal.intent-recorded");
    let issued = app
        .authority
        .sign_device(&plan, asked.public_key())
        .map_err(enrol::fault)?;
    app.crash_point("renewal.certificate-signed");
    let (der, app2) = (issued.der.clone(), app.clone());
    app.store
        .write_or_refuse(move |tx| store(tx, &app2, &phone, &issued))
        .await??;
    app.due.sequencer.notify_one();
    Ok(der)
}

fn store(tx: &mut Conn, app: &App, phone: &Phone, issued: &Issued) -> StoreResult<Answer<()>> {
    let now = app.now_micros();
    // Judged again inside the transaction: a revocation since the request began must not leave a live certificate behind.
    let lives = enrolments::find(tx, &phone.enrolment)?
        .is_some_and(|enrolment| enrolment.ended_at.is_none());
    if !lives
        || !certificates::complete(
            tx,
            &issued.serial.to_hex(),
            &issued.fingerprint,
            &issued.der,
        )?
    {
        return Ok(Err(Problem::new(
            Kind::Forbidden,
            "enrolment-over",
            "This enrolment is over. Enrol the phone again with a new code.",
        )));
    }
    log::append_leaf(
        tx,
        &phone.fleet,
        "certificate",
        &issued.fingerprint,
        &app.new_id(),
        now,
    )?;
    let entry = Entry {
        kind: "device.renewed",
        weight: Weight::Ordinary,
        place: Place::of_phone(phone),
        device: Some((phone.device.clone(), phone.serial.clone())),
        command: None,
        facts: json!({ "certificate": issued.serial.to_hex() }),
    };
    write::write(tx, app, &By::phone(phone), &entry)?;
    Ok(Ok(()))
}

/// The certificate this very key was given already, while it is young enough to be meant.
async fn answered_before(app: &App, phone: &Phone, asked: &Request) -> Answer<Option<Vec<u8>>> {
    let (enrolment, key, now) = (
        phone.enrolment.clone(),
        asked.public_key().spki_fingerprint(),
        app.now_micros(),
    );
    let der = app
        .store
        .read(move |c| certificates::der_for_key(c, &enrolment, &key, now))
        .await?;
    Ok(der.filter(|der| {
        DeviceCertificate::parse(der).is_ok_and(|known| app.now() < known.validity().renewal_at())
    }))
}

async fn within_limit(app: &App, phone: &Phone) -> Answer<()> {
    let (bucket, now) = (format!("renew:device:{}", phone.device), app.now_micros());
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

/// The phone used the certificate it came with: the ones it held before it are done with.
///
/// # Errors
/// The database refused.
pub fn supersede_older(tx: &mut Conn, app: &App, phone: &Phone, now: i64) -> StoreResult<bool> {
    let older = certificates::issued_before(tx, &phone.enrolment, &phone.certificate)?;
    for serial in &older {
        revoke::certificate(
            tx,
            app,
            &phone.fleet,
            serial,
            muster_pki::crl::Reason::Superseded,
            now,
        )?;
    }
    Ok(!older.is_empty())
}
