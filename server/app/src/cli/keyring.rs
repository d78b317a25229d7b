//! `muster keyring …` and `muster fleet card`: files in, files out; only `facts` and `publish` speak to a server.

use super::say::say;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::keyring::{Keyring, Log, ServerEntry, Witness};
use muster_protocol::keys::Ed25519Key;
use muster_protocol::time::UnixTime;
use muster_protocol::words;
use serde_json::{Value, json};

use super::ServerOptions;
use super::client::{Api, plain};
use crate::clock::{Clock, SystemClock};
use crate::features::trust::api::FleetShown;
use crate::features::trust::prepare::ServerFacts;
use crate::offline::ceremony::{self, Wanted};
use crate::offline::difference;
use crate::offline::draft::{self, Change};
use crate::offline::folder::{self, Folder};
use crate::offline::key_file::Use;
use crate::offline::public_part::{PublicPart, spoken};
use crate::offline::registration::Registration;
use crate::offline::typed;
use crate::random::{Random, SystemRandom};

/// How a fleet's trust shall be laid out.
#[derive(Args)]
pub(crate) struct CreateOptions {
    /// The facts fetched from the server
    #[arg(long, value_name = "FILE", default_value = "facts.json")]
    facts: PathBuf,
    /// Folder for everything that is made
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Name of a root signer whose key is made here; give it once for each. Default: three
    #[arg(long = "root", value_name = "NAME")]
    roots: Vec<String>,
    /// Public part of a root signer's own key (muster root create); give it once for each
    #[arg(long = "root-public", value_name = "FILE")]
    root_publics: Vec<PathBuf>,
    /// How many root signers must sign a keyring
    #[arg(long, value_name = "K", default_value_t = 2)]
    threshold: u32,
    /// Name of an approver whose key is made here; give it once for each. Default: two
    #[arg(long = "approver", value_name = "NAME")]
    approvers: Vec<String>,
    /// Public part of an approver's own key (muster approver create); give it once for each
    #[arg(long = "approver-public", value_name = "FILE")]
    approver_publics: Vec<PathBuf>,
    /// Name of an auditor, who may hold and release and nothing else, whose key is made here
    #[arg(long = "auditor", value_name = "NAME")]
    auditors: Vec<String>,
    /// Public part of an auditor's own key (muster approver create); give it once for each
    #[arg(long = "auditor-public", value_name = "FILE")]
    auditor_publics: Vec<PathBuf>,
    /// A challenge that you gave to the owner of an independent passkey (muster keyring challenge); give it once for each
    #[arg(long = "challenge", value_name = "HEX")]
    challenges: Vec<String>,
    /// How many phones one command of a kind may name, like kill=100. Default: 25 for kill, transfer and wipe, 4096 for others
    #[arg(long = "max-targets", value_name = "KIND=N")]
    max_targets: Vec<String>,
    /// Days until the keyring must be signed anew
    #[arg(long, value_name = "DAYS", default_value_t = 180)]
    days: u64,
}

/// What the next keyring changes. What is left out stays as it is.
#[derive(Args)]
pub(crate) struct DraftOptions {
    /// The fleet's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Take a key out, by its id or the beginning of it; the signatures it gave no longer count
    #[arg(long = "remove-approver", value_name = "KEYID")]
    remove_approvers: Vec<String>,
    /// Add an approver by the public part of their key, or by the registration of their passkey
    #[arg(long = "add-approver", value_name = "FILE")]
    add_approvers: Vec<PathBuf>,
    /// Add an auditor by the public part of their key, or by the registration of their passkey
    #[arg(long = "add-auditor", value_name = "FILE")]
    add_auditors: Vec<PathBuf>,
    /// A challenge that you gave to the owner of an added independent passkey (muster keyring challenge); give it once for each
    #[arg(long = "challenge", value_name = "HEX")]
    challenges: Vec<String>,
    /// Let an added passkey of the portal be the second person of a wipe or transfer, beside an independent key
    #[arg(long)]
    second_person: bool,
    /// Exchange a root key for another
    #[arg(long = "replace-root", value_name = "KEYID=FILE")]
    replace_roots: Vec<String>,
    /// Take a root key out
    #[arg(long = "remove-root", value_name = "KEYID")]
    remove_roots: Vec<String>,
    /// Add a root signer by the public part of their key
    #[arg(long = "add-root", value_name = "FILE")]
    add_roots: Vec<PathBuf>,
    /// How many root signers must sign a keyring
    #[arg(long, value_name = "K")]
    root_threshold: Option<u32>,
    /// Take online key, log, server and portal from a server's facts (muster keyring facts --new-keys)
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// A server and the fingerprint of its CA; give it once for each, in the order in which phones try them
    #[arg(long = "server", value_name = "URL=CAFINGERPRINT")]
    servers: Vec<String>,
    /// A host whose pages the server draws; give it once for each
    #[arg(long = "portal", value_name = "HOST")]
    portals: Vec<String>,
    /// The server's online key, base64; two at most
    #[arg(long = "online", value_name = "KEY")]
    online: Vec<String>,
    /// The log's name and key, base64; a new name starts a new tree
    #[arg(long, value_name = "ORIGIN=KEY")]
    log: Option<String>,
    /// A witness and its key, base64; give it once for each
    #[arg(long = "witness", value_name = "NAME=KEY")]
    witnesses: Vec<String>,
    /// How many witnesses a checkpoint takes
    #[arg(long, value_name = "K")]
    witness_threshold: Option<u32>,
    /// How many witnesses must clear each command of a kind
    #[arg(long = "clearances", value_name = "KIND=N")]
    clearances: Vec<String>,
    /// How many people must sign each command of a kind, like wipe=3
    #[arg(long = "threshold", value_name = "KIND=K")]
    thresholds: Vec<String>,
    /// How many phones one command of a kind may name, like kill=100
    #[arg(long = "max-targets", value_name = "KIND=N")]
    max_targets: Vec<String>,
    /// Days until the keyring must be signed anew
    #[arg(long, value_name = "DAYS", default_value_t = 180)]
    days: u64,
}

/// Fetches the server's facts. With `new_keys` the server makes two fresh keys, which the next keyring names.
///
/// # Errors
/// A sentence: the server refuses, or the file cannot be written.
pub async fn facts(
    server: &ServerOptions,
    organisation: &str,
    out: &Path,
    new_keys: bool,
) -> Result<(), String> {
    let what = if new_keys { "fleet/keys" } else { "fleet" };
    let facts: ServerFacts = Api::new(server)?
        .post(
            &format!("/api/v1/organisations/{organisation}/{what}"),
            &json!({}),
        )
        .await?;
    let text = serde_json::to_string_pretty(&facts).map_err(|error| error.to_string())?;
    folder::write(out, text.as_bytes())?;
    say!(
        "Wrote {}: the facts of {} at {}.",
        out.display(),
        plain(&facts.organisation_name),
        facts.server_url
    );
    let next = if facts.fingerprint.is_some() {
        "draft"
    } else {
        "create"
    };
    say!(
        "Carry it to the fleet's offline machine. There: muster keyring {next} --facts {} --dir DIR",
        out.display()
    );
    Ok(())
}

/// Makes everything of a fleet.
///
/// # Errors
/// A sentence: the facts do not read, a rule is broken, or a file is there already.
pub fn create(options: CreateOptions) -> Result<(), String> {
    let facts = read_facts(&options.facts)?;
    let dir = &options.dir;
    let folder = Folder::at(dir);
    if folder.path("descriptor.json").exists() {
        return Err(format!(
            "{} holds a fleet already. A new ceremony needs a new folder.",
            dir.display()
        ));
    }
    let given = challenges(&options.challenges)?;
    let usual = Wanted::usual();
    let root_publics = publics(&options.root_publics, Use::Root, &[])?;
    let approver_publics = publics(&options.approver_publics, Use::Approver, &given)?;
    let or_usual = |given: Vec<String>, brought: &[PublicPart], usual| {
        if given.is_empty() && brought.is_empty() {
            usual
        } else {
            given
        }
    };
    let wanted = Wanted {
        roots: or_usual(options.roots, &root_publics, usual.roots),
        root_publics,
        threshold: options.threshold,
        approvers: or_usual(options.approvers, &approver_publics, usual.approvers),
        approver_publics,
        auditors: options.auditors,
        auditor_publics: publics(&options.auditor_publics, Use::Approver, &given)?,
        max_targets: of_kinds(&options.max_targets, "--max-targets")?,
        days: options.days,
    };
    let made = ceremony::make(&facts, &wanted, now(), &SystemRandom)?;
    fs::create_dir_all(dir)
        .map_err(|error| format!("{} cannot be made: {error}.", dir.display()))?;
    for file in options
        .approver_publics
        .iter()
        .chain(&options.auditor_publics)
    {
        keep_registration(&folder, file)?;
    }
    let mut any = false;
    for (what, keys) in [
        ("root", &made.roots),
        ("approver", &made.approvers),
        ("auditor", &made.auditors),
    ] {
        for (key, number) in keys.iter().zip(1..) {
            let path = folder.path(&format!("{what}-{number}.key"));
            key.write(&path)?;
            say!("{:<28} {}", path.display(), key.name);
            any = true;
        }
    }
    for part in wanted
        .root_publics
        .iter()
        .chain(&wanted.approver_publics)
        .chain(&wanted.auditor_publics)
    {
        say!("{:<28} {}", part.name, spoken(&part.id()));
    }
    let mut names = folder.names();
    for (person, name) in &made.names {
        names.add(person, name);
    }
    folder.keep_names(&names)?;
    let name = if made.complete {
        "keyring-1.json"
    } else {
        "keyring-1.draft.json"
    };
    folder::write(&folder.path(name), &made.keyring)?;
    folder::write(&folder.path("descriptor.json"), &made.descriptor)?;
    say!("\nFleet fingerprint  {}", made.fingerprint);
    if any {
        say!("\nGive each key file to its person, on a medium of its own, and keep no copy here.");
    }
    if made.complete {
        say!(
            "Then bring the public part to the server: muster keyring publish --dir {}",
            dir.display()
        );
    } else {
        say!(
            "Root signers sign the keyring with their own keys: muster root sign {} --key FILE --dir {}",
            folder.path(name).display(),
            dir.display()
        );
    }
    Ok(())
}

/// Writes the next keyring, unsigned.
///
/// # Errors
/// A sentence: a value does not read, or the outcome breaks a rule.
pub fn draft(options: &DraftOptions) -> Result<(), String> {
    let folder = Folder::at(&options.dir);
    let (descriptor, held) = folder.newest()?;
    let change = change(options)?;
    let next = draft::next(
        &held.keyring,
        &descriptor.organisation,
        &change,
        now(),
        &SystemRandom,
    )?;
    let mut names = folder.names();
    for part in change.add_approvers.iter().chain(&change.add_auditors) {
        if let Some(other) = names.namesake(&part.person, &part.name) {
            return Err(format!(
                "{} stands in this fleet already as person {other}, and would count as two people. Have the key registered for that person; or, if they are two, tell them apart in their names.",
                part.name
            ));
        }
    }
    for part in change
        .add_approvers
        .iter()
        .chain(&change.add_auditors)
        .chain(&change.add_roots)
    {
        names.add(&part.person, &part.name);
    }
    folder.keep_names(&names)?;
    for file in options.add_approvers.iter().chain(&options.add_auditors) {
        keep_registration(&folder, file)?;
    }
    let names = folder.names();
    let path = folder.path(&format!("keyring-{}.draft.json", next.version));
    folder::write(
        &path,
        &Envelope::unsigned(DocumentType::Keyring, next.encode()).encode(),
    )?;
    for line in difference::lines(Some(&held.keyring), &next, &names) {
        say!("{line}");
    }
    say!("\n{}", difference::dates(&next));
    say!("Wrote {}, unsigned.", path.display());
    say!(
        "Root signers sign it: muster root sign {} --key FILE --dir {}",
        path.display(),
        options.dir.display()
    );
    Ok(())
}

/// Whoever signs the keyring later sees what proved a passkey.
fn keep_registration(folder: &Folder, file: &Path) -> Result<(), String> {
    if Registration::is_one(&folder::read(file)?) {
        folder.keep_registration(&Registration::read(file)?)?;
    }
    Ok(())
}

fn change(options: &DraftOptions) -> Result<Change, String> {
    let given = challenges(&options.challenges)?;
    let mut change = Change {
        remove_approvers: options.remove_approvers.clone(),
        add_approvers: publics(&options.add_approvers, Use::Approver, &given)?,
        add_auditors: publics(&options.add_auditors, Use::Approver, &given)?,
        second_person: options.second_person,
        remove_roots: options.remove_roots.clone(),
        add_roots: publics(&options.add_roots, Use::Root, &[])?,
        root_threshold: options.root_threshold,
        portals: options.portals.clone(),
        witness_threshold: options.witness_threshold,
        days: options.days,
        ..Change::default()
    };
    if let Some(path) = &options.facts {
        let facts = read_facts(path)?;
        change.online = vec![key(&facts.online_key)?];
        change.servers = vec![server(&facts.server_url, &facts.server_ca)?];
        if change.portals.is_empty() {
            change.portals = facts.portals();
        }
        change.log = Some(Log {
            origin: facts.log_origin,
            key: key(&facts.log_key)?,
        });
    }
    for pair in &options.replace_roots {
        let (old, file) = halves(pair, "--replace-root")?;
        change.remove_roots.push(old.to_owned());
        change
            .add_roots
            .push(PublicPart::read(Path::new(file), Use::Root, &[])?);
    }
    if !options.servers.is_empty() {
        change.servers = options
            .servers
            .iter()
            .map(|pair| halves(pair, "--server").and_then(|(url, ca)| server(url, ca)))
            .collect::<Result<_, _>>()?;
    }
    if !options.online.is_empty() {
        change.online = options
            .online
            .iter()
            .map(|text| key(text))
            .collect::<Result<_, _>>()?;
    }
    if let Some(pair) = &options.log {
        let (origin, text) = halves(pair, "--log")?;
        change.log = Some(Log {
            origin: origin.to_owned(),
            key: key(text)?,
        });
    }
    for pair in &options.witnesses {
        let (name, text) = halves(pair, "--witness")?;
        change.witnesses.push(Witness {
            name: name.to_owned(),
            key: key(text)?,
        });
    }
    change.clearances = of_kinds(&options.clearances, "--clearances")?;
    change.thresholds = of_kinds(&options.thresholds, "--threshold")?;
    change.max_targets = of_kinds(&options.max_targets, "--max-targets")?;
    Ok(change)
}

/// `KIND=NUMBER`, each.
fn of_kinds(pairs: &[String], option: &str) -> Result<Vec<(Kind, u32)>, String> {
    let read = |pair: &String| {
        let (kind, number) = halves(pair, option)?;
        let kind = kind
            .parse()
            .map_err(|_| format!("There is no command {kind:?}."))?;
        let number = number
            .parse()
            .map_err(|_| format!("{number:?} is no number; {option} takes one like {kind}=2."))?;
        Ok((kind, number))
    };
    pairs.iter().map(read).collect()
}

/// The two halves of `NAME=VALUE`. Base64 ends in `=`, and no name holds one: the first counts.
fn halves<'a>(pair: &'a str, option: &str) -> Result<(&'a str, &'a str), String> {
    pair.split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| {
            format!(
                "{option} takes two halves with = between them, and {pair:?} has not. See --help."
            )
        })
}

fn server(url: &str, ca: &str) -> Result<ServerEntry, String> {
    Ok(ServerEntry {
        url: url.to_owned(),
        ca: Digest::parse(ca).map_err(|_| {
            format!(
                "{ca:?} is no fingerprint of a CA: 64 hexadecimal characters. See muster ca show."
            )
        })?,
    })
}

fn key(text: &str) -> Result<Ed25519Key, String> {
    base64::decode(text)
        .and_then(|raw| Ed25519Key::from_raw(&raw).ok())
        .ok_or_else(|| format!("{text:?} is no Ed25519 key: 32 bytes in base64."))
}

fn publics(
    paths: &[PathBuf],
    r#use: Use,
    challenges: &[Digest],
) -> Result<Vec<PublicPart>, String> {
    paths
        .iter()
        .map(|path| PublicPart::read(path, r#use, challenges))
        .collect()
}

fn challenges(typed: &[String]) -> Result<Vec<Digest>, String> {
    let read = |text: &String| {
        typed::digest(text).ok_or_else(|| {
            format!("{text:?} is no challenge: it is 64 hexadecimal characters or 32 words, as muster keyring challenge prints it.")
        })
    };
    typed.iter().map(read).collect()
}

/// Draws a challenge for the owner of an independent passkey.
pub fn challenge() {
    let random: &dyn Random = &SystemRandom;
    let drawn = Digest(random.bytes());
    say!("{drawn}");
    say!(
        "\nThe same in words: {}",
        words::words(drawn.as_bytes()).join(" ")
    );
    say!(
        "\nGive it to the owner of the passkey yourself, by voice or on paper, and note it. They type it on their desk under \"Your keys\";\nyou say it again when you take the registration in: muster keyring draft --add-approver FILE --challenge HEX"
    );
}

fn read_facts(path: &Path) -> Result<ServerFacts, String> {
    serde_json::from_slice(&folder::read(path)?).map_err(|_| {
        format!(
            "{} holds no server facts. Fetch them with muster keyring facts.",
            path.display()
        )
    })
}

/// Brings the server everything of this folder that it lacks: the descriptor, and every keyring in order.
///
/// # Errors
/// A sentence: a file is missing, the server holds something else, or it refuses.
pub async fn publish(server: &ServerOptions, dir: &Path) -> Result<(), String> {
    let folder = Folder::at(dir);
    let (descriptor, held) = folder.newest()?;
    let chain = folder.chain()?;
    let api = Api::new(server)?;
    let base = format!("/api/v1/organisations/{}/fleet", descriptor.organisation);
    let known: FleetShown = api.get(&base).await?;
    let lacking = lacking(&descriptor, &chain, &known)?;
    for (envelope, version) in lacking.iter().zip(chain.len() - lacking.len() + 1..) {
        let keyring = base64::encode(envelope);
        let _: Value = if version == 1 {
            let body =
                json!({ "descriptor": base64::encode(&descriptor.encode()), "keyring": keyring });
            api.post(&format!("{base}/adopt"), &body).await?
        } else {
            api.post(&format!("{base}/keyrings"), &json!({ "keyring": keyring }))
                .await?
        };
        say!("Brought keyring {version}.");
    }
    say!(
        "The server carries keyring {} of fleet {} now.",
        held.keyring.version,
        descriptor.fingerprint()
    );
    Ok(())
}

/// The keyrings that the server has not; what it has must be what this folder has.
fn lacking<'a>(
    descriptor: &Descriptor,
    chain: &'a [Vec<u8>],
    known: &FleetShown,
) -> Result<&'a [Vec<u8>], String> {
    let pin = descriptor.fingerprint().to_hex();
    if known
        .fingerprint
        .as_ref()
        .is_some_and(|theirs| *theirs != pin)
    {
        return Err("The server carries another fleet for this organisation. Nothing was brought; look into it.".to_owned());
    }
    let theirs = &known.keyrings;
    let differs = theirs
        .iter()
        .zip(chain)
        .position(|(theirs, ours)| *theirs != base64::encode(ours));
    if let Some(at) = differs {
        return Err(format!(
            "The server carries another keyring {} than this folder. One of them was signed in error or in secret: nothing was brought; look into it.",
            at + 1
        ));
    }
    chain.get(theirs.len()..).ok_or_else(|| {
        format!(
            "The server carries {} keyrings and this folder has {}. Fetch the newer ones before you go on.",
            theirs.len(),
            chain.len()
        )
    })
}

/// Shows descriptor and keyring in plain words.
///
/// # Errors
/// A sentence: a file is missing or does not verify.
pub fn show(dir: &Path) -> Result<(), String> {
    let folder = Folder::at(dir);
    let (descriptor, held) = folder.newest()?;
    say!("Fleet fingerprint {}", descriptor.fingerprint());
    say!("Organisation      {}", descriptor.organisation);
    say!("Digest            {}", held.digest);
    for line in everything(&held.keyring, &folder) {
        say!("{line}");
    }
    say!("\n{}", difference::dates(&held.keyring));
    if held.is_expired(now()) {
        say!("It has EXPIRED: phones do nothing more that restricts. Draft and sign the next one.");
    }
    Ok(())
}

fn everything(keyring: &Keyring, folder: &Folder) -> Vec<String> {
    difference::lines(None, keyring, &folder.names())
        .into_iter()
        .map(|line| {
            line.replace(" IN    ", "       ")
                .replace(" IN       ", "          ")
        })
        .collect()
}

/// Prints the fingerprint for people.
///
/// # Errors
/// A sentence: a file is missing or does not verify.
pub fn card(dir: &Path) -> Result<(), String> {
    let fingerprint = Folder::at(dir).descriptor()?.fingerprint();
    say!("Fleet fingerprint\n");
    for chunk in words::words(fingerprint.as_bytes()).chunks(8) {
        say!("  {}", chunk.join(" "));
    }
    say!("\n  {fingerprint}\n");
    let square =
        muster_paper::qr::terminal(&fingerprint.to_hex()).map_err(|error| error.to_string())?;
    say!("{}", square.trim_end());
    say!("\nType the words, or scan the square, at muster-agent enrol --fleet-fingerprint.");
    Ok(())
}

/// The time of this machine.
pub(super) fn now() -> UnixTime {
    UnixTime(u64::try_from(SystemClock.now().as_second()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use muster_protocol::base64;

    use super::{FleetShown, halves, lacking};
    use crate::offline::signing::tests::Ceremony;

    fn server(fleet: &Ceremony, keyrings: Vec<String>) -> FleetShown {
        FleetShown {
            id: "0f".repeat(16),
            organisation: fleet.organisation().to_string(),
            fingerprint: (!keyrings.is_empty()).then(|| fleet.made.fingerprint.to_hex()),
            descriptor: None,
            keyrings,
            policy: None,
        }
    }

    #[test]
    fn only_what_the_server_lacks_is_brought_and_never_over_something_else() {
        let fleet = Ceremony::usual();
        let chain = vec![fleet.made.keyring.clone(), b"a second".to_vec()];
        let first = base64::encode(&chain[0]);
        let brought =
            |known: &FleetShown| lacking(&fleet.descriptor, &chain, known).map(<[Vec<u8>]>::len);
        assert_eq!(brought(&server(&fleet, Vec::new())), Ok(2));
        assert_eq!(brought(&server(&fleet, vec![first.clone()])), Ok(1));
        assert!(
            brought(&server(&fleet, vec!["bm8=".to_owned()]))
                .unwrap_err()
                .contains("another keyring 1")
        );
        let ahead = server(
            &fleet,
            vec![first.clone(), base64::encode(b"a second"), first],
        );
        assert!(brought(&ahead).unwrap_err().contains("Fetch the newer"));
    }

    #[test]
    fn a_key_in_base64_keeps_its_padding() {
        assert_eq!(
            halves("witness.example.org/w1=AAA=", "--witness"),
            Ok(("witness.example.org/w1", "AAA="))
        );
        assert!(halves("alone", "--witness").is_err());
    }
}
