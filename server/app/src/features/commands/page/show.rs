//! One command: what was signed, by whom, and what became of it on each phone.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::command::State;
use muster_domain::permission::Permission;
use muster_domain::scope::Scope;
use muster_protocol::command::Kind as ProtocolKind;
use muster_protocol::ids::KeyId;
use muster_store::targets::Target;
use muster_store::{device_search, organisations};

use super::list::{time, unsigned};
use crate::app::App;
use crate::features::approving::sign::{self, Way};
use crate::features::commands::show::{self, Shown};
use crate::features::commands::{cancel as cancelling, seal, signed_cancel as cancelling_signed};
use crate::web::actor::{Actor, Allowed, DraftCommands, ReadCommands};
use crate::web::fields::Fields;
use crate::web::frame::{self, Done};
use crate::web::problem::{Answer, Problem};
use crate::web::session;
use crate::web::view::approving::ByPasskey;
use crate::web::view::command::{Approval, Command, Progress, SignedCancel, Signer, TargetRow};
use crate::web::view::{CommandState, Frame, Kind, Place};

/// Rows of phones on the page; beyond twenty the ones that are done give way to a bar (PORTAL.md §5).
const ROWS: usize = 20;
/// Serial numbers in the sentence that is signed.
const SERIALS: usize = 3;

/// `GET /commands/{id}`
///
/// # Errors
/// There is no such command in the scope.
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    path: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let found = show::one(&app, &allowed, &path).await?;
    let place = if found.command.state == State::AwaitingApproval.as_str() {
        Place::Approvals
    } else {
        Place::Commands
    };
    let frame = frame::frame(&app, &allowed.actor, &request, place).await?;
    let more = more(&app, allowed.scope(), &found).await?;
    let command = &found.command;
    let kind = Kind::parse(&command.kind).ok_or_else(|| Problem::not_found("command"))?;
    let approval = (command.approvals_needed > 0).then(|| Approval {
        signers: signers(&found, &more),
        people: unsigned(command.approvals_needed),
        independent: unsigned(command.independent_needed),
    });
    let before_accepted = found
        .counts
        .iter()
        .any(|(state, count)| *count > 0 && state.is_before_accepted());
    let by_passkey = by_passkey(&app.into_inner(), &allowed.actor, command).await?;
    let may_cancel = command
        .kind
        .parse()
        .is_ok_and(|kind| allowed.actor.role.may(Permission::to_draft(kind)));
    frame::html(&Command {
        id: command.id.clone(),
        kind,
        reason: command.reason.clone(),
        arguments: arguments(&frame, &command.arguments),
        organisation: more.organisation.clone(),
        serial_numbers: found
            .targets
            .items
            .iter()
            .take(SERIALS)
            .map(|target| target.serial_number.clone())
            .collect(),
        phones: unsigned(command.target_count),
        digest: command.digest.clone(),
        keyring: unsigned(command.keyring_version),
        drafted_by: command.drafted_by_name.clone(),
        drafted_at: time(command.created_at),
        expires_at: time(command.expires_at),
        approval,
        may_cancel: before_accepted && may_cancel,
        signed_cancel: found.unheard.as_ref().map(|unheard| SignedCancel {
            phones: unheard.devices.len() as u64,
            drafted: unheard.drafted.clone(),
            may_draft: allowed
                .actor
                .role
                .may(Permission::to_draft(ProtocolKind::Cancel)),
        }),
        cool_off_until: command.cool_off_until.map(time),
        envelope_link: None,
        by_passkey,
        progress: progress_of(&frame, &found, &more)?,
        frame,
    })
}

/// How the reader may sign it with a passkey; `None` where nobody signs it now, or the reader never does.
async fn by_passkey(
    app: &Arc<App>,
    actor: &Actor,
    command: &muster_store::commands::Command,
) -> Answer<Option<ByPasskey>> {
    if command.approvals_needed == 0 || !actor.role.may(Permission::DeliverApprovals) {
        return Ok(None);
    }
    Ok(match sign::way_of(app, actor, command).await? {
        Way::NotWaiting => None,
        Way::NotSetUp => Some(ByPasskey::NotSetUp),
        Way::NeverEnough => Some(ByPasskey::NeverEnough),
        Way::NoPasskey => Some(ByPasskey::NoPasskey),
        Way::NotGranted => Some(ByPasskey::NotGranted),
        Way::Signed => Some(ByPasskey::Signed),
        Way::Ready(_, needed) => Some(ByPasskey::Ready {
            beside: needed.independent > 0,
        }),
    })
}

/// `GET /commands/{id}/progress`: the part of the page that follows the phones.
///
/// # Errors
/// There is no such command in the scope.
pub async fn progress(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    path: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let found = show::one(&app, &allowed, &path).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Commands).await?;
    let more = more(&app, allowed.scope(), &found).await?;
    frame::fragment(&request, &progress_of(&frame, &found, &more)?)
}

/// `POST /commands/{id}/cancel`
///
/// # Errors
/// There is no such command in the scope, or it can no longer be taken back.
pub async fn cancel(
    app: Data<App>,
    allowed: Allowed<DraftCommands>,
    path: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app: Arc<App> = app.into_inner();
    cancelling::cancel(&app, &allowed, &path).await?;
    Ok(frame::done(
        &format!("/commands/{path}"),
        Done::CommandCancelled,
    ))
}

/// `POST /commands/{id}/signed-cancel`: drafts the cancel that phones believe, and goes to its page.
///
/// # Errors
/// There is no such command in the scope, or nobody to tell.
pub async fn signed_cancel(
    app: Data<App>,
    allowed: Allowed<DraftCommands>,
    path: Path<String>,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app: Arc<App> = app.into_inner();
    let drafted = cancelling_signed::draft(&app, &allowed, &path).await?;
    Ok(frame::done(
        &format!("/commands/{drafted}"),
        Done::CommandSent,
    ))
}

/// What the page tells beside the command itself.
struct More {
    organisation: String,
    /// Owner's name and last contact of each phone shown, in the order of the targets.
    phones: Vec<(String, Option<i64>)>,
    /// Key id, person and whether it is independent, of every key of the newest keyring.
    keys: Vec<(String, String, bool)>,
}

async fn more(app: &App, scope: &Scope, found: &Shown) -> Answer<More> {
    let (scope, owner, fleet) = (
        scope.clone(),
        found.command.organisation_id.clone(),
        found.command.fleet_id.clone(),
    );
    let devices: Vec<String> = shown_targets(found)
        .iter()
        .map(|target| target.device_id.clone())
        .collect();
    let more = app.store.read(move |c| {
        let mut phones = Vec::with_capacity(devices.len());
        for id in &devices {
            let view = device_search::find(c, &scope, id)?;
            phones.push(view.map_or_else(Default::default, |view| {
                (view.organisation_name, view.state.last_check_in_at)
            }));
        }
        let keyring = seal::newest_keyring(c, &fleet)?;
        let keys = keyring.map_or_else(Vec::new, |held| {
            let of = |entry: &muster_protocol::keyring::KeyEntry| {
                (
                    entry.id().to_string(),
                    entry.person.to_string(),
                    entry.counts_as_independent(),
                )
            };
            held.keyring.keys.iter().map(of).collect()
        });
        let organisation =
            organisations::find(c, &scope, &owner)?.map_or_else(String::new, |found| found.name);
        Ok(More {
            organisation,
            phones,
            keys,
        })
    });
    Ok(more.await?)
}

/// Who signed. The keyring carries no names (PROTOCOL §5): a key is told by the beginning of its id, and by its seal.
fn signers(found: &Shown, more: &More) -> Vec<Signer> {
    found
        .approvals
        .iter()
        .map(|approval| {
            let known = more.keys.iter().find(|(id, ..)| *id == approval.key_id);
            Signer {
                name: KeyId::parse(&approval.key_id)
                    .map_or_else(|_| approval.key_id.clone(), |id| id.to_string())[..8]
                    .to_owned(),
                key_id: approval.key_id.clone(),
                independent: known.is_some_and(|(.., independent)| *independent),
                at: time(approval.created_at),
            }
        })
        .collect()
}

/// The phones that have a row: all of twenty or fewer, else those that are not done.
fn shown_targets(found: &Shown) -> Vec<&Target> {
    let all = &found.targets.items;
    if all.len() <= ROWS {
        return all.iter().collect();
    }
    all.iter()
        .filter(|target| target.state != State::Done.as_str())
        .take(ROWS)
        .collect()
}

fn progress_of(frame: &Frame, found: &Shown, more: &More) -> Answer<Progress> {
    let command = &found.command;
    let unknown = || Problem::not_found("command");
    let targets = shown_targets(found);
    let mut rows = Vec::with_capacity(targets.len());
    for (target, (organisation, last_contact)) in targets.iter().zip(&more.phones) {
        let newest = found
            .receipts
            .iter()
            .rev()
            .find(|receipt| receipt.device_id == target.device_id);
        rows.push(TargetRow {
            device_id: target.device_id.clone(),
            serial_number: target.serial_number.clone(),
            organisation: organisation.clone(),
            state: CommandState::parse(&target.state).ok_or_else(unknown)?,
            code: target.code.clone(),
            late: target.late,
            receipt_at: newest.map(|receipt| time(receipt.received_at)),
            last_contact: last_contact.map(time),
        });
    }
    let people: std::collections::BTreeSet<&str> = found
        .approvals
        .iter()
        .map(|approval| approval.person.as_str())
        .collect();
    let counts: Vec<(CommandState, u64)> = found
        .counts
        .iter()
        .filter_map(|(state, count)| Some((CommandState::parse(state.as_str())?, unsigned(*count))))
        .collect();
    let total: u64 = counts.iter().map(|(_, count)| *count).sum();
    Ok(Progress {
        live_url: format!("/commands/{}/progress", command.id),
        state: CommandState::parse(&command.state).ok_or_else(unknown)?,
        code: only(targets.iter().map(|target| target.code.clone())),
        signed: people.len() as u64,
        needed: unsigned(command.approvals_needed),
        expires_at: time(command.expires_at),
        stages: stages(found),
        drafted_by: command.drafted_by_name.clone(),
        hidden: total.saturating_sub(rows.len() as u64),
        counts,
        rows,
        frame: frame.clone(),
    })
}

/// When each stage was first reached: drafted, approved, queued, delivered, accepted, done.
fn stages(found: &Shown) -> [Option<jiff::Timestamp>; 6] {
    let command = &found.command;
    let first =
        |of: fn(&Target) -> Option<i64>| found.targets.items.iter().filter_map(of).min().map(time);
    let approved = (command.approvals_needed > 0)
        .then_some(command.sealed_at)
        .flatten();
    let ended = (command.state == State::Done.as_str())
        .then(|| {
            found
                .targets
                .items
                .iter()
                .filter_map(|target| target.ended_at)
                .max()
        })
        .flatten();
    [
        Some(time(command.created_at)),
        approved.map(time),
        command.sealed_at.map(time),
        first(|target| target.delivered_at),
        first(|target| target.accepted_at),
        ended.map(time),
    ]
}

/// The one value that all have, if they agree.
fn only(mut values: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = values.next()??;
    values
        .all(|value| value.as_ref() == Some(&first))
        .then_some(first)
}

/// The arguments in words.
pub(crate) fn arguments(frame: &Frame, canonical: &str) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(canonical) else {
        return Vec::new();
    };
    let mut shown = Vec::new();
    for (name, value) in &members {
        let label = format!("argument-{name}");
        if !frame.t.has(&label) {
            continue;
        }
        let text = match (name.as_str(), value) {
            ("until" | "date", serde_json::Value::Number(seconds)) => {
                let at = seconds
                    .as_i64()
                    .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
                at.map_or_else(String::new, |at| {
                    crate::web::time_words::utc_date(at).to_string()
                })
            }
            ("template", serde_json::Value::String(word)) => frame.t.get(&format!("notice-{word}")),
            ("lifts", serde_json::Value::Array(items)) => items.len().to_string(),
            (_, serde_json::Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        shown.push((frame.t.get(&label), text));
    }
    shown
}
