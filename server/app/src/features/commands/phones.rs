//! Who is meant: the phones of a draft, frozen at that moment, and what is in force on them.

use std::collections::BTreeSet;

use muster_domain::scope::Scope;
use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;
use muster_protocol::target::TARGETS_MAX;
use muster_store::device_search::{self, DeviceFilter};
use muster_store::devices::{self, Device};
use muster_store::{Conn, StoreError, StoreResult, commands, enrolments};
use serde_json::Value;

use super::arguments::{Found, lifted_kind};
use super::draft::Draft;
use crate::web::problem::{Answer, Problem};

/// Which phones a command is for.
#[derive(Debug, Clone)]
pub enum Phones {
    /// These.
    Named(Vec<String>),
    /// Those that a search finds now.
    Matching(DeviceFilter),
}

/// The phones that are meant, each able to obey.
///
/// # Errors
/// The database did not answer; the inner error says which phone is not there or cannot be sent commands.
pub fn freeze(tx: &mut Conn, scope: &Scope, wanted: &Phones) -> StoreResult<Answer<Vec<Device>>> {
    let phones = match wanted {
        Phones::Named(ids) => {
            let distinct: BTreeSet<String> = ids.iter().cloned().collect();
            if distinct.len() > TARGETS_MAX {
                return Ok(Err(too_many()));
            }
            let distinct: Vec<String> = distinct.into_iter().collect();
            let found = devices::find_many(tx, scope, &distinct)?;
            if found.len() != distinct.len() {
                let missing = distinct
                    .iter()
                    .find(|id| !found.iter().any(|device| device.id == **id));
                let detail = format!(
                    "There is no device {}, or it is not yours.",
                    missing.map_or("", String::as_str)
                );
                return Ok(Err(Problem {
                    detail,
                    ..Problem::not_found("device")
                }));
            }
            found
        }
        Phones::Matching(filter) => {
            let most = i64::try_from(TARGETS_MAX).unwrap_or(i64::MAX);
            // Only phones that can obey: a search also finds those that never joined or have left.
            let filter = DeviceFilter {
                lifecycle: Some("enrolled".to_owned()),
                ..filter.clone()
            };
            let found = device_search::frozen(tx, scope, &filter, most + 1)?;
            if found.len() > TARGETS_MAX {
                return Ok(Err(too_many()));
            }
            found
        }
    };
    let ids: Vec<String> = phones
        .iter()
        .filter_map(|device| device.enrolment_id.clone())
        .collect();
    let stated: BTreeSet<String> = enrolments::stated_of(tx, &ids)?.into_iter().collect();
    for device in &phones {
        let can_obey = device.lifecycle == "enrolled"
            && device
                .enrolment_id
                .as_ref()
                .is_some_and(|id| stated.contains(id));
        if !can_obey {
            let why = if device.lifecycle == "enrolled" {
                "it joined without the agent, so it can check in and obey nobody"
            } else {
                "it is not enrolled"
            };
            let detail = format!("{} cannot be sent a command: {why}.", device.serial_number);
            return Ok(Err(Problem::conflict("cannot-obey", detail)));
        }
    }
    Ok(Ok(phones))
}

fn too_many() -> Problem {
    Problem::invalid(
        "devices",
        format!("A command names at most {TARGETS_MAX} phones. Send it in several parts."),
    )
}

/// What is in force on the phones that this kind lifts, and the commands that a cancel names.
///
/// # Errors
/// The database did not answer; the inner error names a command that is not there.
pub fn look_up(
    tx: &mut Conn,
    scope: &Scope,
    wanted: &Draft,
    phones: &[Device],
) -> StoreResult<Answer<Found>> {
    let mut found = Found::default();
    if let Some(lifted) = lifted_kind(wanted.kind) {
        let mut in_force = BTreeSet::new();
        for device in phones {
            let Some(state) = devices::state(tx, scope, &device.id)? else {
                continue;
            };
            in_force.extend(reported(&state.restrictions, lifted));
        }
        found.in_force = in_force.into_iter().collect();
    }
    for id in wanted.arguments.commands.iter().flatten() {
        let Some(command) = commands::find(tx, scope, id)? else {
            return Ok(Err(Problem::not_found("command")));
        };
        let digest = Digest::parse(&command.digest)
            .map_err(|_| StoreError::Corrupt(format!("command {id} does not read")))?;
        found.named.push(digest);
    }
    Ok(Ok(found))
}

/// The digests of one kind among what a phone reports to be in force.
#[must_use]
pub fn reported(restrictions: &str, kind: Kind) -> Vec<Digest> {
    let Ok(Value::Array(items)) = serde_json::from_str(restrictions) else {
        return Vec::new();
    };
    items
        .iter()
        .filter(|item| item.get("kind").and_then(Value::as_str) == Some(kind.as_str()))
        .filter_map(|item| Digest::parse(item.get("command")?.as_str()?).ok())
        .collect()
}
