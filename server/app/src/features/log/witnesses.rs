//! The job that goes round the witnesses: it brings them new entries, asks them to cosign the newest checkpoint, and to clear what
//! phones wait for. A witness that does not answer is passed over; what it was needed for waits (PROTOCOL §14).

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_protocol::checkpoint::SignedCheckpoint;
use muster_protocol::keyring::Keyring;
use muster_store::log::{self, Checkpoint};
use muster_store::{StoreError, fleets};

use super::{clear, feed};
use crate::app::App;
use crate::features::commands::{deliver, seal};
use crate::features::operations::schedule::Done;
use crate::features::trust::keys::ServerKeys;
use crate::features::trust::{proofs, sequencer::Numbered};
use crate::witness::shapes::{Feed, Followed};

/// Pages that one witness is brought in one round, so that one far behind does not hold up the others for long.
const PAGES: usize = 64;
/// After how long a witness is asked to cosign the same tree again, microseconds: phones measure by its time how fresh the log
/// is that they were shown, and a quiet log is not a stale one.
const FRESH: i64 = 3600 * 1_000_000;

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
    let works = found.await.map_err(told)?;
    // One that hangs is asked once a round, not once for every fleet and phone: the others must not wait for it.
    let mut silent = BTreeSet::new();
    for work in works {
        for url in app.witnesses.urls.clone() {
            if silent.contains(&url) {
                continue;
            }
            let followed = follow(&app, &work, &url).await;
            if let Err(why) = &followed {
                tracing::warn!(witness = url, fleet = %work.fleet.id, why, "a witness does not follow the log");
            }
            let cosigned = cosign(&app, &work, &url).await;
            if let Err(why) = &cosigned {
                tracing::warn!(witness = url, fleet = %work.fleet.id, why, "a witness does not cosign");
            }
            if followed.is_err() && cosigned.is_err() {
                silent.insert(url);
            }
        }
        clear::ask(&app, &work, &mut silent).await.map_err(told)?;
    }
    app.witnesses.forget(app.now_micros());
    Ok(())
}

/// Brings the witness the keyrings and entries it lacks.
async fn follow(app: &Arc<App>, work: &Work, url: &str) -> Result<(), String> {
    let fleet = work.fleet.id.as_str();
    let end = u64::try_from(work.head.size).unwrap_or(0);
    for _ in 0..PAGES {
        let known = app.witnesses.followed(url, fleet);
        // One that did not know the fleet was perhaps given the pin since. Cheap to ask once a round.
        let at = known.unwrap_or(Followed {
            size: 0,
            keyring: 0,
        });
        if at.size == end && at.keyring >= work.keyring.version {
            return Ok(());
        }
        let Some(feed) = next_page(app, work, at).await? else {
            return Ok(());
        };
        let keys = log_keys(app, work)?;
        let now = app.witnesses.feed(url, fleet, &feed, &keys.log).await?;
        match now {
            None => return Ok(()),
            Some(now) if now == at && known.is_some() => {
                return Err(format!(
                    "it stands at entry {} and keyring {} and does not move on",
                    at.size, at.keyring
                ));
            }
            Some(_) => {}
        }
    }
    app.due.witnesses.notify_one();
    Ok(())
}

async fn next_page(app: &Arc<App>, work: &Work, at: Followed) -> Result<Option<Feed>, String> {
    let (fleet, head) = (work.fleet.clone(), work.head.clone());
    let page = app.store.read(move |c| feed::page(c, &fleet, &head, at));
    page.await.map_err(|error| error.to_string())
}

/// The keys of the fleet's log.
pub(super) fn log_keys(app: &App, work: &Work) -> Result<Arc<ServerKeys>, String> {
    app.fleet_keys.of(app, &work.fleet)
}

/// Asks the witness to cosign the round's checkpoint, unless it has.
async fn cosign(app: &Arc<App>, work: &Work, url: &str) -> Result<(), String> {
    let told = |error: StoreError| error.to_string();
    let row = &work.head;
    let origin = work.fleet.log_origin.as_str();
    let size = u64::try_from(row.size).unwrap_or(0);
    let note = SignedCheckpoint::decode(row.note.as_bytes())
        .map_err(|_| "our own note does not read".to_owned())?;
    let now = app.now_micros();
    let (mut old, at) = app.witnesses.cosigned(url, origin);
    let is_fresh = now < at.saturating_add(FRESH);
    if old >= size && is_fresh && !note.cosigners(&work.keyring).is_empty() {
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
            .add_checkpoint(url, origin, (old, &proof), (&row.note, size), now)
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
