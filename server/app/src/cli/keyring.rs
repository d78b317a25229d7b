//! `muster keyring …` and `muster fleet card`: files in, files out; only `facts` and `publish` speak to a server.

use super::say::say;
use std::fs;
use std::path::{Path, PathBuf};

use muster_protocol::base64;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::{GrantKind, HeldKeyring, verify_chain};
use muster_protocol::time::UnixTime;
use muster_protocol::words;
use serde_json::{Value, json};

use super::ServerOptions;
use super::client::{Api, plain};
use crate::clock::{Clock, SystemClock};
use crate::features::trust::prepare::ServerFacts;
use crate::offline::ceremony::{self, Wanted};
use crate::random::SystemRandom;

/// Fetches the server's facts.
///
/// # Errors
/// A sentence: the server refuses, or the file cannot be written.
pub async fn facts(server: &ServerOptions, organisation: &str, out: &Path) -> Result<(), String> {
    let facts: ServerFacts = Api::new(server)?
        .post(
            &format!("/api/v1/organisations/{organisation}/fleet"),
            &json!({}),
        )
        .await?;
    let text = serde_json::to_string_pretty(&facts).map_err(|error| error.to_string())?;
    write(out, text.as_bytes())?;
    say!(
        "Wrote {}: the facts of {} at {}.",
        out.display(),
        plain(&facts.organisation_name),
        facts.server_url
    );
    say!(
        "Carry it to the fleet's offline machine. There: muster keyring create --facts {} --dir DIR",
        out.display()
    );
    Ok(())
}

/// Makes everything of a fleet.
///
/// # Errors
/// A sentence: the facts do not read, a rule is broken, or a file is there already.
pub fn create(
    facts: &Path,
    dir: &Path,
    roots: Vec<String>,
    threshold: u32,
    approvers: Vec<String>,
    days: u64,
) -> Result<(), String> {
    let text = read(facts)?;
    let facts: ServerFacts = serde_json::from_slice(&text).map_err(|_| {
        format!(
            "{} holds no server facts. Fetch them with muster keyring facts.",
            facts.display()
        )
    })?;
    if dir.join("descriptor.json").exists() {
        return Err(format!(
            "{} holds a fleet already. A new ceremony needs a new folder.",
            dir.display()
        ));
    }
    let usual = Wanted::usual();
    let or_usual = |given: Vec<String>, usual| if given.is_empty() { usual } else { given };
    let wanted = Wanted {
        roots: or_usual(roots, usual.roots),
        threshold,
        approvers: or_usual(approvers, usual.approvers),
        days,
    };
    let made = ceremony::make(&facts, &wanted, now(), &SystemRandom)?;
    fs::create_dir_all(dir)
        .map_err(|error| format!("{} cannot be made: {error}.", dir.display()))?;
    for (what, keys) in [("root", &made.roots), ("approver", &made.approvers)] {
        for (key, number) in keys.iter().zip(1..) {
            let path = dir.join(format!("{what}-{number}.key"));
            key.write(&path)?;
            say!("{:<28} {}", path.display(), key.name);
        }
    }
    write(&dir.join("keyring-1.json"), &made.keyring)?;
    write(&dir.join("descriptor.json"), &made.descriptor)?;
    say!("\nFleet fingerprint  {}", made.fingerprint);
    say!("\nGive each key file to its person, on a medium of its own, and keep no copy here.");
    say!(
        "Then bring the public part to the server: muster keyring publish --dir {}",
        dir.display()
    );
    Ok(())
}

/// Brings descriptor and first keyring to the server.
///
/// # Errors
/// A sentence: a file is missing, or the server refuses.
pub async fn publish(server: &ServerOptions, dir: &Path) -> Result<(), String> {
    let (descriptor, held) = open(dir)?;
    let api = Api::new(server)?;
    let base = format!("/api/v1/organisations/{}/fleet", descriptor.organisation);
    let version = held.keyring.version;
    if version == 1 {
        let body = json!({
            "descriptor": base64::encode(&descriptor.encode()),
            "keyring": base64::encode(&held.envelope),
        });
        let _: Value = api.post(&format!("{base}/adopt"), &body).await?;
    } else {
        let _: Value = api
            .post(
                &format!("{base}/keyrings"),
                &json!({ "keyring": base64::encode(&held.envelope) }),
            )
            .await?;
    }
    say!(
        "The server carries keyring {version} of fleet {} now.",
        descriptor.fingerprint()
    );
    Ok(())
}

/// Shows descriptor and keyring in plain words.
///
/// # Errors
/// A sentence: a file is missing or does not verify.
pub fn show(dir: &Path) -> Result<(), String> {
    let (descriptor, held) = open(dir)?;
    let keyring = &held.keyring;
    say!("Fleet fingerprint  {}", descriptor.fingerprint());
    say!("Organisation       {}", descriptor.organisation);
    say!(
        "Root               {} of {} people",
        keyring.root.threshold,
        keyring.root.keys.len()
    );
    say!(
        "Keyring            version {}, digest {}",
        keyring.version,
        held.digest
    );
    say!("Valid until        {}", moment(keyring.expires_at));
    say!("Log                {}", keyring.log.origin);
    for server in &keyring.servers {
        say!("Server             {} (CA {})", server.url, server.ca);
    }
    say!(
        "Witnesses          {} of {}",
        keyring.witness.threshold,
        keyring.witness.keys.len()
    );
    for key in &keyring.keys {
        say!(
            "Approver key       {} ({}, person {})",
            key.id(),
            key.display,
            key.person
        );
    }
    for grant in &keyring.grants {
        let kinds: Vec<String> = grant.kinds.iter().map(kind_word).collect();
        say!(
            "Grant              {}: {} people, {} of them independent, {} phones at most",
            kinds.join(", "),
            grant.threshold,
            grant.independent,
            grant.max_targets
        );
    }
    Ok(())
}

fn kind_word(kind: &GrantKind) -> String {
    match kind {
        GrantKind::Command(kind) => kind.to_string(),
        GrantKind::Policy => "policy".to_owned(),
    }
}

/// Prints the fingerprint for people.
///
/// # Errors
/// A sentence: a file is missing or does not verify.
pub fn card(dir: &Path) -> Result<(), String> {
    let (descriptor, _) = open(dir)?;
    let fingerprint = descriptor.fingerprint();
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

/// The descriptor of a folder and its newest keyring, verified from the one to the other.
fn open(dir: &Path) -> Result<(Descriptor, HeldKeyring), String> {
    let path = dir.join("descriptor.json");
    let bytes = read(&path)?;
    let descriptor = Descriptor::decode(&bytes)
        .map_err(|error| format!("{} is no descriptor: {error}.", path.display()))?;
    let mut chain = Vec::new();
    for version in 1_u64.. {
        let path = dir.join(format!("keyring-{version}.json"));
        if !path.exists() {
            break;
        }
        chain.push(read(&path)?);
    }
    let held = verify_chain(&descriptor, &chain, now()).map_err(|refusal| {
        format!(
            "The keyrings in {} do not follow from the descriptor: {}.",
            dir.display(),
            refusal.reason.as_str()
        )
    })?;
    Ok((descriptor, held))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
}

fn write(path: &Path, contents: &[u8]) -> Result<(), String> {
    fs::write(path, contents)
        .map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}

fn now() -> UnixTime {
    UnixTime(u64::try_from(SystemClock.now().as_second()).unwrap_or(0))
}

fn moment(time: UnixTime) -> String {
    let at = i64::try_from(time.0)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map_or_else(String::new, |at| at.to_string())
}

/// Where an approver's program remembers the newest keyring it saw beside its key: an older one later is a sign of a hacked
/// server.
pub fn seen_file(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".seen");
    PathBuf::from(name)
}

/// Refuses a keyring older than the newest one seen, or another one of the same version; remembers a newer one.
///
/// # Errors
/// A sentence: it is older, or another, or cannot be remembered.
pub fn remember(key: &Path, held: &HeldKeyring) -> Result<(), String> {
    let path = seen_file(key);
    let known = fs::read_to_string(&path).ok().and_then(|text| {
        let (version, digest) = text.trim().split_once(' ')?;
        Some((version.parse::<u64>().ok()?, Digest::parse(digest).ok()?))
    });
    if let Some((version, digest)) = known {
        if held.keyring.version < version {
            return Err(format!(
                "The server shows keyring {}, and you have seen {version} already. It may be hacked: do not sign, tell your root signers.",
                held.keyring.version
            ));
        }
        if held.keyring.version == version {
            if held.digest == digest {
                return Ok(());
            }
            return Err("The server shows another keyring of the version you have seen. Do not sign, tell your root signers.".to_owned());
        }
    }
    write(
        &path,
        format!("{} {}\n", held.keyring.version, held.digest).as_bytes(),
    )
}
