//! Commands over the API.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_domain::command::State;
use muster_domain::device::Contact;
use muster_protocol::base64;
use muster_store::commands::CommandFilter;
use muster_store::device_search::DeviceFilter;
use utoipa::OpenApi;

use super::draft::{self, Draft};
use super::phones::Phones;
use super::seal::SignatureEntry;
use super::shapes::{
    ApprovalAnswer, CommandShown, EnvelopeShown, LeafShown, NewCommand, NewFilter, TargetShown, of,
    shown, target_shown,
};
use super::show::{self, ForApproval};
use super::{approve, arguments, cancel};
use crate::app::App;
use crate::features::fleet;
use crate::web::actor::{Actor, Allowed, DeliverApprovals, DraftCommands, ReadCommands};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::{List, PageRequest};
use crate::web::problem::{Answer, Problem};

/// This feature's part of the description.
#[derive(OpenApi)]
#[openapi(paths(list, create, show, targets, envelope, approve, cancel))]
pub struct Api;

/// Commands, newest first.
#[utoipa::path(get, path = "/api/v1/commands",
    params(("state" = Option<String>, Query), ("kind" = Option<String>, Query), ("device_id" = Option<String>, Query),
        ("organisation_id" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = List<CommandShown>)))]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let page = show::list(&app, &allowed, filter(&query)?, PageRequest::read(&query)?).await?;
    let page = page.map(|(command, counts, _)| shown(command, &[], &counts, &[], &[]));
    Ok(HttpResponse::Ok().json(List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// The word for every state that a command can still leave.
pub const OPEN: &str = "open";

/// The filter of a list of commands. `state=open` is every state that a command can still leave.
///
/// # Errors
/// A state or kind that does not exist.
pub fn filter(query: &Fields) -> Answer<CommandFilter> {
    let mut states = Vec::new();
    for word in query.many("state") {
        if word == OPEN {
            let open = State::ALL.into_iter().filter(|state| !state.is_terminal());
            states.extend(open.map(|state| state.as_str().to_owned()));
            continue;
        }
        let state = State::parse(word).ok_or_else(|| {
            let known: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
            Problem::invalid(
                "state",
                format!(
                    "There is no state {word:?}. Use one of {}.",
                    known.join(", ")
                ),
            )
        })?;
        states.push(state.as_str().to_owned());
    }
    Ok(CommandFilter {
        states,
        kind: query
            .some("kind")
            .map(arguments::kind)
            .transpose()?
            .map(|kind| kind.to_string()),
        device_id: query
            .some("device_id")
            .or(query.some("device"))
            .map(str::to_owned),
        organisation_id: query.some("organisation_id").map(str::to_owned),
    })
}

/// Drafts a command. What the server's own key may sign goes out at once; the rest waits for approvals.
#[utoipa::path(post, path = "/api/v1/commands", request_body = NewCommand,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 201, body = CommandShown)))]
pub async fn create(
    app: Data<App>,
    allowed: Allowed<DraftCommands>,
    reader: Allowed<ReadCommands>,
    actor: Actor,
    request: HttpRequest,
    body: Json<NewCommand>,
) -> Answer<HttpResponse> {
    let (wanted, bytes) = (body.value, body.bytes);
    json::once(&app, &actor, &request, &bytes, async || {
        let phones = match (wanted.device_ids, wanted.filter) {
            (Some(ids), None) => Phones::Named(ids),
            (None, Some(filter)) => Phones::Matching(device_filter(&app, filter)?),
            (Some(_), Some(_)) | (None, None) => {
                return Err(Problem::invalid(
                    "devices",
                    "Name the phones by device_ids, or by a filter, and not by both.",
                ));
            }
        };
        let draft = Draft {
            kind: arguments::kind(&wanted.kind)?,
            phones,
            reason: wanted.reason,
            arguments: wanted.arguments,
            expires_in: wanted.expires_in_seconds,
        };
        let id = draft::draft(&app, &allowed, draft).await?;
        Ok(of(&show::one(&app, &reader, &id).await?))
    })
    .await
}

fn device_filter(app: &App, filter: NewFilter) -> Answer<DeviceFilter> {
    let contact = match filter.contact.as_deref() {
        None => None,
        Some(word) => {
            let contact = Contact::parse(word).ok_or_else(|| {
                Problem::invalid("contact", "contact is fresh, stale, lost or never.")
            })?;
            Some(fleet::list::contact_window(contact, app.now_micros()))
        }
    };
    Ok(DeviceFilter {
        q: filter.q,
        lifecycle: None,
        contact,
        restriction: None,
        organisation_id: filter.organisation_id,
    })
}

/// One command.
#[utoipa::path(get, path = "/api/v1/commands/{id}", responses((status = 200, body = CommandShown)))]
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    path: Path<String>,
) -> Answer<HttpResponse> {
    Ok(HttpResponse::Ok().json(of(&show::one(&app, &allowed, &path).await?)))
}

/// All phones of a command, paged.
#[utoipa::path(get, path = "/api/v1/commands/{id}/targets",
    params(("state" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = List<TargetShown>)))]
pub async fn targets(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    request: HttpRequest,
    path: Path<String>,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let states = filter(&query)?.states;
    let (page, receipts) =
        show::targets_of(&app, &allowed, &path, states, PageRequest::read(&query)?).await?;
    let items = page
        .items
        .iter()
        .map(|target| target_shown(target, &receipts))
        .collect();
    Ok(HttpResponse::Ok().json(List::<TargetShown> {
        items,
        next_cursor: page.next,
    }))
}

/// Everything an approver's program checks before it signs: payload, keyrings, every target, the signatures that stand.
#[utoipa::path(get, path = "/api/v1/commands/{id}/envelope", responses((status = 200, body = EnvelopeShown)))]
pub async fn envelope(
    app: Data<App>,
    allowed: Allowed<ReadCommands>,
    path: Path<String>,
) -> Answer<HttpResponse> {
    let ForApproval {
        command,
        descriptor,
        keyrings,
        leaves,
        approvals,
    } = show::for_approval(&app, &allowed, &path).await?;
    Ok(HttpResponse::Ok().json(EnvelopeShown {
        state: command.state,
        payload: base64::encode(command.payload.as_bytes()),
        descriptor: base64::encode(descriptor.as_bytes()),
        keyrings: keyrings
            .iter()
            .map(|envelope| base64::encode(envelope.as_bytes()))
            .collect(),
        leaves: leaves
            .into_iter()
            .map(|leaf| LeafShown {
                device: leaf.device_id,
                enrolment: leaf.enrolment_id,
                serial: leaf.serial_number,
            })
            .collect(),
        signatures: approvals
            .iter()
            .filter_map(|approval| serde_json::from_str(&approval.signature).ok())
            .collect(),
        envelope: command.envelope.map(|text| base64::encode(text.as_bytes())),
    }))
}

/// Hands in an approver's signature. The signature is the authority, not the token.
#[utoipa::path(post, path = "/api/v1/commands/{id}/approvals", request_body = SignatureEntry,
    responses((status = 201, body = ApprovalAnswer)))]
pub async fn approve(
    app: Data<App>,
    allowed: Allowed<DeliverApprovals>,
    path: Path<String>,
    body: Json<SignatureEntry>,
) -> Answer<HttpResponse> {
    let outcome = approve::approve(&app, &allowed, &path, body.value).await?;
    let missing = match outcome {
        approve::Approved::Sealed => None,
        approve::Approved::Missing(reason) => match approve::refusal(reason) {
            Some(problem) => return Err(problem),
            None => Some(reason.as_str()),
        },
    };
    Ok(HttpResponse::Created().json(ApprovalAnswer {
        sealed: missing.is_none(),
        missing,
    }))
}

/// Takes a command back from every phone that has not accepted it.
#[utoipa::path(post, path = "/api/v1/commands/{id}/cancel", responses((status = 200, body = CommandShown)))]
pub async fn cancel(
    app: Data<App>,
    allowed: Allowed<DraftCommands>,
    reader: Allowed<ReadCommands>,
    path: Path<String>,
) -> Answer<HttpResponse> {
    cancel::cancel(&app, &allowed, &path).await?;
    Ok(HttpResponse::Ok().json(of(&show::one(&app, &reader, &path).await?)))
}
