//! What a check-in tells the server (docs/DEVICE-API.md): unsigned, and no input to anything the phone decides.

use serde::Serialize;

use crate::phones::{Inventory, LockState};
use crate::state::State;

/// The body of `POST /v1/check-in`.
#[derive(Clone, Debug, Serialize)]
pub struct CheckIn {
    v: u64,
    report: Report,
    keyring: KeyringHeld,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<CheckpointHeld>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    restrictions: Vec<RestrictionHeld>,
    held: bool,
    /// Both notes of a forked log (PROTOCOL §14): sent with every report until a keyring names a new log.
    #[serde(skip_serializing_if = "Option::is_none")]
    fork: Option<[String; 2]>,
}

/// The status report. Also what `muster-agent status` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    agent_version: &'static str,
    #[serde(flatten)]
    inventory: Inventory,
    locked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_on: Option<bool>,
    at: u64,
}

#[derive(Clone, Debug, Serialize)]
struct KeyringHeld {
    version: u64,
    digest: String,
}

#[derive(Clone, Debug, Serialize)]
struct CheckpointHeld {
    size: u64,
    root: String,
}

#[derive(Clone, Debug, Serialize)]
struct RestrictionHeld {
    kind: &'static str,
    command: String,
}

/// What the phone itself was asked for a report.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// Hardware and system.
    pub inventory: Inventory,
    /// The locks, if the phone could tell.
    pub locks: LockState,
    /// The service, if the phone could tell.
    pub service_on: Option<bool>,
}

impl Report {
    /// A report of what was seen at `at`, Unix seconds by the settable clock.
    #[must_use]
    pub fn new(look: Look, at: u64) -> Self {
        Self {
            agent_version: env!("CARGO_PKG_VERSION"),
            inventory: look.inventory.bounded(),
            locked: look.locks.owner || look.locks.fleet,
            service_on: look.service_on,
            at,
        }
    }
}

impl CheckIn {
    /// A check-in from the state and a report.
    #[must_use]
    pub fn new(state: &State, keyring: (u64, String), report: Report) -> Self {
        Self {
            v: 1,
            report,
            keyring: KeyringHeld {
                version: keyring.0,
                digest: keyring.1,
            },
            checkpoint: state.checkpoint.as_ref().map(|checkpoint| CheckpointHeld {
                size: checkpoint.size,
                root: checkpoint.root.to_string(),
            }),
            nonce: state.nonce.as_ref().map(|nonce| nonce.value.clone()),
            restrictions: state
                .restrictions
                .iter()
                .map(|restriction| RestrictionHeld {
                    kind: restriction.kind.as_str(),
                    command: restriction.command.to_string(),
                })
                .collect(),
            held: !state.holds.is_empty(),
            fork: state.fork.clone(),
        }
    }
}
