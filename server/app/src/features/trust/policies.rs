//! Policies: what an approver with a grant for them signed comes in, is verified as a phone would verify it, and is stored for
//! the phones to fetch.

use std::sync::Arc;

use muster_protocol::digest::Digest;
use muster_protocol::ids::OrganisationId;
use muster_protocol::keyring::Keyring;
use muster_protocol::policy::{HeldPolicy, Policy};
use muster_protocol::time::UnixTime;
use muster_store::fleets::Fleet;
use muster_store::{Conn, StoreError, StoreResult, fleets, log, organisations, policies};
use serde_json::json;

use super::adopt::{place, refused};
use crate::app::App;
use crate::features::commands::seal::newest_keyring;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, ManageTrust};
use crate::web::problem::{Answer, Problem};

/// Takes the next policy of a fleet; answers its version.
///
/// # Errors
/// There is no such fleet in the scope, or PROTOCOL §9's refusals: rollback, out of bounds, signed by nobody with a grant.
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
    app.store
        .write_or_refuse(move |tx| {
            let Some(found) = organisations::find(tx, &scope, &wanted)? else {
                return Ok(Err(Problem::not_found("organisation")));
            };
            let Some(fleet) = fleets::find_by_organisation(tx, &found.id)? else {
                return Ok(Err(Problem::not_found("fleet")));
            };
            let Some(keyring) = newest_keyring(tx, &fleet.id)? else {
                let detail = "This fleet has no keyring yet. Bring the descriptor first.";
                return Ok(Err(Problem::conflict("fleet-not-adopted", detail)));
            };
            let held = newest(tx, &fleet, &keyring.keyring)?;
            let held = held.map(|(_, held)| held);
            let next = match verify(&envelope, &keyring.keyring, &fleet, held.as_ref())? {
                Ok(next) => next,
                Err(problem) => return Ok(Err(problem)),
            };
            let version = next.policy.version;
            if held.is_some_and(|held| held.policy.version == version) {
                return Ok(Ok(version));
            }
            // Also one that no keyring counts any more is held by phones that took it.
            let last = policies::newest(tx, &fleet.id)?.map_or(0, |row| row.version);
            if i64::try_from(version).unwrap_or(i64::MAX) <= last {
                return Ok(Err(refused("policy", "policy_rollback")));
            }
            store(tx, &app2, &fleet, &next, &envelope, &by)?;
            Ok(Ok(version))
        })
        .await?
}

fn verify(
    envelope: &[u8],
    keyring: &Keyring,
    fleet: &Fleet,
    held: Option<&HeldPolicy>,
) -> StoreResult<Answer<HeldPolicy>> {
    let verified = Policy::verify(envelope, keyring, &organisation(fleet)?, held);
    Ok(verified.map_err(|refusal| refused("policy", refusal.reason.as_str())))
}

fn organisation(fleet: &Fleet) -> StoreResult<OrganisationId> {
    OrganisationId::parse(&fleet.organisation_id)
        .map_err(|_| StoreError::Corrupt("the organisation of a fleet does not read".to_owned()))
}

fn store(
    tx: &mut Conn,
    app: &App,
    fleet: &Fleet,
    next: &HeldPolicy,
    envelope: &[u8],
    by: &By,
) -> StoreResult<()> {
    let micros = |time: UnixTime| {
        i64::try_from(time.0)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000)
    };
    let (policy, now) = (&next.policy, app.now_micros());
    let row = policies::Policy {
        fleet_id: fleet.id.clone(),
        version: i64::try_from(policy.version).unwrap_or(i64::MAX),
        digest: next.digest.to_hex(),
        envelope: String::from_utf8_lossy(envelope).into_owned(),
        issued_at: micros(policy.issued_at),
        expires_at: micros(policy.expires_at),
        stored_at: now,
    };
    policies::insert(tx, &row)?;
    let leaf = Digest::of(envelope).to_hex();
    log::append_leaf(tx, &fleet.id, "policy", &leaf, &app.new_id(), now)?;
    let entry = Entry {
        kind: "policy.stored",
        weight: Weight::Major,
        place: place(fleet),
        device: None,
        command: None,
        facts: json!({ "version": policy.version, "noncompliance": policy.noncompliance.as_str() }),
    };
    write::write(tx, app, by, &entry)?;
    app.due.sequencer.notify_one();
    Ok(())
}

/// The newest policy that phones of this fleet would still take: one whose signer a newer keyring took out is none.
///
/// # Errors
/// The database does not answer.
pub fn newest(
    c: &mut Conn,
    fleet: &Fleet,
    keyring: &Keyring,
) -> StoreResult<Option<(Vec<u8>, HeldPolicy)>> {
    let Some(row) = policies::newest(c, &fleet.id)? else {
        return Ok(None);
    };
    let envelope = row.envelope.into_bytes();
    let held = Policy::verify(&envelope, keyring, &organisation(fleet)?, None);
    Ok(held.ok().map(|held| (envelope, held)))
}

/// The policy for the bundle of a phone that holds version `known`: a newer one, or none.
///
/// # Errors
/// The database does not answer.
pub fn for_phone(c: &mut Conn, fleet: &str, known: u64) -> StoreResult<Option<Vec<u8>>> {
    let is_news = |row: &policies::Policy| row.version > i64::try_from(known).unwrap_or(i64::MAX);
    if !policies::newest(c, fleet)?.as_ref().is_some_and(is_news) {
        return Ok(None);
    }
    let (Some(fleet), Some(keyring)) = (fleets::find(c, fleet)?, newest_keyring(c, fleet)?) else {
        return Ok(None);
    };
    Ok(newest(c, &fleet, &keyring.keyring)?.map(|(envelope, _)| envelope))
}
