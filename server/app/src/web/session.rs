//! The browser's cookie: a signed token that names a session. The session's row decides at every request; the token only
//! spares forgers the database.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::problem::{Answer, Kind, Problem};
use crate::app::App;
use crate::web::actor::{Actor, Who};

/// The longest a sign-in lasts, seconds.
pub const LASTS: i64 = 12 * 3600;
const ISSUER: &str = "muster";
const AUDIENCE: &str = "muster-portal";
const TYPE: &str = "muster-session+jwt";

/// What the cookie says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The session.
    pub sid: String,
    /// What every form of this session must carry.
    pub csrf: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The keys that sign cookies; derived from the installation's key, the same on every node.
#[derive(Clone)]
pub struct SessionKeys {
    sign: EncodingKey,
    check: DecodingKey,
}

impl SessionKeys {
    /// Keys from 32 secret bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            sign: EncodingKey::from_secret(secret),
            check: DecodingKey::from_secret(secret),
        }
    }
}

/// The cookie for session `sid`.
///
/// # Errors
/// Signing failed: a fault of ours.
pub fn cookie(app: &App, sid: &str) -> Answer<Cookie<'static>> {
    let now = app.clock.now().as_second();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sid: sid.to_owned(),
        csrf: app.random.secret(),
        iat: now,
        nbf: now,
        exp: now + LASTS,
    };
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(TYPE.to_owned());
    let token =
        jsonwebtoken::encode(&header, &claims, &app.session_keys.sign).map_err(|error| {
            tracing::error!(%error, "a session cookie could not be signed");
            Problem::new(
                Kind::Internal,
                "internal",
                "Something is wrong on our side. Try again.",
            )
        })?;
    Ok(Cookie::build(name(app), token)
        .path("/")
        .http_only(true)
        .secure(is_tls(app))
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(LASTS))
        .finish())
}

/// A cookie that takes the session's away.
#[must_use]
pub fn cookie_gone(app: &App) -> Cookie<'static> {
    let mut cookie = Cookie::build(name(app), "")
        .path("/")
        .http_only(true)
        .secure(is_tls(app))
        .finish();
    cookie.make_removal();
    cookie
}

/// What the request's cookie says, if it is one of ours and not over. The algorithm is fixed; the token is never asked.
#[must_use]
pub fn of_request(app: &App, request: &HttpRequest) -> Option<Claims> {
    let cookie = request.cookie(name(app))?;
    let header = jsonwebtoken::decode_header(cookie.value()).ok()?;
    if header.typ.as_deref() != Some(TYPE) {
        return None;
    }
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud"]);
    // The injected clock judges times, so that tests can freeze it; the library would ask the machine's.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let claims = jsonwebtoken::decode::<Claims>(cookie.value(), &app.session_keys.check, &rules)
        .ok()?
        .claims;
    let now = app.clock.now().as_second();
    (claims.nbf <= now && now < claims.exp).then_some(claims)
}

/// Refuses a form that does not carry its session's secret: another site made the browser send it.
///
/// # Errors
/// The secret is missing or another one.
pub fn check_form(actor: &Actor, fields: &Fields) -> Answer<()> {
    match &actor.who {
        Who::Member { csrf, .. } if same(csrf, fields.one("csrf")) => Ok(()),
        Who::Member { .. } => {
            let detail = "This form is from an older sign-in. Nothing was changed. Go back, reload the page and send it again.";
            Err(Problem::new(Kind::Forbidden, "form-old", detail))
        }
        Who::Token { .. } => Ok(()),
    }
}

/// Compares without telling by its duration how much was right.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .fold(0, |differs, (x, y)| differs | (x ^ y))
            == 0
}

fn is_tls(app: &App) -> bool {
    app.portal_url.starts_with("https://")
}

/// `__Host-` binds the cookie to this host and to TLS (OWASP ASVS 5.0, 3.3.3); plain HTTP on loopback cannot have it.
fn name(app: &App) -> &'static str {
    if is_tls(app) {
        "__Host-muster"
    } else {
        "muster"
    }
}
