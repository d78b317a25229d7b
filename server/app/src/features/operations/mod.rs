//! What keeps a node running: the schedule, the outbox of mail, health, and the description of the API.
//!
//! No rule about phones or people lives here.

pub mod housekeeping;
pub mod openapi;
pub mod outbox;
pub mod schedule;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::app::App;
use crate::route;
use crate::web::problem::{Answer, Problem};
use crate::web::route::{Access, Route};
use schedule::Job;

/// Routes of this feature.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/livez", Access::Public, live),
        route!(GET "/readyz", Access::Public, ready),
        route!(GET "/api/openapi.json", Access::Public, openapi::document),
    ]
}

/// Jobs of this feature.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![
        Job {
            name: "mail",
            when: "*/15 * * * * *",
            bell: Some(|due| &due.mail),
            work: |app| Box::pin(outbox::send_due(app)),
        },
        Job {
            name: "housekeeping",
            when: "0 17 * * * *",
            bell: None,
            work: |app| Box::pin(housekeeping::purge(app)),
        },
    ]
}

/// The process answers.
async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("live\n")
}

/// The database answers too.
async fn ready(app: Data<App>) -> Answer<HttpResponse> {
    app.store.ping().await.map_err(Problem::from)?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ready\n"))
}
