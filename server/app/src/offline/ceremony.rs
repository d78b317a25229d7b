//! The ceremony: on a machine of their own, a fleet's people make its root and approver keys, its descriptor, and its first
//! keyring. The server's part in it are public facts.

use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{FleetId, OrganisationId, Person};
use muster_protocol::keyring::{KeyEntry, Keyring, Log, Root, ServerEntry, WholeKey, Witnesses};
use muster_protocol::keys::{Ed25519Key, Ed25519Signer};
use muster_protocol::time::{DAY, UnixTime};
use zeroize::Zeroizing;

use super::grants;
use super::key_file::{KeyFile, Use};
use super::public_part::PublicPart;
use crate::features::trust::prepare::ServerFacts;
use crate::random::Random;

/// How a fleet's trust shall be laid out.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Names of the root signers whose keys are made here; they stay in their key files.
    pub roots: Vec<String>,
    /// Root signers who made their keys on machines of their own.
    pub root_publics: Vec<PublicPart>,
    /// How many of them must sign a keyring.
    pub threshold: u32,
    /// Names of the approvers whose keys are made here.
    pub approvers: Vec<String>,
    /// Approvers who made their keys on machines of their own.
    pub approver_publics: Vec<PublicPart>,
    /// Names of the auditors, who may hold and release and nothing else, whose keys are made here.
    pub auditors: Vec<String>,
    /// Auditors who made their keys on machines of their own.
    pub auditor_publics: Vec<PublicPart>,
    /// How many phones one command of a kind may name, where that is not as usual.
    pub max_targets: Vec<(Kind, u32)>,
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
            root_publics: Vec::new(),
            threshold: 2,
            approvers: names("Approver", 2),
            approver_publics: Vec::new(),
            auditors: Vec::new(),
            auditor_publics: Vec::new(),
            max_targets: Vec::new(),
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
    /// The first keyring's envelope, signed with the root keys that were made here.
    pub keyring: Vec<u8>,
    /// Whether those are enough; if not, root signers with keys of their own sign it (`muster root sign`).
    pub complete: bool,
    /// The root signers' keys that were made here.
    pub roots: Vec<KeyFile>,
    /// The approvers' keys that were made here.
    pub approvers: Vec<KeyFile>,
    /// The auditors' keys that were made here.
    pub auditors: Vec<KeyFile>,
    /// Who is called what: everybody of the keyring, by person.
    pub names: Vec<(Person, String)>,
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
    let made = |names: &[String], r#use| -> Result<Vec<KeyFile>, String> {
        names
            .iter()
            .map(|name| new_key(r#use, name, random))
            .collect()
    };
    let mut roots = made(&wanted.roots, Use::Root)?;
    let mut approvers = made(&wanted.approvers, Use::Approver)?;
    let mut auditors = made(&wanted.auditors, Use::Approver)?;
    let with = |made: &[KeyFile], brought: &[PublicPart]| -> Vec<PublicPart> {
        made.iter()
            .map(PublicPart::of)
            .chain(brought.iter().cloned())
            .collect()
    };
    let all_roots = with(&roots, &wanted.root_publics);
    let all_approvers = with(&approvers, &wanted.approver_publics);
    let all_auditors = with(&auditors, &wanted.auditor_publics);
    let entries = |parts: &[PublicPart]| -> Vec<KeyEntry> {
        parts.iter().map(PublicPart::approver).collect()
    };
    let root = Root {
        keys: all_roots
            .iter()
            .map(PublicPart::root)
            .collect::<Result<_, _>>()?,
        threshold: wanted.threshold,
    };
    let descriptor = Descriptor {
        fleet: fleet.clone(),
        organisation: organisation.clone(),
        keyring_version: 1,
        root: root.clone(),
    };
    descriptor.check().map_err(|error| {
        format!(
            "This layout breaks a rule: {error}. Give at least as many root signers as --threshold."
        )
    })?;
    let key = |what, text: &str| -> Result<Ed25519Key, String> {
        base64::decode(text)
            .and_then(|raw| Ed25519Key::from_raw(&raw).ok())
            .ok_or_else(|| fact(what))
    };
    let mut grants = grants::usual(
        &entries(&all_approvers),
        &entries(&all_auditors),
        &organisation,
    );
    for (kind, phones) in &wanted.max_targets {
        grants::limit(&mut grants, *kind, *phones)?;
    }
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
        keys: all_approvers
            .iter()
            .chain(&all_auditors)
            .map(PublicPart::approver)
            .collect(),
        grants,
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
        portals: facts.portals(),
    };
    keyring
        .check()
        .map_err(|error| format!("This layout breaks a rule: {error}."))?;
    let enough = usize::try_from(wanted.threshold).unwrap_or(usize::MAX);
    let signers: Vec<&Ed25519Signer> = roots.iter().take(enough).map(|root| &root.signer).collect();
    let complete = signers.len() >= enough;
    let envelope = sign(&keyring, &signers)?;
    let fingerprint = descriptor.fingerprint();
    for key in roots.iter_mut().chain(&mut approvers).chain(&mut auditors) {
        key.fleet = Some(fingerprint);
    }
    Ok(Made {
        descriptor: descriptor.encode(),
        fingerprint,
        keyring: envelope,
        complete,
        names: all_roots
            .into_iter()
            .chain(all_approvers)
            .chain(all_auditors)
            .map(|part| (part.person, part.name))
            .collect(),
        roots,
        approvers,
        auditors,
    })
}

/// Makes one person's key. It is pinned to no fleet as yet.
///
/// # Errors
/// Never in practice: 16 random bytes are a person.
pub fn new_key(r#use: Use, name: &str, random: &dyn Random) -> Result<KeyFile, String> {
    let seed = Zeroizing::new(random.bytes::<32>());
    Ok(KeyFile {
        r#use,
        name: name.to_owned(),
        person: person(random)?,
        fleet: None,
        signer: Ed25519Signer::from_seed(*seed),
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

/// A new opaque person.
///
/// # Errors
/// Never in practice: 16 random bytes are a person.
pub fn person(random: &dyn Random) -> Result<Person, String> {
    Person::parse(&hex::encode(random.bytes::<16>())).map_err(|error| error.to_string())
}
