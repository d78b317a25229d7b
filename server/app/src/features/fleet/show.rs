//! One device with everything a reader wants to know of it.

use std::sync::Arc;

use muster_domain::scope::Scope;
use muster_store::certificates::{self, Certificate};
use muster_store::commands::{self, Command};
use muster_store::device_search::{self, DeviceView};
use muster_store::enrolments::{self, Enrolment};
use muster_store::events::{self, Event, EventFilter};
use muster_store::targets::{self, Target};
use muster_store::{Conn, StoreResult, check_ins, log};

use crate::app::App;
use crate::web::actor::{Allowed, ReadFleet};
use crate::web::problem::{Answer, Problem};

/// Days of contact that are drawn.
pub const CONTACT_DAYS: i64 = 30;
/// Events on a device's page.
const EVENTS: i64 = 30;
/// Commands that are counted; the page lists the first few.
const COMMANDS: i64 = 100;
const DAY: i64 = 86_400_000_000;

/// A device as its page shows it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its rows.
    pub view: DeviceView,
    /// Its present enrolment.
    pub enrolment: Option<Enrolment>,
    /// Its newest certificate that was ever issued.
    pub certificate: Option<Certificate>,
    /// The days it checked in on: day since 1970 and the sixths it was seen in.
    pub days: Vec<(i64, i64)>,
    /// The newest commands that name it, each with how far its targets are: (command, this phone's part, done).
    pub commands: Vec<(Command, Target, i64)>,
    /// The newest events about it.
    pub events: Vec<Event>,
    /// The size of the fleet's newest checkpoint.
    pub log_size: i64,
}

/// One device's row in the actor's scope.
///
/// # Errors
/// There is none.
pub async fn find(app: &Arc<App>, allowed: &Allowed<ReadFleet>, id: &str) -> Answer<DeviceView> {
    let (scope, id) = (allowed.scope().clone(), id.to_owned());
    let found = app
        .store
        .read(move |c| device_search::find(c, &scope, &id))
        .await?;
    found.ok_or_else(|| Problem::not_found("device"))
}

/// One device with everything, from one moment.
///
/// # Errors
/// There is none in the actor's scope.
pub async fn whole(app: &Arc<App>, allowed: &Allowed<ReadFleet>, id: &str) -> Answer<Shown> {
    let (scope, id, now) = (allowed.scope().clone(), id.to_owned(), app.now_micros());
    let found = app.store.read(move |c| read(c, &scope, &id, now)).await?;
    found.ok_or_else(|| Problem::not_found("device"))
}

fn read(c: &mut Conn, scope: &Scope, id: &str, now: i64) -> StoreResult<Option<Shown>> {
    let Some(view) = device_search::find(c, scope, id)? else {
        return Ok(None);
    };
    let enrolment = match &view.device.enrolment_id {
        Some(enrolment) => enrolments::find(c, enrolment)?,
        None => None,
    };
    let issued = certificates::list_of_device(c, scope, id)?;
    let certificate = issued
        .into_iter()
        .find(|row| matches!(row.state.as_str(), "issued" | "revoked"));
    let first_day = now.div_euclid(DAY) - CONTACT_DAYS + 1;
    let named = commands::of_device(c, scope, id, None, COMMANDS)?.items;
    let ids: Vec<String> = named
        .iter()
        .map(|(command, _)| command.id.clone())
        .collect();
    let counts = targets::counts(c, &ids)?;
    let done = |command: &Command| {
        counts
            .iter()
            .filter(|(id, state, _)| *id == command.id && state == "done")
            .map(|(.., n)| n)
            .sum()
    };
    let about = EventFilter {
        device_id: Some(id.to_owned()),
        ..EventFilter::default()
    };
    Ok(Some(Shown {
        enrolment,
        certificate,
        days: check_ins::days_of_device(c, scope, id, first_day)?,
        commands: named
            .into_iter()
            .map(|(command, target)| (done(&command), command, target))
            .map(|(n, c, t)| (c, t, n))
            .collect(),
        events: events::list(c, scope, &about, None, EVENTS)?.items,
        log_size: log::newest_checkpoint(c, &view.device.fleet_id)?
            .map_or(0, |checkpoint| checkpoint.size),
        view,
    }))
}
