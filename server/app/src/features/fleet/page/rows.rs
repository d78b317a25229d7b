//! Rows that several pages share, made from what the store has.

use jiff::Timestamp;
use muster_domain::report::Report;
use muster_domain::scope::Scope;
use muster_store::commands::Command;
use muster_store::device_search::DeviceView;
use muster_store::devices::DeviceState;
use muster_store::{Conn, StoreResult, check_ins};

use crate::features::fleet::marks;
use crate::features::fleet::shape::at;
use crate::web::view::commands::CommandRow;
use crate::web::view::devices::DeviceRow;
use crate::web::view::{CommandState, Kind};

/// Days of ticks in a row.
const TICKS: i64 = 14;
const DAY: i64 = 86_400_000_000;

/// Devices with the days of the last fortnight on which each checked in, oldest first.
pub(super) type WithDays = Vec<(DeviceView, Vec<bool>)>;

/// Adds to each device the days of the last fortnight.
pub(super) fn with_days(
    c: &mut Conn,
    scope: &Scope,
    views: Vec<DeviceView>,
    now: i64,
) -> StoreResult<WithDays> {
    let first = now.div_euclid(DAY) - TICKS + 1;
    let mut rows = Vec::with_capacity(views.len());
    for view in views {
        let seen = check_ins::days_of_device(c, scope, &view.device.id, first)?;
        let days = (first..first + TICKS)
            .map(|day| seen.iter().any(|(known, _)| *known == day))
            .collect();
        rows.push((view, days));
    }
    Ok(rows)
}

/// A device as a list shows it.
pub(super) fn device(view: &DeviceView, days: Vec<bool>, now: Timestamp) -> DeviceRow {
    let said = report(&view.state);
    DeviceRow {
        id: view.device.id.clone(),
        serial_number: view.device.serial_number.clone(),
        model: view.device.model.clone(),
        organisation: view.organisation_name.clone(),
        marks: marks::of(view, now.as_microsecond()),
        last_contact: view.state.last_check_in_at.map(at),
        days,
        system: [said.os_version, said.patch_level]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · "),
    }
}

/// What a phone last reported; empty before its first check-in.
pub(super) fn report(state: &DeviceState) -> Report {
    state
        .report
        .as_deref()
        .and_then(|stored| serde_json::from_str(stored).ok())
        .unwrap_or_default()
}

/// What a row of a command says beside the command's own columns.
pub(super) struct About<'a> {
    /// Where it stands, or where one phone's part of it stands.
    pub state: &'a str,
    /// The phone's reason code.
    pub code: Option<String>,
    /// A phone it is for.
    pub serial_number: String,
    /// Whose phones they are.
    pub organisation: String,
    /// How many of them are done.
    pub done: i64,
}

/// A command as a list shows it; `None` for a kind or state that this version does not show.
pub(super) fn command(command: &Command, about: About<'_>) -> Option<CommandRow> {
    Some(CommandRow {
        id: command.id.clone(),
        kind: Kind::parse(&command.kind)?,
        state: CommandState::parse(about.state)?,
        code: about.code,
        serial_number: about.serial_number,
        phones: unsigned(command.target_count),
        done: unsigned(about.done),
        organisation: about.organisation,
        asked_by: command.drafted_by_name.clone(),
        at: at(command.created_at),
    })
}

/// A count of the database as pages have it.
pub(super) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
