//! A new keyring is held against what waits in the queues: a command whose approvals it no longer counts goes back to awaiting
//! approval before any phone fetches it (PROTOCOL §12).

use muster_protocol::authority;
use muster_protocol::command::Command;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keyring::Keyring;
use muster_store::{Conn, StoreError, StoreResult, commands, fleets};
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
        sign_online(tx, app, keyring, &command, &row.id, by)?;
    }
    Ok(reopened)
}

/// What the server's own key had sealed waits for nobody: the key that the new keyring names seals it anew.
fn sign_online(
    tx: &mut Conn,
    app: &App,
    keyring: &Keyring,
    command: &Command,
    id: &str,
    by: &By,
) -> StoreResult<()> {
    let Some(row) = commands::find_for_job(tx, id)?.filter(|row| row.approvals_needed == 0) else {
        return Ok(());
    };
    let Some(fleet) = fleets::find(tx, &row.fleet_id)? else {
        return Ok(());
    };
    let keys = app.fleet_keys.of(app, &fleet).map_err(StoreError::Query)?;
    let mut envelope = Envelope::unsigned(DocumentType::Command, row.payload.as_bytes().to_vec());
    envelope
        .sign_plain(&keys.online)
        .map_err(|error| StoreError::Query(error.to_string()))?;
    // If the new keyring does not let this key sign it either, it stays open and runs out.
    seal::seal_if_enough(tx, app, keyring, command, &row, &envelope, by).map(drop)
}
