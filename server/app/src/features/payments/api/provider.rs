//! The secrets of a payment provider, for programs.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use muster_store::selling::webhook_secrets::WebhookSecret;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::app::App;
use crate::features::payments::provider::secrets;
use crate::web::actor::{Allowed, TakePayments};
use crate::web::json;
use crate::web::paging::List;
use crate::web::problem::Answer;

/// This part of the description.
#[derive(OpenApi)]
#[openapi(paths(list, make, end))]
pub struct Api;

/// A secret that holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderSecret {
    /// Its id.
    id: String,
    /// Who made it.
    made_by: String,
    /// When, RFC 3339.
    created_at: String,
}

impl From<WebhookSecret> for ProviderSecret {
    fn from(row: WebhookSecret) -> Self {
        Self {
            id: row.id,
            made_by: row.made_by_name,
            created_at: json::time(row.created_at),
        }
    }
}

/// A secret just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewProviderSecret {
    /// Its id.
    id: String,
    /// The secret itself, shown this once.
    secret: String,
}

/// The secrets that hold: two at most, so that a provider can change over.
#[utoipa::path(
    get,
    path = "/api/v1/provider-secrets",
    tag = "payments",
    responses((status = 200, body = List<ProviderSecret>)),
    security(("token" = []))
)]
pub async fn list(app: Data<App>, allowed: Allowed<TakePayments>) -> Answer<HttpResponse> {
    let rows = secrets::list(&app, &allowed).await?;
    Ok(json::ok(&List {
        items: rows.into_iter().map(ProviderSecret::from).collect(),
        next_cursor: None,
    }))
}

/// Makes a secret, which is shown this once. It takes no Idempotency-Key, because answers under a key are kept.
#[utoipa::path(
    post,
    path = "/api/v1/provider-secrets",
    tag = "payments",
    responses(
        (status = 201, body = NewProviderSecret),
        (status = 409, description = "Two hold already, or nothing is sold as yet"),
    ),
    security(("token" = []))
)]
pub async fn make(app: Data<App>, allowed: Allowed<TakePayments>) -> Answer<HttpResponse> {
    let (row, secret) = secrets::make(&app.into_inner(), &allowed).await?;
    Ok(HttpResponse::Created().json(NewProviderSecret { id: row.id, secret }))
}

/// Ends a secret: calls signed with it are refused from now on.
#[utoipa::path(
    post,
    path = "/api/v1/provider-secrets/{id}/end",
    tag = "payments",
    params(("id" = String, Path, description = "The secret")),
    responses(
        (status = 204, description = "It holds no more"),
        (status = 404, description = "There is no such secret that holds"),
    ),
    security(("token" = []))
)]
pub async fn end(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    secrets::end(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
