//! The form that sends a command: choose what, see what it does and who must agree, say why, and read the serial number once more
//! where nothing can be brought back.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::brake;
use muster_domain::device::same_serial;
use muster_domain::permission::Permission;
use muster_domain::scope::Scope;
use muster_domain::text::Invalid;
use muster_protocol::authority::{self, Needed};
use muster_protocol::command::{Kind as Wanted, NoticeTemplate};
use muster_protocol::ids::OrganisationId;
use muster_store::device_search::{self, DeviceView};
use muster_store::fleets;

use crate::app::App;
use crate::features::commands::arguments::Arguments;
use crate::features::commands::draft::{self, Draft};
use crate::features::commands::phones::Phones;
use crate::features::commands::seal;
use crate::features::fleet::marks;
use crate::web::actor::{Allowed, DraftCommands};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Kind as ProblemKind, Problem};
use crate::web::session;
use crate::web::view::send::{Send, Target};
use crate::web::view::{Choice, Frame, Kind, Place};

/// Phones that one form takes. A search for more is sent through the API's filter.
const MOST: usize = 200;
const DAY: i64 = 86_400;

/// `GET /commands/new?kind=&device=…`
///
/// # Errors
/// One of the phones is not in the scope.
pub async fn new_form(
    app: Data<App>,
    allowed: Allowed<DraftCommands>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Commands).await?;
    frame::html(&form(&app, &allowed, frame, &query, None).await?)
}

/// `POST /commands/new`
///
/// # Errors
/// The form is from an older sign-in, or the password must be typed again; what does not fit comes back in the form.
pub async fn create(
    app: Data<App>,
    allowed: Allowed<DraftCommands>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app: Arc<App> = app.into_inner();
    let outcome = match read(&app, &allowed, &fields).await {
        Ok(wanted) => {
            if brake::asks_for_the_password(wanted.kind, fields.many("device").len()) {
                allowed.actor.confirm_first(&app)?;
            }
            draft::draft(&app, &allowed, wanted).await
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(id) => Ok(frame::done(&format!("/commands/{id}"), Done::CommandSent)),
        Err(problem)
            if matches!(
                problem.kind,
                ProblemKind::Invalid | ProblemKind::Conflict | ProblemKind::TooMany
            ) =>
        {
            let frame = frame::frame(&app, &allowed.actor, &request, Place::Commands).await?;
            let page = form(&app, &allowed, frame, &fields, Some(&problem)).await?;
            frame::refused(&problem, &page)
        }
        Err(problem) => Err(problem),
    }
}

async fn form(
    app: &App,
    allowed: &Allowed<DraftCommands>,
    frame: Frame,
    typed: &Fields,
    problem: Option<&Problem>,
) -> Answer<Send> {
    let phones = phones(app, allowed.scope(), typed).await?;
    let kind = Kind::parse(typed.one("kind"));
    let (able, unable): (Vec<_>, Vec<_>) = phones
        .into_iter()
        .partition(|view| view.device.lifecycle == "enrolled");
    let needed = match (kind, able.first()) {
        (Some(kind), Some(first)) => needed(app, first, kind, able.len()).await?,
        _ => None,
    };
    let now = app.now_micros();
    let target = |view: &DeviceView| Target {
        id: view.device.id.clone(),
        serial_number: view.device.serial_number.clone(),
        organisation: view.organisation_name.clone(),
        model: view.device.model.clone(),
        marks: marks::of(view, now),
    };
    let input = |name: &str| {
        let none = Problem::invalid("", "");
        frame::input(&frame.t, problem.unwrap_or(&none), name, typed.one(name))
    };
    let mut days = input("days");
    if days.value.is_empty() {
        days.value = if kind == Some(Kind::Hold) {
            "400"
        } else {
            "30"
        }
        .to_owned();
    }
    // A fault of no single field stands above the form.
    let fault = problem.filter(|problem| problem.fields.is_empty());
    let left_out = frame.t.get("left-out-not-enrolled");
    Ok(Send {
        kind,
        kinds: Kind::ALL
            .into_iter()
            .filter(|kind| *kind != Kind::Cancel && may_draft(allowed, *kind))
            .collect(),
        held: able.iter().filter(|view| view.state.held).count() as u64,
        targets: able.iter().map(target).collect(),
        left_out: unable
            .iter()
            .map(|view| (view.device.serial_number.clone(), left_out.clone()))
            .collect(),
        reason: input("reason"),
        text: input("text"),
        template: input("template"),
        templates: templates(&frame),
        days,
        case: input("case"),
        fingerprint: input("fingerprint"),
        typed: input("typed"),
        needed: needed.map_or((0, 0), |needed| {
            (u64::from(needed.people), u64::from(needed.independent))
        }),
        fault: fault.map(|problem| frame::words(&frame.t, problem.code, &problem.detail)),
        frame,
    })
}

fn may_draft(allowed: &Allowed<DraftCommands>, kind: Kind) -> bool {
    kind.as_str()
        .parse()
        .is_ok_and(|kind| allowed.actor.role.may(Permission::to_draft(kind)))
}

async fn phones(app: &App, scope: &Scope, typed: &Fields) -> Answer<Vec<DeviceView>> {
    let wanted: Vec<String> = typed
        .many("device")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if wanted.len() > MOST {
        let detail = format!(
            "This form takes {MOST} phones at most. Choose fewer, or use the API's filter."
        );
        return Err(Problem::invalid("devices", detail));
    }
    let scope = scope.clone();
    let found = app.store.read(move |c| {
        let found: Result<Vec<_>, _> = wanted
            .iter()
            .map(|id| device_search::find(c, &scope, id))
            .collect();
        found.map(|views| views.into_iter().collect::<Option<Vec<_>>>())
    });
    found.await?.ok_or_else(|| Problem::not_found("device"))
}

/// Who must agree, as the newest keyring has it; `None` when the server's own key suffices or nobody could.
async fn needed(app: &App, first: &DeviceView, kind: Kind, count: usize) -> Answer<Option<Needed>> {
    let Ok(wanted) = kind.as_str().parse::<Wanted>() else {
        return Ok(None);
    };
    let fleet = first.device.fleet_id.clone();
    let found = app.store.read(move |c| {
        let (Some(fleet), Some(held)) =
            (fleets::find(c, &fleet)?, seal::newest_keyring(c, &fleet)?)
        else {
            return Ok(None);
        };
        let Ok(organisation) = OrganisationId::parse(&fleet.organisation_id) else {
            return Ok(None);
        };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Ok(
            authority::needed(&held.keyring, wanted, &organisation, count)
                .filter(|needed| !needed.online),
        )
    });
    Ok(found.await?)
}

fn templates(frame: &Frame) -> Vec<Choice> {
    let choice = |template: &NoticeTemplate| Choice {
        value: template.as_str().to_owned(),
        label: frame.t.get(&format!("notice-{}", template.as_str())),
    };
    NoticeTemplate::ALL.iter().map(choice).collect()
}

async fn read(app: &App, allowed: &Allowed<DraftCommands>, fields: &Fields) -> Answer<Draft> {
    let kind = crate::features::commands::arguments::kind(fields.one("kind"))?;
    let mut faults = Vec::new();
    let reason = fields.one("reason").trim().to_owned();
    if reason.is_empty() {
        faults.push(Invalid::new(
            "reason",
            "reason-empty",
            "Say why in a few words: approvers and the owner read it.",
        ));
    }
    let mut arguments = Arguments {
        case: (kind == Wanted::Hold).then(|| fields.one("case").trim().to_owned()),
        fingerprint: (kind == Wanted::Transfer).then(|| fields.one("fingerprint").to_owned()),
        ..Arguments::default()
    };
    match kind {
        Wanted::Message => match fields.some("text") {
            Some(text) => arguments.text = Some(text.trim().to_owned()),
            None => faults.push(Invalid::new(
                "text",
                "message-empty",
                "Type what the phone shall show.",
            )),
        },
        Wanted::Notice => arguments.template = fields.some("template").map(str::to_owned),
        Wanted::Suspend | Wanted::LockFleet | Wanted::Hold => {
            let most = Kind::parse(kind.as_str())
                .and_then(Kind::most_days)
                .and_then(|days| i64::try_from(days).ok())
                .unwrap_or(1);
            match fields.one("days").trim().parse::<i64>() {
                Ok(days) if (1..=most).contains(&days) => {
                    arguments.until = app
                        .now()
                        .checked_add(jiff::SignedDuration::from_secs(days * DAY))
                        .ok();
                }
                Ok(_) | Err(_) => {
                    faults.push(Invalid::new(
                        "days",
                        "days",
                        format!("Type a number of days from 1 to {most}."),
                    ));
                }
            }
        }
        Wanted::Refresh
        | Wanted::RotateKey
        | Wanted::Lock
        | Wanted::Resume
        | Wanted::Unlock
        | Wanted::Cancel
        | Wanted::Release
        | Wanted::Kill
        | Wanted::Transfer
        | Wanted::Wipe => {}
    }
    let devices: Vec<String> = fields
        .many("device")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if matches!(
        kind,
        Wanted::LockFleet | Wanted::Kill | Wanted::Transfer | Wanted::Wipe
    ) {
        let found = phones(app, allowed.scope(), fields).await?;
        let able: Vec<&DeviceView> = found
            .iter()
            .filter(|view| view.device.lifecycle == "enrolled")
            .collect();
        let reads = match able.as_slice() {
            [one] => same_serial(fields.one("typed"), &one.device.serial_number),
            many => fields.one("typed").trim() == many.len().to_string(),
        };
        if !reads {
            let message = "What was typed differs. Read the serial number on the phone's box or in the list, and type that.";
            faults.push(Invalid::new("typed", "typed-serial", message));
        }
    }
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    Ok(Draft {
        kind,
        phones: Phones::Named(devices),
        reason,
        arguments,
        expires_in: None,
    })
}
