//! The job that goes round the witnesses: it brings them new entries, asks them to cosign the newest checkpoint, and to clear what
//! phones wait for. A witness that does not answer is passed over; what it was needed for waits (PROTOCOL §14).

use std::sync::Arc;

use muster_domain::scope::Scope;
use muster_protocol::base64;
use muster_protocol::checkpoint::SignedCheckpoint;
use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Keyring;
use muster_store::log::{self, Checkpoint};
use muster_store::{Conn, StoreError, StoreResult, commands, fleets, keyrings, targets};

use super::{clear, entries};
use crate::app::App;
use crate::features::commands::{deliver, seal};
use crate::features::operations::schedule::Done;
use crate::features::trust::{proofs, sequencer::Numbered};
use crate::witness::follow::needs_leaves;
use crate::witness::shapes::{FedEntry, FedLeaf, Feed};

/// Batches that one witness is brought in one round, so that one far behind does not hold up the others for long.
const BATCHES: usize = 64;

/// One fleet, as it is worked on.
pub struct Work {
    /// Its row.
    pub fleet: fleets::Fleet,
    /// Its newest keyring.
    pub keyring: Keyring,
    /// Its newest checkpoint when the round began: the one that is followed, cosigned and cleared under.
    pub head: Checkpoint,
}

/// Goes round every fleet and every witness.
///
/// # Errors
/// The database does not answer. A witness's trouble is told in the program's log, not here: it must not look like a failed job.
pub async fn ask_all(app: Arc<App>) -> Done {
    if app.witnesses.urls.is_empty() {
        return Ok(());
    }
    let told = |error: StoreError| error.to_string();
    let found = app.store.read(|c| {
        let mut found = Vec::new();
        for id in fleets::ids_for_job(c)? {
            let (Some(fleet), Some(held)) = (fleets::find(c, &id)?, seal::newest_keyring(c, &id)?)
            else {
                continue;
            };
            let keyring = held.keyring;
            if keyring.witness.keys.is_empty() {
                continue;
            }
            if let Some(head) = log::newest_checkpoint(c, &id)? {
                found.push(Work {
                    fleet,
                    keyring,
                    head,
                });
            }
        }
        Ok(found)
    });
    for work in found.await.map_err(told)? {
        for url in app.witnesses.urls.clone() {
            if let Err(why) = follow(&app, &work, &url).await {
                tracing::warn!(witness = url, fleet = %work.fleet.id, why, "a witness does not follow the log");
            }
            if let Err(why) = cosign(&app, &work, &url).await {
                tracing::warn!(witness = url, fleet = %work.fleet.id, why, "a witness does not cosign");
            }
        }
        clear::ask(&app, &work).await.map_err(told)?;
    }
    app.witnesses.forget(app.now_micros());
    Ok(())
}

/// Brings the witness the entries it lacks.
async fn follow(app: &Arc<App>, work: &Work, url: &str) -> Result<(), String> {
    let fleet = work.fleet.id.clone();
    for _ in 0..BATCHES {
        let Some(from) = app.witnesses.followed(url, &fleet) else {
            // It did not know the fleet: perhaps it was given the pin since. Cheap to ask once a round.
            let feed = next_feed(app, work, 0).await?;
            return match feed {
                Some(feed) => app.witnesses.feed(url, &fleet, &feed).await.map(drop),
                None => Ok(()),
            };
        };
        if from >= u64::try_from(work.head.size).unwrap_or(0) {
            return Ok(());
        }
        let Some(feed) = next_feed(app, work, from).await? else {
            return Ok(());
        };
        if app.witnesses.feed(url, &fleet, &feed).await? == Some(from) {
            return Err("it does not move on".to_owned());
        }
    }
    app.due.witnesses.notify_one();
    Ok(())
}

async fn next_feed(app: &Arc<App>, work: &Work, from: u64) -> Result<Option<Feed>, String> {
    let fleet = work.fleet.clone();
    let feed = app.store.read(move |c| feed_from(c, &fleet, from)).await;
    feed.map_err(|error| error.to_string())
}

/// The entries between `from` and the next checkpoint; `None` when there is none.
fn feed_from(c: &mut Conn, fleet: &fleets::Fleet, from: u64) -> StoreResult<Option<Feed>> {
    let mut size = i64::try_from(from).unwrap_or(i64::MAX);
    if from == 0
        && let Some(first) = keyrings::find(c, &fleet.id, 1)?
    {
        // The first batch reaches as far as the first keyring: without one no note can be judged.
        let digest = Digest::of(first.envelope.as_bytes()).to_hex();
        size = log::leaf_index(c, &fleet.id, "keyring", &digest)?.unwrap_or(size);
    }
    let (Some(next), Some(descriptor)) =
        (log::next_checkpoint(c, &fleet.id, size)?, &fleet.descriptor)
    else {
        return Ok(None);
    };
    let end = u64::try_from(next.size).unwrap_or(0);
    let mut fed = Vec::new();
    let mut at = from;
    while at < end {
        let limit = i64::try_from(end - at).unwrap_or(entries::MOST);
        let some = entries::read(c, &Scope::Platform, &fleet.id, at, limit)?;
        if some.is_empty() {
            return Err(StoreError::Corrupt(format!(
                "log {} lacks entry {at}",
                fleet.id
            )));
        }
        at += some.len() as u64;
        for entry in some {
            fed.push(fed_entry(c, entry)?);
        }
    }
    Ok(Some(Feed {
        v: 1,
        descriptor: base64::encode(descriptor.as_bytes()),
        note: next.note,
        from,
        entries: fed,
    }))
}

fn fed_entry(c: &mut Conn, entry: entries::Entry) -> StoreResult<FedEntry> {
    let shown = matches!(entry.kind.as_str(), "command" | "keyring");
    let mut leaves = Vec::new();
    if entry.kind == "command"
        && let Some(row) = commands::find_by_envelope_for_job(c, &entry.digest)?
        && row.kind.parse::<Kind>().is_ok_and(needs_leaves)
    {
        let named = targets::leaves(c, &row.id)?;
        leaves = named
            .into_iter()
            .map(|leaf| FedLeaf {
                device: leaf.device_id,
                enrolment: leaf.enrolment_id,
                serial: leaf.serial_number,
            })
            .collect();
    }
    Ok(FedEntry {
        kind: entry.kind,
        digest: entry.digest,
        bytes: entry
            .bytes
            .filter(|_| shown)
            .map(|bytes| base64::encode(&bytes)),
        leaves,
    })
}

/// Asks the witness to cosign the round's checkpoint, unless it has.
async fn cosign(app: &Arc<App>, work: &Work, url: &str) -> Result<(), String> {
    let told = |error: StoreError| error.to_string();
    let row = &work.head;
    let origin = work.fleet.log_origin.as_str();
    let size = u64::try_from(row.size).unwrap_or(0);
    let note = SignedCheckpoint::decode(row.note.as_bytes())
        .map_err(|_| "our own note does not read".to_owned())?;
    let mut old = app.witnesses.cosigned(url, origin);
    if old >= size && !note.cosigners(&work.keyring).is_empty() {
        return Ok(());
    }
    // Twice: the first answer may be where the witness stands.
    for _ in 0..2 {
        let id = work.fleet.id.clone();
        let proof = app
            .store
            .read(move |c| proofs::consistency(c, &id, old, size))
            .await
            .map_err(told)?;
        let asked = app
            .witnesses
            .add_checkpoint(url, origin, (old, &proof), (&row.note, size))
            .await?;
        match asked {
            Ok(lines) => return keep(app, work, row, &lines).await,
            Err(stands) if stands > size => {
                return Err(format!("it cosigned {stands} entries, and we have {size}"));
            }
            Err(stands) => old = stands,
        }
    }
    Err("it changes its mind about where it stands".to_owned())
}

/// Puts the cosignatures into the note; phones that waited for them are woken.
async fn keep(app: &Arc<App>, work: &Work, row: &Checkpoint, lines: &str) -> Result<(), String> {
    let told = |error: StoreError| error.to_string();
    let (id, size, lines) = (work.fleet.id.clone(), row.size, lines.to_owned());
    let keyring = work.keyring.clone();
    let threshold = i64::from(keyring.witness.threshold);
    let news = app.store.write(move |tx| {
        let Some(row) = log::checkpoint(tx, &id, size)? else {
            return Ok(Vec::new());
        };
        let Ok(mut note) = SignedCheckpoint::decode(row.note.as_bytes()) else {
            return Ok(Vec::new());
        };
        let witnesses = i64::try_from(note.add_cosignatures(&lines, &keyring)).unwrap_or(0);
        let before = log::newest_witnessed(tx, &id, threshold)?.map_or(0, |known| known.size);
        log::set_note(tx, &row, &note.encode(), witnesses)?;
        if witnesses < threshold || before >= size {
            return Ok(Vec::new());
        }
        log::leaves(tx, &id, before, size - before)
    });
    let numbered: Vec<Numbered> = news
        .await
        .map_err(told)?
        .into_iter()
        .map(|leaf| Numbered {
            kind: leaf.kind,
            digest: leaf.digest,
        })
        .collect();
    deliver::wake_logged(app, &numbered).await.map_err(told)
}
