//! The tests of this crate: the worked examples of §19, the attacks of §18 that are decided here, and round trips. `World` is a
//! fleet made of fixed seeds; nothing in it is random, so that every run is the same.

mod attacks_checkpoint;
mod attacks_command;
mod attacks_encoding;
mod attacks_keyring;
mod attacks_webauthn;
mod documents;
mod examples;
mod limits_chain;
mod limits_commands;
mod limits_documents;
mod limits_json;
mod limits_keyring;
mod limits_names;
mod limits_note;
mod limits_policy;
mod limits_signatures;
mod limits_text;
mod limits_time;
mod limits_trees;
mod programs;
mod proofs;
mod round_trips;

use std::sync::LazyLock;

use crate::base64;
use crate::command::{Args, Command, Kind};
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::envelope::{DocumentType, Envelope, Signature};
use crate::ids::{CommandId, DeviceId, FleetId, OrganisationId, Person, SerialNumber};
use crate::judge::{self, AuthenticCommand, Pin};
use crate::keyring::{
    Display, Grant, GrantKind, HeldKeyring, KeyEntry, Keyring, Log, Organisations, Root,
    ServerEntry, WholeKey, Witness, Witnesses,
};
use crate::keys::{Ed25519Signer, P256Signer, PublicKey};
use crate::reason::{Class, Reason, Refusal};
use crate::target::{Leaf, TargetProof, TargetTree};
use crate::time::{DAY, UnixTime};
use crate::webauthn::Passkey;

pub const NOW: u64 = 1_790_000_000;
pub const FLEET: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
pub const NORTHWIND: &str = "0197c0de-0000-7000-8000-000000000001";
pub const LYRE: &str = "0197c0de-0000-7000-8000-000000000002";
pub const ORIGIN: &str = "https://approve.northwind.example";
pub const RP_ID: &str = "approve.northwind.example";

/// A person's passkey, as the browser and the authenticator would use it.
pub struct Authenticator {
    pub key: P256Signer,
    pub entry: KeyEntry,
}

/// Every knob that an attack may turn on an assertion.
pub struct Assertion {
    pub kind: &'static str,
    pub challenge: String,
    pub origin: String,
    pub tail: String,
    pub rp_id: String,
    pub flags: u8,
    pub extra_auth: Vec<u8>,
}

impl Assertion {
    pub fn honest(challenge: &Digest) -> Self {
        Self {
            kind: "webauthn.get",
            challenge: base64::encode_url(challenge.as_bytes()),
            origin: ORIGIN.into(),
            tail: r#","crossOrigin":false}"#.into(),
            rp_id: RP_ID.into(),
            flags: 0x05,
            extra_auth: Vec::new(),
        }
    }

    pub fn sign(&self, authenticator: &Authenticator) -> Signature {
        let Self {
            kind,
            challenge,
            origin,
            tail,
            ..
        } = self;
        let client =
            format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{tail}"#)
                .into_bytes();
        let mut auth = Digest::of(self.rp_id.as_bytes()).0.to_vec();
        auth.push(self.flags);
        auth.extend([0, 0, 0, 7]);
        auth.extend(&self.extra_auth);
        let signed = [auth.clone(), Digest::of(&client).0.to_vec()].concat();
        let sig = authenticator.key.sign(&signed);
        Signature::WebAuthn {
            keyid: authenticator.entry.id(),
            auth,
            client,
            sig,
        }
    }
}

/// For tests that look at the fleet and change nothing, many times over.
pub static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// A fleet: roots 2 of 3, an online key, approvers Ada and Ben with files, Cleo and Dora with portal passkeys, an auditor.
pub struct World {
    pub roots: Vec<Ed25519Signer>,
    pub online: Ed25519Signer,
    pub ada: Ed25519Signer,
    pub ada_second: Ed25519Signer,
    pub ben: Ed25519Signer,
    pub lyre: Ed25519Signer,
    pub auditor: Ed25519Signer,
    pub cleo: Authenticator,
    pub dora: Authenticator,
    pub log: Ed25519Signer,
    pub witnesses: Vec<Ed25519Signer>,
    pub device: P256Signer,
    pub keyring: Keyring,
}

pub fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed([seed; 32])
}

pub fn person(number: u8) -> Person {
    Person::parse(&format!("{number:032x}")).unwrap()
}

pub fn fleet() -> FleetId {
    FleetId::parse(FLEET).unwrap()
}

pub fn organisation(text: &str) -> OrganisationId {
    OrganisationId::parse(text).unwrap()
}

pub fn whole(signer: &Ed25519Signer, number: u8) -> WholeKey {
    WholeKey {
        key: signer.verifying_key(),
        person: person(number),
    }
}

pub fn file_key(signer: &Ed25519Signer, number: u8) -> KeyEntry {
    KeyEntry {
        key: signer.public_key(),
        person: person(number),
        display: Display::Independent,
        passkey: None,
    }
}

pub fn authenticator(secret: u8, number: u8) -> Authenticator {
    let key = P256Signer::from_bytes([secret; 32]).unwrap();
    let entry = KeyEntry {
        key: PublicKey::WebauthnEs256(key.verifying_key()),
        person: person(number),
        display: Display::Portal,
        passkey: Some(Passkey {
            origin: ORIGIN.into(),
            rp_id: RP_ID.into(),
            synced: false,
        }),
    };
    Authenticator { key, entry }
}

pub fn refused(reason: Reason) -> Refusal {
    Refusal {
        reason,
        class: Class::NotAuthentic,
    }
}

impl World {
    pub fn new() -> Self {
        let roots = vec![signer(1), signer(2), signer(3)];
        let (ada, ada_second, ben) = (signer(10), signer(11), signer(12));
        let (lyre, auditor, online, log) = (signer(13), signer(14), signer(20), signer(30));
        let witnesses = vec![signer(40), signer(41), signer(42)];
        let (cleo, dora) = (authenticator(50, 15), authenticator(51, 16));
        let commands = [
            Kind::Message,
            Kind::Unlock,
            Kind::Resume,
            Kind::Cancel,
            Kind::Suspend,
            Kind::LockFleet,
            Kind::Kill,
        ];
        let everybody: Vec<_> = [ada.key_id(), ada_second.key_id(), ben.key_id()]
            .into_iter()
            .chain([cleo.entry.id(), dora.entry.id()])
            .collect();
        let grant = |kinds: Vec<GrantKind>, threshold| Grant {
            kinds,
            organisations: Organisations::Listed(vec![organisation(NORTHWIND)]),
            keys: everybody.clone(),
            threshold,
            independent: 0,
            clearances: 0,
            max_targets: 25,
        };
        let wipe = Grant {
            clearances: 1,
            ..grant(
                vec![
                    GrantKind::Command(Kind::Wipe),
                    GrantKind::Command(Kind::Transfer),
                ],
                2,
            )
        };
        let lyre_grant = Grant {
            organisations: Organisations::Listed(vec![organisation(LYRE)]),
            keys: vec![lyre.key_id()],
            ..grant(commands.map(GrantKind::Command).to_vec(), 1)
        };
        let audit = Grant {
            organisations: Organisations::Every,
            keys: vec![auditor.key_id()],
            ..grant(
                [Kind::Hold, Kind::Release].map(GrantKind::Command).to_vec(),
                1,
            )
        };
        let policy = Grant {
            keys: vec![ada.key_id()],
            ..grant(vec![GrantKind::Policy], 1)
        };
        let keyring = Keyring {
            fleet: fleet(),
            version: 7,
            issued_at: UnixTime(NOW - DAY),
            expires_at: UnixTime(NOW + 180 * DAY),
            min_protocol: 1,
            root: Root {
                keys: vec![
                    whole(&roots[0], 1),
                    whole(&roots[1], 2),
                    whole(&roots[2], 3),
                ],
                threshold: 2,
            },
            online: vec![whole(&online, 4)],
            keys: vec![
                file_key(&ada, 10),
                file_key(&ada_second, 10),
                file_key(&ben, 12),
                file_key(&lyre, 13),
                file_key(&auditor, 14),
                cleo.entry.clone(),
                dora.entry.clone(),
            ],
            grants: vec![
                grant(commands.map(GrantKind::Command).to_vec(), 1),
                wipe,
                lyre_grant,
                audit,
                policy,
            ],
            log: Log {
                origin: "log.northwind.example/1".into(),
                key: log.verifying_key(),
            },
            witness: Witnesses {
                keys: witnesses
                    .iter()
                    .enumerate()
                    .map(|(at, witness)| Witness {
                        name: format!("witness.example/w{at}"),
                        key: witness.verifying_key(),
                    })
                    .collect(),
                threshold: 2,
            },
            servers: vec![ServerEntry {
                url: "https://phones.northwind.example:8443".into(),
                ca: Digest::of(b"ca"),
            }],
            portals: vec!["portal.northwind.example".into()],
        };
        let device = P256Signer::from_bytes([60; 32]).unwrap();
        Self {
            roots,
            online,
            ada,
            ada_second,
            ben,
            lyre,
            auditor,
            cleo,
            dora,
            log,
            witnesses,
            device,
            keyring,
        }
    }

    pub fn pin(&self) -> Pin {
        Pin {
            fleet: fleet(),
            organisation: organisation(NORTHWIND),
            device: DeviceId::parse("0197c0de-0000-7000-8000-00000000000a").unwrap(),
            enrolment: self.device.verifying_key().enrolment_id(),
            serial: SerialNumber::parse("NW-000042").unwrap(),
        }
    }

    /// Another phone of the fleet.
    pub fn other(&self, number: u8) -> Leaf {
        Leaf {
            device: DeviceId::parse(&format!("0197c0de-0000-7000-8000-0000000001{number:02x}"))
                .unwrap(),
            enrolment: crate::ids::EnrolmentId(Digest::of(&[number])),
            serial: SerialNumber::parse(&format!("NW-1000{number}")).unwrap(),
        }
    }

    /// A tree of this phone and `others` more.
    pub fn tree(&self, others: u8) -> (TargetTree, TargetProof) {
        let leaf = self.pin().leaf();
        let leaves = (0..others)
            .map(|number| self.other(number))
            .chain([leaf.clone()])
            .collect();
        let tree = TargetTree::build(leaves).unwrap();
        let proof = tree.proof(tree.position(&leaf).unwrap()).unwrap();
        (tree, proof)
    }

    pub fn command(&self, args: Args) -> Command {
        let life = if args.kind() == Kind::Transfer { 30 } else { 7 };
        Command {
            id: CommandId::parse("0197c0de-1111-7000-8000-000000000001").unwrap(),
            fleet: fleet(),
            organisation: organisation(NORTHWIND),
            keyring: 7,
            args,
            reason: "left in a taxi".into(),
            issued_at: UnixTime(NOW),
            not_before: None,
            expires_at: UnixTime(NOW + life * DAY),
            targets: self.tree(0).0.targets(),
        }
    }

    pub fn envelope(&self, command: &Command) -> Envelope {
        Envelope::unsigned(DocumentType::Command, command.encode())
    }

    /// The command signed by files and passkeys.
    pub fn signed(
        &self,
        command: &Command,
        files: &[&Ed25519Signer],
        passkeys: &[&Authenticator],
    ) -> Envelope {
        let mut envelope = self.envelope(command);
        for file in files {
            envelope.sign_plain(file).unwrap();
        }
        for passkey in passkeys {
            let assertion = Assertion::honest(&envelope.digest()).sign(passkey);
            envelope.add(assertion).unwrap();
        }
        envelope
    }

    /// What this phone says to an envelope for it alone.
    pub fn judge(&self, envelope: &Envelope) -> Result<AuthenticCommand, Refusal> {
        self.judge_bytes(&envelope.encode())
    }

    pub fn judge_bytes(&self, bytes: &[u8]) -> Result<AuthenticCommand, Refusal> {
        judge::authenticate(bytes, &self.tree(0).1, &self.pin(), &self.keyring)
    }

    /// A keyring's envelope, signed by these.
    pub fn seal(&self, keyring: &Keyring, by: &[&Ed25519Signer]) -> Vec<u8> {
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, keyring.encode());
        for signer in by {
            envelope.sign_plain(signer).unwrap();
        }
        envelope.encode()
    }

    pub fn held(&self) -> HeldKeyring {
        let bytes = self.seal(&self.keyring, &[&self.roots[0], &self.roots[1]]);
        HeldKeyring::from_stored(bytes).unwrap()
    }

    pub fn next(&self) -> Keyring {
        Keyring {
            version: 8,
            issued_at: UnixTime(NOW),
            ..self.keyring.clone()
        }
    }

    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            fleet: fleet(),
            organisation: organisation(NORTHWIND),
            keyring_version: 7,
            root: self.keyring.root.clone(),
        }
    }
}
