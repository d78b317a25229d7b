//! The log's sequencer: gives waiting leaves their numbers, stores the subtrees they complete, and signs a checkpoint. One job
//! under one lease, so that no two acts fight over a tree head.

use std::sync::Arc;

use muster_protocol::checkpoint::{Checkpoint, LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use muster_protocol::digest::Digest;
use muster_protocol::merkle;
use muster_store::{Conn, StoreError, StoreResult, fleets, log};

use super::proofs::StoredNodes;
use crate::app::App;
use crate::features::operations::schedule::Done;

/// Leaves numbered in one transaction.
const BATCH: i64 = 512;

/// Numbers every leaf that waits, fleet by fleet. What phones wait for can be proved from then on, so they are woken.
///
/// # Errors
/// The database does not answer, or a fleet's keys cannot be opened.
pub async fn number_all(app: Arc<App>) -> Done {
    let waiting = app
        .store
        .read(log::fleets_waiting)
        .await
        .map_err(|error| error.to_string())?;
    let mut trouble = None;
    for fleet in waiting {
        // One fleet's trouble holds no other fleet back.
        if let Err(error) = number_fleet(&app, &fleet).await {
            trouble = Some(format!("fleet {fleet}: {error}"));
        }
    }
    trouble.map_or(Ok(()), Err)
}

async fn number_fleet(app: &Arc<App>, fleet: &str) -> Done {
    loop {
        let (app2, id) = (app.clone(), fleet.to_owned());
        let numbered = app
            .store
            .write(move |tx| number_batch(tx, &app2, &id))
            .await
            .map_err(|error| error.to_string())?;
        app.crash_point("log.numbered");
        app.due.witnesses.notify_one();
        crate::features::commands::deliver::wake_logged(app, &numbered)
            .await
            .map_err(|error| error.to_string())?;
        if numbered.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

/// Numbers one batch; answers the digests of the commands in it.
fn number_batch(tx: &mut Conn, app: &App, fleet_id: &str) -> StoreResult<Vec<Numbered>> {
    let waiting = log::number_waiting(tx, fleet_id, BATCH)?;
    if waiting.leaves.is_empty() {
        return Ok(Vec::new());
    }
    let fleet = fleets::find(tx, fleet_id)?
        .ok_or_else(|| StoreError::Query("a leaf without its fleet".to_owned()))?;
    let keys = app.fleet_keys.of(app, &fleet).map_err(StoreError::Query)?;

    let size = u64::try_from(waiting.size).unwrap_or(0);
    let mut hashes = Vec::with_capacity(waiting.leaves.len());
    for leaf in &waiting.leaves {
        hashes.push(leaf_hash(leaf)?);
    }
    let mut stored = StoredNodes::new(tx, fleet_id);
    let fresh = merkle::append(size, &hashes, |level, index| stored.hash(level, index));
    stored.finish()?;
    let fresh = fresh.map_err(|missing| StoreError::Query(missing.to_string()))?;
    let rows: Vec<log::Node> = fresh
        .iter()
        .map(|node| log::Node {
            fleet_id: fleet_id.to_owned(),
            level: i64::from(node.level),
            position: i64::try_from(node.index).unwrap_or(i64::MAX),
            hash: node.hash.to_hex(),
        })
        .collect();
    log::insert_nodes(tx, &rows)?;
    for (leaf, index) in waiting.leaves.iter().zip(waiting.size..) {
        log::set_leaf_index(tx, &leaf.id, index)?;
    }

    let size = size.saturating_add(hashes.len() as u64);
    let mut stored = StoredNodes::new(tx, fleet_id);
    let root = merkle::root(size, |level, index| stored.hash(level, index));
    stored.finish()?;
    let root = root.map_err(|missing| StoreError::Query(missing.to_string()))?;
    let head = Checkpoint {
        origin: fleet.log_origin.clone(),
        head: TreeHead { size, root },
    };
    let row = log::Checkpoint {
        fleet_id: fleet_id.to_owned(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        root: root.to_hex(),
        note: SignedCheckpoint::by_log(head, &keys.log).encode(),
        created_at: app.now_micros(),
        witnesses: 0,
    };
    log::insert_checkpoint(tx, &row)?;
    Ok(waiting
        .leaves
        .into_iter()
        .map(|leaf| Numbered {
            kind: leaf.kind,
            digest: leaf.digest,
        })
        .collect())
}

/// A leaf that has its number now.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// Its kind.
    pub kind: String,
    /// The digest of its entry.
    pub digest: String,
}

fn leaf_hash(leaf: &log::Leaf) -> StoreResult<Digest> {
    let damaged = || StoreError::Corrupt(format!("log leaf {} does not read", leaf.id));
    let kind: LogKind = leaf.kind.parse().map_err(|_| damaged())?;
    let digest = Digest::parse(&leaf.digest).map_err(|_| damaged())?;
    Ok(log_leaf_hash(kind, &digest))
}
