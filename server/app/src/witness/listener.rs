//! The addresses a witness answers at: `add-checkpoint` (C2SP tlog-witness), `entries`, `keyrings` and `clearances`. What is brought
//! there proves itself or was signed by the log's key; for everything else there is a small bound and a short patience.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use muster_protocol::base64;
use muster_protocol::time::UnixTime;

use super::clear::{self, Limits};
use super::cosign::{AddCheckpoint, Refused};
use super::follow;
use super::gate::{self, Gate};
use super::key::WitnessKey;
use super::shapes::{self, Asked, ClearedAnswer, Declined, Feed, Taught};
use super::shelf::{Kept, Shelf};
use super::{asker, shapes::KEYRINGS};
use crate::clock::Clock;

/// The most another request than entries and keyrings may carry, bytes.
const MOST: usize = 256 * 1024;
/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Connections of one worker; further ones wait. With two workers and [`shapes::MOST`] this bounds what strangers can fill.
const CONNECTIONS: usize = 24;

/// A running witness's parts.
pub struct Witness {
    /// Its key and name.
    pub key: WitnessKey,
    /// Its folder.
    pub shelf: Shelf,
    /// Its limits.
    pub limits: Limits,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who was refused lately.
    pub gate: Gate,
}

impl Witness {
    fn now(&self) -> UnixTime {
        UnixTime(u64::try_from(self.clock.now().as_second()).unwrap_or(0))
    }
}

/// Starts a witness on `socket`. It answers until it is stopped.
///
/// # Errors
/// The socket cannot be used.
pub fn start(witness: Arc<Witness>, socket: TcpListener) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::from(witness.clone()))
            .route(
                "/add-checkpoint",
                web::post().to(|w, r, p| take(w, r, p, MOST, add_checkpoint)),
            )
            .route(
                "/entries",
                web::post().to(|w, r, p| take(w, r, p, shapes::MOST, entries)),
            )
            .route(
                "/keyrings",
                web::post().to(|w, r, p| take(w, r, p, shapes::MOST, keyrings)),
            )
            .route(
                "/clearances",
                web::post().to(|w, r, p| take(w, r, p, MOST, clearances)),
            )
    })
    .client_request_timeout(PATIENCE)
    .max_connections(CONNECTIONS)
    .workers(2)
    .shutdown_timeout(5)
    .disable_signals()
    .listen(socket)?
    .run();
    Ok(server)
}

/// Reads a request within its bounds and hands it to `answer`, which may wait for the disk.
async fn take(
    witness: Data<Witness>,
    request: HttpRequest,
    payload: Payload,
    most: usize,
    answer: fn(&Witness, &[u8], Option<&str>) -> Answer,
) -> HttpResponse {
    let source = gate::source(&request);
    if !witness.gate.admits(source, witness.now()) {
        return text(StatusCode::TOO_MANY_REQUESTS, "").into();
    }
    let read = tokio::time::timeout(PATIENCE, payload.to_bytes_limited(most)).await;
    let answered = match read {
        Ok(Ok(Ok(body))) => {
            let signature = request
                .headers()
                .get(asker::HEADER)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            let here = witness.clone();
            let work = web::block(move || answer(&here, &body, signature.as_deref()));
            work.await
                .unwrap_or_else(|_| text(StatusCode::SERVICE_UNAVAILABLE, ""))
        }
        Ok(Err(_)) => text(StatusCode::PAYLOAD_TOO_LARGE, ""),
        Ok(Ok(Err(_))) | Err(_) => text(StatusCode::REQUEST_TIMEOUT, ""),
    };
    let status = answered.status;
    let is_answer = status == StatusCode::CONFLICT || status == StatusCode::TOO_MANY_REQUESTS;
    if status.is_client_error() && !is_answer {
        witness.gate.refused(source, witness.now());
    }
    answered.into()
}

/// An answer, until it is actix's: what is made on a thread that may wait must be able to leave it.
struct Answer {
    status: StatusCode,
    media: &'static str,
    body: Vec<u8>,
}

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> Self {
        Self::build(answer.status)
            .content_type(answer.media)
            .body(answer.body)
    }
}

fn add_checkpoint(witness: &Witness, body: &[u8], _: Option<&str>) -> Answer {
    let Some(request) = AddCheckpoint::parse(body) else {
        return text(StatusCode::BAD_REQUEST, "");
    };
    let mut all = witness.shelf.lock();
    let origin = &request.note.checkpoint.origin;
    let log_of = |kept: &Kept| {
        let log = kept.fleet.log()?.clone();
        (log.origin == *origin && witness.shelf.serves(kept)).then_some(log)
    };
    let Some((kept, log)) = all
        .values_mut()
        .find_map(|kept| log_of(kept).map(|log| (kept, log)))
    else {
        return text(StatusCode::NOT_FOUND, "");
    };
    // A keyring that names a new origin begins a new tree; what was cosigned under the old name says nothing about it.
    let last = kept.last().filter(|last| last.origin == *origin);
    if let Err(refused) = request.judge(&log, last.as_ref()) {
        return refusal(refused, origin);
    }
    // The same tree again is a newer word about an old fact: there is nothing new to keep.
    if last != Some(request.note.checkpoint.clone()) {
        let mut next = kept.clone();
        next.cosigned = Some(request.note.encode());
        if let Err(error) = witness.shelf.write(&next) {
            return unwritten(&error);
        }
        *kept = next;
    }
    text(
        StatusCode::OK,
        &request.cosignature(&witness.key, witness.now()),
    )
}

fn refusal(refused: Refused, origin: &str) -> Answer {
    match refused {
        Refused::Unsigned => text(StatusCode::FORBIDDEN, ""),
        Refused::Backwards => text(StatusCode::BAD_REQUEST, ""),
        Refused::OtherSize(size) => with_type(
            StatusCode::CONFLICT,
            "text/x.tlog.size",
            format!("{size}\n").into_bytes(),
        ),
        Refused::Forked => {
            tracing::error!(origin, "two roots for one size: the log has forked");
            text(StatusCode::CONFLICT, "")
        }
        Refused::Inconsistent => {
            tracing::error!(origin, "a checkpoint does not follow from the one before");
            text(StatusCode::UNPROCESSABLE_ENTITY, "")
        }
    }
}

fn entries(witness: &Witness, body: &[u8], signature: Option<&str>) -> Answer {
    let feed: Option<Feed> = serde_json::from_slice(body).ok();
    let feed = feed.filter(|feed: &Feed| feed.v == 1 && feed.keyrings.len() <= KEYRINGS);
    let Some((feed, descriptor)) = feed.and_then(|feed| {
        let descriptor = base64::decode(&feed.descriptor)?;
        Some((feed, descriptor))
    }) else {
        return text(StatusCode::BAD_REQUEST, "");
    };
    let Some(descriptor) = witness.shelf.pinned(&descriptor) else {
        return text(StatusCode::NOT_FOUND, "");
    };
    let mut all = witness.shelf.lock();
    let id = descriptor.fleet.to_string();
    let held = all
        .get(&id)
        .cloned()
        .unwrap_or_else(|| Kept::new(descriptor));
    let mut next = held.clone();
    next.fleet = next.fleet.taught(&feed.keyrings);
    let is_asked = next
        .fleet
        .log()
        .is_some_and(|log| asker::is_by(log, "entries", body, signature));
    let taken = if is_asked {
        next.fleet.taking(&feed, witness.now())
    } else {
        Err(follow::Refused::Unsigned)
    };
    let refused = match taken {
        Ok(fleet) => {
            next.fleet = fleet;
            None
        }
        Err(refused) => Some(refused),
    };
    let followed = next.fleet.followed();
    // Keyrings are believed for their own sake, also where the entries are not.
    let is_news = refused.is_none() || followed.keyring != held.fleet.followed().keyring;
    if is_news && let Err(error) = witness.shelf.write(&next) {
        return unwritten(&error);
    }
    if is_news {
        all.insert(id.clone(), next);
    }
    match refused {
        None => json(StatusCode::OK, &followed),
        Some(follow::Refused::Elsewhere) => json(StatusCode::CONFLICT, &followed),
        Some(follow::Refused::Unsigned) => json(StatusCode::FORBIDDEN, &followed),
        Some(follow::Refused::Unproven(why)) => {
            tracing::error!(fleet = id, why, "entries were refused");
            text(StatusCode::UNPROCESSABLE_ENTITY, why)
        }
    }
}

/// From anybody: a keyring is signed by the fleet's root, and one that the server keeps out of its log is what a witness must hear.
fn keyrings(witness: &Witness, body: &[u8], _: Option<&str>) -> Answer {
    let taught: Option<Taught> = serde_json::from_slice(body).ok();
    let taught =
        taught.filter(|taught: &Taught| taught.v == 1 && taught.keyrings.len() <= KEYRINGS);
    let Some((taught, descriptor)) = taught.and_then(|taught| {
        let descriptor = base64::decode(&taught.descriptor)?;
        Some((taught, descriptor))
    }) else {
        return text(StatusCode::BAD_REQUEST, "");
    };
    let Some(descriptor) = witness.shelf.pinned(&descriptor) else {
        return text(StatusCode::NOT_FOUND, "");
    };
    let mut all = witness.shelf.lock();
    let id = descriptor.fleet.to_string();
    let mut next = all
        .get(&id)
        .cloned()
        .unwrap_or_else(|| Kept::new(descriptor));
    let before = next.fleet.followed();
    next.fleet = next.fleet.taught(&taught.keyrings);
    let followed = next.fleet.followed();
    if followed.keyring != before.keyring {
        if let Err(error) = witness.shelf.write(&next) {
            return unwritten(&error);
        }
        all.insert(id, next);
    }
    json(StatusCode::OK, &followed)
}

fn clearances(witness: &Witness, body: &[u8], signature: Option<&str>) -> Answer {
    let asked: Option<Asked> = serde_json::from_slice(body).ok();
    let Some(asked) = asked.filter(|asked: &Asked| asked.v == 1) else {
        return text(StatusCode::BAD_REQUEST, "");
    };
    let mut all = witness.shelf.lock();
    let Some(kept) = all
        .get_mut(&asked.fleet)
        .filter(|kept| witness.shelf.serves(kept))
    else {
        return text(StatusCode::NOT_FOUND, "");
    };
    let log = kept.fleet.log();
    if !log.is_some_and(|log| asker::is_by(log, "clearances", body, signature)) {
        return text(StatusCode::FORBIDDEN, "");
    }
    let mut next = kept.clone();
    let signer = &witness.key.signer;
    let outcome = clear::clear(
        &kept.fleet,
        &mut next.lately,
        &witness.limits,
        &asked,
        signer,
        witness.now(),
    );
    match outcome {
        Ok(envelope) => {
            // The count is kept before the word is given: a crash must not make room.
            if let Err(error) = witness.shelf.write(&next) {
                return unwritten(&error);
            }
            *kept = next;
            let clearance = base64::encode(&envelope);
            json(StatusCode::OK, &ClearedAnswer { clearance })
        }
        Err(declined) => answer(&declined),
    }
}

fn answer(declined: &Declined) -> Answer {
    let status = if declined.wait_seconds > 0 {
        StatusCode::TOO_MANY_REQUESTS
    } else {
        StatusCode::CONFLICT
    };
    json(status, declined)
}

fn unwritten(error: &std::io::Error) -> Answer {
    tracing::error!(%error, "the witness's folder cannot be written; nothing is signed");
    text(StatusCode::SERVICE_UNAVAILABLE, "")
}

fn json(status: StatusCode, body: &impl serde::Serialize) -> Answer {
    with_type(
        status,
        "application/json",
        serde_json::to_vec(body).unwrap_or_default(),
    )
}

fn text(status: StatusCode, body: &str) -> Answer {
    with_type(
        status,
        "text/plain; charset=utf-8",
        body.as_bytes().to_vec(),
    )
}

fn with_type(status: StatusCode, media: &'static str, body: Vec<u8>) -> Answer {
    Answer {
        status,
        media,
        body,
    }
}
