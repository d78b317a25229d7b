//! The log as others read it: its checkpoint and tiles (C2SP tlog-tiles), proofs, and its entries for whoever may see them; and
//! the witnesses that the server asks for cosignatures and clearances (PROTOCOL §14). What is written into the log stands with
//! the act that writes it; numbering is [`super::trust::sequencer`]'s.

pub mod api;
pub mod clear;
pub mod deliverable;
pub mod entries;
pub mod feed;
pub mod gossip;
pub mod installation;
pub mod tile_path;
pub mod tiles;
pub mod witness_client;
pub mod witnesses;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this feature. Checkpoint, hash tiles and consistency are for anybody: they are digests of digests, and a log is
/// worth what strangers can check.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/api/v1/log", Access::Needs(Permission::ReadRecord), api::list),
        route!(GET "/api/v1/log/{fleet}/checkpoint", Access::Public, api::checkpoint),
        route!(GET "/api/v1/log/{fleet}/consistency/{old}/{new}", Access::Public, api::consistency),
        route!(GET "/api/v1/log/{fleet}/inclusion/{digest}", Access::Needs(Permission::ReadRecord), api::inclusion),
        route!(GET "/api/v1/log/{fleet}/entries", Access::Needs(Permission::ReadRecord), api::entries),
        route!(GET "/api/v1/log/{fleet}/tile/entries/{place:.*}", Access::Needs(Permission::ReadRecord), api::bundle),
        route!(GET "/api/v1/log/{fleet}/tile/{level}/{place:.*}", Access::Public, api::tile),
    ]
}

/// Jobs of this feature.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![Job {
        name: "log-witnesses",
        when: "*/10 * * * * *",
        bell: Some(|due| &due.witnesses),
        work: |app| Box::pin(witnesses::ask_all(app)),
    }]
}
