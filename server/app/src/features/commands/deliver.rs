//! Delivery: the bundle that answers a check-in, and the wake-ups that lead to one. Everything in a bundle proves itself; nothing
//! here is believed because the server says so.

use std::sync::Arc;

use muster_domain::check_in::CheckIn;
use muster_protocol::bundle::{
    Bundle, COMMANDS_MAX, CheckpointInBundle, CommandInBundle, KEYRINGS_MAX, LogProof,
};
use muster_protocol::command::Kind;
use muster_store::targets::Pending;
use muster_store::{Conn, StoreError, StoreResult, keyrings, log, targets};

use crate::app::App;
use crate::features::log::deliverable::Clearing;
use crate::features::trust::sequencer::Numbered;
use crate::features::trust::{policies, proofs, renew_keys};
use crate::web::device_listener::Phone;
use crate::web::problem::Answer;

/// Seconds until the next check-in of a phone that nothing wakes: a quarter of an hour.
const NEXT_CHECK_IN: u64 = 900;
/// Waiting phones that are looked up at once.
const PARKED: usize = 500;
/// Bytes of commands in one bundle; the limit is 512 KiB with everything (PROTOCOL §4).
const COMMAND_BYTES: usize = 300 * 1024;

/// The bundle for a phone that said `said`. What it carries is marked delivered; a phone that never got it asks again, and what
/// was delivered is sent again until a receipt says more.
///
/// # Errors
/// The database does not answer.
pub async fn bundle(app: &Arc<App>, phone: &Phone, said: &CheckIn) -> Answer<Vec<u8>> {
    let (app2, phone2, said2) = (app.clone(), phone.clone(), said.clone());
    let (bundle, carried, lacking) = app
        .store
        .read(move |c| assemble(c, &app2, &phone2, &said2))
        .await?;
    if lacking {
        // Its nonce is known now: the witnesses can be asked, and the phone is woken when they have answered.
        app.due.witnesses.notify_one();
    }
    if !carried.is_empty() {
        let (enrolment, now) = (phone.enrolment.clone(), app.now_micros());
        let marked = app.store.write(move |tx| {
            let news = targets::mark_delivered(tx, &enrolment, &carried, now)?;
            for id in &news {
                if let Some(row) = muster_store::commands::find_for_job(tx, id)? {
                    super::cancel::follow_targets(tx, &row)?;
                }
            }
            Ok(())
        });
        marked.await?;
    }
    Ok(bundle.encode())
}

fn assemble(
    c: &mut Conn,
    app: &App,
    phone: &Phone,
    said: &CheckIn,
) -> StoreResult<(Bundle, Vec<String>, bool)> {
    let mut bundle = Bundle {
        next_check_in_seconds: Some(jittered(app)),
        ..Bundle::default()
    };
    let held = i64::try_from(said.keyring_version).unwrap_or(i64::MAX);
    let most = i64::try_from(KEYRINGS_MAX).unwrap_or(8);
    for keyring in keyrings::range(c, &phone.fleet, held.saturating_add(1), most)? {
        bundle.keyrings.push(keyring.envelope.into_bytes());
    }
    bundle.policy = policies::for_phone(c, &phone.fleet, said.policy_version)?;
    let known = if bundle.keyrings.is_empty() || renew_keys::names_this_log(c, &phone.fleet, held)?
    {
        said.checkpoint_size
            .and_then(|size| i64::try_from(size).ok())
            .unwrap_or(0)
    } else {
        0
    };
    let limit = i64::try_from(COMMANDS_MAX).unwrap_or(32);
    let mut queue = targets::pending_for_enrolment(c, &phone.enrolment, limit)?;
    queue.retain(|pending| !is_cooling(pending, app.now_micros()));
    let nonce = said.nonce.map(|nonce| nonce.to_hex());
    let whose = (phone.fleet.as_str(), phone.enrolment.as_str());
    let mut clearing = Clearing::of(c, app, whose, &queue, (known, nonce.as_deref()))?;
    let size = clearing.size();
    let newest = clearing.checkpoint.take();
    // The same tree again where witnesses say when they saw it last: the phone keeps the fresher word and drops the other.
    let is_wanted = |checkpoint: &log::Checkpoint| {
        checkpoint.size > known || (checkpoint.size == known && checkpoint.witnesses > 0)
    };
    if let Some(checkpoint) = newest.filter(is_wanted) {
        let (old, new) = (unsigned(known), unsigned(checkpoint.size));
        bundle.checkpoint = Some(CheckpointInBundle {
            consistency: proofs::consistency(c, &phone.fleet, old, new)?,
            note: checkpoint.note,
        });
    }
    let mut carried = Vec::new();
    let mut bytes = 0;
    for pending in queue {
        if clearing.lacking.contains(&pending.command_id) {
            continue;
        }
        let Some(mut command) = carry(c, app, &phone.fleet, &pending, size)? else {
            continue;
        };
        command.clearances = clearing
            .given
            .remove(&pending.command_id)
            .unwrap_or_default();
        bytes += command.envelope.len();
        if bytes > COMMAND_BYTES {
            break;
        }
        bundle.commands.push(command);
        carried.push(pending.command_id);
    }
    Ok((bundle, carried, !clearing.lacking.is_empty()))
}

/// Whether a command is kept back so that somebody can still stop it.
fn is_cooling(pending: &Pending, now: i64) -> bool {
    pending.cool_off_until.is_some_and(|until| until > now)
}

/// A pending command with its proofs. `None` while it waits for its number in the log: the phone would only say so.
fn carry(
    c: &mut Conn,
    app: &App,
    fleet: &str,
    pending: &Pending,
    size: i64,
) -> StoreResult<Option<CommandInBundle>> {
    let (Some(envelope), Some(digest)) = (&pending.envelope, &pending.envelope_digest) else {
        return Ok(None);
    };
    let log_proof = if needs_log(pending)? {
        match log::leaf_index(c, fleet, "command", digest)? {
            Some(index) if index < size => {
                let (index, size) = (unsigned(index), unsigned(size));
                Some(LogProof {
                    index,
                    hashes: proofs::inclusion(c, fleet, index, size)?,
                })
            }
            Some(_) | None => return Ok(None),
        }
    } else {
        None
    };
    let tree = app.target_trees.of(c, &pending.command_id)?;
    let position = u32::try_from(pending.target.position).unwrap_or(u32::MAX);
    let Some(target) = tree.proof(position) else {
        return Err(StoreError::Corrupt(format!(
            "command {} has no target {position}",
            pending.command_id
        )));
    };
    Ok(Some(CommandInBundle {
        clearances: Vec::new(),
        envelope: envelope.clone().into_bytes(),
        log: log_proof,
        target,
    }))
}

fn needs_log(pending: &Pending) -> StoreResult<bool> {
    let kind: Kind = pending.kind.parse().map_err(|_| {
        StoreError::Corrupt(format!(
            "command {} is of no known kind",
            pending.command_id
        ))
    })?;
    Ok(kind.needs_log())
}

/// Whether a phone would fetch something by checking in now: a command it never got and could carry out, or a newer keyring.
///
/// # Errors
/// The database does not answer.
pub async fn has_work(app: &Arc<App>, phone: &Phone) -> Answer<bool> {
    let (phone, app2) = (phone.clone(), app.clone());
    let found = app.store.read(move |c| {
        let held = muster_store::devices::state_for_phone(c, &phone.device)?
            .map_or(0, |state| state.keyring_version);
        // A plain EST client holds none and never will: a keyring is no work for it.
        let newer = |newest: keyrings::Keyring| newest.version > held;
        if held > 0 && keyrings::newest(c, &phone.fleet)?.is_some_and(newer) {
            return Ok(true);
        }
        if !targets::anything_queued_for_enrolment(c, &phone.enrolment)? {
            return Ok(false);
        }
        let limit = i64::try_from(COMMANDS_MAX).unwrap_or(32);
        let mut queue = targets::pending_for_enrolment(c, &phone.enrolment, limit)?;
        queue.retain(|pending| !is_cooling(pending, app2.now_micros()));
        let state = muster_store::devices::state_for_phone(c, &phone.device)?;
        let known = state.as_ref().map_or(0, |state| state.checkpoint_size);
        let nonce = state.and_then(|state| state.nonce);
        let whose = (phone.fleet.as_str(), phone.enrolment.as_str());
        let clearing = Clearing::of(c, &app2, whose, &queue, (known, nonce.as_deref()))?;
        let size = clearing.size();
        for pending in queue {
            if pending.target.state != "queued" || clearing.lacking.contains(&pending.command_id) {
                continue;
            }
            let ready = match (&pending.envelope_digest, needs_log(&pending)?) {
                (Some(digest), true) => log::leaf_index(c, &phone.fleet, "command", digest)?
                    .is_some_and(|index| index < size),
                (Some(_), false) => true,
                (None, _) => false,
            };
            if ready {
                return Ok(true);
            }
        }
        Ok(false)
    });
    Ok(found.await?)
}

/// Wakes the phones of a command that was just sealed. One that needs the log wakes them when it has its number
/// ([`wake_logged`]).
///
/// # Errors
/// The database does not answer.
pub async fn wake_sealed(app: &Arc<App>, id: &str) -> Answer<()> {
    let wanted = id.to_owned();
    let found = app.store.read(move |c| {
        let Some(row) = muster_store::commands::find_for_job(c, &wanted)? else {
            return Ok(None);
        };
        Ok(Some((row.kind, targets::leaves(c, &wanted)?)))
    });
    let Some((kind, leaves)) = found.await? else {
        return Ok(());
    };
    if kind.parse::<Kind>().is_ok_and(Kind::needs_log) {
        return Ok(());
    }
    for leaf in leaves {
        app.wakeups.wake(&leaf.device_id);
    }
    Ok(())
}

/// Wakes the phones of a fleet that wait here: there is a newer keyring for them.
///
/// # Errors
/// The database does not answer.
pub async fn wake_fleet(app: &Arc<App>, fleet: &str) -> StoreResult<()> {
    for some in app.wakeups.parked().chunks(PARKED) {
        let (fleet, some) = (fleet.to_owned(), some.to_vec());
        let theirs = app
            .store
            .read(move |c| muster_store::devices::of_fleet_for_job(c, &fleet, &some));
        for device in theirs.await? {
            app.wakeups.wake(&device);
        }
    }
    Ok(())
}

/// Wakes the phones of commands whose leaves have their numbers now.
///
/// # Errors
/// The database does not answer.
pub async fn wake_logged(app: &Arc<App>, numbered: &[Numbered]) -> StoreResult<()> {
    let digests: Vec<String> = numbered
        .iter()
        .filter(|leaf| leaf.kind == "command")
        .map(|leaf| leaf.digest.clone())
        .collect();
    for digest in digests {
        let devices = app.store.read(move |c| {
            let Some(row) = muster_store::commands::find_by_envelope_for_job(c, &digest)? else {
                return Ok(Vec::new());
            };
            targets::leaves(c, &row.id)
        });
        for leaf in devices.await? {
            app.wakeups.wake(&leaf.device_id);
        }
    }
    Ok(())
}

/// The next check-in, spread over a quarter of its length so that phones do not come together.
fn jittered(app: &App) -> u64 {
    let spread = u64::from(u16::from_le_bytes(app.random.bytes::<2>())) * (NEXT_CHECK_IN / 4)
        / u64::from(u16::MAX);
    NEXT_CHECK_IN - NEXT_CHECK_IN / 8 + spread
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
