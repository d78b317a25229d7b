//! `POST /v1/enrolment`: the phone says, signed by its device key, who it is, what it pinned and how (PROTOCOL §13). The
//! statement is stored as it came and logged; with it the phone can be sent commands.

use std::sync::Arc;

use muster_pki::identity::DeviceCertificate;
use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::enrolment::Statement;
use muster_store::{Conn, StoreResult, devices, enrolments, fleets, log};
use serde_json::json;

use super::{enrol, login};
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::device_listener::Phone;
use crate::web::problem::{Answer, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// Takes the statement. The same one again is fine.
///
/// # Errors
/// 422 when it is not a statement, not signed by its own device key, or not this phone's; 409 when another one is stored.
pub async fn take(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    let phone = request.phone()?.clone();
    let statement = match Statement::verify(&request.body) {
        Ok(statement) => statement,
        Err(refusal) => return Err(refuse(&app, &phone, refusal.reason.as_str()).await?),
    };
    let presented = DeviceCertificate::parse(&phone.certificate_der)
        .map_err(|error| enrol::fault(error.to_string()))?;
    let app2 = app.clone();
    let told = phone.clone();
    let outcome = app
        .store
        .write_or_refuse(move |tx| {
            let fingerprint = fleets::find(tx, &told.fleet)?.and_then(|fleet| fleet.fingerprint);
            match mismatch(
                &statement,
                &told,
                fingerprint.as_deref(),
                presented.public_key().raw(),
            ) {
                Some(member) => Ok(Err(Refused::Mismatch(member))),
                None => store(tx, &app2, &told, &statement, &request.body),
            }
        })
        .await?;
    app.due.sequencer.notify_one();
    match outcome {
        Ok(()) => Ok(DeviceResponse::empty()),
        Err(Refused::Mismatch(member)) => Err(refuse(&app, &phone, member).await?),
        Err(Refused::Another) => {
            let detail =
                "Another statement is stored for this enrolment. Enrol again with new keys.";
            Err(Problem::conflict("statement-known", detail))
        }
    }
}

/// Why nothing was stored.
enum Refused {
    /// This member is not this phone's.
    Mismatch(&'static str),
    /// There is another statement already.
    Another,
}

/// The first member that is not what the certificate and the record say.
fn mismatch(
    statement: &Statement,
    phone: &Phone,
    fingerprint: Option<&str>,
    tls_key: &[u8],
) -> Option<&'static str> {
    let checks = [
        (
            "enrolment",
            statement.enrolment().to_string() == phone.enrolment,
        ),
        ("device_id", statement.device_id.as_str() == phone.device),
        ("serial", statement.serial.as_str() == phone.serial),
        ("fleet", statement.fleet.as_str() == phone.fleet),
        (
            "organisation",
            statement.organisation.as_str() == phone.reseller,
        ),
        (
            "descriptor",
            fingerprint == Some(statement.descriptor.to_string().as_str()),
        ),
        ("tls_key", statement.tls_key.raw().as_slice() == tls_key),
    ];
    checks
        .into_iter()
        .find(|(_, fits)| !fits)
        .map(|(member, _)| member)
}

fn store(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    statement: &Statement,
    body: &[u8],
) -> StoreResult<Result<(), Refused>> {
    let text = String::from_utf8_lossy(body).into_owned();
    let key = base64::encode(statement.device_key.raw());
    let digest = Digest::of(body).to_hex();
    let stated = enrolments::Stated {
        device_key: &key,
        statement: &text,
        digest: &digest,
        pin: statement.pin.as_str(),
    };
    if !enrolments::set_statement(tx, &phone.enrolment, stated)? {
        let known =
            enrolments::find(tx, &phone.enrolment)?.and_then(|enrolment| enrolment.statement);
        return Ok(if known.as_deref() == Some(text.as_str()) {
            Ok(())
        } else {
            Err(Refused::Another)
        });
    }
    log::append_leaf(
        tx,
        &phone.fleet,
        "enrolment",
        &digest,
        &app.new_id(),
        app.now_micros(),
    )?;
    let entry = Entry {
        kind: "enrolment.stated",
        weight: Weight::Ordinary,
        place: Place::of_phone(phone),
        device: Some((phone.device.clone(), phone.serial.clone())),
        command: None,
        facts: json!({ "pin": statement.pin.as_str() }),
    };
    write::write(tx, app, &By::phone(phone), &entry)?;
    alarm_of_twins(tx, app, phone)?;
    alarm_of_a_stranger(tx, app, phone, statement)?;
    Ok(Ok(()))
}

/// A phone that took a live enrolment's place and does not know it: another handset with a caught code, or the same one after
/// its memory was erased. The one that was replaced thinks it is enrolled still.
fn alarm_of_a_stranger(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    statement: &Statement,
) -> StoreResult<()> {
    let Some(displaced) = enrolments::displaced_by(tx, &phone.enrolment)? else {
        return Ok(());
    };
    let known = statement.previous.map(|previous| previous.to_string());
    if known.as_deref() == Some(displaced.as_str()) {
        return Ok(());
    }
    let entry = doubled(Place::of_phone(phone), &phone.device, phone);
    write::write(tx, app, &By::system(), &entry)
}

fn doubled(place: Place, device: &str, phone: &Phone) -> Entry {
    Entry {
        kind: "device.enrolment-doubled",
        weight: Weight::Trouble,
        place,
        device: Some((device.to_owned(), phone.serial.clone())),
        command: None,
        facts: json!({}),
    }
}

/// Two live enrolments of one serial number are an alarm, for each of the fleets concerned. Neither learns whose the other is.
fn alarm_of_twins(tx: &mut Conn, app: &App, phone: &Phone) -> StoreResult<()> {
    let same_serial = devices::find_by_serial_number_for_phone(tx, &phone.serial)?;
    let twins: Vec<_> = same_serial
        .iter()
        .filter(|device| device.id != phone.device && device.lifecycle == "enrolled")
        .collect();
    for twin in &twins {
        write::write(
            tx,
            app,
            &By::system(),
            &doubled(login::place(twin), &twin.id, phone),
        )?;
    }
    if twins.is_empty() {
        Ok(())
    } else {
        write::write(
            tx,
            app,
            &By::system(),
            &doubled(Place::of_phone(phone), &phone.device, phone),
        )
    }
}

async fn refuse(app: &Arc<App>, phone: &Phone, why: &'static str) -> Answer<Problem> {
    let entry = Entry {
        kind: "enrolment.refused",
        weight: Weight::Trouble,
        place: Place::of_phone(phone),
        device: Some((phone.device.clone(), phone.serial.clone())),
        command: None,
        facts: json!({ "why": "statement", "member": why }),
    };
    let (app2, by) = (app.clone(), By::phone(phone));
    app.store
        .write(move |tx| write::write(tx, &app2, &by, &entry))
        .await?;
    app.due.sequencer.notify_one();
    let detail = format!(
        "The enrolment statement is refused ({why}). It must be this phone's own, signed by its device key."
    );
    Ok(Problem::invalid("statement", detail))
}
