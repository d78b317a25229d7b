//! The ceremony: on a machine of their own, a fleet's people make its root and approver keys, its descriptor, and its first
//! keyring. The server's part in it are public facts.

use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{FleetId, OrganisationId, Person};
use muster_protocol::keyring::{
    Display, Grant, GrantKind, KeyEntry, Keyring, Log, Organisations, Root, ServerEntry, WholeKey,
    Witnesses,
};
use muster_protocol::keys::{Ed25519Key, Ed25519Signer};
use muster_protocol::time::{DAY, UnixTime};
use zeroize::Zeroizing;

use super::key_file::{KeyFile, Use};
use crate::features::trust::prepare::ServerFacts;
use crate::random::Random;

/// Phones one wipe may name; more takes several commands and so several readings.
const WIPE_AT_MOST: u32 = 25;
/// Phones any other command of a person may name.
const OTHERS_AT_MOST: u32 = 4_096;

/// How a fleet's trust shall be laid out.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Names of the root signers; they stay in their key files.
    pub roots: Vec<String>,
    /// How many of them must sign a keyring.
    pub threshold: u32,
    /// Names of the approvers.
    pub approvers: Vec<String>,
    /// How long the first keyring lasts, days; PROTOCOL §5 advises 180 at most.
    pub days: u64,
}

impl Wanted {
    /// What PROTOCOL §5 advises: two of three root signers, two approvers, 180 days.
    #[must_use]
    pub fn usual() -> Self {
        let names = |what: &str, count| (1..=count).map(|n| format!("{what} {n}")).collect();
        Self {
            roots: names("Root signer", 3),
            threshold: 2,
            approvers: names("Approver", 2),
            days: 180,
        }
    }
}

/// What a ceremony makes.
pub struct Made {
    /// The descriptor's canonical bytes; phones pin their SHA-256.
    pub descriptor: Vec<u8>,
    /// The fleet's fingerprint.
    pub fingerprint: Digest,
    /// The first keyring's envelope.
    pub keyring: Vec<u8>,
    /// The root signers' keys.
    pub roots: Vec<KeyFile>,
    /// The approvers' keys.
    pub approvers: Vec<KeyFile>,
}

/// Makes keys, descriptor and first keyring for the fleet that the server told `facts` of.
///
/// # Errors
/// A sentence: a fact does not read, or the layout breaks a rule of PROTOCOL §5.
pub fn make(
    facts: &ServerFacts,
    wanted: &Wanted,
    now: UnixTime,
    random: &dyn Random,
) -> Result<Made, String> {
    let fact = |what: &str| {
        format!(
            "The server's facts do not read: {what}. Fetch them again with muster keyring facts."
        )
    };
    if wanted.days > 400 {
        return Err("A keyring lasts 400 days at most (PROTOCOL §5). Give --days 400 or fewer; 180 is advised.".to_owned());
    }
    let fleet = FleetId::parse(&facts.fleet).map_err(|_| fact("fleet"))?;
    let organisation =
        OrganisationId::parse(&facts.organisation).map_err(|_| fact("organisation"))?;
    let roots: Vec<Signatory> = wanted
        .roots
        .iter()
        .map(|name| Signatory::new(name, random))
        .collect::<Result<_, _>>()?;
    let approvers: Vec<Signatory> = wanted
        .approvers
        .iter()
        .map(|name| Signatory::new(name, random))
        .collect::<Result<_, _>>()?;
    let root = Root {
        keys: roots
            .iter()
            .map(|root| WholeKey {
                key: root.signer.verifying_key(),
                person: root.person.clone(),
            })
            .collect(),
        threshold: wanted.threshold,
    };
    let descriptor = Descriptor {
        fleet: fleet.clone(),
        organisation: organisation.clone(),
        keyring_version: 1,
        root: root.clone(),
    };
    descriptor.check().map_err(|error| {
        format!("This layout breaks a rule: {error}. Give at least as many --roots as --threshold.")
    })?;
    let key = |what, text: &str| -> Result<Ed25519Key, String> {
        base64::decode(text)
            .and_then(|raw| Ed25519Key::from_raw(&raw).ok())
            .ok_or_else(|| fact(what))
    };
    let keyring = Keyring {
        fleet,
        version: 1,
        issued_at: now,
        expires_at: now.plus(wanted.days.saturating_mul(DAY)),
        min_protocol: 1,
        root,
        online: vec![WholeKey {
            key: key("online_key", &facts.online_key)?,
            person: person(random)?,
        }],
        keys: approvers
            .iter()
            .map(|approver| KeyEntry {
                key: approver.signer.public_key(),
                person: approver.person.clone(),
                display: Display::Independent,
                passkey: None,
            })
            .collect(),
        grants: grants(&approvers, &organisation),
        log: Log {
            origin: facts.log_origin.clone(),
            key: key("log_key", &facts.log_key)?,
        },
        witness: Witnesses {
            keys: Vec::new(),
            threshold: 0,
        },
        servers: vec![ServerEntry {
            url: facts.server_url.clone(),
            ca: Digest::parse(&facts.server_ca).map_err(|_| fact("server_ca"))?,
        }],
        portals: vec![facts.portal_host.clone()],
    };
    keyring
        .check()
        .map_err(|error| format!("This layout breaks a rule: {error}."))?;
    let signers: Vec<&Ed25519Signer> = roots.iter().map(|root| &root.signer).collect();
    let envelope = sign(
        &keyring,
        &signers[..usize::try_from(wanted.threshold)
            .unwrap_or(0)
            .min(signers.len())],
    )?;
    let fingerprint = descriptor.fingerprint();
    let file = |person: Signatory, r#use| KeyFile {
        r#use,
        name: person.name,
        person: person.person,
        fleet: fingerprint,
        signer: person.signer,
    };
    Ok(Made {
        descriptor: descriptor.encode(),
        fingerprint,
        keyring: envelope,
        roots: roots
            .into_iter()
            .map(|root| file(root, Use::Root))
            .collect(),
        approvers: approvers
            .into_iter()
            .map(|approver| file(approver, Use::Approver))
            .collect(),
    })
}

/// Signs a keyring with root keys; answers the envelope.
///
/// # Errors
/// A sentence: a key signs twice, or there are too many.
pub fn sign(keyring: &Keyring, signers: &[&Ed25519Signer]) -> Result<Vec<u8>, String> {
    let mut envelope = Envelope::unsigned(DocumentType::Keyring, keyring.encode());
    for signer in signers {
        envelope
            .sign_plain(signer)
            .map_err(|error| format!("The keyring cannot be signed: {error}."))?;
    }
    Ok(envelope.encode())
}

/// One person for everything that can be undone and for kill; two for a wipe.
fn grants(approvers: &[Signatory], organisation: &OrganisationId) -> Vec<Grant> {
    let grant = |kinds: Vec<Kind>, threshold, independent, max_targets| {
        let mut kinds: Vec<GrantKind> = kinds.into_iter().map(GrantKind::Command).collect();
        kinds.sort_unstable();
        let mut keys: Vec<_> = approvers
            .iter()
            .map(|approver| approver.signer.key_id())
            .collect();
        keys.sort_unstable();
        Grant {
            kinds,
            organisations: Organisations::Listed(vec![organisation.clone()]),
            keys,
            threshold,
            independent,
            clearances: 0,
            max_targets,
        }
    };
    let mut grants = vec![
        grant(
            vec![
                Kind::Message,
                Kind::Unlock,
                Kind::Cancel,
                Kind::Suspend,
                Kind::Resume,
            ],
            1,
            0,
            OTHERS_AT_MOST,
        ),
        grant(vec![Kind::LockFleet, Kind::Kill], 1, 1, OTHERS_AT_MOST),
    ];
    // A wipe takes two people: with one approver there is nobody it could be granted to.
    if approvers.len() >= 2 {
        grants.push(grant(vec![Kind::Wipe], 2, 1, WIPE_AT_MOST));
    }
    grants
}

struct Signatory {
    name: String,
    person: Person,
    signer: Ed25519Signer,
}

impl Signatory {
    fn new(name: &str, random: &dyn Random) -> Result<Self, String> {
        let seed = Zeroizing::new(random.bytes::<32>());
        Ok(Self {
            name: name.to_owned(),
            person: person(random)?,
            signer: Ed25519Signer::from_seed(*seed),
        })
    }
}

fn person(random: &dyn Random) -> Result<Person, String> {
    Person::parse(&hex::encode(random.bytes::<16>())).map_err(|error| error.to_string())
}
