//! Fresh keys of the server for a fleet: made here, named by the next keyring, in force when that is stored. After a take-over
//! it is how a restored server becomes another one than the attacker's: its old keys are worth nothing to phones from then on.

use std::sync::Arc;

use muster_protocol::keyring::{HeldKeyring, Keyring};
use muster_protocol::keys::Ed25519Signer;
use muster_store::{Conn, StoreError, StoreResult, fleets, keyrings, log, organisations};
use serde_json::json;
use zeroize::Zeroizing;

use super::adopt::place;
use super::keys::{self, ServerKeys};
use super::prepare::{self, ServerFacts};
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, ManageTrust};
use crate::web::problem::{Answer, Problem};

/// Makes fresh keys for an adopted fleet, once until a keyring has named them, and tells the facts with them.
///
/// # Errors
/// There is no such reseller in the actor's scope, or its fleet has no descriptor yet.
pub async fn renew_keys(
    app: &Arc<App>,
    allowed: &Allowed<ManageTrust>,
    organisation: &str,
) -> Answer<ServerFacts> {
    let (by, scope, wanted, app2) = (
        By::actor(&allowed.actor),
        allowed.scope().clone(),
        organisation.to_owned(),
        app.clone(),
    );
    app.store
        .write_or_refuse(move |tx| {
            let Some(found) = organisations::find(tx, &scope, &wanted)? else {
                return Ok(Err(Problem::not_found("organisation")));
            };
            let Some(fleet) = fleets::find_by_organisation(tx, &found.id)?
                .filter(|fleet| fleet.organisation_id == found.id && fleet.fingerprint.is_some())
            else {
                let detail = "This fleet has no keyring yet, so there is nothing to renew. Make the first one: muster keyring create.";
                return Ok(Err(Problem::conflict("fleet-not-adopted", detail)));
            };
            let fleet = make_in(tx, &app2, fleet, &by)?;
            let made = keys::next_of(&app2, &fleet).map_err(StoreError::Query)?;
            Ok(match (made, &fleet.next_log_origin) {
                (Some(made), Some(origin)) => {
                    Ok(prepare::of(&app2, &fleet, &found.name, &made, origin))
                }
                _ => Err(Problem::not_found("fleet")),
            })
        })
        .await?
}

fn make_in(tx: &mut Conn, app: &App, fleet: fleets::Fleet, by: &By) -> StoreResult<fleets::Fleet> {
    if fleet.next_log_origin.is_some() {
        return Ok(fleet);
    }
    let seal = |purpose| {
        let seed = Zeroizing::new(app.random.bytes::<32>());
        app.vault.seal(purpose, &*seed, &*app.random)
    };
    let origin = format!(
        "{}/log/{}/{}",
        prepare::host(&app.device_url),
        fleet.id,
        hex::encode(app.random.bytes::<4>())
    );
    let next = fleets::Fleet {
        next_online_key_sealed: Some(seal(keys::ONLINE)),
        next_log_key_sealed: Some(seal(keys::LOG)),
        next_log_origin: Some(origin.clone()),
        ..fleet
    };
    if let (Some(online), Some(log)) = (&next.next_online_key_sealed, &next.next_log_key_sealed) {
        fleets::set_next_keys(tx, &next.id, online, log, &origin)?;
    }
    let entry = Entry {
        kind: "fleet.keys-made",
        weight: Weight::Major,
        place: place(&next),
        device: None,
        command: None,
        facts: json!({ "origin": origin }),
    };
    write::write(tx, app, by, &entry)?;
    Ok(next)
}

/// Which of this server's keys a keyring names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Those in force, both of them.
    Present,
    /// The next online key, and the log as it is.
    NextOnline,
    /// The log's next key and origin, and the online key as it is.
    NextLog,
    /// Both next keys.
    Next,
}

/// A keyring that names other keys than ours would leave every phone unable to obey or believe this server: told now, not when
/// the first phone refuses.
///
/// # Errors
/// It names neither our keys nor our next ones.
pub fn named_by(app: &App, fleet: &fleets::Fleet, keyring: &Keyring) -> Answer<Names> {
    let sealed = |error: String| {
        tracing::error!(fleet = %fleet.id, error, "the keys of a fleet cannot be opened");
        Problem::conflict(
            "keys-sealed",
            "The fleet's server keys cannot be opened with this installation's key file.",
        )
    };
    let present = app.fleet_keys.of(app, fleet).map_err(sealed)?;
    let next = keys::next_of(app, fleet).map_err(sealed)?;
    let same = |signer: &Ed25519Signer, raw: &[u8]| signer.verifying_key().raw().as_slice() == raw;
    let online = |keys: &ServerKeys| {
        keyring
            .online
            .iter()
            .any(|key| same(&keys.online, key.key.raw()))
    };
    let log = |keys: &ServerKeys, origin: Option<&String>| {
        origin == Some(&keyring.log.origin) && same(&keys.log, keyring.log.key.raw())
    };
    let is_next = |held: bool, next: bool, code, detail| match (held, next) {
        (true, _) => Ok(false),
        (false, true) => Ok(true),
        (false, false) => Err(Problem::invalid(code, detail)),
    };
    let next_online = is_next(
        online(&present),
        next.as_ref().is_some_and(online),
        "keyring-online",
        "The keyring does not hold this server's online key. Ask for the facts and make it anew.",
    )?;
    let next_log = is_next(
        log(&present, Some(&fleet.log_origin)),
        next.as_ref()
            .is_some_and(|next| log(next, fleet.next_log_origin.as_ref())),
        "keyring-log",
        "The keyring names another log than this server's. Ask for the facts and make it anew.",
    )?;
    Ok(match (next_online, next_log) {
        (false, false) => Names::Present,
        (true, false) => Names::NextOnline,
        (false, true) => Names::NextLog,
        (true, true) => Names::Next,
    })
}

/// Puts the keys in place that a keyring names from now on, inside the transaction that stores it. A new log origin starts a new
/// tree over the same entries: what was recorded stays recorded, and is proved anew by the new key.
///
/// # Errors
/// The database refused.
pub fn take_over(
    tx: &mut Conn,
    app: &App,
    fleet: &fleets::Fleet,
    names: Names,
    by: &By,
) -> StoreResult<()> {
    let (Some(online), Some(log_key), Some(origin)) = (
        &fleet.next_online_key_sealed,
        &fleet.next_log_key_sealed,
        &fleet.next_log_origin,
    ) else {
        return Ok(());
    };
    let held = (
        &fleet.online_key_sealed,
        &fleet.log_key_sealed,
        &fleet.log_origin,
    );
    let (online, log_key, origin) = match names {
        Names::Present => return Ok(()),
        Names::NextOnline => (online, held.1, held.2),
        Names::NextLog => (held.0, log_key, origin),
        Names::Next => (online, log_key, origin),
    };
    fleets::replace_keys(tx, &fleet.id, online, log_key, origin)?;
    if origin == held.2 {
        return Ok(());
    }
    let last = log::newest_checkpoint(tx, &fleet.id)?;
    log::restart(tx, &fleet.id)?;
    let (size, root) = last.map_or((0, String::new()), |last| (last.size, last.root));
    let entry = Entry {
        kind: "log.restarted",
        weight: Weight::Major,
        place: place(fleet),
        device: None,
        command: None,
        // Where the old tree ended: whoever kept a checkpoint of it can compare.
        facts: json!({ "origin": origin, "old_origin": held.2, "old_size": size, "old_root": root }),
    };
    write::write(tx, app, by, &entry)
}

/// Whether the keyring of this version names the log that is kept here now. A phone that holds one of before speaks of another
/// tree, and starts anew with the keyring that it is about to get.
///
/// # Errors
/// The database does not answer.
pub fn names_this_log(c: &mut Conn, fleet: &str, version: i64) -> StoreResult<bool> {
    let (Some(row), Some(fleet)) = (keyrings::find(c, fleet, version)?, fleets::find(c, fleet)?)
    else {
        return Ok(true);
    };
    let held = HeldKeyring::from_stored(row.envelope.into_bytes());
    Ok(held.map_or(true, |held| held.keyring.log.origin == fleet.log_origin))
}
