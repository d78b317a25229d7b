//! Program releases on this phone (PROTOCOL §16): what a vendor's updater asks before it installs one, and what is noted once
//! the new program runs. Nothing here installs anything.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use muster_protocol::checkpoint::SignedCheckpoint;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::envelope_digest;
use muster_protocol::keyring::Root;
use muster_protocol::program::{self, FileFound, Phone, Place, Program, ProgramError};
use muster_protocol::reason::Reason;
use sha2::Digest as _;

use crate::agent::{Agent, AgentError};
use crate::core::Core;
use crate::state::HeldProgram;

/// The people who release this vendor's programs. They are built into the agent: no fleet and no server names them.
#[derive(Clone, Debug)]
pub struct Vendor(Result<Root, String>);

impl Vendor {
    /// These people.
    #[must_use]
    pub fn of(keys: Root) -> Self {
        Self(Ok(keys))
    }

    /// What was given at build as `MUSTER_PROGRAM_KEYS`, in the form that [`program::vendor`] reads. Without it every release
    /// is `program_invalid`.
    #[must_use]
    pub fn built_in(keys: Option<&str>) -> Self {
        Self(match keys {
            None => Err(
                "no program keys are built into this agent, so nothing can be released for it; build it with MUSTER_PROGRAM_KEYS"
                    .to_owned(),
            ),
            Some(text) => program::vendor(text).map_err(|error| {
                format!("the program keys built into this agent cannot be used: {error}")
            }),
        })
    }
}

/// A release as it was brought to this phone.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The release's envelope.
    pub release: &'a [u8],
    /// Its place in the log, for the size of this phone's checkpoint.
    pub proof: &'a [u8],
    /// The file to be installed.
    pub file: FileFound,
    /// What is to be installed.
    pub product: &'a str,
    /// The phone's processor.
    pub arch: &'a str,
}

impl Agent {
    /// Whether this release may be installed on this phone now, which runs version `running` of the product.
    ///
    /// # Errors
    /// The code of the refusal and a sentence; or the folder or the phone failed.
    pub async fn check_program(
        &mut self,
        vendor: &Vendor,
        offer: &Offer<'_>,
        running: u64,
    ) -> Result<Program, AgentError> {
        let mut turn = self.begin().await?;
        let judged = match turn.core() {
            Some(core) => judge(core, self.clock(), vendor, offer, Some(running)),
            None => Err(left()),
        };
        turn.close(self, Ok(crate::Outcome::default()))?;
        judged
    }

    /// Notes that this release runs on this phone: from now on none of the same or a lower version is installed, whatever
    /// becomes of the enrolment. To be called when the new program has checked in, even if the release has expired since it was
    /// installed. The same release twice is noted once.
    ///
    /// # Errors
    /// As [`Agent::check_program`].
    pub async fn accept_program(
        &mut self,
        vendor: &Vendor,
        offer: &Offer<'_>,
    ) -> Result<Program, AgentError> {
        let mut turn = self.begin().await?;
        let clock = self.clock();
        let judged = match turn.core() {
            Some(core) => judge(core, clock, vendor, offer, None).inspect(|program| {
                let held = HeldProgram {
                    version: program.version,
                    release: envelope_digest(offer.release),
                };
                let programs = &mut core.state_mut().programs;
                programs.insert(program.product.clone(), held);
            }),
            None => Err(left()),
        };
        // Stored before anybody is told so.
        turn.close(self, Ok(crate::Outcome::default()))?;
        judged
    }
}

fn judge(
    core: &Core,
    clock: u64,
    vendor: &Vendor,
    offer: &Offer<'_>,
    running: Option<u64>,
) -> Result<Program, AgentError> {
    let invalid = |sentence: &str| refused(Reason::ProgramInvalid, sentence);
    let state = core.state();
    if core.has_ended() {
        return Err(left());
    }
    if state.fork.is_some() {
        return Err(invalid(
            "this phone was shown two logs, and believes neither; its fleet must name a new one first",
        ));
    }
    let keys = vendor.0.as_ref().map_err(|why| invalid(why))?;
    let place = Place::decode(offer.proof)
        .map_err(|error| invalid(&format!("the proof is malformed: {error}")))?;
    let note = state
        .checkpoint
        .as_ref()
        .and_then(|held| SignedCheckpoint::decode(held.note.as_bytes()).ok());
    let held = state.programs.get(offer.product);
    // The power may have failed between noting it and saying so.
    let noted = running.is_none()
        && held.is_some_and(|held| held.release == envelope_digest(offer.release));
    let phone = Phone {
        keyring: &core.keyring().keyring,
        checkpoint: note.as_ref(),
        product: offer.product,
        arch: offer.arch,
        held: held.map(|held| held.version).filter(|_| !noted),
        running,
        now: core.reading(clock).now(),
    };
    Program::verify(offer.release, keys, &offer.file, &place, &phone)
        .map_err(|error: ProgramError| refused(error.reason(), &error.to_string()))
}

/// Size and SHA-256 of a file of any size.
///
/// # Errors
/// Whatever the operating system says.
pub fn look_at(path: &Path) -> io::Result<FileFound> {
    let mut file = File::open(path)?;
    let mut hash = sha2::Sha256::new();
    let mut size = 0_u64;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            let sha256 = Digest(hash.finalize().into());
            return Ok(FileFound { sha256, size });
        };
        hash.update(bytes);
        size = size.saturating_add(bytes.len() as u64);
    }
}

fn refused(code: Reason, sentence: &str) -> AgentError {
    AgentError::Program {
        code,
        sentence: sentence.to_owned(),
    }
}

fn left() -> AgentError {
    AgentError::Impossible(
        "this phone has left its fleet, so there is no log in which a release could stand; enrol it first"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use muster_protocol::digest::sha256;

    use super::*;

    #[test]
    fn a_file_is_looked_at_in_parts_and_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("system.img");
        for size in [0, 1, 64 * 1024, 200_001] {
            let bytes: Vec<u8> = (0..size)
                .map(|at| u8::try_from(at % 251).expect("small"))
                .collect();
            std::fs::write(&path, &bytes).expect("written");
            let found = look_at(&path).expect("it reads");
            assert_eq!((found.size, found.sha256), (size, sha256(&bytes)));
        }
    }

    #[test]
    fn keys_that_are_missing_or_wrong_are_explained() {
        let why = |keys| Vendor::built_in(keys).0.expect_err("no keys");
        assert!(why(None).contains("MUSTER_PROGRAM_KEYS"));
        assert!(why(Some("[]")).contains("cannot be used"));
    }
}
