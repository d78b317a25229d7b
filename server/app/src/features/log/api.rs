//! The log for programs: auditors, monitors, witnesses, and whoever is curious about a checkpoint.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_audit::export;
use muster_protocol::base64;
use muster_store::fleets::{self, Fleet};
use muster_store::{StoreResult, log};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::tile_path::{self, TilePlace};
use super::{deliverable, entries, tiles};
use crate::app::App;
use crate::features::trust::proofs;
use crate::web::actor::{Allowed, ReadRecord};
use crate::web::fields::Fields;
use crate::web::json;
use crate::web::paging::List;
use crate::web::problem::{Answer, Problem};

/// What this feature adds to the API's description.
#[derive(OpenApi)]
#[openapi(paths(list, checkpoint, consistency, inclusion, entries, bundle, tile))]
pub struct Api;

/// A log that the reader may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogShown {
    /// Its id: the fleet's.
    pub id: String,
    /// Its name on notes.
    pub origin: String,
    /// Whose it is.
    pub organisation_id: String,
    /// The fleet's fingerprint; null for the installation's own log and for a fleet that was not adopted yet.
    pub fingerprint: Option<String>,
    /// The fleet's descriptor, base64.
    pub descriptor: Option<String>,
    /// The log's key, base64 of 32 bytes.
    pub log_key: String,
    /// The key's id: the pin of the installation's own log.
    pub log_key_id: String,
    /// How many entries are numbered.
    pub size: u64,
}

/// That an entry stands in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Inclusion {
    /// What the entry is.
    pub kind: String,
    /// Its number.
    pub index: u64,
    /// The size of the tree that the proof is for.
    pub size: u64,
    /// The proof, from the leaf upwards (RFC 9162 §2.1.3), hex.
    pub hashes: Vec<String>,
    /// The signed note of that size.
    pub checkpoint: String,
}

/// That a tree is the beginning of another.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consistency {
    /// The proof (RFC 9162 §2.1.4), hex.
    pub hashes: Vec<String>,
}

/// The logs of everything that the token may see.
#[utoipa::path(get, path = "/api/v1/log", tag = "log", responses((status = 200, body = List<LogShown>)))]
pub async fn list(app: Data<App>, allowed: Allowed<ReadRecord>) -> Answer<HttpResponse> {
    let scope = allowed.scope().clone();
    let found = app.store.read(move |c| {
        let mut found = Vec::new();
        for fleet in fleets::logs(c, &scope)? {
            let size = log::newest_checkpoint(c, &fleet.id)?.map_or(0, |head| head.size);
            found.push((fleet, size));
        }
        Ok(found)
    });
    let mut items = Vec::new();
    for (fleet, size) in found.await? {
        items.push(shown(&app, fleet, size)?);
    }
    let next_cursor = None;
    Ok(json::ok(&List { items, next_cursor }))
}

fn shown(app: &App, fleet: Fleet, size: i64) -> Answer<LogShown> {
    let keys = app.fleet_keys.of(app, &fleet).map_err(|error| {
        tracing::error!(fleet = %fleet.id, error, "the keys of a log cannot be opened");
        Problem::conflict(
            "keys-sealed",
            "A log's key cannot be opened with this installation's key file.",
        )
    })?;
    Ok(LogShown {
        id: fleet.id,
        origin: fleet.log_origin,
        organisation_id: fleet.organisation_id,
        fingerprint: fleet.fingerprint,
        descriptor: fleet.descriptor.map(|text| base64::encode(text.as_bytes())),
        log_key: base64::encode(keys.log.verifying_key().raw()),
        log_key_id: keys.log.key_id().to_string(),
        size: u64::try_from(size).unwrap_or(0),
    })
}

/// The newest checkpoint that enough witnesses cosigned: a signed note (C2SP tlog-checkpoint). With `newest=1` the newest there
/// is, whoever cosigned it.
#[utoipa::path(
    get,
    path = "/api/v1/log/{fleet}/checkpoint",
    tag = "log",
    params(("newest" = Option<u8>, Query, description = "1 for the newest, cosigned or not")),
    responses((status = 200, body = String, content_type = "text/plain")),
    security(())
)]
pub async fn checkpoint(
    app: Data<App>,
    path: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let fleet = path.into_inner();
    let any = Fields::parse(request.query_string().as_bytes()).one("newest") == "1";
    let app2 = app.clone();
    let found = app.store.read(move |c| {
        if any {
            log::newest_checkpoint(c, &fleet)
        } else {
            deliverable::newest(c, &app2, &fleet)
        }
    });
    let found = found.await?.ok_or_else(|| Problem::not_found("log"))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(found.note))
}

/// The proof that the log of `old` entries is the beginning of the log of `new`.
#[utoipa::path(
    get,
    path = "/api/v1/log/{fleet}/consistency/{old}/{new}",
    tag = "log",
    responses((status = 200, body = Consistency)),
    security(())
)]
pub async fn consistency(app: Data<App>, path: Path<(String, u64, u64)>) -> Answer<HttpResponse> {
    let (fleet, old, new) = path.into_inner();
    let found = app.store.read(move |c| {
        let size = u64::try_from(log::size(c, &fleet)?).unwrap_or(0);
        if new > size || old > new {
            return Ok(None);
        }
        proofs::consistency(c, &fleet, old, new).map(Some)
    });
    let hashes = found
        .await?
        .ok_or_else(|| Problem::not_found("log of that size"))?;
    Ok(json::ok(&Consistency {
        hashes: hashes.iter().map(ToString::to_string).collect(),
    }))
}

/// The proof that an entry with this SHA-256 stands in the log.
#[utoipa::path(
    get,
    path = "/api/v1/log/{fleet}/inclusion/{digest}",
    tag = "log",
    responses((status = 200, body = Inclusion))
)]
pub async fn inclusion(
    app: Data<App>,
    allowed: Allowed<ReadRecord>,
    path: Path<(String, String)>,
) -> Answer<HttpResponse> {
    let (fleet, digest) = path.into_inner();
    let app2 = app.clone();
    let fleet = readable(&app, &allowed, fleet).await?.id;
    let found = app.store.read(move |c| {
        let Some(head) = deliverable::newest(c, &app2, &fleet)? else {
            return Ok(None);
        };
        let leaves = log::leaves_of_digest(c, &fleet, &digest)?;
        let within = |leaf: &log::Leaf| leaf.leaf_index.is_some_and(|index| index < head.size);
        let Some(leaf) = leaves.into_iter().find(within) else {
            return Ok(None);
        };
        let (index, size) = (unsigned(leaf.leaf_index.unwrap_or(0)), unsigned(head.size));
        let hashes = proofs::inclusion(c, &fleet, index, size)?;
        StoreResult::Ok(Some(Inclusion {
            kind: leaf.kind,
            index,
            size,
            hashes: hashes.iter().map(ToString::to_string).collect(),
            checkpoint: head.note,
        }))
    });
    let found = found.await?.ok_or_else(|| Problem::not_found("entry"))?;
    Ok(json::ok(&found))
}

/// Entries in their order, one JSON object a line: `index`, `kind`, `digest`, and `bytes` (base64) where the token may see them.
/// An answer holds at most 1,000; ask again from the last index and one.
#[utoipa::path(
    get,
    path = "/api/v1/log/{fleet}/entries",
    tag = "log",
    params(
        ("from" = Option<u64>, Query, description = "The first entry's number; 0 when left out"),
        ("limit" = Option<i64>, Query, description = "1 to 1000; 1000 when left out"),
    ),
    responses((status = 200, body = String, content_type = "application/x-ndjson"))
)]
pub async fn entries(
    app: Data<App>,
    allowed: Allowed<ReadRecord>,
    path: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let number = |name: &'static str, usual: u64| match query.some(name) {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .map_err(|_| Problem::invalid(name, format!("{name} must be a number."))),
    };
    let from = number("from", 0)?;
    let limit = i64::try_from(number("limit", 1000)?).unwrap_or(entries::MOST);
    let fleet = readable(&app, &allowed, path.into_inner()).await?.id;
    let scope = allowed.scope().clone();
    let found = app
        .store
        .read(move |c| entries::read(c, &scope, &fleet, from, limit))
        .await?;
    let mut body = String::new();
    for entry in &found {
        body.push_str(&export::line(
            entry.index,
            &entry.kind,
            &entry.digest,
            entry.bytes.as_deref(),
        ));
        body.push('\n');
    }
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body))
}

/// The leaves of an entry bundle (C2SP tlog-tiles): kinds and digests, each behind its length of two octets.
#[utoipa::path(
    get,
    path = "/api/v1/log/{fleet}/tile/entries/{place}",
    tag = "log",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"))
)]
pub async fn bundle(
    app: Data<App>,
    allowed: Allowed<ReadRecord>,
    path: Path<(String, String)>,
) -> Answer<HttpResponse> {
    let (fleet, place) = path.into_inner();
    let fleet = readable(&app, &allowed, fleet).await?.id;
    let place = TilePlace::parse(&place).ok_or_else(no_tile)?;
    let found = app.store.read(move |c| tiles::bundle(c, &fleet, place));
    Ok(immutable(found.await?.ok_or_else(no_tile)?, "private"))
}

/// The hashes of a tile of the tree (C2SP tlog-tiles), 32 octets each.
#[utoipa::path(
    get,
    path = "/api/v1/log/{fleet}/tile/{level}/{place}",
    tag = "log",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")),
    security(())
)]
pub async fn tile(app: Data<App>, path: Path<(String, String, String)>) -> Answer<HttpResponse> {
    let (fleet, level, place) = path.into_inner();
    let level = tile_path::level(&level).ok_or_else(no_tile)?;
    let place = TilePlace::parse(&place).ok_or_else(no_tile)?;
    let found = app
        .store
        .read(move |c| tiles::hashes(c, &fleet, level, place));
    Ok(immutable(found.await?.ok_or_else(no_tile)?, "public"))
}

/// What was numbered stays: a cache may keep it for good. A bundle is its reader's own.
fn immutable(bytes: Vec<u8>, whose: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((
            header::CACHE_CONTROL,
            format!("{whose}, max-age=31536000, immutable"),
        ))
        .body(bytes)
}

fn no_tile() -> Problem {
    Problem::not_found("tile")
}

async fn readable(app: &Data<App>, allowed: &Allowed<ReadRecord>, id: String) -> Answer<Fleet> {
    let scope = allowed.scope().clone();
    let logs = app.store.read(move |c| fleets::logs(c, &scope)).await?;
    logs.into_iter()
        .find(|fleet| fleet.id == id)
        .ok_or_else(|| Problem::not_found("log"))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
