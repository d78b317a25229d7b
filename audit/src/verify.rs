//! One pass over an export: blocks of lines are read ahead, decoded on every core, taken in their order on one, and their
//! signatures checked on every core again. Memory holds a few blocks, the phones' keys and what [`Tree`] keeps.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use muster_protocol::base64;
use muster_protocol::checkpoint::{LogKind, SignedCheckpoint, TreeHead, is_key_name};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::ids::FleetId;
use muster_protocol::keyring::{Keyring, Log};
use muster_protocol::keys::{Ed25519Key, PublicKey};

use crate::block::{self, Block};
use crate::document::Document;
use crate::export::{self, About, BadLine, Entry};
use crate::finding::{Finding, Run};
use crate::knowledge::Knowledge;
use crate::place::Places;
use crate::tree::Tree;

/// Findings that are kept; more are counted.
const KEPT: usize = 1000;
/// The largest of the small files of an export: a descriptor, a note, a description.
const SMALL_MAX: u64 = 128 * 1024;

/// How an export is judged.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Threads to work on.
    pub threads: usize,
    /// Whether the reader was shown a part of the log only: then entries without their bytes are named, and no finding.
    pub partial: bool,
}

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
    /// Which those are, where they are no findings: at most 1,000 runs.
    pub withheld_runs: Vec<Run>,
    /// Keyring version at the end; 0 for the installation's own log.
    pub keyring: u64,
    /// Phones that enrolled.
    pub phones: usize,
    /// Commands.
    pub commands: u64,
    /// Receipts.
    pub receipts: u64,
    /// Clearances.
    pub clearances: u64,
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
pub fn verify(folder: &Path, pin: &Digest, how: How) -> Result<Report, String> {
    let (about, descriptor) = pinned(folder, pin)?;
    let fleet = FleetId::parse(&about.fleet)
        .map_err(|_| "log.json names no fleet: it is no export of this version.".to_owned())?;
    let tree =
        Tree::open(&folder.join(export::HASHES)).map_err(|error| cannot(export::HASHES, &error))?;
    let file = File::open(folder.join(export::ENTRIES))
        .map_err(|error| cannot(export::ENTRIES, &error))?;
    let mut judge = Judge {
        how,
        tree: &tree,
        knowledge: Knowledge::new(fleet, descriptor, tree.size()),
        places: Places::new(&tree),
        findings: Findings::default(),
        withheld: Withheld::default(),
        lines: 0,
    };
    std::thread::scope(|scope| {
        // One block is read while another is judged, and no more: the reader waits.
        let (send, blocks) = sync_channel(1);
        scope.spawn(move || {
            let mut reader = BufReader::with_capacity(256 * 1024, file);
            loop {
                let read = Block::read(&mut reader);
                let is_last = read.as_ref().map_or(true, Block::is_empty);
                if send.send(read).is_err() || is_last {
                    return;
                }
            }
        });
        for block in blocks {
            let block = block.map_err(|error| cannot(export::ENTRIES, &error))?;
            judge.block(&block);
        }
        Ok::<(), String>(())
    })?;
    judge.report(folder, about)
}

/// One pass under way.
struct Judge<'t> {
    how: How,
    tree: &'t Tree,
    knowledge: Knowledge,
    places: Places<'t>,
    findings: Findings,
    withheld: Withheld,
    lines: u64,
}

impl Judge<'_> {
    fn block(&mut self, block: &Block) {
        let mut found = Vec::new();
        let mut checks = Vec::new();
        let lines: Vec<&[u8]> = block.lines().collect();
        for read in block::on_threads(self.how.threads, &lines, |line| read_line(line)) {
            self.lines += 1;
            let leaf = match &read {
                Ok((entry, _)) => Some(entry.leaf),
                Err(_) => None,
            };
            let index = self.places.next(self.lines, leaf.as_ref(), &mut found);
            if let (Ok((entry, document)), Some(index)) = (read, index) {
                if entry.index != index {
                    let says = entry.index;
                    found.push(Finding::Misnumbered { index, says });
                }
                if matches!(document, Document::Withheld) {
                    self.withheld.add(entry.kind, index);
                }
                self.knowledge
                    .take(index, entry, document, &mut checks, &mut found);
            }
        }
        let tree = self.tree;
        let judged = block::on_threads(self.how.threads, &checks, |check| check.judge(tree));
        found.extend(judged.into_iter().flatten());
        self.findings.add(found);
    }

    fn report(mut self, folder: &Path, about: About) -> Result<Report, String> {
        let mut found = Vec::new();
        self.places.finish(&mut found);
        let knowledge = self.knowledge;
        let (head, witnesses) = checkpoint(folder, &about, &knowledge, self.tree, &mut found)?;
        let mut report = Report {
            origin: about.origin,
            head,
            witnesses,
            lines: self.lines,
            withheld: self.withheld.count,
            withheld_runs: Vec::new(),
            keyring: knowledge.keyring().map_or(0, |keyring| keyring.version),
            phones: knowledge.phones(),
            commands: knowledge.command_count,
            receipts: knowledge.receipt_count,
            clearances: knowledge.clearance_count,
            findings: Vec::new(),
            found: 0,
        };
        knowledge.finish(&mut found);
        self.findings.add(found);
        if self.how.partial {
            report.withheld_runs = self.withheld.runs;
        } else {
            let runs = self.withheld.runs.into_iter().map(Finding::Withheld);
            self.findings.add(runs.collect());
            self.findings.count += self.withheld.more;
        }
        report.findings = self.findings.kept;
        report.found = self.findings.count;
        Ok(report)
    }
}

/// Entries whose bytes are not there.
#[derive(Default)]
struct Withheld {
    count: u64,
    runs: Vec<Run>,
    /// Runs beyond those that are kept.
    more: u64,
    last: Option<Run>,
}

impl Withheld {
    fn add(&mut self, kind: LogKind, index: u64) {
        self.count += 1;
        if let Some(run) = &mut self.last
            && run.kind == kind
            && run.last + 1 == index
        {
            run.last = index;
            if let Some(kept) = self.runs.last_mut().filter(|kept| kept.first == run.first) {
                kept.last = index;
            }
            return;
        }
        let run = Run {
            kind,
            first: index,
            last: index,
        };
        self.last = Some(run);
        if self.runs.len() < KEPT {
            self.runs.push(run);
        } else {
            self.more += 1;
        }
    }
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
    let about = small(folder, export::ABOUT)?;
    let about: About = serde_json::from_slice(&about)
        .ok()
        .filter(|about: &About| about.v == 1 && is_key_name(&about.origin))
        .ok_or("log.json does not read: it is no export of this version.")?;
    if let Some(key) = log_key(&about)
        && PublicKey::Ed25519(key).key_id().digest() == pin
    {
        return Ok((about, None));
    }
    let descriptor = small(folder, export::DESCRIPTOR)?;
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
    let note = small(folder, export::CHECKPOINT)?;
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

/// A file that is small by its nature; what comes after its greatest length is not read.
fn small(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(folder.join(name))
        .and_then(|file| file.take(SMALL_MAX).read_to_end(&mut bytes))
        .map_err(|error| cannot(name, &error))?;
    Ok(bytes)
}

fn cannot(file: &str, error: &std::io::Error) -> String {
    format!("{file} of the export cannot be read: {error}.")
}
