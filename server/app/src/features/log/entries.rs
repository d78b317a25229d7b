//! Entries with their bytes, as far as a reader may see them. Every reader of a log sees every leaf; the bytes behind one are
//! shown where the row they come from lies in the reader's scope.

use std::collections::HashMap;

use muster_domain::scope::Scope;
use muster_protocol::digest::Digest;
use muster_store::log::Leaf;
use muster_store::{Conn, StoreResult, keyrings, log, log_entries, policies};
use serde_json::json;

use crate::features::record::write;

/// The most entries of one answer.
pub const MOST: i64 = 1000;
/// The most bytes of entries in one answer; at least one entry is always in it.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// Leaves whose bytes are looked up at once.
const AT_ONCE: usize = 100;

/// A leaf and the bytes of its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub index: u64,
    /// What it is.
    pub kind: String,
    /// SHA-256 of its bytes, hex.
    pub digest: String,
    /// Its bytes, where they may be shown and are there.
    pub bytes: Option<Vec<u8>>,
}

/// At most `limit` entries from number `from` on.
///
/// # Errors
/// The database did not answer.
pub fn read(
    c: &mut Conn,
    scope: &Scope,
    fleet: &str,
    from: u64,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let leaves = log::leaves(c, fleet, from, limit.clamp(1, MOST))?;
    let mut entries = Vec::with_capacity(leaves.len());
    let mut size = 0;
    // Looked up a few at a time: of the largest entries there are, a thousand would fill 64 MiB before they were counted.
    for some in leaves.chunks(AT_ONCE) {
        let found = Found::of(c, scope, fleet, some)?;
        for leaf in some {
            let bytes = found.take(leaf);
            size += bytes.as_ref().map_or(0, Vec::len);
            if size > MOST_BYTES && !entries.is_empty() {
                return Ok(entries);
            }
            entries.push(Entry {
                index: u64::try_from(leaf.leaf_index.unwrap_or(0)).unwrap_or(0),
                kind: leaf.kind.clone(),
                digest: leaf.digest.clone(),
                bytes,
            });
        }
    }
    Ok(entries)
}

/// What was found behind some leaves. Events are found by their leaf's id, so that one that was changed behind the server's back
/// is handed out as it is now, and shows.
struct Found {
    by_digest: HashMap<String, Vec<u8>>,
    events: HashMap<String, Vec<u8>>,
}

impl Found {
    fn of(c: &mut Conn, scope: &Scope, fleet: &str, leaves: &[Leaf]) -> StoreResult<Self> {
        let of = |kind: &'static str| leaves.iter().filter(move |leaf| leaf.kind == kind);
        let digests = |kind: &'static str| -> Vec<&str> {
            of(kind).map(|leaf| leaf.digest.as_str()).collect()
        };
        let mut found: HashMap<String, Vec<u8>> = HashMap::new();
        let texts = [
            log_entries::commands(c, scope, &digests("command"))?,
            log_entries::receipts(c, scope, &digests("receipt"))?,
            log_entries::statements(c, scope, &digests("enrolment"))?,
            log_entries::clearances(c, scope, &digests("clearance"))?,
        ];
        for (digest, text) in texts.into_iter().flatten() {
            found.insert(digest, text.into_bytes());
        }
        found.extend(log_entries::certificates(
            c,
            scope,
            &digests("certificate"),
        )?);
        if of("keyring").next().is_some() {
            for keyring in keyrings::range(c, fleet, 1, 1024)? {
                let envelope = keyring.envelope.into_bytes();
                found.insert(Digest::of(&envelope).to_hex(), envelope);
            }
        }
        if of("policy").next().is_some() {
            for policy in policies::list(c, fleet)? {
                let envelope = policy.envelope.into_bytes();
                found.insert(Digest::of(&envelope).to_hex(), envelope);
            }
        }
        let at: Vec<i64> = of("revocation").map(|leaf| leaf.created_at).collect();
        for (serial, at, reason) in log_entries::revocations(c, scope, &at)? {
            let entry = revocation(&serial, at, reason);
            found.insert(Digest::of(entry.as_bytes()).to_hex(), entry.into_bytes());
        }
        let ids: Vec<&str> = of("admin").map(|leaf| leaf.id.as_str()).collect();
        let events = log_entries::events(c, scope, &ids)?
            .into_iter()
            .map(|(id, event)| (id, write::canonical(&event).into_bytes()))
            .collect();
        Ok(Self {
            by_digest: found,
            events,
        })
    }

    /// Two leaves may stand for one entry; both show it.
    fn take(&self, leaf: &Leaf) -> Option<Vec<u8>> {
        let of_events = || self.events.get(&leaf.id);
        self.by_digest.get(&leaf.digest).or_else(of_events).cloned()
    }
}

/// The entry of a revocation: its line of the list as canonical JSON.
#[must_use]
pub fn revocation(serial: &str, at: i64, reason: Option<i64>) -> String {
    json!({ "at": at, "reason": reason.unwrap_or(0), "serial_number": serial }).to_string()
}
