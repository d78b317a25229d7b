//! Gossip (PROTOCOL §14): what a phone says it holds is compared with the log. A checkpoint that this log never signed is proof
//! of two logs, shown to two readers.

use muster_protocol::digest::Digest;
use muster_protocol::receipt::Receipt;
use muster_store::{Conn, StoreResult, keyrings, log};
use serde_json::json;

use crate::app::App;
use crate::features::fleet::check_in;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::features::trust::renew_keys;
use crate::web::device_listener::Phone;

/// Whether the log of `fleet` never had this checkpoint. Phones hold what was signed, and everything that was signed is kept:
/// one row tells.
///
/// # Errors
/// The database did not answer.
pub fn is_of_another_log(
    c: &mut Conn,
    fleet: &str,
    size: Option<u64>,
    root: Option<Digest>,
) -> StoreResult<bool> {
    let (Some(size), Some(root)) = (size, root) else {
        return Ok(false);
    };
    if size == 0 {
        return Ok(false);
    }
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let ours = log::checkpoint(c, fleet, size)?;
    Ok(ours.is_none_or(|ours| ours.root != root.to_hex()))
}

/// Compares what a receipt, which the phone signed, says that the phone holds: a keyring or a checkpoint that is not ours was given
/// to it by somebody else, and is on the record once a day.
///
/// # Errors
/// The database refused.
pub fn compare(tx: &mut Conn, app: &App, phone: &Phone, receipt: &Receipt) -> StoreResult<()> {
    let now = app.now_micros();
    let version = i64::try_from(receipt.keyring.version).unwrap_or(i64::MAX);
    let ours = keyrings::find(tx, &phone.fleet, version)?;
    if ours.is_none_or(|ours| ours.digest != receipt.keyring.digest.to_hex()) {
        if check_in::first_today(tx, "keyring-foreign", phone, now)? {
            let facts = json!({ "version": receipt.keyring.version });
            tell(tx, app, phone, "keyring.foreign", facts)?;
        }
        // Which log it means, only that keyring says.
        return Ok(());
    }
    if !renew_keys::names_this_log(tx, &phone.fleet, version)? {
        return Ok(());
    }
    let (size, root) = (
        receipt.checkpoint.map(|head| head.size),
        receipt.checkpoint.map(|head| head.root),
    );
    if is_of_another_log(tx, &phone.fleet, size, root)?
        && check_in::first_today(tx, "log-forked", phone, now)?
    {
        let facts = json!({ "size": size.unwrap_or(0) });
        tell(tx, app, phone, "log.forked", facts)?;
    }
    Ok(())
}

fn tell(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    kind: &'static str,
    facts: serde_json::Value,
) -> StoreResult<()> {
    let entry = Entry {
        kind,
        weight: Weight::Trouble,
        place: Place::of_phone(phone),
        device: Some((phone.device.clone(), phone.serial.clone())),
        command: None,
        facts,
    };
    write::write(tx, app, &By::phone(phone), &entry)
}
