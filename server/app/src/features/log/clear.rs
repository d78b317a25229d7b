//! Asking witnesses to clear what phones wait for: the nonce came with a check-in, the clearance goes with the next one.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_protocol::base64;
use muster_protocol::clearance::{Clearance, Expected};
use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;
use muster_protocol::ids::EnrolmentId;
use muster_store::clearances::{self, Asking};
use muster_store::log::Checkpoint;
use muster_store::{StoreError, StoreResult, commands, log};

use super::deliverable;
use super::witness_client::Word;
use super::witnesses::{Work, log_keys};
use crate::app::App;
use crate::witness::shapes::{Asked, FedLeaf};

/// Phones asked for in one round.
const ROUND: i64 = 256;
/// The pause after an answer that gives no hope, seconds.
const HOPELESS: u64 = 300;

/// Asks every witness for what the fleet's phones lack, those in `silent` apart; one that does not answer is added to them.
///
/// # Errors
/// The database does not answer.
pub async fn ask(app: &Arc<App>, work: &Work, silent: &mut BTreeSet<String>) -> StoreResult<()> {
    let (app2, fleet, keyring) = (app.clone(), work.fleet.id.clone(), work.keyring.clone());
    let kinds: Vec<&'static str> = Kind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.needs_log())
        .map(Kind::as_str)
        .collect();
    let found = app.store.read(move |c| {
        let Some(head) = deliverable::newest(c, &app2, &fleet)? else {
            return Ok(None);
        };
        let mut lacking = Vec::new();
        for phone in clearances::asking_for_job(c, &fleet, &kinds, ROUND)? {
            let Some(row) = commands::find_for_job(c, &phone.command_id)? else {
                continue;
            };
            let (Some(envelope), Some(digest)) = (row.envelope, row.envelope_digest) else {
                continue;
            };
            // A phone that holds a later checkpoint than there is takes none of ours: asking for it would fill the log, round by
            // round, with clearances that nobody can use.
            if phone.checkpoint_size > head.size {
                continue;
            }
            let wanted = deliverable::needed_of(&keyring, &envelope).unwrap_or(0);
            let logged = log::leaf_index(c, &fleet, "command", &digest)?;
            if wanted == 0 || logged.is_none_or(|index| index >= head.size) {
                continue;
            }
            let nonce = phone.nonce.clone().unwrap_or_default();
            let given = clearances::list(
                c,
                &phone.enrolment_id,
                &phone.command_id,
                &nonce,
                phone.checkpoint_size,
            )?;
            let under = |size: i64| {
                given
                    .iter()
                    .filter(|one| one.checkpoint_size == size)
                    .count()
            };
            if given.iter().any(|one| under(one.checkpoint_size) >= wanted) {
                continue;
            }
            let tree = app2.target_trees.of(c, &phone.command_id)?;
            let position = u32::try_from(phone.position).unwrap_or(u32::MAX);
            let Some(proof) = tree.proof(position) else {
                continue;
            };
            let asked = Asked {
                v: 1,
                fleet: fleet.clone(),
                envelope: base64::encode(envelope.as_bytes()),
                phone: FedLeaf {
                    device: phone.device_id.clone(),
                    enrolment: phone.enrolment_id.clone(),
                    serial: phone.serial_number.clone(),
                },
                index: proof.index,
                hashes: proof.hashes.iter().map(ToString::to_string).collect(),
                nonce,
                size: u64::try_from(head.size).unwrap_or(0),
            };
            lacking.push((phone, asked, digest));
        }
        Ok(Some((head, lacking)))
    });
    let Some((head, lacking)) = found.await? else {
        return Ok(());
    };
    for (phone, asked, digest) in lacking {
        let mut news = false;
        for url in app.witnesses.urls.clone() {
            if !silent.contains(&url) {
                let asking = (&head, &phone, &asked, digest.as_str());
                news |= ask_one(app, work, &url, asking, silent).await?;
            }
        }
        if news {
            app.wakeups.wake(&phone.device_id);
        }
    }
    Ok(())
}

async fn ask_one(
    app: &Arc<App>,
    work: &Work,
    url: &str,
    (head, phone, asked, digest): (&Checkpoint, &Asking, &Asked, &str),
    silent: &mut BTreeSet<String>,
) -> StoreResult<bool> {
    let (command, enrolment) = (phone.command_id.as_str(), phone.enrolment_id.as_str());
    let now = app.now_micros();
    if !app.witnesses.may_ask(url, command, enrolment, now) {
        return Ok(false);
    }
    let pause = |seconds: u64| {
        let micros = i64::try_from(seconds)
            .unwrap_or(0)
            .saturating_mul(1_000_000);
        app.witnesses
            .wait(url, command, enrolment, now.saturating_add(micros));
    };
    let keys = log_keys(app, work).map_err(StoreError::Query)?;
    match app.witnesses.clear(url, asked, &keys.log).await {
        Ok(Word::Cleared(envelope)) => keep(app, work, head, phone, envelope, digest).await,
        Ok(Word::Declined(declined)) => {
            let wait = if declined.wait_seconds == 0 {
                HOPELESS
            } else {
                declined.wait_seconds
            };
            pause(wait);
            tracing::info!(
                witness = url,
                command,
                code = declined.code,
                "a witness does not clear a command"
            );
            Ok(false)
        }
        Err(why) => {
            pause(15);
            silent.insert(url.to_owned());
            tracing::warn!(
                witness = url,
                command,
                why,
                "a witness cannot be asked for a clearance"
            );
            Ok(false)
        }
    }
}

/// Keeps a clearance that the phone would accept, and writes it into the log; `false` for any other.
async fn keep(
    app: &Arc<App>,
    work: &Work,
    head: &Checkpoint,
    phone: &Asking,
    envelope: Vec<u8>,
    digest: &str,
) -> StoreResult<bool> {
    let parsed = (
        Digest::parse(digest),
        EnrolmentId::parse(&phone.enrolment_id),
        Digest::parse(phone.nonce.as_deref().unwrap_or_default()),
    );
    let (Ok(ed), Ok(enrolment), Ok(nonce)) = parsed else {
        return Ok(false);
    };
    let expected = Expected {
        ed: &ed,
        enrolment: &enrolment,
        nonce: &nonce,
    };
    let Ok(cleared) = Clearance::verify(&envelope, &work.keyring, &expected) else {
        tracing::warn!(command = phone.command_id, "a clearance does not hold");
        return Ok(false);
    };
    let said = cleared.clearance.checkpoint;
    if said.size != u64::try_from(head.size).unwrap_or(0) || said.root.to_hex() != head.root {
        return Ok(false);
    }
    let row = clearances::Clearance {
        digest: Digest::of(&envelope).to_hex(),
        fleet_id: work.fleet.id.clone(),
        command_id: phone.command_id.clone(),
        enrolment_id: phone.enrolment_id.clone(),
        nonce: phone.nonce.clone().unwrap_or_default(),
        witness: cleared.witness.to_string(),
        checkpoint_size: head.size,
        envelope: String::from_utf8_lossy(&envelope).into_owned(),
        created_at: app.now_micros(),
    };
    let app2 = app.clone();
    let kept = app.store.write(move |tx| {
        let added = clearances::insert(tx, &row)?;
        if added {
            let id = app2.new_id();
            log::append_leaf(
                tx,
                &row.fleet_id,
                "clearance",
                &row.digest,
                &id,
                row.created_at,
            )?;
        }
        Ok(added)
    });
    let added = kept.await?;
    app.due.sequencer.notify_one();
    Ok(added)
}
