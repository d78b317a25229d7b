//! Revocation: at once on the device listener, which asks the store at every request, and in the published list for others.

use std::sync::Arc;

use muster_domain::text::line;
use muster_pki::crl::Reason;
use muster_protocol::digest::Digest;
use muster_store::devices::{self, Device};
use muster_store::{Conn, StoreResult, certificates, enrolments, log};
use serde_json::json;

use super::{enrol, login};
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, RevokeDevices};
use crate::web::problem::{Answer, Problem};

/// A phone that a person puts out.
#[derive(Debug, Clone)]
pub struct Revocation {
    device: String,
    reason: String,
}

/// Why an enrolment ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// A person took the phone's rights away, for this reason.
    Person(String),
    /// The phone proved that it left the fleet.
    Killed,
    /// The phone proved that it was erased.
    Wiped,
}

impl Because {
    fn ended(&self) -> &'static str {
        match self {
            Self::Person(_) => "revoked",
            Self::Killed => "killed",
            Self::Wiped => "wiped",
        }
    }

    fn reason(&self) -> Reason {
        match self {
            Self::Person(_) => Reason::PrivilegeWithdrawn,
            Self::Killed | Self::Wiped => Reason::CessationOfOperation,
        }
    }

    fn words(&self) -> &str {
        match self {
            Self::Person(reason) => reason,
            Self::Killed | Self::Wiped => "",
        }
    }
}

impl Revocation {
    /// Checks what was asked.
    ///
    /// # Errors
    /// The reason is empty, too long or holds characters nobody can see.
    pub fn parse(device: &str, reason: &str) -> Answer<Self> {
        Ok(Self { device: device.to_owned(), reason: line("reason", reason, 200)? })
    }
}

/// Revokes every certificate of a device and ends its enrolment. Its next request is refused, on new, resumed and open
/// connections alike; what it waits for ends now.
///
/// # Errors
/// There is no such device in the actor's scope, or it holds nothing to revoke.
pub async fn revoke(app: &Arc<App>, allowed: &Allowed<RevokeDevices>, asked: Revocation) -> Answer<()> {
    let (by, scope, app2) = (By::actor(&allowed.actor), allowed.scope().clone(), app.clone());
    let device = asked.device.clone();
    app.store
        .write_or_refuse(move |tx| {
            let Some(device) = devices::find(tx, &scope, &asked.device)? else {
                return Ok(Err(Problem::not_found("device")));
            };
            let revoked = revoke_in(tx, &app2, &device, &Because::Person(asked.reason.clone()), &by)?;
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
/// # Errors
/// The database refused.
pub fn revoke_in(tx: &mut Conn, app: &App, device: &Device, because: &Because, by: &By) -> StoreResult<usize> {
    let now = app.now_micros();
    let Some(enrolment) = &device.enrolment_id else { return Ok(0) };
    let revoked = certificates_of(tx, app, &device.fleet_id, enrolment, because.reason(), now)?;
    if !enrolments::end(tx, enrolment, because.ended(), now)? && revoked == 0 {
        return Ok(0);
    }
    match because {
        // Nobody is there any more who could carry anything out.
        Because::Killed | Because::Wiped => enrol::empty_queue(tx, enrolment, now)?,
        // The phone may still hear of its commands by another carrier; they run out by themselves.
        Because::Person(_) => {}
    }
    let entry = Entry {
        kind: "device.revoked",
        weight: Weight::Major,
        place: login::place(device),
        device: Some((device.id.clone(), device.serial_number.clone())),
        command: None,
        facts: json!({ "why": because.ended(), "reason": because.words(), "certificates": revoked }),
    };
    write::write(tx, app, by, &entry)?;
    Ok(revoked)
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
    let serials = certificates::revoke_of_enrolment(tx, enrolment, Some(i64::from(reason.code())), now)?;
    for serial in &serials {
        leaf(tx, app, fleet, serial, reason, now)?;
    }
    Ok(serials.len())
}

/// Revokes one certificate, with its leaf in the log.
pub(super) fn certificate(tx: &mut Conn, app: &App, fleet: &str, serial: &str, reason: Reason, now: i64) -> StoreResult<()> {
    if certificates::revoke(tx, serial, Some(i64::from(reason.code())), now)? {
        leaf(tx, app, fleet, serial, reason, now)?;
    }
    Ok(())
}

/// The entry of a revocation is its line of the list as canonical JSON: whoever audits the log can make it again from the
/// certificate's row.
fn leaf(tx: &mut Conn, app: &App, fleet: &str, serial: &str, reason: Reason, now: i64) -> StoreResult<()> {
    let entry = json!({ "at": now, "reason": reason.code(), "serial_number": serial }).to_string();
    log::append_leaf(tx, fleet, "revocation", &Digest::of(entry.as_bytes()).to_hex(), &app.new_id(), now)
}
