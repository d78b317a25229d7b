//! Whoever holds the whole server: its database, its online and log keys, its place on the network. What they cannot get are
//! approvers' and roots' keys, unless an attack says so.

use std::sync::Arc;

use muster::features::trust::keys::ServerKeys;
use muster_agent::Outcome;
use muster_protocol::bundle::{Bundle, CheckpointInBundle, CommandInBundle, LogProof};
use muster_protocol::checkpoint::{Checkpoint, LogKind, SignedCheckpoint, TreeHead, log_leaf_hash};
use muster_protocol::command::{Args, Command};
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope, envelope_digest};
use muster_protocol::ids::CommandId;
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::merkle;
use muster_protocol::reason::Reason;
use muster_protocol::target::{Leaf, TargetProof, TargetTree};
use muster_protocol::time::{DAY, UnixTime};

use crate::app::TestApp;
use crate::fleet::Fleet;
use crate::phone::TestPhone;

/// A stolen server and a phone that it carries mail to.
pub struct Hacked {
    /// The phone: the real agent.
    pub phone: TestPhone,
    /// Its fleet. Keys in it are the attacker's only where the attack says so.
    pub fleet: Fleet,
    /// The server's own keys.
    pub server: Arc<ServerKeys>,
    log: Vec<Digest>,
    ids: u32,
    /// The time by which the attacker dates documents.
    pub now: UnixTime,
}

impl Hacked {
    /// Steals the server that a new phone has just enrolled with.
    ///
    /// # Panics
    /// The server's keys do not open.
    pub async fn new(t: &mut TestApp) -> Self {
        let world = t.world().await;
        let phone = world.phone(t, "NW-000042").await;
        let fleet = world.fleet.clone();
        let id = fleet.keyring.fleet.to_string();
        let row = t
            .read(move |c| muster_store::fleets::find(c, &id))
            .await
            .expect("the fleet's row");
        let server = t
            .app()
            .fleet_keys
            .of(t.app(), &row)
            .expect("the server's keys open");
        Self {
            phone,
            fleet,
            server,
            log: Vec::new(),
            ids: 0,
            now: t.now(),
        }
    }

    /// A command for this phone alone, well formed, dated now.
    pub fn command(&mut self, args: Args) -> Command {
        let leaf = self.phone.leaf();
        self.command_for(vec![leaf], args)
    }

    /// A command for these targets.
    ///
    /// # Panics
    /// They make no tree.
    pub fn command_for(&mut self, leaves: Vec<Leaf>, args: Args) -> Command {
        self.ids += 1;
        let id = format!("0197c0de-1111-7000-8000-{:012x}", self.ids);
        Command {
            id: CommandId::parse(&id).expect("a UUID"),
            fleet: self.fleet.keyring.fleet.clone(),
            organisation: self.fleet.organisation.clone(),
            keyring: 1,
            args,
            reason: "left in a taxi".to_owned(),
            issued_at: self.now,
            not_before: None,
            expires_at: self.now.plus(7 * DAY),
            targets: TargetTree::build(leaves).expect("a tree").targets(),
        }
    }

    /// The envelope of a command, signed by these files.
    #[must_use]
    pub fn signed(&self, command: &Command, by: &[&Ed25519Signer]) -> Envelope {
        sign(command.encode(), by)
    }

    /// Puts an entry into the attacker's log.
    pub fn log(&mut self, envelope: &[u8]) -> u64 {
        self.log_as(LogKind::Command, &envelope_digest(envelope))
    }

    /// Puts an entry of any kind into the attacker's log.
    pub fn log_as(&mut self, kind: LogKind, entry: &Digest) -> u64 {
        self.log.push(log_leaf_hash(kind, entry));
        self.log.len() as u64 - 1
    }

    /// The proof that this entry stands in the log as it is.
    ///
    /// # Panics
    /// The log has no such entry.
    #[must_use]
    pub fn inclusion(&self, index: u64) -> Vec<Digest> {
        assert!(index < self.log_size(), "no entry {index}");
        merkle::inclusion_proof(index, self.log_size(), |level, index| {
            self.node(level, index)
        })
        .expect("every node is there")
    }

    /// Grows the log by an entry of no matter.
    pub fn grow_log(&mut self) {
        let entry = Digest::of(&self.log.len().to_be_bytes());
        self.log.push(log_leaf_hash(LogKind::Admin, &entry));
    }

    /// Rewrites the log: an entry that phones have seen becomes another.
    pub fn rewrite_log(&mut self, index: usize) {
        self.log[index] = Digest::of(b"never happened");
    }

    /// How many entries the log has.
    #[must_use]
    pub fn log_size(&self) -> u64 {
        self.log.len() as u64
    }

    /// Cuts the log's newest entries off.
    pub fn cut_log(&mut self, size: usize) {
        self.log.truncate(size);
    }

    /// A command on its way, without a proof from the log.
    #[must_use]
    pub fn item(envelope: Vec<u8>) -> CommandInBundle {
        let target = TargetProof {
            index: 0,
            hashes: Vec::new(),
        };
        CommandInBundle {
            clearances: Vec::new(),
            envelope,
            log: None,
            target,
        }
    }

    /// Puts the envelope into the log, and says where it stands.
    pub fn logged(&mut self, envelope: Vec<u8>) -> CommandInBundle {
        let index = self.log(&envelope);
        CommandInBundle {
            log: Some(LogProof {
                index,
                hashes: Vec::new(),
            }),
            ..Self::item(envelope)
        }
    }

    /// The checkpoint of the log as it is, signed by the log key, with the proof that follows the phone's.
    ///
    /// # Panics
    /// The log is empty.
    #[must_use]
    pub fn checkpoint(&self) -> CheckpointInBundle {
        let held = self.phone.state().checkpoint.map_or(0, |held| held.size);
        let size = self.log_size();
        let consistency =
            merkle::consistency_proof(held, size, |level, index| self.node(level, index));
        CheckpointInBundle {
            consistency: consistency.expect("every node is there"),
            note: self.note().encode(),
        }
    }

    /// The signed note of the log as it is.
    ///
    /// # Panics
    /// The log is empty.
    #[must_use]
    pub fn note(&self) -> SignedCheckpoint {
        let root = merkle::root(self.log_size(), |level, index| self.node(level, index))
            .expect("every node is there");
        let head = TreeHead {
            size: self.log_size(),
            root,
        };
        SignedCheckpoint::by_log(
            Checkpoint {
                origin: self.fleet.keyring.log.origin.clone(),
                head,
            },
            &self.server.log,
        )
    }

    fn node(&self, level: u32, index: u64) -> Option<Digest> {
        let width = 1_u64.checked_shl(level)?;
        let start = usize::try_from(index.checked_mul(width)?).ok()?;
        let leaves = self
            .log
            .get(start..start.checked_add(usize::try_from(width).ok()?)?)?;
        let mut row = leaves.to_vec();
        while row.len() > 1 {
            row = row
                .chunks(2)
                .map(|pair| merkle::node_hash(&pair[0], &pair[1]))
                .collect();
        }
        row.first().copied()
    }

    /// A bundle of these commands. Proofs from the log and its checkpoint are filled in.
    #[must_use]
    pub fn bundle(&self, mut commands: Vec<CommandInBundle>) -> Bundle {
        for command in &mut commands {
            if let Some(proof) = &mut command.log {
                proof.hashes = self.inclusion(proof.index);
            }
        }
        let held = self.phone.state().checkpoint.map_or(0, |held| held.size);
        let checkpoint = (self.log_size() > held).then(|| self.checkpoint());
        Bundle {
            checkpoint,
            commands,
            keyrings: Vec::new(),
            next_check_in_seconds: None,
            policy: None,
        }
    }

    /// Hands the phone these commands in one bundle.
    pub async fn send(&mut self, commands: Vec<CommandInBundle>) -> Outcome {
        let bundle = self.bundle(commands).encode();
        self.phone.apply(&bundle).await
    }

    /// Hands the phone one envelope without a log proof; answers the phone's reason.
    pub async fn send_envelope(&mut self, envelope: Vec<u8>) -> Option<Reason> {
        let outcome = self.send(vec![Self::item(envelope)]).await;
        reason(&outcome)
    }

    /// Puts one envelope into the log and hands it to the phone; answers the phone's reason.
    pub async fn send_logged(&mut self, envelope: Vec<u8>) -> Option<Reason> {
        let item = self.logged(envelope);
        let outcome = self.send(vec![item]).await;
        reason(&outcome)
    }
}

/// An envelope around a payload, signed by these files.
///
/// # Panics
/// Somebody signs twice.
#[must_use]
pub fn sign(payload: Vec<u8>, by: &[&Ed25519Signer]) -> Envelope {
    let mut envelope = Envelope::unsigned(DocumentType::Command, payload);
    for signer in by {
        envelope.sign_plain(signer).expect("each key signs once");
    }
    envelope
}

/// The reason of the one command in an outcome.
///
/// # Panics
/// There is not exactly one.
#[must_use]
#[track_caller]
pub fn reason(outcome: &Outcome) -> Option<Reason> {
    assert_eq!(
        outcome.commands.len(),
        1,
        "one command was sent: {outcome:?}"
    );
    outcome.commands[0].reason
}
