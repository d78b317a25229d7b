//! One fleet of fixed keys: the same fleet in every target, in every run and in every seed.

use muster_protocol::base64;
use muster_protocol::checkpoint::{Checkpoint, TreeHead};
use muster_protocol::command::Kind;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::Signature;
use muster_protocol::ids::{DeviceId, EnrolmentId, FleetId, OrganisationId, Person, SerialNumber};
use muster_protocol::judge::Pin;
use muster_protocol::keyring::{
    Display, Grant, GrantKind, KeyEntry, Keyring, Log, Organisations, Root, ServerEntry, WholeKey,
    Witness, Witnesses,
};
use muster_protocol::keys::{Ed25519Signer, P256Signer, PublicKey};
use muster_protocol::target::Leaf;
use muster_protocol::time::{DAY, UnixTime};
use muster_protocol::webauthn::Passkey;

/// The time at which everything happens.
pub const NOW: u64 = 1_790_000_000;
/// The fleet.
pub const FLEET: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
/// The organisation that commands the phone.
pub const NORTHWIND: &str = "0197c0de-0000-7000-8000-000000000001";
/// Where passkeys sign.
pub const ORIGIN: &str = "https://approve.northwind.example";
/// Their RP ID.
pub const RP_ID: &str = "approve.northwind.example";

/// Whoever can sign an envelope here. In inputs each is named by one letter.
pub struct Signer {
    /// The letter.
    pub letter: u8,
    /// Whose key it is: one number a person.
    pub person: u8,
    /// The key.
    pub key: SignerKey,
}

/// A signer's private key.
pub enum SignerKey {
    /// A key file.
    File(Ed25519Signer),
    /// A passkey.
    Passkey(P256Signer),
}

/// The fleet.
pub struct Fleet {
    /// Everybody who can sign: `r`, `s`, `t` root; `n`, `m` the next root; `o` online; `a` Ada, `b` Ada's second key, `c` Ben,
    /// `d` the auditor; `p`, `q` portal passkeys of Cleo and Dora; `x` a stranger.
    pub signers: Vec<Signer>,
    /// The log's key.
    pub log: Ed25519Signer,
    /// The witnesses' keys, of which two must sign.
    pub witnesses: Vec<Ed25519Signer>,
    /// The phone's device key.
    pub device: P256Signer,
    /// Keyring 7.
    pub keyring: Keyring,
}

impl Fleet {
    /// Makes the fleet. Signing keys are cheap; whoever needs it often keeps it.
    #[must_use]
    pub fn new() -> Self {
        let file = |letter: u8, person: u8| Signer {
            letter,
            person,
            key: SignerKey::File(Ed25519Signer::from_seed([letter; 32])),
        };
        let passkey = |letter: u8, person: u8| Signer {
            letter,
            person,
            key: SignerKey::Passkey(p256(letter)),
        };
        let signers = vec![
            file(b'r', 1),
            file(b's', 2),
            file(b't', 3),
            file(b'n', 4),
            file(b'm', 5),
            file(b'o', 6),
            file(b'a', 10),
            file(b'b', 10),
            file(b'c', 12),
            file(b'd', 14),
            passkey(b'p', 15),
            passkey(b'q', 16),
            file(b'x', 99),
        ];
        let log = Ed25519Signer::from_seed([30; 32]);
        let witnesses: Vec<_> = [40, 41, 42]
            .map(|seed| Ed25519Signer::from_seed([seed; 32]))
            .into();
        let keyring = keyring(&signers, &log, &witnesses);
        Self {
            signers,
            log,
            witnesses,
            device: p256(60),
            keyring,
        }
    }

    /// The signer of this letter, upper or lower case.
    #[must_use]
    pub fn signer(&self, letter: u8) -> Option<&Signer> {
        self.signers
            .iter()
            .find(|signer| signer.letter == letter.to_ascii_lowercase())
    }

    /// What the phone pinned: root `r`, `s`, `t`, two of them, from keyring 7 on.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            fleet: fleet_id(),
            organisation: organisation(),
            keyring_version: 7,
            root: self.keyring.root.clone(),
        }
    }

    /// Who the phone is.
    #[must_use]
    pub fn pin(&self) -> Pin {
        let leaf = leaf(0);
        Pin {
            fleet: fleet_id(),
            organisation: organisation(),
            device: leaf.device,
            enrolment: leaf.enrolment,
            serial: leaf.serial,
        }
    }

    /// A checkpoint of this fleet's log.
    #[must_use]
    pub fn checkpoint(&self, size: u64) -> Checkpoint {
        let root = Digest::of(&size.to_be_bytes());
        Checkpoint {
            origin: self.keyring.log.origin.clone(),
            head: TreeHead { size, root },
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self::new()
    }
}

impl Signer {
    /// The public key as a keyring lists it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match &self.key {
            SignerKey::File(key) => key.public_key(),
            SignerKey::Passkey(key) => PublicKey::WebauthnEs256(key.verifying_key()),
        }
    }

    /// Its entry among a keyring's `keys`.
    #[must_use]
    pub fn entry(&self) -> KeyEntry {
        let (display, passkey) = match self.key {
            SignerKey::File(_) => (Display::Independent, None),
            SignerKey::Passkey(_) => (Display::Portal, Some(passkey(false))),
        };
        KeyEntry {
            key: self.public(),
            person: person(self.person),
            display,
            passkey,
        }
    }

    /// Its entry among root or online keys. A passkey has none, and gives the entry of the file key of the same letter.
    #[must_use]
    pub fn whole(&self) -> WholeKey {
        let key = match &self.key {
            SignerKey::File(key) => key.verifying_key(),
            SignerKey::Passkey(_) => Ed25519Signer::from_seed([self.letter; 32]).verifying_key(),
        };
        WholeKey {
            key,
            person: person(self.person),
        }
    }

    /// Signs an envelope's signed bytes; `well` as it should be done, else with one bit turned.
    #[must_use]
    pub fn sign(&self, message: &[u8], well: bool) -> Signature {
        let keyid = self.public().key_id();
        let bend = |mut sig: Vec<u8>| {
            if let (false, Some(last)) = (well, sig.last_mut()) {
                *last ^= 1;
            }
            sig
        };
        match &self.key {
            SignerKey::File(key) => Signature::Plain {
                keyid,
                sig: bend(key.sign(message)),
            },
            SignerKey::Passkey(key) => {
                let auth = auth_data(RP_ID, 0x05);
                let client = client_data(&Digest::of(message), ORIGIN);
                let signed = [auth.as_slice(), Digest::of(&client).as_bytes()].concat();
                let sig = bend(key.sign(&signed));
                Signature::WebAuthn {
                    keyid,
                    auth,
                    client,
                    sig,
                }
            }
        }
    }
}

/// Client data as a browser writes it.
#[must_use]
pub fn client_data(challenge: &Digest, origin: &str) -> Vec<u8> {
    let challenge = base64::encode_url(challenge.as_bytes());
    format!(
        r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
    )
    .into_bytes()
}

/// Authenticator data of 37 bytes.
#[must_use]
pub fn auth_data(rp_id: &str, flags: u8) -> Vec<u8> {
    let mut auth = Digest::of(rp_id.as_bytes()).0.to_vec();
    auth.push(flags);
    auth.extend([0, 0, 0, 7]);
    auth
}

/// What a keyring says of this fleet's passkeys.
#[must_use]
pub fn passkey(synced: bool) -> Passkey {
    Passkey {
        origin: ORIGIN.to_owned(),
        rp_id: RP_ID.to_owned(),
        synced,
    }
}

/// A P-256 key of a fixed secret.
#[must_use]
pub fn p256(seed: u8) -> P256Signer {
    P256Signer::from_bytes([seed; 32])
        .expect("a scalar of equal bytes below 0xff is below the order")
}

/// Phone `number` of the fleet; 0 is the one that judges.
#[must_use]
pub fn leaf(number: u16) -> Leaf {
    let device = format!("0197c0de-0000-7000-8000-00000000{number:04x}");
    Leaf {
        device: DeviceId::parse(&device).expect("a UUID"),
        enrolment: EnrolmentId(Digest::of(&number.to_be_bytes())),
        serial: SerialNumber::parse(&format!("NW-{number:06}")).expect("a serial"),
    }
}

/// The fleet's id.
#[must_use]
pub fn fleet_id() -> FleetId {
    FleetId::parse(FLEET).expect("32 hex digits")
}

/// The organisation's id.
#[must_use]
pub fn organisation() -> OrganisationId {
    OrganisationId::parse(NORTHWIND).expect("a UUID")
}

/// A person.
#[must_use]
pub fn person(number: u8) -> Person {
    Person::parse(&format!("{number:032x}")).expect("32 hex digits")
}

fn keyring(signers: &[Signer], log: &Ed25519Signer, witnesses: &[Ed25519Signer]) -> Keyring {
    let named = |letters: &[u8]| {
        let mut found: Vec<&Signer> = Vec::new();
        for letter in letters {
            found.extend(signers.iter().filter(|signer| signer.letter == *letter));
        }
        found
    };
    let ids = |letters: &[u8]| {
        let keys = named(letters).into_iter();
        keys.map(|signer| signer.public().key_id()).collect()
    };
    let grant = |letters: &[u8], kinds: &[Kind], threshold| Grant {
        kinds: kinds.iter().copied().map(GrantKind::Command).collect(),
        organisations: Organisations::Listed(vec![organisation()]),
        keys: ids(letters),
        threshold,
        independent: 0,
        clearances: 0,
        max_targets: 25,
    };
    let one_person = [
        Kind::Message,
        Kind::Unlock,
        Kind::Resume,
        Kind::Cancel,
        Kind::Suspend,
        Kind::LockFleet,
        Kind::Kill,
    ];
    let wipe = Grant {
        clearances: 1,
        ..grant(b"abcpq", &[Kind::Wipe, Kind::Transfer], 2)
    };
    let audit = Grant {
        organisations: Organisations::Every,
        ..grant(b"d", &[Kind::Hold, Kind::Release], 1)
    };
    let policy = Grant {
        kinds: vec![GrantKind::Policy],
        ..grant(b"a", &[], 1)
    };
    let witness = |(at, key): (usize, &Ed25519Signer)| Witness {
        name: format!("witness.example/w{at}"),
        key: key.verifying_key(),
    };
    Keyring {
        fleet: fleet_id(),
        version: 7,
        issued_at: UnixTime(NOW - DAY),
        expires_at: UnixTime(NOW + 180 * DAY),
        min_protocol: 1,
        root: Root {
            keys: named(b"rst").into_iter().map(Signer::whole).collect(),
            threshold: 2,
        },
        online: named(b"o").into_iter().map(Signer::whole).collect(),
        keys: named(b"abcdpq").into_iter().map(Signer::entry).collect(),
        grants: vec![grant(b"abcpq", &one_person, 1), wipe, audit, policy],
        log: Log {
            origin: "log.northwind.example/1".to_owned(),
            key: log.verifying_key(),
        },
        witness: Witnesses {
            keys: witnesses.iter().enumerate().map(witness).collect(),
            threshold: 2,
        },
        servers: vec![ServerEntry {
            url: "https://phones.northwind.example:8443".to_owned(),
            ca: Digest::of(b"ca"),
        }],
        portals: vec!["portal.northwind.example".to_owned()],
    }
}
