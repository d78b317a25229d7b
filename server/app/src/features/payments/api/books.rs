//! What the nightly audit of the books found, for programs.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::app::App;
use crate::features::payments::audit;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::json;
use crate::web::problem::Answer;

/// This part of the description.
#[derive(OpenApi)]
#[openapi(paths(last))]
pub struct Api;

/// The last audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct BooksAudit {
    /// When, RFC 3339; null before the first.
    checked_at: Option<String>,
    /// Whether everything agreed.
    agrees: bool,
    /// What did not: at most 50 of each kind.
    differences: Vec<BooksDifference>,
}

/// Two figures that should be equal.
#[derive(Debug, Serialize, ToSchema)]
pub struct BooksDifference {
    /// `owed`, `settled`, `credit`, `documents`, `payments`, `allocated`, `refunds`, `numbers` or `live`.
    check: String,
    /// Whose: an account, an invoice, a payment, a series with its year.
    subject: String,
    /// ISO 4217; empty where things are counted.
    currency: String,
    /// What one side says: minor units, or a count.
    expected: i64,
    /// What the other says.
    found: i64,
}

/// What the last nightly audit of the token's books found.
#[utoipa::path(
    get,
    path = "/api/v1/books/audit",
    tag = "payments",
    responses((status = 200, body = BooksAudit)),
    security(("token" = []))
)]
pub async fn last(app: Data<App>, allowed: Allowed<ReadBooks>) -> Answer<HttpResponse> {
    let outcome = audit::last(&app, &allowed).await?;
    let differences = outcome.differences.into_iter();
    let differences: Vec<BooksDifference> = differences
        .map(|one| BooksDifference {
            check: one.check,
            subject: one.subject,
            currency: one.currency,
            expected: one.expected,
            found: one.found,
        })
        .collect();
    Ok(json::ok(&BooksAudit {
        checked_at: outcome.checked_at.map(json::time),
        agrees: outcome.checked_at.is_some() && differences.is_empty(),
        differences,
    }))
}
