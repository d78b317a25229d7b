//! Under which names the portal's listener answers: the portal's, the approvals host's, and this machine's own. Whoever points
//! another name here, or takes a guest of this machine for a site of theirs (DNS rebinding), is told the right address and nothing
//! else.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::portal_listener::document;
use super::problem::{Kind, Problem};
use super::route::is_api;
use crate::app::App;
use crate::config::{host_named, host_of, is_loopback};
use crate::offline::client::plain;

/// What answers under every name: a machine that watches this one asks by number, and certificates name the list of revoked ones
/// by the address of the day on which they were issued. None of it is secret, and none of it knows who asks.
const EVERYWHERE: [&str; 3] = ["/livez", "/readyz", "/v1/crl"];

/// Refuses requests for other hosts.
///
/// # Errors
/// What the request came to otherwise.
pub async fn refuse_other_names(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let judged = match request.app_data::<Data<App>>() {
        Some(app) => judge(app, request.request()),
        None => Ok(()),
    };
    if let Err(problem) = judged {
        let answer = refused(request.request(), &problem);
        return Ok(request.into_response(answer));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn judge(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    if EVERYWHERE.contains(&request.match_info().as_str()) {
        return Ok(());
    }
    let approvals = app.approvals.as_ref();
    let named = named(request);
    let host = named.and_then(host_named);
    let is_here = host.as_deref().is_some_and(|host| {
        match approvals.filter(|approvals| approvals.host == host) {
            // What the approvals host has, it has at its own port alone; and nothing else answers under its name.
            Some(approvals) => approvals.is_asked(request.head()),
            None => is_loopback(host) || host_of(&app.portal_url).as_deref() == Some(host),
        }
    });
    if is_here {
        return Ok(());
    }
    let asked = named.map_or_else(
        || "no host".to_owned(),
        |named| format!("{:?}", plain(named)),
    );
    let beside = approvals.map_or_else(String::new, |approvals| {
        format!(", and approvals are given at {}", approvals.origin)
    });
    Err(Problem::new(
        Kind::Misdirected,
        "other-name",
        format!(
            "You asked for {asked}. This portal is at {}{beside}: go there. Whoever runs it: a proxy in front must pass the Host header on as it came, and portal.url (MUSTER_PORTAL_URL) is the address that people type.",
            app.portal_url
        ),
    ))
}

/// The one host that a request is for; `None` when it names none, or its line names another than its header.
fn named(request: &HttpRequest) -> Option<&str> {
    let line = request.uri().authority().map(Authority::as_str);
    // Two headers are no request at all: actix refuses them.
    let header = request.headers().get(header::HOST);
    let header = header.map(|value| value.to_str().unwrap_or_default());
    match (header, line) {
        (Some(header), Some(line)) if !header.eq_ignore_ascii_case(line) => None,
        (Some(named), _) | (None, Some(named)) => Some(named),
        (None, None) => None,
    }
}

/// A problem document for programs; for people a line of text, because a page of the portal belongs to the portal's name.
fn refused(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    if is_api(request.match_info()) {
        return document(problem);
    }
    HttpResponse::build(StatusCode::MISDIRECTED_REQUEST)
        .content_type("text/plain; charset=utf-8")
        .body(format!("{}\n", problem.detail))
}
