//! Writing on the record. Called inside the transaction of the act itself, so that no act is without its event.

use muster_store::{Conn, StoreResult, events, log};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::features::log::installation;
use crate::web::actor::Actor;
use crate::web::device_listener::Phone;

/// How much an event weighs on a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// One of many.
    Ordinary,
    /// A turn in the life of a phone or an organisation.
    Major,
    /// Somebody should look at it.
    Trouble,
}

impl Weight {
    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Major => "major",
            Self::Trouble => "trouble",
        }
    }
}

/// Who did it, by reference and by the name they had then.
#[derive(Debug, Clone)]
pub struct By {
    reference: String,
    name: String,
}

impl By {
    /// A member or a token.
    #[must_use]
    pub fn actor(actor: &Actor) -> Self {
        Self {
            reference: actor.reference(),
            name: actor.name.clone(),
        }
    }

    /// A member who has no session as yet: at sign-in, or by a link.
    #[must_use]
    pub fn member(id: &str, name: &str) -> Self {
        Self {
            reference: format!("member:{id}"),
            name: name.to_owned(),
        }
    }

    /// A phone.
    #[must_use]
    pub fn phone(phone: &Phone) -> Self {
        Self {
            reference: format!("device:{}", phone.device),
            name: phone.serial.clone(),
        }
    }

    /// A job of the schedule.
    #[must_use]
    pub fn job(name: &str) -> Self {
        Self {
            reference: format!("job:{name}"),
            name: "Muster".to_owned(),
        }
    }

    /// The program itself, at a start or from its command line.
    #[must_use]
    pub fn system() -> Self {
        Self {
            reference: "system".to_owned(),
            name: "Muster".to_owned(),
        }
    }

    /// Somebody who is not signed in, by what they called themselves.
    #[must_use]
    pub fn stranger(name: &str) -> Self {
        Self {
            reference: "stranger".to_owned(),
            name: name.to_owned(),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Dotted word, e.g. `device.enrolled`; its sentence stands in the catalogue as `event-device-enrolled`.
    pub kind: &'static str,
    /// How much it weighs.
    pub weight: Weight,
    /// Whose matter it is.
    pub place: Place,
    /// The device concerned: id and serial number.
    pub device: Option<(String, String)>,
    /// The command concerned.
    pub command: Option<String>,
    /// What the sentence needs beside: a flat object of strings and numbers.
    pub facts: Value,
}

/// Whose matter an event is.
#[derive(Debug, Clone)]
pub struct Place {
    /// The organisation.
    pub organisation: String,
    /// Its reseller; `None` for the operator.
    pub reseller: Option<String>,
    /// The fleet whose log takes the entry; `None` for the one of the reseller, or else the installation's own.
    pub fleet: Option<String>,
}

impl Place {
    /// Where a phone belongs.
    #[must_use]
    pub fn of_phone(phone: &Phone) -> Self {
        Self {
            organisation: phone.organisation.clone(),
            reseller: Some(phone.reseller.clone()),
            fleet: Some(phone.fleet.clone()),
        }
    }

    /// An actor's own organisation; for what concerns people rather than phones.
    #[must_use]
    pub fn of_actor(actor: &Actor) -> Self {
        Self {
            organisation: actor.organisation.id.clone(),
            reseller: actor.organisation.reseller.clone(),
            fleet: None,
        }
    }
}

/// Writes `entry` on the record, and its digest as an administrative act into the fleet's log, or where there is no fleet into
/// the installation's own (docs/adr/0006).
///
/// # Errors
/// The database refused; the act is undone with it.
pub fn write(tx: &mut Conn, app: &App, by: &By, entry: &Entry) -> StoreResult<()> {
    let (id, at) = (app.new_id(), app.now_micros());
    let (device_id, serial_number) = entry.device.clone().unzip();
    let event = events::Event {
        id: id.clone(),
        reseller_id: entry.place.reseller.clone(),
        organisation_id: entry.place.organisation.clone(),
        kind: entry.kind.to_owned(),
        weight: entry.weight.as_str().to_owned(),
        actor: by.reference.clone(),
        actor_name: by.name.clone(),
        device_id,
        serial_number,
        command_id: entry.command.clone(),
        facts: entry.facts.to_string(),
        at,
    };
    events::insert(tx, &event)?;
    let log = match &entry.place.fleet {
        Some(fleet) => Some(fleet.clone()),
        None => installation::log_of(tx, app, entry.place.reseller.as_deref())?,
    };
    let Some(log) = log else {
        return Ok(());
    };
    let digest = hex::encode(Sha256::digest(canonical(&event).as_bytes()));
    log::append_leaf(tx, &log, "admin", &digest, &id, at)?;
    app.due.sequencer.notify_one();
    Ok(())
}

/// The bytes whose digest stands in the log: whoever changes an event's row can be shown to have done so.
#[must_use]
pub fn canonical(event: &events::Event) -> String {
    // serde_json sorts members of an object by name; numbers are integers: RFC 8785 without its difficult parts.
    json!({
        "actor": event.actor, "actor_name": event.actor_name, "at": event.at, "command_id": event.command_id,
        "device_id": event.device_id, "facts": event.facts, "id": event.id, "kind": event.kind,
        "organisation_id": event.organisation_id, "serial_number": event.serial_number, "weight": event.weight,
    })
    .to_string()
}
