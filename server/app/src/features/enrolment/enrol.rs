//! Enrolment: a code and a key become a certificate.
//!
//! The intent (serial number, device, key) is written down before anything is signed, and the certificate together with all
//! that follows from it after: a crash between the two leaves a code that can still be spent, and no certificate that the
//! store does not know. The same request again, while the code would have lived, gets the same certificate.

use std::sync::Arc;

use muster_domain::command::State;
use muster_pki::issue::{Issued, Plan};
use muster_pki::key::PublicKey;
use muster_pki::request::Request;
use muster_protocol::ids::EnrolmentId;
use muster_protocol::words::enrolment_words;
use muster_store::devices::{self, Device};
use muster_store::enrolments::{self, Enrolment};
use muster_store::{Conn, StoreResult, certificates, commands, enrolment_codes, log, targets};
use serde_json::json;

use super::login::{self, Found, Login};
use super::{crl, revoke};
use crate::app::App;
use crate::features::commands::cancel;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::device_listener::Phone;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::route::DeviceRequest;

/// A certificate that is about to be stored, and what it was asked for with.
#[derive(Debug, Clone)]
struct Joining {
    device: Device,
    /// The enrolment id: the one the phone chose, or the hash of its TLS key.
    enrolment: String,
    code: String,
    code_hash: String,
    issued: Issued,
}

/// What storing came to.
enum Stored {
    New,
    /// The same phone's other request was faster; this is the certificate it got.
    Before(Vec<u8>),
}

/// Spends the code on a certificate; answers its DER.
///
/// # Errors
/// 401 for any code that cannot be used, 422 for a request that does not fit (the code is not spent), 429 after too many
/// refusals, 409 for a key that was enrolled before.
pub async fn enrol(app: &Arc<App>, request: &DeviceRequest) -> Answer<Vec<u8>> {
    let login = Login::of(request)?;
    let asked = Request::from_body(&request.body);
    let key_hash = asked
        .as_ref()
        .ok()
        .map(|asked| asked.public_key().spki_fingerprint());
    // First the code, then the request: a stranger learns nothing about either from the other.
    let found = login.find(app, key_hash.as_deref()).await?;
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => return Err(refuse_request(app, &found, error.to_string()).await?),
    };
    let enrolment = enrolment_id(&asked);
    match found {
        Found::SpentOnThisKey(device) => {
            issued_before(app, &device, &enrolment, asked.public_key()).await
        }
        Found::Live(code, device) => join(app, code, device, enrolment, &asked).await,
    }
}

async fn join(
    app: &Arc<App>,
    code: enrolment_codes::EnrolmentCode,
    device: Device,
    enrolment: String,
    asked: &Request,
) -> Answer<Vec<u8>> {
    let plan = plan(app, &device.id, asked.enrolment_id())?;
    intend(app, &plan, &device.id, &enrolment, asked.public_key()).await?;
    app.crash_point("enrolment.intent-recorded");
    let issued = app
        .authority
        .sign_device(&plan, asked.public_key())
        .map_err(fault)?;
    app.crash_point("enrolment.certificate-signed");
    let (der, again) = (issued.der.clone(), device.epoch > 0);
    let joining = Joining {
        device,
        enrolment,
        code: code.id,
        code_hash: code.code_hash,
        issued,
    };
    let app2 = app.clone();
    let stored = app
        .store
        .write_or_refuse(move |tx| joining.store(tx, &app2))
        .await??;
    app.crash_point("enrolment.certificate-stored");
    app.due.sequencer.notify_one();
    if again {
        app.due.crl.notify_one();
    }
    Ok(match stored {
        Stored::New => der,
        Stored::Before(der) => der,
    })
}

impl Joining {
    fn store(&self, tx: &mut Conn, app: &App) -> StoreResult<Answer<Stored>> {
        let (now, device, key) = (app.now_micros(), &self.device, &self.issued.key_fingerprint);
        if !enrolment_codes::spend(tx, &self.code, key, now)? {
            let same =
                enrolment_codes::find_spent_for_key(tx, &self.code_hash, key, now)?.is_some();
            let der = if same {
                certificates::der_for_key(tx, &self.enrolment, key, now)?
            } else {
                None
            };
            return Ok(der.map(Stored::Before).ok_or_else(gone));
        }
        if enrolments::find(tx, &self.enrolment)?.is_some() {
            let detail = "This key was enrolled before. Make a new key, and enrol with it: an old enrolment never comes back.";
            return Ok(Err(Problem::conflict("key-known", detail)));
        }
        let Some(epoch) = devices::begin_enrolment(tx, &device.id, &self.enrolment, device.epoch)?
        else {
            return Ok(Err(gone()));
        };
        if !certificates::complete(
            tx,
            &self.issued.serial.to_hex(),
            &self.issued.fingerprint,
            &self.issued.der,
        )? {
            return Ok(Err(gone()));
        }
        self.end_earlier(tx, app, now)?;
        let new = Enrolment {
            id: self.enrolment.clone(),
            device_id: device.id.clone(),
            epoch,
            device_key: None,
            statement: None,
            pin: None,
            created_at: now,
            ended_at: None,
            ended_why: None,
        };
        enrolments::insert(tx, &new)?;
        log::append_leaf(
            tx,
            &device.fleet_id,
            "certificate",
            &self.issued.fingerprint,
            &app.new_id(),
            now,
        )?;
        let phone = self.phone();
        let entry = Entry {
            kind: "device.enrolled",
            weight: Weight::Major,
            place: Place::of_phone(&phone),
            device: Some((phone.device.clone(), phone.serial.clone())),
            command: None,
            facts: json!({ "epoch": epoch, "words": words(&self.enrolment), "certificate": phone.certificate }),
        };
        write::write(tx, app, &By::phone(&phone), &entry)?;
        Ok(Ok(Stored::New))
    }

    /// Who this is from now on.
    fn phone(&self) -> Phone {
        Phone {
            device: self.device.id.clone(),
            enrolment: self.enrolment.clone(),
            serial: self.device.serial_number.clone(),
            fleet: self.device.fleet_id.clone(),
            reseller: self.device.reseller_id.clone(),
            organisation: self.device.organisation_id.clone(),
            certificate: self.issued.serial.to_hex(),
            certificate_der: self.issued.der.clone(),
        }
    }

    /// The enrolments before end with all that hung on them: certificates are revoked, and what waited for the old
    /// enrolment id can never be carried out (RULES F1).
    fn end_earlier(&self, tx: &mut Conn, app: &App, now: i64) -> StoreResult<()> {
        for ended in
            enrolments::end_of_device(tx, &self.device.id, &self.enrolment, "re-enrolled", now)?
        {
            revoke::certificates_of(
                tx,
                app,
                &self.device.fleet_id,
                &ended,
                muster_pki::crl::Reason::Superseded,
                now,
            )?;
            empty_queue(tx, &ended, now)?;
        }
        Ok(())
    }
}

/// Cancels what waits for an enrolment that is over, and lets each command's state follow its targets.
fn empty_queue(tx: &mut Conn, enrolment: &str, now: i64) -> StoreResult<()> {
    for touched in targets::close_of_enrolment(tx, enrolment, State::Cancelled.as_str(), now)? {
        if let Some(command) = commands::find_for_job(tx, &touched)? {
            cancel::follow_targets(tx, &command)?;
        }
    }
    Ok(())
}

/// The enrolment id a request leads to: the phone's choice, or the hash of the key for a client that knows no better.
#[must_use]
pub fn enrolment_id(asked: &Request) -> String {
    asked.enrolment_id().map_or_else(
        || muster_pki::fingerprint(asked.public_key().raw()),
        str::to_owned,
    )
}

/// The five words of an enrolment id, as the phone's screen shows them; empty for what is no such id.
#[must_use]
pub fn words(enrolment: &str) -> String {
    EnrolmentId::parse(enrolment)
        .map(|id| enrolment_words(&id).join(" "))
        .unwrap_or_default()
}

/// Draws a serial number and lays down what the certificate will say.
///
/// # Errors
/// A fault of ours.
pub(super) fn plan(app: &App, device: &str, enrolment: Option<&str>) -> Answer<Plan> {
    app.authority
        .plan_device(device, enrolment, &crl::url(app), app.now(), &*app.random)
        .map_err(fault)
}

/// Writes the intent down.
///
/// # Errors
/// The database does not answer.
pub(super) async fn intend(
    app: &App,
    plan: &Plan,
    device: &str,
    enrolment: &str,
    key: &PublicKey,
) -> Answer<()> {
    let intent = certificates::Intent {
        serial_number: plan.serial.to_hex(),
        profile: "device".to_owned(),
        device_id: Some(device.to_owned()),
        enrolment_id: Some(enrolment.to_owned()),
        key_hash: key.spki_fingerprint(),
        not_before: plan.validity.not_before().as_microsecond(),
        not_after: plan.validity.not_after().as_microsecond(),
        created_at: app.now_micros(),
    };
    Ok(app
        .store
        .write(move |tx| certificates::intend(tx, &intent))
        .await?)
}

/// Something that should have worked did not.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(super) fn fault(error: String) -> Problem {
    tracing::error!(error, "a certificate could not be issued");
    Problem::new(
        Kind::Internal,
        "internal",
        "The certificate could not be issued. It is on our log; try again later.",
    )
}

async fn issued_before(
    app: &Arc<App>,
    device: &Device,
    enrolment: &str,
    key: &PublicKey,
) -> Answer<Vec<u8>> {
    let (id, key, now) = (
        enrolment.to_owned(),
        key.spki_fingerprint(),
        app.now_micros(),
    );
    let current = device.enrolment_id.as_deref() == Some(enrolment);
    let der = app
        .store
        .read(move |c| certificates::der_for_key(c, &id, &key, now))
        .await?;
    der.filter(|_| current).ok_or_else(gone)
}

async fn refuse_request(app: &Arc<App>, found: &Found, why: String) -> Answer<Problem> {
    let (Found::Live(_, device) | Found::SpentOnThisKey(device)) = found.clone();
    let app2 = app.clone();
    app.store
        .write(move |tx| login::refused(tx, &app2, &device, "request"))
        .await?;
    app.due.sequencer.notify_one();
    Ok(Problem::invalid(
        "certificate-request",
        format!("The certification request is refused: {why}. The code was not spent."),
    ))
}

/// The device's record changed under the request.
fn gone() -> Problem {
    Problem::conflict(
        "enrolment-moved-on",
        "The device's record changed meanwhile. Ask for a new code and enrol again.",
    )
}
