//! A fleet that requires two witnesses, and a server that has none of them, or one: A035, A042, A073, A094, A095, A099, A100.

use muster_agent::Outcome;
use muster_protocol::bundle::CommandInBundle;
use muster_protocol::checkpoint::{SignedCheckpoint, TreeHead};
use muster_protocol::clearance::Clearance;
use muster_protocol::command::{Args, Command, Kind};
use muster_protocol::digest::Digest;
use muster_protocol::envelope::envelope_digest;
use muster_protocol::ids::{EnrolmentId, FleetId};
use muster_protocol::keyring::{GrantKind, Keyring, Witness, Witnesses};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::reason::Reason;
use muster_protocol::time::UnixTime;
use muster_tests::fleet::{person, signer};
use muster_tests::hacked::reason;
use muster_tests::{Fleet, Hacked, TestApp, on_both_databases};

use super::a065_keyrings::offer;

on_both_databases![
    a035_cancelled_wipe_whose_cancel_is_withheld,
    a042_one_witness_timestamp_of_2099,
    a073_removed_approver_and_the_new_keyring_withheld,
    a094_checkpoint_by_the_log_key_alone,
    a095_one_witness_line_twice,
    a099_clearance_for_another_phone_nonce_envelope_or_fleet,
    a100_clearance_signed_by_log_or_online_key,
];

const NAMES: [&str; 2] = ["witness.example.org/1", "witness.example.org/2"];
const IN_2099: UnixTime = UnixTime(4_070_000_000);

/// The stolen server, and two witnesses elsewhere whose keys are the attacker's only where the attack says so.
pub(super) struct Witnessed {
    pub(super) a: Hacked,
    pub(super) witnesses: [Ed25519Signer; 2],
}

impl Witnessed {
    pub(super) async fn new(t: &mut TestApp) -> Self {
        let mut a = Hacked::new(t).await;
        let witnesses = [signer(1, 60), signer(1, 61)];
        let mut next = Keyring {
            issued_at: a.now,
            ..a.fleet.next()
        };
        next.witness = Witnesses {
            keys: NAMES
                .iter()
                .zip(&witnesses)
                .map(|(name, key)| Witness {
                    name: (*name).to_owned(),
                    key: key.verifying_key(),
                })
                .collect(),
            threshold: 2,
        };
        for grant in &mut next.grants {
            if grant.kinds.contains(&GrantKind::Command(Kind::Wipe)) {
                grant.clearances = 2;
            }
        }
        let sealed = a.fleet.seal(&next, &[0, 1]);
        assert_eq!(offer(&mut a, vec![sealed]).await, []);
        a.fleet.keyring = next;
        // The phone makes its nonce as it checks in, and believes nothing that the server shows it without witnesses.
        let documents = a.phone.check_in().await.documents;
        assert_eq!(documents, [Reason::CheckpointInvalid]);
        assert!(a.phone.state().checkpoint.is_none());
        Self { a, witnesses }
    }

    /// A wipe that two approvers once signed honestly, in the attacker's log.
    pub(super) fn wipe(&mut self) -> (Command, CommandInBundle) {
        let command = self.a.command(Args::Wipe);
        let by = [&self.a.fleet.ada, &self.a.fleet.ben];
        let envelope = self.a.signed(&command, &by).encode();
        let item = self.a.logged(envelope);
        (command, item)
    }

    /// The log as it is, with a line of each witness at its time.
    pub(super) fn cosigned(&self, at: [UnixTime; 2]) -> SignedCheckpoint {
        let mut note = self.a.note();
        for ((name, witness), at) in NAMES.iter().zip(&self.witnesses).zip(at) {
            note.cosign(name, witness, at);
        }
        note
    }

    /// What both witnesses would say of this wipe to this phone.
    pub(super) fn clearance(&self, item: &CommandInBundle) -> Clearance {
        let nonce = self
            .a
            .phone
            .state()
            .nonce
            .expect("the phone has checked in");
        Clearance {
            at: self.a.now,
            checkpoint: self.a.note().checkpoint.head,
            ed: envelope_digest(&item.envelope),
            enrolment: self.a.phone.leaf().enrolment,
            fleet: self.a.fleet.keyring.fleet.clone(),
            keyring: self.a.fleet.keyring.version,
            nonce: Digest::parse(&nonce.value).unwrap(),
        }
    }

    /// One clearance by each of these keys.
    pub(super) fn signed(clearance: &Clearance, by: &[&Ed25519Signer]) -> Vec<Vec<u8>> {
        by.iter().map(|key| clearance.sign(key)).collect()
    }

    pub(super) async fn send(
        &mut self,
        note: &SignedCheckpoint,
        items: Vec<CommandInBundle>,
    ) -> Outcome {
        let mut bundle = self.a.bundle(items);
        let mut checkpoint = self.a.checkpoint();
        checkpoint.note = note.encode();
        bundle.checkpoint = Some(checkpoint);
        self.a.phone.apply(&bundle.encode()).await
    }

    /// Sends a wipe with these clearances under a checkpoint that both witnesses signed; it must not be carried out.
    pub(super) async fn refused(
        &mut self,
        item: &CommandInBundle,
        clearances: Vec<Vec<u8>>,
        code: Reason,
    ) {
        let note = self.cosigned([self.a.now; 2]);
        let item = CommandInBundle {
            clearances,
            ..item.clone()
        };
        let outcome = self.send(&note, vec![item]).await;
        assert_eq!(reason(&outcome), Some(code), "{outcome:?}");
        self.a.phone.assert_unharmed();
    }

    /// The honest witnesses clear it, and it is done: what was refused before was refused for want of them alone.
    pub(super) async fn cleared(&mut self, item: &CommandInBundle) {
        let clearance = self.clearance(item);
        let [one, two] = &self.witnesses;
        let item = CommandInBundle {
            clearances: Self::signed(&clearance, &[one, two]),
            ..item.clone()
        };
        let note = self.cosigned([self.a.now; 2]);
        let outcome = self.send(&note, vec![item]).await;
        assert_eq!(reason(&outcome), None, "{outcome:?}");
        assert!(self.a.phone.is_erased());
    }
}

async fn a035_cancelled_wipe_whose_cancel_is_withheld(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let (wipe, item) = w.wipe();
    // The cancel was signed, and the witnesses know of it; the server delivers the wipe and keeps the cancel.
    let cancel = w.a.command(Args::Cancel {
        lifts: vec![wipe.digest()],
    });
    let cancel = w.a.signed(&cancel, &[&w.a.fleet.ada]).encode();
    w.refused(&item, Vec::new(), Reason::NoClearance).await;
    // One rogue witness is not two, however often it says so.
    let rogue = w.witnesses[0].clone();
    let clearance = w.clearance(&item);
    let twice = Witnessed::signed(&clearance, &[&rogue, &rogue]);
    w.refused(&item, twice, Reason::NoClearance).await;
    // The cancel arrives by another carrier: the wipe is dead for good.
    assert_eq!(w.a.send_envelope(cancel).await, None);
    w.refused(&item, Vec::new(), Reason::Cancelled).await;
}

async fn a042_one_witness_timestamp_of_2099(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    w.a.grow_log();
    let floor = w.a.phone.status().floor;
    let note = w.cosigned([IN_2099, w.a.now]);
    assert_eq!(w.send(&note, Vec::new()).await.documents, []);
    assert_eq!(
        w.a.phone.status().floor,
        floor.max(w.a.now.0),
        "the k-th largest time counts"
    );
    // Both of them rogue: as far as the keyring lasts, and not to 2099.
    w.a.grow_log();
    let note = w.cosigned([IN_2099; 2]);
    w.send(&note, Vec::new()).await;
    assert!(w.a.phone.status().floor <= w.a.fleet.keyring.expires_at.0);
    w.a.phone.assert_unharmed();
}

async fn a073_removed_approver_and_the_new_keyring_withheld(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let (_, item) = w.wipe();
    // Ada is removed by keyring 3, which the witnesses have seen in the log and the server withholds from the phone.
    let mut newer = w.clearance(&item);
    newer.keyring += 1;
    let [one, two] = w.witnesses.clone();
    let clearances = Witnessed::signed(&newer, &[&one, &two]);
    w.refused(&item, clearances, Reason::KeyringBehind).await;
    let mut next = w.a.fleet.next();
    Fleet::remove(&mut next, &person(10));
    let sealed = w.a.fleet.seal(&next, &[0, 1]);
    assert_eq!(offer(&mut w.a, vec![sealed]).await, []);
    let clearances = Witnessed::signed(&newer, &[&one, &two]);
    w.refused(&item, clearances, Reason::Threshold).await;
}

async fn a094_checkpoint_by_the_log_key_alone(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let (_, item) = w.wipe();
    let one_line = {
        let mut note = w.a.note();
        note.cosign(NAMES[0], &w.witnesses[0], w.a.now);
        note
    };
    let strangers = {
        let mut note = w.a.note();
        for name in NAMES {
            note.cosign(name, &w.a.server.online, w.a.now);
        }
        note
    };
    for note in [w.a.note(), one_line, strangers] {
        let outcome = w.send(&note, vec![item.clone()]).await;
        assert_eq!(outcome.documents, [Reason::CheckpointInvalid]);
        assert_eq!(reason(&outcome), Some(Reason::NotLogged));
        assert!(w.a.phone.state().checkpoint.is_none());
        w.a.phone.assert_unharmed();
    }
    w.cleared(&item).await;
}

async fn a095_one_witness_line_twice(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let (_, item) = w.wipe();
    let rogue = &w.witnesses[0];
    let notes = [[w.a.now; 2], [w.a.now, w.a.now.plus(1)]].map(|times| {
        let mut note = w.a.note();
        for at in times {
            note.cosign(NAMES[0], rogue, at);
        }
        note
    });
    for note in notes {
        let outcome = w.send(&note, vec![item.clone()]).await;
        assert_eq!(outcome.documents, [Reason::CheckpointInvalid]);
        assert_eq!(reason(&outcome), Some(Reason::NotLogged));
        w.a.phone.assert_unharmed();
    }
}

async fn a099_clearance_for_another_phone_nonce_envelope_or_fleet(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let (_, item) = w.wipe();
    let (_, other) = w.wipe();
    let right = w.clearance(&item);
    let [one, two] = w.witnesses.clone();
    let wrong = [
        Clearance {
            enrolment: EnrolmentId::parse(&"ab".repeat(32)).unwrap(),
            ..right.clone()
        },
        Clearance {
            nonce: Digest([1; 32]),
            ..right.clone()
        },
        Clearance {
            ed: envelope_digest(&other.envelope),
            ..right.clone()
        },
        Clearance {
            fleet: FleetId::parse(&"1e".repeat(16)).unwrap(),
            ..right.clone()
        },
        Clearance {
            checkpoint: TreeHead {
                size: right.checkpoint.size + 1,
                ..right.checkpoint
            },
            ..right.clone()
        },
    ];
    for wrong in wrong {
        let clearances = Witnessed::signed(&wrong, &[&one, &two]);
        w.refused(&item, clearances, Reason::NoClearance).await;
        // One right one beside it does not help.
        let clearances = vec![right.sign(&one), wrong.sign(&two)];
        w.refused(&item, clearances, Reason::NoClearance).await;
    }
    w.cleared(&item).await;
}

async fn a100_clearance_signed_by_log_or_online_key(t: &mut TestApp) {
    let mut w = Witnessed::new(t).await;
    let (_, item) = w.wipe();
    let right = w.clearance(&item);
    let server = w.a.server.clone();
    let [one, _] = w.witnesses.clone();
    let ada = w.a.fleet.ada.clone();
    for by in [
        [&server.log, &server.online],
        [&one, &server.log],
        [&one, &ada],
    ] {
        let clearances = Witnessed::signed(&right, &by);
        w.refused(&item, clearances, Reason::NoClearance).await;
    }
    w.cleared(&item).await;
}
