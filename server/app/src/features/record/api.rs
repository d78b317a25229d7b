//! The record for programs.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::list::{self as listing, Query};
use crate::app::App;
use crate::web::actor::{Allowed, ReadRecord};
use crate::web::fields::Fields;
use crate::web::json;
use crate::web::paging::List;
use crate::web::problem::Answer;

/// What this feature adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(list))]
pub struct Api;

/// An entry of the record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// Its id; ids sort by time.
    id: String,
    /// What happened, a dotted word: `device.enrolled`.
    kind: String,
    /// `ordinary`, `major` or `trouble`.
    weight: String,
    /// Who: `member:<id>`, `token:<id>`, `device:<id>`, `job:<name>`, `stranger` or `system`.
    actor: String,
    /// The name they had then.
    actor_name: String,
    /// Whose matter it is.
    organisation_id: String,
    /// The phone it is about.
    device_id: Option<String>,
    /// Its serial number then.
    serial_number: Option<String>,
    /// The command it is about.
    command_id: Option<String>,
    /// What belongs to the kind: a flat object of texts and numbers.
    #[schema(value_type = Object)]
    facts: serde_json::Value,
    /// When, RFC 3339.
    occurred_at: String,
}

impl From<muster_store::events::Event> for Event {
    fn from(row: muster_store::events::Event) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            weight: row.weight,
            actor: row.actor,
            actor_name: row.actor_name,
            organisation_id: row.organisation_id,
            device_id: row.device_id,
            serial_number: row.serial_number,
            command_id: row.command_id,
            facts: serde_json::from_str(&row.facts).unwrap_or_default(),
            occurred_at: json::time(row.at),
        }
    }
}

/// The record of everything that the token may see, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "record",
    params(
        ("kind" = Option<String>, Query, description = "The beginning of a kind, such as command."),
        ("about" = Option<String>, Query, description = "phones, commands, people or keys"),
        ("weight" = Option<String>, Query, description = "ordinary, major or trouble"),
        ("device_id" = Option<String>, Query, description = "About this device"),
        ("command_id" = Option<String>, Query, description = "About this command"),
        ("organisation_id" = Option<String>, Query, description = "Of this organisation"),
        ("q" = Option<String>, Query, description = "Beginning of a serial number, or a part of the actor's name"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Event>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadRecord>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Query::read(&Fields::parse(request.query_string().as_bytes()))?;
    let page = listing::list(&app, &allowed, query).await?.map(Event::from);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}
