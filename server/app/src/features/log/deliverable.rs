//! What of the log a phone can be handed: a checkpoint that enough witnesses cosigned, and for commands that a grant wants
//! cleared, clearances that fit it. A clearance names one checkpoint, so a phone is handed exactly that one and no newer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use muster_protocol::authority;
use muster_protocol::command::{Command, Kind};
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keyring::Keyring;
use muster_store::log::Checkpoint;
use muster_store::targets::Pending;
use muster_store::{Conn, StoreResult, clearances, log};

use crate::app::App;
use crate::features::commands::seal;

/// The newest checkpoint that as many witnesses cosigned as the newest keyring asks for.
///
/// # Errors
/// The database did not answer.
pub fn newest(c: &mut Conn, app: &App, fleet: &str) -> StoreResult<Option<Checkpoint>> {
    // A server that asks no witnesses has none to wait for; reading a keyring at every check-in would be for nothing.
    if app.witnesses.urls.is_empty() {
        return log::newest_checkpoint(c, fleet);
    }
    let threshold =
        seal::newest_keyring(c, fleet)?.map_or(0, |held| i64::from(held.keyring.witness.threshold));
    log::newest_witnessed(c, fleet, threshold)
}

/// What one bundle can say about the log.
#[derive(Debug, Default)]
pub struct Clearing {
    /// The checkpoint of the bundle; none when the log has none yet.
    pub checkpoint: Option<Checkpoint>,
    /// Clearances of commands that have enough, by command id.
    pub given: HashMap<String, Vec<Vec<u8>>>,
    /// Commands that wait for clearances, by id.
    pub lacking: BTreeSet<String>,
}

impl Clearing {
    /// Looks up what the pending commands of one enrolment need and have. `known` is the size of the phone's own checkpoint,
    /// `nonce` what it said last.
    ///
    /// # Errors
    /// The database did not answer.
    pub fn of(
        c: &mut Conn,
        app: &App,
        (fleet, enrolment): (&str, &str),
        pending: &[Pending],
        (known, nonce): (i64, Option<&str>),
    ) -> StoreResult<Self> {
        let checkpoint = newest(c, app, fleet)?;
        let mut clearing = Self {
            checkpoint,
            ..Self::default()
        };
        if app.witnesses.urls.is_empty() || !pending.iter().any(may_need) {
            return Ok(clearing);
        }
        let Some(held) = seal::newest_keyring(c, fleet)? else {
            return Ok(clearing);
        };
        let mut best: BTreeMap<i64, Vec<Cleared>> = BTreeMap::new();
        for command in pending.iter().filter(|command| may_need(command)) {
            let wanted = needed(&held.keyring, command);
            // One that was accepted is journalled: the phone needs nothing more for it.
            if wanted == 0 || command.target.state == "accepted" {
                continue;
            }
            let id = command.command_id.clone();
            clearing.lacking.insert(id.clone());
            let Some(nonce) = nonce else { continue };
            let stored = clearances::list(c, enrolment, &id, nonce, known)?;
            let mut by_size: BTreeMap<i64, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
            for one in stored {
                by_size
                    .entry(one.checkpoint_size)
                    .or_default()
                    .insert(one.witness, one.envelope.into_bytes());
            }
            let enough = by_size.into_iter().rev().find(|(_, by)| by.len() >= wanted);
            if let Some((size, by)) = enough {
                best.entry(size)
                    .or_default()
                    .push((id, by.into_values().collect()));
            }
        }
        if let Some((size, cleared)) = best.pop_last()
            && let Some(named) = log::checkpoint(c, fleet, size)?
        {
            clearing.checkpoint = Some(named);
            for (id, envelopes) in cleared {
                clearing.lacking.remove(&id);
                clearing.given.insert(id, envelopes);
            }
        }
        Ok(clearing)
    }

    /// The size under which proofs are made.
    #[must_use]
    pub fn size(&self) -> i64 {
        self.checkpoint.as_ref().map_or(0, |head| head.size)
    }
}

/// A command's id and its clearances.
type Cleared = (String, Vec<Vec<u8>>);

fn may_need(pending: &Pending) -> bool {
    pending.kind.parse::<Kind>().is_ok_and(Kind::needs_log)
}

/// How many distinct witnesses must clear the command; 0 for what cannot be read, which the phone will say.
#[must_use]
pub fn needed(keyring: &Keyring, pending: &Pending) -> usize {
    pending
        .envelope
        .as_deref()
        .and_then(|envelope| needed_of(keyring, envelope))
        .unwrap_or(0)
}

/// [`needed`] of a sealed envelope.
#[must_use]
pub fn needed_of(keyring: &Keyring, envelope: &str) -> Option<usize> {
    let envelope = Envelope::decode(envelope.as_bytes(), DocumentType::Command).ok()?;
    let command = Command::decode(envelope.payload()).ok()?;
    let authorised = authority::authorise(keyring, &command, &envelope).ok()?;
    usize::try_from(authorised.clearances_needed).ok()
}
