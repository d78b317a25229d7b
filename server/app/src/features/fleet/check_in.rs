//! `POST /v1/check-in`: the phone says how it is, the answer is its bundle. Everything it says is hostile input: bounded and
//! cleaned by `muster_domain::check_in`, and believed only as far as a page shows it.

use std::sync::Arc;

use muster_domain::check_in::{CheckIn, NotACheckIn};
use muster_domain::device::Contact;
use muster_domain::report::Cleaning;
use muster_store::{Conn, StoreResult, check_ins, devices, rate_limits};
use serde_json::{Value, json};

use super::shape::days_since;
use crate::app::App;
use crate::features::commands::deliver;
use crate::features::enrolment::renew;
use crate::features::log::gossip;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::features::trust::renew_keys;
use crate::web::device_listener::Phone;
use crate::web::problem::{Answer, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// A day, microseconds.
const DAY: i64 = 86_400_000_000;

/// Writes a check-in down and answers the phone's bundle.
///
/// # Errors
/// The body is no check-in, or the database does not answer; then nothing was written down.
pub async fn check_in(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    let phone = request.phone()?.clone();
    let now = app.now_micros();
    let said = CheckIn::read(&request.body, u64::try_from(now / 1_000_000).unwrap_or(0))
        .map_err(refused)?;
    let (app2, phone2, said2) = (app.clone(), phone.clone(), said.clone());
    let superseded = app
        .store
        .write(move |tx| record(tx, &app2, &phone2, &said2, now))
        .await?;
    app.crash_point("check-in.recorded");
    if superseded {
        app.due.sequencer.notify_one();
        app.due.crl.notify_one();
    }
    Ok(DeviceResponse::body(
        "application/json",
        deliver::bundle(&app, &phone, &said).await?,
    ))
}

/// The answer to what is no check-in.
fn refused(fault: NotACheckIn) -> Problem {
    let code = match fault {
        NotACheckIn::Form => "check-in",
        NotACheckIn::Version => "version",
    };
    Problem::invalid(code, fault.to_string())
}

/// Writes it down, with whatever it is a sign of; whether certificates were superseded.
fn record(tx: &mut Conn, app: &App, phone: &Phone, said: &CheckIn, now: i64) -> StoreResult<bool> {
    let held = devices::state_for_phone(tx, &phone.device)?;
    let before = held.as_ref().and_then(|state| state.last_check_in_at);
    check_ins::record_for_phone(tx, &row(phone, said, now))?;
    let superseded = renew::supersede_older(tx, app, phone, now)?;
    if let (Contact::Stale | Contact::Lost, Some(then)) = (Contact::at(before, now), before) {
        let facts = json!({ "hours": (now - then) / 3_600_000_000, "days": days_since(then, now) });
        event(tx, app, phone, "device.back", Weight::Ordinary, facts)?;
    }
    if said.cleaning != Cleaning::default() && first_today(tx, "report-mended", phone, now)? {
        event(
            tx,
            app,
            phone,
            "report.mended",
            Weight::Trouble,
            cleaning(&said.cleaning),
        )?;
    }
    // Looked up when the phone's checkpoint is another than last time: the same one was compared then.
    let moved = held.as_ref().is_none_or(|held| {
        Some(held.checkpoint_size)
            != said
                .checkpoint_size
                .and_then(|size| i64::try_from(size).ok())
            || held.checkpoint_root != said.checkpoint_root.map(|root| root.to_hex())
    });
    let version = i64::try_from(said.keyring_version).unwrap_or(i64::MAX);
    let other_log = moved
        && renew_keys::names_this_log(tx, &phone.fleet, version)?
        && gossip::is_of_another_log(tx, &phone.fleet, said.checkpoint_size, said.checkpoint_root)?;
    if (said.forked || other_log) && first_today(tx, "log-forked", phone, now)? {
        let facts = json!({ "size": said.checkpoint_size.unwrap_or(0) });
        event(tx, app, phone, "log.forked", Weight::Trouble, facts)?;
    }
    Ok(superseded)
}

fn row(phone: &Phone, said: &CheckIn, now: i64) -> check_ins::CheckIn {
    let bounded = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    check_ins::CheckIn {
        device_id: phone.device.clone(),
        reseller_id: phone.reseller.clone(),
        organisation_id: phone.organisation.clone(),
        at: now,
        report: said
            .report
            .as_ref()
            .and_then(|report| serde_json::to_string(report).ok()),
        restrictions: serde_json::to_string(&said.restrictions).unwrap_or_else(|_| "[]".to_owned()),
        locked: said.locked(),
        suspended: said.suspended(),
        held: said.held,
        keyring_version: bounded(said.keyring_version),
        checkpoint_size: said.checkpoint_size.map_or(0, bounded),
        checkpoint_root: said.checkpoint_root.map(|root| root.to_hex()),
        nonce: said.nonce.map(|nonce| nonce.to_hex()),
        policy_version: bounded(said.policy_version),
        compliance: said
            .compliance
            .as_ref()
            .and_then(|compliance| serde_json::to_string(compliance).ok()),
        freshness: said
            .freshness
            .map(|freshness| freshness.as_str().to_owned()),
    }
}

/// A phone that sends nonsense at every check-in gets one line a day on the record.
pub(crate) fn first_today(tx: &mut Conn, what: &str, phone: &Phone, now: i64) -> StoreResult<bool> {
    Ok(rate_limits::hit(
        tx,
        &format!("{what}:{}", phone.device),
        now - now.rem_euclid(DAY),
    )? == 1)
}

/// What the record says of it: the members that were changed or left out, and how many nobody knows.
fn cleaning(cleaning: &Cleaning) -> Value {
    let mut fields: Vec<String> = cleaning
        .mended
        .iter()
        .map(|&name| name.to_owned())
        .collect();
    if cleaning.from_the_future {
        fields.push("at".to_owned());
    }
    if cleaning.unknown > 0 {
        fields.push(format!("+{}", cleaning.unknown));
    }
    json!({
        "fields": fields.join(", "),
        "unknown": cleaning.unknown,
        "future": u8::from(cleaning.from_the_future),
    })
}

fn event(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    kind: &'static str,
    weight: Weight,
    facts: Value,
) -> StoreResult<()> {
    let device = Some((phone.device.clone(), phone.serial.clone()));
    let entry = Entry {
        kind,
        weight,
        place: Place::of_phone(phone),
        device,
        command: None,
        facts,
    };
    write::write(tx, app, &By::phone(phone), &entry)
}
