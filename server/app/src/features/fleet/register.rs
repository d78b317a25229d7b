//! A phone comes on the books: serial number, model, owner. It belongs to its reseller's fleet from then on.

use std::sync::Arc;

use muster_domain::device::{Imei, Lifecycle};
use muster_domain::scope::Scope;
use muster_domain::text::{Invalid, line};
use muster_protocol::ids::SerialNumber;
use muster_store::devices::{self, Device};
use muster_store::organisations::{self, Organisation};
use muster_store::{Conn, StoreResult, fleets};
use serde_json::json;

use crate::app::App;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::actor::{Allowed, ManageDevices};
use crate::web::problem::{Answer, Kind, Problem};

/// A phone as somebody wants it registered.
#[derive(Debug, Clone)]
pub struct NewDevice {
    serial: SerialNumber,
    model: String,
    imei: Option<Imei>,
    organisation: Option<String>,
}

impl NewDevice {
    /// Checks what was typed, scanned or sent.
    ///
    /// # Errors
    /// Every field that does not fit, each with what to do.
    pub fn parse(
        serial: &str,
        model: &str,
        imei: Option<&str>,
        organisation: Option<&str>,
    ) -> Answer<Self> {
        let mut faults = Vec::new();
        let serial = SerialNumber::parse(serial.trim()).map_err(|_| serial_fault(serial.trim()));
        let model = line("model", model, 64);
        let imei = imei.map(Imei::parse).transpose();
        let organisation = organisation.map(str::to_owned);
        match (serial, model, imei) {
            (Ok(serial), Ok(model), Ok(imei)) => Ok(Self {
                serial,
                model,
                imei,
                organisation,
            }),
            (serial, model, imei) => {
                faults.extend(serial.err());
                faults.extend(model.err());
                faults.extend(imei.err());
                Err(Problem::fields(faults))
            }
        }
    }
}

fn serial_fault(typed: &str) -> Invalid {
    if typed.is_empty() {
        return Invalid::new(
            "serial_number",
            "empty",
            "This is empty. Type at least one character.",
        );
    }
    let message =
        "A serial number has 1 to 64 letters, digits, dots, dashes and underscores. Scan it again.";
    Invalid::new("serial_number", "serial", message)
}

/// Registers a phone.
///
/// # Errors
/// The owner is not in the actor's scope or cannot own phones, its reseller has no fleet (`fleet-missing`), or the serial
/// number is registered already (`serial-taken`).
pub async fn register(
    app: &Arc<App>,
    allowed: &Allowed<ManageDevices>,
    new: NewDevice,
) -> Answer<Device> {
    let (by, scope, app2) = (
        By::actor(&allowed.actor),
        allowed.scope().clone(),
        app.clone(),
    );
    let wanted = owner_of(&new, &scope)?;
    let serial = new.serial.to_string();
    let registered = app
        .store
        .write_or_refuse(move |tx| {
            let Some(owner) = organisations::find(tx, &scope, &wanted)? else {
                let message = "There is no such organisation, or it is not yours to see.";
                return Ok(Err(Invalid::new(
                    "organisation_id",
                    "organisation-unknown",
                    message,
                )
                .into()));
            };
            register_in(tx, &app2, &owner, &new, &by)
        })
        .await;
    match registered {
        Err(error) if error.is_conflict_of("devices.fleet_id,serial_number") => Err(taken(&serial)),
        registered => {
            let device = registered??;
            app.due.sequencer.notify_one();
            Ok(device)
        }
    }
}

/// [`register`] inside the caller's transaction, for an owner the caller found.
///
/// # Errors
/// The database refused, also because the serial number is registered already; the inner error as [`register`].
pub fn register_in(
    tx: &mut Conn,
    app: &App,
    owner: &Organisation,
    new: &NewDevice,
    by: &By,
) -> StoreResult<Answer<Device>> {
    let Some(reseller) = &owner.reseller_id else {
        let message = "The operator owns no phones. Choose a reseller or one of its customers.";
        return Ok(Err(Invalid::new(
            "organisation_id",
            "organisation-operator",
            message,
        )
        .into()));
    };
    let Some(fleet) =
        fleets::find_by_organisation(tx, reseller)?.filter(|fleet| fleet.fingerprint.is_some())
    else {
        return Ok(Err(fleet_missing()));
    };
    let device = Device {
        id: app.new_id(),
        organisation_id: owner.id.clone(),
        reseller_id: reseller.clone(),
        fleet_id: fleet.id,
        serial_number: new.serial.to_string(),
        imei: new.imei.as_ref().map(|imei| imei.as_str().to_owned()),
        model: new.model.clone(),
        lifecycle: Lifecycle::Registered.as_str().to_owned(),
        epoch: 0,
        enrolment_id: None,
        created_at: app.now_micros(),
    };
    devices::insert(tx, &device)?;
    let entry = Entry {
        kind: "device.registered",
        weight: Weight::Ordinary,
        place: Place {
            organisation: device.organisation_id.clone(),
            reseller: Some(device.reseller_id.clone()),
            fleet: Some(device.fleet_id.clone()),
        },
        device: Some((device.id.clone(), device.serial_number.clone())),
        command: None,
        facts: json!({ "model": device.model, "organisation": owner.name }),
    };
    write::write(tx, app, by, &entry)?;
    Ok(Ok(device))
}

/// Without a fleet there is nobody a phone could obey.
#[must_use]
pub fn fleet_missing() -> Problem {
    let detail = "This reseller has no fleet yet, so there is nobody its phones could obey. Make one with `muster keyring create` \
                  on an offline machine, and publish it here.";
    Problem::conflict("fleet-missing", detail)
}

fn owner_of(new: &NewDevice, scope: &Scope) -> Answer<String> {
    if let Some(organisation) = &new.organisation {
        return Ok(organisation.clone());
    }
    match scope {
        Scope::Reseller(own) => Ok(own.clone()),
        Scope::Customer { customer, .. } => Ok(customer.clone()),
        Scope::Platform => {
            let message =
                "Say which organisation owns the phone: a reseller or one of its customers.";
            Err(Invalid::new("organisation_id", "organisation-missing", message).into())
        }
    }
}

fn taken(serial: &str) -> Problem {
    let message =
        format!("{serial} is registered in this fleet already. Open its page to make a new code.");
    let fault = Invalid::new("serial_number", "serial-taken", message.clone());
    Problem {
        fields: vec![fault],
        ..Problem::new(Kind::Conflict, "serial-taken", message)
    }
}

#[cfg(test)]
mod tests {
    use super::NewDevice;

    #[test]
    fn every_fault_is_told_at_once() {
        let problem = NewDevice::parse("HX7 30418", " ", Some("49015420323751"), None).unwrap_err();
        let fields: Vec<&str> = problem.fields.iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["serial_number", "model", "imei"]);
        assert!(NewDevice::parse(" HX7-30418-K2 ", "Hardline X7", None, None).is_ok());
    }
}
