//! Renewals for programs.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::parked::{self, Parked};
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks, SetPrices};
use crate::web::fields::Fields;
use crate::web::json;
use crate::web::paging::{List, PageRequest};
use crate::web::problem::Answer;

/// What this room adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(state, list, unpark, unpark_all))]
pub struct Api;

/// How the renewals do.
#[derive(Debug, Serialize, ToSchema)]
pub struct RenewalsState {
    /// Since when something is due that was not billed within the hour, by whomever it is sold, RFC 3339; null while nothing is.
    behind_since: Option<String>,
    /// When what was due was last billed to its end, RFC 3339; null before the first time.
    swept_at: Option<String>,
    /// How many of the token's own organisation's subscriptions are set aside because they could not be billed.
    parked: i64,
}

/// A subscription that is set aside because it could not be billed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedSubscription {
    /// Its id.
    id: String,
    /// The buyer's billing account.
    billing_account_id: String,
    /// The buyer's name on invoices.
    buyer: String,
    /// Its plan.
    plan_id: String,
    /// Its plan's name.
    plan: String,
    /// Its phone; null for one that is on none.
    device_id: Option<String>,
    /// When the period began that could not be billed, RFC 3339.
    due_at: Option<String>,
    /// Since when it is set aside, RFC 3339.
    parked_at: Option<String>,
    /// Why.
    because: String,
}

impl From<Parked> for ParkedSubscription {
    fn from(parked: Parked) -> Self {
        let row = parked.row;
        Self {
            id: row.id,
            billing_account_id: row.billing_account_id,
            buyer: parked.buyer,
            plan_id: row.plan_id,
            plan: parked.plan,
            device_id: row.device_id,
            due_at: row.next_start_at.map(json::time),
            parked_at: row.parked_at.map(json::time),
            because: row.parked_because.unwrap_or_default(),
        }
    }
}

/// How many were taken up again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unparked {
    /// The number.
    unparked: usize,
}

/// Whether what is due is billed, and how many subscriptions are set aside.
#[utoipa::path(
    get,
    path = "/api/v1/renewals/state",
    tag = "subscriptions",
    responses((status = 200, body = RenewalsState)),
    security(("token" = []))
)]
pub async fn state(app: Data<App>, allowed: Allowed<ReadBooks>) -> Answer<HttpResponse> {
    let state = parked::state(&app, &allowed).await?;
    Ok(json::ok(&RenewalsState {
        behind_since: state.behind_since.map(json::time),
        swept_at: state.swept_at.map(json::time),
        parked: state.parked,
    }))
}

/// What the token's organisation sells and could not bill, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/subscriptions/parked",
    tag = "subscriptions",
    params(
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<ParkedSubscription>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let page = PageRequest::read(&Fields::parse(request.query_string().as_bytes()))?;
    let found = parked::list(&app, &allowed, page).await?;
    Ok(json::ok(&List {
        items: found
            .items
            .into_iter()
            .map(ParkedSubscription::from)
            .collect(),
        next_cursor: found.next,
    }))
}

/// Takes a subscription up again; it is billed at the next sweep, within a minute.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/{id}/unpark",
    tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    responses(
        (status = 200, body = Unparked),
        (status = 404, description = "There is no such subscription, or it is not sold by the token's organisation"),
        (status = 409, description = "It is not set aside"),
    ),
    security(("token" = []))
)]
pub async fn unpark(
    app: Data<App>,
    allowed: Allowed<SetPrices>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    parked::unpark(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(json::ok(&Unparked { unparked: 1 }))
}

/// Takes every subscription up again that is set aside.
#[utoipa::path(
    post,
    path = "/api/v1/subscriptions/parked/unpark",
    tag = "subscriptions",
    responses((status = 200, body = Unparked)),
    security(("token" = []))
)]
pub async fn unpark_all(app: Data<App>, allowed: Allowed<SetPrices>) -> Answer<HttpResponse> {
    let unparked = parked::unpark_all(&app.into_inner(), &allowed).await?;
    Ok(json::ok(&Unparked { unparked }))
}
