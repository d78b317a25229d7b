//! The phone's mind, without input or output: what it remembers and what it is handed go in, new memory and things to do
//! come out. It runs PROTOCOL §12 on top of the protocol crate, which judges steps 1–7 from bytes alone.
//!
//! - [`documents`]: keyrings, checkpoint and policy of a bundle
//! - [`decide`]: steps 8–15, one command at a time
//! - [`act`]: step 16, what each kind does; one file per kind that carries logic
//! - [`journal`]: acceptance, receipts, and what may be forgotten
//! - [`watch`], [`freshness`]: what the phone notices by itself, about itself and about its servers
//! - [`screen`], [`report`]: what the owner and the server are told
//!
//! No file, no socket, no clock and no phone is touched here.

pub mod act;
pub mod decide;
pub mod documents;
pub mod freshness;
pub mod journal;
pub mod limits;
pub mod report;
pub mod screen;
#[cfg(test)]
pub(crate) mod tests;
pub mod watch;

use muster_protocol::base64;
use muster_protocol::digest::sha256;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::judge::Pin;
use muster_protocol::keyring::{HeldKeyring, STEPS_MAX};
use muster_protocol::keys::P256Signer;
use muster_protocol::policy::{HeldPolicy, Policy};
use muster_protocol::time::{DAY, HOUR, Reading, UnixTime};

use crate::state::folder::FolderError;
use crate::state::{Nonce, State};

/// No phone believes that it is earlier than this: the year of the first release (PROTOCOL §10, "build date").
pub const BUILD_FLOOR: u64 = 1_767_225_600;

const NONCE_LIFE: u64 = 24 * HOUR;

/// One phone's state, opened: with the documents in it parsed, and the key that signs its receipts.
pub struct Core {
    state: State,
    keyring: HeldKeyring,
    policy: Option<HeldPolicy>,
    device_key: P256Signer,
    /// Keyrings that this turn may still take.
    steps_left: usize,
    /// A keyring of this turn changed where the mail comes from.
    moved: bool,
}

impl Core {
    /// Opens a stored state. The documents in it were verified before they were stored.
    ///
    /// # Errors
    /// [`FolderError::Damaged`] when the state is not of this device key, or a document in it cannot be read.
    pub fn open(state: State, device_key: P256Signer) -> Result<Self, FolderError> {
        if device_key.verifying_key().enrolment_id() != state.enrolment {
            return Err(FolderError::Damaged(
                "the state belongs to another enrolment",
            ));
        }
        let unreadable = FolderError::Damaged("a document in the state cannot be read");
        let Some(keyring) =
            base64::decode(&state.keyring).and_then(|bytes| HeldKeyring::from_stored(bytes).ok())
        else {
            return Err(unreadable);
        };
        let policy = match &state.policy {
            None => None,
            Some(stored) => Some(read_policy(stored).ok_or(unreadable)?),
        };
        Ok(Self {
            state,
            keyring,
            policy,
            device_key,
            steps_left: STEPS_MAX,
            moved: false,
        })
    }

    /// What is remembered; to be stored before anything that follows from it is done.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The same, for the shell's own notes: servers, anchors, deliveries.
    pub fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// The newest keyring held.
    #[must_use]
    pub fn keyring(&self) -> &HeldKeyring {
        &self.keyring
    }

    /// The policy in force: the newest one held, unless it has expired; without one the built-in mild values hold. A clock
    /// that cannot be believed ends none.
    #[must_use]
    pub fn policy(&self, clock: u64) -> Option<&Policy> {
        let reading = self.reading(clock);
        let now = if reading.clock_ok() {
            reading.now()
        } else {
            reading.floor
        };
        self.policy
            .as_ref()
            .map(|held| &held.policy)
            .filter(|policy| now < policy.expires_at)
    }

    /// The version of the newest policy held, in force or not.
    #[must_use]
    pub fn policy_version(&self) -> Option<u64> {
        self.policy.as_ref().map(|held| held.policy.version)
    }

    /// Whether nobody may command this phone any more.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state.ended.is_some()
    }

    /// What this phone knows of the time.
    #[must_use]
    pub fn reading(&self, clock: u64) -> Reading {
        Reading {
            clock: UnixTime(clock),
            floor: UnixTime(self.state.floor),
            cleared: None,
        }
    }

    /// Begins a turn: counts powered-on time, and gives what has ended by it: locks whose end has come become the owner's lock,
    /// suspensions are over, holds are forgotten. Never by the settable clock (PROTOCOL §10).
    #[must_use]
    pub fn pass_time(&mut self, seconds: u64) -> Vec<act::Act> {
        self.steps_left = STEPS_MAX;
        self.state.powered_on = self.state.powered_on.saturating_add(seconds);
        journal::forget(&mut self.state);
        act::end_what_is_over(&mut self.state)
    }

    /// Makes sure that there is a nonce younger than 24 powered-on hours; `fresh` is used if there is none.
    pub fn refresh_nonce(&mut self, fresh: [u8; 32]) {
        let now = self.state.powered_on;
        let young = self
            .state
            .nonce
            .as_ref()
            .is_some_and(|nonce| now.saturating_sub(nonce.made) < NONCE_LIFE);
        if !young {
            self.state.nonce = Some(Nonce {
                value: hex::encode(fresh),
                made: now,
            });
        }
    }

    /// Notes that a server gave a valid answer.
    pub fn answered(&mut self, clock: u64) {
        self.state.last_answer = self.state.powered_on;
        self.state.last_answer_clock = clock;
        self.state.closed_by_silence = false;
    }

    /// Powered-on seconds since a server last gave a valid answer.
    #[must_use]
    pub fn silence(&self) -> u64 {
        self.state.powered_on.saturating_sub(self.state.last_answer)
    }

    /// Whether no server has given a valid answer for the policy's days, counted with the power on.
    #[must_use]
    pub fn contact_lost(&self, clock: u64) -> bool {
        let days = self
            .policy(clock)
            .map_or(limits::CONTACT_LOST_DAYS, |policy| policy.contact_lost_days);
        self.silence() >= days * DAY
    }

    fn pin(&self) -> Option<Pin> {
        let pinned = self.state.pin.as_ref()?;
        Some(Pin {
            fleet: pinned.fleet.clone(),
            organisation: pinned.organisation.clone(),
            device: self.state.device.clone(),
            enrolment: self.state.enrolment,
            serial: self.state.serial.clone(),
        })
    }
}

fn read_policy(stored: &str) -> Option<HeldPolicy> {
    let envelope = Envelope::decode(&base64::decode(stored)?, DocumentType::Policy).ok()?;
    let policy = Policy::decode(envelope.payload()).ok()?;
    Some(HeldPolicy {
        policy,
        digest: sha256(envelope.payload()),
    })
}
