//! One agent on one phone, for whoever runs it: the program `muster-agent`, the server's demo, tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use muster_protocol::digest::Digest;
use muster_protocol::reason::Reason;

use crate::core::journal::Written;
use crate::link::Link;
use crate::net::NetError;
use crate::phones::PhoneError;
use crate::state::folder::{Folder, FolderError};
use crate::system::System;

/// The points at which a test may end the process, in the order in which a wipe passes them.
pub const CRASH_POINTS: [&str; 7] = [
    "wipe.journalled",
    "wipe.accepted-sent",
    "wipe.erasing",
    "wipe.erased",
    "wipe.journalled-done",
    "wipe.receipt-sent",
    "wipe.keys-destroyed",
];

/// Called with the name of each crash point that is passed.
pub type CrashHook = Arc<dyn Fn(&'static str) + Send + Sync>;

/// What an agent works with besides its folder.
#[derive(Clone)]
pub struct Options {
    /// Time and randomness.
    pub system: System,
    /// For tests: called at each of [`CRASH_POINTS`].
    pub crash: Option<CrashHook>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            system: System::real(),
            crash: None,
        }
    }
}

/// Why a turn did not come to its end. The phone stays as it is; nothing follows from a silent server (PROTOCOL §1.5).
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No valid answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The agent's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The phone itself.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// The bundle cannot be read at all.
    #[error("the bundle was refused: {0}")]
    Bundle(Reason),
    /// A program release was refused.
    #[error("{code}: {sentence}")]
    Program {
        /// The stable code.
        code: Reason,
        /// What it means here.
        sentence: String,
    },
    /// A document of the enrolment was refused.
    #[error("{code}: {sentence}")]
    Enrolment {
        /// The stable code.
        code: Reason,
        /// What it means here.
        sentence: String,
    },
    /// Something was asked for that cannot be.
    #[error("{0}")]
    Impossible(String),
}

/// What a turn brought.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The commands, in the order in which they were taken.
    pub commands: Vec<Written>,
    /// Codes of documents that were refused.
    pub documents: Vec<Reason>,
    /// Receipts that no server has taken yet.
    pub receipts_waiting: usize,
    /// When to check in again; none when the server and the policy say nothing.
    pub next_check_in: Option<Duration>,
    /// The phone has left its fleet.
    pub ended: bool,
    /// Nothing is left to do: the last receipt was delivered, or given up, and the keys are destroyed.
    pub over: bool,
}

/// An agent. Between two calls everything it knows lies in its folder.
pub struct Agent {
    pub(crate) folder: Folder,
    pub(crate) system: System,
    pub(crate) crash: Option<CrashHook>,
    pub(crate) link: Link,
    /// The clock's powered-on time up to which it was counted into the state.
    pub(crate) counted: Duration,
    /// A `refresh` was done: check in again right away.
    pub(crate) report_soon: bool,
}

impl Agent {
    /// Opens the agent whose phone was enrolled in `state_dir`.
    ///
    /// # Errors
    /// When nothing is enrolled there, or the state is damaged.
    pub fn open(state_dir: &Path, options: Options) -> Result<Self, AgentError> {
        let folder = Folder::new(state_dir);
        folder.load()?;
        let counted = options.system.clock.powered_on();
        Ok(Self {
            folder,
            system: options.system,
            crash: options.crash,
            link: Link::default(),
            counted,
            report_soon: false,
        })
    }

    /// One check-in: resumes what was interrupted, reports, carries out what came, sends receipts, renews when due.
    ///
    /// The future must run on a Tokio runtime. Files are written and hooks are run in it, so a runtime with other work
    /// to do gives it a thread of its own.
    ///
    /// # Errors
    /// When no server gave a valid answer, or the folder or the phone failed.
    pub async fn check_in_once(&mut self) -> Result<Outcome, AgentError> {
        let mut turn = self.begin().await?;
        let outcome = turn.check_in(self).await;
        turn.close(self, outcome)
    }

    /// Takes a bundle that came by another carrier than the check-in. Receipts are left in the queue.
    ///
    /// # Errors
    /// When it is no bundle, or the folder or the phone failed.
    pub async fn apply(&mut self, bundle: &[u8]) -> Result<Outcome, AgentError> {
        let mut turn = self.begin().await?;
        let outcome = turn.apply(self, bundle).await;
        turn.close(self, outcome)
    }

    /// Sends what receipts are waiting.
    ///
    /// # Errors
    /// When no server took them; they wait on.
    pub async fn send_receipts(&mut self) -> Result<Outcome, AgentError> {
        let mut turn = self.begin().await?;
        let outcome = turn.send_receipts(self).await;
        turn.close(self, outcome)
    }

    /// Shows the owner's screen anew, after something outside the agent changed.
    ///
    /// # Errors
    /// When the phone cannot show it.
    pub async fn redraw(&mut self) -> Result<(), AgentError> {
        let mut turn = self.begin().await?;
        turn.close(self, Ok(Outcome::default())).map(drop)
    }

    pub(crate) fn crash_point(&self, name: &'static str) {
        if let Some(crash) = &self.crash {
            crash(name);
        }
    }

    pub(crate) fn clock(&self) -> u64 {
        self.system.clock.unix_seconds()
    }
}

impl Outcome {
    /// Whether a command with this digest was written down with this reason.
    #[must_use]
    pub fn reason(&self, command: &Digest) -> Option<Reason> {
        self.commands
            .iter()
            .find(|written| written.command.as_ref() == Some(command))?
            .reason
    }
}
