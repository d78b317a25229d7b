//! The description of the API (OpenAPI 3.1), made from the code that answers.

use actix_web::HttpResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::features::{
    commands, enrolment, fleet, log, organisations, payments, record, selling, trust,
};

/// The whole API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Muster",
        description = "Fleets of hardened phones that obey their fleet's keys, not their server. Errors are problem \
                       documents (RFC 9457); lists are paged by cursor; creations take an Idempotency-Key."
    ),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API token, made on the account page or by `muster token create`.",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The description, merged from the features.
#[must_use]
pub fn description() -> utoipa::openapi::OpenApi {
    let mut whole = Api::openapi();
    for part in [
        organisations::api::Api::openapi(),
        fleet::api::Api::openapi(),
        enrolment::api::Api::openapi(),
        commands::api::Api::openapi(),
        trust::api::Api::openapi(),
        record::api::Api::openapi(),
        log::api::Api::openapi(),
        payments::api::Api::openapi(),
        selling::renewals::api::Api::openapi(),
        selling::subscriptions::api::Api::openapi(),
    ] {
        whole.merge(part);
    }
    whole
}

/// `GET /api/openapi.json`
pub async fn document() -> HttpResponse {
    HttpResponse::Ok().json(description())
}
