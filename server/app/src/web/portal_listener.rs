//! The listener of the portal and its API: the route table, the headers every answer carries, and how a failure looks.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer, Resource, guard};

use super::problem::{Kind, Problem};
use super::route::{Route, is_api};
use super::{assets, frame};
use crate::app::App;
use crate::config::origin_of;

/// Nothing but our own files, no inline code, no frames (PORTAL.md §9). Forms go to this host and, by a redirect, to the other
/// one: portal and approvals host send people to each other.
/// The policy that every answer carries, unless its handler has a reason for another.
#[must_use]
pub fn policy(app: &App, on_approvals: bool) -> String {
    let other = match &app.approvals {
        Some(_) if on_approvals => format!(" {}", origin_of(&app.portal_url)),
        Some(approvals) => format!(" {}", approvals.origin),
        None => String::new(),
    };
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         manifest-src 'self'; form-action 'self'{other}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The two tables of this listener.
pub struct Routes {
    /// The portal and its API.
    pub portal: Vec<Route>,
    /// The approvals host, which has nothing else.
    pub approvals: Vec<Route>,
}

/// Starts the listener on `socket`. It answers until the server is stopped. Requests for the approvals host see its table alone,
/// and all others never see it: what can be reached there is nobody's session, and what is signed there is asked for there.
///
/// # Errors
/// The socket cannot be used.
pub fn start(app: Arc<App>, routes: Routes, socket: TcpListener) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        let mut actix = ActixApp::new()
            .app_data(Data::from(app.clone()))
            .app_data(web::PayloadConfig::new(1024 * 1024))
            .wrap(from_fn(shape_problems))
            .wrap(from_fn(refuse_other_sites))
            .wrap(from_fn(add_headers))
            .service(web::resource("/assets/{path:.*}").route(web::get().to(asset)));
        if let Some(approvals) = app.approvals.clone() {
            let mut host = web::scope("")
                .guard(guard::fn_guard(move |context| {
                    approvals.is_asked(context.head())
                }))
                .default_service(web::to(nothing_here));
            for resource in resources(&routes.approvals) {
                host = host.service(resource);
            }
            actix = actix.service(host);
        }
        for resource in resources(&routes.portal) {
            actix = actix.service(resource);
        }
        actix.default_service(web::to(nothing_here))
    })
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(15))
    .workers(2)
    .shutdown_timeout(5)
    .disable_signals()
    .listen(socket)?
    .run();
    Ok(server)
}

/// One resource for each path, with every method that the table has for it.
fn resources(routes: &[Route]) -> Vec<Resource> {
    let mut paths: Vec<&'static str> = Vec::new();
    for route in routes {
        if !paths.contains(&route.path) {
            paths.push(route.path);
        }
    }
    let of = |path| {
        let mut resource = web::resource(path).default_service(web::to(wrong_method));
        for route in routes.iter().filter(|route| route.path == path) {
            resource = resource.route((route.build)());
        }
        resource
    };
    paths.into_iter().map(of).collect()
}

async fn asset(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.match_info().query("path");
    let Some(asset) = assets::lookup(path) else {
        return Err(Problem::not_found("file"));
    };
    Ok(HttpResponse::Ok()
        .content_type(asset.content_type)
        // Addresses carry the content's hash, so a file never changes under its address.
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.bytes))
}

async fn wrong_method() -> Result<HttpResponse, Problem> {
    Err(Problem::new(
        Kind::NotFound,
        "method",
        "This address does not take that method.",
    ))
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("page"))
}

/// Turns a failure into a problem document for programs and into a page for people.
async fn shape_problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = match next.call(request).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => return Err(error),
    };
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let problem = match response.response().error() {
        Some(error) => error
            .as_error::<Problem>()
            .cloned()
            .unwrap_or_else(|| from_framework(status, &error.to_string())),
        // A handler that shaped its own answer, such as a form with its faults.
        None => return Ok(response),
    };
    let (request, _) = response.into_parts();
    let shaped = if is_api(request.match_info()) {
        document(&problem)
    } else {
        frame::problem_page(&request, &problem).await
    };
    Ok(ServiceResponse::new(request, shaped))
}

/// A problem document (RFC 9457).
#[must_use]
pub fn document(problem: &Problem) -> HttpResponse {
    let mut answer = HttpResponse::build(problem.kind.status());
    if let Some(seconds) = problem.retry_after {
        answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    if problem.kind == Kind::SignedOut {
        answer.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"muster\""));
    }
    answer
        .content_type("application/problem+json")
        .body(serde_json::to_vec(&problem.document()).unwrap_or_default())
}

/// What actix itself refused: a path that does not parse, a body that did not arrive.
fn from_framework(status: StatusCode, detail: &str) -> Problem {
    let kind = match status.as_u16() {
        404 => Kind::NotFound,
        413 => Kind::TooLarge,
        415 => Kind::WrongType,
        code if code >= 500 => Kind::Internal,
        _ => Kind::Invalid,
    };
    tracing::debug!(%status, detail, "the framework refused a request");
    Problem::new(
        kind,
        "request",
        "The request could not be read. Check its address and its body.",
    )
}

/// Cross-site request forgery, first line: browsers say where a request comes from, and only our own pages may post.
/// The second line is the secret in every form; bearer tokens are never sent by a browser of itself.
async fn refuse_other_sites(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !safe && !is_api(request.match_info()) && !is_same_site(&request) {
        let problem = Problem::new(
            Kind::Forbidden,
            "other-site",
            "Another site sent this form. Nothing was changed.",
        );
        return Ok(request.error_response(problem));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn is_same_site(request: &ServiceRequest) -> bool {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(site) = header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (header("origin"), header("host")) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, rest)| rest == host),
        // Programs without either header hold no cookie of ours.
        (None, _) => true,
        (Some(_), None) => false,
    }
}

async fn add_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = request.app_data::<Data<App>>().cloned();
    let tls = app
        .as_ref()
        .is_some_and(|app| app.portal_url.starts_with("https://"));
    let on_approvals = app
        .as_ref()
        .and_then(|app| app.approvals.as_ref())
        .is_some_and(|approvals| approvals.is_asked(request.head()));
    let policy = app.map_or_else(String::new, |app| policy(&app, on_approvals));
    let mut response = next.call(request).await?.map_into_boxed_body();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Addresses on the approvals host hold a capability: they are told to nobody.
    let referrer = if on_approvals {
        "no-referrer"
    } else {
        "same-origin"
    };
    set(header::REFERRER_POLICY, referrer);
    set(header::CACHE_CONTROL, "no-store");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(self), geolocation=(), microphone=()",
    );
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&policy)
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if tls {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    Ok(response)
}
