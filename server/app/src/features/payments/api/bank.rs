//! Bank statements for programs: read in, looked at, decided about.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use muster_store::selling::statements;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::app::App;
use crate::features::payments::statement::decide::{self, Shown};
use crate::features::payments::statement::import::{self, Imported, MOST};
use crate::web::actor::{Allowed, ReadBooks, TakePayments};
use crate::web::fields::Fields;
use crate::web::json::{self, Json};
use crate::web::paging::{List, PageRequest};
use crate::web::problem::{Answer, Kind, Problem};

/// This part of the description.
#[derive(OpenApi)]
#[openapi(paths(import, list, entries, undecided, book, ignore))]
pub struct Api;

/// A bank statement that was read in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Statement {
    /// Its id.
    id: String,
    /// The bank account.
    iban: String,
    /// What the bank calls it.
    key: String,
    /// Its first day, if it says so.
    from: Option<String>,
    /// Its last day, if it says so.
    until: Option<String>,
    /// How many entries it had.
    entries: i64,
    /// Who read it in.
    imported_by: String,
    /// When, RFC 3339.
    created_at: String,
}

impl From<statements::Statement> for Statement {
    fn from(row: statements::Statement) -> Self {
        Self {
            id: row.id,
            iban: row.iban,
            key: row.statement_key,
            from: row.from_date,
            until: row.until_date,
            entries: row.entries,
            imported_by: row.imported_by_name,
            created_at: json::time(row.created_at),
        }
    }
}

/// What became of a statement that was read in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedStatement {
    /// The statement.
    statement: Statement,
    /// Entries that were not known before.
    new: usize,
    /// Of these: booked at once, by their structured reference.
    booked: usize,
    /// Of these: waiting for a person.
    waiting: usize,
    /// Entries that were known already.
    known: usize,
}

impl From<Imported> for ImportedStatement {
    fn from(imported: Imported) -> Self {
        Self {
            statement: imported.statement.into(),
            new: imported.new,
            booked: imported.booked,
            waiting: imported.waiting,
            known: imported.known,
        }
    }
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedFile {
    /// Its statements, in its order.
    statements: Vec<ImportedStatement>,
}

/// An entry of a statement.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its id.
    id: String,
    /// The statement that brought it first.
    statement_id: String,
    /// The bank's day.
    booked_on: String,
    /// Minor units; below zero where it went out.
    amount: i64,
    /// ISO 4217.
    currency: String,
    /// Who paid, or was paid.
    payer: String,
    /// What they wrote.
    reference: String,
    /// `booked`, `suggested`, `open` or `ignored`.
    state: String,
    /// Why it is not for booking: `went-out`, or `currency` where nobody is billed in it; null if it is.
    aside: Option<&'static str>,
    /// The account that is suggested.
    suggested_account_id: Option<String>,
    /// The payment that it became.
    payment_id: Option<String>,
}

impl From<Shown> for Entry {
    fn from(shown: Shown) -> Self {
        let aside = shown.aside.map(decide::Aside::as_str);
        Self {
            aside,
            ..Self::from(shown.entry)
        }
    }
}

impl From<statements::Entry> for Entry {
    fn from(row: statements::Entry) -> Self {
        Self {
            id: row.id,
            statement_id: row.statement_id,
            booked_on: row.booked_on,
            amount: row.amount,
            currency: row.currency,
            payer: row.payer,
            reference: row.reference,
            state: row.state,
            aside: None,
            suggested_account_id: row.suggested_account_id,
            payment_id: row.payment_id,
        }
    }
}

/// Whose an entry is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryToBook {
    /// The buyer's account; the suggested one when left out.
    #[serde(default)]
    account_id: Option<String>,
}

/// Reads a file of CAMT.053 in: all of it or nothing. What was read in before adds nothing.
#[utoipa::path(
    post,
    path = "/api/v1/bank/statements",
    tag = "payments",
    request_body(content = String, content_type = "application/xml", description = "CAMT.053, at most 8 MiB"),
    responses(
        (status = 200, body = ImportedFile),
        (status = 413, description = "The file is too large"),
        (status = 415, description = "The body is not sent as XML"),
        (status = 422, description = "The file is no CAMT.053, or does not add up: nothing was imported"),
    ),
    security(("token" = []))
)]
pub async fn import(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    request: HttpRequest,
    body: Payload,
) -> Answer<HttpResponse> {
    // The body is taken before anything is refused: a body left unread costs the connection.
    let body = whole(body).await;
    let declared = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if !matches!(declared.trim(), "application/xml" | "text/xml") {
        let detail = "Send the statement as it is, with Content-Type: application/xml.";
        return Err(Problem::new(Kind::WrongType, "wrong-type", detail));
    }
    let imported = import::import(&app.into_inner(), &allowed, body?).await?;
    let statements = imported.into_iter().map(Into::into).collect();
    Ok(json::ok(&ImportedFile { statements }))
}

/// A body within the limit of a file.
///
/// # Errors
/// It is larger, or broke off.
pub async fn whole(body: Payload) -> Answer<Vec<u8>> {
    match body.to_bytes_limited(MOST + 64 * 1024).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => {
            let detail = "The file did not arrive whole. Send it again.";
            Err(Problem::invalid("body", detail))
        }
        Err(_) => Err(import::too_large()),
    }
}

/// The statements that were read in, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/bank/statements",
    tag = "payments",
    params(
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Statement>)),
    security(("token" = []))
)]
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let page = decide::statements(&app, &allowed, asked(&request)?).await?;
    let page = page.map(Statement::from);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// The entries of a statement, in the bank's order.
#[utoipa::path(
    get,
    path = "/api/v1/bank/statements/{id}/entries",
    tag = "payments",
    params(
        ("id" = String, Path, description = "The statement"),
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses(
        (status = 200, body = List<Entry>),
        (status = 404, description = "There is no such statement in the token's books"),
    ),
    security(("token" = []))
)]
pub async fn entries(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let (_, page) = decide::entries(&app, &allowed, id.into_inner(), asked(&request)?).await?;
    let page = page.map(Entry::from);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// The entries that wait for a person, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/bank/entries",
    tag = "payments",
    params(
        ("limit" = Option<i64>, Query, description = "Rows on a page, 1 to 200; 50 when left out"),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before"),
    ),
    responses((status = 200, body = List<Entry>)),
    security(("token" = []))
)]
pub async fn undecided(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let page = decide::undecided(&app, &allowed, asked(&request)?).await?;
    let page = page.map(Entry::from);
    Ok(json::ok(&List {
        items: page.items,
        next_cursor: page.next,
    }))
}

/// Books an entry for a buyer.
#[utoipa::path(
    post,
    path = "/api/v1/bank/entries/{id}/book",
    tag = "payments",
    params(("id" = String, Path, description = "The entry")),
    request_body = EntryToBook,
    responses(
        (status = 200, body = Entry),
        (status = 404, description = "There is no such entry in the token's books"),
        (status = 409, description = "It was decided about already"),
        (status = 422, description = "There is no such account, or it is kept in another currency"),
    ),
    security(("token" = []))
)]
pub async fn book(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
    body: Json<EntryToBook>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let booked = decide::book(&app, &allowed, id.into_inner(), body.value.account_id).await?;
    Ok(json::ok(&Entry::from(booked)))
}

/// Sets an entry aside: it is no payment of a buyer.
#[utoipa::path(
    post,
    path = "/api/v1/bank/entries/{id}/ignore",
    tag = "payments",
    params(("id" = String, Path, description = "The entry")),
    responses(
        (status = 200, body = Entry),
        (status = 404, description = "There is no such entry in the token's books"),
        (status = 409, description = "It was decided about already"),
    ),
    security(("token" = []))
)]
pub async fn ignore(
    app: Data<App>,
    allowed: Allowed<TakePayments>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let ignored = decide::ignore(&app.into_inner(), &allowed, id.into_inner()).await?;
    Ok(json::ok(&Entry::from(ignored)))
}

fn asked(request: &HttpRequest) -> Answer<PageRequest> {
    PageRequest::read(&Fields::parse(request.query_string().as_bytes()))
}
