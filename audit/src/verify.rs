//! One pass over an export: blocks of lines are read and decoded on every core, taken in their order on one, and their
//! signatures checked on every core again. Memory holds one block, the phones' keys and what [`Tree`] keeps.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use muster_protocol::base64;
use muster_protocol::checkpoint::{SignedCheckpoint, TreeHead};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::ids::FleetId;
use muster_protocol::keyring::{Keyring, Log};
use muster_protocol::keys::{Ed25519Key, PublicKey};

use crate::export::{self, About, BadLine, Entry, LINE_MAX};
use crate::finding::Finding;
use crate::knowledge::{Check, Document, Knowledge};
use crate::place::Places;
use crate::tree::Tree;

/// Lines of a block.
const BLOCK: usize = 8192;
/// Bytes of a block, whatever its lines.
const BLOCK_BYTES: usize = 16 * 1024 * 1024;
/// Findings that are kept; more are counted.
const KEPT: usize = 1000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// What the checkpoint says.
    pub head: TreeHead,
    /// Witnesses whose cosignatures hold.
    pub witnesses: usize,
    /// Lines read.
    pub lines: u64,
    /// Entries without their bytes.
    pub withheld: u64,
    /// Keyring version at the end; 0 for the installation's own log.
    pub keyring: u64,
    /// Phones that enrolled.
    pub phones: usize,
    /// Commands.
    pub commands: u64,
    /// Receipts.
    pub receipts: u64,
    /// What does not fit: at most 1,000.
    pub findings: Vec<Finding>,
    /// How many there are in all.
    pub found: u64,
}

impl Report {
    /// Whether the history is whole and holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.found == 0
    }
}

/// The folder of the log that `pin` names: `folder` itself, or one beneath it.
///
/// # Errors
/// A sentence: there is none.
pub fn find(folder: &Path, pin: &Digest) -> Result<PathBuf, String> {
    let mut candidates = vec![folder.to_owned()];
    if let Ok(beneath) = std::fs::read_dir(folder) {
        candidates.extend(beneath.flatten().map(|entry| entry.path()));
    }
    candidates
        .into_iter()
        .find(|candidate| pinned(candidate, pin).is_ok())
        .ok_or_else(|| {
            format!(
                "{} holds no export of the log that this pin names.",
                folder.display()
            )
        })
}

/// Judges the export in `folder` by `pin`: a fleet's fingerprint, or the key id of the installation's own log.
///
/// # Errors
/// A sentence: a file is missing, or the export is of another log than the pinned one. What is wrong with the history itself
/// is no error: it stands in the report.
pub fn verify(folder: &Path, pin: &Digest, threads: usize) -> Result<Report, String> {
    let (about, descriptor) = pinned(folder, pin)?;
    let fleet = FleetId::parse(&about.fleet)
        .map_err(|_| "log.json names no fleet: it is no export of this version.".to_owned())?;
    let tree =
        Tree::open(&folder.join(export::HASHES)).map_err(|error| cannot(export::HASHES, &error))?;
    let file = File::open(folder.join(export::ENTRIES))
        .map_err(|error| cannot(export::ENTRIES, &error))?;
    let mut findings = Findings::default();
    let mut knowledge = Knowledge::new(fleet, descriptor.clone());
    let mut places = Places::new(&tree);
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut lines = 0;
    loop {
        let block = read_block(&mut reader).map_err(|error| cannot(export::ENTRIES, &error))?;
        if block.is_empty() {
            break;
        }
        let mut found = Vec::new();
        let mut checks = Vec::new();
        let read = on_threads(threads, block, |line| read_line(&line));
        for read in read {
            lines += 1;
            let leaf = match &read {
                Ok((entry, _)) => Some(entry.leaf),
                Err(_) => None,
            };
            let index = places.next(lines, leaf.as_ref(), &mut found);
            if let (Ok((entry, document)), Some(index)) = (read, index) {
                if entry.index != index {
                    let says = entry.index;
                    found.push(Finding::Misnumbered { index, says });
                }
                knowledge.take(index, entry, document, &mut checks, &mut found);
            }
        }
        let judged = on_threads(threads, checks, |check: Check| check.judge(&tree));
        found.extend(judged.into_iter().flatten());
        findings.add(found);
    }
    let mut found = Vec::new();
    places.finish(&mut found);
    let (head, witnesses) = checkpoint(folder, &about, &knowledge, &tree, &mut found)?;
    let report = Report {
        origin: about.origin,
        head,
        witnesses,
        lines,
        withheld: knowledge.withheld,
        keyring: knowledge.keyring().map_or(0, |keyring| keyring.version),
        phones: knowledge.phones(),
        commands: knowledge.command_count,
        receipts: knowledge.receipt_count,
        findings: Vec::new(),
        found: 0,
    };
    knowledge.finish(&mut found);
    findings.add(found);
    Ok(Report {
        findings: findings.kept,
        found: findings.count,
        ..report
    })
}

#[derive(Default)]
struct Findings {
    kept: Vec<Finding>,
    count: u64,
}

impl Findings {
    fn add(&mut self, found: Vec<Finding>) {
        self.count += found.len() as u64;
        let room = KEPT.saturating_sub(self.kept.len());
        self.kept.extend(found.into_iter().take(room));
    }
}

fn pinned(folder: &Path, pin: &Digest) -> Result<(About, Option<Descriptor>), String> {
    let about =
        std::fs::read(folder.join(export::ABOUT)).map_err(|error| cannot(export::ABOUT, &error))?;
    let about: About = serde_json::from_slice(&about)
        .ok()
        .filter(|about: &About| about.v == 1)
        .ok_or("log.json does not read: it is no export of this version.")?;
    if let Some(key) = log_key(&about)
        && PublicKey::Ed25519(key).key_id().digest() == pin
    {
        return Ok((about, None));
    }
    let descriptor = std::fs::read(folder.join(export::DESCRIPTOR))
        .map_err(|error| cannot(export::DESCRIPTOR, &error))?;
    let descriptor = Descriptor::pinned(&descriptor, pin)
        .map_err(|_| "The export is of another fleet than the one you pin.".to_owned())?;
    if descriptor.fleet.as_str() != about.fleet {
        return Err("The export's descriptor and log are of two fleets.".to_owned());
    }
    Ok((about, Some(descriptor)))
}

fn log_key(about: &About) -> Option<Ed25519Key> {
    Ed25519Key::from_raw(&base64::decode(&about.log_key)?).ok()
}

/// Judges the note: by the newest keyring, or for the installation's own log by the pinned key.
fn checkpoint(
    folder: &Path,
    about: &About,
    knowledge: &Knowledge,
    tree: &Tree,
    found: &mut Vec<Finding>,
) -> Result<(TreeHead, usize), String> {
    let note = std::fs::read(folder.join(export::CHECKPOINT))
        .map_err(|error| cannot(export::CHECKPOINT, &error))?;
    let ours = TreeHead {
        size: tree.size(),
        root: tree.root(),
    };
    let Ok(signed) = SignedCheckpoint::decode(&note) else {
        found.push(Finding::CheckpointUnsigned);
        return Ok((ours, 0));
    };
    let head = signed.checkpoint.head;
    if head != ours {
        found.push(Finding::HashesDiffer);
    }
    let witnesses = match knowledge.keyring() {
        Some(keyring) => by_keyring(&signed, keyring, found),
        None => {
            let log = log_key(about).map(|key| Log {
                origin: about.origin.clone(),
                key,
            });
            if !log.is_some_and(|log| signed.is_by(&log)) {
                found.push(Finding::CheckpointUnsigned);
            }
            0
        }
    };
    Ok((head, witnesses))
}

fn by_keyring(signed: &SignedCheckpoint, keyring: &Keyring, found: &mut Vec<Finding>) -> usize {
    match signed.verify(keyring) {
        Ok(verified) => verified.witnesses.len(),
        Err(_) if signed.is_by(&keyring.log) => {
            found.push(Finding::Unwitnessed);
            0
        }
        Err(_) => {
            found.push(Finding::CheckpointUnsigned);
            0
        }
    }
}

type ReadLine = Result<(Entry, Document), BadLine>;

fn read_line(line: &[u8]) -> ReadLine {
    let entry = Entry::read(line)?;
    let document = Document::read(&entry);
    Ok((entry, document))
}

fn read_block(reader: &mut impl BufRead) -> std::io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    let mut bytes = 0;
    while lines.len() < BLOCK && bytes < BLOCK_BYTES {
        let mut line = Vec::new();
        let most = LINE_MAX as u64 + 1;
        if reader.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() > LINE_MAX {
            // Too long to be an entry: a fault of the file, not of this program's memory.
            reader.skip_until(b'\n')?;
            line.clear();
        }
        bytes += line.len();
        lines.push(line);
    }
    Ok(lines)
}

/// `work` on every item, on so many threads, answers in the items' order.
fn on_threads<T: Send, R: Send>(
    threads: usize,
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let share = items.len().div_ceil(threads.max(1)).max(1);
    if items.len() <= 64 || threads <= 1 {
        return items.into_iter().map(work).collect();
    }
    let mut parts: Vec<Vec<T>> = Vec::new();
    let mut items = items.into_iter();
    loop {
        let part: Vec<T> = items.by_ref().take(share).collect();
        if part.is_empty() {
            break;
        }
        parts.push(part);
    }
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(move || part.into_iter().map(work).collect::<Vec<R>>()))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(answers) => answers,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

fn cannot(file: &str, error: &std::io::Error) -> String {
    format!("{file} of the export cannot be read: {error}.")
}
