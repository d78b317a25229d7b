//! The desk's listener: its route table, what every answer carries, and how a refusal looks.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, Path, get, post};
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer};

use super::gate::Shut;
use super::{Desk, inbox, item, keys, sign};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::text::Key;
use crate::web::view::desk::{DeskFrame, Here, problem};
use crate::web::{assets, frame as web_frame};

/// Nothing but our own files, no inline code, no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// One person's browser opens few.
const CONNECTIONS: usize = 64;

/// Starts the listener on these sockets.
pub(super) fn start(desk: Arc<Desk>, sockets: Vec<TcpListener>) -> std::io::Result<Server> {
    let mut server = HttpServer::new(move || {
        let inside = web::scope(&desk.gate.base)
            .route("/", get().to(inbox::show))
            .route("/commands/{id}", get().to(item::show))
            .route("/commands/{id}/sign", post().to(sign::sign))
            .route("/keys", get().to(keys::show))
            .route("/keys/new", post().to(keys::begin))
            .route("/keys/new/{ceremony}", get().to(keys::ceremony))
            .route("/keys/new/{ceremony}", post().to(keys::made))
            .route("/keys/new/{ceremony}/trial", post().to(keys::tried))
            .route("/keys/{id}", get().to(keys::passkey))
            .route("/keys/{id}/registration", get().to(keys::registration));
        ActixApp::new()
            .app_data(Data::from(desk.clone()))
            .app_data(web::PayloadConfig::new(64 * 1024))
            .wrap(from_fn(keep))
            .route("/assets/{path:.*}", get().to(asset))
            .route("/open/{secret}", get().to(open))
            .service(inside)
            .default_service(web::to(nowhere))
    })
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(15))
    .max_connections(CONNECTIONS)
    .workers(1)
    .shutdown_timeout(2)
    .disable_signals();
    for socket in sockets {
        server = server.listen(socket)?;
    }
    Ok(server.run())
}

async fn asset(request: HttpRequest) -> Answer<HttpResponse> {
    let asset = assets::lookup(request.match_info().query("path"))
        .ok_or_else(|| Problem::not_found("file"))?;
    Ok(HttpResponse::Ok()
        .content_type(asset.content_type)
        // Addresses carry the content's hash, so a file never changes under its address.
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.bytes))
}

/// `GET /open/{secret}`: the address that was printed, once.
async fn open(desk: Data<Desk>, secret: Path<String>) -> Answer<HttpResponse> {
    let Some(cookie) = desk.gate.open(&secret) else {
        let words = desk.say(Key("desk-shut-words"));
        return Err(Problem::new(Kind::Forbidden, "shut", words));
    };
    Ok(HttpResponse::SeeOther()
        .cookie(cookie)
        .insert_header((header::LOCATION, format!("{}/", desk.gate.base)))
        .finish())
}

async fn nowhere(desk: Data<Desk>) -> Answer<HttpResponse> {
    let words = desk.say(Key("desk-nowhere"));
    Err(Problem::new(Kind::NotFound, "not-found", words))
}

/// The gate, then the handler, then what every answer carries.
async fn keep(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(desk) = request.app_data::<Data<Desk>>().cloned() else {
        return Err(Problem::new(Kind::Internal, "internal", "The desk is not set up.").into());
    };
    let mut response = match desk.gate.judge(&request) {
        Ok(()) => shaped(&desk, next.call(request).await?.map_into_boxed_body()),
        Err(shut) => request.into_response(refuse(&desk, shut)),
    };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A form of a page without any referrer comes from nowhere ("Origin: null"), so it may not be none at all.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        set(HeaderName::from_static(name), "same-origin");
    }
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
    );
    Ok(response)
}

fn refuse(desk: &Desk, shut: Shut) -> HttpResponse {
    let t = desk.words();
    let (code, words) = match shut {
        // Whoever asks by another name is told nothing at all.
        Shut::Misdirected => {
            return HttpResponse::build(StatusCode::MISDIRECTED_REQUEST)
                .content_type("text/plain; charset=utf-8")
                .body("Nothing is here under this name.\n");
        }
        Shut::OtherSite => ("other-site", t.get("desk-other-site")),
        Shut::NotOpened => ("shut", t.get("desk-shut-words")),
    };
    page(
        desk,
        &Problem::new(Kind::Forbidden, code, words),
        DeskFrame::shut(),
    )
}

/// A failure as a page.
fn shaped(desk: &Desk, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else {
        return response;
    };
    let problem = error
        .as_error::<Problem>()
        .cloned()
        .unwrap_or_else(|| Problem::invalid("request", desk.say(Key("desk-nowhere"))));
    let (request, _) = response.into_parts();
    let is_inside = request.match_info().as_str().starts_with(&desk.gate.base);
    let around = if is_inside {
        desk.around(Here::Nowhere)
    } else {
        DeskFrame::shut()
    };
    ServiceResponse::new(request, page(desk, &problem, around))
}

fn page(desk: &Desk, problem: &Problem, around: DeskFrame) -> HttpResponse {
    let frame = desk.frame();
    let title = if problem.code == "shut" {
        frame.t("desk-shut")
    } else {
        problem.kind.title().to_owned()
    };
    let view = problem::Problem {
        frame,
        desk: around,
        status: problem.kind.status().as_u16(),
        title,
        words: problem.detail.clone(),
    };
    web_frame::refused(problem, &view)
        .unwrap_or_else(|_| HttpResponse::build(problem.kind.status()).finish())
}
