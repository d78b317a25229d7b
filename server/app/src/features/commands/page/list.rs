//! The list of commands, and what waits for approval.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::command::State;
use muster_domain::scope::Scope;
use muster_store::commands::Command;
use muster_store::{Conn, StoreResult, organisations, targets};

use crate::app::App;
use crate::features::commands::{api, show};
use crate::web::actor::{Allowed, ReadCommands};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::paging::PageRequest;
use crate::web::problem::Answer;
use crate::web::view::approvals::{Approvals, Waits};
use crate::web::view::commands::{CommandRow, Commands};
use crate::web::view::{CommandState, Filter, Kind, Pages, Place};

/// Rows on a page of the portal.
const ROWS: i64 = 25;
/// Waiting commands shown at once.
const WAITING: i64 = 50;

/// `GET /commands`
///
/// # Errors
/// A filter that does not exist; the database does not answer.
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let page = PageRequest {
        limit: ROWS,
        ..PageRequest::read(&query)?
    };
    let first = page.cursor.is_none();
    let found = show::list(&app, &allowed, api::filter(&query)?, page).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Commands).await?;
    let names = names(
        &app,
        allowed.scope(),
        found.items.iter().map(|(command, ..)| command),
    )
    .await?;
    let rows = found
        .items
        .iter()
        .zip(names)
        .filter_map(|((command, counts, _), (serial, organisation))| {
            row(command, counts, serial, organisation)
        })
        .collect();
    let t = &frame.t;
    let state = |word: &str| match word {
        api::OPEN => Some(t.get("filter-open")),
        word => CommandState::parse(word).map(|state| t.word(state.name())),
    };
    let kind = |word: &str| Kind::parse(word).map(|kind| t.word(kind.name()));
    let filters = vec![
        filter(
            &query,
            "state",
            t.get("filter-state"),
            std::iter::once(api::OPEN).chain(CommandState::ALL.iter().map(|state| state.as_str())),
            state,
        ),
        filter(
            &query,
            "kind",
            t.get("filter-kind"),
            Kind::ALL.iter().map(|kind| kind.as_str()),
            kind,
        ),
    ];
    let pages = Pages {
        previous: (!first).then(|| with(&query, "cursor", None)),
        next: found
            .next
            .map(|cursor| with(&query, "cursor", Some(&cursor))),
    };
    frame::html(&Commands {
        filters,
        rows,
        pages,
        frame,
    })
}

/// `GET /approvals`
///
/// # Errors
/// The database does not answer.
pub async fn approvals(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let page = PageRequest {
        cursor: None,
        limit: WAITING,
    };
    let found = show::waiting(&app, &allowed, page).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Approvals).await?;
    let names = names(
        &app,
        allowed.scope(),
        found.items.iter().map(|(command, ..)| command),
    )
    .await?;
    let waiting = found
        .items
        .into_iter()
        .zip(names)
        .filter_map(|((command, _, signed), (serial, organisation))| {
            Some(Waits {
                kind: Kind::parse(&command.kind)?,
                serial_numbers: vec![serial],
                phones: unsigned(command.target_count),
                organisation,
                reason: command.reason,
                asked_by: command.drafted_by_name,
                signed: unsigned(signed),
                needed: unsigned(command.approvals_needed),
                expires_at: time(command.expires_at),
                id: command.id,
            })
        })
        .collect();
    frame::html(&Approvals { waiting, frame })
}

fn row(
    command: &Command,
    counts: &[(State, i64)],
    serial_number: String,
    organisation: String,
) -> Option<CommandRow> {
    let done = counts
        .iter()
        .find(|(state, _)| *state == State::Done)
        .map_or(0, |(_, count)| *count);
    Some(CommandRow {
        id: command.id.clone(),
        kind: Kind::parse(&command.kind)?,
        state: CommandState::parse(&command.state)?,
        code: None,
        serial_number,
        phones: unsigned(command.target_count),
        done: unsigned(done),
        organisation,
        asked_by: command.drafted_by_name.clone(),
        at: time(command.created_at),
    })
}

/// The first phone's serial number and the organisation's name of each command of a page.
async fn names<'a>(
    app: &App,
    scope: &Scope,
    page: impl Iterator<Item = &'a Command>,
) -> Answer<Vec<(String, String)>> {
    let (scope, wanted) = (
        scope.clone(),
        page.map(|c| (c.id.clone(), c.organisation_id.clone()))
            .collect::<Vec<_>>(),
    );
    let found = app.store.read(move |c| {
        wanted
            .iter()
            .map(|(id, owner)| name(c, &scope, id, owner))
            .collect()
    });
    Ok(found.await?)
}

fn name(c: &mut Conn, scope: &Scope, command: &str, owner: &str) -> StoreResult<(String, String)> {
    let first = targets::page(c, scope, command, &[], None, 1)?.items.pop();
    let owner = organisations::find(c, scope, owner)?;
    Ok((
        first.map_or_else(String::new, |target| target.serial_number),
        owner.map_or_else(String::new, |owner| owner.name),
    ))
}

/// One filter as links: each option changes the query string, the set one can be taken away.
fn filter(
    query: &Fields,
    name: &str,
    label: String,
    options: impl Iterator<Item = &'static str>,
    words: impl Fn(&str) -> Option<String>,
) -> Filter {
    let chosen = query.some(name);
    Filter {
        name: label,
        set: chosen.and_then(|word| Some((words(word)?, with(query, name, None)))),
        options: options
            .filter_map(|word| {
                Some((
                    words(word)?,
                    with(query, name, Some(word)),
                    chosen == Some(word),
                ))
            })
            .collect(),
    }
}

/// The address of this list with one part of its query set or taken away. A change of filter starts at the first page.
fn with(query: &Fields, name: &str, value: Option<&str>) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (known, old) in query.iter() {
        if known != name && known != "cursor" && known != "done" {
            encoded.append_pair(known, old);
        }
    }
    if let Some(value) = value {
        encoded.append_pair(name, value);
    }
    let encoded = encoded.finish();
    if encoded.is_empty() {
        "/commands".to_owned()
    } else {
        format!("/commands?{encoded}")
    }
}

/// A time of the database as pages have it.
pub(super) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A count of the database as pages have it.
pub(super) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
