//! The three addresses a witness answers at: `add-checkpoint` (C2SP tlog-witness), `entries` and `clearances`. Nobody is asked who
//! they are: what they bring proves itself, and the limits hold for everybody.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use muster_protocol::base64;
use muster_protocol::time::UnixTime;

use super::clear::{self, Limits};
use super::cosign::{AddCheckpoint, Refused};
use super::follow;
use super::key::WitnessKey;
use super::shapes::{Asked, ClearedAnswer, Declined, Feed, Followed};
use super::shelf::{Kept, Shelf};
use crate::clock::Clock;

/// The most a batch of entries may carry, bytes: 512 commands of the largest size there is are fed in several notes.
const ENTRIES_MOST: usize = 96 * 1024 * 1024;
/// The most another request may carry, bytes.
const MOST: usize = 256 * 1024;

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
        let limited = |most: usize| web::PayloadConfig::new(most);
        App::new()
            .app_data(Data::from(witness.clone()))
            .service(
                web::resource("/add-checkpoint")
                    .app_data(limited(MOST))
                    .route(web::post().to(add_checkpoint)),
            )
            .service(
                web::resource("/entries")
                    .app_data(limited(ENTRIES_MOST))
                    .route(web::post().to(entries)),
            )
            .service(
                web::resource("/clearances")
                    .app_data(limited(MOST))
                    .route(web::post().to(clearances)),
            )
    })
    .client_request_timeout(Duration::from_secs(15))
    .workers(2)
    .shutdown_timeout(5)
    .disable_signals()
    .listen(socket)?
    .run();
    Ok(server)
}

async fn add_checkpoint(witness: Data<Witness>, body: Bytes) -> HttpResponse {
    let Some(request) = AddCheckpoint::parse(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    let mut all = witness.shelf.lock();
    let origin = &request.note.checkpoint.origin;
    let log_of = |kept: &Kept| {
        let log = kept.fleet.keyring.as_ref()?.keyring.log.clone();
        (log.origin == *origin && witness.shelf.serves(kept)).then_some(log)
    };
    let Some((kept, log)) = all
        .values_mut()
        .find_map(|kept| log_of(kept).map(|log| (kept, log)))
    else {
        return HttpResponse::NotFound().finish();
    };
    // A keyring that names a new origin begins a new tree; what was cosigned under the old name says nothing about it.
    let last = kept.last().filter(|last| last.origin == *origin);
    if let Err(refused) = request.judge(&log, last.as_ref()) {
        return refusal(refused, origin);
    }
    let mut next = kept.clone();
    next.cosigned = Some(request.note.encode());
    if let Err(error) = witness.shelf.write(&next) {
        return unwritten(&error);
    }
    *kept = next;
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(request.cosignature(&witness.key, witness.now()))
}

fn refusal(refused: Refused, origin: &str) -> HttpResponse {
    match refused {
        Refused::Unsigned => HttpResponse::Forbidden().finish(),
        Refused::Backwards => HttpResponse::BadRequest().finish(),
        Refused::OtherSize(size) => HttpResponse::Conflict()
            .content_type("text/x.tlog.size")
            .body(format!("{size}\n")),
        Refused::Forked => {
            tracing::error!(origin, "two roots for one size: the log has forked");
            HttpResponse::Conflict().finish()
        }
        Refused::Inconsistent => {
            tracing::error!(origin, "a checkpoint does not follow from the one before");
            HttpResponse::UnprocessableEntity().finish()
        }
    }
}

async fn entries(witness: Data<Witness>, body: Bytes) -> HttpResponse {
    let feed: Option<Feed> = serde_json::from_slice(&body).ok();
    let feed = feed.filter(|feed: &Feed| feed.v == 1);
    let Some((feed, descriptor)) = feed.and_then(|feed| {
        let descriptor = base64::decode(&feed.descriptor)?;
        Some((feed, descriptor))
    }) else {
        return HttpResponse::BadRequest().finish();
    };
    let Some(descriptor) = witness.shelf.pinned(&descriptor) else {
        return HttpResponse::NotFound().finish();
    };
    let mut all = witness.shelf.lock();
    let id = descriptor.fleet.to_string();
    let mut next = all
        .get(&id)
        .cloned()
        .unwrap_or_else(|| Kept::new(descriptor));
    match next.fleet.taking(&feed, witness.now()) {
        Ok(fleet) => next.fleet = fleet,
        Err(follow::Refused::Elsewhere(size)) => {
            return HttpResponse::Conflict().json(Followed { size });
        }
        Err(follow::Refused::Unproven(why)) => {
            tracing::error!(fleet = id, why, "entries were refused");
            return HttpResponse::UnprocessableEntity().body(why);
        }
    }
    if let Err(error) = witness.shelf.write(&next) {
        return unwritten(&error);
    }
    let size = next.fleet.head().size;
    all.insert(id, next);
    HttpResponse::Ok().json(Followed { size })
}

async fn clearances(witness: Data<Witness>, body: Bytes) -> HttpResponse {
    let asked: Option<Asked> = serde_json::from_slice(&body).ok();
    let Some(asked) = asked.filter(|asked: &Asked| asked.v == 1) else {
        return HttpResponse::BadRequest().finish();
    };
    let mut all = witness.shelf.lock();
    let Some(kept) = all
        .get_mut(&asked.fleet)
        .filter(|kept| witness.shelf.serves(kept))
    else {
        return HttpResponse::NotFound().finish();
    };
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
            HttpResponse::Ok().json(ClearedAnswer {
                clearance: base64::encode(&envelope),
            })
        }
        Err(declined) => answer(&declined),
    }
}

fn answer(declined: &Declined) -> HttpResponse {
    let status = if declined.wait_seconds > 0 {
        StatusCode::TOO_MANY_REQUESTS
    } else {
        StatusCode::CONFLICT
    };
    HttpResponse::build(status).json(declined)
}

fn unwritten(error: &std::io::Error) -> HttpResponse {
    tracing::error!(%error, "the witness's folder cannot be written; nothing is signed");
    HttpResponse::ServiceUnavailable().finish()
}
