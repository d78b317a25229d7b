//! A new keyring is held against what waits in the queues: a command whose approvals it no longer counts goes back to awaiting
//! approval before any phone fetches it (PROTOCOL §12).

use muster_protocol::authority;
use muster_protocol::command::Command;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keyring::Keyring;
use muster_store::{Conn, StoreError, StoreResult, commands};
use serde_json::json;

use super::seal;
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};

/// The most that is looked at in one transaction; phones refuse the rest by themselves.
const MOST: i64 = 1_000;

/// Sends back what `keyring` no longer counts; answers how many that were.
///
/// # Errors
/// The database refused.
pub fn after_keyring(
    tx: &mut Conn,
    app: &App,
    fleet: &str,
    keyring: &Keyring,
    by: &By,
) -> StoreResult<usize> {
    let mut reopened = 0;
    for row in commands::queued_of_fleet_for_job(tx, fleet, MOST)? {
        let Some(text) = &row.envelope else { continue };
        let damaged = |_| StoreError::Corrupt(format!("command {} does not read", row.id));
        let envelope = Envelope::decode(text.as_bytes(), DocumentType::Command).map_err(damaged)?;
        let command = Command::decode(row.payload.as_bytes()).map_err(damaged)?;
        let Err(refusal) = authority::authorise(keyring, &command, &envelope) else {
            continue;
        };
        if !commands::reopen(tx, &row.id)? {
            continue;
        }
        reopened += 1;
        let entry = Entry {
            kind: "command.reopened",
            weight: Weight::Trouble,
            place: seal::place(&row),
            device: None,
            command: Some(row.id.clone()),
            facts: json!({ "kind": row.kind, "count": row.target_count, "reason": row.reason, "code": refusal.reason.as_str() }),
        };
        write::write(tx, app, by, &entry)?;
    }
    Ok(reopened)
}
