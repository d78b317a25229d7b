//! Enrolment for programs.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::issue_code::{self, est_url};
use super::revoke::{self, Revocation};
use crate::app::App;
use crate::web::actor::{Allowed, IssueCodes, RevokeDevices};
use crate::web::problem::{Answer, Problem};

/// The part of the API's description that is enrolment.
#[derive(OpenApi)]
#[openapi(paths(issue_code, revoke))]
pub struct Api;

/// An enrolment code, told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeAnswer {
    /// Four groups of five letters and digits.
    code: String,
    /// When it ends, RFC 3339 UTC.
    expires_at: String,
    /// Where an EST client enrols.
    est_url: String,
    /// SHA-256 of the CA's root certificate, lower hex.
    ca_fingerprint: String,
    /// What the phone pins, lower hex.
    fleet_fingerprint: String,
    /// The same as a QR code, SVG.
    qr_svg: String,
}

/// Why a phone is put out. The body may be left out altogether.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeBody {
    /// 1 to 200 characters, for the record.
    reason: Option<String>,
}

/// Makes an enrolment code and withdraws the earlier ones. It is not remembered for an Idempotency-Key: a code is kept as a
/// hash only, and a second call simply makes the next one.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/enrolment-code", tag = "devices",
    params(("id" = String, Path, description = "The device")),
    responses((status = 201, body = CodeAnswer), (status = 404), (status = 409, description = "The fleet has no descriptor, or the device's life is over"))
)]
pub async fn issue_code(
    app: Data<App>,
    allowed: Allowed<IssueCodes>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let issued = issue_code::issue_code(&app, &allowed, &id).await?;
    let answer = CodeAnswer {
        code: issued.code.to_string(),
        expires_at: issued.expires_at.to_string(),
        est_url: est_url(&app),
        ca_fingerprint: app.authority.ca_fingerprint(),
        fleet_fingerprint: issued.fleet_fingerprint.clone(),
        qr_svg: issued.qr_svg(&app)?,
    };
    Ok(HttpResponse::build(StatusCode::CREATED).json(answer))
}

/// Revokes the device's certificates at once. Its next request is refused, also on a connection that is open.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/revoke", tag = "devices", request_body = RevokeBody,
    params(("id" = String, Path, description = "The device")),
    responses((status = 204), (status = 404), (status = 409, description = "There is nothing to revoke"))
)]
pub async fn revoke(
    app: Data<App>,
    allowed: Allowed<RevokeDevices>,
    id: Path<String>,
    body: Bytes,
) -> Answer<HttpResponse> {
    let said: RevokeBody = if body.is_empty() {
        RevokeBody::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::invalid("json", format!("The body does not fit: {error}.")))?
    };
    let asked = Revocation::parse(&id, said.reason.as_deref())?;
    revoke::revoke(&app.into_inner(), &allowed, asked).await?;
    Ok(HttpResponse::NoContent().finish())
}
