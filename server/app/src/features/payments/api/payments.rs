//! Entering payments and looking at them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{Payment, WholePayment};
use crate::app::App;
use crate::features::payments::enter::{self, NewPayment};
use crate::features::payments::{find, input, refund, turns};
use crate::web::actor::{Allowed, ReadBooks, TakePayments};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::{List, PageRequest};
use crate::web::problem::Answer;

/// This part of the description.
#[derive(OpenApi)]
#[openapi(paths(list, add, one, take_back, paid_back, looked_at))]
pub struct Api;

/// A payment to enter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentToEnter {
    /// The buyer's account.
    account_id: String,
    /// Minor units, above zero.
    amount: i64,
    /// ISO 4217: the account's.
    currency: String,
    /// The day it came: `YYYY-MM-DD`.
    received_on: String,
    /// What it says, up to 140 characters.
    #[serde(default)]
    note: String,
    /// Invoices of this account that it settles first; then the oldest.
    #[serde(default)]
    invoice_ids: Vec<String>,
    /// What makes it known again: the same key is the same payment. New when left out.
    #[serde(default)]
    key: Option<String>,
}

/// When and why something was taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenBack {
    /// The day: `YYYY-MM-DD`.
    on: String,
    /// Why, up to 140 characters.
    note: String,
}

/// When a refund left the bank.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaidBack {
    /// The day: `YYYY-MM-DD`.
    on: String,
}

/// What the token's organisation was paid, refunds and write-offs among it, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/payments",
    tag = "payments",
    params(
        ("account_id" = Option<String>, Query, description = "Of this buyer's account"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Payment>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let account = query.some("account_id").map(str::to_owned);
    let page = find::list(&app, &allowed, account, PageRequest::read(&query)?).await?;
    let page = page.map(Payment::from);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// Enters a payment: named invoices are settled first, then the oldest; what is left over is credit.
#[utoipa::path(
    post,
    path = "/api/v1/payments",
    tag = "payments",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = PaymentToEnter,
    responses(
        (status = 201, body = WholePayment),
        (status = 409, description = "The key is another payment's"),
        (status = 422, description = "There is no such account, or something does not fit"),
    ),
    security(("token" = []))
)]
pub async fn add(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    body: Json<PaymentToEnter>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let sent = body.value;
    let new = NewPayment {
        amount: input::amount(sent.amount, &sent.currency)?,
        received_on: input::day("received_on", &sent.received_on)?,
        note: input::note(&sent.note)?,
        key: input::key(&app, sent.key.as_deref())?,
        account_id: sent.account_id,
        invoice_ids: sent.invoice_ids,
    };
    let make = async || {
        let booked = enter::enter(&app, &allowed, new).await?;
        let reader = allowed.actor.clone().allow::<ReadBooks>()?;
        let whole = find::find(&app, &reader, booked.payment.id).await?;
        Ok(WholePayment::from(whole))
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// One payment, with what it settled.
#[utoipa::path(
    get,
    path = "/api/v1/payments/{id}",
    tag = "payments",
    params(("id" = String, Path, description = "The payment")),
    responses(
        (status = 200, body = WholePayment),
        (status = 404, description = "There is no such payment in the token's books"),
    ),
    security(("token" = []))
)]
pub async fn one(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let whole = find::find(&app, &allowed, id.into_inner()).await?;
    Ok(json::ok(&WholePayment::from(whole)))
}

/// Takes a payment, refund or write-off back: what it moved is moved back, what it settled is open again.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/take-back",
    tag = "payments",
    params(("id" = String, Path, description = "The payment")),
    request_body = TakenBack,
    responses(
        (status = 200, body = WholePayment),
        (status = 404, description = "There is no such payment in the token's books"),
        (status = 409, description = "It was taken back already, or paid out to the buyer meanwhile"),
    ),
    security(("token" = []))
)]
pub async fn take_back(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
    body: Json<TakenBack>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let on = input::day("on", &body.value.on)?;
    let note = input::reason(&body.value.note)?;
    turns::take_back(&app, &allowed, id.clone(), on, note).await?;
    again(app.into(), allowed, id).await
}

/// Notes that a refund has left the bank.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/paid-back",
    tag = "payments",
    params(("id" = String, Path, description = "The refund")),
    request_body = PaidBack,
    responses(
        (status = 200, body = WholePayment),
        (status = 404, description = "There is no such payment in the token's books"),
        (status = 409, description = "It is no refund, left already, or was taken back"),
    ),
    security(("token" = []))
)]
pub async fn paid_back(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
    body: Json<PaidBack>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let on = input::day("on", &body.value.on)?;
    refund::paid_back(&app, &allowed, id.clone(), on).await?;
    again(app.into(), allowed, id).await
}

/// Notes that somebody looked at a payment that was flagged, and that it is right.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/looked-at",
    tag = "payments",
    params(("id" = String, Path, description = "The payment")),
    responses(
        (status = 200, body = WholePayment),
        (status = 404, description = "There is no such payment in the token's books"),
        (status = 409, description = "It is not flagged"),
    ),
    security(("token" = []))
)]
pub async fn looked_at(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    turns::looked_at(&app, &allowed, id.clone()).await?;
    again(app.into(), allowed, id).await
}

/// The payment as it is now.
async fn again(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    one(app, allowed.actor.allow::<ReadBooks>()?, id).await
}
