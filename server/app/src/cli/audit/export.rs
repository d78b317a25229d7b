//! Export: hashes from the public tiles, entries from the API, the checkpoint last. What was fetched is appended, so that an
//! export that broke off goes on; a server whose log is no longer the one exported before is told.

use crate::cli::say::say;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use muster_audit::export::{self, About, LINE_MAX};
use muster_protocol::base64;
use muster_protocol::checkpoint::{SignedCheckpoint, is_key_name};
use muster_protocol::digest::Digest;
use muster_protocol::ids::FleetId;
use serde::Deserialize;

use super::super::ServerOptions;
use super::super::client::Api;
use super::watch::{self, Trouble};
use crate::features::log::tile_path::{TilePlace, WIDTH};

/// The most bytes of one answer with entries.
const MOST: usize = 8 * 1024 * 1024;

/// A log, as the server lists it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct LogListed {
    pub id: String,
    pub origin: String,
    pub fingerprint: Option<String>,
    pub descriptor: Option<String>,
    pub log_key: String,
    pub log_key_id: String,
    pub size: u64,
}

#[derive(Deserialize)]
struct Logs {
    items: Vec<LogListed>,
}

/// The logs that the token may read.
pub(super) async fn logs(api: &Api) -> Result<Vec<LogListed>, String> {
    let found: Logs = api.get("/api/v1/log").await?;
    if found.items.iter().all(LogListed::is_well_formed) {
        Ok(found.items)
    } else {
        Err(
            "The server lists a log whose id or name cannot be one. Nothing was written."
                .to_owned(),
        )
    }
}

impl LogListed {
    /// An id becomes the name of a folder, and a name is printed: a server chooses neither freely.
    fn is_well_formed(&self) -> bool {
        let is_digest = |text: &String| Digest::parse(text).is_ok();
        FleetId::parse(&self.id).is_ok()
            && is_key_name(&self.origin)
            && is_digest(&self.log_key_id)
            && self.fingerprint.as_ref().is_none_or(is_digest)
    }
}

/// Exports every log, or one.
///
/// # Errors
/// A sentence: the server does not answer, a file cannot be written, or a log is not the one exported before.
pub async fn run(server: &ServerOptions, out: &Path, only: Option<&str>) -> Result<(), String> {
    let api = Api::new(server)?;
    let logs = logs(&api).await?;
    let wanted: Vec<&LogListed> = logs
        .iter()
        .filter(|log| log.size > 0 && only.is_none_or(|id| log.id == id))
        .collect();
    if wanted.is_empty() {
        return Err("There is no such log, or the token may not read it.".to_owned());
    }
    for log in wanted {
        let size = export(&api, log, &out.join(&log.id)).await?;
        let pin = log.fingerprint.as_ref().unwrap_or(&log.log_key_id);
        say!(
            "{}  {size} entries  {}",
            out.join(&log.id).display(),
            log.origin
        );
        say!("  muster audit verify {} --pin {pin}", out.display());
    }
    eprintln!(
        "The pins above are the server's word. Verify with the fingerprint you have from the fleet's own people."
    );
    Ok(())
}

async fn export(api: &Api, log: &LogListed, folder: &Path) -> Result<u64, String> {
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let base = format!("/api/v1/log/{}", log.id);
    let note = api.bytes(&format!("{base}/checkpoint"), MOST).await?;
    let new = decode(&note)?;
    let old = std::fs::read(folder.join(export::CHECKPOINT)).ok();
    if let Some(old) = &old {
        let old_note = decode(old)?;
        if old_note.checkpoint.origin != new.checkpoint.origin {
            return Err(format!(
                "{} holds the log {}, and the server's log is {} now: a new tree. If a keyring named it, export it into another folder, and keep this one.",
                folder.display(),
                old_note.checkpoint.origin,
                new.checkpoint.origin
            ));
        }
        match watch::follows(api, &log.id, &old_note.checkpoint, &new.checkpoint).await {
            Ok(()) => {}
            Err(Trouble::Server(why)) => return Err(why),
            Err(Trouble::Log(why)) => {
                let kept = folder.join("checkpoint.other");
                write(&kept, &note)?;
                return Err(format!(
                    "{}: {why} The note that does not fit is kept as {}.",
                    folder.display(),
                    kept.display()
                ));
            }
        }
    }
    let about = About {
        v: 1,
        fleet: log.id.clone(),
        origin: log.origin.clone(),
        log_key: log.log_key.clone(),
        fingerprint: log.fingerprint.clone(),
    };
    let about = serde_json::to_vec_pretty(&about).map_err(|error| error.to_string())?;
    write(&folder.join(export::ABOUT), &about)?;
    if let Some(descriptor) = log.descriptor.as_deref().and_then(base64::decode) {
        write(&folder.join(export::DESCRIPTOR), &descriptor)?;
    }
    let size = new.checkpoint.head.size;
    hashes(api, &base, &folder.join(export::HASHES), size).await?;
    entries(api, &base, &folder.join(export::ENTRIES), size).await?;
    write(&folder.join(export::CHECKPOINT), &note)?;
    Ok(size)
}

async fn hashes(api: &Api, base: &str, path: &Path, size: u64) -> Result<(), String> {
    let mut file = appendable(path)?;
    let length = file.metadata().map_err(|error| cannot(path, &error))?.len();
    // What stands in an incomplete tile is fetched again with the rest of it.
    let mut have = length / 32 / WIDTH * WIDTH;
    truncate(&mut file, path, have * 32)?;
    while have < size {
        let width = (size - have).min(WIDTH);
        let place = TilePlace {
            index: have / WIDTH,
            width,
        };
        let partial = if width < WIDTH {
            format!(".p/{width}")
        } else {
            String::new()
        };
        let address = format!("{base}/tile/0/{}{partial}", place.path());
        let tile = api.bytes(&address, 32 * 256).await?;
        if tile.len() as u64 != width * 32 {
            return Err("A tile of the log is not as wide as its checkpoint says.".to_owned());
        }
        file.write_all(&tile)
            .map_err(|error| cannot(path, &error))?;
        have += width;
    }
    file.sync_all().map_err(|error| cannot(path, &error))
}

async fn entries(api: &Api, base: &str, path: &Path, size: u64) -> Result<(), String> {
    let mut file = appendable(path)?;
    let (mut have, end) = whole_lines(&mut file).map_err(|error| cannot(path, &error))?;
    truncate(&mut file, path, end)?;
    while have < size {
        let limit = (size - have).min(1000);
        let address = format!("{base}/entries?from={have}&limit={limit}");
        let some = api.bytes(&address, MOST).await?;
        let lines = some.iter().filter(|byte| **byte == b'\n').count() as u64;
        if lines == 0 || lines > limit || some.last() != Some(&b'\n') {
            return Err(format!("The server does not answer with entry {have}."));
        }
        file.write_all(&some)
            .map_err(|error| cannot(path, &error))?;
        have += lines;
    }
    file.sync_all().map_err(|error| cannot(path, &error))
}

/// How many whole lines the file has, and where the last one ends.
fn whole_lines(file: &mut File) -> std::io::Result<(u64, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let (mut lines, mut end, mut at) = (0, 0, 0_u64);
    let mut buffer = vec![0; LINE_MAX];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((lines, end));
        }
        for byte in buffer.iter().take(read) {
            at += 1;
            if *byte == b'\n' {
                lines += 1;
                end = at;
            }
        }
    }
}

fn appendable(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|error| cannot(path, &error))
}

fn truncate(file: &mut File, path: &Path, length: u64) -> Result<(), String> {
    file.set_len(length)
        .and_then(|()| file.seek(SeekFrom::End(0)).map(drop))
        .map_err(|error| cannot(path, &error))
}

pub(super) fn decode(note: &[u8]) -> Result<SignedCheckpoint, String> {
    SignedCheckpoint::decode(note).map_err(|_| "The checkpoint does not read.".to_owned())
}

pub(super) fn write(path: &Path, contents: &[u8]) -> Result<(), String> {
    std::fs::write(path, contents).map_err(|error| cannot(path, &error))
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be used: {error}.", path.display())
}

#[cfg(test)]
mod tests {
    use super::LogListed;

    fn listed(id: &str, origin: &str) -> LogListed {
        LogListed {
            id: id.to_owned(),
            origin: origin.to_owned(),
            fingerprint: None,
            descriptor: None,
            log_key: String::new(),
            log_key_id: "0f".repeat(32),
            size: 1,
        }
    }

    #[test]
    fn a_server_chooses_no_folder_and_writes_nothing_on_the_terminal() {
        let id = "0f".repeat(16);
        assert!(listed(&id, "log.example.org/1").is_well_formed());
        for id in ["../../etc", "/etc", "", ".", "0f"] {
            assert!(!listed(id, "log.example.org/1").is_well_formed(), "{id}");
        }
        assert!(!listed(&id, "log\u{1b}[2J").is_well_formed());
        let mut with_pin = listed(&id, "log.example.org/1");
        with_pin.fingerprint = Some("; rm -r".to_owned());
        assert!(!with_pin.is_well_formed());
    }
}
