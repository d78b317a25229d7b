//! The watch over the sweep (RULES B12): that it ran says nothing; that something is due and was not billed says everything.

use std::sync::Arc;

use muster_store::selling::alarms::{self, Alarm};
use muster_store::selling::renewals;
use muster_store::{Conn, StoreResult, organisations};
use serde_json::json;

use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::features::record::write::{self as record, By, Entry, Place, Weight};

/// The job's name.
pub const JOB: &str = "renewals-watch";
/// The name of the alarm.
pub const ALARM: &str = "renewals-behind";
/// How long something may be due, microseconds: an hour.
const PATIENCE: i64 = 3_600 * 1_000_000;
/// After how long people are told again, microseconds: a day.
const AGAIN: i64 = 24 * 3_600 * 1_000_000;

/// Looks whether something waits for too long, and tells the operator: once, and again each day while it lasts.
///
/// # Errors
/// The database does not answer.
pub async fn look(app: Arc<App>) -> Done {
    let looking = app.clone();
    app.store
        .write(move |tx| look_in(tx, &looking))
        .await
        .map_err(|error| error.to_string())
}

/// Since when something is due that should have been billed; `None` while the sweep keeps up.
///
/// # Errors
/// The database's.
pub fn behind_since(c: &mut Conn, now: i64) -> StoreResult<Option<i64>> {
    renewals::longest_due(c, now - PATIENCE)
}

fn look_in(tx: &mut Conn, app: &App) -> StoreResult<()> {
    let now = app.now_micros();
    let Some(since) = behind_since(tx, now)? else {
        if alarms::clear(tx, ALARM)? {
            tell(tx, app, "renewal.caught-up", Weight::Ordinary, 0)?;
        }
        return Ok(());
    };
    let told = alarms::find(tx, ALARM)?.map(|alarm| alarm.told_at);
    if told.is_some_and(|told| now - told < AGAIN) {
        return Ok(());
    }
    let alarm = Alarm {
        name: ALARM.to_owned(),
        since,
        told_at: now,
    };
    alarms::put(tx, &alarm)?;
    tracing::error!("renewals are due and were not billed for over an hour");
    let hours = (now - since) / 3_600_000_000;
    tell(tx, app, "renewal.behind", Weight::Trouble, hours)
}

fn tell(
    tx: &mut Conn,
    app: &App,
    kind: &'static str,
    weight: Weight,
    hours: i64,
) -> StoreResult<()> {
    let Some(operator) = organisations::operator(tx)? else {
        return Ok(());
    };
    let entry = Entry {
        kind,
        weight,
        place: Place {
            organisation: operator.id,
            reseller: None,
            fleet: None,
        },
        device: None,
        command: None,
        facts: json!({ "hours": hours }),
    };
    record::write(tx, app, &By::job(JOB), &entry)
}
