//! What a witness is brought: the keyrings and entries that it lacks, in pages that fit into one request.

use muster_domain::scope::Scope;
use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_store::log::Checkpoint;
use muster_store::{Conn, StoreError, StoreResult, commands, fleets, keyrings, targets};

use super::entries;
use crate::features::trust::proofs;
use crate::witness::follow::needs_leaves;
use crate::witness::shapes::{FedEntry, FedLeaf, Feed, Followed, KEYRINGS, MOST};

/// Bytes of one page, its frame apart.
const PAGE: usize = MOST - 64 * 1024;
/// Entries read at once: of the largest there are, not more than a few pages lie in memory.
const READ: i64 = 64;
/// Bytes of an entry beside what is counted: names of members, digest, quotation marks.
const FRAME: usize = 160;

/// The next page for a witness that has come so far, under the checkpoint `head`.
///
/// # Errors
/// The database did not answer, or lacks what the checkpoint covers.
pub fn page(
    c: &mut Conn,
    fleet: &fleets::Fleet,
    head: &Checkpoint,
    at: Followed,
) -> StoreResult<Option<Feed>> {
    let Some(descriptor) = &fleet.descriptor else {
        return Ok(None);
    };
    let end = u64::try_from(head.size).unwrap_or(0);
    // A witness that is ahead of us, or of a tree that we no longer keep, says so itself.
    let from = if at.size > end { 0 } else { at.size };
    let after = i64::try_from(at.keyring)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    let most = i64::try_from(KEYRINGS).unwrap_or(1);
    let keyrings: Vec<String> = keyrings::range(c, &fleet.id, after, most)?
        .iter()
        .map(|keyring| base64::encode(keyring.envelope.as_bytes()))
        .collect();
    let mut bytes: usize = keyrings.iter().map(String::len).sum();
    let mut fed = Vec::new();
    let mut next = from;
    'page: while next < end {
        let limit = i64::try_from(end - next).unwrap_or(READ).min(READ);
        let some = entries::read(c, &Scope::Platform, &fleet.id, next, limit)?;
        if some.is_empty() {
            let detail = format!("log {} lacks entry {next}", fleet.id);
            return Err(StoreError::Corrupt(detail));
        }
        for entry in some {
            let entry = fed_entry(c, entry)?;
            bytes += weight(&entry);
            if bytes > PAGE {
                break 'page;
            }
            fed.push(entry);
            next += 1;
        }
    }
    Ok(Some(Feed {
        v: 1,
        descriptor: base64::encode(descriptor.as_bytes()),
        keyrings,
        note: head.note.clone(),
        from,
        entries: fed,
        consistency: if next == end {
            Vec::new()
        } else {
            let proof = proofs::consistency(c, &fleet.id, next, end)?;
            proof.iter().map(ToString::to_string).collect()
        },
    }))
}

fn weight(entry: &FedEntry) -> usize {
    let leaf = |leaf: &FedLeaf| leaf.device.len() + leaf.enrolment.len() + leaf.serial.len() + 48;
    FRAME
        + entry.bytes.as_ref().map_or(0, String::len)
        + entry.leaves.iter().map(leaf).sum::<usize>()
}

fn fed_entry(c: &mut Conn, entry: entries::Entry) -> StoreResult<FedEntry> {
    let shown = matches!(entry.kind.as_str(), "command" | "keyring");
    let mut leaves = Vec::new();
    if entry.kind == "command"
        && let Some(row) = commands::find_by_envelope_for_job(c, &entry.digest)?
        && row.kind.parse::<Kind>().is_ok_and(needs_leaves)
    {
        let named = targets::leaves(c, &row.id)?;
        leaves = named
            .into_iter()
            .map(|leaf| FedLeaf {
                device: leaf.device_id,
                enrolment: leaf.enrolment_id,
                serial: leaf.serial_number,
            })
            .collect();
    }
    Ok(FedEntry {
        kind: entry.kind,
        digest: entry.digest,
        bytes: entry
            .bytes
            .filter(|_| shown)
            .map(|bytes| base64::encode(&bytes)),
        leaves,
    })
}
