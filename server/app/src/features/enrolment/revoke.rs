//! Revocation: at once on the device listener, which asks the store at every request, and in the published list for others.

use std::sync::Arc;

use muster_domain::text::line;
use muster_pki::crl::Reason;
use muster_protocol::digest::Digest;
use muster_store::devices::{self, Device};
use muster_store::{Conn, StoreResult, certificates, enrolment_codes, enrolments, log};
use serde_json::json;

use super::login;
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, RevokeDevices};
use crate::web::device_listener::Phone;
use crate::web::problem::{Answer, Problem};

/// A phone that a person puts out.
#[derive(Debug, Clone)]
pub struct Revocation {
    device: String,
    reason: String,
}

impl Revocation {
    /// Checks what was asked. A reason is welcome and may be left out: a stolen phone does not wait for words.
    ///
    /// # Errors
    /// The reason is too long or holds characters nobody can see.
    pub fn parse(device: &str, reason: Option<&str>) -> Answer<Self> {
        let reason = reason
            .map(|reason| line("reason", reason, 200))
            .transpose()?;
        Ok(Self {
            device: device.to_owned(),
            reason: reason.unwrap_or_default(),
        })
    }
}

/// Revokes every certificate of a device and ends its enrolment. Its next request is refused, on new, resumed and open
/// connections alike; what it waits for ends now.
///
/// # Errors
/// There is no such device in the actor's scope, or it holds nothing to revoke.
pub async fn revoke(
    app: &Arc<App>,
    allowed: &Allowed<RevokeDevices>,
    asked: Revocation,
) -> Answer<()> {
    let (by, scope, app2) = (
        By::actor(&allowed.actor),
        allowed.scope().clone(),
        app.clone(),
    );
    let device = asked.device.clone();
    app.store
        .write_or_refuse(move |tx| {
            let Some(device) = devices::find(tx, &scope, &asked.device)? else {
                return Ok(Err(Problem::not_found("device")));
            };
            let revoked = revoke_in(tx, &app2, &device, &asked.reason, &by)?;
            if revoked == 0 {
                let detail = "This phone holds no certificate that could be revoked.";
                return Ok(Err(Problem::conflict("nothing-to-revoke", detail)));
            }
            Ok(Ok(()))
        })
        .await??;
    app.crash_point("revocation.recorded");
    ring(app, &device);
    Ok(())
}

/// [`revoke`] inside the caller's transaction; answers how many certificates it took. Call [`ring`] after the commit.
///
/// What waits in the phone's queue stays: the phone may still hear of it by another carrier, and it runs out by itself.
///
/// # Errors
/// The database refused.
pub fn revoke_in(
    tx: &mut Conn,
    app: &App,
    device: &Device,
    reason: &str,
    by: &By,
) -> StoreResult<usize> {
    let now = app.now_micros();
    let Some(enrolment) = &device.enrolment_id else {
        return Ok(0);
    };
    let revoked = certificates_of(
        tx,
        app,
        &device.fleet_id,
        enrolment,
        Reason::PrivilegeWithdrawn,
        now,
    )?;
    if revoked == 0 {
        return Ok(0);
    }
    enrolments::end(tx, enrolment, "revoked", now)?;
    // Out of the fleet until it enrols again; and no code that was handed out earlier brings it back.
    devices::set_lifecycle_for_phone(tx, &device.id, &["enrolled"], "registered")?;
    enrolment_codes::withdraw_of_device(tx, &device.id, now)?;
    let entry = Entry {
        kind: "device.revoked",
        weight: Weight::Major,
        place: login::place(device),
        device: Some((device.id.clone(), device.serial_number.clone())),
        command: None,
        facts: json!({ "reason": reason, "certificates": revoked }),
    };
    write::write(tx, app, by, &entry)?;
    Ok(revoked)
}

/// Revokes the certificates of a phone that proved that it left the fleet, and ends its enrolment: `why` is `killed` or
/// `wiped`. Call [`ring`] after the commit.
///
/// # Errors
/// The database refused.
pub fn revoke_enrolment_in(tx: &mut Conn, app: &App, phone: &Phone, why: &str) -> StoreResult<()> {
    let now = app.now_micros();
    enrolments::end(tx, &phone.enrolment, why, now)?;
    certificates_of(
        tx,
        app,
        &phone.fleet,
        &phone.enrolment,
        Reason::CessationOfOperation,
        now,
    )?;
    Ok(())
}

/// Tells whoever waits: the list of revoked certificates, the log, and the phone's parked request.
pub fn ring(app: &App, device: &str) {
    app.due.crl.notify_one();
    app.due.sequencer.notify_one();
    app.wakeups.wake(device);
}

/// Revokes the certificates of an enrolment, each with its leaf in the log; answers how many.
pub(super) fn certificates_of(
    tx: &mut Conn,
    app: &App,
    fleet: &str,
    enrolment: &str,
    reason: Reason,
    now: i64,
) -> StoreResult<usize> {
    let serials =
        certificates::revoke_of_enrolment(tx, enrolment, Some(i64::from(reason.code())), now)?;
    for serial in &serials {
        leaf(tx, app, fleet, serial, reason, now)?;
    }
    Ok(serials.len())
}

/// Revokes one certificate, with its leaf in the log.
pub(super) fn certificate(
    tx: &mut Conn,
    app: &App,
    fleet: &str,
    serial: &str,
    reason: Reason,
    now: i64,
) -> StoreResult<()> {
    if certificates::revoke(tx, serial, Some(i64::from(reason.code())), now)? {
        leaf(tx, app, fleet, serial, reason, now)?;
    }
    Ok(())
}

/// The entry of a revocation is its line of the list as canonical JSON: whoever audits the log can make it again from the
/// certificate's row.
fn leaf(
    tx: &mut Conn,
    app: &App,
    fleet: &str,
    serial: &str,
    reason: Reason,
    now: i64,
) -> StoreResult<()> {
    let entry = json!({ "at": now, "reason": reason.code(), "serial_number": serial }).to_string();
    log::append_leaf(
        tx,
        fleet,
        "revocation",
        &Digest::of(entry.as_bytes()).to_hex(),
        &app.new_id(),
        now,
    )
}
