//! Organisations for programs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::add::{self, AddOrganisation};
use super::list::{self as listing, Query};
use crate::app::App;
use crate::web::actor::{Allowed, ManageOrganisations, ReadOrganisations};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::List;
use crate::web::problem::Answer;

/// What this feature adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(list, add, find))]
pub struct Api;

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Organisation {
    /// Its id.
    id: String,
    /// `operator`, `reseller` or `customer`.
    kind: String,
    /// The organisation above it; null for the operator.
    parent_id: Option<String>,
    /// Its name.
    name: String,
    /// When it was added, RFC 3339.
    created_at: String,
}

impl From<muster_store::organisations::Organisation> for Organisation {
    fn from(row: muster_store::organisations::Organisation) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            parent_id: row.parent_id,
            name: row.name,
            created_at: json::time(row.created_at),
        }
    }
}

/// An organisation to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    /// Its name, 1 to 80 characters; no two beneath the same parent share one.
    name: String,
    /// The organisation above it: the operator for a reseller, a reseller for a customer. The token's own when left out.
    #[serde(default)]
    parent_id: Option<String>,
}

/// The organisations that the token may see, by name.
#[utoipa::path(
    get,
    path = "/api/v1/organisations",
    tag = "organisations",
    params(
        ("kind" = Option<String>, Query, description = "operator, reseller or customer"),
        ("parent_id" = Option<String>, Query, description = "Those directly beneath this one"),
        ("q" = Option<String>, Query, description = "A part of the name"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Organisation>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadOrganisations>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Query::read(&Fields::parse(request.query_string().as_bytes()))?;
    let page = listing::list(&app, &allowed, query)
        .await?
        .map(Organisation::from);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// Adds a reseller beneath the operator, or a customer beneath a reseller.
#[utoipa::path(
    post,
    path = "/api/v1/organisations",
    tag = "organisations",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = NewOrganisation,
    responses(
        (status = 201, body = Organisation),
        (status = 404, description = "There is no such parent, or it is not the token's to see"),
        (status = 422, description = "The name does not fit, or is taken"),
    ),
    security(("token" = []))
)]
pub async fn add(
    app: Data<App>,
    allowed: Allowed<ManageOrganisations>,
    request: HttpRequest,
    body: Json<NewOrganisation>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let new = AddOrganisation::read(&body.value.name, body.value.parent_id.as_deref())?;
    let make = async || Ok(Organisation::from(add::add(&app, &allowed, new).await?));
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// One organisation.
#[utoipa::path(
    get,
    path = "/api/v1/organisations/{id}",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation")),
    responses(
        (status = 200, body = Organisation),
        (status = 404, description = "There is no such organisation, or it is not the token's to see"),
    ),
    security(("token" = []))
)]
pub async fn find(
    app: Data<App>,
    allowed: Allowed<ReadOrganisations>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let found = listing::find(&app, &allowed, id.into_inner()).await?;
    Ok(json::ok(&Organisation::from(found)))
}
