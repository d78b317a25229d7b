//! JSON at the edge: bodies parsed into exactly the members a use case takes, answers, and creations that happen once
//! however often they are sent.

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, web::Bytes};
use futures_core::future::LocalBoxFuture;
use jiff::Timestamp;
use muster_store::idempotency::{self, Remembered};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::actor::Actor;
use super::problem::{Answer, Kind, Problem};
use crate::app::App;

/// The most a body may carry, bytes.
const MOST: usize = 64 * 1024;
/// The header that makes a creation happen once.
const KEY: &str = "idempotency-key";
/// The status of a remembered request that has not ended yet.
const UNDER_WAY: i64 = 0;

/// A JSON body, parsed. Give its type `#[serde(deny_unknown_fields)]`: a member nobody knows is a mistake, and is told so.
#[derive(Debug, Clone)]
pub struct Json<T> {
    /// What it says.
    pub value: T,
    /// Its bytes as they came, for [`once`].
    pub bytes: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Answer<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let is_json = declared
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            // The body is taken before anything is refused: a body left unread costs the connection.
            let bytes = body.await.map_err(|_| too_large())?;
            if bytes.len() > MOST {
                return Err(too_large());
            }
            if !is_json {
                return Err(Problem::new(
                    Kind::WrongType,
                    "wrong-type",
                    "Send JSON, with Content-Type: application/json.",
                ));
            }
            Ok(Self {
                value: parse(&bytes)?,
                bytes,
            })
        })
    }
}

fn too_large() -> Problem {
    Problem::new(
        Kind::TooLarge,
        "too-large",
        "This body is too large. At most 64 KiB fit.",
    )
}

/// Parses a body, or says which member does not fit.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let place = error.path().to_string();
        let why = error.into_inner();
        if why.is_syntax() || why.is_eof() {
            return Problem::invalid("json", format!("The body is no JSON: {why}."));
        }
        let member = if place == "." {
            String::new()
        } else {
            format!("{place}: ")
        };
        Problem::invalid("member", format!("{member}{why}."))
    })?;
    deserializer.end().map_err(|why| {
        Problem::invalid("json", format!("The body goes on after its JSON: {why}."))
    })?;
    Ok(value)
}

/// 200 with a body.
#[must_use]
pub fn ok<T: Serialize>(value: &T) -> HttpResponse {
    HttpResponse::Ok().json(value)
}

/// A time as the API writes it: RFC 3339, UTC.
#[must_use]
pub fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros)
        .unwrap_or_default()
        .to_string()
}

/// Makes something once: a request that carries an `Idempotency-Key` it carried before gets the first answer again and
/// changes nothing. Answers 201; `Location` is the request's path and the new thing's `id`, where it has one.
///
/// The key is claimed before `make` runs. So a crash in the middle leaves a key that is refused, and never a second thing.
///
/// # Errors
/// What `make` answers (then the key is free again); the key was used for another request, or its first request has not
/// ended.
pub async fn once<T: Serialize>(
    app: &App,
    actor: &Actor,
    request: &HttpRequest,
    body: &[u8],
    make: impl AsyncFnOnce() -> Answer<T>,
) -> Answer<HttpResponse> {
    let Some(key) = key(request)? else {
        return created(request, &to_json(&make().await?)?);
    };
    let claim = Remembered {
        actor: actor.reference(),
        key,
        request_hash: request_hash(request, body),
        status: UNDER_WAY,
        body: String::new(),
        created_at: app.now_micros(),
    };
    let asked = claim.clone();
    let known = app
        .store
        .write(move |tx| {
            let known = idempotency::find(tx, &asked.actor, &asked.key)?;
            if known.is_none() {
                idempotency::insert(tx, &asked)?;
            }
            Ok(known)
        })
        .await?;
    if let Some(known) = known {
        return replay(request, &claim, &known);
    }
    let made = match make().await {
        Ok(made) => made,
        Err(problem) => {
            app.store
                .write(move |tx| idempotency::forget(tx, &claim.actor, &claim.key))
                .await?;
            return Err(problem);
        }
    };
    let answer = to_json(&made)?;
    let kept = answer.clone();
    app.store
        .write(move |tx| idempotency::finish(tx, &claim.actor, &claim.key, 201, &kept))
        .await?;
    created(request, &answer)
}

fn replay(request: &HttpRequest, asked: &Remembered, known: &Remembered) -> Answer<HttpResponse> {
    if known.request_hash != asked.request_hash {
        let detail =
            "This Idempotency-Key was used for another request. Send a new key with a new request.";
        return Err(Problem::conflict("idempotency-key-reused", detail));
    }
    if known.status == UNDER_WAY {
        let detail = "An earlier request with this Idempotency-Key has not ended. Look whether its result is there; \
                      send a new key if it is not.";
        return Err(Problem::conflict("idempotency-key-under-way", detail));
    }
    let mut answer = created(request, &known.body)?;
    answer.headers_mut().insert(
        header::HeaderName::from_static("idempotent-replayed"),
        header::HeaderValue::from_static("true"),
    );
    Ok(answer)
}

fn key(request: &HttpRequest) -> Answer<Option<String>> {
    let Some(sent) = request.headers().get(KEY) else {
        return Ok(None);
    };
    let fits = |key: &&str| {
        (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match sent.to_str().ok().filter(fits) {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Problem::invalid(
            "idempotency-key",
            "An Idempotency-Key is 1 to 128 visible ASCII characters.",
        )),
    }
}

fn request_hash(request: &HttpRequest, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {}\n", request.method(), request.path()).as_bytes());
    hash.update(body);
    hex::encode(hash.finalize())
}

fn to_json<T: Serialize>(value: &T) -> Answer<String> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        Problem::new(
            Kind::Internal,
            "internal",
            "Something is wrong on our side. It is on our log.",
        )
    })
}

fn created(request: &HttpRequest, body: &str) -> Answer<HttpResponse> {
    let made: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let mut answer = HttpResponse::Created();
    if let Some(id) = made.get("id").and_then(serde_json::Value::as_str) {
        answer.insert_header((header::LOCATION, format!("{}/{id}", request.path())));
    }
    Ok(answer
        .content_type("application/json")
        .body(body.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::parse;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: String,
        #[serde(default)]
        device_ids: Vec<String>,
    }

    #[test]
    fn a_fault_names_its_member() {
        let says = |text: &str| parse::<Body>(text.as_bytes()).unwrap_err().detail;
        assert!(says(r#"{"name": "a", "nmae": "b"}"#).contains("`nmae`"));
        assert!(says(r#"{"name": 7}"#).starts_with("name: "));
        assert!(says(r#"{"name": "a", "device_ids": ["x", 3]}"#).starts_with("device_ids[1]: "));
        assert!(says("{}").contains("`name`"));
        assert!(says("{").contains("no JSON"));
        assert!(says(r#"{"name": "a"} x"#).contains("goes on"));
        let body: Body = parse(br#"{"name": "a"}"#).unwrap();
        assert!(body.name == "a" && body.device_ids.is_empty());
    }
}
