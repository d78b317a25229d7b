//! `GET /`: what needs the reader, then the fleet at a glance, then the record.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use jiff::Span;
use muster_domain::keyring::days_left;
use muster_domain::scope::Scope;
use muster_store::commands::{self, Command, CommandFilter};
use muster_store::device_search::{self, DeviceFilter, RollCall as RollRow, Sort};
use muster_store::events::{self, Event, EventFilter};
use muster_store::{
    Conn, StoreResult, certificates, check_ins, devices, enrolments, fleets, keyrings,
    organisations,
};
use serde::Deserialize;

use super::rows::unsigned;
use crate::app::App;
use crate::features::fleet::list::{limits, silent_window};
use crate::features::fleet::shape::{at, days_since};
use crate::features::record::sentence::sentence;
use crate::web::actor::{Allowed, ReadFleet};
use crate::web::frame;
use crate::web::plot::{Day, RollCall};
use crate::web::problem::Answer;
use crate::web::time_words;
use crate::web::view::overview::{Need, Overview, Tile};
use crate::web::view::{Frame, Kind, Place};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// Days of check-ins that are drawn.
const DAYS: i64 = 30;
/// A certificate of 30 days is renewed from day 20; with two days of patience it is late when less than this is left.
const LATE: i64 = 8 * DAY;
/// How long before its end a keyring is named.
const KEYRING_ENDS: i64 = 30 * DAY;
/// Commands that wait for signatures and are named one by one.
const NAMED: i64 = 5;
/// Commands of a kind that are counted.
const COUNTED: i64 = 200;
/// Reports that are looked through for patch levels; a larger fleet has no such figure.
const REPORTS: i64 = 5_000;
/// Events shown.
const LATEST: i64 = 5;

/// Everything the page is made of, from one moment.
struct Found {
    day: Vec<RollRow>,
    hours: Vec<RollRow>,
    waiting: Vec<(Command, String)>,
    longest_silent: Option<i64>,
    expiring: (i64, Option<i64>),
    /// Whose keyrings end within [`KEYRING_ENDS`], and in how many days.
    keyrings: Vec<(String, i64)>,
    refused_this_week: usize,
    under_way: usize,
    done_this_week: usize,
    patched: Option<(u64, u64)>,
    checked_in: HashMap<i64, i64>,
    joined: HashMap<i64, i64>,
    events: Vec<Event>,
}

/// `GET /`
///
/// # Errors
/// The database does not answer.
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let (scope, now) = (allowed.scope().clone(), app.now_micros());
    let found = app.store.read(move |c| find(c, &scope, now)).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Overview).await?;
    frame::html(&page(frame, &found))
}

fn find(c: &mut Conn, scope: &Scope, now: i64) -> StoreResult<Found> {
    let (stale, lost) = limits(now);
    let (week, from) = (now - 7 * DAY, now.div_euclid(DAY) - DAYS + 1);
    let mut waiting = Vec::new();
    for command in commands::awaiting_approval(c, scope, None, NAMED)?.items {
        let owner = organisations::find(c, scope, &command.organisation_id)?;
        waiting.push((command, owner.map(|owner| owner.name).unwrap_or_default()));
    }
    let silent = DeviceFilter {
        lifecycle: Some("enrolled".to_owned()),
        contact: Some(silent_window(now)),
        ..DeviceFilter::default()
    };
    let longest = device_search::search(c, scope, &silent, Sort::LongestSilent, None, 1)?
        .items
        .pop();
    let since = |commands: Vec<Command>| {
        commands
            .iter()
            .filter(|command| command.created_at >= week)
            .count()
    };
    Ok(Found {
        day: device_search::roll_call(c, scope, stale, lost)?,
        hours: device_search::roll_call(c, scope, now - HOUR, now - 6 * HOUR)?,
        waiting,
        longest_silent: longest.and_then(|view| view.state.last_check_in_at),
        expiring: (
            certificates::count_expiring(c, scope, now, now + LATE)?,
            certificates::first_expiring(c, scope, now, now + LATE)?,
        ),
        keyrings: ending(c, scope, now)?,
        refused_this_week: since(in_states(c, scope, &["refused", "failed"])?),
        under_way: in_states(c, scope, &["queued", "delivered", "accepted"])?.len(),
        done_this_week: since(in_states(c, scope, &["done"])?),
        patched: patched(&devices::reports(c, scope, REPORTS)?),
        checked_in: check_ins::devices_per_day(c, scope, from)?
            .into_iter()
            .collect(),
        joined: enrolments::first_per_day(c, scope, from * DAY)?
            .into_iter()
            .collect(),
        events: events::list(c, scope, &EventFilter::default(), None, LATEST)?.items,
    })
}

/// The fleets of the scope whose keyrings end soon, nearest first. A customer does not see its reseller's matters.
fn ending(c: &mut Conn, scope: &Scope, now: i64) -> StoreResult<Vec<(String, i64)>> {
    if matches!(scope, Scope::Customer { .. }) {
        return Ok(Vec::new());
    }
    let mut ending = Vec::new();
    for fleet in fleets::list(c, scope)? {
        let Some(newest) = keyrings::newest(c, &fleet.id)? else {
            continue;
        };
        if newest.expires_at <= now + KEYRING_ENDS {
            let owner = organisations::find(c, scope, &fleet.organisation_id)?;
            let name = owner.map(|owner| owner.name).unwrap_or_default();
            ending.push((name, days_left(newest.expires_at, now)));
        }
    }
    ending.sort_by_key(|(_, days)| *days);
    Ok(ending)
}

fn in_states(c: &mut Conn, scope: &Scope, states: &[&str]) -> StoreResult<Vec<Command>> {
    let filter = CommandFilter {
        states: states.iter().map(|&state| state.to_owned()).collect(),
        ..CommandFilter::default()
    };
    Ok(commands::list(c, scope, &filter, None, COUNTED)?.items)
}

/// How many phones report the newest patch level among them, and how many report one.
fn patched(reports: &[String]) -> Option<(u64, u64)> {
    #[derive(Deserialize)]
    struct Patch {
        patch_level: Option<String>,
    }
    if unsigned(REPORTS) <= reports.len() as u64 {
        return None;
    }
    let levels: Vec<String> = reports
        .iter()
        .filter_map(|report| serde_json::from_str::<Patch>(report).ok()?.patch_level)
        .collect();
    let newest = levels
        .iter()
        .filter(|level| level.parse::<jiff::civil::Date>().is_ok())
        .max()?;
    let on_it = levels.iter().filter(|level| *level == newest).count();
    Some((on_it as u64, levels.len() as u64))
}

fn page(frame: Frame, found: &Found) -> Overview {
    let roll = roll(found);
    let days = days(&frame, found);
    Overview {
        needs: needs(&frame, found, &roll),
        tiles: if roll.total() == 0 {
            Vec::new()
        } else {
            tiles(&frame, found, &days)
        },
        roll,
        days,
        latest: found
            .events
            .iter()
            .map(|event| sentence(&frame.t, event))
            .collect(),
        frame,
    }
}

fn count(rows: &[RollRow], which: impl Fn(&RollRow) -> bool) -> u64 {
    unsigned(
        rows.iter()
            .filter(|row| which(row))
            .map(|row| row.devices)
            .sum(),
    )
}

/// Each phone once: what is in force on it comes before how lately it answered.
fn roll(found: &Found) -> RollCall {
    let free = |row: &RollRow| row.lifecycle == "enrolled" && !row.locked && !row.suspended;
    let answered_hour = count(&found.hours, |row| free(row) && row.contact == "fresh");
    let answered_six_hours = count(&found.hours, |row| free(row) && row.contact == "stale");
    let answered = count(&found.day, |row| free(row) && row.contact == "fresh");
    RollCall {
        answered_hour,
        answered_six_hours,
        answered_day: answered.saturating_sub(answered_hour + answered_six_hours),
        silent: count(&found.day, |row| free(row) && row.contact != "fresh"),
        locked: count(&found.day, |row| row.lifecycle == "enrolled" && row.locked),
        suspended: count(&found.day, |row| {
            row.lifecycle == "enrolled" && row.suspended && !row.locked
        }),
        waiting: count(&found.day, |row| row.lifecycle == "registered"),
    }
}

/// What waits for the reader, nearest deadline first.
fn needs(frame: &Frame, found: &Found, roll: &RollCall) -> Vec<Need> {
    let (t, now) = (&frame.t, frame.now);
    let mut needs: Vec<Need> = found
        .waiting
        .iter()
        .filter_map(|(command, owner)| approval(frame, command, owner))
        .collect();
    let keyrings = found.keyrings.iter();
    needs.extend(keyrings.map(|(owner, days)| Need::keyring(t, owner, unsigned(*days))));
    let silent = count(&found.day, |row| {
        row.lifecycle == "enrolled" && matches!(row.contact.as_str(), "stale" | "lost")
    });
    if let Some(last) = found.longest_silent.filter(|_| silent > 0) {
        needs.push(Need::silent(
            t,
            silent,
            days_since(last, now.as_microsecond()),
        ));
    }
    if let (1.., Some(first)) = found.expiring {
        needs.push(Need::certificates(t, unsigned(found.expiring.0), at(first)));
    }
    if found.refused_this_week > 0 {
        needs.push(Need::refusals(t, found.refused_this_week as u64));
    }
    if roll.waiting > 0 {
        needs.push(Need::waiting(t, roll.waiting));
    }
    needs
}

fn approval(frame: &Frame, command: &Command, owner: &str) -> Option<Need> {
    let kind = Kind::parse(&command.kind)?;
    let (phones, missing) = (
        unsigned(command.target_count),
        unsigned(command.approvals_needed),
    );
    Some(Need::approval(
        &frame.t,
        frame.now,
        &command.id,
        kind,
        phones,
        owner,
        missing,
        at(command.expires_at),
    ))
}

/// Thirty days of check-ins, oldest first; nothing while there are none. How many were enrolled on a day is counted back from
/// today by those who joined since.
fn days(frame: &Frame, found: &Found) -> Vec<Day> {
    if found.checked_in.is_empty() {
        return Vec::new();
    }
    let today = frame.now.as_microsecond().div_euclid(DAY);
    let mut enrolled = enrolled(found);
    let mut days = Vec::new();
    for back in 0..DAYS {
        let number = today - back;
        let checked_in = found.checked_in.get(&number).copied().map_or(0, unsigned);
        let day = time_words::utc_date(frame.now).saturating_sub(Span::new().days(back));
        days.push(Day {
            day,
            checked_in,
            enrolled: enrolled.max(checked_in),
        });
        enrolled = enrolled.saturating_sub(found.joined.get(&number).copied().map_or(0, unsigned));
    }
    days.reverse();
    days
}

fn enrolled(found: &Found) -> u64 {
    count(&found.day, |row| row.lifecycle == "enrolled")
}

fn tiles(frame: &Frame, found: &Found, days: &[Day]) -> Vec<Tile> {
    let (t, enrolled) = (&frame.t, enrolled(found));
    let answered = count(&found.day, |row| {
        row.lifecycle == "enrolled" && row.contact == "fresh"
    });
    let joined = found.joined.values().copied().map(unsigned).sum();
    let mut tiles = vec![
        Tile::enrolled(
            t,
            enrolled,
            joined,
            days.iter().map(|day| day.enrolled).collect(),
        ),
        Tile::answered(
            t,
            answered,
            enrolled,
            days.iter().map(|day| day.checked_in).collect(),
        ),
    ];
    if let Some((newest, reporting)) = found.patched {
        tiles.push(Tile::patched(t, newest, reporting));
    }
    tiles.push(Tile::under_way(
        t,
        found.under_way as u64,
        found.done_this_week as u64,
    ));
    tiles
}

#[cfg(test)]
mod tests {
    use super::patched;

    #[test]
    fn the_newest_patch_level_is_the_newest_date_that_somebody_reports() {
        let reports = ["2026-11-01", "2026-10-01", "2026-11-01", "zzz"]
            .map(|level| format!("{{\"patch_level\":\"{level}\",\"model\":\"X\"}}"))
            .to_vec();
        assert_eq!(patched(&reports), Some((2, 4)));
        assert_eq!(patched(&[]), None);
        assert_eq!(patched(&["{}".to_owned()]), None);
    }
}
