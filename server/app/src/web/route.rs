//! One route table for each listener, readable at a glance, built from the features' own lines.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::{Path, Url};
use muster_domain::permission::Permission;

use super::device_listener::Phone;
use super::problem::{Answer, Kind, Problem};
use crate::app::App;

/// Who may call a route of the portal's listener. The rule itself stands in the handler's signature
/// ([`super::actor::Allowed`]); this says it once more for readers, and the suite holds one against the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in, whatever their role.
    SignedIn,
    /// A role that has this right.
    Needs(Permission),
}

/// Whether a request is for the API. Judged by the path as the router reads it, percent-decoded: `/%61pi/` is routed to the
/// API too, and must not pass for a page there, where a cookie opens what a token should.
#[must_use]
pub fn is_api(path: &Path<Url>) -> bool {
    path.as_str().starts_with("/api/")
}

/// What tries from `address` are counted against. An IPv6 address counts by its /64, which is what one household or machine is
/// given; an IPv4 address is the same one whether the socket writes it as IPv4 or mapped into IPv6.
#[must_use]
pub fn neighbourhood(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

/// One line of the portal's route table.
#[derive(Clone, Copy)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path with `{names}`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Makes the framework's route.
    pub build: fn() -> actix_web::Route,
}

/// One line: method, path, who, handler.
#[macro_export]
macro_rules! route {
    (GET $path:literal, $access:expr, $handler:path) => {
        $crate::web::route::Route {
            method: "GET",
            path: $path,
            access: $access,
            build: || actix_web::web::get().to($handler),
        }
    };
    (POST $path:literal, $access:expr, $handler:path) => {
        $crate::web::route::Route {
            method: "POST",
            path: $path,
            access: $access,
            build: || actix_web::web::post().to($handler),
        }
    };
    (PUT $path:literal, $access:expr, $handler:path) => {
        $crate::web::route::Route {
            method: "PUT",
            path: $path,
            access: $access,
            build: || actix_web::web::put().to($handler),
        }
    };
}

/// What certificate a route of the device listener asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// None: the route says who it is for in another way.
    Anybody,
    /// A certificate of the present enrolment, neither revoked nor expired.
    Current,
    /// The same, and one that expired at most 400 days ago will do: so that a wipe finds a phone that was switched off.
    MayBeExpired,
}

/// A request of a phone, without the framework it came through.
#[derive(Debug, Clone)]
pub struct DeviceRequest {
    /// The last part of the path where the route has one `{name}`.
    pub tail: String,
    /// The query string, undecoded.
    pub query: String,
    /// `Authorization`, when sent.
    pub authorization: Option<String>,
    /// `Content-Type`, when sent.
    pub content_type: Option<String>,
    /// The whole body, within the route's limit.
    pub body: Vec<u8>,
    /// The phone behind the certificate, judged for this very request; `None` on routes for anybody.
    pub phone: Option<Phone>,
    /// Where it came from: for rate limits alone.
    pub address: IpAddr,
}

impl DeviceRequest {
    /// The phone; only routes that ask for a certificate have one.
    ///
    /// # Errors
    /// The route is one for anybody: a fault of ours, answered as such.
    pub fn phone(&self) -> Answer<&Phone> {
        self.phone
            .as_ref()
            .ok_or_else(|| Problem::new(Kind::Internal, "no-phone", "This route knows no phone."))
    }
}

/// An answer to a phone.
#[derive(Debug, Clone)]
pub struct DeviceResponse {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`; empty for an empty body.
    pub content_type: &'static str,
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Close the connection after this answer.
    pub close: bool,
}

impl DeviceResponse {
    /// 204: done, nothing to say.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            status: 204,
            content_type: "",
            headers: Vec::new(),
            body: Vec::new(),
            close: false,
        }
    }

    /// 200 with a body.
    #[must_use]
    pub fn body(content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type,
            headers: Vec::new(),
            body,
            close: false,
        }
    }
}

impl From<Problem> for DeviceResponse {
    fn from(problem: Problem) -> Self {
        let mut headers = Vec::new();
        if let Some(seconds) = problem.retry_after {
            headers.push(("Retry-After", seconds.to_string()));
        }
        if problem.kind == Kind::SignedOut {
            headers.push((
                "WWW-Authenticate",
                "Basic realm=\"enrolment\", charset=\"UTF-8\"".to_owned(),
            ));
        }
        Self {
            status: problem.kind.status().as_u16(),
            content_type: "application/problem+json",
            headers,
            body: serde_json::to_vec(&problem.document()).unwrap_or_default(),
            close: matches!(problem.kind, Kind::Forbidden),
        }
    }
}

/// A handler of the device listener. It knows nothing of the framework, because the listener may be replaced.
pub type DeviceHandler =
    fn(Arc<App>, DeviceRequest) -> Pin<Box<dyn Future<Output = Answer<DeviceResponse>> + Send>>;

/// One line of the device listener's route table.
#[derive(Clone, Copy)]
pub struct DeviceRoute {
    /// HTTP method.
    pub method: &'static str,
    /// Path; at most one `{name}`, at its end.
    pub path: &'static str,
    /// The certificate it asks for.
    pub peer: Peer,
    /// The most a body may carry, bytes.
    pub most: usize,
    /// What answers.
    pub handle: DeviceHandler,
}

/// One line of the device listener's table: method, path, certificate, most bytes, handler.
#[macro_export]
macro_rules! device_route {
    ($method:ident $path:literal, $peer:expr, $most:expr, $handler:path) => {
        $crate::web::route::DeviceRoute {
            method: stringify!($method),
            path: $path,
            peer: $peer,
            most: $most,
            handle: |app, request| Box::pin($handler(app, request)),
        }
    };
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{is_api, neighbourhood};

    #[test]
    fn a_neighbourhood_is_one_ipv4_address_or_one_ipv6_network() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        // A listener on [::] sees all of IPv4 in one /64: it must not be one bucket.
        assert_ne!(of("::ffff:198.51.100.7"), of("::ffff:198.51.100.8"));
        assert_eq!(of("::ffff:198.51.100.7"), of("198.51.100.7"));
    }

    #[test]
    fn an_encoded_letter_makes_no_page_of_the_api() {
        let judged =
            |path: &str| is_api(TestRequest::get().uri(path).to_srv_request().match_info());
        assert!(
            judged("/api/v1/devices") && judged("/%61pi/v1/devices") && judged("/ap%69/v1/devices")
        );
        assert!(!judged("/devices") && !judged("/apiary"));
    }
}
