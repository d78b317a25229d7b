//! What a check-in tells the server (docs/DEVICE-API.md): unsigned, and no input to anything the phone decides.

use serde::Serialize;

use super::Core;
use crate::phones::{Inventory, LockState};

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
    /// The word for how fresh the servers' word is (PROTOCOL §15).
    freshness: &'static str,
    /// The newest policy held.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyHeld>,
    /// Whether the phone meets the policy in force; absent where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    compliance: Option<Compliance>,
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
    /// The k-th largest of its witness times: a server that has newer ones for the same tree can send them.
    #[serde(skip_serializing_if = "Option::is_none")]
    witnessed_at: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct PolicyHeld {
    version: u64,
}

/// How the phone stands to its policy. Also what `muster-agent status --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compliance {
    /// Whether it meets all of it.
    pub compliant: bool,
    /// What it does not meet: os_patch, encryption, agent.
    pub faults: Vec<&'static str>,
    /// Since when, Unix seconds; absent when it complies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The phone has switched the service off by itself.
    pub suspended: bool,
}

impl Compliance {
    /// As the state has it; none where no policy is in force.
    #[must_use]
    pub fn of(core: &Core, clock: u64) -> Option<Self> {
        core.policy(clock)?;
        let noncompliance = core.state().noncompliance.as_ref();
        Some(Self {
            compliant: noncompliance.is_none(),
            faults: noncompliance
                .map(|found| found.faults.iter().map(|fault| fault.as_str()).collect())
                .unwrap_or_default(),
            since: noncompliance.map(|found| found.since),
            suspended: core.state().suspends_itself(),
        })
    }
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
    /// A check-in from what the phone remembers and a report, at `clock` in Unix seconds.
    #[must_use]
    pub fn new(core: &Core, report: Report, clock: u64) -> Self {
        let state = core.state();
        let keyring = core.keyring_reference();
        Self {
            v: 1,
            report,
            keyring: KeyringHeld {
                version: keyring.version,
                digest: keyring.digest.to_string(),
            },
            checkpoint: state.checkpoint.as_ref().map(|checkpoint| CheckpointHeld {
                size: checkpoint.size,
                root: checkpoint.root.to_string(),
                witnessed_at: core.witnessed_at().map(|time| time.0),
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
            freshness: core.freshness(clock).as_str(),
            policy: core.policy_version().map(|version| PolicyHeld { version }),
            compliance: Compliance::of(core, clock),
            fork: state.fork.clone(),
        }
    }
}
