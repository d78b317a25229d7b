//! Who may come to the desk: the one browser that opened the printed address, by the desk's own name, from the desk's own pages.
//! Other users of this machine can reach the port and other pages can name it; neither gets further than this.

use std::sync::{Mutex, PoisonError};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, header};
use muster_protocol::digest::Digest;

use crate::random::Random;
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Kind, Problem};

/// The desk's name. Browsers take every name under `.localhost` to this machine and ask no name server.
pub(super) const HOST: &str = "approve.localhost";
const COOKIE: &str = "muster-desk";

/// The desk's secrets of this start, and the names it answers to.
pub(super) struct Gate {
    /// `approve.localhost:7443`.
    host: String,
    /// `http://approve.localhost:7443`.
    pub(super) origin: String,
    /// What every page's address begins with. A cookie knows no port: this keeps it from whoever listens on another port of the
    /// same name, because it is sent to this path only, and nobody else knows the path.
    pub(super) base: String,
    /// What every form carries.
    pub(super) csrf: String,
    cookie: String,
    start: Mutex<Option<String>>,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shut {
    /// It asks for another name: somebody's name points here.
    Misdirected,
    /// Another page sent it.
    OtherSite,
    /// It does not hold the cookie.
    NotOpened,
}

impl Gate {
    pub(super) fn new(port: u16, random: &dyn Random) -> Self {
        let host = format!("{HOST}:{port}");
        Self {
            origin: format!("http://{host}"),
            base: format!("/d/{}", hex::encode(random.bytes::<8>())),
            csrf: random.secret(),
            cookie: random.secret(),
            start: Mutex::new(Some(random.secret())),
            host,
        }
    }

    /// The address that opens the desk, once.
    pub(super) fn link(&self) -> String {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = start.as_deref().unwrap_or_default();
        format!("{}/open/{secret}", self.origin)
    }

    /// Takes the start secret, once, for the cookie that lets in.
    pub(super) fn open(&self, secret: &str) -> Option<Cookie<'static>> {
        let mut start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        if !start.as_deref().is_some_and(|known| same(known, secret)) {
            return None;
        }
        *start = None;
        let cookie = Cookie::build(COOKIE, self.cookie.clone())
            .path(format!("{}/", self.base))
            .http_only(true)
            .same_site(SameSite::Strict);
        Some(cookie.finish())
    }

    /// Whether a request is let in.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) fn judge(&self, request: &ServiceRequest) -> Result<(), Shut> {
        let headers = request.headers();
        let one = |name: header::HeaderName| {
            let mut all = headers.get_all(name);
            let first = all.next().and_then(|value| value.to_str().ok());
            if all.next().is_some() { None } else { first }
        };
        // Not what a proxy's header says, nor an absolute request line: the name that the browser believes it talks to.
        let named = request
            .uri()
            .authority()
            .is_none_or(|authority| authority.as_str() == self.host);
        if one(header::HOST) != Some(self.host.as_str()) || !named {
            return Err(Shut::Misdirected);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let site = headers.get("sec-fetch-site");
            let from_here = one(header::ORIGIN) == Some(self.origin.as_str())
                && site.is_none_or(|site| site == "same-origin");
            if !from_here {
                return Err(Shut::OtherSite);
            }
        }
        // Judged by the path as the router reads it, percent-decoded.
        let path = request.match_info().as_str();
        let is_public = path.starts_with("/open/") || path.starts_with("/assets/");
        let is_opened = || {
            let cookie = request.cookie(COOKIE);
            cookie.is_some_and(|cookie| same(cookie.value(), &self.cookie))
        };
        if is_public || is_opened() {
            Ok(())
        } else {
            Err(Shut::NotOpened)
        }
    }

    /// Refuses a form that is not of this start.
    ///
    /// # Errors
    /// It carries no secret, or another one.
    pub(super) fn check_form(&self, form: &Fields) -> Answer<()> {
        if same(form.one("csrf"), &self.csrf) {
            return Ok(());
        }
        let detail = "This form is of an earlier start of the desk. Look again, then sign.";
        Err(Problem::new(Kind::Forbidden, "form", detail))
    }
}

/// Compares digests, so that how long it takes tells nothing of the secret.
fn same(one: &str, other: &str) -> bool {
    Digest::of(one.as_bytes()) == Digest::of(other.as_bytes())
}
