//! What `muster-agent status` shows: the phone as it remembers itself. Reads the folder and changes nothing.

use std::fmt;
use std::path::Path;

use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_protocol::ids::EnrolmentId;
use muster_protocol::keyring::HeldKeyring;
use serde::Serialize;

use crate::agent::AgentError;
use crate::core::Core;
use crate::core::report::Compliance;
use crate::core::screen::five_words;
use crate::net::certificate::CertificateFacts;
use crate::phones::LockState;
use crate::sentences::moment;
use crate::state::folder::Folder;
use crate::state::{Ended, Entry, Progress, State};

/// A phone's status. Times are Unix seconds, digests lower-case hex.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// `enrolled`, or `killed`, `wiped` or `transferred`.
    pub lifecycle: &'static str,
    /// The handset.
    pub serial_number: String,
    /// The server's record.
    pub device_id: String,
    /// This enrolment.
    pub enrolment_id: String,
    /// Its first five words.
    pub enrolment_words: String,
    /// The server that enrolled the phone.
    pub server: String,
    /// The pin.
    pub pin: Option<PinStatus>,
    /// The newest keyring.
    pub keyring: Option<KeyringStatus>,
    /// The newest checkpoint.
    pub checkpoint: Option<CheckpointStatus>,
    /// Whether the log showed two faces.
    pub forked: bool,
    /// How fresh the servers' word was at the end of the last turn: fresh, stale, contact_lost, forked or unwitnessed. None
    /// when the phone has left its fleet.
    pub freshness: Option<&'static str>,
    /// How the phone stands to its policy; none without one.
    pub compliance: Option<Compliance>,
    /// The newest policy held.
    pub policy_version: Option<u64>,
    /// After a transfer: the fleet that the phone left and the one that it may join.
    pub moves: Option<MovesStatus>,
    /// The least time it can be.
    pub floor: u64,
    /// The locks.
    pub locks: LockState,
    /// Whether the fleet's service is on.
    pub service_on: Option<bool>,
    /// Active fleet locks and suspensions.
    pub restrictions: Vec<RestrictionStatus>,
    /// Whether a legal hold is in force.
    pub held: bool,
    /// The TLS certificate in use.
    pub certificate: Option<CertificateStatus>,
    /// When a server last gave a valid answer.
    pub last_answer_at: u64,
    /// Receipts that no server has taken yet.
    pub receipts_waiting: usize,
    /// Every command in the journal.
    pub commands: Vec<CommandStatus>,
}

/// The pinned fleet.
#[derive(Clone, Debug, Serialize)]
pub struct PinStatus {
    /// Fleet fingerprint.
    pub fingerprint: String,
    /// image, manual or tofu.
    pub manner: &'static str,
    /// The fleet.
    pub fleet: String,
    /// The organisation that commands the phone.
    pub organisation: String,
}

/// Where a transfer took the phone.
#[derive(Clone, Debug, Serialize)]
pub struct MovesStatus {
    /// Fingerprint of the fleet that it left.
    pub from: String,
    /// Fingerprint of the fleet that it may join; its pin from now on.
    pub to: String,
}

/// The keyring held.
#[derive(Clone, Debug, Serialize)]
pub struct KeyringStatus {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its payload.
    pub digest: String,
    /// When it expires.
    pub expires_at: u64,
    /// Whether checkpoints need witnesses.
    pub witnessed: bool,
}

/// The checkpoint held.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointStatus {
    /// Leaves in the log.
    pub size: u64,
    /// Root of its tree.
    pub root: String,
    /// The k-th largest of its witness times, by the newest keyring.
    pub witnessed_at: Option<u64>,
}

/// A fleet lock or suspension.
#[derive(Clone, Debug, Serialize)]
pub struct RestrictionStatus {
    /// lock-fleet or suspend.
    pub kind: &'static str,
    /// Digest of the command.
    pub command: String,
    /// Its end, unless lifted.
    pub until: u64,
    /// The approvers' reason.
    pub reason: String,
}

/// The certificate in use.
#[derive(Clone, Debug, Serialize)]
pub struct CertificateStatus {
    /// End of its life.
    pub not_after: u64,
    /// When the agent renews it.
    pub renew_from: u64,
}

/// A command in the journal.
#[derive(Clone, Debug, Serialize)]
pub struct CommandStatus {
    /// Its digest.
    pub command: String,
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// accepted, refused, done or failed.
    pub state: &'static str,
}

impl Status {
    /// Reads the status of the phone in `state_dir`.
    ///
    /// # Errors
    /// When nothing is enrolled there, or the state is damaged.
    pub fn read(state_dir: &Path) -> Result<Self, AgentError> {
        let folder = Folder::new(state_dir);
        let state = folder.load()?;
        let mut phone = state.phone.open(state_dir)?;
        let keyring =
            base64::decode(&state.keyring).and_then(|bytes| HeldKeyring::from_stored(bytes).ok());
        let clock = state.last_clock;
        let core = folder
            .keys(&state.enrolment)
            .device_key()
            .and_then(|key| Core::open(state.clone(), key))
            .ok()
            .filter(|core| !core.has_ended());
        Ok(Self {
            lifecycle: match &state.ended {
                None => "enrolled",
                Some(Ended { moves: Some(_), .. }) => "transferred",
                Some(Ended { by: Kind::Wipe, .. }) => "wiped",
                Some(Ended { .. }) => "killed",
            },
            freshness: core.as_ref().map(|core| core.freshness(clock).as_str()),
            compliance: core.as_ref().and_then(|core| Compliance::of(core, clock)),
            policy_version: core.as_ref().and_then(Core::policy_version),
            moves: state
                .ended
                .as_ref()
                .and_then(|ended| ended.moves)
                .map(|moves| MovesStatus {
                    from: moves.from.to_string(),
                    to: moves.to.to_string(),
                }),
            serial_number: state.serial.to_string(),
            device_id: state.device.to_string(),
            enrolment_id: state.enrolment.to_string(),
            enrolment_words: five_words(state.enrolment.digest().as_bytes()),
            server: state.server.clone(),
            pin: state.pin.as_ref().map(|pin| PinStatus {
                fingerprint: pin.fingerprint.to_string(),
                manner: pin.manner.as_str(),
                fleet: pin.fleet.to_string(),
                organisation: pin.organisation.to_string(),
            }),
            keyring: keyring.map(|held| KeyringStatus {
                version: held.keyring.version,
                digest: held.digest.to_string(),
                expires_at: held.keyring.expires_at.0,
                witnessed: held.keyring.witness.threshold > 0,
            }),
            checkpoint: state.checkpoint.as_ref().map(|held| CheckpointStatus {
                size: held.size,
                root: held.root.to_string(),
                witnessed_at: core
                    .as_ref()
                    .and_then(Core::witnessed_at)
                    .map(|time| time.0),
            }),
            forked: state.fork.is_some(),
            floor: state.floor,
            locks: phone.lock_state().unwrap_or_default(),
            service_on: phone.service_on().ok(),
            restrictions: restrictions(&state),
            held: !state.holds.is_empty(),
            certificate: certificate(&folder, &state),
            last_answer_at: state.last_answer_clock,
            receipts_waiting: state.receipts.len(),
            commands: state
                .journal
                .iter()
                .map(|(digest, entry)| command(digest, entry))
                .collect(),
        })
    }
}

fn restrictions(state: &State) -> Vec<RestrictionStatus> {
    let status = |active: &crate::state::Restriction| RestrictionStatus {
        kind: active.kind.as_str(),
        command: active.command.to_string(),
        until: active.until.time,
        reason: active.reason.clone(),
    };
    state.restrictions.iter().map(status).collect()
}

fn certificate(folder: &Folder, state: &State) -> Option<CertificateStatus> {
    let enrolment: &EnrolmentId = &state.enrolment;
    let identity = folder.keys(enrolment).tls().ok()?.current;
    let facts =
        CertificateFacts::check(&identity.certificate, identity.signer(), enrolment, None).ok()?;
    Some(CertificateStatus {
        not_after: facts.not_after,
        renew_from: facts.renew_from(),
    })
}

fn command(digest: &str, entry: &Entry) -> CommandStatus {
    CommandStatus {
        command: digest.to_owned(),
        id: entry.id.to_string(),
        kind: entry.kind.as_str(),
        state: match entry.progress {
            Progress::Accepted => "accepted",
            Progress::Refused => "refused",
            Progress::Done => "done",
            Progress::Failed => "failed",
        },
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} is {}", self.serial_number, self.lifecycle)?;
        writeln!(out, "  device       {}", self.device_id)?;
        writeln!(out, "  enrolment    {}", self.enrolment_words)?;
        writeln!(out, "  server       {}", self.server)?;
        if let Some(pin) = &self.pin {
            writeln!(
                out,
                "  fleet        {} (pinned: {})",
                pin.fingerprint, pin.manner
            )?;
            writeln!(out, "  organisation {}", pin.organisation)?;
        }
        if let Some(keyring) = &self.keyring {
            writeln!(
                out,
                "  keyring      {}, until {}",
                keyring.version,
                moment(keyring.expires_at)
            )?;
            let log = self.checkpoint.as_ref().map_or_else(
                || "no checkpoint yet".to_owned(),
                |checkpoint| format!("{} entries, root {}", checkpoint.size, checkpoint.root),
            );
            writeln!(out, "  log          {log}")?;
        }
        if let Some(freshness) = self.freshness {
            writeln!(out, "  freshness    {}", freshness.replace('_', " "))?;
        }
        if let Some(moves) = &self.moves {
            writeln!(out, "  left         {}", moves.from)?;
            writeln!(out, "  may join     {}", moves.to)?;
        }
        if let Some(compliance) = &self.compliance {
            let word = match (compliance.compliant, compliance.suspended) {
                (true, _) => "complies".to_owned(),
                (false, false) => format!("does not comply: {}", compliance.faults.join(", ")),
                (false, true) => format!(
                    "service off, does not comply: {}",
                    compliance.faults.join(", ")
                ),
            };
            writeln!(out, "  policy       {word}")?;
        }
        if self.forked {
            writeln!(out, "  WARNING      the log was shown in two versions")?;
        }
        let locks = match (self.locks.owner, self.locks.fleet) {
            (false, false) => "open",
            (true, false) => "the owner's lock",
            (false, true) => "the fleet's lock",
            (true, true) => "the owner's lock and the fleet's",
        };
        writeln!(out, "  locks        {locks}")?;
        for active in &self.restrictions {
            writeln!(
                out,
                "  {:<12} until {}: {}",
                active.kind,
                moment(active.until),
                active.reason
            )?;
        }
        writeln!(
            out,
            "  legal hold   {}",
            if self.held { "yes" } else { "no" }
        )?;
        if let Some(certificate) = &self.certificate {
            writeln!(
                out,
                "  certificate  until {}",
                moment(certificate.not_after)
            )?;
        }
        writeln!(out, "  last answer  {}", moment(self.last_answer_at))?;
        write!(out, "  receipts     {} waiting", self.receipts_waiting)
    }
}
