//! Watch: an outside witness without a key. It keeps the last checkpoint that the log signed and demands of every later one that
//! it follows.

use crate::cli::say::say;
use std::time::Duration;

use muster_protocol::base64;
use muster_protocol::checkpoint::{Checkpoint, SignedCheckpoint};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::{HeldKeyring, Log, verify_chain};
use muster_protocol::keys::{Ed25519Key, PublicKey};
use muster_protocol::merkle;
use muster_protocol::time::UnixTime;
use serde::Deserialize;

use super::super::client::Api;
use super::WatchOptions;
use super::export::{LogListed, decode, logs, write};

/// The largest note.
const MOST: usize = 4 * 1024;
/// What the last checkpoint is kept as.
const LAST: &str = "checkpoint";
/// What the last note of a tree before this one is kept as.
const FORMER: &str = "checkpoint.former";
/// The version of the newest keyring that was seen.
const KEYRING: &str = "keyring";
/// What a note that contradicts it is kept as.
const OTHER: &str = "checkpoint.other";

#[derive(Deserialize)]
struct Consistency {
    hashes: Vec<String>,
}

#[derive(Deserialize)]
struct FleetShown {
    keyrings: Vec<String>,
}

/// Watches until it is stopped, or the log is not what it was.
///
/// # Errors
/// A sentence: the log forked, shrank, or is not signed by the pinned fleet's log key; with `--once` also that the server does not
/// answer.
pub async fn run(options: WatchOptions) -> Result<(), String> {
    std::fs::create_dir_all(&options.dir)
        .map_err(|error| format!("{} cannot be used: {error}.", options.dir.display()))?;
    if options.dir.join(OTHER).exists() {
        return Err(format!(
            "{} holds two notes that contradict each other: this log is not to be trusted. Show both to the fleet's root signers.",
            options.dir.display()
        ));
    }
    let api = Api::new(&options.server)?;
    loop {
        match look(&api, &options).await {
            Ok(sentence) => say!("{sentence}"),
            Err(Trouble::Log(sentence)) => return Err(sentence),
            Err(Trouble::Server(sentence)) if options.once => return Err(sentence),
            // Silence is not proof of anything: it is told, and asked again.
            Err(Trouble::Server(sentence)) => eprintln!("muster: {sentence}"),
        }
        if options.once {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(options.every.max(1))) => {}
            () = super::super::stop_signal() => return Ok(()),
        }
    }
}

pub(super) enum Trouble {
    /// The server does not answer as one should.
    Server(String),
    /// The log is not what it was.
    Log(String),
}

async fn look(api: &Api, options: &WatchOptions) -> Result<String, Trouble> {
    let listed = logs(api).await.map_err(Trouble::Server)?;
    let (listed, pinned) = listed
        .into_iter()
        .find_map(|log| pinned(&log, &options.pin).map(|found| (log, found)))
        .ok_or_else(|| {
            Trouble::Server("The server shows no log that this pin names.".to_owned())
        })?;
    // The installation's own log has no keyring that could name another one.
    let may_begin_anew = matches!(pinned, Pinned::Fleet(_));
    let log = match pinned {
        Pinned::Key(log) => log,
        Pinned::Fleet(descriptor) => {
            let held = by_chain(api, &descriptor).await?;
            not_older(options, held.keyring.version)?;
            held.keyring.log
        }
    };
    let address = format!("/api/v1/log/{}/checkpoint?newest=1", listed.id);
    let note = api.bytes(&address, MOST).await.map_err(Trouble::Server)?;
    let new = decode(&note).map_err(Trouble::Server)?;
    if !new.is_by(&log) {
        return Err(Trouble::Log(
            "The checkpoint is not signed by the log key that the pin leads to.".to_owned(),
        ));
    }
    let path = options.dir.join(LAST);
    if let Ok(old) = std::fs::read(&path) {
        let old: SignedCheckpoint = decode(&old).map_err(Trouble::Log)?;
        if may_begin_anew && old.checkpoint.origin != new.checkpoint.origin {
            // Only a keyring names a log, and none was taken back: the root began a new tree. The last note of the old one stays.
            let kept = options.dir.join(FORMER);
            write(&kept, old.encode().as_bytes()).map_err(Trouble::Log)?;
            write(&path, &note).map_err(Trouble::Log)?;
            return Ok(format!(
                "A keyring began a new tree, {}. The last note of {} is kept as {}.",
                new.checkpoint.origin,
                old.checkpoint.origin,
                kept.display()
            ));
        }
        let followed = follows(api, &listed.id, &old.checkpoint, &new.checkpoint).await;
        if let Err(Trouble::Log(why)) = followed {
            let kept = options.dir.join(OTHER);
            write(&kept, &note).map_err(Trouble::Log)?;
            return Err(Trouble::Log(format!(
                "{why} Both notes are kept: {} and {}.",
                path.display(),
                kept.display()
            )));
        }
        followed?;
    }
    write(&path, &note).map_err(Trouble::Log)?;
    let head = new.checkpoint.head;
    Ok(format!("{} entries, root {}", head.size, head.root))
}

enum Pinned {
    Key(Log),
    Fleet(Box<Descriptor>),
}

fn pinned(listed: &LogListed, pin: &Digest) -> Option<Pinned> {
    let key = Ed25519Key::from_raw(&base64::decode(&listed.log_key)?).ok()?;
    if PublicKey::Ed25519(key).key_id().digest() == pin {
        return Some(Pinned::Key(Log {
            origin: listed.origin.clone(),
            key,
        }));
    }
    let descriptor = base64::decode(listed.descriptor.as_deref()?)?;
    let descriptor = Descriptor::pinned(&descriptor, pin).ok()?;
    Some(Pinned::Fleet(Box::new(descriptor)))
}

/// The log's name and key by the newest keyring that follows from the pin. That it has expired is no reason not to watch.
async fn by_chain(api: &Api, descriptor: &Descriptor) -> Result<HeldKeyring, Trouble> {
    let address = format!("/api/v1/organisations/{}/fleet", descriptor.organisation);
    let shown: FleetShown = api.get(&address).await.map_err(Trouble::Server)?;
    let chain: Option<Vec<Vec<u8>>> = shown
        .keyrings
        .iter()
        .map(|text| base64::decode(text))
        .collect();
    let held = chain.and_then(|chain| verify_chain(descriptor, &chain, UnixTime(0)).ok());
    held.ok_or_else(|| Trouble::Log("The server's keyrings do not follow from the pin.".to_owned()))
}

/// A server that shows fewer keyrings than it did hides the newest, and with it perhaps the key that the log has now.
fn not_older(options: &WatchOptions, version: u64) -> Result<(), Trouble> {
    let path = options.dir.join(KEYRING);
    let seen = std::fs::read_to_string(&path)
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok())
        .unwrap_or(0);
    if version < seen {
        return Err(Trouble::Log(format!(
            "The server showed keyring {seen} before, and shows keyring {version} as its newest now."
        )));
    }
    write(&path, format!("{version}\n").as_bytes()).map_err(Trouble::Log)
}

/// Whether the log of `new` begins with the log of `old`.
///
/// # Errors
/// [`Trouble::Log`]: it does not. [`Trouble::Server`]: the server does not answer; that proves nothing.
pub(super) async fn follows(
    api: &Api,
    id: &str,
    old: &Checkpoint,
    new: &Checkpoint,
) -> Result<(), Trouble> {
    let (old, new) = (old.head, new.head);
    if new.size < old.size {
        return Err(Trouble::Log(format!(
            "The log had {} entries and now shows {}: it was cut.",
            old.size, new.size
        )));
    }
    if new.size == old.size {
        return if new.root == old.root {
            Ok(())
        } else {
            let size = new.size;
            Err(Trouble::Log(format!(
                "Two roots for one size ({size}): the log has forked."
            )))
        };
    }
    let address = format!("/api/v1/log/{id}/consistency/{}/{}", old.size, new.size);
    let proof: Consistency = api.get(&address).await.map_err(Trouble::Server)?;
    let hashes: Result<Vec<Digest>, _> = proof
        .hashes
        .iter()
        .map(|hash| Digest::parse(hash))
        .collect();
    let hashes = hashes
        .map_err(|_| Trouble::Server("The proof of consistency does not read.".to_owned()))?;
    merkle::verify_consistency(old.size, &old.root, new.size, &new.root, &hashes).map_err(|_| {
        Trouble::Log("The log does not begin with what it was: it has forked.".to_owned())
    })
}
