//! Documents and the journal as files: the same for people, who follow a link, and for programs.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::print::{self, Attachment, Form};
use super::show;
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::problem::Answer;

/// `GET /invoices/{id}.pdf`
pub async fn pdf(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    file(&app, &allowed, &request, id.into_inner(), Form::Pdf).await
}

/// `GET /invoices/{id}.cii.xml`
pub async fn cii(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    file(&app, &allowed, &request, id.into_inner(), Form::Cii).await
}

/// `GET /invoices/{id}.ubl.xml`
pub async fn ubl(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    file(&app, &allowed, &request, id.into_inner(), Form::Ubl).await
}

/// The document as a PDF with the data inside (Factur-X 1.0, profile EN 16931).
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}.pdf",
    tag = "invoices",
    params(("id" = String, Path, description = "The document")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/pdf"),
        (status = 304, description = "It is the one whose ETag was sent as If-None-Match"),
        (status = 404, description = "There is no such document, or it is not the token's to see"),
        (status = 409, description = "Something is missing that it must carry; the detail says what"),
    ),
    security(("token" = []))
)]
pub async fn api_pdf(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    pdf(app, allowed, request, id).await
}

/// The document as a Cross Industry Invoice (UN/CEFACT CII D22B, EN 16931).
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}.cii.xml",
    tag = "invoices",
    params(("id" = String, Path, description = "The document")),
    responses(
        (status = 200, body = String, content_type = "application/xml"),
        (status = 304, description = "It is the one whose ETag was sent as If-None-Match"),
        (status = 404, description = "There is no such document, or it is not the token's to see"),
        (status = 409, description = "Something is missing that it must carry; the detail says what"),
    ),
    security(("token" = []))
)]
pub async fn api_cii(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    cii(app, allowed, request, id).await
}

/// The document as UBL 2.1 (EN 16931).
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}.ubl.xml",
    tag = "invoices",
    params(("id" = String, Path, description = "The document")),
    responses(
        (status = 200, body = String, content_type = "application/xml"),
        (status = 304, description = "It is the one whose ETag was sent as If-None-Match"),
        (status = 404, description = "There is no such document, or it is not the token's to see"),
        (status = 409, description = "Something is missing that it must carry; the detail says what"),
    ),
    security(("token" = []))
)]
pub async fn api_ubl(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    ubl(app, allowed, request, id).await
}

/// `GET /invoices/journal.csv`
pub async fn journal(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let journal = Journal::asked(&app, &allowed, &query).await?;
    let name = format!("journal-{}.csv", journal.year);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((header::CONTENT_DISPOSITION, disposition(&name)))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .streaming(journal.stream(app.into_inner())))
}

/// A year of the journal as CSV: `date,number,debit,credit,amount,currency,document,buyer,transfer`, one line a transfer, in the
/// order of writing. The year is the seller's own. An answer that breaks off is not whole.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/journal.csv",
    tag = "invoices",
    params(("year" = Option<i16>, Query, description = "The year; this one when left out")),
    responses(
        (status = 200, body = String, content_type = "text/csv"),
        (status = 409, description = "The organisation does not sell"),
    ),
    security(("token" = []))
)]
pub async fn api_journal(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    journal(app, allowed, request).await
}

async fn file(
    app: &App,
    allowed: &Allowed<ReadBooks>,
    request: &HttpRequest,
    id: String,
    form: Form,
) -> Answer<HttpResponse> {
    let of = show::rows(app, allowed, id).await?;
    let Attachment {
        name,
        media_type,
        bytes,
    } = print::print(of, form).await?;
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..16]));
    let known = request.headers().get(header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|known| names(known, &tag));
    let mut answer = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if is_known {
        return Ok(answer.finish());
    }
    Ok(answer
        .content_type(media_type)
        .insert_header((header::CONTENT_DISPOSITION, disposition(&name)))
        .body(bytes))
}

/// Whether `If-None-Match` names this tag; a weak mark before it does not matter (RFC 9110 §13.1.2).
fn names(sent: &HeaderValue, tag: &str) -> bool {
    let sent = sent.to_str().unwrap_or_default();
    sent.split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

/// Names are of letters, digits, hyphens and points (the patterns of series allow no more), so that they need no escapes.
fn disposition(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-._".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    format!("attachment; filename=\"{safe}\"")
}
