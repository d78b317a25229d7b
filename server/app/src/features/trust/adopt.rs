//! The second half of making a fleet, and every keyring after it: what offline machines signed comes in, is verified as a
//! phone would verify it, and is stored for the phones to fetch.

use std::sync::Arc;

use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::{HeldKeyring, Update, verify_chain, verify_update};
use muster_protocol::time::UnixTime;
use muster_store::{Conn, StoreResult, fleets, keyrings, log, organisations};
use serde_json::json;

use super::renew_keys;
use crate::app::App;
use crate::features::approving::mine;
use crate::features::commands::{deliver, rejudge};
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::actor::{Allowed, ManageTrust};
use crate::web::problem::{Answer, Problem};

/// Takes the descriptor and first keyring of a prepared fleet.
///
/// # Errors
/// There is no such fleet, it was adopted already with another descriptor, or something in the documents does not fit; the
/// sentence says what.
pub async fn adopt(
    app: &Arc<App>,
    allowed: &Allowed<ManageTrust>,
    organisation: &str,
    descriptor: Vec<u8>,
    keyring: Vec<u8>,
) -> Answer<String> {
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
            let Some(fleet) = fleets::find_by_organisation(tx, &found.id)? else {
                let detail = "This organisation has no fleet yet. Ask for the server's facts first: muster keyring facts.";
                return Ok(Err(Problem::conflict("fleet-not-prepared", detail)));
            };
            if found.kind != "reseller" {
                // The operator's row is the installation's own log (docs/adr/0006), and no phone ever pins it.
                return Ok(Err(Problem::not_found("fleet")));
            }
            adopt_in(tx, &app2, &fleet, &descriptor, &keyring, &by)
        })
        .await?
}

/// [`adopt`] inside the caller's transaction.
///
/// # Errors
/// The database refused; the inner error as [`adopt`].
pub fn adopt_in(
    tx: &mut Conn,
    app: &App,
    fleet: &fleets::Fleet,
    descriptor: &[u8],
    keyring: &[u8],
    by: &By,
) -> StoreResult<Answer<String>> {
    let fingerprint = Digest::of(descriptor).to_hex();
    if let Some(known) = &fleet.fingerprint {
        if *known == fingerprint {
            return Ok(Ok(fingerprint));
        }
        let detail = "This fleet has its descriptor already, and phones pin it. A new one means new phones: make another fleet.";
        return Ok(Err(Problem::conflict("fleet-adopted", detail)));
    }
    let held = match check(app, fleet, descriptor, keyring) {
        Ok(held) => held,
        Err(problem) => return Ok(Err(problem)),
    };
    let text = String::from_utf8_lossy(descriptor).into_owned();
    if !fleets::adopt(tx, &fleet.id, &fingerprint, &text)? {
        return Ok(Err(Problem::conflict(
            "fleet-adopted",
            "Somebody else brought this fleet's descriptor a moment ago.",
        )));
    }
    store_keyring(tx, app, fleet, &held)?;
    let entry = Entry {
        kind: "fleet.adopted",
        weight: Weight::Major,
        place: place(fleet),
        device: None,
        command: None,
        facts: json!({ "fingerprint": fingerprint, "keyring": held.keyring.version }),
    };
    write::write(tx, app, by, &entry)?;
    Ok(Ok(fingerprint))
}

/// Takes the next keyring of a fleet. Commands whose approvals it no longer counts fall back to awaiting approval.
///
/// # Errors
/// As [`adopt`], and PROTOCOL §5's refusals: rollback, gap, wrong signatures.
pub async fn publish(
    app: &Arc<App>,
    allowed: &Allowed<ManageTrust>,
    organisation: &str,
    envelope: Vec<u8>,
) -> Answer<u64> {
    let (by, scope, wanted, app2) = (
        By::actor(&allowed.actor),
        allowed.scope().clone(),
        organisation.to_owned(),
        app.clone(),
    );
    let (fleet, version) = app
        .store
        .write_or_refuse(move |tx| {
            let Some(found) = organisations::find(tx, &scope, &wanted)? else {
                return Ok(Err(Problem::not_found("organisation")));
            };
            let (Some(fleet), true) = (fleets::find_by_organisation(tx, &found.id)?, found.kind == "reseller") else {
                return Ok(Err(Problem::not_found("fleet")));
            };
            let Some(newest) = keyrings::newest(tx, &fleet.id)? else {
                return Ok(Err(Problem::conflict("fleet-not-adopted", "This fleet has no keyring yet. Bring the descriptor first.")));
            };
            let held = match HeldKeyring::from_stored(newest.envelope.into_bytes()) {
                Ok(held) => held,
                Err(refusal) => return Ok(Err(refused("keyring", refusal.reason.as_str()))),
            };
            let next = match verify_update(&held, &envelope) {
                Ok(Update::Next(next)) => next,
                Ok(Update::Same) => return Ok(Ok((fleet.id, held.keyring.version))),
                Err(refusal) => return Ok(Err(refused("keyring", refusal.reason.as_str()))),
            };
            let names = match renew_keys::named_by(&app2, &fleet, &next.keyring) {
                Ok(names) => names,
                Err(problem) => return Ok(Err(problem)),
            };
            store_keyring(tx, &app2, &fleet, &next)?;
            renew_keys::take_over(tx, &app2, &fleet, names, &by)?;
            rejudge::after_keyring(tx, &app2, &fleet.id, &next.keyring, &by)?;
            mine::after_keyring(tx, &app2, &next.keyring)?;
            let entry = Entry {
                kind: "keyring.stored",
                weight: Weight::Major,
                place: place(&fleet),
                device: None,
                command: None,
                facts: json!({ "version": next.keyring.version, "expires_at": next.keyring.expires_at.0 }),
            };
            write::write(tx, &app2, &by, &entry)?;
            Ok(Ok((fleet.id, next.keyring.version)))
        })
        .await??;
    // Also where it was stored before: the answer to that may have been lost on the way, and with it the wake-up.
    deliver::wake_fleet(app, &fleet).await?;
    Ok(version)
}

fn check(
    app: &App,
    fleet: &fleets::Fleet,
    descriptor: &[u8],
    keyring: &[u8],
) -> Answer<HeldKeyring> {
    let parsed = Descriptor::decode(descriptor).map_err(|error| {
        Problem::invalid(
            "descriptor",
            format!(
                "The descriptor does not fit: {error}. Make it anew with muster keyring create."
            ),
        )
    })?;
    if parsed.fleet.as_str() != fleet.id || parsed.organisation.as_str() != fleet.organisation_id {
        let detail = "The descriptor is of another fleet or another organisation. Ask for this organisation's facts and make it anew.";
        return Err(Problem::invalid("descriptor-other", detail));
    }
    let now = UnixTime(u64::try_from(app.now().as_second()).unwrap_or(0));
    let held = verify_chain(&parsed, &[keyring.to_vec()], now)
        .map_err(|refusal| refused("keyring", refusal.reason.as_str()))?;
    // Before its first keyring a fleet has no next keys: what it names are ours.
    renew_keys::named_by(app, fleet, &held.keyring)?;
    Ok(held)
}

fn store_keyring(
    tx: &mut Conn,
    app: &App,
    fleet: &fleets::Fleet,
    held: &HeldKeyring,
) -> StoreResult<()> {
    let micros = |time: UnixTime| {
        i64::try_from(time.0)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000)
    };
    let now = app.now_micros();
    let row = keyrings::Keyring {
        fleet_id: fleet.id.clone(),
        version: i64::try_from(held.keyring.version).unwrap_or(i64::MAX),
        digest: held.digest.to_hex(),
        envelope: String::from_utf8_lossy(&held.envelope).into_owned(),
        issued_at: micros(held.keyring.issued_at),
        expires_at: micros(held.keyring.expires_at),
        stored_at: now,
    };
    keyrings::insert(tx, &row)?;
    let leaf = Digest::of(&held.envelope).to_hex();
    log::append_leaf(tx, &fleet.id, "keyring", &leaf, &app.new_id(), now)?;
    app.due.sequencer.notify_one();
    Ok(())
}

pub(super) fn place(fleet: &fleets::Fleet) -> Place {
    Place {
        organisation: fleet.organisation_id.clone(),
        reseller: Some(fleet.organisation_id.clone()),
        fleet: Some(fleet.id.clone()),
    }
}

pub(super) fn refused(what: &'static str, reason: &str) -> Problem {
    Problem::invalid(
        what,
        format!("The {what} is refused, as every phone would refuse it: {reason}."),
    )
}
