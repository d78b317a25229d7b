//! A fleet made as people make it: the server tells its public facts, root signers write descriptor and keyring on another
//! machine, and both come back through the front door.

use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope, Signature};
use muster_protocol::ids::{FleetId, OrganisationId, Person};
use muster_protocol::keyring::{
    Display, Grant, GrantKind, KeyEntry, Keyring, Log, Organisations, Root, ServerEntry, WholeKey,
    Witnesses,
};
use muster_protocol::keys::{Ed25519Key, Ed25519Signer, P256Signer, PublicKey};
use muster_protocol::time::{DAY, UnixTime};
use muster_protocol::webauthn::Passkey;
use serde_json::{Value, json};

use crate::api::{Api, text};

/// Where the portal passkeys of the test's people were made.
pub const ORIGIN: &str = "https://approve.example.org";
/// The RP ID that they are bound to.
pub const RP_ID: &str = "approve.example.org";

/// A person's passkey on the portal, as browser and authenticator would use it.
#[derive(Clone)]
pub struct Authenticator {
    key: P256Signer,
    person: Person,
    synced: bool,
}

impl Authenticator {
    /// What stands in the keyring.
    #[must_use]
    pub fn entry(&self) -> KeyEntry {
        KeyEntry {
            key: PublicKey::WebauthnEs256(self.key.verifying_key()),
            person: self.person.clone(),
            display: Display::Portal,
            passkey: Some(Passkey {
                origin: ORIGIN.into(),
                rp_id: RP_ID.into(),
                synced: self.synced,
            }),
        }
    }

    /// What a deceived person's authenticator answers to the challenge.
    #[must_use]
    pub fn approve(&self, envelope: &Envelope) -> Signature {
        let challenge = base64::encode_url(envelope.digest().as_bytes());
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#
        );
        // User present and verified; backed-up flags as the keyring says.
        let flags = if self.synced { 0x0d } else { 0x05 };
        self.answer(auth_data(RP_ID, flags), client.into_bytes())
    }

    /// What the authenticator signs whenever a browser asks: it knows the page's RP ID, and nothing of commands.
    #[must_use]
    pub fn answer(&self, auth: Vec<u8>, client: Vec<u8>) -> Signature {
        let signed = [auth.clone(), Digest::of(&client).0.to_vec()].concat();
        let sig = self.key.sign(&signed);
        Signature::WebAuthn {
            keyid: self.entry().id(),
            auth,
            client,
            sig,
        }
    }
}

/// Authenticator data of an assertion: the RP ID's hash, flags, and a counter.
#[must_use]
pub fn auth_data(rp_id: &str, flags: u8) -> Vec<u8> {
    let mut auth = Digest::of(rp_id.as_bytes()).0.to_vec();
    auth.push(flags);
    auth.extend([0, 0, 0, 7]);
    auth
}

/// A fleet: three roots of which two sign, approvers with files and with passkeys, an auditor, somebody of another
/// organisation. All keys are made from fixed seeds, so that every run is the same.
#[derive(Clone)]
pub struct Fleet {
    /// The organisation that phones are pinned to.
    pub organisation: OrganisationId,
    /// The fleet fingerprint, as the offline machine prints it.
    pub fingerprint: Digest,
    /// The descriptor.
    pub descriptor: Vec<u8>,
    /// Root signers.
    pub roots: Vec<Ed25519Signer>,
    /// An approver with a file.
    pub ada: Ed25519Signer,
    /// Ada's other file: the same person.
    pub ada_second: Ed25519Signer,
    /// Another approver with a file.
    pub ben: Ed25519Signer,
    /// May wipe too, by a grant of her own.
    pub erin: Ed25519Signer,
    /// Approver for another organisation.
    pub stranger: Ed25519Signer,
    /// May hold and release.
    pub auditor: Ed25519Signer,
    /// A portal passkey.
    pub cleo: Authenticator,
    /// Another portal passkey.
    pub dora: Authenticator,
    /// The newest keyring.
    pub keyring: Keyring,
    /// Every keyring's envelope, from version 1.
    pub chain: Vec<Vec<u8>>,
}

/// A key of a fixed seed; `fleet` keeps two fleets of a test apart.
#[must_use]
pub fn signer(fleet: u8, seed: u8) -> Ed25519Signer {
    let mut bytes = [seed; 32];
    bytes[0] = fleet;
    Ed25519Signer::from_seed(bytes)
}

/// An opaque person.
///
/// # Panics
/// Never: the text has the form.
#[must_use]
pub fn person(number: u8) -> Person {
    Person::parse(&format!("{number:032x}")).expect("32 hexadecimal digits")
}

/// An approver file's entry in a keyring.
#[must_use]
pub fn file_key(signer: &Ed25519Signer, number: u8) -> KeyEntry {
    KeyEntry {
        key: signer.public_key(),
        person: person(number),
        display: Display::Independent,
        passkey: None,
    }
}

fn whole(key: Ed25519Key, number: u8) -> WholeKey {
    WholeKey {
        key,
        person: person(number),
    }
}

/// A portal passkey of a fixed seed.
///
/// # Panics
/// Never: every seed is a scalar below the order.
#[must_use]
pub fn authenticator(fleet: u8, seed: u8, number: u8, synced: bool) -> Authenticator {
    let mut bytes = [seed; 32];
    bytes[1] = fleet;
    let key = P256Signer::from_bytes(bytes).expect("a scalar below the order");
    Authenticator {
        key,
        person: person(number),
        synced,
    }
}

impl Fleet {
    /// Makes the fleet of a reseller over the API, as `muster keyring facts`, `create` and `publish` do.
    pub async fn make(owner: &Api, organisation: &str, number: u8, now: UnixTime) -> Self {
        let path = format!("/api/v1/organisations/{organisation}/fleet");
        let facts = owner.post_empty(&path).await.expect(200);
        let fleet = Self::from_facts(&facts, number, now);
        let adoption = json!({
            "descriptor": base64::encode(&fleet.descriptor),
            "keyring": base64::encode(&fleet.chain[0]),
        });
        let stored = owner
            .post(&format!("{path}/adopt"), &adoption)
            .await
            .expect(201);
        assert_eq!(text(&stored["fingerprint"]), fleet.fingerprint.to_string());
        fleet
    }

    /// The offline machine's half: descriptor and first keyring from the server's public facts.
    ///
    /// # Panics
    /// The facts do not read.
    #[must_use]
    pub fn from_facts(facts: &Value, number: u8, now: UnixTime) -> Self {
        let key = |name: &str| {
            let raw = base64::decode(&text(&facts[name])).expect("base64");
            Ed25519Key::from_raw(&raw).expect("an Ed25519 key")
        };
        let organisation =
            OrganisationId::parse(&text(&facts["organisation"])).expect("an organisation");
        let roots: Vec<_> = (1..=3).map(|seed| signer(number, seed)).collect();
        let (ada, ada_second, ben) = (signer(number, 10), signer(number, 11), signer(number, 12));
        let (stranger, auditor, erin) =
            (signer(number, 13), signer(number, 14), signer(number, 17));
        let (cleo, dora) = (
            authenticator(number, 50, 15, false),
            authenticator(number, 51, 16, true),
        );
        let root = Root {
            keys: roots
                .iter()
                .zip(1..)
                .map(|(root, person)| whole(root.verifying_key(), person))
                .collect(),
            threshold: 2,
        };
        let fleet = FleetId::parse(&text(&facts["fleet"])).expect("a fleet");
        let keyring = Keyring {
            fleet: fleet.clone(),
            version: 1,
            issued_at: now,
            expires_at: now.plus(180 * DAY),
            min_protocol: 1,
            root: root.clone(),
            online: vec![whole(key("online_key"), 4)],
            keys: vec![
                file_key(&ada, 10),
                file_key(&ada_second, 10),
                file_key(&ben, 12),
                file_key(&stranger, 13),
                file_key(&auditor, 14),
                file_key(&erin, 17),
                cleo.entry(),
                dora.entry(),
            ],
            grants: Vec::new(),
            log: Log {
                origin: text(&facts["log_origin"]),
                key: key("log_key"),
            },
            witness: Witnesses {
                keys: Vec::new(),
                threshold: 0,
            },
            servers: vec![ServerEntry {
                url: text(&facts["server_url"]),
                ca: Digest::parse(&text(&facts["server_ca"])).expect("a fingerprint"),
            }],
            portals: vec![text(&facts["portal_host"])],
        };
        let descriptor = Descriptor {
            fleet,
            organisation: organisation.clone(),
            keyring_version: 1,
            root,
        };
        let mut fleet = Self {
            organisation,
            fingerprint: descriptor.fingerprint(),
            descriptor: descriptor.encode(),
            roots,
            ada,
            ada_second,
            ben,
            erin,
            stranger,
            auditor,
            cleo,
            dora,
            keyring,
            chain: Vec::new(),
        };
        fleet.keyring.grants = fleet.grants();
        fleet.keyring.check().expect("a sound keyring");
        let first = fleet.seal(&fleet.keyring, &[0, 1]);
        fleet.chain.push(first);
        fleet
    }

    fn grants(&self) -> Vec<Grant> {
        let own = Organisations::Listed(vec![self.organisation.clone()]);
        let everybody = [
            self.ada.key_id(),
            self.ada_second.key_id(),
            self.ben.key_id(),
            self.cleo.entry().id(),
            self.dora.entry().id(),
        ];
        let grant = |kinds: &[Kind], threshold: u32| Grant {
            kinds: kinds.iter().copied().map(GrantKind::Command).collect(),
            organisations: own.clone(),
            keys: everybody.to_vec(),
            threshold,
            independent: 0,
            clearances: 0,
            max_targets: 25,
        };
        let one = [
            Kind::Message,
            Kind::Unlock,
            Kind::Resume,
            Kind::Cancel,
            Kind::Suspend,
            Kind::LockFleet,
            Kind::Kill,
        ];
        let elsewhere =
            OrganisationId::parse("0197c0de-0000-7000-8000-00000000ffff").expect("a UUID");
        vec![
            grant(&one, 1),
            grant(&[Kind::Wipe, Kind::Transfer], 2),
            // A second grant for wipes that shares nobody with the first: grants are never added together (A012).
            Grant {
                keys: vec![self.erin.key_id(), self.auditor.key_id()],
                ..grant(&[Kind::Wipe], 2)
            },
            Grant {
                organisations: Organisations::Listed(vec![elsewhere]),
                keys: vec![self.stranger.key_id()],
                ..grant(&one, 1)
            },
            Grant {
                keys: vec![self.auditor.key_id()],
                ..grant(&[Kind::Hold, Kind::Release], 1)
            },
            Grant {
                keys: vec![self.ada.key_id()],
                kinds: vec![GrantKind::Policy],
                ..grant(&[], 1)
            },
        ]
    }

    /// A keyring's envelope, signed by the roots with these numbers.
    ///
    /// # Panics
    /// A root is named twice.
    #[must_use]
    pub fn seal(&self, keyring: &Keyring, roots: &[usize]) -> Vec<u8> {
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, keyring.encode());
        for root in roots {
            envelope
                .sign_plain(&self.roots[*root])
                .expect("each root signs once");
        }
        envelope.encode()
    }

    /// The next keyring, as yet like the newest.
    #[must_use]
    pub fn next(&self) -> Keyring {
        Keyring {
            version: self.keyring.version + 1,
            ..self.keyring.clone()
        }
    }

    /// Takes a person's keys out of a keyring and its grants.
    pub fn remove(keyring: &mut Keyring, gone: &Person) {
        let ids: Vec<_> = keyring
            .keys
            .iter()
            .filter(|entry| entry.person == *gone)
            .map(KeyEntry::id)
            .collect();
        keyring.keys.retain(|entry| entry.person != *gone);
        for grant in &mut keyring.grants {
            grant.keys.retain(|id| !ids.contains(id));
        }
        keyring.grants.retain(|grant| !grant.keys.is_empty());
    }

    /// Publishes the next keyring over the API and holds it as the newest.
    pub async fn publish(&mut self, owner: &Api, next: Keyring) {
        let envelope = self.seal(&next, &[0, 1]);
        let path = format!("/api/v1/organisations/{}/fleet/keyrings", self.organisation);
        owner
            .post(&path, &json!({ "keyring": base64::encode(&envelope) }))
            .await
            .expect(201);
        self.chain.push(envelope);
        self.keyring = next;
    }
}
