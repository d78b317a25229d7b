//! The signature counters of passkeys. Phones ignore them, since each sees a few assertions only; the server sees all that it
//! is handed, and alarms when one falls: the passkey may have been copied (PROTOCOL §8).

use muster_protocol::envelope::Signature;
use muster_protocol::webauthn;
use muster_store::{Conn, StoreResult, commands, passkey_counters};
use serde_json::json;

use super::seal;
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};

/// Notes the counter of a verified signature. Authenticators without one send 0 for ever, which tells nothing.
///
/// # Errors
/// The database refused.
pub fn look(
    tx: &mut Conn,
    app: &App,
    row: &commands::Command,
    signature: &Signature,
    by: &By,
) -> StoreResult<()> {
    let Signature::WebAuthn { keyid, auth, .. } = signature else {
        return Ok(());
    };
    let Some(counter) = webauthn::counter(auth).map(i64::from) else {
        return Ok(());
    };
    let key = keyid.to_string();
    let before = passkey_counters::last(tx, &key)?.unwrap_or(0);
    if counter > before {
        return passkey_counters::set(tx, &key, counter, app.now_micros());
    }
    if before == 0 {
        return Ok(());
    }
    let entry = Entry {
        kind: "approval.counter-fell",
        weight: Weight::Trouble,
        place: seal::place(row),
        device: None,
        command: Some(row.id.clone()),
        facts: json!({ "kind": row.kind, "key": key, "before": before, "now": counter }),
    };
    write::write(tx, app, by, &entry)
}
