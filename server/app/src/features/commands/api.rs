//! Commands over the API.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use muster_domain::command::State;
use muster_domain::device::Contact;
use muster_protocol::base64;
use muster_store::approvals::Approval;
use muster_store::commands::{Command, CommandFilter};
use muster_store::device_search::DeviceFilter;
use muster_store::receipts::Receipt;
use muster_store::targets::Target;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::arguments::{self, Arguments};
use super::draft::{self, Draft, Phones};
use super::seal::SignatureEntry;
use super::show::{self, ForApproval, Shown};
use super::{approve, cancel};
use crate::app::App;
use crate::features::fleet;
use crate::web::actor::{Actor, Allowed, DeliverApprovals, ReadCommands, SendCommands};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::{List, PageRequest};
use crate::web::problem::{Answer, Problem};

/// This feature's part of the description.
#[derive(OpenApi)]
#[openapi(paths(list, create, show, targets, envelope, approve, cancel))]
pub struct Api;

/// A command to be drafted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommand {
    /// notice, message, refresh, rotate-key, lock, suspend, resume, lock-fleet, unlock, cancel, kill or wipe.
    pub kind: String,
    /// The phones, by id; or a filter.
    pub device_ids: Option<Vec<String>>,
    /// A search, frozen into phones at this moment.
    pub filter: Option<NewFilter>,
    /// Why: shown to approvers and to the owner.
    pub reason: String,
    /// What the kind needs beside.
    #[serde(default)]
    pub arguments: Arguments,
    /// How long the command waits for its phones.
    pub expires_in_seconds: Option<u64>,
}

/// A search for phones, as the list of devices takes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFilter {
    /// Beginning of a serial number or IMEI, or a part of the owner's name.
    pub q: Option<String>,
    /// fresh, stale, lost or never.
    pub contact: Option<String>,
    /// The organisation that owns them.
    pub organisation_id: Option<String>,
}

/// A command as the API answers it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandShown {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// Why it was drafted.
    pub reason: String,
    /// What the kind needs beside, as signed.
    #[schema(value_type = Object)]
    pub arguments: serde_json::Value,
    /// How many people must approve; 0 when the server's own key suffices.
    pub approvals_needed: i64,
    /// How many of them with an independent key.
    pub independent_needed: i64,
    /// Who approved.
    pub approvals: Vec<ApprovalShown>,
    /// Who drafted it.
    pub drafted_by: String,
    /// When it was drafted.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it ends if no phone accepted it.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// The digest that approvers sign and receipts name.
    pub digest: String,
    /// How many phones stand in which state.
    pub target_counts: BTreeMap<&'static str, i64>,
    /// The first 100 phones.
    pub targets: Vec<TargetShown>,
}

/// A signature over a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalShown {
    /// The key's id.
    pub key_id: String,
    /// The person behind the key, as the keyring calls them.
    pub person: String,
    /// When it came in.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// One phone of a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetShown {
    /// The phone.
    pub device_id: String,
    /// Its serial number, as it stands in the signed target tree.
    pub serial_number: String,
    /// Where it stands.
    pub state: String,
    /// The phone's reason, when it refused or waits.
    pub code: Option<String>,
    /// The phone's answer came after the command was cancelled or expired.
    pub late: bool,
    /// Its newest receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptShown>,
}

/// What a phone signed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceiptShown {
    /// SHA-256 of the envelope.
    pub id: String,
    /// accepted, deferred, refused, done or failed.
    pub state: String,
    /// The phone's reason.
    pub code: Option<String>,
    /// Its number among the phone's receipts.
    pub sequence: i64,
    /// When it came in.
    #[schema(value_type = String)]
    pub received_at: Timestamp,
    /// The signed envelope, base64.
    pub envelope: String,
}

/// Everything an approver's program checks for itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EnvelopeShown {
    /// Where the command stands.
    pub state: String,
    /// The payload that is signed, base64.
    pub payload: String,
    /// The fleet's descriptor, base64.
    pub descriptor: String,
    /// Every keyring from version 1 on, base64 envelopes.
    pub keyrings: Vec<String>,
    /// Every target in the order of the tree.
    pub leaves: Vec<LeafShown>,
    /// The signatures that stand.
    pub signatures: Vec<SignatureEntry>,
    /// The sealed envelope, base64, once enough signatures stand.
    pub envelope: Option<String>,
}

/// One leaf of the target tree.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeafShown {
    /// Device id.
    pub device: String,
    /// Enrolment id.
    pub enrolment: String,
    /// Serial number.
    pub serial: String,
}

/// What became of an approval.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalAnswer {
    /// Whether the command is on its way now.
    pub sealed: bool,
    /// What is still missing, in the phone's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<&'static str>,
}

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

/// The filter of a list of commands.
///
/// # Errors
/// A state or kind that does not exist.
pub fn filter(query: &Fields) -> Answer<CommandFilter> {
    let mut states = Vec::new();
    for word in query.many("state") {
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
    allowed: Allowed<SendCommands>,
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
    allowed: Allowed<SendCommands>,
    reader: Allowed<ReadCommands>,
    path: Path<String>,
) -> Answer<HttpResponse> {
    cancel::cancel(&app, &allowed, &path).await?;
    Ok(HttpResponse::Ok().json(of(&show::one(&app, &reader, &path).await?)))
}

fn of(found: &Shown) -> CommandShown {
    shown(
        found.command.clone(),
        &found.approvals,
        &found.counts,
        &found.targets.items,
        &found.receipts,
    )
}

fn shown(
    command: Command,
    approvals: &[Approval],
    counts: &[(State, i64)],
    targets: &[Target],
    receipts: &[Receipt],
) -> CommandShown {
    CommandShown {
        arguments: serde_json::from_str(&command.arguments).unwrap_or_default(),
        approvals: approvals
            .iter()
            .map(|approval| ApprovalShown {
                key_id: approval.key_id.clone(),
                person: approval.person.clone(),
                created_at: time(approval.created_at),
            })
            .collect(),
        created_at: time(command.created_at),
        expires_at: time(command.expires_at),
        target_counts: counts
            .iter()
            .map(|(state, count)| (state.as_str(), *count))
            .collect(),
        targets: targets
            .iter()
            .map(|target| target_shown(target, receipts))
            .collect(),
        id: command.id,
        kind: command.kind,
        state: command.state,
        reason: command.reason,
        approvals_needed: command.approvals_needed,
        independent_needed: command.independent_needed,
        drafted_by: command.drafted_by_name,
        digest: command.digest,
    }
}

fn target_shown(target: &Target, receipts: &[Receipt]) -> TargetShown {
    // Receipts come oldest first: the last one of a phone is its newest.
    let newest = receipts
        .iter()
        .rev()
        .find(|receipt| receipt.device_id == target.device_id);
    TargetShown {
        device_id: target.device_id.clone(),
        serial_number: target.serial_number.clone(),
        state: target.state.clone(),
        code: target.code.clone(),
        late: target.late,
        receipt: newest.map(|receipt| ReceiptShown {
            id: receipt.id.clone(),
            state: receipt.state.clone(),
            code: receipt.code.clone(),
            sequence: receipt.sequence,
            received_at: time(receipt.received_at),
            envelope: base64::encode(receipt.envelope.as_bytes()),
        }),
    }
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
