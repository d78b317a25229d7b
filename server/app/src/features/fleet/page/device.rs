//! `GET /devices/{id}`: one device, how it is, what was asked of it, what happened to it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use muster_domain::compliance::Freshness;
use muster_domain::permission::Permission;
use muster_domain::report::Report;
use muster_store::certificates;

use super::rows::{self, About, unsigned};
use crate::app::App;
use crate::features::commands::holds;
use crate::features::enrolment::{enrol, issue_code};
use crate::features::fleet::marks;
use crate::features::fleet::shape::{at, compliance, restrictions};
use crate::features::fleet::show::{self, CONTACT_DAYS, Shown};
use crate::features::record::sentence::sentence;
use crate::web::actor::{Allowed, ReadFleet};
use crate::web::frame;
use crate::web::plot::Contact;
use crate::web::problem::Answer;
use crate::web::time_words;
use crate::web::view::commands::CommandRow;
use crate::web::view::device::{Certificate, Check, Device, Enrolment, Hold, Step};
use crate::web::view::record::by_day;
use crate::web::view::{CommandState, Frame, Kind, Place};

/// Commands listed on the page.
const COMMANDS: usize = 5;
const DAY: i64 = 86_400_000_000;
const GIGABYTE: u64 = 1_000_000_000;

/// `GET /devices/{id}`
///
/// # Errors
/// There is no such device in the actor's scope.
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadFleet>,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let found = show::whole(&app, &allowed, &id).await?;
    let holds = holds::of_device(&app, &allowed, &id).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Devices).await?;
    let may = |permission| allowed.actor.role.may(permission);
    let page = page(
        frame,
        &found,
        holds.iter().map(hold).collect(),
        may(Permission::IssueCodes),
        may(Permission::RevokeDevices),
    );
    frame::html(&page)
}

fn page(frame: Frame, found: &Shown, holds: Vec<Hold>, may_code: bool, may_revoke: bool) -> Device {
    let now = frame.now.as_microsecond();
    let (device, state) = (&found.view.device, &found.view.state);
    let said = rows::report(state);
    let here = device.lifecycle == "enrolled";
    let sends = here
        && frame
            .viewer
            .as_ref()
            .is_some_and(|viewer| viewer.may.send_commands);
    let certificate = found.certificate.as_ref().map(certificate);
    Device {
        id: device.id.clone(),
        serial_number: device.serial_number.clone(),
        imei: device.imei.clone(),
        model: device.model.clone(),
        organisation: found.view.organisation_name.clone(),
        marks: marks::of(&found.view, now),
        acts: if sends { acts(found) } else { Vec::new() },
        ladder: if sends {
            ladder(&frame, found)
        } else {
            Vec::new()
        },
        held: state.held,
        may_hold: here
            && frame
                .viewer
                .as_ref()
                .is_some_and(|viewer| viewer.may.set_holds),
        holds,
        may_enrol: may_code && issue_code::may_enrol(device),
        may_revoke: may_revoke
            && certificate
                .as_ref()
                .is_some_and(|certificate| !certificate.revoked),
        checks: checks(&frame, found, &said),
        last_contact: state.last_check_in_at.map(at),
        contact: contact(found, now),
        command_count: unsigned(i64::try_from(found.commands.len()).unwrap_or(0)),
        commands: commands(found),
        timeline: by_day(
            found
                .events
                .iter()
                .map(|event| sentence(&frame.t, event))
                .collect(),
        ),
        registered_at: at(device.created_at),
        enrolment: found.enrolment.as_ref().map(|enrolment| Enrolment {
            id: enrolment.id.clone(),
            words: enrol::words(&enrolment.id),
            epoch: unsigned(enrolment.epoch),
            at: at(enrolment.created_at),
            // A client that never stated how it trusts is taken for the weakest.
            pin: enrolment.pin.clone().unwrap_or_else(|| "tofu".to_owned()),
        }),
        certificate,
        inventory: inventory(&frame, &said),
        frame,
    }
}

/// What matters now comes first: what is in force can be lifted, else it can be locked.
fn acts(found: &Shown) -> Vec<Kind> {
    let in_force = restrictions(&found.view.state);
    let is = |kind: &str| in_force.iter().any(|known| known == kind);
    let mut acts = Vec::new();
    if is("lock-fleet") {
        acts.push(Kind::Unlock);
    }
    if found.view.state.suspended {
        acts.push(Kind::Resume);
    }
    if !found.view.state.locked {
        acts.push(Kind::Lock);
    }
    acts.extend([Kind::Notice, Kind::Refresh]);
    acts
}

/// The commands in order of reach; beside one that is in force or under way stands how far it is.
fn ladder(frame: &Frame, found: &Shown) -> Vec<Step> {
    let in_force = restrictions(&found.view.state);
    [
        Kind::Lock,
        Kind::Suspend,
        Kind::LockFleet,
        Kind::Kill,
        Kind::Transfer,
        Kind::Wipe,
    ]
    .into_iter()
    .map(|kind| {
        let forced = in_force.iter().any(|known| known == kind.as_str());
        let standing = if !forced {
            under_way(frame, found, kind)
        } else if kind == Kind::Suspend {
            Some(frame.t("device-suspended"))
        } else {
            Some(frame.t("ladder-locked"))
        };
        Step { kind, standing }
    })
    .collect()
}

fn under_way(frame: &Frame, found: &Shown, kind: Kind) -> Option<String> {
    let of_kind = found
        .commands
        .iter()
        .filter(|(command, ..)| command.kind == kind.as_str());
    let mut states = of_kind.filter_map(|(_, target, _)| CommandState::parse(&target.state));
    states
        .find(|state| !state.is_final())
        .map(|state| frame.t.word(state.name()))
}

/// What is checked, trouble first; nothing before the first check-in.
fn checks(frame: &Frame, found: &Shown, said: &Report) -> Vec<Check> {
    let (t, now, state) = (&frame.t, frame.now, &found.view.state);
    let Some(last) = state.last_check_in_at else {
        return Vec::new();
    };
    if found.view.device.lifecycle != "enrolled" {
        return Vec::new();
    }
    let mut checks = vec![Check::contact(t, now, at(last))];
    if let (Some(name), Some(patch)) = (&said.os_name, &said.patch_level) {
        let system = said
            .os_version
            .as_ref()
            .map_or_else(|| name.clone(), |version| format!("{name} {version}"));
        checks.push(Check::system(t, &system, patch, is_recent(patch, now)));
    }
    if let (Some(encrypted), Some(free), Some(total)) = (
        said.encrypted,
        said.storage_free_bytes,
        said.storage_total_bytes,
    ) {
        let battery = said.battery_percent.unwrap_or(0);
        checks.push(Check::storage(
            t,
            encrypted,
            free / GIGABYTE,
            total / GIGABYTE,
            battery,
        ));
    }
    if let Some(certificate) = found
        .certificate
        .as_ref()
        .filter(|certificate| certificate.state == "issued")
    {
        let life = certificate.not_after - certificate.not_before;
        checks.push(Check::certificate(
            t,
            now,
            at(certificate.not_before + life / 3 * 2),
            at(certificate.not_after),
        ));
    }
    checks.push(Check::record(
        t,
        unsigned(state.checkpoint_size),
        unsigned(found.log_size),
    ));
    if let Some(compliance) = compliance(state) {
        let since = compliance
            .since
            .and_then(|since| Timestamp::from_second(i64::try_from(since).ok()?).ok());
        // A phone that names no fault and says it does not comply is taken at its word.
        let faults = if compliance.compliant {
            Vec::new()
        } else if compliance.faults.is_empty() {
            vec!["unnamed".to_owned()]
        } else {
            compliance.faults
        };
        let version = unsigned(state.policy_version);
        checks.push(Check::policy(
            t,
            version,
            &faults,
            since,
            compliance.suspended,
        ));
    }
    if let Some(freshness) = state.freshness.as_deref().and_then(Freshness::parse) {
        checks.push(Check::freshness(t, &freshness.as_str().replace('_', "-")));
    }
    checks.sort_by_key(|check| check.good);
    checks
}

/// A patch level is a date; four months is what vendors take at most between two.
fn is_recent(patch_level: &str, now: Timestamp) -> bool {
    let oldest = time_words::utc_date(now).saturating_sub(Span::new().days(124));
    patch_level
        .parse::<Date>()
        .map_or(true, |day| day >= oldest)
}

fn contact(found: &Shown, now: i64) -> Option<Contact> {
    let enrolment = found.enrolment.as_ref()?;
    let (today, first) = (now.div_euclid(DAY), now.div_euclid(DAY) - CONTACT_DAYS + 1);
    let seen = |day: i64| {
        found
            .days
            .iter()
            .find(|(known, _)| *known == day)
            .map_or(0, |(_, sixths)| *sixths)
    };
    let sixth = |micros: i64| usize::try_from(micros.div_euclid(DAY / 6) - first * 6).unwrap_or(0);
    let days = (first..=today)
        .map(|day| u8::try_from(seen(day) & 0b11_1111).unwrap_or(0))
        .collect();
    let sixths_of_today = usize::try_from(now.rem_euclid(DAY) / (DAY / 6)).unwrap_or(0) + 1;
    Some(Contact {
        days,
        sixths_of_today,
        since: sixth(enrolment.created_at),
    })
}

fn commands(found: &Shown) -> Vec<CommandRow> {
    let row = |(command, target, done): &(_, muster_store::targets::Target, i64)| {
        let about = About {
            state: &target.state,
            code: target.code.clone(),
            serial_number: target.serial_number.clone(),
            organisation: found.view.organisation_name.clone(),
            done: *done,
        };
        rows::command(command, about)
    };
    found
        .commands
        .iter()
        .take(COMMANDS)
        .filter_map(row)
        .collect()
}

fn hold(hold: &holds::Hold) -> Hold {
    Hold {
        command_id: hold.command.id.clone(),
        case: hold.case.clone(),
        reason: hold.command.reason.clone(),
        asked_by: hold.command.drafted_by_name.clone(),
        at: at(hold.command.created_at),
        until: at(hold.until),
    }
}

fn certificate(row: &certificates::Certificate) -> Certificate {
    Certificate {
        serial_number: row.serial_number.clone(),
        not_after: at(row.not_after),
        revoked: row.state == "revoked",
    }
}

/// What the phone last reported of itself, text as it came.
fn inventory(frame: &Frame, said: &Report) -> Vec<(String, String)> {
    let t = &frame.t;
    let system = [said.os_name.as_deref(), said.os_version.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    [
        ("fact-agent", said.agent_version.clone()),
        ("fact-system", (!system.is_empty()).then_some(system)),
        ("fact-patch", said.patch_level.clone()),
        (
            "fact-battery",
            said.battery_percent.map(|percent| format!("{percent} %")),
        ),
        (
            "fact-uptime",
            said.uptime_seconds
                .map(|seconds| time_words::span(t, seconds)),
        ),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((t.get(key), value?)))
    .collect()
}
