//! What is done with a buyer's money besides payments: refunds, write-offs, credit used, invoices credited.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::WholePayment;
use crate::app::App;
use crate::features::payments::credit_note::{self, NewCredit, NewPart};
use crate::features::payments::refund::{self, NewRefund};
use crate::features::payments::write_off::{self, NewWriteOff};
use crate::features::payments::{books, find, input};
use crate::web::actor::{Actor, Allowed, GiveUpDebts, ReadBooks, TakePayments};
use crate::web::json::{self, Json};
use crate::web::problem::Answer;

/// This part of the description.
#[derive(OpenApi)]
#[openapi(paths(refund, write_off, use_credit, credit))]
pub struct Api;

/// Credit to pay back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundToMake {
    /// The buyer's account.
    account_id: String,
    /// Minor units, above zero, at most the credit.
    amount: i64,
    /// ISO 4217: the account's.
    currency: String,
    /// Why, up to 140 characters.
    note: String,
    /// What makes it known again. New when left out.
    #[serde(default)]
    key: Option<String>,
}

/// A debt to give up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DebtToGiveUp {
    /// The invoice.
    invoice_id: String,
    /// Minor units, above zero, at most what is open.
    amount: i64,
    /// ISO 4217: the invoice's.
    currency: String,
    /// Why, up to 140 characters.
    note: String,
    /// What makes it known again. New when left out.
    #[serde(default)]
    key: Option<String>,
}

/// Credit to use on an invoice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditToUse {
    /// The invoice.
    invoice_id: String,
    /// Minor units, above zero, at most what is open.
    amount: i64,
    /// ISO 4217: the invoice's.
    currency: String,
}

/// What credit was used for.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditUsed {
    /// The invoice.
    invoice_id: String,
    /// What is open on it still, minor units.
    open: i64,
}

/// What of an invoice to credit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditToWrite {
    /// Parts of its lines; the whole invoice when left out.
    #[serde(default)]
    parts: Vec<PartToCredit>,
}

/// A part of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartToCredit {
    /// The line's position on the invoice, from 1.
    position: i64,
    /// Minor units, net, above zero.
    net: i64,
    /// ISO 4217: the invoice's.
    currency: String,
    /// What the buyer reads; the line's own words when left out.
    #[serde(default)]
    text: String,
}

/// A credit note that was written.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditNote {
    /// Its id among the invoices.
    id: String,
    /// Its number.
    number: String,
    /// The invoice that it corrects.
    corrects_id: Option<String>,
    /// Minor units.
    net: i64,
    /// Minor units.
    vat: i64,
    /// Minor units.
    total: i64,
    /// ISO 4217.
    currency: String,
    /// The day of issue: `YYYY-MM-DD`.
    issue_date: String,
}

/// Sets a part of a buyer's credit aside to be paid back.
#[utoipa::path(
    post,
    path = "/api/v1/refunds",
    tag = "payments",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = RefundToMake,
    responses(
        (status = 201, body = WholePayment),
        (status = 409, description = "The key is another payment's"),
        (status = 422, description = "There is no such account, or its credit is less"),
    ),
    security(("token" = []))
)]
pub async fn refund(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    body: Json<RefundToMake>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let sent = body.value;
    let new = NewRefund {
        amount: input::amount(sent.amount, &sent.currency)?,
        note: input::reason(&sent.note)?,
        key: input::key(&app, sent.key.as_deref())?,
        account_id: sent.account_id,
    };
    let make = async || {
        let made = refund::refund(&app, &allowed, new).await?;
        whole(&app, &allowed.actor, made.id).await
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// Gives up a part of what is open on an invoice. An owner's right.
#[utoipa::path(
    post,
    path = "/api/v1/write-offs",
    tag = "payments",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = DebtToGiveUp,
    responses(
        (status = 201, body = WholePayment),
        (status = 409, description = "The key is another payment's"),
        (status = 422, description = "There is no such invoice, or less is open on it"),
    ),
    security(("token" = []))
)]
pub async fn write_off(
    app: Data<App>,
    allowed: Allowed<GiveUpDebts>,
    request: HttpRequest,
    body: Json<DebtToGiveUp>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let sent = body.value;
    let new = NewWriteOff {
        amount: input::amount(sent.amount, &sent.currency)?,
        note: input::reason(&sent.note)?,
        key: input::key(&app, sent.key.as_deref())?,
        invoice_id: sent.invoice_id,
    };
    let make = async || {
        let made = write_off::write_off(&app, &allowed, new).await?;
        whole(&app, &allowed.actor, made.id).await
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// Settles a part of an invoice from the buyer's credit.
#[utoipa::path(
    post,
    path = "/api/v1/credit-used",
    tag = "payments",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer")),
    request_body = CreditToUse,
    responses(
        (status = 201, body = CreditUsed),
        (status = 422, description = "There is no such invoice, less is open on it, or the credit does not reach"),
    ),
    security(("token" = []))
)]
pub async fn use_credit(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    body: Json<CreditToUse>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let amount = input::amount(body.value.amount, &body.value.currency)?;
    let invoice_id = body.value.invoice_id;
    let make = async || {
        let open = refund::use_credit(&app, &allowed, invoice_id.clone(), amount).await?;
        Ok(CreditUsed { invoice_id, open })
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

/// Credits an invoice, whole or in parts: what is open on it is settled, what was paid becomes credit.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/credit-notes",
    tag = "payments",
    params(
        ("id" = String, Path, description = "The invoice"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again gets the same answer"),
    ),
    request_body = CreditToWrite,
    responses(
        (status = 201, body = CreditNote),
        (status = 404, description = "There is no such invoice in the token's books"),
        (status = 422, description = "Less is left of it, or it is a credit note itself"),
    ),
    security(("token" = []))
)]
pub async fn credit(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    id: Path<String>,
    body: Json<CreditToWrite>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let parts = body.value.parts.into_iter().map(|part| {
        Ok(NewPart {
            position: part.position,
            net: input::amount(part.net, &part.currency)?,
            text: part.text,
        })
    });
    let new = NewCredit {
        invoice_id: id.into_inner(),
        parts: parts.collect::<Answer<Vec<NewPart>>>()?,
    };
    let make = async || {
        let note = credit_note::credit(&app, &allowed, new).await?;
        Ok(CreditNote {
            number: books::number(&note),
            id: note.id,
            corrects_id: note.corrects_id,
            net: note.net,
            vat: note.vat,
            total: note.total,
            currency: note.currency,
            issue_date: note.issue_date,
        })
    };
    json::once(&app, &allowed.actor, &request, &body.bytes, make).await
}

async fn whole(app: &App, actor: &Actor, id: String) -> Answer<WholePayment> {
    let reader = actor.clone().allow::<ReadBooks>()?;
    Ok(find::find(app, &reader, id).await?.into())
}
