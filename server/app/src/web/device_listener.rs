//! The listener of the phones: a thin adapter from actix to the framework-neutral handlers of the features.
//!
//! Who a phone is, whether it is revoked, of an older enrolment or expired is asked of the store at every request: rustls
//! does not call the verifier again on a resumed session, and a connection may outlive its certificate.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, Server};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data, Payload};
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer};
use muster_store::certificates;
use rustls::ServerConfig;
use sha2::{Digest, Sha256};

use super::problem::{Answer, Kind, Problem};
use super::route::{DeviceRequest, DeviceResponse, DeviceRoute, Peer};
use crate::app::App;

/// A phone as the store knows it at this request.
#[derive(Debug, Clone)]
pub struct Phone {
    /// Device id.
    pub device: String,
    /// Enrolment id of the certificate, which is the device's present one.
    pub enrolment: String,
    /// Serial number of the handset.
    pub serial: String,
    /// Fleet the device belongs to.
    pub fleet: String,
    /// Its reseller.
    pub reseller: String,
    /// The organisation that owns it.
    pub organisation: String,
    /// Serial number of the certificate it came with, lower hex.
    pub certificate: String,
    /// The certificate itself.
    pub certificate_der: Vec<u8>,
}

/// The certificate of the connection, taken at its start.
#[derive(Debug, Clone)]
struct PeerCertificate(Vec<u8>);

/// Starts the listener on `socket`. It answers until the server is stopped.
///
/// # Errors
/// The socket cannot be used.
pub fn start(
    app: Arc<App>,
    routes: Vec<DeviceRoute>,
    tls: ServerConfig,
    socket: TcpListener,
) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        let mut actix = ActixApp::new().app_data(Data::from(app.clone()));
        for route in &routes {
            actix = actix.service(resource(*route));
        }
        actix.default_service(web::to(nothing_here))
    })
    .on_connect(remember_certificate)
    // Phones on bad networks are slow and then silent for long; an attacker's half-open handshake is cut short.
    .keep_alive(Duration::from_secs(180))
    .client_request_timeout(Duration::from_secs(20))
    .client_disconnect_timeout(Duration::from_secs(3))
    .tls_handshake_timeout(Duration::from_secs(12))
    .max_connections(100_000)
    .workers(2)
    .shutdown_timeout(5)
    .disable_signals()
    .listen_rustls_0_23(socket, tls)?
    .run();
    Ok(server)
}

fn resource(route: DeviceRoute) -> actix_web::Resource {
    let method = match route.method {
        "POST" => web::post(),
        _ => web::get(),
    };
    web::resource(route.path).route(method.to(
        move |request: HttpRequest, body: Payload, app: Data<App>| async move {
            let answer = answer(route, &request, body, app.into_inner()).await;
            into_http(answer.unwrap_or_else(DeviceResponse::from))
        },
    ))
}

async fn answer(
    route: DeviceRoute,
    request: &HttpRequest,
    body: Payload,
    app: Arc<App>,
) -> Answer<DeviceResponse> {
    // The body is taken first on every path: actix closes a connection whose body was left unread.
    let body = body.to_bytes_limited(route.most).await;
    let phone = match route.peer {
        Peer::Anybody => None,
        Peer::Current | Peer::MayBeExpired => Some(identify(request, &app, route.peer).await?),
    };
    let body = match body {
        Ok(Ok(body)) => body.to_vec(),
        Ok(Err(_)) => {
            return Err(Problem::invalid(
                "body",
                "The body did not arrive whole. Send it again.",
            ));
        }
        Err(_) => {
            let detail = format!("The body is too large. At most {} bytes fit.", route.most);
            return Err(Problem::new(Kind::TooLarge, "too-large", detail));
        }
    };
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let request = DeviceRequest {
        tail: request
            .match_info()
            .iter()
            .next()
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default(),
        query: request.query_string().to_owned(),
        authorization: header(AUTHORIZATION),
        content_type: header(CONTENT_TYPE),
        body,
        phone,
        address: request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip()),
    };
    (route.handle)(app, request).await
}

/// The phone behind the connection's certificate, judged now.
async fn identify(request: &HttpRequest, app: &Arc<App>, peer: Peer) -> Answer<Phone> {
    let refused = |code, detail: &str| Problem::new(Kind::Forbidden, code, detail);
    let Some(PeerCertificate(der)) = request.conn_data::<PeerCertificate>().cloned() else {
        return Err(refused(
            "certificate-missing",
            "This route needs the phone's certificate. Enrol first, then connect with it.",
        ));
    };
    let fingerprint = hex::encode(Sha256::digest(&der));
    let known = app
        .store
        .read(move |c| certificates::find_by_fingerprint(c, &fingerprint))
        .await?;
    let Some(known) = known else {
        return Err(refused(
            "certificate-unknown",
            "This server did not issue that certificate.",
        ));
    };
    let (certificate, device) = (known.certificate, known.device);
    if certificate.state != "issued" {
        return Err(refused(
            "certificate-revoked",
            "This certificate was revoked. Enrol the phone again with a new code.",
        ));
    }
    if device.enrolment_id.as_deref() != Some(known.enrolment.id.as_str())
        || known.enrolment.ended_at.is_some()
    {
        return Err(refused(
            "enrolment-old",
            "This certificate is of an enrolment of the phone that is over.",
        ));
    }
    let now = app.clock.now().as_microsecond();
    if certificate.not_after < now {
        let grace = i64::try_from(super::tls::EXPIRED_GRACE.as_micros()).unwrap_or(i64::MAX);
        if peer == Peer::Current || certificate.not_after.saturating_add(grace) < now {
            return Err(refused(
                "certificate-expired",
                "This certificate expired. Renew it at simplereenroll, or enrol the phone again.",
            ));
        }
    }
    Ok(Phone {
        device: device.id,
        enrolment: known.enrolment.id,
        serial: device.serial_number,
        fleet: device.fleet_id,
        reseller: device.reseller_id,
        organisation: device.organisation_id,
        certificate: certificate.serial_number,
        certificate_der: der,
    })
}

fn remember_certificate(connection: &dyn Any, extensions: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else {
        return;
    };
    let (_, session) = stream.get_ref();
    if let Some(leaf) = session.peer_certificates().and_then(<[_]>::first) {
        extensions.insert(PeerCertificate(leaf.to_vec()));
    }
}

fn into_http(answer: DeviceResponse) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    if answer.close {
        response.force_close();
    }
    if answer.body.is_empty() {
        return response.finish();
    }
    response.content_type(answer.content_type).body(answer.body)
}

async fn nothing_here(body: Payload) -> HttpResponse {
    // Read and thrown away, so that the connection lives on.
    drop(body.to_bytes_limited(64 * 1024).await);
    into_http(
        Problem::new(
            Kind::NotFound,
            "not-found",
            "There is no such route for phones. See docs/DEVICE-API.md.",
        )
        .into(),
    )
}
